//! The chat on one page: it compresses, it checks, and it repairs nothing.

use checks::{Language, lines, socket, start};
use testbed::Program;

/// A server and a client that have met.
fn both(listener: Language, speaker: Language) -> (Program, Program) {
    let start = |language, args: &[&str]| {
        start(language, "examples", "chat_page", args)
    };
    let server = start(listener, &["--port", "0", "server"]);
    let port = server.address().port().to_string();
    let client = start(speaker, &["--port", &port, "client"]);
    server.wait_for("< "); // The client's empty line.
    (server, client)
}

/// Waits until it has printed this, and nothing else.
fn shows(program: &Program, expected: &str) {
    let shown = program.wait_until(expected, |stdout, _| {
        (lines(stdout).len() >= expected.len()).then(|| lines(stdout))
    });
    assert_eq!(shown, expected);
}

#[test]
fn lines_arrive_short_and_long_in_all_pairings() {
    for listener in Language::BOTH {
        for speaker in Language::BOTH {
            let (mut server, mut client) = both(listener, speaker);
            let (short, long) = ("¿Qué tal, ñandú?", "ja".repeat(400));
            let text = format!("{short}\n{long}\n");
            let shown = format!("< {short}\n< {long}\n");
            client.write(text.as_bytes());
            shows(&server, &format!("< \n{shown}"));
            server.write(text.as_bytes());
            shows(&client, &shown);
            for program in [client, server] {
                assert_eq!(program.end().code, Some(0));
            }
        }
    }
}

#[test]
fn what_came_damaged_is_said_and_what_is_lost_is_lost() {
    for language in Language::BOTH {
        let args = ["--port", "0", "server"];
        let mut server = start(language, "examples", "chat_page", &args);
        let s = socket();
        s.connect(server.address()).unwrap();
        let seal =
            |body: &[u8]| [&crc32fast::hash(body).to_be_bytes(), body].concat();
        let good = seal(b"thola");
        let mut bad = good.clone();
        bad[7] ^= 1;
        let stream = checks::zchat::deflate(&vec![0; 1_000_000]);
        for data in [
            good.clone(),
            bad,
            vec![],
            good[..4].to_vec(),
            seal(b""),
            seal(b"z is no zlib stream"),
            seal(b"t\x1b[2J"),
            seal("t\u{200f}\u{61c}".as_bytes()),
            good,
        ] {
            s.send(&data).unwrap();
        }
        let damaged = "< (damaged)\n";
        let shown = damaged.repeat(5) + "< ?[2J\n< ??\n";
        let shown = format!("< hola\n{shown}< hola\n");
        shows(&server, &shown);
        // A bomb costs no more than a line.
        s.send(&seal(&[b"z", &stream[..]].concat())).unwrap();
        s.send(&seal(b"tend")).unwrap();
        server.wait_for("< end");
        assert!(server.stdout().len() < 5000);
        // It is sent once, and nobody asks whether it came.
        server.write(b"once\n");
        let mut buffer = [0; 100];
        s.set_read_timeout(Some(testbed::PATIENCE)).unwrap();
        let n = checks::Hear::hear(&s, &mut buffer).unwrap().0;
        assert_eq!(buffer[..n], seal(b"tonce"));
        server.write(b"twice\n");
        let n = checks::Hear::hear(&s, &mut buffer).unwrap().0;
        assert_eq!(buffer[..n], seal(b"ttwice"));
    }
}
