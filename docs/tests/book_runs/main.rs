//! The runs that the book shows, made again with the real programs: what they
//! print goes to `docs/material/` (`UPDATE_DOCS=1 cargo test -p checks --test
//! book_runs`) or is compared with it. (Not in `book`, which reads what these
//! write.)

/// The server with the hole of exercise 03, as it stands there.
#[path = "../../../exercises/03-the-leak/src/leaky.rs"]
mod leaky;
mod protocols;
mod udp;
mod window;
mod wrong;

use std::fs;
use std::io::{Write, stderr};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use badlink::{BadLink, Shares};
use checks::book::{LANGUAGES, page, recorded};
use checks::{Language, python, root, skipped, start};
use testbed::{Ended, Program};

/// Of `leaky`.
const BYTES: usize = 1024;

/// A terminal as the book shows it: commands, and what they print.
#[derive(Default)]
pub struct Terminal(pub String);

impl Terminal {
    /// A command and its output.
    pub fn ran(&mut self, command: &str, output: &str) {
        let output = output.replace("\r\n", "\n");
        self.0 += &format!("$ {command}\n{output}");
    }

    /// The same for a program that has ended: stdout, then stderr.
    pub fn ended(&mut self, command: &str, ended: &Ended) {
        self.ran(command, &(ended.stdout.clone() + &ended.stderr));
    }

    /// Another terminal's turn.
    pub fn other(&mut self) {
        self.0 += "\n";
    }

    /// The program listens on `port`; the book shows its usual one.
    pub fn usual(self, port: u16, usual: u16) -> Terminal {
        Terminal(self.0.replace(&format!(":{port}"), &format!(":{usual}")))
    }

    /// The run `name` of the book.
    pub fn record(&self, name: &str) {
        let _ = writeln!(stderr(), "== {name}\n{}", self.0);
        recorded(name, &self.0);
    }
}

/// Another day is no difference.
pub fn any_day(text: &str) -> String {
    let days = ["Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"];
    let months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut plain = text.to_string();
    for day in days {
        plain = plain.replace(&format!("{day}day"), "Day");
        plain = plain.replace(&format!("{} ", &day[..3]), "Day ");
    }
    for month in months {
        plain = plain.replace(month, "Month");
        plain = plain.replace(&format!(" {} ", &month[..3]), " Month ");
        let short = month[..3].to_uppercase();
        plain = plain.replace(&format!(" {short} "), " Month ");
    }
    plain
}

/// A crate's server on a free port, and that port.
pub fn server(
    language: Language,
    package: &str,
    more: &[&str],
) -> (Program, SocketAddr) {
    let server = checks::server(language, package, more);
    let address = server.address();
    (server, address)
}

/// A program of the workshop, to its end.
pub fn run(
    language: Language,
    package: &str,
    name: &str,
    args: &[&str],
) -> Ended {
    start(language, package, name, args).end()
}

/// `python3 -c "SCRIPT"`, to its end; the page `name` must show it. `ports`
/// are the usual one, which the page shows, and the real one.
pub fn script(name: &str, script: &str, ports: (u16, u16)) -> Ended {
    for language in LANGUAGES {
        let text = fs::read_to_string(page(language, name)).unwrap();
        let shown = format!("python3 -c \"{script}\"");
        assert!(text.contains(&shown), "{name} in {language} lacks {shown}");
    }
    let [usual, real] = [ports.0, ports.1].map(|port| port.to_string());
    let mut command = python();
    command.args(["-c", &script.replace(&usual, &real)]);
    command.current_dir(root());
    Program::start("python3 -c", command).end()
}

/// The port that the system gave a socket.
pub fn port(s: &UdpSocket) -> String {
    s.local_addr().unwrap().port().to_string()
}

/// A bad link to `target`, as `examples/noisy_link` would make it.
pub fn bad_link(target: SocketAddr, shares: Shares, seed: u64) -> BadLink {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    BadLink::start(any, target, shares, shares, seed).unwrap()
}

/// Windows has other words for an error, which these runs do not show. (And
/// Wine does not report a closed port at all.)
pub fn on_windows() -> bool {
    if cfg!(windows) {
        skipped("recorded on Unix");
    }
    cfg!(windows)
}
