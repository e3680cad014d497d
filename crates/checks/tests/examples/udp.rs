//! The echo's variations, in every language they exist in: what each shows,
//! word for word.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use checks::{
    Hear, Language, forge, lines, server, skipped, socket, start, start_example,
};
use testbed::{Ended, PATIENCE, Program, free_port};

const TEXT: &str = "Taller I: Echo sobre UDP";

fn run(language: Language, name: &str, args: &[&str]) -> Ended {
    start(language, "examples", name, args).end()
}

fn echo_server() -> Program {
    server(Language::Rust, "udp-echo", &[])
}

#[test]
fn echo_roles_is_a_server_and_a_client_in_all_pairings() {
    for speaker in Language::BOTH {
        for listener in Language::BOTH {
            let args = ["--port=0", "server"];
            let server = start(listener, "examples", "echo_roles", &args);
            let port = server.address().port().to_string();
            let args = ["--port", &port, "client"];
            let ended = run(speaker, "echo_roles", &args);
            assert_eq!(lines(&ended.stdout), format!("--> {TEXT}\n"));
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let said = server.wait_for("Conexion desde: 127.0.0.1:");
            // The client's port, which the system chose, is the one it says.
            let own = ended.stderr.trim_end().rsplit(':').next().unwrap();
            assert!(said.ends_with(&format!(":{own}")), "{said}, {ended:?}");
        }
    }
}

/// The slides' two programs to the letter; and the datagram that ends the
/// server: its source is port 0, to which nothing can be sent.
#[test]
fn echo_plain_is_the_slides_conversation_until_port_0_speaks() {
    for language in Language::BOTH {
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, 3500)).is_err() {
            return skipped("another program uses port 3500");
        }
        let server = start(language, "examples", "echo_plain_server", &[]);
        let s = socket();
        s.set_read_timeout(Some(PATIENCE / 600)).unwrap();
        // It says nothing when it is ready: so ask until it answers.
        let ready = (0..600).any(|_| {
            s.send_to(b"?", ("127.0.0.1", 3500)).unwrap();
            s.hear(&mut [0; 9]).is_ok()
        });
        assert!(ready, "{language:?}: it never answers");
        for speaker in Language::BOTH {
            let ended = run(speaker, "echo_plain_client", &[]);
            assert_eq!(lines(&ended.stdout), format!("--> {TEXT}\n"));
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        }
        if let Err(e) = forge(0, 3500, b"x") {
            return skipped(&format!("no raw socket: {e}"));
        }
        let ended = server.end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stdout.contains("desde: 127.0.0.1:0"), "{ended:?}");
        assert!(ended.stderr.contains("rror: "), "{ended:?}");
    }
}

#[test]
fn a_role_that_does_not_exist_is_answered_with_those_that_do() {
    for name in ["echo_roles", "echo_dual_stack"] {
        for language in Language::BOTH {
            if name == "echo_dual_stack" && language == Language::Python {
                continue;
            }
            for args in [&["peer"][..], &[], &["server", "client"]] {
                let ended = run(language, name, args);
                assert_eq!(ended.code, Some(2), "{language:?}: {ended:?}");
                assert_eq!(ended.stdout, "");
                let last = ended.stderr.lines().last().unwrap_or_default();
                assert!(last.contains("rror: "), "{ended:?}");
                for role in ["server", "client"] {
                    assert!(ended.stderr.contains(role), "{ended:?}");
                }
            }
        }
    }
}

