//! A socket that no datagram ends, blocks, loops or fools.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use crate::error::plain;
use crate::{note, ports};

/// Windows' "the datagram is larger than the buffer"; std has no kind for it.
const TOO_LONG: i32 = 10040;

/// A server's socket: `recv_from` and `send_to` are those of `UdpSocket`, with
/// the care that a server owes its network (RFC 8085, section 3.1 and 5.1).
pub struct Careful {
    s: UdpSocket,
    /// Our own port, 0 to 65535; asked once, and not for each datagram.
    own: u16,
}

impl Careful {
    /// Takes care of `s`, which is bound.
    ///
    /// # Errors
    /// If the system does not tell its address.
    pub fn new(s: impl Into<UdpSocket>) -> io::Result<Careful> {
        let s = s.into();
        let own = s.local_addr()?.port();
        Ok(Careful { s, own })
    }

    /// Its own address.
    ///
    /// # Errors
    /// As `UdpSocket::local_addr`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.s.local_addr()
    }

    /// Waits for a datagram; gives the number of its bytes, 0 to
    /// `buffer.len()`, and who sent it.
    ///
    /// Goes on waiting when an earlier answer met a closed port (Windows
    /// reports that here, as `ConnectionReset`), when a signal came, and when
    /// Windows drops a datagram that is longer than `buffer`, which it says on
    /// stderr. (Unix cuts such a datagram instead.)
    ///
    /// # Errors
    /// Every other error of the socket; `WouldBlock` or `TimedOut` after its
    /// read timeout, if it has one (see [`in_time`](crate::in_time)).
    pub fn recv_from(
        &self,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        use ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
        loop {
            let received = self.s.recv_from(buffer);
            match received.as_ref().map_err(|e| (e.kind(), e.raw_os_error())) {
                Err((ConnectionReset | ConnectionRefused | Interrupted, _)) => {
                }
                Err((_, Some(TOO_LONG))) if cfg!(windows) => {
                    note(format!("dropped: over {} bytes", buffer.len()));
                }
                _ => return received,
            }
        }
    }

    /// Sends `data` to `to`; gives the number of bytes sent: `data.len()`, or
    /// 0 where no answer should go, or the system refused it. That is said on
    /// stderr, and ends nothing.
    ///
    /// A datagram's source address can be forged. If it is a server's, that
    /// server answers our answer, and we answer it, for ever (CVE-1999-0103
    /// and CVE-2024-2169 are such cases). So nothing is sent to the ports
    /// where servers usually are: below 1024, this workshop's, and our own.
    /// (Two servers on other ports can still be made to talk for ever.)
    /// Nothing is sent to port 0, where nobody can be, or to an address that
    /// is not one machine's.
    ///
    /// # Errors
    /// None; but std's own `send_to` has some, and so both are called alike.
    pub fn send_to(&self, data: &[u8], to: SocketAddr) -> io::Result<usize> {
        let sent = match self.refusal(to) {
            Some(why) => Err(why.to_string()),
            None => self.s.send_to(data, to).map_err(|e| plain(&e)),
        };
        Ok(sent.unwrap_or_else(|why| {
            note(format!("no answer to {to}: {why}"));
            0
        }))
    }

    /// Why nothing is to be sent there, if so.
    fn refusal(&self, to: SocketAddr) -> Option<&'static str> {
        let (ip, port) = (to.ip().to_canonical(), to.port());
        if port == 0 {
            return Some("nobody can be at port 0");
        }
        if port < 1024 || port == self.own || ports::ALL.contains(&port) {
            return Some("that is a server's port");
        }
        let broadcast = ip == Ipv4Addr::BROADCAST;
        let many = ip.is_multicast() || ip.is_unspecified() || broadcast;
        many.then_some("that is not one machine")
    }
}

/// For what a socket has besides: `s.as_ref()`.
impl AsRef<UdpSocket> for Careful {
    fn as_ref(&self) -> &UdpSocket {
        &self.s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn careful() -> Careful {
        Careful::new(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap()
    }

    #[test]
    fn receives_after_an_answer_met_a_closed_port() {
        let s = careful();
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap();
        let closed = gone.local_addr().unwrap();
        drop(gone);
        s.send_to(b"anybody?", closed).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.send_to(b"me", s.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 10];
        let (n, from) = s.recv_from(&mut buffer).unwrap();
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
        let s = Careful::new(s).unwrap();
        assert_eq!(s.recv_from(&mut [0; 10]).unwrap(), (2, address));
    }

    #[test]
    fn nothing_goes_to_what_could_talk_for_ever_or_is_not_one_machine() {
        let s = careful();
        let own = s.local_addr().unwrap().port();
        let why = |to: &str| s.refusal(to.parse().unwrap());
        for to in ["127.0.0.1:1024", "10.0.0.7:40000", "[::1]:40000"] {
            assert_eq!(why(to), None, "{to}");
        }
        assert_eq!(why("127.0.0.1:0"), Some("nobody can be at port 0"));
        for port in ports::ALL.into_iter().chain([7, 1023, own]) {
            let server = Some("that is a server's port");
            assert_eq!(why(&format!("10.0.0.7:{port}")), server, "{port}");
        }
        for to in [
            "0.0.0.0:40000",
            "255.255.255.255:40000",
            "224.0.0.1:40000",
            "[::]:40000",
            "[ff02::1]:40000",
            "[::ffff:224.0.0.1]:40000",
        ] {
            assert_eq!(why(to), Some("that is not one machine"), "{to}");
        }
    }

    #[test]
    fn sends_to_the_others_and_survives_an_error() {
        let s = careful();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let refused = s.send_to(b"no IPv6", "[::1]:40000".parse().unwrap());
        assert_eq!(refused.unwrap(), 0);
        assert_eq!(s.send_to(b"", "10.0.0.7:0".parse().unwrap()).unwrap(), 0);
        let sent = s.send_to(b"sent", peer.local_addr().unwrap());
        assert_eq!(sent.unwrap(), 4);
        let mut buffer = [0; 10];
        let (n, _) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"sent");
    }
}
