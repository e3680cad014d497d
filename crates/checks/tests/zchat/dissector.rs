//! zchat's Wireshark dissector, read by tshark: the golden frames, damaged
//! ones, any bytes, and a conversation of real programs.

use std::env;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio, id};
use std::sync::{Arc, Mutex};

use badlink::{BadLink, Direction, Shares};
use checks::zchat::{
    ACK, BYE, Frame, KINDS, TEXT, ZTEXT, deflate, golden, seal,
};
use checks::{Language, Random, root, skipped, start};
use testbed::{output, spawn};

/// One datagram of a capture: which way it went, and its bytes.
type Datagram = (Direction, Vec<u8>);

/// A capture file: libpcap's classic format, without link-layer headers
/// (LINKTYPE_RAW, 101), the client on port 40000 and the server on 4711: the
/// dissector knows zchat on any port.
fn capture(packets: &[(Vec<u8>, usize)]) -> Vec<u8> {
    let mut file = 0xa1b2_c3d4_u32.to_be_bytes().to_vec();
    file.extend([0, 2, 0, 4]); // Version 2.4.
    for word in [0, 0, 65_535, 101_u32] {
        file.extend(word.to_be_bytes());
    }
    for (k, (packet, whole)) in packets.iter().enumerate() {
        let n = packet.len() as u32;
        for word in [k as u32, 0, n, *whole as u32] {
            file.extend(word.to_be_bytes());
        }
        file.extend(packet);
    }
    file
}

/// These datagrams as packets that are there as a whole: bytes, and how many
/// were sent.
fn packets(datagrams: &[Datagram]) -> Vec<(Vec<u8>, usize)> {
    let packets = datagrams.iter().map(|(way, data)| packet(*way, data));
    packets.map(|packet| (packet.clone(), packet.len())).collect()
}

/// The datagram with its UDP header (without a checksum) and IPv4 header.
fn packet(way: Direction, data: &[u8]) -> Vec<u8> {
    let mut ports = [40_000, 4711];
    let mut addresses = [[10, 0, 0, 1], [10, 0, 0, 2]];
    if way == Direction::Back {
        ports.reverse();
        addresses.reverse();
    }
    let length = |header: usize| ((header + data.len()) as u16).to_be_bytes();
    let mut packet = vec![0x45, 0];
    packet.extend(length(28));
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(addresses.concat());
    packet.extend(ports.map(u16::to_be_bytes).concat());
    packet.extend(length(8));
    packet.extend([0, 0]);
    packet.extend(data);
    packet
}

/// What tshark says with the dissector about these datagrams; `None` (and a
/// word about it) if there is no tshark here.
fn tshark(packets: &[(Vec<u8>, usize)], args: &[&str]) -> Option<String> {
    let name = format!("zchat-{}-{:?}.pcap", id(), std::thread::current().id());
    let file = env::temp_dir().join(name);
    fs::write(&file, capture(packets)).unwrap();
    let script = root().join("crates/zchat/wireshark/zchat.lua");
    let mut tshark = Command::new("tshark");
    tshark.arg("-X").arg(format!("lua_script:{}", script.display()));
    tshark.arg("-r").arg(&file).args(args).env("LC_ALL", "C.UTF-8");
    let ended = output(&mut tshark);
    fs::remove_file(&file).unwrap();
    let Ok(ended) = ended else {
        skipped("there is no tshark");
        return None;
    };
    let words = String::from_utf8_lossy(&ended.stderr);
    let words = words.replace("This could be dangerous.", "");
    assert!(ended.status.success(), "{words}");
    for wrong in ["Lua Error", "lua:", "Lua:", "zchat.lua", "aren't valid"] {
        assert!(!words.contains(wrong), "{words}");
    }
    let said = String::from_utf8(ended.stdout).unwrap();
    for wrong in ["Malformed Packet", "Lua Error"] {
        let at = said.find(wrong).map(|at| &said[at.saturating_sub(2000)..]);
        assert_eq!(at, None);
    }
    Some(said)
}

