//! The tests of exercise 14. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::cell::Cell;
use std::fmt::Debug;
use std::io::Read;
use std::time::{Duration, Instant};

use ex14_zchat_frame::{
    FRAME_MAX, Frame, Inflate, Kind, MAGIC, TEXT_MAX, check, head, inflate,
    kind, message, pack, smaller, unpack,
};
use flate2::Compression;
use flate2::read::{
    DeflateDecoder, DeflateEncoder, GzDecoder, GzEncoder, ZlibEncoder,
};
use kit::{
    Random, Said, Way, bytes, caught, compared, doing, fail, judge, said, value,
};
use zchat::frame as reference;

/// Bytes in base 16, as the program takes them.
fn hex(data: &[u8]) -> String {
    kit::hex(data, "").to_string()
}

/// A frame for a person to read.
fn fields(frame: &Frame) -> String {
    let Frame { kind, attempt, src, dst, seq, payload } = frame;
    let payload = bytes(payload);
    format!(
        "{kind:?}, try {attempt}, src {src:08x}, dst {dst:08x}, seq {seq:08x}, payload {payload}"
    )
}

/// The same frame for crates/zchat.
fn theirs(frame: &Frame) -> reference::Frame {
    use reference::Kind as Theirs;
    let kinds =
        [Theirs::Hello, Theirs::Text, Theirs::Ztext, Theirs::Ack, Theirs::Bye];
    let kind = kinds[frame.kind as usize - 1];
    let Frame { attempt, src, dst, seq, .. } = *frame;
    let payload = frame.payload.clone();
    reference::Frame { kind, attempt, src, dst, seq, payload }
}

/// Its bytes.
fn packed(frame: &Frame) -> Vec<u8> {
    theirs(frame).pack()
}

/// What crates/zchat finds in a zlib stream.
fn read(stream: &[u8]) -> Option<Vec<u8>> {
    theirs(&frame(Kind::Ztext, stream.to_vec())).text()
}

/// Random text of up to `most` bytes, of few or of many different letters.
fn random_text(random: &mut Random, most: usize) -> String {
    let letters: Vec<char> = "aeijnñoú¿€😀 bcdfghkl".chars().collect();
    let (few, n) = (1 + random.below(letters.len()), random.below(most + 1));
    let mut text = String::new();
    loop {
        let letter = letters[random.below(few)];
        if text.len() + letter.len_utf8() > n {
            return text;
        }
        text.push(letter);
    }
}

/// A frame with all fields set.
fn frame(kind: Kind, payload: Vec<u8>) -> Frame {
    let (src, dst, seq) = (0x1122_3344, 0xaabb_ccdd, 0x0102_0304);
    Frame { kind, attempt: 2, src, dst, seq, payload }
}

/// Frames of all kinds: the shortest, the longest, and some from a seed.
fn frames() -> Vec<Frame> {
    let hola = frame(Kind::Text, b"hola".to_vec());
    let hello = Frame { dst: 0, seq: 0, ..frame(Kind::Hello, vec![]) };
    let longest = frame(Kind::Bye, vec![b'x'; FRAME_MAX - 20]);
    let mut random = Random(14);
    let mut seeded = |_| {
        let (number, n) = (1 + random.below(5) as u8, random.below(40));
        let payload = random.exactly(n);
        let [src, dst, seq] = [(); 3].map(|_| random.bits());
        let attempt = random.below(256) as u8;
        let kind = kind(number).unwrap();
        Frame { kind, attempt, src: src.max(1), dst, seq, payload }
    };
    let seeded: Vec<_> = (0..60).map(&mut seeded).collect();
    [hola, hello, longest].into_iter().chain(seeded).collect()
}

/// What makes the last four bytes of a frame out of what stands before them.
type Seal = fn(&[u8]) -> Vec<u8>;

fn crc(data: &[u8]) -> Vec<u8> {
    crc32fast::hash(data).to_be_bytes().to_vec()
}

