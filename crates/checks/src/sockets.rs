//! The tests' own sockets: one that receives, and one that sends what no honest
//! program does, with a UDP header written by hand.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use testbed::PATIENCE;

/// A socket of the test's own on the loopback interface, that waits only so
/// long ([`PATIENCE`]).
///
/// # Panics
/// If the system has no port left.
pub fn socket() -> UdpSocket {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    s.set_read_timeout(Some(PATIENCE)).expect("it is not 0");
    s
}

/// Receiving that no signal ends.
pub trait Hear {
    /// `recv_from`, again if the wait was interrupted: a socket with a read
    /// timeout reports that when its program, or the whole virtual machine,
    /// was paused. The timeout then begins anew.
    ///
    /// # Errors
    /// Every other error of the socket.
    fn hear(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;
}

impl Hear for UdpSocket {
    fn hear(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            match self.recv_from(buffer) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                heard => return heard,
            }
        }
    }
}

/// Sends one datagram over the loopback interface that claims to come from
/// port `source` (0 to 65535) of 127.0.0.1.
///
/// # Errors
/// `PermissionDenied` for a user who may not open raw sockets.
pub fn forge(source: u16, port: u16, data: &[u8]) -> io::Result<()> {
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
