//! Exercise 03: an echo server that leaks, a stranger who reads, and the cure.
//!
//! The server that leaks is in leaky.rs. The steps have the numbers that they
//! have in crates/udp-echo: 3 and 6 in its client, 4, 5 and 7 in its server.

use std::io;
use std::net::{SocketAddr, UdpSocket};

pub mod leaky;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// 3. What the stranger sends, to read the whole datagram before it.
pub fn question() -> &'static [u8] {
    b""
}

/// 6. What leaked: the answer from where the bytes that were sent end.
pub fn leaked(sent: &[u8], answer: &[u8]) -> Vec<u8> {
    answer.get(sent.len()..).unwrap_or_default().to_vec()
}

/// 5. Take one datagram into the buffer: what came in, and who sent it.
///
/// (`'a` says that the bytes it gives are a part of `buffer`.)
pub fn take<'a>(
    s: &UdpSocket,
    buffer: &'a mut [u8],
) -> io::Result<(&'a [u8], SocketAddr)> {
    buffer.fill(0);
    let (_, address) = s.recv_from(buffer)?;
    let end = buffer.iter().rposition(|&byte| byte != 0);
    let data = &buffer[..end.map_or(0, |last| last + 1)];
    Ok((data, address))
}

/// 7. If the data holds anything, send it back. (This one is done.)
pub fn answer(s: &UdpSocket, data: &[u8], to: SocketAddr) -> io::Result<()> {
    if !data.is_empty() {
        s.send_to(data, to)?;
    }
    Ok(())
}

/// 4. Serve for ever, with one buffer for all. (This one is done.)
pub fn serve(s: &UdpSocket) -> io::Result<()> {
    let mut buffer = [0; BYTES];
    loop {
        match take(s, &mut buffer) {
            Ok((data, address)) => {
                if let Err(why) = answer(s, data, address) {
                    eprintln!("no answer to {address}: {why}");
                }
            }
            Err(why) => eprintln!("nothing taken: {why}"),
        }
    }
}