// Wrong ones.
const TURNED: Seal = |body| crc32fast::hash(body).to_le_bytes().to_vec();
const OF_PAYLOAD: Seal = |body| crc(&body[16..]);
const OF_HEAD: Seal = |body| crc(&body[..16]);
const OF_MORE: Seal = |body| crc(&[body, &[0; 4]].concat());

/// A frame without its last four bytes, if it has as many.
fn before_crc(frame: &[u8]) -> &[u8] {
    &frame[..frame.len().saturating_sub(4)]
}

/// Bytes with their CRC-32 behind them.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &crc(body)].concat()
}

/// The first field, in the order of a frame, that differs.
fn first_field(meant: &[u8], came: &[u8]) -> &'static str {
    let ends = [2, 3, 4, 8, 12, 16];
    let differs = |end: &&usize| meant.get(..**end) != came.get(..**end);
    match ends.iter().find(differs) {
        Some(2) => "\"Z1\"",
        Some(3) => "kind",
        Some(4) => "try",
        Some(8) => "src id",
        Some(12) => "dst id",
        Some(16) => "seq",
        _ => "payload",
    }
}

/// A frame's bytes, and the frame.
type Whole = (Vec<u8>, Frame);

/// Asks the student's function to make something of each of the frames.
fn check_made(
    did: &str,
    made: fn(&Frame) -> Vec<u8>,
    right: impl Fn(&Whole) -> Vec<u8>,
    wrong: &[Way<Whole, Vec<u8>>],
    other: impl Fn(&[u8], &[u8]) -> Said,
) {
    let frames: Vec<_> =
        frames().into_iter().map(|f| (packed(&f), f)).collect();
    judge(
        &frames,
        |(_, frame)| said(did, &[&fields(frame)]),
        |(_, frame)| made(frame),
        &right,
        |made| hex(made),
        wrong,
        |frame, came| other(&right(frame), came),
    );
}

/// The head of a frame that is changed first.
fn changed(frame: &Frame, change: fn(&mut Frame)) -> Option<Vec<u8>> {
    let mut frame = frame.clone();
    change(&mut frame);
    Some(packed(&frame)[..16].to_vec())
}

fn turn_numbers(f: &mut Frame) {
    let [src, dst, seq] = [f.src, f.dst, f.seq].map(u32::swap_bytes);
    (f.src, f.dst, f.seq) = (src, dst, seq);
}

fn swap_ids(f: &mut Frame) {
    (f.src, f.dst) = (f.dst, f.src);
}

const WRONG_HEADS: &[Way<Whole, Vec<u8>>] = &[
    ("little-endian numbers", &|(_, f)| changed(f, turn_numbers)),
    ("dst before src", &|(_, f)| changed(f, swap_ids)),
    ("try is always 0", &|(_, f)| changed(f, |f| f.attempt = 0)),
    ("try before kind", &|(w, _)| {
        Some([&w[..2], &[w[3], w[2]], &w[4..16]].concat())
    }),
    ("no Z1", &|(w, _)| Some(w[2..16].to_vec())),
];

#[kit::test]
fn step_1_writes_the_head() {
    let right = |(whole, _): &Whole| whole[..16].to_vec();
    check_made("called head", head, right, WRONG_HEADS, |meant, came| {
        match first_field(meant, came) {
            "payload" => compared(meant, came),
            first => said("another field", &[&came.len(), &first]),
        }
    });
}

/// The frame with other last four bytes.
fn with((whole, _): &Whole, seal: Seal) -> Option<Vec<u8>> {
    let body = before_crc(whole);
    Some([body, &seal(body)].concat())
}

const WRONG_FRAMES: &[Way<Whole, Vec<u8>>] = &[
    ("no CRC at all", &|w| with(w, |_| Vec::new())),
    ("no payload", &|(w, _)| Some(sealed(&w[..16]))),
    ("no head", &|(w, _)| Some(sealed(&before_crc(w)[16..]))),
    ("writes the CRC in little-endian", &|w| with(w, TURNED)),
    ("a CRC of the payload alone", &|w| with(w, OF_PAYLOAD)),
    ("a CRC of the head alone", &|w| with(w, OF_HEAD)),
    ("a CRC of itself too", &|w| with(w, OF_MORE)),
];

