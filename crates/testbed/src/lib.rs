//! What every test of the workshop stands on, those of the exercises and those
//! of the crates; std only. What only an exercise's tests need is in `kit`,
//! what only the crates' tests need in `checks`.
//!
//! | item | what it is for |
//! |---|---|
//! | [`Program`] | a real process: its output, its address, its end |
//! | [`spawn`], [`output`] | a process with streams of its own; what one said |
//! | [`binary`], [`example`], [`python`] | the workshop's programs, built |
//! | [`programs`], [`example_of`], [`cargo`], [`json`] | the same elsewhere; cargo, and what it says |
//! | [`READY`], [`BESIDE`] | what is built already; what is built with the same features |
//! | [`references`] | one of them in both languages, for a test to talk to |
//! | [`free_port`], [`close`] | a UDP port that nobody uses; giving one back |
//! | [`socket_to`], [`hear`], [`heard`] | a socket; what comes within a time |
//! | [`skipped`], [`skips`] | what this machine lacks, said aloud; and heard |
//! | [`say`], [`language`] | a sentence in the student's language |
//! | [`Failure`], [`width`] | why a test of an exercise failed, told and handed on |
//! | [`bytes`], [`error_words`] | bytes and errors, as a person reads them |
//! | [`lock`] | a mutex, locked also after a panic |
//! | [`Random`] | random numbers that are the same each time |
//! | [`filled`], [`entry`], [`fill`] | a sentence by its name, from a table of words |
//!
//! These are tests' tools: they panic, with a sentence, where a test fails.

mod build;
mod failure;
mod process;
mod random;
mod shown;
mod skipped;
mod sockets;
mod watch;
mod words;

pub use build::{
    BESIDE, READY, binary, cargo, example, example_of, json, programs, python,
    references, root,
};
pub use failure::{Failure, TOLD, cut, runner_waits, width, wrapped};
pub use process::{
    Ended, PATIENCE, Program, STARTED, Started, end_all, lock, output,
    patience, spawn,
};
pub use random::Random;
pub use shown::{bytes, error_words, kind, nothing};
pub use skipped::{skipped, skips};
pub use sockets::{Datagram, close, free_port, hear, heard, socket_to};
pub use words::{Language, entry, fill, filled, language, say};