fn columns(datagrams: &[Datagram]) -> Option<Vec<String>> {
    columns_of(&packets(datagrams))
}

/// The columns that follow, for each packet.
fn columns_of(packets: &[(Vec<u8>, usize)]) -> Option<Vec<String>> {
    let mut args = vec!["-T", "fields", "-E", "separator=|"];
    for field in [
        "zchat.kind",
        "zchat.try",
        "zchat.src",
        "zchat.dst",
        "zchat.seq",
        "zchat.text",
        "zchat.crc.good",
        "_ws.expert.message",
        "_ws.col.Info",
    ] {
        args.extend(["-e", field]);
    }
    let said = tshark(packets, &args)?;
    let said = said.replace("True", "1").replace("False", "0");
    Some(said.lines().map(str::to_string).collect())
}

/// What they must say of a sound frame.
fn expected(frame: &Frame) -> String {
    let Frame { kind, tried, src, dst, seq, payload } = frame;
    let mut info = format!("{} #{seq}", KINDS[usize::from(*kind) - 1]);
    let text = if frame.is_text() { frame.message() } else { vec![] };
    let text = String::from_utf8(text).unwrap();
    if !text.is_empty() {
        info += &format!(" {text}");
    }
    if *kind == ACK
        && let Some(read) = payload.first_chunk()
    {
        info += &format!(", shown up to #{}", u32::from_be_bytes(*read));
    }
    let mut again = "";
    if *tried > 0 {
        again = "sent again";
        info += &format!(" (try {tried})");
    }
    let ids = format!("0x{src:08x}|0x{dst:08x}");
    format!("{kind}|{tried}|{ids}|{seq}|{text}|1|{again}|{info}")
}

#[test]
fn the_golden_frames() {
    let golden = golden();
    let from = |frame: &Frame| match frame.src {
        0x1122_3344 => Direction::There,
        _ => Direction::Back,
    };
    let datagrams: Vec<_> =
        golden.iter().map(|(_, data, f)| (from(f), data.clone())).collect();
    let Some(said) = columns(&datagrams) else { return };
    assert_eq!(said.len(), golden.len());
    for (said, (what, _, frame)) in said.iter().zip(&golden) {
        assert_eq!(*said, expected(frame), "{what}");
    }
    // TEXT #2, again; ZTEXT.
    let again = "2|2|0x11223344|0xaabbccdd|2|hola|1|sent again|";
    assert_eq!(said[5], format!("{again}TEXT #2 hola (try 2)"));
    assert!(said[7].contains(&"ja".repeat(100)), "{}", said[7]);
    let tree = tshark(&packets(&datagrams), &["-V"]).unwrap();
    for words in ["¿Qué tal, ñandú?", &"ja".repeat(30), "CRC"] {
        assert!(tree.contains(words), "{words}: {tree}");
    }
}

