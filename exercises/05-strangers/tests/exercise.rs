//! The tests of exercise 05. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ErrorKind::{
    AddrInUse, ConnectionRefused, ConnectionReset, InvalidInput, TimedOut,
};
use ex05_strangers::{BYTES, nobody_listens, open, wait_for};
use kit::{
    Answer, Beside, Peer, Shown, answer_shown, beside, by_kind,
    check_open_gives_the_error, check_opens, compared, doing, fail, far_away,
    is_refusal, patience, said, socket, to_nobody, value,
};

/// A time-out that is soon over.
const SOON: Duration = Duration::from_millis(300);

/// What wait_for() gives, or will give, and a second handle of its socket.
type Waiting = (Beside<io::Result<Option<Vec<u8>>>>, UdpSocket);

/// Calls wait_for() beside the test.
fn waiting(s: UdpSocket, server: SocketAddr, timeout: Duration) -> Waiting {
    let same = s.try_clone().unwrap();
    (beside(move || wait_for(&s, server, timeout)), same)
}

#[kit::test]
fn step_4_takes_the_answer() {
    let server = Peer::new();
    // Some bytes are no text, none is an answer, too, and the last one is as
    // long as can be.
    let long = vec![b'x'; BYTES];
    for data in [&b"hola"[..], b"\0\xff\xf1 \n", b"", &long] {
        let did = doing(said("sent as the server, called", &[&data.shown()]));
        let (s, address) = socket();
        server.send(data, address);
        let given = waiting(s, server.address(), patience() * 10).0.wait();
        let why = match by_kind(&given) {
            Some(Ok(Some(came))) if came == data => continue,
            Some(Ok(Some(came))) => match came.strip_prefix(data) {
                Some(rest) if rest.len() > 1 => "gives the whole buffer",
                _ if data == long && long.starts_with(came) => {
                    "has a small buffer"
                }
                _ if came == String::from_utf8_lossy(data).as_bytes() => {
                    "makes a text of the bytes"
                }
                _ => fail(did, data, came, compared(data, came)),
            },
            // Windows.
            Some(Err(_)) if data == long => "has a small buffer",
            None if data.is_empty() => {
                let (name, cause) =
                    ("wait_for", "passes over an empty datagram");
                let why = said(cause, &[&name, &name]);
                fail(did, data, answer_shown(&given), why)
            }
            _ => "misses the answer",
        };
        fail(did, data, answer_shown(&given), why);
    }
}

#[kit::test]
fn step_4_notices_silence() {
    let server = Peer::new();
    let did = doing(said("sent nothing, called", &[&SOON.shown()]));
    let (waited, s) = waiting(socket().0, server.address(), SOON);
    let given = waited.wait();
    let set = s.read_timeout().unwrap();
    let mut came = answer_shown(&given);
    let why = match by_kind(&given) {
        None if set.is_none() => "sets no time-out",
        None => "sets another time-out",
        Some(Err(TimedOut)) => "gives the time-out as an error",
        Some(Err(InvalidInput)) => "sets a time-out of 0",
        Some(Ok(None)) if waited.took() < SOON * 3 / 4 => {
            let ms = waited.took().as_millis();
            came = said("no answer, after", &[&ms]);
            "gives up too soon"
        }
        // A system rounds what it is told.
        Some(Ok(None)) => match set.filter(|set| *set > SOON * 5 / 4) {
            None => return,
            Some(set) => {
                came = said("no answer, the socket waits", &[&set.shown()]);
                "sets another time-out"
            }
        },
        Some(_) => "makes something of silence",
    };
    fail(did, "no answer", came, why);
}

/// Whether wait_for() connects the socket.
fn connects() -> bool {
    let server = Peer::new();
    let (given, s) = waiting(socket().0, server.address(), SOON);
    given.wait().is_some() && s.peer_addr().is_ok()
}

#[kit::test]
fn step_4_takes_nothing_from_a_stranger() {
    let stranger = Peer::new();
    let port = stranger.address().port();
    let other = port ^ 1;
    // Nobody is there (RFC 5737), and nothing is sent there.
    let elsewhere = Ipv4Addr::new(192, 0, 2, 1);
    for (ip, port, why) in [
        (elsewhere, other, "takes whatever comes first"),
        (elsewhere, port, "looks at the port alone"),
        (Ipv4Addr::LOCALHOST, other, "looks at the IP address alone"),
    ] {
        let server = SocketAddr::from((ip, port));
        let from = stranger.address();
        let did = doing(said("called, sent as a stranger", &[&server, &from]));
        let (s, address) = socket();
        stranger.send(b"believe me", address);
        let given = waiting(s, server, SOON).0.wait();
        let why = match by_kind(&given) {
            Some(Ok(None)) => continue,
            None => "waits on after a stranger",
            Some(_) if connects() => "connects too late",
            Some(Ok(_)) => why,
            Some(Err(_)) => "takes a stranger for an error",
        };
        fail(did, "no answer", answer_shown(&given), why);
    }
}

