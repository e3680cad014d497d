//! The tests of exercise 15. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use badlink::air::{Air, Next};
use badlink::ladder::{Kind, Ladder, Rung};
use badlink::{Direction, Fates, Shares};
use ex15_zchat_arq::{
    Action, Event, Flight, Frame, Session, WAIT, handle, new_message,
    old_message, send_ack, send_again, send_next, send_text, take_ack,
    take_message,
};
use kit::{Random, Said, Shown, caught, fail, judge, said};
use zchat::{frame, session};

const MS: Duration = Duration::from_millis(1);

/// What a step is called with. Each step takes some of it; what an event has, it
/// has in common with the others.
#[derive(Clone)]
struct Call {
    s: Session,
    now: Duration,
    number: u32,
    text: String,
    event: Event,
}

/// What a step does with a session.
type Way = fn(&mut Session, &Call) -> Vec<Action>;

/// What comes of a call: what is to be done, and the session afterwards.
type Made = (Vec<Action>, Session);

type Other<'a> = Box<dyn Fn(&Call) -> Option<Made> + 'a>;

/// Wrong ways of a step, each with its cause.
struct Wrong<'a> {
    right: Way,
    ways: Vec<(&'static str, Other<'a>)>,
}

impl<'a> Wrong<'a> {
    /// None so far; this is the right one.
    fn of(right: Way) -> Wrong<'a> {
        Wrong { right, ways: Vec::new() }
    }

    /// This one.
    fn way(
        mut self,
        cause: &'static str,
        way: impl Fn(&mut Session, &Call) -> Vec<Action> + 'a,
    ) -> Wrong<'a> {
        self.ways.push((cause, Box::new(move |call| Some(made(&way, call)))));
        self
    }

    /// The right one; but where this holds, another.
    fn but_if(
        self,
        cause: &'static str,
        holds: impl Fn(&Session, &Call) -> bool + 'a,
        other: impl Fn(&mut Session, &Call) -> Vec<Action> + 'a,
    ) -> Wrong<'a> {
        let right = self.right;
        self.way(cause, move |s, c| match holds(s, c) {
            true => other(s, c),
            false => right(s, c),
        })
    }

    /// The right one, and then a change: of the session, which was another one
    /// before, and of the actions.
    fn then(
        self,
        cause: &'static str,
        change: impl Fn(&Session, &mut Session, &mut Vec<Action>) + 'a,
    ) -> Wrong<'a> {
        let right = self.right;
        self.way(cause, move |s, c| {
            let before = s.clone();
            let mut actions = right(s, c);
            change(&before, s, &mut actions);
            actions
        })
    }
}

/// Neither changes the session nor wants anything.
fn nothing(_: &mut Session, _: &Call) -> Vec<Action> {
    vec![]
}

/// The steps as they should be: what is right, and what wrong ways are made of.
mod right {
    use super::*;

    pub fn fly(s: &mut Session, text: String, due: Duration) -> Vec<Action> {
        let number = s.sent;
        let action = send_text(number, &text);
        s.flight = Some(Flight { number, text, due });
        vec![action]
    }

    pub fn next(s: &mut Session, c: &Call) -> Vec<Action> {
        match s.flight {
            None => next_at(s, c.now + WAIT),
            Some(_) => vec![],
        }
    }

    pub fn next_at(s: &mut Session, due: Duration) -> Vec<Action> {
        let Some(text) = s.queue.pop_front() else { return vec![] };
        s.sent += 1;
        fly(s, text, due)
    }

    pub fn again(s: &mut Session, c: &Call) -> Vec<Action> {
        again_with(s, c, |flight| flight.due = c.now + WAIT)
    }

    /// The same; `change` is what becomes of what was sent.
    pub fn again_with(
        s: &mut Session,
        c: &Call,
        change: impl Fn(&mut Flight),
    ) -> Vec<Action> {
        let due = s.flight.as_mut().filter(|flight| c.now >= flight.due);
        let Some(flight) = due else { return vec![] };
        let action = send_text(flight.number, &flight.text);
        change(flight);
        vec![action]
    }

    pub fn is_ack(s: &Session, c: &Call) -> bool {
        s.flight.as_ref().is_some_and(|flight| flight.number == c.number)
    }

