//! Text for people.

use std::fmt::Arguments;
use std::io::{Write, stderr, stdout};
use std::process::exit;

use crate::{Error, Result};

/// One line on stderr. Nothing happens if stderr is closed; `eprintln!` would
/// end the program there.
pub fn note(line: String) {
    let _ = writeln!(stderr(), "{line}");
}

/// As std's `println!`: one line on stdout. If that is not possible (whoever
/// read it has ended, the disk is full), the program ends with a sentence and
/// status 1; std's would end it with a panic.
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => { $crate::print_line(format_args!($($text)*)) };
}

/// What [`println!`] does.
pub fn print_line(text: Arguments) {
    if let Err(error) = writeln!(stdout(), "{text}") {
        note(format!("Error: {}", Error::from(error)));
        exit(1);
    }
}

/// An error if stdout is closed: nobody would see what is shown there. std has
/// put `/dev/null` in its place, for reading and writing; who wants no messages
/// gives it for writing, as the shell's `> /dev/null` does.
///
/// # Errors
/// That sentence; what the system says if stdout cannot be looked at.
#[cfg(unix)]
pub fn can_show() -> Result<()> {
    use std::fs::{File, metadata};
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let mut out = File::from(stdout().as_fd().try_clone_to_owned()?);
    let null = metadata("/dev/null")?.rdev();
    if out.metadata()?.rdev() == null && out.read(&mut [0]).is_ok() {
        return Err("stdout is closed: nobody would see a message".into());
    }
    Ok(())
}

/// Elsewhere it is not known.
#[cfg(not(unix))]
pub fn can_show() -> Result<()> {
    Ok(())
}

/// Bytes from the network as text that is safe to print: what is no UTF-8
/// becomes `U+FFFD`. A control character, which could move the cursor or
/// change a terminal's settings, becomes `?`, and so does what could break the
/// line or turn the direction of the text around.
pub fn printable(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    text.chars().map(|c| if is_harmless(c) { c } else { '?' }).collect()
}

/// Whether a terminal only shows it.
fn is_harmless(c: char) -> bool {
    let turns = matches!(c,
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}');
    !turns && !c.is_control()
}

/// A word of the command line, as a sentence can hold it: in quotes if nothing
/// would be seen of it, or something else.
pub fn shown(word: &str) -> String {
    let plain = !word.is_empty() && !word.contains(char::is_whitespace);
    if plain && word.chars().all(is_harmless) {
        return word.to_string();
    }
    format!("{word:?}")
}

#[cfg(test)]
mod tests {
    use super::{printable, shown};

    #[test]
    fn text_stays_and_what_a_terminal_would_obey_goes() {
        assert_eq!(
            printable("¿Qué tal, ñandú?".as_bytes()),
            "¿Qué tal, ñandú?"
        );
        assert_eq!(printable(b"\x1b[2Ja\r\n\0b\x7f"), "?[2Ja???b?");
        assert_eq!(printable("\u{9b}31m".as_bytes()), "?31m"); // C1: also CSI.
        assert_eq!(printable(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
        let turned = "\u{202e}a\u{2028}b\u{2066}c\u{200f}d\u{61c}";
        assert_eq!(printable(turned.as_bytes()), "?a?b?c?d?");
    }

    #[test]
    fn a_word_in_quotes_where_nothing_would_be_seen() {
        assert_eq!(shown("--prot"), "--prot");
        assert_eq!(shown(""), "\"\"");
        assert_eq!(shown(" 1"), "\" 1\"");
        assert_eq!(shown("\u{1b}[2J"), "\"\\u{1b}[2J\"");
    }
}
