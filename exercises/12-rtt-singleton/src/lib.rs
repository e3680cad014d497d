//! Exercise 12: how long a probe takes to a reflector and back (RFC 2681).
//!
//! ```text
//!  byte  a probe, and its reply
//!     0  sequence number, 4 bytes
//!     4  when it was sent, 8 bytes: nanoseconds since the start
//! ```
//!
//! Both numbers are in network byte order. Do the steps in their order: step 5
//! uses 2 and 4, step 6 uses 3 and 5.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// What is known of one probe. Its number is its place in the list of probes:
/// the first one has number 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// When it was sent: time since the start.
    pub sent: Duration,
    /// Its round-trip delay; `None` = undefined, until a reply comes in time.
    pub rtt: Option<Duration>,
    /// How many replies to it came, late ones and copies included.
    pub replies: u32,
}

/// A socket connected to the reflector, so that nobody else is heard. (This
/// one is done.)
pub fn open(reflector: SocketAddr) -> io::Result<UdpSocket> {
    let s = UdpSocket::bind("0.0.0.0:0")?;
    s.connect(reflector)?;
    Ok(s)
}

/// `None` if nothing came within the socket's time-out. (This one is done.)
pub fn in_time<T>(received: io::Result<T>) -> io::Result<Option<T>> {
    match received.as_ref().map_err(io::Error::kind) {
        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        _ => received.map(Some),
    }
}

/// 1. Write a probe: the bytes of its number, then those of the time sent.
pub fn write(seq: u32, sent: Duration) -> Vec<u8> {
    todo!("step 1: write a probe: number {seq}, sent at {sent:?}")
}

/// 2. Read a reply: the number and the time sent; `None` if bytes are missing.
pub fn read(data: &[u8]) -> Option<(u32, Duration)> {
    todo!("step 2: read a reply: {data:?}")
}

/// 3. Send probe number `seq` through the connected socket; gives the time
///    sent, since `start`: the same as in the datagram.
pub fn send(s: &UdpSocket, seq: u32, start: Instant) -> io::Result<Duration> {
    todo!("step 3: send a probe: number {seq}, {s:?}, {start:?}")
}

/// 4. Note a reply: `data`, which came at `now` (since the start). It counts
///    for the probe that has its number and its time sent, and for no other;
///    only the first reply, and only if it took at most `threshold`, defines
///    the delay.
pub fn note(
    probes: &mut [Probe],
    data: &[u8],
    now: Duration,
    threshold: Duration,
) {
    todo!("step 4: note a reply: {data:?}, {now:?}, {threshold:?}, {probes:?}")
}

/// 5. Wait for the reply to the last of the probes, until `threshold` is over
///    since it was sent, and note whatever comes until then.
pub fn wait(
    s: &UdpSocket,
    start: Instant,
    probes: &mut [Probe],
    threshold: Duration,
) -> io::Result<()> {
    todo!(
        "step 5: wait for the reply: {s:?} {start:?} {threshold:?} {probes:?}"
    )
}

/// 6. Measure once more: send the next probe, add it to the list, and wait for
///    its reply.
pub fn measure(
    s: &UdpSocket,
    start: Instant,
    probes: &mut Vec<Probe>,
    threshold: Duration,
) -> io::Result<()> {
    todo!("step 6: measure once more: {s:?} {start:?} {threshold:?} {probes:?}")
}
