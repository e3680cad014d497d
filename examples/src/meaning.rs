//! What a datagram means: the workshop's protocols, each asked by its crate's
//! own code. For a protocol of yours, write a function and put it into
//! [`TABLE`].

use common::printable;
use rtt_rfc2681::packet;
use zchat::frame::{Frame, Kind, Unfit, number};

/// Gives what the bytes mean, or `None` if they are no datagram of its
/// protocol.
pub type Reader = fn(&[u8]) -> Option<String>;

/// Asked in this order. Daytime's line is a text, as the echo's datagram is.
pub const TABLE: [Reader; 4] = [zchat, rtt, empty, text];

/// What the first in the table says that knows the bytes; or else the first of
/// them, in base 16.
pub fn meaning(data: &[u8]) -> String {
    let first = TABLE.iter().find_map(|reader| reader(data));
    first.unwrap_or_else(|| {
        let start: Vec<_> =
            data.iter().take(12).map(|b| format!("{b:02x}")).collect();
        let more = if data.len() > start.len() { " ..." } else { "" };
        format!("{} B: {}{more}", data.len(), start.join(" "))
    })
}

fn zchat(data: &[u8]) -> Option<String> {
    match Frame::unpack(data) {
        Ok(frame) => Some(chat_frame(&frame)),
        Err(Unfit::Damaged) => {
            Some(format!("{} B: a damaged frame of zchat", data.len()))
        }
        Err(Unfit::Foreign) => None,
    }
}

/// `TEXT #2 "hola", try 1`
pub fn chat_frame(frame: &Frame) -> String {
    let kind = format!("{:?}", frame.kind).to_uppercase();
    let seq = match frame.kind {
        Kind::Hello => String::new(),
        _ => format!(" #{}", frame.seq),
    };
    let text = match frame.text() {
        Some(text) if text.is_empty() => ", empty".to_string(),
        Some(text) => format!(" \"{}\"", printable(&text)),
        None if frame.kind == Kind::Ack && !frame.payload.is_empty() => {
            format!(", shown up to #{}", number(&frame.payload))
        }
        None => String::new(),
    };
    let attempt = match frame.attempt {
        0 => String::new(),
        n => format!(", try {n}"),
    };
    format!("{kind}{seq}{text}{attempt}")
}

/// A request of our RTT client is what `request` makes of its number and time;
/// its reply, what `reply` makes of that.
fn rtt(data: &[u8]) -> Option<String> {
    let fixed = data.get(..packet::LEAST)?;
    let (number, sent) = packet::probe(data, 0)?;
    if packet::request(number, sent, packet::LEAST) == fixed {
        return Some(format!("{} B: RTT #{number}, request", data.len()));
    }
    let (number, asked) = packet::probe(data, packet::COPY)?;
    let request = packet::request(number, asked, packet::LEAST);
    let (_, arrived) = packet::probe(data, 12)?;
    let reply = packet::reply(&request, arrived, sent);
    let same = reply == fixed;
    same.then(|| format!("{} B: RTT #{number}, reply", data.len()))
}

fn empty(data: &[u8]) -> Option<String> {
    data.is_empty().then(|| "0 B: empty".to_string())
}

/// Text, of which the end of the line is not shown.
fn text(data: &[u8]) -> Option<String> {
    let whole = std::str::from_utf8(data).ok()?;
    let text = whole.trim_end_matches(['\r', '\n']);
    let plain = printable(text.as_bytes());
    let shown = format!("{} B: \"{plain}\"", data.len());
    (plain == text).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_known_by_its_own_code() {
        assert_eq!(meaning(b"hola"), "4 B: \"hola\"");
        let day = b"Sunday, November 22, 2026 10:16:00-UTC\r\n";
        let shown = "40 B: \"Sunday, November 22, 2026 10:16:00-UTC\"";
        assert_eq!(meaning(day), shown);
        assert_eq!(meaning(b""), "0 B: empty");
        let request = packet::request(7, 1 << 63, 60);
        assert_eq!(meaning(&request), "60 B: RTT #7, request");
        let reply = packet::reply(&request, 1 << 62, 3 << 61);
        assert_eq!(meaning(&reply), "60 B: RTT #7, reply");
        let kind = Kind::Text;
        let (attempt, src, dst, seq) = (1, 7, 8, 2);
        let payload = b"hola".to_vec();
        let frame = Frame { kind, attempt, src, dst, seq, payload };
        let mut data = frame.pack();
        assert_eq!(meaning(&data), "TEXT #2 \"hola\", try 1");
        data[17] ^= 1;
        assert_eq!(meaning(&data), "24 B: a damaged frame of zchat");
    }

    #[test]
    fn other_bytes_are_shown_and_do_a_terminal_no_harm() {
        assert_eq!(meaning(b"\x1b[2J"), "4 B: 1b 5b 32 4a");
        let long = "50 B: 09 09 09 09 09 09 09 09 09 09 09 09 ...";
        assert_eq!(meaning(&[9; 50]), long);
        assert_eq!(meaning(&[255, 0]), "2 B: ff 00");
    }
}
