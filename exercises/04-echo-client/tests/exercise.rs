//! The tests of exercise 04. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut, WouldBlock};
use ex04_echo_client::{BYTES, open, report, send, wait};
use kit::{
    Peer, Said, Shown, beside, bytes, compared, doing, fail, only_receives,
    patience, refusals_are_told, said, skipped, to_nobody,
};
use socket2::{SockRef, Type};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

/// A client's socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// Whether something waits in the socket now; it is not taken.
fn waits(s: &UdpSocket) -> bool {
    s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    s.peek(&mut [0; BYTES]).is_ok()
}

/// A time-out with which no socket has failed yet.
const LONG: Duration = Duration::from_millis(1500);

#[test]
fn step_2_makes_a_client_s_socket() {
    exercise(|| {
        let (did, expected) = ("called open twice", "two sockets");
        doing(did);
        let server = Peer::new();
        let both = [open(LONG), open(LONG)];
        for s in both {
            let s = match s {
                Ok(s) => s,
                Err(e) if e.kind() == ErrorKind::AddrInUse => {
                    fail(did, expected, e, "a certain port")
                }
                Err(e) => fail(did, expected, e, "open gives an error"),
            };
            if SockRef::from(&s).r#type().unwrap() != Type::DGRAM {
                fail(did, expected, "a socket of another type", "no datagrams");
            }
            // Now it has an address, if it had none.
            if let Err(e) = s.send_to(b"", server.address()) {
                fail("sent through the socket", "no error", e, "cannot send");
            }
            let own = s.local_addr().unwrap();
            if own.ip().is_loopback() {
                fail(did, expected, own, "this machine alone");
            }
            if own.is_ipv6() {
                fail(did, expected, own, "another domain");
            }
        }
    });
}

#[test]
fn step_2_waits_so_long_and_no_longer() {
    exercise(|| {
        let times = [400, 200, 1500].map(Duration::from_millis);
        let opened = times.map(|time| {
            doing(said("called open with", &[&time.shown()]));
            open(time)
        });
        let limits = opened.each_ref().map(|s| {
            let s = s.as_ref().ok()?;
            s.read_timeout().unwrap()
        });
        for (time, s) in times.into_iter().zip(&opened) {
            let did = said("called open with", &[&time.shown()]);
            let expected = said("waits at most", &[&time.shown()]);
            let limit = match s {
                Ok(s) => s.read_timeout().unwrap(),
                // 0 s is no time-out.
                Err(e) => {
                    let why = match opened[2] {
                        Ok(_) => "whole seconds",
                        Err(_) => "open gives an error",
                    };
                    fail(did, expected, e, why)
                }
            };
            let Some(limit) = limit else {
                check_waits(s.as_ref().unwrap(), &did, &expected);
                let write = s.as_ref().unwrap().write_timeout().unwrap();
                let why = match write {
                    Some(_) => "limits sending",
                    None => "waits for ever",
                };
                fail(did, expected, "no time-out", why)
            };
            // The system may round what it is told.
            if limit.abs_diff(time) > time / 4 {
                let why = match limits {
                    [a, b, c] if a == b && b == c => "always the same time",
                    [Some(a), Some(b), _]
                        if time == LONG && a.abs_diff(b) > b / 2 =>
                    {
                        "a part of a second"
                    }
                    _ => "another time",
                };
                fail(did, expected, limit, why);
            }
        }
        let did = said("called open with", &[&times[1].shown()]);
        let expected = said("waits at most", &[&times[1].shown()]);
        check_waits(opened[1].as_ref().unwrap(), &did, &expected);
    });
}

#[test]
fn step_2_gives_the_error() {
    exercise(|| {
        let did = "called open with no time at all";
        doing(did);
        let given = open(Duration::ZERO).and_then(|s| s.read_timeout());
        if let Ok(None) = given {
            fail(did, "that error", "no time-out", "open hides the error");
        }
    });
}

/// Fails if the socket gives up at once.
fn check_waits(s: &UdpSocket, did: &Said, expected: &Said) {
    // It has an address now, without which Windows does not wait.
    let _ = s.send_to(b"", Peer::new().address());
    let s = s.try_clone().unwrap();
    let received = beside(move || {
        let begun = Instant::now();
        let received = s.recv_from(&mut [0; BYTES]).map(|_| ());
        (received, begun.elapsed())
    });
    if let Some((Err(e), time)) = received.wait()
        && time < Duration::from_millis(100)
        && matches!(e.kind(), WouldBlock | TimedOut)
    {
        fail(did, expected, time, "does not wait");
    }
}

#[test]
fn step_3_sends_the_text_to_the_server() {
    exercise(|| {
        let server = Peer::new();
        let mut before = String::new();
        for text in ["hola", "¿Mañana?", " dos\n", "", "a"] {
            check_send(text, &server, &before);
            before = text.to_string();
        }
    });
}

