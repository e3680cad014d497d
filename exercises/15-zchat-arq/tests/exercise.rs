//! The tests of exercise 15. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use badlink::{Direction, Fates, Shares};
use ex15_zchat_arq::frontend::{arrow, note};
use ex15_zchat_arq::{
    Action, Event, Flight, Frame, Session, WAIT, handle, new_message,
    old_message, send_ack, send_again, send_next, send_text, take_ack,
    take_message,
};
use kit::{Said, Shown, caught, doing, fail, said};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

const MS: Duration = Duration::from_millis(1);

/// What a step is called with. Each step takes some of it.
#[derive(Clone)]
struct Call {
    s: Session,
    now: Duration,
    number: u32,
    text: String,
    event: Event,
}

/// What a step does with a session.
type Way<'a> = &'a dyn Fn(&mut Session, &Call) -> Vec<Action>;

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
        match &c.event {
            Event::Typed(text) => {
                s.queue.push_back(text.clone());
                next(s, c)
            }
            Event::Came(Frame::Text { number, text }) => {
                let (number, text) = (*number, text.clone());
                message(s, &Call { number, text, ..c.clone() })
            }
            Event::Came(Frame::Ack { number }) => {
                ack(s, &Call { number: *number, ..c.clone() })
            }
            Event::Alarm => again(s, c),
        }
    }
}

