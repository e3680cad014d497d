//! What a test of an exercise says: its sentences, once, by name, from the
//! `words.txt` beside it (or the kit's own); and values, as a person reads them.
//!
//! A `words.txt` holds names with a sentence in each language, in three parts:
//!
//! ```text
//! [called take]
//! en: called take()
//! es: llamó a take()
//!
//! == what to look at
//!
//! [another text]
//! en: The datagram holds another text: look at what is sent.
//! es: El datagrama tiene otro texto: fijate qué se manda.
//!
//! == likely causes
//!
//! [whole buffer]
//! en: ...
//! es: ...
//! ```
//!
//! A likely cause is asserted only on an observation that tells it from the
//! others, and has its own entry in `mistakes.md`. Where nothing parts two
//! faults, a sentence of "what to look at" says what was seen, and no more.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use testbed::say;

use crate::exercise::Told;
use crate::{bytes, error_words, millis, nothing};

/// The `words.txt` of this test program.
static WORDS: OnceLock<&str> = OnceLock::new();

/// What every exercise's tests may say.
const OWN: &str = include_str!("words.txt");

/// The line above the likely causes.
const CAUSES: &str = "\n== likely causes\n";

/// A sentence, in the student's language.
#[derive(Clone)]
pub struct Said {
    text: String,
    /// Whether it asserts a cause, or says what to look at.
    is_cause: bool,
}

/// What a person can be shown.
pub trait Shown {
    /// It, in the student's language.
    fn shown(&self) -> String;
}

/// Runs one test of an exercise, as [`exercise`](crate::exercise) does; what it
/// says stands in `words`.
pub fn told_by(words: &'static str, test: impl FnOnce() + Send + 'static) {
    WORDS.get_or_init(|| words);
    crate::exercise(&[], test);
}

/// The sentence called `name`, its gaps (`{}`) filled with `values`, in order.
///
/// # Panics
/// If there is none.
pub fn said(name: &str, values: &[&dyn Display]) -> Said {
    let all = [WORDS.get().copied().unwrap_or_default(), OWN];
    let found = all.into_iter().find_map(|words| find(words, name));
    let ([english, spanish], is_cause) =
        found.unwrap_or_else(|| panic!("words.txt lacks [{name}]"));
    let mut parts = say(english, spanish).split("{}");
    let first = parts.next().unwrap_or_default().to_string();
    let filled = parts.zip(values).map(|(part, v)| format!("{v}{part}"));
    Said { text: filled.fold(first, |text, part| text + &part), is_cause }
}

/// Fails the test: what it did, what it expected, what came instead, and why:
/// the name of a likely cause, or of a sentence that says what to look at.
pub fn fail(
    did: impl Shown,
    expected: impl Shown,
    came: impl Shown,
    why: impl Into<Said>,
) -> ! {
    let Said { text: cause, is_cause } = &why.into();
    let (did, expected, came) =
        (&did.shown(), &expected.shown(), &came.shown());
    Told { did, expected, came, cause }.fail_as(*is_cause)
}

/// How `came` differs from `expected`: what can be seen, and no cause. It is the
/// `why` where no observation parts the causes.
pub fn compared(expected: &[u8], came: &[u8]) -> Said {
    let spaceless = |data: &[u8]| {
        let kept = data.iter().filter(|byte| !byte.is_ascii_whitespace());
        kept.copied().collect::<Vec<_>>()
    };
    let one = |name: &str, part: &[u8]| said(name, &[&bytes(part)]);
    if came == expected {
        said("no difference", &[])
    } else if came.is_empty() {
        said("empty", &[])
    } else if let Some(more) = came.strip_prefix(expected) {
        one("too much at the end", more)
    } else if let Some(more) = came.strip_suffix(expected) {
        one("too much at the beginning", more)
    } else if let Some(rest) = expected.strip_prefix(came) {
        one("the end is missing", rest)
    } else if let Some(rest) = expected.strip_suffix(came) {
        one("the beginning is missing", rest)
    } else if came.eq_ignore_ascii_case(expected) {
        said("capitals alone", &[])
    } else if spaceless(came) == spaceless(expected) {
        said("white space alone", &[])
    } else if came.iter().eq(expected.iter().rev()) {
        said("the other way round", &[])
    } else {
        // Neither begins as the other does, whole: so both have a byte there.
        let both = expected.iter().zip(came);
        let at = both.take_while(|(one, other)| one == other).count();
        let hex = |data: &[u8]| format!("{:#04x}", data[at]);
        said("first difference", &[&at, &hex(expected), &hex(came)])
    }
}

