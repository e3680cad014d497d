//! Four clients: to three a stranger sends before the server does, and the
//! last asks where nobody listens.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run: cargo run -p ex05-strangers

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use ex05_strangers::{BYTES, in_time, open, report, wait_for};

/// How long a client waits.
const TIMEOUT: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let server = UdpSocket::bind("127.0.0.1:0")?;
    let address = server.local_addr()?;

    let s = UdpSocket::bind("127.0.0.1:0")?;
    both_send(&server, s.local_addr()?)?;
    println!("whoever comes first: {}", report(first(&s))?);

    let s = UdpSocket::bind("127.0.0.1:0")?;
    both_send(&server, s.local_addr()?)?;
    println!("wait_for(): {}", report(wait_for(&s, address, TIMEOUT))?);

    let s = open(address)?;
    both_send(&server, s.local_addr()?)?;
    println!("connected: {}", report(first(&s))?);

    drop(server);
    let s = open(address)?;
    s.send(b"Hola")?;
    println!("connected, no server: {}", report(first(&s))?);
    Ok(())
}

/// A stranger sends something to the client, and then the server does.
fn both_send(server: &UdpSocket, client: SocketAddr) -> io::Result<()> {
    let stranger = UdpSocket::bind("127.0.0.1:0")?;
    stranger.send_to(b"I am the server, believe me", client)?;
    server.send_to(b"Hola", client)?;
    Ok(())
}

/// The first datagram that comes; `None` if none came in time.
fn first(s: &UdpSocket) -> io::Result<Option<Vec<u8>>> {
    s.set_read_timeout(Some(TIMEOUT))?;
    let mut buffer = [0; BYTES];
    let received = in_time(s.recv_from(&mut buffer))?;
    Ok(received.map(|(n, _)| buffer[..n].to_vec()))
}
