//! Echo client and server in one program: a word says which.
//!
//! Run:  cargo run -p examples --example echo_roles -- server
//! Then: cargo run -p examples --example echo_roles -- client
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 0 to 65535 (3500)
//! server  or client: what this program is to be

use common::{Role, println};
use socket2::{Domain, Socket, Type};

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() -> common::Result<()> {
    // 1. Read the command line: the options, then the role.
    let mut args = common::Args::new(include_str!("echo_roles.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.finish();

    // 2. Both roles make the same socket.
    let server = common::ipv4(&host, port)?;
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;

    // 3. Only the server needs a port that others know.
    if role == Role::Server {
        s.bind(&server.into())?;
    }

    // 4. Only the client speaks first.
    if role == Role::Client {
        s.send_to(TEXT, &server.into())?;
    }

    // 5. Both have a port now: the system chose the client's.
    let s = common::Careful::new(s)?; // Rust: no datagram ends it.
    common::note(format!("listening on {}", s.local_addr()?));

    // 6. Both take a datagram, and note who sent it.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    loop {
        let (n, address) = s.recv_from(&mut buffer)?;
        let data = &buffer[..n]; // Rust: only what came in.

        // 7. The client prints what came back, and ends.
        if role == Role::Client {
            println!("--> {}", common::printable(data));
            break Ok(());
        }

        // 8. The server says who called, sends it back, goes on.
        println!("Conexion desde: {address}");
        if !data.is_empty() {
            s.send_to(data, address)?;
        }
    }
}
