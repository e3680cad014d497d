//! stdin, stdout, and the command line.

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use checks::zchat::{ACK, BYE, Frame, Peer, TEXT};
use checks::{Language, Random, TestFile, lines, skipped, within};
use testbed::{PATIENCE, Program, free_port};

use super::{
    ME, MOMENT, Role, alive, both, client, ends, lost, memory, no_panic,
    sentence, server, shows, socket, start, up,
};

in_both_languages! {
    the_end_of_stdin_with_nobody_there
    echo_hola_is_delivered
    five_thousand_bytes_of_two_byte_letters
    stdin_with_nul_and_invalid_utf_8
    a_full_disk
    a_full_disk_with_a_full_window
    every_name_of_this_machine
    bad_arguments
    a_gigabyte_on_stdin
    a_stdout_that_nobody_reads
    no_closed_descriptor_becomes_a_socket
    a_closed_stdout_is_no_place_to_show
    a_file_that_is_not_sent_to_its_end
    a_long_line_is_cut_between_words
    lines_that_are_there_go_together
    a_file_is_sent_in_few_messages
    an_input_that_cannot_be_read
    a_send_that_the_system_refuses_is_told_once
    a_second_ctrl_c_ends_it_while_nobody_reads_its_output
    lines_behind_the_peer_s_last_word_are_told
}

fn the_end_of_stdin_with_nobody_there(language: Language) {
    // Nobody answers; and nobody even has the port (the system may say so).
    let silent = socket();
    let gone = socket().local_addr().unwrap();
    for to in [silent.local_addr().unwrap(), gone] {
        let start = Instant::now();
        let ended = ends(client(language, to), 0);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(ended.stdout, "");
    }
    // The server waits for its one peer.
    let mut server = server(language);
    server.close_input();
    let mut peer = Peer::call(server.address(), ME);
    peer.say(b"hola");
    peer.say(b"bye");
    peer.leave();
    assert_eq!(lines(&ends(server, 0).stdout), "hola\nbye\n");
}

fn echo_hola_is_delivered(language: Language) {
    let server = server(language);
    for end in [&b"\n"[..], b"", b"\r\n"] {
        let mut client = client(language, server.address());
        client.write(b"hola");
        client.write(end);
        let ended = ends(client, 0);
        assert!(!lost(&ended.stderr), "{}", ended.stderr);
    }
    // "\r" may be part of the line or of its end.
    let shown = alive(server).stdout;
    let expected = ["hola\nhola\nhola\r\n", "hola\nhola\nhola\n"];
    assert!(expected.contains(&shown.as_str()), "{shown:?}");
}

/// The program sends one line, in several messages.
fn hears_in_parts(peer: &mut Peer, line: &[u8]) {
    while peer.heard.concat().len() < line.len() {
        peer.until("the rest of the line", Frame::is_text);
    }
    assert_eq!(peer.heard.concat(), line);
}

fn five_thousand_bytes_of_two_byte_letters(language: Language) {
    both(language, |_, program, peer| {
        let line = "x".to_string() + &"ñ".repeat(2500);
        program.write(line.as_bytes());
        program.write(b"\n");
        hears_in_parts(peer, line.as_bytes());
        for part in &peer.heard {
            let part = str::from_utf8(part).expect("a letter is cut in two");
            assert!(part.len() <= 1024, "{} bytes", part.len());
        }
        assert!(peer.heard.len() <= 6, "{} messages", peer.heard.len());
        vec![]
    });
}

fn stdin_with_nul_and_invalid_utf_8(language: Language) {
    both(language, |_, program, peer| {
        let longest = [&[0xff; 1500][..], b"\0"].concat();
        for line in [&b"a\0b"[..], b"\xff\xfe\xc3(", b"\x80", b"\0"] {
            program.write(line);
            program.write(b"\n");
            peer.hears(line);
        }
        peer.heard.clear();
        program.write(&longest);
        program.write(b"\n");
        hears_in_parts(peer, &longest);
        vec![]
    });
}

/// Starts a program as a shell does: `redirected` is `> file`, say.
fn by_a_shell(
    language: Language,
    name: &str,
    args: &[&str],
    redirected: &str,
) -> Program {
    let program = checks::command(language, "zchat", name);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirected}")]);
    shell.arg(program.get_program()).args(program.get_args()).args(args);
    for (name, value) in program.get_envs() {
        value.map(|value| shell.env(name, value));
    }
    Program::start(&format!("{language:?} {name} {redirected}"), shell)
}

