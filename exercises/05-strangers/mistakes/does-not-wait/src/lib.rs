//! Exercise 05: a client that takes an answer only from whom it asked. It
//! looks at the sender itself, or lets the system do so.
//!
//! The steps have the numbers that they have in the client of crates/udp-echo.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// `None` if nothing came within the socket's time-out. (This one is done.)
pub fn in_time<T>(received: io::Result<T>) -> io::Result<Option<T>> {
    match received.as_ref().map_err(io::Error::kind) {
        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        _ => received.map(Some),
    }
}

/// 4. Wait for the server's answer, at most `timeout` in all, whatever others
///    send; `None` if it did not come.
pub fn wait_for(
    s: &UdpSocket,
    server: SocketAddr,
    timeout: Duration,
) -> io::Result<Option<Vec<u8>>> {
    let deadline = Instant::now() + timeout;
    let mut buffer = [0; BYTES];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        s.set_nonblocking(true)?;
        let Some((n, sender)) = in_time(s.recv_from(&mut buffer))? else {
            return Ok(None);
        };
        if sender == server {
            return Ok(Some(buffer[..n].to_vec()));
        }
    }
}

/// 2. Make a socket that is connected to the server.
pub fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    let s = UdpSocket::bind("0.0.0.0:0")?;
    s.connect(server)?;
    Ok(s)
}

/// 6. Tell whether the error says that nobody listens there.
pub fn nobody_listens(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// The text to print. (This one is done.)
pub fn report(answer: io::Result<Option<Vec<u8>>>) -> io::Result<String> {
    match answer {
        Ok(Some(data)) => Ok(format!("--> {}", String::from_utf8_lossy(&data))),
        Ok(None) => Ok("no answer".to_string()),
        Err(why) if nobody_listens(&why) => Ok("nobody listens".to_string()),
        Err(why) => Err(why),
    }
}
