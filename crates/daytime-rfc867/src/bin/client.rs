//! Daytime client (RFC 867): asks for the date and time.
//!
//! Run:   cargo run -p daytime-rfc867 --bin client
//! First: cargo run -p daytime-rfc867 --bin server
//!
//! --host     the server's name or address (localhost)
//! --port     its port, 1 to 65535; inetd has 13 (3513)
//! --timeout  seconds to wait for each answer, 1 to 65535 (5)
//! --tries    how often to ask, 1 to 65535 (3)

use common::println;
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;
use std::time::Duration;

const HOST: &str = "localhost";
const PORT: u16 = 3513;
const TIMEOUT: u16 = 5;
const TRIES: u16 = 3;
const BYTES: usize = 65535; // No datagram is larger.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("client.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let timeout: u16 = args.option("--timeout", TIMEOUT);
    let tries: u16 = args.option("--tries", TRIES);
    args.finish();

    // 2. Zero seconds or zero tries make no sense.
    if timeout < 1 || tries < 1 {
        return Err("--timeout and --tries start at 1".into());
    }

    // 3. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.

    // 4. Connect it: no stranger's datagram comes in.
    s.connect(common::ipv4(&host, port)?)?;
    let peer = s.peer_addr()?;

    // 5. Be ready to wait, but not for ever.
    let patience = Duration::from_secs(timeout.into());
    s.set_read_timeout(Some(patience))?;
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.

    for number in 1..=tries {
        // 6. Ask: any datagram will do, an empty one too.
        s.send(b"")?;

        // 7. Wait for the answer.
        let received = s.recv(&mut buffer);

        // 8. Nobody listens there: do not ask again.
        if common::refused(&received) {
            return Err(format!("nobody listens on {peer}").into());
        }

        // 9. If nothing came in time, ask again.
        let Some(n) = common::in_time(received)? else {
            common::note(format!("try {number}: no answer"));
            continue;
        };
        let data = &buffer[..n]; // Rust: only what came in.

        // 10. Print the line, and stop.
        let text = common::printable(data.trim_ascii());
        if text.is_empty() {
            return Err("the answer is empty".into());
        }
        println!("{text}");
        return Ok(());
    }

    // 11. Say that no answer came.
    Err(format!("no answer from {peer}").into())
}
