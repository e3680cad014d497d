//! rtt-rfc2681 with programs that are not ours: another STAMP (stamp-suite),
//! an echo server that is decades old (inetd's), and Wireshark's eyes.
//!
//! `.ci/run` puts stamp-suite and inetd into `target/peers`; installed ones
//! will do, too. What each answered:
//! `cargo test -p checks --test programs rtt::peers -- --nocapture`.

use std::io::{Write, stderr};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, id};
use std::time::Instant;
use std::{env, fs};

use checks::{Language, binary, failed_rules, python, root, skipped, start};
use testbed::{Ended, PATIENCE, Program, free_port};

use super::Counts;
use super::server;

fn client(language: Language, to: SocketAddr, args: &[&str]) -> Ended {
    let short = ["--count", "20", "--interval", "0.01", "--quiet"];
    let all = [&short[..], args].concat();
    let run = || checks::client(language, "rtt-rfc2681", to, &all).end();
    Counts::of_some(run)
}

/// The note of who answered what; not println!, which a passing test hides.
fn answered(who: &str, what: &str) {
    let _ = writeln!(stderr(), "peer: {who}: {what}");
}

/// That all twenty came back; notes it.
fn all_came(who: &str, ended: &Ended) {
    let line = ended.stdout.lines().find(|l| l.starts_with("probes"));
    let line = line.unwrap_or_default().replace("probes       ", "");
    let median = ended.stdout.lines().find(|l| l.starts_with("median"));
    Counts::all_came(ended, 20);
    assert_eq!(ended.code, Some(0), "{who}: {ended:?}");
    answered(who, &format!("{line}; {}", median.unwrap_or_default()));
}

/// A program: where `.ci/run` puts it below `target/peers`, or installed.
fn program(unpacked: &str, name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = vec![root().join("target/peers").join(unpacked)];
    places.extend(env::split_paths(&path).map(|folder| folder.join(name)));
    places.push(PathBuf::from("/usr/sbin").join(name));
    places.into_iter().find(|place| place.is_file())
}

/// Asks until a first reply comes: what was started now is ready.
fn ready(to: SocketAddr) {
    let began = Instant::now();
    let args = ["--count", "1", "--timeout", "0.2"];
    loop {
        let (host, port) = (to.ip().to_string(), to.port().to_string());
        let all = [&["--host", &host, "--port", &port], &args[..]].concat();
        let ended = start(Language::Rust, "rtt-rfc2681", "client", &all).end();
        if ended.code == Some(0) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{to} is never ready: {ended:?}");
    }
}

#[test]
fn our_clients_and_the_reflector_of_stamp_suite() {
    let Some(stamp) = program("bin/stamp-suite", "stamp-suite") else {
        return skipped("stamp-suite is not there");
    };
    let port = free_port();
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    let mut command = Command::new(stamp);
    command.args(["--is-reflector", "--local-addr", "127.0.0.1"]);
    command.args(["--local-port", &port.to_string()]);
    let _reflector = Program::start("stamp-suite", command);
    ready(to);
    for language in Language::BOTH {
        for size in ["44", "1000"] {
            let ended = client(language, to, &["--size", size]);
            let who = format!("stamp-suite reflects {language:?}'s {size} B");
            all_came(&who, &ended);
        }
    }
    let mut judge = Command::new(binary("probe", "probe"));
    judge.args(["rtt", "--json", &to.to_string()]);
    let ended = Program::start("the judge", judge).end();
    assert!(ended.stdout.contains("a STAMP answer"), "{ended:?}");
    assert_eq!(failed_rules(&ended.stdout), [""; 0], "{ended:?}");
}

#[test]
fn the_sender_of_stamp_suite_and_our_servers() {
    let Some(stamp) = program("bin/stamp-suite", "stamp-suite") else {
        return skipped("stamp-suite is not there");
    };
    for language in Language::BOTH {
        let server = server(language);
        let mut command = Command::new(&stamp);
        command.args(["--remote-addr", "127.0.0.1", "--count", "20"]);
        command.args(["--remote-port", &server.address().port().to_string()]);
        command.args(["--send-delay", "10", "--timeout", "3"]);
        let ended = Program::start("stamp-suite", command).end();
        let lines: Vec<_> = ended.stdout.lines().collect();
        for line in [
            "Packets sent: 20",
            "Packets received: 20",
            "Packets lost: 0 (0.0%)",
            "Replies: 20 unique, 0 additional, 0 late, 0 duplicates, \
             0 reordered, 0 unknown",
        ] {
            assert!(lines.contains(&line), "{line}: {ended:?}");
        }
        let own = lines
            .iter()
            .filter(|l| l.starts_with("Replies") || l.contains("Median RTT"));
        let own: Vec<_> = own.map(|l| l.trim()).collect();
        let who = format!("stamp-suite measures our {language:?} server");
        answered(&who, &own.join("; "));
    }
}

