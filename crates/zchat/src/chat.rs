//! The terminal, the socket and the clock around a session: two threads read,
//! one stdin and one the socket, and the main loop does the rest.

use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::process::exit;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use common::Result;
use socket2::{Domain, Socket, Type};
use terminal_size::{Width, terminal_size};

use crate::frame::{FRAME_MAX, TEXT_MAX};
use crate::session::{Action, Session};

/// How many messages wait in memory, at most, and how many datagrams.
const MESSAGES: usize = 32;
const DATAGRAMS: usize = 64;

/// How long the main loop may take to leave after a second Ctrl-C.
const LEAVING: Duration = Duration::from_millis(500);

/// How long a line that is there when the chat ends may take to be read.
const READING: Duration = Duration::from_millis(50);

/// A terminal's columns where the system does not tell them.
const COLUMNS: usize = 80;

/// What the main loop waits for.
enum Event {
    Datagram(SocketAddr, Vec<u8>),
    Message(Vec<u8>),
    EndOfInput(io::Result<()>),
    Interrupt,
}

/// A socket that listens on the first address of `host`. On an IPv6 one, `::`
/// for example, it also hears IPv4.
///
/// # Errors
/// A sentence, if the name is unknown; what the system says if the address or
/// the port (0 to 65535) cannot be used.
pub fn listen(host: &str, port: u16) -> Result<UdpSocket> {
    common::can_show()?;
    let s = open(common::address(host, port)?)?;
    tell(&format!("listening on {}", s.local_addr()?));
    Ok(s)
}

/// A socket, and the addresses of `host` to call with it: an IPv4 and an IPv6
/// one, if it has both.
///
/// # Errors
/// As [`listen`]; a sentence for port 0.
pub fn dial(host: &str, port: u16) -> Result<(UdpSocket, Vec<SocketAddr>)> {
    if port == 0 {
        return Err("port 0 is nobody's".into());
    }
    common::can_show()?;
    let mut addresses = look_up(host, port)?;
    tell(&format!("calling {host}, port {port}"));
    if addresses.iter().any(SocketAddr::is_ipv6) {
        let any = (Ipv6Addr::UNSPECIFIED, 0).into();
        if let Ok(s) = open(any) {
            addresses.iter_mut().for_each(|a| *a = as_ipv6(*a));
            return Ok((s, addresses));
        }
        addresses.retain(SocketAddr::is_ipv4); // A machine without IPv6.
    }
    if addresses.is_empty() {
        return Err(format!("{host} has no IPv4 address").into());
    }
    Ok((open(([0, 0, 0, 0], 0).into())?, addresses))
}

/// The first IPv4 and the first IPv6 address of `host`, in this order.
fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let found = common::look_up(host, port)?;
    let four = found.iter().find(|a| a.is_ipv4());
    let six = found.iter().find(|a| a.is_ipv6());
    Ok(four.into_iter().chain(six).copied().collect())
}

/// A socket bound to `address`; an IPv6 one takes IPv4 as well.
fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let s = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() {
        s.set_only_v6(false)?;
    }
    s.bind(&address.into())?;
    Ok(s.into())
}

/// How an IPv6 socket names an IPv4 address: `::ffff:10.0.0.7`.
fn as_ipv6(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(a) => (a.ip().to_ipv6_mapped(), a.port()).into(),
        six => six,
    }
}

