//! Errors, in plain words.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};

/// What `main` returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Any error: `?` makes one, and so does `Err("a sentence".into())`.
///
/// std prints what `main` returns with `Debug`, after the word `Error: `. So
/// `Debug` here is one sentence, the same on every system, and for the usual
/// causes a second line with a hint.
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(cause: E) -> Error {
        Error(cause.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let io = self.0.downcast_ref::<io::Error>();
        let kind = io.filter(|e| e.raw_os_error().is_some()).map(|e| e.kind());
        match HINTS.iter().find(|(usual, _)| Some(*usual) == kind) {
            Some((kind, hint)) => write!(f, "{kind}\nhint: {hint}"),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The usual causes, and what to look at. `ErrorKind`'s own words are the same
/// on every system.
const HINTS: [(ErrorKind, &str); 11] = [
    (ErrorKind::AddrInUse, "another program uses this port"),
    (ErrorKind::AddrNotAvailable, "this machine has no such address"),
    (ErrorKind::BrokenPipe, "the program that read our output has ended"),
    (ErrorKind::ConnectionRefused, "is the server running there?"),
    (ErrorKind::ConnectionReset, "is the server running there?"),
    (ErrorKind::HostUnreachable, "is the network up, the address right?"),
    (ErrorKind::InvalidInput, "nothing can be sent to port 0"),
    (ErrorKind::NetworkUnreachable, "is the network up, the address right?"),
    (ErrorKind::NotConnected, "nothing can be sent to port 0"),
    (ErrorKind::PermissionDenied, "a port below 1024, or a broadcast address?"),
    (ErrorKind::StorageFull, "the disk is full"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    fn words(e: impl Into<Error>) -> String {
        format!("{:?}", e.into())
    }

    #[test]
    fn the_system_s_errors_have_a_hint_and_no_number() {
        let first = UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = UdpSocket::bind(first.local_addr().unwrap()).unwrap_err();
        let hint = "hint: another program uses this port";
        assert_eq!(words(taken), format!("address in use\n{hint}"));

        let absent = UdpSocket::bind("192.0.2.1:0"); // RFC 5737: nobody's.
        let hint = "hint: this machine has no such address";
        match absent {
            Ok(_) if cfg!(windows) => eprintln!("skipped: Wine binds it"),
            absent => assert_eq!(
                words(absent.unwrap_err()),
                format!("address not available\n{hint}")
            ),
        }

        let number = if cfg!(windows) { 112 } else { 28 }; // ENOSPC
        let full = io::Error::from_raw_os_error(number);
        assert_eq!(words(full), "no storage space\nhint: the disk is full");
    }

    #[test]
    fn every_other_error_keeps_its_own_words() {
        assert_eq!(words("nobody answered"), "nobody answered");
        let ours = io::Error::new(ErrorKind::InvalidInput, "a wait of 0 s");
        assert_eq!(words(ours), "a wait of 0 s");
        let number = "x".parse::<u16>().unwrap_err();
        assert_eq!(words(number.clone()), number.to_string());
    }
}
