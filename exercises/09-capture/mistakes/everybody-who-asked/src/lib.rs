//! Exercise 09: questions about a capture, echo.pcap. `cargo run -p
//! ex09-capture` shows its packets.
//!
//! Each answer is one number, in the place of the `todo!`. A client is a socket
//! that asks: an address with its port.

use std::time::Duration;

/// 1. Find the port of the client that sent packet 1.
pub fn clients_port() -> u16 {
    43355
}

/// 2. Count the bytes of data in packet 1: what the program gave to `send_to`.
pub fn bytes_of_data() -> usize {
    24
}

/// 3. Measure how long the second client waited: from its question, packet 3, to
///    its answer, packet 4.
pub fn waited() -> Duration {
    Duration::from_micros(153)
}

/// 4. Count the clients that got an answer from the server.
pub fn clients_answered() -> usize {
    4
}

/// 5. Find the packet that says that nobody listens: its number.
pub fn nobody_listens() -> usize {
    6
}

/// 6. Find the datagram that came to the server, port 3500, and was not
///    answered: the number of its packet.
pub fn unanswered() -> usize {
    7
}

/// 7. Count the bytes of data that went to the server in packet 8 and did not
///    come back in packet 9.
pub fn bytes_lost() -> usize {
    76
}
