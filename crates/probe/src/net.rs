//! Sockets of the judge's own: they wait only so long.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use testbed::{bytes, nothing};

/// A datagram, and who sent it.
pub type Datagram = (Vec<u8>, SocketAddr);

/// A socket to ask `to` from. It stays on this machine if `to` does.
///
/// # Panics
/// If the system has none left.
pub fn socket(to: SocketAddr) -> UdpSocket {
    let here = match (to.is_ipv4(), to.ip().is_loopback()) {
        (true, true) => "127.0.0.1:0",
        (true, false) => "0.0.0.0:0",
        (false, true) => "[::1]:0",
        (false, false) => "[::]:0",
    };
    UdpSocket::bind(here).expect("the system has a socket")
}

/// The first datagram in which `found` finds something within `limit`,
/// however many others come.
pub fn find<T>(
    s: &UdpSocket,
    limit: Duration,
    mut found: impl FnMut(&[u8], SocketAddr) -> Option<T>,
) -> Option<T> {
    let (end, mut buffer) = (Instant::now() + limit, vec![0; 65_536]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        // A limit of 0 would be for ever.
        s.set_read_timeout(Some(left.max(Duration::from_micros(1)))).ok()?;
        // Whatever is wrong (silence, a signal, a closed port): go on.
        let came = s.recv_from(&mut buffer).ok();
        let it = came.and_then(|(n, from)| found(&buffer[..n], from));
        if it.is_some() || left.is_zero() {
            return it;
        }
    }
}

/// The first datagram within `limit`.
pub fn hear(s: &UdpSocket, limit: Duration) -> Option<Datagram> {
    find(s, limit, |data, from| Some((data.to_vec(), from)))
}

/// Throws away what comes within `limit`.
pub fn forget(s: &UdpSocket, limit: Duration) {
    find(s, limit, |_, _| None::<()>);
}

/// What came, or that nothing did.
pub fn shown(came: Option<Datagram>) -> String {
    came.map_or_else(nothing, |(data, _)| bytes(&data))
}
