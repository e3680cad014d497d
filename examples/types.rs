//! The types on the slide, each with the property that it promises.
//!
//! Run: cargo run -p examples --example types

use common::println;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

const HOST: &str = "127.0.0.1"; // All of them talk to themselves.

fn main() -> common::Result<()> {
    common::Args::new(include_str!("types.rs")).finish();
    say("SOCK_STREAM", stream());
    say("SOCK_DGRAM", datagram());
    say("SOCK_SEQPACKET", sequence());
    say("SOCK_RAW", raw());
    Ok(())
}

/// TCP: a connection; order, and no borders between messages.
fn stream() -> Result<String> {
    let listener = TcpListener::bind((HOST, 0))?;
    let mut caller = TcpStream::connect(listener.local_addr()?)?;
    caller.write_all(b"uno")?;
    caller.write_all(b"dos")?;
    drop(caller);
    let mut all = String::new();
    listener.accept()?.0.read_to_string(&mut all)?;
    Ok(format!("connected; uno, dos came as {all:?}"))
}

/// UDP: no connection; borders, and a largest length.
fn datagram() -> Result<String> {
    let s = UdpSocket::bind((HOST, 0))?;
    let here = s.local_addr()?;
    s.send_to(b"uno", here)?;
    s.send_to(b"dos", here)?;
    let two = [receive(&s, 0)?, receive(&s, 0)?];
    let sent = s.send_to(&[0; 70_000], here);
    let large = sent.map_or("too many", |_| "sent");
    Ok(format!("uno, dos came as {two:?}; 70000 bytes: {large}"))
}

/// A connection with order and borders: Novell's SPX had it. Today it
/// is AF_UNIX that has it, on Linux.
#[cfg(unix)]
fn sequence() -> Result<String> {
    let pair = Socket::pair(Domain::UNIX, Type::SEQPACKET, None)?;
    let [one, other] = [pair.0, pair.1].map(UdpSocket::from);
    one.send(b"uno")?;
    one.send(b"dos")?;
    let two = [receive(&other, 0)?, receive(&other, 0)?];
    drop(one); // The other end is told.
    let end = receive(&other, 0)?;
    Ok(format!(
        "connected; uno, dos came as {two:?}, the end as {end:?}"
    ))
}

#[cfg(not(unix))]
fn sequence() -> Result<String> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// IP itself: no ports; a reader sees IP's own header.
fn raw() -> Result<String> {
    let tests = Some(Protocol::from(253)); // RFC 3692's number for tests.
    let s = Socket::new(Domain::IPV4, Type::RAW, tests)?;
    let s = UdpSocket::from(s);
    s.send_to(b"uno", (HOST, 0))?;
    let text = receive(&s, 20)?;
    Ok(format!(
        "uno came as {text:?} after IP's header of 20 bytes"
    ))
}

/// What comes in, without so many bytes at the beginning.
fn receive(s: &UdpSocket, skip: usize) -> Result<String> {
    let mut buffer = [0; 100];
    let n = s.recv(&mut buffer)?;
    Ok(common::printable(&buffer[skip.min(n)..n]))
}

/// A refusal is an answer, too; SOCK_RAW wants an administrator (sudo).
fn say(name: &str, shown: Result<String>) {
    let shown =
        shown.unwrap_or_else(|e| format!("refused: {}", e.kind()));
    println!("{name:14}  {shown}");
}
