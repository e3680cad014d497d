//! The tests of exercise 06. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ErrorKind::{AddrInUse, ConnectionRefused, ConnectionReset};
use ex06_both_roles::{BYTES, Role, WAIT, ask, both, role};
use kit::{
    Beside, Peer, Said, beside, caught, compared, doing, fail, free_port,
    patience, printed, refusals_are_told, said, skipped,
};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

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

/// Whether role() gives for each of these lines what `guess` gives.
fn does(guess: impl Fn(&[&str]) -> Option<Role>) -> bool {
    [
        "x both",
        "x both client",
        "both server",
        "both client server",
        "x - client",
    ]
    .iter()
    .all(|line| {
        let words: Vec<_> = line.split(' ').collect();
        caught(|| given(line)) == Some(guess(&words))
    })
}

/// Fails if role() does not give this role for this command line.
fn check_role(line: &str, role: Option<Role>, why: impl Fn(Role) -> Said) {
    let shown_line = line.replacen('x', "ex06-both-roles", 1);
    let did = said("called role", &[&shown_line.escape_debug()]);
    doing(&did);
    let came = caught(|| given(line));
    if came == Some(role) {
        return;
    }
    let known = |word: &str| caught(|| given(&format!("x {word}"))).flatten();
    let shown = |role: Option<Role>| match role {
        Some(role) => said("the role", &[&format!("{role:?}")]),
        None => "no role".into(),
    };
    let why = match came {
        None if line == "x" => "panics where a word is missing".into(),
        None => return assert!(given(line).is_none()), // The kit tells it.
        _ if does(|words| meant(words[0])) => {
            "reads the program's own name".into()
        }
        _ if does(|words| words.get(2).and_then(|word| meant(word))) => {
            "reads the third word".into()
        }
        _ if does(|words| meant(words[words.len() - 1])) => {
            "reads the last word".into()
        }
        _ if does(|words| words.iter().find_map(|word| meant(word)))
            || does(|words| words[1..].iter().find_map(|w| meant(w))) =>
        {
            "takes a role wherever it stands".into()
        }
        _ if does(|words| meant(words[1]).filter(|_| words.len() == 2)) => {
            "counts the words".into()
        }
        Some(Some(_)) if line == "x" => "makes up a missing word".into(),
        Some(Some(came)) => why(came),
        _ if WORDS.iter().any(|(word, _)| known(word).is_some()) => {
            "knows too few words".into()
        }
        _ => "finds no role".into(),
    };
    fail(did, shown(role), came.map_or_else(|| "a panic".into(), shown), why);
}

#[test]
fn step_1_reads_the_role() {
    exercise(|| {
        for (word, role) in WORDS {
            check_role(&format!("x {word}"), Some(role), |_| {
                "takes one word for another".into()
            });
        }
    });
}

/// Why an unknown word is a role: is any?
fn unknown(came: Role) -> Said {
    if given("x zzz") == Some(came) {
        "takes any word for a role".into()
    } else {
        "takes a similar word for a role".into()
    }
}

#[test]
fn step_1_knows_no_other_word() {
    exercise(|| {
        for line in ["x -", "x", "x sever", "x clients", "x unserver"] {
            check_role(line, None, unknown);
        }
        for line in ["x Server", "x BOTH", "x both\n", "x \tclient"] {
            check_role(line, None, unknown);
        }
    });
}

#[test]
fn step_1_takes_no_notice_of_what_follows() {
    exercise(|| {
        for (line, role) in [
            ("x client server", Some(Role::Client)),
            ("x server -v", Some(Role::Server)),
            ("x - server", None),
        ] {
            check_role(line, role, |_| "takes another word".into());
        }
    });
}

/// What ask() gives, or will give.
type Asked = Beside<io::Result<String>>;

/// Calls ask() beside the test.
fn asking(server: SocketAddr, text: &'static str) -> Asked {
    beside(move || ask(server, text))
}

