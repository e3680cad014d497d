//! Looks at rules; and says what became of each, to a person, or as JSON to a
//! program.

use std::io::{Write, stdout};
use std::thread;

use common::{json, note};
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

/// A line on stdout.
///
/// # Errors
/// A sentence, if it cannot be written.
pub fn print(text: String) -> Done {
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
            let not_met = || Err((Skipped, said!("gone")));
            let mut look = if gone { not_met() } else { rule.2(&mut peer) };
            gone |= i == 0 && look.is_err();
            if let Err((Failed, came)) = &mut look {
                *came += &peer.ended();
                gone = gone || peer.again().is_err();
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
        note(said!("runs", rules.len()));
        thread::scope(|scope| {
            let look = |(mut p, &(.., look)): (Peer, &Rule)| {
                scope.spawn(move || p.meet().map(|_| look(&mut p)))
            };
            let seen: Vec<_> = peers.into_iter().zip(rules).map(look).collect();
            for (i, (rule, look)) in rules.iter().zip(seen).enumerate() {
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
            let [name, sent, came, why] =
                [name, &sent, &came, &why].map(json::string);
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
