//! The runs that these pages of the book show: daytime, rtt, zchat,
//! what-goes-wrong, performance. Real programs; what they print goes to
//! `docs/material/` (`UPDATE_DOCS=1 cargo test -p checks --test book_runs`)
//! or is compared with it.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, id};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use badlink::ladder::{Kind, Ladder, Rung};
use badlink::{BadLink, Direction, Fate, Passing, Shares};
use checks::book::{LANGUAGES, difference, kept, page, recorded, recorded_as};
use checks::{
    Hear, Language, command, forge, python, root, skipped, socket, start,
};
use examples::meaning::chat_frame;
use rtt_rfc2681::schedule;
use testbed::{Ended, Program, binary, free_port, output};
use zchat::frame::Frame;

use crate::leaky;

/// A terminal as the book shows it: commands, and what they print.
#[derive(Default)]
struct Terminal(String);

impl Terminal {
    /// A command and its output.
    fn ran(&mut self, command: &str, output: &str) {
        let output = output.replace("\r\n", "\n");
        self.0 += &format!("$ {command}\n{output}");
    }

    /// The same for a program that has ended: stdout, then stderr.
    fn ended(&mut self, command: &str, ended: &Ended) {
        self.ran(command, &(ended.stdout.clone() + &ended.stderr));
    }

    /// Another terminal's turn.
    fn other(&mut self) {
        self.0 += "\n";
    }

    /// The program listens on `port`; the book shows its usual one.
    fn usual(self, port: u16, usual: u16) -> Terminal {
        Terminal(self.0.replace(&format!(":{port}"), &format!(":{usual}")))
    }

    fn record(&self, name: &str) {
        let _ = writeln!(stderr(), "== {name}\n{}", self.0);
        recorded(name, &self.0);
    }
}

/// Another day is no difference.
fn any_day(text: &str) -> String {
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
fn server(
    language: Language,
    package: &str,
    more: &[&str],
) -> (Program, SocketAddr) {
    let server = checks::server(language, package, more);
    let address = server.address();
    (server, address)
}

/// A program of the workshop, to its end.
fn run(language: Language, package: &str, name: &str, args: &[&str]) -> Ended {
    start(language, package, name, args).end()
}

/// `python3 -c "SCRIPT"`, to its end; the page `name` must show it. `ports`
/// are the usual one, which the page shows, and the real one.
fn script(name: &str, script: &str, ports: (u16, u16)) -> Ended {
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

fn port(s: &UdpSocket) -> String {
    s.local_addr().unwrap().port().to_string()
}

/// A bad link to `target`, as `examples/noisy_link` would make it.
fn bad_link(target: SocketAddr, shares: Shares, seed: u64) -> BadLink {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    BadLink::start(any, target, shares, shares, seed).unwrap()
}

/// Windows has other words for an error, which these runs do not show. (And
/// Wine does not report a closed port at all.)
fn on_windows() -> bool {
    if cfg!(windows) {
        skipped("recorded on Unix");
    }
    cfg!(windows)
}

// ---- daytime

const ASK: &str = "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.sendto(b'', ('127.0.0.1', 3513))
print(s.recv(65535))
";

#[test]
fn daytime_three_formats() {
    let mut text = Terminal::default();
    for format in ["weekday", "smtp", "ctime"] {
        let more = ["--format", format];
        let (_server, address) =
            server(Language::Rust, "daytime-rfc867", &more);
        let ended = script("daytime", ASK, (3513, address.port()));
        text.0 += &format!("{format:<8} {}", ended.stdout);
    }
    recorded_as("daytime-formats", &text.0.replace("\r\n", "\n"), any_day);
}

#[test]
fn daytime_silent_and_nobody() {
    let silent_port = free_port();
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, silent_port)).unwrap();
    let args = ["--port", &silent_port.to_string(), "--timeout", "1"];
    let ended = run(Language::Rust, "daytime-rfc867", "client", &args);
    let mut text = Terminal::default();
    let command = "cargo run -p daytime-rfc867 --bin client -- --timeout 1";
    text.ended(command, &ended);
    text.usual(silent_port, 3513).record("daytime-silent");

    testbed::close(silent);
    if on_windows() {
        return;
    }
    let args = ["--port", &silent_port.to_string()];
    let ended = run(Language::Rust, "daytime-rfc867", "client", &args);
    let mut text = Terminal::default();
    text.ended("cargo run -p daytime-rfc867 --bin client", &ended);
    text.usual(silent_port, 3513).record("daytime-nobody");
}

