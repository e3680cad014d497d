//! UDP echo server: sends each datagram back to its sender.
//!
//! Run:  cargo run -p udp-echo --bin server
//! Then: cargo run -p udp-echo --bin client

use socket2::{Domain, Socket, Type};
use std::io::{Write, stdout};
use std::net::UdpSocket;

const HOST: &str = "localhost"; // Address or name to listen on.
const PORT: u16 = 3500; // Port to listen on.
const BYTES: usize = 1024; // Maximum number of bytes to accept.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new();
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;

    // 3. Bind it to the address and port it listens on.
    s.bind(&common::ipv4(&host, port)?.into())?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.
    common::note(format!("listening on {}", s.local_addr()?));

    // 4. Serve for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 5. Take one datagram, and note who sent it.
        let (n, address) = common::receive(&s, &mut buffer)?;
        let data = &buffer[..n]; // Rust: only what came in.

        // 6. Say who called.
        writeln!(stdout(), "Conexion desde: {address}")?;

        // 7. If it holds anything, send it back.
        if !data.is_empty() {
            common::reply(&s, data, address);
        }
    }
}
