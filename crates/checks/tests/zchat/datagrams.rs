//! What a good peer never sends: datagrams that are no frames, frames without
//! sense, numbers out of order. No program may mind.

use std::time::{Duration, Instant};

use checks::zchat::{
    ACK, BYE, Frame, HELLO, Peer, TEXT, ZTEXT, deflate, gzip, seal,
};
use checks::{Language, Random};
use testbed::PATIENCE;

use super::{
    ME, MOMENT, Role, alive, answers_only, both, flat, memory, server, up,
};

in_both_languages! {
    random_datagrams
    every_flipped_bit_and_every_cut
    too_long_with_a_good_crc
    wrong_fields
    bad_zlib_streams
    a_zlib_bomb
    inflates_to_1024_and_to_1025_bytes
    texts_of_1024_and_of_1025_bytes
    escape_sequences_come_out_as_they_are
    the_same_text_fifty_times
    numbers_from_the_future
    a_hundred_duplicate_acks
    acks_of_numbers_never_sent
    sound_frames_with_random_fields
}

fn random_datagrams(language: Language) {
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

fn every_flipped_bit_and_every_cut(language: Language) {
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

fn too_long_with_a_good_crc(language: Language) {
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

fn wrong_fields(language: Language) {
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
        // To nobody: only a call is.
        for kind in [TEXT, ZTEXT, ACK, BYE] {
            peer.raw(&Frame { kind, dst: 0, ..good.clone() }.pack());
        }
        answers_only(peer, b"");
        vec![]
    });
}

fn bad_zlib_streams(language: Language) {
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

fn a_zlib_bomb(language: Language) {
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

fn inflates_to_1024_and_to_1025_bytes(language: Language) {
    both(language, |_, _, peer| {
        let longest = "ja".repeat(512);
        let too_long = deflate(format!("{longest}!").as_bytes());
        peer.send(ZTEXT, 200, peer.next, &too_long);
        answers_only(peer, b"");
        peer.deliver(ZTEXT, &deflate(longest.as_bytes()));
        (longest + "\n").into_bytes()
    });
}

fn texts_of_1024_and_of_1025_bytes(language: Language) {
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
/// terminal shows is in `terminal.rs`.)
fn escape_sequences_come_out_as_they_are(language: Language) {
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

fn the_same_text_fifty_times(language: Language) {
    both(language, |_, _, peer| {
        let seq = peer.next;
        for tried in 0..50 {
            peer.send(TEXT, tried, seq, b"once");
        }
        let mut acknowledged = Vec::new();
        while acknowledged.len() < 50 {
            let ack = peer.hear(PATIENCE).expect("50 acknowledgements");
            assert_eq!((ack.kind, ack.seq), (ACK, seq));
            assert!(ack.payload.is_empty());
            acknowledged.push(ack.tried);
        }
        acknowledged.sort();
        assert_eq!(acknowledged, (0..50).collect::<Vec<u8>>());
        peer.next += 1;
        answers_only(peer, b"");
        b"once\n".to_vec()
    });
}

fn numbers_from_the_future(language: Language) {
    both(language, |_, _, peer| {
        let next = peer.next;
        // Beyond the window. (What is within it: `virtual_time.rs`.)
        for seq in [next + 16, next + 17, next + 1000, 1 << 31, u32::MAX] {
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

fn a_hundred_duplicate_acks(language: Language) {
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
        // While "two" is in flight, nothing but silence sends it again.
        for _ in 0..100 {
            peer.ack(&one);
        }
        let more = peer.all_within(MOMENT * 4);
        assert!(more.iter().all(|f| f.seq == two.seq), "{more:?}");
        assert!(more.len() <= 12, "{more:?}");
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

fn acks_of_numbers_never_sent(language: Language) {
    both(language, |_, program, peer| {
        program.write(b"one\n");
        peer.until("one", |f| f.is_text() && f.message() == b"one");
        // It is acknowledged now; "two" is not. (What was on its way before
        // the ACK may come again.)
        program.write(b"two\n");
        let two = |peer: &mut Peer| loop {
            let frame = peer.hear(PATIENCE).expect("two");
            if frame.is_text() && frame.message() == b"two" {
                break frame;
            }
        };
        let sent = two(peer);
        let at = sent.seq;
        for seq in [0, at - 1, at + 1, at + 9, 1 << 31, u32::MAX] {
            peer.send(ACK, 0, seq, b"");
            peer.send(ACK, sent.tried, seq, b"");
        }
        // It is still sent again.
        let resent = two(peer);
        assert_eq!(resent.seq, at);
        peer.serve(&resent);
        program.write(b"three\n");
        peer.hears(b"three");
        assert_eq!(peer.heard, [&b"one"[..], b"two", b"three"]);
        vec![]
    });
}

/// Frames that are sound, and whose fields make sense only by chance.
fn sound_frames_with_random_fields(language: Language) {
    let server = server(language);
    let mut peer = Peer::call(server.address(), ME);
    let mut random = Random(2026);
    // To make one takes longer than all else that is done with it.
    let streams = [(); 100].map(|()| deflate(&random.bytes(1100)));
    let id = server.id();
    let mut before = None;
    for round in 0..1000 {
        for _ in 0..100 {
            let frame = any_frame(&mut random, &peer, &streams);
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
            let frame = any_frame(&mut random, &peer, &streams);
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

fn any_frame(random: &mut Random, peer: &Peer, streams: &[Vec<u8>]) -> Frame {
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
        _ => streams[random.below(streams.len())].clone(),
    };
    let payload = payload[..payload.len().min(1180)].to_vec();
    Frame { kind, tried, src, dst, seq, payload }
}
