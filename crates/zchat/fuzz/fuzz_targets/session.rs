//! Any bytes, as what happens to a session: datagrams of any kind, frames with
//! the right ids and a right CRC-32 among them, time, and what its user does.

#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use zchat::frame::{Frame, Kind, TEXT_MAX};
use zchat::session::{Action, Session};

const KINDS: [Kind; 5] =
    [Kind::Hello, Kind::Text, Kind::Ztext, Kind::Ack, Kind::Bye];

struct World {
    session: Session,
    now: Duration,
    ids: (u32, u32), // The session's last words: its id, and ours.
    over: bool,
}

impl World {
    fn tick(&mut self) {
        self.session.tick(self.now);
        let actions = self.session.actions();
        assert!(actions.len() < 1000);
        for action in actions {
            assert!(!self.over, "{action:?} after the end");
            match action {
                Action::Send(_, data) => {
                    let frame = Frame::unpack(&data).expect("a sound frame");
                    assert_eq!(frame.pack(), data);
                    self.ids = (frame.src, frame.dst);
                }
                Action::Show(text) => {
                    assert!((1..=TEXT_MAX).contains(&text.len()));
                }
                Action::Note(_) => {}
                Action::End(_) => self.over = true,
            }
        }
        let due = self.session.deadline().filter(|_| !self.over);
        assert!(due.is_none_or(|due| due > self.now));
    }
}

/// Takes `n` bytes; zeros where there are none left.
fn take<const N: usize>(data: &mut &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    let n = N.min(data.len());
    taken[..n].copy_from_slice(&data[..n]);
    *data = &data[n..];
    taken
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    // First as one datagram, for unpack alone.
    if let Ok(frame) = Frame::unpack(data) {
        assert_eq!(frame.pack(), data);
        frame.text();
    }
    let near = SocketAddr::from(([10, 0, 0, 1], 3502));
    let far = SocketAddr::from(([10, 0, 0, 2], 3502));
    let [calls] = take(&mut data);
    let dial = if calls % 2 == 0 { vec![] } else { vec![near] };
    let now = Duration::ZERO;
    let mut session = Session::new(dial, now);
    session.set_window(1 + u16::from(calls / 2 % 16));
    let mut w = World { session, now, ids: (0, 7), over: false };
    w.tick();
    while !data.is_empty() && !w.over {
        let [deed, n] = take(&mut data);
        let some = usize::from(n).min(data.len());
        let (bytes, rest) = data.split_at(some);
        let from = if deed & 0x80 == 0 { near } else { far };
        match deed % 8 {
            0 => w.session.receive(w.now, from, bytes),
            1 => w.now += Duration::from_millis(10 * u64::from(n)),
            2 => w.now += Duration::from_millis(500 * u64::from(n)),
            3 if w.session.waiting() < 100 => w.session.say(&[n; 40]),
            4 => match n {
                0..10 => w.session.leave(),
                10..20 => w.session.no_more(),
                20..22 => w.session.abort(),
                _ => {}
            },
            _ => {
                // A sound frame; most have the right ids, and a small number.
                let mut bytes = bytes;
                let [kind, attempt, dst, seq] = take(&mut bytes);
                let (theirs, mine) = w.ids;
                let mine = mine.max(1);
                let (src, dst) = match dst % 8 {
                    0 => (mine, 0),
                    1 => (theirs.max(1), mine),
                    2 => (u32::from(dst) + 1, 0),
                    3 => (mine, 9),
                    _ => (mine, theirs),
                };
                let seq = if seq == 255 { u32::MAX } else { u32::from(seq) };
                let kind = KINDS[usize::from(kind) % KINDS.len()];
                let attempt = attempt % 4;
                let payload = bytes.to_vec();
                let frame = Frame { kind, attempt, src, dst, seq, payload };
                w.session.receive(w.now, from, &frame.pack());
            }
        }
        data = if (1..5).contains(&(deed % 8)) { data } else { rest };
        w.tick();
    }
});
