//! What the tests of the exercises share; std only.
//!
//! | item | what it is for |
//! |---|---|
//! | [`macro@test`], [`told_by`] | a test of an exercise: its words, its deadline, its missing steps |
//! | [`beside`] | the student's code in a thread beside the test |
//! | [`Peer`] | the test's own socket, which waits only so long |
//! | [`printed`] | what a test prints, for itself to look at |
//! | [`to_nobody`], [`is_refusal`] | a socket that asks where nobody listens; what it hears |
//! | [`socket`], [`waiting`] | a socket of the test's; what waits in one, untaken |
//! | [`given_at_once`], [`fails_to_receive`] | whether it waits; one that fails |
//! | [`check_waits`], [`check_time_out`], [`check_not_connected`] | whether the student's code leaves a socket as it was to be |
//! | [`Takes`] | a function that takes one datagram: what its tests see |
//! | [`check_sends`], [`check_fails`] | one that sends a text; one whose sending fails |
//! | [`check_opens`], [`far_away`] | one that makes a connected socket; where it is to reach |
//! | [`Server`], [`servers`] | the student's server, while it runs; the workshop's |
//! | [`doing`] | what the test does, to be told with a panic |
//! | [`fail`] | a failed test tells what it did, expected, got, and why |
//! | [`compared`] | how what came differs from what was expected |
//! | [`judge`] | a function is asked many questions, and compared with wrong ways |
//! | [`said`], [`Shown`], [`value`] | a sentence by its name; a value, as a person reads it |
//! | [`Answer`], [`answer_shown`] | what a function that waits for one gave |
//! | [`kind`], [`by_kind`] | an error's kind, the same on Unix and Windows |
//! | [`moments`] | the times of which a clock may have told one |
//!
//! and, from `testbed`, what every test here stands on.
//!
//! These are tests' tools: they panic, with a sentence, where a test fails or the
//! system lacks a socket. What runs the student's code ([`beside`], the checks, the
//! [`Server`]) does so outside of such a test, too.

mod exercise;
mod judged;
mod opens;
mod said;
mod shown;
mod steps;

pub use exercise::*;
pub use judged::*;
pub use kit_macros::test;
pub use opens::*;
pub use said::*;
pub use shown::*;
pub use steps::*;
pub use testbed::{
    Program, Random, bytes, free_port, kind, patience, references, say, skipped,
};
