//! What the tests of the teaching crates share: every program of the workshop
//! as a real process, datagrams that no honest program sends, the comparison of
//! twins, and the book.

pub mod book;
mod deadline;
pub mod forge;
mod hear;
mod help;
pub mod markdown;
mod start;
pub mod twins;
pub mod zchat;

pub use deadline::within;
pub use hear::{Hear, socket};
pub use help::explained;
pub use start::{
    Language, binary, client, command, example, failed_rules, lines, server,
    start, start_example, two_hosts,
};
pub use testbed::{Random, python, root, skipped};
