//! The server that a client meets: played here, a new one for each rule.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use kit::bytes;
use testbed::Ended;

use crate::net::{hear, socket};
use crate::report::Verdict::{Failed, Passed, Skipped};
use crate::report::{Look, Report, judged};
use crate::running::{Running, START, until};
use crate::words::said;

/// What a client may take to print what it has, and end.
pub const MOMENT: Duration = Duration::from_secs(10);

/// A played server, its one client, and what the client sent first.
pub struct Played {
    /// The server's socket.
    pub s: UdpSocket,
    /// The client's first datagram.
    pub first: Vec<u8>,
    /// Where it came from.
    pub from: SocketAddr,
    running: Option<Running>,
}

/// A rule about clients: its name, its source, and how to look.
pub type Scene<'a> =
    (&'a str, &'a str, &'a (dyn Fn(&mut Played) -> Look + Sync));

/// Plays all scenes side by side: a client that waits costs the others no time.
///
/// # Errors
/// A sentence, if the client does not start.
pub fn play(
    report: &mut Report,
    command: &[String],
    scenes: &[Scene],
) -> Result<(), String> {
    thread::scope(|scope| {
        let started = scenes.iter().map(|scene| {
            scope.spawn(move || match Played::start(command)? {
                Ok(mut played) => Ok(scene.2(&mut played)),
                Err(came) => Ok((Skipped, came)),
            })
        });
        let started: Vec<_> = started.collect(); // All, before one is awaited.
        for (i, (scene, look)) in scenes.iter().zip(started).enumerate() {
            let failed = |_| Err(said!("judge failed"));
            let (mut verdict, came) = look.join().unwrap_or_else(failed)?;
            if verdict == Skipped && i == 0 {
                verdict = Failed; // That it asks at all is the first rule's.
            }
            report.rule(scene.0, scene.1, (verdict, came));
        }
        Ok(())
    })
}

impl Played {
    /// Starts the client; the inner `Err` says why nothing came.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn start(command: &[String]) -> Result<Result<Played, String>, String> {
        let s = socket((Ipv4Addr::LOCALHOST, 0).into());
        let port = s.local_addr().map_err(|e| e.to_string())?.port();
        let mut running = Running::start(command, "127.0.0.1", port)?;
        let mut ended = None;
        let first = until(START, || {
            let came = hear(&s, Duration::from_millis(50));
            ended = ended.take().or_else(|| running.ended());
            came.map(Some).or(ended.is_some().then_some(None))
        });
        Ok(match first.flatten() {
            Some((first, from)) => {
                Ok(Played { s, first, from, running: Some(running) })
            }
            None => Err(said!("never asked") + &ended.unwrap_or_default()),
        })
    }

    /// Answers.
    pub fn send(&self, data: &[u8]) {
        let _ = self.s.send_to(data, self.from); // It may have gone.
    }

    /// Somebody else sends.
    pub fn stranger_sends(&self, data: &[u8]) {
        let _ = socket(self.from).send_to(data, self.from);
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.running.as_mut().is_none_or(|r| r.ended().is_some())
    }

    /// Waits for its end; whether that came by itself, and what it was.
    ///
    /// # Panics
    /// At the second call.
    pub fn end(&mut self, limit: Duration) -> (bool, Ended) {
        let running = self.running.take().expect("it ends once");
        running.end_within(limit)
    }

    /// The same, and in words.
    pub fn ending(&mut self, limit: Duration) -> (bool, Ended, String) {
        let (by_itself, ended) = self.end(limit);
        let all = [&ended.stdout[..], ended.stderr.trim_end()].concat();
        let from = all.chars().count().saturating_sub(60);
        let tail: String = all.chars().skip(from).collect();
        let tail = match tail.is_empty() {
            true => said!("nothing"),
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
    pub fn prints(&mut self, answer: &[u8], words: &str) -> Look {
        self.send(answer);
        let (by_itself, ended, how) = self.ending(MOMENT);
        let good = by_itself && ended.code.is_some();
        judged(good && ended.stdout.contains(words), how)
    }

    /// It sends one datagram, is answered, and sends no other.
    pub fn sends_once(&mut self, answer: &[u8]) -> Look {
        self.send(answer);
        self.end(MOMENT);
        match hear(&self.s, Duration::ZERO) {
            Some((data, _)) => (Failed, said!("sent more", bytes(&data))),
            None => (Passed, bytes(&self.first)),
        }
    }
}
