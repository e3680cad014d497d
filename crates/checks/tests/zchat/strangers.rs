//! Who is at the other end: strangers, forgers, a peer that moves, starts again
//! or leaves twice, and the program itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use checks::zchat::{ACK, BYE, Frame, HELLO, Peer, TEXT, ZTEXT, deflate};
use checks::{Hear, Language, lines};
use testbed::PATIENCE;

use super::{
    ME, MOMENT, Role, alive, both, client, ends, flat, lost, memory, no_panic,
    sentence, server, shows, socket, start, up,
};

in_both_languages! {
    a_flood_of_hellos
    a_peer_restarts_on_the_same_address
    a_forged_hello_from_the_peer_s_address
    the_right_address_with_wrong_ids
    an_unknown_session
    the_peer_s_address_changes
    bye_twice
    it_dials_itself
    two_servers_on_one_port
}

fn a_flood_of_hellos(language: Language) {
    // Nobody is connected yet; then somebody is.
    let server = server(language);
    server.address();
    let before = memory(server.id());
    hello_flood(server.address(), HELLO, None);
    let mut peer = Peer::call(server.address(), ME);
    hello_flood(server.address(), BYE, Some(&mut peer));
    peer.say(b"still me");
    shows(&server, b"still me\n");
    flat(server.id(), before);
    alive(server);

    let (client, mut peer) = up(language, Role::Client);
    hello_flood(peer.to, BYE, Some(&mut peer));
    peer.say(b"still me");
    shows(&client, b"still me\n");
    alive(client);
}

/// Each HELLO may be answered by one frame of this kind, and need not be. The
/// `peer`, whose place they want, answers what it is asked meanwhile.
fn hello_flood(to: SocketAddr, kind: u8, mut peer: Option<&mut Peer>) {
    let flood = Peer::new(to, 0);
    let mut answers = Vec::new();
    for some in 0..40 {
        for i in 0..50 {
            let src = 1000 + some * 50 + i;
            let (tried, dst, seq, payload) = (0, 0, 0, vec![]);
            let kind = HELLO;
            flood.raw(&Frame { kind, tried, src, dst, seq, payload }.pack());
        }
        answers.extend(flood.all_within(Duration::from_millis(10)));
        if let Some(peer) = &mut peer {
            let asked = peer.all_within(Duration::from_millis(1));
            asked.iter().for_each(|frame| peer.serve(frame));
        }
    }
    answers.extend(flood.all_within(MOMENT));
    for answer in &answers {
        assert_eq!((answer.kind, answer.seq), (kind, 0), "{answer:?}");
        assert_eq!(answer.pack().len(), 20);
    }
    let mut asked: Vec<_> = answers.iter().map(|a| a.dst).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), answers.len(), "two answers to one HELLO");
}

fn a_peer_restarts_on_the_same_address(language: Language) {
    let (mut server, mut peer) = up(language, Role::Server);
    peer.say(b"before");
    let old = peer.frame(TEXT, 0, peer.next, b"from before");
    peer.me = 0x7777;
    let start = Instant::now();
    peer.connect();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "30 s are for the dead: {took:?}");
    peer.say(b"after");
    shows(&server, b"before\nafter\n");
    // Frames of the old session belong to nobody now.
    peer.raw(&old.pack());
    answers_only_or_bye(&mut peer, b"the same session");
    server.write(b"hello again\n");
    peer.hears(b"hello again");
    shows(&server, b"before\nafter\nthe same session\n");
    alive(server);

    // A server that starts again on the same address: the client's message
    // is not confirmed, and that is known at once.
    let (mut client, mut peer) = up(language, Role::Client);
    client.write(b"before\n");
    peer.hears(b"before");
    client.write(b"after\n");
    let lost = peer.hear(PATIENCE).expect("after");
    let (kind, tried, seq, payload) = (BYE, 0, 0, vec![]);
    let (src, dst) = (lost.dst, lost.src);
    peer.raw(&Frame { kind, tried, src, dst, seq, payload }.pack());
    client.wait_for("not confirmed");
    assert!(ends(client, 1).stderr.contains("after"));
}

