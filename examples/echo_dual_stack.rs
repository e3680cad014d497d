//! Echo over IPv6 and IPv4, on one socket.
//!
//! Run:  cargo run -p examples --example echo_dual_stack -- server
//! Then: cargo run -p examples --example echo_dual_stack -- client
//! or:   cargo run -p udp-echo --bin client
//!
//! --host  the client's server, a name or an address (::1)
//! --port  its port, 0 to 65535 (3500)
//! server  or client: what this program is to be

use common::{Args, Careful, Role, println};
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;

const HOST: &str = "::1";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.
const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() -> common::Result<()> {
    let mut args = Args::new(include_str!("echo_dual_stack.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.finish();

    // 1. An IPv6 socket that takes IPv4, too. (Windows and some BSDs
    //    leave that out, unless it is asked for.)
    let s = Socket::new(Domain::IPV6, Type::DGRAM, None)?;
    s.set_only_v6(false)?;

    // 2. The server binds it to "every address", of either family.
    if role == Role::Server {
        let every = SocketAddr::new([0_u16; 8].into(), port);
        s.bind(&every.into())?;
    }

    // 3. The client sends. An IPv4 address has an IPv6 form for this:
    //    127.0.0.1 is written ::ffff:127.0.0.1 (RFC 4291, 2.5.5.2).
    if role == Role::Client {
        let found = common::look_up(&host, port)?;
        let server = found.first().ok_or("no address")?;
        let to = match server {
            SocketAddr::V4(four) => {
                (four.ip().to_ipv6_mapped(), port).into()
            }
            six => *six, // With its scope: fe80::1%eth0.
        };
        s.send_to(TEXT, &to.into())?;
    }
    let s = Careful::new(s)?;
    common::note(format!("listening on {}", s.local_addr()?));

    // 4. Both receive; the sender is printed in its usual form.
    let mut buffer = [0; BYTES];
    loop {
        let (n, address) = s.recv_from(&mut buffer)?;
        let data = &buffer[..n];
        let (ip, port) =
            (address.ip().to_canonical(), address.port());
        if role == Role::Client {
            println!("--> {}", common::printable(data));
            return Ok(());
        }
        let usual = SocketAddr::new(ip, port);
        println!("Conexion desde: {usual}");
        if !data.is_empty() {
            s.send_to(data, address)?;
        }
    }
}
