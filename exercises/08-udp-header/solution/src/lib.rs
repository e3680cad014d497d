//! Exercise 08: the header of UDP, taken apart, and its checksum.
//!
//! ```text
//!  0      7 8     15 16    23 24    31
//! +--------+--------+--------+--------+
//! |   Source Port   |Destination Port |
//! +--------+--------+--------+--------+
//! |     Length      |    Checksum     |
//! +--------+--------+--------+--------+
//! |          data octets ...
//! ```
//!
//! (RFC 768.) Do the steps in their order: step 5 uses 3 and 4.

use std::net::Ipv4Addr;

/// The header has so many bytes.
pub const HEADER: usize = 8;

/// The number of UDP among the protocols that IP carries.
pub const UDP: u8 = 17;

/// The four fields, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port; 0 if no answer is wanted.
    pub source: u16,
    /// The receiver's port.
    pub destination: u16,
    /// Bytes of header and data together.
    pub length: u16,
    /// The checksum of header, data and pseudo-header; 0 if there is none.
    pub checksum: u16,
}

/// 1. Read the four fields. `None` if there are fewer than `HEADER` bytes.
pub fn header(datagram: &[u8]) -> Option<Header> {
    let [s1, s0, d1, d0, l1, l0, c1, c0] = *datagram.first_chunk()?;
    Some(Header {
        source: u16::from_be_bytes([s1, s0]),
        destination: u16::from_be_bytes([d1, d0]),
        length: u16::from_be_bytes([l1, l0]),
        checksum: u16::from_be_bytes([c1, c0]),
    })
}

/// 2. Take the data: what is behind the header, as far as the length goes.
///    `None` if the length is impossible.
pub fn data(datagram: &[u8]) -> Option<&[u8]> {
    let length = header(datagram)?.length;
    datagram.get(HEADER..usize::from(length))
}

/// 3. Add up the bytes as numbers of 16 bits; what does not fit into 16 bits is
///    added again, at the right end. A last byte alone is the left half of its
///    number.
pub fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        let right = pair.get(1).unwrap_or(&0);
        sum += u32::from(u16::from_be_bytes([pair[0], *right]));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// 4. Make the pseudo-header: source (4 bytes), destination (4), a zero, the
///    number of the protocol, the length of the datagram (2).
pub fn pseudo_header(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    length: u16,
) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&source.octets());
    bytes[4..8].copy_from_slice(&destination.octets());
    bytes[9] = UDP;
    bytes[10..].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// 5. Compute the checksum that the datagram must have: of pseudo-header, header
///    and data, with zeros in the place of the checksum. (It has as many bytes as
///    its length says, and no padding: at least `HEADER`, at most 65535.)
pub fn checksum(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    datagram: &[u8],
) -> u16 {
    let length = datagram.len() as u16;
    let mut all = pseudo_header(source, destination, length).to_vec();
    all.extend(datagram);
    all[12 + 6..12 + 8].fill(0);
    match !sum(&all) {
        0 => 0xffff,
        checksum => checksum,
    }
}