#[test]
fn damaged_and_foreign_datagrams() {
    let there = |data: Vec<u8>| (Direction::There, data);
    let (_, good, frame) = golden().remove(4);
    let changed = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 1;
        there(bad)
    };
    let damaged = [
        changed(3),
        changed(12),
        changed(17),
        changed(good.len() - 1),
        there(good[..9].to_vec()),
        there(b"Z2 is of another time".to_vec()),
    ];
    let Some(said) = columns(&damaged) else { return };
    let ids = "0x11223344|0xaabbccdd";
    for (said, start) in said.iter().zip([
        format!("2|1|{ids}|2|"),
        format!("2|0|{ids}|16777218|"),
        format!("2|0|{ids}|2|"),
        format!("2|0|{ids}|2|"),
    ]) {
        assert_eq!(*said, format!("{start}|0|damaged|damaged"));
    }
    assert_eq!(said[4], "|||||||damaged: 9 bytes|damaged");
    assert!(said[5].starts_with("||||||||"), "{}", said[5]);
    assert_eq!(said.len(), 6);

    // What no peer would send must not end the dissector with an error.
    let text = |payload: &[u8]| {
        Frame { payload: payload.to_vec(), ..frame.clone() }.pack()
    };
    let zlib = |payload: &[u8]| {
        let payload = payload.to_vec();
        Frame { kind: ZTEXT, payload, ..frame.clone() }.pack()
    };
    let mut odd = vec![
        vec![],
        b"Z".to_vec(),
        b"Z1".to_vec(),
        b"Z1\x02".to_vec(),
        good[..19].to_vec(),
        seal(b"Z1".to_vec()),
        vec![0; 1472],
        zlib(b""),
        zlib(b"no zlib"),
        zlib(&deflate(&vec![0; 1_000_000])),
        zlib(&deflate(b"\xff\xfe\0\x1b[2J")),
        Frame { kind: 0, ..frame.clone() }.pack(),
        Frame { kind: 255, ..frame.clone() }.pack(),
        Frame { kind: BYE, ..frame.clone() }.pack(),
        Frame { kind: BYE, payload: vec![1], ..frame.clone() }.pack(),
        text(&[b'x'; 1180]),
        text(b"\xff\xc3(\0"),
    ];
    let mut random = Random(3);
    for _ in 0..500 {
        let mut data = b"Z1".to_vec();
        data.extend(random.bytes(100));
        odd.push(data.clone());
        data[2..].iter_mut().take(1).for_each(|kind| *kind %= 6);
        odd.push(seal(data));
    }
    let odd: Vec<_> = odd.into_iter().map(there).collect();
    tshark(&packets(&odd), &["-V"]);
}

/// Of a frame whose end is not there nobody can say whether it was damaged: the
/// capture was cut, or an ICMP error quotes its beginning.
#[test]
fn frames_that_are_cut_short() {
    let frame = golden().remove(4).2;
    let text = Frame { payload: vec![b'x'; 300], ..frame };
    let whole = packet(Direction::There, &text.pack());
    // From the magic number alone up to all but one byte.
    let lengths = [28 + 2, 28 + 15, 28 + 16, 28 + 17, 96, whole.len() - 1];
    let cut = lengths.map(|n| (whole[..n].to_vec(), whole.len()));
    // ICMP's "port unreachable" (RFC 792): its head of 8 bytes, and then as
    // much of the packet as it likes.
    let quoted = lengths.map(|n| {
        let mut icmp = vec![0x45, 0];
        icmp.extend(((28 + n) as u16).to_be_bytes());
        icmp.extend([0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1]);
        icmp.extend([3, 3, 0, 0, 0, 0, 0, 0]);
        icmp.extend(&whole[..n]);
        let n = icmp.len();
        (icmp, n)
    });
    for packets in [cut, quoted] {
        let Some(said) = columns_of(&packets) else { return };
        assert_eq!(said.len(), lengths.len());
        for (said, n) in said.iter().zip(lengths) {
            let note = format!("cut short: {} of 320 bytes", n - 28);
            assert!(said.contains(&note), "{said}");
            assert!(!said.contains("damaged"), "{said}");
            let ids = "2|0|0x11223344|0xaabbccdd|2|";
            assert_eq!(said.starts_with(ids), n >= 28 + 16, "{said}");
        }
    }
    // What is there as a whole, and wrong, is damaged in a quotation as well.
    let mut bad = packet(Direction::There, &text.pack());
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let n = bad.len();
    let Some(said) = columns_of(&[(bad, n)]) else { return };
    assert!(said[0].ends_with("damaged|damaged"), "{said:?}");
}

