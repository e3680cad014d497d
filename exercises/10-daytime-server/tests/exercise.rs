//! The tests of exercise 10. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::net::{SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daytime::Format;
use ex10_daytime_server::{BYTES, answer, say_who_called, serve, take};
use kit::{
    Peer, Program, Said, Server, Takes, beside, bytes, check_fails,
    check_not_connected, compared, doing, fail, moments, patience, references,
    said, socket,
};

/// The line for a time, as the workshop's server writes it.
fn line(time: SystemTime) -> String {
    daytime::line(time.into(), Format::Weekday).unwrap()
}

/// Whether this is the line for now, or for a moment since `before`.
fn is_now(came: &[u8], before: SystemTime) -> bool {
    let came = came.trim_ascii_end();
    moments(before).any(|time| came == line(time).trim_end().as_bytes())
}

const TAKE: Takes<SocketAddr> =
    Takes { name: "take", call: take, data: |_| b"", buffer: Some(BYTES) };

#[kit::test]
fn step_6_takes_who_sent_it() {
    let long = [b'x'; 5000];
    for sent in [&b"daytime"[..], b"", b"hola", b"\xff\0ho\xc3", &long] {
        let did = said("sent, called take", &[&bytes(sent)]);
        TAKE.check(sent, did, |from| from, |_| "another sender".into());
    }
}

#[kit::test]
fn step_6_waits_for_a_datagram() {
    let (s, _) = socket();
    let soon = Duration::from_millis(300);
    s.set_read_timeout(Some(soon)).unwrap();
    doing("called take, nothing came");
    let taking = beside(move || take(&s));
    let given = taking.wait();
    let why = match &given {
        None => return, // It tries again, itself.
        Some(Err(_)) if taking.took() >= soon / 2 => return,
        Some(Err(_)) => "does not wait",
        Some(Ok(_)) => "an address of nobody",
    };
    let expected = said("the error after", &[&soon.as_millis()]);
    fail("called take, nothing came", expected, given, why);
}

/// This many seconds after the beginning of 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What answer() was asked for, and what came of it.
struct Answered {
    did: Said,
    /// The server's socket.
    s: UdpSocket,
    /// The first two datagrams, and who sent them.
    came: [(Vec<u8>, SocketAddr); 2],
}

/// Calls answer() with two times, one after the other.
fn answered(times: [SystemTime; 2]) -> Answered {
    let ((s, _), peer) = (socket(), Peer::new());
    let since = times[0].duration_since(UNIX_EPOCH).unwrap().as_secs();
    let did = doing(said("called answer", &[&since]));
    let expected = line(times[0]);
    for time in times {
        let given = answer(&s, time, peer.address());
        if given.is_err() {
            fail(&did, &expected, given, "an error of answer");
        }
    }
    let came = times.map(|_| {
        let came = peer.receive();
        let why = "nothing came to the client";
        came.unwrap_or_else(|| fail(&did, &expected, None::<String>, why))
    });
    Answered { did, s, came }
}

#[kit::test]
fn step_8_sends_the_time_it_was_given() {
    // The README's line, a leap day, a last second, and the first.
    for time in [1_795_342_560, 1_709_208_000, 946_684_799, 0].map(at) {
        let before = SystemTime::now();
        let Answered { did, came: [(data, _), _], .. } = answered([time, time]);
        let whole = line(time);
        let text = whole.trim_end();
        let quoted = format!("{text:?}");
        let shown = String::from_utf8_lossy(&data);
        let raw = ["tv_sec", "intervals"]; // Unix, Windows.
        let why = match () {
            _ if data.starts_with(text.as_bytes()) => continue,
            _ if is_now(&data, before) => "a clock of its own".into(),
            _ if shown.starts_with(&quoted) => "in quotation marks".into(),
            _ if raw.iter().any(|field| shown.contains(field)) => {
                "a time as Rust holds it".into()
            }
            _ => compared(whole.as_bytes(), &data),
        };
        fail(did, whole, data, why);
    }
}

#[kit::test]
fn step_8_sends_one_line_in_one_datagram() {
    let times = [at(1_795_342_560), at(1_795_342_561)];
    let Answered { did, came: [(one, _), (two, _)], .. } = answered(times);
    let [expected, next] = times.map(line);
    let text = expected.trim_end().as_bytes();
    let both = said("one and then another", &[&bytes(&one), &bytes(&two)]);
    // What begins in another way, is the test's above.
    let end = one.strip_prefix(text).unwrap_or(&one);
    let zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let why = match (end, end.strip_prefix(b"\r\n")) {
        _ if two != b"" && b"\r\n".ends_with(&two) => {
            fail(did, expected, both, "the line in two datagrams")
        }
        (_, Some(b"")) if two == one => {
            fail(did, expected, both, "the line sent twice")
        }
        (_, Some(b"")) if two != next.as_bytes() => {
            fail(did, expected, both, "more than one datagram")
        }
        (_, Some(b"")) => return,
        (b"", _) => said("no end of line", &[]),
        (b"\n", _) => said("a line feed alone", &[]),
        (_, Some(more)) if zeros(more) => said("zeros after the line", &[]),
        _ => compared(expected.as_bytes(), &one),
    };
    fail(did, expected, one, why);
}

