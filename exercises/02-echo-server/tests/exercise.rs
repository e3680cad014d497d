//! The tests of exercise 02. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use ex02_echo_server::{BYTES, answer, listen, say_who_called, serve, take};
use kit::{
    Peer, Server, Shown, Takes, bytes, check_fails, check_not_connected,
    check_waits, compared, doing, fail, free_port, said, socket, waiting,
};
use socket2::{SockRef, Type};

const TAKE: Takes<(Vec<u8>, SocketAddr)> = Takes {
    name: "take",
    call: take,
    data: |(data, _)| data,
    buffer: Some(BYTES),
};

fn check_listen(address: SocketAddr) {
    let did = doing(said("called listen", &[&address]));
    let expected = said("a UDP socket at", &[&address]);
    let s = match listen(address) {
        Ok(s) => s,
        Err(e) => fail(did, expected, e, "listen gives an error"),
    };
    if SockRef::from(&s).r#type().unwrap() != Type::DGRAM {
        let why = said("no datagrams", &[]).of_step("2");
        fail(did, expected, "a socket of another type", why);
    }
    if let Ok(other) = s.peer_addr() {
        let came = said("a socket connected to", &[&other]);
        fail(did, expected, came, "connects before it serves");
    }
    // Windows: an error, if it is not bound.
    let own = s.local_addr().ok().filter(|own| own.port() != 0);
    let Some(own) = own else {
        fail(did, expected, "a socket with no port", "never bound")
    };
    let cause = match own {
        _ if own == address => return,
        _ if own.port() != address.port() => "a port of its own",
        _ if own.ip().is_unspecified() => "every address",
        _ => "an address of its own",
    };
    fail(did, expected, own, cause);
}

#[kit::test]
fn step_3_listens_where_it_is_told() {
    check_listen((Ipv4Addr::LOCALHOST, free_port()).into());
    // A second address of this machine; macOS has none by itself.
    let ip = Ipv4Addr::new(127, 0, 0, 2);
    let there = UdpSocket::bind((ip, 0)).is_ok();
    let ip = if there { ip } else { Ipv4Addr::UNSPECIFIED };
    check_listen((ip, free_port()).into());
}

#[kit::test]
fn step_3_gives_a_socket_that_waits() {
    check_waits(listen((Ipv4Addr::LOCALHOST, free_port()).into()), "listen");
}

#[kit::test]
fn step_3_says_that_the_port_is_taken() {
    let address = (Ipv4Addr::LOCALHOST, free_port()).into();
    let _first = listen(address);
    let second = listen(address).and_then(|s| s.local_addr());
    let why = match &second {
        Err(e) if e.kind() == ErrorKind::AddrInUse => return,
        Ok(own) if *own == address => "shares its port",
        Ok(_) => "listens somewhere else",
        Err(_) => "an error of its own",
    };
    let did = said("called listen twice", &[&address]);
    fail(did, ErrorKind::AddrInUse, second, why);
}

/// Fails if take() does not give what was sent, and who sent it.
fn check_take(sent: &[u8]) {
    let text = String::from_utf8_lossy(sent);
    let did = said("sent, called take", &[&bytes(sent)]);
    let meant = |from| (sent.to_vec(), from);
    TAKE.check(sent, did, meant, |(data, _)| match data {
        _ if data == text.as_bytes() => "text for bytes".into(),
        _ => compared(sent, data),
    });
}

#[kit::test]
fn step_5_takes_the_bytes_and_the_sender() {
    check_take(b"hola");
    check_take(&[b'x'; BYTES]);
}

#[kit::test]
fn step_5_takes_any_bytes() {
    check_take(b"\xff\0ho\xc3");
    check_take(b" hola\r\n");
    check_take(b"ho\0\0");
    check_take(b"");
}

#[kit::test]
fn step_5_takes_one_after_the_other() {
    TAKE.check_one_each_time();
}

#[kit::test]
fn step_5_makes_no_datagram_of_an_error() {
    let (did, taken) = TAKE.given_an_error();
    if matches!(taken, Some(Ok(_))) {
        fail(did, "an error", taken, "an error is a datagram");
    }
}

#[kit::test]
fn step_7_sends_the_same_bytes_from_the_same_socket() {
    let full = [b'x'; BYTES];
    for data in [b"hola", &b"\xff\0ho\xc3"[..], b" \r\n", b"a", &full] {
        check_answer(data);
    }
}

