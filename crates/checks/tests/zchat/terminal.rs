//! zchat on a terminal: a half-typed line, Ctrl-D, Ctrl-C, and text that
//! would like to command the terminal.
//!
//! The terminal is a pseudo-terminal: what a test writes is typed on it (and
//! echoed by it), and what the program prints on stdout and stderr is on its
//! screen. Not on Windows, whose consoles work otherwise.

#![cfg(unix)]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;

use checks::zchat::{BYE, Peer};
use checks::{Hear, Language, command, python};
use testbed::{Ended, Program};

use super::lost;

in_both_languages! {
    a_half_typed_line_and_an_incoming_one
    ctrl_d_and_ctrl_c_leave_with_bye
    ctrl_d_and_ctrl_c_where_nobody_is
    escape_sequences_are_made_harmless
    a_long_message_does_not_imitate_the_program
    a_half_typed_line_of_two_rows_stays_whole
    quit_leaves_with_bye
    ctrl_c_says_what_is_not_confirmed
}

/// Runs a program on a terminal of its own; ends as the program ends.
const ON_A_TERMINAL: &str = "import os, pty, sys; \
    status = pty.spawn(sys.argv[1:]); \
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 99)";

const ME: u32 = 0x1122_3344;

/// How wide the terminal is.
const COLUMNS: usize = 40;

/// The row that a message or a note begins is empty: from the first column
/// the spaces stay in it.
fn fresh() -> String {
    " ".repeat(COLUMNS - 1) + "\r"
}

fn on_a_terminal(language: Language, name: &str, args: &[&str]) -> Program {
    let program = command(language, "zchat", name);
    let mut terminal: Command = python();
    let sized = format!("stty rows 25 cols {COLUMNS}; exec \"$0\" \"$@\"");
    terminal.args(["-c", ON_A_TERMINAL, "sh", "-c", &sized]);
    terminal.arg(program.get_program()).args(program.get_args()).args(args);
    Program::start(&format!("{language:?} zchat {name}"), terminal)
}

/// Both programs, each on a terminal, each connected with a scripted peer.
fn both(language: Language) -> [(Program, Peer); 2] {
    let server = on_a_terminal(language, "server", &["--port", "0"]);
    let called = Peer::call(server.address(), ME);
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = client(language, s.local_addr().unwrap());
    let caller = Peer::answer(s, ME);
    server.wait_for("connected");
    client.wait_for("connected");
    [(server, called), (client, caller)]
}

fn client(language: Language, to: SocketAddr) -> Program {
    let (host, port) = (to.ip().to_string(), to.port().to_string());
    on_a_terminal(language, "client", &["--host", &host, "--port", &port])
}

/// Waits until the screen holds `words`, in no whole line perhaps.
fn sees(program: &Program, words: &str) {
    program.wait_until(&format!("{words:?}"), |screen, _| {
        screen.contains(words).then_some(())
    });
}

fn ends(program: Program) -> Ended {
    let ended = program.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for word in ["panicked", "Traceback", "Exception "] {
        assert!(!ended.stdout.contains(word), "{}", ended.stdout);
    }
    ended
}

fn a_half_typed_line_and_an_incoming_one(language: Language) {
    for (mut program, mut peer) in both(language) {
        program.write(b"half a li");
        sees(&program, "half a li"); // The terminal's echo.
        peer.say("¿hola?".as_bytes());
        sees(&program, &format!("half a li{}< ¿hola?\r\n", fresh()));
        program.write(b"ne\n");
        peer.hears(b"half a line");
        assert_eq!(peer.heard, [b"half a line"]);
    }
}

fn ctrl_d_and_ctrl_c_leave_with_bye(language: Language) {
    for key in [b"\x04", b"\x03"] {
        for (mut program, mut peer) in both(language) {
            program.write(b"my last words\n");
            peer.hears(b"my last words");
            let seq = peer.expect;
            program.write(key);
            let bye = peer.until("BYE", |f| f.kind == BYE);
            assert_eq!(bye.seq, seq, "{language:?}");
            assert_eq!(bye.payload, (peer.next - 1).to_be_bytes());
            let ended = ends(program);
            assert!(!lost(&ended.stdout), "{}", ended.stdout);
        }
    }
}

fn ctrl_d_and_ctrl_c_where_nobody_is(language: Language) {
    for key in [b"\x04", b"\x03"] {
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = client(language, s.local_addr().unwrap());
        let mut server = on_a_terminal(language, "server", &["--port", "0"]);
        // Answered: so it is past its start, and minds Ctrl-C.
        Peer::new(server.address(), ME).dial();
        server.write(key);
        ends(server);
        s.set_read_timeout(Some(testbed::PATIENCE)).unwrap();
        s.hear(&mut [0; 2000]).expect("it calls");
        client.write(key);
        ends(client);
    }
}

/// What may follow `< ` on the screen: nothing that a terminal obeys, and
/// nothing that turns the order of the letters round.
fn harmless(c: char) -> bool {
    let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c);
    let separator = matches!(c, '\u{2028}' | '\u{2029}');
    !(c.is_control() || bidi || separator)
}

