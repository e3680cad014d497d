//! What a session knows, as the lab shows it.

use std::time::Duration;

use zchat::flight::{Flight, Rtt};
use zchat::session::{Session, State};

/// What one side knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// LISTEN, CALL, UP or END.
    pub state: &'static str,
    /// The number of its last frame; 0: none.
    pub sent: u32,
    /// The number that it expects next; 0: there is no peer.
    pub expect: u32,
    /// Its frames that wait for an answer, the oldest first.
    pub flights: Vec<Waiting>,
    /// How many of its messages were not sent yet.
    pub queue: usize,
    /// The round-trip time, smoothed, if any was measured.
    pub rtt: Option<Duration>,
    /// How long it waits for the answer to a first sending.
    pub wait: Duration,
}

/// A frame that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number; 0: our HELLO.
    pub seq: u32,
    /// 0 at the first sending, 1 at the next.
    pub attempt: u8,
    /// When its timer sends it again, if nothing does before that.
    pub due: Duration,
}

/// What the session knows now.
pub fn known(session: &Session) -> Known {
    let (mut queue, mut rtt) = (session.waiting(), Rtt::default());
    let (state, sent, expect, flights) = match &session.state {
        State::Listen { .. } => ("LISTEN", 0, 0, Vec::new()),
        State::Call { hello, .. } => ("CALL", 0, 0, vec![waiting(hello)]),
        State::Up(peer) => {
            let window = &peer.window;
            let flights = window.flights.iter();
            queue -= flights.clone().filter(|f| f.has_message()).count();
            rtt = window.rtt;
            let flights = flights.filter(|f| !f.came).map(waiting).collect();
            ("UP", window.sent, window.read.wrapping_add(1), flights)
        }
        State::Over => ("END", 0, 0, Vec::new()),
    };
    let (rtt, wait) = (rtt.smoothed, rtt.wait(0));
    Known { state, sent, expect, flights, queue, rtt, wait }
}

fn waiting(flight: &Flight) -> Waiting {
    let (seq, attempt) = (flight.frame.seq, flight.frame.attempt);
    Waiting { seq, attempt, due: flight.due }
}
