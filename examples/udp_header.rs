//! The UDP header (RFC 768), byte by byte: of a capture, or of
//! the next datagram.
//!
//! Run: cargo run -p examples --example udp_header
//!
//! --file  a capture by tcpdump -w (examples/echo.pcap)
//! --live  the next datagram that comes (Linux, root, IPv4)
//!
//! ```text
//!  0              15 16             31
//! +-----------------+-----------------+
//! |   source port   | destination port|
//! +-----------------+-----------------+
//! |     length      |    checksum     |
//! +-----------------+-----------------+
//! ```

use common::println;
use examples::capture::{datagram, frames, live};
use std::net::{IpAddr, Ipv6Addr};

const FILE: &str = "examples/echo.pcap";
const UDP: u8 = 17; // Its number in the IP header.
const FIELDS: &str = "source destination length checksum";

/// The sum of words of 16 bits. Adding carries back (RFC 1071)
/// leaves the remainder of a division by 65,535.
fn sum(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().zip([256, 1].into_iter().cycle());
    bytes.map(|(b, w)| u32::from(*b) * w).sum::<u32>() % 65_535
}

fn judge<'a>(
    pseudo: &[u8],
    udp: &[u8],
    missing: &'a str,
) -> &'a str {
    match sum(&udp[6..8]) {
        0 if udp[6] == 0 && pseudo.len() > 12 => {
            "none; IPv6 needs one"
        }
        0 if udp[6] == 0 => "none",
        _ if !missing.is_empty() => missing,
        _ if sum(&[pseudo, udp].concat()) == 0 => "right",
        given if given == sum(pseudo) => "left to the network card",
        _ => "wrong",
    }
}

/// An address of four or sixteen bytes.
fn ip(bytes: &[u8]) -> IpAddr {
    let six = Ipv6Addr::from(bytes.try_into().unwrap_or([0; 16]));
    bytes.try_into().map_or(six.into(), <[u8; 4]>::into)
}

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("udp_header.rs"));
    let file: String = args.option("--file", FILE);
    let from_socket = args.flag("--live");
    args.finish();

    // 2. Take frames from a raw socket or from the file.
    let found = if from_socket { live()? } else { frames(&file)? };
    let (link, captured) = found;
    let mut not_shown = 0;
    for (i, frame) in (1..).zip(captured) {
        // 3. Find the datagram behind the link's bytes and IP's.
        let found = datagram(link, &frame?);
        let Ok((ips, udp, missing)) = found else {
            let why = found.err().unwrap_or_default();
            println!("packet {i} is not shown: {why}");
            not_shown += 1;
            continue;
        };

        // 4. It says its own length; padding may follow.
        let length = u16::from_be_bytes([udp[4], udp[5]]).into();
        let udp = &udp[..udp.len().min(length).max(8)];
        let whole = udp.len() == length;
        let missing = if whole { "" } else { &missing };

        // 5. The checksum covers addresses, 17, length, and all.
        let pseudo = [&ips, &[0, UDP][..], &udp[4..6]].concat();

        // 6. Print who speaks with whom, and the four fields.
        let (from, to) = ips.split_at(ips.len() / 2);
        println!("{} to {}", ip(from), ip(to));
        for (name, two) in FIELDS.split(' ').zip(udp.chunks(2)) {
            let n = u16::from_be_bytes([two[0], two[1]]);
            println!("  {two:02x?} {name:11} {n:5}");
        }
        println!("  checksum: {}", judge(&pseudo, udp, missing));
    }

    // 7. Say how many were not shown.
    if not_shown > 0 {
        println!("not shown: {not_shown}");
    }
    Ok(())
}
