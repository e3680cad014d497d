//! The terminal, the socket and the clock around a session: two threads read,
//! one stdin and one the socket, and the main loop does the rest.

use std::io::{self, BufRead, IsTerminal, Read, Write, stderr, stdin, stdout};
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use common::Result;
use socket2::{Domain, Socket, Type};

use crate::frame::{FRAME_MAX, TEXT_MAX};
use crate::session::{Action, Session};

/// How many lines wait in memory, at most, and how many datagrams.
const LINES: usize = 256;
const DATAGRAMS: usize = 64;

/// What the main loop waits for.
enum Event {
    Datagram(SocketAddr, Vec<u8>),
    Line(Vec<u8>),
    EndOfInput,
    Interrupt,
}

/// A socket that listens on the first address of `host`. On an IPv6 one, `::`
/// for example, it also hears IPv4.
///
/// # Errors
/// A sentence, if the name is unknown; what the system says if the address or
/// the port (0 to 65535) cannot be used.
pub fn listen(host: &str, port: u16) -> Result<UdpSocket> {
    let addresses = look_up(host, port)?;
    let first = addresses.first().ok_or("no address")?;
    let s = open(*first)?;
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
/// none. `stats`: say at the end what was sent and received.
///
/// # Errors
/// A sentence, if messages were lost or nobody answered; what the system says
/// if stdout cannot be written.
pub fn run(
    s: UdpSocket,
    addresses: Vec<SocketAddr>,
    stats: bool,
) -> Result<()> {
    // 1. Two threads and Ctrl-C tell the main loop what happens.
    let (events, happens) = sync_channel(DATAGRAMS);
    let (permits, may_read) = sync_channel(LINES);
    let interrupts = events.clone();
    ctrlc::set_handler(move || drop(interrupts.send(Event::Interrupt)))?;
    let (socket, datagrams) = (s.try_clone()?, events.clone());
    thread::spawn(move || receive(&socket, &datagrams));
    thread::spawn(move || read_lines(&may_read, &events));

    // 2. A session; its time is what our clock has counted since now.
    let clock = Instant::now();
    let mut session = Session::new(addresses, clock.elapsed());
    let (mut permitted, mut interrupted) = (0, false);
    loop {
        // 3. Let it do what is due.
        session.tick(clock.elapsed());
        for action in session.actions() {
            match action {
                Action::Send(to, data) => drop(s.send_to(&data, to)),
                Action::Show(text) => show(&text)?,
                Action::Note(text) => tell(&text),
                Action::End(why) => {
                    if stats {
                        tell(&session.report());
                    }
                    return why.map_or(Ok(()), |why| Err(why.into()));
                }
            }
        }

        // 4. Permit that more lines are read, while there is room for them.
        while permitted + session.waiting() < LINES {
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
            Ok(Event::Line(line)) => {
                session.say(&line);
                permitted -= 1;
            }
            Ok(Event::EndOfInput) if stdin().is_terminal() => session.leave(),
            Ok(Event::EndOfInput) => session.no_more(),
            Ok(Event::Interrupt) if interrupted => session.abort(),
            Ok(Event::Interrupt) => {
                interrupted = true;
                session.leave();
            }
            Err(_) => {} // Something is due.
        }
    }
}

/// The thread that reads the socket. Every error means "try again": a peer
/// that has gone (Windows says so here), a datagram that is too long for
/// Windows, a network that is down.
fn receive(s: &UdpSocket, events: &SyncSender<Event>) {
    let mut buffer = [0; FRAME_MAX + 1]; // One more: too long shows.
    loop {
        let Ok((n, from)) = s.recv_from(&mut buffer) else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let data = buffer[..n].to_vec();
        if events.send(Event::Datagram(from, data)).is_err() {
            return;
        }
    }
}

/// The thread that reads stdin, a message for each permit.
fn read_lines(may_read: &Receiver<()>, events: &SyncSender<Event>) {
    let (mut input, mut rest) = (stdin().lock(), Vec::new());
    while may_read.recv().is_ok() {
        let Some(mut text) = next_message(&mut input, &mut rest) else { break };
        if stdin().is_terminal() && text.ends_with(b"\r") {
            text.pop(); // Windows ends a typed line with "\r\n".
        }
        if events.send(Event::Line(text)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::EndOfInput);
}

/// The next message in `input`: a line without its end, or, of a line that is
/// longer than a message may be, as many whole characters as fit. The others
/// stay in `rest`. An empty line becomes the message "\n", because an empty
/// message is none. `None` at the end of the input.
pub fn next_message(
    input: &mut impl BufRead,
    rest: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    let room = (TEXT_MAX + 1).saturating_sub(rest.len());
    let mut input = input.take(room as u64);
    let _ = input.read_until(b'\n', rest); // An error is an end, too.
    let whole_line = rest.pop_if(|byte| *byte == b'\n').is_some();
    if whole_line && rest.is_empty() {
        return Some(b"\n".to_vec());
    }
    let end = if rest.len() > TEXT_MAX { cut(rest) } else { rest.len() };
    let text: Vec<u8> = rest.drain(..end).collect();
    (!text.is_empty()).then_some(text)
}

/// Where the character begins that does not fit into a message any more.
fn cut(line: &[u8]) -> usize {
    // UTF-8 marks the bytes after a character's first by the bits 10.
    let begins = |at: &usize| line[*at] & 0b1100_0000 != 0b1000_0000;
    let ends = TEXT_MAX - 3..=TEXT_MAX;
    ends.rev().find(begins).unwrap_or(TEXT_MAX) // Not UTF-8: anywhere.
}

/// Shows a message on stdout, for sure: whatever goes wrong is an error. On a
/// terminal it takes the place of a half-typed line (Ctrl-R shows that again).
fn show(text: &[u8]) -> io::Result<()> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let mut line = match stdout().is_terminal() {
        true => format!("\r\x1b[K< {}", common::printable(line)).into_bytes(),
        false => line.to_vec(),
    };
    line.push(b'\n');
    stdout().write_all(&line)?;
    stdout().flush()
}

/// The name under which exercise 16 knows it.
pub use common::printable as harmless;

/// A sentence for the user, on stderr.
fn tell(text: &str) {
    let start = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
    common::note(format!("{start}{text}"));
}
