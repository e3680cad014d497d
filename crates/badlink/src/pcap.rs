//! Datagrams as a capture that Wireshark, tshark and tcpdump open: Ethernet,
//! IP, UDP (draft-ietf-opsawg-pcap; RFC 791, 8200, 768).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Which of three stations sends or receives a frame: its number is the last
/// byte of its Ethernet address, `02:00:00:00:00:01` for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    /// Who sent first.
    Caller = 1,
    /// The link itself.
    Link = 2,
    /// Where the link passes datagrams on to.
    Target = 3,
}

/// What a capture file begins with.
pub fn head() -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 262_144, 1];
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// One datagram of at most 65,507 bytes as a frame of the capture. `wall` is
/// the time since 1970. If one address is of IPv4 and the other of IPv6, the
/// first is written as IPv6 has it, `::ffff:10.0.0.7`.
pub fn frame(
    wall: Duration,
    stations: [Station; 2],
    [from, to]: [SocketAddr; 2],
    data: &[u8],
) -> Vec<u8> {
    let frame = ethernet(stations, from, to, data);
    let size = frame.len() as u32;
    let head = [wall.as_secs() as u32, wall.subsec_micros(), size, size];
    let head = head.iter().flat_map(|word| word.to_be_bytes());
    head.chain(frame).collect()
}

fn ethernet(
    [sender, receiver]: [Station; 2],
    from: SocketAddr,
    to: SocketAddr,
    data: &[u8],
) -> Vec<u8> {
    let mut frame = Vec::new();
    for station in [receiver, sender] {
        frame.extend([2, 0, 0, 0, 0, station as u8]);
    }
    let length = (8 + data.len()) as u16;
    let ports = [from.port(), to.port(), length, 0].map(u16::to_be_bytes);
    let mut udp = [&ports.concat(), data].concat();
    let (ips, header) = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let ips = [from.octets(), to.octets()].concat();
            let [a, b] = (length + 20).to_be_bytes();
            let mut ip = vec![0x45, 0, a, b, 0, 0, 0x40, 0, 64, 17, 0, 0];
            ip.extend(&ips);
            let sum = checksum(&ip).to_be_bytes();
            ip[10..12].copy_from_slice(&sum);
            frame.extend([0x08, 0x00]);
            (ips, ip)
        }
        (from, to) => {
            let ips = [six(from), six(to)].concat();
            let [a, b] = length.to_be_bytes();
            frame.extend([0x86, 0xdd]);
            (ips.clone(), [&[0x60, 0, 0, 0, a, b, 17, 64], &ips[..]].concat())
        }
    };
    let pseudo = [&ips, &[0, 17][..], &length.to_be_bytes()].concat();
    let sum = match checksum(&[&pseudo, &udp[..]].concat()) {
        0 => 0xffff, // 0 says that nobody computed it.
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    [frame, header, udp].concat()
}

fn six(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => Ipv6Addr::octets(&six),
    }
}

/// The Internet's checksum of the bytes (RFC 1071); 0 if their own checksum is
/// among them, and all is well.
pub fn checksum(bytes: &[u8]) -> u16 {
    let two = bytes.chunks(2).map(|two| match *two {
        [a, b] => u64::from(u16::from_be_bytes([a, b])),
        ref one => one.iter().map(|a| u64::from(*a) << 8).sum(),
    });
    let mut sum: u64 = two.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times with microseconds, version 2.4, frames of Ethernet.
    #[test]
    fn a_file_says_what_it_is() {
        let head = head();
        assert_eq!(head[..8], [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4]);
        assert_eq!(head[16..], [0, 4, 0, 0, 0, 0, 0, 1]);
    }

    /// The datagram of RFC 768's fields that the book computes by hand.
    #[test]
    fn the_checksums_are_those_of_a_real_capture() {
        let ends = ["10.35.0.1:34954", "10.35.0.2:3500"];
        let ends = ends.map(|end| end.parse().unwrap());
        let stations = [Station::Caller, Station::Target];
        let wall = Duration::new(7, 9000);
        let frame = frame(wall, stations, ends, b"Taller I: Echo sobre UDP");
        assert_eq!(frame[..8], [0, 0, 0, 7, 0, 0, 0, 9]);
        assert_eq!(frame[16..30], [2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 1, 8, 0]);
        assert_eq!(frame[32..34], [0, 52]); // All of IP: 20 + 8 + 24.
        assert_eq!(frame[42..50], [10, 35, 0, 1, 10, 35, 0, 2]);
        assert_eq!(frame[56..58], [0xbf, 0xd2]); // As in echo.pcap.
        assert_eq!(checksum(&frame[30..50]), 0);
    }

    #[test]
    fn odd_lengths_and_mixed_families_have_right_checksums() {
        for (from, to) in
            [("[::1]:1", "[fd35::2]:2"), ("127.0.0.1:1", "[::1]:2")]
        {
            let ends = [from, to].map(|end| end.parse().unwrap());
            let stations = [Station::Link, Station::Target];
            for data in [&b""[..], b"a", b"ab", b"abc"] {
                let frame = frame(Duration::ZERO, stations, ends, data);
                let ip = &frame[30..];
                assert_eq!(frame[28..30], [0x86, 0xdd]);
                assert_eq!((ip[0], ip[6], ip[7]), (0x60, 17, 64));
                let mapped = ip[8..20] == *b"\0\0\0\0\0\0\0\0\0\0\xff\xff";
                assert_eq!(mapped, from.starts_with("127"));
                let pseudo = [&ip[8..40], &[0, 17], &ip[4..6]].concat();
                assert_eq!(checksum(&[&pseudo, &ip[40..]].concat()), 0);
            }
        }
    }

    /// A checksum of 0 would say that there is none (RFC 768).
    #[test]
    fn a_checksum_is_never_0() {
        let ends = ["[::1]:1", "[::1]:2"].map(|end| end.parse().unwrap());
        let stations = [Station::Caller, Station::Target];
        let sum = |data: &[u8]| {
            let frame = frame(Duration::ZERO, stations, ends, data);
            [frame[76], frame[77]]
        };
        assert_eq!(sum(&sum(&[0, 0])), [0xff, 0xff]);
    }
}
