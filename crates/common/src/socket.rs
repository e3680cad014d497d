//! Addresses, receiving and replying.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};

use crate::{Result, note};

/// The ports of this workshop's own servers, all of which answer.
const OURS: [u16; 4] = [3500, 3501, 3502, 3513];

/// Windows' "the datagram is larger than the buffer"; std has no kind for it.
const TOO_LONG: i32 = 10040;

/// The first IPv4 address of `host` (a name, or numbers with dots), with
/// `port` (0 to 65535).
///
/// std alone would take the first address of either family, and for
/// `localhost` that may be `[::1]`, where no IPv4 program listens.
///
/// # Errors
/// A sentence, if the name is unknown or has no IPv4 address.
pub fn ipv4(host: &str, port: u16) -> Result<SocketAddr> {
    let found = (host, port).to_socket_addrs();
    let mut found = found.map_err(|_| format!("unknown host: {host}"))?;
    let four = found.find(SocketAddr::is_ipv4);
    four.ok_or_else(|| format!("{host} has no IPv4 address").into())
}

/// As [`ipv4`], for a program that speaks IPv6, too: the first IPv4 address
/// of `host`, or else its first IPv6 address.
///
/// # Errors
/// A sentence, if the name is unknown.
pub fn address(host: &str, port: u16) -> Result<SocketAddr> {
    let six = || (host, port).to_socket_addrs().ok().and_then(|mut a| a.next());
    ipv4(host, port).or_else(|error| six().ok_or(error))
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

/// Waits for a datagram: `recv_from`, with care, so that none ends a server.
///
/// Goes on waiting when an earlier reply met a closed port (Windows reports
/// that here, as `ConnectionReset`), when a signal came, and when Windows
/// drops a datagram that is longer than `buffer`, which it says on stderr.
/// (Unix cuts such a datagram instead.) Returns the number of bytes received,
/// 0 to `buffer.len()`, and who sent them.
///
/// # Errors
/// Every other error of the socket; `WouldBlock` or `TimedOut` after its read
/// timeout, if it has one (see [`in_time`]).
pub fn receive(
    s: &UdpSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, SocketAddr)> {
    use ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    loop {
        let received = s.recv_from(buffer);
        match received.as_ref().map_err(|e| (e.kind(), e.raw_os_error())) {
            Err((ConnectionReset | ConnectionRefused | Interrupted, _)) => {}
            Err((_, Some(TOO_LONG))) if cfg!(windows) => {
                note(format!("dropped: over {} bytes", buffer.len()));
            }
            _ => return received,
        }
    }
}

/// Sends `data` back to `to`: `send_to`, with care. Where no answer should go,
/// or if it cannot be sent, it says so on stderr, and that is all.
///
/// A datagram's source address can be forged. If it is a server's, that server
/// answers our answer, and we answer it, for ever (CVE-1999-0103 and
/// CVE-2024-2169 are such cases). So there is no reply to the ports where
/// servers usually are: below 1024, this workshop's, and our own. (Two servers
/// on other ports can still be made to talk for ever.) There is none to port 0,
/// where nobody can be, or to an address that is not one machine's.
pub fn reply(s: &UdpSocket, data: &[u8], to: SocketAddr) {
    let sent = may_answer(s, to).and_then(|()| s.send_to(data, to));
    if let Err(why) = sent {
        note(format!("no answer to {to}: {why}"));
    }
}

fn may_answer(s: &UdpSocket, to: SocketAddr) -> io::Result<()> {
    let (ip, port) = (to.ip().to_canonical(), to.port());
    let own = s.local_addr()?.port();
    if port < 1024 || port == own || OURS.contains(&port) {
        return Err(io::Error::other("that is a server's port"));
    }
    if ip.is_multicast() || ip.is_unspecified() || ip == Ipv4Addr::BROADCAST {
        return Err(io::Error::other("that is not one machine"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert!(address("no.such.invalid", 1).is_err());
    }

    #[test]
    fn silence_is_no_error_and_other_errors_are() {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let received = receive(&s, &mut [0; 10]);
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

    #[test]
    fn receives_after_a_reply_met_a_closed_port() {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap();
        let closed = gone.local_addr().unwrap();
        drop(gone);
        reply(&s, b"anybody?", closed);
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.send_to(b"me", s.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 10];
        let (n, from) = receive(&s, &mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"me");
        assert_eq!(from, peer.local_addr().unwrap());
    }

    #[test]
    fn a_connected_socket_goes_on_after_a_refusal() {
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap();
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        s.connect(address).unwrap();
        drop(peer);
        s.send(b"anybody?").unwrap(); // The refusal waits in the socket.
        let peer = UdpSocket::bind(address).unwrap();
        peer.send_to(b"me", s.local_addr().unwrap()).unwrap();
        assert_eq!(receive(&s, &mut [0; 10]).unwrap(), (2, address));
    }

    #[test]
    fn no_answer_to_what_could_talk_for_ever_or_is_not_one_machine() {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let own = s.local_addr().unwrap();
        let answers = |to: &str| may_answer(&s, to.parse().unwrap()).is_ok();
        for to in ["127.0.0.1:1024", "10.0.0.7:40000", "[::1]:40000"] {
            assert!(answers(to), "{to}");
        }
        for to in [
            "127.0.0.1:0",
            "10.0.0.7:7",
            "10.0.0.7:1023",
            "10.0.0.7:3500",
            "10.0.0.7:3501",
            "10.0.0.7:3502",
            "10.0.0.7:3513",
            &format!("10.0.0.7:{}", own.port()),
            "0.0.0.0:40000",
            "255.255.255.255:40000",
            "224.0.0.1:40000",
            "[::]:40000",
            "[ff02::1]:40000",
            "[::ffff:224.0.0.1]:40000",
        ] {
            assert!(!answers(to), "{to}");
        }
    }

    #[test]
    fn reply_sends_to_the_others_and_survives_an_error() {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        reply(&s, b"never sent", "[::1]:40000".parse().unwrap());
        reply(&s, b"sent", peer.local_addr().unwrap());
        let mut buffer = [0; 10];
        let (n, _) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"sent");
    }
}
