//! A client meets a server that is played here, a new one for each rule.

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use testbed::{Ended, bytes};

use crate::net::hear;
use crate::peer::{Peer, Rule, last_line, status};
use crate::report::Verdict::Skipped;
use crate::report::{Look, Report, failed, judged, tell};

/// What a client may take to print what it has, and end.
pub const MOMENT: Duration = Duration::from_secs(10);

/// Looks at the rules. For each the client is started anew, for all side by
/// side: so its waiting costs no time. If it never asks, the first rule has
/// failed.
///
/// # Errors
/// A sentence, if it does not start.
pub fn judge(report: &mut Report, peer: &Peer) -> Result<(), String> {
    let rules = peer.protocol.client;
    let mut clients: Vec<_> = rules.iter().map(|_| peer.another()).collect();
    clients.iter_mut().try_for_each(Peer::start)?;
    tell(said!("runs", rules.len()));
    thread::scope(|scope| {
        let play = |(mut p, rule): (Peer, &'static Rule)| {
            scope.spawn(move || p.call().map(|()| rule.2(&mut p)))
        };
        let looks: Vec<_> = clients.into_iter().zip(rules).map(play).collect();
        for (i, look) in looks.into_iter().enumerate() {
            let look = look.join().unwrap_or_else(|e| resume_unwind(e));
            let look = look.unwrap_or_else(|why| match i {
                0 => failed(why),
                _ => Err((Skipped, said!("gone"))),
            });
            report.rule(peer.protocol, &rules[i], look)?;
        }
        Ok(())
    })
}

impl Peer {
    /// Waits for a client's first datagram.
    ///
    /// # Errors
    /// That nothing came, and how it has ended if it has.
    pub fn call(&mut self) -> Result<(), String> {
        let how = |peer: &mut Peer| peer.ended().unwrap_or_default();
        let came = self.hear_first();
        (self.first, self.to) = came.map_err(|why| why + &how(self))?;
        Ok(())
    }

    /// Waits for its end; whether that came by itself, what it was, and the
    /// same in words.
    ///
    /// # Panics
    /// If we have not started it, or this is the second time.
    pub fn end(&mut self, limit: Duration) -> (bool, Ended, String) {
        let program = self.program.take().expect("it runs");
        let (by_itself, ended) = program.end_within(limit);
        let printed = last_line(&ended.stdout)
            .map_or_else(|| said!("no line"), |line| said!("last line", line));
        let how = match by_itself {
            true => said!("it ended", status(ended.code), printed),
            false => said!("it waited", printed),
        };
        let error = last_line(&ended.stderr);
        let error = error.map(|line| said!("on stderr", line));
        (by_itself, ended, how + &error.unwrap_or_default())
    }

    /// A client is answered, prints `words` (but for their end), and ends.
    ///
    /// # Errors
    /// What it does instead.
    pub fn prints(&mut self, answer: impl AsRef<[u8]>, words: &str) -> Look {
        let words = words.trim_end();
        self.send(answer.as_ref());
        let (by_itself, ended, how) = self.end(MOMENT);
        // So Python shows bytes, and not the text that they are.
        let bytes = ["b'", "b\""].map(|quote| format!("{quote}{words}"));
        if !words.is_empty() && bytes.iter().any(|b| ended.stdout.contains(b)) {
            return failed(said!("bytes shown", how));
        }
        let ended_well = by_itself && ended.code.is_some();
        judged(ended_well && ended.stdout.contains(words), how)
    }

    /// A client has sent one datagram, is answered, and sends no other.
    ///
    /// # Errors
    /// What it sends.
    pub fn sends_once(&mut self, answer: &str) -> Look {
        self.send(answer.as_bytes());
        self.end(MOMENT);
        match hear(&self.s, Duration::ZERO) {
            Some((data, _)) => failed(said!("sent more", bytes(&data))),
            None => Ok(said!("sent one", bytes(&self.first))),
        }
    }
}
