//! The command line of every program, and the errors that are not its own
//! fault: exit status and words.

use std::net::{Ipv4Addr, UdpSocket};

use checks::{Language, explained, start};
use testbed::Ended;

/// The programs, and how their usage goes on.
const PROGRAMS: [(&str, &str, &str); 6] = [
    ("udp-echo", "server", "[--host localhost] [--port 3500]"),
    ("udp-echo", "client", "[--host localhost] [--port 3500]"),
    (
        "daytime-rfc867",
        "server",
        "[--host localhost] [--port 3513] [--format weekday|smtp|ctime] \
         [--local]",
    ),
    (
        "daytime-rfc867",
        "client",
        "[--host localhost] [--port 3513] [--timeout 5] [--tries 3]",
    ),
    ("rtt-rfc2681", "server", "[--host localhost] [--port 3501]"),
    (
        "rtt-rfc2681",
        "client",
        "[--host localhost] [--port 3501] [--count 100] [--interval 0.1] \
         [--periodic] [--timeout 3] [--size 44] [--under MS] [--calibrate] \
         [--quiet] [--json FILE] [--svg FILE] [HOST]",
    ),
];

/// Programs with more options, which have tests of their own: the help is as
/// it is everywhere.
const OTHERS: [(&str, &str, &str); 2] = [
    (
        "zchat",
        "server",
        "[--host localhost] [--port 3502] [--window 16] [--stats]",
    ),
    (
        "zchat",
        "client",
        "[--host localhost] [--port 3502] [--window 16] [--stats] [ADDRESS]",
    ),
];

fn run(
    language: Language,
    (package, name, _): (&str, &str, &str),
    args: &[&str],
) -> Ended {
    start(language, package, name, args).end()
}

#[test]
fn help_is_on_stdout_with_status_0() {
    for program in PROGRAMS.into_iter().chain(OTHERS) {
        let (_, name, usage) = program;
        for help in ["--help", "-h"] {
            let ended = run(Language::Rust, program, &[help]);
            let start = format!("usage: {}-{name} [--help] ", program.0);
            let expected = format!("{start}{usage}\n\n");
            assert!(ended.stdout.starts_with(&expected), "{ended:?}");
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            let rust = explained(&ended.stdout);
            assert_eq!(rust.0, "", "{program:?}");

            let ended = run(Language::Python, program, &[help]);
            assert!(ended.stdout.starts_with("usage: "), "{ended:?}");
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            // Rust's client has three options more.
            for line in rust.1.lines() {
                let more = ["--calibrate", "--json", "--svg"];
                let more = more.iter().any(|name| line.starts_with(name));
                let told = ended.stdout.contains(line);
                assert!(told != more, "{program:?}: {line}");
            }
        }
    }
}

/// Both parsers refuse the same command lines, each in its own words.
#[test]
fn what_is_not_understood_ends_with_the_usage_line_and_status_2() {
    for program in PROGRAMS {
        let (_, name, _) = program;
        for (args, word) in [
            (&["--prot", "1"][..], "--prot"),
            (&["--por", "1"], "--por"), // No abbreviations.
            (&["--port", "abc"], "--port"),
            (&["--port", "1.5"], "--port"),
            (&["--port"], "--port"),
            (&["--port", ""], "--port"),
            (&["3500"], "3500"),
            (&["--host", "localhost", "extra"], "extra"),
        ] {
            let host = ["3500", "extra"].contains(&word);
            if host && (program.0, name) == ("rtt-rfc2681", "client") {
                continue; // It takes a host without a name before it.
            }
            for language in Language::BOTH {
                let ended = run(language, program, args);
                let about = format!("{language:?} {program:?} {args:?}");
                assert_eq!(ended.code, Some(2), "{about}: {ended:?}");
                assert_eq!(ended.stdout, "", "{about}");
                let text = &ended.stderr;
                assert!(text.starts_with("usage: "), "{about}: {text}");
                let last = text.lines().last().unwrap_or_default();
                let rust = last.starts_with("Error: ");
                assert_eq!(rust, language == Language::Rust, "{about}: {last}");
                let python = format!("{name}.py: error: ");
                assert!(rust || last.starts_with(&python), "{about}: {last}");
                assert!(!rust || text.lines().count() == 2, "{about}: {text}");
                assert!(last.contains(word), "{about}: {last}");
            }
        }
    }
}

