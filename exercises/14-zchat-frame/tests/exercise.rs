//! The tests of exercise 14. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::cell::Cell;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use ex14_zchat_frame::{
    FRAME_MAX, Frame, Kind, MAGIC, TEXT_MAX, check, head, inflate, kind,
    message, pack, smaller, unpack,
};
use flate2::Compression;
use flate2::read::{DeflateDecoder, GzDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use kit::{Said, Shown, bytes, caught, compared, doing, fail, said};
use zchat::frame as reference;

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

/// What stands there already, in no language or in the reader's.
struct As(String);

impl Shown for As {
    fn shown(&self) -> String {
        self.0.clone()
    }
}

/// Bytes in base 16; cut after 48.
fn hex(data: &[u8]) -> String {
    let shown = data.iter().take(48).map(|byte| format!("{byte:02x}"));
    let shown: String = shown.collect();
    match data.len() {
        0 => said("no bytes", &[]).to_string(),
        n @ 49.. => format!("{shown}... ({n} bytes)"),
        n => format!("{shown} ({n} bytes)"),
    }
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
    let Frame { attempt, src, dst, seq, .. } = *frame;
    let kind = match frame.kind {
        Kind::Hello => reference::Kind::Hello,
        Kind::Text => reference::Kind::Text,
        Kind::Ztext => reference::Kind::Ztext,
        Kind::Ack => reference::Kind::Ack,
        Kind::Bye => reference::Kind::Bye,
    };
    let payload = frame.payload.clone();
    reference::Frame { kind, attempt, src, dst, seq, payload }
}

/// What crates/zchat finds in a zlib stream.
fn read(stream: &[u8]) -> Option<Vec<u8>> {
    theirs(&frame(Kind::Ztext, stream.to_vec())).text()
}

/// Random numbers from a seed, good enough for these tests.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as usize % n
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.below(256) as u8).collect()
    }

    /// Text of up to `most` bytes, of few or of many different letters.
    fn text(&mut self, most: usize) -> String {
        let letters: Vec<char> = "aeijnñoú¿€😀 bcdfghkl".chars().collect();
        let (few, n) = (1 + self.below(letters.len()), self.below(most + 1));
        let mut text = String::new();
        loop {
            let letter = letters[self.below(few)];
            if text.len() + letter.len_utf8() > n {
                return text;
            }
            text.push(letter);
        }
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
        let payload = random.bytes(n);
        let [src, dst, seq] = [(); 3].map(|_| random.below(1 << 32) as u32);
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

/// Wrong ones: the cause if pack() writes it, and if check() wants it.
const SEALS: [(&str, &str, Seal); 4] = [
    (
        "writes the CRC in little-endian",
        "reads the CRC in little-endian",
        |b| crc32fast::hash(b).to_le_bytes().to_vec(),
    ),
    ("a CRC of the payload alone", "checks the payload alone", |b| {
        crc(&b[16..])
    }),
    ("a CRC of the head alone", "checks the head alone", |b| crc(&b[..16])),
    ("a CRC of itself too", "checks four bytes more", |b| {
        crc(&[b, &[0; 4]].concat())
    }),
];

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

/// What a wrong program makes of a frame.
type Making<'a> = &'a dyn Fn(&Frame, &[u8]) -> Vec<u8>;

/// Fails if one of the frames becomes other bytes: with the cause that `wrong`
/// gives as what came, for each of the frames; or with what `other` says.
fn check_made(
    did: &str,
    made: impl Fn(&Frame) -> Vec<u8>,
    right: impl Fn(&[u8]) -> Vec<u8>,
    wrong: &[(&str, Making)],
    other: impl Fn(&[u8], &[u8]) -> Said,
) {
    let frames = frames().into_iter().map(|f| (theirs(&f).pack(), f));
    let frames: Vec<_> = frames.collect();
    for (whole, frame) in &frames {
        let did = said(did, &[&fields(frame)]);
        doing(did.clone());
        let (came, meant) = (made(frame), right(whole));
        if came == meant {
            continue;
        }
        let fits =
            |way: Making| frames.iter().all(|(w, f)| made(f) == way(f, w));
        let why = wrong.iter().find(|(_, way)| fits(*way));
        let why = why.map(|(cause, _)| Said::from(*cause));
        let why = why.unwrap_or_else(|| other(&meant, &came));
        fail(did, As(hex(&meant)), As(hex(&came)), why);
    }
}

#[test]
fn step_1_writes_the_head() {
    exercise(|| {
        let with = |f: &Frame, change: fn(&mut Frame)| {
            let mut f = f.clone();
            change(&mut f);
            theirs(&f).pack()[..16].to_vec()
        };
        let turned = |f: &mut Frame| {
            let [src, dst, seq] = [f.src, f.dst, f.seq].map(u32::swap_bytes);
            (f.src, f.dst, f.seq) = (src, dst, seq);
        };
        let kind_last = |w: &[u8]| [&w[..2], &[w[3], w[2]], &w[4..16]].concat();
        check_made(
            "called head",
            head,
            |whole| whole[..16].to_vec(),
            &[
                ("little-endian numbers", &|f, _| with(f, turned)),
                ("dst before src", &|f, _| {
                    with(f, |f| (f.src, f.dst) = (f.dst, f.src))
                }),
                ("try is always 0", &|f, _| with(f, |f| f.attempt = 0)),
                ("try before kind", &|_, w| kind_last(w)),
                ("no Z1", &|_, w| w[2..16].to_vec()),
            ],
            |meant, came| {
                let first = first_field(meant, came);
                match first {
                    "payload" => compared(meant, came),
                    _ => said("another field", &[&came.len(), &first]),
                }
            },
        );
    });
}

#[test]
fn step_2_packs_the_frame() {
    exercise(|| {
        let seals = SEALS.map(|(cause, _, seal)| {
            (cause, move |_: &Frame, w: &[u8]| {
                let body = &w[..w.len() - 4];
                [body, &seal(body)].concat()
            })
        });
        let mut wrong: Vec<(&str, Making)> = vec![
            ("no CRC at all", &|_, w| w[..w.len() - 4].to_vec()),
            ("no payload", &|_, w| sealed(&w[..16])),
            ("no head", &|_, w| sealed(&w[16..w.len() - 4])),
        ];
        wrong.extend(seals.iter().map(|(cause, way)| (*cause, way as Making)));
        check_made(
            "called pack",
            pack,
            <[u8]>::to_vec,
            &wrong,
            |meant, came| {
                let body = meant.len() - 4;
                if came.len() == meant.len() && came[..body] == meant[..body] {
                    said("another CRC", &[])
                } else {
                    compared(meant, came)
                }
            },
        );
    });
}

/// Bytes, and what is right for them. What must be refused is of a kind: the
/// name of the cause if a program takes all that is of this kind.
struct Question<T> {
    kind: &'static str,
    data: Vec<u8>,
    right: Option<T>,
}

/// What a wrong program gives for a question; `None`: that does not matter.
type Way<'a, T> = &'a dyn Fn(&Question<T>) -> Option<Option<T>>;

/// Asks all questions of `asked`, the student's function. At the first wrong
/// answer it fails: with the cause of the first of the `wrong` ways that gives
/// what came for every question; or with what is seen of this kind; or with
/// what `other` says of what should have been taken.
fn judge<T: PartialEq>(
    did: &str,
    questions: &[Question<T>],
    asked: impl Fn(&[u8]) -> Option<T>,
    shown: fn(&T) -> String,
    wrong: &[(&str, Way<T>)],
    other: impl Fn(&T, Option<&T>) -> Said,
) {
    for q in questions {
        let did = said(did, &[&hex(&q.data)]);
        doing(did.clone());
        let came = asked(&q.data);
        if came == q.right {
            continue;
        }
        let all = questions.iter().map(|q| (q, caught(|| asked(&q.data))));
        let all: Vec<_> = all.collect();
        // A panic is another failure.
        let fits = |way: Way<T>| {
            all.iter().all(|(q, came)| match (came, way(q)) {
                (Some(came), Some(guess)) => *came == guess,
                _ => true,
            })
        };
        let why = match wrong.iter().find(|(_, way)| fits(*way)) {
            Some((cause, _)) => Said::from(*cause),
            None => match &q.right {
                Some(right) => other(right, came.as_ref()),
                None => {
                    let kin = all.iter().filter(|(k, _)| k.kind == q.kind);
                    let taken = kin.clone().filter(|(_, came)| {
                        came.as_ref().is_some_and(Option::is_some)
                    });
                    match [taken.count(), kin.count()] {
                        [taken, all] if taken < all => {
                            said("takes some of a kind", &[&all, &taken])
                        }
                        _ => q.kind.into(),
                    }
                }
            },
        };
        let show =
            |given: Option<&T>| As(given.map_or("None".to_string(), shown));
        fail(did, show(q.right.as_ref()), show(came.as_ref()), why);
    }
}

/// A question to which `None` is right.
fn refuse<T>(kind: &'static str, data: Vec<u8>) -> Question<T> {
    Question { kind, data, right: None }
}

/// A sound frame, with each bit from byte `from` on flipped in turn, and
/// without its end.
fn damaged(from: usize) -> Vec<Vec<u8>> {
    let sound = theirs(&frame(Kind::Text, b"hola, hola".to_vec())).pack();
    let flipped = (from * 8..sound.len() * 8).map(|bit| {
        let mut data = sound.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        data
    });
    let cut = (20..sound.len()).map(|n| sound[..n].to_vec());
    flipped.chain(cut).collect()
}

/// What is right, but for a frame of `n` bytes.
fn unless(q: &Question<Vec<u8>>, n: usize) -> Option<Option<Vec<u8>>> {
    Some(q.right.clone().filter(|_| q.data.len() != n))
}

#[test]
fn step_3_takes_sound_frames_alone() {
    exercise(|| {
        let body = |data: &[u8]| data[..data.len() - 4].to_vec();
        let mut questions = Vec::new();
        for frame in frames() {
            let data = theirs(&frame).pack();
            let right = Some(body(&data));
            questions.push(Question { kind: "sound", data, right });
        }
        let hola = questions[0].data.clone();
        let refused = |kind| move |data| refuse(kind, data);
        questions.extend(damaged(2).into_iter().map(refused("no CRC check")));
        let short = (6..20).map(|n| sealed(&hola[..n - 4]));
        questions.extend(short.map(refused("no least length")));
        let empty = (0..6).map(|n| hola[..n].to_vec());
        questions.extend(empty.map(refused("too few bytes for a CRC")));
        let long = [FRAME_MAX + 1, FRAME_MAX + 2, 2000, 65_507];
        let long =
            long.map(|n| sealed(&[&hola[..16], &vec![7; n - 20]].concat()));
        questions.extend(long.map(refused("no greatest length")));
        let other = [b"Z2", b"z1", b"Y1", b"\0\0"];
        let other = other.map(|magic| sealed(&[magic, &hola[2..20]].concat()));
        questions.extend(other.map(refused("another protocol")));
        for (_, _, seal) in SEALS {
            let with = [&hola[..20], &seal(&hola[..20])].concat();
            questions.push(refuse("sealed in another way", with));
        }
        let wants = |q: &Question<Vec<u8>>, seal: Seal| {
            let n = q.data.len();
            let fits = (20..=FRAME_MAX).contains(&n);
            let ours = fits && q.data.starts_with(MAGIC);
            let taken = ours && q.data[n - 4..] == seal(&q.data[..n - 4]);
            Some(taken.then(|| body(&q.data)))
        };
        let seals = SEALS.map(|(_, cause, seal)| {
            (cause, move |q: &Question<Vec<u8>>| wants(q, seal))
        });
        type One<'a> = (&'a str, Way<'a, Vec<u8>>);
        let mut wrong: Vec<One> = vec![
            ("gives the CRC too", &|q| {
                Some(q.right.as_ref().map(|_| q.data.clone()))
            }),
            ("gives the payload alone", &|q| {
                Some(q.right.as_ref().map(|body| body[16..].to_vec()))
            }),
            ("refuses the shortest", &|q| unless(q, 20)),
            ("refuses the longest", &|q| unless(q, FRAME_MAX)),
        ];
        wrong.extend(seals.iter().map(|(cause, way)| -> One { (cause, way) }));
        judge(
            "called check",
            &questions,
            |data| check(data).map(<[u8]>::to_vec),
            |body| hex(body),
            &wrong,
            |right, came| match came {
                None => said("check() refuses a sound frame", &[]),
                Some(came) => compared(right, came),
            },
        );
    });
}

/// What a wrong unpack() makes of a sound frame; it may be `None`.
type Change = fn(&mut Frame, &[u8]) -> bool;

const WRONG_FIELDS: [(&str, Change); 6] = [
    ("reads the numbers in little-endian", |f, _| {
        let [src, dst, seq] = [f.src, f.dst, f.seq].map(u32::swap_bytes);
        (f.src, f.dst, f.seq) = (src, dst, seq);
        true
    }),
    ("reads dst before src", |f, _| {
        (f.src, f.dst) = (f.dst, f.src);
        f.src != 0
    }),
    ("reads no try", |f, _| {
        f.attempt = 0;
        true
    }),
    ("a payload with the CRC", |f, data| {
        f.payload = data[16..].to_vec();
        true
    }),
    ("reads two bytes of seq", |f, _| {
        f.seq &= 0xffff;
        true
    }),
    ("refuses a dst of 0", |f, _| f.dst != 0),
];

#[test]
fn step_4_unpacks_the_fields() {
    exercise(|| {
        let mut questions = Vec::new();
        for frame in frames() {
            let data = theirs(&frame).pack();
            questions.push(Question {
                kind: "sound",
                data,
                right: Some(frame),
            });
        }
        let hola = questions[0].data[..20].to_vec();
        // From the number on, all fields are possible ones.
        for data in damaged(12) {
            questions.push(refuse("believes a damaged frame", data));
        }
        for number in [0, 6, 7, 255] {
            let body = [&hola[..2], &[number], &hola[3..]].concat();
            questions.push(refuse("believes any kind", sealed(&body)));
        }
        for dst in [7, 0] {
            let body = [&hola[..4], &[0; 7], &[dst], &hola[12..]].concat();
            questions.push(refuse("takes a src of 0", sealed(&body)));
        }
        let ways = WRONG_FIELDS.map(|(cause, change)| {
            (cause, move |q: &Question<Frame>| {
                let mut frame = q.right.clone()?;
                let taken = change(&mut frame, &q.data);
                Some(taken.then_some(frame))
            })
        });
        type One<'a> = (&'a str, Way<'a, Frame>);
        let wrong = ways.iter().map(|(cause, way)| -> One { (cause, way) });
        judge(
            "called unpack",
            &questions,
            unpack,
            fields,
            &wrong.collect::<Vec<_>>(),
            |right, came| match came {
                None => said("unpack() refuses a sound frame", &[]),
                Some(came) => {
                    let both = [right, came].map(|f| theirs(f).pack());
                    let first = first_field(&both[0], &both[1]);
                    said("another field read", &[&first])
                }
            },
        );
    });
}

/// What an encoder gives for these bytes.
fn zlib(text: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text).unwrap();
    zlib.finish().unwrap()
}

