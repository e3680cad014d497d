//! The echo of the slides, and of RFC 862.

use std::time::Duration;

use kit::bytes;

use crate::asked::{Asked, Protocol};
use crate::played::{Played, judge};
use crate::report::Report;
use crate::report::Verdict::Noted;
use crate::words::said;

/// The slides' text.
pub const TEXT: &[u8] = b"Taller I: Echo sobre UDP";
/// "Cantidad maxima de bytes a aceptar", on the slides.
const MOST: usize = 1024;

/// Any bytes, and the same come back.
pub const PROTOCOL: Protocol = Protocol {
    name: "echo",
    question: |n| format!("pregunta {n:04}").into_bytes(),
    answers: |question, answer| {
        let cut = question.starts_with(answer) && !answer.is_empty();
        cut || answer.starts_with(question)
    },
    source: "rfc 862",
    server,
    client,
};

fn server(t: &mut Asked) {
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
        t.rule(name, source, |t| t.echoes(data));
    }
    t.rule("too long", "slide bytes", |t| {
        let came = t.odd(&long, |came, last| match came {
            came if came == long => Some("whole"),
            came if came == most => Some("cut"),
            came if came == last => Some("dropped"),
            _ => None,
        })?;
        Err((Noted, came))
    });
    t.rule("empty", "slide if data", |t| {
        t.odd(b"", |came, last| match came {
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

fn client(report: &mut Report, command: &[String]) -> Result<(), String> {
    let most = &long()[..MOST];
    let text = &String::from_utf8_lossy(most);
    let odd = b"\xff\xfe hola \xc3(";
    judge(
        report,
        command,
        &[
            ("sends once", "slide client", &|p| p.sends_once(b"llega\r\n")),
            ("prints", "slide client", &|p| {
                p.prints(b"otro texto", "otro texto")
            }),
            ("prints odd", "slide client", &|p| p.prints(odd, "hola")),
            ("prints most", "slide bytes", &|p| p.prints(most, text)),
            ("prints empty", "slide client", &|p| p.prints(b"", "")),
            ("stranger", "slide any", &|p| {
                p.stranger_sends(b"de un extra\xc3\xb1o");
                p.send(b"del servidor");
                let (_, ended, _) = p.end(Duration::from_secs(5));
                let says = |text| ended.stdout.contains(text);
                match (says("extra"), says("del servidor")) {
                    (false, true) => Ok(said!("only the server's")),
                    (true, _) => Err((Noted, said!("the stranger's"))),
                    _ => Err((Noted, bytes(&ended.stdout_bytes))),
                }
            }),
            ("silence", "slide waits", &|p: Played| {
                Err((Noted, p.end(Duration::from_secs(6)).2))
            }),
        ],
    )
}
