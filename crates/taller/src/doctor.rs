//! Is everything here that the workshop needs?

use std::env;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::words::{line, said, say_line};

/// Looks at each need; gives whether nothing that must be here is missing.
pub fn run() -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = version(Command::new(rustc).arg("--version"));
    let mut good = tell("rustc", at_least(&rustc, 89), &rustc, || {
        said!(
            "the workshop needs Rust 1.89 or newer: rustup update (https://rustup.rs)",
            "el taller necesita Rust 1.89 o posterior: rustup update (https://rustup.rs)"
        )
    });
    // This program would not run if it had not been linked.
    line!("  ok    linker");
    let usual = ["python3", "python", "py"].map(Into::into);
    let pythons = env::var_os("PYTHON").into_iter().chain(usual);
    let pythons = pythons.map(|p| version(Command::new(p).arg("--version")));
    let python = pythons.into_iter().find(|version| at_least(version, 9));
    tell("python3", python.is_some(), &python.unwrap_or_default(), || {
        said!(
            "the Python programs need Python 3.9 or newer (https://python.org); the exercises do not",
            "los programas en Python necesitan Python 3.9 o posterior (https://python.org); los ejercicios, no"
        )
    });
    let echoed = loopback();
    let words = echoed.as_ref().err().map_or(String::new(), kit::error_words);
    good &= tell("UDP, 127.0.0.1", echoed.is_ok(), &words, || {
        said!(
            "a datagram from this machine to itself does not arrive: is a firewall or a VPN in between?",
            "un datagrama de esta máquina a sí misma no llega: ¿hay un firewall o una VPN en el medio?"
        )
    });
    let bound = UdpSocket::bind((Ipv4Addr::LOCALHOST, 3500));
    let free = !bound.is_err_and(|e| e.kind() == ErrorKind::AddrInUse);
    let who = if cfg!(windows) {
        "netstat -ano -p udp"
    } else if cfg!(target_os = "macos") {
        "lsof -nP -iUDP:3500"
    } else {
        "ss -lunp"
    };
    tell("port 3500", free, "", || {
        said!(
            "another program uses it (a server that you left running?). Which one: {who}",
            "lo usa otro programa (¿un servidor que dejaste andando?). Cuál: {who}"
        )
    });
    let firewall = if cfg!(windows) {
        said!(
            "when Windows asks whether server.exe may use the network, allow private networks",
            "cuando Windows pregunte si server.exe puede usar la red, permitile las redes privadas"
        )
    } else if cfg!(target_os = "macos") {
        said!(
            "System Settings, Network, Firewall: allow incoming connections for the server",
            "Ajustes del Sistema, Red, Firewall: permitile al servidor las conexiones entrantes"
        )
    } else {
        said!(
            "if a neighbour cannot reach you: sudo ufw status, sudo nft list ruleset",
            "si un vecino no puede llegar a vos: sudo ufw status, sudo nft list ruleset"
        )
    };
    line!("  note  firewall: {firewall}");
    line!();
    if good {
        say_line!(
            "All that the exercises need is here.",
            "Está todo lo que necesitan los ejercicios."
        );
    }
    Ok(good)
}

/// One line about one need.
fn tell(
    what: &str,
    good: bool,
    found: &str,
    advice: impl Fn() -> String,
) -> bool {
    if good {
        line!("  ok    {what} {found}");
    } else {
        line!("  LOOK  {what} {found}\n        {}", advice());
    }
    good
}

/// What a program says of its version; empty if it cannot be started.
fn version(command: &mut Command) -> String {
    let printed = command.output().map(|o| o.stdout).unwrap_or_default();
    String::from_utf8_lossy(&printed).trim().to_string()
}

/// Whether `NAME MAJOR.MINOR.PATCH ...` has at least this minor number.
fn at_least(version: &str, minor: u32) -> bool {
    let found = version.split_whitespace().nth(1).unwrap_or_default();
    let found = found.split('.').nth(1).and_then(|m| m.parse().ok());
    found.is_some_and(|found: u32| found >= minor)
}

/// Sends a datagram to a socket of ours.
fn loopback() -> io::Result<()> {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    s.set_read_timeout(Some(Duration::from_secs(2)))?;
    s.send_to(b"doctor", s.local_addr()?)?;
    s.recv_from(&mut [0; 16]).map(|_| ())
}
