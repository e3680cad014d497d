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
mod played;
mod report;
mod rtt;
mod running;
mod words;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::{env, panic};

use asked::Asked;
use report::Report;
use words::said;

/// The protocols.
const PROTOCOLS: [&str; 4] = ["echo", "daytime", "rtt", "chat"];

/// What the command line asks for.
struct Task {
    protocol: String,
    json: bool,
    client: bool,
    /// The server that runs already; or this machine, and port 0,
    to: SocketAddr,
    /// and the command that starts the program.
    command: Vec<String>,
}

fn main() -> ExitCode {
    let words: Vec<_> = env::args_os().skip(1).collect();
    let words = words.into_iter().map(|w| w.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    let asks = |word: &String| ["-h", "--help", "help"].contains(&&word[..]);
    if words.iter().take_while(|word| *word != "--").any(asks) {
        Report::new(false).tell(said!("usage"));
        return ExitCode::SUCCESS;
    }
    // Whatever the judge meets, it says a sentence.
    panic::set_hook(Box::new(|_| ()));
    let judged = panic::catch_unwind(|| judge(&read(&words)?));
    match judged.unwrap_or_else(|_| Err(said!("judge failed"))) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(why) => {
            Report::new(true).tell(why);
            ExitCode::from(2)
        }
    }
}

/// Reads the command line.
fn read(words: &[String]) -> Result<Task, String> {
    let mut parts = words.splitn(2, |word| word == "--");
    let before = parts.next().unwrap_or_default();
    let command = parts.next().unwrap_or_default().to_vec();
    let (mut names, mut json, mut client) = (Vec::new(), false, false);
    for word in before {
        match &word[..] {
            "--json" => json = true,
            "--client" => client = true,
            word => names.push(word),
        }
    }
    let to = match (&names[1.min(names.len())..], command.is_empty()) {
        ([to], true) if !client => address(to)?,
        ([], false) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        _ => return Err(said!("not understood", said!("usage"))),
    };
    let protocol = names[0].to_string();
    if !PROTOCOLS.contains(&names[0]) {
        return Err(said!("no protocol", protocol, PROTOCOLS.join(", ")));
    } else if to.port() == 0 && !command.iter().any(|w| w.contains("{port}")) {
        return Err(said!("no port"));
    }
    Ok(Task { protocol, json, client, to, command })
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

/// Does it; gives whether something passed and nothing failed.
fn judge(task: &Task) -> Result<bool, String> {
    let Task { protocol, json, client, to, command } = task;
    let (report, to) = (&mut Report::new(*json), *to);
    let far = !to.ip().is_loopback();
    if far {
        report.tell(said!("will send", asked::MOST, to));
    }
    match (&protocol[..], client) {
        ("echo", false) => {
            echo::server(&mut Asked::new(
                report,
                &echo::PROTOCOL,
                to,
                command,
            )?);
        }
        ("daytime", false) => daytime::server(&mut Asked::new(
            report,
            &daytime::PROTOCOL,
            to,
            command,
        )?),
        ("rtt", false) => {
            rtt::server(&mut Asked::new(report, &rtt::PROTOCOL, to, command)?);
        }
        ("echo", true) => echo::client(report, command)?,
        ("daytime", true) => daytime::client(report, command)?,
        ("rtt", true) => rtt::client(report, command)?,
        (_, calls) => chat::judge(report, to, command, *calls)?,
    }
    let started = command.join(" ");
    let program = if started.is_empty() { to.to_string() } else { started };
    Ok(report.end(protocol, &program))
}
