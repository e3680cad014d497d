//! What the tests of the teaching crates share: every program of the workshop
//! as a real process, datagrams that no honest program sends, and the
//! comparison of twins.

mod build;
pub mod forge;
mod peers;
mod start;
pub mod twins;
pub mod zchat;

pub use build::{binary, example, root};
pub use peers::skipped;
pub use start::{Language, command, python, start, start_example};
