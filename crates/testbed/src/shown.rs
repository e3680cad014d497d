//! Bytes and errors, as a person reads them, in the student's language.

use std::io::{self, ErrorKind};

use crate::words::{WORDS, own};
use crate::{entry, patience};

/// Bytes for a person to read: `"hola" (4 bytes)`; cut after 60 characters.
pub fn bytes(data: &[u8]) -> String {
    let (shown, length) = match std::str::from_utf8(data) {
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

/// "nothing, for 2 s", in the student's language.
pub fn nothing() -> String {
    own("nothing", &[&patience().as_secs()])
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

/// An error's words, in the student's language.
pub fn error_words(error: &io::Error) -> String {
    if let Some(text) = error.get_ref() {
        // It was made by hand: nothing is known but what it says.
        let text = bytes(text.to_string().as_bytes());
        let kind = format!("{:?}", error.kind());
        return own("a made error", &[&kind, &text]);
    }
    let kind = format!("{:?}", kind(error));
    let name = format!("error {kind}");
    // The system's own words come in a language of its own.
    let told = match error.raw_os_error() {
        _ if entry(WORDS, &name).is_some() => own(&name, &[]),
        // Linux, macOS, Windows.
        Some(90 | 40 | 10040) => own("too long a datagram", &[]),
        Some(number) => own("error number", &[&number]),
        None => kind,
    };
    own("the error", &[&told])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::say;

    #[test]
    fn bytes_are_shown_for_a_person() {
        assert_eq!(bytes(b"a"), r#""a" (1 byte)"#);
        assert_eq!(bytes(b"a\xff"), r#""a\xff" (2 bytes)"#);
        assert_eq!(bytes("ñ\0".as_bytes()), r#""ñ\0" (3 bytes)"#);
        assert!(!bytes("ñ".repeat(60).as_bytes()).contains("..."));
        assert_eq!(bytes(&[b'x'; 61]).len(), 60 + "\"\"... (61 bytes)".len());
        assert_eq!(bytes(b"b'a'\"\x1b"), r#""b'a'\"\u{1b}" (6 bytes)"#);
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
        let full = io::Error::from(ErrorKind::StorageFull);
        let said = say("no room left on the disk", "no queda lugar");
        assert!(error_words(&full).contains(said));
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
