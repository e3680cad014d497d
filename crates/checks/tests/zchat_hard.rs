//! zchat: the hard cases, each against the real programs, known by nothing
//! but what they send, print, and say when they end.
//!
//! [`table`] has a row for each case in `zchat_hard.txt`: its short name, the
//! case, and the test of it in Rust and in Python. A cell whose test does not
//! start that program fails, and so does the table if a case has no row.
//!
//! A runner of its own, because most of the slow cases only wait (30 seconds
//! until a message is "not confirmed"): they all wait at the same time.
//! `cargo test -p checks --test zchat_hard -- bomb busy::python` runs some.

use std::cell::{Cell as Mutable, RefCell};
use std::env;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use badlink::{BadLink, Direction, Shares};
use checks::Language;
use checks::zchat::{
    ACK, BYE, Frame, HELLO, Peer, TEXT, ZTEXT, deflate, gzip, seal,
};
use checks::{Hear, Random, two_hosts, within};
use testbed::{Ended, PATIENCE, Program, free_port, output};

/// What is done about a case in one language.
enum Cell {
    /// A test that ends within seconds.
    Test(fn(Language)),
    /// A test that mostly waits.
    Slow(fn(Language)),
}
use Cell::{Slow, Test};

/// Short name, case, Rust, Python.
type Row = (&'static str, &'static str, Cell, Cell);

#[rustfmt::skip] // A line for each case.
fn table() -> Vec<Row> {
    vec![
        ("random", "Random datagrams of 0..1500 bytes", Test(random), Test(random)),
        ("flips", "every single-bit flip and every truncation of a good frame, one byte more", Test(flips), Test(flips)),
        ("long", "1201..65507 bytes with a good CRC", Test(long), Test(long)),
        ("fields", "other magic, kind 0/6/255, src 0", Test(fields), Test(fields)),
        ("bad_zlib", "bad zlib (cut, wrong Adler, trailing byte, FDICT, gzip, raw, empty)", Test(bad_zlib), Test(bad_zlib)),
        ("bomb", "bomb of 1 MB in 1 kB x200, memory flat", Test(bomb), Test(bomb)),
        ("inflates", "inflates to 1,024 (shown) and 1,025 (refused)", Test(inflates), Test(inflates)),
        ("text", "TEXT of 1,024 and 1,025", Test(text), Test(text)),
        ("escapes", "escape sequences, CR, C1, bidi, NUL, invalid UTF-8", Test(escapes), Test(escapes)),
        ("same", "same TEXT x50: shown once, acknowledged 50 times", Test(same), Test(same)),
        ("future", "seq from the future, 0, 2^31, 2^32-1", Test(future), Test(future)),
        ("acks", "100 duplicate ACKs send nothing", Test(acks), Test(acks)),
        ("never_sent", "ACKs of numbers never sent", Test(never_sent), Test(never_sent)),
        ("resends", "no ACK at all: resends at 0.2 0.4 0.8 1.6 2 2 s", Slow(resends), Slow(resends)),
        ("outage", "path dead 20 s: delivered once, afterwards", Slow(outage), Slow(outage)),
        ("dead", "dead for ever: reported", Slow(dead), Slow(dead)),
        ("one_way", "one-way path: nobody believes in a session", Slow(one_way), Slow(one_way)),
        ("flood", "HELLO flood of 2,000 ids", Test(flood), Test(flood)),
        ("busy", "stranger while busy", Slow(busy), Slow(busy)),
        ("killed", "client killed, another calls: in at about 34 s", Slow(killed), Slow(killed)),
        ("again", "peer restarts on the same address", Test(again), Test(again)),
        ("forged", "forged HELLO from the peer's address", Test(forged), Test(forged)),
        ("restart", "server restarts", Slow(restart), Slow(restart)),
        ("wrong_ids", "right address with wrong ids", Test(wrong_ids), Test(wrong_ids)),
        ("unknown", "unknown session: one mirrored BYE 0, no ping-pong", Test(unknown), Test(unknown)),
        ("moves", "address changes mid session", Test(moves), Test(moves)),
        ("bye_twice", "BYE twice", Test(bye_twice), Test(bye_twice)),
        ("bye_alone", "BYE never answered", Slow(bye_alone), Slow(bye_alone)),
        ("last_ack", "last ACK lost before BYE", Slow(last_ack), Slow(last_ack)),
        ("both_leave", "both leave at once", Slow(both_leave), Slow(both_leave)),
        ("both_dial", "both dial each other", Slow(both_dial), Slow(both_dial)),
        ("mirror", "dials itself", Test(mirror), Test(mirror)),
        ("ring", "ring of three callers", Slow(ring), Slow(ring)),
        ("one_port", "two servers on one port", Test(one_port), Test(one_port)),
        // The hour itself passes in the tests in virtual time.
        ("idle", "idle hour", Slow(idle), Slow(idle)),
        ("nobody", "EOF with nobody there", Test(nobody), Test(nobody)),
        ("echo_hola", "`echo hola | client` delivers", Test(echo_hola), Test(echo_hola)),
        ("two_bytes", "5,000 bytes of two-byte letters", Test(two_bytes), Test(two_bytes)),
        ("any_bytes", "stdin with NUL and invalid UTF-8", Test(any_bytes), Test(any_bytes)),
        ("full", "stdout /dev/full: not acknowledged, exit not 0, no panic", Slow(full), Slow(full)),
        ("stopped", "SIGSTOP 2 s", Slow(stopped), Slow(stopped)),
        ("link_down", "link down 5 s (ENETUNREACH)", Slow(link_down), Slow(link_down)),
        ("mtu", "MTU 576", Test(mtu), Test(mtu)),
        ("hosts", "`[::]`, 127.0.0.1, localhost in all combinations", Test(hosts), Test(hosts)),
        ("arguments", "bad arguments, port 0/70000, unknown host: one sentence, exit 2 or 1", Test(arguments), Test(arguments)),
        ("gigabyte", "1 GB on stdin", Slow(gigabyte), Slow(gigabyte)),
        ("sound", "100,000 sound frames with random kinds, ids, seqs, payloads: no panic, memory flat", Slow(sound), Slow(sound)),
    ]
}

// ---------------------------------------------------------------------------
// What the cases share.

/// The id of the scripted peer.
const ME: u32 = 0x1122_3344;

const MOMENT: Duration = Duration::from_millis(300);

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Server,
    Client,
}

fn start(language: Language, name: &str, args: &[&str]) -> Program {
    started(language);
    checks::start(language, "zchat", name, args)
}

fn server(language: Language) -> Program {
    start(language, "server", &["--port", "0"])
}

fn client(language: Language, to: SocketAddr) -> Program {
    let (host, port) = (to.ip().to_string(), to.port().to_string());
    start(language, "client", &["--host", &host, "--port", &port])
}

