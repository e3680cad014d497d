//! Exercise 14: a frame of the chat. Its CRC-32 is checked before anything in
//! it is believed, and what was compressed gets no more room than a message.
//!
//! ```text
//! 0      2     3     4        8        12      16            n-4     n
//! +------+-----+-----+--------+--------+-------+---------------+------+
//! | "Z1" |kind | try | src id | dst id |  seq  | payload ...   | CRC32|
//! +------+-----+-----+--------+--------+-------+---------------+------+
//! ```
//!
//! (As in crates/zchat. All numbers are in network byte order.) Do the steps in
//! their order: each uses those before it.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

/// At most so many bytes a message.
pub const TEXT_MAX: usize = 1024;

/// A frame has so many bytes if its payload is empty: head and CRC-32.
pub const FRAME_MIN: usize = 20;

/// At most so many bytes a frame.
pub const FRAME_MAX: usize = 1200;

/// How every frame begins.
pub const MAGIC: &[u8] = b"Z1";

/// What a frame is for. Its number is `kind as u8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// "Is anyone there?", or "I hear you".
    Hello = 1,
    /// A message as it is.
    Text = 2,
    /// A message as a zlib stream (RFC 1950).
    Ztext = 3,
    /// "Your frame `seq` is here."
    Ack = 4,
    /// "My last frame."
    Bye = 5,
}

/// The kind with this number, if there is one. (This one is done.)
pub fn kind(number: u8) -> Option<Kind> {
    let all = [Kind::Hello, Kind::Text, Kind::Ztext, Kind::Ack, Kind::Bye];
    all.into_iter().find(|kind| *kind as u8 == number)
}

/// The fields of a frame, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is for.
    pub kind: Kind,
    /// The field `try`, which is a word of Rust's own: 0 when the frame is sent
    /// for the first time, then 1, 2 ...
    pub attempt: u8,
    /// The sender's number, never 0.
    pub src: u32,
    /// The receiver's number; 0 if it is not known yet.
    pub dst: u32,
    /// The number of the message.
    pub seq: u32,
    /// 0 to 1,180 bytes.
    pub payload: Vec<u8>,
}

/// 1. Write the head: the 16 bytes that stand before the payload.
pub fn head(frame: &Frame) -> Vec<u8> {
    let mut data = MAGIC.to_vec();
    data.push(frame.kind as u8);
    data.push(frame.attempt);
    data.extend(frame.src.to_be_bytes());
    data.extend(frame.dst.to_be_bytes());
    data.extend(frame.seq.to_be_bytes());
    data
}

/// 2. Pack the frame: head, payload, and the CRC-32 of both.
pub fn pack(frame: &Frame) -> Vec<u8> {
    let mut data = head(frame);
    data.extend(&frame.payload);
    let crc = crc32fast::hash(&data);
    data.extend(crc.to_be_bytes());
    data
}

/// 3. Check the CRC-32, and give what stands before it. `None` if it is not
///    right, if there are fewer than `FRAME_MIN` bytes or more than
///    `FRAME_MAX`, or if they do not begin with `MAGIC`.
pub fn check(data: &[u8]) -> Option<&[u8]> {
    let fits = (FRAME_MIN..=FRAME_MAX).contains(&data.len());
    if !fits || !data.starts_with(MAGIC) {
        return None;
    }
    let (body, crc) = data.split_last_chunk()?;
    if crc32fast::hash(body) != u32::from_be_bytes(*crc) {
        return None;
    }
    Some(body)
}

/// 4. Unpack the fields of a frame that passes `check`. `None` if it does not,
///    if no kind has its number, or if src is 0.
pub fn unpack(data: &[u8]) -> Option<Frame> {
    let body = check(data)?;
    let number = |at: usize| {
        let four = body.get(at..)?.first_chunk()?;
        Some(u32::from_be_bytes(*four))
    };
    let frame = Frame {
        kind: kind(body[2])?,
        attempt: body[3],
        src: number(4)?,
        dst: number(8)?,
        seq: number(12)?,
        payload: body[16..].to_vec(),
    };
    if frame.src == 0 { None } else { Some(frame) }
}

/// 5. Inflate one whole zlib stream, without room for more than a message.
///    `None` if it holds more than `TEXT_MAX` bytes, if it does not end, or if
///    something follows it.
pub fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    let mut room = [0; TEXT_MAX + 1];
    let mut zlib = Decompress::new(true);
    let status =
        zlib.decompress(stream, &mut room, FlushDecompress::Finish).ok()?;
    let n = zlib.total_out() as usize;
    let all_used = zlib.total_in() == stream.len() as u64;
    if status != Status::StreamEnd || !all_used || n > TEXT_MAX {
        return None;
    }
    Some(room[..n].to_vec())
}

/// 6. Choose the smaller for a message: a zlib stream (`Ztext`), or the bytes as
///    they are (`Text`). `None` if it has more than `TEXT_MAX` bytes.
pub fn smaller(text: &str) -> Option<(Kind, Vec<u8>)> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text.as_bytes()).ok()?;
    let stream = zlib.finish().ok()?;
    if stream.len() < text.len() {
        Some((Kind::Ztext, stream))
    } else {
        Some((Kind::Text, text.as_bytes().to_vec()))
    }
}

/// A function such as `inflate`.
pub type Inflate = fn(&[u8]) -> Option<Vec<u8>>;

/// 7. Take the message out of a datagram: the payload of a `Text`, or what
///    `with` makes of the payload of a `Ztext`. `None` if there is none, or if
///    it has more than `TEXT_MAX` bytes.
pub fn message(data: &[u8], with: Inflate) -> Option<Vec<u8>> {
    let frame = unpack(data)?;
    let text = match frame.kind {
        Kind::Text if frame.payload.len() <= TEXT_MAX => frame.payload,
        Kind::Ztext => with(&frame.payload)?,
        _ => return None,
    };
    Some(text)
}