#[kit::test]
fn step_2_packs_the_frame() {
    let right = |(whole, _): &Whole| whole.clone();
    check_made("called pack", pack, right, WRONG_FRAMES, |meant, came| {
        let same_length = meant.len() == came.len();
        if same_length && came.starts_with(before_crc(meant)) {
            said("another CRC", &[])
        } else {
            compared(meant, came)
        }
    });
}

/// Bytes, and what is right for them. What must be refused is of a kind: the
/// name of the cause if a program takes all that is of this kind.
struct Question<T> {
    kind: &'static str,
    data: Vec<u8>,
    right: Option<T>,
}

impl<T: Clone> Question<T> {
    /// What a program gives that refuses what is right, unless this holds.
    fn only(&self, holds: impl Fn(&T) -> bool) -> Option<Option<T>> {
        Some(Some(self.right.clone()?).filter(holds))
    }
}

/// What must be taken, with what is right for it, and then what must be refused,
/// by its kind.
fn questions<T>(
    sound: impl IntoIterator<Item = (Vec<u8>, T)>,
    refused: impl IntoIterator<Item = (&'static str, Vec<Vec<u8>>)>,
) -> Vec<Question<T>> {
    let sound = sound.into_iter().map(|(data, right)| Question {
        kind: "sound",
        data,
        right: Some(right),
    });
    let refused = refused.into_iter().flat_map(|(kind, all)| {
        all.into_iter().map(move |data| Question { kind, data, right: None })
    });
    sound.chain(refused).collect()
}

/// What a wrong program gives for a question.
type Wrong<'a, T> = Way<'a, Question<T>, Option<T>>;

/// Asks all questions of the student's function. If something is taken and no
/// wrong way fits, what is seen of its kind is said; if something sound is
/// refused, what `refuses` names; if something else came, what `differs` says.
fn check_taken<T: PartialEq + Clone>(
    did: &str,
    questions: &[Question<T>],
    asked: impl Fn(&[u8]) -> Option<T>,
    shown: fn(&T) -> String,
    wrong: &[Wrong<T>],
    refuses: &str,
    differs: impl Fn(&T, &T) -> Said,
) {
    judge(
        questions,
        |q| said(did, &[&hex(&q.data)]),
        |q| asked(&q.data),
        |q| q.right.clone(),
        |given| given.as_ref().map_or("None".to_string(), shown),
        wrong,
        |q, came| match (&q.right, came) {
            (Some(right), Some(came)) => differs(right, came),
            (Some(_), None) => refuses.into(),
            (None, _) => {
                let kin = questions.iter().filter(|k| k.kind == q.kind);
                let gives = |q: &&Question<T>| caught(|| asked(&q.data));
                let taken =
                    kin.clone().filter(|q| gives(q).flatten().is_some());
                match [taken.count(), kin.count()] {
                    [taken, all] if taken < all => {
                        said("takes some of a kind", &[&all, &taken])
                    }
                    _ => q.kind.into(),
                }
            }
        },
    );
}

/// A sound frame with each bit from byte `from` on flipped in turn, and without
/// its end.
fn damaged(sound: &Frame, from: usize) -> Vec<Vec<u8>> {
    let sound = packed(sound);
    let flipped = (from * 8..sound.len() * 8).map(|bit| {
        let mut data = sound.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        data
    });
    flipped.chain((20..sound.len()).map(|n| sound[..n].to_vec())).collect()
}

/// What a check() gives that wants these last four bytes.
fn wanting(
    q: &Question<Vec<u8>>,
    seal: impl Fn(&[u8]) -> Vec<u8>,
) -> Option<Option<Vec<u8>>> {
    let ours = q.data.starts_with(MAGIC)
        && (20..=FRAME_MAX).contains(&q.data.len())
        && q.data.ends_with(&seal(before_crc(&q.data)));
    Some(ours.then(|| before_crc(&q.data).to_vec()))
}

const WRONG_CHECKS: &[Wrong<Vec<u8>>] = &[
    ("gives the CRC too", &|q| Some(q.right.clone().map(|_| q.data.clone()))),
    ("gives the payload alone", &|q| {
        Some(q.right.as_ref().map(|body| body[16..].to_vec()))
    }),
    ("refuses the shortest", &|q| q.only(|_| q.data.len() > 20)),
    ("refuses the longest", &|q| q.only(|_| q.data.len() < FRAME_MAX)),
    ("reads the CRC in little-endian", &|q| wanting(q, TURNED)),
    ("checks the payload alone", &|q| wanting(q, OF_PAYLOAD)),
    ("checks the head alone", &|q| wanting(q, OF_HEAD)),
    ("checks four bytes more", &|q| wanting(q, OF_MORE)),
    ("checks the CRC-32 itself too", &|q| wanting(q, |_| crc(&q.data))),
];

#[kit::test]
fn step_3_takes_sound_frames_alone() {
    let sound = frames().into_iter().map(|frame| {
        let data = packed(&frame);
        (data.clone(), before_crc(&data).to_vec())
    });
    let hola = packed(&frames()[0]);
    let long = [FRAME_MAX + 1, FRAME_MAX + 2, 2000, 65_507];
    let long = long.map(|n| [&hola[..16], &vec![7; n - 20]].concat());
    let other = [b"Z2", b"z1", b"Y1", b"\0\0"];
    let other = other.map(|magic| [magic, &hola[2..20]].concat());
    // Of these, the CRC-32 of all the bytes is the last four of them.
    let whole = [&hola[..16], b"chau", &0xd0a1_303f_u32.to_be_bytes()];
    let ways = [TURNED, OF_PAYLOAD, OF_HEAD, OF_MORE];
    let ways = ways.map(|seal| [&hola[..20], &seal(&hola[..20])].concat());
    let refused = [
        ("no CRC check", damaged(&frames()[0], 2)),
        ("no least length", (2..16).map(|n| sealed(&hola[..n])).collect()),
        (
            "too few bytes for a CRC",
            (0..6).map(|n| hola[..n].to_vec()).collect(),
        ),
        ("no greatest length", long.map(|body| sealed(&body)).to_vec()),
        ("another protocol", other.map(|body| sealed(&body)).to_vec()),
        ("sealed in another way", [&[whole.concat()], &ways[..]].concat()),
    ];
    check_taken(
        "called check",
        &questions(sound, refused),
        |data| check(data).map(<[u8]>::to_vec),
        |body| hex(body),
        WRONG_CHECKS,
        "check() refuses a sound frame",
        |right, came| compared(right, came),
    );
}

/// What a wrong unpack() gives: the right frame after a change; `None` where
/// that leaves no src.
fn read_as(
    q: &Question<Frame>,
    change: impl Fn(&mut Frame),
) -> Option<Option<Frame>> {
    let mut frame = q.right.clone()?;
    change(&mut frame);
    Some(Some(frame).filter(|frame| frame.src != 0))
}

const WRONG_FIELDS: &[Wrong<Frame>] = &[
    ("reads the numbers in little-endian", &|q| read_as(q, turn_numbers)),
    ("reads dst before src", &|q| read_as(q, swap_ids)),
    ("reads no try", &|q| read_as(q, |f| f.attempt = 0)),
    ("a payload with the CRC", &|q| {
        read_as(q, |f| f.payload = q.data[16..].to_vec())
    }),
    ("reads two bytes of seq", &|q| read_as(q, |f| f.seq &= 0xffff)),
    ("refuses a dst of 0", &|q| q.only(|frame| frame.dst != 0)),
];

#[kit::test]
fn step_4_unpacks_the_fields() {
    let sound = frames().into_iter().map(|frame| (packed(&frame), frame));
    let hola = packed(&frames()[0])[..20].to_vec();
    let kinds = [0, 6, 7, 255]
        .map(|kind| sealed(&[&hola[..2], &[kind], &hola[3..]].concat()));
    let sources = [7, 0].map(|dst| {
        sealed(&[&hola[..4], &[0; 7], &[dst], &hola[12..]].concat())
    });
    let refused = [
        // From the number on, all fields are possible ones.
        ("believes a damaged frame", damaged(&frames()[0], 12)),
        ("believes any kind", kinds.to_vec()),
        ("takes a src of 0", sources.to_vec()),
    ];
    check_taken(
        "called unpack",
        &questions(sound, refused),
        unpack,
        fields,
        WRONG_FIELDS,
        "unpack() refuses a sound frame",
        |right, came| {
            let first = first_field(&packed(right), &packed(came));
            said("another field read", &[&first])
        },
    );
}

/// All that can be read.
fn read_all(mut from: impl Read) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    from.read_to_end(&mut all).is_ok().then_some(all)
}

