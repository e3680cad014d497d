//! Errors, in plain words.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::OnceLock;

/// What `main` returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Any error: `?` makes one, and so does `Err("a sentence".into())`. As text it
/// is one sentence, the same on every system, and for the usual causes a second
/// line with a hint.
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(cause: E) -> Error {
        Error(cause.into())
    }
}

/// What `main` returns std prints with `Debug`, after the word `Error: `: so the
/// sentence has to come from here, too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let system = self.0.downcast_ref().filter(|e| is_system(e));
        let Some(error) = system else { return write!(f, "{}", self.0) };
        match (error.kind(), PORT.get()) {
            (ErrorKind::AddrInUse, Some(port)) => {
                write!(f, "port {port} is in use")?;
            }
            _ => write!(f, "{}", plain(error))?,
        }
        hint(error).map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

/// Whether the system reported it, and not a library.
fn is_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

/// What `error` says: for the usual ones in the words that are the same on
/// every system, for the others in the system's own, without its number.
pub fn plain(error: &io::Error) -> String {
    if hint(error).is_some() {
        return error.kind().to_string();
    }
    let words = error.to_string();
    words.split(" (os error ").next().unwrap_or_default().to_string()
}

/// What went wrong with this file, in one sentence.
pub fn of_file(file: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("{file}: no such file or folder"),
        kind => format!("{file}: {kind}"),
    }
}

fn hint(error: &io::Error) -> Option<&'static str> {
    let kind = error.kind();
    let found = HINTS.iter().find(|(usual, _)| *usual == kind);
    found.map(|(_, hint)| *hint)
}

/// The port that the command line gave, for an error that names none.
pub static PORT: OnceLock<String> = OnceLock::new();

/// The usual causes, and what to look at: a hint asks where the error alone
/// does not tell.
const HINTS: [(ErrorKind, &str); 12] = [
    (
        ErrorKind::AddrInUse,
        "does a server of yours still run? Ctrl-C ends it; cargo taller doctor finds it",
    ),
    (ErrorKind::AddrNotAvailable, "this machine has no such address"),
    (ErrorKind::BrokenPipe, "the program that read our output has ended"),
    (ErrorKind::ConnectionRefused, "is the server running there?"),
    (ErrorKind::ConnectionReset, "is the server running there?"),
    (
        ErrorKind::HostUnreachable,
        "is the address right, the network up? Does a firewall refuse?",
    ),
    (ErrorKind::InvalidInput, "is it an address to send to? Is the port 0?"),
    (ErrorKind::NetworkUnreachable, "is the address right, the network up?"),
    (ErrorKind::NotConnected, "is it an address to send to? Is the port 0?"),
    (ErrorKind::NotFound, "is the file's name right, and the folder?"),
    (
        ErrorKind::PermissionDenied,
        "a port below 1024, a broadcast address, a firewall of this machine?",
    ),
    (ErrorKind::StorageFull, "the disk is full"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    fn words(e: impl Into<Error>) -> String {
        let error: Error = e.into();
        let text = error.to_string();
        assert_eq!(format!("{error:?}"), text, "as `main` shows it");
        text
    }

    #[test]
    fn the_system_s_errors_have_a_hint_and_no_number() {
        let first = UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = UdpSocket::bind(first.local_addr().unwrap()).unwrap_err();
        let words_taken = words(taken);
        assert!(words_taken.starts_with("address in use\nhint: "));

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
    fn an_error_without_a_hint_has_no_number_either() {
        let many = io::Error::from_raw_os_error(24); // EMFILE, on Unix.
        assert!(!words(many).contains("os error"));
    }

    #[test]
    fn an_error_of_a_file_names_it() {
        let absent = std::fs::File::open("no/such/file").unwrap_err();
        let words = of_file("no/such/file", &absent);
        assert_eq!(words, "no/such/file: no such file or folder");
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
