//! RTT reflector: answers each probe with the times it saw.
//!
//! Run:  cargo run -p rtt-rfc2681 --bin server
//! Then: cargo run -p rtt-rfc2681 --bin client

use rtt_rfc2681::{clock, packet};
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;

const HOST: &str = "localhost"; // Address or name to listen on.
const PORT: u16 = 3501; // Port to listen on.
const BYTES: usize = 65536; // At most so many bytes a datagram.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new();
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket for the address's family, IPv4 or IPv6.
    let to = common::address(&host, port)?;
    let family = Domain::for_address(to);
    let s = Socket::new(family, Type::DGRAM, None)?;

    // 3. Bind it to the address and port it listens on.
    s.bind(&to.into())?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.
    let address = s.local_addr()?;
    common::note(format!("listening on {address}"));

    // 4. Serve for ever; the system notes when a datagram arrives.
    clock::gap(&s);
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 5. Take one datagram, and see when it arrived.
        let (n, address) = common::receive(&s, &mut buffer)?;
        let t2 = packet::ntp(clock::arrival(&s));
        let data = &buffer[..n]; // Rust: only what came in.

        // 6. Answer with two times: when it came, when it goes.
        let t3 = packet::ntp(clock::wall());
        let data = packet::reply(data, t2, t3);
        common::reply(&s, &data, address);
    }
}
