//! Exercise 02: the echo server. Each datagram goes back to its sender.
//!
//! The steps have the numbers that they have in crates/udp-echo. Do step 4
//! last: it calls the others.

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 3. Make a socket and bind it to the address that it listens on.
pub fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
}

/// 5. Take one datagram: its bytes, and who sent it.
pub fn take(s: &UdpSocket) -> io::Result<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; BYTES];
    let (n, address) = s.recv_from(&mut buffer)?;
    let data = &buffer[..n];
    Ok((data.to_vec(), address))
}

/// 6. Say who called. (This one is done.)
pub fn say_who_called(address: SocketAddr) {
    println!("Conexion desde: {address}");
}

/// 7. If the data holds anything, send it back through the socket.
pub fn answer(s: &UdpSocket, data: &[u8], to: SocketAddr) -> io::Result<()> {
    if !data.is_empty() {
        s.send_to(data, to)?;
    }
    Ok(())
}

/// 4. Serve for ever: take a datagram, say who called, answer; again.
pub fn serve(s: &UdpSocket) -> io::Result<()> {
    loop {
        match take(s) {
            Ok((data, address)) => {
                if let Err(why) = answer(s, &data, address) {
                    eprintln!("no answer to {address}: {why}");
                }
            }
            Err(why) => eprintln!("nothing taken: {why}"),
        }
    }
}
