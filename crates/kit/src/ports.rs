//! Ports.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::close;

/// The ports that [`free_port`] gives: below those that a system chooses for a
/// socket which asks for port 0 (Linux from 32768, gVisor from 16000, macOS and
/// Windows from 49152). So no socket gets one of them by chance.
const PORTS: std::ops::Range<u16> = 10_000..16_000;

/// A UDP port (10000 to 15999) that no program on this machine's loopback
/// interface uses, and that this function gave to nobody else in this process
/// before, unless all have been given.
///
/// Another program may take it at any time: where a program can be told to
/// listen on port 0 and says what it got, do that instead.
///
/// # Panics
/// If none is free.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    next_free(&GIVEN).expect("one of the ports from 10000 to 15999 is free")
}

/// `given` counts the ports that were looked at.
fn next_free(given: &AtomicU32) -> Option<u16> {
    // Processes that run at the same time begin at different places.
    let first = std::process::id().wrapping_mul(97);
    let next = PORTS.map(|_| {
        let at = first.wrapping_add(given.fetch_add(1, Ordering::Relaxed));
        let at = at % u32::from(PORTS.end - PORTS.start);
        PORTS.start + u16::try_from(at).expect("it is less than 65536")
    });
    next.into_iter().find(|port| {
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, *port));
        s.map(close).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn can_be_bound_and_is_given_once() {
        let mut given = HashSet::new();
        for _ in 0..100 {
            let port = free_port();
            assert!(PORTS.contains(&port) && given.insert(port), "{port}");
            let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
            close(s.expect("nobody else has it"));
        }
    }

    #[test]
    fn is_not_one_that_is_used() {
        let port = free_port();
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
        // One round later, it is the first to be looked at.
        let first = std::process::id().wrapping_mul(97) % 6_000;
        let at = u32::from(port - PORTS.start);
        let given = AtomicU32::new((at + 6_000 - first) % 6_000);
        assert_ne!(next_free(&given), Some(port));
        close(s);
        given.store((at + 6_000 - first) % 6_000, Ordering::Relaxed);
        assert_eq!(next_free(&given), Some(port));
    }
}
