//! RTT reflector: answers each probe with the times it saw.
//!
//! Run:  cargo run -p rtt-rfc2681 --bin server
//! Then: cargo run -p rtt-rfc2681 --bin client
//!
//! --host  address or name to listen on (localhost)
//! --port  port to listen on, 0 to 65535; 0: any (3501)

use rtt_rfc2681::{clock, packet};
use socket2::{Domain, Socket, Type};

const HOST: &str = "localhost";
const PORT: u16 = 3501;
const BYTES: usize = 65536; // At most so many bytes a datagram.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("server.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket for the address's family, IPv4 or IPv6.
    let to = common::address(&host, port)?;
    let family = Domain::for_address(to);
    let s = Socket::new(family, Type::DGRAM, None)?;

    // 3. Bind it to the address and port it listens on.
    s.bind(&to.into())?;
    let s = common::Careful::new(s)?; // Rust: no datagram ends it.
    let address = s.local_addr()?;
    common::note(format!("listening on {address}"));

    // 4. Serve for ever; the system notes when a datagram arrives.
    clock::stamp_arrivals(s.as_ref());
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 5. Take one datagram, and see when it arrived.
        let (n, address) = s.recv_from(&mut buffer)?;
        let t2 = packet::ntp(clock::arrival(s.as_ref()));
        let data = &buffer[..n]; // Rust: only what came in.

        // 6. Answer with two times: when it came, when it goes.
        let t3 = packet::ntp(clock::wall());
        let data = packet::reply(data, t2, t3);
        s.send_to(&data, address)?;
    }
}