/// What an encoder gives for these bytes.
fn zlib(text: &[u8]) -> Vec<u8> {
    read_all(ZlibEncoder::new(text, Compression::best())).unwrap()
}

/// The same without zlib's head and checksum.
fn raw(text: &[u8]) -> Vec<u8> {
    read_all(DeflateEncoder::new(text, Compression::best())).unwrap()
}

/// The right text, filled up to `n` bytes.
fn filled(q: &Question<Vec<u8>>, n: usize) -> Option<Option<Vec<u8>>> {
    let mut text = q.right.clone()?;
    text.resize(text.len().max(n), 0);
    Some(Some(text))
}

const HOLA: &[u8] = b"hola, hola, hola";

const WRONG_TEXTS: &[Wrong<Vec<u8>>] = &[
    ("gives the whole room", &|q| filled(q, TEXT_MAX)),
    ("gives the whole room", &|q| filled(q, TEXT_MAX + 1)),
    ("refuses TEXT_MAX bytes", &|q| q.only(|text| text.len() < TEXT_MAX)),
    ("wants a raw stream", &|q| match &q.right {
        Some(_) => Some(None),
        None if q.data == raw(HOLA) => Some(Some(HOLA.to_vec())),
        None => None,
    }),
    ("cuts at the limit", &|q| match q.kind {
        "has no limit" => Some(Some(vec![7; TEXT_MAX])),
        "sound" => Some(q.right.clone()),
        _ => None,
    }),
];

