//! A chat peer, with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run:  cargo run -p ex16-zchat-peer -- server
//! Then: cargo run -p ex16-zchat-peer -- client

use std::env;
use std::io::{BufReader, stdin, stdout};
use std::net::{SocketAddr, UdpSocket};
use std::process::exit;

use ex16_zchat_peer::chat;
use zchat::chat::{dial, listen};

/// The server's port.
const PORT: u16 = 3502;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((role, host, port)) = place(&words) else {
        eprintln!("usage: ex16-zchat-peer server|client [HOST [PORT]]");
        exit(2)
    };
    let opened = match role {
        "server" => listen(host, port).map(|s| (s, Vec::new())),
        _ => dial(host, port),
    };
    let (s, addresses): (UdpSocket, Vec<SocketAddr>) =
        opened.unwrap_or_else(|why| fail(&format!("{why:?}")));
    let input = BufReader::new(stdin());
    if let Err(why) = chat(addresses, s, input, &mut stdout()) {
        fail(&why.to_string());
    }
}

/// What the command line says: the role, the host and the port.
fn place(words: &[String]) -> Option<(&str, &str, u16)> {
    let mut words = words.iter().map(String::as_str);
    let role = words.next().filter(|r| ["server", "client"].contains(r))?;
    let host = words.next().unwrap_or("localhost");
    let port = words.next().map_or(Some(PORT), |port| port.parse().ok())?;
    words.next().is_none().then_some((role, host, port))
}

/// Ends the program with these words.
fn fail(why: &str) -> ! {
    eprintln!("Error: {why}");
    exit(1)
}
