//! The tests of exercise 01. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use ex01_first_socket::{BYTES, open, receive, send};
use kit::{
    Peer, Said, beside, bytes, compared, doing, fail, only_receives, said,
    skipped,
};
use socket2::{SockRef, Type};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

/// A socket that these tests make themselves, and its address.
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

#[test]
fn step_2_opens_a_socket_of_this_machine() {
    exercise(|| {
        let (did, expected) = ("called open twice", "two sockets");
        doing(did);
        let both = [open(), open()];
        for s in both {
            let s = match s {
                Ok(s) => s,
                Err(e) => {
                    let why = match e.kind() {
                        ErrorKind::AddrInUse => "a certain port",
                        // No system call has been made.
                        ErrorKind::InvalidInput
                            if e.raw_os_error().is_none() =>
                        {
                            "no port"
                        }
                        _ => "open gives an error",
                    };
                    fail(did, expected, e, why)
                }
            };
            if SockRef::from(&s).r#type().unwrap() != Type::DGRAM {
                fail(did, expected, "a socket of another type", "no datagrams");
            }
            // Windows: an error, if it is not bound.
            let own = s.local_addr().ok().filter(|own| own.port() != 0);
            let Some(own) = own else {
                fail(did, expected, "a socket with no port", "never bound")
            };
            if own.ip().is_unspecified() {
                fail(did, expected, own, "every address");
            }
            if own.ip() != Ipv4Addr::LOCALHOST {
                fail(did, expected, own, "another address");
            }
            let time = Duration::from_millis(50);
            s.set_read_timeout(Some(time)).unwrap();
            let begun = Instant::now();
            let received = s.recv_from(&mut [0; BYTES]).map(|_| ());
            if begun.elapsed() < time / 2 {
                let did = "called open, waited for a datagram";
                fail(did, "a socket that waits", received, "does not wait");
            }
        }
    });
}

#[test]
fn step_3_sends_the_text_as_it_is() {
    exercise(|| {
        let peer = Peer::new();
        let mut before = String::new();
        for text in ["hola", "mañana", " dos\n", "", "a"] {
            check_send(text, &peer, &before);
            before = text.to_string();
        }
    });
}

