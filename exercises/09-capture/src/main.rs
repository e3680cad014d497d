//! Shows the packets of the capture: number, time, addresses, and the bytes.
//!
//! You need not change this file.
//!
//! Run:  cargo run -p ex09-capture
//! Then, each in a terminal (the first is for Linux):
//!       sudo tcpdump -i lo -n -X udp port 3500
//!       cargo run -p udp-echo --bin server
//!       cargo run -p udp-echo --bin client

use std::io::{Write, stdout};

mod capture;

/// At most this many lines of a packet's data.
const LINES: usize = 2;

/// At most this many bytes of data a line.
const BYTES: usize = 12;

fn main() {
    let mut text = "All times in seconds, all bytes in base 16.\n".to_string();
    for packet in capture::packets() {
        let time = packet.time.as_secs_f64();
        let (number, protocol) = (packet.number, packet.protocol());
        let (from, to) = (address(packet.ip, 12), address(packet.ip, 16));
        text += &format!("\npacket {number}, at {time:.6}: {from} > {to}\n");
        text += &line("IP", &packet.ip[..10]);
        text += &line("", &packet.ip[10..]);
        text += &line(protocol, packet.header);
        let mut name = "data";
        for bytes in packet.data.chunks(BYTES).take(LINES) {
            let line = line(name, bytes);
            let character = |&byte| match byte {
                b' '..=b'~' => char::from(byte),
                _ => '.',
            };
            let chars: String = bytes.iter().map(character).collect();
            text += &format!("{:46}{chars}\n", line.trim_end());
            name = "";
        }
        if packet.data.len() > BYTES * LINES {
            text += "        ...\n";
        }
    }
    let _ = stdout().write_all(text.as_bytes()); // Or nobody reads it.
}

/// The address that stands at a place in the header of IP.
fn address(ip: &[u8], at: usize) -> String {
    let bytes: Vec<_> = ip[at..at + 4].iter().map(u8::to_string).collect();
    bytes.join(".")
}

/// One line: a name, and bytes in base 16.
fn line(name: &str, bytes: &[u8]) -> String {
    let hex: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("  {name:4}  {}\n", hex.join(" "))
}