/// twampy, the TWAMP Light of Nokia's, as `.ci/peers` installs it. No registry has
/// it, so that its lack is no failure where `.ci/peers` has said it; the same bytes
/// are sent by `client::garbage_does_not_end_a_server`.
fn twampy(args: &[&str]) -> Option<Command> {
    let peers = root().join("target/peers");
    let folder = peers.join("twampy");
    if let Ok(why) = fs::read_to_string(peers.join("no-twampy")) {
        let _ = write!(stderr(), "{why}");
        return None;
    }
    if !folder.join("twampy/__main__.py").is_file() {
        skipped("twampy is not there");
        return None;
    }
    let mut command = python();
    command.args(["-u", "-m", "twampy"]).args(args);
    command.env("PYTHONPATH", folder);
    Some(command)
}

/// Its requests have 14 bytes and the padding.
#[test]
fn the_sender_of_twampy_and_our_servers() {
    for language in Language::BOTH {
        let server = server(language);
        for padding in ["0", "27", "30", "500"] {
            let to = server.address().to_string();
            let from = format!("127.0.0.1:{}", free_port());
            let more = ["--padding", padding, &to, &from];
            let args = ["sender", "-i", "100", "-c", "5"];
            let Some(command) = twampy(&[&args[..], &more].concat()) else {
                return;
            };
            let ended = Program::start("twampy", command).end();
            assert!(!ended.stdout.contains("short packet"), "{ended:?}");
            let rows = ["Outbound:", "Inbound:", "Roundtrip:"].map(|name| {
                let row = ended.stdout.lines().find_map(|line| {
                    line.trim().strip_prefix(name).map(str::split_whitespace)
                });
                row.unwrap_or_else(|| panic!("{ended:?}")).collect::<Vec<_>>()
            });
            for row in &rows {
                assert_eq!(row.last(), Some(&"0.0%"), "no loss: {ended:?}");
            }
            // On one machine, with one clock: the way there takes some time.
            assert_ne!(rows[0][0], "0us", "{padding}: {ended:?}");
            let what = format!("there {}, back {}", rows[0][2], rows[1][2]);
            let who = format!("twampy, {padding} B more, asks {language:?}");
            answered(&who, &what);
        }
    }
}

/// Its replies have 38 bytes and a padding of their own.
#[test]
fn our_clients_and_the_reflector_of_twampy() {
    let port = free_port();
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    for (padding, short) in [("6", false), ("0", true)] {
        let port = format!("127.0.0.1:{}", to.port());
        let Some(command) = twampy(&["responder", "--padding", padding, &port])
        else {
            return;
        };
        let reflector = Program::start("twampy", command);
        if !short {
            ready(to);
        }
        for language in Language::BOTH {
            if short {
                // RFC 5357 wants at least 41 bytes: that is no reply.
                let ended = client(language, to, &["--timeout", "0.2"]);
                assert_eq!(Counts::of(&ended).received, 0, "{ended:?}");
                continue;
            }
            let ended = client(language, to, &[]);
            all_came(&format!("twampy reflects {language:?}'s"), &ended);
        }
        reflector.stop();
    }
}

#[test]
fn our_clients_and_the_echo_of_inetd() {
    if !cfg!(target_os = "linux") {
        return skipped("only Linux has 127.0.0.7 as it is");
    }
    let unpacked = "inetutils-inetd/usr/sbin/inetutils-inetd";
    let Some(inetd) = program(unpacked, "inetutils-inetd") else {
        return skipped("inetutils-inetd is not there");
    };
    let name = |what| env::temp_dir().join(format!("rtt-{}-{what}", id()));
    let (config, pid) = (name("inetd.conf"), name("inetd.pid"));
    // The echo has port 7, so an address of its own.
    let line = "127.0.0.7:echo dgram udp wait root internal\n";
    fs::write(&config, line).unwrap();
    let mut command = Command::new(inetd);
    command.arg("--debug").arg(format!("--pidfile={}", pid.display()));
    let inetd = Program::start("inetd", {
        command.arg(&config);
        command
    });
    let to = SocketAddr::from(([127, 0, 0, 7], 7));
    let bound = inetd.wait_until("the echo", |out, err| {
        let all = out.to_string() + err;
        let denied = all.contains("bind") || all.contains("Permission");
        (denied || all.contains("registered")).then_some(!denied)
    });
    if !bound {
        return skipped("inetd may not use port 7");
    }
    ready(to);
    for language in Language::BOTH {
        let ended = client(language, to, &[]);
        all_came(&format!("inetd echoes to our {language:?} client"), &ended);
    }
    drop(inetd);
    let _ = fs::remove_file(config);
    let _ = fs::remove_file(pid);
}

#[test]
fn our_clients_and_the_slides_echo_servers() {
    for listener in Language::BOTH {
        let server = start(listener, "udp-echo", "server", &["--port", "0"]);
        let to = server.address();
        for speaker in Language::BOTH {
            let ended = client(speaker, to, &["--size", "1024"]);
            let who = format!("udp-echo's {listener:?} server, to {speaker:?}");
            all_came(&who, &ended);
        }
    }
}

