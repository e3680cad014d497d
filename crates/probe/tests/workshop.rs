//! The judge and the workshop's own eight programs in both languages; and
//! servers that mean harm.

mod common;

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

use common::judge;
use testbed::references;

/// Every rule passes, or is only told.
fn all_pass(package: &str, protocol: &str) {
    for name in ["server", "client"] {
        for (language, command) in references(package, name) {
            let program = command.get_program().to_str().unwrap();
            let words = command.get_args().map(|word| word.to_str().unwrap());
            let mut args = vec![protocol, "--json"];
            args.extend((name == "client").then_some("--client"));
            args.extend(["--", program]);
            args.extend(words);
            args.extend(["--port", "{port}"]);
            if name == "client" {
                args.extend(["--host", "{host}"]);
            }
            if (protocol, name) == ("rtt", "client") {
                args.extend(["--count", "20"]);
            }
            let (status, said) = judge(&args);
            assert_eq!(status, 0, "{language} {package} {name}: {said}");
        }
    }
}

#[test]
fn udp_echo() {
    all_pass("udp-echo", "echo");
}

#[test]
fn daytime() {
    all_pass("daytime-rfc867", "daytime");
}

#[test]
fn rtt() {
    all_pass("rtt-rfc2681", "rtt");
}

#[test]
fn zchat() {
    all_pass("zchat", "chat");
}

/// A server that answers each datagram with `answers`, until the judge ends.
fn hostile(answers: &[&[u8]]) -> (i32, String) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap().to_string();
    let moment = Duration::from_millis(50);
    s.set_read_timeout(Some(moment)).unwrap();
    thread::scope(|scope| {
        let judged = scope.spawn(|| {
            ["echo", "daytime", "rtt", "chat"].map(|p| judge(&[p, &address]))
        });
        while !judged.is_finished() {
            if let Ok((_, from)) = s.recv_from(&mut [0; 9000]) {
                for answer in answers {
                    let _ = s.send_to(answer, from);
                }
            }
        }
        let all = judged.join().unwrap();
        let said = all.iter().map(|(_, said)| &said[..]);
        (all[0].0, said.collect())
    })
}

#[test]
fn a_hostile_server_harms_neither_the_judge_nor_the_screen() {
    let large =
        vec![b'x'; if cfg!(target_os = "macos") { 9000 } else { 60_000 }];
    let escapes = "\x1b[2J\x1b]0;mine\x07\u{202e}\u{9b}31m\r\n".as_bytes();
    let flood = [&b"again"[..]; 300];
    for answers in [&[][..], &[&large[..]], &[escapes], &flood] {
        let (status, said) = hostile(answers);
        assert_eq!(status, 1, "{said}");
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(bad), "{said:?}");
        let longest = said.lines().map(|line| line.chars().count()).max();
        assert!(longest < Some(900), "{said}");
    }
}

#[test]
fn what_is_not_understood_or_not_polite_is_refused() {
    for (args, words) in [
        (&[][..], "not understood"),
        (&["echo"], "not understood"),
        (&["echo", "127.0.0.1:7", "more"], "not understood"),
        (&["tcp", "127.0.0.1:7"], "There is no protocol \"tcp\""),
        (&["echo", "nowhere.invalid:7"], "is no HOST:PORT"),
        (&["echo", "127.0.0.1"], "is no HOST:PORT"),
        (&["echo", "127.0.0.1:0"], "nothing is sent there"),
        (&["echo", "255.255.255.255:7"], "nothing is sent there"),
        (&["echo", "224.0.0.1:7"], "nothing is sent there"),
        (&["echo", "[ff02::1]:7"], "nothing is sent there"),
        (&["echo", "0.0.0.0:7"], "nothing is sent there"),
        (&["echo", "--", "python3", "x.py"], "needs {port}"),
        (&["echo", "--", "no-such-program", "{port}"], "does not start"),
        (&["echo", "--client", "--", "no-such", "{port}"], "does not start"),
        (&["chat", "--client", "--", "no-such", "{port}"], "does not start"),
    ] {
        let (status, said) = judge(args);
        assert_eq!(status, 2, "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let (status, help) = judge(&["--help"]);
    assert_eq!(status, 0);
    assert!(help.contains("--client -- COMMAND {host} {port}"), "{help}");
}