// ---- rtt

/// Bars, and an honest sample's one chance in twenty, are no difference.
fn any_sample(text: &str) -> String {
    let bars = "█▏▎▍▌▋▊▉";
    let text = text.replace("not Poisson", "Poisson");
    let text = text.replace("user-space", "kernel-space");
    text.chars().filter(|c| !bars.contains(*c)).collect()
}

/// A drawing with each number as 0, and each row of the same as one; without its
/// ticks, and without what is beyond its right edge: both depend on the sample.
fn form(drawing: &str) -> String {
    let tick = |line: &&str| {
        let text = line.trim_end_matches("</text>");
        line.starts_with("<path class='grid'")
            || text.ends_with(|c: char| c.is_ascii_digit())
    };
    let undefined = |line: &str| {
        let words = ["undefined", "indefinidas"];
        let end = words.iter().find_map(|w| Some(line.find(w)? + w.len()));
        line[..end.unwrap_or(line.len())].to_string() + "\n"
    };
    let lines = drawing.lines().filter(|line| !tick(line));
    let drawing: String = lines.map(undefined).collect();
    let mut form = String::new();
    for c in drawing.chars() {
        let c = if c.is_ascii_digit() || c == '.' { '0' } else { c };
        if !(c == '0' && form.ends_with('0')) {
            form.push(c);
        }
        for row in ["H0V0", "M0 0V0h0V0"] {
            if form.ends_with(&row.repeat(2)) {
                form.truncate(form.len() - row.len());
            }
        }
    }
    form.replace("V0H0'", "V0'")
}

#[test]
fn rtt_over_a_noisy_link() {
    let (_server, address) = server(Language::Rust, "rtt-rfc2681", &[]);
    let delay_by = Duration::from_millis(20);
    let (lose, delay) = (0.04, 0.3);
    let bad = Shares { lose, delay, delay_by, ..Shares::default() };
    let link = bad_link(address, bad, 7);
    let port = link.address().port();
    let drawing = env::temp_dir().join(format!("book-{}.svg", id()));
    let file = drawing.display().to_string();
    let measure = "--count 200 --interval 0.01 --timeout 0.5 --under 30";
    let measured = |language| {
        let mut client = command(Language::Rust, "rtt-rfc2681", "client");
        client.args(["--port", &port.to_string(), "--quiet", "--svg", &file]);
        client.args(measure.split(' ')).env("TALLER_LANG", language);
        let ended = Program::start("client", client).end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let now = fs::read_to_string(&drawing).unwrap();
        fs::remove_file(&drawing).unwrap();
        // The drawing's reflector is the link.
        let now = now.replace(&format!(":{port},"), ":3600,");
        (ended, now)
    };
    let ((_, spanish), (ended, english)) = (measured("es"), measured("en"));
    for (name, now) in [("rtt-edf.es.svg", spanish), ("rtt-edf.svg", english)] {
        kept(name, &now, |old, new| {
            let (old, new) = (form(old), form(new));
            (old != new).then(|| format!("- {old}\n+ {new}"))
        });
    }
    let mut text = Terminal::default();
    text.ran(
        &format!(
            "cargo run -p rtt-rfc2681 --bin client -- --port 3600 \\\n    \
             {measure} \\\n    --quiet --svg edf.svg"
        ),
        &ended.stdout,
    );
    recorded_as("rtt-noisy", &text.usual(port, 3600).0, any_sample);
}

#[test]
fn rtt_nobody() {
    if on_windows() {
        return;
    }
    let gone = socket().local_addr().unwrap().port();
    let measure = "--count 5 --timeout 0.5";
    let to = ["--port", &gone.to_string()];
    let args: Vec<_> = to.into_iter().chain(measure.split(' ')).collect();
    let ended = run(Language::Rust, "rtt-rfc2681", "client", &args);
    let mut text = Terminal::default();
    let command = format!("cargo run -p rtt-rfc2681 --bin client -- {measure}");
    let tail = ended.stdout.split_once("minimum").unwrap_or_default().1;
    let lines = ended.stdout.lines().filter(|l| l.starts_with("seq"));
    let lines: String = lines.map(|l| format!("{l}\n")).collect();
    let end = ended.stderr.rfind("Error").unwrap_or_default();
    let (first, last) = ended.stderr.split_at(end);
    text.ran(&command, &format!("{first}{lines}...\nminimum{tail}{last}"));
    text.record("rtt-nobody");
}

