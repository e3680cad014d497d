//! Shows the packets of the capture: number, time, addresses, and the bytes.
//!
//! You need not change this file.
//!
//! Run: cargo run -p ex09-capture

mod capture;

/// At most so many lines of a packet's data.
const LINES: usize = 2;

fn main() {
    println!("All times in seconds, all bytes in base 16.");
    for packet in capture::packets() {
        let time = packet.time.as_secs_f64();
        let address = |at: usize| {
            let bytes = &packet.ip[at..at + 4];
            let bytes: Vec<_> = bytes.iter().map(u8::to_string).collect();
            bytes.join(".")
        };
        let (number, protocol) = (packet.number, packet.protocol());
        let (source, destination) = (address(12), address(16));
        println!();
        println!("packet {number}, at {time:.6}: {source} > {destination}");
        show("IP", &packet.ip[..10]);
        show("", &packet.ip[10..]);
        show(protocol, packet.header);
        let mut name = "data";
        for line in packet.data.chunks(12).take(LINES) {
            let text = line.iter().map(|&byte| match byte {
                b' '..=b'~' => char::from(byte),
                _ => '.',
            });
            let text: String = text.collect();
            println!("  {name:4}  {:36}  {text}", hex(line));
            name = "";
        }
        if packet.data.len() > 12 * LINES {
            println!("        ...");
        }
    }
}

/// Prints one line: a name, and bytes.
fn show(name: &str, bytes: &[u8]) {
    println!("  {name:4}  {}", hex(bytes));
}

/// Bytes in base 16.
fn hex(bytes: &[u8]) -> String {
    let words: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    words.join(" ")
}
