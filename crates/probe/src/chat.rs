//! The chat of `crates/zchat`: its README's frame and rules.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use kit::{bytes, patience};
use testbed::spawn;

use crate::frame::{Frame, Kind, TEXT_MAX, Unfit, smaller};
use crate::net::find;
use crate::peer::{Peer, START, end_tree};
use crate::report::Verdict::{Failed, Noted};
use crate::report::{Look, Otherwise, Report, failed, judged};
use crate::words::said;

/// Our id, as in the README's frames; and one of nobody.
const ME: u32 = 0x1122_3344;
const NOBODY: u32 = 0x0BAD_CAFE;

/// A program gets another message in time, or calls again.
const AGAIN: Duration = Duration::from_secs(5);

/// We call again so often.
const HELLO_AGAIN: Duration = Duration::from_millis(500);

/// The programs that a rule is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Those that listen,
    Listener,
    /// those that call,
    Caller,
    /// both,
    Both,
    /// and both if their keyboard and their screen are here.
    Ours,
}
use Who::{Both, Caller, Listener, Ours};

/// A rule: its name, whom it is about, and how to look.
type Rule = (&'static str, Who, fn(&mut Talk<'_>) -> Look);

/// All rules. The first of each side begins the session.
const RULES: [Rule; 17] = [
    ("calls", Caller, |t| t.meets()),
    ("calls again", Caller, |t| {
        let again = t.next(AGAIN, |f| f.kind == Kind::Hello);
        let ids = (t.you, 0, 1);
        let good =
            again.as_ref().is_some_and(|f| (f.src, f.dst, f.attempt) == ids);
        judged(good, told(again))
    }),
    ("damaged answer", Caller, |t| {
        let hello = t.frame(Kind::Hello, 1, 0, b"");
        t.send(&flipped(Frame { src: NOBODY, ..hello.clone() }, 7));
        t.send(&hello.pack());
        t.confirms(None)
    }),
    ("hello", Listener, |t| t.meets()),
    ("damaged hello", Listener, |t| {
        t.you = 0;
        let hello = t.frame(Kind::Hello, 7, 0, b"");
        t.send(&flipped(Frame { src: NOBODY, ..hello.clone() }, 7));
        t.send(&Frame { attempt: 9, ..hello }.pack());
        let answers = |f: &Frame| f.attempt == 9 || f.dst != ME;
        let answer =
            t.next(patience(), |f| f.kind == Kind::Hello && answers(f));
        t.you = answer.as_ref().map_or(0, |f| f.src);
        match answer {
            Some(f) if f.dst == ME => Ok(said!("only the right one")),
            other => failed(told(other)),
        }
    }),
    ("up", Listener, |t| t.says(0, "")),
    ("chat text", Both, |t| t.says(0, "hola, ¿qué tal?")),
    ("repeated", Both, |t| {
        let text = "una sola vez";
        let again = Frame { attempt: 1, ..t.text(0, text) };
        t.says(0, text)?;
        t.send(&again.pack());
        t.ack(t.sent, 1)?;
        let look = t.says(0, "después de esa")?;
        match t.shown(text) {
            0 | 1 => Ok(look),
            times => failed(said!("shown times", times)),
        }
    }),
    ("damaged", Both, |t| {
        t.ignores("con un bit cambiado", |frame| {
            let last_letter = frame.pack().len() - 5;
            flipped(frame, last_letter)
        })
    }),
    ("future", Both, |t| {
        t.ignores("del futuro", |f| Frame { seq: f.seq + 1, ..f }.pack())
    }),
    ("other ids", Both, |t| {
        t.ignores("de otra sesión", |f| Frame { src: NOBODY, ..f }.pack())
    }),
    ("zlib", Both, |t| t.says(0, &"ja".repeat(100))),
    ("zlib bomb", Both, |t| {
        t.ignores(&"y".repeat(TEXT_MAX + 1), |frame| frame.pack())
    }),
    ("speaks", Ours, |t| {
        let line = "escrito con el teclado";
        t.types(&format!("{line}\n"));
        t.confirms(Some(line))
    }),
    ("lost ack", Ours, |t| t.loses_ack()),
    ("bye", Both, |t| {
        let read = (t.expect - 1).to_be_bytes();
        t.send(&t.frame(Kind::Bye, 0, t.sent + 1, &read).pack());
        t.ack(t.sent + 1, 0)
    }),
    ("full", Ours, |t| t.fills()),
];

/// The program, and our side of a session with it.
struct Talk<'a> {
    peer: Peer<'a>,
    calls: bool, // It calls us.
    you: u32,    // Its id.
    sent: u32,   // The number of our last message that it must know.
    expect: u32, // The number of its next message.
}