/// Two plans for 30 probes, as the client makes them: a column is 25 ms, and
/// the network is busy in the first of each 100 ms, from the first probe on.
#[test]
fn rtt_two_schedules() {
    let mut text = String::new();
    let mut met = Vec::new();
    for (name, periodic) in [("periodic", true), ("poisson", false)] {
        let times = schedule::times(30, 0.1, periodic);
        let from = times[0];
        // Whole milliseconds: 2.3 * 1000 is less than 2300.
        let column = |at: &Duration| (*at - from).as_secs_f64() * 1000.0;
        let column = |at| column(at).round() as usize / 25;
        let columns: Vec<_> = times.iter().map(column).collect();
        let mut row = vec![' '; 60];
        columns.iter().filter(|c| **c < 60).for_each(|c| row[*c] = '|');
        let row: String = row.iter().collect();
        text += &format!("{name:<9} {}\n", row.trim_end());
        met.push(columns.iter().filter(|c| *c % 4 == 0).count());
    }
    text += &format!("busy      {}\n", "#   ".repeat(15).trim_end());
    let [periodic, poisson] = met[..] else { panic!() };
    text += &format!("met it: {periodic} of 30 periodic probes, ");
    text += &format!("{poisson} of 30 of the Poisson stream\n");
    // More than 20 come once in a million runs.
    assert!(periodic == 30 && poisson <= 20, "{text}");
    let plain = |text: &str| text.replace(['|', '#'], "");
    recorded_as("rtt-schedules", &text, plain);
}

// ---- zchat

const PACK: &str = "
import sys
sys.path.insert(0, 'crates/zchat/python')
from frame import Frame
print(Frame(2, 0, 0x11223344, 0xaabbccdd, 2, b'hola').pack().hex())
";

const ZLIB: &str = "
import zlib
for text in b'hola', b'nos vemos a las 9 en el buffet', b'ja' * 100:
    print(len(text), 'bytes, as zlib', len(zlib.compress(text, 9)))
";

const SUMS: &str = "
import zlib
for text in b'debo 10, tengo 99', b'debo 99, tengo 10':
    words = sum(text[0::2]) * 256 + sum(text[1::2])
    print(text, 'sum', hex(words), 'CRC-32', hex(zlib.crc32(text)))
";

#[test]
fn zchat_in_small() {
    for (name, text) in [("pack", PACK), ("zlib", ZLIB), ("sums", SUMS)] {
        let ended = script("zchat", text, (3502, 3502));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        recorded(&format!("zchat-{name}"), &ended.stdout.replace('\r', ""));
    }
}

/// What went into a link: the time, which way, the frame, its fate.
type Log = Vec<(Duration, Direction, Frame, Fate)>;

/// A chat of two lines through a bad link: what went in, and what each side
/// says of it at the end.
fn chat() -> (Log, Ended, Ended) {
    let (mut server, address) =
        server(Language::Rust, "zchat", &["--stats", "--host", "127.0.0.1"]);
    server.close_input(); // It goes on until its peer leaves.
    let log = Arc::new(Mutex::new(Log::new()));
    let (kept, began) = (Arc::clone(&log), Instant::now());
    let bad = Shares { lose: 0.3, corrupt: 0.1, ..Shares::default() };
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let link = BadLink::watched(any, address, bad, bad, 2732, move |passing| {
        let Passing { direction: way, data, fate, leaves, .. } = *passing;
        if leaves {
            return;
        }
        let frame = Frame::unpack(data).unwrap();
        let entry = (began.elapsed(), way, frame, fate.clone());
        kept.lock().unwrap().push(entry);
    });
    let port = link.as_ref().unwrap().address().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port, "--stats"];
    let mut client = start(Language::Rust, "zchat", "client", &args);
    client.write("hola\nchau\n".as_bytes());
    let client = client.end();
    let server = server.end();
    drop(link);
    let log = log.lock().unwrap().clone();
    (log, client, server)
}