fn escape_sequences_are_made_harmless(language: Language) {
    for (program, mut peer) in both(language) {
        for (k, (nasty, shown)) in [
            (&b"\x1b[2J\x1b[31m"[..], "?[2J?[31m"),
            (b"\x1b]0;title\x07", "?]0;title?"),
            (b"over\rwritten", "over?written"),
            (b"\x08\x7f", "??"),
            (b"a\0b", "a?b"),
            ("\u{9b}31m\u{85}".as_bytes(), "?31m?"),
            ("\u{202e}abc\u{202c}".as_bytes(), "?abc?"),
            ("\u{2066}x\u{2069}".as_bytes(), "?x?"),
            ("a\u{2028}b\u{2029}".as_bytes(), "a?b?"),
            (b"\xff\xc3(", ""), // Shown in any way that is harmless.
            (b"a\tb", "a    b"),
            ("¿Qué tal, ñandú? 🙂".as_bytes(), "¿Qué tal, ñandú? 🙂"),
        ]
        .into_iter()
        .enumerate()
        {
            let end = format!("end {k}");
            let prefix = &*(fresh() + "< ");
            peer.say(nasty);
            peer.say(end.as_bytes());
            sees(&program, &format!("{prefix}{end}\r\n"));
            let screen = program.stdout();
            let mut lines = screen.split(prefix).collect::<Vec<_>>();
            assert_eq!(lines.pop(), Some(&*format!("{end}\r\n")));
            let line = lines.pop().unwrap_or_default();
            let line = line.strip_suffix("\r\n").expect("a line");
            assert!(line.chars().all(harmless), "{language:?}: {line:?}");
            if !shown.is_empty() {
                assert_eq!(line, shown, "{language:?}");
            }
        }
    }
}

/// What a terminal shows: its rows, where a row has so many columns. (Each
/// character here is one column wide, and nothing scrolls.)
fn screen(output: &str) -> Vec<String> {
    let mut rows = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    for c in output.chars() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            c => {
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                }
                rows.resize(rows.len().max(row + 1), Vec::new());
                let width = rows[row].len().max(column + 1);
                rows[row].resize(width, ' ');
                rows[row][column] = c;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let text = |row: Vec<char>| row.into_iter().collect::<String>();
    rows.into_iter().map(|row| text(row).trim_end().to_string()).collect()
}

fn a_long_message_does_not_imitate_the_program(language: Language) {
    for (program, mut peer) in both(language) {
        let forged = "the peer left";
        for spaces in [COLUMNS - 4, COLUMNS - 3, COLUMNS - 2, COLUMNS - 1] {
            let padded = "x".to_string() + &" ".repeat(spaces) + forged;
            peer.say(padded.as_bytes());
            peer.say(forged.repeat(12).as_bytes());
        }
        peer.say(b"end");
        sees(&program, "< end");
        peer.say(format!("two lines\n{forged}").as_bytes());
        sees(&program, &format!("< two lines\r\n< {forged}\r\n"));
        for row in screen(&program.stdout()) {
            let ours = !row.starts_with("< ") && !row.starts_with("  ");
            assert!(!ours || !row.contains(forged), "{language:?}: {row:?}");
        }
    }
}

fn a_half_typed_line_of_two_rows_stays_whole(language: Language) {
    for (mut program, mut peer) in both(language) {
        let half = "0123456789".repeat(7);
        program.write(half.as_bytes());
        sees(&program, &half);
        peer.say("¿hola?".as_bytes());
        sees(&program, "< ¿hola?\r\n");
        let rows = screen(&program.stdout());
        let at = rows.iter().position(|row| *row == half[..COLUMNS]);
        let at = at.unwrap_or_else(|| panic!("{language:?}: {rows:?}"));
        assert_eq!(rows[at + 1..at + 3], [&half[COLUMNS..], "< ¿hola?"]);
        program.write(b"\n");
        peer.hears(half.as_bytes());
    }
}

fn quit_leaves_with_bye(language: Language) {
    for (mut program, mut peer) in both(language) {
        program.write(b"/quit is a word\n/quit\n");
        peer.until("BYE", |f| f.kind == BYE);
        assert_eq!(peer.heard, [b"/quit is a word"]);
        let ended = ends(program);
        assert!(ended.stdout.contains("/quit or Ctrl-C leaves"));
    }
}

fn ctrl_c_says_what_is_not_confirmed(language: Language) {
    for (mut program, peer) in both(language) {
        program.write(b"one\ntwo\n");
        let next = || peer.hear(testbed::PATIENCE).expect("a message");
        while next().message() != b"one" {} // Others may come again.
        program.write(b"\x03");
        sees(&program, "messages not confirmed yet: 2; Ctrl-C again");
        program.write(b"\x03");
        let ended = program.end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        // Number 1 goes alone, and so "two" was perhaps not sent.
        for lost in ["not confirmed: one", ": two"] {
            assert!(ended.stdout.contains(lost), "{}", ended.stdout);
        }
    }
}