    pub fn ack(s: &mut Session, c: &Call) -> Vec<Action> {
        if !is_ack(s, c) {
            return vec![];
        }
        s.flight = None;
        next(s, c)
    }

    pub fn new(s: &mut Session, c: &Call) -> Vec<Action> {
        s.expect += 1;
        vec![Action::Show(c.text.clone()), send_ack(s.expect - 1)]
    }

    pub fn message(s: &mut Session, c: &Call) -> Vec<Action> {
        if c.number == s.expect {
            new(s, c)
        } else if c.number < s.expect {
            vec![send_ack(c.number)]
        } else {
            vec![]
        }
    }

    pub fn handle(s: &mut Session, c: &Call) -> Vec<Action> {
        match c.event {
            Event::Typed(_) => {
                s.queue.push_back(c.text.clone());
                next(s, c)
            }
            Event::Came(Frame::Text { .. }) => message(s, c),
            Event::Came(Frame::Ack { .. }) => ack(s, c),
            Event::Alarm => again(s, c),
        }
    }
}

/// Calls from a seed: sessions as they can be, and what then happens.
fn calls() -> Vec<Call> {
    let mut random = Random(15);
    let mut below = |n: usize| random.below(n) as u32;
    let words = ["hola", "chau", "fin", "buenas", "sí", ""];
    let call = |i| {
        let now = 100 * MS * (1 + below(40));
        let (sent, expect) = (below(5), 1 + below(5));
        let mut s = Session { sent, expect, ..Session::begin() };
        if i % 4 != 0 && sent > 0 {
            // Due long ago, at this moment, in a moment, later.
            let due = [now / 2, now, now + MS, now + WAIT][below(4) as usize];
            let text = words[below(6) as usize].to_string();
            s.flight = Some(Flight { number: sent, text, due });
        }
        let waiting = (0..below(4)).map(|i| words[i as usize].to_string());
        s.queue = waiting.collect::<VecDeque<_>>();
        let number = match i % 3 {
            0 => s.sent.max(1),
            1 => s.expect,
            _ => 1 + below(7),
        };
        let text = words[below(6) as usize].to_string();
        let event = match below(4) {
            0 => Event::Typed(text.clone()),
            1 => Event::Came(Frame::Text { number, text: text.clone() }),
            2 => Event::Came(Frame::Ack { number }),
            _ => Event::Alarm,
        };
        Call { s, now, number, text, event }
    };
    (0..400).map(call).collect()
}

/// The same; without sessions in which a message waits and none is in flight.
fn talking() -> Vec<Call> {
    let idle = |c: &Call| c.s.flight.is_none() && !c.s.queue.is_empty();
    calls().into_iter().filter(|c| !idle(c)).collect()
}

/// A session for a person to read.
fn session(s: &Session) -> String {
    let queue: Vec<_> =
        s.queue.iter().map(|text| format!("{text:?}")).collect();
    let flight = s.flight.as_ref().map(|f| {
        let Flight { number, text, due } = f;
        format!("{number} {text:?} due {}", due.shown())
    });
    let flight = flight.unwrap_or("None".to_string());
    let (queue, Session { sent, expect, .. }) = (queue.join(", "), s);
    format!("queue [{queue}], sent {sent}, flight {flight}, expect {expect}")
}

/// Actions for a person to read.
fn words(actions: &[Action]) -> String {
    let word = |action: &Action| match action {
        Action::Send(frame) => said("sends", &[frame]).to_string(),
        Action::Show(text) => {
            said("shows", &[&format!("{text:?}")]).to_string()
        }
    };
    match &actions.iter().map(word).collect::<Vec<_>>()[..] {
        [] => said("does nothing", &[]).to_string(),
        all => all.join(&said(", then ", &[]).to_string()),
    }
}

fn outcome((actions, s): &Made) -> String {
    said("does, and then", &[&words(actions), &session(s)]).to_string()
}

/// What a way makes of a call.
fn made(way: impl Fn(&mut Session, &Call) -> Vec<Action>, call: &Call) -> Made {
    let mut s = call.s.clone();
    (way(&mut s, call), s)
}