/// The rungs of a ladder, as `noisy_link --draw` has them.
fn rungs(log: &Log) -> Vec<Rung> {
    let first = log.first().map(|entry| entry.0).unwrap_or_default();
    let rungs = log.iter().map(|(at, way, frame, fate)| {
        Rung::new(*at - first, *way, fate, chat_frame(frame))
    });
    rungs.collect()
}

/// The rungs as a ladder of text.
fn ladder(rungs: &[Rung]) -> String {
    let ladder = Ladder::default();
    let head = ladder.head("client", "server");
    let rungs = rungs.iter().map(|rung| ladder.rung(rung));
    [head].into_iter().chain(rungs).map(|line| line + "\n").collect()
}

/// What the ladders say, in Spanish.
const SPANISH: [(&str, &str); 4] = [
    ("empty", "vacío"),
    ("try", "intento"),
    ("lost", "perdida"),
    ("corrupted", "dañada"),
];

/// The rungs as the pictures NAME.svg and NAME.es.svg of the book; times may
/// differ.
fn drawn(name: &str, title: [&str; 2], rungs: &[Rung]) {
    let spanish = |text: &str| {
        let text = text.to_string();
        SPANISH.iter().fold(text, |text, (en, es)| text.replace(en, es))
    };
    let in_spanish = rungs.iter().cloned().map(|mut rung| {
        rung.label = spanish(&rung.label);
        if let Kind::Datagram(_, fate, _) = &mut rung.kind {
            *fate = spanish(fate);
        }
        rung
    });
    let ladder = Ladder::default();
    let english = ladder.svg("client", "server", rungs);
    let in_spanish: Vec<_> = in_spanish.collect();
    let in_spanish = ladder.svg("cliente", "servidor", &in_spanish);
    for (ending, title, svg) in
        [("svg", title[0], english), ("es.svg", title[1], in_spanish)]
    {
        let (head, rest) = svg.split_once("<title>").unwrap();
        let (_, rest) = rest.split_once("</title>").unwrap();
        let svg = format!("{head}<title>{title}</title>{rest}");
        kept(&format!("{name}.{ending}"), &svg, difference);
    }
}

/// The echo's two datagrams, for the first page of all.
#[test]
fn echo_ladder() {
    let (_server, address) = server(Language::Rust, "udp-echo", &[]);
    let log = Arc::new(Mutex::new(Vec::new()));
    let (kept, began) = (Arc::clone(&log), Instant::now());
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let none = Shares::default();
    let link = BadLink::watched(any, address, none, none, 0, move |passing| {
        let Passing { direction: way, data, fate, leaves, .. } = *passing;
        if leaves {
            return;
        }
        let label = format!("\"{}\"", String::from_utf8_lossy(data));
        let rung = Rung::new(began.elapsed(), way, fate, label);
        kept.lock().unwrap().push(rung);
    });
    let port = link.as_ref().unwrap().address().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port];
    let ended = run(Language::Rust, "udp-echo", "client", &args);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    drop(link);
    let mut rungs = log.lock().unwrap().clone();
    let first = rungs[0].at;
    rungs.iter_mut().for_each(|rung| rung.at -= first);
    let english = "The echo: a datagram to the server, and one back";
    let spanish = "El eco: un datagrama hasta el servidor, y otro de vuelta";
    drawn("echo-ladder", [english, spanish], &rungs);
}

/// A machine that pauses makes a program send again what was not lost: then
/// the chat is held again.
#[test]
fn zchat_ladder() {
    let expected = [
        "HELLO",
        "HELLO",
        "TEXT #1, empty",
        "ACK #1",
        "TEXT #2 \"hola\", lost",
        "TEXT #2 \"hola\", try 1",
        "ACK #2, try 1, lost",
        "TEXT #2 \"hola\", try 2",
        "ACK #2, try 2",
        "TEXT #3 \"chau\", corrupted",
        "TEXT #3 \"chau\", try 1",
        "ACK #3, try 1",
        "BYE #4",
        "ACK #4",
    ];
    for _ in 0..20 {
        let (log, client, server) = chat();
        let went = |(_, _, frame, fate): &(_, _, Frame, Fate)| {
            chat_frame(frame) + &fate.words()
        };
        if log.iter().map(went).collect::<Vec<_>>() != expected {
            let text = ladder(&rungs(&log));
            let _ = writeln!(stderr(), "again:\n{text}");
            continue;
        }
        assert_eq!(server.stdout, "hola\nchau\n");
        let rungs = rungs(&log);
        let _ = writeln!(stderr(), "{}", ladder(&rungs));
        let english = "A chat over a bad link, frame by frame";
        let spanish = "Un chat por un enlace con pérdidas, trama por trama";
        drawn("zchat-ladder", [english, spanish], &rungs);
        let mut text = Terminal::default();
        let stats = |ended: &Ended| {
            let lines: Vec<_> = ended.stderr.lines().collect();
            lines[lines.len() - 3..].join("\n") + "\n"
        };
        let command = "cargo run -p zchat --bin";
        text.ran(&format!("{command} server -- --stats"), &stats(&server));
        text.other();
        let to = "client -- --port 3600 --stats";
        text.ran(&format!("{command} {to}"), &stats(&client));
        text.record("zchat-stats");
        return;
    }
    panic!("in 20 chats, no two frames were as they should be");
}