#[kit::test]
fn step_5_inflates_whole_streams_alone() {
    let mut random = Random(5);
    let mut texts = vec![HOLA.to_vec(), Vec::new()];
    texts.extend(
        (0..20).map(|_| random_text(&mut random, TEXT_MAX).into_bytes()),
    );
    texts.extend([vec![7; TEXT_MAX], random.exactly(TEXT_MAX)]);
    let whole = zlib(HOLA);
    let far = [2000, 10_000].map(|n| zlib(&vec![7; n]));
    let cut = (2..whole.len()).map(|n| whole[..n].to_vec());
    let more = [b"\0", &b"hola"[..], &whole];
    let more = more.map(|more| [&whole, more].concat());
    let gzip = read_all(GzEncoder::new(HOLA, Compression::best())).unwrap();
    let mut other_sum = whole.clone();
    *other_sum.last_mut().unwrap() ^= 1; // Its Adler-32.
    let none = vec![HOLA.to_vec(), raw(HOLA), gzip, other_sum, vec![]];
    let refused = [
        ("has no limit", far.to_vec()),
        ("takes one byte too many", vec![zlib(&[7; TEXT_MAX + 1])]),
        ("takes a stream without its end", cut.collect()),
        ("passes over what follows", more.to_vec()),
        ("no zlib stream", none),
    ];
    check_taken(
        "called inflate",
        &questions(texts.into_iter().map(|text| (zlib(&text), text)), refused),
        inflate,
        |text| bytes(text),
        WRONG_TEXTS,
        "inflate() refuses a sound stream",
        |right, came| compared(right, came),
    );
}

