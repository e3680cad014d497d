//! Exercise 04: the echo client, which does not wait for ever.
//!
//! The steps have the numbers that they have in crates/udp-echo. Steps 1 and 5
//! are done, in main.rs.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 2. Make a socket: Internet (IPv4), datagrams (UDP). It waits for a datagram so
///    long and no longer.
pub fn open(timeout: Duration) -> io::Result<UdpSocket> {
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s);
    s.set_read_timeout(Some(timeout))?;
    Ok(s)
}

/// 3. Send the text to the server, as one datagram.
pub fn send(s: &UdpSocket, text: &str, server: SocketAddr) -> io::Result<()> {
    s.send_to(text.as_bytes(), server)?;
    Ok(())
}

/// 4. Wait for the answer, as long as the socket waits: its bytes, or the error.
pub fn wait(s: &UdpSocket) -> io::Result<Vec<u8>> {
    let mut buffer = [0; BYTES];
    let (n, _) = s.recv_from(&mut buffer)?;
    let data = &buffer[..n];
    Ok(data.to_vec())
}

/// 6. Say what came back: `--> ` and the text, or `no answer` if nothing came
///    in time. Any other error is passed on.
pub fn report(answer: io::Result<Vec<u8>>) -> io::Result<String> {
    match answer {
        Ok(data) => Ok(format!("--> {}", String::from_utf8_lossy(&data))),
        Err(why) => match why.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Ok("no answer".to_string())
            }
            _ => Err(why),
        },
    }
}
