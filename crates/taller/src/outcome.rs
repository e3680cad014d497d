//! How a command ends: all is well, something is open, or it cannot be done.

use std::fmt::{self, Display, Formatter};
use std::process::ExitCode;

use crate::words::line;

/// What a command gives, whether all is well; or a part of it, whatever it has
/// made.
pub type Result<T = bool> = std::result::Result<T, Refusal>;

/// Why a command cannot be done, in a sentence.
#[derive(Clone, Debug)]
pub struct Refusal {
    words: String,
    status: u8,
}

/// It cannot be done, for want of something: exit status 1.
pub fn failed(words: impl Display) -> Refusal {
    Refusal { words: words.to_string(), status: 1 }
}

/// It was not understood: exit status 2.
pub fn misused(words: impl Display) -> Refusal {
    Refusal { words: words.to_string(), status: 2 }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// The exit status that a command ends with; why it cannot be done is written.
pub fn ended(result: Result) -> ExitCode {
    match result {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(refusal) => {
            line(&refusal);
            ExitCode::from(refusal.status)
        }
    }
}
