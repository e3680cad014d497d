//! A datagram that is larger than the buffer: the rest is lost.
//!
//! Run: cargo run -p examples --example truncation

use common::println;
use std::net::UdpSocket;

const HOST: &str = "127.0.0.1"; // Both sockets are here.
const BYTES: usize = 1024; // At most so many bytes a datagram.
const SENT: usize = 3000; // The first datagram has more.

fn main() -> common::Result<()> {
    // 1. Read the command line: there are no options.
    let args = common::Args::new(include_str!("truncation.rs"));
    args.finish();

    // 2. A receiver, on a port that the system chooses.
    let s = UdpSocket::bind((HOST, 0))?;
    let address = s.local_addr()?;

    // 3. A sender: 3,000 bytes, then a datagram of 5.
    let sender = UdpSocket::bind((HOST, 0))?;
    sender.send_to(&[b'x'; SENT], address)?;
    sender.send_to(b"after", address)?;
    println!("sent: {SENT} bytes, then 5");

    // 4. Take the first one, with room for 1,024 bytes.
    let mut buffer = [0; BYTES]; // Rust: room for one datagram.
    let received = s.recv_from(&mut buffer);
    match received.map_err(common::Error::from) {
        Ok((n, _)) => println!("received: {n} bytes"),
        Err(e) => println!("received an error: {e:?}"),
    }

    // 5. The rest is not in the next one: it is gone.
    let (n, _) = s.recv_from(&mut buffer)?;
    let text = common::printable(&buffer[..n]);
    println!("received: {n} bytes: {text}");
    Ok(())
}
