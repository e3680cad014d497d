//! UDP echo server: sends each datagram back to its sender.
//!
//! Run:  cargo run -p udp-echo --bin server
//! Then: cargo run -p udp-echo --bin client
//!
//! --host  address or name to listen on (localhost)
//! --port  port to listen on, 0 to 65535; 0: any (3500)

use common::println;
use socket2::{Domain, Socket, Type};

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // Maximum number of bytes to accept.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("server.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket: Internet (IPv4), datagrams (UDP).
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;

    // 3. Bind it to the address and port it listens on.
    s.bind(&common::ipv4(&host, port)?.into())?;
    let s = common::Careful::new(s)?; // Rust: no datagram ends it.
    common::note(format!("listening on {}", s.local_addr()?));

    // 4. Serve for ever.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        // 5. Take one datagram, and note who sent it.
        let (n, address) = s.recv_from(&mut buffer)?;
        let data = &buffer[..n]; // Rust: only what came in.

        // 6. Say who called.
        println!("Conexion desde: {address}");

        // 7. If it holds anything, send it back.
        if !data.is_empty() {
            s.send_to(data, address)?;
        }
    }
}
