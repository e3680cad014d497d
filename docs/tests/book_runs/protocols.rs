//! The runs that the pages of daytime, rtt and zchat show.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, id};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use badlink::ladder::{Kind, Ladder, Rung};
use badlink::{BadLink, Direction, Fate, Passing, Shares};
use checks::book::{difference, kept, recorded, recorded_as};
use checks::{Language, command, root, skipped, socket, start};
use examples::meaning::chat_frame;
use rtt_rfc2681::schedule;
use testbed::{Ended, Program, free_port, output};
use zchat::frame::Frame;

use crate::*;

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

/// Bars, an honest sample's one chance in twenty, and from which percentile on
/// too much was lost, or late on a busy machine, are no difference.
fn any_sample(text: &str) -> String {
    let bars = "█▏▎▍▌▋▊▉";
    let text = text.replace("not Poisson", "Poisson");
    let text = text.replace("user-space", "kernel-space");
    let text = text.replace(": undefined", ": 0.0 ms");
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
    let args = ["--host", "127.0.0.1", "--port", &port];
    let args = [&args[..], &["--window", "1", "--stats"]].concat();
    let mut client = start(Language::Rust, "zchat", "client", &args);
    client.write(b"hola\n");
    server.wait_for("hola"); // Else both lines would be one message.
    client.write(b"chau\n");
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
const SPANISH: [(&str, &str); 5] = [
    ("empty", "vacío"),
    ("shown up to", "visto hasta"),
    ("try", "intento"),
    ("lost", "perdida"),
    ("corrupted", "dañada"),
];

/// The rungs as the pictures NAME.svg and NAME.es.svg of the book; times may
/// differ.
pub fn drawn(name: &str, title: [&str; 2], rungs: &[Rung]) {
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
        let to = "client -- --port 3600 --window 1 --stats";
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
