//! What becomes of a rule, and what is said of it: to a person, or as JSON to a
//! program.

use std::fmt::Display;
use std::io::{Error, Write, stderr, stdout};

use testbed::error_words;

use crate::peer::{Protocol, Rule};
use crate::words::said;
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

/// All that was said.
#[derive(Default)]
pub struct Report {
    /// Whether it is said in the end, as JSON; else each rule at once.
    pub json: bool,
    rules: Vec<String>,
    counts: [usize; 4],
    trouble: Option<Error>,
}

impl Report {
    /// A line on stdout.
    pub fn print(&mut self, text: impl Display) {
        let written = writeln!(stdout(), "{text}");
        self.trouble = self.trouble.take().or(written.err());
    }

    /// Says what became of a rule.
    pub fn rule(&mut self, protocol: &Protocol, rule: &Rule, look: Look) {
        let (name, source, _) = *rule;
        let source = if source.is_empty() { protocol.source } else { source };
        let (verdict, came) = look.map_or_else(|it| it, |came| (Passed, came));
        self.counts[verdict as usize] += 1;
        let (what, why) = (said!(name), said!(source));
        let named = VERDICTS[verdict as usize];
        if self.json {
            let [name, sent, came, why] = [name, &what, &came, &why].map(json);
            self.rules.push(format!(
                "    {{\"rule\": {name}, \"verdict\": \"{named}\", \
                 \"sent\": {sent}, \"came\": {came}, \"source\": {why}}}"
            ));
            return;
        }
        self.print(format!("{:<6} {what}: {came}", said!(named)));
        if verdict != Skipped {
            self.print(format!("       {why}"));
        }
    }

    /// Says the end; gives the exit status.
    pub fn end(&mut self, protocol: &str, program: &str) -> u8 {
        let [passed, failed, noted, skipped] = self.counts;
        if self.json {
            let [protocol, program] = [protocol, program].map(json);
            let rules = self.rules.join(",\n");
            self.print(format!(
                "{{\n  \"protocol\": {protocol}, \"program\": {program},\n  \
                 \"passed\": {passed}, \"failed\": {failed}, \
                 \"noted\": {noted}, \"not looked at\": {skipped},\n  \
                 \"rules\": [\n{rules}\n  ]\n}}",
            ));
        } else {
            self.print(said!("counts", passed, failed, noted, skipped));
        }
        if let Some(e) = &self.trouble {
            tell(said!("not written", error_words(e)));
            return 2;
        }
        match self.counts {
            [0, 0, 0, _] => 2,
            [_, 0, ..] => 0,
            _ => 1,
        }
    }
}

/// A string of JSON (RFC 8259, section 7).
fn json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04x}", c as u32),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_quotes_what_it_must() {
        assert_eq!(json("a\"\\\n\u{1b}ñ"), r#""a\"\\\u000a\u001bñ""#);
    }
}
