//! Echo client with a connected socket: what strangers send is
//! dropped, and that nobody listens is reported.
//!
//! Run:   cargo run -p examples --example echo_connect
//! First, or not: cargo run -p udp-echo --bin server
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 1 to 65535 (3500)

use common::{Args, println};
use socket2::{Domain, Socket, Type};
use std::io::ErrorKind::{ConnectionRefused, ConnectionReset};
use std::net::UdpSocket;

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = Args::new(include_str!("echo_connect.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Connect: no datagram goes out, but the peer is fixed.
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.
    s.connect(common::ipv4(&host, port)?)?;
    let (ours, theirs) = (s.local_addr()?, s.peer_addr()?);
    println!("from {ours} to {theirs}");

    // 3. A stranger sends to our port first: that never arrives.
    let stranger = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    stranger.send_to(b"I am the server!", &ours.into())?;

    // 4. Send the text and wait: no address is needed any more.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    s.send(TEXT)?;
    let received = s.recv(&mut buffer);
    let kind = received.as_ref().map_err(|e| e.kind());
    if let Err(ConnectionRefused | ConnectionReset) = kind {
        return Err("connection refused: nobody listens".into());
    }
    let data = &buffer[..received?]; // Rust: only what came in.

    // 5. Print what came back.
    println!("--> {}", common::printable(data));
    Ok(())
}