/// Calls the student's step with each of `calls`. If none of the wrong ways fits,
/// it is told what differs.
fn check(calls: &[Call], did: impl Fn(&Call) -> Said, step: Way, wrong: Wrong) {
    let ways = wrong.ways.iter().map(|(cause, way)| (*cause, &**way));
    let right = |call: &Call| made(wrong.right, call);
    let differs = |call: &Call, (actions, s): &Made| {
        let (right, meant) = right(call);
        let fields = [
            (s.queue != meant.queue, "queue"),
            (s.sent != meant.sent, "sent"),
            (s.flight != meant.flight, "flight"),
            (s.expect != meant.expect, "expect"),
        ];
        let other = fields.iter().filter(|(differs, _)| *differs);
        let other: Vec<_> = other.map(|(_, name)| *name).collect();
        match (*actions == right, other.join(", ")) {
            (true, names) => said("another session", &[&names]),
            (false, names) if names.is_empty() => "another list".into(),
            (false, names) => said("both are others", &[&names]),
        }
    };
    let ways: Vec<_> = ways.collect();
    judge(calls, did, |call| made(step, call), right, outcome, &ways, differs);
}

/// A change after which what is sent has the number that this gives.
fn numbered(
    number: fn(&Session) -> u32,
) -> impl Fn(&Session, &mut Session, &mut Vec<Action>) {
    move |_, s, actions| {
        if actions.is_empty() {
            return;
        }
        let number = number(s);
        if let Some(flight) = &mut s.flight {
            flight.number = number;
            *actions = vec![send_text(number, &flight.text)];
        }
    }
}

#[kit::test]
fn step_1_sends_the_next_message() {
    let due = |due: fn(&Call) -> Duration| {
        move |s: &mut Session, c: &Call| match s.flight {
            None => right::next_at(s, due(c)),
            Some(_) => vec![],
        }
    };
    check(
        &calls(),
        |c| said("called send_next", &[&c.now.shown(), &session(&c.s)]),
        |s, c| send_next(s, c.now),
        Wrong::of(right::next)
            .way("the last goes first", |s, c| {
                if s.flight.is_none() {
                    s.queue.rotate_right(1.min(s.queue.len()));
                }
                right::next(s, c)
            })
            .then("counts from zero", numbered(|s| s.sent - 1))
            .then("does not keep the number", |before, s, _| {
                s.sent = before.sent
            })
            .then("a number of the peer's", numbered(|s| s.expect))
            .then("puts nothing in flight", |before, s, _| {
                s.flight = before.flight.clone()
            })
            .way("a timer that never rings", due(|_| Duration::MAX))
            .way("a timer from the beginning", due(|_| WAIT))
            .way("due at once", due(|c| c.now))
            .way("sends while a message is in flight", |s, c| {
                right::next_at(s, c.now + WAIT)
            })
            .way("sends all that waits", |s, c| {
                let mut all = right::next(s, c);
                while !all.is_empty() && !s.queue.is_empty() {
                    all.extend(right::next_at(s, c.now + WAIT));
                }
                all
            })
            .then("leaves in the queue what it sends", |before, s, _| {
                s.queue = before.queue.clone()
            })
            .way("counts where nothing is sent", |s, c| {
                let empty = s.flight.is_none() && s.queue.is_empty();
                s.sent += u32::from(empty);
                right::next(s, c)
            })
            .then("counts where nothing is sent", |_, s, actions| {
                s.sent += u32::from(actions.is_empty());
            })
            .then("takes out and loses", |_, s, actions| {
                if actions.is_empty() {
                    s.queue.pop_front();
                }
            })
            .then("in flight and not sent", |_, _, actions| actions.clear()),
    );
}

