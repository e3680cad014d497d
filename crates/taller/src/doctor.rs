//! Is everything here that the workshop needs?

use std::env::{self, consts::OS};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;

use crate::Result;
use crate::words::{said, tell};

/// Looks at each need; gives whether nothing that must be here is missing.
pub fn run() -> Result {
    let (rust, minor) = version(env::var_os("RUSTC").unwrap_or("rustc".into()));
    let pythons = ["python3", "python", "py"].map(OsString::from).to_vec();
    let pythons = env::var_os("PYTHON").map_or(pythons, |own| vec![own]);
    let python = pythons.into_iter().map(version).find(|p| p.1 >= 9);
    let (python, newest) = python.unwrap_or(("Python".to_string(), 0));
    let bound = UdpSocket::bind((Ipv4Addr::LOCALHOST, 3500));
    let taken = bound.is_err_and(|e| e.kind() == ErrorKind::AddrInUse);
    let (who, firewall) = match OS {
        "windows" => ("netstat -ano -p udp", said!("firewall windows")),
        "macos" => ("lsof -nP -iUDP:3500", said!("firewall macos")),
        _ => ("ss -lunp", said!("firewall linux")),
    };
    let mut good = true;
    for (key, what, here, must) in [
        ("rust", format!("Rust: {rust}"), minor >= 89, true),
        ("linker", said!("the linker"), true, true), // It linked this program.
        ("python", python, newest >= 9, false),
        ("loopback", said!("to itself"), loopback().is_ok(), true),
        ("taken", said!("the port"), !taken, false),
    ] {
        good &= here || !must;
        tell!(if here { "here" } else { "look" }, what, said!(key, who));
    }
    tell!("firewall", firewall);
    tell!(if good { "all here" } else { "missing" });
    Ok(good)
}

/// What a program says of its version, `NAME MAJOR.MINOR.PATCH`, and the minor
/// number; empty and 0 if it cannot be started.
fn version(program: OsString) -> (String, u32) {
    let printed = Command::new(program).arg("--version").output();
    let printed = printed.map(|o| o.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&printed).trim().to_string();
    let minor = said.split('.').nth(1).and_then(|minor| minor.parse().ok());
    (said, minor.unwrap_or(0))
}

/// Sends a datagram to a socket of ours.
fn loopback() -> io::Result<()> {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    s.set_read_timeout(Some(kit::patience()))?;
    s.send_to(b"doctor", s.local_addr()?)?;
    s.recv_from(&mut [0; 16]).map(|_| ())
}
