//! The conversation: who is there, what is confirmed, what is sent again and
//! when. It knows no socket and no clock: what arrives, and what time it is,
//! come in as arguments; what is to be done comes out as [`Action`]s. So a test
//! can hold a thousand conversations in a second.
//!
//! ```text
//!        HELLO answered, then TEXT #1      BYE, or 30 s without an ACK
//! LISTEN ----------------------------> UP ----------------------------> LISTEN
//! CALL   ---------------------------->    ----------------------------> (end)
//!        our HELLO was answered
//! ```
//!
//! One frame at a time is in flight (stop and wait): only the timer sends it
//! again, and only its ACK lets the next one go.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::mem::take;
use std::net::SocketAddr;
use std::time::Duration;

use common::printable;

use crate::frame::{Frame, Kind, Unfit, number, smaller};

const FIRST_WAIT: Duration = Duration::from_secs(1); // Nothing measured yet.
const LEAST_WAIT: Duration = Duration::from_millis(200); // RFC 6298: 1 s.
const MOST_WAIT: Duration = Duration::from_secs(2); // On a usual path.
const PATIENCE: Duration = Duration::from_secs(30); // Then nobody is there.
const BUSY_PATIENCE: Duration = Duration::from_secs(60); // Or somebody else.
const BYE_PATIENCE: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(15); // Then: still there?
const DOUBT: Duration = Duration::from_secs(2); // While others call.

/// What the session wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes there. A failure is a lost datagram.
    Send(SocketAddr, Vec<u8>),
    /// Show this message. If that fails, do nothing of what follows: the
    /// message's ACK may be next.
    Show(Vec<u8>),
    /// Tell the user.
    Note(String),
    /// It is over; the sentence says what went wrong, if anything did.
    End(Option<String>),
}

/// What was counted, of all sessions of this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stats {
    /// Messages that were confirmed.
    confirmed: usize,
    /// Messages that were shown.
    shown: usize,
    /// Messages that went out as a zlib stream,
    compressed: usize,
    /// and their bytes before
    before: usize,
    /// and after.
    after: usize,
    /// Frames sent again.
    again: usize,
    /// Frames that came damaged.
    damaged: usize,
    /// Frames that had come before.
    duplicate: usize,
}

/// The other side.
struct Peer {
    id: u32,
    address: SocketAddr,
    sent: u32,       // The number of our last frame.
    expect: u32,     // The number of its next frame.
    heard: Duration, // When we last heard of it.
}

/// The frame that waits for its answer.
struct Flight {
    frame: Frame,
    sent: Vec<Duration>, // When: one entry for each attempt.
    due: Duration,       // When to send it again, or
    until: Duration,     // to give up.
}

impl Flight {
    fn new(frame: Frame, due: Duration, until: Duration) -> Flight {
        Flight { frame, sent: Vec::new(), due, until }
    }
}

/// The round-trip time, and the retransmission timeout (RFC 6298, section 2).
#[derive(Clone, Copy, Default)]
struct Rtt {
    smoothed: Option<Duration>,
    variation: Duration,
}

impl Rtt {
    /// The time from a sending to its answer, if it is known.
    fn sample(&mut self, took: Option<Duration>) {
        let Some(r) = took else { return };
        let Some(smoothed) = self.smoothed else {
            (self.smoothed, self.variation) = (Some(r), r / 2);
            return;
        };
        self.variation = (self.variation * 3 + smoothed.abs_diff(r)) / 4;
        self.smoothed = Some((smoothed * 7 + r) / 8);
    }

    /// How long to wait after the sending number `attempt` (0, 1, ...).
    fn wait(&self, attempt: u8) -> Duration {
        let estimate = self.smoothed.map_or(FIRST_WAIT, |smoothed| {
            (smoothed + self.variation * 4).max(LEAST_WAIT)
        });
        let doubled = estimate.saturating_mul(1 << attempt.min(4));
        doubled.min(MOST_WAIT).max(estimate)
    }
}

