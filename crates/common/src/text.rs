//! Text for people.

use std::io::{Write, stderr};

/// One line on stderr. Nothing happens if stderr is closed; `eprintln!` would
/// end the program there.
pub fn note(line: String) {
    let _ = writeln!(stderr(), "{line}");
}

/// Bytes from the network as text that is safe to print: what is no UTF-8
/// becomes `U+FFFD`, and a control character, which could move the cursor or
/// change a terminal's settings, becomes `?`.
pub fn printable(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn text_stays_and_control_characters_go() {
        assert_eq!(
            printable("¿Qué tal, ñandú?".as_bytes()),
            "¿Qué tal, ñandú?"
        );
        assert_eq!(printable(b"\x1b[2Ja\r\n\0b\x7f"), "?[2Ja???b?");
        assert_eq!(printable("\u{9b}31m".as_bytes()), "?31m"); // C1: also CSI.
        assert_eq!(printable(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }
}
