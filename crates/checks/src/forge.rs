//! Datagrams that no honest program sends: through a raw socket, with a UDP
//! header written by hand.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};

/// Sends one datagram over the loopback interface that claims to come from
/// port `source` (0 to 65535) of 127.0.0.1.
///
/// # Errors
/// `PermissionDenied` for a user who may not open raw sockets.
pub fn send(source: u16, port: u16, data: &[u8]) -> io::Result<()> {
    let raw = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP))?;
    let length = u16::try_from(8 + data.len()).expect("a small datagram");
    let mut datagram = Vec::new();
    datagram.extend(source.to_be_bytes());
    datagram.extend(port.to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]); // No checksum, which IPv4 allows.
    datagram.extend(data);
    // The address is both the destination and, on loopback, the source.
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    raw.send_to(&datagram, &to.into()).map(|_| ())
}
