//! The tests of exercise 03. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::net::SocketAddr;

use ex03_the_leak::{BYTES, answer, leaked, leaky, question, serve, take};
use kit::{
    Peer, Said, Takes, beside, bytes, compared, doing, fail, said, socket,
};

/// What somebody sent before the stranger came.
const SECRET: &[u8] = b"password is hunter2";

/// take(), with a buffer that still holds SECRET.
const TAKE: Takes<(Vec<u8>, SocketAddr)> = Takes {
    name: "take",
    call: |s| {
        let mut buffer = held(&[]);
        take(s, &mut buffer).map(|(data, from)| (data.to_vec(), from))
    },
    data: |(data, _)| data,
    buffer: None,
};

#[kit::test]
fn step_3_reads_the_whole_datagram_before() {
    let sent = question();
    let (s, address) = socket();
    beside(move || leaky::serve(&s));
    let (somebody, stranger) = (Peer::new(), Peer::new());
    somebody.send(SECRET, address);
    somebody.receive();
    stranger.send(&sent[..sent.len().min(BYTES)], address);
    let back = stranger.receive().map(|(back, _)| back);
    let why = if sent.is_empty() {
        let back = back.as_deref().unwrap_or_default();
        if back.starts_with(SECRET) {
            return;
        }
        "leaky.rs was to stay"
    } else if SECRET.starts_with(sent) {
        "knows the password"
    } else if sent.len() >= SECRET.len() {
        "covers all of it"
    } else {
        "covers the beginning"
    };
    let did = said("sent the secret, then question", &[&bytes(sent)]);
    fail(did, "the secret, unknown to the stranger", back, why);
}

/// Fails if leaked() does not give what follows the stranger's own bytes.
fn check_leaked(sent: &[u8], answer: &[u8]) {
    let did = doing(said("called leaked", &[&bytes(sent), &bytes(answer)]));
    let given = leaked(sent, answer);
    let meant = answer.get(sent.len()..).unwrap_or_default();
    if given == meant {
        return;
    }
    let text = |data| String::from_utf8_lossy(data).into_owned();
    let (sent_text, text) = (text(sent), text(answer));
    let without = |data: &[u8], not: &[u8]| {
        let kept = data.iter().filter(|byte| !not.contains(byte));
        kept.copied().collect::<Vec<_>>()
    };
    // What one gives who has something else in mind.
    let letters = sent_text.chars().count();
    let skipped = |n| text.chars().skip(n).collect::<String>().into_bytes();
    let wherever =
        [without(answer, sent), text.replace(&sent_text, "").into_bytes()];
    let by_letters =
        [skipped(sent.len()), answer.get(letters..).unwrap_or(answer).into()];
    let own = answer.get(..sent.len());
    let why = match &given[..] {
        came if came == answer => "the whole answer".into(),
        came if Some(came) == own => "the stranger's own bytes".into(),
        came if came == skipped(letters) => "text for bytes".into(),
        _ if !sent.is_empty() && wherever.contains(&given) => {
            "taken out wherever they stand".into()
        }
        _ if letters < sent.len() && by_letters.contains(&given) => {
            "counts characters".into()
        }
        came if came == without(meant, &[0]) => "zeros are left out".into(),
        came => compared(meant, came),
    };
    fail(did, meant.to_vec(), given, why);
}

#[kit::test]
fn step_6_finds_what_was_never_sent() {
    check_leaked(b"hola", b"holaword is hunter2");
    check_leaked(b"s", b"sassword is hunter2");
    check_leaked("año".as_bytes(), "añoword is hunter2".as_bytes());
    check_leaked(b"hola", b"hola\0wo\0rd\0");
    check_leaked(b"ho", b"ho \xff\xc3la\r\n");
    check_leaked(b"", SECRET);
}

