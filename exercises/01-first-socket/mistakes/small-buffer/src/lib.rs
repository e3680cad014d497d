//! Exercise 01: a socket that sends itself a text. The README says how.

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 2. Make a socket: at 127.0.0.1, at a port that the system chooses.
pub fn open() -> io::Result<UdpSocket> {
    UdpSocket::bind("127.0.0.1:0")
}

/// 3. Send the text, as one datagram, to an address.
pub fn send(s: &UdpSocket, text: &str, to: SocketAddr) -> io::Result<()> {
    s.send_to(text.as_bytes(), to)?;
    Ok(())
}

/// 4. Wait for a datagram, and give its text.
pub fn receive(s: &UdpSocket) -> io::Result<String> {
    let mut buffer = [0; 16];
    let (n, _) = s.recv_from(&mut buffer)?;
    let data = &buffer[..n];
    Ok(String::from_utf8_lossy(data).into_owned())
}
