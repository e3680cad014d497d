//! Sends "hola" to itself, with what you write in lib.rs. (to be written)
//!
//! You need not change this file.
//!
//! Run: cargo run -p exNN-name

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use exNN_name::{send, take};

fn main() -> io::Result<()> {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    send(&s, "hola", s.local_addr()?)?;
    println!("{}", String::from_utf8_lossy(&take(&s)?));
    Ok(())
}
