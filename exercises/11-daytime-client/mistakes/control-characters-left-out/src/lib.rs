//! Exercise 11: the daytime client of RFC 867. If nothing comes, it asks again,
//! and each time it waits longer.
//!
//! The steps have the numbers that they have in the client of
//! crates/daytime-rfc867. Do step 9 last: it calls the others.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// No datagram is larger, in bytes.
pub const BYTES: usize = 65_535;

/// The client asks at most this many times.
pub const TRIES: u32 = 3;

/// `None` if nothing came within the socket's time-out. (This one is done.)
pub fn in_time<T>(received: io::Result<T>) -> io::Result<Option<T>> {
    match received.as_ref().map_err(io::Error::kind) {
        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        _ => received.map(Some),
    }
}

/// 4. Make a socket that is connected to the server.
pub fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    let s = UdpSocket::bind("0.0.0.0:0")?;
    s.connect(server)?;
    Ok(s)
}

/// 6. Ask: send one datagram, an empty one.
pub fn ask(s: &UdpSocket) -> io::Result<()> {
    s.send(b"")?;
    Ok(())
}

/// 7. Wait for the answer, no longer than `at_most`: its bytes, or `None` if
///    nothing came in time. Any other error is passed on.
pub fn wait(s: &UdpSocket, at_most: Duration) -> io::Result<Option<Vec<u8>>> {
    s.set_read_timeout(Some(at_most))?;
    let mut buffer = [0; BYTES];
    let received = in_time(s.recv(&mut buffer))?;
    Ok(received.map(|n| buffer[..n].to_vec()))
}

/// 10. Make the line that is printed: the text of the answer without the end of
///     the line, and with `?` for each control character.
pub fn line(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    text.trim().replace(char::is_control, "")
}

/// 9. Ask, and wait for the answer. If nothing came in time, note the number of
///    the try (1, 2 ...), and ask again, at most `TRIES` times in all. The first
///    wait is as long as `first`, and each other twice as long as the one before.
///    Gives the answer, or `None` if none came. An error ends it at once.
pub fn ask_again(
    s: &UdpSocket,
    first: Duration,
    note: fn(u32),
) -> io::Result<Option<Vec<u8>>> {
    let mut at_most = first;
    for number in 1..=TRIES {
        ask(s)?;
        if let Some(data) = wait(s, at_most)? {
            return Ok(Some(data));
        }
        note(number);
        at_most *= 2;
    }
    Ok(None)
}

/// 8 and 11. Say how it ended: the line to print, or a sentence that says why
///     there is none. (This one is done.)
pub fn report(
    answer: io::Result<Option<Vec<u8>>>,
    server: SocketAddr,
) -> Result<String, String> {
    // The two names of "nobody listens": Unix says the one, Windows the other.
    use ErrorKind::{ConnectionRefused, ConnectionReset};
    match answer.map_err(|why| (why.kind(), why)) {
        Ok(Some(data)) => Ok(line(&data)),
        Ok(None) => Err(format!("no answer from {server}")),
        Err((ConnectionRefused | ConnectionReset, _)) => {
            Err(format!("nobody listens on {server}"))
        }
        Err((_, why)) => Err(why.to_string()),
    }
}