fn raw(text: &[u8]) -> Vec<u8> {
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
    raw.write_all(text).unwrap();
    raw.finish().unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn step_5_inflates_whole_streams_alone() {
    exercise(|| {
        let mut random = Random(5);
        let mut texts = vec![b"hola, hola, hola".to_vec(), Vec::new()];
        texts.extend((0..20).map(|_| random.text(TEXT_MAX).into_bytes()));
        texts.extend([vec![7; TEXT_MAX], random.bytes(TEXT_MAX)]);
        let mut questions = Vec::new();
        for text in texts {
            let (data, right) = (zlib(&text), Some(text));
            questions.push(Question { kind: "sound", data, right });
        }
        let whole = questions[0].data.clone();
        let refused = |kind| move |data| refuse(kind, data);
        let far = [2000, 10_000].map(|n| zlib(&vec![7; n]));
        questions.extend(far.map(refused("has no limit")));
        let one = zlib(&[7; TEXT_MAX + 1]);
        questions.push(refuse("takes one byte too many", one));
        let cut = (2..whole.len()).map(|n| whole[..n].to_vec());
        questions.extend(cut.map(refused("takes a stream without its end")));
        let more = [b"\0", &b"hola"[..], &whole.clone()];
        let more = more.map(|more| [&whole, more].concat());
        questions.extend(more.map(refused("passes over what follows")));
        let hola = b"hola, hola, hola";
        let mut other_sum = whole.clone();
        *other_sum.last_mut().unwrap() ^= 1; // Its Adler-32.
        let none = [hola.to_vec(), raw(hola), gzip(hola), other_sum, vec![]];
        questions.extend(none.map(refused("no zlib stream")));
        let filled = |q: &Question<Vec<u8>>, n: usize| {
            let mut text = q.right.clone()?;
            text.resize(text.len().max(n), 0);
            Some(Some(text))
        };
        judge(
            "called inflate",
            &questions,
            inflate,
            |text| bytes(text),
            &[
                ("gives the whole room", &|q| filled(q, TEXT_MAX)),
                ("gives the whole room", &|q| filled(q, TEXT_MAX + 1)),
                ("refuses TEXT_MAX bytes", &|q| {
                    let right = q.right.clone()?;
                    Some(Some(right).filter(|text| text.len() < TEXT_MAX))
                }),
                ("wants a raw stream", &|q| match &q.right {
                    Some(_) => Some(None),
                    None if q.data == raw(hola) => Some(Some(hola.to_vec())),
                    None => None,
                }),
                ("cuts at the limit", &|q| match q.kind {
                    "has no limit" => Some(Some(vec![7; TEXT_MAX])),
                    "sound" => Some(q.right.clone()),
                    _ => None,
                }),
            ],
            |right, came| match came {
                None => said("inflate() refuses a sound stream", &[]),
                Some(came) => compared(right, came),
            },
        );
    });
}

#[test]
fn step_5_gives_a_bomb_no_room() {
    exercise(|| {
        // Whoever stops at TEXT_MAX + 1 bytes needs as long for the one as for
        // the other; whoever inflates all, 64 times as long for the second.
        let streams = [62_500, 4_000_000].map(|n| zlib(&vec![0; n]));
        let did = said("called inflate with a bomb", &[&streams[1].len()]);
        doing(did.clone());
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
            if came.is_none() && quickest[1] < quickest[0] * 8 {
                return;
            }
        }
        let times = quickest[1].as_nanos() / quickest[0].as_nanos().max(1);
        let came = As(came.map_or("None".to_string(), |text| bytes(&text)));
        let came = said("so many times as long", &[&came.0, &times]);
        fail(did, "None, as soon for both", came, "inflates all of it first");
    });
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
    texts.extend((0..60).map(|_| random.text(TEXT_MAX)));
    texts.extend(["a".repeat(TEXT_MAX), "ñ".repeat(TEXT_MAX / 2)]);
    texts
}

