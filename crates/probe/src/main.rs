//! `cargo taller probe`: a judge on the wire. It speaks UDP to a program of any
//! language, as the slides' protocols want it, and says of each rule what was
//! sent, what came, and what the slide or the RFC says.

#[macro_use] // said!
mod words;

mod chat;
mod date;
mod daytime;
mod echo;
#[path = "../../zchat/src/frame.rs"]
mod frame;
mod judge;
mod peer;
mod rtt;
mod server;

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::{env, panic};

use common::note;

use judge::{Report, print};
use peer::{MOST, Peer, Protocol};

const PROTOCOLS: [&Protocol; 4] =
    [&echo::ECHO, &daytime::DAYTIME, &rtt::RTT, &chat::CHAT];

fn main() -> ExitCode {
    let words = env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    // Whatever the judge meets, it says a sentence.
    panic::set_hook(Box::new(|_| ()));
    let judged = panic::catch_unwind(|| judge(&words));
    let judged = judged.unwrap_or_else(|_| Err(said!("judge failed")));
    ExitCode::from(judged.unwrap_or_else(|why| {
        note(why);
        2
    }))
}

/// Reads the command line and does it; gives the exit status.
fn judge(words: &[String]) -> Result<u8, String> {
    let mut parts = words.splitn(2, |word| word == "--");
    let before = parts.next().unwrap_or_default();
    let command = parts.next().unwrap_or_default();
    let given = |option: &str| before.iter().any(|word| word == option);
    if ["-h", "--help", "help"].into_iter().any(given) {
        return print(said!("usage")).map(|()| 0);
    }
    let (json, calls) = (given("--json"), given("--client"));
    let is_name = |w: &&String| !["--json", "--client"].contains(&w.as_str());
    let names: Vec<_> = before.iter().filter(is_name).collect();
    let (name, to) = match (&names[..], command) {
        ([name, to], []) if !calls => (name, address(to)?),
        ([name], [_, ..]) => (name, (Ipv4Addr::LOCALHOST, 0).into()),
        _ => return Err(said!("not understood", said!("usage"))),
    };
    let Some(protocol) = PROTOCOLS.iter().find(|p| p.name == **name) else {
        let known = PROTOCOLS.map(|protocol| protocol.name).join(", ");
        return Err(said!("no protocol", format!("{name:?}"), known));
    };
    if !command.is_empty() && !command.concat().contains("{port}") {
        return Err(said!("no port"));
    }
    let peer = Peer::new(protocol, to, command, calls);
    if peer.far() {
        note(said!("will send", MOST, to));
    }
    let rules = if calls { protocol.client } else { protocol.server };
    let source = protocol.sources[usize::from(calls)];
    let mut report = Report { json, source, counts: [0; 4] };
    match (protocol.name, calls) {
        ("chat", _) => report.in_turn(peer, &[rules, chat::BOTH]),
        (_, true) => report.side_by_side(&peer, rules),
        (_, false) => {
            report.in_turn(peer, &[server::FIRST, rules, server::LAST])
        }
    }?;
    report.end()
}

/// A server's address: not that of many machines.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().into_iter().flatten();
    let text = format!("{text:?}");
    let first = found.min_by_key(SocketAddr::is_ipv6); // Of IPv4, if it has one.
    let to = first.ok_or_else(|| said!("no address", text))?;
    let ip = to.ip().to_canonical();
    let many = ip.is_multicast() || ip.is_unspecified();
    if many || ip == Ipv4Addr::BROADCAST || to.port() == 0 {
        return Err(said!("not one machine", text));
    }
    Ok(to)
}
