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
//! It reads as stop and wait: a message goes out, waits for its ACK, and goes
//! out again. How many may do so at once, and when, is the window's business.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::mem::{replace, take};
use std::net::SocketAddr;
use std::time::Duration;

use crate::flight::{FIRST_WAIT, Flight, Rtt, words};
use crate::frame::{Frame, Kind, Unfit, number, smaller};
use crate::window::{WINDOW, Window};

const PATIENCE: Duration = Duration::from_secs(30); // Then nobody is there.
const BUSY_PATIENCE: Duration = Duration::from_secs(60); // Or somebody else.
const BYE_PATIENCE: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(15); // Then: still there?
const DOUBT: Duration = Duration::from_secs(2); // While others call.
const CALL_WORD: Duration = Duration::from_secs(2); // Then the user is told
const WORD_AGAIN: Duration = Duration::from_secs(10); // and told again.

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
    /// The round-trip time of the last session, smoothed.
    rtt: Option<Duration>,
}

/// Where the conversation stands, and what is known there alone.
pub enum State {
    /// LISTEN: nobody is there.
    Listen {
        /// Somebody was.
        served: bool,
    },
    /// CALL: our HELLO is in flight.
    Call {
        /// That HELLO.
        hello: Flight,
        /// When to tell the user whom we call.
        word: Duration,
        /// The one we call talks to somebody else.
        busy: bool,
    },
    /// UP: somebody is there.
    Up(Peer),
    /// The end.
    Over,
}

/// What the user wants, from much to little.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Talk,
    /// To hear the peer until it leaves.
    Hear,
    /// To leave when everything is confirmed.
    Leave,
}

/// The other side.
pub struct Peer {
    you: u32, // Its id in this session,
    me: u32,  // and ours.
    address: SocketAddr,
    heard: Duration, // When we last heard something new of it.
    doubted: Option<Duration>, // Since when somebody else wants its place.
    ask: bool,       // An empty TEXT is next: are you there?
    /// What is between us.
    pub window: Window,
}

impl Peer {
    /// It has said something new.
    pub fn hear(&mut self, now: Duration) {
        (self.heard, self.doubted) = (now, None);
    }

    /// Somebody else calls, from `from`. If the peer is silent, it is asked; if
    /// the caller is on the peer's own machine (started again, perhaps), and
    /// no answer came meanwhile, the peer is gone.
    pub fn is_gone(&mut self, now: Duration, from: SocketAddr) -> bool {
        let neighbour = from.ip() == self.address.ip();
        if self.address == from {
            return false;
        }
        if let Some(since) = self.doubted {
            return neighbour && now >= since + self.window.rtt.wait(u32::MAX);
        }
        if neighbour || now >= self.heard + DOUBT {
            self.ask = self.window.flights.is_empty();
            self.doubted = Some(now);
        }
        false
    }
}

/// One side of a chat. After each call, and when [`Session::deadline`] has
/// come, call [`Session::tick`]; then do what [`Session::actions`] gives.
///
/// Times count from any fixed moment, and never run backwards.
pub struct Session {
    dial: Vec<SocketAddr>,
    started: Duration,
    /// Where the conversation stands; for whoever shows it.
    pub state: State,
    wish: Wish,
    window: u16,              // How wide it may be.
    key: RandomState,         // Of the ids that we give to callers.
    queue: VecDeque<Vec<u8>>, // The messages that were never sent.
    lost: [usize; 2],         // Messages not confirmed, and not sent.
    actions: Vec<Action>,
    stats: Stats,
}

impl Session {
    /// A session that calls all of `dial` and talks to the first that answers;
    /// if there is none, it listens.
    pub fn new(dial: Vec<SocketAddr>, now: Duration) -> Session {
        let mut session = Session {
            dial,
            started: now,
            state: State::Listen { served: false },
            wish: Wish::Talk,
            window: WINDOW,
            key: RandomState::new(),
            queue: VecDeque::new(),
            lost: [0, 0],
            actions: Vec::new(),
            stats: Stats::default(),
        };
        if session.dials() {
            session.call(now);
        }
        session
    }