/// A conversation with repetitions, as a capture beyond a link that loses a
/// third would show it.
#[test]
fn a_conversation_of_real_programs() {
    for language in Language::BOTH {
        let mut server = start(language, "zchat", "server", &["--port", "0"]);
        let came = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&came);
        let bad = Shares { lose: 0.33, ..Shares::default() };
        let any = "127.0.0.1:0".parse().unwrap();
        let (to, seed) = (server.address(), 1);
        let link = BadLink::watched(any, to, bad, bad, seed, move |passing| {
            if passing.fate.copies > 0 && !passing.leaves {
                let way = passing.direction;
                kept.lock().unwrap().push((way, passing.data.to_vec()));
            }
        });
        let link = link.unwrap();
        let port = link.address().port().to_string();
        let to = ["--host", "127.0.0.1", "--port", &port];
        let client = Language::BOTH[usize::from(language == Language::Rust)];
        let mut client = start(client, "zchat", "client", &to);
        let long = "socket ".repeat(40);
        for line in ["hola", &long, "chau"] {
            client.write(format!("{line}\n").as_bytes());
            server.wait_for(line.trim_end());
        }
        server.write("¿qué tal?\n".as_bytes());
        client.wait_for("¿qué tal?");
        assert_eq!(client.end().code, Some(0));
        server.stop();
        drop(link);
        let came = came.lock().unwrap().clone();
        let Some(said) = columns(&came) else { return };
        assert_eq!(said.len(), came.len());
        let mut frames = Vec::new();
        for (said, (_, data)) in said.iter().zip(&came) {
            let frame = Frame::unpack(data).expect("a sound frame");
            assert_eq!(*said, expected(&frame));
            frames.push(frame);
        }
        assert!(frames.iter().any(|f| f.tried > 0), "{said:?}");
        for (kind, text) in
            [(TEXT, "hola"), (ZTEXT, &*long), (TEXT, "¿qué tal?")]
        {
            let text = text.as_bytes();
            let is = |f: &Frame| f.kind == kind && f.message() == text;
            assert!(frames.iter().any(is), "{said:?}");
        }
        for kind in [ACK, BYE] {
            assert!(frames.iter().any(|f| f.kind == kind), "{said:?}");
        }
    }
}

/// A message cannot look like another packet.
#[test]
fn several_lines_are_one_line_of_the_list() {
    let (kind, tried, payload) = (TEXT, 0, b"two\n\x1b[2Jlines\n".to_vec());
    let frame = Frame { kind, tried, src: 1, dst: 2, seq: 3, payload };
    let two = (Direction::There, frame.pack());
    let args = ["-T", "fields", "-e", "_ws.col.Info"];
    let Some(said) = tshark(&packets(&[two]), &args) else { return };
    assert_eq!(said, "TEXT #3 two  [2Jlines \n");
}

/// Wireshark brings Lua 5.2 up to version 4.2, and Lua 5.4 from 4.4 on.
#[test]
fn the_script_and_its_crc_work_in_lua_5_2_and_5_4() {
    let stub = "
        local any = setmetatable({}, {})
        local meta = getmetatable(any)
        meta.__index = function() return any end
        meta.__call = function() return any end
        meta.__newindex = function() end
        Proto, ProtoField, ProtoExpert, Field = any, any, any, any
        base, expert = any, any
        local crc32 = dofile(arg[1])
        print(string.format('%x %x', crc32('123456789'), crc32('')))
    ";
    for lua in ["lua5.2", "lua5.4"] {
        let mut command = Command::new(lua);
        let script = root().join("crates/zchat/wireshark/zchat.lua");
        command.arg("-").arg(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = spawn(&mut command) else {
            skipped(&format!("there is no {lua}"));
            continue;
        };
        let mut input = child.stdin.take().unwrap();
        input.write_all(stub.as_bytes()).unwrap();
        drop(input);
        let said = child.wait_with_output().unwrap();
        // The check value of this CRC, as every catalogue of CRCs has it.
        let said = String::from_utf8_lossy(&said.stdout).to_string();
        assert_eq!(said, "cbf43926 0\n", "{lua}");
    }
}
