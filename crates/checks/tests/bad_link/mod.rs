//! zchat through a bad link: 20 % of the datagrams lost, 5 % damaged, 5 %
//! twice, 5 % overtaken, in every pairing of the languages. These tests wait
//! longest, and tests start in the order of their names: so the others run
//! meanwhile.

use std::env;
use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::thread;

use badlink::{BadLink, Direction, Shares};
use checks::within;
use checks::{Language, binary, command, start};
use testbed::{PATIENCE, Program, free_port};

use crate::zchat::lost;

const BAD: Shares = Shares {
    lose: 0.20,
    corrupt: 0.05,
    duplicate: 0.05,
    reorder: 0.05,
    delay: 0.0,
    truncate: 0.0,
    delay_by: PATIENCE,
};

/// A bad link to a port of this machine.
fn bad_link(port: u16, seed: u64) -> BadLink {
    let any = "127.0.0.1:0".parse().unwrap();
    let target = ([127, 0, 0, 1], port).into();
    BadLink::start(any, target, BAD, BAD, seed).unwrap()
}

/// The `test` in all four pairings, side by side: server, client, seed.
fn all_pairings(test: impl Fn(Language, Language, u64) + Sync) {
    binary("zchat", "server"); // Built before the clocks run.
    let test = &test;
    thread::scope(|scope| {
        for (i, server) in Language::BOTH.into_iter().enumerate() {
            for (k, client) in Language::BOTH.into_iter().enumerate() {
                let seed = (2 * i + k) as u64;
                scope.spawn(move || test(server, client, seed));
            }
        }
    });
}

fn line(who: &str, k: usize) -> String {
    // Every second one is so long that none goes together with another one.
    let more = if k.is_multiple_of(2) { 45 } else { 0 };
    format!("{who}, message {k}{}\n", ": ¿qué tal, ñandú?".repeat(more))
}

/// `n` messages each way: each once, in order, and nothing else.
fn conversation(server: Language, client: Language, n: usize, seed: u64) {
    let pairing = format!("{server:?} server, {client:?} client");
    let mut server = start(server, "zchat", "server", &["--port", "0"]);
    let link = bad_link(server.address().port(), seed);
    let port = link.address().port().to_string();
    let to = ["--host", "127.0.0.1", "--port", &port];
    let mut client = start(client, "zchat", "client", &to);
    // Not all at once: a program reads no more than it can send.
    for some in (1..=n).collect::<Vec<_>>().chunks(20) {
        for k in some {
            server.write(line("server", *k).as_bytes());
            client.write(line("client", *k).as_bytes());
        }
        let last = some[some.len() - 1];
        for k in [some[0], (some[0] + last) / 2, last] {
            let message = |who| line(who, k).trim_end().to_string();
            client.wait_for(&message("server"));
            server.wait_for(&message("client"));
        }
    }
    let expected = |who| (1..=n).map(|k| line(who, k)).collect::<String>();
    // It says BYE: everything has been acknowledged.
    let client = client.end();
    let server = server.stop();
    for (shown, expected) in [
        (&client.stdout, expected("server")),
        (&server.stdout, expected("client")),
    ] {
        assert_eq!(shown.replace("\r\n", "\n"), expected, "{pairing}");
    }
    assert_eq!(client.code, Some(0), "{pairing}: {}", client.stderr);
    for said in [&client.stderr, &server.stderr] {
        assert!(!lost(said), "{pairing}: {said}");
    }
    for way in [Direction::There, Direction::Back] {
        let counts = link.counts(way);
        assert!(counts.lost > 0 && counts.corrupted > 0, "{counts:?}");
        eprintln!("{pairing}, {way:?}: {counts:?}");
    }
}

#[test]
fn forty_messages_each_way_in_all_pairings() {
    all_pairings(|server, client, seed| conversation(server, client, 40, seed));
}

/// `ZCHAT_MESSAGES=1000 cargo test --release -p checks --test programs bad_link::zchat`
#[test]
fn as_many_messages_each_way_as_you_like() {
    let Ok(n) = env::var("ZCHAT_MESSAGES") else {
        return; // Minutes: only for whoever asks for it.
    };
    let n = n.parse().expect("ZCHAT_MESSAGES is a number");
    all_pairings(|server, client, seed| {
        conversation(server, client, n, 100 + seed);
    });
}

