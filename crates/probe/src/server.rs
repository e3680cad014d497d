//! What is asked of a server, and what every server of the slides' protocols
//! does for its clients.

use std::net::UdpSocket;
use std::time::Duration;

use testbed::{
    Datagram, Random, bytes, hear, heard, nothing, patience, socket_to,
};

use crate::judge::{Failed, Look, Noted, Seen, Skipped, failed, judged};
use crate::peer::{Peer, Rule};

/// How many questions come at once.
const MANY: usize = 200;

/// What comes first: the server answers.
pub const FIRST: &[Rule] = &[("answers", "", Peer::meet)];

/// What comes last: it has several clients.
pub const LAST: &[Rule] = &[
    // A client knows the answer by the address that it asked.
    ("address", "asked address", |t| {
        let (_, from) = t.ask(&t.question())?;
        judged(from == t.to, from.to_string())
    }),
    // Clients, one after the other.
    ("in turn", "", |t| {
        let (a, b) = (socket_to(t.to), socket_to(t.to));
        for (s, who) in [(&t.s, 1), (&a, 2), (&b, 3), (&a, 2)] {
            client(who, t.still_there(s))?;
        }
        Ok(said!("each its own"))
    }),
    // Clients side by side.
    ("at once", "", |t| {
        let both = [1, 2].map(|who| (who, socket_to(t.to), t.question()));
        both.iter().try_for_each(|(_, s, q)| t.send_from(s, q))?;
        for (who, s, question) in &both {
            let came = hear(s, patience()).ok_or((Failed, nothing()));
            // From far away it may be lost.
            if came.is_ok() || !t.far() {
                client(*who, t.answered(question, came))?;
            }
        }
        Ok(said!("each its own"))
    }),
    // A client that does not wait for its answer.
    ("vanished", "", |t| {
        t.send_from(&socket_to(t.to), &t.question())?;
        t.still_there(&t.s)
    }),
    // Many questions at once. Of each, one answer: a second one is a fault; that
    // some are missing may be the system's doing.
    ("many", "", |t| {
        if t.far() {
            return Err((Skipped, said!("far")));
        }
        let s = socket_to(t.to);
        let mut open: Vec<_> = (0..MANY).map(|_| t.question()).collect();
        open.iter().try_for_each(|question| t.send_from(&s, question))?;
        for (data, _) in heard(&s, patience() * 2) {
            let its = |q: &Vec<u8>| (t.protocol.answers)(q, &data);
            match open.iter().position(its) {
                Some(at) => drop(open.swap_remove(at)),
                None => return failed(said!("too many", bytes(&data))),
            }
            if open.is_empty() {
                break;
            }
        }
        match (MANY - open.len(), hear(&s, t.moment())) {
            (_, Some((more, _))) => failed(said!("too many", bytes(&more))),
            (0, None) => failed(nothing()),
            (MANY, None) => Ok(said!("many came", MANY)),
            (some, None) => Err((Noted, said!("some came", some))),
        }
    }),
    // Datagrams of any length, with anything in them.
    ("noise", "", |t| {
        let (s, mut random) = (socket_to(t.to), Random(2026));
        (0..50).try_for_each(|_| t.send_from(&s, &random.bytes(1531)))?;
        // The noise may have filled the system's queue: so ask thrice.
        let again = |_| t.still_there(&t.s);
        t.still_there(&t.s).or_else(again).or_else(again)
    }),
];

/// Tells which of several clients did not get what it should.
fn client(who: u32, look: Look) -> Look {
    look.map_err(|(it, came)| (it, said!("client got", who, came)))
}

impl Peer {
    /// Asks `data`; gives the first answer.
    ///
    /// # Errors
    /// That nothing came, or could be sent.
    pub fn ask(&self, data: &[u8]) -> Seen<Datagram> {
        self.ask_from(&self.s, data)
    }

    /// The same from `s`. On the way to another machine a datagram may be lost:
    /// then it is asked again.
    fn ask_from(&self, s: &UdpSocket, data: &[u8]) -> Seen<Datagram> {
        // What is here is thrown away.
        heard(s, Duration::from_millis(2)).for_each(drop);
        for _ in 0..if self.far() { 3 } else { 1 } {
            self.send_from(s, data)?;
            if let Some(came) = hear(s, patience()) {
                return Ok(came);
            }
        }
        failed(nothing())
    }

    /// `data` must come back as it is.
    ///
    /// # Errors
    /// What came, if that is not the same.
    pub fn echoes(&self, data: &[u8]) -> Look {
        let (came, _) = self.ask(data)?;
        if came == data { Ok(said!("the same")) } else { failed(bytes(&came)) }
    }

    /// Whether what came answers the question.
    fn answered(&self, question: &[u8], came: Seen<Datagram>) -> Look {
        let (data, _) = came?;
        judged((self.protocol.answers)(question, &data), bytes(&data))
    }

    /// A question of its own from `s`, which must be answered.
    fn still_there(&self, s: &UdpSocket) -> Look {
        let question = self.question();
        self.answered(&question, self.ask_from(s, &question))
    }

    /// Sends `odd`, and then a question, which must be answered. If `odd` does
    /// not come back as it is, that is only told.
    ///
    /// # Errors
    /// What came, if that is not `odd`, or there is no answer.
    pub fn odd(&self, odd: &[u8]) -> Look {
        self.send(odd)?;
        let came = hear(&self.s, patience()).map(|(data, _)| data);
        let shown = came.as_deref().map_or_else(nothing, bytes);
        self.still_there(&self.s)
            .map_err(|(_, then)| (Failed, said!("and then", shown, then)))?;
        match came {
            Some(same) if same == odd => Ok(said!("the same")),
            Some(_) => Err((Noted, shown)),
            None => Err((Noted, said!("no answer"))),
        }
    }
}