/// docs/material/zchat.pcap is the same chat on the loopback interface, as
/// tcpdump saw it: on both sides of the link.
#[test]
fn zchat_in_wireshark() {
    if output(Command::new("tshark").arg("-v")).is_err() {
        return skipped("there is no tshark");
    }
    let fields = "-T fields -e udp.srcport -e udp.dstport -e _ws.col.Info";
    let mut command = Command::new("tshark");
    command.args(["-X", "lua_script:crates/zchat/wireshark/zchat.lua"]);
    command.args(["-r", "docs/material/zchat.pcap"]);
    command.args(fields.split(' ')).current_dir(root());
    command.env("LC_ALL", "C.UTF-8");
    let ended = Program::start("tshark", command).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    recorded("zchat-wireshark", &ended.stdout);
}

// ---- what goes wrong

const WAITED: Duration = Duration::from_secs(2);

/// The slides' client, ended after a while, and two that notice.
#[test]
fn wrong_nobody() {
    if on_windows() {
        return;
    }
    let gone = socket().local_addr().unwrap().port().to_string();
    let to = ["--port", &gone];
    let client = start(Language::Rust, "udp-echo", "client", &to);
    let example = |name| {
        let to = to.map(str::to_string);
        thread::spawn(move || {
            let to: Vec<_> = to.iter().map(String::as_str).collect();
            run(Language::Rust, "examples", name, &to)
        })
    };
    let (timeout, connect) = (example("echo_timeout"), example("echo_connect"));
    let (by_itself, ended) = client.end_within(WAITED);
    assert!(!by_itself, "{ended:?}");
    let mut text = Terminal::default();
    text.ended("cargo run -p udp-echo --bin client", &ended);
    text.0 += "^C\n";
    let example = "cargo run -p examples --example";
    let timeout = timeout.join().unwrap();
    text.ended(&format!("{example} echo_timeout"), &timeout);
    let connect = connect.join().unwrap();
    text.ended(&format!("{example} echo_connect"), &connect);
    text.usual(gone.parse().unwrap(), 3500).record("wrong-nobody");
}

#[test]
fn wrong_port() {
    let (_server, address) = server(Language::Rust, "daytime-rfc867", &[]);
    let port = address.port().to_string();
    let asked =
        run(Language::Rust, "examples", "echo_timeout", &["--port", &port]);
    let mut text = Terminal::default();
    let command = "cargo run -p examples --example echo_timeout -- --port 3513";
    text.ended(command, &asked);
    recorded_as("wrong-port", &text.0, any_day);
}

#[test]
fn wrong_port_taken() {
    if on_windows() {
        return;
    }
    let (_server, address) = server(Language::Rust, "udp-echo", &[]);
    let port = address.port().to_string();
    let mut text = Terminal::default();
    for (language, command) in [
        (Language::Rust, "cargo run -p udp-echo --bin server"),
        (Language::Python, "python3 crates/udp-echo/python/server.py"),
    ] {
        let second = run(language, "udp-echo", "server", &["--port", &port]);
        assert_eq!(second.code, Some(1), "{second:?}");
        text.ended(command, &second);
    }
    text.record("wrong-port-taken");
}