/// Judges a chat, which listens or `calls`.
///
/// # Errors
/// A sentence, if the program does not start.
pub fn judge(
    report: &mut Report,
    mut peer: Peer,
    calls: bool,
) -> Result<(), String> {
    peer.start(calls)?;
    let mut talk = Talk { peer, calls, you: 0, sent: 0, expect: 1 };
    let mut up = true;
    let other = if calls { Listener } else { Caller };
    for (name, who, look) in RULES.iter().filter(|rule| rule.1 != other) {
        if !up || (*who == Ours && talk.peer.command.is_empty()) {
            let why = if up { "blind" } else { "no session" };
            report.skip(name, "zchat", said!(why));
            continue;
        }
        let mut look = look(&mut talk);
        if let Err((Failed, came)) = &mut look {
            *came += &talk.peer.ended().unwrap_or_default();
            up = match *name {
                "hello" | "calls" => false,
                "calls again" => true, // It can be answered all the same.
                _ => talk.peer.start(calls).is_ok() && talk.connects().is_ok(),
            };
        }
        report.rule(name, "zchat", look);
    }
    Ok(())
}

impl Talk<'_> {
    /// A session as usual.
    fn connects(&mut self) -> Look {
        (self.sent, self.expect) = (0, 1);
        self.meets()?;
        if !self.calls {
            return self.says(0, "");
        }
        self.send(&self.frame(Kind::Hello, 0, 0, b"").pack());
        self.confirms(None)
    }

    /// A frame of ours.
    fn frame(&self, kind: Kind, attempt: u8, seq: u32, data: &[u8]) -> Frame {
        let (src, dst, payload) = (ME, self.you, data.to_vec());
        Frame { kind, attempt, src, dst, seq, payload }
    }

    /// Our next message.
    fn text(&self, attempt: u8, text: &str) -> Frame {
        let (kind, payload) = smaller(text.as_bytes());
        self.frame(kind, attempt, self.sent + 1, &payload)
    }

    fn send(&self, data: &[u8]) {
        self.peer.send(&self.peer.s, data);
    }

    /// The next frame that `wanted` wants. Messages are acknowledged
    /// meanwhile.
    fn next(
        &mut self,
        limit: Duration,
        wanted: impl Fn(&Frame) -> bool,
    ) -> Option<Frame> {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let frame = find(&self.peer.s, left, |d, _| Frame::unpack(d).ok())?;
            if wanted(&frame) {
                return Some(frame);
            } else if is_text(&frame) {
                self.acknowledge(&frame);
            }
        }
    }

    fn acknowledge(&mut self, frame: &Frame) {
        self.send(&self.frame(Kind::Ack, frame.attempt, frame.seq, b"").pack());
        self.expect = self.expect.max(frame.seq.wrapping_add(1));
    }

    /// Its next ACK must be for our number `seq`, with its `attempt`.
    fn ack(&mut self, seq: u32, attempt: u8) -> Look {
        let ack = self.next(patience(), |frame| frame.kind == Kind::Ack);
        let right = self.frame(Kind::Ack, attempt, seq, b"");
        let right = Frame { src: self.you, dst: ME, ..right };
        judged(ack.as_ref() == Some(&right), told(ack))
    }

    /// How often it has shown `text`.
    fn shown(&self, text: &str) -> usize {
        let program = self.peer.program.as_ref();
        program.map_or(0, |p| p.stdout().matches(text).count())
    }

    /// Our next message must be acknowledged, and shown.
    fn says(&mut self, attempt: u8, text: &str) -> Look {
        self.send(&self.text(attempt, text).pack());
        self.ack(self.sent + 1, attempt)?;
        self.sent += 1;
        if self.peer.program.is_none() || text.is_empty() {
            return Ok(said!("acknowledged"));
        }
        let end = Instant::now() + patience();
        while self.shown(text) == 0 {
            if Instant::now() > end {
                return failed(said!("not shown", bytes(text.as_bytes())));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(said!("acknowledged and shown"))
    }

    /// Our next message with a fault, then a sound one with its number, and try
    /// 1: the first ACK must be for that one, and the other never shown.
    fn ignores(&mut self, text: &str, fault: fn(Frame) -> Vec<u8>) -> Look {
        self.send(&fault(self.text(0, text)));
        let look = self.says(1, &format!("en lugar de: {}", self.sent + 1));
        let start: String = text.chars().take(8).collect();
        if self.shown(&start) > 0 {
            return failed(said!("was shown", bytes(start.as_bytes())));
        }
        look.map(|_| said!("only the right one"))
    }

    /// Its first datagram must be a HELLO: a call, or an answer to ours.
    fn meets(&mut self) -> Look {
        self.you = 0;
        let ours = !self.peer.command.is_empty();
        let limit = if ours { START } else { patience() * 2 };
        let (dst, never) = match self.calls {
            true => (0, "never asked"),
            false => (ME, "no zchat"),
        };
        let mut hello = self.frame(Kind::Hello, 0, 0, b"");
        let came = self.peer.first(limit, HELLO_AGAIN, |peer, _| {
            if dst == ME {
                peer.send(&peer.s, &hello.pack());
                hello.attempt += 1;
            }
        });
        let Ok((data, from)) = came else { return failed(said!(never)) };
        self.peer.to = from;
        match Frame::unpack(&data) {
            Ok(f) if (f.kind, f.dst, f.seq) == (Kind::Hello, dst, 0) => {
                self.you = f.src;
                Ok(told(Some(f)))
            }
            Ok(frame) => failed(told(Some(frame))),
            Err(Unfit::Damaged) => failed(said!("damaged frame", bytes(&data))),
            Err(Unfit::Foreign) => failed(said!("foreign", bytes(&data))),
        }
    }

    /// Its next message, which must be that `line` if there is one.
    fn hears(&mut self, line: Option<&str>) -> Result<Frame, Otherwise> {
        let ids = (self.you, ME, self.expect);
        let right = |f: &Frame| {
            let same =
                |line: &str| f.text().as_deref() == Some(line.as_bytes());
            (f.src, f.dst, f.seq) == ids && line.is_none_or(same)
        };
        match self.next(AGAIN, is_text) {
            Some(frame) if right(&frame) => Ok(frame),
            other => failed(told(other)),
        }
    }

    /// The same; and it gets its ACK.
    fn confirms(&mut self, line: Option<&str>) -> Look {
        let frame = self.hears(line)?;
        self.acknowledge(&frame);
        Ok(told(Some(frame)))
    }

    /// Its user types lines.
    fn types(&mut self, lines: &str) {
        if let Some(program) = &mut self.peer.program {
            let _ = program.try_write(lines.as_bytes()); // It may have gone.
        }
    }

    /// Its message is not acknowledged: it comes again with the next try, and
    /// the next message waits.
    fn loses_ack(&mut self) -> Look {
        let (line, next) = ("otra vez", "y la que espera");
        self.types(&format!("{line}\n{next}\n"));
        let first = self.hears(Some(line))?.attempt;
        let once = |(_, came)| (Failed, said!("came once", came));
        let again = self.hears(Some(line)).map_err(once)?;
        if (first, again.attempt) != (0, 1) {
            return failed(said!("tries", first, again.attempt));
        }
        self.acknowledge(&again);
        self.confirms(Some(next))?;
        Ok(said!("sent again"))
    }

    /// Its stdout is full, and nobody reads: what it cannot show, it must not
    /// acknowledge. What it has acknowledged is then in the pipe.
    fn fills(&mut self) -> Look {
        let mut start = self.peer.prepared(self.calls);
        start.stdin(Stdio::piped());
        start.stdout(Stdio::piped()).stderr(Stdio::null());
        let wrong = |e| (Noted, said!("no start", self.peer.command[0], e));
        let mut child = spawn(&mut start).map_err(wrong)?;
        let line = |n| format!("mensaje {n:04} {}", "x".repeat(900));
        let (mut n, up) = (0, self.connects().is_ok());
        while up && n < 2000 {
            let (text, seq) = (line(n), self.sent + 1);
            self.send(&self.frame(Kind::Text, 0, seq, text.as_bytes()).pack());
            if self.ack(seq, 0).is_err() {
                break;
            }
            (self.sent, n) = (seq, n + 1);
        }
        end_tree(child.id()); // It ends before anything is read.
        let _ = (child.kill(), child.wait());
        // In a thread: a child of it may hold the pipe open.
        let (read, lines) = channel();
        let stdout = child.stdout.take().map(BufReader::new);
        thread::spawn(move || {
            let all = stdout.into_iter().flat_map(|out| out.split(b'\n'));
            all.map_while(Result::ok).try_for_each(|line| read.send(line))
        });
        let mut shown = String::new();
        while let Ok(line) = lines.recv_timeout(patience()) {
            shown += &String::from_utf8_lossy(&line);
        }
        let there = (0..n).filter(|n| shown.contains(&line(*n))).count();
        let came = said!("pipe", n, there);
        match n {
            0 | 2000 => Err((Noted, came)),
            n => judged(there == n, came),
        }
    }
}

fn is_text(frame: &Frame) -> bool {
    [Kind::Text, Kind::Ztext].contains(&frame.kind)
}

/// A frame's bytes, one bit of the byte number `at` changed.
fn flipped(frame: Frame, at: usize) -> Vec<u8> {
    let mut data = frame.pack();
    data[at] ^= 1;
    data
}

/// The frame that came, or that none did.
fn told(frame: Option<Frame>) -> String {
    let Some(frame) = frame else { return said!("no frame") };
    let text = frame.text().filter(|text| !text.is_empty());
    let text = text.map_or(String::new(), |text| format!(" {}", bytes(&text)));
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    let kind = format!("{kind:?}").to_uppercase();
    format!("{kind} #{seq} try {attempt} {src:08x} -> {dst:08x}{text}")
}