#[kit::test]
fn step_2_sends_again_what_is_due() {
    let late = |s: &Session, c: &Call| {
        s.flight.as_ref().is_some_and(|flight| c.now >= flight.due)
    };
    // A session that cannot be: it parts send_next() from nothing at all.
    let mut s = Session { queue: ["a".into()].into(), ..Session::begin() };
    let wants = caught(|| send_again(&mut s, 9 * WAIT)).unwrap_or_default();
    let silent = match wants[..] {
        [] => "never sends again",
        _ => "calls send_next",
    };
    check(
        &talking(),
        |c| said("called send_again", &[&c.now.shown(), &session(&c.s)]),
        |s, c| send_again(s, c.now),
        Wrong::of(right::again)
            .but_if(
                "not at the very moment",
                |s, c| s.deadline() == Some(c.now),
                nothing,
            )
            .way("does not look at the time", |s, c| {
                let Some(flight) = &mut s.flight else { return vec![] };
                flight.due = c.now + WAIT;
                vec![send_text(flight.number, &flight.text)]
            })
            .way("does not set the timer anew", |s, c| {
                right::again_with(s, c, |_| ())
            })
            .way("due from due", |s, c| {
                right::again_with(s, c, |flight| flight.due += WAIT)
            })
            .way("waits longer the second time", |s, c| {
                let due = c.now + 2 * WAIT;
                right::again_with(s, c, |flight| flight.due = due)
            })
            .then("gives up", |_, s, actions| {
                s.flight.take_if(|_| !actions.is_empty());
            })
            .but_if("a new number each time", late, |s, c| {
                s.sent += 1;
                let text = s.flight.take().map(|flight| flight.text);
                right::fly(s, text.unwrap_or_default(), c.now + WAIT)
            })
            .way("takes the text away", |s, c| {
                right::again_with(s, c, |flight| {
                    flight.due = c.now + WAIT;
                    flight.text.clear();
                })
            })
            .then("takes out what is not due", |_, s, actions| {
                s.flight.take_if(|_| actions.is_empty());
            })
            .then("sets the timer and does not send", |_, _, actions| {
                actions.clear();
            })
            .but_if("sends the next in its place", late, |s, c| {
                s.flight = None;
                right::next(s, c)
            })
            .way(silent, nothing),
    );
}

#[kit::test]
fn step_3_takes_the_right_acknowledgement_alone() {
    let old = |s: &Session, c: &Call| {
        s.flight.as_ref().is_some_and(|f| c.number < f.number)
    };
    let other = |s: &Session, c: &Call| !right::is_ack(s, c);
    let any = |s: &mut Session, c: &Call| {
        s.flight = None;
        right::next(s, c)
    };
    let later = |s: &mut Session, c: &Call| {
        s.flight.iter_mut().for_each(|f| f.due = c.now + WAIT);
        vec![]
    };
    let resend = |s: &mut Session, _: &Call| {
        let flight = s.flight.iter();
        flight.map(|f| send_text(f.number, &f.text)).collect()
    };
    let resend_later = |s: &mut Session, c: &Call| {
        later(s, c);
        resend(s, c)
    };
    check(
        &talking(),
        |c| {
            let (now, s) = (c.now.shown(), session(&c.s));
            said("called take_ack", &[&c.number, &now, &s])
        },
        |s, c| take_ack(s, c.now, c.number),
        Wrong::of(right::ack)
            .way("takes any acknowledgement", any)
            .but_if("takes an old acknowledgement", old, any)
            .way("does not empty flight", right::next)
            .way("does not send the next", |s, c| {
                s.flight.take_if(|flight| flight.number == c.number);
                vec![]
            })
            .but_if("empties before it compares", other, |s, _| {
                s.flight = None;
                vec![]
            })
            .but_if("sends again at an old one", old, resend)
            .but_if("sends again at an old one", old, resend_later)
            .but_if("sends again at another one", other, resend)
            .but_if("sends again at another one", other, resend_later)
            .but_if(
                "leaves the last in flight",
                |s, _| s.queue.is_empty(),
                nothing,
            )
            .but_if("sets the timer at an old one", old, later)
            .but_if("sets the timer at an old one", other, later),
    );
}

#[kit::test]
fn step_4_shows_then_acknowledges() {
    let counts_in_sent = |number: fn(&Session) -> u32| {
        move |s: &mut Session, c: &Call| {
            s.sent += 1;
            vec![Action::Show(c.text.clone()), send_ack(number(s))]
        }
    };
    check(
        &talking(),
        |c| {
            let s = session(&c.s);
            said("called new_message", &[&format!("{:?}", c.text), &s])
        },
        |s, c| new_message(s, c.text.clone()),
        Wrong::of(right::new)
            .then("acknowledges before it shows", |_, _, actions| {
                actions.reverse()
            })
            .then("acknowledges the next", |_, s, actions| {
                actions[1] = send_ack(s.expect);
            })
            .then("does not count", |before, s, _| s.expect = before.expect)
            .then("does not acknowledge", |_, _, actions| actions.truncate(1))
            .then("does not show", |_, _, actions| drop(actions.remove(0)))
            .way("counts in sent", counts_in_sent(|s| s.sent))
            .way("counts in sent", counts_in_sent(|s| s.sent - 1))
            .way("counts in sent", counts_in_sent(|s| s.expect))
            .then("acknowledges its own number", |_, s, actions| {
                actions[1] = send_ack(s.sent);
            }),
    );
}

