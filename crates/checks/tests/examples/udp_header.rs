//! `udp_header`: the capture's datagrams, field by field, against what tcpdump
//! says of them; and what is no capture.

use std::fs;
use std::process::Command;

use checks::{Language, command, root, skipped};
use testbed::{Ended, Program, output};

/// Runs it in the workspace's folder, as its README says.
fn run(language: Language, args: &[&str]) -> Ended {
    let mut command = command(language, "examples", "udp_header");
    command.args(args).current_dir(root());
    Program::start(&format!("{language:?} udp_header"), command).end()
}

fn both(args: &[&str]) -> String {
    let [rust, python] = Language::BOTH.map(|language| {
        let ended = run(language, args);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout.replace("\r\n", "\n")
    });
    assert_eq!(rust, python);
    rust
}

/// The numbers on the lines that begin with a field's bytes.
fn fields(printed: &str) -> Vec<u16> {
    let rows = printed.lines().filter(|line| line.starts_with("  ["));
    rows.map(|row| {
        let (bytes, rest) =
            row.trim_start_matches("  [").split_once("] ").unwrap();
        let (a, b) = bytes.split_once(", ").unwrap();
        let [a, b] = [a, b].map(|hex| u16::from_str_radix(hex, 16).unwrap());
        let value = rest.split_whitespace().last().unwrap().parse().unwrap();
        assert_eq!(a * 256 + b, value, "{row}");
        value
    })
    .collect()
}

#[test]
fn the_capture_is_read_field_by_field() {
    let printed = both(&[]);
    let ends: Vec<_> = printed.lines().filter(|l| l.contains(" to ")).collect();
    assert_eq!(
        ends,
        [
            "10.35.0.1 to 10.35.0.2",
            "10.35.0.2 to 10.35.0.1",
            "fd35::1 to fd35::2",
            "fd35::2 to fd35::1"
        ]
    );
    let fields = fields(&printed);
    let [a, b, c, d] = *fields.as_chunks::<4>().0 else {
        panic!("{printed}");
    };
    assert_eq!((a[1], b[0], c[1], d[0]), (3500, 3500, 3501, 3501));
    assert_eq!((a[0], c[0]), (b[1], d[1]), "the answer goes back");
    assert!([a, b, c, d].iter().all(|f| f[2] == 8 + 24), "{fields:?}");
    assert_eq!(printed.matches("  checksum: right\n").count(), 4, "{printed}");
}

#[test]
fn tcpdump_says_the_same() {
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args(["-nvr", "examples/echo.pcap"]).current_dir(root());
    let Ok(said) = output(&mut tcpdump) else {
        return skipped("no tcpdump here");
    };
    let said = String::from_utf8(said.stdout).unwrap();
    let fields = fields(&both(&[]));
    for datagram in fields.as_chunks::<4>().0 {
        let [from, to, length, _] = *datagram;
        let has = said.lines().any(|line| {
            line.contains(&format!(".{from} > "))
                && line.contains(&format!(".{to}: "))
                && line.ends_with(&format!("UDP, length {}", length - 8))
        });
        assert!(has, "{datagram:?}\n{said}");
    }
}

/// The capture with one byte changed; with its checksum taken out; cut.
#[test]
fn a_changed_capture_is_told() {
    let whole = fs::read(root().join("examples/echo.pcap")).unwrap();
    let text = whole.windows(6).position(|w| w == b"Taller").unwrap();
    let file = std::env::temp_dir();
    let file = file.join(format!("udp_header{}.pcap", std::process::id()));
    let name = file.display().to_string();
    let changed = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        edit(&mut bytes);
        fs::write(&file, bytes).unwrap();
        both(&["--file", &name])
    };
    let wrong = changed(&|bytes| bytes[text] = b't');
    assert_eq!(wrong.matches("checksum: wrong\n").count(), 1, "{wrong}");
    assert_eq!(wrong.matches("checksum: right\n").count(), 3, "{wrong}");
    let none = changed(&|bytes| bytes[text - 2..text].fill(0));
    assert_eq!(none.matches("checksum: none\n").count(), 1, "{none}");
    // 10.35.0.1 + 10.35.0.2 + 17 + 32: what a card is given to go on from.
    let left = 0x0a23 + 1 + 0x0a23 + 2 + 17 + 32_u16;
    let left = left.to_be_bytes();
    let left = changed(&|b| b[text - 2..text].copy_from_slice(&left));
    let words = "checksum: left to the network card\n";
    assert_eq!(left.matches(words).count(), 1, "{left}");
    // Not UDP: TCP's number is 6. In front of the UDP header stand the
    // addresses, the header's own checksum, and the protocol's number.
    let tcp = changed(&|bytes| bytes[text - 8 - 11] = 6);
    assert_eq!(tcp.matches(" to ").count(), 3, "{tcp}");
    // Cut anywhere, it never fails in another way than by a sentence.
    for length in 0..whole.len() / 2 {
        fs::write(&file, &whole[..length]).unwrap();
        if length % 16 == 0 {
            for language in Language::BOTH {
                let ended = run(language, &["--file", &name]);
                assert!(!ended.stderr.contains("panicked"), "{ended:?}");
                let few = ended.stderr.lines().count() <= 2;
                assert!(few, "{language:?} {length}: {ended:?}");
            }
        }
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn what_is_no_capture_is_named() {
    for language in Language::BOTH {
        let ended = run(language, &["--file", "Cargo.toml"]);
        let words = "Error: Cargo.toml is no pcap file";
        assert_eq!(ended.stderr.trim_end(), words, "{language:?}");
        assert_eq!(ended.code, Some(1));
        let ended = run(language, &["--file", "no.such.file"]);
        assert!(ended.stderr.contains("no.such.file"), "{ended:?}");
        assert_eq!(ended.code, Some(1));
        assert_eq!(run(language, &["echo.pcap"]).code, Some(2));
    }
}

/// On loopback, where no card computes it, the checksum is not filled in.
#[cfg(target_os = "linux")]
#[test]
fn a_raw_socket_sees_the_header_too() {
    use std::net::UdpSocket;
    use std::time::Duration;

    for language in Language::BOTH {
        let mut command = command(language, "examples", "udp_header");
        command.arg("--live");
        let program = Program::start(&format!("{language:?}"), command);
        // It may not be there yet: so send until it has seen one.
        let target = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let to = target.local_addr().unwrap();
        let s = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        s.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        for _ in 0..3000 {
            s.send_to(b"hola", to).unwrap();
            let _ = s.recv(&mut [0; 1]); // Nothing comes: it is a pause.
            if program.stdout().contains("checksum: ") {
                break;
            }
            if program.stderr().contains("permission denied") {
                assert_eq!(program.end().code, Some(1));
                return skipped("no raw socket without root");
            }
        }
        let ended = program.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        // Another test's datagram may have come first.
        assert!(ended.stdout.contains(" to "), "{ended:?}");
        assert_eq!(fields(&ended.stdout).len(), 4, "{ended:?}");
    }
}
