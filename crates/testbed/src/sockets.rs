//! Sockets that wait only so long; and ports.

use std::iter;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
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

/// A socket to talk to `to`. It stays on this machine if `to` does.
///
/// # Panics
/// If the system has none left.
pub fn socket_to(to: SocketAddr) -> UdpSocket {
    let here = match (to.is_ipv4(), to.ip().is_loopback()) {
        (true, true) => "127.0.0.1:0",
        (true, false) => "0.0.0.0:0",
        (false, true) => "[::1]:0",
        (false, false) => "[::]:0",
    };
    UdpSocket::bind(here).expect("the system has a socket")
}

/// A datagram, and who sent it.
pub type Datagram = (Vec<u8>, SocketAddr);

/// The datagrams that come within `limit`, as they come. The socket's own limit
/// is lost.
pub fn heard(s: &UdpSocket, limit: Duration) -> impl Iterator<Item = Datagram> {
    let (end, mut buffer) = (Instant::now() + limit, vec![0; 65_536]);
    let mut over = false;
    iter::from_fn(move || {
        while !over {
            let left = end.saturating_duration_since(Instant::now());
            over = left.is_zero(); // Then it looks a last time.
            // A limit of 0 would be for ever.
            s.set_read_timeout(Some(left.max(Duration::from_micros(1))))
                .ok()?;
            // Whatever is wrong (silence, a signal, a closed port): go on.
            if let Ok((n, from)) = s.recv_from(&mut buffer) {
                return Some((buffer[..n].to_vec(), from));
            }
        }
        None
    })
}

/// The first datagram within `limit`.
pub fn hear(s: &UdpSocket, limit: Duration) -> Option<Datagram> {
    heard(s, limit).next()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::process::Command;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::output;

    #[test]
    fn what_comes_is_heard_in_order_and_a_limit_of_0_is_one_look() {
        let s = socket_to((Ipv4Addr::LOCALHOST, 9).into());
        assert!(s.local_addr().unwrap().ip().is_loopback());
        let address = s.local_addr().unwrap();
        let all = ["one", "two", ""].map(|t| (t.as_bytes().to_vec(), address));
        for (data, _) in &all {
            s.send_to(data, address).unwrap();
        }
        assert!(heard(&s, PATIENCE).take(3).eq(all));
        assert_eq!(hear(&s, Duration::ZERO), None);
        s.send_to(b"here", address).unwrap();
        s.set_read_timeout(None).unwrap();
        s.peek(&mut [0; 9]).unwrap(); // Now it has come.
        assert_eq!(hear(&s, Duration::ZERO), Some((b"here".into(), address)));
        let begun = Instant::now();
        assert_eq!(heard(&s, Duration::from_millis(50)).count(), 0);
        assert!(begun.elapsed() >= Duration::from_millis(50));
    }

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
