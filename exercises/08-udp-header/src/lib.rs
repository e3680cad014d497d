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
    todo!("step 1: read the four fields of {datagram:?}")
}

/// 2. Take the data: what is behind the header, as far as the length goes.
///    `None` if the length is impossible.
pub fn data(datagram: &[u8]) -> Option<&[u8]> {
    todo!("step 2: take the data of {datagram:?}")
}

/// 3. Add up the bytes as numbers of 16 bits; what does not fit into 16 bits is
///    added again, at the right end. A last byte alone is the left half of its
///    number.
pub fn sum(bytes: &[u8]) -> u16 {
    todo!("step 3: add up the bytes {bytes:?}")
}

/// 4. Make the pseudo-header: source (4 bytes), destination (4), a zero, the
///    number of the protocol, the length of the datagram (2).
pub fn pseudo_header(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    length: u16,
) -> [u8; 12] {
    todo!("step 4: make the pseudo-header: {source}, {destination}, {length}")
}

/// 5. Compute the checksum that the datagram must have: of pseudo-header, header
///    and data, with zeros in the place of the checksum. (It has as many bytes as
///    its length says, and no padding: at least `HEADER`, at most 65535.)
pub fn checksum(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    datagram: &[u8],
) -> u16 {
    todo!("step 5: compute the checksum: {source}, {destination}, {datagram:?}")
}
