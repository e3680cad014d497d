//! daytime-rfc867: the line, in both languages; every pairing of server and
//! client; what no request may do to the server, no answer to the client. What
//! any daytime promises, the judge on the wire knows (`crates/probe`).

mod peers;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use checks::{
    Hear, Language, Random, forge, lines, python, root, skipped, socket, start,
};
use common::ports;
use daytime::{FORMATS, line};
use testbed::{Ended, PATIENCE, Program, close, free_port};
use time::{Date, Month, OffsetDateTime, UtcOffset};

const PACKAGE: &str = "daytime-rfc867";

/// For a client that is to be answered, on however slow a machine.
const PATIENT: [&str; 2] = ["--timeout", "60"];

fn server(language: Language, args: &[&str]) -> Program {
    checks::server(language, PACKAGE, args)
}

fn client(language: Language, to: SocketAddr, args: &[&str]) -> Program {
    checks::client(language, PACKAGE, to, args)
}

/// Sends `data` to `server` and gives what comes back.
fn answer(s: &UdpSocket, data: &[u8], server: SocketAddr) -> String {
    s.send_to(data, server).unwrap();
    let mut buffer = vec![0; 65_536];
    let (n, from) = s.hear(&mut buffer).expect("no answer");
    assert_eq!(from, server);
    String::from_utf8(buffer[..n].to_vec()).expect("ASCII")
}

/// The moments from now on; [`Since::has`] what was written since then.
struct Since(OffsetDateTime);

impl Since {
    fn now() -> Since {
        Since(OffsetDateTime::now_utc())
    }

    /// Whether one of the seconds until now is written so.
    fn has(&self, written: &str, offset: UtcOffset, format: &str) -> bool {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        (self.0.unix_timestamp()..=now).any(|second| {
            let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let format = format.parse().unwrap();
            let line = line(time.to_offset(offset), format).unwrap();
            line == written
        })
    }
}

/// Instants from 1970 to 9999, in seconds, each with an offset in seconds.
fn instants() -> Vec<(i64, i32)> {
    use Month::{December, February, January, March, September};
    // The beginning of a day, if there is such a day.
    let begins = |year, month, day| {
        let date = Date::from_calendar_date(year, month, day).ok()?;
        Some(date.midnight().assume_utc().unix_timestamp())
    };
    let (end, mut seconds) = (86_399, Vec::new());
    let days = [
        (January, 1),
        (February, 28),
        (March, 1),
        (September, 9),
        (December, 31),
    ];
    for year in (1970..=9999).step_by(13) {
        for (month, day) in days {
            let begin = begins(year, month, day).unwrap();
            seconds.extend([begin, begin + end]);
        }
        seconds.extend(begins(year, February, 29));
    }
    let last = begins(9999, December, 31).unwrap() + end;
    let mut random = Random(867);
    seconds.extend((0..6000).map(|_| (random.fraction() * last as f64) as i64));
    // Hours, half and quarter hours, minutes, seconds; Kiribati, Marquesas.
    let offsets = [
        0, 3600, -10800, 19800, -12600, 20700, 50400, -43200, -34200, -1800,
        1800, 60, -60, -1, 1, 86_340, -86_340, 1172, -13_612,
    ];
    let offsets = offsets.iter().cycle();
    let with = seconds.into_iter().zip(offsets).map(|(second, &offset)| {
        let stays = (0..=last).contains(&(second + i64::from(offset)));
        (second, if stays { offset } else { 0 })
    });
    with.collect()
}

#[test]
fn both_languages_write_the_same_lines_for_ten_thousand_instants() {
    let instants = instants();
    assert!(instants.len() >= 10_000, "{}", instants.len());
    // In parts: a busy machine needs more than a minute for all of them.
    instants.chunks(1000).for_each(both_write_the_same);
}

