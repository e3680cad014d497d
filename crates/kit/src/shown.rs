//! Values, as a person reads them, in the student's language.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use testbed::say;

use crate::said::{Said, own, value};
use crate::{patience, said};

/// What a person can be shown.
pub trait Shown {
    /// It, in the student's language.
    fn shown(&self) -> String;
}

/// Bytes for a person to read: `"hola" (4 bytes)`; cut after 60 characters.
pub fn bytes(data: &[u8]) -> String {
    let (shown, length) = match str::from_utf8(data) {
        Ok(text) => {
            let start: String = text.chars().take(60).collect();
            (format!("{start:?}"), text.chars().count())
        }
        Err(_) => {
            let start = &data[..data.len().min(60)];
            (format!("\"{}\"", start.escape_ascii()), data.len())
        }
    };
    let more = if length > 60 { "..." } else { "" };
    let unit = if data.len() == 1 { "byte" } else { "bytes" };
    format!("{shown}{more} ({} {unit})", data.len())
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

/// "nothing, for 2 s", in the student's language.
pub fn nothing() -> String {
    own("nothing", &[&patience().as_secs()]).to_string()
}

/// The kind of an error. Where Unix says the one and Windows the other, it is one
/// for both: `TimedOut`, `ConnectionRefused`.
pub fn kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut,
        ErrorKind::ConnectionReset => ErrorKind::ConnectionRefused,
        other => other,
    }
}

/// What was given, with an error's [`kind`] in its place: to be matched.
pub fn by_kind<T>(
    given: &Option<io::Result<T>>,
) -> Option<Result<&T, ErrorKind>> {
    Some(given.as_ref()?.as_ref().map_err(kind))
}

/// An error's words, in the student's language.
pub fn error_words(error: &io::Error) -> String {
    let number = error.raw_os_error();
    if let Some(text) = error.get_ref() {
        // It was made by hand: nothing is known but what it says.
        let text = bytes(text.to_string().as_bytes());
        return own("a made error", &[&format!("{:?}", error.kind()), &text])
            .to_string();
    }
    let kind = kind(error);
    let told = Said::known(&format!("error {kind:?}"));
    // The system's own words come in a language of its own.
    let told = told.unwrap_or_else(|| match number {
        // Linux, macOS, Windows.
        Some(90 | 40 | 10040) => own("too long a datagram", &[]),
        Some(number) => own("error number", &[&number]),
        None => own("error kind", &[&format!("{kind:?}")]),
    });
    own("the error", &[&told]).to_string()
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
        assert_eq!(bytes(b"a"), r#""a" (1 byte)"#);
        assert_eq!(bytes(b"a\xff"), r#""a\xff" (2 bytes)"#);
        assert_eq!(bytes("ñ\0".as_bytes()), r#""ñ\0" (3 bytes)"#);
        assert!(!bytes("ñ".repeat(60).as_bytes()).contains("..."));
        assert_eq!(bytes(&[b'x'; 61]).len(), 60 + "\"\"... (61 bytes)".len());
        assert_eq!(bytes(b"b'a'\"\x1b"), r#""b'a'\"\u{1b}" (6 bytes)"#);
        assert_eq!(millis(Duration::from_micros(204_204)), "204 ms");
        assert_eq!([number(1200.0), number(3.0004)], ["1200", "3"]);
        assert_eq!(number(-2.25), say("-2.25", "-2,25"));
    }

    #[test]
    fn an_error_has_no_raw_words() {
        for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
            let said = say("nothing came in time", "no llegó nada a tiempo");
            assert!(error_words(&kind.into()).ends_with(said));
        }
        let broken = io::Error::from(ErrorKind::BrokenPipe);
        let said = say("nobody reads any more", "ya no lee nadie");
        assert!(error_words(&broken).contains(said));
        // The system's words would be in English, or in its own language.
        let words = error_words(&io::Error::from_raw_os_error(9));
        assert!(
            words.ends_with(say("number 9", "número 9 del sistema")),
            "{words}"
        );
        // Whoever makes an error himself may say what is not so.
        let made = io::Error::new(ErrorKind::InvalidInput, "no");
        let words = error_words(&made);
        assert!(
            words.contains("InvalidInput") && words.contains("\"no\""),
            "{words}"
        );
    }
}