    /// At most so many frames are in flight, 1 to 16 (16); with 1, it is stop
    /// and wait. To be called before anything else.
    pub fn set_window(&mut self, window: u16) {
        self.window = window.clamp(1, WINDOW);
    }

    /// A message for the peer, 1 to 1,024 bytes. It waits until there is one.
    /// After [`Session::leave`] it is not sent any more.
    pub fn say(&mut self, text: &[u8]) {
        match self.wish {
            Wish::Leave => self.not_sent(text),
            _ => self.queue.push_back(text.to_vec()),
        }
    }

    /// The user has nothing more to say: a caller leaves when everything is
    /// confirmed, a listener when its peer has left.
    pub fn no_more(&mut self) {
        let served = matches!(self.state, State::Listen { served: true });
        let leaves = self.dials() || served;
        let wish = if leaves { Wish::Leave } else { Wish::Hear };
        self.wish = self.wish.max(wish);
    }

    /// The user wants to leave: with a BYE, when everything is confirmed.
    pub fn leave(&mut self) {
        self.wish = Wish::Leave;
    }

    /// The user wants to leave now.
    pub fn abort(&mut self) {
        if let State::Up(peer) = &self.state {
            let bye = Frame::new(Kind::Bye, (peer.me, peer.you), 0);
            self.send(peer.address, &bye);
        }
        self.end(None);
    }

    /// A datagram has come, `data`, 0 bytes or more.
    pub fn receive(&mut self, now: Duration, from: SocketAddr, data: &[u8]) {
        let frame = match Frame::unpack(data) {
            Ok(frame) if !matches!(self.state, State::Over) => frame,
            Err(Unfit::Damaged) => return self.stats.damaged += 1,
            _ => return,
        };
        let (src, dst) = (frame.src, frame.dst);
        let first = frame.kind == Kind::Text && frame.seq == 1;
        let reset = frame.kind == Kind::Bye && frame.seq == 0;
        let ours = match &self.state {
            State::Call { hello, .. } => dst == hello.frame.src,
            State::Up(peer) => (src, dst) == (peer.you, peer.me),
            State::Listen { .. } | State::Over => false,
        };
        match (&self.state, frame.kind) {
            (_, Kind::Hello) if dst == 0 => self.called(now, from, &frame),
            (State::Call { hello, .. }, Kind::Hello) if ours => {
                let sent = hello.sent_at(frame.attempt);
                self.up(now, from, &frame);
                if let State::Up(peer) = &mut self.state {
                    peer.window.rtt.sample(now, sent);
                }
            }
            (_, Kind::Hello) => {}
            (State::Up(_), _) if ours => self.heard(now, from, &frame),
            _ if first && Some(dst) == self.id_for(from, src) => {
                self.up(now, from, &frame);
                self.heard(now, from, &frame);
            }
            (State::Call { .. }, _)
                if ours && reset && self.dial.contains(&from) =>
            {
                self.line_is_busy();
            }
            (_, Kind::Ack) => {}
            _ if reset || dst == 0 => {}
            // Whatever else the ids are, the answer is the same: it does not
            // tell a stranger which of them is right.
            _ => self.send(from, &Frame::new(Kind::Bye, (dst, src), 0)),
        }
    }

    /// Sends what is due, the first time or again, and gives up what has
    /// waited too long.
    pub fn tick(&mut self, now: Duration) {
        let leaves = self.wish == Wish::Leave;
        match &self.state {
            State::Listen { .. } if leaves => self.end(None),
            State::Call { .. } if leaves && self.queue.is_empty() => {
                self.end(None);
            }
            State::Call { .. } => self.tick_call(now),
            State::Up(_) => self.tick_up(now),
            State::Listen { .. } | State::Over => {}
        }
    }

