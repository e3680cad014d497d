//! Exercise 16: a peer for the chat. It reads the keyboard and the socket at
//! once, and does what the session says.
//!
//! Steps 1 to 5 have the numbers that they have in crates/zchat/src/chat.rs.

use std::io::{self, BufRead, IsTerminal, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use zchat::chat::{next_message, printable};
use zchat::session::{Action, Session};

/// At most so many bytes a datagram of the chat: 1,200.
pub const BYTES: usize = zchat::frame::FRAME_MAX;

/// How long the main loop waits at a time while nothing is due.
pub const LONG: Duration = Duration::from_secs(60);

/// What the main loop waits for.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody typed this line, here without its end.
    Line(Vec<u8>),
    /// Nobody will type any more.
    EndOfInput,
    /// This datagram came, from there.
    Datagram(SocketAddr, Vec<u8>),
}

/// 6. Tell the main loop each line of the input, without its end, and then
///    that the input has ended.
pub fn read_lines(input: impl BufRead, events: &Sender<Event>) {
    let _ = input; // Not used yet.
    todo!("step 6: tell each line and the end: {events:?}")
}

/// 7. Tell the main loop each datagram and its sender, for ever, whatever
///    errors `recv_from` gives.
pub fn receive(s: &UdpSocket, events: &Sender<Event>) {
    todo!("step 7: tell each datagram of {s:?}, {events:?}")
}

/// 1. Start two threads, one for the input and one for the socket, and give
///    the end of the channel where their events come out.
pub fn start(
    input: impl BufRead + Send + 'static,
    s: UdpSocket,
) -> Receiver<Event> {
    let _ = input; // Not used yet.
    todo!("step 1: start two threads: {s:?}")
}

/// Shows a message, each of its lines after `< `. On a terminal it takes the
/// place of a half-typed line. (This one is done.)
pub fn show(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    let start = if io::stdout().is_terminal() { "\r\x1b[K" } else { "" };
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        writeln!(out, "{start}< {}", printable(line))?;
    }
    out.flush()
}

/// Tells the user a sentence, on stderr. (This one is done.)
pub fn note(text: &str) {
    let start = if io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(io::stderr(), "{start}{text}");
}

/// 3. Do what the session wants, in its order, and give whether the chat is
///    over. A failed `show` is an error, and nothing after it is done; an end
///    with a reason is an error with these words.
pub fn act(
    actions: Vec<Action>,
    s: &UdpSocket,
    out: &mut impl Write,
) -> io::Result<bool> {
    let _ = out; // Not used yet.
    todo!("step 3: do what the session wants: {actions:?}, {s:?}")
}

/// 5. Wait for the next event, but no longer than until the deadline, or `LONG`
///    where there is none. Both times count from the chat's beginning.
pub fn wait(
    happens: &Receiver<Event>,
    deadline: Option<Duration>,
    now: Duration,
) -> Option<Event> {
    todo!("step 5: wait for an event: {happens:?}, {deadline:?}, {now:?}")
}

/// Says a line, as the session's messages: an empty line is "\n", since an
/// empty message is none, and a long one is several. (This one is done.)
pub fn say_line(session: &mut Session, line: &[u8]) {
    let line = line.strip_suffix(b"\r").unwrap_or(line); // As Windows types it.
    let whole = [line, b"\n"].concat();
    let (mut input, mut rest) = (&whole[..], Vec::new());
    while let Ok(Some(text)) = next_message(&mut input, &mut rest) {
        session.say(&text);
    }
}

/// 8. Tell the session what happened: a line to say, that there will be no
///    more, or a datagram.
pub fn tell(session: &mut Session, now: Duration, event: Event) {
    let _ = session; // Not used yet.
    todo!("step 8: tell the session what happened: {event:?}, {now:?}")
}

/// 2. Chat until the session is over: call the addresses in `dial`, or wait for
///    a caller if there are none.
pub fn chat(
    dial: Vec<SocketAddr>,
    s: UdpSocket,
    input: impl BufRead + Send + 'static,
    out: &mut impl Write,
) -> io::Result<()> {
    let _ = (input, out); // Not used yet.
    todo!("step 2: chat: {dial:?}, {s:?}")
}
