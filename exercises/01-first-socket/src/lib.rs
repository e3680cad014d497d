//! Exercise 01: a socket that sends itself a text. The README says how.

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 2. Make a socket: at 127.0.0.1, at a port that the system chooses.
pub fn open() -> io::Result<UdpSocket> {
    todo!("step 2: make a socket")
}

/// 3. Send the text, as one datagram, to an address.
pub fn send(s: &UdpSocket, text: &str, to: SocketAddr) -> io::Result<()> {
    todo!("step 3: send the text {text:?} through {s:?} to {to}")
}

/// 4. Wait for a datagram, and give its text.
pub fn receive(s: &UdpSocket) -> io::Result<String> {
    todo!("step 4: wait for a datagram at {s:?}")
}