/// Chats until either side leaves: calls `addresses`, or listens if there are
/// none. At most `window` frames are on the way, 1 to 16. `stats`: say at the
/// end what was sent and received.
///
/// # Errors
/// A sentence, if messages were lost, the input was not read to its end, or
/// nobody answered; what the system says if stdout cannot be written.
pub fn run(
    s: UdpSocket,
    addresses: Vec<SocketAddr>,
    window: u16,
    stats: bool,
) -> Result<()> {
    // 1. Two threads and Ctrl-C tell the main loop what happens.
    let typed = stdin().is_terminal();
    if typed {
        tell("/quit or Ctrl-C leaves");
    }
    let (events, happens) = sync_channel(DATAGRAMS);
    let (permits, may_read) = sync_channel(MESSAGES);
    let (socket, datagrams) = (s.try_clone()?, events.clone());
    let interrupts = events.clone();
    Builder::new().spawn(move || receive(&socket, &datagrams))?;
    Builder::new().spawn(move || {
        let end = read_input(&may_read, &events);
        events.send(Event::EndOfInput(end))
    })?;
    on_ctrl_c(interrupts)?;

    // 2. A session; its time is what our clock has counted since now.
    let clock = Instant::now();
    let mut session = Session::new(addresses, clock.elapsed());
    session.set_window(window);
    let (mut permitted, mut leaving) = (0, false);
    let (mut refused, mut whole) = (None, None);
    loop {
        // 3. Let it do what is due.
        session.tick(clock.elapsed());
        for action in session.actions() {
            match action {
                Action::Send(to, data) => {
                    if let Err(why) = s.send_to(&data, to) {
                        tell_once(&mut refused, &why); // A lost datagram.
                    }
                }
                Action::Show(text) => show(&text)?,
                Action::Note(text) => tell(&text),
                Action::End(why) => {
                    if stats {
                        tell(&session.report());
                    }
                    if whole.is_none() {
                        sleep(READING);
                    }
                    let more = |event| match event {
                        Event::Message(text) => !typed || text != b"/quit",
                        _ => false,
                    };
                    let more = happens.try_iter().any(more);
                    let paused = permitted == 0 || why.is_some();
                    let unread = !typed && !whole.unwrap_or(!paused);
                    return how_it_ended(why, unread || more);
                }
            }
        }

        // 4. Permit that more messages are read, while there is room for them.
        while permitted + session.waiting() < MESSAGES && !leaving {
            permitted += 1;
            let _ = permits.send(()); // At the end of stdin, nobody reads.
        }

        // 5. Wait until something happens or is due.
        let now = clock.elapsed();
        let due = session.deadline().unwrap_or(now + Duration::from_secs(60));
        match happens.recv_timeout(due.saturating_sub(now)) {
            Ok(Event::Datagram(from, data)) => {
                session.receive(clock.elapsed(), from, &data);
            }
            Ok(Event::Message(text)) if typed && text == b"/quit" => {
                session.leave();
            }
            Ok(Event::Message(text)) => {
                session.say(&text);
                permitted -= 1;
            }
            Ok(Event::EndOfInput(_)) if typed => session.leave(),
            Ok(Event::EndOfInput(read)) => {
                whole = Some(read.is_ok());
                if let Err(why) = read {
                    let why = common::plain(&why);
                    tell(&format!("cannot read the input: {why}"));
                }
                session.no_more();
            }
            Ok(Event::Interrupt) if leaving => session.abort(),
            Ok(Event::Interrupt) => {
                leaving = true;
                session.leave();
                let waiting = session.waiting();
                if waiting > 0 {
                    let what = "messages not confirmed yet";
                    let again = "Ctrl-C again leaves at once";
                    tell(&format!("{what}: {waiting}; {again}"));
                }
            }
            Err(_) => {} // Something is due.
        }
    }
}

/// Tells the main loop of each Ctrl-C. The second one ends the program in any
/// case: the main loop may wait for somebody to read its output.
fn on_ctrl_c(events: SyncSender<Event>) -> Result<()> {
    let mut again = false;
    ctrlc::set_handler(move || {
        let events = events.clone();
        // In a thread, because there may be no room for it.
        let tells = move || drop(events.send(Event::Interrupt));
        let _ = Builder::new().spawn(tells);
        if again {
            sleep(LEAVING);
            exit(1);
        }
        again = true;
    })?;
    Ok(())
}

/// Says why the system refuses to send, unless that was said before.
fn tell_once(refused: &mut Option<io::ErrorKind>, why: &io::Error) {
    if refused.replace(why.kind()) != Some(why.kind()) {
        tell(&format!("cannot send: {}", common::plain(why)));
    }
}

/// What `main` returns: `why` the session did not end well, if so, and whether
/// a part of the input was perhaps not read any more.
fn how_it_ended(why: Option<String>, unread: bool) -> Result<()> {
    let unread = unread.then(|| "the input was not sent to its end".into());
    let why: Vec<String> = why.into_iter().chain(unread).collect();
    if why.is_empty() { Ok(()) } else { Err(why.join("; ").into()) }
}

/// The thread that reads the socket. Every error means "try again": a peer
/// that has gone (Windows says so here), a datagram that is too long for
/// Windows, a network that is down.
fn receive(s: &UdpSocket, events: &SyncSender<Event>) {
    let mut buffer = [0; FRAME_MAX + 1]; // One more: too long shows.
    loop {
        let Ok((n, from)) = s.recv_from(&mut buffer) else {
            sleep(Duration::from_millis(1));
            continue;
        };
        let data = buffer[..n].to_vec();
        if events.send(Event::Datagram(from, data)).is_err() {
            return;
        }
    }
}

