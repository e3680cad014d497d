//! A function called `open`, which makes a client's socket that is connected to
//! a server: what its tests do and see, and what that tells.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::{Peer, Shown, check_waits, doing, fail, free_port, said, skipped};

/// It.
pub type Open = fn(SocketAddr) -> io::Result<UdpSocket>;

/// Whether an error says that somebody has the port.
pub fn in_use<T>(given: &io::Result<T>) -> bool {
    matches!(given, Err(e) if e.kind() == ErrorKind::AddrInUse)
}

/// Fails if it does not give a socket that is connected to the server, each time
/// at a port of its own, or if it sends something to the server.
pub fn check_opens(open: Open) {
    let server = Peer::new();
    let address = server.address();
    let did = doing(said("called open", &[&address]));
    let expected = said("a socket connected to", &[&address]);
    let given = open(address);
    let is_at = |s: &UdpSocket, at| s.local_addr().is_ok_and(|own| own == at);
    let wrong = match &given {
        Err(_) if in_use(&given) => {
            // Does it want a server's own address, also where none is?
            let free = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            match open(free) {
                Ok(s) if is_at(&s, free) => Some("takes the server's port"),
                _ => Some("takes a fixed port"),
            }
        }
        Err(_) => Some("cannot open"),
        Ok(s) => match s.peer_addr() {
            Err(_) => Some("is not connected"),
            Ok(to) if is_at(s, to) => Some("is connected to itself"),
            Ok(to) if to != address => Some("is connected elsewhere"),
            Ok(_) => None,
        },
    };
    if let Some(why) = wrong {
        fail(did, expected, given, why);
    }
    let first = server.came_first();
    if first.is_some() {
        fail(did, "nothing at the server", first, "sends something");
    }
    let [_first, second] = [(); 2].map(|()| open(address));
    if in_use(&second) {
        fail("called open twice", expected, second, "takes a fixed port");
    }
    check_waits(given, "open");
}

/// Fails if it gives a socket that is not connected, where `connect` fails.
pub fn check_open_gives_the_error(open: Open) {
    // A socket of IPv4 cannot be connected to an address of IPv6.
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, 9));
    let did = doing(said("called open", &[&six]));
    let given = open(six);
    if matches!(&given, Ok(s) if s.peer_addr().is_err()) {
        let why = "ignores the error of connect";
        fail(did, "the error of connect", given, why);
    }
}

/// Addresses outside of this machine, and for each the own address from which
/// the system sends there. Where it sends to none of them, which Linux always
/// does, that is said aloud.
pub fn far_away() -> [(SocketAddr, io::Result<IpAddr>); 2] {
    // Nobody has the first (RFC 5737). The second, for all machines of a
    // network, Linux takes from a socket at 127.0.0.1 even without one.
    let all = [[192, 0, 2, 1], [224, 0, 0, 1]].map(|ip| {
        let far = SocketAddr::from((ip, 9));
        let s = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
        let s = s.expect("the system gives a socket");
        (far, s.connect(far).and_then(|()| Ok(s.local_addr()?.ip())))
    });
    let looked = all.iter().any(|(_, own)| own.is_ok());
    if !looked && !cfg!(target_os = "linux") {
        skipped(&"no network".shown());
    }
    all
}