/// Source port 0, by both servers; then the Python one's own address.
#[test]
fn wrong_source() {
    if !cfg!(target_os = "linux") {
        return skipped("recorded on Linux");
    }
    let mut text = Terminal::default();
    for (language, command) in [
        (Language::Python, "python3 crates/udp-echo/python/server.py"),
        (Language::Rust, "cargo run -p udp-echo --bin server"),
    ] {
        let (server, address) = server(language, "udp-echo", &[]);
        if let Err(e) = forge::send(0, address.port(), b"x") {
            return skipped(&format!("no raw socket: {e}"));
        }
        server.wait_for("Conexion desde: 127.0.0.1:0");
        let ended = match language {
            Language::Python => server.end(),
            Language::Rust => {
                server.wait_for("no answer to");
                server.stop()
            }
        };
        let Ended { stdout, stderr, .. } = ended;
        let (first, rest) = stderr.split_once('\n').unwrap();
        let mut one = Terminal::default();
        one.ran(command, &format!("{first}\n{stdout}{rest}"));
        text.0 += &one.usual(address.port(), 3500).0;
        if language == Language::Python {
            text.other();
        }
    }
    text.record("wrong-port-zero");

    let (server, address) = server(Language::Python, "udp-echo", &[]);
    forge::send(address.port(), address.port(), b"x").unwrap();
    let said = format!("Conexion desde: {address}\n");
    let lines = |stdout: &str| stdout.matches(&said).count();
    server.wait_until("a beginning", |out, _| (lines(out) > 0).then_some(()));
    let (began, before) = (Instant::now(), lines(&server.stdout()));
    let rounds = server.wait_until("a thousand rounds", |stdout, _| {
        let rounds = lines(stdout) - before;
        (rounds > 1000).then_some(rounds as f64)
    });
    let rate = rounds / began.elapsed().as_secs_f64();
    let mut text = Terminal::default();
    let shown = format!("listening on {address}\n{}...\n", said.repeat(3));
    text.ran("python3 crates/udp-echo/python/server.py", &shown);
    text.0 += &format!("(about {rate:.0} lines a second)\n");
    text.usual(address.port(), 3500).record("wrong-loop");
}

/// Two servers that answer each other, until one of them is ended.
#[test]
fn wrong_two_servers() {
    let [(one, a), (other, b)] =
        [(); 2].map(|()| server(Language::Python, "udp-echo", &[]));
    if let Err(e) = forge::send(a.port(), b.port(), b"x") {
        return skipped(&format!("no raw socket: {e}"));
    }
    for (server, peer) in [(&one, b), (&other, a)] {
        let said = format!("Conexion desde: {peer}\n");
        server.wait_until("a hundred rounds", |stdout, _| {
            (stdout.matches(&said).count() > 100).then_some(())
        });
    }
}

#[test]
fn wrong_truncated() {
    if on_windows() {
        return;
    }
    let ended = run(Language::Rust, "examples", "truncation", &[]);
    let mut text = Terminal::default();
    text.ended("cargo run -p examples --example truncation", &ended);
    text.record("wrong-truncated");
}

const EMPTY: &str = "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
print(s.sendto(b'', ('127.0.0.1', 3500)), 'bytes sent')
s.recv(1024)
";

#[test]
fn wrong_empty() {
    let (server, address) = server(Language::Rust, "udp-echo", &[]);
    let ended = script("what-goes-wrong", EMPTY, (3500, address.port()));
    let said = server.wait_for("Conexion desde");
    let mut text = Terminal::default();
    let listening = format!("listening on {address}\n{said}\n");
    text.ran("cargo run -p udp-echo --bin server", &listening);
    text.other();
    // Its last line; the name of the exception has changed in Python 3.10.
    let last = ended.stderr.lines().last().unwrap_or_default();
    let last = last.replace("socket.timeout", "TimeoutError");
    text.ran("python3 -c ...", &format!("{}{last}\n", ended.stdout));
    text.usual(address.port(), 3500).record("wrong-empty");
}

const NAMES: &str = "
import socket
for found in socket.getaddrinfo('localhost', 3500, type=socket.SOCK_DGRAM):
    print(found[4][0])
";