#[kit::test]
fn step_5_gives_a_bomb_no_room() {
    // Whoever stops at TEXT_MAX + 1 bytes needs as long for the one as for
    // the other; whoever inflates all, 64 times as long for the second.
    let streams = [62_500, 4_000_000].map(|n| zlib(&vec![0; n]));
    let did = doing(said("called inflate with a bomb", &[&streams[1].len()]));
    let came = inflate(&streams[1]);
    // The quickest of some times each, in turns, so that a busy machine
    // slows neither down alone.
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..8 {
        for (best, stream) in quickest.iter_mut().zip(&streams) {
            let begun = Instant::now();
            let _ = inflate(stream);
            *best = begun.elapsed().min(*best);
        }
    }
    if came.is_none() && quickest[1] < quickest[0] * 8 {
        return;
    }
    let times = quickest[1].as_nanos() / quickest[0].as_nanos().max(1);
    let came = came.map_or("None".to_string(), |text| bytes(&text));
    let came = said("so many times as long", &[&came, &times]);
    fail(did, "None, as soon for both", came, "inflates all of it first");
}

/// Texts of which one becomes smaller, and another does not, at any length.
fn texts() -> Vec<String> {
    let mut random = Random(6);
    let own = ["hola", "¿Qué tal, ñandú?", ""].map(String::from);
    let mut texts: Vec<String> = own.into_iter().collect();
    // Whatever the compressor, some of these become exactly as long.
    let words = ["a", "ja", "hola "].map(|word| word.repeat(30));
    texts.extend(words.iter().flat_map(|w| (1..=30).map(|n| w[..n].into())));
    // Nothing in these comes twice.
    let printed = ('!'..='~').collect::<String>();
    texts.extend((30..=printed.len()).map(|n| printed[..n].to_string()));
    texts.extend((0..60).map(|_| random_text(&mut random, TEXT_MAX)));
    texts.extend(["a".repeat(TEXT_MAX), "ñ".repeat(TEXT_MAX / 2)]);
    texts
}

/// What smaller() chose for a text.
struct Choice {
    text: String,
    chosen: Option<(Kind, Vec<u8>)>,
    /// The length of the text's stream: of the one that was given, if one was.
    stream: usize,
    compressed: bool,
}

fn called_smaller(text: &str) -> Said {
    said("called smaller", &[&bytes(text.as_bytes())])
}

/// Has the student's function choose.
fn choose(text: String) -> Choice {
    doing(called_smaller(&text));
    let chosen = smaller(&text);
    let stream = match &chosen {
        Some((Kind::Ztext, data)) => Some(data.len()),
        _ => None,
    };
    let compressed = stream.is_some();
    let stream = stream.unwrap_or_else(|| zlib(text.as_bytes()).len());
    Choice { text, chosen, stream, compressed }
}

/// What is wrong with the form of what was chosen, if anything is.
fn wrong_form(choice: &Choice) -> Option<Said> {
    let text = choice.text.as_bytes();
    let is_text = |found: Option<Vec<u8>>| found.is_some_and(|f| f == text);
    let Some((kind, data)) = &choice.chosen else {
        return Some(match text.len() {
            TEXT_MAX => "refuses a text of TEXT_MAX bytes".into(),
            n => said("smaller() refuses a text", &[&n]),
        });
    };
    let data = &data[..];
    Some(match (kind, read(data)) {
        (Kind::Text, _) if data == text => return None,
        (Kind::Text, found) if is_text(found.clone()) => {
            "calls a stream a Text".into()
        }
        (Kind::Text, _) => compared(text, data),
        (Kind::Ztext, Some(found)) if found == text => return None,
        (Kind::Ztext, Some(found)) => compared(text, &found),
        // crates/zchat sends none; whether it is the smaller comes later.
        (Kind::Ztext, None) if text.is_empty() => return None,
        (Kind::Ztext, None) if data == text => "calls a text a Ztext".into(),
        (Kind::Ztext, None) if data == zlib(b"") => {
            "a stream of nothing".into()
        }
        (Kind::Ztext, None) if is_text(read_all(DeflateDecoder::new(data))) => {
            "sends a raw stream".into()
        }
        (Kind::Ztext, None) if is_text(read_all(GzDecoder::new(data))) => {
            "sends a gzip stream".into()
        }
        (Kind::Ztext, None) => "a stream without its end".into(),
        _ => said("neither Text nor Ztext", &[]),
    })
}

