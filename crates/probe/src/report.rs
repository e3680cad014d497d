//! What becomes of a rule, and what is said of it: to a person, or as JSON to a
//! program.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

use testbed::error_words;

use crate::peer::{Protocol, Rule};
use Verdict::{Failed, Noted, Passed, Skipped};

/// What became of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen is what its source says.
    Passed,
    /// It is not.
    Failed,
    /// It is not, but the slides' own programs do the same, or the network or
    /// this machine may be the reason.
    Noted,
    /// Nothing was seen.
    Skipped,
}

/// The verdicts' names, in JSON and in the table of words.
const VERDICTS: [&str; 4] = ["passed", "failed", "noted", "not looked at"];

/// What was seen if the rule has passed, or otherwise.
pub type Look = Result<String, Otherwise>;

/// Another verdict than passed, and why.
pub type Otherwise = (Verdict, String);

/// The rule has failed.
///
/// # Errors
/// Always.
pub fn failed<T>(came: String) -> Result<T, Otherwise> {
    Err((Failed, came))
}

/// The rule is only told.
///
/// # Errors
/// Always.
pub fn noted<T>(came: String) -> Result<T, Otherwise> {
    Err((Noted, came))
}

/// Passed if `good`; and what was seen.
///
/// # Errors
/// If it is not `good`.
pub fn judged(good: bool, came: String) -> Look {
    if good { Ok(came) } else { failed(came) }
}

/// A line on stderr: what is no verdict. (A closed stream harms nobody.)
pub fn tell(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// A line on stdout.
///
/// # Errors
/// A sentence, if it cannot be written.
pub fn print(text: impl Display) -> Result<(), String> {
    let written = writeln!(stdout(), "{text}");
    written.map_err(|e| said!("not written", error_words(&e)))
}

/// What was said.
#[derive(Default)]
pub struct Report {
    /// Whether each line is one of JSON.
    pub json: bool,
    counts: [usize; 4],
}

impl Report {
    /// Says what became of a rule.
    ///
    /// # Errors
    /// A sentence, if it cannot be written.
    pub fn rule(
        &mut self,
        protocol: &Protocol,
        rule: &Rule,
        look: Look,
    ) -> Result<(), String> {
        let (name, source, _) = *rule;
        let source = if source.is_empty() { protocol.source } else { source };
        let (verdict, came) = look.map_or_else(|it| it, |came| (Passed, came));
        self.counts[verdict as usize] += 1;
        let (sent, why) = (said!(name), said!(source));
        let named = VERDICTS[verdict as usize];
        if self.json {
            let [name, sent, came, why] = [name, &sent, &came, &why].map(json);
            return print(format!(
                "{{\"rule\": {name}, \"verdict\": \"{named}\", \
                 \"sent\": {sent}, \"came\": {came}, \"source\": {why}}}"
            ));
        }
        print(format!("{:<6} {sent}: {came}", said!(named)))?;
        let seen = verdict != Skipped;
        if seen { print(format!("       {why}")) } else { Ok(()) }
    }

    /// Says the end; gives the exit status.
    ///
    /// # Errors
    /// A sentence, if it cannot be written.
    pub fn end(&self) -> Result<u8, String> {
        let [passed, failed, noted, skipped] = self.counts;
        print(match self.json {
            true => format!(
                "{{\"passed\": {passed}, \"failed\": {failed}, \
                 \"noted\": {noted}, \"not looked at\": {skipped}}}"
            ),
            false => said!("counts", passed, failed, noted, skipped),
        })?;
        Ok(match self.counts {
            [0, 0, 0, _] => 2,
            [_, 0, ..] => 0,
            _ => 1,
        })
    }
}

/// A string of JSON (RFC 8259, section 7).
fn json(text: &str) -> String {
    let quoted = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    });
    format!("\"{}\"", quoted.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_quotes_what_it_must() {
        assert_eq!(json("a\"\\\n\u{1b}ñ"), r#""a\"\\\u000a\u001bñ""#);
    }
}
