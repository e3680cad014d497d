//! Exercise 04: the echo client, which does not wait for ever.
//!
//! The steps have the numbers that they have in crates/udp-echo. Steps 1 and 5
//! are done, in main.rs.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 2. Make a socket: Internet (IPv4), datagrams (UDP). It waits for a datagram so
///    long and no longer.
pub fn open(timeout: Duration) -> io::Result<UdpSocket> {
    todo!("step 2: make a socket that waits at most {timeout:?}")
}

/// 3. Send the text to the server, as one datagram.
pub fn send(s: &UdpSocket, text: &str, server: SocketAddr) -> io::Result<()> {
    todo!("step 3: send the text {text:?} through {s:?} to {server}")
}

/// 4. Wait for the answer, as long as the socket waits: its bytes, or the error.
pub fn wait(s: &UdpSocket) -> io::Result<Vec<u8>> {
    todo!("step 4: wait for the answer at {s:?}")
}

/// 6. Say what came back: `--> ` and the text, or `no answer` if nothing came
///    in time. Any other error is passed on.
pub fn report(answer: io::Result<Vec<u8>>) -> io::Result<String> {
    todo!("step 6: say what came back: {answer:?}")
}
