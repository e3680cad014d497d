//! UDP echo client: sends one text and prints what comes back.
//!
//! Run:   cargo run -p udp-echo --bin client
//! First: cargo run -p udp-echo --bin server
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 1 to 65535 (3500)

use common::println;
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // Maximum number of bytes to accept.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("client.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.

    // 3. Send the text; now the system gives us a port.
    s.send_to(TEXT, common::ipv4(&host, port)?)?;

    // 4. Wait for the answer, for as long as it takes.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    let (n, _) = s.recv_from(&mut buffer)?;
    let data = &buffer[..n]; // Rust: only what came in.

    // 5. Close the socket.
    drop(s);

    // 6. Print what came back.
    println!("--> {}", common::printable(data));
    Ok(())
}
