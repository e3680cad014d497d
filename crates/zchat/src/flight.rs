//! A frame in flight: when it is sent again, for how long, and how long its
//! answer took. It knows no clock: the time comes in as an argument.

use std::time::Duration;

use common::printable;

use crate::frame::{Frame, Kind};

/// How long to wait for an answer while nothing is measured yet.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);
const LEAST_WAIT: Duration = Duration::from_millis(200); // RFC 6298: 1 s.
const MOST_WAIT: Duration = Duration::from_secs(2); // On a usual path.

/// After so many that were sent later, it is taken for lost (RFC 9002, 6.1.1).
const LATER: u32 = 3;

/// A frame that waits for its answer.
pub struct Flight {
    /// What was sent.
    pub frame: Frame,
    sent: Vec<Duration>, // When: one entry for each attempt.
    /// When its timer expires.
    pub due: Duration,
    /// When to give up.
    pub until: Duration,
    expired: u32, // How often its timer has expired.
    later: u32,   // How many came that were sent after it.
    /// It is taken for lost before its timer expires.
    pub lost: bool,
    /// It is there, but was not shown yet.
    pub came: bool,
}

impl Flight {
    /// One that is to be sent at `due` for the first time.
    pub fn new(frame: Frame, due: Duration, until: Duration) -> Flight {
        let (sent, expired, later) = (Vec::new(), 0, 0);
        let (lost, came) = (false, false);
        Flight { frame, sent, due, until, expired, later, lost, came }
    }

    /// Whether a message is in it.
    pub fn has_message(&self) -> bool {
        self.frame.kind != Kind::Bye && !self.frame.payload.is_empty()
    }

    /// Its message, as [`words`] says it.
    pub fn words(&self) -> String {
        words(&self.frame.text().unwrap_or_default())
    }

    /// The frame, if it is to be sent now, the first time or again. `wait` says
    /// for how long an answer may then be missing, by how often the timer has
    /// expired.
    pub fn departs(
        &mut self,
        now: Duration,
        wait: impl Fn(u32) -> Duration,
    ) -> Option<&Frame> {
        if now < self.due && !self.lost {
            return None;
        }
        self.expired += u32::from(self.expires(now));
        self.frame.attempt = u8::try_from(self.sent.len()).unwrap_or(u8::MAX);
        self.sent.push(now);
        self.due = (now + wait(self.expired)).min(self.until);
        (self.later, self.lost) = (0, false);
        Some(&self.frame)
    }

    /// Whether its timer expires now: nothing told before that it is lost.
    pub fn expires(&self, now: Duration) -> bool {
        now >= self.due && !self.lost && !self.sent.is_empty()
    }

    /// When it was sent for the time `attempt`.
    pub fn sent_at(&self, attempt: u8) -> Option<Duration> {
        self.sent.get(usize::from(attempt)).copied()
    }

    /// It has come: it is not sent again.
    pub fn arrives(&mut self) {
        (self.came, self.lost, self.due) = (true, false, self.until);
    }

    /// Another frame has come, which was sent at a time and has a number. If
    /// that was after this one, this one is perhaps lost.
    pub fn overtaken(&mut self, by: (Duration, u32)) {
        let last = self.sent.last();
        if !self.came && last.is_some_and(|at| (*at, self.frame.seq) < by) {
            self.later += 1;
            self.lost |= self.later == LATER;
        }
    }
}

/// The first line of a message as text that is safe to print.
pub fn words(text: &[u8]) -> String {
    let mut lines = text.split(|byte| *byte == b'\n').map(printable);
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { first + " ..." } else { first }
}

/// The round-trip time, and the retransmission timeout (RFC 6298, section 2).
#[derive(Clone, Copy, Default)]
pub struct Rtt {
    /// Smoothed; `None` before the first sample.
    pub smoothed: Option<Duration>,
    variation: Duration,
}

impl Rtt {
    /// The time from a sending, if it is known, to its answer.
    pub fn sample(&mut self, now: Duration, sent: Option<Duration>) {
        let Some(sent) = sent else { return };
        let r = now.saturating_sub(sent);
        let Some(smoothed) = self.smoothed else {
            (self.smoothed, self.variation) = (Some(r), r / 2);
            return;
        };
        self.variation = (self.variation * 3 + smoothed.abs_diff(r)) / 4;
        self.smoothed = Some((smoothed * 7 + r) / 8);
    }

    /// The time there and back, as far as it is known.
    pub fn round_trip(&self) -> Duration {
        self.smoothed.unwrap_or(FIRST_WAIT)
    }

    /// How long to wait for an answer, by how often that was in vain.
    pub fn wait(&self, expired: u32) -> Duration {
        let estimate = self.smoothed.map_or(FIRST_WAIT, |smoothed| {
            (smoothed + self.variation * 4).max(LEAST_WAIT)
        });
        let doubled = estimate.saturating_mul(1 << expired.min(4));
        doubled.min(MOST_WAIT).max(estimate)
    }
}
