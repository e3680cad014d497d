//! Chats of the student's for the tests of exercise 16: with a socket of the
//! test's own, and with the workshop's programs. You need not change this file.

use std::io::{
    self, BufReader, ErrorKind, PipeReader, PipeWriter, Write, pipe,
};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use badlink::{BadLink, Shares};
use kit::{
    Beside, Peer, Program, Shown, beside, bytes, fail, patience, said, socket,
    value,
};
use zchat::frame::{Frame, Kind};

use super::{PROGRAM, chat};

/// The id of these tests' own side of a chat.
const ME: u32 = 0x1122_3344;

/// A frame from these tests' own side.
pub fn frame(kind: Kind, dst: u32, seq: u32, payload: &[u8]) -> Frame {
    let payload = payload.to_vec();
    Frame { kind, attempt: 0, src: ME, dst, seq, payload }
}

/// A screen whose bytes come out of a channel.
struct Screen(Sender<Vec<u8>>);

impl Write for Screen {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(data.to_vec());
        sent.map_err(|_| ErrorKind::BrokenPipe)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How chat() went.
impl Shown for Ended {
    fn shown(&self) -> String {
        match &self.0 {
            None => said("chat() still runs", &[]).to_string(),
            Some(Ok(())) => said("chat() gave Ok", &[]).to_string(),
            Some(Err(e)) => said("chat() gave", &[&e.shown()]).to_string(),
        }
    }
}

/// What chat() gave, if it has ended.
pub struct Ended(pub Option<io::Result<()>>);

/// The student's chat, with a socket of the test's own.
pub struct Call {
    pub peer: Peer,
    pub keyboard: Option<PipeWriter>,
    pub screen: Receiver<Vec<u8>>,
    pub chatting: Beside<io::Result<()>>,
    pub address: SocketAddr,
    pub id: u32,
}

impl Call {
    /// Starts it: as one that calls the test's socket, or that is called.
    pub fn begin(calls: bool) -> Call {
        let (peer, (s, address)) = (Peer::new(), socket());
        let (input, keyboard): (PipeReader, _) = pipe().unwrap();
        let (show, screen) = channel();
        let dial = if calls { vec![peer.address()] } else { vec![] };
        let chatting = beside(move || {
            chat(dial, s, BufReader::new(input), &mut Screen(show))
        });
        let keyboard = Some(keyboard);
        Call { peer, keyboard, screen, chatting, address, id: 0 }
    }

    /// Starts one that calls, and takes its first HELLO.
    pub fn new() -> Call {
        let mut call = Call::begin(true);
        if let Some(hello) = call.next(Kind::Hello) {
            call.id = hello.src;
            return call;
        }
        let (did, hello) = ("called chat", "a HELLO at the server");
        if let Some(ended) = call.chatting.now() {
            fail(did, hello, Ended(Some(ended)), "chat() ended");
        }
        // An answer needs no `tick`; a HELLO of its own does.
        let other = Call::begin(false);
        let ask = frame(Kind::Hello, 0, 0, b"").pack();
        other.peer.send(&ask, other.address);
        let why = match other.next(Kind::Hello) {
            Some(_) => "never ticks",
            None => "does nothing that the session wants",
        };
        fail(did, hello, "nothing comes", why)
    }

    /// The next frame of this kind; `None` if none came in time.
    pub fn next(&self, kind: Kind) -> Option<Frame> {
        let heard = self.peer.heard();
        let mut frames =
            heard.filter_map(|(data, _)| Frame::unpack(&data).ok());
        frames.find(|frame| frame.kind == kind)
    }

    /// Sends a frame.
    pub fn send(&self, kind: Kind, seq: u32, payload: &[u8]) {
        let data = frame(kind, self.id, seq, payload).pack();
        self.peer.send(&data, self.address);
    }

    /// The next TEXT with this number, acknowledged; `None` if none came. On a
    /// slow machine, one before it may come again.
    pub fn text(&self, seq: u32) -> Option<Vec<u8>> {
        let end = Instant::now() + patience();
        while Instant::now() < end {
            let text = self.next(Kind::Text)?;
            self.send(Kind::Ack, text.seq, b"");
            if text.seq >= seq {
                return text.text().filter(|_| text.seq == seq);
            }
        }
        None
    }

    /// Answers, and takes the TEXT #1, "I am up".
    pub fn answer(&self) {
        self.send(Kind::Hello, 0, b"");
        if self.text(1).is_none() {
            let did = "called chat, answered its HELLO";
            let ended = Ended(self.chatting.now());
            let meant = said("a TEXT", &[&1, &bytes(b"")]);
            if ended.0.is_some() {
                fail(did, meant, ended, "chat() ended");
            }
            let why = self.late_or(1, "does not hear");
            fail(did, meant, "nothing comes", why);
        }
    }

