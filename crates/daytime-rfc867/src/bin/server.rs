//! Daytime server (RFC 867): answers with the date and time.
//!
//! Run:  cargo run -p daytime-rfc867 --bin server
//! Then: cargo run -p daytime-rfc867 --bin client
//!
//! --host    address or name to listen on (localhost)
//! --port    port, 0 to 65535; RFC 867 has 13 (3513)
//! --format  weekday, smtp or ctime (weekday)
//! --local   this machine's zone, not UTC

use common::println;
use daytime::{FORMATS, Format, line, now};
use socket2::{Domain, Socket, Type};

const HOST: &str = "localhost";
const PORT: u16 = 3513;
const FORMAT: &str = "weekday";
const BYTES: usize = 65535; // No datagram is larger.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("server.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let name = args.choice("--format", FORMAT, &FORMATS);
    let local = args.flag("--local");
    args.finish();
    let format: Format = name.parse()?; // Rust: not any text.

    // 2. Try one line first: if the zone is unknown, end here.
    line(now(local)?, format)?;

    // 3. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;

    // 4. Bind it to the address and port it listens on.
    s.bind(&common::ipv4(&host, port)?.into())?;
    let s = common::Careful::new(s)?; // Rust: no datagram ends it.
    common::note(format!("listening on {}", s.local_addr()?));

    // 5. Serve for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 6. Take one datagram: who sent it is all that counts.
        let (_, address) = s.recv_from(&mut buffer)?;

        // 7. Say who called.
        println!("Conexion desde: {address}");

        // 8. Send the date and time, as one line.
        let answer = line(now(local)?, format)?;
        s.send_to(answer.as_bytes(), address)?;
    }
}
