//! The slides' echo server to the letter: no options, no care.
//!
//! Run:  cargo run -p examples --example echo_plain_server
//! Then: cargo run -p examples --example echo_plain_client
#![expect(clippy::print_stdout, reason = "as on the slide")]

use std::net::UdpSocket;

const BYTES: usize = 1024; // Maximum number of bytes to accept.

fn main() -> std::io::Result<()> {
    // 1. Make a socket of the Internet, over UDP, and bind it.
    let s = UdpSocket::bind("127.0.0.1:3500")?;

    // 2. Serve for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 3. Take one datagram, and say who sent it.
        let (n, address) = s.recv_from(&mut buffer)?;
        println!("Conexion desde: {address}");

        // 4. If it holds anything, send it back.
        if n > 0 {
            s.send_to(&buffer[..n], address)?;
        }
    }
}
