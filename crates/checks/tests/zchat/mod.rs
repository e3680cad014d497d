//! zchat: its frames, its session in virtual time, and its programs.

/// Each test once for each language.
macro_rules! in_both_languages {
    ($($test:ident)*) => {
        mod rust {
            $(#[test] fn $test() { super::$test(checks::Language::Rust) })*
        }
        mod python {
            $(#[test] fn $test() { super::$test(checks::Language::Python) })*
        }
    };
}

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use badlink::{BadLink, Shares};
use checks::zchat::{ACK, Peer, TEXT};
use checks::{Language, lines};
use testbed::{Ended, Program};

// Without a process: the frames, and both languages' sessions.
mod dissector;
mod frame;
mod lab;
mod session;
mod virtual_time;
mod world;

// The programs, known by nothing but what they send, print, and say when they
// end.
mod datagrams;
mod input;
mod machine;
mod strangers;
mod terminal;

/// The id of the scripted peer.
pub const ME: u32 = 0x1122_3344;

pub const MOMENT: Duration = Duration::from_millis(300);

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    Server,
    Client,
}

pub fn start(language: Language, name: &str, args: &[&str]) -> Program {
    checks::start(language, "zchat", name, args)
}

pub fn server(language: Language) -> Program {
    checks::server(language, "zchat", &[])
}

pub fn client(language: Language, to: SocketAddr) -> Program {
    checks::client(language, "zchat", to, &[])
}

/// A socket that a client can dial.
pub fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A program that is connected with a scripted peer.
pub fn up(language: Language, role: Role) -> (Program, Peer) {
    match role {
        Role::Server => {
            let server = server(language);
            let peer = Peer::call(server.address(), ME);
            (server, peer)
        }
        Role::Client => {
            let s = socket();
            let client = client(language, s.local_addr().unwrap());
            let peer = Peer::answer(s, ME);
            (client, peer)
        }
    }
}

/// A client and a server of the same language, connected through a link that
/// is perfect until the test changes it.
pub fn through_a_link(language: Language) -> (Program, Program, BadLink) {
    let server = server(language);
    let (good, any) = (Shares::default(), "127.0.0.1:0".parse().unwrap());
    let link = BadLink::start(any, server.address(), good, good, 1).unwrap();
    let client = client(language, link.address());
    client.wait_for("connected");
    server.wait_for("connected");
    (server, client, link)
}

/// The test with the server, then with the client; afterwards the program
/// must be alive, in the same session, and must have shown what the test
/// says it has, and nothing else.
pub fn both(
    language: Language,
    test: impl Fn(Role, &mut Program, &mut Peer) -> Vec<u8>,
) {
    for role in [Role::Server, Role::Client] {
        let (mut program, mut peer) = up(language, role);
        let mut shown = test(role, &mut program, &mut peer);
        peer.say(b"still there");
        shown.extend(b"still there\n");
        shows(&program, &shown);
        assert_eq!(alive(program).stdout_bytes, shown, "{role:?}");
    }
}

/// Waits until the program has printed as much as this, which must be this.
pub fn shows(program: &Program, expected: &[u8]) {
    let expected = String::from_utf8_lossy(expected).into_owned();
    let shown = program.wait_until(&format!("{expected:?}"), |stdout, _| {
        (stdout.len() >= expected.len()).then(|| stdout.to_string())
    });
    assert_eq!(lines(&shown), expected);
}

/// Stops a program that must not have ended by itself.
pub fn alive(program: Program) -> Ended {
    let ended = program.stop();
    if cfg!(unix) {
        assert_eq!(ended.code, None, "it had ended: {ended:?}");
    }
    no_panic(&ended);
    ended
}

/// Waits until the program ends by itself, with this status.
pub fn ends(program: Program, code: i32) -> Ended {
    let ended = program.end();
    no_panic(&ended);
    assert_eq!(ended.code, Some(code), "{ended:?}");
    ended
}

/// Whether it says that a message was lost, or may have been.
pub fn lost(said: &str) -> bool {
    said.contains("not confirmed: ") || said.contains("not sent: ")
}

pub fn no_panic(ended: &Ended) {
    for word in ["panicked", "RUST_BACKTRACE", "Traceback", "Exception "] {
        assert!(!ended.stderr.contains(word), "{}", ended.stderr);
    }
}

/// What went wrong is in one sentence: Rust's may have a hint, and the option
/// errors' usage stands before it.
pub fn sentence(ended: &Ended) {
    let told = ended.stderr.lines().filter(|l| {
        let notice = ["usage: ", "hint: ", "listening on ", "connected to "];
        !notice.iter().any(|n| l.starts_with(n)) && !l.trim().is_empty()
    });
    let errors = told.filter(|l| l.contains("rror")).count();
    assert_eq!(errors, 1, "{}", ended.stderr);
}

/// Says a message; the acknowledgement must be the first thing that comes: so
/// nothing before it was answered.
pub fn answers_only(peer: &mut Peer, message: &[u8]) {
    for tried in 0..60 {
        peer.send(TEXT, tried, peer.next, message);
        match peer.hear(Duration::from_secs(1)) {
            Some(f) if f.kind == ACK && f.seq < peer.next => {} // Resent.
            Some(f) if f.is_text() && f.tried > 0 => peer.ack(&f), // As well.
            Some(f) => {
                assert_eq!((f.kind, f.seq), (ACK, peer.next), "{f:?}");
                assert!(f.tried <= tried, "never sent: {f:?}");
                peer.next += 1;
                return;
            }
            None => {}
        }
    }
    panic!("{:?} is never acknowledged", String::from_utf8_lossy(message));
}

/// Memory in use, in kB, where the system tells.
pub fn memory(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory must not have grown by more than 8 MB.
pub fn flat(process: u32, before: Option<usize>) {
    let after = memory(process);
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + 8_000, "{before} kB, then {after} kB");
    }
}