/// Whether the other one is smaller; not by a few bytes, for one encoder may
/// find a shorter stream than another.
fn is_wrong(choice: &&Choice) -> bool {
    let Choice { text, stream, compressed, .. } = choice;
    if *compressed { *stream >= text.len() } else { stream + 4 < text.len() }
}

/// How smaller() chooses, seen over all texts; or what is seen of one of them.
fn choosing(all: &[Choice], one: &Choice) -> Said {
    let lengths = |wanted: bool| {
        let of_kind = all.iter().filter(move |c| c.compressed == wanted);
        of_kind.map(|c| c.text.len())
    };
    let no_gain = |c: &Choice| c.compressed && c.text.len() == c.stream;
    let turned = |c: &Choice| c.compressed == (c.stream > c.text.len());
    match (lengths(false).max(), lengths(true).min()) {
        (_, None) => "never compresses".into(),
        (None, _) => "always compresses".into(),
        (Some(longest), Some(shortest)) if longest <= shortest => {
            "chooses by the length of the text".into()
        }
        _ if all.iter().filter(is_wrong).all(no_gain) => {
            "compresses for no gain".into()
        }
        _ if all.iter().all(turned) => "chooses the greater".into(),
        _ => said("another choice", &[&one.text.len(), &one.stream]),
    }
}

/// What was chosen, for a person to read; the kind is ours or crates/zchat's.
fn chosen_shown(chosen: &Option<(impl Debug, Vec<u8>)>) -> Said {
    let Some((kind, data)) = chosen else { return value("None") };
    value(match format!("{kind:?}") {
        text if text == "Text" => format!("{text}, {}", bytes(data)),
        other => format!("{other}, {}", hex(data)),
    })
}

#[kit::test]
fn step_6_chooses_the_smaller() {
    let all: Vec<_> = texts().into_iter().map(choose).collect();
    let form = all.iter().find_map(|c| Some((c, wrong_form(c)?)));
    let choice = || all.iter().find(is_wrong).map(|c| (c, choosing(&all, c)));
    if let Some((choice, why)) = form.or_else(choice) {
        let right = Some(reference::smaller(choice.text.as_bytes()));
        let (right, came) =
            (chosen_shown(&right), chosen_shown(&choice.chosen));
        fail(called_smaller(&choice.text), right, came, why);
    }
}

#[kit::test]
fn step_6_counts_bytes() {
    let mut random = Random(66);
    let letters = [(); 1500].map(|_| char::from(b'!' + random.below(90) as u8));
    let hard = String::from_iter(letters); // Its stream is long, too.
    let takes = |text: &str| caught(|| smaller(text)).flatten().is_some();
    for text in [
        "a".repeat(10_000),
        hard.clone(),
        "a".repeat(TEXT_MAX + 1),
        "ñ".repeat(TEXT_MAX / 2 + 1),
        "😀".repeat(TEXT_MAX / 4 + 1),
    ] {
        doing(called_smaller(&text));
        let came = smaller(&text);
        let cause = match came {
            None => continue,
            _ if !text.is_ascii() => "counts characters",
            _ if takes(&hard) => "takes a text that is too long",
            _ if takes(&"a".repeat(10_000)) => "a limit for the stream",
            _ => "takes a text of one byte too many",
        };
        fail(called_smaller(&text), value("None"), chosen_shown(&came), cause);
    }
}

thread_local! {
    /// How often message() has called the spy.
    static SPIED: Cell<usize> = const { Cell::new(0) };
}

/// The spy: a sound inflate(), which notes that it was called.
fn spy(stream: &[u8]) -> Option<Vec<u8>> {
    SPIED.set(SPIED.get() + 1);
    read(stream)
}

