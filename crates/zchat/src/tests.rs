//! The frames, byte for byte, the window at the end of the numbers, and the
//! messages of an input. What needs a socket, a process or Python is in
//! `crates/checks`.

use std::time::Duration;

use crate::frame::{Frame, Kind, TEXT_MAX, smaller};
use crate::window::Window;

/// The golden frames: `vectors.txt`.
fn golden() -> Vec<(Frame, Vec<u8>)> {
    let file = include_str!("../vectors.txt");
    let frames = file.split("\n\n").skip(1).map(|both| {
        let (fields, frame) = both.split_once('\n').unwrap();
        let fields: Vec<_> = fields.split(' ').collect();
        let [kind, attempt, src, dst, seq, payload] = fields[..] else {
            panic!("{both}");
        };
        let kind = match kind {
            "HELLO" => Kind::Hello,
            "TEXT" => Kind::Text,
            "ZTEXT" => Kind::Ztext,
            "ACK" => Kind::Ack,
            "BYE" => Kind::Bye,
            _ => panic!("{both}"),
        };
        let [src, dst] =
            [src, dst].map(|id| u32::from_str_radix(id, 16).unwrap());
        let (attempt, seq) = (attempt.parse().unwrap(), seq.parse().unwrap());
        let payload = bytes(payload.trim_matches('-'));
        let fields = Frame { kind, attempt, src, dst, seq, payload };
        (fields, bytes(frame.trim_end()))
    });
    frames.collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(pair).collect()
}

#[test]
fn the_golden_frames_both_ways() {
    assert_eq!(golden().len(), 11);
    for (frame, data) in golden() {
        assert_eq!(frame.pack(), data, "{frame:?}");
        assert_eq!(Frame::unpack(&data), Ok(frame));
    }
    let zlib = golden().remove(7).0;
    assert_eq!(zlib.text(), Some(b"ja".repeat(100)));
    assert_eq!(smaller(&b"ja".repeat(100)).0, Kind::Ztext);
    assert_eq!(smaller(b"hola"), (Kind::Text, b"hola".to_vec()));
    assert_eq!(smaller(b""), (Kind::Text, vec![]));
}

#[test]
fn what_grows_beyond_a_message_is_refused_without_growing() {
    let (text, _) = golden().remove(4);
    for (length, shown) in [(1, true), (TEXT_MAX, true), (1025, false)] {
        let (kind, payload) = smaller(&vec![b'x'; length]);
        let frame = Frame { kind, payload, ..text.clone() };
        assert_eq!(frame.text().is_some(), shown, "{length}");
        let payload = vec![b'x'; length];
        let frame = Frame { payload, ..text.clone() };
        assert_eq!(frame.text().is_some(), shown, "{length}");
    }
    let (kind, payload) = smaller(&vec![0; 1_000_000]);
    assert!(payload.len() < 1100);
    let bomb = Frame { kind, payload, ..text.clone() };
    assert_eq!(Frame::unpack(&bomb.pack()), Ok(bomb.clone()));
    assert_eq!(bomb.text(), None);
    // A stream of nothing is no message either.
    let payload = bytes("789c030000000001");
    let nothing = Frame { kind: Kind::Ztext, payload, ..text };
    assert_eq!(nothing.text(), None);
}

#[test]
fn after_the_last_number_none_is_new() {
    let mut window = Window::new(16, Duration::ZERO);
    window.read = u32::MAX - 2;
    assert!(window.is_new(u32::MAX) && !window.is_too_early(u32::MAX));
    let early = window.arrived(u32::MAX, b"last".to_vec());
    assert!(early.is_empty(), "{early:?}");
    let both = window.arrived(u32::MAX - 1, b"last but one".to_vec());
    assert_eq!(both, [&b"last but one"[..], b"last"]);
    for seq in [0, 1, 15, u32::MAX - 1, u32::MAX] {
        assert!(!window.is_new(seq), "{seq}");
    }
}

/// All lines of these lengths, four in a row, however many bytes can be read at
/// a time: what is shown is what was read.
#[cfg(not(target_family = "wasm"))]
#[test]
fn the_messages_of_an_input_are_its_lines() {
    use std::io::BufReader;

    let lengths = [0, 1, 511, 1023, 1024];
    let lines = |n: usize| {
        let lines = [1, 5, 25, 125].map(|by| lengths[n / by % 5]);
        lines.map(|length| "x".repeat(length) + "\n").concat()
    };
    for input in (0..625).map(lines) {
        for at_a_time in [1, 1024, 1025, 8192] {
            let bytes = input.as_bytes();
            let mut reader = BufReader::with_capacity(at_a_time, bytes);
            let (mut rest, mut shown) = (Vec::new(), Vec::new());
            while let Some(message) =
                crate::chat::next_message(&mut reader, &mut rest).unwrap()
            {
                assert!((1..=TEXT_MAX).contains(&message.len()));
                let line = message.strip_suffix(b"\n").unwrap_or(&message);
                shown.extend([line, b"\n"].concat());
            }
            assert!(shown == bytes, "{input:?}, {at_a_time} at a time");
        }
    }
}
