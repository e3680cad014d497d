//! Takes a datagram apart with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run: cargo run -p ex08-udp-header
//! Or:  cargo run -p ex08-udp-header -- SOURCE DESTINATION HEX...

use std::env;
use std::net::Ipv4Addr;
use std::process::exit;

use ex08_udp_header::{HEADER, checksum, data, header};

/// The workshop's client asks a server at the neighbour's: from where, to
/// where, and the datagram as it goes over the wire.
const SAMPLE: &str = "192.168.1.34 192.168.1.35 9c400dac00203ccf \
    54616c6c657220493a204563686f20736f62726520554450";

fn main() {
    let mut words: Vec<String> = env::args().skip(1).collect();
    if words.is_empty() {
        words = SAMPLE.split(' ').map(String::from).collect();
    }
    let Some((source, destination, datagram)) = read(&words) else {
        eprintln!("usage: ex08-udp-header [SOURCE DESTINATION HEX...]");
        exit(2)
    };
    let Some(fields) = header(&datagram) else {
        eprintln!("Error: too short for a header of UDP");
        exit(1)
    };
    println!("source port:      {}", fields.source);
    println!("destination port: {}", fields.destination);
    println!("length:           {}", fields.length);
    let given = fields.checksum;
    let data = data(&datagram);
    // What is behind the data is padding. Where the length is impossible, nobody
    // knows what the checksum is of.
    let right = data.map(|data| {
        let whole = &datagram[..HEADER + data.len()];
        checksum(source, destination, whole)
    });
    match right.filter(|right| *right != given) {
        _ if given == 0 => println!("checksum:         none"),
        None => println!("checksum:         {given:#06x}"),
        Some(right) => println!(
            "checksum:         {given:#06x}, but {right:#06x} would be right"
        ),
    }
    match data {
        Some(data) => println!("data:             {}", data.escape_ascii()),
        None => println!("data:             the length is impossible"),
    }
}

/// Two addresses and the bytes of a datagram, which are written in base 16.
fn read(words: &[String]) -> Option<(Ipv4Addr, Ipv4Addr, Vec<u8>)> {
    let [source, destination, hex @ ..] = words else { return None };
    let hex = hex.concat().into_bytes();
    let byte = |pair: &[u8]| {
        let [left, right] = *pair else { return None };
        let digit = |c| char::from(c).to_digit(16);
        u8::try_from(digit(left)? * 16 + digit(right)?).ok()
    };
    let bytes: Option<Vec<u8>> = hex.chunks(2).map(byte).collect();
    let datagram = bytes.filter(|bytes| bytes.len() <= 65_535)?;
    Some((source.parse().ok()?, destination.parse().ok()?, datagram))
}
