//! The tests of exercise 01. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use ex01_first_socket::{BYTES, open, receive, send};
use kit::{
    Peer, Said, Takes, beside, bytes, check_fails, check_not_connected,
    check_sends, check_waits, compared, doing, fail, said, socket,
};
use socket2::{SockRef, Type};

const RECEIVE: Takes<String> = Takes {
    name: "receive",
    call: receive,
    data: String::as_bytes,
    buffer: Some(BYTES),
};

#[kit::test]
fn step_2_opens_a_socket_of_this_machine() {
    let (did, expected) = (doing("called open twice"), "two sockets");
    for s in [open(), open()] {
        let s = match s {
            Ok(s) => s,
            Err(e) => {
                let why = match e.kind() {
                    ErrorKind::AddrInUse => "a certain port",
                    // No system call has been made.
                    ErrorKind::InvalidInput if e.raw_os_error().is_none() => {
                        "no port"
                    }
                    _ => "open gives an error",
                };
                fail(did, expected, e, why)
            }
        };
        if SockRef::from(&s).r#type().unwrap() != Type::DGRAM {
            let why = said("no datagrams", &[]).of_step("1");
            fail(did, expected, "a socket of another type", why);
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
    }
}

#[kit::test]
fn step_2_gives_a_socket_that_waits() {
    check_waits(open(), "open");
}

#[kit::test]
fn step_3_sends_the_text_as_it_is() {
    check_sends(send, "to");
}

#[kit::test]
fn step_3_leaves_the_socket_open_to_everybody() {
    let ((s, _), peer) = (socket(), Peer::new());
    let did = doing(said("called send", &[&bytes(b"hola"), &peer.address()]));
    drop(send(&s, "hola", peer.address()));
    check_not_connected(&s, "send", did);
}

#[kit::test]
fn step_3_gives_the_error() {
    let call = |s, to| beside(move || send(&s, "hola", to)).wait();
    check_fails("send", call, "send hides the error");
}

/// Why receive() gives `came` where `sent` has come, which is the text `meant`.
fn another_text(sent: &[u8], meant: &str, came: &str) -> Said {
    let letters: String = sent.iter().map(|byte| char::from(*byte)).collect();
    let other = || RECEIVE.given(b"something else");
    match came {
        _ if came == letters => "one byte a character".into(),
        _ if other().as_deref() == Some(came) => "always the same text".into(),
        _ if came == meant.trim_end_matches('\0') => "zeros are cut off".into(),
        _ if came == meant.trim() => "white space is cut off".into(),
        _ => compared(meant.as_bytes(), came.as_bytes()),
    }
}

/// Fails if receive() does not give the text `meant` where `sent` has come.
fn check_receive(sent: &[u8], meant: &str) {
    let did = said("sent, called receive", &[&bytes(sent)]);
    let other = |text: &String| another_text(sent, meant, text);
    RECEIVE.check(sent, did, |_| meant.to_string(), other);
}

#[kit::test]
fn step_4_gives_what_came() {
    check_receive(b"hola", "hola");
    check_receive("Mañana".as_bytes(), "Mañana");
}

#[kit::test]
fn step_4_has_room_for_a_whole_datagram() {
    check_receive(&[b'x'; BYTES], &"x".repeat(BYTES));
}

#[kit::test]
fn step_4_takes_any_byte() {
    check_receive(b" hola\r\n", " hola\r\n");
    check_receive(b"hola\0\0", "hola\0\0");
    check_receive(b"", "");
    check_receive(b"ho\xff", "ho\u{fffd}");
}

#[kit::test]
fn step_4_takes_one_after_the_other() {
    RECEIVE.check_one_each_time();
}

#[kit::test]
fn step_4_gives_the_error() {
    RECEIVE.check_gives_the_error("an error is a text");
}
