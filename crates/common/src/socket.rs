//! The address behind a name, and what a received error means.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};

use crate::Result;
use crate::text::shown;

/// The first IPv4 address of `host` (a name, or numbers with dots), with
/// `port` (0 to 65535).
///
/// std alone would take the first address of either family, and for
/// `localhost` that may be `[::1]`, where no IPv4 program listens.
///
/// # Errors
/// A sentence, if the name is unknown or has no IPv4 address.
pub fn ipv4(host: &str, port: u16) -> Result<SocketAddr> {
    let four = look_up(host, port)?.into_iter().find(SocketAddr::is_ipv4);
    four.ok_or_else(|| format!("{host} has no IPv4 address").into())
}

/// As [`ipv4`], for a program that speaks IPv6, too: the first IPv4 address
/// of `host`, or else its first IPv6 address.
///
/// # Errors
/// A sentence, if the name is unknown.
pub fn address(host: &str, port: u16) -> Result<SocketAddr> {
    let first = ipv4_first(look_up(host, port)?).into_iter().next();
    first.ok_or_else(|| format!("{host} has no address").into())
}

/// The same addresses; those of one family stay in their order.
fn ipv4_first(mut all: Vec<SocketAddr>) -> Vec<SocketAddr> {
    all.sort_by_key(SocketAddr::is_ipv6);
    all
}

/// All addresses of `host`, with `port`; those of one family stay in the order
/// in which the system gives them. `[::1]` will do for `::1`.
///
/// # Errors
/// A sentence, if the name is unknown, or is an address with a port.
pub fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let both = host.rsplit_once(':').filter(|(name, number)| {
        let one = name.ends_with(']') || !name.contains(':');
        one && number.parse::<u16>().is_ok()
    });
    if let Some((name, number)) = both {
        let both = format!("{host} is a host and a port");
        return Err(format!("{both}: --host {name} --port {number}").into());
    }
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    match (bare.unwrap_or(host), port).to_socket_addrs() {
        Ok(found) => Ok(found.collect()),
        Err(_) => Err(format!("unknown host: {}", shown(host)).into()),
    }
}

/// `None` when nothing came within the socket's read timeout, which is no
/// error: Unix reports it as `WouldBlock`, Windows as `TimedOut`. The same when
/// a signal ended the wait early (on Linux, Ctrl-Z and then `fg`).
///
/// # Errors
/// Every other error of `received`, as it is.
pub fn in_time<T>(received: io::Result<T>) -> io::Result<Option<T>> {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    match received.as_ref().map_err(io::Error::kind) {
        Err(WouldBlock | TimedOut | Interrupted) => Ok(None),
        _ => received.map(Some),
    }
}

/// Whether `received` tells that nobody listens at the address to which this
/// connected socket sends: Unix reports it as `ConnectionRefused`, Windows as
/// `ConnectionReset`.
pub fn refused<T>(received: &io::Result<T>) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset};
    let kind = received.as_ref().err().map(io::Error::kind);
    matches!(kind, Some(ConnectionRefused | ConnectionReset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::Duration;

    #[test]
    fn names_numbers_and_what_has_no_ipv4_address() {
        let localhost = "127.0.0.1:3500".parse().unwrap();
        assert_eq!(ipv4("localhost", 3500).unwrap(), localhost);
        assert_eq!(ipv4("127.0.0.1", 3500).unwrap(), localhost);
        let words = |host| format!("{:?}", ipv4(host, 1).unwrap_err());
        assert_eq!(words("::1"), "::1 has no IPv4 address");
        assert_eq!(words("no.such.invalid"), "unknown host: no.such.invalid");
        assert_eq!(address("localhost", 3500).unwrap(), localhost);
        let six = "[::1]:3500".parse().unwrap();
        assert_eq!(address("::1", 3500).unwrap(), six);
        assert_eq!(address("[::1]", 3500).unwrap(), six);
        assert_eq!(words("[::1]"), "[::1] has no IPv4 address");
        for (host, name) in [("localhost:7", "localhost"), ("[::1]:7", "[::1]")]
        {
            let both = format!("{host} is a host and a port");
            assert_eq!(words(host), format!("{both}: --host {name} --port 7"));
        }
        assert_eq!(words("::zz:7"), "unknown host: ::zz:7");
        assert_eq!(words(""), "unknown host: \"\"");
        assert!(address("no.such.invalid", 1).is_err());
    }

    #[test]
    fn those_of_ipv4_come_first_whatever_the_system_s_order() {
        let [a, b, c] = ["[::1]:7", "10.0.0.7:7", "10.0.0.8:7"]
            .map(|address| address.parse().unwrap());
        assert_eq!(ipv4_first(vec![a, b, c]), [b, c, a]);
    }

    #[test]
    fn silence_is_no_error_and_other_errors_are() {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let received = s.recv_from(&mut [0; 10]);
        assert!(in_time(received).unwrap().is_none());
        let signal = io::Error::from(ErrorKind::Interrupted);
        assert!(in_time(Err::<(), _>(signal)).unwrap().is_none());
        assert_eq!(in_time(Ok(7)).unwrap(), Some(7));
        let other = io::Error::from(ErrorKind::NotConnected);
        let passed_on = in_time(Err::<(), _>(other)).unwrap_err();
        assert_eq!(passed_on.kind(), ErrorKind::NotConnected);
    }

    #[test]
    fn a_closed_port_and_nothing_else_is_refused() {
        assert!(refused::<()>(&Err(ErrorKind::ConnectionRefused.into())));
        assert!(refused::<()>(&Err(ErrorKind::ConnectionReset.into())));
        assert!(!refused::<()>(&Err(ErrorKind::TimedOut.into())));
        assert!(!refused(&Ok(0)));
    }
}
