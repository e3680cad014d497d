//! udp-echo: the slides' conversation, in every pairing of the languages, and
//! what no datagram may do to the server. What any echo promises, the judge on
//! the wire knows (`crates/probe`, whose tests ask it about these programs).

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Stdio;

use checks::{Hear, Language, command, forge, lines, skipped, socket, start};
use testbed::{PATIENCE, Program, close, free_port, spawn};

const TEXT: &str = "Taller I: Echo sobre UDP";

fn server(language: Language) -> Program {
    checks::server(language, "udp-echo", &[])
}

fn client(language: Language, to: SocketAddr) -> Program {
    checks::client(language, "udp-echo", to, &[])
}

/// Sends `data` to `server` and gives what comes back.
fn echoed(s: &UdpSocket, data: &[u8], server: SocketAddr) -> Vec<u8> {
    s.send_to(data, server).unwrap();
    let mut buffer = vec![0; 65_536];
    let (n, from) = s.hear(&mut buffer).expect("no echo");
    assert_eq!(from, server);
    buffer[..n].to_vec()
}

#[test]
fn the_slides_conversation_in_all_four_pairings() {
    for speaker in Language::BOTH {
        for listener in Language::BOTH {
            let server = server(listener);
            let ended = client(speaker, server.address()).end();
            assert_eq!(ended.code, Some(0), "{speaker:?}: {ended:?}");
            assert_eq!(lines(&ended.stdout), format!("--> {TEXT}\n"));
            assert_eq!(ended.stderr, "");

            let said = server.wait_for("Conexion desde: ");
            let port = said.strip_prefix("Conexion desde: 127.0.0.1:");
            let port = port.and_then(|port| port.parse::<u16>().ok());
            assert!(port.is_some_and(|port| port > 0), "{listener:?}: {said}");
            let listening = format!("listening on {}\n", server.address());
            let ended = server.stop();
            assert_eq!(lines(&ended.stdout), format!("{said}\n"));
            assert_eq!(lines(&ended.stderr), listening);
        }
    }
}

#[test]
fn the_default_is_port_3500_of_localhost() {
    let Ok(s) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 3500)) else {
        return skipped("another program uses port 3500");
    };
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    for language in Language::BOTH {
        let client = start(language, "udp-echo", "client", &[]);
        let mut buffer = [0; 1024];
        let (n, from) = s.hear(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], TEXT.as_bytes());
        s.send_to(b"hola", from).unwrap();
        assert_eq!(lines(&client.end().stdout), "--> hola\n");
    }
    close(s);
    for language in Language::BOTH {
        let server = start(language, "udp-echo", "server", &[]);
        assert_eq!(server.address(), "127.0.0.1:3500".parse().unwrap());
    }
}

#[test]
fn a_datagram_over_1024_bytes_is_cut_or_on_windows_dropped() {
    for language in Language::BOTH {
        for length in [1025, 9000] {
            let server = server(language);
            let s = socket();
            let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            if cfg!(unix) {
                let back = echoed(&s, &data, server.address());
                assert_eq!(back, data[..1024], "{language:?}, {length}");
            } else if language == Language::Rust {
                s.send_to(&data, server.address()).unwrap();
                server.wait_for("dropped: over 1024 bytes");
            } else {
                s.send_to(&data, server.address()).unwrap();
                assert_eq!(server.end().code, Some(1)); // OSError 10040
                continue;
            }
            assert_eq!(echoed(&s, b"still there?", server.address()).len(), 12);
        }
    }
}

#[test]
fn an_empty_datagram_is_noted_and_gets_no_answer() {
    for language in Language::BOTH {
        let server = server(language);
        let s = socket();
        s.send_to(b"", server.address()).unwrap();
        // Had the empty one been answered, that answer would come first.
        assert_eq!(echoed(&s, b"after", server.address()), b"after");
        let mine = format!("Conexion desde: {}\n", s.local_addr().unwrap());
        assert_eq!(lines(&server.stop().stdout), mine.repeat(2));
    }
}

#[test]
fn two_hundred_clients_at_once() {
    for language in Language::BOTH {
        let server = server(language);
        let clients: Vec<_> = (0..200)
            .map(|_| client(Language::Rust, server.address()))
            .collect();
        for client in clients {
            assert_eq!(client.end().stdout, format!("--> {TEXT}\n"));
        }
        let ended = server.stop();
        assert_eq!(ended.stdout.lines().count(), 200, "{language:?}");
    }
}

