//! Echo client that does not wait for ever.
//!
//! Run:   cargo run -p examples --example echo_timeout
//! First, or not: cargo run -p udp-echo --bin server
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 1 to 65535 (3500)

use common::{Args, println};
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;
use std::time::Duration;

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";
const TIMEOUT: u64 = 2; // Wait at most so many seconds.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = Args::new(include_str!("echo_timeout.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket whose calls wait only so long.
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.
    s.set_read_timeout(Some(Duration::from_secs(TIMEOUT)))?;

    // 3. Send the text.
    s.send_to(TEXT, common::ipv4(&host, port)?)?;

    // 4. Wait for the answer, but not for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    let received = s.recv_from(&mut buffer);
    let received = common::in_time(received)?; // Rust: or None.
    let Some((n, _)) = received else {
        let why = format!("no answer in {TIMEOUT} s");
        return Err(why.into());
    };
    let data = &buffer[..n]; // Rust: only what came in.

    // 5. Print what came back.
    println!("--> {}", common::printable(data));
    Ok(())
}
