//! What a test of an exercise says: its sentences, once, by name, from the
//! `words.txt` beside it, or the kit's own.
//!
//! What a `words.txt` consists of, and when a cause may be said to be likely, says
//! CONTRIBUTING.md: "What a failed test says".

use std::fmt::Display;
use std::panic::resume_unwind;
use std::sync::OnceLock;

use testbed::{Failure, entry, fill, say};

use crate::{Shown, bytes};

/// The `words.txt` of this test program.
pub(crate) static WORDS: OnceLock<&str> = OnceLock::new();

/// What every exercise's tests may say.
pub const OWN: &str = include_str!("words.txt");

/// The line above the likely causes.
const CAUSES: &str = "\n== likely causes\n";

/// A sentence, in the student's language.
#[derive(Clone)]
pub struct Said {
    text: String,
    /// Its name.
    name: String,
    /// `cause`, or `look` if it says only what to look at.
    kind: &'static str,
    /// The step to edit; empty if it is the test's.
    step: &'static str,
}

/// The sentence called `name`, its gaps (`{}`) filled with `values`, in order.
/// Without any values it has no gaps: a `{}` in it is a piece of Rust.
///
/// # Panics
/// If there is none, or it has more gaps than values.
pub fn said(name: &str, values: &[&dyn Display]) -> Said {
    let found = known(name);
    found.unwrap_or_else(|| panic!("words.txt lacks [{name}]")).filled(values)
}

/// The same if there is one, its gaps still empty.
pub(crate) fn known(name: &str) -> Option<Said> {
    let all = [WORDS.get().copied().unwrap_or_default(), OWN];
    all.into_iter().find_map(|words| Said::find(words, name))
}

/// A value as it is, in the student's language or in none already.
pub fn value(shown: impl Display) -> Said {
    let (text, name) = (shown.to_string(), String::new());
    Said { text, name, kind: "look", step: "" }
}

/// Fails the test: what it did, what it expected, what came instead, and why:
/// the name of a likely cause, or of a sentence that says what to look at.
pub fn fail(
    did: impl Shown,
    expected: impl Shown,
    came: impl Shown,
    why: impl Into<Said>,
) -> ! {
    failed([did.shown(), expected.shown(), came.shown()], &why.into())
}

/// The same, compiled once for all types of values.
fn failed([did, expected, came]: [String; 3], why: &Said) -> ! {
    let failure = Failure::default().with("did", &did);
    let failure = failure.with("expected", &expected).with("came", &came);
    let failure = failure.with("name", &why.name).with(why.kind, &why.text);
    // With no message of the panic hook: `told_by` has the words.
    resume_unwind(Box::new(failure.with("step", why.step)))
}

/// How `came` differs from `expected`: what can be seen, and no cause. It is the
/// `why` where no observation parts the causes.
pub fn compared(expected: &[u8], came: &[u8]) -> Said {
    let at_a_zero = expected.get(came.len()) == Some(&0);
    let end = match at_a_zero {
        true => "the end is missing from a zero on",
        false => "the end is missing",
    };
    let parts = [
        ("too much at the end", came.strip_prefix(expected)),
        ("too much at the beginning", came.strip_suffix(expected)),
        (end, expected.strip_prefix(came)),
        ("the beginning is missing", expected.strip_suffix(came)),
    ];
    let part = parts.into_iter().find_map(|(name, part)| Some((name, part?)));
    let visible = |byte: &&u8| !byte.is_ascii_whitespace();
    let [meant, given] = [expected, came].map(|d| d.iter().filter(visible));
    match part {
        _ if came == expected => "no difference".into(),
        _ if came.is_empty() && at_a_zero => "empty before a zero".into(),
        _ if came.is_empty() => "empty".into(),
        Some((name, part)) => said(name, &[&bytes(part)]),
        None if came.eq_ignore_ascii_case(expected) => "capitals alone".into(),
        None if given.eq(meant) => "white space alone".into(),
        None if came.iter().rev().eq(expected) => "the other way round".into(),
        None => {
            // Neither begins as the other does: so both have a byte there.
            let both = expected.iter().zip(came);
            let at = both.take_while(|(one, other)| one == other).count();
            let hex = |data: &[u8]| format!("{:#04x}", data[at]);
            said("first difference", &[&at, &hex(expected), &hex(came)])
        }
    }
}

impl Said {
    /// The sentence `name`, its gaps still empty.
    fn find(words: &'static str, name: &str) -> Option<Said> {
        let [english, rest] = entry(words, name)?;
        let (before, _) = words.split_once(rest)?;
        let kind = if before.contains(CAUSES) { "cause" } else { "look" };
        let mut lines = rest.lines();
        let text = say(english, lines.next()?).to_string();
        let step = lines.next().and_then(|next| next.strip_prefix("step: "));
        let (name, step) = (name.to_string(), step.unwrap_or_default());
        Some(Said { text, name, kind, step })
    }

    /// The same; the step to edit is this one, and not the test's.
    pub fn of_step(self, step: &'static str) -> Said {
        Said { step, ..self }
    }

    fn filled(mut self, values: &[&dyn Display]) -> Said {
        if !values.is_empty() {
            let (gaps, given) = (self.text.matches("{}").count(), values.len());
            let lacking = format!("{gaps} gaps, {given} values");
            assert!(gaps <= given, "[{}]: {lacking}", self.name);
            self.text = fill(&self.text, values);
        }
        self
    }
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
            ("\0hola", "", "empty before a zero", ""),
            ("ho\0la\0", "ho", "the end is missing from a zero on", "\\0la"),
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
    fn no_part_of_a_sentence_gets_lost() {
        let words = "\n[a]\nen: (`{}`, {})\nes: (`{}`, {})\n";
        let filled = |values: &[&dyn Display]| {
            Said::find(words, "a").unwrap().filled(values).text
        };
        assert_eq!(filled(&[]), "(`{}`, {})");
        assert_eq!(filled(&[&1, &"{}"]), "(`1`, {})");
        let lacking = std::panic::catch_unwind(|| filled(&[&1])).unwrap_err();
        let words = lacking.downcast::<String>().unwrap();
        assert_eq!(*words, "[a]: 2 gaps, 1 values");
    }

    #[test]
    fn a_step_s_line_is_no_part_of_the_sentence() {
        let words = "\n[a]\nen: one\nes: uno\nstep: 3\n[b]\nen: two\nes: dos\n";
        let [one, two] =
            ["a", "b"].map(|name| Said::find(words, name).unwrap());
        assert_eq!(
            [one.text.as_str(), &two.text],
            [say("one", "uno"), say("two", "dos")]
        );
        assert_eq!([one.step, two.step], ["3", ""]);
    }
}