#[kit::test]
fn step_4_waits_on_after_a_stranger() {
    let (s, address) = socket();
    let (server, stranger) = (Peer::new(), Peer::new());
    for _ in 0..3 {
        stranger.send(b"believe me", address);
    }
    server.send(b"hola", address);
    let did = doing("sent three times as a stranger, called");
    let (given, s) = waiting(s, server.address(), patience());
    let given = given.wait_long();
    let why = match by_kind(&given) {
        Some(Ok(Some(data))) if data == b"hola" => return,
        Some(Ok(Some(data))) if data == b"believe me" => "connects too late",
        None => "waits on after a stranger",
        Some(_) => {
            // How many are left in the socket?
            s.set_nonblocking(true).unwrap();
            match (0..4).filter(|_| s.recv(&mut [0; BYTES]).is_ok()).count() {
                4 => "takes nothing out",
                0 => "loses the answer",
                // The server's came last.
                _ => "gives up at a stranger",
            }
        }
    };
    fail(did, *b"hola", answer_shown(&given), why);
}

#[kit::test]
fn step_4_gives_strangers_no_time() {
    let (s, address) = socket();
    let (server, stranger) = (Peer::new(), Peer::new());
    let did = doing(said("sent again and again, called", &[&SOON.shown()]));
    let end = Instant::now() + patience() * 2;
    beside(move || {
        while Instant::now() < end {
            stranger.send(b"believe me", address);
            sleep(SOON / 30);
        }
    });
    let given = waiting(s, server.address(), SOON).0.wait();
    let why = match by_kind(&given) {
        Some(Ok(None)) => return,
        None => "begins its time-out anew",
        // The time ran out between two datagrams, or another test sees it.
        Some(Err(InvalidInput)) if matches!(at_once(), Some(Ok(None))) => {
            "sets a time-out of 0"
        }
        Some(Err(InvalidInput)) => return,
        Some(_) => "takes a stranger for an error",
    };
    fail(did, "no answer", answer_shown(&given), why);
}

#[kit::test]
fn step_4_takes_what_is_there_in_no_time() {
    let server = Peer::new();
    let short = Duration::from_millis(10);
    let did = doing(said("sent before, called", &[&short.shown()]));
    // A busy machine may let the time run out, but not each time.
    let takes = || {
        let (s, address) = socket();
        server.send(b"hola", address);
        let given = waiting(s, server.address(), short).0.wait();
        matches!(given, Some(Ok(Some(_))))
    };
    if !(0..50).any(|_| takes()) {
        fail(did, *b"hola", "no answer", "gives up with time left");
    }
}

/// What wait_for() gives if it has no time at all.
fn at_once() -> Answer {
    let server = Peer::new();
    waiting(socket().0, server.address(), Duration::ZERO).0.wait()
}

#[kit::test]
fn step_4_knows_when_no_time_is_left() {
    let did = doing("called with a time-out of 0");
    let given = at_once();
    if !matches!(given, Some(Ok(None))) {
        fail(did, "no answer", answer_shown(&given), "sets a time-out of 0");
    }
}

/// Waits up to [`patience`] for the socket to have a time-out that is right;
/// gives the last one that was not.
fn wrong_timeout(
    s: &UdpSocket,
    right: impl Fn(Duration) -> bool,
) -> Option<Duration> {
    let end = Instant::now() + patience();
    loop {
        let set = s.read_timeout().unwrap()?; // A socket that never waits.
        if right(set) || Instant::now() > end {
            return (!right(set)).then_some(set);
        }
        sleep(SOON / 100);
    }
}

#[kit::test]
fn step_4_waits_for_what_is_left() {
    let (s, address) = socket();
    let (server, stranger) = (Peer::new(), Peer::new());
    let timeout = patience() * 10;
    s.set_read_timeout(Some(timeout * 4)).unwrap();
    let did =
        doing(said("sent late, called", &[&timeout.shown(), &SOON.shown()]));
    let (given, s) = waiting(s, server.address(), timeout);
    // It waits, for `timeout` or less; or never does, another test's.
    if wrong_timeout(&s, |set| set <= timeout * 2).is_some() {
        return drop(given.now());
    }
    sleep(SOON);
    stranger.send(b"believe me", address);
    // By now at least SOON is over; the system may round what it is told.
    let set = wrong_timeout(&s, |set| set <= timeout - SOON / 2);
    server.send(b"hola", address);
    if let Some(set) = set {
        let most = (timeout - SOON).shown();
        let expected = said("a socket that waits, at most", &[&most]);
        let came = said("no answer, the socket waits", &[&set.shown()]);
        fail(did, expected, came, "waits the whole time-out again");
    }
}

