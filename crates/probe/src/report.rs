//! What is said of each rule: to a person, or as JSON to a program.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

use crate::words::said;
use Verdict::{Failed, Passed, Skipped};

/// What became of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen is as the rule wants it.
    Passed,
    /// It is not.
    Failed,
    /// The rule only tells what was seen.
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

/// Passed if `good`; and what was seen.
///
/// # Errors
/// If it is not `good`.
pub fn judged(good: bool, came: String) -> Look {
    if good { Ok(came) } else { failed(came) }
}

/// All that was said.
pub struct Report {
    json: bool,
    rules: Vec<String>,
    counts: [usize; 4],
}

impl Report {
    /// Says each rule at once, or with `json` all in the end.
    pub fn new(json: bool) -> Report {
        Report { json, rules: Vec::new(), counts: [0; 4] }
    }

    /// A line for people. (Where JSON is wanted, it goes to stderr.)
    pub fn tell(&self, text: impl Display) {
        // A closed stream harms nobody.
        let _ = match self.json {
            true => writeln!(stderr(), "{text}"),
            false => writeln!(stdout(), "{text}"),
        };
    }

    /// Says what became of the rule `name`, which comes from `source`: both are
    /// names of the table of words.
    pub fn rule(&mut self, name: &str, source: &str, look: Look) {
        let (verdict, came) = match look {
            Ok(came) => (Passed, came),
            Err(other) => other,
        };
        self.counts[verdict as usize] += 1;
        let (what, why) = (said!(name), said!(source));
        let named = VERDICTS[verdict as usize];
        if self.json {
            let [name, sent, came, why] = [name, &what, &came, &why].map(json);
            return self.rules.push(format!(
                "    {{\"rule\": {name}, \"verdict\": \"{named}\", \
                 \"sent\": {sent}, \"came\": {came}, \"source\": {why}}}"
            ));
        }
        self.tell(format!("{:<6} {what}: {came}", said!(named)));
        if verdict != Skipped {
            self.tell(format!("       {why}"));
        }
    }

    /// Says why nothing was seen of the rule `name`.
    pub fn skip(&mut self, name: &str, source: &str, why: String) {
        self.rule(name, source, Err((Skipped, why)));
    }

    /// Says the end; gives whether something passed and nothing failed.
    pub fn end(&self, protocol: &str, program: &str) -> bool {
        let [passed, failed, noted, skipped] = self.counts;
        if self.json {
            let [protocol, program] = [protocol, program].map(json);
            let rules = self.rules.join(",\n");
            let _ = writeln!(
                stdout(),
                "{{\n  \"protocol\": {protocol}, \"program\": {program},\n  \
                 \"passed\": {passed}, \"failed\": {failed}, \
                 \"noted\": {noted}, \"not looked at\": {skipped},\n  \
                 \"rules\": [\n{rules}\n  ]\n}}",
            );
        } else {
            self.tell(said!("counts", passed, failed, noted, skipped));
        }
        failed == 0 && passed > 0
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
