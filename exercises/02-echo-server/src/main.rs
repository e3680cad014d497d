//! The echo server: serves for ever with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run:  cargo run -p ex02-echo-server
//! Then: cargo run -p udp-echo --bin client

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use ex02_echo_server::{listen, serve};

/// 1. The port to listen on: here it is fixed, and no option.
const PORT: u16 = 3500;

fn main() -> io::Result<()> {
    let s = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))?;
    println!("listening on {}", s.local_addr()?);
    serve(&s)
}
