//! What the tests of the exercises share, and, from `testbed`, what every test
//! here stands on; std only.
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
