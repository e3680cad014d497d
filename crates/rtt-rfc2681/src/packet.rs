//! What goes over the wire: the test packets of STAMP (RFC 8762), in the
//! unauthenticated mode. All numbers are in network byte order.
//!
//! ```text
//!  byte  request (section 4.2.1)         reply (section 4.3.1)
//!     0  sequence number, 4 bytes        the same number
//!     4  time sent, 8 bytes (NTP)        T3: time the reply was sent
//!    12  error estimate, 2 bytes         error estimate
//!    14  zero                            zero, 2 bytes
//!    16  zero                            T2: time the request arrived
//!    24  zero                            bytes 0 to 13 of the request
//!    38  zero                            zero, 2 bytes
//!    40  zero                            TTL of the request; 255 = unknown
//!    41  zero                            zero, 3 bytes
//!    44  extra padding                   the same, but for the flags
//! ```

use std::time::Duration;

/// The bytes of the smallest request, and of its reply.
pub const LEAST: usize = 44;

/// Where a STAMP reply repeats the request. An echo repeats it at 0.
pub const COPY: usize = 24;

/// The bytes of a request that a STAMP reply repeats there.
const HEAD: usize = 14;

/// "This clock is not set by another one (S = 0), and may be wrong by a
/// second": scale 32, multiplier 1 (RFC 4656, section 4.1.2).
const ERROR: u16 = 0x2001;

/// From 1900-01-01, where NTP counts from, to 1970-01-01: seconds.
const TO_1970: u64 = 2_208_988_800;

/// The NTP time stamp (RFC 5905, section 6) of `wall`, time since 1970:
/// seconds since 1900 in the upper half, 2^-32 s in the lower one. It starts
/// again from zero in 2036.
pub fn ntp(wall: Duration) -> u64 {
    let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
    (wall.as_secs().wrapping_add(TO_1970) << 32) | fraction
}

/// The request number `seq`, sent at `time` (NTP), of `size` bytes: 44 to
/// 65,507. From byte 44 on stands extra padding (RFC 8972, section 4.1): flags,
/// type, length, and random bytes, so that nothing on the way can compress
/// them. The same time gives the same ones.
pub fn request(seq: u32, time: u64, size: usize) -> Vec<u8> {
    let mut data = vec![0; size];
    let mut random = fastrand::Rng::with_seed(time);
    random.fill(data.get_mut(LEAST..).unwrap_or_default());
    if let Some(length) = size.checked_sub(LEAST + 4) {
        put(&mut data, LEAST, &[0x80, 1]);
        put(&mut data, LEAST + 2, &(length as u16).to_be_bytes());
    }
    put(&mut data, 0, &seq.to_be_bytes());
    put(&mut data, 4, &time.to_be_bytes());
    put(&mut data, 12, &ERROR.to_be_bytes());
    data
}

/// The reply to `data`, which arrived at `t2` and is answered at `t3` (NTP).
/// It is as long as `data`, but for the requests of TWAMP Light, which may have
/// 14 bytes: to these goes a STAMP reply, too (RFC 8762, section 4.6). What is
/// even shorter comes back as it is: a plain echo (RFC 862).
pub fn reply(data: &[u8], t2: u64, t3: u64) -> Vec<u8> {
    let mut reply = data.to_vec();
    if let Some(head) = data.first_chunk::<HEAD>() {
        reply.resize(data.len().max(LEAST), 0);
        put(&mut reply, 4, &[0; LEAST - 4]);
        put(&mut reply, 4, &t3.to_be_bytes());
        put(&mut reply, 12, &ERROR.to_be_bytes());
        put(&mut reply, 16, &t2.to_be_bytes());
        put(&mut reply, COPY, head);
        put(&mut reply, 40, &[255]); // TTL unknown (RFC 5357, section 4.2).
    }
    reply
}

/// The sequence number and the time sent (NTP) that `data` has at byte `at`
/// ([`COPY`] or 0); `None` if it is too short.
pub fn probe(data: &[u8], at: usize) -> Option<(u32, u64)> {
    let seq = data.get(at..)?.first_chunk()?;
    let time = data.get(at + 4..)?.first_chunk()?;
    Some((u32::from_be_bytes(*seq), u64::from_be_bytes(*time)))
}

/// What a datagram is to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// STAMP's reply, whole.
    Stamp,
    /// The request itself, whole: a plain echo.
    Echo,
    /// One of these, but shorter than the request.
    Short,
    /// One of these, but with other bytes.
    Damaged,
    /// Neither of these: less than half of the request's head is in it.
    Strange,
}

/// What `data` is to `request`. Of an echo each byte is compared. Of a STAMP
/// reply what it repeats: bytes 0 to 13 and, behind the flags at 44, the rest,
/// unless less than half of that agrees, for TWAMP Light may fill it in itself
/// (RFC 5357, section 4.2.1); and the multiplier, never 0 (RFC 4656, 4.1.2).
pub fn answer(data: &[u8], request: &[u8]) -> Answer {
    let alike = |at: usize, sent: &[u8]| {
        let pairs = data.iter().skip(at).zip(sent);
        pairs.filter(|(came, sent)| came == sent).count()
    };
    let head = request.get(..HEAD).unwrap_or_default();
    let (stamp, echo) = (alike(COPY, head), alike(0, head));
    let rest = request.get(LEAST + 1..).unwrap_or_default();
    let kept = alike(LEAST + 1, rest);
    let whole = kept == rest.len() || 2 * kept < rest.len();
    if 2 * stamp.max(echo) < HEAD {
        Answer::Strange
    } else if data.len() < request.len() {
        Answer::Short
    } else if data == request {
        Answer::Echo
    } else if stamp == HEAD && whole && data.get(13) != Some(&0) {
        Answer::Stamp
    } else {
        Answer::Damaged
    }
}

/// T3 - T2, the time that the request spent inside the reflector, as a STAMP
/// reply tells it; `None` if that is negative, `data` is too short, or the
/// times are not NTP's (Z = 1, RFC 8762, section 4.2.1). Both come from one
/// clock: so it need not agree with ours.
pub fn inside(data: &[u8]) -> Option<Duration> {
    let time = |at| Some(u64::from_be_bytes(*data.get(at..)?.first_chunk()?));
    let inside = time(4)?.wrapping_sub(time(16)?); // Also across 2036.
    // Under 2^32 seconds: in nanoseconds that fits into 64 bits.
    let nanos = ((u128::from(inside) * 1_000_000_000) >> 32) as u64;
    let is_ntp = data.get(12)? & 0x40 == 0;
    (is_ntp && inside < 1 << 63).then_some(Duration::from_nanos(nanos))
}

fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = data.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
