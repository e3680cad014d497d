//! The chat of `crates/zchat`: its README's frame and rules.

use std::thread;
use std::time::{Duration, Instant};

use testbed::{Program, bytes, patience};

use crate::frame::{Frame, Kind, TEXT_MAX, Unfit, smaller};
use crate::net::find;
use crate::peer::{Peer, Protocol, Rule};
use crate::report::Verdict::{Failed, Skipped};
use crate::report::{Look, Otherwise, Report, failed, judged};
use crate::server;

/// Our id, as in the README's frames; and one of nobody.
const ME: u32 = 0x1122_3344;
const NOBODY: u32 = 0x0BAD_CAFE;

/// How far our chat with a program is.
#[derive(Default)]
pub struct Talk {
    /// Its id.
    you: u32,
    /// The number of our last message that it must know.
    sent: u32,
    /// The number of its last message.
    heard: u32,
}

/// Frames; and how a program that listens, or calls, comes into a session.
pub const CHAT: Protocol = Protocol {
    name: "chat",
    source: "zchat",
    question: |n| hello(n as u8 - 1).pack(),
    answers: |_, answer| Frame::unpack(answer).is_ok(),
    server: &[
        ("hello", "", Peer::hello),
        ("damaged hello", "", |t| {
            t.send(&flipped(hello(7)));
            t.send(&hello(9).pack());
            t.gets(Kind::Hello, 9, 0)?;
            Ok(said!("only the right one"))
        }),
        ("up", "", |t| t.says(0, "")),
    ],
    client: &[
        ("calls", "", Peer::hello),
        ("calls again", "", |t| {
            let again = t.gets(Kind::Hello, 1, 0)?;
            Ok(told(&again))
        }),
        ("damaged answer", "", |t| {
            t.start().or_else(failed)?;
            t.hello()?;
            let hello = t.frame(Kind::Hello, 1, 0, b"");
            t.send(&flipped(Frame { src: NOBODY, ..hello.clone() }));
            t.send(&hello.pack());
            t.confirms(None)
        }),
    ],
};

/// What both do in a session.
const BOTH: &[Rule] = &[
    ("chat text", "", |t| t.says(0, "hola, ¿qué tal?")),
    // Only their numbers tell them apart.
    ("same text", "", |t| {
        t.says(0, "¿estás?")?;
        t.says(0, "¿estás?")
    }),
    ("repeated", "", |t| {
        let text = "una sola vez";
        let again = t.text(1, text);
        t.says(0, text)?;
        t.send(&again.pack());
        t.ack(&again)?;
        t.says(0, "después de esa")?;
        t.shows(text, 1)
    }),
    ("damaged", "", |t| t.ignores("con un bit cambiado", flipped)),
    ("future", "", |t| {
        t.ignores("del futuro", |f| Frame { seq: f.seq + 100, ..f }.pack())
    }),
    ("other ids", "", |t| {
        t.ignores("de otra sesión", |f| Frame { src: NOBODY, ..f }.pack())
    }),
    ("zlib", "", |t| t.says(0, &"ja".repeat(100))),
    ("zlib bomb", "", |t| {
        t.ignores(&"y".repeat(TEXT_MAX + 1), |frame| frame.pack())
    }),
    ("speaks", "", |t| {
        let _ = t.program()?.try_write(b"escrito con el teclado\n");
        t.confirms(Some("escrito con el teclado"))
    }),
    // Its message is not acknowledged: it comes again with the next try.
    ("lost ack", "", |t| {
        let _ = t.program()?.try_write(b"otra vez\n");
        t.hears(Some("otra vez"), 0)?;
        let once = |(_, came)| (Failed, said!("came once", came));
        let again = t.hears(Some("otra vez"), 1).map_err(once)?;
        t.acknowledge(&again);
        let _ = t.program()?.try_write(b"y la que sigue\n");
        t.confirms(Some("y la que sigue"))?;
        Ok(said!("sent again"))
    }),
    ("bye", "", |t| {
        let read = t.talk.heard.to_be_bytes();
        let bye = t.frame(Kind::Bye, 0, t.talk.sent + 1, &read);
        t.send(&bye.pack());
        t.ack(&bye)
    }),
    // Nobody reads its stdout any more: what it cannot show, it must not
    // acknowledge.
    ("unseen", "", |t| {
        t.start().or_else(failed)?;
        t.connect()?;
        t.program()?.hang_up();
        t.says(0, "lo último que se ve")?;
        let unseen = t.text(0, "no se ve");
        t.send(&unseen.pack());
        match t.ack(&unseen) {
            Ok(came) => failed(said!("acked unseen", came)),
            Err(_) => Ok(said!("no ack")),
        }
    }),
];