fn a_full_disk(language: Language) {
    if fs::metadata("/dev/full").is_err() {
        return skipped("there is no /dev/full");
    }
    let server =
        by_a_shell(language, "server", &["--port", "0"], "> /dev/full");
    let s = socket();
    let port = s.local_addr().unwrap().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port];
    let client = by_a_shell(language, "client", &args, "> /dev/full");
    let server_peer = Peer::call(server.address(), ME);
    let client_peer = Peer::answer(s, ME);
    for (program, peer) in [(server, server_peer), (client, client_peer)] {
        peer.send(TEXT, 0, peer.next, b"nobody sees this");
        // Not end(): that would close its stdin.
        program.wait_until("an error", |_, stderr| {
            stderr.contains("rror").then_some(())
        });
        let ended = program.end();
        no_panic(&ended);
        assert!(ended.code.is_some_and(|code| code > 0), "{ended:?}");
        let frames = peer.all_within(MOMENT);
        let seq = peer.next;
        let ack = frames.iter().find(|f| f.kind == ACK && f.seq == seq);
        assert_eq!(ack, None, "acknowledged, but nobody saw it");
        sentence(&ended);
    }
}

/// A window of messages waits for the one before them; when that comes, none can
/// be shown.
fn a_full_disk_with_a_full_window(language: Language) {
    if fs::metadata("/dev/full").is_err() {
        return skipped("there is no /dev/full");
    }
    let port = free_port();
    let args = ["--host", "127.0.0.1", "--port", &port.to_string()];
    let server = by_a_shell(language, "server", &args, "> /dev/full");
    let peer = Peer::call(([127, 0, 0, 1], port).into(), ME);
    let shown = (peer.next - 1).to_be_bytes();
    for seq in peer.next + 1..peer.next + 16 {
        peer.send(TEXT, 0, seq, b"nobody sees this");
        let ack = peer.hear(PATIENCE).expect("it waits for its turn");
        assert_eq!((ack.kind, ack.seq), (ACK, seq), "{ack:?}");
        assert_eq!(ack.payload, shown, "shown before its turn");
    }
    peer.send(TEXT, 0, peer.next, b"nor this");
    let ended = server.end();
    no_panic(&ended);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    sentence(&ended);
    let frames = peer.all_within(MOMENT);
    assert!(frames.iter().all(|f| f.kind != ACK), "{frames:?}");
}

/// The program that read our output has ended.
fn a_stdout_that_nobody_reads(language: Language) {
    for role in [Role::Server, Role::Client] {
        let (mut program, mut peer) = up(language, role);
        program.hang_up();
        let deadline = Instant::now() + PATIENCE;
        while program.status_within(Duration::ZERO).is_none() {
            assert!(Instant::now() < deadline, "it goes on without stdout");
            peer.send(TEXT, 0, peer.next, b"nobody sees this");
            let acks = peer.all_within(MOMENT);
            let ack = acks.iter().any(|f| (f.kind, f.seq) == (ACK, peer.next));
            peer.next += u32::from(ack);
        }
        let ended = program.end();
        no_panic(&ended);
        assert!(ended.code.is_some_and(|code| code > 0), "{ended:?}");
        sentence(&ended);
        assert!(peer.next < 10, "acknowledged, but nobody saw it");
    }
}

fn every_name_of_this_machine(language: Language) {
    let six = UdpSocket::bind("[::1]:0").is_ok();
    if !six {
        skipped("this machine has no IPv6");
    }
    let names = |host: &str| -> &[&str] {
        match host {
            "::" => &["127.0.0.1", "::1", "localhost"],
            "::1" => &["::1"],
            _ => &["127.0.0.1", "localhost"],
        }
    };
    for host in ["127.0.0.1", "localhost", "0.0.0.0", "::", "::1"] {
        if host.contains(':') && !six {
            continue;
        }
        let args = ["--host", host, "--port", "0"];
        let server = start(language, "server", &args);
        let port = server.address().port().to_string();
        let mut shown = String::new();
        for name in names(host) {
            let args = ["--host", name, "--port", &port];
            let mut client = start(language, "client", &args);
            shown += &format!("to {host} by {name}\n");
            client.write(format!("to {host} by {name}\n").as_bytes());
            ends(client, 0);
            shows(&server, shown.as_bytes());
        }
        // The address may also stand alone.
        let args = [names(host)[0], "--port", &port];
        let mut client = start(language, "client", &args);
        client.write(b"alone\n");
        ends(client, 0);
        shows(&server, (shown + "alone\n").as_bytes());
        alive(server);
    }
}