/// Calls from a seed: sessions as they can be, and what then happens.
fn calls() -> Vec<Call> {
    let mut seed = 15_u64;
    let mut below = move |n: u32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005);
        seed = seed.wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u32 % n
    };
    let words = ["hola", "chau", "fin", "buenas", "sí"];
    let call = |i| {
        let now = 100 * MS * (1 + below(40));
        let (sent, expect) = (below(5), 1 + below(5));
        let mut s = Session { sent, expect, ..Session::begin() };
        if i % 4 != 0 && sent > 0 {
            // Due long ago, at this moment, in a moment, later.
            let due = [now / 2, now, now + MS, now + WAIT][below(4) as usize];
            let text = words[below(5) as usize].to_string();
            s.flight = Some(Flight { number: sent, text, due });
        }
        let waiting = (0..below(4)).map(|i| words[i as usize].to_string());
        s.queue = waiting.collect::<VecDeque<_>>();
        let number = match i % 3 {
            0 => s.sent.max(1),
            1 => s.expect,
            _ => 1 + below(7),
        };
        let text = words[below(5) as usize].to_string();
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

fn outcome(actions: &[Action], s: &Session) -> Said {
    said("does, and then", &[&words(actions), &session(s)])
}

/// What a way makes of a call.
fn made(way: Way, call: &Call) -> (Vec<Action>, Session) {
    let mut s = call.s.clone();
    (way(&mut s, call), s)
}

/// Calls the student's step with each of `calls`. At the first wrong outcome it
/// fails: with the cause of the first of the `wrong` ways whose outcome is what
/// came for each call; or else with what differs.
fn check(
    calls: &[Call],
    did: impl Fn(&Call) -> Said,
    step: Way,
    right: Way,
    wrong: &[(&str, Way)],
) {
    for call in calls {
        let did = did(call);
        doing(did.clone());
        let (came, meant) = (made(step, call), made(right, call));
        if came == meant {
            continue;
        }
        let fits = |way: Way| {
            calls.iter().all(|call| {
                let came = caught(|| made(step, call));
                came.is_none_or(|came| came == made(way, call))
            })
        };
        let mut found = wrong.iter().filter(|(_, way)| fits(*way));
        let why = found.next().map(|(cause, _)| Said::from(*cause));
        let why = why.unwrap_or_else(|| {
            let ((actions, s), (right, meant)) = (&came, &meant);
            let fields = [
                (s.queue != meant.queue, "queue"),
                (s.sent != meant.sent, "sent"),
                (s.flight != meant.flight, "flight"),
                (s.expect != meant.expect, "expect"),
            ];
            let other = fields.iter().filter(|(differs, _)| *differs);
            let other: Vec<_> = other.map(|(_, name)| *name).collect();
            match (actions == right, other.join(", ")) {
                (true, names) => said("another session", &[&names]),
                (false, names) if names.is_empty() => "another list".into(),
                (false, names) => said("both are others", &[&names]),
            }
        });
        fail(did, outcome(&meant.0, &meant.1), outcome(&came.0, &came.1), why);
    }
}

#[test]
fn step_1_sends_the_next_message() {
    exercise(|| {
        check(
            &calls(),
            |c| said("called send_next", &[&c.now.shown(), &session(&c.s)]),
            &|s, c| send_next(s, c.now),
            &right::next,
            &[
                ("the last goes first", &|s, c| {
                    if s.flight.is_none() {
                        s.queue.rotate_right(1.min(s.queue.len()));
                    }
                    right::next(s, c)
                }),
                ("counts from zero", &|s, c| {
                    let actions = right::next(s, c);
                    let Some(f) = s.flight.as_mut() else { return actions };
                    if actions.is_empty() {
                        return actions;
                    }
                    f.number -= 1;
                    vec![send_text(f.number, &f.text)]
                }),
                ("does not keep the number", &|s, c| {
                    let sent = s.sent;
                    let actions = right::next(s, c);
                    s.sent = sent;
                    actions
                }),
                ("a number of the peer's", &|s, c| {
                    let actions = right::next(s, c);
                    let Some(f) = s.flight.as_mut() else { return actions };
                    if actions.is_empty() {
                        return actions;
                    }
                    f.number = s.expect;
                    vec![send_text(s.expect, &f.text)]
                }),
                ("puts nothing in flight", &|s, c| {
                    let flight = s.flight.clone();
                    let actions = right::next(s, c);
                    s.flight = flight;
                    actions
                }),
                ("a timer that never rings", &|s, _| match s.flight {
                    None => right::next_at(s, Duration::MAX),
                    Some(_) => vec![],
                }),
                ("a timer from the beginning", &|s, _| match s.flight {
                    None => right::next_at(s, WAIT),
                    Some(_) => vec![],
                }),
                ("due at once", &|s, c| match s.flight {
                    None => right::next_at(s, c.now),
                    Some(_) => vec![],
                }),
                ("sends while a message is in flight", &|s, c| {
                    right::next_at(s, c.now + WAIT)
                }),
                ("sends all that waits", &|s, c| {
                    let mut all = right::next(s, c);
                    while !all.is_empty() && !s.queue.is_empty() {
                        all.extend(right::next_at(s, c.now + WAIT));
                    }
                    all
                }),
                ("leaves in the queue what it sends", &|s, c| {
                    let queue = s.queue.clone();
                    let actions = right::next(s, c);
                    s.queue = queue;
                    actions
                }),
                ("counts where nothing is sent", &|s, c| {
                    let empty = s.flight.is_none() && s.queue.is_empty();
                    s.sent += u32::from(empty);
                    right::next(s, c)
                }),
                ("counts where nothing is sent", &|s, c| {
                    let actions = right::next(s, c);
                    s.sent += u32::from(actions.is_empty());
                    actions
                }),
                ("takes out and loses", &|s, c| {
                    let actions = right::next(s, c);
                    if actions.is_empty() {
                        s.queue.pop_front();
                    }
                    actions
                }),
                ("in flight and not sent", &|s, c| {
                    right::next(s, c);
                    vec![]
                }),
            ],
        );
    });
}

#[test]
fn step_2_sends_again_what_is_due() {
    exercise(|| {
        let calls = talking();
        let late = |s: &Session, c: &Call| {
            s.flight.as_ref().is_some_and(|flight| c.now >= flight.due)
        };
        // A session that cannot be: it parts send_next() from nothing at all.
        let waiting =
            Session { queue: ["a".into()].into(), ..Session::begin() };
        let is_next = !send_again_of(waiting).is_empty();
        let nothing = |s: &mut Session| -> Vec<Action> {
            s.sent += u32::from(is_next); // Then it fits nothing.
            vec![]
        };
        check(
            &calls,
            |c| said("called send_again", &[&c.now.shown(), &session(&c.s)]),
            &|s, c| send_again(s, c.now),
            &right::again,
            &[
                ("not at the very moment", &|s, c| {
                    let now = c.now - Duration::from_nanos(1);
                    match s.flight.as_ref().is_some_and(|f| now < f.due) {
                        true => vec![],
                        false => right::again(s, c),
                    }
                }),
                ("does not look at the time", &|s, c| {
                    let Some(flight) = &mut s.flight else { return vec![] };
                    flight.due = c.now + WAIT;
                    vec![send_text(flight.number, &flight.text)]
                }),
                ("does not set the timer anew", &|s, c| {
                    right::again_with(s, c, |_| ())
                }),
                ("due from due", &|s, c| {
                    right::again_with(s, c, |flight| flight.due += WAIT)
                }),
                ("waits longer the second time", &|s, c| {
                    let due = c.now + 2 * WAIT;
                    right::again_with(s, c, |flight| flight.due = due)
                }),
                ("gives up", &|s, c| {
                    let actions = right::again(s, c);
                    if !actions.is_empty() {
                        s.flight = None;
                    }
                    actions
                }),
                ("a new number each time", &|s, c| {
                    if !late(s, c) {
                        return vec![];
                    }
                    s.sent += 1;
                    let text = s.flight.take().map(|flight| flight.text);
                    right::fly(s, text.unwrap_or_default(), c.now + WAIT)
                }),
                ("takes the text away", &|s, c| {
                    right::again_with(s, c, |flight| {
                        flight.due = c.now + WAIT;
                        flight.text.clear();
                    })
                }),
                ("takes out what is not due", &|s, c| {
                    let actions = right::again(s, c);
                    if actions.is_empty() {
                        s.flight = None;
                    }
                    actions
                }),
                ("sets the timer and does not send", &|s, c| {
                    right::again(s, c);
                    vec![]
                }),
                ("sends the next in its place", &|s, c| match late(s, c) {
                    true => {
                        s.flight = None;
                        right::next(s, c)
                    }
                    false => vec![],
                }),
                ("never sends again", &|s, _| nothing(s)),
                ("calls send_next", &|_, _| vec![]),
            ],
        );
    });
}

/// What send_again() does with a session long after its beginning.
fn send_again_of(mut s: Session) -> Vec<Action> {
    caught(|| send_again(&mut s, 9 * WAIT)).unwrap_or_default()
}

#[test]
fn step_3_takes_the_right_acknowledgement_alone() {
    exercise(|| {
        let number = |s: &Session| s.flight.as_ref().map(|f| f.number);
        let resend = |s: &mut Session, c: &Call, anew: bool| {
            let Some(flight) = &mut s.flight else { return vec![] };
            if anew {
                flight.due = c.now + WAIT;
            }
            vec![send_text(flight.number, &flight.text)]
        };
        let old =
            |s: &Session, c: &Call| number(s).is_some_and(|n| c.number < n);
        let later = |s: &mut Session, c: &Call, other: bool| {
            if let Some(flight) = s.flight.as_mut().filter(|_| other) {
                flight.due = c.now + WAIT;
            }
            right::ack(s, c)
        };
        check(
            &talking(),
            |c| {
                let (now, s) = (c.now.shown(), session(&c.s));
                said("called take_ack", &[&c.number, &now, &s])
            },
            &|s, c| take_ack(s, c.now, c.number),
            &right::ack,
            &[
                ("takes any acknowledgement", &|s, c| {
                    s.flight = None;
                    right::next(s, c)
                }),
                ("takes an old acknowledgement", &|s, c| {
                    if old(s, c) {
                        s.flight = None;
                        return right::next(s, c);
                    }
                    right::ack(s, c)
                }),
                ("does not empty flight", &|s, c| right::next(s, c)),
                ("does not send the next", &|s, c| {
                    if right::is_ack(s, c) {
                        s.flight = None;
                    }
                    vec![]
                }),
                ("empties before it compares", &|s, c| {
                    let right = right::is_ack(s, c);
                    s.flight = None;
                    if right { right::next(s, c) } else { vec![] }
                }),
                ("sends again at an old one", &|s, c| match old(s, c) {
                    true => resend(s, c, false),
                    false => right::ack(s, c),
                }),
                ("sends again at an old one", &|s, c| match old(s, c) {
                    true => resend(s, c, true),
                    false => right::ack(s, c),
                }),
                (
                    "sends again at another one",
                    &|s, c| match right::is_ack(s, c) {
                        true => right::ack(s, c),
                        false => resend(s, c, false),
                    },
                ),
                (
                    "sends again at another one",
                    &|s, c| match right::is_ack(s, c) {
                        true => right::ack(s, c),
                        false => resend(s, c, true),
                    },
                ),
                (
                    "leaves the last in flight",
                    &|s, c| match s.queue.is_empty() {
                        true => vec![],
                        false => right::ack(s, c),
                    },
                ),
                ("sets the timer at an old one", &|s, c| {
                    later(s, c, old(s, c))
                }),
                ("sets the timer at an old one", &|s, c| {
                    later(s, c, !right::is_ack(s, c))
                }),
            ],
        );
    });
}

#[test]
fn step_4_shows_then_acknowledges() {
    exercise(|| {
        let show = |c: &Call| Action::Show(c.text.clone());
        check(
            &talking(),
            |c| {
                let s = session(&c.s);
                said("called new_message", &[&format!("{:?}", c.text), &s])
            },
            &|s, c| new_message(s, c.text.clone()),
            &right::new,
            &[
                ("acknowledges before it shows", &|s, c| {
                    right::new(s, c).into_iter().rev().collect()
                }),
                ("acknowledges the next", &|s, c| {
                    s.expect += 1;
                    vec![show(c), send_ack(s.expect)]
                }),
                ("does not count", &|s, c| vec![show(c), send_ack(s.expect)]),
                ("does not acknowledge", &|s, c| {
                    right::new(s, c)[..1].to_vec()
                }),
                ("does not show", &|s, c| right::new(s, c)[1..].to_vec()),
                ("counts in sent", &|s, c| {
                    s.sent += 1;
                    vec![show(c), send_ack(s.sent)]
                }),
                ("counts in sent", &|s, c| {
                    s.sent += 1;
                    vec![show(c), send_ack(s.sent - 1)]
                }),
                ("counts in sent", &|s, c| {
                    s.sent += 1;
                    vec![show(c), send_ack(s.expect)]
                }),
                ("acknowledges its own number", &|s, c| {
                    s.expect += 1;
                    vec![show(c), send_ack(s.sent)]
                }),
            ],
        );
    });
}

#[test]
fn step_5_acknowledges_again() {
    exercise(|| {
        let call = calls()[0].clone();
        let numbers = [1, 2, 7, 4_000_000_000];
        check(
            &numbers.map(|number| Call { number, ..call.clone() }),
            |c| said("called old_message", &[&c.number]),
            &|_, c| old_message(c.number),
            &|_, c| vec![send_ack(c.number)],
            &[
                ("is silent at a duplicate", &|_, _| vec![]),
                ("acknowledges number 1 always", &|_, _| vec![send_ack(1)]),
                ("acknowledges the one after it", &|_, c| {
                    vec![send_ack(c.number + 1)]
                }),
                ("acknowledges the one before it", &|_, c| {
                    vec![send_ack(c.number - 1)]
                }),
            ],
        );
    });
}

#[test]
fn step_6_tells_the_messages_apart() {
    exercise(|| {
        let future = |s: &Session, c: &Call| c.number > s.expect;
        let by_sent =
            |s: &mut Session, c: &Call, next: u32| match c.number.cmp(&next) {
                std::cmp::Ordering::Less => vec![send_ack(c.number)],
                std::cmp::Ordering::Equal => right::new(s, c),
                std::cmp::Ordering::Greater => vec![],
            };
        check(
            &talking(),
            |c| {
                let (text, s) = (format!("{:?}", c.text), session(&c.s));
                said("called take_message", &[&c.number, &text, &s])
            },
            &|s, c| take_message(s, c.number, c.text.clone()),
            &right::message,
            &[
                (
                    "throws a duplicate away",
                    &|s, c| match c.number == s.expect {
                        true => right::new(s, c),
                        false => vec![],
                    },
                ),
                (
                    "acknowledges only the last duplicate",
                    &|s, c| match c.number + 1 < s.expect {
                        true => vec![],
                        false => right::message(s, c),
                    },
                ),
                ("shows a duplicate", &|s, c| {
                    if c.number < s.expect {
                        s.expect = c.number;
                    }
                    right::message(s, c)
                }),
                ("shows a duplicate", &|s, c| match future(s, c) {
                    true => vec![],
                    false => right::new(s, c),
                }),
                ("shows the future", &|s, c| match future(s, c) {
                    true => right::new(s, c),
                    false => right::message(s, c),
                }),
                ("shows the future", &|s, c| {
                    s.expect = s.expect.max(c.number);
                    right::message(s, c)
                }),
                ("acknowledges the future", &|s, c| match future(s, c) {
                    true => vec![send_ack(c.number)],
                    false => right::message(s, c),
                }),
                ("answers the future", &|s, c| match future(s, c) {
                    true => vec![send_ack(s.expect - 1)],
                    false => right::message(s, c),
                }),
                ("acknowledges a duplicate by another number", &|s, c| match c
                    .number
                    < s.expect
                {
                    true => vec![send_ack(s.expect)],
                    false => right::message(s, c),
                }),
                ("acknowledges a duplicate by another number", &|s, c| match c
                    .number
                    < s.expect
                {
                    true => vec![send_ack(s.expect - 1)],
                    false => right::message(s, c),
                }),
                ("compares with sent", &|s, c| by_sent(s, c, s.sent)),
                ("compares with sent", &|s, c| by_sent(s, c, s.sent + 1)),
            ],
        );
    });
}

/// What is right, but for one kind of event: there `other` is done.
fn but_for(
    s: &mut Session,
    c: &Call,
    kind: fn(&Event) -> bool,
    other: impl Fn(&mut Session, &Call) -> Vec<Action>,
) -> Vec<Action> {
    if kind(&c.event) { other(s, c) } else { right::handle(s, c) }
}

/// The same, but that nobody gets the actions.
fn unheard(s: &mut Session, c: &Call, kind: fn(&Event) -> bool) -> Vec<Action> {
    let actions = right::handle(s, c);
    if kind(&c.event) { vec![] } else { actions }
}

const TYPED: fn(&Event) -> bool = |e| matches!(e, Event::Typed(_));
const TEXT: fn(&Event) -> bool =
    |e| matches!(e, Event::Came(Frame::Text { .. }));
const ACK: fn(&Event) -> bool = |e| matches!(e, Event::Came(Frame::Ack { .. }));
const ALARM: fn(&Event) -> bool = |e| matches!(e, Event::Alarm);

/// What was typed.
fn typed(c: &Call) -> String {
    match &c.event {
        Event::Typed(text) => text.clone(),
        _ => String::new(),
    }
}

#[test]
fn step_7_joins_the_steps() {
    exercise(|| {
        check(
            &talking(),
            |c| {
                let event = match &c.event {
                    Event::Typed(text) => {
                        said("typed", &[&format!("{text:?}")])
                    }
                    Event::Came(frame) => said("came", &[frame]),
                    Event::Alarm => said("the alarm", &[]),
                };
                let (now, s) = (c.now.shown(), session(&c.s));
                said("called handle", &[&event, &now, &s])
            },
            &|s, c| handle(s, c.now, c.event.clone()),
            &right::handle,
            &[
                ("what is typed waits for ever", &|s, c| {
                    but_for(s, c, TYPED, |s, c| {
                        s.queue.push_back(typed(c));
                        vec![]
                    })
                }),
                ("what is typed is lost", &|s, c| {
                    but_for(s, c, TYPED, right::next)
                }),
                ("what is typed goes to the front", &|s, c| {
                    but_for(s, c, TYPED, |s, c| {
                        s.queue.push_front(typed(c));
                        right::next(s, c)
                    })
                }),
                ("throws the next message away", &|s, c| unheard(s, c, TYPED)),
                ("throws away what take_ack gives", &|s, c| unheard(s, c, ACK)),
                ("throws away what take_message gives", &|s, c| {
                    unheard(s, c, TEXT)
                }),
                ("throws away what send_again gives", &|s, c| {
                    unheard(s, c, ALARM)
                }),
                ("does not hear the alarm", &|s, c| {
                    but_for(s, c, ALARM, |_, _| vec![])
                }),
                ("hears no acknowledgement", &|s, c| {
                    but_for(s, c, ACK, |_, _| vec![])
                }),
                ("hears no message", &|s, c| {
                    but_for(s, c, TEXT, |_, _| vec![])
                }),
                ("shows each message that comes", &|s, c| {
                    but_for(s, c, TEXT, |s, c| {
                        let Event::Came(Frame::Text { text, .. }) = &c.event
                        else {
                            return vec![];
                        };
                        let text = text.clone();
                        right::new(s, &Call { text, ..c.clone() })
                    })
                }),
            ],
        );
    });
}

/// A conversation of two of the student's sessions, in virtual time, over a link
/// whose fates come from a seed.
struct World {
    now: Duration,
    sides: [Session; 2],
    fates: [Fates; 2],
    /// What is on its way: when it arrives, in which order of equal times; to
    /// which side, and what.
    air: BTreeMap<(Duration, u32), (usize, Frame)>,
    shown: [Vec<String>; 2],
    /// Its picture, line by line.
    ladder: Vec<String>,
}

impl World {
    fn new(seed: u64) -> World {
        let (lose, duplicate, delay) = (0.25, 0.15, 0.15);
        let delay_by = 3 * WAIT / 2;
        let some = Shares { lose, duplicate, delay, ..Shares::default() };
        let shares = Shares { delay_by, ..some };
        let fates = [Direction::There, Direction::Back];
        World {
            now: Duration::ZERO,
            sides: [Session::begin(), Session::begin()],
            fates: fates.map(|way| Fates::new(shares, seed, way)),
            air: BTreeMap::new(),
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
            let alarm = |i: usize| Some((self.sides[i].deadline()?, 1, i));
            let arrives = self.air.first_key_value();
            let arrives = arrives.map(|((at, _), (to, _))| (*at, 0, *to));
            let all = [arrives, alarm(0), alarm(1)].into_iter().flatten();
            let Some((at, rings, side)) = all.min() else { return true };
            self.now = self.now.max(at);
            let event = match rings {
                1 => Event::Alarm,
                _ => match self.air.pop_first() {
                    Some((_, (_, frame))) => Event::Came(frame),
                    None => return true,
                },
            };
            self.happens(side, event);
        }
        false
    }

    fn happens(&mut self, side: usize, event: Event) {
        for action in handle(&mut self.sides[side], self.now, event) {
            let (line, more) = match action {
                Action::Show(text) => {
                    let line = said("shows", &[&format!("{text:?}")]);
                    self.shown[side].push(text);
                    (note(side == 0, &line.to_string()), None)
                }
                Action::Send(frame) => self.sends(side, frame),
            };
            let more = more.map(|more| said(more, &[]).to_string());
            let (seconds, more) =
                (self.now.as_secs_f64(), more.unwrap_or_default());
            self.ladder.push(format!("{seconds:>7.3} s {line} {more}"));
        }
    }

    fn sends(
        &mut self,
        side: usize,
        frame: Frame,
    ) -> (String, Option<&'static str>) {
        let fate = self.fates[side].next(&frame.pack());
        let at = self.now + fate.delay.unwrap_or(10 * MS);
        for _ in 0..fate.copies {
            let count = self.ladder.len() * 2 + self.air.len();
            self.air.insert((at, count as u32), (1 - side, frame.clone()));
        }
        let line = arrow(side == 0, &frame, fate.copies > 0);
        (
            line,
            match (fate.copies, fate.delay) {
                (0, _) => Some("lost"),
                (_, Some(_)) => Some("late"),
                (1, None) => None,
                (_, None) => Some("twice"),
            },
        )
    }
}

/// The picture of a conversation; of a long one, both its ends.
struct Picture(Vec<String>);

impl Shown for Picture {
    fn shown(&self) -> String {
        let last = self.0.len().saturating_sub(10).max(20);
        let lines = self.0.iter().enumerate();
        let ends = lines.filter(|(i, _)| *i < 20 || *i >= last);
        let ends = ends.map(|(_, line)| format!("\n    {line}"));
        said("ana and beto", &[]).to_string() + &ends.collect::<String>()
    }
}

#[test]
fn step_7_survives_a_bad_link() {
    exercise(|| {
        let ana = &["hola", "todo bien?", "chau"][..];
        let beto = &["buenas", "hasta luego"][..];
        for seed in 1..=300 {
            let mut world = World::new(seed);
            let ended = world.run([ana, beto]);
            if !ended || world.shown[1] != ana || world.shown[0] != beto {
                let picture = Picture(world.ladder);
                let did = "let two of your sessions talk over a bad link";
                fail(did, "each shown once", picture, "right alone");
            }
        }
    });
}
