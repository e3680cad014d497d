//! `noisy_link`: the rates are those asked for, a seed repeats them, and
//! Ctrl-C closes with a table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use badlink::{Direction, Fates, Shares};
use checks::{Hear, Language, TestFile, skipped, start, start_example};
use testbed::{Ended, PATIENCE, Program};

use super::udp_header::both;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn socket(ip: IpAddr) -> UdpSocket {
    let s = UdpSocket::bind((ip, 0)).unwrap();
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    s
}

/// The link at `ip`, towards `target`.
fn link(ip: IpAddr, target: SocketAddr, more: &[&str]) -> Program {
    let (ip, to) = (ip.to_string(), target.ip().to_string());
    let port = target.port().to_string();
    let ends =
        ["--host", &ip, "--port", "0", "--to-host", &to, "--to-port", &port];
    start_example("noisy_link", &[&ends, more].concat())
}

/// Ctrl-C, as the terminal sends it.
#[cfg(unix)]
fn interrupt(program: Program) -> Ended {
    program.signal("INT");
    program.end()
}

/// Windows sends it to all programs of a console: the test's own, too.
#[cfg(not(unix))]
fn interrupt(program: Program) -> Ended {
    program.stop()
}

/// A column of the closing table.
fn column(ended: &Ended, number: usize) -> Vec<u64> {
    let rows = ended.stdout.lines().skip(1);
    let cells = rows.map(|row| row.split_whitespace().nth(number + 1));
    cells.map(|cell| cell.unwrap().parse().unwrap()).collect()
}

const RATES: [&str; 14] = [
    "--lose",
    "10",
    "--corrupt",
    "8",
    "--duplicate",
    "5",
    "--reorder",
    "4",
    "--delay",
    "2.5",
    "--truncate",
    "2",
    "--delay-ms",
    "1",
];

/// Sends 10,000 datagrams through a link, compares what arrives with what the
/// seed decides, and gives the link's own count.
fn ten_thousand(seed: u64) -> Vec<u64> {
    let (target, caller) = (socket(LOCAL), socket(LOCAL));
    let seed_word = seed.to_string();
    let more = ["--clean-back", "--seed", &seed_word];
    let more = [&RATES[..], &more].concat();
    let link = link(LOCAL, target.local_addr().unwrap(), &more);
    let to = link.address();

    let shares = Shares {
        lose: 0.1,
        corrupt: 0.08,
        duplicate: 0.05,
        reorder: 0.04,
        delay: 0.025,
        truncate: 0.02,
        delay_by: Duration::from_millis(1),
    };
    let mut fates = Fates::new(shares, seed, Direction::There);
    let mut buffer = [0; 100];
    // In groups that fit into any socket's memory; in a group, some overtake.
    for group in 0..200_u16 {
        let mut expected = Vec::new();
        for i in 0..50 {
            let data: Vec<u8> = (0..20)
                .flat_map(|k| (group * 50 + i + k).to_be_bytes())
                .collect();
            let fate = fates.next(&data);
            for _ in 0..fate.copies {
                expected.push(fate.data.clone());
            }
            caller.send_to(&data, to).unwrap();
        }
        let mut arrived: Vec<_> = (0..expected.len())
            .map(|_| {
                let n = target.hear(&mut buffer).expect("it never arrives").0;
                buffer[..n].to_vec()
            })
            .collect();
        arrived.sort();
        expected.sort();
        assert!(arrived == expected, "seed {seed}, group {group}");
    }
    if cfg!(windows) {
        return Vec::new();
    }
    let ended = interrupt(link);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(column(&ended, 1), [0; 8], "nothing went back");
    column(&ended, 0)
}

/// How many of 10,000 may differ: four standard deviations, which chance
/// exceeds once in 16,000 times; but the seeds are fixed.
fn near(count: u64, share: f64) -> bool {
    let deviation = (10_000.0 * share * (1.0 - share)).sqrt();
    (count as f64 - 10_000.0 * share).abs() < 4.0 * deviation
}

