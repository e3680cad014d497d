//! Exercise NN: (to be written).

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 1. Send the text to the address.
pub fn send(s: &UdpSocket, text: &str, to: SocketAddr) -> io::Result<()> {
    s.send_to(text.as_bytes(), to)?;
    Ok(())
}

/// 2. Take one datagram: its bytes.
pub fn take(s: &UdpSocket) -> io::Result<Vec<u8>> {
    let mut buffer = [0; BYTES];
    let (n, _) = s.recv_from(&mut buffer)?;
    Ok(buffer[..n].to_vec())
}
