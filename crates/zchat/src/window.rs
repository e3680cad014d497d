//! The window: our frames that are in flight, and the peer's that came before
//! their turn. With a window of one frame, this is stop and wait.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::flight::{Flight, Rtt};
use crate::frame::{Frame, number};

/// At most so many frames are in flight, and so many wait for their turn.
pub const WINDOW: u16 = 16;

const FIRST: u32 = 4; // So many at the beginning (RFC 8085, section 3.1.1),
const LEAST: u32 = 2; // and never fewer (RFC 9002, section 7.2).

/// After so long without an answer the user is told so.
const LATE: Duration = Duration::from_secs(3);
/// In less time than that no answer is late: a busy machine lets programs wait.
const LEAST_PROBE: Duration = Duration::from_millis(2);

/// What is on its way between two sides.
#[derive(Default)]
pub struct Window {
    /// The number of our last frame.
    pub sent: u32,
    /// That of the peer's last one that was shown.
    pub read: u32,
    /// Our frames in flight, the oldest first.
    pub flights: VecDeque<Flight>,
    /// When to tell the user that no answer comes.
    pub word: Option<Duration>,
    /// How long answers take here.
    pub rtt: Rtt,
    early: BTreeMap<u32, Vec<u8>>, // By their numbers.
    most: u32,                     // The window, and
    allowed: u32,                  // as much of it as the path seems to carry.
    changed: Duration,             // When that has changed.
    probe: Option<Duration>,       // When to ask what became of the oldest,
    silence: Duration,             // after so long without an answer.
}

impl Window {
    /// An empty one, at most `most` frames wide, 1 to [`WINDOW`].
    pub fn new(most: u16, now: Duration) -> Window {
        let most = u32::from(most);
        let allowed = most.min(FIRST);
        Window { most, allowed, changed: now, ..Window::default() }
    }

    /// Whether one more frame may be sent. Number 1 goes alone: the peer knows
    /// of no session before that has come.
    pub fn has_room(&self) -> bool {
        let first = self.flights.front().is_some_and(|f| f.frame.seq == 1);
        let flying = self.flights.iter().filter(|f| !f.came).count();
        let room = self.flights.len() < self.most as usize;
        !first && room && flying < self.allowed as usize
    }

    /// One more frame is to be sent.
    pub fn launch(&mut self, now: Duration, flight: Flight) {
        if self.flights.is_empty() {
            self.word = Some(now + LATE);
        }
        self.sent = flight.frame.seq;
        self.flights.push_back(flight);
        self.expect_news(now);
    }

    /// If no answer comes for two round trips, something is lost that nothing
    /// tells of: the last frame, or one that was sent again; so the oldest is
    /// sent again, then after twice as long, and so on (RFC 9002, 6.2).
    fn expect_news(&mut self, now: Duration) {
        self.silence = (self.rtt.round_trip() * 2).max(LEAST_PROBE);
        self.probe = (self.most > 1).then_some(now + self.silence);
    }

    /// When something is to be done about what is in flight, if anything is.
    pub fn deadline(&self) -> Option<Duration> {
        let due = self.flights.iter().map(|flight| flight.due).min()?;
        [self.word, self.probe].into_iter().flatten().chain([due]).min()
    }

    /// The frames that are to be sent now, the first time or again. `patient`:
    /// wait longer after each time.
    pub fn departures(&mut self, now: Duration, patient: bool) -> Vec<&Frame> {
        let silent = self.probe.take_if(|at| now >= *at).is_some();
        if self.flights.iter().any(|flight| flight.expires(now)) {
            // Too much is on the way, perhaps. (What is sent again before that
            // does not say so: the path carries what came.)
            self.allow(now, self.allowed / 2);
            self.probe = None;
        } else if silent
            && let Some(oldest) = self.flights.iter_mut().find(|f| !f.came)
        {
            oldest.lost = true;
            self.silence *= 2;
            self.probe = Some(now + self.silence);
        }
        let wait = |n| self.rtt.wait(if patient { n } else { 0 });
        let flights = self.flights.iter_mut();
        flights.filter_map(|flight| flight.departs(now, wait)).collect()
    }

    /// So many frames may be in flight from now on. That changes at most once
    /// in a round trip.
    fn allow(&mut self, now: Duration, allowed: u32) {
        if now >= self.changed + self.rtt.round_trip() {
            self.allowed = allowed.max(LEAST).min(self.most);
            self.changed = now;
        }
    }

    /// An acknowledgement: `seq` has come, and everything up to the number in
    /// the payload was shown (without a payload: up to `seq`). What was
    /// confirmed by that.
    pub fn acknowledged(&mut self, now: Duration, ack: &Frame) -> Vec<Flight> {
        let read = match ack.payload.is_empty() {
            true => ack.seq,
            false => number(&ack.payload),
        };
        if ack.seq.max(read) > self.sent {
            return Vec::new(); // It names what was never sent.
        }
        let mut flights = self.flights.iter_mut();
        let came = flights.find(|f| f.frame.seq == ack.seq && !f.came);
        if let Some(flight) = came {
            flight.arrives();
            let sent = flight.sent_at(ack.attempt);
            self.rtt.sample(now, sent);
            self.expect_news(now);
            for flight in &mut self.flights {
                flight.overtaken((sent.unwrap_or_default(), ack.seq));
            }
        }
        let shown = self.flights.partition_point(|f| f.frame.seq <= read);
        if shown > 0 {
            self.word = Some(now + LATE);
            self.allow(now, self.allowed + 1);
        }
        self.flights.drain(..shown).collect()
    }

    /// The highest of the peer's numbers that has come.
    pub fn newest(&self) -> u32 {
        self.early.last_key_value().map_or(self.read, |(seq, _)| *seq)
    }

    /// Whether the peer's number `seq` was not there before.
    pub fn is_new(&self, seq: u32) -> bool {
        seq > self.read && !self.early.contains_key(&seq)
    }

    /// Whether it is too early for the peer's number `seq`: there is no place.
    pub fn is_too_early(&self, seq: u32) -> bool {
        seq.saturating_sub(self.read) > self.most
    }

    /// The peer's new number `seq` has come: the messages whose turn it is now.
    pub fn arrived(&mut self, seq: u32, text: Vec<u8>) -> Vec<Vec<u8>> {
        self.early.insert(seq, text);
        let mut turn = Vec::new();
        while let Some(first) = self.early.first_entry()
            && *first.key() == self.read + 1
        {
            self.read += 1;
            turn.push(first.remove());
        }
        turn.retain(|text| !text.is_empty());
        turn
    }
}