/// What smaller() may give.
type Chosen = Option<(Kind, Vec<u8>)>;

/// What is wrong with the form of what smaller() chose, if anything is.
fn wrong_form(text: &str, chosen: &Chosen) -> Option<Said> {
    let text = text.as_bytes();
    let holds = |mut decoder: Box<dyn Read + '_>| {
        let mut all = Vec::new();
        decoder.read_to_end(&mut all).is_ok() && all == text
    };
    let Some((kind, data)) = chosen else {
        return Some(match text.len() {
            TEXT_MAX => "refuses a text of TEXT_MAX bytes".into(),
            n => said("smaller() refuses a text", &[&n]),
        });
    };
    let found = read(data);
    Some(match (kind, found) {
        (Kind::Text, _) if data == text => return None,
        (Kind::Text, Some(found)) if found == text => {
            "calls a stream a Text".into()
        }
        (Kind::Text, _) => compared(text, data),
        (Kind::Ztext, _) if *data == zlib(text) => return None,
        (Kind::Ztext, Some(found)) if found == text => return None,
        (Kind::Ztext, Some(found)) => compared(text, &found),
        (Kind::Ztext, None) if data == text => "calls a text a Ztext".into(),
        (Kind::Ztext, None) => {
            if holds(Box::new(DeflateDecoder::new(&data[..]))) {
                "sends a raw stream".into()
            } else if holds(Box::new(GzDecoder::new(&data[..]))) {
                "sends a gzip stream".into()
            } else {
                "a stream without its end".into()
            }
        }
        _ => said("neither Text nor Ztext", &[]),
    })
}

