//! Exercise 01: a socket that sends itself a text. The README says how.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::Socket;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 1. Make a socket: Internet (IPv4), datagrams (UDP).
pub fn socket() -> io::Result<Socket> {
    todo!("step 1: make a socket")
}

/// 2. Bind the socket of step 1 to 127.0.0.1, at a port that the system chooses.
pub fn open() -> io::Result<UdpSocket> {
    todo!("step 2: bind the socket to an address")
}

/// 3. Send the text, as one datagram, to an address.
pub fn send(s: &UdpSocket, text: &str, to: SocketAddr) -> io::Result<()> {
    todo!("step 3: send the text {text:?} through {s:?} to {to}")
}

/// 4. Wait for a datagram, and give its text.
pub fn receive(s: &UdpSocket) -> io::Result<String> {
    todo!("step 4: wait for a datagram at {s:?}")
}
