//! Values, as a person reads them, in the student's language.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use testbed::{bytes, error_words, kind, nothing, say};

use crate::said;
use crate::said::{Said, own, value};

/// What a person can be shown.
pub trait Shown {
    /// It, in the student's language.
    fn shown(&self) -> String;
}

/// Bytes in base 16, with this between two of them: `00 01 ff (3 bytes)`; cut
/// after 48.
pub fn hex(data: &[u8], between: &str) -> Said {
    let shown = data.iter().take(48).map(|byte| format!("{byte:02x}"));
    let shown = shown.collect::<Vec<_>>().join(between);
    match data.len() {
        0 => own("no bytes", &[]),
        1 => value(format!("{shown} (1 byte)")),
        n @ 49.. => value(format!("{shown}... ({n} bytes)")),
        n => value(format!("{shown} ({n} bytes)")),
    }
}

/// A time for a person to read: `200 ms`.
fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// A number with at most three digits behind the point, which in Spanish is a
/// comma: `0.25`, `0,25`.
pub fn number(value: f64) -> String {
    let digits = format!("{value:.3}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    digits.replace('.', say(".", ","))
}

/// What was given, with an error's [`kind`] in its place: to be matched.
pub fn by_kind<T>(
    given: &Option<io::Result<T>>,
) -> Option<Result<&T, ErrorKind>> {
    Some(given.as_ref()?.as_ref().map_err(kind))
}

/// What a function that waits for an answer gave, perhaps none, if it has ended.
pub type Answer = Option<io::Result<Option<Vec<u8>>>>;

/// The same, in words.
pub fn answer_shown(given: &Answer) -> Said {
    match given {
        None => own("it still waits", &[]),
        Some(Ok(None)) => own("no answer", &[]),
        Some(given) => value(given.shown()),
    }
}

impl Shown for Said {
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A sentence's name.
impl Shown for str {
    fn shown(&self) -> String {
        said(self, &[]).to_string()
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
        own("bytes from", &[&bytes(&self.0), &self.1]).to_string()
    }
}

/// What `Ok(())` says.
impl Shown for () {
    fn shown(&self) -> String {
        own("no error", &[]).to_string()
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
    fn values_are_shown_for_a_person() {
        assert_eq!(millis(Duration::from_micros(204_204)), "204 ms");
        assert_eq!([number(1200.0), number(3.0004)], ["1200", "3"]);
        assert_eq!(number(-2.25), say("-2.25", "-2,25"));
    }
}