/// Fails if answer() does not send these bytes to a client.
fn check_answer(data: &[u8]) {
    let (s, address) = socket();
    let client = Peer::new();
    let did = doing(said("called answer", &[&bytes(data), &client.address()]));
    let given = answer(&s, data, client.address());
    let meant = (data.to_vec(), address);
    if given.is_err() {
        fail(did, meant, given, "answer gives an error");
    }
    let came = client.receive();
    let text = String::from_utf8_lossy(data);
    let why = match &came {
        None if waiting(&s).is_some() => "answers itself".into(),
        None => "no answer came".into(),
        Some(back) if *back == meant => {
            return check_not_connected(&s, "answer", did);
        }
        Some((back, _)) if back == data => "another socket".into(),
        Some((back, _)) if back == text.as_bytes() => {
            "text in the answer".into()
        }
        Some((back, _)) => compared(data, back),
    };
    fail(did, meant, came, why);
}

#[kit::test]
fn step_7_sends_it_once_and_an_empty_one_never() {
    let (s, address) = socket();
    let client = Peer::new();
    let did = doing("called answer three times");
    for data in [&b"uno"[..], b"", b"dos"] {
        if let Err(e) = answer(&s, data, client.address()) {
            let why = match data {
                b"" => "an error for nothing",
                _ => "answer gives an error",
            };
            fail(did, "no error", e, why);
        }
    }
    for meant in [b"uno", b"dos"] {
        let came = client.receive();
        let why = match came.as_ref().map(|(back, _)| &back[..]) {
            Some(back) if back == meant => continue,
            Some(b"uno") => "answers twice".into(),
            Some(b"") => "answers an empty one".into(),
            Some(back) => compared(meant, back),
            None => "no answer came".into(),
        };
        fail(did, (meant.to_vec(), address), came, why);
    }
}

#[kit::test]
fn step_7_gives_the_error() {
    let call = |s: UdpSocket, to| Some(answer(&s, b"hola", to));
    check_fails("answer", call, "answer hides the error");
}

/// Fails if `back` is not what was `sent` to the server. If nothing came back:
/// `ended` is why, if it has ended, and `silent`, if it has taken what was sent.
fn check_back(
    server: &Server,
    did: impl Shown,
    sent: &str,
    back: Option<Vec<u8>>,
    [ended, silent]: [&str; 2],
) {
    let why = match &back {
        Some(back) if back == sent.as_bytes() => return,
        Some(back) => compared(sent.as_bytes(), back),
        None => match server.ended() {
            Some((_, came)) => fail(did, sent.to_string(), came, ended),
            None => server.why_silent(silent).into(),
        },
    };
    fail(did, sent.to_string(), back, why);
}

#[kit::test]
fn step_4_answers_one_after_the_other() {
    let did = doing("sent uno to your server");
    let server = Server::start(serve, socket().0);
    let (one, two) = (Peer::new(), Peer::new());
    let back = server.asked(&one, b"uno");
    let why = ["serve ended early", "takes and does not answer"];
    check_back(&server, did, "uno", back, why);

    let did = "sent dos, too";
    let back = server.asked(&one, b"dos");
    if back.as_deref() == Some(b"uno") {
        let third = one.receive().map(|(back, _)| back);
        let why = match third.as_deref() {
            Some(b"dos") => "each one twice",
            _ => "take before the loop",
        };
        fail(did, *b"dos", back, why);
    }
    check_back(&server, did, "dos", back, ["no loop", "no second answer"]);

    let back = server.asked(&two, b"tres");
    let silent = match &back {
        _ if server.s.peer_addr().is_ok() => "connected to one client",
        None if one.receive().is_some() => "the first client alone",
        _ => "no second client",
    };
    let did = "sent tres as a second client";
    check_back(&server, did, "tres", back, ["not for ever", silent]);

    for number in 4..40 {
        let asked = number.to_string();
        let back = server.asked([&one, &two][number % 2], asked.as_bytes());
        let did = said("sent one more", &[&number]);
        let why = ["not for ever", "no second answer"];
        check_back(&server, did, &asked, back, why);
    }

    for _ in 0..10 {
        sleep(Duration::from_millis(5)); // It might end a little later.
        if let Some((_, came)) = server.ended() {
            let did = "sent more, and looked at serve";
            fail(did, "serve goes on", came, "a thread alone");
        }
    }
}

#[kit::test]
fn step_4_says_who_called() {
    let this = "step_4_says_who_called";
    Server::check_says_who_called(serve, b"hola", (say_who_called, "6"), this);
}

#[kit::test]
fn step_4_outlives_an_empty_datagram() {
    let did = doing("sent an empty one, then hola");
    let server = Server::start(serve, socket().0);
    let client = Peer::new();
    client.send(b"", server.address);
    let back = server.asked(&client, b"hola");
    let why = ["ends at an empty one", "no second answer"];
    check_back(&server, did, "hola", back, why);
}

#[kit::test]
fn step_4_outlives_an_error() {
    Server::check_outlives_an_error(serve, b"hola", "no second answer");
}

#[kit::test]
fn step_4_outlives_an_answer_that_fails() {
    let this = "step_4_outlives_an_answer_that_fails";
    Server::check_outlives_an_answer(serve, b"hola", this);
}