/// One side of a chat. After each call, and when [`Session::deadline`] has
/// come, call [`Session::tick`]; then do what [`Session::actions`] gives.
///
/// Times count from any fixed moment, and never run backwards.
#[derive(Default)]
pub struct Session {
    dial: Vec<SocketAddr>,
    started: Duration,
    me: u32,                       // Our id; 0 while we listen.
    candidate: Option<(u32, u32)>, // A caller's id, and ours for it.
    peer: Option<Peer>,            // Somebody: the session is UP.
    flight: Option<Flight>,
    queue: VecDeque<Vec<u8>>, // Its head may be in flight; empty: no message.
    rtt: Rtt,
    busy: bool,       // The one we call talks to somebody else.
    had_peer: bool,   // There was one at least.
    leaving: bool,    // Say BYE when all is confirmed.
    only_one: bool,   // End when the peer has left.
    over: bool,       // It has ended.
    lost: [usize; 2], // Messages not confirmed, and not sent.
    actions: Vec<Action>,
    stats: Stats,
}

impl Session {
    /// A session that calls all of `dial` and talks to the first that answers;
    /// if there is none, it listens.
    pub fn new(dial: Vec<SocketAddr>, now: Duration) -> Session {
        let mut session = Session { dial, started: now, ..Session::default() };
        if session.dials() {
            session.me = fresh_id();
            session.call(now);
        }
        session
    }

    /// A message for the peer, 1 to 1,024 bytes. It waits until there is one.
    /// After [`Session::leave`] it is ignored.
    pub fn say(&mut self, text: &[u8]) {
        if !self.leaving {
            self.queue.push_back(text.to_vec());
        }
    }

    /// The user has nothing more to say: a caller leaves when everything is
    /// confirmed, a listener when its peer has left.
    pub fn no_more(&mut self) {
        self.only_one = true;
        let was_here = self.had_peer && self.peer.is_none();
        self.leaving |= self.dials() || was_here;
    }

    /// The user wants to leave: with a BYE, when everything is confirmed.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// The user wants to leave now.
    pub fn abort(&mut self) {
        if let Some(peer) = &self.peer {
            let (to, ids) = (peer.address, (self.me, peer.id));
            self.send(to, Kind::Bye, 0, ids, 0);
        }
        self.end(None);
    }

    /// A datagram has come, `data`, 0 bytes or more.
    pub fn receive(&mut self, now: Duration, from: SocketAddr, data: &[u8]) {
        let frame = match Frame::unpack(data) {
            Ok(frame) if !self.over => frame,
            Err(Unfit::Damaged) => return self.stats.damaged += 1,
            _ => return,
        };
        let ids = (frame.src, frame.dst);
        let first = frame.kind == Kind::Text && frame.seq == 1;
        let known = self.peer.as_ref().is_some_and(|p| ids == (p.id, self.me));
        let calling = self.dials() && self.peer.is_none();
        match frame.kind {
            Kind::Hello if frame.dst == 0 => self.called(now, from, &frame),
            Kind::Hello if calling && frame.dst == self.me => {
                self.answered(now, from, &frame);
            }
            Kind::Hello => {}
            _ if known => self.heard(now, from, &frame),
            _ if first && self.candidate == Some(ids) => {
                self.up(now, from, ids);
                self.heard(now, from, &frame);
            }
            Kind::Bye if frame.seq == 0 => {
                if calling && frame.dst == self.me {
                    self.line_is_busy();
                }
            }
            Kind::Ack => {}
            _ if frame.dst == 0 || frame.dst == self.me => {}
            _ => self.send(from, Kind::Bye, 0, (frame.dst, frame.src), 0),
        }
    }