/// Fails if send() does not send this text to the server, which got the text
/// `before` last time.
fn check_send(text: &'static str, server: &Peer, before: &str) {
    let (s, address) = socket();
    let (own, to) = (s.try_clone().unwrap(), server.address());
    let did = said("called send", &[&bytes(text.as_bytes()), &to]);
    doing(&did);
    let sent = beside(move || send(&own, text, to)).wait();
    let meant = (text.as_bytes().to_vec(), address);
    if let Some(Err(e)) = sent {
        fail(did, meant, e, "send gives an error");
    }
    let came = server.receive();
    let why = match &came {
        None if waits(&s) => "sent to itself".into(),
        None => "nothing was sent".into(),
        Some((data, _)) if data != text.as_bytes() => {
            let letters = text.chars().count();
            let more = data.strip_prefix(text.as_bytes());
            if data == before.as_bytes() {
                "sent twice".into()
            } else if more.is_some_and(|m| m.iter().all(|b| *b == 0)) {
                "filled up".into()
            } else if data == &text.as_bytes()[..letters] {
                "characters for bytes".into()
            } else {
                compared(text.as_bytes(), data)
            }
        }
        Some((_, from)) if *from != address => "through another socket".into(),
        Some(_) => return,
    };
    fail(did, meant, came, why);
}

#[test]
fn step_3_gives_the_error() {
    exercise(|| {
        let (s, _) = socket();
        let server = Peer::new();
        let to = server.address();
        let fails = only_receives(&s, to);
        let did = "called send, which fails";
        doing(did);
        let sent = beside(move || send(&s, "hola", to)).wait();
        if !fails {
            skipped(&said("no sending can fail here", &[]).to_string());
        } else if !matches!(sent, Some(Err(_))) {
            fail(did, "that error", sent, "send hides the error");
        }
    });
}

type Waited = Option<io::Result<Vec<u8>>>;

/// Sends these to a client's socket and calls wait() as often; gives what it
/// gave the last time, and the socket.
fn waited(sent: &[&[u8]]) -> (Waited, UdpSocket) {
    let (s, address) = socket();
    let server = Peer::new();
    for data in sent {
        server.send(data, address);
    }
    let (same, times) = (s.try_clone().unwrap(), sent.len());
    let last = beside(move || {
        for _ in 1..times {
            let _ = wait(&same);
        }
        wait(&same)
    });
    (last.wait(), s)
}

/// How many bytes wait() gives when BYTES have come.
fn most() -> usize {
    match waited(&[&[b'x'; BYTES]]).0 {
        Some(Ok(data)) => data.len(),
        _ => 0,
    }
}

/// Why wait() gives `came` where `sent` has come.
fn other_bytes(sent: &[u8], came: &[u8]) -> Said {
    let zeros = |data: &[u8]| data.iter().all(|byte| *byte == 0);
    let text = String::from_utf8_lossy(sent);
    let zero = sent.iter().position(|byte| *byte == 0);
    let last = sent.iter().rposition(|byte| *byte != 0);
    let cause = match came.strip_prefix(sent) {
        Some([0]) => "one byte too many",
        Some(rest) if zeros(rest) => "the whole buffer",
        _ if came.is_empty() => "no byte at all",
        _ if zeros(came) && came.len() == sent.len() => "another buffer",
        _ if zeros(came) => "the rest of the buffer",
        _ if Some(came) == zero.map(|zero| &sent[..zero]) => "ends at a zero",
        _ if Some(came) == last.map(|last| &sent[..=last]) => "ends at a zero",
        _ if came == text.as_bytes() => "text for bytes",
        // No room, or is something left out?
        _ if sent.starts_with(came) && most() == came.len() => "a small buffer",
        _ if sent.starts_with(came)
            && most() + 1 == BYTES
            && came.len() + 1 == sent.len() =>
        {
            "the last byte is missing"
        }
        _ => return compared(sent, came),
    };
    said(cause, &[])
}

/// Fails if wait() does not give the answer that has come.
fn check_wait(sent: &[u8]) {
    let did = said("sent, called wait", &[&bytes(sent)]);
    doing(&did);
    let (given, s) = waited(&[sent]);
    let why = match &given {
        Some(Ok(data)) if data == sent => return,
        Some(Ok(data)) => other_bytes(sent, data),
        None if waits(&s) => "waits elsewhere".into(),
        None if sent.is_empty() => "passes over an empty answer".into(),
        None => "takes one and waits on".into(),
        // Windows' word for what Unix cuts.
        Some(Err(e)) if e.raw_os_error() == Some(10040) => {
            "a small buffer".into()
        }
        Some(Err(_)) if sent.is_empty() => "an empty one is an error".into(),
        Some(Err(_)) if str::from_utf8(sent).is_err() => "text alone".into(),
        Some(Err(_)) => "wait gives an error".into(),
    };
    fail(did, sent.to_vec(), given, why);
}

#[test]
fn step_4_gives_what_came() {
    exercise(|| {
        check_wait(b"hola");
        check_wait(&[b'x'; BYTES]);
        check_wait(b"ho\0la\0");
        check_wait(b" \xffhola\r\n");
        check_wait(b"");
    });
}