/// 100 kB of text in 115 lines, the longest as long as a message may be.
fn text() -> String {
    let mut text = String::new();
    let mut k = 0;
    while text.len() < 100_000 {
        let length = [1024, 1000, 700, 1024, 999, 1023, 40, 1024][k % 8];
        let mut paragraph = String::new();
        while paragraph.len() + 30 < length {
            k += 1;
            paragraph += &format!("Año {k}: «ñandú» \t{:x}. ", k * k * 7919);
        }
        paragraph += &"x".repeat(length.saturating_sub(paragraph.len()));
        text += &paragraph;
        text.push('\n');
        k += 1;
    }
    text
}

/// `server > copy < /dev/null` and `client < file`.
fn copied(server: Language, client: Language, seed: u64, text: &str) {
    let pairing = format!("{server:?} server, {client:?} client");
    let folder = env::temp_dir();
    let name = |what| {
        let (this, seed) = (std::process::id(), seed);
        folder.join(format!("zchat-{this}-{seed}-{what}"))
    };
    let (file, copy) = (name("file"), name("copy"));
    fs::write(&file, text).unwrap();

    let port = free_port();
    let link = bad_link(port, seed);
    let mut listens = command(server, "zchat", "server");
    listens.args(["--port", &port.to_string()]);
    listens.stdin(Stdio::null()).stdout(File::create(&copy).unwrap());
    let mut calls = command(client, "zchat", "client");
    let port = link.address().port().to_string();
    calls.args(["--host", "127.0.0.1", "--port", &port]);
    calls.stdin(File::open(&file).unwrap()).stdout(Stdio::null());
    let mut both = [listens, calls].map(|mut command| {
        command.stderr(Stdio::null());
        Running(testbed::spawn(&mut command).unwrap())
    });
    let codes = within(PATIENCE * 3, "the copy is never ready", move || {
        both.each_mut().map(|program| program.0.wait().unwrap().code())
    });
    let arrived = fs::read(&copy).unwrap();
    let same = arrived == text.as_bytes();
    let arrived = arrived.len();
    assert!(same, "{pairing}: {arrived} of {} bytes", text.len());
    assert_eq!(codes, [Some(0); 2], "{pairing}");
    let _ = fs::remove_file(file).and_then(|()| fs::remove_file(copy));
}

/// Killed when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_text_of_100_kb_byte_for_byte() {
    let text = text();
    assert!((100_000..102_000).contains(&text.len()), "{}", text.len());
    assert!(text.lines().all(|l| l.len() <= 1024));
    all_pairings(|server, client, seed| {
        copied(server, client, 10 + seed, &text);
    });
}

/// Empty lines are lines.
#[test]
fn a_text_with_blank_lines_byte_for_byte() {
    let text = "one\n\ntwo\n\n\n  three\n";
    all_pairings(|server, client, seed| {
        copied(server, client, 20 + seed, text);
    });
}

/// A program that has ended says what it did, with --stats.
#[test]
fn stats_tell_what_was_resent() {
    all_pairings(|server, client, seed| {
        let mut server = start(server, "zchat", "server", &["--port", "0"]);
        let link = bad_link(server.address().port(), 30 + seed);
        let port = link.address().port().to_string();
        let to = ["--stats", "--host", "127.0.0.1", "--port", &port];
        let mut client: Program = start(client, "zchat", "client", &to);
        server.write(b"hola\n");
        for k in 1..=5 {
            client.write(line("client", k).as_bytes());
        }
        server.wait_for("client, message 5");
        client.wait_for("hola");
        let ended = client.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let about = ended.stderr.to_lowercase();
        for words in [
            &["sent"][..],
            &["compressed"],
            &["resent", "again"],
            &["damaged"],
            &["twice"],
            &["rtt", "round-trip"],
        ] {
            let any = words.iter().any(|word| about.contains(word));
            assert!(any, "no {words:?}: {}", ended.stderr);
        }
    });
}
