//! A server is asked, or a chat talked to: one rule after the other.

use std::net::UdpSocket;
use std::time::Duration;

use testbed::{Random, bytes, nothing, patience};

use crate::net::{Datagram, find, forget, hear, shown, socket};
use crate::peer::{Peer, Rule};
use crate::report::Verdict::{Failed, Skipped};
use crate::report::{Look, Otherwise, Report, failed, judged, noted};

/// How many questions come at once.
const MANY: usize = 200;

/// Starts the program, if that is ours to do, and looks at the rules. The first
/// is that it can be met. If it fails another one, it is started again, and
/// then `meet` meets it.
///
/// # Errors
/// A sentence, if it does not start.
pub fn judge(
    report: &mut Report,
    mut peer: Peer,
    rules: &[Rule],
    meet: fn(&mut Peer) -> Look,
) -> Result<(), String> {
    peer.start()?;
    let mut gone = false;
    for (i, rule) in rules.iter().enumerate() {
        let mut look = match gone {
            true => Err((Skipped, said!("gone"))),
            false => rule.2(&mut peer),
        };
        if let Some(trouble) = peer.trouble.take() {
            look = Err((Skipped, trouble));
            gone |= i == 0;
        }
        if let Err((Failed, came)) = &mut look {
            *came += &peer.ended().unwrap_or_default();
            gone = i == 0 || peer.start().is_err() || meet(&mut peer).is_err();
        }
        report.rule(peer.protocol, rule, look)?;
    }
    Ok(())
}

/// Waits for the first answer.
///
/// # Errors
/// That nothing came.
pub fn meet(t: &mut Peer) -> Look {
    let (data, _) = t.hear_first().or_else(failed)?;
    // If it was slow to start, earlier questions are answered, too.
    forget(&t.s, t.moment());
    Ok(bytes(&data))
}

/// What every server of the slides' protocols does for its clients.
pub const CLIENTS: &[Rule] = &[
    // A client knows the answer by the address that it asked.
    ("address", "asked address", |t| {
        let from = t.ask(&t.question()).map(|(_, from)| from);
        let came = from.map_or_else(nothing, |from| from.to_string());
        judged(from == Some(t.to), came)
    }),
    // Clients, one after the other.
    ("in turn", "", |t| {
        let (a, b) = (socket(t.to), socket(t.to));
        for (s, who) in [(&t.s, 1), (&a, 2), (&b, 3), (&a, 2)] {
            t.still_there(s).map_err(|it| client(who, it))?;
        }
        Ok(said!("each its own"))
    }),
    // Clients side by side.
    ("at once", "", |t| {
        let both = [1, 2].map(|who| (who, socket(t.to), t.question()));
        both.iter().for_each(|(_, s, question)| t.send_from(s, question));
        for (who, s, question) in &both {
            let came = hear(s, patience());
            // From far away it may be lost.
            if came.is_some() || !t.far() {
                t.answered(question, came).map_err(|it| client(*who, it))?;
            }
        }
        Ok(said!("each its own"))
    }),
    // A client that does not wait for its answer.
    ("vanished", "", |t| {
        t.send_from(&socket(t.to), &t.question());
        t.still_there(&t.s)
    }),
    // Many questions at once. Of each, one answer: a second one is a fault; that
    // some are missing may be the system's doing.
    ("many", "", |t| {
        if t.far() {
            return Err((Skipped, said!("far")));
        }
        let s = socket(t.to);
        let mut open: Vec<_> = (0..MANY).map(|_| t.question()).collect();
        open.iter().for_each(|question| t.send_from(&s, question));
        // Until none is open, or something belongs to none.
        let more = find(&s, patience() * 2, |data, _| {
            let its = |q: &Vec<u8>| (t.protocol.answers)(q, data);
            let Some(at) = open.iter().position(its) else {
                return Some(Some(bytes(data)));
            };
            open.swap_remove(at);
            open.is_empty().then_some(None)
        });
        let more = match more {
            Some(None) => hear(&s, t.moment()).map(|(data, _)| bytes(&data)),
            more => more.flatten(),
        };
        match (more, MANY - open.len()) {
            (Some(more), _) => failed(said!("too many", more)),
            (None, 0) => failed(nothing()),
            (None, MANY) => Ok(said!("many came", MANY)),
            (None, some) => noted(said!("some came", some)),
        }
    }),
    // Datagrams of any length, with anything in them.
    ("noise", "", |t| {
        let (s, mut random) = (socket(t.to), Random(2026));
        for _ in 0..50 {
            t.send_from(&s, &random.bytes(1531));
        }
        // The noise may have filled the system's queue: so ask thrice.
        let again = |_| t.still_there(&t.s);
        t.still_there(&t.s).or_else(again).or_else(again)
    }),
];

/// What came to one of several clients.
fn client(who: u32, (verdict, came): Otherwise) -> Otherwise {
    (verdict, said!("client got", who, came))
}

impl Peer {
    /// Asks `data`; gives the first answer.
    pub fn ask(&self, data: &[u8]) -> Option<Datagram> {
        self.ask_from(&self.s, data)
    }

    /// The same from `s`. On the way to another machine a datagram may be lost:
    /// then it is asked again.
    fn ask_from(&self, s: &UdpSocket, data: &[u8]) -> Option<Datagram> {
        forget(s, Duration::from_millis(2)); // What is here, and no more.
        (0..if self.far() { 3 } else { 1 }).find_map(|_| {
            self.send_from(s, data);
            hear(s, patience())
        })
    }

    /// `data` must come back as it is.
    ///
    /// # Errors
    /// What came, if that is not the same.
    pub fn echoes(&self, data: &[u8]) -> Look {
        match self.ask(data) {
            Some((came, _)) if came == data => Ok(said!("the same")),
            came => failed(shown(came)),
        }
    }

    /// Whether what came answers the question.
    fn answered(&self, question: &[u8], came: Option<Datagram>) -> Look {
        match came {
            Some((data, _)) if (self.protocol.answers)(question, &data) => {
                Ok(said!("answered"))
            }
            came => failed(shown(came)),
        }
    }

    /// A question of its own from `s`, which must be answered.
    fn still_there(&self, s: &UdpSocket) -> Look {
        let question = self.question();
        self.answered(&question, self.ask_from(s, &question))
    }

    /// Sends `odd`, and a question behind it, which must be answered. What came
    /// first of all else, if anything did.
    ///
    /// # Errors
    /// What came, if there is no answer.
    pub fn odd(&self, odd: &[u8]) -> Result<Option<Vec<u8>>, Otherwise> {
        let next = self.question();
        self.send(odd);
        self.send(&next);
        let mut other = None;
        let answer = find(&self.s, patience(), |data, from| {
            let answer = Some((data.to_vec(), from));
            if data == next {
                answer
            } else {
                other = other.take().or(answer);
                None
            }
        });
        if answer.is_none() {
            self.still_there(&self.s).map_err(|(_, then)| {
                (Failed, said!("and then", shown(other.clone()), then))
            })?;
        }
        // What the server does side by side may come in another order.
        let other = other.or_else(|| hear(&self.s, self.moment()));
        Ok(other.map(|(data, _)| data))
    }
}