#[kit::test]
fn step_5_acknowledges_again() {
    let call = calls()[0].clone();
    let numbers = [1, 2, 7, 4_000_000_000];
    check(
        &numbers.map(|number| Call { number, ..call.clone() }),
        |c| said("called old_message", &[&c.number]),
        |_, c| old_message(c.number),
        Wrong::of(|_, c| vec![send_ack(c.number)])
            .way("is silent at a duplicate", nothing)
            .way("acknowledges number 1 always", |_, _| vec![send_ack(1)])
            .way("acknowledges the one after it", |_, c| {
                vec![send_ack(c.number + 1)]
            })
            .way("acknowledges the one before it", |_, c| {
                vec![send_ack(c.number - 1)]
            }),
    );
}

#[kit::test]
fn step_6_tells_the_messages_apart() {
    let old = |s: &Session, c: &Call| c.number < s.expect;
    let future = |s: &Session, c: &Call| c.number > s.expect;
    let ack = |number: fn(&Session, &Call) -> u32| {
        move |s: &mut Session, c: &Call| vec![send_ack(number(s, c))]
    };
    // As if this were the expected number.
    let expects = |next: fn(&Session) -> u32| {
        move |s: &mut Session, c: &Call| match c.number.cmp(&next(s)) {
            Ordering::Less => vec![send_ack(c.number)],
            Ordering::Equal => right::new(s, c),
            Ordering::Greater => vec![],
        }
    };
    // As if the number that came were the expected one.
    let jumps = |s: &mut Session, c: &Call| {
        s.expect = c.number;
        right::new(s, c)
    };
    let by_another = "acknowledges a duplicate by another number";
    check(
        &talking(),
        |c| {
            let (text, s) = (format!("{:?}", c.text), session(&c.s));
            said("called take_message", &[&c.number, &text, &s])
        },
        |s, c| take_message(s, c.number, c.text.clone()),
        Wrong::of(right::message)
            .but_if("throws a duplicate away", old, nothing)
            .but_if(
                "acknowledges only the last duplicate",
                |s, c| c.number + 1 < s.expect,
                nothing,
            )
            .but_if("shows a duplicate", old, jumps)
            .but_if("shows a duplicate", old, right::new)
            .but_if("shows the future", future, jumps)
            .but_if("shows the future", future, right::new)
            .but_if("acknowledges the future", future, ack(|_, c| c.number))
            .but_if("answers the future", future, ack(|s, _| s.expect - 1))
            .but_if(by_another, old, ack(|s, _| s.expect))
            .but_if(by_another, old, ack(|s, _| s.expect - 1))
            .way("compares with sent", expects(|s| s.sent))
            .way("compares with sent", expects(|s| s.sent + 1)),
    );
}

/// What is right; but nobody gets the actions.
fn unheard(s: &mut Session, c: &Call) -> Vec<Action> {
    right::handle(s, c);
    vec![]
}

