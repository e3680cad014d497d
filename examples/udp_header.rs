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
use pcap_parser::PcapCapture;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, Ipv6Addr, UdpSocket};

const FILE: &str = "examples/echo.pcap";
const UDP: u8 = 17; // Its number in the IP header.
const FIELDS: &str = "source destination length checksum";

/// The IP packets of a capture, without the link's own bytes.
fn read(file: &str) -> common::Result<Vec<Vec<u8>>> {
    let all = std::fs::read(file);
    let all = all.map_err(|e| format!("{file}: {}", e.kind()))?;
    let pcap = PcapCapture::from_file(&all);
    let pcap =
        pcap.map_err(|_| format!("{file} is no pcap file"))?;
    // BSD's loopback puts 4 bytes before it, Ethernet 14.
    let link = if pcap.header.network.0 == 0 { 4 } else { 14 };
    let packets = pcap.blocks.iter().map(|b| b.data.get(link..));
    Ok(packets.flatten().map(<[u8]>::to_vec).collect())
}

/// The next IP packet with UDP that comes in.
fn live() -> common::Result<Vec<Vec<u8>>> {
    let udp = Some(Protocol::UDP);
    let s = Socket::new(Domain::IPV4, Type::RAW, udp);
    let s = s.map_err(|e| format!("a raw socket: {}", e.kind()))?;
    let mut buffer = vec![0; 65_535];
    let n = UdpSocket::from(s).recv(&mut buffer)?;
    Ok(vec![buffer[..n].to_vec()])
}

/// The sum of words of 16 bits. Adding carries back (RFC 1071)
/// leaves the remainder of a division by 65,535.
fn sum(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().zip([256, 1].into_iter().cycle());
    bytes.map(|(b, w)| u32::from(*b) * w).sum::<u32>() % 65_535
}

fn judge(pseudo: &[u8], udp: &[u8]) -> &'static str {
    match sum(&udp[6..8]) {
        _ if udp[6..8] == [0, 0] => "none",
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

    // 2. Take IP packets from a raw socket or from the file.
    let packets = if from_socket { live()? } else { read(&file)? };
    for mut packet in packets {
        packet.resize(packet.len().max(68), 0); // Rust: room.

        // 3. Find the addresses and the datagram in the packet.
        let four = packet[0] >> 4 == 4;
        let ips = &packet[if four { 12..20 } else { 8..40 }];
        let protocol = packet[if four { 9 } else { 6 }];
        let header = if four { packet[0] % 16 * 4 } else { 40 };
        let udp = &packet[header.into()..];

        // 4. It says its own length; padding may follow.
        let length = u16::from_be_bytes([udp[4], udp[5]]).into();
        let udp = udp.get(..length).unwrap_or(udp);
        if protocol != UDP || length < 8 {
            continue;
        }

        // 5. The checksum covers addresses, 17, length, and all.
        let pseudo = [ips, &[0, UDP], &udp[4..6]].concat();

        // 6. Print who speaks with whom, and the four fields.
        let (from, to) = ips.split_at(ips.len() / 2);
        println!("{} to {}", ip(from), ip(to));
        for (name, two) in FIELDS.split(' ').zip(udp.chunks(2)) {
            let n = u16::from_be_bytes([two[0], two[1]]);
            println!("  {two:02x?} {name:11} {n:5}");
        }
        println!("  checksum: {}", judge(&pseudo, udp));
    }
    Ok(())
}
