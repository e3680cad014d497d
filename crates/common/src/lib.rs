//! What every program here needs and no lesson is about: the command line,
//! the address behind a name, a careful socket, errors in plain words, text
//! that is safe to print, and JSON.
//!
//! | module | its business |
//! |---|---|
//! | `args` | the command line: options, `--help`, what was not understood |
//! | [`ports`] | where the workshop's servers listen |
//! | `error` | an error that `main` may return, and a hint for the usual causes |
//! | `careful` | a server's socket: `recv_from` and `send_to`, with what can go wrong |
//! | `socket` | the address of a name; what a received error means |
//! | [`json`] | JSON, as much as is needed to write it |
//! | `text` | a line on stdout, or on stderr; strangers' text made harmless |

mod args;
mod careful;
mod error;
pub mod json;
mod socket;
mod text;

pub use args::{Args, Role};
pub use careful::Careful;
pub use error::{Error, Result, of_file, plain};
pub use socket::{address, in_time, ipv4, look_up, refused};
pub use text::{can_show, note, print_line, printable};

/// The ports where this workshop's servers listen.
///
/// Each program has its own as a constant besides, as on the slides; a test
/// (`cargo test -p checks --test book lists`) compares all that is written with
/// these.
pub mod ports {
    /// Where the echo server listens.
    pub const ECHO: u16 = 3500;

    /// Where the reflector for round-trip times listens.
    pub const RTT: u16 = 3501;

    /// Where the chat listens.
    pub const CHAT: u16 = 3502;

    /// Where the daytime server listens; RFC 867 has 13, which asks for root.
    pub const DAYTIME: u16 = 3513;

    /// All of them.
    pub const ALL: [u16; 4] = [ECHO, RTT, CHAT, DAYTIME];
}