#[test]
fn a_client_waits_until_it_is_answered() {
    for language in Language::BOTH {
        let quiet = socket();
        let client = client(language, quiet.local_addr().unwrap());
        let (n, from) = quiet.hear(&mut [0; 1024]).unwrap();
        assert_eq!(n, TEXT.len());
        assert_eq!(client.stdout(), "");
        quiet.send_to(b"at last", from).unwrap();
        assert_eq!(lines(&client.end().stdout), "--> at last\n");
    }
}

#[test]
fn only_the_rust_client_makes_strangers_text_harmless() {
    for (language, printed) in [
        (Language::Rust, "--> ?[2J?\u{fffd}?\n"),
        (Language::Python, "--> \u{1b}[2J\u{7}\u{fffd}\r\n"),
    ] {
        if language == Language::Python && cfg!(windows) {
            continue; // A Windows console's code page may have no U+FFFD.
        }
        let s = socket();
        let client = client(language, s.local_addr().unwrap());
        let (_, from) = s.hear(&mut [0; 1024]).unwrap();
        s.send_to(b"\x1b[2J\x07\xff\r", from).unwrap();
        assert_eq!(client.end().stdout, printed);
    }
}

/// Port 0 is nobody: sending there fails, which ends the plain loop.
#[test]
fn source_port_0_ends_the_python_server_and_not_the_rust_one() {
    for language in Language::BOTH {
        let server = server(language);
        let port = server.address().port();
        if let Err(e) = forge(0, port, b"from nobody") {
            return skipped(&format!("no raw socket: {e}"));
        }
        server.wait_for("Conexion desde: 127.0.0.1:0");
        if language == Language::Rust {
            server.wait_for("no answer to 127.0.0.1:0: nobody can be");
            assert_eq!(echoed(&socket(), b"alive", server.address()), b"alive");
        } else {
            let ended = server.end();
            assert_eq!(ended.code, Some(1));
            let last = ended.stderr.lines().last().unwrap_or_default();
            assert!(last.starts_with("OSError: [Errno "), "{last}");
            assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        }
    }
}

/// A forged datagram from the server's own address: its echo would come back
/// to it, for ever.
#[test]
fn its_own_address_loops_the_python_server_and_not_the_rust_one() {
    for language in Language::BOTH {
        let server = server(language);
        let own = server.address();
        if let Err(e) = forge(own.port(), own.port(), b"echo") {
            return skipped(&format!("no raw socket: {e}"));
        }
        let said = format!("Conexion desde: {own}\n");
        if language == Language::Rust {
            server.wait_for(&format!("no answer to {own}: that is a server's"));
            assert_eq!(echoed(&socket(), b"alive", own), b"alive");
            assert_eq!(server.stop().stdout.matches(&said).count(), 1);
        } else {
            server.wait_until("a thousand rounds", |stdout, _| {
                (stdout.matches(&said).count() > 1000).then_some(())
            });
        }
    }
}

#[test]
fn a_closed_stdout_ends_it_with_a_sentence() {
    let mut server = server(Language::Rust);
    let address = server.address();
    server.hang_up();
    let s = socket();
    let ended = (0..600).any(|_| {
        s.send_to(b"?", address).unwrap();
        server.status_within(PATIENCE / 600).is_some()
    });
    assert!(ended, "the server goes on without stdout");
    let ended = server.end();
    let hint = "hint: the program that read our output has ended\n";
    let words = format!("listening on {address}\nError: broken pipe\n{hint}");
    assert_eq!((ended.code, ended.stderr), (Some(1), words));
}

#[test]
fn a_closed_stderr_ends_nothing() {
    let mut server = command(Language::Rust, "udp-echo", "server");
    let port = free_port();
    server.args(["--port", &port.to_string()]);
    server.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = spawn(&mut server).unwrap();
    drop(server.stderr.take());
    let s = socket();
    s.set_read_timeout(Some(PATIENCE / 600)).unwrap();
    let answered = (0..600).any(|_| {
        s.send_to(b"?", ("127.0.0.1", port)).unwrap();
        match s.hear(&mut [0; 10]) {
            Ok((n, _)) => n == 1,
            // Not there yet; Windows says so at once.
            Err(e) => {
                let reset = e.kind() == ErrorKind::ConnectionReset;
                reset && server.try_wait().unwrap().is_some()
            }
        }
    });
    let _ = server.kill();
    server.wait().unwrap();
    assert!(answered);
}
