//! zchat as a stranger sees it: frames packed and read by hand, and a peer
//! that does what a test says, on either side of the protocol.
//!
//! Written from the wire specification alone, without a line of `zchat`.

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Compression, write::GzEncoder};
use testbed::{PATIENCE, hear, socket_to};

/// "Anyone there?" (dst 0) and "I hear you".
pub const HELLO: u8 = 1;
/// A message as it is; an empty one is never shown.
pub const TEXT: u8 = 2;
/// A message as a zlib stream.
pub const ZTEXT: u8 = 3;
/// The frame `seq` has come.
pub const ACK: u8 = 4;
/// "My last message" (seq > 0); "I know no such session" or "busy" (seq 0).
pub const BYE: u8 = 5;

/// The kinds' names, from 1 on.
pub const KINDS: [&str; 5] = ["HELLO", "TEXT", "ZTEXT", "ACK", "BYE"];

/// How long a message may be, in bytes.
pub const MESSAGE: usize = 1024;

/// A frame. Any values may be packed: whether they make sense is what the
/// tests ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// 1 to 5 have a meaning.
    pub kind: u8,
    /// How often it was sent before.
    pub tried: u8,
    /// The sender's id.
    pub src: u32,
    /// The receiver's id; 0 if not known.
    pub dst: u32,
    /// The message's number.
    pub seq: u32,
    /// 0 to 1,180 bytes, if the frame is to be read.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The bytes on the wire.
    pub fn pack(&self) -> Vec<u8> {
        let mut frame = b"Z1".to_vec();
        frame.extend([self.kind, self.tried]);
        for field in [self.src, self.dst, self.seq] {
            frame.extend(field.to_be_bytes());
        }
        frame.extend(&self.payload);
        seal(frame)
    }

    /// The frame in `data`; `None` if it has another length (20 to 1,200), a
    /// wrong magic number or a wrong checksum.
    pub fn unpack(data: &[u8]) -> Option<Frame> {
        let body = data.len().checked_sub(4).filter(|n| *n >= 16)?;
        let (body, crc) = data.split_at(body);
        let field =
            |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| body[at + i]));
        let sound = crc32fast::hash(body).to_be_bytes() == crc;
        if !sound || data.len() > 1200 || body[..2] != *b"Z1" {
            return None;
        }
        let (kind, tried) = (body[2], body[3]);
        let (src, dst, seq) = (field(4), field(8), field(12));
        Some(Frame { kind, tried, src, dst, seq, payload: body[16..].to_vec() })
    }

    /// The message in a TEXT or ZTEXT.
    ///
    /// # Panics
    /// If it is none, or longer than a message may be.
    pub fn message(&self) -> Vec<u8> {
        let message = match self.kind {
            TEXT => self.payload.clone(),
            ZTEXT => inflate(&self.payload),
            other => panic!("kind {other} holds no message: {self:?}"),
        };
        assert!(message.len() <= MESSAGE, "{} bytes", message.len());
        message
    }

    /// Whether it carries a message.
    pub fn is_text(&self) -> bool {
        self.kind == TEXT || self.kind == ZTEXT
    }
}

/// The body of a frame (everything before its checksum) with the checksum.
pub fn seal(mut body: Vec<u8>) -> Vec<u8> {
    body.extend(crc32fast::hash(&body).to_be_bytes());
    body
}

/// One zlib stream (RFC 1950).
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(bytes).and_then(|()| zlib.finish()).expect("in memory")
}

/// The same bytes as gzip packs them (RFC 1952).
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("in memory")
}

/// What a zlib stream holds.
///
/// # Panics
/// If `stream` is no zlib stream.
pub fn inflate(stream: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zlib = ZlibDecoder::new(stream);
    zlib.read_to_end(&mut bytes).expect("a sound zlib stream");
    assert_eq!(zlib.total_in(), stream.len() as u64, "bytes behind the stream");
    bytes
}

/// `60a1ff` as bytes.
///
/// # Panics
/// If it is not hexadecimal.
pub fn bytes(hex: &str) -> Vec<u8> {
    let pair = |i| u8::from_str_radix(&hex[i..i + 2], 16);
    (0..hex.len()).step_by(2).map(|i| pair(i).expect(hex)).collect()
}

/// The golden frames (`crates/zchat/vectors.txt`), which every implementation
/// must read as these, and (all but those with a ZTEXT) must write as these:
/// what it is, its bytes, its parts.
///
/// # Panics
/// If the file is not as its first line says.
pub fn golden() -> Vec<(&'static str, Vec<u8>, Frame)> {
    let file = include_str!("../../zchat/vectors.txt");
    let frames = file.split("\n\n").skip(1).map(|both| {
        let (what, hex) = both.split_once('\n').expect(both);
        let words: Vec<_> = what.split(' ').collect();
        let [kind, tried, src, dst, seq, payload] = words[..] else {
            panic!("{what}");
        };
        let kind = KINDS.iter().position(|name| *name == kind).expect(what);
        let id = |hex| u32::from_str_radix(hex, 16).expect(what);
        let frame = Frame {
            kind: kind as u8 + 1,
            tried: tried.parse().expect(what),
            src: id(src),
            dst: id(dst),
            seq: seq.parse().expect(what),
            payload: bytes(payload.trim_matches('-')),
        };
        (what, bytes(hex.trim_end()), frame)
    });
    frames.collect()
}