fn is_text(q: &Question<Vec<u8>>) -> bool {
    q.data[2] == Kind::Text as u8
}

/// Asks all questions of message(), which is given `with`.
fn check_message(
    did: &str,
    questions: &[Question<Vec<u8>>],
    with: Inflate,
    wrong: &[Wrong<Vec<u8>>],
) {
    check_taken(
        did,
        questions,
        |data| message(data, with),
        |text| bytes(text),
        wrong,
        "message() finds none",
        |right, came| compared(right, came),
    );
}

const WRONG_MESSAGES: [Wrong<Vec<u8>>; 3] = [
    ("gives the stream as it is", &|q| {
        q.right.as_ref().map(|_| Some(before_crc(&q.data)[16..].to_vec()))
    }),
    ("finds no message in a Ztext", &|q| q.only(|_| is_text(q))),
    ("refuses a Text of TEXT_MAX bytes", &|q| {
        q.only(|text| !is_text(q) || text.len() < TEXT_MAX)
    }),
];

#[kit::test]
fn step_7_takes_the_message_out() {
    let mut random = Random(7);
    let mut sound = vec![frame(Kind::Text, vec![7; TEXT_MAX])];
    for text in texts().iter().step_by(9).filter(|t| !t.is_empty()) {
        sound.push(frame(Kind::Text, text.clone().into_bytes()));
        sound.push(frame(Kind::Ztext, zlib(text.as_bytes())));
    }
    let sound = sound.iter().map(|f| (packed(f), theirs(f).text().unwrap()));
    let kinds = [Kind::Hello, Kind::Ack, Kind::Bye];
    let kinds = kinds.map(|kind| packed(&frame(kind, random.exactly(4))));
    let long = [TEXT_MAX + 1, 1100, FRAME_MAX - 20];
    let long = long.map(|n| packed(&frame(Kind::Text, vec![b'a'; n])));
    let none = (20..30).map(|n| packed(&frame(Kind::Ztext, random.exactly(n))));
    let refused = [
        ("a message of any kind", kinds.to_vec()),
        ("no limit for a Text", long.to_vec()),
        ("a message out of a damaged frame", damaged(&frames()[0], 12)),
        ("a message out of no stream", none.collect()),
    ];
    let mut wrong = WRONG_MESSAGES.to_vec();
    // Is it for a Text that `with` is called?
    let hola = packed(&frame(Kind::Text, b"hola".to_vec()));
    if message(&hola, chau) == chau(&[]) {
        wrong.push(("inflates a Text too", &|q| q.only(|_| !is_text(q))));
    }
    check_message("called message", &questions(sound, refused), spy, &wrong);
}

/// A `with` that gives what is in no stream.
fn chau(_: &[u8]) -> Option<Vec<u8>> {
    Some(b"chau".to_vec())
}

/// A `with` that gives more bytes than a message may have.
fn too_long(_: &[u8]) -> Option<Vec<u8>> {
    Some(vec![b'x'; TEXT_MAX + 1])
}

#[kit::test]
fn step_7_inflates_with_the_function_it_is_given() {
    let data = packed(&frame(Kind::Ztext, zlib(b"hola")));
    check_message(
        "called message with a function that gives chau",
        &questions([(data.clone(), b"chau".to_vec())], []),
        chau,
        &[("inflates by itself", &|_| Some(Some(b"hola".to_vec())))],
    );
    let too_much = [("believes whatever with gives", vec![data])];
    let did = "called message with a function that gives too much";
    check_message(did, &questions([], too_much), too_long, &[]);
}

#[kit::test]
fn step_7_inflates_nothing_unchecked() {
    for data in damaged(&frame(Kind::Ztext, zlib(b"hola")), 0) {
        let did = said("called message, the spy looks on", &[&hex(&data)]);
        doing(did.clone());
        SPIED.set(0);
        let _ = message(&data, spy);
        if SPIED.get() > 0 {
            let (expected, came) = ("no call", "the spy was called");
            fail(did, expected, came, "inflates before it checks");
        }
    }
}