/// A server at ::1, a client that asks 127.0.0.1; the port is the same.
#[test]
fn wrong_localhost() {
    let ended = script("what-goes-wrong", NAMES, (3500, 3500));
    assert!(ended.stdout.contains("127.0.0.1"), "{ended:?}");
    if UdpSocket::bind(("::1", 0)).is_err() {
        return skipped("no IPv6 here");
    }
    let six = ["--host", "::1"];
    if on_windows() {
        return;
    }
    let (server, address) = server(Language::Rust, "rtt-rfc2681", &six);
    let port = address.port().to_string();
    let measure = "--count 3 --timeout 0.5 --quiet";
    let args: Vec<_> = measure.split(' ').chain(["--port", &port]).collect();
    let ended = run(Language::Rust, "rtt-rfc2681", "client", &args);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let mut text = Terminal::default();
    let command = "cargo run -p rtt-rfc2681 --bin";
    text.ran(&format!("{command} server -- --host ::1"), &server.stderr());
    text.other();
    text.ran(&format!("{command} client -- {measure}"), &ended.stderr);
    text.usual(address.port(), 3501).record("wrong-localhost");
}

/// The server of exercise 03: somebody sends, and then a stranger does.
#[test]
fn wrong_whole_buffer() {
    let s = socket();
    let server = s.local_addr().unwrap();
    thread::spawn(move || leaky::serve(&s));
    let mut text = String::new();
    for (who, data) in
        [("somebody", "password is hunter2"), ("a stranger", "hola")]
    {
        let (s, mut buffer) = (socket(), [0; 2000]);
        s.send_to(data.as_bytes(), server).unwrap();
        let (n, _) = s.hear(&mut buffer).unwrap();
        let back = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let back = back.trim_end_matches('\0');
        text += &format!("{who} sends {data:?}\n");
        text += &format!("  {n} bytes come back: {back:?}, and zeros\n");
    }
    assert!(text.contains("\"holaword is hunter2\""), "{text}");
    let _ = writeln!(stderr(), "== wrong-whole-buffer\n{text}");
    recorded("wrong-whole-buffer", &text);
}

const STRANGER: &str = "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'I am the server', ('127.0.0.1', 40000))
";

#[test]
fn wrong_stranger() {
    let silent = socket();
    let to = ["--port", &port(&silent)];
    let client = start(Language::Rust, "udp-echo", "client", &to);
    let (_, asks) = silent.hear(&mut [0; 100]).unwrap();
    script("what-goes-wrong", STRANGER, (40000, asks.port()));
    let mut text = Terminal::default();
    text.ended("cargo run -p udp-echo --bin client", &client.end());
    text.record("wrong-stranger");
}

/// A firewall that drops: a link that loses everything.
#[test]
fn wrong_firewall() {
    let (_server, address) = server(Language::Rust, "udp-echo", &[]);
    let to = address.port().to_string();
    let args = ["--port=0", "--to-port", &to, "--lose=100", "--log"];
    let link = start(Language::Rust, "examples", "noisy_link", &args);
    let port = link.address().port();
    let args = ["--port", &port.to_string()];
    let ended = run(Language::Rust, "examples", "echo_timeout", &args);
    link.wait_for("there: 24 bytes, lost");
    let mut text = Terminal::default();
    let example = "cargo run -p examples --example";
    let said = link.stderr();
    let said = said.lines().filter(|line| !line.starts_with("so far"));
    let said: String = said.map(|line| format!("{line}\n")).collect();
    text.ran(&format!("{example} noisy_link -- --lose 100 --log"), &said);
    text.other();
    text.ended(&format!("{example} echo_timeout -- --port 3600"), &ended);
    text.usual(port, 3600).record("wrong-firewall");
}

/// Who has the port?
#[test]
fn wrong_forgotten() {
    let (_server, address) = server(Language::Rust, "udp-echo", &[]);
    let mut ss = Command::new("ss");
    ss.args(["-Hlunp", &format!("sport = :{}", address.port())]);
    let Ok(said) = output(&mut ss) else {
        return skipped("there is no ss");
    };
    // The tests' copy of the program has a name of its own.
    let said = String::from_utf8(said.stdout).unwrap();
    let said = said.replace("udp-echo-server", "server");
    let words: Vec<_> = said.split_whitespace().collect();
    let mut text = Terminal::default();
    text.ran("ss -Hlunp 'sport = :3500'", &(words.join(" ") + "\n"));
    text.usual(address.port(), 3500).record("wrong-forgotten");
}

// ---- performance

