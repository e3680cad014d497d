//! The judge, socat, another machine's address, and what is left of processes.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::judge;
use testbed::{PATIENCE, Program, skipped};

/// socat's echo: a process for each datagram. What it breaks, if anything, is
/// that a client which has gone ends it: the judge itself has gone at its end.
#[test]
fn socat() {
    for protocol in ["echo", "rtt"] {
        let port = testbed::free_port();
        let listen = format!("UDP4-RECVFROM:{port},bind=127.0.0.1,fork");
        let mut socat = Command::new("socat");
        socat.args([&listen, "EXEC:cat"]);
        let Ok(_socat) = Program::try_start("socat", socat) else {
            return skipped("there is no socat here");
        };
        let address = format!("127.0.0.1:{port}");
        let (_, said) = judge(&[protocol, "--json", &address]);
        // A client that has gone may end it: the system tells socat so.
        let failed = said.lines().filter(|l| l.contains("\"failed\","));
        let mut wrong = failed.filter(|l| !l.contains("\"vanished\""));
        assert_eq!(wrong.next(), None, "{said}");
        assert!(said.contains("\"reflects\"") || said.contains("\"text\""));
    }
}

/// At most 50 datagrams a second, to an address that is not the loopback's; and
/// it says so before.
#[test]
fn to_another_machine_it_is_slow_and_says_so() {
    let s = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = s.local_addr().unwrap().port();
    let route = UdpSocket::bind("0.0.0.0:0").unwrap();
    if route.connect("192.0.2.1:9").is_err() {
        return skipped("this machine has no network");
    }
    let own = route.local_addr().unwrap().ip();
    let address = format!("{own}:{port}");
    s.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut times = Vec::new();
    thread::scope(|scope| {
        let judged = scope.spawn(|| judge(&["echo", "--json", &address]));
        let mut buffer = [0; 9000];
        while !judged.is_finished() {
            if let Ok((n, from)) = s.recv_from(&mut buffer) {
                times.push(Instant::now());
                let _ = s.send_to(&buffer[..n], from);
            }
        }
        let (status, said) = judged.join().unwrap();
        assert_eq!(status, 0, "{said}");
        assert!(said.contains("at most 1000 datagrams"), "{said}");
    });
    assert!((60..1000).contains(&times.len()), "{}", times.len());
    // A busy machine may hear two at once: so only the whole is counted.
    let took = times[times.len() - 1] - times[0];
    assert!(took >= Duration::from_millis(20) * (times.len() as u32 - 1));
}

/// What it started is gone with it, children too.
#[test]
fn nothing_that_it_started_goes_on() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/child");
    let _ = fs::remove_file(file);
    // The program's child writes its process number, and sleeps.
    let script = format!(
        "sh -c 'echo $$ > {file}; exec sleep 600' & \
         while [ ! -s {file} ]; do sleep 0.1; done; : {{port}}; exit 3"
    );
    let (status, said) = judge(&["echo", "--", "sh", "-c", &script]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("(status 3)"), "{said}");
    let child = fs::read_to_string(file).unwrap().trim().to_string();
    let limit = Instant::now() + PATIENCE;
    let there = || {
        let mut kill = Command::new("kill");
        kill.args(["-0", &child]);
        testbed::output(&mut kill).is_ok_and(|ended| ended.status.success())
    };
    while there() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(!there(), "its child {child} goes on");
}

/// Where nothing can be sent, nothing is judged; and what cannot be written is
/// no judgement either.
#[test]
fn neither_a_refusal_nor_a_full_disk_is_a_verdict() {
    let (status, said) = judge(&["echo", "127.255.255.255:7"]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("could not be sent"), "{said}");

    let mut shell = Command::new("sh");
    let full = "\"$0\" echo --json --client -- true {port} > /dev/full";
    shell.args(["-c", full, env!("CARGO_BIN_EXE_probe")]);
    let ended = testbed::output(shell.env("TALLER_LANG", "en")).unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("no room left on the disk"), "{said}");
}