/// The thread that reads stdin to its end, a message for each permit.
fn read_input(
    may_read: &Receiver<()>,
    events: &SyncSender<Event>,
) -> io::Result<()> {
    let (mut input, mut rest) = (stdin().lock(), Vec::new());
    let typed = stdin().is_terminal();
    while may_read.recv().is_ok() {
        let next = next_message(&mut input, &mut rest)?;
        let Some(mut text) = next else { break };
        if typed && text.ends_with(b"\r") {
            text.pop(); // Windows ends a typed line with "\r\n".
            if text.is_empty() {
                text.push(b'\n');
            }
        }
        let _ = events.send(Event::Message(text)); // Or the program ends.
    }
    Ok(())
}

/// The next message in `input`: the whole lines that are there and fit, without
/// the last one's end, but with that of an empty one. Of a line that is longer
/// than a message may be, as many whole words as fit, or else as many
/// characters. The others stay in `rest`. `None` at the end of the input.
///
/// # Errors
/// If the input cannot be read.
pub fn next_message(
    input: &mut impl BufRead,
    rest: &mut Vec<u8>,
) -> io::Result<Option<Vec<u8>>> {
    while rest.len() <= TEXT_MAX && !rest.contains(&b'\n') {
        let there = input.fill_buf()?;
        let n = there.len().min(TEXT_MAX + 1 - rest.len());
        if n == 0 {
            break;
        }
        rest.extend(&there[..n]);
        input.consume(n);
    }
    let end = match rest.iter().rposition(|byte| *byte == b'\n') {
        Some(at) if rest[..at].ends_with(b"\n") => TEXT_MAX.min(at + 1),
        Some(at) => at + 1,
        None if rest.len() > TEXT_MAX => cut(rest),
        None => rest.len(),
    };
    let mut text: Vec<u8> = rest.drain(..end).collect();
    let ends_empty = text == b"\n" || text.ends_with(b"\n\n");
    if !ends_empty {
        text.pop_if(|byte| *byte == b'\n');
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Where the word begins that does not fit into a message any more; in a long
/// word, the character.
fn cut(line: &[u8]) -> usize {
    let half = TEXT_MAX / 2;
    let space = line[half..TEXT_MAX].iter().rposition(|byte| *byte == b' ');
    if let Some(at) = space {
        return half + at + 1;
    }
    // UTF-8 marks the bytes after a character's first by the bits 10.
    let begins = |at: &usize| line[*at] & 0b1100_0000 != 0b1000_0000;
    let ends = TEXT_MAX - 3..=TEXT_MAX;
    ends.rev().find(begins).unwrap_or(TEXT_MAX) // Not UTF-8: anywhere.
}

/// Shows a message on stdout, for sure: whatever goes wrong is an error.
fn show(text: &[u8]) -> io::Result<()> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let mut line = match stdout().is_terminal() {
        true => on_a_terminal(line).into_bytes(),
        false => line.to_vec(),
    };
    line.push(b'\n');
    stdout().write_all(&line)?;
    stdout().flush()
}

/// Exercise 16 shows messages with it.
pub use common::printable;

/// A message as a terminal is to get it.
fn on_a_terminal(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace('\t', "    ");
    let (lines, columns) = (text.split('\n'), columns());
    let rows = lines.map(|line| rows(&printable(line.as_bytes()), columns));
    fresh_row() + &rows.collect::<Vec<_>>().join("\n")
}

/// A line as rows of a terminal that has so many columns: the first after `< `,
/// the others indented, so that no row of it looks like a note of ours.
fn rows(text: &str, columns: usize) -> String {
    let (mut rows, mut used) = ("< ".to_string(), 2);
    for c in text.chars() {
        let wide = if c.is_ascii() { 1 } else { 2 }; // At most.
        if used + wide > columns {
            rows += "\n  ";
            used = 2;
        }
        rows.push(c);
        used += wide;
    }
    rows
}

/// What brings a terminal's cursor to the start of an empty row. From the first
/// column so many spaces stay in their row; a half-typed line they push into
/// the next one, and so it stays where it is (Ctrl-R shows it again).
fn fresh_row() -> String {
    " ".repeat(columns() - 1) + "\r"
}

/// How many columns the terminal has.
fn columns() -> usize {
    let size = terminal_size();
    size.map_or(COLUMNS, |(Width(columns), _)| columns.into())
}

/// A sentence for the user, on stderr.
fn tell(text: &str) {
    let start = stderr().is_terminal().then(fresh_row).unwrap_or_default();
    common::note(format!("{start}{text}"));
}
