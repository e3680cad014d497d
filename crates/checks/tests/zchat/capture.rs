//! zchat's Wireshark dissector, read by tshark: the golden frames, damaged
//! ones, and a conversation of real programs.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, id};
use std::sync::{Arc, Mutex};
use std::thread;

use checks::Hear;
use checks::zchat::{ACK, BYE, Frame, Random, deflate, golden, seal};
use checks::{Language, root, skipped, start};
use testbed::{PATIENCE, output};

/// zchat's port, which tells the dissector that a datagram is for it.
const PORT: u16 = 3502;

/// One datagram of a capture: whether it is the server's, and its bytes.
type Datagram = (bool, Vec<u8>);

/// A capture file: libpcap's classic format, without link-layer headers
/// (LINKTYPE_RAW, 101), the client on port 40000 and the server on zchat's.
fn capture(name: &str, datagrams: &[Datagram]) -> PathBuf {
    let mut file = 0xa1b2_c3d4_u32.to_be_bytes().to_vec();
    file.extend([0, 2, 0, 4]); // Version 2.4.
    for word in [0, 0, 65_535, 101_u32] {
        file.extend(word.to_be_bytes());
    }
    for (k, (from_server, data)) in datagrams.iter().enumerate() {
        let packet = packet(*from_server, data);
        let n = packet.len() as u32;
        for word in [k as u32, 0, n, n] {
            file.extend(word.to_be_bytes());
        }
        file.extend(packet);
    }
    let path = std::env::temp_dir().join(format!("zchat-{}-{name}", id()));
    fs::write(&path, file).unwrap();
    path
}

/// The datagram with its UDP header (without a checksum) and IPv4 header.
fn packet(from_server: bool, data: &[u8]) -> Vec<u8> {
    let mut ports = [40_000, PORT];
    let mut addresses = [[10, 0, 0, 1], [10, 0, 0, 2]];
    if from_server {
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

/// What tshark says about a datagram.
#[derive(Debug)]
struct Seen {
    kind: u32,
    tried: u32,
    src: u32,
    dst: u32,
    seq: u32,
    text: String,
    /// What the dissector wants people to look at.
    notes: String,
}

const FIELDS: [&str; 7] = [
    "zchat.kind",
    "zchat.try",
    "zchat.src",
    "zchat.dst",
    "zchat.seq",
    "zchat.text",
    "_ws.expert.message",
];

/// Runs tshark with the dissector on a capture file; `None` (and a word about
/// it) if there is no tshark here.
fn tshark(file: &PathBuf, args: &[&str]) -> Option<String> {
    let script = root().join("crates/zchat/wireshark/zchat.lua");
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file);
    tshark.arg("-X").arg(format!("lua_script:{}", script.display()));
    let ended = match output(tshark.args(args)) {
        Ok(ended) => ended,
        Err(e) => {
            skipped(&format!("tshark does not start: {e}"));
            return None;
        }
    };
    let words = String::from_utf8_lossy(&ended.stderr);
    let words = words.replace("This could be dangerous.", "");
    assert!(ended.status.success(), "{words}");
    for wrong in ["Lua Error", "lua:", "Lua:", "aren't valid"] {
        assert!(!words.contains(wrong), "{words}");
    }
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(!said.contains("Lua Error"), "{said}");
    Some(said)
}

/// One [`Seen`] for each datagram of the file.
fn seen(file: &PathBuf) -> Option<Vec<Seen>> {
    let mut args = vec!["-T", "fields", "-E", "separator=|"];
    FIELDS.iter().for_each(|field| args.extend(["-e", field]));
    let said = tshark(file, &args)?;
    let seen = said.lines().map(|line| {
        let fields: Vec<_> = line.splitn(FIELDS.len(), '|').collect();
        assert_eq!(fields.len(), FIELDS.len(), "{line}");
        let [kind, tried, src, dst, seq] =
            [0, 1, 2, 3, 4].map(|k| number(fields[k], line));
        let (text, notes) = (fields[5].to_string(), fields[6].to_string());
        let notes = notes.to_lowercase();
        Seen { kind, tried, src, dst, seq, text, notes }
    });
    Some(seen.collect())
}

/// 12 or 0x0000000c.
fn number(field: &str, line: &str) -> u32 {
    let number = match field.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => field.parse(),
    };
    number.unwrap_or_else(|e| panic!("{field:?} in {line:?}: {e}"))
}

fn compare(seen: &Seen, frame: &Frame, what: &str) {
    let fields = (seen.kind, seen.tried, seen.src, seen.dst, seen.seq);
    let (kind, tried) = (frame.kind.into(), frame.tried.into());
    let expected = (kind, tried, frame.src, frame.dst, frame.seq);
    assert_eq!(fields, expected, "{what}: {seen:?}");
    if frame.is_text() {
        let text = String::from_utf8(frame.message()).unwrap();
        assert_eq!(seen.text, text, "{what}");
    }
    let again = seen.notes.contains("sent again");
    let resent = frame.tried > 0 && frame.kind != ACK && frame.dst != 0;
    assert!(again || !resent, "{what}: {seen:?}");
    assert!(!again || frame.tried > 0, "{what}: {seen:?}");
    assert!(!seen.notes.contains("damaged"), "{what}: {seen:?}");
}

