//! The echo of the slides, and of RFC 862.

use std::time::Duration;

use testbed::bytes;

use crate::net::socket;
use crate::peer::Protocol;
use crate::report::noted;

/// The slides' text.
pub const TEXT: &[u8] = b"Taller I: Echo sobre UDP";
/// "Cantidad maxima de bytes a aceptar", on the slides.
const MOST: usize = 1024;

/// Any bytes, and the same come back.
pub const ECHO: Protocol = Protocol {
    name: "echo",
    source: "rfc 862",
    question: |n| format!("pregunta {n:04}").into_bytes(),
    answers: is_echo,
    server: &[
        ("text", "slide server", |t| {
            t.echoes(TEXT)?;
            t.echoes(TEXT)
        }),
        ("one byte", "", |t| t.echoes(b"x")),
        ("all bytes", "", |t| t.echoes(&Vec::from_iter(0..=255))),
        ("not utf-8", "", |t| t.echoes(b"\xff\xfe \xc3( \xe9 \x80")),
        ("spaces", "", |t| t.echoes(b" \t x\r\n\n")),
        ("most bytes", "slide bytes", |t| t.echoes(&long().as_bytes()[..MOST])),
        ("too long", "slide bytes", |t| match t.odd(long().as_bytes())? {
            Some(came) if came == long().as_bytes() => Ok(said!("whole")),
            Some(came) if came == long().as_bytes()[..MOST] => {
                noted(said!("cut"))
            }
            Some(came) => noted(bytes(&came)),
            None => noted(said!("dropped")),
        }),
        ("empty", "slide if data", |t| match t.odd(b"")? {
            Some(came) if came.is_empty() => Ok(said!("empty too")),
            Some(came) => noted(bytes(&came)),
            None => noted(said!("no answer")),
        }),
    ],
    client: &[
        ("sends once", "slide client", |p| p.sends_once("llega\r\n")),
        ("prints", "slide client", |p| p.prints("otro %d", "otro %d")),
        ("prints odd", "slide client", |p| {
            p.prints(b"\xff\xfe hola \xc3(", "hola")
        }),
        ("prints most", "slide bytes", |p| {
            p.prints(&long()[..MOST], &long()[..MOST])
        }),
        ("prints empty", "slide client", |p| p.prints("", "")),
        ("stranger", "slide any", |p| {
            p.send_from(&socket(p.to), b"de un extra\xc3\xb1o");
            p.send(b"del servidor");
            let (_, ended, how) = p.end(Duration::from_secs(5));
            let says = |text| ended.stdout.contains(text);
            match (says("extra"), says("del servidor")) {
                (false, true) => Ok(said!("only the server's")),
                (true, _) => noted(said!("the stranger's")),
                _ => noted(how),
            }
        }),
        ("silence", "slide waits", |p| {
            let (by_itself, _, how) = p.end(Duration::from_secs(6));
            if by_itself { Ok(how) } else { noted(how) }
        }),
    ],
};

/// Whether an answer is a question's, right or wrong: one of them begins as
/// the other does, whole.
pub fn is_echo(question: &[u8], answer: &[u8]) -> bool {
    let cut = question.starts_with(answer) && !answer.is_empty();
    cut || answer.starts_with(question)
}

/// One byte more than a server of the slides accepts.
fn long() -> String {
    ('a'..'x').cycle().take(MOST + 1).collect()
}