/// Judges a chat, which listens or calls.
///
/// # Errors
/// A sentence, if it does not start.
pub fn judge(report: &mut Report, peer: Peer) -> Result<(), String> {
    let first = if peer.calls { CHAT.client } else { CHAT.server };
    server::judge(report, peer, &[first, BOTH].concat(), Peer::connect)
}

/// A HELLO of ours, to somebody whose id we do not know.
fn hello(attempt: u8) -> Frame {
    Frame { attempt, ..Frame::new(Kind::Hello, (ME, 0), 0) }
}

impl Peer {
    /// A frame of ours.
    fn frame(&self, kind: Kind, attempt: u8, seq: u32, data: &[u8]) -> Frame {
        let (ids, payload) = ((ME, self.talk.you), data.to_vec());
        Frame { attempt, payload, ..Frame::new(kind, ids, seq) }
    }

    /// Our next message.
    fn text(&self, attempt: u8, text: &str) -> Frame {
        let (kind, payload) = smaller(text.as_bytes());
        self.frame(kind, attempt, self.talk.sent + 1, &payload)
    }

    /// Its next frame of a kind must be for us, and have this try and number.
    /// Messages are acknowledged meanwhile.
    fn gets(
        &mut self,
        kind: Kind,
        attempt: u8,
        seq: u32,
    ) -> Result<Frame, Otherwise> {
        let end = Instant::now() + patience() * 2;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let frame = find(&self.s, left, |d, _| Frame::unpack(d).ok());
            let Some(frame) = frame else { return failed(said!("no frame")) };
            let is_text = [Kind::Text, Kind::Ztext].contains(&frame.kind);
            let again = is_text && frame.seq <= self.talk.heard; // Our ACK was late.
            let kind_is = frame.kind == kind || (kind == Kind::Text && is_text);
            if kind_is && !again {
                if kind == Kind::Hello && !self.calls {
                    self.talk.you = frame.src; // Any, at each call.
                }
                let calls = kind == Kind::Hello && self.calls;
                let (src, dst) = (self.talk.you, if calls { 0 } else { ME });
                let right = (frame.attempt, frame.src, frame.dst, frame.seq)
                    == (attempt, src, dst, seq);
                return if right { Ok(frame) } else { failed(told(&frame)) };
            } else if is_text {
                self.acknowledge(&frame);
            }
        }
    }

    fn acknowledge(&mut self, frame: &Frame) {
        self.send(&self.frame(Kind::Ack, frame.attempt, frame.seq, b"").pack());
        self.talk.heard = self.talk.heard.max(frame.seq);
    }

    /// Its next ACK must be for our `frame`.
    fn ack(&mut self, frame: &Frame) -> Look {
        let ack = self.gets(Kind::Ack, frame.attempt, frame.seq)?;
        Ok(told(&ack))
    }

    /// Our next message must be acknowledged, and shown once more.
    fn says(&mut self, attempt: u8, text: &str) -> Look {
        let (frame, before) = (self.text(attempt, text), self.shown(text));
        self.send(&frame.pack());
        self.ack(&frame)?;
        self.talk.sent += 1;
        self.shows(text, before + 1)
    }

    /// It must have shown `text` so many times.
    fn shows(&self, text: &str, times: usize) -> Look {
        if self.program.is_none() || text.is_empty() {
            return Ok(said!("acknowledged"));
        }
        let end = Instant::now() + patience();
        while self.shown(text) < times && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        let (shown, text) = (self.shown(text), bytes(text.as_bytes()));
        if shown != times {
            return failed(said!("shown times", text, shown, times));
        }
        Ok(said!("acknowledged and shown"))
    }

    /// Our next message with a fault, then a sound one with its number, and try
    /// 1: the first ACK must be for that one, and the other never shown.
    fn ignores(&mut self, text: &str, fault: fn(Frame) -> Vec<u8>) -> Look {
        self.send(&fault(self.text(0, text)));
        let look = self.says(1, &format!("en lugar de: {}", self.talk.sent));
        let start: String = text.chars().take(8).collect();
        if self.shown(&start) > 0 {
            return failed(said!("was shown", bytes(start.as_bytes())));
        }
        look.map(|_| said!("only the right one"))
    }

    /// How often it has shown `text`.
    fn shown(&self, text: &str) -> usize {
        let program = self.program.as_ref();
        program.map_or(0, |p| p.stdout().matches(text).count())
    }

    /// Its first datagram must be a HELLO: a call, or an answer to ours.
    fn hello(&mut self) -> Look {
        self.talk = Talk::default();
        let never = if self.calls { "never asked" } else { "no zchat" };
        let dst = if self.calls { 0 } else { ME };
        let (data, from) =
            self.hear_first().or_else(|_| failed(said!(never)))?;
        self.to = from;
        let frame = Frame::unpack(&data).or_else(|why| match why {
            Unfit::Damaged => failed(said!("damaged frame", bytes(&data))),
            Unfit::Foreign => failed(said!("foreign", bytes(&data))),
        })?;
        self.talk.you = frame.src;
        let fields = (frame.kind, frame.dst, frame.seq);
        judged(fields == (Kind::Hello, dst, 0), told(&frame))
    }

    /// A session, as usual.
    fn connect(&mut self) -> Look {
        self.hello()?;
        if !self.calls {
            return self.says(0, "");
        }
        self.send(&self.frame(Kind::Hello, 0, 0, b"").pack());
        self.confirms(None)
    }

    /// Its next message, with this try, must be that `line` if there is one.
    fn hears(
        &mut self,
        line: Option<&str>,
        attempt: u8,
    ) -> Result<Frame, Otherwise> {
        let frame = self.gets(Kind::Text, attempt, self.talk.heard + 1)?;
        let text = frame.text().unwrap_or_default();
        let right = line.is_none_or(|line| text == line.as_bytes());
        if right { Ok(frame) } else { failed(told(&frame)) }
    }

    /// The same; and it gets its ACK.
    fn confirms(&mut self, line: Option<&str>) -> Look {
        let frame = self.hears(line, 0)?;
        self.acknowledge(&frame);
        Ok(told(&frame))
    }

    /// It, if its keyboard and its screen are here.
    fn program(&mut self) -> Result<&mut Program, Otherwise> {
        let blind = (Skipped, said!("no keyboard"));
        self.program.as_mut().ok_or(blind)
    }
}

/// A frame's bytes, one bit changed in the last one before the CRC-32.
fn flipped(frame: Frame) -> Vec<u8> {
    let mut data = frame.pack();
    let at = data.len() - 5;
    data[at] ^= 1;
    data
}

/// A frame in words.
fn told(frame: &Frame) -> String {
    let text = frame.text().filter(|text| !text.is_empty());
    let text = text.map_or(String::new(), |text| format!(" {}", bytes(&text)));
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    let kind = format!("{kind:?}").to_uppercase();
    format!("{kind} #{seq} try {attempt} {src:08x} -> {dst:08x}{text}")
}