#[test]
fn the_golden_frames() {
    let golden = golden();
    let datagrams: Vec<_> = golden
        .iter()
        .map(|(_, bytes, frame)| (frame.src == 0xaabb_ccdd, bytes.clone()))
        .collect();
    let file = capture("golden", &datagrams);
    let Some(seen) = seen(&file) else { return };
    assert_eq!(seen.len(), golden.len());
    for (seen, (what, _, frame)) in seen.iter().zip(&golden) {
        compare(seen, frame, what);
    }
    let tree = tshark(&file, &["-V"]).unwrap();
    for (what, words) in [
        ("the message", "¿Qué tal, ñandú?"),
        ("the inflated message", &*"ja".repeat(30)),
        ("the checksum", "CRC"),
    ] {
        assert!(tree.contains(words), "{what}: {tree}");
    }
    // A line of the packet list says what kind each one is.
    let list = tshark(&file, &[]).unwrap();
    for (line, (what, _, frame)) in list.lines().zip(&golden) {
        let kinds = ["HELLO", "TEXT", "ZTEXT", "ACK", "BYE"];
        let kind = kinds[usize::from(frame.kind) - 1];
        assert!(line.contains(kind), "{what}: {line}");
    }
    fs::remove_file(file).unwrap();
}

#[test]
fn damaged_and_foreign_datagrams() {
    let (_, good, frame) = golden().remove(4);
    let changed = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 1;
        (false, bad)
    };
    let damaged =
        [changed(17), changed(good.len() - 1), changed(3), changed(12)];
    let file = capture("damaged", &damaged);
    let Some(seen) = seen(&file) else { return };
    assert_eq!(seen.len(), damaged.len());
    for seen in seen {
        assert!(seen.notes.contains("damaged"), "{seen:?}");
    }
    fs::remove_file(file).unwrap();

    // What no peer would send must not end the dissector with an error.
    let zlib = |payload: &[u8]| {
        let payload = payload.to_vec();
        Frame { kind: 3, payload, ..frame.clone() }.pack()
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
        Frame { payload: vec![b'x'; 1180], ..frame.clone() }.pack(),
        Frame { payload: b"\xff\xc3(\0".to_vec(), ..frame.clone() }.pack(),
    ];
    let mut random = Random(3);
    for _ in 0..500 {
        let mut data = b"Z1".to_vec();
        data.extend(random.bytes(100));
        odd.push(data.clone());
        data[2..].iter_mut().take(1).for_each(|kind| *kind %= 6);
        odd.push(seal(data));
    }
    let odd: Vec<_> = odd.into_iter().map(|data| (false, data)).collect();
    let file = capture("odd", &odd);
    let Some(tree) = tshark(&file, &["-V"]) else { return };
    for words in ["Malformed Packet", "Lua Error"] {
        let at = tree.find(words).map(|at| &tree[at.saturating_sub(2000)..]);
        assert_eq!(at, None);
    }
    fs::remove_file(file).unwrap();
}

/// A relay that loses every third datagram and writes down the others: a
/// conversation with repetitions, as a capture between the two would show it.
#[test]
fn a_conversation_of_real_programs() {
    for language in Language::BOTH {
        let server = start(language, "zchat", "server", &["--port", "0"]);
        let relay = Relay::to(server.address());
        let port = relay.address.port().to_string();
        let to = ["--host", "127.0.0.1", "--port", &port];
        let mut client = start(language, "zchat", "client", &to);
        let long = "ja".repeat(200);
        for line in ["hola", "¿qué tal?", &long, "chau"] {
            client.write(format!("{line}\n").as_bytes());
        }
        server.wait_for("chau");
        assert_eq!(client.end().code, Some(0));
        let datagrams = relay.datagrams.lock().unwrap().clone();
        let file = capture(&format!("{language:?}"), &datagrams);
        let Some(seen) = seen(&file) else { return };
        assert_eq!(seen.len(), datagrams.len());
        for (seen, (_, bytes)) in seen.iter().zip(&datagrams) {
            let frame = Frame::unpack(bytes).expect("a sound frame");
            compare(seen, &frame, &format!("{language:?}"));
        }
        assert!(seen.iter().any(|s| s.text == long && s.kind == 3));
        assert!(seen.iter().any(|s| s.notes.contains("sent again")));
        assert!(seen.iter().any(|s| s.kind == u32::from(BYE)));
        fs::remove_file(file).unwrap();
    }
}

struct Relay {
    address: SocketAddr,
    datagrams: Arc<Mutex<Vec<Datagram>>>,
}

impl Relay {
    /// Its thread ends when it has heard nothing for a while.
    fn to(server: SocketAddr) -> Relay {
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        s.set_read_timeout(Some(PATIENCE)).unwrap();
        let (address, datagrams) = (s.local_addr().unwrap(), Arc::default());
        let relay = Relay { address, datagrams };
        let datagrams = relay.datagrams.clone();
        thread::spawn(move || {
            let (mut buffer, mut client) = ([0; 2000], None);
            let mut count = 0;
            while let Ok((n, from)) = s.hear(&mut buffer) {
                let from_server = from == server;
                if !from_server {
                    client = Some(from);
                }
                let to = if from_server { client } else { Some(server) };
                count += 1;
                if count % 3 == 0 {
                    continue; // Lost before the place of the capture.
                }
                let data = buffer[..n].to_vec();
                datagrams.lock().unwrap().push((from_server, data));
                to.map(|to| s.send_to(&buffer[..n], to));
            }
        });
        relay
    }
}