fn bad_arguments(language: Language) {
    for name in ["server", "client"] {
        for args in [
            &["--prot", "1"][..],
            &["--por", "1"],
            &["--port", "abc"],
            &["--port", "70000"],
            &["--port", "-1"],
            &["--port"],
            &["--stats", "--statistics"],
            &["localhost", "3502", "extra"],
        ] {
            let ended = start(language, name, args).end();
            no_panic(&ended);
            let code = ended.code.unwrap_or_default();
            assert!([1, 2].contains(&code), "{name} {args:?}: {ended:?}");
            assert_eq!(ended.stdout, "", "{name} {args:?}");
            // Python's usage is the program's head comment.
            let python = language == Language::Python && code == 2;
            let lines = ended.stderr.lines().count();
            let few = python || (1..=2).contains(&lines);
            assert!(few, "{name} {args:?}: {ended:?}");
            sentence(&ended);
        }
        let args = ["--host", "no.such.invalid", "--port", "0"];
        let ended = start(language, name, &args).end();
        no_panic(&ended);
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        sentence(&ended);
    }
    // Port 0 is for a server "whichever is free", for a client nobody's.
    let server = server(language);
    assert_ne!(server.address().port(), 0);
    alive(server);
    let args = ["--host", "127.0.0.1", "--port", "0"];
    let ended = start(language, "client", &args).end();
    no_panic(&ended);
    assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    sentence(&ended);
}

/// What is written to the program's stdin waits there: the program reads no
/// more than it can send.
fn a_gigabyte_on_stdin(language: Language) {
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let lines = line.repeat(1000);
    let one = vec![b'y'; 1_000_000]; // A thousand of them are one line.
    for text in [lines, one] {
        let s = socket();
        let mut client = checks::command(language, "zchat", "client");
        let port = s.local_addr().unwrap().port().to_string();
        client.args(["--host", "127.0.0.1", "--port", &port]);
        client.stdin(Stdio::piped());
        client.stdout(Stdio::null()).stderr(Stdio::null());
        let mut client = testbed::spawn(&mut client).unwrap();
        let mut stdin = client.stdin.take().unwrap();
        let written = Arc::new(AtomicUsize::new(0));
        let count = written.clone();
        let writer = thread::spawn(move || {
            for _ in 0..1000 {
                for part in text.chunks(10_000) {
                    if stdin.write_all(part).is_err() {
                        return; // It has been killed.
                    }
                    count.fetch_add(part.len(), Ordering::Relaxed);
                }
            }
        });
        let mut peer = Peer::answer(s, ME);
        let end = Instant::now() + Duration::from_secs(4);
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            peer.hear(left).iter().for_each(|frame| peer.serve(frame));
        }
        let heard: usize = peer.heard.iter().map(Vec::len).sum();
        let ahead = written.load(Ordering::Relaxed).saturating_sub(heard);
        let memory = memory(client.id()).unwrap_or_default();
        let _ = client.kill();
        client.wait().unwrap();
        within(PATIENCE, "its stdin is still open", move || writer.join())
            .unwrap();
        assert!(heard > 10_000, "only {heard} bytes arrived in 4 s");
        assert!(ahead < 4_000_000, "{ahead} bytes wait");
        assert!(memory < 100_000, "{memory} kB");
    }
}

/// Were the socket the descriptor 0, a stranger's datagrams would be read as
/// typed lines; were it 2, notes would be sent to nobody.
fn no_closed_descriptor_becomes_a_socket(language: Language) {
    if cfg!(windows) {
        return skipped("no shell that closes descriptors");
    }
    for closed in ["<&-", "2>&-", "<&- 2>&-"] {
        let port = free_port();
        let args = ["--port", &port.to_string()];
        let server = by_a_shell(language, "server", &args, closed);
        let to = ([127, 0, 0, 1], port).into();
        let mut peer = Peer::call(to, ME);
        let stranger = Peer::new(to, 1);
        stranger.raw(b"a line of a stranger's\n");
        peer.say(b"hola");
        let frames = peer.all_within(MOMENT);
        assert!(!frames.iter().any(Frame::is_text), "{closed}: {frames:?}");
        assert!(peer.heard.is_empty());
        shows(&server, b"hola\n");
        assert_eq!(alive(server).stdout, "hola\n", "{closed}");
    }
}

