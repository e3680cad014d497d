//! The UDP sockets of this machine and their programs: what `netstat`
//! and `ps` print, from the files where they find it (Linux).
//!
//! Run: cargo run -p examples --example sockets_table

use common::println;
use examples::columns::columns;
use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

const ELSEWHERE: &str = "only Linux has /proc/net/udp (macOS: lsof -nP \
                         -iUDP; Windows: netstat -ano)";
const HEAD: &str =
    "LOCAL PEER WAITING INODE PID NAME STATE COMMAND";

fn main() -> common::Result<()> {
    common::Args::new(include_str!("sockets_table.rs")).finish();
    let [four, six] = ["/proc/net/udp", "/proc/net/udp6"]
        .map(|file| fs::read_to_string(file).unwrap_or_default());
    if four.is_empty() {
        return Err(ELSEWHERE.into());
    }
    let owners = owners();
    let mut rows = vec![HEAD.replace(' ', "\t")];
    for line in four.lines().skip(1).chain(six.lines().skip(1)) {
        // sl local remote st tx:rx tr:tm retransmits uid timeout inode
        let mut words = line.split_whitespace();
        let [local, peer] = [1, 0].map(|i| address(words.nth(i)));
        let waiting =
            hex(words.nth(1).and_then(|two| two.get(9..)));
        let inode = words.nth(4).unwrap_or_default();
        let file = format!("socket:[{inode}]");
        let owner = owners.get(Path::new(&file)).map_or("?", |o| o);
        let row = format!("{local}\t{peer}\t{waiting}\t{inode}\t");
        rows.push(row + owner);
    }
    println!("{}", columns(&rows, '\t'));
    Ok(())
}

fn hex(text: Option<&str>) -> u32 {
    u32::from_str_radix(text.unwrap_or_default(), 16).unwrap_or(0)
}

/// `0100007F:0DAC` is 127.0.0.1:3500: words of 32 bits, each in the byte
/// order of this machine's processor, and the port.
fn address(text: Option<&str>) -> SocketAddr {
    let text = text.and_then(|text| text.split_once(':'));
    let (ip, port) = text.unwrap_or_default();
    let words =
        (0..ip.len()).step_by(8).map(|i| hex(ip.get(i..i + 8)));
    let ip: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
    let four = <[u8; 4]>::try_from(&ip[..]).map(IpAddr::from);
    let six = <[u8; 16]>::try_from(ip).unwrap_or([0; 16]);
    let port = u16::try_from(hex(Some(port))).unwrap_or(0);
    SocketAddr::new(four.unwrap_or(six.into()), port)
}

/// Who holds what: `/proc/PID/fd/N` is a link to `socket:[INODE]`. Another
/// user's processes show theirs to root alone.
fn owners() -> HashMap<PathBuf, String> {
    let mut owners = HashMap::new();
    let all = fs::read_dir("/proc");
    for process in all.into_iter().flatten().flatten() {
        let fds = fs::read_dir(process.path().join("fd"));
        for fd in fds.into_iter().flatten().flatten() {
            let file = fs::read_link(fd.path()).unwrap_or_default();
            owners.insert(file, ps(&process.path()));
        }
    }
    owners
}

/// What `ps` tells of a process: its number, name, state, and command.
fn ps(process: &Path) -> String {
    let [stat, command] = ["stat", "cmdline"].map(|file| {
        let text = fs::read(process.join(file)).unwrap_or_default();
        common::printable(&text)
    });
    // 1234 (name) S ...: the name may have blanks and brackets, too.
    let (pid, rest) = stat.split_once(" (").unwrap_or_default();
    let (name, rest) = rest.rsplit_once(") ").unwrap_or_default();
    let state = rest.split(' ').next().unwrap_or_default();
    // A zero byte ends each word of the command.
    format!("{pid}\t({name})\t{state}\t")
        + &command.replace('?', " ")
}