#[test]
fn echo_timeout_prints_the_answer_or_ends_without_one() {
    for language in Language::BOTH {
        let server = echo_server();
        let port = server.address().port().to_string();
        let ended = run(language, "echo_timeout", &["--port", &port]);
        assert_eq!(lines(&ended.stdout), format!("--> {TEXT}\n"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

        let deaf = socket();
        let port = deaf.local_addr().unwrap().port().to_string();
        let ended = run(language, "echo_timeout", &["--port", &port]);
        assert_eq!(lines(&ended.stderr), "Error: no answer in 2 s\n");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert_eq!(deaf.hear(&mut [0; 100]).unwrap().0, TEXT.len());
    }
}

#[test]
fn echo_connect_does_not_hear_the_stranger() {
    for language in Language::BOTH {
        let server = echo_server();
        let address = server.address();
        let port = address.port().to_string();
        let ended = run(language, "echo_connect", &["--port", &port]);
        let own = server.wait_for("Conexion desde: ");
        let own = own.trim_start_matches("Conexion desde: ");
        let expected = format!("from {own} to {address}\n--> {TEXT}\n");
        assert_eq!(lines(&ended.stdout), expected, "{language:?}");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    }
}

/// A server that keeps one answer for itself, is late with one, and gives one
/// twice.
#[test]
fn rtt_page_counts_what_is_late_as_lost() {
    for language in Language::BOTH {
        let s = socket();
        let port = s.local_addr().unwrap().port().to_string();
        let server = std::thread::spawn(move || {
            let mut buffer = [0; 10];
            for _ in 0..10 {
                let (n, from) = s.hear(&mut buffer).unwrap();
                let answers: &[u8] = match buffer[0] {
                    3 | 5 => &[],
                    6 => &[5, 6],
                    8 => &[8, 8],
                    _ => &buffer[..n],
                };
                for answer in answers {
                    s.send_to(&[*answer], from).unwrap();
                }
            }
        });
        let ended = run(language, "rtt_page", &["--port", &port]);
        server.join().unwrap();
        let printed = lines(&ended.stdout);
        let of = |seq: i32| {
            let name = format!("seq={seq} rtt=");
            let mut found =
                printed.lines().filter_map(|l| l.strip_prefix(&name));
            found.next().unwrap_or_else(|| panic!("{ended:?}")).to_string()
        };
        for seq in 0..10 {
            assert_eq!(of(seq) == "inf ms", [3, 5].contains(&seq), "{printed}");
        }
        assert!(
            printed.contains("sent 10 received 8 lost 2\nmin "),
            "{printed}"
        );
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    }
}

/// The judge runs it through six networks.
#[test]
fn the_judge_has_no_fault_to_find_with_rtt_page() {
    for language in Language::BOTH {
        let client = checks::command(language, "examples", "rtt_page");
        let mut judge =
            std::process::Command::new(checks::binary("probe", "probe"));
        judge.args(["rtt", "--client", "--json", "--"]);
        judge.arg(client.get_program()).args(client.get_args());
        judge.args(["--host", "{host}", "--port", "{port}"]);
        let ended = Program::start("the judge", judge).end();
        let failed = checks::failed_rules(&ended.stdout);
        assert_eq!(failed, [""; 0], "{language:?}: {ended:?}");
        assert_eq!(ended.code, Some(0), "{language:?}: {ended:?}");
    }
}

/// 127.0.0.2 is this machine, and so is 127.0.0.1, which it answers from if
/// nobody chooses: a connected client drops that.
#[test]
fn two_addresses_answers_from_the_one_that_was_asked() {
    if UdpSocket::bind(("127.0.0.2", 0)).is_err() {
        return skipped("127.0.0.2 is not this machine");
    }
    for (args, from) in [
        (&["--port=0"][..], Ipv4Addr::new(127, 0, 0, 2)),
        (&["--port=0", "--plain"], Ipv4Addr::LOCALHOST),
    ] {
        let server = start_example("two_addresses", args);
        let port = server.address().port();
        let s = socket();
        s.send_to(b"hola", ("127.0.0.2", port)).unwrap();
        let (n, address) = s.hear(&mut [0; 9]).unwrap();
        assert_eq!((n, address), (4, (from, port).into()), "{args:?}");
        server.wait_for("asked at 127.0.0.2");
        // Nothing in it, and still it goes on.
        s.send_to(b"", ("127.0.0.2", port)).unwrap();
        s.send_to(b"chau", ("127.0.0.2", port)).unwrap();
        assert_eq!(s.hear(&mut [0; 9]).unwrap().0, 4);
    }
}

#[test]
fn echo_connect_is_told_that_nobody_listens() {
    if cfg!(windows) {
        return skipped("Wine does not report a closed port");
    }
    for language in Language::BOTH {
        let port = free_port().to_string();
        let ended = run(language, "echo_connect", &["--port", &port]);
        let words = "Error: connection refused: nobody listens\n";
        assert_eq!(lines(&ended.stderr), words, "{language:?}");
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn truncation_loses_the_rest() {
    for language in Language::BOTH {
        let ended = run(language, "truncation", &[]);
        let printed = lines(&ended.stdout);
        let first = "sent: 3000 bytes, then 5\nreceived";
        assert!(printed.starts_with(first), "{printed}");
        assert!(printed.ends_with("\nreceived: 5 bytes: after\n"), "{printed}");
        let cut = printed.contains("\nreceived: 1024 bytes\n");
        let refused = printed.contains("\nreceived an error: ");
        assert_eq!((cut, refused), (cfg!(unix), !cfg!(unix)), "{printed}");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn unbound_shows_who_chose_the_port() {
    let ended = start_example("unbound", &[]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let printed = &ended.stdout;
    let row = |call: &str| {
        let row = printed.lines().find(|line| line.starts_with(call)).unwrap();
        let rest = row[call.len()..].trim();
        rest.split_whitespace().next().unwrap().to_string()
    };
    let none = if cfg!(windows) { "none" } else { "0.0.0.0:0" };
    assert_eq!(row("socket()"), none);
    let chosen = row("send_to()");
    let port = chosen.strip_prefix("0.0.0.0:").unwrap();
    assert_ne!(port, "0");
    assert_eq!(row("connect()"), format!("127.0.0.1:{port}"));
    let bound = row("bind(port 0)");
    let other = bound.strip_prefix("127.0.0.1:").unwrap();
    assert_ne!(other, "0");
    assert!(printed.ends_with("bind(same port): address in use\n"));
}

#[test]
fn echo_dual_stack_serves_both_families_and_says_who_in_the_usual_form() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return skipped("no IPv6 here");
    }
    let server = start_example("echo_dual_stack", &["--port=0", "server"]);
    let port = server.address().port().to_string();
    let hosts: [(&str, IpAddr); 3] = [
        ("::1", Ipv6Addr::LOCALHOST.into()),
        ("127.0.0.1", Ipv4Addr::LOCALHOST.into()),
        ("::ffff:127.0.0.1", Ipv4Addr::LOCALHOST.into()),
    ];
    for (host, seen) in hosts {
        let args = ["--host", host, "--port", &port, "client"];
        let ended = start_example("echo_dual_stack", &args).end();
        assert_eq!(ended.stdout, format!("--> {TEXT}\n"), "{ended:?}");
        let own = ended.stderr.trim_end().rsplit(':').next().unwrap();
        let own = std::net::SocketAddr::new(seen, own.parse().unwrap());
        server.wait_for(&format!("Conexion desde: {own}"));
    }
    // The slides' client, which knows only IPv4, too.
    for language in Language::BOTH {
        let args = ["--port", &port];
        let ended = start(language, "udp-echo", "client", &args).end();
        assert_eq!(lines(&ended.stdout), format!("--> {TEXT}\n"));
    }
    assert_eq!(server.stop().stdout.lines().count(), 5);
}
