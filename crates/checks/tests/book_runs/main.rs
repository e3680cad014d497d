//! The runs that the book shows, made again with the real programs. (Not in
//! `book`, which reads what these write with `UPDATE_DOCS=1`.)

mod tasks;
mod udp;

/// The server with the hole of exercise 03, as it stands there.
#[path = "../../../../exercises/03-the-leak/src/leaky.rs"]
mod leaky;
const BYTES: usize = 1024;
