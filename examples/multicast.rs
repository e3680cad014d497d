//! Who is there? One datagram to those machines that joined a group.
//!
//! Run:  cargo run -p examples --example multicast -- server
//! Then: cargo run -p examples --example multicast -- client
//!
//! --group      an address from 224.0.0.0 on (239.255.35.0)
//! --interface  one of our addresses; 0.0.0.0: any (0.0.0.0)
//! --port       port of the members, 1 to 65535 (3602)
//! server       or client: what this program is to be

use common::{Careful, Role, println};
use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 35, 0);
const PORT: u16 = 3602;
const QUESTION: &[u8] = b"who is there?";
const WAIT: Duration = Duration::from_secs(1); // For one more answer.
const MOST: usize = 1000; // Answers; a network has no end.

fn main() -> common::Result<()> {
    let mut args = common::Args::new(include_str!("multicast.rs"));
    let group: Ipv4Addr = args.option("--group", GROUP);
    let interface: Ipv4Addr =
        args.option("--interface", Ipv4Addr::UNSPECIFIED);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.require(
        group.is_multicast(),
        "--group: no group's address",
    );
    args.finish();
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let mut buffer = [0; 100];

    // 1. A server joins the group: from then on this machine, too, takes
    //    what is sent to it (and tells its router, by IGMP). Several
    //    programs may share the port, if all of them say so.
    if role == Role::Server {
        s.set_reuse_address(true)?;
        s.bind(&common::ipv4("0.0.0.0", port)?.into())?;
        s.join_multicast_v4(&group, &interface).map_err(which)?;
        let s = Careful::new(s)?;
        common::note(format!("listening on {}", s.local_addr()?));
        loop {
            let (n, address) = s.recv_from(&mut buffer)?;
            println!("asked by {address}");
            if &buffer[..n] == QUESTION {
                s.send_to(b"I am", address)?;
            }
        }
    }

    // 2. The client needs no flag: only members are disturbed. A time to
    //    live of 1 keeps the question within this network; 0, within this
    //    machine. It leaves by one interface.
    s.set_multicast_ttl_v4(1)?;
    s.set_multicast_if_v4(&interface)?;
    let to = SocketAddr::from((group, port));
    s.send_to(QUESTION, &to.into()).map_err(which)?;
    println!("sent to {to}");

    // 3. Each member answers to our address alone.
    s.set_read_timeout(Some(WAIT))?;
    let s = Careful::new(s)?;
    for _ in 0..MOST {
        let received = s.recv_from(&mut buffer);
        let Some((n, address)) = common::in_time(received)? else {
            break;
        };
        let text = common::printable(&buffer[..n]);
        println!("{address}: {text}");
    }
    Ok(())
}

/// A machine without a default route does not know by which interface.
fn which(e: std::io::Error) -> String {
    let why = common::plain(&e);
    format!("{why}: name one of your addresses with --interface")
}
