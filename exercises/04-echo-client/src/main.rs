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

/// 1. The server's port: here it is fixed, and no option.
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
    // 2. Make a socket.
    let s = open(TIMEOUT)?;

    // 3. Send the text.
    send(&s, TEXT, SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))?;

    // 4. Wait for the answer.
    let answer = wait(&s);

    // 5. Close the socket.
    drop(s);

    // 6. Say what came back.
    report(answer)
}
