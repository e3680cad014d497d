//! A frame in flight: when it is sent again, for how long, and how long its
//! answer took. It knows no clock: the time comes in as an argument.

use std::time::Duration;

use crate::frame::Frame;

/// How long to wait for an answer while nothing is measured yet.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);
const LEAST_WAIT: Duration = Duration::from_millis(200); // RFC 6298: 1 s.
const MOST_WAIT: Duration = Duration::from_secs(2); // On a usual path.
const LATE: Duration = Duration::from_secs(3); // Then the user is told so.

/// A frame that waits for its answer.
pub struct Flight {
    pub frame: Frame,
    pub text: Vec<u8>,   // The message in it; empty: none.
    sent: Vec<Duration>, // When: one entry for each attempt.
    pub due: Duration,   // When to send it again, or
    pub until: Duration, // to give up.
    pub word: Option<Duration>, // When to tell the user that no answer came.
}

impl Flight {
    /// One that is to be sent at `due` for the first time.
    pub fn new(
        frame: Frame,
        text: Vec<u8>,
        due: Duration,
        until: Duration,
    ) -> Flight {
        let word = Some(due + LATE);
        Flight { frame, text, sent: Vec::new(), due, until, word }
    }

    /// When something is to be done about it.
    pub fn deadline(&self) -> Duration {
        self.word.map_or(self.due, |word| word.min(self.due))
    }

    /// Whether the user is to be told now that no answer came.
    pub fn is_late(&mut self, now: Duration) -> bool {
        self.word.take_if(|word| now >= *word).is_some()
    }

    /// Its bytes, if they are to be sent now, the first time or again. `wait`
    /// says for how long an answer may then be missing, by the attempt.
    pub fn departs(
        &mut self,
        now: Duration,
        wait: impl Fn(u8) -> Duration,
    ) -> Option<Vec<u8>> {
        if now < self.due {
            return None;
        }
        let attempt = u8::try_from(self.sent.len()).unwrap_or(u8::MAX);
        self.frame.attempt = attempt;
        self.sent.push(now);
        self.due = (now + wait(attempt)).min(self.until);
        Some(self.frame.pack())
    }

    /// How long ago it was sent for the time `attempt`.
    pub fn took(&self, now: Duration, attempt: u8) -> Option<Duration> {
        Some(now.saturating_sub(*self.sent.get(usize::from(attempt))?))
    }
}

/// The round-trip time, and the retransmission timeout (RFC 6298, section 2).
#[derive(Clone, Copy, Default)]
pub struct Rtt {
    pub smoothed: Option<Duration>,
    variation: Duration,
}

impl Rtt {
    /// The time from a sending to its answer, if it is known.
    pub fn sample(&mut self, took: Option<Duration>) {
        let Some(r) = took else { return };
        let Some(smoothed) = self.smoothed else {
            (self.smoothed, self.variation) = (Some(r), r / 2);
            return;
        };
        self.variation = (self.variation * 3 + smoothed.abs_diff(r)) / 4;
        self.smoothed = Some((smoothed * 7 + r) / 8);
    }

    /// How long to wait after the sending number `attempt` (0, 1, ...).
    pub fn wait(&self, attempt: u8) -> Duration {
        let estimate = self.smoothed.map_or(FIRST_WAIT, |smoothed| {
            (smoothed + self.variation * 4).max(LEAST_WAIT)
        });
        let doubled = estimate.saturating_mul(1 << attempt.min(4));
        doubled.min(MOST_WAIT).max(estimate)
    }
}