/// One choice: the length of the text, that of its stream, and whether it was
/// compressed.
type Choice = (usize, usize, bool);

/// Whether the other one is smaller; not by a few bytes, for one encoder may
/// find a shorter stream than another.
fn is_wrong((text, stream, compressed): &Choice) -> bool {
    if *compressed { stream >= text } else { stream + 4 < *text }
}

/// How smaller() chooses, seen over all texts; or what is seen of one of them.
fn choosing(all: &[Choice], one: &Choice) -> Said {
    let lengths = |wanted: bool| {
        let of_kind = all.iter().filter(move |(.., is)| *is == wanted);
        of_kind.map(|(text, ..)| *text)
    };
    let mut wrong = all.iter().filter(|choice| is_wrong(choice));
    let turned = |(text, stream, is): &Choice| *is == (stream > text);
    match (lengths(false).max(), lengths(true).min()) {
        (_, None) => "never compresses".into(),
        (None, _) => "always compresses".into(),
        (Some(longest), Some(shortest)) if longest <= shortest => {
            "chooses by the length of the text".into()
        }
        _ if wrong.all(|(text, stream, is)| *is && text == stream) => {
            "compresses for no gain".into()
        }
        _ if all.iter().all(turned) => "chooses the greater".into(),
        _ => said("another choice", &[&one.0, &one.1]),
    }
}

