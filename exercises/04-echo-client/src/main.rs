//! The echo client: sends one text and prints what comes back.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run:  cargo run -p udp-echo --bin server
//! Then: cargo run -p ex04-echo-client

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use ex04_echo_client::{open, report, send, wait};

/// The server's port.
const PORT: u16 = 3500;
/// How long to wait for the answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// What is sent.
const TEXT: &str = "Taller I: Echo sobre UDP";

fn main() -> ExitCode {
    match ask() {
        Ok(text) => {
            // A control character could change the terminal's settings.
            println!("{}", text.replace(char::is_control, "?"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("Error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn ask() -> io::Result<String> {
    let s = open(TIMEOUT)?;
    send(&s, TEXT, SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))?;
    report(wait(&s))
}
