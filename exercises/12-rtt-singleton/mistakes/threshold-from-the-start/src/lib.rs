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
    let mut data = seq.to_be_bytes().to_vec();
    let nanos = sent.as_nanos() as u64;
    data.extend_from_slice(&nanos.to_be_bytes());
    data
}

/// 2. Read a reply: the number and the time sent; `None` if bytes are missing.
pub fn read(data: &[u8]) -> Option<(u32, Duration)> {
    let seq = data.get(0..4)?.try_into().ok()?;
    let nanos = data.get(4..12)?.try_into().ok()?;
    let sent = Duration::from_nanos(u64::from_be_bytes(nanos));
    Some((u32::from_be_bytes(seq), sent))
}

/// 3. Send probe number `seq` through the connected socket; gives the time
///    sent, since `start`: the same as in the datagram.
pub fn send(s: &UdpSocket, seq: u32, start: Instant) -> io::Result<Duration> {
    let sent = start.elapsed();
    s.send(&write(seq, sent))?;
    Ok(sent)
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
    let Some((seq, sent)) = read(data) else { return };
    let Some(probe) = probes.get_mut(seq as usize) else { return };
    if probe.sent != sent {
        return;
    }
    probe.replies += 1;
    let delay = now.saturating_sub(sent);
    if probe.replies == 1 && now <= threshold {
        probe.rtt = Some(delay);
    }
}

/// 5. Wait for the reply to the last of the probes, until `threshold` is over
///    since it was sent, and note whatever comes until then.
pub fn wait(
    s: &UdpSocket,
    start: Instant,
    probes: &mut [Probe],
    threshold: Duration,
) -> io::Result<()> {
    let mut buffer = [0; BYTES];
    while let Some(last) = probes.last()
        && last.replies == 0
    {
        let left = (last.sent + threshold).saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        s.set_read_timeout(Some(left))?;
        let Some(n) = in_time(s.recv(&mut buffer))? else { return Ok(()) };
        note(probes, &buffer[..n], start.elapsed(), threshold);
    }
    Ok(())
}

/// 6. Measure once more: send the next probe, add it to the list, and wait for
///    its reply.
pub fn measure(
    s: &UdpSocket,
    start: Instant,
    probes: &mut Vec<Probe>,
    threshold: Duration,
) -> io::Result<()> {
    let seq = probes.len() as u32;
    let sent = send(s, seq, start)?;
    probes.push(Probe { sent, rtt: None, replies: 0 });
    wait(s, start, probes, threshold)
}