#[test]
fn performance_load() {
    let (_server, address) = server(Language::Rust, "udp-echo", &[]);
    let port = address.port().to_string();
    let args = ["--port", &port, "--seconds", "1", "--json"];
    let ended = run(Language::Rust, "examples", "echo_load", &args);
    let mut text = Terminal::default();
    let command =
        "cargo run -p examples --example echo_load -- --seconds 1 --json";
    text.ended(command, &ended);
    text.record("performance-load");
}

/// Where a server spends its time under load: microseconds for each request,
/// in the program and in the kernel (proc(5): utime and stime).
#[test]
fn performance_time() {
    if !cfg!(target_os = "linux") {
        return skipped("recorded on Linux");
    }
    let mut text = format!("{:8} in the program  in the kernel\n", "");
    for language in Language::BOTH {
        let (server, address) = server(language, "udp-echo", &[]);
        let port = address.port().to_string();
        let args = ["--port", &port, "--seconds", "2", "--json"];
        let ended = run(Language::Rust, "examples", "echo_load", &args);
        let load: serde_json::Value =
            serde_json::from_str(&ended.stdout).unwrap();
        let stat = format!("/proc/{}/stat", server.id());
        let stat = fs::read_to_string(stat).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap(); // From the third.
        let spent = |field: usize| {
            let ticks = fields.split(' ').nth(field - 3).unwrap();
            let ticks: f64 = ticks.parse().unwrap(); // 10,000 us each.
            ticks * 10_000.0 / load["sent"].as_f64().unwrap()
        };
        let name = format!("{language:?}");
        let [user, system] = [14, 15].map(spent);
        text += &format!("{name:8} {user:11.1} us {system:11.1} us\n");
    }
    let _ = writeln!(stderr(), "== performance-time\n{text}");
    recorded("performance-time", &text);
}

/// After two echoes, what has come through a pipe? Both servers still run.
#[test]
fn performance_flush() {
    let mut text = Terminal::default();
    for (language, shown) in [
        (Language::Rust, "cargo run -p udp-echo --bin server"),
        (Language::Python, "python3 crates/udp-echo/python/server.py"),
    ] {
        let mut server = command(language, "udp-echo", "server");
        server.args(["--port", "0"]).env_remove("PYTHONUNBUFFERED");
        let server = Program::start("server", server);
        let address = server.address();
        let s = socket();
        for _ in 0..2 {
            s.send_to(b"hola", address).unwrap();
            s.hear(&mut [0; 10]).unwrap();
        }
        if language == Language::Rust {
            server.wait_until("both lines", |stdout, _| {
                (stdout.lines().count() == 2).then_some(())
            });
        }
        let said = server.stderr() + &server.stdout();
        text.ran(&format!("{shown} | cat"), &said);
        text = text.usual(address.port(), 3500);
        if language == Language::Rust {
            text.other();
        }
    }
    text.record("performance-flush");
}

// ---- tasks

/// What the judge says of the page's ten lines: its first lines, and its last.
#[test]
fn tasks_start() {
    for language in LANGUAGES {
        let start = root().join("docs/material/start.py");
        let mut judge = Command::new(binary("probe", "probe"));
        let program = python().get_program().to_os_string();
        judge.args(["echo", "--"]).arg(program).arg(start).arg("{port}");
        judge.env("TALLER_LANG", language);
        let ended = Program::start("the judge", judge).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let lines: Vec<_> = ended.stdout.lines().collect();
        let failed = lines.iter().position(|line| line.starts_with("FA"));
        let first = lines[failed.unwrap()..][..2].join("\n");
        let last = lines[lines.len() - 1];
        let command = "cargo taller probe echo -- python3 start.py {port}";
        let text = format!("$ {command}\n{first}\n...\n{last}\n");
        recorded(&format!("tasks-start-{language}"), &text);
    }
}

/// The ten lines in Rust do the same.
#[test]
fn tasks_start_in_rust() {
    let program = env::temp_dir().join(format!("start-{}", id()));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-o"]).arg(&program);
    rustc.arg(root().join("docs/material/start.rs"));
    let ended = output(&mut rustc).unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    let mut judge = Command::new(binary("probe", "probe"));
    judge.args(["echo", "--"]).arg(&program).arg("{port}");
    let ended = Program::start("the judge", judge).end();
    fs::remove_file(program).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("exit status: 0"), "{ended:?}");
}
