//! The runs that the book shows, made again with the real programs: what they
//! print goes to `docs/material/` (`UPDATE_DOCS=1 cargo test -p checks --test
//! book_runs`) or is compared with it. (Not in `book`, which reads what these
//! write.)

mod protocols;
mod terminal;
mod udp;
mod window;
mod wrong;

/// The server with the hole of exercise 03, as it stands there.
#[path = "../../../exercises/03-the-leak/src/leaky.rs"]
mod leaky;
const BYTES: usize = 1024;
