//! A server, a client, or both at once, with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run:  cargo run -p ex06-both-roles -- server
//! Then: cargo run -p ex06-both-roles -- client
//! Or:   cargo run -p ex06-both-roles -- both

use std::env;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::exit;

use ex06_both_roles::{Role, ask, both, listen, role, serve};

/// The server's port.
const PORT: u16 = 3500;

/// What the client sends.
const TEXT: &str = "Taller I: Echo sobre UDP";

fn main() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let line: Vec<String> = env::args().collect();
    let done = match role(&line) {
        Some(Role::Server) => listen(address).map(|s| {
            println!("listening on {address}");
            serve(&s);
        }),
        Some(Role::Client) => ask(address, TEXT).map(show),
        Some(Role::Both) => both(address, TEXT).map(show),
        None => {
            eprintln!("usage: ex06-both-roles server|client|both");
            exit(2)
        }
    };
    done.unwrap_or_else(|why: io::Error| {
        eprintln!("Error: {}", why.kind());
        exit(1)
    });
}

/// Prints the answer.
fn show(answer: String) {
    println!("--> {answer}");
}
