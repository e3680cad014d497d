//! The chat of `crates/zchat`: its README's frame and rules.

use std::io::Read;
use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use kit::{bytes, nothing, patience};
use testbed::{free_port, spawn};

use crate::asked::GAP;
use crate::frame::{Frame, Kind, TEXT_MAX, Unfit, smaller};
use crate::net::{find, hear, socket};
use crate::report::Verdict::{Failed, Noted, Passed};
use crate::report::{Look, Report, judged};
use crate::running::{Running, START, end_tree, prepared, until};
use crate::words::said;

/// Our id, as in the README's frames; and one of nobody.
const ME: u32 = 0x1122_3344;
const NOBODY: u32 = 0x0BAD_CAFE;

/// The program, and our side of a session with it.
struct Talk<'a> {
    command: &'a [String], // Empty: we do not start it.
    calls: bool,           // It calls us.
    s: UdpSocket,
    peer: SocketAddr,
    running: Option<Running>,
    you: u32,    // Its id.
    sent: u32,   // The number of our last message that it must know.
    expect: u32, // The number of its next message.
}

/// Judges a chat: one that listens at `to`, or one that `command` starts, and
/// which then listens, or `calls`.
///
/// # Errors
/// A sentence, if the program does not start.
pub fn judge(
    report: &mut Report,
    to: SocketAddr,
    command: &[String],
    calls: bool,
) -> Result<(), String> {
    let mut talk = Talk::new(to, command, calls);
    talk.start()?;
    let start = match calls {
        true => ["calls", "calls again", "damaged answer"],
        false => ["hello", "damaged hello", "up"],
    };
    let rest = ["chat text", "repeated", "damaged", "future", "other ids"];
    let more = ["zlib", "zlib bomb", "speaks", "lost ack", "bye", "full"];
    let mut up = true;
    for name in start.iter().chain(&rest).chain(&more) {
        let blind =
            command.is_empty() && ["speaks", "lost ack", "full"].contains(name);
        if !up || blind {
            let why = if blind { "blind" } else { "no session" };
            report.skip(name, "zchat", said!(why));
            continue;
        }
        let (verdict, mut came) = talk.look(name);
        if verdict == Failed {
            came += &talk.ended().unwrap_or_default();
            up = match *name {
                "hello" | "calls" => false,
                "calls again" => true, // It can be answered all the same.
                _ => talk.again(),
            };
        }
        report.rule(name, "zchat", (verdict, came));
    }
    Ok(())
}