#[test]
fn step_4_takes_one_after_the_other() {
    exercise(|| {
        let (given, s) = waited(&[b"uno", b"dos"]);
        let why = match &given {
            Some(Ok(data)) if data == b"dos" => return,
            Some(Ok(data)) if data == b"uno" && waits(&s) => "leaves it there",
            _ => "one at a time",
        };
        fail("sent two, called wait twice", *b"dos", given, why);
    });
}

#[test]
fn step_4_gives_up_when_the_socket_does() {
    exercise(|| {
        let (s, _) = socket();
        s.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let did = "called wait, nothing came";
        doing(did);
        let given = beside(move || wait(&s)).wait();
        let why = match &given {
            None => "waits on after the time-out",
            Some(Ok(_)) => "silence is an answer",
            Some(Err(e)) => match e.kind() {
                WouldBlock | TimedOut => return,
                _ => "an error of wait's own",
            },
        };
        fail(did, "the error of recv_from", given, why);
    });
}

#[test]
fn step_4_gives_any_other_error() {
    exercise(|| {
        let s = to_nobody();
        s.set_read_timeout(Some(patience() * 10)).unwrap();
        s.send(b"").unwrap();
        let did = "called wait, nobody listens";
        doing(did);
        let given = beside(move || wait(&s)).wait();
        if !refusals_are_told() {
            return skipped(&said("refusals are not told", &[]).to_string());
        }
        let why = match &given {
            None => "waits on after an error",
            Some(Ok(_)) => "silence is an answer",
            Some(Err(e)) => match e.kind() {
                ConnectionRefused | ConnectionReset => return,
                _ => "an error of wait's own",
            },
        };
        fail(did, ConnectionRefused, given, why);
    });
}

/// What report() says of a time-out.
const NO_ANSWER: &str = "no answer";

/// Fails if report() does not say this text for these bytes.
fn check_text(data: &[u8], text: &str) {
    let did = said("called report", &[&bytes(data)]);
    doing(&did);
    let given = report(Ok(data.to_vec()));
    let meant = format!("--> {text}");
    let Ok(line) = &given else {
        let why = match str::from_utf8(data) {
            Ok(_) => "no text for an answer",
            Err(_) => "report wants text",
        };
        fail(did, meant, given, why)
    };
    // What stands behind some kind of arrow.
    let shown = line.trim_start_matches(['-', '>', ' ']);
    let why = if *line == meant {
        return;
    } else if data.is_empty() && line == NO_ANSWER {
        "an empty answer is none".into()
    } else if line.strip_suffix('\n') == Some(&meant) {
        "ends the line".into()
    } else if *line == format!("--> {text:?}") {
        "in quotes".into()
    } else if *line == format!("--> {data:?}") {
        "bytes as numbers".into()
    } else if *line == format!("--> {}", text.trim()) {
        "cuts spaces off".into()
    } else if !text.is_empty() && shown == text {
        "another arrow".into()
    } else {
        compared(meant.as_bytes(), line.as_bytes())
    };
    fail(did, meant, given, why);
}

#[test]
fn step_6_says_the_text() {
    exercise(|| {
        check_text(b"hola", "hola");
        check_text("mañana".as_bytes(), "mañana");
        check_text(b" hola\r\n", " hola\r\n");
        check_text(b"", "");
        check_text(b"ho\xff", "ho\u{fffd}");
    });
}

#[test]
fn step_6_says_that_there_is_no_answer() {
    exercise(|| {
        let [unix, windows] = [WouldBlock, TimedOut].map(|kind| {
            doing(said("called report, time-out", &[&format!("{kind:?}")]));
            report(Err(kind.into()))
        });
        let good = |given: &io::Result<String>| {
            given.as_ref().is_ok_and(|text| text == NO_ANSWER)
        };
        let (name, given, why) = match (good(&unix), good(&windows)) {
            (true, true) => return,
            (true, false) => ("TimedOut", windows, "Unix alone"),
            (false, true) => ("WouldBlock", unix, "Windows alone"),
            (false, false) if unix.is_ok() => {
                ("WouldBlock", unix, "in other words")
            }
            _ => ("WouldBlock", unix, "a time-out is a failure"),
        };
        let did = said("called report, time-out", &[&name]);
        fail(did, NO_ANSWER.to_string(), given, why);
    });
}

#[test]
fn step_6_passes_any_other_error_on() {
    exercise(|| {
        for kind in [
            ErrorKind::PermissionDenied,
            ConnectionRefused,
            ConnectionReset,
            ErrorKind::Other,
        ] {
            let did = said("called report, error", &[&format!("{kind:?}")]);
            doing(&did);
            let given = report(Err(io::Error::new(kind, "too late")));
            let why = match &given {
                Err(e) if e.kind() == kind && e.to_string() == "too late" => {
                    continue;
                }
                Err(_) => "an error of report's own",
                Ok(text) if text != NO_ANSWER => "a text for an error",
                Ok(_) => match kind {
                    ConnectionRefused | ConnectionReset => "nobody listens",
                    _ => "any error is no answer",
                },
            };
            fail(did, "the same error", given, why);
        }
    });
}
