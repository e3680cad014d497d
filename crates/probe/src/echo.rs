//! The echo of the slides, and of RFC 862.

use std::time::Duration;

use kit::bytes;

use crate::asked::{Asked, Protocol};
use crate::net::shown;
use crate::played::{Played, Scene, play};
use crate::report::Report;
use crate::report::Verdict::{Failed, Noted, Passed};
use crate::words::said;

/// The slides' text.
pub const TEXT: &[u8] = b"Taller I: Echo sobre UDP";
/// "Cantidad maxima de bytes a aceptar", on the slides.
const MOST: usize = 1024;

/// Any bytes, and the same come back.
pub const PROTOCOL: Protocol = Protocol {
    question: |n| format!("pregunta {n:04}").into_bytes(),
    answers: |question, answer| {
        let cut = question.starts_with(answer) && !answer.is_empty();
        cut || answer.starts_with(question)
    },
    source: "rfc 862",
};

/// Judges a server.
pub fn server(t: &mut Asked) {
    let all: Vec<u8> = (0..=255).collect();
    let long = long();
    let most = &long[..MOST];
    for (name, data, source) in [
        ("text", TEXT, "slide server"),
        ("one byte", b"x", "rfc 862"),
        ("all bytes", &all, "rfc 862"),
        ("not utf-8", b"\xff\xfe \xc3( \xe9 \x80", "rfc 862"),
        ("spaces", b" \t x\r\n\n", "rfc 862"),
        ("most bytes", most, "slide bytes"),
    ] {
        t.rule(name, source, |t| match t.ask(&t.s, data) {
            Some((came, _)) if came == data => (Passed, said!("the same")),
            came => (Failed, shown(came)),
        });
    }
    t.rule("too long", "slide bytes", |t| {
        t.odd(&long, Noted, |came, last| match came {
            came if came == long => Some("whole"),
            came if came == most => Some("cut"),
            came if came == last => Some("dropped"),
            _ => None,
        })
    });
    t.rule("empty", "slide if data", |t| {
        t.odd(b"", Passed, |came, last| match came {
            [] => Some("empty too"),
            came if came == last => Some("no answer"),
            _ => None,
        })
    });
    t.clients();
}

/// One byte more than a server of the slides accepts.
fn long() -> Vec<u8> {
    (b'a'..b'x').cycle().take(MOST + 1).collect()
}

/// Judges a client.
///
/// # Errors
/// A sentence, if it does not start.
pub fn client(report: &mut Report, command: &[String]) -> Result<(), String> {
    let most = &long()[..MOST];
    let odd = b"\xff\xfe hola \xc3(";
    let scenes: [Scene; 7] = [
        ("sends once", "slide client", &|p| p.sends_once(b"llega\r\n")),
        ("prints", "slide client", &|p| p.prints(b"otro texto", "otro texto")),
        ("prints odd", "slide client", &|p| p.prints(odd, "hola")),
        ("prints most", "slide bytes", &|p| {
            p.prints(most, &String::from_utf8_lossy(most))
        }),
        ("prints empty", "slide client", &|p| p.prints(b"", "")),
        ("stranger", "slide any", &|p| {
            p.stranger_sends(b"de un extra\xc3\xb1o");
            p.send(b"del servidor");
            let (_, ended) = p.end(Duration::from_secs(5));
            let says = |text| ended.stdout.contains(text);
            match (says("extra"), says("del servidor")) {
                (false, true) => (Passed, said!("only the server's")),
                (true, _) => (Noted, said!("the stranger's")),
                _ => (Noted, bytes(&ended.stdout_bytes)),
            }
        }),
        ("silence", "slide waits", &|p: &mut Played| {
            (Noted, p.ending(Duration::from_secs(6)).2)
        }),
    ];
    play(report, command, &scenes)
}