    /// Sends what is due, the first time or again, and gives up what has
    /// waited too long.
    pub fn tick(&mut self, now: Duration) {
        self.launch(now);
        let due = self.flight.as_mut().filter(|flight| now >= flight.due);
        let Some(flight) = due else { return };
        if now >= flight.until {
            return match flight.frame.kind {
                Kind::Hello if self.busy => self.end(Some("the line is busy")),
                Kind::Hello => self.end(Some("nobody answers")),
                Kind::Bye => self.end(None),
                _ => self.down(0, "the peer does not answer any more"),
            };
        }
        let attempt = u8::try_from(flight.sent.len()).unwrap_or(u8::MAX);
        self.stats.again += usize::from(attempt > 0 && self.peer.is_some());
        flight.frame.attempt = attempt;
        flight.sent.push(now);
        flight.due = (now + self.rtt.wait(attempt)).min(flight.until);
        let data = flight.frame.pack();
        let to = match &self.peer {
            Some(peer) => vec![peer.address],
            None => self.dial.clone(),
        };
        self.actions
            .extend(to.iter().map(|to| Action::Send(*to, data.clone())));
    }

    /// When to call [`Session::tick`] at the latest, if ever.
    pub fn deadline(&self) -> Option<Duration> {
        let silence = self.peer.as_ref().map(|peer| peer.heard + SILENCE);
        self.flight.as_ref().map(|flight| flight.due).or(silence)
    }

    /// What is to be done now, in this order; each is given once.
    pub fn actions(&mut self) -> Vec<Action> {
        take(&mut self.actions)
    }

    /// How many messages are not confirmed yet.
    pub fn waiting(&self) -> usize {
        self.queue.iter().filter(|text| !text.is_empty()).count()
    }

    /// What `--stats` prints.
    pub fn report(&self) -> String {
        let Stats { confirmed, compressed, before, after, again, .. } =
            self.stats;
        let Stats { shown, duplicate, damaged, .. } = self.stats;
        let rtt = self.rtt.smoothed.map_or("not measured".to_string(), |rtt| {
            format!("{:.1} ms", rtt.as_secs_f64() * 1e3)
        });
        format!(
            "{confirmed} messages confirmed, {again} frames sent again, \
             {compressed} compressed: {before} bytes to {after}\n\
             {shown} messages shown, {duplicate} duplicates, \
             {damaged} damaged\n\
             round-trip time {rtt}"
        )
    }

    fn dials(&self) -> bool {
        !self.dial.is_empty()
    }

    /// Puts the next frame in flight, if there is one and nothing flies.
    fn launch(&mut self, now: Duration) {
        let Some(peer) = &mut self.peer else {
            let hopeless = !self.dials() || self.queue.is_empty();
            if self.leaving && hopeless && !self.over {
                self.end(None);
            }
            return;
        };
        if self.flight.is_some() {
            return;
        }
        if self.queue.is_empty() && !self.leaving {
            if now < peer.heard + SILENCE {
                return;
            }
            self.queue.push_back(Vec::new());
        }
        let Some(seq) = peer.sent.checked_add(1) else {
            return self.down(0, "no numbers are left in this session");
        };
        let (kind, payload, patience) = match self.queue.front() {
            Some(text) => {
                let (kind, payload) = smaller(text);
                if kind == Kind::Ztext {
                    self.stats.compressed += 1;
                    self.stats.before += text.len();
                    self.stats.after += payload.len();
                }
                (kind, payload, PATIENCE)
            }
            None => {
                let read = peer.expect.wrapping_sub(1).to_be_bytes();
                (Kind::Bye, read.to_vec(), BYE_PATIENCE)
            }
        };
        peer.sent = seq;
        let (src, dst) = (self.me, peer.id);
        let frame = Frame { kind, attempt: 0, src, dst, seq, payload };
        self.flight = Some(Flight::new(frame, now, now + patience));
    }