fn a_closed_stdout_is_no_place_to_show(language: Language) {
    if cfg!(windows) {
        return skipped("no shell that closes descriptors");
    }
    for name in ["server", "client"] {
        let args = ["--port", &free_port().to_string()];
        let ended = by_a_shell(language, name, &args, ">&-").end();
        no_panic(&ended);
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        sentence(&ended);
        assert!(ended.stderr.contains("stdout is closed"), "{ended:?}");
    }
    // Who wants no messages says so.
    let port = free_port();
    let args = ["--port", &port.to_string()];
    let server = by_a_shell(language, "server", &args, "> /dev/null");
    Peer::call(([127, 0, 0, 1], port).into(), ME).say(b"unseen");
    alive(server);
}

/// A client that sends the file, and its peer.
fn sends(language: Language, file: &TestFile) -> (Program, Peer) {
    let s = socket();
    let port = s.local_addr().unwrap().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port];
    let from = format!("< {}", file.name());
    let client = by_a_shell(language, "client", &args, &from);
    (client, Peer::answer(s, ME))
}

/// A client that copies 100,000 lines is left, or leaves, in the middle.
fn a_file_that_is_not_sent_to_its_end(language: Language) {
    let name = format!("{language:?}-lines");
    let text = "a line of the file\n".repeat(100_000);
    let file = TestFile::new(&name, text.as_bytes());
    for ctrl_c in [true, false] {
        if ctrl_c && cfg!(windows) {
            skipped("no way to send Ctrl-C on Windows");
            continue;
        }
        let (mut client, mut peer) = sends(language, &file);
        while peer.heard.len() < 10 {
            peer.until("a line", Frame::is_text);
        }
        if ctrl_c {
            client.signal("INT");
            client.wait_for("messages not confirmed yet: ");
            peer.until("BYE", |f| f.kind == BYE);
        } else {
            peer.leave_at_once();
        }
        let ended = client.status_within(PATIENCE);
        assert_eq!(ended.and_then(|e| e.code()), Some(1), "{ctrl_c}");
        let said = client.stderr();
        let last = said.lines().last().unwrap_or_default();
        assert!(last.ends_with("the input was not sent to its end"), "{last}");
    }
}

fn a_long_line_is_cut_between_words(language: Language) {
    both(language, |_, program, peer| {
        let line = "taller ".repeat(400) + "end";
        program.write(line.as_bytes());
        program.write(b"\n");
        hears_in_parts(peer, line.as_bytes());
        let (last, parts) = peer.heard.split_last().unwrap();
        assert!(last.ends_with(b"end"));
        for part in parts {
            assert!(part.ends_with(b" ") && part.len() > 512, "{part:?}");
        }
        vec![]
    });
}

fn lines_that_are_there_go_together(language: Language) {
    both(language, |_, program, peer| {
        for (lines, message) in [
            (&b"one\ntwo\n\nthree\n"[..], &b"one\ntwo\n\nthree"[..]),
            (b"\n", b"\n"),
            (b"\nfour\n", b"\nfour"),
            (b"five\n\n", b"five\n\n"),
            (b"\n\n\n", b"\n\n\n"),
        ] {
            program.write(lines);
            let frame = peer.until("a message", Frame::is_text);
            assert_eq!(frame.message(), message);
        }
        peer.heard.clear();
        // As long as a message may be, and too long by one.
        let [whole, more] = ["fit! ".repeat(205), "more ".repeat(205)];
        let (whole, more) = (&whole[..1024], &more[..1024]);
        program.write(format!("{whole}\n{more}s\nrest\n").as_bytes());
        peer.hears(format!("{}s\nrest", &more[1020..]).as_bytes());
        assert_eq!(peer.heard[..2], [whole, &more[..1020]].map(Vec::from));
        vec![]
    });
}

/// A file of short and long lines, and of empty ones: all of it arrives.
fn a_file_is_sent_in_few_messages(language: Language) {
    const LINES: usize = 500;
    let mut random = Random(7);
    let line = |_| match random.below(3) {
        0 => String::new(),
        1 => "short ".repeat(1 + random.below(9)),
        _ => "long ".repeat(1 + random.below(204)),
    };
    let text: String = (0..LINES).map(line).map(|line| line + "\n").collect();
    let file = TestFile::new(&format!("{language:?}-few"), text.as_bytes());
    let (mut client, mut peer) = sends(language, &file);
    peer.until("BYE", |f| f.kind == BYE);
    assert_eq!(client.status_within(PATIENCE).unwrap().code(), Some(0));
    let shown = peer.heard.iter().flat_map(|message| {
        let line = message.strip_suffix(b"\n").unwrap_or(message);
        [line, b"\n"].concat()
    });
    assert!(shown.eq(text.bytes()), "it is another file");
    assert!(peer.heard.iter().all(|message| message.len() <= 1024));
    assert!(peer.heard.len() < LINES / 2, "{} messages", peer.heard.len());
}