    /// Why the TEXT with this number did not come: whatever comes wakes a main
    /// loop that sleeps before it acts; or else this.
    pub fn late_or(&self, seq: u32, why: &'static str) -> &'static str {
        self.peer.send(b"?", self.address);
        self.text(seq).map_or(why, |_| "a round too late")
    }

    /// Types.
    pub fn write(&mut self, text: &[u8]) {
        let keyboard = self.keyboard.as_mut().unwrap();
        let _ = keyboard.write_all(text); // Or it reads no more.
    }
}

/// Fails unless chat() calls: before it is run as a program of its own, whose
/// `todo!` would not be this test's. Its input stays open.
pub fn calls() {
    std::mem::forget(Call::new());
}

/// What is typed at a program: spaces, no text at all, a byte that is no UTF-8,
/// what zlib makes smaller, and some more.
fn typed(word: &str) -> Vec<Vec<u8>> {
    let lines = [&b"hola"[..], b"", b"  dos espacios ", b"ma\xf1ana"];
    let lines = lines.iter().map(|line| line.to_vec());
    let more = (1..=5).map(|n| format!("{word} {n}").into_bytes());
    lines.chain([b"ja".repeat(500)]).chain(more).collect()
}

/// What a program shows when this is typed at the other one.
fn meant(typed: &[Vec<u8>], arrow: &str) -> Vec<String> {
    let lines = typed.iter().map(|line| String::from_utf8_lossy(line));
    lines.map(|line| format!("{arrow}{line}")).collect()
}

/// What it has shown so far, line by line.
fn shown(program: &Program) -> Vec<String> {
    program.stdout().lines().map(str::to_string).collect()
}

/// A chat of the student's program, as a client or as a server, with one of the
/// workshop's, over a bad link; each is typed some lines. Fails unless each shows
/// the other's, once and in order, and the student's ends well.
pub fn hold(calls: bool, (language, command): (&str, Command)) {
    let limit = Instant::now() + patience() * 4;
    let left = || limit.saturating_duration_since(Instant::now());
    let bad = Shares { corrupt: 0.05, duplicate: 0.05, ..Shares::default() };
    let bad = Shares { lose: 0.1, ..bad };
    let yours = Command::new(PROGRAM);
    let (mut server, mut client) =
        if calls { (command, yours) } else { (yours, command) };
    server.args(match calls {
        true => &["--host", "127.0.0.1", "--port", "0"][..],
        false => &["server", "127.0.0.1", "0"],
    });
    let server = Program::start("server", server);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let link = BadLink::start(listen, server.address(), bad, bad, 7).unwrap();
    let port = link.address().port().to_string();
    client.args(match calls {
        true => ["client", "127.0.0.1", &port],
        false => ["127.0.0.1", "--port", &port],
    });
    let mut both = [server, Program::start("client", client)];
    let own = usize::from(calls); // The student's.

    // Both talk. The server soon has no more to say, and listens on; the client
    // does when it has shown all.
    let typed = [typed("vuelta"), typed("ida")];
    for (program, lines) in both.iter_mut().zip(&typed) {
        // It may have ended: what came is told below.
        let _ = program.try_write(&[&lines.join(&b'\n')[..], b"\n"].concat());
    }
    both[0].close_input();
    let meant = [0, 1].map(|side| {
        let arrow = if side == own { "< " } else { "" };
        meant(&typed[1 - side], arrow)
    });
    while shown(&both[1]) != meant[1]
        && both[1].status_within(Duration::ZERO).is_none()
        && Instant::now() < limit
    {
        sleep(Duration::from_millis(5));
    }
    both[1].close_input();
    let ended = both.each_mut().map(|program| program.status_within(left()));
    let (shown, notes) = (both.each_ref().map(shown), both[own].stderr());
    drop(both); // Before anything is told.

    let name = if calls { "the server" } else { "the client" };
    let name = said(name, &[&language]);
    let lines = &shown[own];
    let why = match ended[own].map(|status| status.code()) {
        Some(Some(0)) if shown == meant => return,
        _ if lines.iter().any(|line| !meant[own].contains(line)) => {
            "shows what nobody typed"
        }
        _ if lines.len() > meant[own].len() => "shows a message twice",
        Some(Some(0)) => "ended before all had arrived",
        Some(_) => "ended with an error",
        None => "still runs",
    };
    let did = said("let your program chat with", &[&name]);
    let all = |lines: &[String]| bytes(lines.join("\n").as_bytes());
    let each = [(said("your program", &[]), own), (name, 1 - own)];
    let each = each.map(|(side, i)| {
        let (meant, shown) = (all(&meant[i]), all(&shown[i]));
        said("to show and shown", &[&side, &meant, &shown]).to_string()
    });
    let notes = notes.trim_end().replace('\n', " | ");
    let noted = said("noted", &[&notes]).to_string();
    let came = value(format!("{}\n{}\n{noted}", each[0], each[1]));
    fail(did, "each shows the other's, once", came, why);
}