#[kit::test]
fn step_8_answers_through_the_server_s_socket() {
    let Answered { did, s, came: [came, _] } = answered([at(0), at(0)]);
    let address = s.local_addr().unwrap();
    let expected = (came.0.clone(), address);
    if came.1 != address {
        fail(did, expected, came, "another socket");
    }
    check_not_connected(&s, "answer", did);
}

#[kit::test]
fn step_8_passes_an_error_on() {
    let call = |s: UdpSocket, to| Some(answer(&s, at(0), to));
    check_fails("answer", call, "an error kept");
}

/// Fails because nothing came back: with the cause `ended`, if the server has
/// ended with `Ok`, or `runs`, if it still runs.
fn nothing_back(
    server: &Server,
    did: &str,
    ended: &str,
    runs: impl Into<Said>,
) -> ! {
    let (came, why) = match server.ended() {
        Some((Ok(()), came)) => (came, ended.into()),
        Some((Err(_), came)) => (came, "ended unasked".into()),
        None => ("it runs".into(), runs.into()),
    };
    fail(did, "the date and time", came, why)
}

/// What to look at when it runs and does not answer.
fn why_silent(server: &Server) -> &'static str {
    server.why_silent("takes and does not answer")
}

/// Asks the server, where the tests before have seen that it answers.
fn ask_once_more(server: &Server, peer: &Peer) -> Vec<u8> {
    let (did, back) = ("asked the server", server.asked(peer, b""));
    let runs = || why_silent(server);
    back.unwrap_or_else(|| nothing_back(server, did, "ended unasked", runs()))
}

#[kit::test]
fn step_5_tells_the_time_that_it_is() {
    let before = SystemTime::now();
    let did = doing("asked the server");
    let came = ask_once_more(&Server::start(serve, socket().0), &Peer::new());
    if !is_now(&came, before) {
        fail(did, line(before), came, "another time");
    }
}

#[kit::test]
fn step_5_answers_one_after_the_other() {
    let did = doing("asked the server again");
    let server = Server::start(serve, socket().0);
    let (one, two) = (Peer::new(), Peer::new());
    ask_once_more(&server, &one);
    if server.asked(&one, b"").is_none() {
        nothing_back(&server, did, "no loop", why_silent(&server));
    }
    if server.asked(&two, b"").is_none() {
        let did = "asked as a second client";
        let runs = match server.s.peer_addr() {
            Ok(_) => said("connects", &[&"serve"]),
            Err(_) if one.receive().is_some() => {
                "its first client alone".into()
            }
            Err(_) => why_silent(&server).into(),
        };
        nothing_back(&server, did, "ended unasked", runs);
    }
    // Were there two answers to one question, the other would be there.
    if let Some(came) = one.came_first() {
        let did = "asked three times, and counted";
        fail(did, "three answers", came, "answers twice");
    }
}

#[kit::test]
fn step_5_serves_for_ever() {
    let did = doing("asked 1100 times");
    let (server, peer) = (Server::start(serve, socket().0), Peer::new());
    for _ in 0..110 {
        (0..10).for_each(|_| peer.send(b"", server.address));
        if (0..10).any(|_| peer.receive().is_none()) {
            let ended = "ends after some questions";
            nothing_back(&server, did, ended, why_silent(&server));
        }
    }
    if let Some((_, came)) = server.ended() {
        fail(did, "that it still runs", came, "a thread that serves on");
    }
}

#[kit::test]
fn step_5_says_who_called() {
    let this = "step_5_says_who_called";
    Server::check_says_who_called(serve, b"", (say_who_called, "7"), this);
}

#[kit::test]
fn step_5_looks_at_the_clock_for_each_answer() {
    let (server, peer) = (Server::start(serve, socket().0), Peer::new());
    let first = ask_once_more(&server, &peer);
    // The line has no part of a second: so let one be over.
    sleep(Duration::from_millis(1100));
    let before = SystemTime::now();
    let came = ask_once_more(&server, &peer);
    if !is_now(&came, before) {
        let why = match ask_once_more(&server, &peer) {
            third if third == first => "a clock that stands still",
            _ => "the clock before the question",
        };
        fail("asked, waited, asked again", line(before), came, why);
    }
}

#[kit::test]
fn step_5_outlives_an_error() {
    let silent = "takes and does not answer";
    Server::check_outlives_an_error(serve, b"", silent);
}

#[kit::test]
fn step_5_outlives_an_answer_that_fails() {
    let this = "step_5_outlives_an_answer_that_fails";
    Server::check_outlives_an_answer(serve, b"", this);
}

#[test]
fn step_5_answers_the_workshop_s_clients() {
    let clients = references("daytime-rfc867", "client");
    kit::told_by(include_str!("words.txt"), move || {
        let server = Server::start(serve, socket().0);
        ask_once_more(&server, &Peer::new());
        let port = server.address.port().to_string();
        let seconds = patience().as_secs().to_string();
        for (language, mut client) in clients {
            client.args(["--host", "127.0.0.1", "--port", &port]);
            client.args(["--tries", "1", "--timeout", &seconds]);
            let before = SystemTime::now();
            let client = Program::start(language, client);
            let (_, ended) = client.end_within(patience() * 2);
            if !is_now(ended.stdout.as_bytes(), before) {
                let did = said("let the workshop's client ask", &[&language]);
                let expected = line(before).trim_end().to_string();
                let came = (ended.stdout + &ended.stderr).trim().to_string();
                fail(did, expected, came, "the workshop's client alone");
            }
        }
    });
}