#[test]
fn the_rates_are_right_over_10_000_datagrams_for_three_seeds() {
    for seed in [1, 2, 2026] {
        let counts = ten_thousand(seed);
        let [
            received,
            lost,
            corrupted,
            duplicated,
            reordered,
            delayed,
            truncated,
            sent,
        ] = counts[..]
        else {
            return skipped("no Ctrl-C for one program alone on Windows");
        };
        assert_eq!(received, 10_000);
        assert_eq!(sent, received - lost + duplicated);
        assert!(near(lost, 0.1), "{lost}");
        // A lost datagram meets no other fate.
        for (count, share) in [
            (corrupted, 0.08),
            (duplicated, 0.05),
            (reordered, 0.04),
            (delayed, 0.025),
            (truncated, 0.02),
        ] {
            assert!(near(count, 0.9 * share), "{count} for {share}");
        }
    }
}

#[test]
fn the_same_seed_repeats_and_another_does_not() {
    let counts = [3, 3, 4].map(ten_thousand);
    assert_eq!(counts[0], counts[1]);
    assert!(cfg!(windows) || counts[0] != counts[2]);
}

#[test]
fn the_slides_conversation_passes_a_clean_link() {
    for speaker in Language::BOTH {
        let server = start(Language::Rust, "udp-echo", "server", &["--port=0"]);
        let link = link(LOCAL, server.address(), &[]);
        let port = link.address().port().to_string();
        let client = start(speaker, "udp-echo", "client", &["--port", &port]);
        let ended = client.end();
        assert!(ended.stdout.contains("Taller I: Echo sobre UDP"), "{ended:?}");
        link.wait_for("so far: 1 there, 1 back");
        if cfg!(unix) {
            let ended = interrupt(link);
            assert_eq!(column(&ended, 0), [1, 0, 0, 0, 0, 0, 0, 1]);
            assert_eq!(column(&ended, 1), [1, 0, 0, 0, 0, 0, 0, 1]);
        }
    }
}

#[test]
fn each_way_can_stay_clean() {
    let target = socket(LOCAL);
    let to = target.local_addr().unwrap();
    let mut buffer = [0; 10];
    // The way back loses everything, the way there nothing.
    let link_1 = link(LOCAL, to, &["--lose", "100", "--clean-there"]);
    let caller = socket(LOCAL);
    caller.send_to(b"hola", link_1.address()).unwrap();
    let (n, from) = target.hear(&mut buffer).unwrap();
    assert_eq!(&buffer[..n], b"hola");
    target.send_to(b"lost", from).unwrap();
    link_1.wait_for("so far: 1 there, 1 back");
    // The other way about.
    let link_2 = link(LOCAL, to, &["--corrupt=100", "--clean-back"]);
    caller.send_to(b"hola", link_2.address()).unwrap();
    let (n, from) = target.hear(&mut buffer).unwrap();
    assert_eq!(n, 4);
    assert_ne!(&buffer[..n], b"hola");
    target.send_to(b"back", from).unwrap();
    let (n, from) = caller.hear(&mut buffer).unwrap();
    assert_eq!((&buffer[..n], from), (&b"back"[..], link_2.address()));
}

/// The same seed, so the log can say it before it happens.
#[test]
fn the_log_says_what_became_of_each_datagram() {
    let (target, caller) = (socket(LOCAL), socket(LOCAL));
    let to = target.local_addr().unwrap();
    let more = ["--log", "--lose=30", "--corrupt=30", "--clean-back"];
    let link = link(LOCAL, to, &more);
    let shares = Shares { lose: 0.3, corrupt: 0.3, ..Shares::default() };
    let mut fates = Fates::new(shares, 1, Direction::There);
    let mut log = format!("listening on {}\n", link.address());
    for _ in 0..20 {
        caller.send_to(b"hola", link.address()).unwrap();
        let fate = fates.next(b"hola");
        log += match (fate.copies, fate.corrupted) {
            (0, _) => "there: 4 bytes, lost\n",
            (_, true) => "there: 4 bytes, corrupted\n",
            _ => "there: 4 bytes\n",
        };
    }
    assert!(log.contains("lost") && log.contains("corrupted"), "{log}");
    let said = link.wait_until("the whole log", |_, stderr| {
        let lines = stderr.lines().filter(|l| !l.starts_with("so far"));
        let said: String = lines.map(|l| format!("{l}\n")).collect();
        (said.lines().count() == log.lines().count()).then_some(said)
    });
    assert_eq!(said, log);
}

