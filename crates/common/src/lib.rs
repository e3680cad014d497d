//! What every program here needs and no lesson is about: the command line,
//! the address behind a name, careful receiving and replying, errors in plain
//! words, and text that is safe to print.
//!
//! | module | its business |
//! |---|---|
//! | `args` | the command line: options, `--help`, what was not understood |
//! | `error` | an error that `main` may return, and a hint for the usual causes |
//! | `socket` | the address of a name; receive and reply, with what can go wrong |
//! | `text` | one line on stderr; strangers' text made harmless |

mod args;
mod error;
mod socket;
mod text;

pub use args::Args;
pub use error::{Error, Result};
pub use socket::{address, in_time, ipv4, receive, refused, reply};
pub use text::{note, printable};
