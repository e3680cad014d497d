//! Exercise NN: (to be written).

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 1. Send the text to the address.
pub fn send(s: &UdpSocket, text: &str, to: SocketAddr) -> io::Result<()> {
    todo!("step 1: send the text: {text:?} to {to}, through {s:?}")
}

/// 2. Take one datagram: its bytes.
pub fn take(s: &UdpSocket) -> io::Result<Vec<u8>> {
    todo!("step 2: take one datagram from {s:?}")
}
