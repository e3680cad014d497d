//! The daytime client: asks for the date and time, and prints the line.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run:   cargo run -p ex11-daytime-client
//! First: cargo run -p daytime-rfc867 --bin server

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use ex11_daytime_client::{ask_again, open, report};

/// The server's port; RFC 867 has 13.
const PORT: u16 = 3513;
/// How long to wait for the answer to the first question.
const FIRST: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let answer = open(server).and_then(|s| ask_again(&s, FIRST, say_silence));
    match report(answer, server) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("Error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Says that no answer came to the question with this number.
fn say_silence(number: u32) {
    eprintln!("try {number}: no answer");
}