/// The caption of a step, in both languages: `[step 5]`.
pub(crate) fn caption(number: &str) -> Option<[&'static str; 2]> {
    let words = WORDS.get().copied().unwrap_or_default();
    find(words, &format!("step {number}")).map(|(both, _)| both)
}

/// Both texts of `name`, and whether it stands among the likely causes.
fn find(words: &'static str, name: &str) -> Option<([&'static str; 2], bool)> {
    let (before, rest) = words.split_once(&format!("\n[{name}]\nen: "))?;
    let (english, rest) = rest.split_once("\nes: ")?;
    Some(([english, rest.lines().next()?], before.contains(CAUSES)))
}

impl From<&str> for Said {
    fn from(name: &str) -> Said {
        said(name, &[])
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Shown for Said {
    fn shown(&self) -> String {
        self.text.clone()
    }
}

/// A sentence's name.
impl Shown for str {
    fn shown(&self) -> String {
        said(self, &[]).text
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        bytes(self.as_bytes())
    }
}

impl Shown for Vec<u8> {
    fn shown(&self) -> String {
        bytes(self)
    }
}

impl Shown for [u8] {
    fn shown(&self) -> String {
        bytes(self)
    }
}

impl<const N: usize> Shown for [u8; N] {
    fn shown(&self) -> String {
        bytes(self)
    }
}

/// A datagram: what it holds, and who sent it.
impl Shown for (Vec<u8>, SocketAddr) {
    fn shown(&self) -> String {
        said("bytes from", &[&bytes(&self.0), &self.1]).text
    }
}

/// What `Ok(())` says.
impl Shown for () {
    fn shown(&self) -> String {
        said("no error", &[]).text
    }
}

impl Shown for SocketAddr {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        millis(*self)
    }
}

impl Shown for io::Error {
    fn shown(&self) -> String {
        error_words(self)
    }
}

impl Shown for io::ErrorKind {
    fn shown(&self) -> String {
        error_words(&(*self).into())
    }
}

impl<T: Shown + ?Sized> Shown for &T {
    fn shown(&self) -> String {
        (**self).shown()
    }
}

/// `None`: nothing, for as long as a test waits.
impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(nothing, Shown::shown)
    }
}

impl<T: Shown, E: Shown> Shown for Result<T, E> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(Shown::shown, Shown::shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_compared_with_what_was_expected() {
        let told = |expected: &str, came: &str| {
            compared(expected.as_bytes(), came.as_bytes()).to_string()
        };
        for (expected, came, name, shown) in [
            ("hola", "hola", "no difference", ""),
            ("hola", "", "empty", ""),
            ("hola", "hola\0", "too much at the end", r#""\0" (1 byte)"#),
            ("", "a", "too much at the end", "\"a\" (1 byte)"),
            ("hola", "> hola", "too much at the beginning", "\"> \" ("),
            ("hola", "hol", "the end is missing", "\"a\" (1 byte)"),
            ("hola", "la", "the beginning is missing", "\"ho\" (2 bytes)"),
            ("hola", "HoLa", "capitals alone", ""),
            ("ho la\n", "\thola", "white space alone", ""),
            ("hola", "aloh", "the other way round", ""),
        ] {
            let told = told(expected, came);
            let sentence = said(name, &[]).text;
            let start = sentence.split(',').next().unwrap_or_default();
            assert!(told.starts_with(start), "{name}: {told}");
            assert!(told.contains(shown), "{name}: {told}");
        }
        for (came, byte) in [("hole", "0x65"), ("holes", "0x65")] {
            let values: [&dyn Display; 3] = [&3, &"0x61", &byte];
            let expected = said("first difference", &values).text;
            assert_eq!(told("hola", came), expected);
        }
    }

    #[test]
    fn a_step_s_line_is_no_part_of_the_sentence() {
        let words = "\n[a]\nen: one\nes: uno\nstep: 3\n[b]\nen: two\nes: dos\n";
        assert_eq!(find(words, "a").unwrap().0, ["one", "uno"]);
    }
}