#[test]
fn either_family_at_either_end() {
    let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
    if UdpSocket::bind((six, 0)).is_err() {
        return skipped("no IPv6 here");
    }
    for (near, far) in [(six, six), (LOCAL, six), (six, LOCAL)] {
        let (target, caller) = (socket(far), socket(near));
        let link = link(near, target.local_addr().unwrap(), &[]);
        assert_eq!(link.address().ip(), near);
        caller.send_to(b"hola", link.address()).unwrap();
        let mut buffer = [0; 10];
        let (n, from) = target.hear(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"hola");
        target.send_to(b"que tal", from).unwrap();
        assert_eq!(caller.hear(&mut buffer).unwrap().0, 7);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for (args, status, words) in [
        (&["--lose", "101"][..], 2, "--lose: 101 is not from 0 to 100"),
        (&["--corrupt", "ten"], 2, "--corrupt: "),
        (&["--delay-ms", "70000"], 2, "--delay-ms: "),
        (&["--seed", "-1"], 2, "--seed: "),
        (&["--loose", "3"], 2, "--loose is unknown"),
        (&["--to-port", "0", "--port", "x"], 2, "--port: "),
        (&["--to-host", "no.such.invalid"], 1, "unknown host: no.such"),
        (&["--host", "192.0.2.1"], 1, "address not available"),
    ] {
        if cfg!(windows) && words.starts_with("address") {
            continue; // Wine binds it.
        }
        let ended = start_example("noisy_link", args).end();
        assert_eq!(ended.code, Some(status), "{args:?}: {ended:?}");
        let words = format!("Error: {words}");
        assert!(ended.stderr.contains(&words), "{args:?}: {ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

/// A question and its answer through the link, with these options more; what
/// the link printed.
fn asked(more: &[&str], question: &[u8]) -> Ended {
    let (target, caller) = (socket(LOCAL), socket(LOCAL));
    let link = link(LOCAL, target.local_addr().unwrap(), more);
    let mut buffer = [0; 2000];
    caller.send_to(question, link.address()).unwrap();
    let (n, from) = target.hear(&mut buffer).unwrap();
    target.send_to(&buffer[..n], from).unwrap();
    caller.hear(&mut buffer).unwrap();
    let (left, right) = (caller.local_addr(), target.local_addr());
    let mut ended = interrupt(link);
    for (address, name) in [(left, "CALLER"), (right, "TARGET")] {
        let address = address.unwrap().to_string();
        let gap = " ".repeat(address.len().saturating_sub(name.len()));
        let padded = if name == "TARGET" {
            format!("{gap}{name}")
        } else {
            format!("{name}{gap}")
        };
        ended.stdout = ended.stdout.replace(&address, &padded);
    }
    ended
}

/// The ladder's lines, without the time: that of the first is 0.
fn rungs(ended: &Ended) -> Vec<&str> {
    let lines = ended.stdout.lines().skip(1);
    let rungs = lines.filter_map(|line| line.split_once(" | "));
    rungs.map(|(_, rung)| rung).collect()
}

#[test]
fn the_link_draws_what_passes() {
    if cfg!(windows) {
        return skipped("no Ctrl-C for one program alone on Windows");
    }
    let ended = asked(&["--draw"], b"hola");
    let head = format!("     s {:<30}{:>35}", "CALLER", "TARGET");
    assert_eq!(ended.stdout.lines().next().unwrap(), head, "{ended:?}");
    let there = format!("4 B: \"hola\" {}> |", "-".repeat(48));
    let back = format!("<{} 4 B: \"hola\" |", "-".repeat(48));
    assert_eq!(rungs(&ended), [there, back]);
    assert!(!ended.stdout.contains('\x1b'), "no colour into a pipe");
    // What the network sends cannot move the cursor.
    let ended = asked(&["--draw", "--duplicate", "100"], b"\x1b[2J");
    assert!(rungs(&ended)[0].starts_with("4 B: 1b 5b 32 4a -"), "{ended:?}");
    assert!(rungs(&ended)[0].contains("- duplicated -"), "{ended:?}");
}

/// The capture holds what was sent; and what was delivered, where it differs.
#[test]
fn the_link_keeps_a_capture_and_a_picture() {
    if cfg!(windows) {
        return skipped("no Ctrl-C for one program alone on Windows");
    }
    let folder = std::env::temp_dir();
    let file = |ending: &str| {
        let name = format!("noisy_link{}.{ending}", std::process::id());
        folder.join(name).display().to_string()
    };
    let (pcap, svg) = (file("pcap"), file("svg"));
    let read = || {
        let args = ["--file", &pcap];
        let said = start(Language::Rust, "examples", "udp_header", &args).end();
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        said.stdout
    };
    let ended = asked(&["--pcap", &pcap, "--svg", &svg], b"hola");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = read();
    assert_eq!(said.matches("127.0.0.1 to 127.0.0.1\n").count(), 2, "{said}");
    assert_eq!(said.matches("length         12\n").count(), 2, "{said}");
    assert_eq!(said.matches("checksum: right\n").count(), 2, "{said}");
    let picture = std::fs::read_to_string(&svg).unwrap();
    assert_eq!(
        picture.matches(">4 B: \"hola\"</text>").count(),
        2,
        "{picture}"
    );

    let cut = ["--pcap", &pcap, "--truncate", "100", "--clean-back"];
    asked(&cut, &[7; 100]);
    let said = read();
    assert_eq!(said.matches("checksum: right\n").count(), 3, "{said}");
    assert_eq!(said.matches("length        108\n").count(), 1, "{said}");
    let mut tshark = std::process::Command::new("tshark");
    tshark.args(["-r", &pcap, "-o", "udp.check_checksum:TRUE"]);
    tshark.args(["-T", "fields", "-e", "eth.src", "-e", "eth.dst"]);
    tshark.args(["-e", "udp.checksum.status"]);
    match testbed::output(&mut tshark) {
        Ok(said) => {
            let said = String::from_utf8(said.stdout).unwrap();
            let row =
                |a, b| format!("02:00:00:00:00:0{a}\t02:00:00:00:00:0{b}\t1\n");
            assert_eq!(said, row(1, 2) + &row(2, 3) + &row(3, 1));
        }
        Err(_) => skipped("no tshark here"),
    }
    for file in [pcap, svg] {
        std::fs::remove_file(file).unwrap();
    }
}

/// What tshark says of each datagram of a capture: who to whom, the four
/// fields, whether both checksums are right.
fn by_tshark(file: &str) -> Option<Vec<String>> {
    let mut tshark = std::process::Command::new("tshark");
    tshark.args(["-r", file, "-T", "fields"]);
    for checked in ["ip.check_checksum:TRUE", "udp.check_checksum:TRUE"] {
        tshark.args(["-o", checked]);
    }
    let fields = "ip.src ip.dst udp.srcport udp.dstport udp.length \
                  udp.checksum udp.checksum.status ip.checksum.status";
    for field in fields.split_whitespace() {
        tshark.args(["-e", field]);
    }
    let said = testbed::output(&mut tshark).ok()?;
    let said = String::from_utf8(said.stdout).unwrap();
    Some(said.lines().map(str::to_string).collect())
}

/// The same rows of what `udp_header` prints.
fn by_udp_header(file: &str) -> Vec<String> {
    let printed = both(&["--file", file]);
    let lines: Vec<_> = printed.lines().collect();
    let row = |lines: &[&str]| {
        let (from, to) = lines[0].split_once(" to ").unwrap();
        let number = |line: &str| -> u16 {
            line.split_whitespace().last().unwrap().parse().unwrap()
        };
        let [a, b, length, sum] = [1, 2, 3, 4].map(|i| number(lines[i]));
        let right = u8::from(lines[5] == "  checksum: right");
        format!("{from}\t{to}\t{a}\t{b}\t{length}\t{sum:#06x}\t{right}\t1")
    };
    lines.chunks(6).map(row).collect()
}

/// Each protocol's real conversation through the link, kept in a capture.
#[test]
fn tshark_reads_what_the_link_keeps_as_udp_header_does() {
    if cfg!(windows) {
        return skipped("no Ctrl-C for one program alone on Windows");
    }
    let bad = ["--lose", "30", "--corrupt", "10", "--seed", "2732"];
    for (package, shares, options) in [
        ("udp-echo", &[][..], &[][..]),
        ("daytime-rfc867", &[], &[]),
        ("rtt-rfc2681", &[], &["--count", "3"]),
        ("zchat", &bad, &[]),
    ] {
        let ours = ["--host", "127.0.0.1", "--port", "0"];
        let server = start(Language::Rust, package, "server", &ours);
        let file = TestFile::new(package, b"");
        let name = file.name();
        let kept = [&["--pcap", &name], shares].concat();
        let link = link(LOCAL, server.address(), &kept);
        let port = link.address().port().to_string();
        let to = ["--host", "127.0.0.1", "--port", &port];
        let to = [&to, options].concat();
        let mut client = start(Language::Rust, package, "client", &to);
        if package == "zchat" {
            client.write(b"hola\n");
            server.wait_for("hola");
            client.write(b"chau\n");
        }
        let client = client.end();
        assert_eq!(client.code, Some(0), "{package}: {client:?}");
        let ended = interrupt(link);

        // All that came, and what left otherwise than it came.
        let [there, back] = [0, 1].map(|number| column(&ended, number));
        let [came, lost, damaged] = [0, 1, 2].map(|i| there[i] + back[i]);
        let rows = by_udp_header(&name);
        assert_eq!(rows.len() as u64, came + damaged, "{package}: {ended:?}");
        assert_eq!(lost > 0 && damaged > 0, package == "zchat", "{ended:?}");
        assert!(rows.iter().all(|row| row.ends_with("\t1\t1")), "{rows:?}");
        match by_tshark(&name) {
            Some(said) => assert_eq!(said, rows, "{package}"),
            None => return skipped("no tshark here"),
        }
    }
}

#[test]
fn what_cannot_be_shown_is_a_sentence() {
    for (args, words) in [
        (["--to-port", "0"], "--to-port: no program has port 0"),
        (["--pcap", "/no/such/folder/x"], "/no/such/folder/x: "),
        (["--svg", "/no/such/folder/x"], "/no/such/folder/x: "),
    ] {
        let ended = start_example("noisy_link", &args).end();
        assert!(ended.stderr.contains(words), "{ended:?}");
        assert!([1, 2].contains(&ended.code.unwrap()), "{ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    }
}

/// A full disk ends the link, as its page says.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_sentence() {
    let target = socket(LOCAL);
    let to = target.local_addr().unwrap();
    let args = ["--to-port", &to.port().to_string(), "--pcap", "/dev/full"];
    let ended = start_example("noisy_link", &args).end();
    let words = "Error: /dev/full: no storage space\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), words));
}

/// One name stands above a side only if all that comes from there is its.
#[test]
fn the_picture_of_several_callers_names_none() {
    if cfg!(windows) {
        return skipped("no Ctrl-C for one program alone on Windows");
    }
    let name = format!("noisy_link{}-several.svg", std::process::id());
    let file = std::env::temp_dir().join(name);
    let target = socket(LOCAL);
    let svg = ["--svg", &file.display().to_string()];
    let link = link(LOCAL, target.local_addr().unwrap(), &svg);
    let callers = [socket(LOCAL), socket(LOCAL)];
    for caller in &callers {
        caller.send_to(b"hola", link.address()).unwrap();
        target.hear(&mut [0; 9]).unwrap();
    }
    assert_eq!(interrupt(link).code, Some(0));
    let picture = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(picture.contains(">several callers</text>"), "{picture}");
    for caller in callers {
        let address = caller.local_addr().unwrap().to_string();
        assert!(!picture.contains(&address), "{picture}");
    }
}

/// Whatever the link's speed: each datagram is drawn, or counted.
#[test]
fn what_is_not_drawn_is_counted() {
    if cfg!(windows) {
        return skipped("no Ctrl-C for one program alone on Windows");
    }
    let (target, caller) = (socket(LOCAL), socket(LOCAL));
    let to = target.local_addr().unwrap();
    let file = TestFile::new("counted", b"");
    let more = ["--draw", "--truncate", "10", "--pcap", &file.name()];
    let link = link(LOCAL, to, &more);
    for _ in 0..5000 {
        caller.send_to(b"hola", link.address()).unwrap();
    }
    let ended = interrupt(link);
    let row = |name: &str| -> u64 {
        let mut lines = ended.stdout.lines();
        let row = lines.find(|line| line.starts_with(name)).unwrap();
        let cells = row.split_whitespace().skip(1);
        cells.map(|cell| cell.parse::<u64>().unwrap()).sum()
    };
    let (came, cut) = (row("received"), row("truncated"));
    let missed = ended.stderr.lines().find_map(|line| {
        line.strip_suffix(" passed too fast to be shown")?.parse().ok()
    });
    let drawn = rungs(&ended).iter().filter(|r| r.contains("hola")).count();
    let lost = missed.unwrap_or(0_u64);
    // A cut one passes twice: as it came, and as it leaves.
    assert!(drawn as u64 <= came && came <= drawn as u64 + lost, "{ended:?}");
    assert!(drawn as u64 + lost <= came + cut, "{came} {drawn} {lost}");
}
