//! Sends a text to its own socket and prints what came.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run: cargo run -p ex01-first-socket

use std::io;

use ex01_first_socket::{open, receive, send};

fn main() -> io::Result<()> {
    let s = open()?;
    let address = s.local_addr()?;
    println!("my address: {address}");
    send(&s, "Hola, socket", address)?;
    println!("--> {}", receive(&s)?);
    Ok(())
}
