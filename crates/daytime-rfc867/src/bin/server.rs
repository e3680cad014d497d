//! Daytime server (RFC 867): answers with the date and time.
//!
//! Run:  cargo run -p daytime-rfc867 --bin server
//! Then: cargo run -p daytime-rfc867 --bin client

use daytime::{FORMATS, line, now};
use socket2::{Domain, Socket, Type};
use std::io::{Write, stdout};
use std::net::UdpSocket;

const HOST: &str = "localhost"; // Address or name to listen on.
const PORT: u16 = 3513; // Port to listen on; RFC 867 has 13.
const FORMAT: &str = "weekday"; // Or smtp, or ctime.
const BYTES: usize = 65535; // No datagram is larger.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new();
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let format = args.choice("--format", FORMAT, &FORMATS);
    let local = args.flag("--local");
    args.finish();

    // 2. Try one line first: if the zone is unknown, end here.
    line(now(local)?, &format)?;

    // 3. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;

    // 4. Bind it to the address and port it listens on.
    s.bind(&common::ipv4(&host, port)?.into())?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.
    common::note(format!("listening on {}", s.local_addr()?));

    // 5. Serve for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 6. Take one datagram: who sent it is all that counts.
        let (_, address) = common::receive(&s, &mut buffer)?;

        // 7. Say who called.
        writeln!(stdout(), "Conexion desde: {address}")?;

        // 8. Send the date and time, as one line.
        let answer = line(now(local)?, &format)?;
        common::reply(&s, answer.as_bytes(), address);
    }
}