/// The other side of a conversation with a real program: a socket, and no
/// thread or timer. It does what the test says and nothing else.
pub struct Peer {
    /// Its socket.
    pub s: UdpSocket,
    /// Where the program is.
    pub to: SocketAddr,
    /// Its own id.
    pub me: u32,
    /// The program's id; 0 until it is known.
    pub him: u32,
    /// The number of its next message.
    pub next: u32,
    /// The number of the program's next message.
    pub expect: u32,
    /// The program's messages so far that are not empty.
    pub heard: Vec<Vec<u8>>,
}

impl Peer {
    /// A peer that has said nothing yet, with a socket of its own.
    pub fn new(to: SocketAddr, me: u32) -> Peer {
        let (s, him, heard) = (socket_to(to), 0, Vec::new());
        Peer { s, to, me, him, next: 1, expect: 1, heard }
    }

    /// Calls the server at `to`, up to the acknowledgement of TEXT #1.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn call(to: SocketAddr, me: u32) -> Peer {
        let mut peer = Peer::new(to, me);
        peer.connect();
        peer
    }

    /// The same with the socket that it has; `me` may be a new id.
    ///
    /// # Panics
    /// If it is not answered.
    pub fn connect(&mut self) {
        (self.him, self.next, self.expect) = (0, 1, 1);
        self.dial();
        self.say(b"");
    }

    /// The first half of a call: HELLO and its answer.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn dial(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.send(HELLO, 0, 0, b"");
            let answer = self.hear(Duration::from_secs(1));
            if let Some(Frame { kind: HELLO, src, .. }) = answer {
                self.him = src;
                return;
            }
        }
        panic!("no answer to HELLO");
    }

    /// Waits on `s` for a call, and takes it, up to TEXT #1 and its
    /// acknowledgement.
    ///
    /// # Panics
    /// If nobody calls.
    pub fn answer(s: UdpSocket, me: u32) -> Peer {
        let mut peer = Peer::pick_up(s, me);
        let first = peer.until("TEXT #1", Frame::is_text);
        assert_eq!((first.seq, first.message()), (1, vec![]), "{first:?}");
        peer
    }

    /// The first half of [`Peer::answer`]: waits for HELLO and answers it.
    ///
    /// # Panics
    /// If nobody calls.
    pub fn pick_up(s: UdpSocket, me: u32) -> Peer {
        let nobody = ([0, 0, 0, 0], 0).into();
        let (him, heard) = (0, Vec::new());
        let mut peer =
            Peer { s, to: nobody, me, him, next: 1, expect: 1, heard };
        let (hello, from) = peer.hear_anyone(PATIENCE).expect("no call");
        let fields = (hello.kind, hello.tried, hello.dst, hello.seq);
        assert_eq!((fields, hello.payload.len()), ((HELLO, 0, 0, 0), 0));
        assert_ne!(hello.src, 0);
        (peer.to, peer.him) = (from, hello.src);
        peer.send(HELLO, 0, 0, b"");
        peer
    }

    /// A frame of this session.
    pub fn frame(&self, kind: u8, tried: u8, seq: u32, p: &[u8]) -> Frame {
        let (src, dst, payload) = (self.me, self.him, p.to_vec());
        Frame { kind, tried, src, dst, seq, payload }
    }

    /// Sends a frame of this session once.
    pub fn send(&self, kind: u8, tried: u8, seq: u32, payload: &[u8]) {
        self.raw(&self.frame(kind, tried, seq, payload).pack());
    }

    /// Sends any bytes once. What cannot be sent is lost.
    pub fn raw(&self, datagram: &[u8]) {
        let _ = self.s.send_to(datagram, self.to);
    }

    /// Acknowledges `frame`.
    pub fn ack(&self, frame: &Frame) {
        self.send(ACK, frame.tried, frame.seq, b"");
    }

    /// The next sound frame from anyone, if one comes in time.
    pub fn hear_anyone(&self, wait: Duration) -> Option<(Frame, SocketAddr)> {
        let (data, from) = hear(&self.s, wait)?;
        let frame = Frame::unpack(&data);
        let frame = frame.unwrap_or_else(|| panic!("no sound frame: {data:?}"));
        Some((frame, from))
    }

    /// The next frame that is for this peer's id, if one comes in time. A message
    /// that was acknowledged may come again, if that took long: it is
    /// acknowledged again, and no more.
    pub fn hear(&self, wait: Duration) -> Option<Frame> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (frame, _) = self.hear_anyone(left)?;
            if frame.is_text() && frame.seq < self.expect {
                self.ack(&frame);
            } else if frame.dst == self.me || frame.dst == 0 {
                return Some(frame);
            }
        }
    }

    /// All frames that come within `time`, none of them answered.
    pub fn all_within(&self, time: Duration) -> Vec<Frame> {
        let deadline = Instant::now() + time;
        let left = || deadline.saturating_duration_since(Instant::now());
        let next = || self.hear_anyone(left()).map(|(frame, _)| frame);
        std::iter::from_fn(next).collect()
    }

    /// Does with a frame what a good peer does: acknowledges a message, keeps
    /// it if it is the next one, and answers HELLO.
    pub fn serve(&mut self, frame: &Frame) {
        if frame.kind == HELLO && frame.dst == 0 && frame.src == self.him {
            self.send(HELLO, 0, 0, b"");
        }
        if (frame.src, frame.dst) != (self.him, self.me) {
            return;
        }
        if frame.is_text() && frame.seq == self.expect {
            self.expect += 1;
            let message = frame.message();
            if !message.is_empty() {
                self.heard.push(message);
            }
        }
        let number = frame.is_text() || frame.kind == BYE && frame.seq > 0;
        if number && frame.seq <= self.expect {
            self.ack(frame);
        }
    }

    /// Serves until a frame of this session comes that `is` what is waited
    /// for, which is served too.
    ///
    /// # Panics
    /// If none comes; `what` says what was waited for.
    pub fn until(&mut self, what: &str, is: impl Fn(&Frame) -> bool) -> Frame {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let frame = self.hear(left);
            let frame = frame.unwrap_or_else(|| panic!("{what} never came"));
            self.serve(&frame);
            if is(&frame) && (frame.src, frame.dst) == (self.him, self.me) {
                return frame;
            }
        }
    }

    /// Serves until the program has sent this message.
    ///
    /// # Panics
    /// If the message does not come in time.
    pub fn hears(&mut self, message: &[u8]) {
        let what = String::from_utf8_lossy(message).into_owned();
        let deadline = Instant::now() + PATIENCE;
        while !self.heard.iter().any(|heard| heard == message) {
            // It may ask for ever whether we are still there.
            assert!(Instant::now() < deadline, "{what:?} never came");
            self.until(&what, Frame::is_text);
        }
    }

    /// Says a message and serves until it is acknowledged; sends it again
    /// after each second without that.
    ///
    /// # Panics
    /// If no acknowledgement comes in time.
    pub fn say(&mut self, message: &[u8]) {
        self.deliver(TEXT, message);
    }

    /// The same for a message of either kind.
    ///
    /// # Panics
    /// If it is never acknowledged.
    pub fn deliver(&mut self, kind: u8, message: &[u8]) {
        let seq = self.next;
        let deadline = Instant::now() + PATIENCE;
        let mut tried = 0;
        while Instant::now() < deadline {
            self.send(kind, tried, seq, message);
            let again = Instant::now() + Duration::from_secs(1);
            while let Some(left) = again.checked_duration_since(Instant::now())
            {
                let Some(frame) = self.hear(left) else { break };
                self.serve(&frame);
                let session = (frame.src, frame.dst) == (self.him, self.me);
                if session && (frame.kind, frame.seq) == (ACK, seq) {
                    assert!(frame.tried <= tried, "never sent: {frame:?}");
                    self.next += 1;
                    return;
                }
            }
            tried += 1;
        }
        let message = String::from_utf8_lossy(message);
        panic!("#{seq} {message:?} is never acknowledged");
    }

    /// Leaves at once, with a BYE that is not acknowledged: it may be the
    /// first that the program reads after many frames of its own.
    pub fn leave_at_once(&self) {
        self.send(BYE, 0, self.next, &(self.expect - 1).to_be_bytes());
    }

    /// Says BYE, as a good peer does, and waits for its acknowledgement.
    ///
    /// # Panics
    /// If no acknowledgement comes in time.
    pub fn leave(&mut self) {
        let (seq, read) = (self.next, (self.expect - 1).to_be_bytes());
        for tried in 0..60 {
            self.send(BYE, tried, seq, &read);
            let answer = self.hear(Duration::from_secs(1));
            if answer.is_some_and(|f| (f.kind, f.seq) == (ACK, seq)) {
                return;
            }
        }
        panic!("BYE is never acknowledged");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_frames_both_ways() {
        for (what, bytes, frame) in golden() {
            assert_eq!(Frame::unpack(&bytes).as_ref(), Some(&frame), "{what}");
            assert_eq!(frame.pack(), bytes, "{what}");
        }
        let ztext = golden().remove(7).2;
        assert_eq!(ztext.message(), "ja".repeat(100).as_bytes());
    }

    #[test]
    fn what_is_no_frame() {
        let (_, good, _) = golden().remove(4);
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::unpack(&bad), None, "bit {bit}");
        }
        for n in 0..good.len() {
            assert_eq!(Frame::unpack(&good[..n]), None, "{n} bytes");
        }
        assert!(Frame::unpack(&seal(vec![b'Z'; 16])).is_none());
        let long = |n| Frame { payload: vec![0; n], ..golden().remove(4).2 };
        assert!(Frame::unpack(&long(1180).pack()).is_some());
        assert!(Frame::unpack(&long(1181).pack()).is_none());
    }
}
