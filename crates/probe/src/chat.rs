//! The chat of `crates/zchat`: its README's frame and rules.

use std::thread;
use std::time::{Duration, Instant};

use testbed::{Program, bytes, heard, patience};

use crate::frame::{Frame, Kind, TEXT_MAX, Unfit, smaller};
use crate::judge::{Look, Seen, Skipped, failed, judged};
use crate::peer::{Peer, Protocol, Rule};

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
    sources: ["zchat", "zchat"],
    question: |n| hello((n - 1) as u8).pack(),
    answers: |_, answer| Frame::unpack(answer).is_ok(),
    meet: Peer::connect,
    server: &[
        ("hello", "zchat alone", Peer::hello),
        ("damaged hello", "", |t| {
            t.send(flipped(hello(7)))?;
            t.send(hello(9).pack())?;
            t.gets(Kind::Hello, 9, 0).map(told)
        }),
        ("up", "", Peer::up),
    ],
    client: &[
        ("calls", "zchat alone", Peer::hello),
        ("calls again", "", |t| t.gets(Kind::Hello, 1, 0).map(told)),
        ("damaged answer", "", |t| {
            t.start().or_else(failed)?;
            t.hello()?;
            t.send(flipped(Frame { src: NOBODY, ..t.frame(Kind::Hello, 0) }))?;
            t.up()
        }),
    ],
};