#[kit::test]
fn step_4_hands_errors_on() {
    let s = to_nobody();
    let nobody = s.peer_addr().unwrap();
    let did = doing("sent where nobody listens, called");
    s.send(b"hola").unwrap();
    let given = waiting(s, nobody, patience()).0.wait_long();
    if !is_refusal(&given) {
        let why = "keeps an error to itself";
        fail(did, ConnectionRefused, answer_shown(&given), why);
    }
}

#[kit::test]
fn step_2_is_connected_to_the_server() {
    check_opens(open);
}

#[kit::test]
fn step_2_reaches_any_machine() {
    let own = |s: UdpSocket| Ok(s.local_addr()?.ip());
    let shown = |own: &io::Result<IpAddr>| match own {
        Ok(ip) => said("a socket at", &[ip]),
        Err(e) => value(e.shown()),
    };
    for (far, meant) in far_away() {
        let did = doing(said("called open, nothing was sent", &[&far]));
        let given = open(far);
        if matches!(&given, Ok(s) if s.peer_addr().is_ok_and(|to| to != far)) {
            let expected = said("a socket connected to", &[&far]);
            fail(did, expected, given, "is connected elsewhere");
        }
        let came = given.and_then(own);
        if came.as_ref().map_or(meant.is_ok(), IpAddr::is_loopback) {
            // Another address of this machine; where it has none, no error.
            let asks = match open(([127, 0, 0, 2], 9).into()).and_then(own) {
                Ok(ip) => ip.is_loopback() && ip != Ipv4Addr::LOCALHOST,
                Err(e) => e.kind() == ErrorKind::AddrNotAvailable,
            };
            let why = match asks {
                true => "asks for the server's IP address",
                false => "is at localhost",
            };
            fail(did, shown(&meant), shown(&came), why);
        }
    }
}

#[kit::test]
fn step_2_hands_the_error_of_connect_on() {
    check_open_gives_the_error(open);
}

/// Fails if nobody_listens() does not say `meant` of an error of this kind.
fn check_kind(kind: ErrorKind, meant: bool, why: &'static str) {
    // With words of its own: the kind is what counts.
    let error = io::Error::new(kind, "made by the test");
    let did = doing(said("called nobody_listens", &[&format!("{kind:?}")]));
    let came = nobody_listens(&error);
    if came != meant {
        fail(did, value(meant), value(came), why);
    }
}

/// Whether nobody_listens() knows a refusal that the system made.
fn knows_a_real_one() -> bool {
    let s = to_nobody();
    s.set_read_timeout(Some(patience())).unwrap();
    let _ = s.send(b"hola");
    let real = s.recv(&mut [0]).is_err_and(|e| nobody_listens(&e));
    real || nobody_listens(&ConnectionRefused.into())
}

#[kit::test]
fn step_6_knows_a_refusal_by_its_kind() {
    let known = |kind| nobody_listens(&io::Error::new(kind, "?"));
    let both = [ConnectionRefused, ConnectionReset].map(known);
    let unknown = match both {
        [false, false] if knows_a_real_one() => "does not ask the kind",
        [false, false] => "knows no refusal",
        [true, _] => "knows Linux and macOS alone",
        [false, true] => "knows Windows alone",
    };
    check_kind(ConnectionRefused, true, unknown);
    check_kind(ConnectionReset, true, unknown);
}

#[kit::test]
fn step_6_takes_no_other_error_for_a_refusal() {
    for kind in [ErrorKind::TimedOut, ErrorKind::WouldBlock] {
        check_kind(kind, false, "takes silence for a refusal");
    }
    for kind in [
        ErrorKind::NetworkUnreachable,
        ErrorKind::HostUnreachable,
        ErrorKind::ConnectionAborted,
        ErrorKind::PermissionDenied,
        ErrorKind::NotConnected,
        ErrorKind::AddrNotAvailable,
        ErrorKind::Interrupted,
        ErrorKind::Other,
        AddrInUse,
        InvalidInput,
    ] {
        check_kind(kind, false, "takes other errors for a refusal");
    }
}
