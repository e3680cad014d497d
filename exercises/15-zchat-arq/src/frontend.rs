//! What stands around a session: the socket and the clock. You need not change
//! this file.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Action, Event, Frame, Session, handle};

/// A side looks at least so often whether the conversation is over.
const LOOK: Duration = Duration::from_millis(50);

impl Frame {
    /// The bytes of a datagram: `TEXT 1 hola`, or `ACK 1`.
    pub fn pack(&self) -> Vec<u8> {
        match self {
            Frame::Text { number, text } => format!("TEXT {number} {text}"),
            Frame::Ack { number } => format!("ACK {number}"),
        }
        .into_bytes()
    }

    /// The frame in the bytes of a datagram, if it is one.
    pub fn unpack(data: &[u8]) -> Option<Frame> {
        let (kind, rest) = std::str::from_utf8(data).ok()?.split_once(' ')?;
        if kind == "ACK" {
            return Some(Frame::Ack { number: rest.parse().ok()? });
        }
        let (number, text) = rest.split_once(' ')?;
        let (number, text) = (number.parse().ok()?, text.to_string());
        (kind == "TEXT").then_some(Frame::Text { number, text })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Frame::Text { number, text } => write!(f, "TEXT {number} {text:?}"),
            Frame::Ack { number } => write!(f, "ACK {number}"),
        }
    }
}

/// Whoever ends, with an error or a panic perhaps, ends the conversation.
struct End<'a>(&'a AtomicUsize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// Lets a new session speak through `s`, until nobody is `busy` any more.
///
/// `peer` is the other side; without it, whoever speaks first. `texts` is what
/// the user types, all at the beginning. `busy` counts the sides that have not
/// had all their messages acknowledged. `act` is told of each action before it
/// is done, and says how many times a frame is to be sent: 0 loses it.
///
/// # Errors
/// Those of `act`, and of a socket that cannot wait.
pub fn run(
    s: &UdpSocket,
    mut peer: Option<SocketAddr>,
    texts: &[&str],
    busy: &AtomicUsize,
    mut act: impl FnMut(&Action) -> io::Result<usize>,
) -> io::Result<()> {
    let _end = End(busy);
    let begun = Instant::now();
    let mut session = Session::begin();
    let typed = texts.iter().map(|text| Event::Typed(text.to_string()));
    let mut events: VecDeque<Event> = typed.collect();
    let mut done = false;
    while busy.load(Ordering::SeqCst) > 0 {
        let event = match events.pop_front() {
            Some(event) => event,
            None => wait(s, &mut peer, session.deadline(), begun)?,
        };
        for action in handle(&mut session, begun.elapsed(), event) {
            let copies = act(&action)?;
            if let (Action::Send(frame), Some(to)) = (action, peer) {
                for _ in 0..copies {
                    // One that cannot be sent is lost, and sent again later.
                    let _ = s.send_to(&frame.pack(), to);
                }
            }
        }
        let quiet = events.is_empty() && session.queue.is_empty();
        if !done && quiet && session.flight.is_none() {
            done = true;
            busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
    Ok(())
}

/// Waits for a frame of the peer's, until the deadline (which counts from
/// `begun`), but no longer than `LOOK`.
fn wait(
    s: &UdpSocket,
    peer: &mut Option<SocketAddr>,
    deadline: Option<Duration>,
    begun: Instant,
) -> io::Result<Event> {
    let left = deadline.map(|at| at.saturating_sub(begun.elapsed()));
    let least = Duration::from_millis(1); // A time-out of 0 is an error.
    s.set_read_timeout(Some(left.unwrap_or(LOOK).clamp(least, LOOK)))?;
    let mut buffer = [0; 1024];
    // Every error means: nothing came; look again.
    let Ok((n, from)) = s.recv_from(&mut buffer) else {
        return Ok(Event::Alarm);
    };
    match Frame::unpack(&buffer[..n]) {
        Some(frame) if *peer.get_or_insert(from) == from => {
            Ok(Event::Came(frame))
        }
        _ => Ok(Event::Alarm),
    }
}
