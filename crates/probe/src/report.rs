//! What is said of each rule: to a person, or as JSON to a program.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

use crate::words::said;

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

/// A verdict, and what was seen.
pub type Look = (Verdict, String);

/// Passed if `good`; and what was seen.
pub fn judged(good: bool, came: impl Display) -> Look {
    let verdict = if good { Verdict::Passed } else { Verdict::Failed };
    (verdict, came.to_string())
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
    pub fn rule(&mut self, name: &str, source: &str, (verdict, came): Look) {
        self.counts[verdict as usize] += 1;
        let (what, why) = (said!(name), said!(source));
        if !self.json {
            let mark = said!(["ok", "fail", "noted", "skip"][verdict as usize]);
            self.tell(format!("{mark:<6} {what}: {came}"));
            if verdict != Verdict::Skipped {
                self.tell(format!("       {why}"));
            }
            return;
        }
        let verdict =
            ["passed", "failed", "noted", "not looked at"][verdict as usize];
        let fields = [
            ("rule", name),
            ("verdict", verdict),
            ("sent", &what),
            ("came", &came),
            ("source", &why),
        ];
        let fields = fields
            .map(|(key, value)| format!("{}: {}", json(key), json(value)));
        self.rules.push(format!("    {{{}}}", fields.join(", ")));
    }

    /// Says why nothing was seen of the rule `name`.
    pub fn skip(&mut self, name: &str, source: &str, why: String) {
        self.rule(name, source, (Verdict::Skipped, why));
    }

    /// Says the end; gives whether something passed and nothing failed.
    pub fn end(&self, protocol: &str, program: &str) -> bool {
        let [passed, failed, noted, skipped] = self.counts;
        if self.json {
            let _ = writeln!(
                stdout(),
                "{{\n  \"protocol\": {}, \"program\": {},\n  \"passed\": \
                 {passed}, \"failed\": {failed}, \"noted\": {noted}, \
                 \"not looked at\": {skipped},\n  \"rules\": [\n{}\n  ]\n}}",
                json(protocol),
                json(program),
                self.rules.join(",\n")
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
            c if c.is_control() => {
                quoted += &format!("\\u{:04x}", u32::from(c));
            }
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