/// What smaller() gave, for a person to read.
fn chosen_shown(chosen: &Chosen) -> As {
    As(match chosen {
        None => "None".to_string(),
        Some((Kind::Text, data)) => format!("Text, {}", bytes(data)),
        Some((kind, data)) => format!("{kind:?}, {}", hex(data)),
    })
}

/// What is the smaller.
fn right_choice(text: &str) -> Chosen {
    let (plain, stream) = (text.as_bytes().to_vec(), zlib(text.as_bytes()));
    Some(match stream.len() < plain.len() {
        true => (Kind::Ztext, stream),
        false => (Kind::Text, plain),
    })
}

#[test]
fn step_6_chooses_the_smaller() {
    exercise(|| {
        let texts = texts();
        let called =
            |text: &str| said("called smaller", &[&bytes(text.as_bytes())]);
        let chosen: Vec<_> = texts
            .iter()
            .map(|text| {
                doing(called(text));
                smaller(text)
            })
            .collect();
        let choices = texts.iter().zip(&chosen).map(|(text, chosen)| {
            let stream = zlib(text.as_bytes()).len();
            match chosen {
                Some((Kind::Ztext, data)) => (text.len(), data.len(), true),
                _ => (text.len(), stream, false),
            }
        });
        let choices: Vec<_> = choices.collect();
        let all = texts.iter().zip(&chosen);
        let form = all.clone().find_map(|(text, chosen)| {
            Some((text, chosen, wrong_form(text, chosen)?))
        });
        let choice = all.zip(&choices).find(|(_, choice)| is_wrong(choice));
        let wrong = form.or(choice.map(|((text, chosen), choice)| {
            (text, chosen, choosing(&choices, choice))
        }));
        if let Some((text, chosen, why)) = wrong {
            let right = chosen_shown(&right_choice(text));
            fail(called(text), right, chosen_shown(chosen), why);
        }
    });
}