#[test]
fn our_own_four_pairings() {
    for listener in Language::BOTH {
        let server = server(listener);
        for speaker in Language::BOTH {
            let ended = client(speaker, server.address(), &[]);
            let who = format!("our {listener:?} server, to {speaker:?}");
            all_came(&who, &ended);
        }
    }
}

/// What Wireshark reads in a request and its reply, captured here.
#[test]
fn wireshark_reads_every_field() {
    let Some(tshark) = program("bin/tshark", "tshark") else {
        return skipped("tshark is not there");
    };
    let lo = if cfg!(target_os = "linux") { "lo" } else { "lo0" };
    for (listener, speaker) in Language::BOTH.into_iter().zip(Language::BOTH) {
        let server = server(listener);
        let to = server.address();
        let port = to.port();
        let mut command = Command::new(&tshark);
        command.args(["-n", "-l", "-i", lo, "-c", "40", "-T", "fields"]);
        command.args(["-f", &format!("udp port {port}")]);
        command.args(["-d", &format!("udp.port=={port},twamp.test")]);
        for field in [
            "udp.srcport",
            "udp.length",
            "twamp.test.seq_number",
            "twamp.test.timestamp",
            "twamp.test.error_estimate",
            "twamp.test.error_estimate.s",
            "twamp.test.error_estimate.z",
            "twamp.test.error_estimate.scale",
            "twamp.test.error_estimate.multiplier",
            "twamp.test.mbz1",
            "twamp.test.receive_timestamp",
            "twamp.test.sender_seq_number",
            "twamp.test.sender_timestamp",
            "twamp.test.sender_error_estimate",
            "twamp.test.mbz2",
            "twamp.test.sender_ttl",
            "frame.time_epoch",
        ] {
            command.args(["-e", field]);
        }
        let program = Program::start("tshark", command);
        let may = program.wait_until("tshark captures", |_, err| {
            let denied = err.contains("permission") || err.contains("denied");
            (denied || err.contains("Capturing on")).then_some(!denied)
        });
        if !may {
            return skipped("tshark may not capture here");
        }
        // It says so a little before it does: so ask until it has enough.
        let began = Instant::now();
        let enough = || program.stdout().lines().count() >= 40;
        while !enough() && began.elapsed() < PATIENCE {
            client(speaker, to, &[]);
        }
        let ended = program.end();
        let rows: Vec<Vec<_>> = ended
            .stdout
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        assert_eq!(rows.len(), 40, "{ended:?}");
        let (mut requests, mut replies) = (Vec::new(), Vec::new());
        let nothing = "Jan  1, 1970 00:00:00.000000000 UTC";
        let day = |time: &str| time.split(' ').take(3).collect::<String>();
        for row in &rows {
            let about = format!("{listener:?} {speaker:?} {row:?}");
            assert_eq!(row.len(), 17, "{about}");
            assert_eq!(row[1], "52", "8 and 44 bytes: {about}");
            assert_eq!(row[4], "8193", "0x2001: {about}");
            assert!(row[5].starts_with('0'), "S: {about}");
            assert!(row[6].starts_with('0'), "Z: {about}");
            assert!(row[7].starts_with("32"), "scale: {about}");
            assert!(row[8].starts_with('1'), "multiplier: {about}");
            assert_eq!((row[9], row[14]), ("0", "0"), "{about}");
            let asks = row[0] != port.to_string();
            assert_eq!(row[15], if asks { "0" } else { "255" }, "{about}");
            if asks {
                assert_eq!((row[10], row[12]), (nothing, nothing), "{about}");
                assert_eq!((row[11], row[13]), ("0", "0"), "{about}");
                requests.push((row[2], row[3]));
                continue;
            }
            assert_eq!(row[13], "8193", "{about}");
            assert_eq!(row[2], row[11], "stateless: the same number: {about}");
            // T2 and T3 are today, and T2 is not after T3.
            assert!(!row[10].starts_with("Jan  1, 1970"), "{about}");
            if day(row[10]) == day(row[3]) {
                assert!(row[10] <= row[3], "{about}");
            }
            replies.push((row[11], row[12]));
        }
        // The capture may begin when requests wait for their replies: so those
        // that were sent before the first one in it have replies alone.
        let first = requests.first().map_or("", |(_number, sent)| sent);
        let since = |(_number, sent): &&(&str, &str)| {
            day(sent) == day(first) && *sent >= first
        };
        for reply in replies.iter().filter(since) {
            assert!(requests.contains(reply), "{reply:?}: {ended:?}");
        }
        assert!(requests.len() >= 10 && replies.len() >= 10, "{ended:?}");
        let n = replies.len();
        let what = format!("{} requests, {n} replies", requests.len());
        answered(&format!("tshark on {speaker:?} and {listener:?}"), &what);
    }
}
