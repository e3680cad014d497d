//! Exercise 09: questions about a capture, echo.pcap. `cargo run -p
//! ex09-capture` shows its packets.
//!
//! Each answer is one number, in the place of the `todo!`. A client is a socket
//! that asks: an address with its port.

use std::time::Duration;

/// 1. Find the port of the client that sent packet 1.
pub fn clients_port() -> u16 {
    todo!("step 1: find the port of the client")
}

/// 2. Count the bytes of data in packet 1: what the program gave to `send_to`.
pub fn bytes_of_data() -> usize {
    todo!("step 2: count the bytes of data")
}

/// 3. Measure how long the second client waited: from its question, packet 3, to
///    its answer, packet 4.
pub fn waited() -> Duration {
    todo!("step 3: measure how long the client waited")
}

/// 4. Count the clients that got an answer from the server.
pub fn clients_answered() -> usize {
    todo!("step 4: count the clients that got an answer")
}

/// 5. Find the packet that says that nobody listens: its number.
pub fn nobody_listens() -> usize {
    todo!("step 5: find the packet that says that nobody listens")
}

/// 6. Find the datagram that came to the server, port 3500, and was not
///    answered: the number of its packet.
pub fn unanswered() -> usize {
    todo!("step 6: find the datagram that was not answered")
}

/// 7. Count the bytes of data that went to the server in packet 8 and did not
///    come back in packet 9.
pub fn bytes_lost() -> usize {
    todo!("step 7: count the bytes that did not come back")
}
