//! Who is there? One datagram to all machines of the local network.
//!
//! Run:  cargo run -p examples --example broadcast -- server
//! Then: cargo run -p examples --example broadcast -- client
//!
//! --to    address to ask; 127.255.255.255: only us (255.255.255.255)
//! --port  port of the servers, 1 to 65535 (3601)
//! server  or client: what this program is to be

use common::{Careful, Role, println};
use socket2::{Domain, Socket, Type};
use std::time::Duration;

const TO: &str = "255.255.255.255";
const PORT: u16 = 3601;
const QUESTION: &[u8] = b"who is there?";
const WAIT: Duration = Duration::from_secs(1); // For one more answer.
const MOST: usize = 1000; // Answers; a network has no end.

fn main() -> common::Result<()> {
    let mut args = common::Args::new(include_str!("broadcast.rs"));
    let to: String = args.option("--to", TO);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.finish();
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let mut buffer = [0; 100];

    // 1. A server has to listen on every address: a socket bound to one
    //    address hears no broadcast.
    if role == Role::Server {
        s.bind(&common::ipv4("0.0.0.0", port)?.into())?;
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

    // 2. The client is refused at first: a mistyped address should not
    //    disturb a whole network, so SO_BROADCAST has to be asked for.
    let to = common::ipv4(&to, port)?;
    let refused = s.send_to(QUESTION, &to.into());
    let refused = refused
        .map_or_else(|e| e.kind().to_string(), |_| "sent".into());
    println!("without SO_BROADCAST: {refused}");
    s.set_broadcast(true)?;
    s.send_to(QUESTION, &to.into()).map_err(|e| {
        let why = common::plain(&e);
        format!("{why}: name your network's address with --to")
    })?;
    println!("with SO_BROADCAST: sent to {to}");

    // 3. Each machine answers to our address alone: "unicast".
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
