//! A server is asked, or a chat talked to: one rule after the other.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use testbed::Random;
use testbed::{bytes, nothing, patience};

use crate::net::{Datagram, forget, hear, shown, socket};
use crate::peer::{Peer, Rule};
use crate::report::Verdict::{Failed, Skipped};
use crate::report::{Look, Otherwise, Report, failed, judged, noted};
use crate::words::said;

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
        report.rule(peer.protocol, rule, look);
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
        let (end, moment) = (Instant::now() + patience() * 5, patience() / 5);
        while Instant::now() < end {
            let wait = if open.is_empty() { moment } else { patience() };
            let Some((data, _)) = hear(&s, wait) else { break };
            let its = |q: &Vec<u8>| (t.protocol.answers)(q, &data);
            match open.iter().position(its) {
                Some(at) => drop(open.swap_remove(at)),
                None => return failed(said!("too many", bytes(&data))),
            }
        }
        match MANY - open.len() {
            0 => failed(nothing()),
            MANY => Ok(said!("many came", MANY)),
            some => noted(said!("some came", some)),
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

    /// Sends `odd`, and a question behind it. What came before that was
    /// answered, if anything did.
    ///
    /// # Errors
    /// What comes, if one more question is not answered.
    pub fn odd(&self, odd: &[u8]) -> Result<Option<Vec<u8>>, Otherwise> {
        let last = self.question();
        self.send(odd);
        self.send(&last);
        let came = hear(&self.s, patience());
        if let Err((_, then)) = self.still_there(&self.s) {
            return failed(said!("and then", shown(came), then));
        }
        let its = |data: &Vec<u8>| !(self.protocol.answers)(&last, data);
        Ok(came.map(|(data, _)| data).filter(its))
    }
}
