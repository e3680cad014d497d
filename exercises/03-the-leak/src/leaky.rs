//! An echo server that leaks. Read it; you need not change it.

use std::io;
use std::net::UdpSocket;

use super::BYTES;

/// 4. Serve for ever, with one buffer for all.
pub fn serve(s: &UdpSocket) -> io::Result<()> {
    let mut buffer = [0; BYTES];
    loop {
        if let Err(why) = echo(s, &mut buffer) {
            eprintln!("no echo: {why}");
        }
    }
}

/// 5, 6 and 7, for one datagram.
fn echo(s: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
    // 5. Take one datagram, and note who sent it.
    let (n, address) = s.recv_from(buffer)?;

    // 6. Say who called.
    println!("Conexion desde: {address}, {n} bytes");

    // 7. If it holds anything, send it back.
    if !buffer.is_empty() {
        s.send_to(buffer, address)?;
    }
    Ok(())
}