fn both_write_the_same(instants: &[(i64, i32)]) {
    let mut python = python();
    python.current_dir(root().join("crates").join(PACKAGE).join("python"));
    let script = "\
import sys
from datetime import datetime, timedelta, timezone
from daytime import FORMATS, line
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
for pair in sys.stdin.read().split():
    second, offset = map(int, pair.split(','))
    zone = timezone(timedelta(seconds=offset))
    time = (epoch + timedelta(seconds=second)).astimezone(zone)
    print(*(repr(line(time, format)) for format in FORMATS), sep='|')
";
    python.args(["-c", script]);
    let mut python = Program::start("python", python);
    let pairs = instants.iter().map(|(s, offset)| format!("{s},{offset}\n"));
    python.write(pairs.collect::<String>().as_bytes());
    let ended = python.end();
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.stdout.lines().count(), instants.len());
    for (&(second, offset), written) in
        instants.iter().zip(ended.stdout.lines())
    {
        let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
        let offset = UtcOffset::from_whole_seconds(offset).unwrap();
        let ours = FORMATS.map(|format| {
            let format = format.parse().unwrap();
            let line = line(time.to_offset(offset), format).unwrap();
            let plain = |b: u8| (32..127).contains(&b);
            let text = line.strip_suffix("\r\n").expect("CR and LF");
            assert!(text.bytes().all(plain), "{line:?}");
            format!("'{text}\\r\\n'")
        });
        assert_eq!(ours.join("|"), written, "{second}, {offset}");
    }
}

#[test]
fn all_four_pairings_in_all_formats() {
    for speaker in Language::BOTH {
        for listener in Language::BOTH {
            for format in FORMATS {
                let server = server(listener, &["--format", format]);
                let since = Since::now();
                let ended = client(speaker, server.address(), &PATIENT).end();
                let about = format!("{speaker:?} {listener:?}: {ended:?}");
                assert_eq!(ended.code, Some(0), "{about}");
                assert_eq!(ended.stderr, "", "{about}");
                let said = lines(&ended.stdout).replace('\n', "\r\n");
                assert!(since.has(&said, UtcOffset::UTC, format), "{about}");

                let called = server.wait_for("Conexion desde: ");
                assert!(called.starts_with("Conexion desde: 127.0.0.1:"));
                let listening = format!("listening on {}\n", server.address());
                let ended = server.stop();
                assert_eq!(lines(&ended.stdout), format!("{called}\n"));
                assert_eq!(lines(&ended.stderr), listening);
            }
        }
    }
}

#[test]
fn the_defaults_are_port_3513_and_the_format_with_a_weekday() {
    let Ok(s) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 3513)) else {
        return skipped("another program uses port 3513");
    };
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    for language in Language::BOTH {
        let client = start(language, PACKAGE, "client", &[]);
        let mut buffer = [0; 1024];
        let (n, from) = s.hear(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"");
        s.send_to(b"hola", from).unwrap();
        assert_eq!(lines(&client.end().stdout), "hola\n");
    }
    close(s);
    for language in Language::BOTH {
        let server = start(language, PACKAGE, "server", &[]);
        assert_eq!(server.address(), "127.0.0.1:3513".parse().unwrap());
        let since = Since::now();
        let said = answer(&socket(), b"", server.address());
        assert!(since.has(&said, UtcOffset::UTC, "weekday"), "{said:?}");
    }
}

/// Forged requests whose answers would go to a server, or to nobody.
#[test]
fn servers_and_nobody_get_no_answer_from_the_rust_server() {
    let server = server(Language::Rust, &[]);
    let own = server.address();
    let others = [0, 7, 13, 1023, own.port()];
    for source in ports::ALL.into_iter().chain(others) {
        if let Err(e) = forge(source, own.port(), b"") {
            return skipped(&format!("no raw socket: {e}"));
        }
        let why =
            ["that is a server's", "nobody can be"][usize::from(source == 0)];
        let no = format!("no answer to 127.0.0.1:{source}: {why}");
        server.wait_for(&no);
        assert!(answer(&socket(), b"", own).ends_with("-UTC\r\n"));
    }
    // Had an answer reached the server itself, it would have said so again.
    let calls = server.stop().stdout;
    assert_eq!(calls.matches(&format!("desde: {own}\n")).count(), 1);
}