/// A socket that a client can dial.
fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A program that is connected with a scripted peer.
fn up(language: Language, role: Role) -> (Program, Peer) {
    match role {
        Role::Server => {
            let server = server(language);
            let peer = Peer::call(server.address(), ME);
            (server, peer)
        }
        Role::Client => {
            let s = socket();
            let client = client(language, s.local_addr().unwrap());
            let peer = Peer::answer(s, ME);
            (client, peer)
        }
    }
}

/// A client and a server of the same language, connected through a link that
/// is perfect until the test changes it.
fn through_a_link(language: Language) -> (Program, Program, BadLink) {
    let server = server(language);
    let (good, any) = (Shares::default(), "127.0.0.1:0".parse().unwrap());
    let link = BadLink::start(any, server.address(), good, good, 1).unwrap();
    let client = client(language, link.address());
    client.wait_for("connected");
    server.wait_for("connected");
    (server, client, link)
}

/// The test with the server, then with the client; afterwards the program
/// must be alive, in the same session, and must have shown what the test
/// says it has, and nothing else.
fn both(
    language: Language,
    test: impl Fn(Role, &mut Program, &mut Peer) -> Vec<u8>,
) {
    for role in [Role::Server, Role::Client] {
        let (mut program, mut peer) = up(language, role);
        let mut shown = test(role, &mut program, &mut peer);
        peer.say(b"still there");
        shown.extend(b"still there\n");
        shows(&program, &shown);
        assert_eq!(alive(program).stdout_bytes, shown, "{role:?}");
    }
}

/// The same side by side, for tests that wait.
fn side_by_side(
    language: Language,
    test: impl Fn(Role, Program, Peer) + Send + Sync,
) {
    let ups = [Role::Server, Role::Client].map(|r| (r, up(language, r)));
    thread::scope(|scope| {
        for (role, (program, peer)) in ups {
            let test = &test;
            scope.spawn(move || test(role, program, peer));
        }
    });
}

/// Waits until the program has printed as much as this, which must be this.
fn shows(program: &Program, expected: &[u8]) {
    let expected = String::from_utf8_lossy(expected).into_owned();
    let shown = program.wait_until(&format!("{expected:?}"), |stdout, _| {
        (stdout.len() >= expected.len()).then(|| stdout.to_string())
    });
    assert_eq!(lines(&shown), expected);
}

/// Stops a program that must not have ended by itself.
fn alive(program: Program) -> Ended {
    let ended = program.stop();
    if cfg!(unix) {
        assert_eq!(ended.code, None, "it had ended: {ended:?}");
    }
    no_panic(&ended);
    ended
}

/// Waits until the program ends by itself, with this status.
fn ends(program: Program, code: i32) -> Ended {
    let ended = program.end();
    no_panic(&ended);
    assert_eq!(ended.code, Some(code), "{ended:?}");
    ended
}

fn no_panic(ended: &Ended) {
    for word in ["panicked", "RUST_BACKTRACE", "Traceback", "Exception "] {
        assert!(!ended.stderr.contains(word), "{}", ended.stderr);
    }
}

/// Says a message; the acknowledgement must be the first thing that comes: so
/// nothing before it was answered.
fn answers_only(peer: &mut Peer, message: &[u8]) {
    for tried in 0..60 {
        peer.send(TEXT, tried, peer.next, message);
        match peer.hear(Duration::from_secs(1)) {
            Some(f) if f.kind == ACK && f.seq < peer.next => {} // Resent.
            Some(f) => {
                assert_eq!((f.kind, f.seq), (ACK, peer.next), "{f:?}");
                assert!(f.tried <= tried, "never sent: {f:?}");
                peer.next += 1;
                return;
            }
            None => {}
        }
    }
    panic!("{:?} is never acknowledged", String::from_utf8_lossy(message));
}

/// Memory in use, in kB, where the system tells.
fn memory(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory must not have grown by more than 8 MB.
fn flat(process: u32, before: Option<usize>) {
    let after = memory(process);
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + 8_000, "{before} kB, then {after} kB");
    }
}

