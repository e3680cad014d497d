//! The tests of exercise 06. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ErrorKind::{AddrInUse, ConnectionRefused, TimedOut};
use ex06_both_roles::{BYTES, Role, WAIT, ask, both, role};
use kit::{
    Beside, Peer, Shown, beside, by_kind, caught, compared, doing, fail,
    free_port, is_refusal, kind, patience, printed, said, value,
};

const WORDS: [(&str, Role); 3] =
    [("server", Role::Server), ("client", Role::Client), ("both", Role::Both)];

/// The role of a word.
fn meant(word: &str) -> Option<Role> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, role)| *role)
}

/// What role() gives for a command line.
fn given(line: &str) -> Option<Role> {
    role(&line.split(' ').map(String::from).collect::<Vec<_>>())
}

/// What somebody gives who has something else in mind, and what that is.
type Guess = (fn(&[&str]) -> Option<Role>, &'static str);

const GUESSES: [Guess; 6] = [
    (|words| meant(words[0]), "reads the program's own name"),
    (|words| meant(words.get(2)?), "reads the third word"),
    (|words| meant(words[words.len() - 1]), "reads the last word"),
    (|words| words.iter().find_map(|word| meant(word)), WHEREVER),
    (|words| words[1..].iter().find_map(|word| meant(word)), WHEREVER),
    (|words| meant(words[1]).filter(|_| words.len() == 2), "counts the words"),
];

const WHEREVER: &str = "takes a role wherever it stands";

/// Whether role() gives for each of these lines what the guess gives.
fn fits((guess, _): &&Guess) -> bool {
    let lines = ["x both", "x both client", "both server"];
    lines.iter().chain(&["both client server", "x - client"]).all(|line| {
        let words: Vec<_> = line.split(' ').collect();
        caught(|| given(line)) == Some(guess(&words))
    })
}

/// Fails if role() does not give this role for this command line. That it gives
/// another has the reason `other`, unless a guess fits.
fn check_role(line: &str, role: Option<Role>, other: &'static str) {
    let shown_line = line.replacen('x', "ex06-both-roles", 1);
    let did = doing(said("called role", &[&shown_line.escape_debug()]));
    let known = |word: &str| caught(|| given(&format!("x {word}"))).flatten();
    let shown = |role: Option<Role>| match role {
        Some(role) => said("the role", &[&format!("{role:?}")]),
        None => "no role".into(),
    };
    let Some(came) = caught(|| given(line)) else {
        if line == "x" {
            let why = "panics where a word is missing";
            fail(did, shown(role), "a panic", why)
        }
        return assert!(given(line).is_none()); // The kit tells it.
    };
    if came == role {
        return;
    }
    let knows = |(word, _): &(&str, _)| known(word).is_some();
    let why = match (GUESSES.iter().find(fits), came) {
        (Some((_, why)), _) => why,
        (None, Some(_)) if line == "x" => "makes up a missing word",
        (None, Some(_)) if role.is_none() && known("zzz") == came => {
            "takes any word for a role"
        }
        (None, Some(_)) => other,
        (None, None) if WORDS.iter().any(knows) => "knows too few words",
        (None, None) => "finds no role",
    };
    fail(did, shown(role), shown(came), why);
}

#[kit::test]
fn step_1_reads_the_role() {
    for (word, role) in WORDS {
        let other = "takes one word for another";
        check_role(&format!("x {word}"), Some(role), other);
    }
}

#[kit::test]
fn step_1_knows_no_other_word() {
    for line in ["x -", "x", "x sever", "x clients", "x unserver"] {
        check_role(line, None, "takes a similar word for a role");
    }
    for line in ["x Server", "x BOTH", "x both\n", "x \tclient"] {
        check_role(line, None, "takes a similar word for a role");
    }
}

#[kit::test]
fn step_1_takes_no_notice_of_what_follows() {
    for (line, role) in [
        ("x client server", Some(Role::Client)),
        ("x server -v", Some(Role::Server)),
        ("x - server", None),
    ] {
        check_role(line, role, "takes another word");
    }
}

/// What ask() gives, or will give.
type Asked = Beside<io::Result<String>>;

/// Calls ask() beside the test.
fn asking(server: SocketAddr, text: &'static str) -> Asked {
    beside(move || ask(server, text))
}

/// Whether ask() gave up before it had waited: a system counts in steps of up
/// to 16 ms.
fn too_soon(asked: &Asked) -> bool {
    asked.took() + Duration::from_millis(50) < WAIT
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

/// Why ask() says that its port is in use: whoever wants the server's own hears
/// himself where there is no server.
fn why_in_use() -> &'static str {
    match asking(nobody(), "hola").wait() {
        Some(Ok(_)) => "wants the server's port",
        _ => "asks at a fixed port",
    }
}

/// Calls ask(), and fails if its question does not come as it should; else
/// gives from where it came, too.
fn question(server: &Peer, text: &'static str) -> (Asked, SocketAddr) {
    let did = doing(said("called ask", &[&text]));
    let asked = asking(server.address(), text);
    let expected = said("at the server", &[&text]);
    let Some((data, from)) = server.receive() else {
        let given = asked.now();
        let why = match by_kind(&given) {
            Some(Err(AddrInUse)) => why_in_use(),
            Some(Err(ConnectionRefused)) => "asks somewhere else",
            Some(Ok(_) | Err(TimedOut)) | None => "asks nobody",
            Some(Err(_)) => "fails before it asks",
        };
        fail(did, expected, given, why)
    };
    if data != text.as_bytes() {
        let why = match server.receive() {
            Some((next, _)) if next == text.as_bytes() => "asks twice",
            _ => "sends another text",
        };
        fail(did, expected, data, why);
    }
    (asked, from)
}

/// Answers a question, and fails if ask() does not give the answer.
fn check_answer(server: &Peer, text: &'static str, answer: &str) {
    let (asked, from) = question(server, text);
    server.send(answer.as_bytes(), from);
    let given = asked.wait();
    let nul = |rest: &str| rest.bytes().all(|byte| byte == 0);
    let why = match by_kind(&given) {
        Some(Ok(came)) => match came.strip_prefix(answer) {
            Some("") => return,
            Some(rest) if rest.len() > 1 && nul(rest) => {
                "gives the whole buffer".into()
            }
            _ if came.len() > 1 && nul(came) => "gives zeros alone".into(),
            _ if came == text => "gives its own text".into(),
            _ if came.starts_with("--> ") => "gives an arrow, too".into(),
            _ if answer.len() == BYTES && answer.starts_with(came) => {
                "has a small buffer".into()
            }
            _ => compared(answer.as_bytes(), came.as_bytes()),
        },
        Some(Err(TimedOut)) if too_soon(&asked) => "gives up too soon".into(),
        Some(Err(TimedOut)) | None if answer.is_empty() => {
            said("passes over an empty datagram", &[&"ask", &"ask"])
        }
        Some(Err(_)) if answer.is_empty() => {
            said("an empty one is an error", &[&"ask"])
        }
        Some(Err(TimedOut)) | None => "misses the answer".into(),
        // Windows.
        Some(Err(_)) if answer.len() == BYTES => "has a small buffer".into(),
        _ => "misses the answer".into(),
    };
    let shown = answer.to_string().shown();
    let did = said("called ask, was answered", &[&text, &shown]);
    fail(did, answer.to_string(), given, why);
}

#[kit::test]
fn step_2_asks_from_any_free_port() {
    let servers = [Peer::new(), Peer::new()];
    let did = doing("called ask twice at a time");
    // Each waits for its answer; on a busy machine, one after the other.
    for _ in 0..2 {
        for asked in servers.each_ref().map(|s| asking(s.address(), "hola")) {
            let given = asked.wait();
            if matches!(by_kind(&given), Some(Err(AddrInUse))) {
                fail(did, "two questions", given, why_in_use());
            }
        }
    }
}

#[kit::test]
fn step_2_asks_and_gives_the_answer() {
    let server = Peer::new();
    check_answer(&server, "hola", "chau");
    check_answer(&server, " ¿Qué tal?\n", "  Muy bien: ¿y vos?\n\0");
}

#[kit::test]
fn step_2_takes_any_answer() {
    let server = Peer::new();
    check_answer(&server, "hola", &"x".repeat(BYTES));
    check_answer(&server, "hola", "");
    let (asked, from) = question(&server, "hola");
    let did = doing("called ask, was answered in Latin-1");
    server.send(b"ma\xf1ana", from);
    // It may be an error; if it is a panic, the kit tells so.
    let Some(Ok(came)) = asked.wait() else { return };
    if !(came.starts_with("ma") && came.ends_with("ana")) {
        fail(did, *b"ma\xf1ana", came, "loses what is no UTF-8");
    }
}

#[kit::test]
fn step_2_takes_nothing_from_a_stranger() {
    let (server, stranger) = (Peer::new(), Peer::new());
    let (asked, from) = question(&server, "hola");
    stranger.send(b"believe me", from);
    server.send(b"chau", from);
    let given = asked.wait();
    let why = match by_kind(&given) {
        Some(Ok(text)) if text == "chau" => return,
        Some(Ok(text)) if text == "believe me" => "takes whoever is first",
        _ => "gives up at a stranger",
    };
    fail("called ask, a stranger was first", *b"chau", given, why);
}

#[kit::test]
fn step_2_waits_as_long_as_it_should() {
    let silent = Peer::new();
    let (did, expected) = (doing("called a silent server"), "an error in 1 s");
    for again in [true, false] {
        let asked = asking(silent.address(), "hola");
        let begun = Instant::now();
        sleep(WAIT); // A busy machine makes this late, too.
        let limit = begun.elapsed() + WAIT * 9 / 10;
        let given = asked.wait_long().or_else(|| asked.wait());
        let came = match &given {
            None => {
                let waited = WAIT + patience() * 3;
                said("ask still waits", &[&waited.as_secs()])
            }
            Some(Err(e)) if kind(e) == TimedOut => {
                said("gave up", &[&asked.took().as_millis()])
            }
            Some(given) => value(given.shown()),
        };
        let why = match by_kind(&given) {
            None => "has no time-out",
            Some(Ok(_)) => "gives a text of nobody's",
            Some(Err(AddrInUse)) => "asks at a fixed port",
            Some(Err(TimedOut)) if too_soon(&asked) => "gives up too soon",
            Some(Err(TimedOut)) if asked.took() <= limit => return,
            // Twice is no chance.
            Some(Err(TimedOut)) if again && asked.took() < patience() * 2 => {
                continue;
            }
            Some(Err(TimedOut)) => "waits longer than WAIT",
            Some(Err(_)) => "gives an error of its own",
        };
        fail(did, expected, came, why);
    }
}

#[kit::test]
fn step_2_learns_that_nobody_listens() {
    let did = doing("called ask, nobody listens");
    let given = asking(nobody(), "hola").wait_long();
    let why = match by_kind(&given) {
        _ if is_refusal(&given) => return,
        Some(Err(TimedOut)) => "asks unconnected",
        Some(Err(AddrInUse)) => "asks at a fixed port",
        Some(Err(_)) => "gives an error of its own",
        _ => "gives a text of nobody's",
    };
    fail(did, ConnectionRefused, given, why);
}

#[kit::test]
fn step_2_hands_every_error_on() {
    // A socket of IPv4 cannot be connected to an address of IPv6; and one
    // that is not connected does not send.
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, 9));
    let did = doing(said("called ask with an IPv6 address", &[&six]));
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let [unsent, unconnected] = [s.send(b"hola").map(|_| ()), s.connect(six)]
        .map(|e| e.err().and_then(|e| e.raw_os_error()));
    let given = asking(six, "hola").wait_long();
    if matches!(&given, Some(Err(e)) if e.raw_os_error() == unsent)
        && unsent != unconnected
    {
        fail(did, "the error of connect", given, "drops connect's error");
    }
    // No datagram has so many bytes.
    let (server, text) = (Peer::new(), "x".repeat(70_000));
    let did = doing("called ask with 70000 bytes");
    let address = server.address();
    let given = beside(move || ask(address, &text)).wait_long();
    if matches!(by_kind(&given), Some(Err(TimedOut))) {
        fail(did, "the error of send", given, "drops send's error");
    }
}

