//! Ports.

use std::net::{Ipv4Addr, UdpSocket};

use crate::close;

/// A UDP port (1024 to 65535) that no program on this machine's loopback
/// interface used a moment ago.
///
/// Another program may take it at any time: where a program can be told to
/// listen on port 0 and says what it got, do that instead.
///
/// # Panics
/// If the system has no port left.
pub fn free_port() -> u16 {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let port = s.and_then(|s| {
        let port = s.local_addr().map(|a| a.port());
        close(s);
        port
    });
    port.unwrap_or_else(|e| panic!("the system gives no free port: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn can_be_bound() {
        // Another program may be quicker, but not each time.
        assert!((0..20).any(|_| {
            let port = free_port();
            assert!(port >= 1024);
            UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        }));
    }
}