#[kit::test]
fn step_7_joins_the_steps() {
    let is = |it: fn(&Event) -> bool| move |_: &Session, c: &Call| it(&c.event);
    let typed = is(|event| matches!(event, Event::Typed(_)));
    let text = is(|event| matches!(event, Event::Came(Frame::Text { .. })));
    let ack = is(|event| matches!(event, Event::Came(Frame::Ack { .. })));
    let alarm = is(|event| *event == Event::Alarm);
    let empty = is(|event| *event == Event::Typed(String::new()));
    check(
        &talking(),
        |c| {
            let event = match &c.event {
                Event::Typed(text) => said("typed", &[&format!("{text:?}")]),
                Event::Came(frame) => said("came", &[frame]),
                Event::Alarm => said("the alarm", &[]),
            };
            let (now, s) = (c.now.shown(), session(&c.s));
            said("called handle", &[&event, &now, &s])
        },
        |s, c| handle(s, c.now, c.event.clone()),
        Wrong::of(right::handle)
            .but_if("drops an empty message", empty, nothing)
            .but_if("what is typed waits for ever", typed, |s, c| {
                s.queue.push_back(c.text.clone());
                vec![]
            })
            .but_if("what is typed is lost", typed, right::next)
            .but_if("what is typed goes to the front", typed, |s, c| {
                s.queue.push_front(c.text.clone());
                right::next(s, c)
            })
            .but_if("throws the next message away", typed, unheard)
            .but_if("throws away what take_ack gives", ack, unheard)
            .but_if("throws away what take_message gives", text, unheard)
            .but_if("throws away what send_again gives", alarm, unheard)
            .but_if("does not hear the alarm", alarm, nothing)
            .but_if("hears no acknowledgement", ack, nothing)
            .but_if("hears no message", text, nothing)
            .but_if("shows each message that comes", text, right::new),
    );
}

/// Where what the two sides send goes.
const WAYS: [Direction; 2] = [Direction::There, Direction::Back];

/// One side of a conversation: what it wants done when something happens, and
/// when it wants to be asked again, if something is due.
type Side = Box<dyn FnMut(Duration, Event) -> (Vec<Action>, Option<Duration>)>;

/// The student's session.
fn yours() -> Side {
    let mut s = Session::begin();
    Box::new(move |now, event| (handle(&mut s, now, event), s.deadline()))
}

/// That of crates/zchat, which a HELLO of the student's has reached.
fn chat() -> Side {
    // The student's id; and its own, which stands in its first frame: so it types
    // before it hears anything.
    let (src, mut dst) = (7, 0);
    let there = SocketAddr::from((Ipv4Addr::LOCALHOST, 3502));
    let mut session = session::Session::new(vec![], Duration::ZERO);
    let hello = frame::Frame::new(frame::Kind::Hello, (src, dst), 0);
    session.receive(Duration::ZERO, there, &hello.pack());
    // The last try of each of its messages, which an ACK brings back.
    let mut tries = BTreeMap::new();
    Box::new(move |now, event| {
        let mut came = |kind, seq, payload| {
            let attempt = tries.get(&seq).copied().unwrap_or_default();
            let frame = frame::Frame { kind, attempt, src, dst, seq, payload };
            session.receive(now, there, &frame.pack());
        };
        match event {
            Event::Typed(text) => session.say(text.as_bytes()),
            Event::Came(Frame::Text { number, text }) => {
                came(frame::Kind::Text, number, text.into_bytes());
            }
            Event::Came(Frame::Ack { number }) => {
                came(frame::Kind::Ack, number, Vec::new());
            }
            Event::Alarm => {}
        }
        session.tick(now);
        let mut wants = Vec::new();
        for action in session.actions() {
            match action {
                session::Action::Show(text) => {
                    wants.push(Action::Show(utf8(text)))
                }
                session::Action::Send(_, data) => {
                    let frame = frame::Frame::unpack(&data).unwrap();
                    let (number, text) = (frame.seq, frame.text());
                    dst = frame.src;
                    if frame.kind == frame::Kind::Ack {
                        wants.push(send_ack(number));
                    } else if let Some(text) = text {
                        tries.insert(number, frame.attempt);
                        wants.push(send_text(number, &utf8(text)));
                    }
                }
                _ => {}
            }
        }
        let due = session.deadline().filter(|_| session.waiting() > 0);
        (wants, due)
    })
}

fn utf8(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap()
}

/// A conversation in virtual time, over a link whose fates come from a seed.
struct World {
    sides: [Side; 2],
    /// When something is due at each.
    due: [Option<Duration>; 2],
    fates: [Fates; 2],
    /// To which side a frame is on its way.
    air: Air<(usize, Frame)>,
    shown: [Vec<String>; 2],
    /// Its picture, rung by rung.
    ladder: Vec<Rung>,
}

