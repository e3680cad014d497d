//! The server that a client meets: played here, a new one for each rule.

use std::thread;
use std::time::Duration;

use kit::bytes;
use testbed::Ended;

use crate::net::{hear, socket};
use crate::peer::{Peer, START};
use crate::report::Verdict::{Failed, Skipped};
use crate::report::{Look, Otherwise, Report, failed, judged};
use crate::words::said;

/// What a client may take to print what it has, and end.
pub const MOMENT: Duration = Duration::from_secs(10);

/// A played server's one client, and what that sent first.
pub struct Played<'a> {
    /// The client.
    pub peer: Peer<'a>,
    /// Its first datagram.
    pub first: Vec<u8>,
}

/// A rule about clients: its name, its source, and how to look.
pub type Scene<'a> = (&'a str, &'a str, Play<'a, Look>);

/// What is played to a client, and what that gives.
pub type Play<'a, T> = &'a (dyn Fn(Played) -> T + Sync);

/// Plays all scenes, and reports.
///
/// # Errors
/// A sentence, if the client does not start.
pub fn judge(
    report: &mut Report,
    command: &[String],
    scenes: &[Scene],
) -> Result<(), String> {
    let plays: Vec<_> = scenes.iter().map(|scene| scene.2).collect();
    play(command, &plays, |i, look| {
        let (name, source, _) = scenes[i];
        report.rule(name, source, look.flatten());
    })
}

/// Plays all side by side (a client that waits costs the others no time), and
/// `told` gets what came of each, in their order. If nothing came from a
/// client, that is the first one's failure.
///
/// # Errors
/// A sentence, if the client does not start.
pub fn play<T: Send>(
    command: &[String],
    plays: &[Play<T>],
    mut told: impl FnMut(usize, Result<T, Otherwise>),
) -> Result<(), String> {
    thread::scope(|scope| {
        let start =
            |play| scope.spawn(move || Ok(Played::start(command)?.map(play)));
        let started: Vec<_> = plays.iter().map(start).collect();
        for (i, started) in started.into_iter().enumerate() {
            let verdict = if i == 0 { Failed } else { Skipped };
            let panicked = |_| Err(said!("judge failed"));
            let look = started.join().unwrap_or_else(panicked)?;
            told(i, look.map_err(|why| (verdict, why)));
        }
        Ok(())
    })
}

impl Played<'_> {
    /// Starts the client; the inner `Err` says why nothing came.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn start(
        command: &[String],
    ) -> Result<Result<Played<'_>, String>, String> {
        let mut peer = Peer::caller(command);
        peer.start(true)?;
        let came = peer.first(START, Duration::from_millis(50), |_, _| ());
        Ok(came.map(|(first, from)| {
            peer.to = from;
            Played { peer, first }
        }))
    }

    /// Answers.
    pub fn send(&self, data: &[u8]) {
        self.peer.send(&self.peer.s, data);
    }

    /// Somebody else sends.
    pub fn stranger_sends(&self, data: &[u8]) {
        self.peer.send(&socket(self.peer.to), data);
    }

    /// Waits for its end; whether that came by itself, what it was, and the
    /// same in words.
    pub fn end(mut self, limit: Duration) -> (bool, Ended, String) {
        let (by_itself, ended) = self.peer.end_within(limit);
        let all = [&ended.stdout[..], ended.stderr.trim_end()].concat();
        let from = all.chars().count().saturating_sub(60);
        let tail: String = all.chars().skip(from).collect();
        let tail = match tail.is_empty() {
            true => said!("nothing"),
            false if from > 0 => said!("its end", tail.escape_debug()),
            false => bytes(tail.as_bytes()),
        };
        let code = ended.code.map(|code| code.to_string());
        let how = match by_itself {
            true => said!("it ended", code.unwrap_or(said!("a signal")), tail),
            false => said!("it waited", tail),
        };
        (by_itself, ended, how)
    }

    /// It is answered, prints `words`, and ends.
    pub fn prints(self, answer: &[u8], words: &str) -> Look {
        self.send(answer);
        let (by_itself, ended, how) = self.end(MOMENT);
        let good = by_itself && ended.code.is_some();
        // So Python shows bytes, and not the text that they are.
        let bytes = ["b'", "b\""].map(|quote| format!("{quote}{words}"));
        if !words.is_empty() && bytes.iter().any(|b| ended.stdout.contains(b)) {
            return failed(said!("bytes shown", how));
        }
        judged(good && ended.stdout.contains(words), how)
    }

    /// It sends one datagram, is answered, and sends no other.
    pub fn sends_once(mut self, answer: &[u8]) -> Look {
        self.send(answer);
        self.peer.end_within(MOMENT);
        match hear(&self.peer.s, Duration::ZERO) {
            Some((data, _)) => failed(said!("sent more", bytes(&data))),
            None => Ok(said!("sent one", bytes(&self.first))),
        }
    }
}