/// What both() gives for this text, in time.
fn both_given(address: SocketAddr, text: &str) -> Option<io::Result<String>> {
    let text = text.to_string();
    beside(move || both(address, &text)).wait_long()
}

/// Whether an echo server answers at this address, soon.
fn serves(address: SocketAddr) -> bool {
    let other = Peer::new();
    for pause in [0, 50, 500] {
        sleep(Duration::from_millis(pause));
        other.send(b"chau", address);
    }
    other.receive().is_some_and(|(data, _)| data == b"chau")
}

/// Why both() gives an error, and its server is there afterwards.
fn why_not_asked() -> &'static str {
    let taken = Peer::new();
    let address = taken.address();
    let given = both_given(address, "hola");
    let in_use = matches!(by_kind(&given), Some(Err(AddrInUse)));
    match (in_use, taken.came_first().is_some()) {
        (true, false) => "both asks elsewhere",
        (true, true) => "asks before anybody serves",
        (false, true) => "loses the error of listen",
        (false, false) => "serves, and gives an error",
    }
}

/// Whether both() gives whatever it is given: a server answers no empty
/// datagram, and no more than `BYTES` bytes.
fn never_asks() -> bool {
    ["", &"x".repeat(BYTES + 1)].iter().all(|text| {
        let given = both_given(nobody(), text);
        matches!(given, Some(Ok(came)) if came == *text)
    })
}