impl World {
    fn new(seed: u64, sides: [Side; 2]) -> World {
        let (lose, duplicate, delay) = (0.25, 0.15, 0.15);
        let (delay_by, rest) = (3 * WAIT / 2, Shares::default());
        let shares = Shares { lose, duplicate, delay, delay_by, ..rest };
        World {
            sides,
            due: [None; 2],
            fates: WAYS.map(|way| Fates::new(shares, seed, way)),
            air: Air::default(),
            shown: [Vec::new(), Vec::new()],
            ladder: Vec::new(),
        }
    }

    /// Lets both talk until nothing is left to happen; gives whether they end.
    fn run(&mut self, typed: [&[&str]; 2]) -> bool {
        for (side, texts) in typed.iter().enumerate() {
            for text in *texts {
                self.happens(side, Event::Typed(text.to_string()));
            }
        }
        for _ in 0..2000 {
            let alarms = [0, 1].map(|side| Some((self.due[side]?, side)));
            let alarms = alarms.into_iter().flatten();
            let (side, event) = match self.air.next(alarms, Duration::MAX) {
                Some(Next::Alarm(side)) => (side, Event::Alarm),
                Some(Next::Arrival(_, (to, frame))) => (to, Event::Came(frame)),
                None => return true,
            };
            self.happens(side, event);
        }
        false
    }

    fn happens(&mut self, side: usize, event: Event) {
        let (wants, due) = self.sides[side](self.air.now, event);
        self.due[side] = due;
        for action in wants {
            let (kind, label) = match action {
                Action::Show(text) => {
                    let words = said("shows", &[&format!("{text:?}")]);
                    self.shown[side].push(text);
                    (Kind::Words(WAYS[side]), words.to_string())
                }
                Action::Send(frame) => {
                    (self.sends(side, &frame), frame.to_string())
                }
            };
            self.ladder.push(Rung { at: self.air.now, kind, label });
        }
    }

    /// Gives what becomes of it.
    fn sends(&mut self, side: usize, frame: &Frame) -> Kind {
        let fate = self.fates[side].next(&frame.pack());
        let late = fate.delay.unwrap_or(10 * MS);
        for _ in 0..fate.copies {
            self.air.fly(late, (1 - side, frame.clone()));
        }
        let what = match (fate.copies, fate.delay) {
            (0, _) => "lost",
            (_, Some(_)) => "late",
            (1, None) => {
                return Kind::Datagram(WAYS[side], String::new(), false);
            }
            (_, None) => "twice",
        };
        let words = said(what, &[]).to_string();
        Kind::Datagram(WAYS[side], words, fate.copies == 0)
    }
}

/// The picture of a conversation; of a long one, both its ends.
struct Picture(Vec<Rung>);

impl Shown for Picture {
    fn shown(&self) -> String {
        let ladder = Ladder { columns: 56, colour: false };
        let rungs = self.0.iter().map(|rung| ladder.rung(rung));
        let mut lines: Vec<_> = rungs.collect();
        if lines.len() > 14 {
            lines.splice(8..lines.len() - 6, ["   ...".to_string()]);
        }
        lines.insert(0, ladder.head("ana", "beto"));
        lines.join("\n")
    }
}

/// Fails if in one of many conversations between such sides a text that is typed
/// is not shown once, in order, at the other side.
fn check_talk(did: &str, sides: fn() -> [Side; 2], typed: [&[&str]; 2]) {
    for seed in 1..=300 {
        let mut world = World::new(seed, sides());
        let ended = world.run(typed);
        let [ana, beto] = typed;
        if !ended || world.shown[1] != ana || world.shown[0] != beto {
            let picture = Picture(world.ladder);
            fail(did, "each shown once", picture, "right alone");
        }
    }
}

#[kit::test]
fn step_7_survives_a_bad_link() {
    let did = "let two of your sessions talk over a bad link";
    let (ana, beto) =
        (["hola", "todo bien?", "chau"], ["buenas", "hasta luego"]);
    check_talk(did, || [yours(), yours()], [&ana, &beto]);
}

/// Which keeps what comes before its turn, and sends up to 16 at once.
#[kit::test]
fn step_7_talks_with_the_chat() {
    let ana = ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete"];
    let beto = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let did = "let your session talk with crates/zchat";
    check_talk(did, || [yours(), chat()], [&ana, &beto]);
}
