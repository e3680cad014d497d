//! A session in either language, in virtual time, with a peer that does what a
//! test says.

use std::net::SocketAddr;
use std::time::Duration;

use checks::Language;
use checks::zchat::{ACK, BYE, Frame, HELLO, TEXT};
use zchat::session::Action;

use super::programs::{ME, Role};
use super::side::Side;
use super::world::port;

/// A session, and the peer that a test plays.
pub struct Script {
    pub side: Side,
    pub now: Duration,
    pub him: u32,
    /// The number of the peer's next message, and of the session's.
    pub next: u32,
    pub expect: u32,
    /// What the session sent: when, what.
    pub sent: Vec<(Duration, Frame)>,
    pub shown: Vec<Vec<u8>>,
    pub notes: Vec<String>,
    /// Where it sent to last.
    pub to: Option<SocketAddr>,
    /// How it ended.
    pub end: Option<Option<String>>,
}

impl Script {
    /// One that calls the peer, or listens.
    pub fn new(language: Language, role: Role) -> Script {
        let dial = [port(0)];
        let dial = if role == Role::Client { &dial[..] } else { &[] };
        let side = Side::new(language, dial, Duration::ZERO);
        let (sent, shown, notes) = (vec![], vec![], vec![]);
        let (now, to, end) = (Duration::ZERO, None, None);
        let (him, next, expect) = (0, 1, 1);
        Script { side, now, him, next, expect, sent, shown, notes, to, end }
    }

    /// One that is connected with the peer; it knows the round-trip time, 0.
    pub fn up(language: Language, role: Role) -> Script {
        Script::up_within(language, role, 16)
    }

    /// The same with a window of so many frames.
    pub fn up_within(language: Language, role: Role, window: u16) -> Script {
        let mut s = Script::new(language, role);
        s.side.set_window(window);
        match role {
            Role::Server => {
                s.call(ME);
                s.say(b"sample");
                s.confirm(b"sample");
            }
            Role::Client => {
                s.tick();
                let hello = s.one();
                assert_eq!((hello.kind, hello.dst), (HELLO, 0));
                s.him = hello.src;
                s.give(HELLO, 0, 0, b"");
                s.confirm(b"");
            }
        }
        s
    }

    /// A caller with the id `me`, up to the acknowledgement of TEXT #1.
    pub fn call(&mut self, me: u32) {
        let frame = Frame { src: me, dst: 0, ..self.frame(HELLO, 0, 0, b"") };
        self.give_from(port(0), &frame);
        let hello = self.one();
        assert_eq!((hello.kind, hello.dst), (HELLO, me));
        (self.him, self.next, self.expect) = (hello.src, 2, 1);
        let up = Frame { src: me, ..self.frame(TEXT, 0, 1, b"") };
        self.give_from(port(0), &up);
        let ack = self.one();
        assert_eq!((ack.kind, ack.seq, ack.dst), (ACK, 1, me));
    }

    /// What the session wants done now.
    pub fn tick(&mut self) {
        for action in self.side.tick(self.now) {
            assert_eq!(self.end, None, "after its end: {action:?}");
            match action {
                Action::Send(to, data) => {
                    self.to = Some(to);
                    let frame = Frame::unpack(&data).expect("a sound frame");
                    self.sent.push((self.now, frame));
                }
                Action::Show(text) => self.shown.push(text),
                Action::Note(note) => self.notes.push(note),
                Action::End(why) => self.end = Some(why),
            }
        }
    }

    /// Its user says something.
    pub fn say(&mut self, text: &[u8]) {
        self.side.say(text);
        self.tick();
    }

    /// A frame of the session, from the peer.
    pub fn frame(
        &self,
        kind: u8,
        tried: u8,
        seq: u32,
        payload: &[u8],
    ) -> Frame {
        let (src, dst, payload) = (ME, self.him, payload.to_vec());
        Frame { kind, tried, src, dst, seq, payload }
    }

    pub fn give(&mut self, kind: u8, tried: u8, seq: u32, payload: &[u8]) {
        self.give_from(port(0), &self.frame(kind, tried, seq, payload));
    }

    pub fn give_from(&mut self, from: SocketAddr, frame: &Frame) {
        self.side.receive(self.now, from, &frame.pack());
        self.tick();
    }

    /// The peer says a message, which is acknowledged and shown.
    pub fn peer_says(&mut self, text: &[u8]) {
        self.give(TEXT, 0, self.next, text);
        let ack = self.one();
        assert_eq!((ack.kind, ack.seq), (ACK, self.next), "{ack:?}");
        assert_eq!(self.shown.pop().as_deref(), Some(text));
        self.next += 1;
    }

    /// The one frame that it has sent since this was asked before.
    pub fn one(&mut self) -> Frame {
        assert_eq!(self.sent.len(), 1, "{:?}, {:?}", self.sent, self.notes);
        self.sent.remove(0).1
    }

    /// It has sent this message, which the peer acknowledges.
    pub fn confirm(&mut self, text: &[u8]) {
        let frame = self.one();
        assert_eq!((frame.seq, frame.message()), (self.expect, text.to_vec()));
        self.expect += 1;
        self.give(ACK, frame.tried, frame.seq, b"");
    }

    /// It has said BYE, which the peer acknowledges.
    pub fn confirm_bye(&mut self) {
        let bye = self.one();
        assert_eq!((bye.kind, bye.seq), (BYE, self.expect));
        self.give(ACK, bye.tried, bye.seq, b"");
    }

    /// Lets this time pass; what the session sends meanwhile, and after how
    /// many ms.
    pub fn wait(&mut self, time: Duration) -> Vec<(u128, Frame)> {
        let (start, end) = (self.now, self.now + time);
        self.tick();
        for _ in 0..1000 {
            let due = self.side.deadline().filter(|due| *due <= end);
            let Some(due) = due.filter(|_| self.end.is_none()) else { break };
            self.now = self.now.max(due);
            self.tick();
        }
        self.now = end;
        let sent = self.sent.drain(..);
        sent.map(|(at, frame)| ((at - start).as_millis(), frame)).collect()
    }

    /// Whether a note says so.
    pub fn told(&self, words: &str) -> bool {
        self.notes.iter().any(|note| note.contains(words))
    }
}
