//! A step that several exercises have: a function that takes one datagram from
//! a socket. What its tests do and see, and what that tells.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::said::own;
use crate::{Peer, Said, Shown, beside, doing, fail};

/// A socket of the test's own, at a free port of 127.0.0.1, and its address.
///
/// # Panics
/// If the system gives none.
pub fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let s = s.expect("the system gives a socket");
    let address = s.local_addr().expect("it is bound");
    (s, address)
}

/// Lets the socket wait only so long.
fn limit(s: &UdpSocket, time: Duration) {
    s.set_read_timeout(Some(time)).expect("it may wait");
}

/// What waits in the socket now; it is not taken.
pub fn waiting(s: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    limit(s, Duration::from_millis(1));
    let n = s.peek(&mut buffer).ok()?;
    Some(buffer[..n].to_vec())
}

/// What `recv_from` gives at once, with nothing there; `None` if it waits.
pub fn given_at_once(s: &UdpSocket) -> Option<io::Result<()>> {
    let time = Duration::from_millis(200);
    limit(s, time);
    let begun = Instant::now();
    let given = s.recv_from(&mut [0]).map(|_| ());
    (begun.elapsed() < time / 2).then_some(given)
}

/// A socket whose `recv_from` fails after a moment: nothing comes.
pub fn fails_to_receive() -> UdpSocket {
    let (s, _) = socket();
    limit(&s, Duration::from_millis(1));
    s
}

/// A function that takes one datagram from a socket.
pub struct Takes<T> {
    /// Its name.
    pub name: &'static str,
    /// The function.
    pub call: fn(&UdpSocket) -> io::Result<T>,
    /// The datagram's bytes, in what it gives.
    pub data: fn(&T) -> &[u8],
    /// A datagram has at most this many bytes.
    pub most: usize,
}

/// What such a function gave.
pub struct Taken<T> {
    /// The last time that it was called; `None` if it still runs.
    pub given: Option<io::Result<T>>,
    /// The socket.
    pub s: UdpSocket,
    /// Who sent to it.
    pub sender: SocketAddr,
}

impl<T: Send + 'static> Takes<T> {
    /// Sends these to a socket, and calls the function with it so many times.
    ///
    /// # Panics
    /// Outside of [`told_by`](crate::told_by).
    pub fn taken(&self, sent: &[&[u8]], times: usize) -> Taken<T> {
        let ((s, address), peer) = (socket(), Peer::new());
        for data in sent {
            peer.send(data, address);
        }
        let same = s.try_clone().expect("the system has room for a socket");
        let call = self.call;
        let last = beside(move || {
            for _ in 1..times {
                let _ = call(&same);
            }
            call(&same)
        });
        Taken { given: last.wait(), s, sender: peer.address() }
    }

    /// The bytes that it gave where `sent` had come.
    ///
    /// # Errors
    /// Why it gave none.
    pub fn bytes_of<'a>(
        &self,
        taken: &'a Taken<T>,
        sent: &[u8],
    ) -> Result<&'a [u8], Said> {
        let name = match &taken.given {
            Some(Ok(given)) => return Ok((self.data)(given)),
            None if waiting(&taken.s).is_some() => "waits elsewhere",
            None if sent.is_empty() => "passes over an empty datagram",
            None => "takes one and waits on",
            // Windows' word for what Unix cuts.
            Some(Err(e)) if e.raw_os_error() == Some(10040) => "a small buffer",
            Some(Err(_)) if sent.is_empty() => "an empty one is an error",
            Some(Err(_)) if str::from_utf8(sent).is_err() => "text alone",
            Some(Err(_)) => "gives an error",
        };
        Err(self.said(name))
    }

    /// Why it gave `came` instead of `meant`, if that tells what it did with its
    /// buffer, which was full of zeros.
    pub fn of_its_buffer(&self, meant: &[u8], came: &[u8]) -> Option<Said> {
        let zeros = |data: &[u8]| data.iter().all(|byte| *byte == 0);
        let name = match came.strip_prefix(meant) {
            Some([0]) => "one byte too many",
            Some(rest) if zeros(rest) => "the whole buffer",
            _ if came.is_empty() => "no byte at all",
            _ if zeros(came) && came.len() == meant.len() => "another buffer",
            _ if zeros(came) => "the rest of the buffer",
            _ if !meant.starts_with(came) => return None,
            _ => {
                // No room, or is something left out?
                let full = vec![b'x'; self.most];
                let full = self.taken(&[&full], 1).given?.ok()?;
                let room = (self.data)(&full).len();
                if room == came.len() {
                    "a small buffer"
                } else if room + 1 == self.most && came.len() + 1 == meant.len()
                {
                    "the last byte is missing"
                } else {
                    return None;
                }
            }
        };
        Some(self.said(name))
    }

    /// Fails if two calls do not take the first two of three datagrams.
    ///
    /// # Panics
    /// Outside of [`told_by`](crate::told_by).
    pub fn check_one_each_time(&self)
    where
        T: Shown,
    {
        let did = doing(self.said("sent three, called it twice"));
        let taken = self.taken(&[b"uno", b"dos", b"tres"], 2);
        let given = taken.given.as_ref().and_then(|given| given.as_ref().ok());
        let next = waiting(&taken.s);
        let why = match (given.map(self.data), next.as_deref()) {
            (Some(b"dos"), Some(b"tres")) => return,
            (Some(b"uno"), Some(b"uno")) => "leaves it there",
            _ => "one datagram each time",
        };
        fail(did, *b"dos", taken.given, self.said(why));
    }

    /// A sentence of the kit's about this function.
    fn said(&self, name: &str) -> Said {
        own(name, &[&self.name, &self.name])
    }
}
