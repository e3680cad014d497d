//! What the workshop's tests share; std only.
//!
//! | item | what it is for |
//! |---|---|
//! | [`within`] | a deadline for work that may block for ever |
//! | [`Hear`] | receiving that no signal ends |
//! | [`free_port`] | a UDP port that nobody uses |
//! | [`spawn`] | a process with streams of its own |
//! | [`output`] | what a process said, once it has ended |
//! | [`close`] | closes a socket so that its port is free at once |
//! | [`Program`] | a real process: its output, its address, its end |
//! | [`BadLink`] | a relay that loses, damages, repeats and delays by seed |
//! | [`binary`], [`example`], [`python`] | the workshop's programs, built |
//! | [`references`] | one of them in both languages, for an exercise to talk to |
//! | [`skipped`] | what this machine lacks, said aloud |
//! | [`skips`] | what was said so, for the runner |
//! | [`say`] | a sentence in the student's language |
//! | [`exercise`] | a test of an exercise: its deadline, its missing steps |
//! | [`beside`] | the student's code in a thread beside the test |
//! | [`Peer`] | the test's own socket, which waits only so long |
//! | [`printed`] | what a test prints, for itself to look at |
//! | [`only_receives`] | a socket through which no answer can be sent |
//! | [`to_nobody`], [`refusals_are_told`] | a socket that asks where nobody listens |
//! | [`Told`] | what a failed test tells: what it did, expected, got, and why |
//!
//! These are tests' tools: they panic, with a sentence, where a test fails.

mod bad_link;
mod build;
mod deadline;
mod exercise;
mod hear;
mod peers;
mod ports;
mod process;
mod words;

pub use bad_link::{BadLink, Counts, Direction, Fate, Fates, Shares};
pub use build::{binary, example, python, references, root};
pub use deadline::{PATIENCE, within};
pub use exercise::{
    Beside, Peer, Step, Told, beside, bytes, caught, error_words, exercise,
    millis, nothing, only_receives, patience, printed, refusals_are_told,
    to_nobody,
};
pub use hear::Hear;
pub use peers::{skipped, skips};
pub use ports::{close, free_port};
pub use process::{Ended, Program, output, spawn};
pub use words::{Language, language, say};
