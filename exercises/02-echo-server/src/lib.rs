//! Exercise 02: the echo server. Each datagram goes back to its sender.
//!
//! The steps have the numbers that they have in crates/udp-echo. Step 1 is done,
//! in main.rs. Do step 4 last: it calls the others.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::Socket;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 2. Make a socket: Internet (IPv4), datagrams (UDP).
pub fn socket() -> io::Result<Socket> {
    todo!("step 2: make a socket")
}

/// 3. Bind the socket of step 2 to the address that it listens on.
pub fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    todo!("step 3: bind the socket to the address {address}")
}

/// 5. Take one datagram: its bytes, and who sent it.
pub fn take(s: &UdpSocket) -> io::Result<(Vec<u8>, SocketAddr)> {
    todo!("step 5: take one datagram from {s:?}")
}

/// 6. Say who called. (This one is done.)
pub fn say_who_called(address: SocketAddr) {
    println!("Conexion desde: {address}");
}

/// 7. If the data holds anything, send it back through the socket.
pub fn answer(s: &UdpSocket, data: &[u8], to: SocketAddr) -> io::Result<()> {
    todo!("step 7: send the data back: {data:?} to {to}, through {s:?}")
}

/// 4. Serve for ever: take a datagram, say who called, answer; again.
pub fn serve(s: &UdpSocket) -> io::Result<()> {
    todo!("step 4: serve for ever at {s:?}")
}
