//! Looks at rules; and says what became of each, to a person, or as JSON to a
//! program.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};
use std::thread;

use testbed::error_words;

use crate::peer::{Peer, Rule};
pub use Verdict::{Failed, Noted, Passed, Skipped};

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

/// What was seen; or another verdict than passed, and why.
pub type Seen<T> = Result<T, (Verdict, String)>;

/// What was seen, in words, if a rule has passed.
pub type Look = Seen<String>;

/// Done, or a sentence why not.
pub type Done = Result<(), String>;

/// The rule has failed.
///
/// # Errors
/// Always.
pub fn failed<T>(came: String) -> Seen<T> {
    Err((Failed, came))
}

/// Passed if `good`; and what was seen.
///
/// # Errors
/// If it is not `good`.
pub fn judged(good: bool, came: String) -> Look {
    if good { Ok(came) } else { failed(came) }
}

/// A rule that nothing prescribes: it does not fail.
///
/// # Errors
/// If it has not passed.
pub fn lenient(look: Look) -> Look {
    look.map_err(|(it, came)| (if it == Failed { Noted } else { it }, came))
}

/// A line on stderr: what is no verdict. (A closed stream harms nobody.)
pub fn tell(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// A line on stdout.
///
/// # Errors
/// A sentence, if it cannot be written.
pub fn print(text: impl Display) -> Done {
    let written = writeln!(stdout(), "{text}");
    written.map_err(|e| said!("not written", error_words(&e)))
}

/// What was said.
pub struct Report {
    /// Whether each line is one of JSON.
    pub json: bool,
    /// The source of a rule that names none.
    pub source: &'static str,
    /// How many rules have passed, and so on.
    pub counts: [usize; 4],
}

impl Report {
    /// Starts the program, if that is ours to do, and looks at one rule after
    /// the other. The first is that it can be met. If it fails another one, it
    /// is started and met again.
    ///
    /// # Errors
    /// A sentence, if it does not start, or nothing can be written.
    pub fn in_turn(&mut self, mut peer: Peer, rules: &[&[Rule]]) -> Done {
        peer.start()?;
        let mut gone = false;
        for (i, rule) in rules.concat().iter().enumerate() {
            let mut look = match gone {
                true => Err((Skipped, said!("gone"))),
                false => rule.2(&mut peer),
            };
            gone |= i == 0 && look.is_err();
            if let Err((Failed, came)) = &mut look {
                *came += &peer.ended();
                let meet = peer.protocol.meet;
                gone =
                    gone || peer.start().is_err() || meet(&mut peer).is_err();
            }
            self.rule(rule, look)?;
        }
        Ok(())
    }

    /// Looks at rules side by side, each with a program that calls: so its
    /// waiting costs no time. If it never calls, the first rule has failed.
    ///
    /// # Errors
    /// A sentence, if it does not start, or nothing can be written.
    pub fn side_by_side(&mut self, peer: &Peer, rules: &[Rule]) -> Done {
        let mut peers: Vec<_> = rules.iter().map(|_| peer.another()).collect();
        peers.iter_mut().try_for_each(Peer::start)?;
        tell(said!("runs", rules.len()));
        thread::scope(|scope| {
            let look = |(mut p, (.., look)): (Peer, &Rule)| {
                let look = *look;
                scope.spawn(move || p.meet().map(|_| look(&mut p)))
            };
            let looks: Vec<_> =
                peers.into_iter().zip(rules).map(look).collect();
            for (i, (rule, look)) in rules.iter().zip(looks).enumerate() {
                let verdict = if i == 0 { Failed } else { Skipped };
                let look = look.join().expect("no rule panics");
                let look = look.unwrap_or_else(|(_, why)| Err((verdict, why)));
                self.rule(rule, look)?;
            }
            Ok(())
        })
    }

    /// Says what became of a rule.
    fn rule(&mut self, rule: &Rule, look: Look) -> Done {
        let (name, source, _) = *rule;
        let source = if source.is_empty() { self.source } else { source };
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
        let why =
            if verdict == Skipped { "" } else { &format!("\n       {why}") };
        print(format!("{:<6} {sent}: {came}{why}", said!(named)))
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