/// Ctrl-C for both at once: one `kill` sends it.
fn interrupt_both(a: &Program, b: &Program) {
    let mut kill = Command::new("kill");
    kill.args(["-INT".to_string(), a.id().to_string(), b.id().to_string()]);
    let sent = output(&mut kill);
    assert!(sent.is_ok_and(|sent| sent.status.success()), "{kill:?}");
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

// ---------------------------------------------------------------------------
// What cannot be a frame of the session.

fn random(language: Language) {
    both(language, |_, _, peer| {
        let stranger = Peer::new(peer.to, 1);
        let mut random = Random(1);
        for round in 0..40 {
            for i in 0..50 {
                let mut data = random.bytes(1501);
                if round == 0 {
                    data.resize(i, 0); // The shortest ones, one by one.
                }
                if i % 3 == 0 && data.len() >= 2 {
                    data[..2].copy_from_slice(b"Z1");
                }
                let from = if i % 2 == 0 { &*peer } else { &stranger };
                from.raw(&data);
            }
            answers_only(peer, b"");
        }
        assert_eq!(stranger.all_within(MOMENT / 10), []);
        vec![]
    });
}

fn flips(language: Language) {
    both(language, |_, _, peer| {
        let ja = deflate("ja".repeat(100).as_bytes());
        let read = (peer.expect - 1).to_be_bytes();
        for (kind, payload) in
            [(TEXT, &b"hola"[..]), (ZTEXT, &ja), (BYE, &read), (HELLO, b"")]
        {
            let mut frame = peer.frame(kind, 200, peer.next, payload);
            if kind == HELLO {
                (frame.dst, frame.seq) = (0, 0);
            }
            let good = frame.pack();
            let flipped = (0..8 * good.len()).map(|bit| {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                bad
            });
            let cut = (0..good.len()).map(|n| good[..n].to_vec());
            let longer = [0, 1, 255, good[good.len() - 1]];
            let longer = longer.map(|byte| [&good[..], &[byte]].concat());
            let bad: Vec<_> = flipped.chain(cut).chain(longer).collect();
            for some in bad.chunks(50) {
                some.iter().for_each(|bad| peer.raw(bad));
                answers_only(peer, b"");
            }
        }
        vec![]
    });
}

fn long(language: Language) {
    both(language, |_, _, peer| {
        for n in [1201, 1202, 1500, 9000, 20_000, 65_507] {
            for kind in [TEXT, ZTEXT, HELLO] {
                let mut stream = deflate(b"long");
                stream.resize(n - 20, 0);
                let mut frame = peer.frame(kind, 200, peer.next, &stream);
                if kind == HELLO {
                    (frame.dst, frame.seq) = (0, 0);
                }
                assert_eq!(frame.pack().len(), n);
                peer.raw(&frame.pack());
            }
            answers_only(peer, b"");
        }
        vec![]
    });
}

fn fields(language: Language) {
    both(language, |_, _, peer| {
        let good = peer.frame(TEXT, 200, peer.next, b"hola");
        for magic in [b"Z2", b"z1", b"Y1", b"\0\0", b"1Z"] {
            let mut bytes = good.pack();
            bytes.truncate(bytes.len() - 4);
            bytes[..2].copy_from_slice(magic);
            peer.raw(&seal(bytes));
        }
        for kind in [0, 6, 7, 128, 255] {
            peer.raw(&Frame { kind, ..good.clone() }.pack());
        }
        for kind in [HELLO, TEXT, ZTEXT, ACK, BYE, 6] {
            peer.raw(&Frame { kind, src: 0, ..good.clone() }.pack());
            peer.raw(&Frame { kind, src: 0, dst: 0, ..good.clone() }.pack());
        }
        answers_only(peer, b"");
        vec![]
    });
}

fn bad_zlib(language: Language) {
    both(language, |_, _, peer| {
        let hola = "hola ".repeat(20);
        let good = deflate(hola.as_bytes());
        let n = good.len();
        let changed = |at: usize, bits: u8| {
            let mut stream = good.clone();
            stream[at] ^= bits;
            stream
        };
        // RFC 1950: FDICT is bit 5 of the second byte; 0x7820 is a multiple
        // of 31; the dictionary's Adler-32 follows.
        let dictionary = [&[0x78, 0x20, 0, 0, 0, 1], &good[2..]].concat();
        for bad in [
            good[..n - 1].to_vec(),
            good[..n - 4].to_vec(),
            good[..n / 2].to_vec(),
            good[..2].to_vec(),
            changed(n - 1, 1),
            changed(n - 4, 128),
            changed(0, 1),
            [&good[..], &[0]].concat(),
            [&good[..], &good[..]].concat(),
            dictionary,
            gzip(hola.as_bytes()),
            good[2..n - 4].to_vec(),
            vec![],
            vec![0; 100],
            vec![255; 1180],
            hola.clone().into_bytes(),
        ] {
            peer.send(ZTEXT, 200, peer.next, &bad);
            answers_only(peer, b"");
        }
        peer.deliver(ZTEXT, &good);
        (hola + "\n").into_bytes()
    });
}

fn bomb(language: Language) {
    both(language, |_, program, peer| {
        let bomb = deflate(&vec![0; 1_000_000]);
        assert!(bomb.len() < 1180, "{}", bomb.len());
        peer.send(ZTEXT, 200, peer.next, &bomb);
        answers_only(peer, b"");
        let before = memory(program.id());
        for _ in 0..20 {
            for _ in 0..10 {
                peer.send(ZTEXT, 200, peer.next, &bomb);
            }
            answers_only(peer, b"");
        }
        flat(program.id(), before);
        vec![]
    });
}

fn inflates(language: Language) {
    both(language, |_, _, peer| {
        let longest = "ja".repeat(512);
        let too_long = deflate(format!("{longest}!").as_bytes());
        peer.send(ZTEXT, 200, peer.next, &too_long);
        answers_only(peer, b"");
        peer.deliver(ZTEXT, &deflate(longest.as_bytes()));
        (longest + "\n").into_bytes()
    });
}

fn text(language: Language) {
    both(language, |_, _, peer| {
        let longest = "ab".repeat(512);
        let too_long = format!("{longest}!");
        peer.send(TEXT, 200, peer.next, too_long.as_bytes());
        peer.send(TEXT, 200, peer.next, &[b'x'; 1180]);
        answers_only(peer, b"");
        peer.say(longest.as_bytes());
        (longest + "\n").into_bytes()
    });
}

/// Where stdout is no terminal, bytes come out as they went in. (What a
/// terminal shows is in `zchat_terminal.rs`.)
fn escapes(language: Language) {
    both(language, |_, _, peer| {
        let mut shown = Vec::new();
        for message in [
            &b"\x1b[2J\x1b]0;title\x07\x1b[31m"[..],
            b"a\rb",
            b"\x08\x08\x7f",
            "\u{9b}31m \u{85}".as_bytes(),
            "\u{202e}abc\u{202c} \u{2028} \u{2066}".as_bytes(),
            b"a\0b",
            b"\xff\xfe \xc3( \xf0\x9f",
            "¿Qué tal, ñandú?".as_bytes(),
        ] {
            peer.say(message);
            shown.extend(message);
            shown.push(b'\n');
        }
        shown
    });
}

// ---------------------------------------------------------------------------
// Numbers.

fn same(language: Language) {
    both(language, |_, _, peer| {
        let seq = peer.next;
        for tried in 0..50 {
            peer.send(TEXT, tried, seq, b"once");
        }
        let mut acknowledged = Vec::new();
        while acknowledged.len() < 50 {
            let ack = peer.hear(PATIENCE).expect("50 acknowledgements");
            assert_eq!((ack.kind, ack.seq), (ACK, seq));
            assert_eq!(ack.payload, []);
            acknowledged.push(ack.tried);
        }
        acknowledged.sort();
        assert_eq!(acknowledged, (0..50).collect::<Vec<u8>>());
        peer.next += 1;
        answers_only(peer, b"");
        b"once\n".to_vec()
    });
}

fn future(language: Language) {
    both(language, |_, _, peer| {
        let next = peer.next;
        for seq in
            [next + 1, next + 2, next + 1000, 1 << 31, (1 << 31) + 1, u32::MAX]
        {
            peer.send(TEXT, 200, seq, b"too early");
            peer.send(ZTEXT, 200, seq, &deflate(b"too early"));
        }
        answers_only(peer, b"");
        // Number 0 is below what is expected: it may be acknowledged.
        peer.send(TEXT, 200, 0, b"nobody's number");
        peer.say(b"");
        peer.say(b"in order");
        b"in order\n".to_vec()
    });
}

fn acks(language: Language) {
    both(language, |_, program, peer| {
        program.write(b"one\n");
        let one = peer.until("one", Frame::is_text);
        for _ in 0..100 {
            peer.ack(&one);
        }
        program.write(b"two\n");
        let two = loop {
            let two = peer.hear(PATIENCE).expect("two");
            if two.seq > one.seq {
                break two;
            }
        };
        // While "two" is in flight, nothing but the timer sends it again.
        for _ in 0..100 {
            peer.ack(&one);
        }
        let more = peer.all_within(MOMENT * 4);
        assert!(more.iter().all(|f| f.seq == two.seq), "{more:?}");
        assert!(more.len() <= 4, "{more:?}");
        peer.serve(&two);
        for _ in 0..100 {
            peer.ack(&two);
        }
        let more = peer.all_within(MOMENT * 2);
        assert!(more.len() <= 1, "{more:?}"); // Sent before the ACK came.
        assert_eq!(peer.heard, [b"one", b"two"]);
        answers_only(peer, b"");
        vec![]
    });
}

fn never_sent(language: Language) {
    both(language, |_, program, peer| {
        program.write(b"one\ntwo\n");
        let one = peer.until("one", Frame::is_text);
        // It is acknowledged now. So "two" is in flight, which is not:
        let two = peer.hear(PATIENCE).expect("two");
        assert!(two.is_text(), "{two:?}");
        let two = if two.seq == one.seq {
            loop {
                let next = peer.hear(PATIENCE).expect("two");
                if next.seq > one.seq {
                    break next;
                }
            }
        } else {
            two
        };
        for seq in [0, two.seq - 1, two.seq + 1, two.seq + 9, 1 << 31, u32::MAX]
        {
            peer.send(ACK, 0, seq, b"");
            peer.send(ACK, two.tried, seq, b"");
        }
        // It is still sent again, and nothing else is.
        let resent = peer.hear(PATIENCE).expect("it is sent again");
        assert_eq!((resent.seq, resent.message()), (two.seq, b"two".to_vec()));
        peer.serve(&resent);
        program.write(b"three\n");
        peer.hears(b"three");
        assert_eq!(peer.heard, [&b"one"[..], b"two", b"three"]);
        vec![]
    });
}

// ---------------------------------------------------------------------------
// A path that is dead.

fn resends(language: Language) {
    side_by_side(language, |role, mut program, mut peer| {
        for i in 0..8 {
            let message = format!("sample {i}");
            program.write(format!("{message}\n").as_bytes());
            peer.hears(message.as_bytes());
        }
        let start = Instant::now();
        program.write(b"nobody answers\n");
        let mut sent = Vec::new();
        while sent.len() < 9 {
            let frame = peer.hear(PATIENCE).expect("it is sent again");
            if frame.is_text() && frame.message() == b"nobody answers" {
                assert_eq!(usize::from(frame.tried), sent.len());
                sent.push(Instant::now());
            }
        }
        let gaps = sent.windows(2).map(|w| (w[1] - w[0]).as_secs_f64());
        let gaps: Vec<_> = gaps.collect();
        // This test and the program may each be late, and never early: so
        // count from the moment before the program could send at all.
        let mut due = start;
        for (sent, wait) in sent[1..].iter().zip([2, 4, 8, 16, 20, 20, 20, 20])
        {
            due += Duration::from_millis(100 * wait);
            assert!(*sent >= due, "{role:?}: sent again too early: {gaps:?}");
        }
        assert!(gaps[0] < 2.0, "{role:?}: {gaps:?}");
        let last = gaps[4..].iter().any(|gap| *gap < 2.8);
        assert!(last, "{role:?}: {gaps:?}");
        program.wait_until("no message", |out, _| out.is_empty().then_some(()));
        alive(program);
    });
}

fn outage(language: Language) {
    let (mut server, mut client, link) = through_a_link(language);
    client.write(b"before\n");
    shows(&server, b"before\n");
    let lost = Shares { lose: 1.0, ..Shares::default() };
    link.set(lost, lost).unwrap();
    client.write(b"from the client\n");
    server.write(b"from the server\n");
    thread::sleep(Duration::from_secs(20)); // The case itself, not a wait.
    link.set(Shares::default(), Shares::default()).unwrap();
    shows(&server, b"before\nfrom the client\n");
    shows(&client, b"from the server\n");
    client.write(b"after\n");
    shows(&server, b"before\nfrom the client\nafter\n");
    let ended = ends(client, 0);
    assert_eq!(lines(&ended.stdout), "from the server\n");
    assert!(!ended.stderr.contains("not confirmed"), "{ended:?}");
    alive(server);
}

fn dead(language: Language) {
    side_by_side(language, |role, mut program, peer| {
        let start = Instant::now();
        program.write(b"one\ntwo\nthree\n");
        let ended = match role {
            Role::Client => {
                // Not end(): that would close its stdin, which is BYE.
                program.wait_for("not confirmed");
                program.wait_for("not sent");
                ends(program, 1).stderr
            }
            Role::Server => {
                program.wait_for("not confirmed");
                program.wait_for("not sent");
                // The seat is free again.
                let mut other = Peer::call(peer.to, 5);
                assert_ne!(other.him, peer.him);
                other.say(b"next");
                shows(&program, b"next\n");
                alive(program).stderr
            }
        };
        let took = start.elapsed();
        assert!(took > Duration::from_secs(28), "{took:?}");
        let line = |words: &str| {
            let line = ended.lines().find(|l| l.contains(words));
            line.unwrap_or_else(|| panic!("{role:?}, {words}: {ended}"))
        };
        assert!(line("not confirmed").contains("one"), "{ended}");
        for later in ["two", "three"] {
            let confirmed = line("not confirmed").contains(later);
            assert!(!confirmed && ended.contains(later), "{ended}");
        }
        assert!(!ended.contains("not delivered"), "{ended}");
        assert_eq!(peer.heard, Vec::<Vec<u8>>::new());
    });
}

fn one_way(language: Language) {
    let server = server(language);
    let (good, any) = (Shares::default(), "127.0.0.1:0".parse().unwrap());
    let lost = Shares { lose: 1.0, ..good };
    let link = BadLink::start(any, server.address(), good, lost, 1).unwrap();
    let mut client = client(language, link.address());
    client.write(b"does it arrive?\n");
    client.wait_for("not sent");
    let called = link.counts(Direction::There).sent;
    assert!((5..40).contains(&called), "{called} datagrams in 30 s");
    let answered = link.counts(Direction::Back).received;
    assert!(answered <= called, "{answered} answers to {called}");
    let ended = ends(client, 1);
    assert!(!ended.stderr.contains("connected to"), "{ended:?}");
    assert_eq!(ended.stdout, "");
    let ended = alive(server);
    assert!(!ended.stderr.contains("connected to"), "{ended:?}");
    assert_eq!(ended.stdout, "");
}

// ---------------------------------------------------------------------------
// Strangers, restarts, wrong ids.

fn flood(language: Language) {
    // Nobody is connected yet; then somebody is.
    let server = server(language);
    server.address();
    let before = memory(server.id());
    hello_flood(server.address(), HELLO);
    let mut peer = Peer::call(server.address(), ME);
    hello_flood(server.address(), BYE);
    peer.say(b"still me");
    shows(&server, b"still me\n");
    flat(server.id(), before);
    alive(server);

    let (client, mut peer) = up(language, Role::Client);
    hello_flood(peer.to, BYE);
    peer.say(b"still me");
    shows(&client, b"still me\n");
    alive(client);
}

/// Each HELLO may be answered by one frame of this kind, and need not be.
fn hello_flood(to: SocketAddr, kind: u8) {
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

fn busy(language: Language) {
    let (server, mut peer) = up(language, Role::Server);
    let mut stranger = Peer::new(peer.to, 0x5555);
    stranger.send(HELLO, 0, 0, b"");
    let answer = stranger.hear(PATIENCE).expect("busy");
    let fields = (answer.kind, answer.dst, answer.seq);
    assert_eq!((fields, answer.pack().len()), ((BYE, 0x5555, 0), 20));
    // A stranger who goes on as if he had been let in:
    stranger.him = answer.src;
    stranger.send(TEXT, 0, 1, b"");
    stranger.send(TEXT, 0, 2, b"let me in");
    stranger.him = peer.him;
    stranger.send(TEXT, 0, peer.next, b"let me in");
    stranger.him = 0;
    peer.say(b"it is me");

    // A peer that has been silent is asked whether it is still there.
    let quiet = Instant::now();
    let asked = loop {
        stranger.send(HELLO, 0, 0, b"");
        if let Some(frame) = peer.hear(MOMENT) {
            break frame;
        }
        assert!(quiet.elapsed() < PATIENCE, "the silent peer is not asked");
    };
    assert!(quiet.elapsed() > Duration::from_millis(1500));
    assert!(quiet.elapsed() < Duration::from_secs(12), "only the keepalive");
    assert!(asked.is_text() && asked.message().is_empty(), "{asked:?}");
    peer.serve(&asked);
    peer.say(b"here I am");
    shows(&server, b"it is me\nhere I am\n");
    let server_address = peer.to;

    // A client who is told so says so, and is in once the seat is free.
    let mut second = client(language, server_address);
    second.write(b"at last\n");
    second.wait_for("busy");
    peer.leave();
    second.wait_for("connected");
    shows(&server, b"it is me\nhere I am\nat last\n");
    ends(second, 0);
    alive(server);

    let (client, mut peer) = up(language, Role::Client);
    let stranger = Peer::new(peer.to, 0x5555);
    stranger.send(HELLO, 0, 0, b"");
    let answers = stranger.all_within(MOMENT);
    assert!(answers.iter().all(|f| f.kind == BYE), "{answers:?}");
    assert!(answers.len() <= 1, "{answers:?}");
    peer.say(b"it is me");
    shows(&client, b"it is me\n");
    alive(client);
}

fn killed(language: Language) {
    let server = server(language);
    let mut first = client(language, server.address());
    first.write(b"I am the first\n");
    shows(&server, b"I am the first\n");
    alive(first);
    let mut second = client(language, server.address());
    second.write(b"I am the second\n");
    second.wait_for("busy");
    let start = Instant::now();
    shows(&server, b"I am the first\nI am the second\n");
    let took = start.elapsed();
    assert!(took > Duration::from_secs(25), "{took:?}: not one lost packet");
    assert!(took < Duration::from_secs(42), "{took:?}");
    ends(second, 0);
    alive(server);
}

fn again(language: Language) {
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
        assert!(bye || ack, "{frame:?}");
    }
}

fn forged(language: Language) {
    both(language, |_, program, peer| {
        for src in [0x100, 0x101, 0x102] {
            let mut hello = peer.frame(HELLO, 0, 0, b"");
            (hello.src, hello.dst) = (src, 0);
            peer.raw(&hello.pack());
            peer.raw(&hello.pack());
            // Whoever forged it cannot see the answer.
            for answer in peer.all_within(MOMENT / 3) {
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

fn restart(language: Language) {
    let first = server(language);
    let address = first.address();
    let mut client = client(language, address);
    client.write(b"before\n");
    shows(&first, b"before\n");
    alive(first);
    let port = address.port().to_string();
    let second = start(language, "server", &["--port", &port]);
    assert_eq!(second.address(), address);
    let start = Instant::now();
    client.write(b"after\n");
    client.wait_for("not confirmed");
    assert!(start.elapsed() < Duration::from_secs(20), "30 s is for silence");
    assert!(ends(client, 1).stderr.contains("after"));
    // It has not taken part in a conversation that it does not know.
    let mut peer = Peer::call(address, ME);
    peer.say(b"new");
    shows(&second, b"new\n");
    alive(second);
}

fn wrong_ids(language: Language) {
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
        let answers = peer.all_within(MOMENT * 5);
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

fn unknown(language: Language) {
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
    let answers = stranger.all_within(MOMENT);
    let kinds: Vec<_> = answers.iter().map(|f| (f.kind, f.seq)).collect();
    assert_eq!(kinds, [(BYE, 0)], "{answers:?}");
}

fn moves(language: Language) {
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

// ---------------------------------------------------------------------------
// Leaving.

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
        assert!(!shown.stderr.contains("not "), "{}", shown.stderr);
    }
}

fn bye_alone(language: Language) {
    side_by_side(language, |role, mut program, mut peer| {
        peer.say(b"hola");
        program.write(b"my last words\n");
        peer.hears(b"my last words");
        let start = Instant::now();
        match role {
            Role::Client => program.close_input(),
            Role::Server if cfg!(unix) => program.signal("INT"),
            Role::Server => return, // No way to send Ctrl-C from here.
        }
        let end = peer.expect;
        let bye = peer.hear(PATIENCE).expect("BYE");
        assert_eq!((bye.kind, bye.seq, bye.tried), (BYE, end, 0), "{bye:?}");
        // TEXT #1 and "hola", or "hola" alone.
        assert_eq!(bye.payload, (peer.next - 1).to_be_bytes(), "{bye:?}");
        let again = peer.hear(PATIENCE).expect("BYE again");
        assert_eq!((again.kind, again.seq, again.tried), (BYE, end, 1));
        let ended = ends(program, 0);
        let took = start.elapsed();
        assert!(took > Duration::from_millis(1500), "{took:?}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(!ended.stderr.contains("not "), "{}", ended.stderr);
    });
}

fn last_ack(language: Language) {
    for arrived in [true, false] {
        side_by_side(language, |role, mut program, peer| {
            program.write(b"my last words\n");
            let last = peer.hear(PATIENCE).expect("a message");
            assert!(last.is_text() && !last.payload.is_empty(), "{last:?}");
            // No acknowledgement: it is lost. BYE says it again.
            let read = last.seq - u32::from(!arrived);
            peer.send(BYE, 0, peer.next, &read.to_be_bytes());
            program.wait_for("left");
            let ended = match role {
                Role::Client => ends(program, i32::from(!arrived)),
                Role::Server => {
                    if !arrived {
                        program.wait_for("not confirmed");
                    }
                    alive(program)
                }
            };
            let reported = ended.stderr.contains("not confirmed");
            assert_eq!(reported, !arrived, "{}", ended.stderr);
        });
    }
}

fn both_leave(language: Language) {
    // With a peer that says BYE instead of acknowledging BYE.
    side_by_side(language, |role, mut program, mut peer| {
        match role {
            Role::Client => program.close_input(),
            Role::Server if cfg!(unix) => program.signal("INT"),
            Role::Server => return,
        }
        let bye = peer.hear(PATIENCE).expect("BYE");
        assert_eq!(bye.kind, BYE, "{bye:?}");
        let read = (peer.expect - 1).to_be_bytes();
        peer.send(BYE, 0, peer.next, &read);
        let seq = peer.next;
        peer.until("the ACK of BYE", |f| (f.kind, f.seq) == (ACK, seq));
        let ended = ends(program, 0);
        assert!(!ended.stderr.contains("not "), "{}", ended.stderr);
    });
    if cfg!(unix) {
        let (server, client, _link) = through_a_link(language);
        interrupt_both(&server, &client);
        for program in [server, client] {
            let ended = program.end();
            no_panic(&ended);
            // One may be leaving for the other's BYE when the signal comes:
            // while Python ends, Ctrl-C has its usual effect again.
            let late = ended.code.is_none() && ended.stderr.contains("left");
            assert!(ended.code == Some(0) || late, "{ended:?}");
            assert!(!ended.stderr.contains("not "), "{}", ended.stderr);
        }
    }
}

// ---------------------------------------------------------------------------
// Unusual callers.

/// An address for each of some programs, which dial each other in a ring:
/// what the first sends to the second's address reaches the second from the
/// first's address.
struct Ring {
    addresses: Vec<SocketAddr>,
    /// How many datagrams came to each address.
    came: Arc<Vec<AtomicUsize>>,
    over: Arc<AtomicBool>,
}

impl Ring {
    fn of(n: usize) -> Ring {
        let sockets: Vec<_> = (0..n).map(|_| socket()).collect();
        let address = |s: &UdpSocket| s.local_addr().unwrap();
        let addresses = sockets.iter().map(address).collect();
        let sockets = Arc::new(sockets);
        let came = Arc::new((0..n).map(|_| AtomicUsize::new(0)).collect());
        let ring = Ring { addresses, came, over: Arc::default() };
        let programs = Arc::new(Mutex::new(vec![None; n]));
        for to in 0..n {
            let (sockets, programs) = (sockets.clone(), programs.clone());
            let (came, over) = (ring.came.clone(), ring.over.clone());
            sockets[to].set_read_timeout(Some(MOMENT)).unwrap();
            thread::spawn(move || {
                let mut buffer = [0; 2000];
                while !over.load(Ordering::Relaxed) {
                    let Ok((n, real)) = sockets[to].hear(&mut buffer) else {
                        continue;
                    };
                    came[to].fetch_add(1, Ordering::Relaxed);
                    let mut programs = programs.lock().unwrap();
                    let known = programs.iter().position(|p| *p == Some(real));
                    // A new one is the one that dials this address.
                    let count = programs.len();
                    let from = known.unwrap_or((to + count - 1) % count);
                    programs[from] = Some(real);
                    if let Some(real) = programs[to] {
                        let _ = sockets[from].send_to(&buffer[..n], real);
                    }
                }
            });
        }
        ring
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn both_dial(language: Language) {
    let ring = Ring::of(2);
    let mut one = client(language, ring.addresses[1]);
    let mut two = client(language, ring.addresses[0]);
    one.wait_for("connected");
    two.wait_for("connected");
    one.write(b"from one\n");
    two.write(b"from two\n");
    shows(&one, b"from two\n");
    shows(&two, b"from one\n");
    one.write(b"more\n");
    shows(&two, b"from one\nmore\n");
    ends(one, 0);
    ends(two, 0);
}

fn mirror(language: Language) {
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

fn ring(language: Language) {
    let ring = Ring::of(3);
    let callers: Vec<_> =
        (0..3).map(|i| client(language, ring.addresses[(i + 1) % 3])).collect();
    let deadline = Instant::now() + PATIENCE;
    let called = |came: &AtomicUsize| came.load(Ordering::Relaxed) >= 4;
    while !ring.came.iter().all(called) {
        assert!(Instant::now() < deadline, "they do not go on calling");
        thread::sleep(MOMENT);
    }
    for caller in callers {
        let ended = alive(caller);
        assert!(!ended.stderr.contains("connected to"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

fn one_port(language: Language) {
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

fn idle(language: Language) {
    side_by_side(language, |role, mut program, mut peer| {
        peer.say(b"before");
        for _ in 0..2 {
            let quiet = Instant::now();
            let asked = peer.hear(PATIENCE).expect("a keepalive");
            let quiet = quiet.elapsed();
            assert!(asked.is_text() && asked.message().is_empty(), "{asked:?}");
            assert!(quiet > Duration::from_secs(13), "{role:?}: {quiet:?}");
            assert!(quiet < Duration::from_secs(25), "{role:?}: {quiet:?}");
            peer.serve(&asked);
        }
        peer.say(b"after");
        program.write(b"me too\n");
        peer.hears(b"me too");
        shows(&program, b"before\nafter\n");
        alive(program);
    });
}

// ---------------------------------------------------------------------------
// stdin, stdout, the command line.

fn nobody(language: Language) {
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

fn echo_hola(language: Language) {
    let server = server(language);
    for end in [&b"\n"[..], b"", b"\r\n"] {
        let mut client = client(language, server.address());
        client.write(b"hola");
        client.write(end);
        let ended = ends(client, 0);
        assert!(!ended.stderr.contains("not "), "{}", ended.stderr);
    }
    // "\r" may be part of the line or of its end.
    let shown = alive(server).stdout;
    let expected = ["hola\nhola\nhola\r\n", "hola\nhola\nhola\n"];
    assert!(expected.contains(&shown.as_str()), "{shown:?}");
}

fn two_bytes(language: Language) {
    both(language, |_, program, peer| {
        let line = "x".to_string() + &"ñ".repeat(2500);
        program.write(line.as_bytes());
        program.write(b"\nend\n");
        peer.hears(b"end");
        peer.heard.pop();
        for part in &peer.heard {
            let part = str::from_utf8(part).expect("a letter is cut in two");
            assert!(part.len() <= 1024, "{} bytes", part.len());
        }
        assert_eq!(peer.heard.concat(), line.as_bytes());
        assert!(peer.heard.len() <= 6, "{} messages", peer.heard.len());
        vec![]
    });
}

fn any_bytes(language: Language) {
    both(language, |_, program, peer| {
        let longest = [&[0xff; 1500][..], b"\0"].concat();
        for line in [&b"a\0b"[..], b"\xff\xfe\xc3(", b"\x80", b"\0"] {
            program.write(line);
            program.write(b"\n");
            peer.hears(line);
        }
        peer.heard.clear();
        program.write(&longest);
        program.write(b"\nend\n");
        peer.hears(b"end");
        peer.heard.pop();
        assert_eq!(peer.heard.concat(), longest);
        vec![]
    });
}

/// Starts a program whose stdout is a file; that is what a shell is for.
fn into_file(
    language: Language,
    name: &str,
    args: &[&str],
    file: &str,
) -> Program {
    started(language);
    let program = checks::command(language, "zchat", name);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" > {file}")]);
    shell.arg(program.get_program()).args(program.get_args()).args(args);
    for (name, value) in program.get_envs() {
        value.map(|value| shell.env(name, value));
    }
    Program::start(&format!("{language:?} {name} > {file}"), shell)
}

fn full(language: Language) {
    without_a_reader(language);
    if fs::metadata("/dev/full").is_err() {
        return skipped("there is no /dev/full");
    }
    let server = into_file(language, "server", &["--port", "0"], "/dev/full");
    let s = socket();
    let port = s.local_addr().unwrap().port().to_string();
    let args = ["--host", "127.0.0.1", "--port", &port];
    let client = into_file(language, "client", &args, "/dev/full");
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

/// The same where the program that read our output has ended.
fn without_a_reader(language: Language) {
    started(language);
    let s = socket();
    let port = s.local_addr().unwrap().port();
    let free = free_port();
    for (name, port) in [("server", free), ("client", port)] {
        let mut program = checks::command(language, "zchat", name);
        program.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        program.stdin(Stdio::piped());
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = testbed::spawn(&mut program).unwrap();
        let _stdin = child.stdin.take();
        drop(child.stdout.take());
        let mut peer = match name {
            "server" => Peer::call(([127, 0, 0, 1], port).into(), ME),
            _ => Peer::answer(s.try_clone().unwrap(), ME),
        };
        // A program that another test starts at this moment may hold our end
        // of the pipe, for as long as that takes: then somebody does read.
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("it goes on without stdout");
            }
            peer.send(TEXT, 0, peer.next, b"nobody sees this");
            let acks = peer.all_within(MOMENT);
            let ack = acks.iter().any(|f| (f.kind, f.seq) == (ACK, peer.next));
            peer.next += u32::from(ack);
        }
        let ended = child.wait_with_output().unwrap();
        let code = ended.status.code();
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        let (stdout, stdout_bytes) = (String::new(), vec![]);
        let ended = Ended { code, stdout_bytes, stdout, stderr };
        no_panic(&ended);
        assert!(ended.code.is_some_and(|code| code > 0), "{ended:?}");
        sentence(&ended);
        assert!(peer.next < 10, "acknowledged, but nobody saw it");
    }
}

/// What went wrong is in one sentence: Rust's may have a hint, and the option
/// errors' usage stands before it.
fn sentence(ended: &Ended) {
    let told = ended.stderr.lines().filter(|l| {
        let notice = ["usage: ", "hint: ", "listening on ", "connected to "];
        !notice.iter().any(|n| l.starts_with(n)) && !l.trim().is_empty()
    });
    let errors = told.filter(|l| l.contains("rror")).count();
    assert_eq!(errors, 1, "{}", ended.stderr);
}

fn stopped(language: Language) {
    if cfg!(windows) {
        return skipped("no SIGSTOP on Windows");
    }
    let (mut server, mut client, _link) = through_a_link(language);
    server.signal("STOP");
    client.write(b"while you slept\n");
    thread::sleep(Duration::from_secs(2)); // The case itself.
    server.signal("CONT");
    shows(&server, b"while you slept\n");
    client.signal("STOP");
    server.write(b"and you\n");
    thread::sleep(Duration::from_secs(2));
    client.signal("CONT");
    shows(&client, b"and you\n");
    client.write(b"end\n");
    shows(&server, b"while you slept\nend\n");
    ends(client, 0);
    alive(server);
}

fn hosts(language: Language) {
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

fn arguments(language: Language) {
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
            let lines = ended.stderr.lines().count();
            assert!((1..=2).contains(&lines), "{name} {args:?}: {ended:?}");
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
fn gigabyte(language: Language) {
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let lines = line.repeat(1000);
    let one = vec![b'y'; 1_000_000]; // A thousand of them are one line.
    for text in [lines, one] {
        let s = socket();
        started(language);
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

/// Frames that are sound, and whose fields make sense only by chance.
fn sound(language: Language) {
    let server = server(language);
    let mut peer = Peer::call(server.address(), ME);
    let mut random = Random(2026);
    let id = server.id();
    let mut before = None;
    for round in 0..1000 {
        for _ in 0..100 {
            let frame = any_frame(&mut random, &peer);
            peer.raw(&frame.pack());
        }
        // Any answer to a HELLO shows that all of them were read.
        let probe = 0x0101_0000 + round;
        let mut hello = peer.frame(HELLO, 0, 0, b"");
        (hello.src, hello.dst) = (probe, 0);
        let deadline = Instant::now() + PATIENCE;
        'answered: loop {
            peer.raw(&hello.pack());
            while let Some((frame, _)) = peer.hear_anyone(MOMENT) {
                if frame.dst == probe {
                    break 'answered;
                }
            }
            assert!(Instant::now() < deadline, "no answer in round {round}");
        }
        if round % 20 == 0 {
            peer.all_within(Duration::from_millis(1));
            peer.connect();
        }
        if round == 50 {
            before = memory(id);
        }
    }
    flat(id, before);
    peer.connect();
    peer.say(b"still there");
    let end = "still there\n";
    server.wait_until(end, |out, _| out.ends_with(end).then_some(()));
    alive(server);

    // The client ends when it is told so: no BYE of its session here, and no
    // HELLO of its own.
    let (client, mut peer) = up(language, Role::Client);
    for _ in 0..100 {
        for _ in 0..100 {
            let frame = any_frame(&mut random, &peer);
            let session = (frame.src, frame.dst) == (ME, peer.him);
            let end = frame.kind == BYE && session;
            let own = frame.kind == HELLO && frame.src == peer.him;
            let next = session && frame.is_text() && frame.seq == peer.next;
            if !(end || own || next) {
                peer.raw(&frame.pack());
            }
        }
        peer.say(b"");
    }
    alive(client);
}

fn any_frame(random: &mut Random, peer: &Peer) -> Frame {
    let pick = |random: &mut Random, of: &[u32]| of[random.below(of.len())];
    let other = random.bits();
    let kind = random.below(8) as u8;
    let tried = random.below(256) as u8;
    let src = pick(random, &[peer.me, peer.me, peer.him, 0, other]);
    let dst = pick(random, &[peer.him, peer.him, peer.me, 0, other]);
    let other = random.bits();
    let (n, half) = (peer.next, 1 << 31);
    let seqs = [0, 1, n, n + 1, n + 2, half, u32::MAX, other];
    let seq = pick(random, &seqs);
    let payload = match random.below(4) {
        0 => vec![],
        1 => random.bytes(1181),
        2 => random.bytes(40),
        _ => deflate(&random.bytes(1100)[..]),
    };
    let payload = payload[..payload.len().min(1180)].to_vec();
    Frame { kind, tried, src, dst, seq, payload }
}

// ---------------------------------------------------------------------------
// A real link between two hosts.

/// `examples/two_hosts.sh`, and a process of each host, by number: 10.35.0.1,
/// 10.35.0.2. Gone when this is dropped.
struct Cable(Program, [String; 2]);

impl Cable {
    fn new(mtu: &str) -> Option<Cable> {
        let here = format!("ip link set cable mtu {mtu}; echo");
        let a = format!("{here} a $$; exec cat"); // It reads our pipe.
        let hosts = two_hosts(&format!("{here} b $$; exec sleep 3600"), &a)?;
        let hosts = Program::start("two_hosts", hosts);
        let number = |host| hosts.wait_for(host)[2..].to_string();
        let numbers = ["a ", "b "].map(number);
        Some(Cable(hosts, numbers))
    }

    /// A command that runs `program` at one end of the cable.
    fn at(&self, end: usize, program: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.1[end]]);
        command.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command
    }

    fn start(&self, end: usize, language: Language, name: &str) -> Program {
        started(language);
        let mut program = checks::command(language, "zchat", name);
        program.args(["--host", "10.35.0.2", "--port", "3502"]);
        let name = format!("{language:?} {name} at {end}");
        Program::start(&name, self.at(end, &program))
    }

    /// Pulls the cable out ("down"), or puts it in ("up").
    fn set(&self, state: &str) {
        let mut ip = Command::new("ip");
        ip.args(["link", "set", "cable", state]);
        let ended = output(&mut self.at(0, &ip)).unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.0.close_input(); // So host a ends, and the script removes both.
        let _ = self.0.status_within(PATIENCE);
    }
}

fn link_down(language: Language) {
    let Some(cable) = Cable::new("1500") else {
        return skipped("there is no cable");
    };
    let mut server = cable.start(1, language, "server");
    server.address();
    let mut client = cable.start(0, language, "client");
    client.write(b"before\n");
    shows(&server, b"before\n");
    cable.set("down");
    client.write(b"from the client\n");
    server.write(b"from the server\n");
    thread::sleep(Duration::from_secs(5)); // The case itself.
    cable.set("up");
    shows(&server, b"before\nfrom the client\n");
    shows(&client, b"from the server\n");
    ends(client, 0);
    alive(server);
}

fn mtu(language: Language) {
    let Some(cable) = Cable::new("576") else {
        return skipped("there is no cable");
    };
    let mut server = cable.start(1, language, "server");
    server.address();
    let mut client = cable.start(0, language, "client");
    client.wait_for("connected");
    // Letters that zlib cannot make shorter than a datagram of 576 bytes.
    let mut random = Random(5);
    let mut letter = || char::from(b'!' + random.below(94) as u8);
    for _ in 0..3 {
        let line: String = (0..1024).map(|_| letter()).collect();
        let line = line + "\n";
        let end = |out: &str, _: &str| out.ends_with(&line).then_some(());
        client.write(line.as_bytes());
        server.wait_until("1,024 bytes", end);
        server.write(line.as_bytes());
        client.wait_until("1,024 bytes", end);
    }
    ends(client, 0);
    alive(server);
}

// ---------------------------------------------------------------------------
// The runner.

thread_local! {
    static STARTED: RefCell<Vec<Language>> = const { RefCell::new(vec![]) };
    static SKIPPED: Mutable<bool> = const { Mutable::new(false) };
}

/// Every program that a case starts passes by here: a cell that starts none
/// proves nothing.
fn started(language: Language) {
    STARTED.with_borrow_mut(|started| started.push(language));
}

fn skipped(why: &str) {
    SKIPPED.set(true);
    checks::skipped(why);
}

/// A case in a language, on its way through the runner.
struct Job {
    name: String,
    language: Language,
    test: fn(Language),
    slow: bool,
}

impl Job {
    /// Runs it in a thread that has its name; false if it fails.
    fn run(&self) -> bool {
        let (language, test) = (self.language, self.test);
        let start = Instant::now();
        let thread = thread::Builder::new().name(self.name.clone());
        let ended = thread.spawn(move || {
            test(language);
            let cell = STARTED.with_borrow(|s| s.contains(&language));
            assert!(cell || SKIPPED.get(), "it does not start the program");
        });
        let ok = ended.unwrap().join().is_ok();
        let took = start.elapsed().as_secs_f64();
        let verdict = if ok { "ok" } else { "FAILED" };
        println!("test {} ... {verdict} ({took:.1} s)", self.name);
        ok
    }
}

/// Each case has exactly one row, and each row is a case.
fn check_rows(table: &[Row]) {
    let cases: Vec<_> = include_str!("zchat_hard.txt").lines().collect();
    for case in &cases {
        let rows = table.iter().filter(|row| row.1 == *case).count();
        assert_eq!(rows, 1, "rows for the case {case:?}");
    }
    for (name, case, ..) in table {
        assert!(cases.contains(case), "{name} is no case: {case:?}");
        let same = table.iter().filter(|row| row.0 == *name).count();
        assert_eq!(same, 1, "rows called {name}");
    }
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let exact = args.iter().any(|arg| arg == "--exact");
    let wanted = |name: &str| {
        let mut filters =
            args.iter().filter(|arg| !arg.starts_with('-')).peekable();
        let fits = |f: &String| {
            if exact { name == f } else { name.contains(f.as_str()) }
        };
        filters.peek().is_none() || filters.any(fits)
    };
    let table = table();
    check_rows(&table);
    let mut jobs = Vec::new();
    for (short, _, rust, python) in table {
        let cells = [(Language::Rust, rust), (Language::Python, python)];
        for (language, cell) in cells {
            let name = format!("{short}::{language:?}").to_lowercase();
            let (test, slow) = match cell {
                Test(test) => (test, false),
                Slow(test) => (test, true),
            };
            jobs.push(Job { name, language, test, slow });
        }
    }
    jobs.retain(|job| wanted(&job.name));
    if args.iter().any(|arg| arg == "--list") {
        let ignored = args.iter().any(|arg| arg == "--ignored");
        jobs.retain(|_| !ignored);
        jobs.iter().for_each(|job| println!("{}: test", job.name));
        return ExitCode::SUCCESS;
    }
    // Built once, before the clocks run.
    if !jobs.is_empty() {
        checks::binary("zchat", "server");
    }
    let start = Instant::now();
    let failed = Mutex::new(Vec::new());
    let (slow, fast): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| job.slow);
    let next = AtomicUsize::new(0);
    let run = |job: &Job| {
        if !job.run() {
            failed.lock().unwrap().push(job.name.clone());
        }
    };
    thread::scope(|scope| {
        for job in slow {
            scope.spawn(move || run(job));
        }
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(job) =
                    fast.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    run(job);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let (n, bad) = (jobs.len(), failed.len());
    let took = start.elapsed().as_secs();
    println!("\nzchat: {n} tests, {bad} failed {failed:?}, {took} s");
    ExitCode::from(u8::from(bad > 0))
}