/// Whether it is the error of a time-out.
fn late(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Whether the error says that nobody listens.
fn refused(e: &io::Error) -> bool {
    matches!(e.kind(), ConnectionRefused | ConnectionReset)
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
    let did = said("called ask", &[&text]);
    doing(&did);
    let asked = asking(server.address(), text);
    let expected = said("at the server", &[&text]);
    let Some((data, from)) = server.receive() else {
        let given = asked.now();
        let why = match &given {
            Some(Err(e)) if e.kind() == AddrInUse => why_in_use(),
            Some(Err(e)) if refused(e) => "asks somewhere else",
            Some(Err(e)) if !late(e) => "fails before it asks",
            _ => "asks nobody",
        };
        fail(did, expected, given, why)
    };
    if data != text.as_bytes() {
        fail(did, expected, data, "sends another text");
    }
    (asked, from)
}

/// Answers a question, and fails if ask() does not give the answer.
fn check_answer(server: &Peer, text: &'static str, answer: &str) {
    let (asked, from) = question(server, text);
    server.send(answer.as_bytes(), from);
    let given = asked.wait();
    let nul = |rest: &str| rest.bytes().all(|byte| byte == 0);
    let why = match &given {
        Some(Ok(came)) => match came.strip_prefix(answer) {
            Some("") => return,
            Some(rest) if rest.len() > 1 && nul(rest) => {
                "gives the whole buffer".into()
            }
            _ if came.len() > 1 && nul(came) => "gives zeros alone".into(),
            _ if came == text => "gives its own text".into(),
            _ if came.starts_with("--> ") => "gives an arrow, too".into(),
            _ => compared(answer.as_bytes(), came.as_bytes()),
        },
        Some(Err(e)) if late(e) && too_soon(&asked) => {
            "gives up too soon".into()
        }
        _ => "misses the answer".into(),
    };
    let did = said("called ask, was answered", &[&text, &answer.trim()]);
    fail(did, answer.to_string(), given, why);
}

#[test]
fn step_2_asks_from_any_free_port() {
    exercise(|| {
        let servers = [Peer::new(), Peer::new()];
        let did = "called ask twice at a time";
        doing(did);
        // Each waits for its answer; on a busy machine, one after the other.
        for _ in 0..2 {
            let both = servers.each_ref().map(Peer::address);
            for asked in both.map(|server| asking(server, "hola")) {
                let given = asked.wait();
                if matches!(&given, Some(Err(e)) if e.kind() == AddrInUse) {
                    fail(did, "two questions", given, why_in_use());
                }
            }
        }
    });
}

#[test]
fn step_2_asks_and_gives_the_answer() {
    exercise(|| {
        let server = Peer::new();
        check_answer(&server, "hola", "chau");
        check_answer(&server, "¿qué tal?", "  Muy bien: ¿y vos?\n");
    });
}

#[test]
fn step_2_takes_the_longest_answer_and_any_bytes() {
    exercise(|| {
        let server = Peer::new();
        let (asked, from) = question(&server, "hola");
        let answer = "x".repeat(BYTES);
        server.send(answer.as_bytes(), from);
        let given = asked.wait();
        let did = said("called ask, was answered with BYTES", &[&BYTES]);
        match &given {
            Some(Ok(came)) if *came == answer => {}
            Some(Ok(came)) if came.len() < BYTES => {
                fail(did, answer, given, "has a small buffer")
            }
            // Windows.
            Some(Err(e)) if !late(e) => {
                fail(did, answer, given, "has a small buffer")
            }
            _ => fail(did, answer, given, "misses the answer"),
        }
        let (asked, from) = question(&server, "hola");
        let did = "called ask, was answered in Latin-1";
        doing(did);
        server.send(b"ma\xf1ana", from);
        // It may be an error; if it is a panic, the kit tells so.
        if let Some(Ok(came)) = asked.wait()
            && !(came.starts_with("ma") && came.ends_with("ana"))
        {
            fail(did, *b"ma\xf1ana", came, "loses what is no UTF-8");
        }
    });
}

#[test]
fn step_2_takes_nothing_from_a_stranger() {
    exercise(|| {
        let (server, stranger) = (Peer::new(), Peer::new());
        let (asked, from) = question(&server, "hola");
        stranger.send(b"believe me", from);
        server.send(b"chau", from);
        let given = asked.wait();
        let why = match &given {
            Some(Ok(text)) if text == "chau" => return,
            Some(Ok(text)) if text == "believe me" => "takes whoever is first",
            _ => "gives up at a stranger",
        };
        fail("called ask, a stranger was first", *b"chau", given, why);
    });
}

#[test]
fn step_2_waits_as_long_as_it_should() {
    exercise(|| {
        let silent = Peer::new();
        let (did, expected) = ("called a silent server", "an error in 1 s");
        doing(did);
        for again in [true, false] {
            let asked = asking(silent.address(), "hola");
            let begun = Instant::now();
            sleep(WAIT); // A busy machine makes this late, too.
            let limit = begun.elapsed() + WAIT * 9 / 10;
            let given = asked.wait_long().or_else(|| asked.wait());
            match &given {
                None => {
                    let waited = (WAIT + patience() * 3).as_secs();
                    let came = said("ask still waits", &[&waited]);
                    fail(did, expected, came, "has no time-out")
                }
                Some(Ok(_)) => {
                    fail(did, expected, given, "gives a text of nobody's")
                }
                Some(Err(e)) if e.kind() == AddrInUse => {
                    fail(did, expected, given, "asks at a fixed port")
                }
                Some(Err(e)) if !late(e) => {
                    fail(did, expected, given, "gives an error of its own")
                }
                Some(Err(_)) if too_soon(&asked) => {
                    let came = said("gave up", &[&asked.took().as_millis()]);
                    fail(did, expected, came, "gives up too soon")
                }
                Some(Err(_)) if asked.took() <= limit => return,
                // Twice is no chance.
                Some(Err(_)) if again && asked.took() < patience() * 2 => {}
                Some(Err(_)) => {
                    let came = said("gave up", &[&asked.took().as_millis()]);
                    fail(did, expected, came, "waits longer than WAIT")
                }
            }
        }
    });
}

#[test]
fn step_2_learns_that_nobody_listens() {
    exercise(|| {
        let did = "called ask, nobody listens";
        doing(did);
        let given = asking(nobody(), "hola").wait_long();
        let why = match &given {
            Some(Err(e)) if refused(e) => return,
            Some(Err(_)) if !refusals_are_told() => {
                let words = said("refusals are not told", &[]);
                return skipped(&words.to_string());
            }
            Some(Err(e)) if late(e) => "is not connected",
            Some(Err(e)) if e.kind() == AddrInUse => "asks at a fixed port",
            Some(Err(_)) => "gives an error of its own",
            _ => "gives a text of nobody's",
        };
        fail(did, ConnectionRefused, given, why);
    });
}

#[test]
fn step_2_hands_every_error_on() {
    exercise(|| {
        // A socket of IPv4 cannot be connected to an address of IPv6; and one
        // that is not connected does not send.
        let six = SocketAddr::from((Ipv6Addr::LOCALHOST, 9));
        let did = said("called ask with an IPv6 address", &[&six]);
        doing(&did);
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let [unsent, unconnected] =
            [s.send(b"hola").map(|_| ()), s.connect(six)]
                .map(|e| e.err().and_then(|e| e.raw_os_error()));
        let given = asking(six, "hola").wait_long();
        let came = |e: &io::Error| e.raw_os_error();
        if matches!(&given, Some(Err(e)) if came(e) == unsent)
            && unsent != unconnected
        {
            fail(did, "the error of connect", given, "drops connect's error");
        }
        // No datagram has so many bytes.
        let (server, text) = (Peer::new(), "x".repeat(70_000));
        let did = "called ask with 70000 bytes";
        doing(did);
        let address = server.address();
        let given = beside(move || ask(address, &text)).wait_long();
        if matches!(&given, Some(Err(e)) if late(e)) {
            fail(did, "the error of send", given, "drops send's error");
        }
    });
}

/// What both() gives for this text, in time.
fn both_given(
    address: SocketAddr,
    text: &'static str,
) -> Option<io::Result<String>> {
    beside(move || both(address, text)).wait_long()
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
    let in_use = matches!(given, Some(Err(e)) if e.kind() == AddrInUse);
    // What was sent there came before this.
    taken.send(b"after", address);
    let first = taken.receive().map(|(data, _)| data);
    match (in_use, first.as_deref() != Some(b"after")) {
        (true, false) => "both asks elsewhere",
        (true, true) => "asks before anybody serves",
        (false, true) => "loses the error of listen",
        (false, false) => "serves, and gives an error",
    }
}

/// Whether both() gives whatever it is given: a server answers no empty
/// datagram, and no more than `BYTES` bytes.
fn never_asks() -> bool {
    let long = "x".repeat(BYTES + 1);
    ["".to_string(), long].iter().all(|text| {
        let (address, sent) = (nobody(), text.clone());
        let given = beside(move || both(address, &sent)).wait_long();
        matches!(given, Some(Ok(came)) if came == *text)
    })
}

#[test]
fn step_3_asks_its_own_server() {
    exercise(|| {
        let address = nobody();
        let did = said("called both", &[&address]);
        doing(&did);
        let given = both_given(address, "hola");
        let why = match &given {
            None if serves(address) => "waits for its server",
            None => "both does not end",
            Some(Err(e)) if e.kind() == AddrInUse => "says that it is taken",
            Some(Err(_)) if serves(address) => why_not_asked(),
            Some(Err(_)) => "asks before anybody serves",
            Some(Ok(text)) if text != "hola" => "both gives another text",
            Some(Ok(_)) => {
                let Some(printed) = printed("step_3_asks_its_own_server")
                else {
                    return;
                };
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
    });
}

#[test]
fn step_3_says_that_the_address_is_taken() {
    exercise(|| {
        let other = Peer::new();
        let did = "called both, the address is taken";
        doing(did);
        let given = both_given(other.address(), "hola");
        if !matches!(&given, Some(Err(e)) if e.kind() == AddrInUse) {
            fail(did, AddrInUse, given, "loses the error of listen");
        }
    });
}