/// The weaknesses of the plain loop, as in udp-echo.
#[test]
fn port_0_ends_the_python_server_and_its_own_address_loops_it() {
    let nobody = server(Language::Python, &[]);
    let own = server(Language::Python, &[]);
    let address = own.address();
    if let Err(e) = forge(0, nobody.address().port(), b"") {
        return skipped(&format!("no raw socket: {e}"));
    }
    let ended = nobody.end();
    assert_eq!(ended.code, Some(1));
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("OSError: [Errno "), "{last}");

    forge(address.port(), address.port(), b"").unwrap();
    let said = format!("Conexion desde: {address}\n");
    own.wait_until("a thousand rounds", |stdout, _| {
        (stdout.matches(&said).count() > 1000).then_some(())
    });
}

#[cfg(unix)] // Windows has no TZ: its zone is a setting of the machine.
#[test]
fn the_machine_s_zone() {
    let zones = std::path::Path::new("/usr/share/zoneinfo/Asia/Kolkata");
    if !zones.exists() {
        return skipped("this machine knows no zones: tzdata");
    }
    for (zone, hours, minutes, seconds) in [
        ("America/Argentina/Buenos_Aires", -3, 0, 0),
        ("Asia/Kolkata", 5, 30, 0),
        ("Asia/Kathmandu", 5, 45, 0),
        ("UTC", 0, 0, 0),
        ("Nowhere/Land", 0, 0, 0), // The system takes it for UTC.
        ("<-0030>0:30", 0, -30, 0),
        ("<odd>-1:02:03", 1, 2, 3),
    ] {
        for language in Language::BOTH {
            for format in FORMATS {
                let mut command = checks::command(language, PACKAGE, "server");
                command.args(["--port", "0", "--local", "--format", format]);
                let server = Program::start(zone, {
                    command.env("TZ", zone);
                    command
                });
                let since = Since::now();
                let said = answer(&socket(), b"", server.address());
                let offset =
                    UtcOffset::from_hms(hours, minutes, seconds).unwrap();
                let right = since.has(&said, offset, format);
                assert!(right, "{language:?} {zone} {format}: {said:?}");
            }
        }
    }
}

