//! The time of day, and when a datagram arrived.
//!
//! Between a datagram's arrival and the moment a program holds it, the
//! program must be woken up: that takes tens of microseconds, and on a busy
//! machine milliseconds. On Linux the kernel notes the arrival, and tells.

use std::net::UdpSocket;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of day: time since 1970-01-01, 00:00 UTC. It may jump; for
/// intervals there is `Instant`.
pub fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Has the kernel note when datagrams arrive at `s`, from now on; where it
/// cannot, nothing happens.
pub fn stamp_arrivals(s: &UdpSocket) {
    stamp(s); // The first question switches the stamps on.
}

/// How long ago the datagram arrived that was last received from `s`. To be
/// called right after receiving. `None` if there is no stamp: no
/// [`stamp_arrivals`], not on Linux, or the clock was set back since.
pub fn gap(s: &UdpSocket) -> Option<Duration> {
    let stamp = stamp(s)?;
    wall().checked_sub(stamp)
}

/// When the datagram arrived that was last received from `s`, by the time of
/// day; as [`gap`], but without a stamp it is now.
pub fn arrival(s: &UdpSocket) -> Duration {
    stamp(s).unwrap_or_else(wall)
}

/// The kernel's time stamp of the last datagram: time since 1970.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "std has no ioctl")]
fn stamp(s: &UdpSocket) -> Option<Duration> {
    use std::os::fd::AsRawFd;
    const SIOCGSTAMPNS_OLD: libc::Ioctl = 0x8907; // asm-generic/sockios.h
    let fd = s.as_raw_fd();
    let mut time: [libc::c_long; 2] = [0; 2]; // Seconds, nanoseconds.
    // SAFETY: `fd` is open, and this request writes two C `long`s.
    let status = unsafe { libc::ioctl(fd, SIOCGSTAMPNS_OLD, &mut time) };
    let [seconds, nanos] = time.map(u64::try_from);
    let nanos = Duration::from_nanos(nanos.ok()?);
    (status == 0).then_some(Duration::from_secs(seconds.ok()?) + nanos)
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
fn stamp(_: &UdpSocket) -> Option<Duration> {
    None
}