/// What both do in a session.
pub const BOTH: &[Rule] = &[
    ("chat text", "", |t| t.says(0, "hola, ¿qué tal?")),
    // Only their numbers tell them apart.
    ("same text", "", |t| {
        t.says(0, "¿estás?")?;
        t.says(0, "¿estás?")
    }),
    ("repeated", "", |t| {
        let text = "una sola vez";
        let again = Frame { attempt: 1, ..t.text(text) };
        t.says(0, text)?;
        t.acked(again)?;
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
    ("speaks", "", |t| t.types("escrito con el teclado", 0)),
    ("lost ack", "", |t| {
        t.types("otra vez", 1)?;
        t.types("y la que sigue", 0)
    }),
    ("bye", "", |t| {
        let payload = t.talk.heard.to_be_bytes().to_vec();
        t.acked(Frame { payload, ..t.frame(Kind::Bye, t.talk.sent + 1) })
    }),
    // Nobody reads its stdout any more: what it cannot show, it must not
    // acknowledge.
    ("unseen", "", |t| {
        t.again()?;
        t.program()?.hang_up();
        t.says(0, "lo último que se ve")?;
        match t.acked(t.text("no se ve")) {
            Ok(came) => failed(said!("acked unseen", came)),
            Err((_, came)) => Ok(came),
        }
    }),
];

/// A HELLO of ours, to somebody whose id we do not know.
fn hello(attempt: u8) -> Frame {
    Frame { attempt, ..Frame::new(Kind::Hello, (ME, 0), 0) }
}

impl Peer {
    /// A frame of ours.
    fn frame(&self, kind: Kind, seq: u32) -> Frame {
        Frame::new(kind, (ME, self.talk.you), seq)
    }

    /// Our next message.
    fn text(&self, text: &str) -> Frame {
        let (kind, payload) = smaller(text.as_bytes());
        Frame { payload, ..self.frame(kind, self.talk.sent + 1) }
    }

    /// Its next frame of a kind must be for us, and have this try and number.
    /// All that it says is acknowledged.
    fn gets(&mut self, kind: Kind, attempt: u8, seq: u32) -> Seen<Frame> {
        for (data, _) in heard(&self.s, patience() * 2) {
            let Ok(frame) = Frame::unpack(&data) else { continue };
            let is_text = [Kind::Text, Kind::Ztext].contains(&frame.kind);
            let is_old = is_text && frame.seq <= self.talk.heard; // Our ACK was late.
            if is_text {
                let ack = self.frame(Kind::Ack, frame.seq);
                self.send(Frame { attempt: frame.attempt, ..ack }.pack())?;
                self.talk.heard = self.talk.heard.max(frame.seq);
            }
            let it_is = frame.kind == kind || (kind == Kind::Text && is_text);
            if is_old || !it_is {
                continue;
            }
            let is_hello = kind == Kind::Hello;
            if is_hello {
                self.talk.you = frame.src; // Any, at each call.
            }
            let ids = (frame.src, frame.dst) == (self.talk.you, ME);
            let right = (ids || is_hello)
                && (frame.attempt, frame.seq) == (attempt, seq);
            return if right { Ok(frame) } else { failed(told(frame)) };
        }
        failed(said!("no frame"))
    }

    /// Our `frame` is sent, and its next ACK must be for that.
    fn acked(&mut self, frame: Frame) -> Look {
        self.send(frame.pack())?;
        self.gets(Kind::Ack, frame.attempt, frame.seq).map(told)
    }

    /// Our next message must be acknowledged, and shown once more.
    fn says(&mut self, attempt: u8, text: &str) -> Look {
        let before = self.shown(text);
        self.acked(Frame { attempt, ..self.text(text) })?;
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
        match shown == times {
            true => Ok(said!("acknowledged and shown")),
            false => failed(said!("shown times", text, shown, times)),
        }
    }

    /// Our next message with a fault, then a sound one with its number, and try
    /// 1: the first ACK must be for that one, and the other never shown.
    fn ignores(&mut self, text: &str, fault: fn(Frame) -> Vec<u8>) -> Look {
        self.send(fault(self.text(text)))?;
        self.says(1, &format!("en lugar de: {}", self.talk.sent))?;
        let start: String = text.chars().take(8).collect();
        match self.shown(&start) {
            0 => Ok(said!("only the right one")),
            _ => failed(said!("was shown", bytes(start.as_bytes()))),
        }
    }

    /// How often it has shown `text`.
    fn shown(&self, text: &str) -> usize {
        let program = self.program.as_ref();
        program.map_or(0, |p| p.stdout().matches(text).count())
    }

    /// Its first datagram must be a HELLO: a call, or an answer to ours.
    fn hello(&mut self) -> Look {
        self.talk = Talk::default();
        self.meet()?;
        let dst = if self.calls { 0 } else { ME };
        let (data, from) = &self.first;
        let frame = Frame::unpack(data).or_else(|why| match why {
            Unfit::Damaged => failed(said!("damaged frame", bytes(data))),
            Unfit::Foreign => failed(said!("foreign", bytes(data))),
        })?;
        self.to = *from;
        self.talk.you = frame.src;
        let fields = (frame.kind, frame.dst, frame.seq);
        judged(fields == (Kind::Hello, dst, 0), told(frame))
    }

    /// After its HELLO: who calls says first that the session is up.
    fn up(&mut self) -> Look {
        if !self.calls {
            return self.says(0, "");
        }
        self.send(self.frame(Kind::Hello, 0).pack())?;
        self.gets(Kind::Text, 0, 1).map(told)
    }

    /// A session, as usual.
    fn connect(&mut self) -> Look {
        self.hello()?;
        self.up()
    }

    /// It, if its keyboard and its screen are here.
    fn program(&mut self) -> Seen<&mut Program> {
        self.program.as_mut().ok_or((Skipped, said!("no keyboard")))
    }

    /// Types a line on its keyboard, which must be its next message. The first
    /// `lost` times that is lost: then it comes with the next try.
    fn types(&mut self, line: &str, lost: u8) -> Look {
        // It may have ended.
        let _ = self.program()?.try_write(format!("{line}\n").as_bytes());
        heard(&self.s, patience() * 2).take(lost.into()).for_each(drop);
        let frame = self.gets(Kind::Text, lost, self.talk.heard + 1)?;
        judged(frame.text().as_deref() == Some(line.as_bytes()), told(frame))
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
fn told(frame: Frame) -> String {
    let text = frame.text();
    let text = text.map_or(String::new(), |text| format!(" {}", bytes(&text)));
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    let kind = format!("{kind:?}").to_uppercase();
    format!("{kind} #{seq} try {attempt} {src:08x} -> {dst:08x}{text}")
}
