-- zchat in Wireshark: kind, try, ids, seq, text (inflated), the CRC's verdict.
--
-- tshark -X lua_script:crates/zchat/wireshark/zchat.lua -i lo -f "udp port 3502"
--
-- Or copy it into Wireshark's folder for personal Lua plugins (Help, About,
-- Folders). It finds zchat on every UDP port by its first two bytes, "Z1".
-- Works in Lua 5.2 (Wireshark up to 4.2) and 5.4 (from 4.4 on).

local EMPTY, FRAME_MAX = 20, 1200 -- Bytes of a frame: at least, at most.
local KINDS = { "HELLO", "TEXT", "ZTEXT", "ACK", "BYE" }
local TEXT, ZTEXT, ACK, BYE = 2, 3, 4, 5

-- Lua 5.2 has a library for bits, and Lua 5.4 has operators, which Lua 5.2
-- could not even read: so they stand in a string.
local xor = bit32 and bit32.bxor or load("return function(a, b) return a ~ b end")()

-- CRC-32 as zlib, Ethernet and PNG have it.
local TABLE = {}
for byte = 0, 255 do
    local crc = byte
    for _ = 1, 8 do
        local odd = crc % 2
        crc = (crc - odd) / 2
        if odd == 1 then
            crc = xor(math.floor(crc), 0xedb88320)
        end
    end
    TABLE[byte] = math.floor(crc)
end

local function crc32(data)
    local crc = 0xffffffff
    for i = 1, #data do
        local low = crc % 256
        crc = xor(math.floor((crc - low) / 256), TABLE[xor(low, data:byte(i))])
    end
    return xor(crc, 0xffffffff)
end

local zchat = Proto("zchat", "zchat")
local kinds = {}
for number, name in ipairs(KINDS) do
    kinds[number] = name
end
local f = {
    kind = ProtoField.uint8("zchat.kind", "Kind", base.DEC, kinds),
    try = ProtoField.uint8("zchat.try", "Try (0 = the first)"),
    src = ProtoField.uint32("zchat.src", "Sender's id", base.HEX),
    dst = ProtoField.uint32("zchat.dst", "Receiver's id", base.HEX),
    seq = ProtoField.uint32("zchat.seq", "Number"),
    text = ProtoField.string("zchat.text", "Text"),
    read = ProtoField.uint32("zchat.read", "Has shown up to number"),
    payload = ProtoField.bytes("zchat.payload", "Payload"),
    crc = ProtoField.uint32("zchat.crc", "CRC-32", base.HEX),
    good = ProtoField.bool("zchat.crc.good", "CRC-32 is right"),
}
zchat.fields = { f.kind, f.try, f.src, f.dst, f.seq, f.text, f.read, f.payload,
    f.crc, f.good }
local again = ProtoExpert.new("zchat.again", "sent again",
    expert.group.SEQUENCE, expert.severity.NOTE)
local damaged = ProtoExpert.new("zchat.damaged", "damaged",
    expert.group.CHECKSUM, expert.severity.WARN)
local cut = ProtoExpert.new("zchat.cut", "cut short",
    expert.group.UNDECODED, expert.severity.NOTE)
zchat.experts = { again, damaged, cut }

-- How many bytes were sent. There may be fewer here: a capture can be cut (tcpdump
-- -s 96), and an ICMP error quotes only the beginning. UDP's own length tells; it
-- counts UDP's header, 8 bytes. An ICMP error's own datagram is the last.
local udp_length = Field.new("udp.length")
local function sent(buffer)
    local lengths = { udp_length() }
    local last = lengths[#lengths]
    return last and last.value - 8 or buffer:reported_len()
end

-- The bytes of a zlib stream's text, or nil. Newer versions of Wireshark have
-- another name for the function.
local function inflate(range)
    for _, name in ipairs({ "uncompress_zlib", "uncompress" }) do
        local well, text = pcall(function()
            return range[name](range, "inflated")
        end)
        if well and text and text:len() > 0 then
            return text
        end
    end
end

local function add_text(tree, kind, payload)
    local text = kind == ZTEXT and inflate(payload) or payload
    tree:add(f.text, text, text:raw())
    return (text:raw():gsub("%c", " ")) -- One packet is one line.
end

-- The fields before the payload: the item of the try, and a line about them.
local function add_head(tree, buffer)
    local kind, seq = buffer(2, 1):uint(), buffer(12, 4):uint()
    tree:add(f.kind, buffer(2, 1))
    local try_item = tree:add(f.try, buffer(3, 1))
    tree:add(f.src, buffer(4, 4))
    tree:add(f.dst, buffer(8, 4))
    tree:add(f.seq, buffer(12, 4))
    return try_item, (KINDS[kind] or "kind " .. kind) .. " #" .. seq
end

-- A frame whose end is not here: no word on whether it was damaged.
local function add_cut(tree, buffer, packet, whole)
    local length, info = buffer:len(), "zchat"
    if length >= 16 then
        _, info = add_head(tree, buffer)
        if length > 16 then
            tree:add(f.payload, buffer(16, length - 16))
        end
    end
    local what = "cut short: " .. length .. " of " .. whole .. " bytes"
    tree:add_proto_expert_info(cut, what)
    packet.cols.info = info .. " (cut short)"
end

function zchat.dissector(buffer, packet, root)
    local length, whole = buffer:len(), sent(buffer)
    packet.cols.protocol = "zchat"
    local tree = root:add(zchat, buffer())
    if whole < EMPTY or whole > FRAME_MAX then
        tree:add_proto_expert_info(damaged, "damaged: " .. whole .. " bytes")
        packet.cols.info = "damaged"
        return length
    elseif length < whole then
        add_cut(tree, buffer, packet, whole)
        return length
    end
    local good = crc32(buffer:raw(0, length - 4)) == buffer(length - 4, 4):uint()
    local kind, try = buffer(2, 1):uint(), buffer(3, 1):uint()
    local try_item, info = add_head(tree, buffer)
    if length > EMPTY then
        local payload = buffer(16, length - EMPTY)
        if good and (kind == TEXT or kind == ZTEXT) then
            info = info .. " " .. add_text(tree, kind, payload)
        elseif good and (kind == ACK or kind == BYE) and payload:len() == 4 then
            tree:add(f.read, payload)
            if kind == ACK then
                info = info .. ", shown up to #" .. payload:uint()
            end
        else
            tree:add(f.payload, payload)
        end
    end
    tree:add(f.crc, buffer(length - 4, 4))
    tree:add(f.good, buffer(length - 4, 4), good):set_generated()
    if not good then
        info = "damaged"
        tree:add_proto_expert_info(damaged)
    elseif try > 0 then
        info = info .. " (try " .. try .. ")"
        try_item:add_proto_expert_info(again)
    end
    packet.cols.info = info
    return length
end

zchat:register_heuristic("udp", function(buffer, packet, root)
    if buffer:len() < 2 or buffer:raw(0, 2) ~= "Z1" then
        return false
    end
    zchat.dissector(buffer, packet, root)
    return true
end)

return crc32 -- For the test; Wireshark does not ask.
