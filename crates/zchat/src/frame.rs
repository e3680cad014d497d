//! A frame: what stands in one datagram.
//!
//! ```text
//! 0      2     3     4        8        12      16            n-4     n
//! +------+-----+-----+--------+--------+-------+---------------+------+
//! | "Z1" |kind | try | src id | dst id |  seq  | payload ...   | CRC32|
//! +------+-----+-----+--------+--------+-------+---------------+------+
//! ```
//!
//! All numbers are in network byte order. The CRC-32 (that of zlib, Ethernet
//! and PNG) covers everything before it, and nothing is believed before it is
//! checked.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

/// At most so many bytes a message.
pub const TEXT_MAX: usize = 1024;
/// At most so many bytes a frame: with its IP and UDP headers it fits into
/// every usual network's MTU.
pub const FRAME_MAX: usize = 1200;

const MAGIC: &[u8] = b"Z1";
const EMPTY: usize = 20; // A frame without a payload.

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// dst 0: "is anyone there?"; dst = your id: "I hear you".
    Hello = 1,
    /// A message as it is; an empty one only asks for its ACK.
    Text = 2,
    /// A message as one zlib stream (RFC 1950).
    Ztext = 3,
    /// "Your frames up to `seq` are here, and what they hold was shown." With
    /// a payload: "`seq` is here, and up to your number (payload) all was
    /// shown."
    Ack = 4,
    /// seq > 0: "my last one; I have read up to your number (payload)".
    /// seq 0: "I do not know you", or "I am busy".
    Bye = 5,
}

/// One frame, as its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is for.
    pub kind: Kind,
    /// 0 at the first sending, 1 at the next (`try`, a word that both
    /// languages reserve). An ACK and a HELLO's answer copy it.
    pub attempt: u8,
    /// The sender's id, never 0.
    pub src: u32,
    /// The receiver's id; 0 = not known yet.
    pub dst: u32,
    /// The number of a TEXT, ZTEXT or BYE (1 to 2^32-1); an ACK copies it.
    pub seq: u32,
    /// 0 to 1,180 bytes.
    pub payload: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Not of this protocol, or of another version of it.
    Foreign,
    /// It was a frame once: the CRC-32 or the length is wrong.
    Damaged,
}

impl Frame {
    /// One without a payload, at its first sending; the ids are its sender's
    /// and its receiver's.
    pub fn new(kind: Kind, (src, dst): (u32, u32), seq: u32) -> Frame {
        Frame { kind, attempt: 0, src, dst, seq, payload: Vec::new() }
    }

    /// The frame as the bytes of a datagram, 20 + payload.
    pub fn pack(&self) -> Vec<u8> {
        let mut data = MAGIC.to_vec();
        data.extend([self.kind as u8, self.attempt]);
        data.extend(self.src.to_be_bytes());
        data.extend(self.dst.to_be_bytes());
        data.extend(self.seq.to_be_bytes());
        data.extend(&self.payload);
        data.extend(crc32fast::hash(&data).to_be_bytes());
        data
    }

    /// The frame in a datagram's bytes. Any bytes may be given.
    ///
    /// # Errors
    /// [`Unfit`]: why it is none.
    pub fn unpack(data: &[u8]) -> Result<Frame, Unfit> {
        // 1. Is it ours, and as it was sent?
        if !data.starts_with(MAGIC) {
            return Err(Unfit::Foreign);
        }
        let fits = (EMPTY..=FRAME_MAX).contains(&data.len());
        let (body, crc) = data.split_last_chunk().ok_or(Unfit::Damaged)?;
        if !fits || crc32fast::hash(body) != u32::from_be_bytes(*crc) {
            return Err(Unfit::Damaged);
        }

        // 2. Now its fields can be believed.
        let kind = match body[2] {
            1 => Kind::Hello,
            2 => Kind::Text,
            3 => Kind::Ztext,
            4 => Kind::Ack,
            5 => Kind::Bye,
            _ => return Err(Unfit::Foreign),
        };
        let [src, dst, seq] = [4, 8, 12].map(|at| number(&body[at..]));
        if src == 0 {
            return Err(Unfit::Foreign);
        }
        let (attempt, payload) = (body[3], body[16..].to_vec());
        Ok(Frame { kind, attempt, src, dst, seq, payload })
    }

    /// The message in a TEXT or ZTEXT: 0 to 1,024 bytes. `None` if there is
    /// none, or it is longer, or its zlib stream is not whole.
    pub fn text(&self) -> Option<Vec<u8>> {
        match self.kind {
            Kind::Text if self.payload.len() <= TEXT_MAX => {
                Some(self.payload.clone())
            }
            Kind::Ztext => inflate(&self.payload),
            _ => None,
        }
    }
}

/// The kind and the payload for a message: a zlib stream (level 9) if that is
/// smaller, else the message as it is.
pub fn smaller(text: &[u8]) -> (Kind, Vec<u8>) {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    match zlib.write_all(text).and_then(|()| zlib.finish()) {
        Ok(stream) if stream.len() < text.len() => (Kind::Ztext, stream),
        _ => (Kind::Text, text.to_vec()),
    }
}

/// The first four bytes as a number; 0 if there are fewer.
pub fn number(data: &[u8]) -> u32 {
    data.first_chunk().map_or(0, |four| u32::from_be_bytes(*four))
}

/// The 1 to 1,024 bytes in a zlib stream. There is room for one byte more, so
/// that a stream that grows to a megabyte is found out, and costs nothing.
fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    let mut room = vec![0; TEXT_MAX + 1];
    let mut zlib = Decompress::new(true);
    let ended = zlib.decompress(stream, &mut room, FlushDecompress::Finish);
    let whole = matches!(ended, Ok(Status::StreamEnd))
        && zlib.total_in() == stream.len() as u64;
    room.truncate(zlib.total_out() as usize);
    (whole && (1..=TEXT_MAX).contains(&room.len())).then_some(room)
}
