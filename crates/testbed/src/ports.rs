//! Ports.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::process::while_none_starts;

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
    // Processes that run at the same time begin at different places.
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(std::process::id().wrapping_mul(97)));
    next_free(&NEXT).expect("one of the ports from 10000 to 15999 is free")
}

/// The first port that is free from number `next` of [`PORTS`] on, round and
/// round; `next` is the number behind it then.
fn next_free(next: &AtomicU32) -> Option<u16> {
    let free = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let size = u32::from(PORTS.end - PORTS.start);
    let mut ports = PORTS.map(|_| {
        let at = next.fetch_add(1, Ordering::Relaxed) % size;
        PORTS.start + u16::try_from(at).expect("it is less than 65536")
    });
    ports.find(|port| while_none_starts(|| free(*port)))
}

/// Closes a socket, and waits until its port is free: a process that was
/// started a moment ago may still have a copy of it. (At most [`PATIENCE`]:
/// another program may take the port.)
pub fn close(s: UdpSocket) {
    let address = s.local_addr().expect("a bound socket has an address");
    let limit = Instant::now() + PATIENCE;
    while_none_starts(|| {
        drop(s);
        while UdpSocket::bind(address).is_err() && Instant::now() < limit {
            thread::sleep(Duration::from_millis(1));
        }
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::process::Command;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::output;

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
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let at = u32::from(port - PORTS.start);
        assert_ne!(next_free(&AtomicU32::new(at)), Some(port));
        close(s);
        assert_eq!(next_free(&AtomicU32::new(at)), Some(port));
    }

    /// A process has copies of its parent's sockets while it starts.
    #[test]
    fn is_free_at_once_though_processes_start() {
        let this = std::env::current_exe().unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        output(Command::new(&this).arg("--help")).unwrap();
                    }
                });
            }
            let again = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
            let taken = (0..200).filter(|_| {
                let port = free_port();
                let Ok(s) = again(port) else { return true };
                thread::sleep(Duration::from_millis(1));
                close(s);
                again(port).is_err()
            });
            let taken = taken.count();
            done.store(true, Ordering::Relaxed);
            assert_eq!(taken, 0, "of 200");
        });
    }
}
