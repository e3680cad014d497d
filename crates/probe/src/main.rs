//! `cargo taller probe`: a judge on the wire. It speaks UDP to a program of any
//! language, as the slides' protocols want it, and says of each rule what was
//! sent, what came, and what the slide or the RFC says.

mod asked;
mod chat;
mod date;
mod daytime;
mod echo;
#[path = "../../zchat/src/frame.rs"]
mod frame;
mod net;
mod peer;
mod played;
mod report;
mod rtt;
mod words;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::{env, panic};

use asked::{Asked, Protocol};
use peer::Peer;
use report::Report;
use words::said;

/// The protocols of questions and answers; and there is the chat.
const PROTOCOLS: [Protocol; 3] =
    [echo::PROTOCOL, daytime::PROTOCOL, rtt::PROTOCOL];
const CHAT: &str = "chat";

fn main() -> ExitCode {
    let words = env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    // Whatever the judge meets, it says a sentence.
    panic::set_hook(Box::new(|_| ()));
    let judged = panic::catch_unwind(|| judge(&words));
    match judged.unwrap_or_else(|_| Err(said!("judge failed"))) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(why) => {
            Report::new(true).tell(why);
            ExitCode::from(2)
        }
    }
}

/// Reads the command line and does it; gives whether something passed and
/// nothing failed.
fn judge(words: &[String]) -> Result<bool, String> {
    let mut parts = words.splitn(2, |word| word == "--");
    let before = parts.next().unwrap_or_default();
    let command = parts.next().unwrap_or_default();
    let (mut names, mut json, mut client) = (Vec::new(), false, false);
    for word in before {
        match &word[..] {
            "-h" | "--help" | "help" => {
                Report::new(false).tell(said!("usage"));
                return Ok(true);
            }
            "--json" => json = true,
            "--client" => client = true,
            word => names.push(word),
        }
    }
    let (name, peer) = match (&names[..], command) {
        ([name, to], []) if !client => (*name, Peer::new(address(to)?, &[])),
        ([name], [_, ..]) => (*name, Peer::caller(command)),
        _ => return Err(said!("not understood", said!("usage"))),
    };
    let protocol = PROTOCOLS.iter().find(|known| known.name == name);
    if protocol.is_none() && name != CHAT {
        let known = PROTOCOLS.map(|known| known.name).join(", ");
        return Err(said!("no protocol", name, known, CHAT));
    } else if !command.is_empty() && !command.concat().contains("{port}") {
        return Err(said!("no port"));
    }
    let report = &mut Report::new(json);
    let to = peer.to.to_string();
    if peer.far() {
        report.tell(said!("will send", asked::MOST, to));
    }
    match protocol {
        None => chat::judge(report, peer, client)?,
        Some(protocol) if client => (protocol.client)(report, command)?,
        Some(protocol) => Asked::judge(report, protocol, peer)?,
    }
    let started = command.join(" ");
    let program = if started.is_empty() { to } else { started };
    Ok(report.end(name, &program))
}

/// A server's address: not that of many machines.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
    let four = found.iter().find(|a| a.is_ipv4());
    let to = four.or(found.first()).ok_or_else(|| said!("no address", text))?;
    let ip = to.ip().to_canonical();
    let many = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    match many || ip.is_unspecified() || to.port() == 0 {
        true => Err(said!("not one machine", text)),
        false => Ok(*to),
    }
}
