//! zchat's dissector for Wireshark: what tshark says about the golden frames
//! and about a real conversation.

use std::env;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio, id};
use std::sync::mpsc::channel;
use std::thread;

use checks::Hear;
use checks::{Language, root, skipped, start};
use testbed::{PATIENCE, output, spawn};

/// Frames in order of capture: source port, destination port, bytes.
type Capture = Vec<(u16, u16, Vec<u8>)>;

/// The golden frames, whole and damaged, and what a column of each must say.
const GOLDEN: [(&str, &str); 9] = [
    (
        "5a31010011223344000000000000000071f55ee7",
        "1|0|0x11223344|0x00000000|0||1||HELLO #0",
    ),
    (
        "5a310100aabbccdd1122334400000000960cdd27",
        "1|0|0xaabbccdd|0x11223344|0||1||HELLO #0",
    ),
    (
        "5a31020011223344aabbccdd00000002686f6c61f505b41c",
        "2|0|0x11223344|0xaabbccdd|2|hola|1||TEXT #2 hola",
    ),
    (
        "5a31020211223344aabbccdd00000002686f6c61213924db",
        "2|2|0x11223344|0xaabbccdd|2|hola|1|sent again|\
         TEXT #2 hola (try 2)",
    ),
    (
        "5a31020011223344aabbccdd00000003c2bf5175c3a92074616c2c20c3b1616e\
         64c3ba3fc5e5d02b",
        "2|0|0x11223344|0xaabbccdd|3|¿Qué tal, ñandú?|1||\
         TEXT #3 ¿Qué tal, ñandú?",
    ),
    (
        "5a310400aabbccdd112233440000000165a883dc",
        "4|0|0xaabbccdd|0x11223344|1||1||ACK #1",
    ),
    (
        "5a31050011223344aabbccdd0000000500000007768bd15f",
        "5|0|0x11223344|0xaabbccdd|5||1||BYE #5",
    ),
    // One bit of "hola" is wrong.
    (
        "5a31020011223344aabbccdd00000002686f6c60f505b41c",
        "2|0|0x11223344|0xaabbccdd|2||0|damaged|damaged",
    ),
    // Cut short.
    ("5a3102001122334400", "|||||||damaged: 9 bytes|damaged"),
];

const ZLIB: &str = "5a31030011223344aabbccdd0000000478dacb4acc1a16100025b1\
                    4f4dd07586b2";

fn script() -> PathBuf {
    root().join("crates/zchat/wireshark/zchat.lua")
}

/// A capture file (the old format, link type 101: IP from its first byte).
fn pcap(capture: &Capture) -> Vec<u8> {
    let mut file = Vec::new();
    let head: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 101];
    file.extend(head.iter().flat_map(|number| number.to_le_bytes()));
    for (i, (source, destination, data)) in capture.iter().enumerate() {
        let udp = 8 + data.len() as u16;
        let (i, n) = (i as u32, u32::from(20 + udp));
        let record = [i, 0, n, n];
        file.extend(record.iter().flat_map(|number| number.to_le_bytes()));
        file.extend([0x45, 0]);
        file.extend((20 + udp).to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend([127, 0, 0, 1, 127, 0, 0, 1]);
        for field in [*source, *destination, udp, 0] {
            file.extend(field.to_be_bytes());
        }
        file.extend(data);
    }
    file
}