#[kit::test]
fn step_3_asks_its_own_server() {
    let (this, address) = ("step_3_asks_its_own_server", nobody());
    let did = doing(said("called both", &[&address]));
    let given = both_given(address, "hola");
    let why = match by_kind(&given) {
        None if serves(address) => "waits for its server",
        None => "both does not end",
        Some(Err(AddrInUse)) => "says that it is taken",
        Some(Err(kind)) if serves(address) => {
            let Some([printed, _]) = printed(this) else { return };
            let called = |line: &&str| line.contains("Conexion desde");
            let clients: HashSet<_> = printed.lines().filter(called).collect();
            match (kind, clients.len()) {
                // One is the test's.
                (TimedOut, 2..) => "asks before it serves",
                _ => why_not_asked(),
            }
        }
        Some(Err(_)) => "asks before anybody serves",
        Some(Ok(text)) if text != "hola" => "both gives another text",
        Some(Ok(_)) => {
            let Some([printed, _]) = printed(this) else { return };
            let asked = printed.contains("Conexion desde");
            let why = match (asked, serves(address)) {
                (true, true) => return,
                (true, false) => "serves somewhere else",
                _ if never_asks() => "never asks",
                (false, true) => "serve is not asked",
                (false, false) => "nobody serves",
            };
            let expected = said("a server that was asked", &[&address]);
            fail(did, expected, "no such server", why)
        }
    };
    fail(did, *b"hola", given, why);
}

#[kit::test]
fn step_3_says_that_the_address_is_taken() {
    let other = Peer::new();
    let did = doing("called both, the address is taken");
    let given = both_given(other.address(), "hola");
    if !matches!(by_kind(&given), Some(Err(AddrInUse))) {
        fail(did, AddrInUse, given, "loses the error of listen");
    }
}