/// As [`answers_only`], but a mirrored BYE 0 may come, too.
fn answers_only_or_bye(peer: &mut Peer, message: &[u8]) {
    let seq = peer.next;
    peer.say(message);
    for frame in peer.all_within(MOMENT / 3) {
        let bye = (frame.kind, frame.seq) == (BYE, 0);
        let ack = (frame.kind, frame.seq) == (ACK, seq);
        let resent = frame.is_text() && frame.tried > 0;
        assert!(bye || ack || resent, "{frame:?}");
    }
}

fn a_forged_hello_from_the_peer_s_address(language: Language) {
    both(language, |_, program, peer| {
        for src in [0x100, 0x101, 0x102] {
            let mut hello = peer.frame(HELLO, 0, 0, b"");
            (hello.src, hello.dst) = (src, 0);
            peer.raw(&hello.pack());
            peer.raw(&hello.pack());
            // Whoever forged it cannot see the answer.
            for answer in peer.all_within(MOMENT / 3) {
                if answer.is_text() && answer.tried > 0 {
                    continue; // For the peer: its ACK took long.
                }
                assert_eq!(answer.dst, src, "{answer:?}");
                assert!(matches!(answer.kind, HELLO | BYE), "{answer:?}");
                assert_eq!(answer.seq, 0);
            }
            // A guess at the other id does not help.
            let mut guess = peer.frame(TEXT, 0, 1, b"");
            (guess.src, guess.dst) = (src, 0x4242_4242);
            peer.raw(&guess.pack());
            peer.say(b"");
        }
        program.write(b"same session\n");
        peer.hears(b"same session");
        vec![]
    });
}

fn the_right_address_with_wrong_ids(language: Language) {
    both(language, |_, program, peer| {
        let read = peer.next.to_be_bytes();
        let wrong = [
            (ME, 0x9999),
            (0x9999, peer.him),
            (0x9999, 0x9998),
            (peer.him, ME),
        ];
        program.write(b"in flight\n");
        let in_flight = peer.hear(PATIENCE).expect("a message");
        for (src, dst) in wrong {
            for (kind, seq, payload) in [
                (TEXT, peer.next, &b"wrong"[..]),
                (ZTEXT, peer.next, &deflate(b"wrong")),
                (ACK, in_flight.seq, b""),
                (BYE, 0, b""),
                (BYE, peer.next, &read),
                (HELLO, 0, b""),
            ] {
                let frame = peer.frame(kind, 0, seq, payload);
                let own = src == peer.him && kind == HELLO; // "I dialed me."
                if !own {
                    peer.raw(&Frame { src, dst, ..frame }.pack());
                }
            }
        }
        // What belongs to an unknown session may get a BYE 0, mirrored; the
        // message in flight is still not acknowledged.
        let mut answers = peer.all_within(MOMENT);
        let end = Instant::now() + PATIENCE;
        while !answers.iter().any(|f| f.kind == TEXT) && Instant::now() < end {
            answers.extend(peer.all_within(MOMENT));
        }
        for answer in &answers {
            let again = (answer.kind, answer.seq) == (TEXT, in_flight.seq);
            let reset = (answer.kind, answer.seq) == (BYE, 0);
            let pair = (answer.dst, answer.src);
            assert!(again || reset && wrong.contains(&pair), "{answer:?}");
        }
        assert!(answers.iter().any(|f| f.kind == TEXT), "it was popped");
        peer.serve(&in_flight);
        peer.say(b"");
        program.write(b"next\n");
        peer.hears(b"next");
        vec![]
    });
}

fn an_unknown_session(language: Language) {
    let server = server(language);
    unknown_session(server.address());
    let mut peer = Peer::call(server.address(), ME);
    unknown_session(server.address());
    peer.say(b"mine is known");
    shows(&server, b"mine is known\n");
    alive(server);

    let (client, mut peer) = up(language, Role::Client);
    unknown_session(peer.to);
    peer.say(b"mine is known");
    shows(&client, b"mine is known\n");
    alive(client);
}

