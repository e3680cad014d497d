//! Why a test failed: to be read by a person here, and by the runner, for which
//! it is written into a file.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::spawn;
use crate::words::own;

/// The variable that names the file in which the runner wants to read how a
/// test went.
pub const TOLD: &str = "TALLER_TOLD";

/// Whether the runner waits for that.
pub fn runner_waits() -> bool {
    env::var_os(TOLD).is_some()
}

/// What a person is told, in this order. Some lines have a label.
const LINES: [(&str, Option<&str>); 8] = [
    ("did", Some("label did")),
    ("expected", Some("label expected")),
    ("came", Some("label came")),
    ("panic", None),
    ("cause", Some("label cause")),
    ("look", Some("label look")),
    ("missing", None),
    ("sentence", None),
];

/// At most so many characters of one text are told.
const MOST: usize = 1000;

/// How a test went: texts by their keys, those of `LINES` and others: `name`,
/// that of the sentence which says why; `step`, the one to edit if it is not the
/// test's; `place`, the line of the student's that panicked: `FILE:LINE`. With
/// no text at all, the test has passed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure(BTreeMap<String, String>);

impl Failure {
    /// The same with one text more. A long one is cut, which is said; an empty
    /// one is none.
    pub fn with(mut self, key: &str, text: &str) -> Failure {
        if !text.is_empty() {
            self.0.insert(key.to_string(), cut(text, MOST));
        }
        self
    }

    /// Whether the test has passed.
    pub fn is_pass(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// What a person is told, each line at most `width` characters wide.
    pub fn told(&self, width: usize) -> String {
        let words = |label: &str| own(label, &[]);
        let labels = LINES.iter().filter_map(|(_, label)| label.map(words));
        let widest = labels.map(|words| words.chars().count()).max();
        let widest = widest.unwrap_or(0);
        let lines = LINES.iter().filter_map(|(key, label)| {
            let pad = |label| format!("{:<widest$}: ", words(label));
            let label = format!("  {}", label.map(pad).unwrap_or_default());
            Some(wrapped(&label, self.get(key)?, width))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Writes it for the runner, if one waits for it; gives whether it does.
    pub fn write(&self) -> bool {
        let line = |(key, text): (&String, &String)| {
            format!("{key}: {}\n", text.replace('\n', "\n\t"))
        };
        let text: String = self.0.iter().map(line).collect();
        env::var_os(TOLD).is_some_and(|file| fs::write(file, text).is_ok())
    }

    /// Reads it; `None` if the test has not come so far.
    pub fn read(file: &Path) -> Option<Failure> {
        let text = fs::read_to_string(file).ok()?.replace("\n\t", "\t");
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        let text = |(key, text): (&str, &str)| {
            (key.to_string(), text.replace('\t', "\n"))
        };
        Some(Failure(lines.map(text).collect()))
    }
}

/// The first `most` characters of a text, and how many are left out. A control
/// character, which might do anything to a terminal, is a `?`.
pub fn cut(text: &str, most: usize) -> String {
    let harmless = |c: char| match c {
        '\t' => ' ',
        '\n' => c,
        c if c.is_control() => '?',
        c => c,
    };
    let text: String = text.chars().map(harmless).collect();
    let Some((at, _)) = text.char_indices().nth(most) else {
        return text;
    };
    let left = text[at..].chars().count();
    format!("{}... {}", &text[..at], own("left out", &[&left]))
}

/// A text in lines of at most `width` characters, the first behind `label` and
/// the others below its beginning. Blanks that a line of the text begins with
/// stay. A longer word (many bytes, say) is broken.
pub fn wrapped(label: &str, text: &str, width: usize) -> String {
    let margin = " ".repeat(label.chars().count());
    let room = width.saturating_sub(margin.len()).max(20);
    let mut lines = Vec::new();
    for part in text.lines() {
        let words = part.trim_start_matches(' ');
        let blanks = (part.len() - words.len()).min(room);
        let (mut line, mut length) = (" ".repeat(blanks), blanks);
        for (i, word) in words.split(' ').enumerate() {
            let more = word.chars().count();
            if i > 0 && length > 0 && length + 1 + more > room {
                lines.push(std::mem::take(&mut line));
                length = 0;
            } else if i > 0 && length > 0 {
                line.push(' ');
                length += 1;
            }
            for c in word.chars() {
                if length == room {
                    lines.push(std::mem::take(&mut line));
                    length = 0;
                }
                line.push(c);
                length += 1;
            }
        }
        lines.push(line);
    }
    format!("{label}{}", lines.join(&format!("\n{margin}")))
}

/// How many characters a line of the terminal has: `COLUMNS` where that is set;
/// 80 where there is no terminal.
pub fn width() -> usize {
    let set = env::var("COLUMNS").ok().and_then(|set| set.parse().ok());
    let asked = || stdout().is_terminal().then(ask_terminal).flatten();
    set.or_else(asked).unwrap_or(80).max(40)
}

/// The width of the terminal, as the system's own program tells it: std cannot.
fn ask_terminal() -> Option<usize> {
    // `stty size` prints "24 80"; `mode con`, in words of the system's
    // language, the lines and then the columns.
    let (program, args) = match cfg!(windows) {
        true => ("mode", ["con"]),
        false => ("stty", ["size"]),
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::inherit());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let printed = spawn(&mut command).ok()?.wait_with_output().ok()?;
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let numbers = printed.split_whitespace().filter_map(|w| w.parse().ok());
    numbers.take(2).nth(1).filter(|width| *width > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_might_do_anything_to_a_terminal_does_nothing() {
        assert_eq!(cut("a\u{1b}[2Jb\r\tc\nd", 99), "a?[2Jb? c\nd");
    }

    #[test]
    fn what_is_written_is_read() {
        let failure = Failure::default().with("did", "one: a\ntwo\n\nb");
        let failure = failure.with("step", "4");
        let file = env::temp_dir().join(format!("told-{}", std::process::id()));
        let text = "did: one: a\n\ttwo\n\t\n\tb\nstep: 4\n";
        fs::write(&file, text).unwrap();
        let read = Failure::read(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(read.unwrap(), failure);
        assert!(Failure::read(&file).is_none());
    }

    #[test]
    fn lines_are_wrapped_below_their_beginning() {
        let text = "the quick brown fox jumps\nover";
        let lines = "  a: the quick brown fox\n     jumps\n     over";
        assert_eq!(wrapped("  a: ", text, 25), lines);
        assert_eq!(wrapped("a: ", "  b c\n d", 80), "a:   b c\n    d");
        assert_eq!(
            wrapped("", "ñandú ñandú ñandú ñandú", 23).lines().count(),
            1
        );
        assert_eq!(
            wrapped("", "ñandú ñandú ñandú ñandú", 22).lines().count(),
            2
        );
        let (long, most) = ("x".repeat(90), "x".repeat(40));
        assert_eq!(
            wrapped("", &format!("a {long} b"), 40),
            format!("a\n{most}\n{most}\nxxxxxxxxxx b")
        );
    }

    #[test]
    fn a_long_text_is_cut_and_that_is_said() {
        let failure = Failure::default().with("panic", &"ñ".repeat(9_000_000));
        let told = failure.told(80);
        assert!(told.len() < 3 * MOST, "{}", told.len());
        assert!(told.contains("8999000"), "{told}");
        assert_eq!(cut("abc", 3), "abc");
    }
}
