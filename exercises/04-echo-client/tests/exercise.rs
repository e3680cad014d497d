//! The tests of exercise 04. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ErrorKind::{
    ConnectionRefused, ConnectionReset, Other, PermissionDenied, TimedOut,
    WouldBlock,
};
use ex04_echo_client::{BYTES, open, report, send, wait};
use kit::{
    Peer, Said, Shown, Takes, beside, bytes, check_fails, check_sends,
    compared, doing, fail, given_at_once, is_refusal, patience, said,
    to_nobody,
};
use socket2::{SockRef, Type};

const WAIT: Takes<Vec<u8>> = Takes {
    name: "wait",
    call: wait,
    data: Vec::as_slice,
    buffer: Some(BYTES),
};

/// A time-out with which no socket has failed yet.
const LONG: Duration = Duration::from_millis(1500);

#[kit::test]
fn step_2_makes_a_client_s_socket() {
    let (did, expected) = (doing("called open twice"), "two sockets");
    let server = Peer::new();
    for s in [open(LONG), open(LONG)] {
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
}

#[kit::test]
fn step_2_waits_so_long_and_no_longer() {
    let server = Peer::new();
    let times = [400, 200, 1500].map(Duration::from_millis);
    let opened = times.map(|time| {
        doing(said("called open", &[&time.shown()]));
        open(time)
    });
    let limits = opened.each_ref().map(|s| {
        let s = s.as_ref().ok()?;
        s.read_timeout().unwrap()
    });
    for ((time, s), limit) in times.into_iter().zip(&opened).zip(limits) {
        let did = said("called open", &[&time.shown()]);
        let expected = said("waits at most", &[&time.shown()]);
        let s = match s {
            Ok(s) => s,
            // 0 s is no time-out.
            Err(e) if opened[2].is_ok() => {
                fail(did, expected, e, "whole seconds")
            }
            Err(e) => fail(did, expected, e, "open gives an error"),
        };
        // Now it has an address, without which Windows does not wait.
        let _ = s.send_to(b"", server.address());
        match given_at_once(s) {
            Some(Err(e)) if matches!(e.kind(), WouldBlock | TimedOut) => {
                fail(did, expected, e, "does not wait");
            }
            _ => {}
        }
        let Some(limit) = limit else {
            let why = match s.write_timeout().unwrap() {
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
}

#[kit::test]
fn step_2_gives_the_error() {
    let did = doing("called open with no time at all");
    let given = open(Duration::ZERO).and_then(|s| s.read_timeout());
    if let Ok(None) = given {
        fail(did, "an error", "no time-out", "open hides the error");
    }
}

#[kit::test]
fn step_3_sends_the_text_to_the_server() {
    check_sends(send, "server");
}

#[kit::test]
fn step_3_gives_the_error() {
    let call = |s, to| beside(move || send(&s, "hola", to)).wait();
    check_fails("send", call, "send hides the error");
}

/// Why wait() gives `came` where `sent` has come.
fn other_bytes(sent: &[u8], came: &[u8]) -> Said {
    let zero = sent.iter().position(|byte| *byte == 0);
    let last = sent.iter().rposition(|byte| *byte != 0);
    let up_to_zero = [zero.map(|n| &sent[..n]), last.map(|n| &sent[..=n])];
    let text = String::from_utf8_lossy(sent);
    match came {
        _ if up_to_zero.contains(&Some(came)) => "ends at a zero".into(),
        _ if came == text.as_bytes() => "text for bytes".into(),
        _ => compared(sent, came),
    }
}

/// Fails if wait() does not give the answer that has come.
fn check_wait(sent: &[u8]) {
    let did = said("sent, called wait", &[&bytes(sent)]);
    WAIT.check(sent, did, |_| sent.to_vec(), |data| other_bytes(sent, data));
}

#[kit::test]
fn step_4_gives_what_came() {
    check_wait(b"hola");
    check_wait(&[b'x'; BYTES]);
    check_wait(b"ho\0la\0");
    check_wait(b" \xffhola\r\n");
    check_wait(b"");
}

#[kit::test]
fn step_4_takes_one_after_the_other() {
    WAIT.check_one_each_time();
}

#[kit::test]
fn step_4_gives_up_when_the_socket_does() {
    let (did, given) = WAIT.given_an_error();
    let why = match &given {
        None => "waits on after the time-out",
        Some(Ok(_)) => "silence is an answer",
        Some(Err(e)) => match e.kind() {
            WouldBlock | TimedOut => return,
            _ => "an error of wait's own",
        },
    };
    fail(did, "the error of recv_from", given, why);
}

#[kit::test]
fn step_4_gives_any_other_error() {
    let s = to_nobody();
    s.set_read_timeout(Some(patience() * 10)).unwrap();
    s.send(b"").unwrap();
    let did = doing("called wait, nobody listens");
    let given = beside(move || wait(&s)).wait();
    let why = match &given {
        _ if is_refusal(&given) => return,
        None => "waits on after an error",
        Some(Ok(_)) => "silence is an answer",
        Some(Err(_)) => "an error of wait's own",
    };
    fail(did, ConnectionRefused, given, why);
}

/// What report() says of a time-out.
const NO_ANSWER: &str = "no answer";

/// Fails if report() does not say this text for these bytes.
fn check_text(data: &[u8], text: &str) {
    let did = doing(said("called report", &[&bytes(data)]));
    let given = report(Ok(data.to_vec()));
    let meant = format!("--> {text}");
    let Ok(line) = &given else {
        let why = match std::str::from_utf8(data) {
            Ok(_) => "no text for an answer",
            Err(_) => "report wants text",
        };
        fail(did, meant, given, why)
    };
    // What stands behind some kind of arrow.
    let shown = line.trim_start_matches(['-', '>', ' ']);
    let why = match &line[..] {
        line if line == meant => return,
        NO_ANSWER if data.is_empty() => "an empty answer is none".into(),
        line if line.strip_suffix('\n') == Some(&meant) => {
            "ends the line".into()
        }
        line if line == format!("--> {text:?}") => "in quotes".into(),
        line if line == format!("--> {data:?}") => "bytes as numbers".into(),
        line if line == format!("--> {}", text.trim()) => {
            "cuts spaces off".into()
        }
        _ if !text.is_empty() && shown == text => "another arrow".into(),
        line => compared(meant.as_bytes(), line.as_bytes()),
    };
    fail(did, meant, given, why);
}

#[kit::test]
fn step_6_says_the_text() {
    check_text(b"hola", "hola");
    check_text("mañana".as_bytes(), "mañana");
    check_text(b" hola\r\n", " hola\r\n");
    check_text(b"", "");
    check_text(b"ho\xff", "ho\u{fffd}");
}

#[kit::test]
fn step_6_says_that_there_is_no_answer() {
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
}

#[kit::test]
fn step_6_passes_any_other_error_on() {
    for kind in [PermissionDenied, ConnectionRefused, ConnectionReset, Other] {
        let did = doing(said("called report, error", &[&format!("{kind:?}")]));
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
}