    /// Calls: a HELLO at 0, 1, 3, 5 ... seconds.
    fn call(&mut self, now: Duration) {
        let frame = Frame {
            kind: Kind::Hello,
            attempt: 0,
            src: self.me,
            dst: 0,
            seq: 0,
            payload: Vec::new(),
        };
        let until = self.started + PATIENCE;
        self.flight = Some(Flight::new(frame, now, until));
    }

    /// Somebody asks whether anyone is there.
    fn called(&mut self, now: Duration, from: SocketAddr, hello: &Frame) {
        let id = hello.src;
        if self.dials() && id == self.me {
            return self.end(Some("I have called myself"));
        }
        if self.dials() && !self.dial.contains(&from) {
            return; // We called somebody else.
        }
        let mine = match (&self.peer, self.candidate) {
            (Some(peer), _) if peer.id == id => self.me,
            (Some(peer), _) if peer.address != from => {
                let silent = now >= peer.heard + DOUBT;
                if silent && self.queue.is_empty() && self.flight.is_none() {
                    self.queue.push_back(Vec::new()); // Are you still there?
                }
                // A stranger learns nothing of the session, not even our id.
                let nobody = fresh_id();
                return self.send(from, Kind::Bye, 0, (nobody, id), 0);
            }
            (None, _) if self.dials() => self.me,
            (_, Some((candidate, mine))) if candidate == id => mine,
            _ => fresh_id(),
        };
        if mine != self.me || self.peer.is_none() {
            self.candidate = Some((id, mine));
        }
        self.send(from, Kind::Hello, hello.attempt, (mine, id), 0);
    }

    /// Our call was answered.
    fn answered(&mut self, now: Duration, from: SocketAddr, hello: &Frame) {
        let took = self.took(now, hello.attempt);
        self.up(now, from, (hello.src, hello.dst));
        self.rtt.sample(took);
        self.queue.push_front(Vec::new()); // TEXT #1: "I am up".
    }

    /// How long ago the frame in flight was sent for the time `attempt`.
    fn took(&self, now: Duration, attempt: u8) -> Option<Duration> {
        let sent = &self.flight.as_ref()?.sent;
        Some(now.saturating_sub(*sent.get(usize::from(attempt))?))
    }

    /// A session begins; the ids are the peer's and ours.
    fn up(&mut self, now: Duration, from: SocketAddr, ids: (u32, u32)) {
        if self.peer.is_some() {
            self.note("the peer started again".to_string());
            self.lose(0);
        }
        self.note(format!("connected to {}", shown(from)));
        let (id, me) = ids;
        self.me = me;
        let peer = Peer { id, address: from, sent: 0, expect: 1, heard: now };
        self.peer = Some(peer);
        (self.candidate, self.flight) = (None, None);
        (self.rtt, self.had_peer) = (Rtt::default(), true);
    }

    /// A frame of this session, from the peer.
    fn heard(&mut self, now: Duration, from: SocketAddr, frame: &Frame) {
        let Some(peer) = &mut self.peer else { return };
        (peer.address, peer.heard) = (from, now); // It may have moved.
        let (expect, ids) = (peer.expect, (self.me, peer.id));
        match frame.kind {
            Kind::Ack => return self.confirmed(now, frame),
            Kind::Bye if frame.seq == 0 => return self.reset(now),
            _ if frame.seq > expect => return,
            _ if frame.seq < expect => self.stats.duplicate += 1,
            Kind::Bye => {}
            _ => {
                let Some(text) = frame.text() else { return };
                peer.expect = expect.wrapping_add(1);
                if !text.is_empty() {
                    self.stats.shown += 1;
                    self.actions.push(Action::Show(text));
                }
            }
        }
        // Only now that it is shown.
        self.send(from, Kind::Ack, frame.attempt, ids, frame.seq);
        if frame.kind == Kind::Bye && frame.seq == expect {
            self.down(number(&frame.payload), "the peer left");
        }
    }