#[kit::test]
fn step_6_finds_nothing_where_nothing_follows() {
    check_leaked(b"hola", b"hola");
    check_leaked(b"hola", b"ho");
    check_leaked(b"hola", b"");
}

/// The buffer that held SECRET, with this written at its beginning.
fn held(written: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; BYTES];
    buffer[..SECRET.len()].copy_from_slice(SECRET);
    buffer[..written.len()].copy_from_slice(written);
    buffer
}

/// Why take() gives `came` where `sent` has come.
fn other_bytes(sent: &[u8], came: &[u8]) -> Said {
    let (n, held) = (sent.len(), held(sent));
    let zero = held.iter().position(|byte| *byte == 0);
    let wiped = [sent, &vec![0; BYTES - n]].concat();
    let last = sent.iter().rposition(|byte| *byte != 0);
    let no_zeros = &sent[..last.map_or(0, |last| last + 1)];
    let other = || TAKE.given(SECRET).map(|(data, _)| data);
    let one_less = || other().is_some_and(|data| data == SECRET[..18]);
    let cause = match came {
        _ if came == held => "this is the leak",
        _ if came == wiped => "wiped and whole",
        [start @ .., _] if start == sent => "one byte more than came",
        _ if [&held[n..], &wiped[n..]].contains(&came) => {
            "what follows in the buffer"
        }
        _ if came == no_zeros => "zeros are cut off",
        _ if Some(came) == zero.map(|at| &held[..at]) => "to the first zero",
        _ if Some(came) == SECRET.get(..n) => "not the buffer it was given",
        _ if n > 0 && *came == sent[..n - 1] && one_less() => {
            "the last byte is missing"
        }
        _ => return compared(sent, came),
    };
    said(cause, &[&TAKE.name])
}

/// Fails if take() does not give what was sent, and who sent it.
fn check_take(sent: &[u8]) {
    let did =
        said("sent, called take with SECRET", &[&bytes(sent), &bytes(SECRET)]);
    let meant = |from| (sent.to_vec(), from);
    TAKE.check(sent, did, meant, |(data, _)| other_bytes(sent, data));
}

#[kit::test]
fn step_5_takes_only_what_came_in() {
    check_take(b"hola");
    check_take(b"password is");
}

#[kit::test]
fn step_5_keeps_every_byte_that_came_in() {
    check_take(b"hola\0\0");
    check_take(b" \xff\0hola\r\n");
    check_take(b"");
    check_take(&[b'x'; BYTES]);
}

#[kit::test]
fn step_5_takes_one_after_the_other() {
    TAKE.check_one_each_time();
}

#[kit::test]
fn step_5_hands_an_error_on() {
    TAKE.check_gives_the_error("an error is a datagram");
}

#[kit::test]
fn step_5_leaves_the_stranger_with_nothing() {
    let (s, address) = socket();
    let served = beside(move || serve(&s));
    let (somebody, stranger) = (Peer::new(), Peer::new());
    somebody.send(SECRET, address);
    let first = somebody.receive().map(|(back, _)| back);
    // Had the empty one been answered, that answer would come first.
    stranger.send(b"", address);
    stranger.send(b"hola", address);
    let back = stranger.receive().map(|(back, _)| back);
    if first.as_deref() == Some(SECRET) && back.as_deref() == Some(b"hola") {
        return;
    }
    // take() is right, as the tests before say; and answer()?
    let (s, _) = socket();
    let _ = answer(&s, b"", stranger.address());
    let _ = answer(&s, SECRET, stranger.address());
    let same = stranger.receive().map(|(back, _)| back);
    let did = "sent the secret to your server, then as a stranger";
    let why = match (served.now(), same.as_deref()) {
        (None, Some(SECRET)) => "serve was to stay",
        (None, _) => "answer was to stay",
        (Some(_), _) => "serve was to stay",
    };
    let came = if first.as_deref() == Some(SECRET) { back } else { first };
    fail(did, "each one's own bytes, and no more", came, why);
}
