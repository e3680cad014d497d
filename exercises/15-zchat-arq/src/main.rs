//! Two sessions talk to each other, ana at the left and beto at the right, over
//! a link that loses every third datagram of each and repeats every fifth.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run: cargo run -p ex15-zchat-arq

use std::io::{self, Write, stdout};
use std::net::UdpSocket;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Instant;

use badlink::ladder::{Kind, Ladder, Rung};
use badlink::{Direction, Fate};
use ex15_zchat_arq::Action;
use ex15_zchat_arq::frontend::run;

fn main() -> io::Result<()> {
    let ana = UdpSocket::bind("127.0.0.1:0")?;
    let beto = UdpSocket::bind("127.0.0.1:0")?;
    let (here, there) = (ana.local_addr()?, beto.local_addr()?);
    let (busy, begun) = (AtomicUsize::new(2), Instant::now());
    let busy = &busy;
    writeln!(stdout(), "{}", Ladder::default().head("ana", "beto"))?;
    thread::scope(|scope| {
        let left = scope.spawn(move || {
            let texts = ["hola", "todo bien?", "chau"];
            let act =
                |action: &Action, n| show(begun, Direction::There, action, n);
            run(&ana, Some(there), &texts, busy, counted(act))
        });
        let act = |action: &Action, n| show(begun, Direction::Back, action, n);
        run(&beto, Some(here), &["buenas"], busy, counted(act))?;
        left.join().unwrap_or_else(|_| Err(io::Error::other("ana panicked")))
    })
}

/// Tells `act` how many frames this side has sent, this one included.
fn counted(
    mut act: impl FnMut(&Action, u32) -> io::Result<usize>,
) -> impl FnMut(&Action) -> io::Result<usize> {
    let mut sent = 0;
    move |action| {
        sent += u32::from(matches!(action, Action::Send(_)));
        act(action, sent)
    }
}

/// Draws one action, and says how many times a frame is to be sent. What ana
/// sends goes there, to the right; what beto sends comes back.
fn show(
    begun: Instant,
    way: Direction,
    action: &Action,
    sent: u32,
) -> io::Result<usize> {
    let copies = match sent {
        n if n % 3 == 0 => 0,
        n if n % 5 == 0 => 2,
        _ => 1,
    };
    let at = begun.elapsed();
    let rung = match action {
        Action::Show(text) => {
            let label = format!("shows {text:?}");
            Rung { at, kind: Kind::Words(way), label }
        }
        Action::Send(frame) => {
            let fate = Fate { copies, ..Fate::default() };
            Rung::new(at, way, &fate, frame.to_string())
        }
    };
    writeln!(stdout(), "{}", Ladder::default().rung(&rung))?;
    Ok(copies.into())
}
