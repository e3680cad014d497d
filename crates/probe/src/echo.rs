//! The echo of the slides, and of RFC 862.

use testbed::socket_to;

use crate::judge::lenient;
use crate::peer::{Peer, Protocol};

/// The slides' text.
pub const TEXT: &[u8] = b"Taller I: Echo sobre UDP";
/// "Cantidad maxima de bytes a aceptar", on the slides.
const MOST: usize = 1024;

/// Any bytes, and the same come back.
pub const ECHO: Protocol = Protocol {
    name: "echo",
    sources: ["rfc 862", "slide client"],
    question: |n| format!("pregunta {n:04}").into_bytes(),
    answers: is_echo,
    meet: Peer::meet,
    server: &[
        ("text", "slide server", |t| {
            t.echoes(TEXT)?;
            t.echoes(TEXT)
        }),
        ("one byte", "", |t| t.echoes(b"x")),
        ("all bytes", "", |t| t.echoes(&Vec::from_iter(0..=255))),
        ("not utf-8", "", |t| t.echoes(b"\xff\xfe \xc3( \xe9 \x80")),
        ("spaces", "", |t| t.echoes(b" \t x\r\n\n")),
        ("most bytes", "slide bytes", |t| t.echoes(long(MOST).as_bytes())),
        ("too long", "slide bytes", |t| t.odd(long(MOST + 1).as_bytes())),
        ("empty", "slide if data", |t| t.odd(b"")),
    ],
    client: &[
        ("sends once", "", |p| p.sends_once("llega\r\n")),
        ("prints", "", |p| p.prints("otro %d", "otro %d")),
        ("prints odd", "", |p| p.prints(b"\xff\xfe hola \xc3(", "hola")),
        ("prints most", "slide bytes", |p| p.prints(long(MOST), &long(MOST))),
        ("prints empty", "", |p| p.prints("", "")),
        ("stranger", "slide any", |p| {
            p.send_from(&socket_to(p.to), b"de un extra\xc3\xb1o")?;
            p.send("del servidor")?;
            lenient(p.ends(5, |ended| {
                let says = |text| ended.stdout.contains(text);
                says("del servidor") && !says("extra")
            }))
        }),
        ("silence", "slide waits", |p| lenient(p.ends(6, |_| true))),
    ],
};

/// Whether an answer is a question's, right or wrong: one of them begins as
/// the other does, whole.
pub fn is_echo(question: &[u8], answer: &[u8]) -> bool {
    let cut = question.starts_with(answer) && !answer.is_empty();
    cut || answer.starts_with(question)
}

/// A text of so many bytes.
fn long(bytes: usize) -> String {
    ('a'..'x').cycle().take(bytes).collect()
}