/// A zone file (RFC 8536) that says 27 hours, which no zone has.
#[cfg(target_os = "linux")]
#[test]
fn a_zone_that_cannot_be_known_ends_the_server_before_it_listens() {
    let mut file = b"TZif".to_vec();
    file.extend([0; 16]);
    file.extend([0_u32, 0, 0, 0, 1, 2].map(u32::to_be_bytes).concat());
    file.extend((27 * 3600_u32).to_be_bytes());
    file.extend(*b"\0\0x\0");
    let name = format!("daytime-zone-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, file).unwrap();
    for language in Language::BOTH {
        let mut command = checks::command(language, PACKAGE, "server");
        command.args(["--port", "0", "--local"]).env("TZ", &path);
        let ended = Program::start("a server without a zone", command).end();
        assert_eq!(ended.code, Some(1), "{language:?}: {ended:?}");
        let words = match language {
            Language::Rust => "Error: The system's UTC offset could not be ",
            Language::Python => "ValueError: offset must be ",
        };
        assert!(ended.stderr.starts_with(words), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
    std::fs::remove_file(path).unwrap();
}

/// Whatever this machine's zone is, both know the same.
#[test]
fn both_languages_find_the_same_zone() {
    let servers = Language::BOTH.map(|language| server(language, &["--local"]));
    let zone = |server: &Program| {
        let said = answer(&socket(), b"", server.address());
        let clock = said.rfind(':').and_then(|_| said.split(' ').next_back());
        clock.map(|clock| clock[8..].to_string()).unwrap() // After hh:mm:ss.
    };
    assert_eq!(zone(&servers[0]), zone(&servers[1]));
}

/// What a client says when its only answer is `data`.
fn told(language: Language, data: &[u8]) -> String {
    let ended = answered(language, data);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    lines(&ended.stdout)
}

/// How the client ends that gets `data` for an answer.
fn answered(language: Language, data: &[u8]) -> Ended {
    let s = socket();
    let client = client(language, s.local_addr().unwrap(), &PATIENT);
    let (n, from) = s.hear(&mut [0; 1024]).unwrap();
    assert_eq!(n, 0, "the request is empty");
    s.send_to(data, from).unwrap();
    client.end()
}

#[test]
fn an_empty_answer_is_said_to_be_empty() {
    for language in Language::BOTH {
        for data in [&b""[..], b"\r\n", b" \t\r\n"] {
            let ended = answered(language, data);
            let words = lines(&ended.stderr);
            assert_eq!(words, "Error: the answer is empty\n", "{language:?}");
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        }
    }
}

#[test]
fn strange_answers_are_printed_as_one_harmless_line() {
    // macOS sends no more than 9,216 bytes by default.
    let long = if cfg!(target_os = "macos") { 9000 } else { 60_000 };
    let long = vec![b'x'; long];
    let all: Vec<u8> = (0..=255).collect();
    for (data, printed) in [
        (&b"now\r\n"[..], "now"),
        (b"no line end", "no line end"),
        (b"\n61366 26-11-22 UTC(NIST) * \n", "61366 26-11-22 UTC(NIST) *"),
        (b"one\r\ntwo\r\n", "one??two"),
        (b"\x1b[2J\x1b]0;title\x07now\r\n", "?[2J?]0;title?now"),
        (b"\xc2\x9b31mred\r\n", "?31mred"),
        (b"\0now\x0b\x7f\r\n\0", "?now?????"),
        (&long, &String::from_utf8_lossy(&long)),
        ("medianoche, año 2026\r\n".as_bytes(), "medianoche, año 2026"),
        ("\u{202e}a\u{2028}b\u{61c}c".as_bytes(), "?a?b?c"),
        (b"\xff\xc3(\xf0\x9f\x98", "\u{fffd}\u{fffd}(\u{fffd}"),
        (&all, ""),
    ] {
        let mut both = Vec::new();
        for language in Language::BOTH {
            if language == Language::Python && cfg!(windows) && !data.is_ascii()
            {
                continue; // Into a pipe: its code page may have no U+FFFD.
            }
            both.push(told(language, data));
            let line = format!("{printed}\n");
            let right = data == all || both.last() == Some(&line);
            assert!(right, "{language:?} {data:?}: {both:?}");
        }
        assert!(both.iter().all(|one| *one == both[0]), "{both:?}");
        let unsafe_to_print = |c: char| c.is_control() && c != '\n';
        assert!(!both[0].contains(unsafe_to_print), "{both:?}");
        assert_eq!(both[0].lines().count(), 1);
    }
}

#[test]
fn silence_is_said_at_each_try_and_at_the_end() {
    for language in Language::BOTH {
        let s = socket();
        let address = s.local_addr().unwrap();
        let args = ["--timeout", "1", "--tries", "2"];
        let ended = client(language, address, &args).end();
        let tries = "try 1: no answer\ntry 2: no answer\n";
        let words = format!("{tries}Error: no answer from {address}\n");
        assert_eq!(lines(&ended.stderr), words, "{language:?}");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        // It asked twice, from one port.
        let first = s.hear(&mut [0; 10]).unwrap();
        assert_eq!(first, s.hear(&mut [0; 10]).unwrap());
        s.set_nonblocking(true).unwrap();
        assert!(s.hear(&mut [0; 10]).is_err());
    }
}

#[test]
fn an_answer_that_is_late_is_an_answer() {
    for language in Language::BOTH {
        let s = socket();
        let args = ["--timeout", "1", "--tries", "100"];
        let client = client(language, s.local_addr().unwrap(), &args);
        s.hear(&mut [0; 10]).unwrap();
        client.wait_for("try 1: no answer");
        let (_, from) = s.hear(&mut [0; 10]).unwrap();
        s.send_to(b"at last\r\n", from).unwrap();
        let ended = client.end();
        assert_eq!(lines(&ended.stdout), "at last\n", "{language:?}");
        assert!(ended.stderr.starts_with("try 1: no answer"));
        assert_eq!(ended.code, Some(0));
    }
}

/// Linux ends a wait that has a limit when a stopped program goes on.
#[cfg(unix)]
#[test]
fn a_client_that_is_stopped_goes_on() {
    for language in Language::BOTH {
        let s = socket();
        let args = ["--timeout", "1", "--tries", "100"];
        let client = client(language, s.local_addr().unwrap(), &args);
        s.hear(&mut [0; 10]).unwrap();
        for signal in ["STOP", "CONT"] {
            client.signal(signal);
        }
        let (_, from) = s.hear(&mut [0; 10]).unwrap();
        s.send_to(b"at last\r\n", from).unwrap();
        let ended = client.end();
        assert_eq!(lines(&ended.stdout), "at last\n", "{language:?}");
        assert_eq!(ended.code, Some(0));
    }
}

#[test]
fn a_stranger_s_datagram_is_no_answer() {
    for language in Language::BOTH {
        let (s, stranger) = (socket(), socket());
        let address = s.local_addr().unwrap();
        let client = client(language, address, &PATIENT);
        let (_, from) = s.hear(&mut [0; 10]).unwrap();
        for _ in 0..10 {
            // The system refuses it: so the stranger may hear of it.
            let _ = stranger.send_to(b"never\r\n", from);
        }
        s.send_to(b"the server's\r\n", from).unwrap();
        let ended = client.end();
        assert_eq!(lines(&ended.stdout), "the server's\n", "{language:?}");
    }
}

#[test]
fn nobody_listens_and_that_is_told_at_once() {
    for language in Language::BOTH {
        let gone = socket();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let args: &[&str] =
            if cfg!(windows) { &["--timeout", "1"] } else { &[] };
        let ended = client(language, address, args).end();
        let nobody = format!("Error: nobody listens on {address}\n");
        // Wine does not report it at once, as Windows does.
        let wine = cfg!(windows) && ended.stderr.starts_with("try 1: ");
        assert!(wine || lines(&ended.stderr) == nobody, "{ended:?}");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    }
}

#[cfg(unix)] // Wine does not report what Windows does.
#[test]
fn a_server_that_ends_between_two_tries() {
    for language in Language::BOTH {
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
        s.set_read_timeout(Some(PATIENCE)).unwrap();
        let address = s.local_addr().unwrap();
        let args = ["--timeout", "1", "--tries", "50"];
        let client = client(language, address, &args);
        s.hear(&mut [0; 10]).unwrap();
        close(s); // It has taken the first request, and will not answer.
        let ended = client.end();
        let nobody = format!("Error: nobody listens on {address}\n");
        let (tries, end) = ended
            .stderr
            .split_at(ended.stderr.len().saturating_sub(nobody.len()));
        assert!(tries.starts_with("try 1: no answer\n"), "{ended:?}");
        assert_eq!(end, nobody);
        assert_eq!(ended.code, Some(1), "{language:?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_in_a_sentence() {
    let s = socket();
    for (option, value) in [
        ("--timeout", "0"),
        ("--tries", "0"),
        ("--timeout", "-1"),
        ("--tries", "-7"),
        ("--timeout", "99999999999999999999"),
    ] {
        for language in Language::BOTH {
            let args = [&format!("{option}={value}")[..]];
            let address = s.local_addr().unwrap();
            let ended = client(language, address, &args).end();
            let about = format!("{language:?} {args:?}: {ended:?}");
            assert_eq!(ended.stdout, "", "{about}");
            let words = ended.stderr.trim_end();
            let ours = "Error: --timeout and --tries start at 1";
            match (language, value) {
                (_, "0") => assert_eq!(words, ours),
                (Language::Python, small) if small.starts_with('-') => {
                    assert_eq!(words, ours);
                }
                (Language::Python, _) => {
                    assert!(words.starts_with("OverflowError: "), "{about}");
                }
                (Language::Rust, _) => {
                    assert_eq!(ended.code, Some(2), "{about}");
                    assert!(words.contains("\nError: --t"), "{about}");
                    continue;
                }
            }
            assert_eq!(ended.code, Some(1), "{about}");
            assert_eq!(words.lines().count(), 1, "{about}");
        }
    }
}
