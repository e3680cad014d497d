//! Packs and unpacks frames with what you write in lib.rs.
//!
//! You need not change this file.
//!
//! Run: cargo run -p ex14-zchat-frame
//! Or:  cargo run -p ex14-zchat-frame -- HEX

use std::env;
use std::process::exit;

use ex14_zchat_frame::{Frame, inflate, message, pack, smaller, unpack};

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.is_empty() {
        send("hola", 2);
        send(&"ja".repeat(50), 3);
        return;
    }
    let Some(data) = bytes(&words.concat()) else {
        eprintln!("usage: ex14-zchat-frame [HEX]");
        exit(2)
    };
    show(&data);
}

/// Packs a message into a frame, and shows that.
fn send(text: &str, seq: u32) {
    let Some((kind, payload)) = smaller(text) else { return };
    let (src, dst) = (0x1122_3344, 0xaabb_ccdd);
    let frame = Frame { kind, attempt: 0, src, dst, seq, payload };
    let data = pack(&frame);
    println!("{} bytes become a frame of {}:", text.len(), data.len());
    for row in data.chunks(32) {
        let row = row.iter().map(|byte| format!("{byte:02x}"));
        println!("  {}", row.collect::<String>());
    }
    show(&data);
}

/// Shows the fields of a frame, and its message.
fn show(data: &[u8]) {
    let Some(frame) = unpack(data) else {
        println!("  no frame: damaged, or foreign");
        return;
    };
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    println!("  {kind:?} #{seq}, try {attempt}, {src:08x} to {dst:08x}");
    match message(data, inflate) {
        Some(text) => {
            let text = String::from_utf8_lossy(&text);
            println!("  message: {}", text.escape_debug());
        }
        None => println!("  no message"),
    }
}

/// The bytes that are written in base 16.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16);
    let byte = |pair: &[u8]| {
        let [left, right] = *pair else { return None };
        u8::try_from(digit(left)? * 16 + digit(right)?).ok()
    };
    hex.as_bytes().chunks(2).map(byte).collect()
}
