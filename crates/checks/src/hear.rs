//! Receiving in a test.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

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