/// Fails if send() does not send this text to the peer, which got the text
/// `before` last time.
fn check_send(text: &'static str, peer: &Peer, before: &str) {
    let (s, address) = socket();
    let (own, to) = (s.try_clone().unwrap(), peer.address());
    let did = said("called send", &[&bytes(text.as_bytes()), &to]);
    doing(&did);
    let sent = beside(move || send(&own, text, to)).wait();
    let meant = (text.as_bytes().to_vec(), address);
    if let Some(Err(e)) = sent {
        fail(did, meant, e, "send gives an error");
    }
    let came = peer.receive();
    let why = match &came {
        None if waits(&s) => "sent to itself".into(),
        None => "nothing was sent".into(),
        Some((data, _)) if data != text.as_bytes() => {
            let letters = text.chars().count();
            if data == before.as_bytes() {
                "sent twice".into()
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
        let peer = Peer::new();
        let to = peer.address();
        let fails = only_receives(&s, to);
        let did = "called send, which fails";
        doing(did);
        let sent = beside(move || send(&s, "hola", to)).wait();
        if !fails {
            skipped(&said("no sending can fail here", &[]).to_string());
        } else if !matches!(sent, Some(Err(_))) {
            fail(did, "an error", sent, "send hides the error");
        }
    });
}

type Given = Option<io::Result<String>>;

/// Sends these and calls receive() as often; gives the last text, and the
/// socket.
fn received(sent: &[&[u8]]) -> (Given, UdpSocket) {
    let (s, address) = socket();
    let peer = Peer::new();
    for data in sent {
        peer.send(data, address);
    }
    let (same, times) = (s.try_clone().unwrap(), sent.len());
    let last = beside(move || {
        for _ in 1..times {
            let _ = receive(&same);
        }
        receive(&same)
    });
    (last.wait(), s)
}

/// How long the text is that receive() gives when BYTES bytes have come.
fn most() -> usize {
    match received(&[&[b'x'; BYTES]]).0 {
        Some(Ok(text)) => text.len(),
        _ => 0,
    }
}

/// Why receive() gives `came` where `sent` has come, which is the text `meant`.
fn another_text(sent: &[u8], meant: &str, came: &str) -> Said {
    let zeros = |text: &str| text.bytes().all(|byte| byte == 0);
    let letters: String = sent.iter().map(|byte| char::from(*byte)).collect();
    let other = || received(&[b"something else"]).0;
    let cause = match came.strip_prefix(meant) {
        Some("\0") => "one byte too many",
        Some(rest) if zeros(rest) => "the whole buffer",
        _ if came.is_empty() => "no byte at all",
        _ if zeros(came) && came.len() == sent.len() => "another buffer",
        _ if zeros(came) => "the rest of the buffer",
        _ if came == letters => "one byte a character",
        _ if matches!(other(), Some(Ok(text)) if text == came) => {
            "always the same text"
        }
        _ if came == meant.trim_end_matches('\0') => "zeros are cut off",
        _ if came == meant.trim() => "white space is cut off",
        // No room, or is something left out?
        _ if meant.starts_with(came) && most() == came.len() => {
            "a small buffer"
        }
        _ if meant.starts_with(came)
            && most() + 1 == BYTES
            && came.len() + 1 == meant.len() =>
        {
            "the last byte is missing"
        }
        _ => return compared(meant.as_bytes(), came.as_bytes()),
    };
    said(cause, &[])
}

/// Fails if receive() does not give the text `meant` where `sent` has come.
fn check_receive(sent: &[u8], meant: &str) {
    let did = said("sent, called receive", &[&bytes(sent)]);
    doing(&did);
    let (given, s) = received(&[sent]);
    let why = match &given {
        Some(Ok(text)) if text == meant => return,
        Some(Ok(text)) => another_text(sent, meant, text),
        None if waits(&s) => "waits elsewhere".into(),
        None => "takes one and waits on".into(),
        // Windows' word for what Unix cuts.
        Some(Err(e)) if e.raw_os_error() == Some(10040) => {
            "a small buffer".into()
        }
        Some(Err(_)) if str::from_utf8(sent).is_err() => "text alone".into(),
        Some(Err(_)) => "receive gives an error".into(),
    };
    fail(did, meant.to_string(), given, why);
}

#[test]
fn step_4_gives_what_came() {
    exercise(|| {
        check_receive(b"hola", "hola");
        check_receive("mañana".as_bytes(), "mañana");
    });
}

#[test]
fn step_4_has_room_for_a_whole_datagram() {
    exercise(|| check_receive(&[b'x'; BYTES], &"x".repeat(BYTES)));
}

#[test]
fn step_4_takes_any_byte() {
    exercise(|| {
        check_receive(b" hola\r\n", " hola\r\n");
        check_receive(b"hola\0\0", "hola\0\0");
        check_receive(b"", "");
        check_receive(b"ho\xff", "ho\u{fffd}");
    });
}

#[test]
fn step_4_takes_one_after_the_other() {
    exercise(|| {
        let (given, s) = received(&[b"uno", b"dos"]);
        let why = match &given {
            Some(Ok(text)) if text == "dos" => return,
            Some(Ok(text)) if text == "uno" && waits(&s) => "leaves it there",
            _ => "one at a time",
        };
        fail("sent two, called receive twice", *b"dos", given, why);
    });
}

#[test]
fn step_4_gives_the_error() {
    exercise(|| {
        let (s, _) = socket();
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let did = "called receive, which fails";
        doing(did);
        let given = beside(move || receive(&s)).wait();
        let why = match &given {
            Some(Err(_)) => return,
            Some(Ok(_)) => "an error is a text",
            None => "hides the error and waits on",
        };
        fail(did, "an error", given, why);
    });
}
