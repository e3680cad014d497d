//! Is everything here that the workshop needs?

use std::env::{self, consts};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::{fs, process};

use testbed::{cargo, output};

use crate::build::target;
use crate::outcome::Result;
use crate::words::{said, tell};

/// So much room all that can be built takes, in GB, roughly.
const ROOM: f64 = 2.0;

/// The echo's port, as in `common::ports`; but `common` needs a package, and
/// the doctor speaks where no package is.
const ECHO: u16 = 3500;

/// Looks at each need; gives whether nothing that must be here is missing.
pub fn run(root: &Path) -> Result {
    let (rust, minor) = version(env::var_os("RUSTC").unwrap_or("rustc".into()));
    let pythons = ["python3", "python", "py"].map(OsString::from).to_vec();
    let pythons = env::var_os("PYTHON").map_or(pythons, |own| vec![own]);
    let python = pythons.into_iter().map(version).find(|p| p.1 >= 9);
    let (python, newest) = python.unwrap_or(("Python".to_string(), 0));
    let bound = UdpSocket::bind((Ipv4Addr::LOCALHOST, ECHO));
    let taken = bound.is_err_and(|e| e.kind() == ErrorKind::AddrInUse);
    let (who, firewall) = match consts::OS {
        "windows" => ("netstat -ano -p udp", said!("firewall windows")),
        "macos" => {
            (&*format!("lsof -nP -iUDP:{ECHO}"), said!("firewall macos"))
        }
        _ => ("ss -lunp", said!("firewall linux")),
    };
    let folder = target(root);
    let built = said!("the target", folder.display());
    let free = room(root);
    let shown = free.map_or("?".to_string(), |free| format!("{free:.0}"));
    let mut good = true;
    tell!("diagnosis");
    tell!("here", said!("the system", consts::OS, consts::ARCH));
    for (key, what, here, must) in [
        ("rust", format!("Rust: {rust}"), minor >= 88, minor < 85),
        ("linker", said!("the linker"), true, true), // It linked this program.
        ("packages", said!("the packages"), packages(root), true),
        ("target", built, can_write(&folder).is_ok(), true),
        (
            "room",
            said!("the room", shown),
            free.is_none_or(|f| f > ROOM),
            false,
        ),
        ("python", python, newest >= 9, false),
        ("loopback", said!("to itself"), loopback().is_ok(), true),
        ("taken", said!("the port", ECHO), !taken, false),
    ] {
        good &= here || !must;
        tell!(if here { "here" } else { "look" }, what, said!(key, who));
    }
    tell!("firewall", firewall);
    tell!(if good { "all here" } else { "missing" });
    Ok(good)
}

/// What a program writes on stdout; nothing if it cannot be started or fails.
fn said_by(program: impl Into<OsString>, args: &[&str]) -> String {
    let ended = output(Command::new(program.into()).args(args));
    let good = ended.ok().filter(|ended| ended.status.success());
    let said = good.map(|ended| ended.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_string()
}

/// What a program says of its version, `NAME MAJOR.MINOR.PATCH`, and the minor
/// number; empty and 0 if it cannot be started.
fn version(program: OsString) -> (String, u32) {
    let said = said_by(program, &["--version"]);
    let minor = said.split('.').nth(1).and_then(|minor| minor.parse().ok());
    (said, minor.unwrap_or(0))
}

/// Whether cargo has all packages that this system needs, without a network.
fn packages(root: &Path) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let about = said_by(rustc, &["-vV"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let mut fetch = Command::new(cargo());
    fetch.args(["fetch", "--locked", "--offline", "--target"]);
    fetch.arg(host.unwrap_or_default()).current_dir(root);
    output(&mut fetch).is_ok_and(|ended| ended.status.success())
}

/// Writes a file in `folder`, and removes it, and a folder that is empty then: a
/// first build is told by its target folder.
fn can_write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = folder.join(format!("doctor-{}", process::id()));
    fs::write(&file, "")?;
    fs::remove_file(file)?;
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// The room on the disk that holds `folder`, in GB (10^9 bytes), if this system
/// says it.
pub fn room(folder: &Path) -> Option<f64> {
    let folder = folder.to_string_lossy();
    let (said, unit) = if cfg!(windows) {
        // In its last line: `2 Dir(s)  81000000000 bytes free`
        (said_by("cmd", &["/c", "dir", "/-c", &folder]), 1.0)
    } else {
        // In its last line, in units of 1,024 bytes: `81000000  40% /`
        (said_by("df", &["-Pk", &folder]), 1024.0)
    };
    let words: Vec<_> = said.lines().last()?.split_whitespace().collect();
    // A disk's name may have blanks: so by what stands behind the number.
    let behind = |word: &&str| word.ends_with('%') || *word == "bytes";
    let at = words.iter().position(behind)?.checked_sub(1)?;
    Some(words[at].parse::<f64>().ok()? * unit / 1e9)
}

/// Sends a datagram to a socket of ours.
fn loopback() -> io::Result<()> {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    s.set_read_timeout(Some(testbed::patience()))?;
    s.send_to(b"doctor", s.local_addr()?)?;
    s.recv_from(&mut [0; 16]).map(|_| ())
}
