//! What every program here needs and no lesson is about: the command line,
//! the address behind a name, a careful socket, errors in plain words, and text
//! that is safe to print.
//!
//! | module | its business |
//! |---|---|
//! | `args` | the command line: options, `--help`, what was not understood |
//! | [`ports`] | where the workshop's servers listen |
//! | `error` | an error that `main` may return, and a hint for the usual causes |
//! | `careful` | a server's socket: `recv_from` and `send_to`, with what can go wrong |
//! | `socket` | the address of a name; what a received error means |
//! | `text` | a line on stdout, or on stderr; strangers' text made harmless |

mod args;
mod careful;
mod error;
pub mod ports;
mod socket;
mod text;

pub use args::{Args, Role};
pub use careful::Careful;
pub use error::{Error, Result, of_file, plain};
pub use socket::{address, in_time, ipv4, look_up, refused};
pub use text::{can_show, note, print_line, printable};
