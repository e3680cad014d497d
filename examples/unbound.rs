//! Who chose my port, and when? A socket's own address after each call.
//!
//! Run: cargo run -p examples --example unbound

use common::println;
use socket2::{Domain, Socket, Type};
use std::net::UdpSocket;

const HOST: &str = "127.0.0.1"; // A receiver of our own.

fn main() -> common::Result<()> {
    common::Args::new(include_str!("unbound.rs")).finish();
    let receiver = UdpSocket::bind((HOST, 0))?.local_addr()?;

    // 1. Made, and no more: there is neither an address nor a port.
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let s = UdpSocket::from(s);
    say("socket()", &s, "nobody has chosen yet")?;

    // 2. The first sending binds it: answers must find the way back.
    s.send_to(b"hola", receiver)?;
    say("send_to()", &s, "the system chose the port")?;

    // 3. Connected: the route to the peer decides the address.
    s.connect(receiver)?;
    say("connect()", &s, "the route chose the address")?;

    // 4. Bound to port 0: the system chooses now, before any sending.
    let s = UdpSocket::bind((HOST, 0))?;
    say("bind(port 0)", &s, "I chose the address, it the port")?;

    // 5. Bound to a port that we chose: it may be taken.
    let again = match UdpSocket::bind(s.local_addr()?) {
        Ok(_) => "free".to_string(),
        Err(error) => error.kind().to_string(),
    };
    println!("bind(same port): {again}");
    Ok(())
}

fn say(call: &str, s: &UdpSocket, why: &str) -> common::Result<()> {
    // Windows has no answer for a socket that is not bound.
    let ours = match s.local_addr() {
        Ok(address) => address.to_string(),
        Err(_) => "none".to_string(),
    };
    println!("{call:12}  {ours:21}  {why}");
    Ok(())
}
