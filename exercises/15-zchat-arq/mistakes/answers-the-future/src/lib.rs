//! Exercise 15: stop and wait. The link loses, repeats and delays, and yet each
//! message is shown once, and in order.
//!
//! What you write knows no socket and no clock: what happens, and when, comes
//! in; what is to be done comes out, as a list of actions. (frontend.rs does
//! it.) Do the steps in their order: later ones use earlier ones.

use std::collections::VecDeque;
use std::time::Duration;

pub mod frontend;

/// How long to wait for an acknowledgement, then send again.
pub const WAIT: Duration = Duration::from_millis(200);

/// What one datagram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message, and its number: the first is 1, the next 2, and so on.
    Text {
        /// Its number.
        number: u32,
        /// What it says.
        text: String,
    },
    /// An acknowledgement: "I have shown your message `number`."
    Ack {
        /// The number of that message.
        number: u32,
    },
}

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The user has typed a message.
    Typed(String),
    /// A frame has come from the peer.
    Came(Frame),
    /// Time has passed: perhaps something is due.
    Alarm,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this frame to the peer.
    Send(Frame),
    /// Show this message to the user. If that fails (a full disk, say), the
    /// program ends, and does nothing of what follows.
    Show(String),
}

/// The message in flight: it was sent, and is not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Its number.
    pub number: u32,
    /// What it says.
    pub text: String,
    /// When to send it again.
    pub due: Duration,
}

/// One side of a conversation. Times count from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The messages that wait until they can be sent.
    pub queue: VecDeque<String>,
    /// The number of the last message that was sent; 0 if there was none.
    pub sent: u32,
    /// The message in flight, if there is one: never more than one.
    pub flight: Option<Flight>,
    /// The number of the peer's next message.
    pub expect: u32,
}

impl Session {
    /// A session at its beginning. (This one is done.)
    pub fn begin() -> Session {
        Session { queue: VecDeque::new(), sent: 0, flight: None, expect: 1 }
    }

    /// When the next `Alarm` is needed, if ever. (This one is done.)
    pub fn deadline(&self) -> Option<Duration> {
        self.flight.as_ref().map(|flight| flight.due)
    }
}

/// The action that sends a message. (This one is done.)
pub fn send_text(number: u32, text: &str) -> Action {
    Action::Send(Frame::Text { number, text: text.to_string() })
}

/// The action that sends an acknowledgement. (This one is done.)
pub fn send_ack(number: u32) -> Action {
    Action::Send(Frame::Ack { number })
}

/// 1. Send the next message of the queue, with the next number, and put it in
///    flight: due again at `now + WAIT`. Nothing while another one is in flight.
pub fn send_next(s: &mut Session, now: Duration) -> Vec<Action> {
    if s.flight.is_some() {
        return Vec::new();
    }
    let Some(text) = s.queue.pop_front() else {
        return Vec::new();
    };
    s.sent += 1;
    let action = send_text(s.sent, &text);
    s.flight = Some(Flight { number: s.sent, text, due: now + WAIT });
    vec![action]
}

/// 2. Send the message in flight again if it is due, also at exactly that
///    moment; then it is due again at `now + WAIT`.
pub fn send_again(s: &mut Session, now: Duration) -> Vec<Action> {
    let Some(flight) = &mut s.flight else {
        return Vec::new();
    };
    if now < flight.due {
        return Vec::new();
    }
    flight.due = now + WAIT;
    vec![send_text(flight.number, &flight.text)]
}

/// 3. Take an acknowledgement. If it is that of the message in flight, this one
///    is done with, and the next is sent. Any other changes nothing.
pub fn take_ack(s: &mut Session, now: Duration, number: u32) -> Vec<Action> {
    match &s.flight {
        Some(flight) if flight.number == number => {
            s.flight = None;
            send_next(s, now)
        }
        _ => Vec::new(),
    }
}

/// 4. Take the message that was expected: show it, then acknowledge it, and
///    expect the next number.
pub fn new_message(s: &mut Session, text: String) -> Vec<Action> {
    let number = s.expect;
    s.expect += 1;
    vec![Action::Show(text), send_ack(number)]
}

/// 5. Take a message that was shown before: acknowledge it again.
pub fn old_message(number: u32) -> Vec<Action> {
    vec![send_ack(number)]
}

/// 6. Tell the messages apart by their number: the expected one is new, one
///    before it is old, and one after it is from the future: do nothing.
pub fn take_message(s: &mut Session, number: u32, text: String) -> Vec<Action> {
    if number == s.expect {
        new_message(s, text)
    } else if number < s.expect {
        old_message(number)
    } else {
        vec![send_ack(s.expect - 1)]
    }
}

/// 7. Join the steps: what one event makes necessary.
pub fn handle(s: &mut Session, now: Duration, event: Event) -> Vec<Action> {
    match event {
        Event::Typed(text) => {
            s.queue.push_back(text);
            send_next(s, now)
        }
        Event::Came(Frame::Text { number, text }) => {
            take_message(s, number, text)
        }
        Event::Came(Frame::Ack { number }) => take_ack(s, now, number),
        Event::Alarm => send_again(s, now),
    }
}