impl Talk<'_> {
    /// Our side alone.
    fn new(mut to: SocketAddr, command: &[String], calls: bool) -> Talk<'_> {
        if !command.is_empty() && !calls {
            to.set_port(free_port());
        }
        let (s, peer, running) = (socket(to), to, None);
        let (you, sent, expect) = (0, 0, 1);
        Talk { command, calls, s, peer, running, you, sent, expect }
    }

    /// The port that the program listens on, or calls.
    fn port(&self) -> u16 {
        let own = self.s.local_addr().map_or(0, |own| own.port());
        if self.calls { own } else { self.peer.port() }
    }

    fn start(&mut self) -> Result<(), String> {
        if !self.command.is_empty() {
            let started =
                Running::start(self.command, "127.0.0.1", self.port());
            self.running = Some(started?);
        }
        Ok(())
    }

    /// All anew after a failure; whether there is a session.
    fn again(&mut self) -> bool {
        drop(self.running.take());
        *self = Talk::new(self.peer, self.command, self.calls);
        self.start().is_ok() && self.connect()
    }

    /// A session as usual; whether there is one.
    fn connect(&mut self) -> bool {
        let good = |look: Look| look.0 == Passed;
        if !self.calls {
            return good(self.hello()) && good(self.says(0, ""));
        }
        let called = good(self.called());
        self.send(Kind::Hello, 0, 0, b"");
        called && good(self.first_text())
    }

    fn ended(&mut self) -> Option<String> {
        self.running.as_mut().and_then(Running::ended)
    }

    /// A frame of ours.
    fn frame(&self, kind: Kind, attempt: u8, seq: u32, data: &[u8]) -> Frame {
        let (src, dst, payload) = (ME, self.you, data.to_vec());
        Frame { kind, attempt, src, dst, seq, payload }
    }

    fn send(&self, kind: Kind, attempt: u8, seq: u32, data: &[u8]) {
        self.send_bytes(&self.frame(kind, attempt, seq, data).pack());
    }

    fn send_bytes(&self, data: &[u8]) {
        if !self.peer.ip().is_loopback() {
            thread::sleep(GAP);
        }
        let _ = self.s.send_to(data, self.peer); // It may have gone.
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
            let frame = find(&self.s, left, |d, _| Frame::unpack(d).ok())?;
            if wanted(&frame) {
                return Some(frame);
            } else if is_text(&frame) {
                self.acknowledge(&frame);
            }
        }
    }

    fn acknowledge(&mut self, frame: &Frame) {
        self.send(Kind::Ack, frame.attempt, frame.seq, b"");
        self.expect = self.expect.max(frame.seq.wrapping_add(1));
    }

    /// Its next ACK: whether it is for our number `seq`, with its `attempt`.
    fn ack(&mut self, seq: u32, attempt: u8) -> Look {
        let ack = self.next(patience(), |frame| frame.kind == Kind::Ack);
        let right = self.frame(Kind::Ack, attempt, seq, b"");
        let right = Frame { src: self.you, dst: ME, ..right };
        judged(ack.as_ref() == Some(&right), told(ack))
    }

    /// How often it has shown `text`.
    fn shown(&self, text: &str) -> usize {
        let program = self.running.as_ref().map(|running| &running.0);
        program.map_or(0, |p| p.stdout().matches(text).count())
    }

    /// Our next message: it must be acknowledged, and shown.
    fn says(&mut self, attempt: u8, text: &str) -> Look {
        let (kind, payload) = smaller(text.as_bytes());
        self.send(kind, attempt, self.sent + 1, &payload);
        let look = self.ack(self.sent + 1, attempt);
        if look.0 == Failed {
            return look;
        }
        self.sent += 1;
        if self.running.is_none() || text.is_empty() {
            return (Passed, said!("acknowledged"));
        }
        match until(patience(), || (self.shown(text) > 0).then_some(())) {
            None => (Failed, said!("not shown", bytes(text.as_bytes()))),
            _ => (Passed, said!("acknowledged and shown")),
        }
    }

    /// `wrong` first, then the right message with the number that is due, and
    /// try 1: the first ACK must be for that one, and `text` never shown.
    fn ignores(&mut self, wrong: &[u8], text: &str) -> Look {
        self.send_bytes(wrong);
        match self.says(1, &format!("en lugar de: {}", self.sent + 1)) {
            _ if self.shown(text) > 0 => {
                (Failed, said!("was shown", bytes(text.as_bytes())))
            }
            (Passed, _) => (Passed, said!("only the right one")),
            look => look,
        }
    }

    /// HELLO, until it is answered.
    fn hello(&mut self) -> Look {
        self.you = 0;
        let (start, mine) = (Instant::now(), self.running.is_some());
        let limit = if mine { START } else { patience() * 2 };
        for attempt in 0.. {
            self.send(Kind::Hello, attempt, 0, b"");
            let came = hear(&self.s, Duration::from_millis(500));
            if let Some((data, _)) = came {
                return self.meets(&data, ME);
            } else if start.elapsed() > limit || self.ended().is_some() {
                break;
            }
        }
        (Failed, said!("no zchat"))
    }

    /// It calls.
    fn called(&mut self) -> Look {
        let came = until(START, || {
            let came = hear(&self.s, Duration::from_millis(50));
            came.map(Some).or_else(|| self.ended().map(|_| None))
        });
        let Some((data, from)) = came.flatten() else {
            return (Failed, said!("never asked"));
        };
        self.peer = from;
        self.meets(&data, 0)
    }

    /// Its first datagram: a HELLO for `dst`?
    fn meets(&mut self, data: &[u8], dst: u32) -> Look {
        match Frame::unpack(data) {
            Ok(f) if (f.kind, f.dst, f.seq) == (Kind::Hello, dst, 0) => {
                self.you = f.src;
                (Passed, told(Some(f)))
            }
            Ok(frame) => (Failed, told(Some(frame))),
            Err(Unfit::Damaged) => {
                (Failed, said!("damaged frame", bytes(data)))
            }
            Err(Unfit::Foreign) => (Failed, said!("foreign", bytes(data))),
        }
    }

    /// TEXT #1 of a caller, with the ids of both.
    fn first_text(&mut self) -> Look {
        let text = self.next(patience() * 2, |f| f.kind == Kind::Text);
        let ids = (self.you, ME, 1);
        let good = text.as_ref().is_some_and(|f| (f.src, f.dst, f.seq) == ids);
        if let Some(frame) = text.as_ref().filter(|_| good) {
            self.acknowledge(frame);
        }
        judged(good, told(text))
    }

    /// Its next message: that `line`, as it should be?
    fn hears(&mut self, line: &str) -> Result<Frame, Look> {
        let frame = self.next(Duration::from_secs(5), is_text);
        let right = (self.you, ME, self.expect, Some(line.as_bytes().to_vec()));
        match frame {
            Some(f) if (f.src, f.dst, f.seq, f.text()) == right => Ok(f),
            other => Err((Failed, told(other))),
        }
    }

    /// Its user types lines.
    fn types(&mut self, lines: &str) {
        if let Some(running) = &mut self.running {
            let _ = running.0.try_write(lines.as_bytes()); // It may have gone.
        }
    }

    /// Looks at the rule `name`.
    fn look(&mut self, name: &str) -> Look {
        match name {
            "hello" => self.hello(),
            "calls" => self.called(),
            "up" => self.says(0, ""),
            "chat text" => self.says(0, "hola, ¿qué tal?"),
            "zlib" => self.says(0, &"ja".repeat(100)),
            "damaged hello" => {
                let hello = self.frame(Kind::Hello, 7, 0, b"");
                self.send_bytes(&flipped(
                    Frame { src: NOBODY, dst: 0, ..hello },
                    7,
                ));
                self.you = 0;
                self.send(Kind::Hello, 9, 0, b"");
                let answers = |f: &Frame| {
                    f.kind == Kind::Hello && (f.attempt == 9 || f.dst != ME)
                };
                match self.next(patience(), answers) {
                    Some(f) if f.dst == ME => {
                        self.you = f.src;
                        (Passed, said!("only the right one"))
                    }
                    other => (Failed, told(other)),
                }
            }
            "calls again" => {
                let limit = Duration::from_secs(5);
                let again = self.next(limit, |f| f.kind == Kind::Hello);
                let good =
                    |f: &Frame| (f.src, f.dst, f.attempt) == (self.you, 0, 1);
                judged(again.as_ref().is_some_and(good), told(again))
            }
            "damaged answer" => {
                let hello = self.frame(Kind::Hello, 1, 0, b"");
                self.send_bytes(&flipped(Frame { src: NOBODY, ..hello }, 7));
                self.send(Kind::Hello, 1, 0, b"");
                self.first_text()
            }
            "repeated" => {
                let text = "una sola vez";
                let look = self.says(0, text);
                if look.0 == Failed {
                    return look;
                }
                self.send(Kind::Text, 1, self.sent, text.as_bytes());
                let look = self.ack(self.sent, 1);
                if look.0 == Failed {
                    return look;
                }
                let look = self.says(0, "después de esa");
                match self.shown(text) {
                    0 | 1 => look,
                    n => (Failed, said!("shown times", n)),
                }
            }
            "damaged" => {
                let text = "con un bit cambiado";
                let frame = self.text(1, text);
                let last = frame.pack().len() - 5; // The last letter.
                self.ignores(&flipped(frame, last), "con un bit cambiad")
            }
            "future" => {
                let text = "del futuro";
                self.ignores(&self.text(2, text).pack(), text)
            }
            "other ids" => {
                let text = "de otra sesión";
                let frame = Frame { src: NOBODY, ..self.text(1, text) };
                self.ignores(&frame.pack(), text)
            }
            "zlib bomb" => {
                let text = "y".repeat(TEXT_MAX + 1);
                self.ignores(&self.text(1, &text).pack(), "yyyyyyyy")
            }
            "speaks" => {
                let line = "escrito con el teclado";
                self.types(&format!("{line}\n"));
                match self.hears(line) {
                    Ok(frame) => {
                        self.acknowledge(&frame);
                        (Passed, told(Some(frame)))
                    }
                    Err(look) => look,
                }
            }
            "lost ack" => self.lost_ack().unwrap_or_else(|look| look),
            "bye" => {
                let read = (self.expect - 1).to_be_bytes();
                self.send(Kind::Bye, 0, self.sent + 1, &read);
                self.ack(self.sent + 1, 0)
            }
            _ => self.full(),
        }
    }

    /// A message of ours, `ahead` of the last one.
    fn text(&self, ahead: u32, text: &str) -> Frame {
        let (kind, payload) = smaller(text.as_bytes());
        self.frame(kind, 0, self.sent + ahead, &payload)
    }

    /// Its message is not acknowledged: it comes again with the next try, and
    /// the next message waits.
    fn lost_ack(&mut self) -> Result<Look, Look> {
        let (line, next) = ("otra vez", "y la que espera");
        self.types(&format!("{line}\n{next}\n"));
        let first = self.hears(line)?.attempt;
        let again = self.hears(line);
        let again = again.map_err(|(_, c)| (Failed, said!("came once", c)))?;
        if (first, again.attempt) != (0, 1) {
            return Err((Failed, said!("tries", first, again.attempt)));
        }
        self.acknowledge(&again);
        let frame = self.hears(next)?;
        self.acknowledge(&frame);
        Ok((Passed, said!("sent again")))
    }

    /// Its stdout is full, and nobody reads: what it cannot show, it must not
    /// acknowledge. What it has acknowledged is then in the pipe.
    fn full(&mut self) -> Look {
        drop(self.running.take());
        let mut talk = Talk::new(self.peer, self.command, self.calls);
        let mut start = prepared(self.command, "127.0.0.1", talk.port());
        start.stdin(Stdio::piped());
        start.stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = spawn(&mut start) else {
            return (Noted, nothing());
        };
        let line = |n| format!("mensaje {n:04} {}", "x".repeat(900));
        let (mut n, up) = (0, talk.connect());
        while up && n < 2000 {
            talk.send(Kind::Text, 0, talk.sent + 1, line(n).as_bytes());
            if talk.ack(talk.sent + 1, 0).0 == Failed {
                break;
            }
            (talk.sent, n) = (talk.sent + 1, n + 1);
        }
        end_tree(child.id()); // It ends before anything is read.
        let _ = (child.kill(), child.wait());
        // In a thread: a child of it may hold the pipe open.
        let (read, pieces) = channel();
        let stdout = child.stdout.take();
        thread::spawn(move || {
            let mut room = vec![0; 1 << 16];
            if let Some(mut stdout) = stdout {
                while let Ok(n @ 1..) = stdout.read(&mut room) {
                    let _ = read.send(room[..n].to_vec());
                }
            }
        });
        let mut shown = Vec::new();
        while let Ok(piece) = pieces.recv_timeout(patience()) {
            shown.extend(piece);
        }
        let shown = String::from_utf8_lossy(&shown);
        let there = (0..n).filter(|n| shown.contains(&line(*n))).count();
        let came = said!("pipe", n, there);
        match n {
            0 | 2000 => (Noted, came),
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
    let text = text.map(|text| bytes(&text)).unwrap_or_default();
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    let kind = format!("{kind:?}").to_uppercase();
    format!("{kind} #{seq} try {attempt} {src:08x} -> {dst:08x} {text}")
}
