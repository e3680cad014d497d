//! The runs that what-goes-wrong, performance and tasks show.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::net::UdpSocket;
use std::process::{Command, id};
use std::thread;
use std::time::{Duration, Instant};

use checks::book::{LANGUAGES, recorded, recorded_as};
use checks::{
    Hear, Language, binary, command, forge, python, root, skipped, socket,
    start,
};
use testbed::{Ended, Program, output};

use crate::leaky;
use crate::*;

// ---- what goes wrong

const WAITED: Duration = Duration::from_secs(2);

/// The echo's servers, and how a reader starts them.
const SERVERS: [(Language, &str); 2] = [
    (Language::Rust, "cargo run -p udp-echo --bin server"),
    (Language::Python, "python3 crates/udp-echo/python/server.py"),
];

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
    for (language, command) in SERVERS {
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
    for (language, command) in SERVERS.into_iter().rev() {
        let (server, address) = server(language, "udp-echo", &[]);
        if let Err(e) = forge(0, address.port(), b"x") {
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
    forge(address.port(), address.port(), b"x").unwrap();
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
    if let Err(e) = forge(a.port(), b.port(), b"x") {
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
    for (language, shown) in SERVERS {
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

/// What the judge says of an echo server in which it finds a fault.
fn judged(server: &Command, language: &str) -> Ended {
    let mut judge = Command::new(binary("probe", "probe"));
    judge.args(["echo", "--"]).arg(server.get_program());
    judge.args(server.get_args()).arg("{port}");
    judge.env("TALLER_LANG", language);
    let ended = Program::start("the judge", judge).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended
}

/// What the judge says of the page's ten lines: its first lines, and its last.
#[test]
fn tasks_start() {
    for language in LANGUAGES {
        let mut server = python();
        server.arg(root().join("docs/material/start.py"));
        let ended = judged(&server, language);
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
    let ended = judged(&Command::new(&program), "en");
    fs::remove_file(program).unwrap();
    assert!(ended.stdout.contains("(status 0)"), "{ended:?}");
}