fn unknown_session(to: SocketAddr) {
    let mut stranger = Peer::new(to, 0x3131);
    stranger.him = 0x3232;
    let stream = deflate(b"who are you?");
    for (kind, seq, payload) in [
        (TEXT, 1, &b""[..]),
        (TEXT, 5, b"who are you?"),
        (ZTEXT, 5, &stream),
        (BYE, 5, &[0, 0, 0, 5]),
    ] {
        stranger.send(kind, 3, seq, payload);
        let answer = stranger.hear(PATIENCE).expect("BYE 0");
        let fields = (answer.kind, answer.seq, answer.src, answer.dst);
        assert_eq!(fields, (BYE, 0, 0x3232, 0x3131), "{answer:?}");
        assert_eq!(answer.pack().len(), 20);
        // Sent back, it is not answered: two servers do not talk for ever.
        let (src, dst) = (answer.dst, answer.src);
        stranger.raw(&Frame { src, dst, ..answer.clone() }.pack());
        stranger.raw(&answer.pack());
    }
    for kind in [ACK, HELLO] {
        stranger.send(kind, 0, 0, b"");
        stranger.send(kind, 0, 1, b"");
    }
    stranger.send(BYE, 0, 0, b"");
    // One more question, so that all of these were read when it is answered.
    stranger.send(TEXT, 3, 6, b"");
    let answer = stranger.hear(PATIENCE).expect("BYE 0");
    assert_eq!((answer.kind, answer.seq), (BYE, 0), "{answer:?}");
    assert_eq!(stranger.all_within(MOMENT), []);
}

fn the_peer_s_address_changes(language: Language) {
    both(language, |_, program, peer| {
        peer.say(b"from here");
        program.write(b"to here\n");
        peer.hears(b"to here");
        peer.s = socket();
        peer.say(b"from there");
        program.write(b"to there\n");
        peer.hears(b"to there");
        b"from here\nfrom there\n".to_vec()
    });
}

fn bye_twice(language: Language) {
    for role in [Role::Server, Role::Client] {
        let (program, mut peer) = up(language, role);
        peer.say(b"hola");
        let (seq, read) = (peer.next, (peer.expect - 1).to_be_bytes());
        peer.send(BYE, 0, seq, &read);
        let ack = peer.hear(PATIENCE).expect("an acknowledgement");
        assert_eq!((ack.kind, ack.seq, ack.tried), (ACK, seq, 0), "{ack:?}");
        program.wait_for("left");
        peer.send(BYE, 1, seq, &read);
        match peer.hear(MOMENT * 3) {
            None => assert_eq!(role, Role::Client, "no answer"),
            Some(f) if f.kind == ACK => assert_eq!((f.seq, f.tried), (seq, 1)),
            Some(f) => assert_eq!((f.kind, f.seq), (BYE, 0), "{f:?}"),
        }
        let shown = match role {
            Role::Server => {
                let mut other = Peer::call(peer.to, 9);
                other.say(b"the next one");
                shows(&program, b"hola\nthe next one\n");
                alive(program)
            }
            Role::Client => {
                let ended = ends(program, 0);
                assert_eq!(lines(&ended.stdout), "hola\n");
                ended
            }
        };
        assert!(!lost(&shown.stderr), "{}", shown.stderr);
    }
}

fn it_dials_itself(language: Language) {
    let s = socket();
    let mut client = client(language, s.local_addr().unwrap());
    client.write(b"who is there?\n");
    s.set_read_timeout(Some(MOMENT)).unwrap();
    let over = AtomicBool::new(false);
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 2000];
            let late = || start.elapsed() > PATIENCE * 2; // A test failed.
            while !over.load(Ordering::Relaxed) && !late() {
                if let Ok((n, from)) = s.hear(&mut buffer) {
                    let _ = s.send_to(&buffer[..n], from);
                }
            }
        });
        let said = client.wait_until("a word about it", |_, stderr| {
            let about = |l: &&str| l.contains("self") || l.contains("own");
            stderr.lines().find(about).map(str::to_string)
        });
        assert!(!said.contains("connected"), "{said}");
        let ended = client.end();
        over.store(true, Ordering::Relaxed);
        no_panic(&ended);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    });
    assert!(start.elapsed() < Duration::from_secs(20));
}

fn two_servers_on_one_port(language: Language) {
    let first = server(language);
    let port = first.address().port().to_string();
    for host in ["127.0.0.1", "localhost"] {
        let args = ["--host", host, "--port", &port];
        let ended = start(language, "server", &args).end();
        no_panic(&ended);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        sentence(&ended);
    }
    let mut peer = Peer::call(first.address(), ME);
    peer.say(b"hola");
    shows(&first, b"hola\n");
    alive(first);
}
