//! The daytime server: serves for ever with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run:  cargo run -p ex10-daytime-server
//! Then: cargo run -p daytime-rfc867 --bin client

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use ex10_daytime_server::{listen, serve};

/// Port to listen on; RFC 867 has 13, which needs permission.
const PORT: u16 = 3513;

fn main() -> io::Result<()> {
    let s = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))?;
    println!("listening on {}", s.local_addr()?);
    serve(&s)
}
