//! rtt-rfc2681: its numbers, its programs, and the programs of others.

use std::net::SocketAddr;

use checks::Language;
use testbed::Program;

mod client;
mod counts;
mod paused;
mod peers;
mod reflector;
mod twin;

fn server(language: Language) -> Program {
    checks::server(language, "rtt-rfc2681", &[])
}

fn client(language: Language, to: SocketAddr, args: &[&str]) -> Program {
    checks::client(language, "rtt-rfc2681", to, args)
}

/// Options as one types them: `--count 3 --quiet`.
fn words(typed: &str) -> Vec<&str> {
    typed.split(' ').collect()
}