/// Sends messages to a program whose output nobody reads, until its pipe is full:
/// then it confirms no more, however often it is asked. (Where the machine is
/// busy, once would prove nothing.) Gives the number of the first that it does
/// not confirm.
fn fills(peer: &Peer) -> u32 {
    let confirms = |seq| {
        (0..3).any(|tried| {
            peer.send(TEXT, tried, seq, &[b'x'; 1000]);
            peer.hear(MOMENT * 10).is_some()
        })
    };
    let first = peer.next;
    let not = (first..first + 900).find(|seq| !confirms(*seq));
    not.expect("its output is never full")
}

fn a_second_ctrl_c_ends_it_while_nobody_reads_its_output(language: Language) {
    if cfg!(windows) {
        return skipped("no way to send Ctrl-C on Windows");
    }
    let port = free_port();
    let mut program = checks::command(language, "zchat", "server");
    program.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    program.stdin(Stdio::piped());
    program.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = testbed::spawn(&mut program).unwrap();
    let peer = Peer::call(([127, 0, 0, 1], port).into(), ME);
    fills(&peer);
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it goes on, whatever is pressed");
        }
        let mut kill = Command::new("kill");
        kill.args(["-INT", &child.id().to_string()]);
        testbed::output(&mut kill).unwrap();
        thread::sleep(MOMENT); // Until it is pressed again.
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Its main loop waits for somebody to read its output; meanwhile the peer
/// leaves, and then lines come.
fn lines_behind_the_peer_s_last_word_are_told(language: Language) {
    if !cfg!(target_os = "linux") {
        return skipped("how much a pipe holds is known on Linux");
    }
    let s = socket();
    let mut client = checks::command(language, "zchat", "client");
    let port = s.local_addr().unwrap().port().to_string();
    client.args(["--host", "127.0.0.1", "--port", &port]);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = testbed::spawn(&mut client).unwrap();
    let peer = Peer::answer(s, ME);
    let first_not_confirmed = fills(&peer);
    peer.send(BYE, 0, first_not_confirmed + 1, &[0; 4]);
    // If they came first, they would be sent, and told as not confirmed: then
    // this test would prove nothing.
    thread::sleep(MOMENT);
    // A pipe holds 64 KiB: so a quarter of this has been read.
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(&b"too late\n".repeat(10_000)).unwrap();
    let ended = within(PATIENCE, "it goes on", move || {
        client.wait_with_output().unwrap()
    });
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("the input was not sent to its end"), "{said}");
    assert_eq!(ended.status.code(), Some(1), "{said}");
}

/// An error is no end of the input.
fn an_input_that_cannot_be_read(language: Language) {
    if cfg!(windows) {
        return skipped("no shell that opens what cannot be read");
    }
    let s = socket();
    let port = s.local_addr().unwrap().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port];
    // Python itself refuses a directory; std takes what is open for writing
    // alone for an empty input.
    let unreadable = match language {
        Language::Rust => "< /",
        Language::Python => "0> /dev/null",
    };
    let mut client = by_a_shell(language, "client", &args, unreadable);
    let port = free_port();
    let args = ["--host", "127.0.0.1", "--port", &port.to_string()];
    let server = by_a_shell(language, "server", &args, unreadable);
    let mut peer = Peer::call(([127, 0, 0, 1], port).into(), ME);
    peer.leave();
    drop(s);
    client.close_input();
    for program in [server, client] {
        let ended = ends(program, 1);
        for said in
            ["cannot read the input: ", "the input was not sent to its end"]
        {
            assert!(ended.stderr.contains(said), "{ended:?}");
        }
    }
}

/// To all machines, say, for which a program would have to ask.
fn a_send_that_the_system_refuses_is_told_once(language: Language) {
    if cfg!(not(target_os = "linux")) {
        return skipped("what the system refuses, it says on Linux");
    }
    let args = ["--host", "255.255.255.255", "--port", "9"];
    let client = start(language, "client", &args);
    client.wait_for("calling 255.255.255.255:9 for ");
    let said = alive(client).stderr.to_lowercase();
    let refused = "cannot send: permission denied\n";
    assert_eq!(said.matches(refused).count(), 1, "{said}");
}
