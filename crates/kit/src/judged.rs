//! A function that is given to the student to write, asked many questions, and
//! what beginners write in its place.

use crate::{Said, caught, doing, fail, value};

/// A wrong way to do it: the name of the cause, and what it gives for a
/// question; `None`: that does not matter.
pub type Way<'a, Q, T> = (&'a str, &'a dyn Fn(&Q) -> Option<T>);

/// Asks all `questions` of `asked`, the student's function. At the first answer
/// that is not the `right` one it fails: with the cause of the first of the
/// `wrong` ways that gives what came for every question, or else with what
/// `other` says of this question and its answer.
pub fn judge<Q, T: PartialEq>(
    questions: &[Q],
    did: impl Fn(&Q) -> Said,
    asked: impl Fn(&Q) -> T,
    right: impl Fn(&Q) -> T,
    shown: impl Fn(&T) -> String,
    wrong: &[Way<Q, T>],
    other: impl Fn(&Q, &T) -> Said,
) {
    for question in questions {
        let did = did(question);
        doing(did.clone());
        let (came, right) = (asked(question), right(question));
        if came == right {
            continue;
        }
        let all = questions.iter().map(|q| (q, caught(|| asked(q))));
        let all: Vec<_> = all.collect();
        // A panic is another failure.
        let fits = |(_, way): &&Way<Q, T>| {
            all.iter().all(|(q, came)| match (came, way(q)) {
                (Some(came), Some(guess)) => *came == guess,
                _ => true,
            })
        };
        let why = match wrong.iter().find(fits) {
            Some((cause, _)) => Said::from(*cause),
            None => other(question, &came),
        };
        fail(did, value(shown(&right)), value(shown(&came)), why);
    }
}