    /// The peer acknowledges a frame: the one in flight?
    fn confirmed(&mut self, now: Duration, ack: &Frame) {
        let took = self.took(now, ack.attempt);
        let Some(flight) = self.flight.take_if(|f| f.frame.seq == ack.seq)
        else {
            return;
        };
        self.rtt.sample(took);
        if flight.frame.kind == Kind::Bye {
            return self.end(None);
        }
        let text = self.queue.pop_front().unwrap_or_default();
        self.stats.confirmed += usize::from(!text.is_empty());
    }

    /// The peer knows nothing of this session.
    fn reset(&mut self, now: Duration) {
        let Some(peer) = &self.peer else { return };
        let flying = self.flight.as_ref().map(|f| f.frame.kind);
        let nothing_yet = peer.sent == 1 && peer.expect == 1;
        if flying == Some(Kind::Bye) {
            self.end(None);
        } else if self.dials() && nothing_yet && flying.is_some() {
            // Another caller was quicker: our TEXT #1 came too late.
            self.queue.pop_front();
            self.peer = None;
            self.call(now + FIRST_WAIT);
            self.line_is_busy();
        } else {
            self.down(0, "the peer has ended the session");
        }
    }

    /// The one we call talks to somebody else: keep calling, for longer.
    fn line_is_busy(&mut self) {
        if !self.busy {
            self.note("the line is busy; calling again".to_string());
        }
        self.busy = true;
        if let Some(flight) = &mut self.flight {
            flight.until = self.started + BUSY_PATIENCE;
        }
    }

    /// The session ends; the peer has read up to our number `read`.
    fn down(&mut self, read: u32, why: &str) {
        self.note(why.to_string());
        self.lose(read);
        (self.peer, self.flight) = (None, None);
        if self.dials() || self.leaving || self.only_one {
            self.end(None);
        } else {
            self.me = 0;
            self.note("waiting for the next caller".to_string());
        }
    }

    /// Says what became of the messages in the queue. Nobody can know whether
    /// the one in flight was delivered.
    fn lose(&mut self, read: u32) {
        let flying = self.flight.as_ref().filter(|_| self.peer.is_some());
        let mut sent = flying.map(|flight| flight.frame.seq);
        if sent.is_some_and(|seq| seq <= read) {
            let text = self.queue.pop_front().unwrap_or_default();
            self.stats.confirmed += usize::from(!text.is_empty());
            sent = None;
        }
        for text in take(&mut self.queue) {
            let sent = sent.take().is_some();
            if !text.is_empty() {
                let what = if sent { "not confirmed" } else { "not sent" };
                self.note(format!("{what}: {}", printable(&text)));
                self.lost[usize::from(!sent)] += 1;
            }
        }
    }

    /// The program ends.
    fn end(&mut self, why: Option<&str>) {
        self.lose(0);
        (self.peer, self.flight, self.over) = (None, None, true);
        let lost = match self.lost {
            [0, 0] => None,
            [a, b] => Some(format!("{a} not confirmed, {b} not sent")),
        };
        self.actions.push(Action::End(why.map(str::to_string).or(lost)));
    }

    fn note(&mut self, text: String) {
        self.actions.push(Action::Note(text));
    }

    /// Sends a frame that is not waited for. The ids are ours and the peer's.
    fn send(
        &mut self,
        to: SocketAddr,
        kind: Kind,
        attempt: u8,
        (src, dst): (u32, u32),
        seq: u32,
    ) {
        let payload = Vec::new();
        let frame = Frame { kind, attempt, src, dst, seq, payload };
        self.actions.push(Action::Send(to, frame.pack()));
    }
}

/// An address as text; an IPv4 one without IPv6's `::ffff:` before it.
pub fn shown(address: SocketAddr) -> String {
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

/// 32 bits that nobody can guess, never 0. (std seeds its hash tables with the
/// system's randomness.)
fn fresh_id() -> u32 {
    let hasher = RandomState::new().build_hasher();
    (hasher.finish() as u32).max(1)
}