/// A line of tshark for each frame; `None` where there is no tshark.
fn tshark(capture: &Capture, fields: &[&str]) -> Option<Vec<String>> {
    if output(Command::new("tshark").arg("-v")).is_err() {
        skipped("there is no tshark");
        return None;
    }
    let name = format!("zchat-{}-{}.pcap", id(), capture.len());
    let file = env::temp_dir().join(name);
    fs::write(&file, pcap(capture)).unwrap();
    let mut command = Command::new("tshark");
    command.arg("-X").arg(format!("lua_script:{}", script().display()));
    command.arg("-r").arg(&file).args(["-T", "fields", "-E", "separator=|"]);
    fields.iter().for_each(|field| {
        command.args(["-e", field]);
    });
    let ended = output(command.env("LC_ALL", "C.UTF-8")).unwrap();
    fs::remove_file(&file).unwrap();
    let words = String::from_utf8_lossy(&ended.stderr).to_string();
    assert!(ended.status.success(), "{words}");
    assert!(!words.contains("zchat.lua"), "{words}"); // An error in Lua.
    let said = String::from_utf8(ended.stdout).unwrap();
    Some(said.lines().map(str::to_string).collect())
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn tshark_reads_the_golden_frames() {
    let fields = [
        "zchat.kind",
        "zchat.try",
        "zchat.src",
        "zchat.dst",
        "zchat.seq",
        "zchat.text",
        "zchat.crc.good",
        "_ws.expert.message",
        "_ws.col.Info",
    ];
    let frames = GOLDEN.map(|(digits, _)| (40_000, 4711, bytes(digits)));
    let Some(said) = tshark(&frames.to_vec(), &fields) else { return };
    assert_eq!(said.len(), GOLDEN.len());
    for (said, (digits, expected)) in said.iter().zip(GOLDEN) {
        let plain = said.replace("True", "1").replace("False", "0");
        assert_eq!(plain, expected, "{digits}");
    }
    let zlib = vec![(40_000, 3502, bytes(ZLIB))];
    let Some(said) = tshark(&zlib, &["zchat.kind", "zchat.text"]) else {
        return;
    };
    assert_eq!(said, [format!("3|{}", "ja".repeat(100))]);
    let other = vec![(40_000, 3502, b"Z2 is of another time".to_vec())];
    assert_eq!(tshark(&other, &["zchat.kind"]), Some(vec![String::new()]));
}

/// A relay that keeps what passes; its client is whoever is not the server.
fn recorded(talk: impl FnOnce(SocketAddr), server: SocketAddr) -> Capture {
    let relay = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, own) = (relay.local_addr().unwrap(), relay.try_clone());
    let (heard, hears) = channel();
    thread::spawn(move || {
        let (mut buffer, mut client) = ([0; 2000], None);
        while let Ok((n, from)) = relay.hear(&mut buffer) {
            if n == 0 {
                return; // The test's sign.
            }
            let to = if from == server { client } else { Some(server) };
            client = if from == server { client } else { Some(from) };
            let Some(to) = to else { continue };
            let _ = relay.send_to(&buffer[..n], to);
            let frame = (from.port(), to.port(), buffer[..n].to_vec());
            heard.send(frame).unwrap();
        }
    });
    talk(address);
    own.unwrap().send_to(b"", address).unwrap();
    let mut capture = Vec::new();
    while let Ok(frame) = hears.recv_timeout(PATIENCE) {
        capture.push(frame);
    }
    capture
}

#[test]
fn tshark_reads_a_real_conversation() {
    let mut server = start(Language::Rust, "zchat", "server", &["--port", "0"]);
    let long = "socket ".repeat(40);
    let address = server.address();
    let talk = |to: SocketAddr| {
        let port = to.port().to_string();
        let args = ["127.0.0.1", "--port", &port];
        let mut client = start(Language::Python, "zchat", "client", &args);
        client.write(format!("hola\n{long}\n").as_bytes());
        server.wait_for("socket socket");
        server.write("¿qué tal?\n".as_bytes());
        client.wait_for("¿qué tal?");
        assert_eq!(client.end().code, Some(0));
    };
    let capture = recorded(talk, address);
    server.stop();
    let fields = ["zchat.kind", "zchat.crc.good", "zchat.text"];
    let Some(said) = tshark(&capture, &fields) else { return };
    let all = said.join("\n").replace("True", "1") + "\n";
    for line in [
        "1|1|".to_string(),
        "2|1|hola".to_string(),
        format!("3|1|{long}"),
        "2|1|¿qué tal?".to_string(),
        "4|1|".to_string(),
        "5|1|".to_string(),
    ] {
        assert!(all.contains(&format!("{line}\n")), "{line:?} in {all}");
    }
    assert!(!all.contains("|0|"), "a damaged one? {all}");
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
        Proto, ProtoField, ProtoExpert, base, expert = any, any, any, any, any
        local crc32 = dofile(arg[1])
        print(string.format('%x %x', crc32('123456789'), crc32('')))
    ";
    for lua in ["lua5.2", "lua5.4"] {
        let mut command = Command::new(lua);
        command.arg("-").arg(script());
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
