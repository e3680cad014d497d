//! Values, as a person reads them, in the student's language.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use testbed::{bytes, error_words, kind, nothing};

use crate::{Said, said, value};

/// What a person can be shown.
pub trait Shown {
    /// It, in the student's language.
    fn shown(&self) -> String;
}

/// Says how the values of some types are shown, each under a name.
macro_rules! shown {
    ($($type:ty, $value:pat => $shown:expr;)*) => {
        $(impl Shown for $type {
            fn shown(&self) -> String {
                let $value = self;
                $shown
            }
        })*
    };
}

shown! {
    str, name => said(name, &[]).shown(); // A sentence's name.
    Said, said => said.to_string();
    String, text => bytes(text.as_bytes());
    Vec<u8>, data => bytes(data);
    [u8], data => bytes(data);
    (Vec<u8>, SocketAddr), (data, from) => { // A datagram, and who sent it.
        said("bytes from", &[&bytes(data), from]).shown()
    };
    (), _ => "no error".shown(); // What `Ok(())` says.
    IpAddr, ip => ip.to_string();
    SocketAddr, address => address.to_string();
    UdpSocket, s => match s.peer_addr() {
        Ok(to) => said("a socket connected to", &[&to]).shown(),
        Err(_) => "a socket that is not connected".shown(),
    };
    Duration, time => format!("{} ms", time.as_millis());
    io::Error, error => error_words(error);
    ErrorKind, kind => error_words(&(*kind).into());
}

impl<const N: usize> Shown for [u8; N] {
    fn shown(&self) -> String {
        bytes(self)
    }
}

impl<T: Shown + ?Sized> Shown for &T {
    fn shown(&self) -> String {
        (**self).shown()
    }
}

/// `None`: nothing, for as long as a test waits.
impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(nothing, Shown::shown)
    }
}

impl<T: Shown, E: Shown> Shown for Result<T, E> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(Shown::shown, Shown::shown)
    }
}

/// Bytes in base 16, with this between two of them: `00 01 ff (3 bytes)`; cut
/// after 48.
pub fn hex(data: &[u8], between: &str) -> Said {
    let shown = data.iter().take(48).map(|byte| format!("{byte:02x}"));
    let shown = shown.collect::<Vec<_>>().join(between);
    match data.len() {
        0 => "no bytes".into(),
        1 => value(format!("{shown} (1 byte)")),
        n @ 49.. => value(format!("{shown}... ({n} bytes)")),
        n => value(format!("{shown} ({n} bytes)")),
    }
}

/// What was given, with an error's [`kind`] in its place: to be matched.
pub fn by_kind<T>(
    given: &Option<io::Result<T>>,
) -> Option<Result<&T, ErrorKind>> {
    Some(given.as_ref()?.as_ref().map_err(kind))
}

/// What a function that waits for an answer gave, perhaps none, if it has ended.
pub type Answer = Option<io::Result<Option<Vec<u8>>>>;

/// The same, in words.
pub fn answer_shown(given: &Answer) -> Said {
    match given {
        None => "it still waits".into(),
        Some(Ok(None)) => "no answer".into(),
        Some(given) => value(given.shown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_for_a_person() {
        assert_eq!(Duration::from_micros(204_204).shown(), "204 ms");
    }
}
