//! The slides' echo client to the letter: no options, no care.
//!
//! Run:   cargo run -p examples --example echo_plain_client
//! First: cargo run -p examples --example echo_plain_server
#![expect(clippy::print_stdout, reason = "as on the slide")]

use std::net::UdpSocket;

const BYTES: usize = 1024; // Maximum number of bytes to accept.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() -> std::io::Result<()> {
    // 1. Make a socket of the Internet, over UDP.
    let s = UdpSocket::bind("0.0.0.0:0")?;

    // 2. Send the text, and wait for the answer.
    s.send_to(TEXT, "127.0.0.1:3500")?;
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    let (n, _) = s.recv_from(&mut buffer)?;

    // 3. Close the socket, and print what came.
    drop(s);
    println!("--> {}", String::from_utf8_lossy(&buffer[..n]));
    Ok(())
}
