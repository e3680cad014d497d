//! The echo between two machines, with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run on one machine:  cargo run -p ex07-neighbour
//! Then on the other:   cargo run -p ex07-neighbour -- HOST

use std::env;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::exit;

use ex07_neighbour::{PORT, ask, listen, look_up, my_address, place, serve};

/// What the client sends.
const TEXT: &str = "Taller I: Echo sobre UDP";

/// An address that nobody has (RFC 5737). The way to it is the way out.
const FAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match place(&words) {
        Some((host, port)) => client(&host, port),
        None if words.is_empty() => server(),
        None => {
            eprintln!("usage: ex07-neighbour [HOST [PORT]]");
            exit(2)
        }
    };
    done.unwrap_or_else(|why| {
        match why.raw_os_error() {
            Some(_) => eprintln!("Error: {}", why.kind()),
            None => eprintln!("Error: {why}"),
        }
        exit(1)
    });
}

/// Answers whoever calls.
fn server() -> io::Result<()> {
    let s = listen(PORT)?;
    println!("listening on {}", s.local_addr()?);
    match my_address(SocketAddr::from((FAR, PORT))) {
        Ok(own) => println!("tell your neighbour: {own}"),
        Err(_) => println!("this machine is in no network"),
    }
    serve(&s);
    Ok(())
}

/// Asks the server there.
fn client(host: &str, port: u16) -> io::Result<()> {
    let address = look_up(host, port)?;
    println!("from {} to {address}", my_address(address)?);
    println!("--> {}", ask(address, TEXT)?);
    Ok(())
}