    /// When to call [`Session::tick`] at the latest, if ever.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Call { hello, word, .. } => Some(hello.due.min(*word)),
            State::Up(peer) => {
                peer.window.deadline().or(Some(peer.heard + SILENCE))
            }
            State::Listen { .. } | State::Over => None,
        }
    }

    /// What is to be done now, in this order; each is given once.
    pub fn actions(&mut self) -> Vec<Action> {
        take(&mut self.actions)
    }

    /// How many messages are not confirmed yet.
    pub fn waiting(&self) -> usize {
        let State::Up(peer) = &self.state else { return self.queue.len() };
        let flights = peer.window.flights.iter();
        self.queue.len() + flights.filter(|f| f.has_message()).count()
    }

    /// What `--stats` prints.
    pub fn report(&self) -> String {
        let Stats { confirmed, compressed, before, after, again, .. } =
            self.stats;
        let Stats { shown, duplicate, damaged, .. } = self.stats;
        let rtt = self.stats.rtt.map_or("not measured".to_string(), |rtt| {
            format!("{:.1} ms", rtt.as_secs_f64() * 1e3)
        });
        format!(
            "sent: {confirmed} confirmed, {again} again, \
             {compressed} compressed ({before} bytes to {after})\n\
             received: {shown} shown, {duplicate} twice, {damaged} damaged\n\
             round-trip time: {rtt}"
        )
    }

    fn dials(&self) -> bool {
        !self.dial.is_empty()
    }

    /// Our id for the caller with that address and id, if we would take its
    /// call now. It is computed whenever it is needed, and not kept, so that no
    /// flood of callers costs memory (as SYN cookies, RFC 4987, section 3.6).
    fn id_for(&self, from: SocketAddr, id: u32) -> Option<u32> {
        let fresh = || Some((self.key.hash_one((from, id)) as u32).max(1));
        match &self.state {
            State::Listen { .. } => fresh(),
            State::Call { hello, .. } => {
                self.dial.contains(&from).then_some(hello.frame.src)
            }
            State::Up(peer) if peer.address != from => None,
            State::Up(peer) if peer.you == id => Some(peer.me),
            State::Up(_) => fresh(), // It has started again.
            State::Over => None,
        }
    }

    /// While we call: a HELLO at 0, 1, 3, 5 ... seconds.
    fn tick_call(&mut self, now: Duration) {
        let State::Call { hello, word, busy } = &mut self.state else {
            return;
        };
        if now >= hello.until {
            let busy = *busy;
            let why = if busy { "the line is busy" } else { "nobody answers" };
            return self.end(Some(why));
        }
        if now >= *word {
            *word = now + WORD_AGAIN;
            let whom: Vec<_> = self.dial.iter().map(|to| shown(*to)).collect();
            let left = (hello.until - now).as_secs_f64();
            let text = format!("calling {}", whom.join(" and "));
            let text = format!("{text} for {left:.0} s more");
            self.actions.push(Action::Note(text));
        }
        if let Some(frame) = hello.departs(now, |n| Rtt::default().wait(n)) {
            for to in &self.dial {
                self.actions.push(Action::Send(*to, frame.pack()));
            }
        }
    }

    /// While somebody is there.
    fn tick_up(&mut self, now: Duration) {
        self.launch(now);
        let State::Up(peer) = &mut self.state else { return };
        let Some(oldest) = peer.window.flights.front() else { return };
        if now >= oldest.until {
            return match oldest.frame.kind {
                Kind::Bye => self.end(None),
                _ => self.down(0, "the peer does not answer any more"),
            };
        }
        if peer.window.word.take_if(|at| now >= *at).is_some() {
            let text = match oldest.has_message() {
                true => format!("not confirmed yet: {}", oldest.words()),
                false => "no answer".to_string(),
            };
            self.actions.push(Action::Note(text + ", trying again"));
        }
        let patient = peer.doubted.is_none();
        for frame in peer.window.departures(now, patient) {
            self.stats.again += usize::from(frame.attempt > 0);
            self.actions.push(Action::Send(peer.address, frame.pack()));
        }
    }

    /// Puts the next frames in flight, as many as there is room for.
    fn launch(&mut self, now: Duration) {
        while let State::Up(peer) = &mut self.state
            && peer.window.has_room()
        {
            let done = self.queue.is_empty() && peer.window.flights.is_empty();
            let leaves = done && self.wish == Wish::Leave;
            let silent = done && !leaves && now >= peer.heard + SILENCE;
            let ask = take(&mut peer.ask) || silent;
            if !ask && !leaves && self.queue.is_empty() {
                return;
            }
            let Some(seq) = peer.window.sent.checked_add(1) else {
                if peer.window.flights.is_empty() {
                    self.down(0, "no numbers are left in this session");
                }
                return;
            };
            let next =
                if ask { Some(Vec::new()) } else { self.queue.pop_front() };
            let (kind, payload, patience) = match &next {
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
                    let read = peer.window.read.to_be_bytes();
                    (Kind::Bye, read.to_vec(), BYE_PATIENCE)
                }
            };
            let ids = (peer.me, peer.you);
            let frame = Frame { payload, ..Frame::new(kind, ids, seq) };
            let flight = Flight::new(frame, now, now + patience);
            peer.window.launch(now, flight);
        }
    }

    /// Calls, from `now` on.
    fn call(&mut self, now: Duration) {
        let frame = Frame::new(Kind::Hello, (fresh_id(), 0), 0);
        let hello = Flight::new(frame, now, self.started + PATIENCE);
        let word = now + CALL_WORD;
        self.state = State::Call { hello, word, busy: false };
    }

    /// Somebody asks whether anyone is there.
    fn called(&mut self, now: Duration, from: SocketAddr, hello: &Frame) {
        if self.dials() && !self.dial.contains(&from) {
            return; // We called somebody else.
        }
        let (id, attempt) = (hello.src, hello.attempt);
        if let State::Call { hello, .. } = &self.state
            && hello.frame.src == id
        {
            return self.end(Some("I have called myself"));
        }
        if let State::Up(peer) = &mut self.state
            && peer.is_gone(now, from)
        {
            self.down(0, "the peer does not answer any more");
            if matches!(self.state, State::Over) {
                return;
            }
        }
        match self.id_for(from, id) {
            Some(me) => {
                let answer = Frame::new(Kind::Hello, (me, id), 0);
                self.send(from, &Frame { attempt, ..answer });
            }
            // Busy. A stranger learns nothing of the session, not even our id.
            None => {
                self.send(from, &Frame::new(Kind::Bye, (fresh_id(), id), 0));
            }
        }
    }

    /// A session begins: `frame` has its ids.
    fn up(&mut self, now: Duration, from: SocketAddr, frame: &Frame) {
        if matches!(self.state, State::Up(_)) {
            self.note("the peer started again".to_string());
            self.lose(0);
        }
        self.note(format!("connected to {}", shown(from)));
        let (you, me) = (frame.src, frame.dst);
        let (address, heard, doubted) = (from, now, None);
        // Our call was answered: TEXT #1 tells the peer that we are up.
        let ask = frame.kind == Kind::Hello;
        let window = Window::new(self.window, now);
        let peer = Peer { you, me, address, heard, doubted, ask, window };
        self.state = State::Up(peer);
        self.key = RandomState::new(); // No id is given twice.
    }

    /// A frame of this session, from the peer.
    fn heard(&mut self, now: Duration, from: SocketAddr, frame: &Frame) {
        let State::Up(peer) = &mut self.state else { return };
        let (seq, window) = (frame.seq, &mut peer.window);
        let new = window.is_new(seq);
        match frame.kind {
            Kind::Ack => return self.confirmed(now, frame),
            Kind::Bye if seq == 0 => return self.reset(now),
            _ if window.is_too_early(seq) => return,
            Kind::Bye if seq - 1 > window.read => return, // Not all is here.
            _ if !new => self.stats.duplicate += 1,
            kind => {
                let text = match kind {
                    Kind::Bye => Some(Vec::new()),
                    _ => frame.text(),
                };
                let Some(text) = text else { return };
                // It may have moved. An old frame would not tell where to.
                if seq > window.newest() {
                    peer.address = from;
                }
                let texts = window.arrived(seq, text);
                peer.hear(now);
                self.stats.shown += texts.len();
                self.actions.extend(texts.into_iter().map(Action::Show));
            }
        }
        // Only now that it is shown. What came before its turn was not: so the
        // ACK says up to where everything was.
        let ack = Frame::new(Kind::Ack, (peer.me, peer.you), seq);
        let read = peer.window.read;
        let payload = match read == seq {
            true => Vec::new(),
            false => read.to_be_bytes().to_vec(),
        };
        self.send(from, &Frame { attempt: frame.attempt, payload, ..ack });
        if frame.kind == Kind::Bye && new {
            self.down(number(&frame.payload), "the peer left");
        }
    }

    /// The peer acknowledges a frame: one of those in flight?
    fn confirmed(&mut self, now: Duration, ack: &Frame) {
        let State::Up(peer) = &mut self.state else { return };
        let told = peer.window.word.is_none();
        let done = peer.window.acknowledged(now, ack);
        let Some(last) = done.last() else { return };
        peer.hear(now);
        let messages = done.iter().filter(|flight| flight.has_message());
        self.stats.confirmed += messages.count();
        if told {
            self.note("the peer answers again".to_string());
        }
        if last.frame.kind == Kind::Bye {
            self.end(None);
        }
    }

    /// The peer knows nothing of this session.
    fn reset(&mut self, now: Duration) {
        let State::Up(peer) = &self.state else { return };
        let flying = peer.window.flights.front().map(|f| f.frame.kind);
        let nothing_yet = peer.window.sent == 1 && peer.window.read == 0;
        if flying == Some(Kind::Bye) {
            self.end(None);
        } else if self.dials() && nothing_yet && flying.is_some() {
            // Another caller was quicker: our TEXT #1 came too late.
            self.call(now + FIRST_WAIT);
            self.line_is_busy();
        } else {
            self.down(0, "the peer has ended the session");
        }
    }

    /// The one we call talks to somebody else: keep calling, for longer.
    fn line_is_busy(&mut self) {
        let State::Call { hello, busy, .. } = &mut self.state else { return };
        hello.until = self.started + BUSY_PATIENCE;
        if !replace(busy, true) {
            self.note("the line is busy; calling again".to_string());
        }
    }

    /// The session ends; the peer has read up to our number `read`.
    fn down(&mut self, read: u32, why: &str) {
        self.note(why.to_string());
        self.lose(read);
        if self.dials() || self.wish != Wish::Talk {
            self.end(None);
        } else {
            self.state = State::Listen { served: true };
            self.note("waiting for the next caller".to_string());
        }
    }

    /// Says what became of the messages. Nobody can know whether one in flight
    /// was delivered, unless the peer has read up to its number.
    fn lose(&mut self, read: u32) {
        let flights = match &mut self.state {
            State::Up(peer) => {
                self.stats.rtt = peer.window.rtt.smoothed;
                take(&mut peer.window.flights)
            }
            _ => VecDeque::new(),
        };
        for flight in flights.iter().filter(|flight| flight.has_message()) {
            if flight.frame.seq <= read {
                self.stats.confirmed += 1;
            } else {
                self.note(format!("not confirmed: {}", flight.words()));
                self.lost[0] += 1;
            }
        }
        for text in take(&mut self.queue) {
            self.not_sent(&text);
        }
    }

    fn not_sent(&mut self, text: &[u8]) {
        self.note(format!("not sent: {}", words(text)));
        self.lost[1] += 1;
    }

    /// The program ends.
    fn end(&mut self, why: Option<&str>) {
        self.lose(0);
        self.state = State::Over;
        let lost = match self.lost {
            [0, 0] => None,
            [a, b] => Some(format!("{a} not confirmed, {b} not sent")),
        };
        self.actions.push(Action::End(why.map(str::to_string).or(lost)));
    }

    fn note(&mut self, text: String) {
        self.actions.push(Action::Note(text));
    }

    /// Sends a frame that is not waited for.
    fn send(&mut self, to: SocketAddr, frame: &Frame) {
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
    (RandomState::new().hash_one(()) as u32).max(1)
}

#[cfg(test)]
mod tests;