#[test]
fn step_6_counts_bytes() {
    exercise(|| {
        let mut random = Random(66);
        let letters =
            [(); 1500].map(|_| char::from(b'!' + random.below(90) as u8));
        let hard = String::from_iter(letters); // Its stream is long, too.
        let takes = |text: &str| caught(|| smaller(text)).flatten().is_some();
        for text in [
            "a".repeat(10_000),
            hard.clone(),
            "a".repeat(TEXT_MAX + 1),
            "ñ".repeat(TEXT_MAX / 2 + 1),
            "😀".repeat(TEXT_MAX / 4 + 1),
        ] {
            let did = said("called smaller", &[&bytes(text.as_bytes())]);
            doing(did.clone());
            let came = smaller(&text);
            let cause = match came {
                None => continue,
                _ if !text.is_ascii() => "counts characters",
                _ if takes(&hard) => "takes a text that is too long",
                _ if takes(&"a".repeat(10_000)) => "a limit for the stream",
                _ => "takes a text of one byte too many",
            };
            fail(did, As("None".to_string()), chosen_shown(&came), cause);
        }
    });
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

/// What stands between the head and the CRC-32.
fn payload(q: &Question<Vec<u8>>) -> Vec<u8> {
    q.data[16..q.data.len() - 4].to_vec()
}

#[test]
fn step_7_takes_the_message_out() {
    exercise(|| {
        let mut random = Random(7);
        let mut questions = Vec::new();
        let question = |kind, frame: &Frame| {
            let data = theirs(frame).pack();
            Question { kind, data, right: theirs(frame).text() }
        };
        for text in texts().iter().step_by(9).filter(|t| !t.is_empty()) {
            let plain = frame(Kind::Text, text.clone().into_bytes());
            let stream = frame(Kind::Ztext, zlib(text.as_bytes()));
            questions.push(question("sound", &plain));
            questions.push(question("sound", &stream));
        }
        questions
            .push(question("sound", &frame(Kind::Text, vec![7; TEXT_MAX])));
        for kind in [Kind::Hello, Kind::Ack, Kind::Bye] {
            let frame = frame(kind, random.bytes(4));
            questions.push(question("a message of any kind", &frame));
        }
        for n in [TEXT_MAX + 1, 1100, FRAME_MAX - 20] {
            let frame = frame(Kind::Text, vec![b'a'; n]);
            questions.push(question("no limit for a Text", &frame));
        }
        for data in damaged(12) {
            questions.push(refuse("a message out of a damaged frame", data));
        }
        for n in 0..10 {
            let frame = frame(Kind::Ztext, random.bytes(20 + n));
            questions.push(question("a message out of no stream", &frame));
        }
        let mut wrong: Vec<(&str, Way<Vec<u8>>)> = vec![
            ("gives the stream as it is", &|q| {
                q.right.as_ref().map(|_| Some(payload(q)))
            }),
            ("finds no message in a Ztext", &|q| {
                let text = q.right.clone()?;
                let plain = q.data[2] == Kind::Text as u8;
                Some(plain.then_some(text))
            }),
            ("refuses a Text of TEXT_MAX bytes", &|q| {
                let text = q.right.clone()?;
                let long =
                    q.data[2] == Kind::Text as u8 && text.len() == TEXT_MAX;
                Some((!long).then_some(text))
            }),
        ];
        // Is it for a Text that `with` is called?
        let hola = theirs(&frame(Kind::Text, b"hola".to_vec())).pack();
        if message(&hola, chau) == chau(&[]) {
            wrong.push(("inflates a Text too", &|q| {
                let text = q.right.clone()?;
                let plain = q.data[2] == Kind::Text as u8;
                Some((!plain).then_some(text))
            }));
        }
        judge(
            "called message",
            &questions,
            |data| message(data, spy),
            |text| bytes(text),
            &wrong,
            |right, came| match came {
                None => said("message() finds none", &[]),
                Some(came) => compared(right, came),
            },
        );
    });
}

/// A `with` that gives what is in no stream.
fn chau(_: &[u8]) -> Option<Vec<u8>> {
    Some(b"chau".to_vec())
}

/// A `with` that gives more bytes than a message may have.
fn too_long(_: &[u8]) -> Option<Vec<u8>> {
    Some(vec![b'x'; TEXT_MAX + 1])
}

#[test]
fn step_7_inflates_with_the_function_it_is_given() {
    exercise(|| {
        let data = theirs(&frame(Kind::Ztext, zlib(b"hola"))).pack();
        let did = "called message with a function that gives chau";
        doing(did);
        let came = message(&data, chau);
        let shown = |given: Option<&Vec<u8>>| {
            As(given.map_or("None".to_string(), |text| bytes(text)))
        };
        if came.as_deref() != Some(b"chau") {
            let right = shown(Some(&b"chau".to_vec()));
            let why = match came.as_deref() {
                Some(b"hola") => "inflates by itself".into(),
                Some(came) => compared(b"chau", came),
                None => said("message() finds none", &[]),
            };
            fail(did, right, shown(came.as_ref()), why);
        }
        let did = "called message with a function that gives too much";
        doing(did);
        let came = message(&data, too_long);
        if came.is_some() {
            let cause = "believes whatever with gives";
            fail(did, shown(None), shown(came.as_ref()), cause);
        }
    });
}

#[test]
fn step_7_inflates_nothing_unchecked() {
    exercise(|| {
        let sound = theirs(&frame(Kind::Ztext, zlib(b"hola"))).pack();
        for bit in 0..sound.len() * 8 {
            let mut data = sound.clone();
            data[bit / 8] ^= 1 << (bit % 8);
            let did = said("called message, the spy looks on", &[&hex(&data)]);
            doing(did.clone());
            SPIED.set(0);
            let _ = message(&data, spy);
            if SPIED.get() > 0 {
                let (expected, came) = ("no call", "the spy was called");
                fail(did, expected, came, "inflates before it checks");
            }
        }
    });
}