/// argparse lets any whole number through; then Python's socket refuses it.
#[test]
fn a_port_that_does_not_exist_is_refused() {
    for program in PROGRAMS {
        for port in ["65536", "70000", "-1"] {
            let ended = run(Language::Rust, program, &["--port", port]);
            assert_eq!(ended.code, Some(2), "{ended:?}");
            assert!(ended.stderr.contains(port), "{ended:?}");
            let ended = run(Language::Python, program, &["--port", port]);
            assert_ne!(ended.code, Some(0), "{ended:?}");
            assert!(ended.stderr.contains("0-65535"), "{ended:?}");
        }
    }
}

/// What came on stderr when something outside the program was wrong: Rust has
/// a sentence, perhaps with a hint; Python the exception's last line.
fn failed(language: Language, ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(1), "{language:?}: {ended:?}");
    assert_eq!(ended.stdout, "");
    let words = ended.stderr.as_str();
    if language == Language::Rust {
        assert!(words.starts_with("Error: "), "{words}");
        let hints = words.lines().skip(1).all(|l| l.starts_with("hint: "));
        assert!(hints && words.lines().count() <= 2, "{words}");
        assert!(!words.contains("os error"), "{words}");
    } else {
        assert_eq!(words.lines().count(), 1, "{words}");
        assert!(words.contains("rror: "), "{words}"); // gaierror, too
    }
    words
}

#[test]
fn a_port_in_use_is_named_as_such() {
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for program in PROGRAMS.iter().filter(|p| p.1 == "server") {
        for language in Language::BOTH {
            let ended = run(language, *program, &["--port", &port]);
            let words = failed(language, &ended);
            let rust = format!(
                "Error: port {port} is in use\n\
                 hint: does a server of yours still run? Ctrl-C ends it; \
                 cargo taller doctor finds it\n"
            );
            assert!(language == Language::Python || words == rust, "{words}");
        }
    }
}

#[test]
fn a_name_that_nobody_has_and_one_without_an_ipv4_address() {
    for program in PROGRAMS {
        for host in ["no.such.invalid", "::1"] {
            if program.0 == "rtt-rfc2681" && host == "::1" {
                continue; // It speaks IPv6, too.
            }
            for language in Language::BOTH {
                let ended = run(language, program, &["--host", host]);
                let words = failed(language, &ended);
                let known = host == "::1" && words.contains("no IPv4 address")
                    || words.contains("unknown host: no.such.invalid");
                assert!(language == Language::Python || known, "{words}");
            }
        }
    }
}

#[test]
fn an_address_that_is_not_ours_and_port_0_as_a_destination() {
    for language in Language::BOTH {
        for program in PROGRAMS {
            let args = match program.1 {
                // RFC 5737: no machine has this address.
                "server" => ["--host", "192.0.2.1"],
                _ => ["--port", "0"],
            };
            let ended = run(language, program, &args);
            if (program.0, program.1) == ("rtt-rfc2681", "client") {
                // It checks its numbers before it does anything.
                assert_eq!(ended.code, Some(2), "{ended:?}");
                assert!(ended.stderr.contains("--port: "), "{ended:?}");
            } else {
                failed(language, &ended);
            }
        }
    }
}

#[test]
fn a_format_that_does_not_exist_is_refused_and_the_others_named() {
    for language in Language::BOTH {
        for wrong in ["iso", "Weekday", "weekda", ""] {
            let ended = run(language, PROGRAMS[2], &["--format", wrong]);
            assert_eq!(ended.code, Some(2), "{wrong}: {ended:?}");
            let last = ended.stderr.lines().last().unwrap_or_default();
            for word in ["--format", wrong, "weekday", "smtp", "ctime"] {
                assert!(last.contains(word), "{language:?}: {last}");
            }
        }
    }
}
