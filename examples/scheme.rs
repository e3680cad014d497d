//! The slide "Socket API para UDP, esquema de trabajo" as a program: each
//! call of both sides, in order, and what the system knows afterwards.
//!
//! Run:  cargo run -p examples --example scheme
//!
//! --port   the server's port, 0 to 65535 (3500)
//! --pause  wait for Enter after each call: meanwhile, look at
//!          the sockets from another terminal (ss -uanp, lsof)

use common::println;
use socket2::{Domain, Socket, Type};
use std::io::stdin;
use std::net::UdpSocket;

const HOST: &str = "127.0.0.1"; // Both sides are here.
const BYTES: usize = 1024; // At most so many bytes a datagram.

fn main() -> common::Result<()> {
    let mut args = common::Args::new(include_str!("scheme.rs"));
    let port: u16 = args.option("--port", 3500_u16);
    let pause = args.flag("--pause");
    args.finish();
    let mut buffer = [0; BYTES];
    let say = |side: &str, call: &str, s: &UdpSocket| {
        // Windows has no answer for a socket that is not bound.
        let ours = s.local_addr().ok().filter(|a| a.port() != 0);
        let ours = ours.map(|a| format!("bound to {a}"));
        let state =
            ours.unwrap_or("not bound: no port".to_string());
        println!("{side}  {call:36}  {state}");
        if pause {
            common::note("(waiting for Enter)".to_string());
            stdin().read_line(&mut String::new())?;
        }
        std::io::Result::Ok(())
    };

    // The server makes a socket and binds it to the port that it serves.
    let server = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let server = UdpSocket::from(server);
    say("server", "socket()", &server)?;
    let address = common::ipv4(HOST, port)?;
    socket2::SockRef::from(&server).bind(&address.into())?;
    say("server", "bind()", &server)?;
    let address = server.local_addr()?;

    // The client makes one, too. The first sending gives it a port.
    let client = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let client = UdpSocket::from(client);
    say("client", "socket()", &client)?;
    client.send_to(b"question", address)?;
    say("client", "sendto()", &client)?;

    // The server learns from the datagram where the client is.
    let (n, from) = server.recv_from(&mut buffer)?;
    let call = format!("recvfrom(): {n} bytes, {from}");
    say("server", &call, &server)?;
    server.send_to(b"answer", from)?;
    say("server", &format!("sendto({from})"), &server)?;

    // The client takes the answer and closes: its port is free again.
    let (n, from) = client.recv_from(&mut buffer)?;
    let call = format!("recvfrom(): {n} bytes, {from}");
    say("client", &call, &client)?;
    let port = client.local_addr()?;
    drop(client);
    let free =
        UdpSocket::bind(port).map_or("taken", |_| "free again");
    println!("client  close(): {port} is {free}");
    Ok(())
}
