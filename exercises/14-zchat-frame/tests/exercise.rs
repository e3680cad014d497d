//! The tests of exercise 14. You need not change this file.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use badlink::{Direction, Fates, Shares};
use ex14_zchat_frame::{
    FRAME_MAX, FRAME_MIN, Frame, Kind, TEXT_MAX, check, head, inflate, kind,
    message, pack, smaller, unpack,
};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use kit::{Step, Told, bytes, caught, exercise, say};
use zchat::frame as reference;

const STEPS: [Step; 7] = [
    (1, "write the head", "escribí el encabezado"),
    (2, "pack the frame", "empaquetá la trama"),
    (3, "check the CRC-32", "verificá el CRC-32"),
    (4, "unpack the fields", "desempaquetá los campos"),
    (5, "inflate the stream", "descomprimí el flujo"),
    (6, "choose the smaller", "elegí lo más chico"),
    (7, "take the message out", "sacá el mensaje"),
];

const CLIENT: u32 = 0x1122_3344;
const SERVER: u32 = 0xaabb_ccdd;

/// Frames of a conversation, byte for byte (crates/zchat has the same).
const HELLO: &str = "5a31010011223344000000000000000071f55ee7";
const UP: &str = "5a31020011223344aabbccdd000000017423ce93";
const ACK: &str = "5a310400aabbccdd112233440000000165a883dc";
const HOLA: &str = "5a31020011223344aabbccdd00000002686f6c61f505b41c";
const AGAIN: &str = "5a31020211223344aabbccdd00000002686f6c61213924db";
const NANDU: &str = "5a31020011223344aabbccdd00000003\
    c2bf5175c3a92074616c2c20c3b1616e64c3ba3fc5e5d02b";
const JAJA: &str = "5a31030011223344aabbccdd00000004\
    78dacb4acc1a16100025b14f4dd07586b2";
const BYE: &str = "5a31050011223344aabbccdd0000000500000007768bd15f";

/// All of them, and their fields.
fn golden() -> [(Vec<u8>, Frame); 8] {
    let (there, back) = ((CLIENT, SERVER), (SERVER, CLIENT));
    let frame = |kind, attempt, (src, dst), seq, payload: &[u8]| Frame {
        kind,
        attempt,
        src,
        dst,
        seq,
        payload: payload.to_vec(),
    };
    let jaja = unhex(JAJA);
    [
        (HELLO, frame(Kind::Hello, 0, (CLIENT, 0), 0, b"")),
        (UP, frame(Kind::Text, 0, there, 1, b"")),
        (ACK, frame(Kind::Ack, 0, back, 1, b"")),
        (HOLA, frame(Kind::Text, 0, there, 2, b"hola")),
        (AGAIN, frame(Kind::Text, 2, there, 2, b"hola")),
        (NANDU, frame(Kind::Text, 0, there, 3, "¿Qué tal, ñandú?".as_bytes())),
        (JAJA, frame(Kind::Ztext, 0, there, 4, &jaja[16..jaja.len() - 4])),
        (BYE, frame(Kind::Bye, 0, there, 5, &[0, 0, 0, 7])),
    ]
    .map(|(hex, frame)| (unhex(hex), frame))
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Bytes in base 16; cut after 48.
fn hex(data: &[u8]) -> String {
    if data.is_empty() {
        return say("no bytes", "ningún byte").to_string();
    }
    let mut text = String::new();
    for byte in &data[..data.len().min(48)] {
        let _ = write!(text, "{byte:02x}");
    }
    let more = if data.len() > 48 { "..." } else { "" };
    let unit = if data.len() == 1 { "byte" } else { "bytes" };
    format!("{text}{more} ({} {unit})", data.len())
}

/// What the test did: a function, and the bytes it was called with.
fn called(function: &str, with: &[u8]) -> String {
    let did = say("called ", "llamó a ");
    format!("{did}{function} {} {}", say("with", "con"), hex(with))
}

/// What was given, if anything was: a panic gives not even `None`.
fn given<T>(given: &Option<Option<T>>, words: impl Fn(&T) -> String) -> String {
    match given {
        None => say("a panic", "un pánico (panic)").to_string(),
        Some(None) => "None".to_string(),
        Some(Some(given)) => words(given),
    }
}

/// A frame for a person to read.
fn fields(frame: &Frame) -> String {
    let Frame { kind, attempt, src, dst, seq, payload } = frame;
    let payload = bytes(payload);
    format!(
        "{kind:?}, try {attempt}, src {src:08x}, dst {dst:08x}, seq {seq:08x}, {payload}"
    )
}

/// The same frame for the reference crate.
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

/// These bytes, and behind them their CRC-32.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &crc32fast::hash(body).to_be_bytes()].concat()
}

/// A whole zlib stream of these bytes.
fn zlib(text: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text).unwrap();
    zlib.finish().unwrap()
}

/// Random numbers from a seed, good enough for these tests.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// Text of up to `most` bytes, of few or of many different letters.
    fn text(&mut self, most: usize) -> String {
        let letters: Vec<char> = "aeijnñoú¿€😀 ".chars().collect();
        let (few, length) = (1 + self.below(letters.len()), self.below(most));
        let mut text = String::new();
        loop {
            let letter = letters[self.below(few)];
            if text.len() + letter.len_utf8() > length {
                return text;
            }
            text.push(letter);
        }
    }

    fn frame(&mut self) -> Frame {
        let kind = kind(1 + self.below(5) as u8).unwrap();
        let payload = match kind {
            Kind::Ztext => zlib(self.text(TEXT_MAX).as_bytes()),
            _ => {
                let length = self.below(FRAME_MAX - FRAME_MIN + 1);
                (0..length).map(|_| self.next() as u8).collect()
            }
        };
        let attempt = self.next() as u8;
        let (src, dst) = (self.next().max(1), self.next());
        Frame { kind, attempt, src, dst, seq: self.next(), payload }
    }
}

#[test]
fn step_1_writes_the_head() {
    exercise(&STEPS, || {
        for (data, frame) in golden() {
            let (meant, came) = (&data[..16], head(&frame));
            if came == meant {
                continue;
            }
            let field = |at: usize| came.get(at..at + 4);
            let turned = |at: usize| {
                let mut four = [meant[at], meant[at + 1], 0, 0];
                four[2..].copy_from_slice(&meant[at + 2..at + 4]);
                four.reverse();
                four
            };
            let cause = if came.len() == 16
                && [4, 8, 12].iter().all(|at| field(*at) == Some(&turned(*at)))
            {
                say(
                    "Your head has its numbers in the wrong byte order: in the network the most significant byte comes first, `to_be_bytes`.",
                    "Tu encabezado tiene los números en el orden de bytes equivocado: en la red va primero el byte que más vale, `to_be_bytes`.",
                )
            } else if came.len() == 16
                && field(4) == Some(&meant[8..12])
                && field(8) == Some(&meant[4..8])
            {
                say(
                    "Your head has the two ids in each other's place: first src, then dst.",
                    "Tu encabezado tiene src id y dst id cambiados de lugar: primero src, después dst.",
                )
            } else {
                say(
                    "Your head does not have its fields in their places: \"Z1\", kind and try, a byte each, then src, dst and seq, four bytes each, and nothing else.",
                    "Tu encabezado no tiene los campos en su lugar: \"Z1\", kind y try, de un byte cada uno, después src, dst y seq, de cuatro bytes cada uno, y nada más.",
                )
            };
            Told {
                did: &(say("called head() for ", "llamó a head() con ")
                    .to_string()
                    + &fields(&frame)),
                expected: &hex(meant),
                came: &hex(&came),
                cause,
            }
            .fail();
        }
    });
}

/// What is wrong with a frame that pack() made, probably.
fn why_packed_wrong(came: &[u8], meant: &[u8], payload: &[u8]) -> &'static str {
    let (body, crc) = meant.split_at(meant.len() - 4);
    let turned: Vec<u8> = crc.iter().rev().copied().collect();
    let begins = came.starts_with(body);
    if begins && came.ends_with(&turned) {
        say(
            "Your frame has its CRC-32 in the wrong byte order: it is a number like the others, the most significant byte first.",
            "Tu trama tiene el CRC-32 en el orden de bytes equivocado: es un número como los otros, primero el byte que más vale.",
        )
    } else if begins && came.ends_with(&crc32fast::hash(payload).to_be_bytes())
    {
        say(
            "Your CRC-32 covers the payload alone: a damaged id or number would not be noticed; it covers all that stands before it.",
            "Tu CRC-32 cubre solo el contenido: nadie notaría un id o un número dañado; tiene que cubrir todo lo que está antes.",
        )
    } else if begins && came.len() == meant.len() {
        say(
            "Your CRC-32 is of something else: it covers the head and the payload, in this order, and not itself.",
            "Tu CRC-32 es de otra cosa: cubre el encabezado y el contenido, en ese orden, y no se cubre a sí mismo.",
        )
    } else {
        say(
            "Your frame is not its head, its payload and four bytes of CRC-32, one behind the other.",
            "Tu trama no es el encabezado, el contenido y los cuatro bytes del CRC-32, uno detrás del otro.",
        )
    }
}

#[test]
fn step_2_packs_the_golden_frames() {
    exercise(&STEPS, || {
        for (meant, frame) in golden() {
            let came = pack(&frame);
            if came != meant {
                let did = say("called pack() for ", "llamó a pack() con ");
                Told {
                    did: &(did.to_string() + &fields(&frame)),
                    expected: &hex(&meant),
                    came: &hex(&came),
                    cause: why_packed_wrong(&came, &meant, &frame.payload),
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_2_is_read_by_the_reference() {
    exercise(&STEPS, || {
        let mut random = Random(2);
        for _ in 0..500 {
            let frame = random.frame();
            let (came, meant) = (pack(&frame), theirs(&frame).pack());
            let read = reference::Frame::unpack(&came);
            if read != Ok(theirs(&frame)) {
                Told {
                    did: &(say(
                        "packed a random frame, and gave it to crates/zchat: ",
                        "empaquetó una trama al azar, y se la dio a crates/zchat: ",
                    )
                    .to_string()
                        + &fields(&frame)),
                    expected: &hex(&meant),
                    came: &hex(&came),
                    cause: why_packed_wrong(&came, &meant, &frame.payload),
                }
                .fail();
            }
        }
    });
}

/// Fails if check() of these bytes is not `meant`.
fn check_check(data: &[u8], meant: Option<&[u8]>, cause: &str) {
    let came = caught(|| check(data));
    if came != Some(meant) {
        let panics = say(
            "Your check() looks for bytes that are not there, and panics: look first whether there are FRAME_MIN.",
            "Tu check() busca bytes que no están, y entra en pánico: primero fijate si hay FRAME_MIN.",
        );
        Told {
            did: &called("check()", data),
            expected: &given(&Some(meant), |body| hex(body)),
            came: &given(&came, |body| hex(body)),
            cause: if came.is_none() { panics } else { cause },
        }
        .fail();
    }
}

#[test]
fn step_3_takes_sound_frames() {
    exercise(&STEPS, || {
        let mut frames = golden().map(|(data, _)| data).to_vec();
        frames.push(sealed(&[b"Z1", &[1; FRAME_MAX - 6][..]].concat()));
        for data in frames {
            let body = &data[..data.len() - 4];
            let cause = match caught(|| check(&data)).flatten() {
                Some(came) if came == data => say(
                    "Your check() gives the CRC-32 too: only what stands before it is wanted.",
                    "Tu check() devuelve también el CRC-32: hace falta solo lo que está antes.",
                ),
                _ => say(
                    "Your check() refuses a sound frame: its last four bytes are the CRC-32 of all the others, and the most significant byte comes first.",
                    "Tu check() rechaza una trama sana: sus últimos cuatro bytes son el CRC-32 de todos los demás, y el byte que más vale va primero.",
                ),
            };
            check_check(&data, Some(body), cause);
        }
    });
}

#[test]
fn step_3_refuses_a_flipped_bit() {
    exercise(&STEPS, || {
        let sound = unhex(HOLA);
        for bit in 0..sound.len() * 8 {
            let mut data = sound.clone();
            data[bit / 8] ^= 1 << (bit % 8);
            let cause = say(
                "Your check() lets a frame pass that has one bit flipped: compute the CRC-32 anew, and compare it with the one that came.",
                "Tu check() deja pasar una trama que tiene un bit cambiado: volvé a calcular el CRC-32, y comparalo con el que llegó.",
            );
            check_check(&data, None, cause);
        }
    });
}

#[test]
fn step_3_refuses_what_is_too_short() {
    exercise(&STEPS, || {
        let sound = unhex(HOLA);
        for n in (0..sound.len()).rev() {
            let cause = say(
                "Your check() lets a frame pass whose end is missing: what is the CRC-32 of the rest?",
                "Tu check() deja pasar una trama a la que le falta el final: ¿cuál es el CRC-32 del resto?",
            );
            check_check(&sound[..n], None, cause);
        }
        for n in 2..16 {
            let cause = say(
                "Your check() lets a frame pass that has fewer than FRAME_MIN bytes: its CRC-32 is right, but its fields are not there.",
                "Tu check() deja pasar una trama de menos de FRAME_MIN bytes: su CRC-32 está bien, pero sus campos no están.",
            );
            check_check(&sealed(&sound[..n]), None, cause);
        }
    });
}

#[test]
fn step_3_refuses_what_is_too_long() {
    exercise(&STEPS, || {
        for n in [FRAME_MAX + 1, 65_507] {
            let mut body = unhex(HOLA);
            body.resize(n - 4, b'a');
            let cause = say(
                "Your check() lets a frame pass that has more than FRAME_MAX bytes: no sound program sends one.",
                "Tu check() deja pasar una trama de más de FRAME_MAX bytes: ningún programa correcto la manda.",
            );
            check_check(&sealed(&body), None, cause);
        }
    });
}

#[test]
fn step_3_refuses_another_protocol() {
    exercise(&STEPS, || {
        for magic in [b"Z2", b"z1", b"\0\0"] {
            let mut body = unhex(UP)[..16].to_vec();
            body[..2].copy_from_slice(magic);
            let cause = say(
                "Your check() does not look at how the frame begins: with another MAGIC, it is another protocol's.",
                "Tu check() no mira cómo empieza la trama: si MAGIC es otro, es de otro protocolo.",
            );
            check_check(&sealed(&body), None, cause);
        }
    });
}

/// Fails if unpack() of these bytes is not `meant`.
fn check_unpack(data: &[u8], meant: Option<&Frame>, cause: &str) {
    let came = caught(|| unpack(data));
    if came.as_ref().map(Option::as_ref) != Some(meant) {
        Told {
            did: &called("unpack()", data),
            expected: &given(&Some(meant), |frame| fields(frame)),
            came: &given(&came, fields),
            cause,
        }
        .fail();
    }
}

/// Why unpack() gives other fields than these, probably.
fn why_other_fields(data: &[u8], meant: &Frame) -> &'static str {
    let came = caught(|| unpack(data)).flatten();
    let numbers = |frame: &Frame| [frame.src, frame.dst, frame.seq];
    let turned = numbers(meant).map(u32::swap_bytes);
    match came {
        Some(came) if numbers(&came) == turned => say(
            "Your unpack() reads the numbers in the wrong byte order: in the network the most significant byte comes first, `from_be_bytes`.",
            "Tu unpack() lee los números en el orden de bytes equivocado: en la red va primero el byte que más vale, `from_be_bytes`.",
        ),
        Some(came) if came.payload != meant.payload => say(
            "Your unpack() gives another payload: it is what stands from byte 16 on, up to the CRC-32.",
            "Tu unpack() da otro contenido: es lo que está desde el byte 16 hasta el CRC-32.",
        ),
        _ => say(
            "Your unpack() does not take the fields from their places: kind from byte 2, try from 3, src from 4, dst from 8, seq from 12.",
            "Tu unpack() no saca los campos de su lugar: kind del byte 2, try del 3, src del 4, dst del 8, seq del 12.",
        ),
    }
}

#[test]
fn step_4_unpacks_the_golden_frames() {
    exercise(&STEPS, || {
        for (data, frame) in golden() {
            let _ = unpack(&data); // Or its `todo!` would be caught.
            check_unpack(&data, Some(&frame), why_other_fields(&data, &frame));
        }
    });
}

#[test]
fn step_4_believes_nothing_damaged() {
    exercise(&STEPS, || {
        let sound = unhex(HOLA);
        let _ = unpack(&sound); // Or its `todo!` would be caught.
        for bit in 0..sound.len() * 8 {
            let mut data = sound.clone();
            data[bit / 8] ^= 1 << (bit % 8);
            let cause = say(
                "Your unpack() believes the fields of a damaged frame: call check() first, and read only what it gives.",
                "Tu unpack() cree los campos de una trama dañada: primero llamá a check(), y leé solo lo que devuelve.",
            );
            check_unpack(&data, None, cause);
        }
        for n in 0..sound.len() {
            let cause = say(
                "Your unpack() reads fields that are not there: call check() first, and read only what it gives.",
                "Tu unpack() lee campos que no están: primero llamá a check(), y leé solo lo que devuelve.",
            );
            check_unpack(&sound[..n], None, cause);
        }
    });
}

#[test]
fn step_4_refuses_what_cannot_be() {
    exercise(&STEPS, || {
        let sound = unhex(HOLA);
        let mut body = sound[..sound.len() - 4].to_vec();
        for number in [0, 6, 255] {
            body[2] = number;
            let cause = say(
                "Your unpack() takes a frame for one of a kind that it is not: `kind` gives `None` for a number that no kind has, and that is the answer.",
                "Tu unpack() toma una trama por una de otro tipo: `kind` da `None` si ningún tipo tiene ese número, y esa es la respuesta.",
            );
            check_unpack(&sealed(&body), None, cause);
        }
        body[2] = Kind::Text as u8;
        body[4..8].fill(0);
        let cause = say(
            "Your unpack() takes a frame whose src is 0: nobody has this number.",
            "Tu unpack() acepta una trama con src 0: nadie tiene ese número.",
        );
        check_unpack(&sealed(&body), None, cause);
    });
}

#[test]
fn step_4_agrees_with_the_reference() {
    exercise(&STEPS, || {
        let mut random = Random(4);
        let shares =
            Shares { corrupt: 0.3, truncate: 0.3, ..Shares::default() };
        let mut fates = Fates::new(shares, 4, Direction::There);
        for _ in 0..500 {
            let frame = random.frame();
            let data = fates.next(&theirs(&frame).pack()).data;
            let _ = unpack(&data); // Or its `todo!` would be caught.
            let sound = reference::Frame::unpack(&data).is_ok();
            let cause = match caught(|| unpack(&data)).flatten() {
                _ if sound => why_other_fields(&data, &frame),
                _ => say(
                    "Your unpack() takes a frame that crates/zchat refuses, a damaged one: where does check() stand in it?",
                    "Tu unpack() acepta una trama que crates/zchat rechaza, porque está dañada: ¿dónde llama a check()?",
                ),
            };
            check_unpack(&data, sound.then_some(&frame), cause);
        }
    });
}

/// Fails if inflate() of this stream is not `meant`.
fn check_inflate(stream: &[u8], meant: Option<&[u8]>, cause: &str) {
    let came = caught(|| inflate(stream));
    if came.as_ref().map(Option::as_deref) != Some(meant) {
        Told {
            did: &called("inflate()", stream),
            expected: &given(&Some(meant), |text| bytes(text)),
            came: &given(&came, |text| bytes(text)),
            cause,
        }
        .fail();
    }
}

#[test]
fn step_5_inflates_a_stream() {
    exercise(&STEPS, || {
        let jaja = &golden()[6].1.payload;
        let most = Random(5).text(100).repeat(100);
        let mut ends = (1..most.len().min(TEXT_MAX)).rev();
        let cut = ends.find(|n| most.is_char_boundary(*n)).unwrap();
        for (stream, text) in [
            (jaja.clone(), "ja".repeat(100).into_bytes()),
            (zlib(&most.as_bytes()[..cut]), most.as_bytes()[..cut].to_vec()),
            (zlib(&[7; TEXT_MAX]), vec![7; TEXT_MAX]),
        ] {
            let cause = match caught(|| inflate(&stream)).flatten() {
                Some(came) if came.starts_with(&text) => say(
                    "Your inflate() gives the whole room: only its first bytes were written, and `total_out` says how many.",
                    "Tu inflate() devuelve todo el lugar: solo se escribieron los primeros bytes, y `total_out` dice cuántos.",
                ),
                _ => say(
                    "Your inflate() does not give what a sound stream holds: it begins with a zlib head (`Decompress::new(true)`), and may hold TEXT_MAX bytes.",
                    "Tu inflate() no da lo que tiene un flujo sano: empieza con un encabezado de zlib (`Decompress::new(true)`), y puede tener TEXT_MAX bytes.",
                ),
            };
            check_inflate(&stream, Some(&text), cause);
        }
    });
}

#[test]
fn step_5_knows_what_is_too_long() {
    exercise(&STEPS, || {
        let far = caught(|| inflate(&zlib(&[7; 10_000]))).flatten();
        let cause = match inflate(&zlib(&[7; TEXT_MAX + 1])) {
            Some(came) if came.len() > TEXT_MAX && far.is_none() => say(
                "Your inflate() takes a message of TEXT_MAX + 1 bytes: the room has one byte more so that you notice when it is full; how many bytes came out?",
                "Tu inflate() acepta un mensaje de TEXT_MAX + 1 bytes: el lugar tiene un byte más para que notes cuándo se llena; ¿cuántos bytes salieron?",
            ),
            Some(came) if came.len() == TEXT_MAX => say(
                "Your inflate() cuts a message that is too long, and shows a part as if it were all: with room for one byte more it is found out.",
                "Tu inflate() corta un mensaje demasiado largo, y muestra una parte como si fuera todo: con lugar para un byte más, se descubre.",
            ),
            _ => say(
                "Your inflate() has no limit: whatever gives more than TEXT_MAX bytes is no message.",
                "Tu inflate() no tiene límite: lo que da más de TEXT_MAX bytes no es un mensaje.",
            ),
        };
        for n in [TEXT_MAX + 1, TEXT_MAX + 2, 10_000] {
            check_inflate(&zlib(&vec![7; n]), None, cause);
        }
    });
}

/// How long inflate() takes for each of the two streams: the quickest of ten
/// times, in turns, so that a busy machine slows neither down alone.
fn quickest(streams: [&[u8]; 2]) -> [Duration; 2] {
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..10 {
        for (best, stream) in quickest.iter_mut().zip(streams) {
            let begun = Instant::now();
            let _ = inflate(stream);
            *best = begun.elapsed().min(*best);
        }
    }
    quickest
}

#[test]
fn step_5_gives_a_bomb_no_room() {
    exercise(&STEPS, || {
        // Whoever stops at TEXT_MAX + 1 bytes needs as long for the one as for
        // the other; whoever inflates all, 16 times as long for the second.
        let [less, bomb] = [62_500, 1_000_000].map(|n| zlib(&vec![0; n]));
        let came = inflate(&bomb);
        let [first, second] = quickest([&less, &bomb]);
        if came.is_some() || second > first * 4 {
            let did = say(
                "called inflate() with 62,500 zeros as a stream, then with 1,000,000 zeros, a stream of ",
                "llamó a inflate() con un flujo de 62.500 ceros, y después con uno de 1.000.000 de ceros, que tiene ",
            );
            let times = say(
                "{}, but the second took {} times as long",
                "{}, pero el segundo tardó {} veces más",
            );
            let came = given(&Some(came), |text| bytes(text));
            let came = times.replacen("{}", &came, 1);
            let times = second.as_nanos() / first.as_nanos().max(1);
            Told {
                did: &format!("{did}{} bytes", bomb.len()),
                expected: say(
                    "None, in the same time for both",
                    "None, en el mismo tiempo para los dos",
                ),
                came: &came.replacen("{}", &times.to_string(), 1),
                cause: say(
                    "Your inflate() first inflates all of it, and looks at the length afterwards: a small datagram of a stranger's takes a megabyte of your memory.",
                    "Tu inflate() primero descomprime todo, y después mira el largo: con un datagrama chico, un extraño ocupa un megabyte de tu memoria.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_5_wants_a_whole_stream() {
    exercise(&STEPS, || {
        let text = "¿Qué tal, ñandú?".as_bytes();
        let whole = zlib(text);
        let _ = inflate(&whole); // Or its `todo!` would be caught.
        for n in 0..whole.len() {
            let cause = say(
                "Your inflate() takes a stream that does not end: part of a message looks like all of it; what does the status say?",
                "Tu inflate() acepta un flujo que no termina: una parte del mensaje parece el mensaje entero; ¿qué dice el estado?",
            );
            check_inflate(&whole[..n], None, cause);
        }
        for more in [&b"\0"[..], b"hola", &whole] {
            let cause = say(
                "Your inflate() passes over bytes that follow the stream: was all of `stream` used?",
                "Tu inflate() ignora bytes que siguen al flujo: ¿se usó todo `stream`?",
            );
            check_inflate(&[&whole, more].concat(), None, cause);
        }
    });
}

#[test]
fn step_5_refuses_what_is_no_stream() {
    exercise(&STEPS, || {
        let text = b"hola hola hola";
        let _ = inflate(&zlib(text)); // Or its `todo!` would be caught.
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(text).unwrap();
        let mut other_sum = zlib(text);
        *other_sum.last_mut().unwrap() ^= 1; // Its Adler-32.
        for stream in [
            text.to_vec(),
            gzip.finish().unwrap(),
            raw.finish().unwrap(),
            other_sum,
        ] {
            let cause = say(
                "Your inflate() does not answer `None` to what is no zlib stream: an error of flate2 is no panic, and no message.",
                "Tu inflate() no responde `None` ante lo que no es un flujo de zlib: un error de flate2 no es un pánico, ni un mensaje.",
            );
            check_inflate(&stream, None, cause);
        }
    });
}

/// What smaller() gives, for a person to read.
fn chosen((kind, payload): &(Kind, Vec<u8>)) -> String {
    match kind {
        Kind::Text => format!("Text, {}", bytes(payload)),
        _ => format!("{kind:?}, {} bytes", payload.len()),
    }
}

/// Fails, for `text`, with what smaller() gave.
fn tell_smaller(text: &str, expected: &str, cause: &str) -> ! {
    let did = say("called smaller() with ", "llamó a smaller() con ");
    Told {
        did: &(did.to_string() + &bytes(text.as_bytes())),
        expected,
        came: &given(&caught(|| smaller(text)), chosen),
        cause,
    }
    .fail()
}

/// What crates/zchat finds in a zlib stream.
fn read(stream: &[u8]) -> Option<Vec<u8>> {
    let payload = stream.to_vec();
    theirs(&Frame { payload, ..golden()[6].1.clone() }).text()
}

/// The likely cause when it finds another text, or none.
fn not_whole() -> &'static str {
    say(
        "crates/zchat does not find the text in your stream: it wants one whole zlib stream, with the bytes of the text; `finish` ends it.",
        "crates/zchat no encuentra el texto en tu flujo: espera un flujo de zlib entero, con los bytes del texto; `finish` lo termina.",
    )
}

#[test]
fn step_6_leaves_short_messages_as_they_are() {
    exercise(&STEPS, || {
        for text in ["hola", "¿Qué tal, ñandú?", ""] {
            let meant = (Kind::Text, text.as_bytes().to_vec());
            if smaller(text).as_ref() == Some(&meant) {
                continue;
            }
            let cause = match smaller(text) {
                Some((Kind::Ztext, stream))
                    if read(&stream).as_deref() != Some(text.as_bytes()) =>
                {
                    not_whole()
                }
                Some((Kind::Ztext, _)) => say(
                    "Your smaller() compresses always: zlib makes a short message longer; compare the two lengths.",
                    "Tu smaller() comprime siempre: zlib alarga un mensaje corto; compará los dos largos.",
                ),
                _ => say(
                    "Your smaller() does not give the bytes of the text as they are: `as_bytes` has them.",
                    "Tu smaller() no da los bytes del texto tal cual: `as_bytes` los tiene.",
                ),
            };
            tell_smaller(text, &chosen(&meant), cause);
        }
    });
}

#[test]
fn step_6_compresses_nothing_for_no_gain() {
    exercise(&STEPS, || {
        // Whatever the compressor, some of them become exactly as long.
        for text in ["a", "ja", "hola "].map(|word| word.repeat(20)) {
            for n in 1..=text.len().min(40) {
                let text = &text[..n];
                let Some((Kind::Ztext, stream)) = smaller(text) else {
                    continue;
                };
                if stream.len() >= n {
                    tell_smaller(
                        text,
                        &chosen(&(Kind::Text, text.as_bytes().to_vec())),
                        say(
                            "Your smaller() compresses where nothing is gained: if both are equally long, the bytes as they are need no inflating.",
                            "Tu smaller() comprime sin ganar nada: si los dos tienen el mismo largo, los bytes tal cual no hay que descomprimirlos.",
                        ),
                    );
                }
            }
        }
    });
}

#[test]
fn step_6_compresses_what_becomes_smaller() {
    exercise(&STEPS, || {
        for text in ["ja".repeat(100), "ñandú ".repeat(100)] {
            let came = smaller(&text);
            let expected =
                say("Ztext, and fewer bytes", "Ztext, y menos bytes");
            match came {
                Some((Kind::Ztext, stream)) => {
                    let frame =
                        Frame { payload: stream, ..golden()[6].1.clone() };
                    let fewer = frame.payload.len() < text.len();
                    let read = theirs(&frame).text();
                    if !fewer || read.as_deref() != Some(text.as_bytes()) {
                        tell_smaller(&text, expected, not_whole());
                    }
                }
                _ => tell_smaller(
                    &text,
                    expected,
                    say(
                        "Your smaller() does not compress what would become smaller: is the stream finished before you compare the lengths, and which of the two is given?",
                        "Tu smaller() no comprime lo que quedaría más chico: ¿el flujo está terminado cuando comparás los largos, y cuál de los dos devolvés?",
                    ),
                ),
            }
        }
    });
}

#[test]
fn step_6_counts_bytes() {
    exercise(&STEPS, || {
        for (text, fits) in [
            ("a".repeat(TEXT_MAX), true),
            ("ñ".repeat(TEXT_MAX / 2), true),
            ("a".repeat(TEXT_MAX + 1), false),
            ("ñ".repeat(TEXT_MAX / 2 + 1), false),
        ] {
            if smaller(&text).is_some() == fits {
                continue;
            }
            let cause = if fits {
                say(
                    "Your smaller() refuses a message of TEXT_MAX bytes: as many are allowed.",
                    "Tu smaller() rechaza un mensaje de TEXT_MAX bytes: tantos están permitidos.",
                )
            } else if text.is_ascii() {
                say(
                    "Your smaller() takes a message that is too long, and nobody will show it: look at its length before you compress.",
                    "Tu smaller() acepta un mensaje demasiado largo, y nadie lo va a mostrar: mirá su largo antes de comprimir.",
                )
            } else {
                say(
                    "Your smaller() counts characters: an ñ is one character, but two bytes in a frame; `len` counts bytes.",
                    "Tu smaller() cuenta caracteres: una ñ es un carácter, pero en una trama son dos bytes; `len` cuenta bytes.",
                )
            };
            let expected = if fits { "Some(...)" } else { "None" };
            tell_smaller(&text, expected, cause);
        }
    });
}

#[test]
fn step_6_is_read_by_the_reference() {
    exercise(&STEPS, || {
        let mut random = Random(6);
        for _ in 0..300 {
            let text = random.text(TEXT_MAX + 1);
            let read = smaller(&text).and_then(|(kind, payload)| {
                let frame = Frame { kind, payload, ..golden()[6].1.clone() };
                theirs(&frame).text()
            });
            if read.as_deref() != Some(text.as_bytes()) {
                tell_smaller(
                    &text,
                    &bytes(text.as_bytes()),
                    say(
                        "crates/zchat does not find the message in what you send: the kind must say what the payload is.",
                        "crates/zchat no encuentra el mensaje en lo que mandás: el tipo tiene que decir qué es el contenido.",
                    ),
                );
            }
        }
    });
}

/// Fails if message() of this datagram is not `meant`.
fn check_message(data: &[u8], meant: Option<&[u8]>, cause: &str) {
    let _ = message(&unhex(HELLO), inflate); // Or its `todo!` would be caught.
    let came = caught(|| message(data, inflate));
    if came.as_ref().map(Option::as_deref) != Some(meant) {
        Told {
            did: &called("message()", data),
            expected: &given(&Some(meant), |text| bytes(text)),
            came: &given(&came, |text| bytes(text)),
            cause,
        }
        .fail();
    }
}

#[test]
fn step_7_takes_the_message() {
    exercise(&STEPS, || {
        for (data, text) in [
            (UP, String::new()),
            (HOLA, "hola".to_string()),
            (AGAIN, "hola".to_string()),
            (NANDU, "¿Qué tal, ñandú?".to_string()),
            (JAJA, "ja".repeat(100)),
        ] {
            let cause = say(
                "Your message() does not find the message: a Text has it as its payload, a Ztext has a stream, which `with` inflates.",
                "Tu message() no encuentra el mensaje: en un Text es el contenido, y en un Ztext hay un flujo, que `with` descomprime.",
            );
            check_message(&unhex(data), Some(text.as_bytes()), cause);
        }
        for data in [HELLO, ACK, BYE] {
            let cause = say(
                "Your message() shows the payload of a frame that carries no message: only Text and Ztext do.",
                "Tu message() muestra el contenido de una trama que no lleva mensaje: solo Text y Ztext lo llevan.",
            );
            check_message(&unhex(data), None, cause);
        }
        let mut long = golden()[3].1.clone();
        for (n, fits) in [(TEXT_MAX, true), (TEXT_MAX + 1, false)] {
            long.payload = vec![b'a'; n];
            let meant = fits.then_some(&long.payload[..]);
            let cause = say(
                "Your message() does not hold a Text to its limit: TEXT_MAX bytes are allowed, and one more is not.",
                "Tu message() no respeta el límite de un Text: se permiten TEXT_MAX bytes, y ni uno más.",
            );
            check_message(&theirs(&long).pack(), meant, cause);
        }
    });
}

/// More bytes than a message may have.
fn too_long(_: &[u8]) -> Option<Vec<u8>> {
    Some(vec![b'x'; TEXT_MAX + 1])
}

#[test]
fn step_7_limits_what_is_inflated() {
    exercise(&STEPS, || {
        let data = unhex(JAJA);
        let came = message(&data, too_long);
        if came.is_some() {
            let with = say(
                ", with a function that gives TEXT_MAX + 1 bytes",
                ", con una función que da TEXT_MAX + 1 bytes",
            );
            Told {
                did: &(called("message()", &data) + with),
                expected: "None",
                came: &given(&Some(came), |text| bytes(text)),
                cause: say(
                    "Your message() believes whatever `with` gives: the limit is one of message() too, so look at the length last, for both kinds.",
                    "Tu message() cree cualquier cosa que dé `with`: el límite también es asunto de message(), así que mirá el largo al final, para los dos tipos.",
                ),
            }
            .fail();
        }
    });
}

/// How often message() has called `spy`.
static SPIED: AtomicUsize = AtomicUsize::new(0);

fn spy(_: &[u8]) -> Option<Vec<u8>> {
    SPIED.fetch_add(1, Ordering::Relaxed);
    Some(b"spy".to_vec())
}

#[test]
fn step_7_inflates_nothing_unchecked() {
    exercise(&STEPS, || {
        let told = |data: &[u8], expected, came: &str, cause| {
            let spy = say(", with a spy", ", con un espía");
            let did = called("message()", data) + spy;
            Told { did: &did, expected, came, cause }.fail()
        };
        let not =
            say("None, and the spy is not called", "None, y no llama al espía");
        let sound = unhex(JAJA);
        let came = message(&sound, spy);
        if came.as_deref() != Some(b"spy")
            || SPIED.swap(0, Ordering::Relaxed) != 1
        {
            told(
                &sound,
                say("what the spy gives", "lo que da el espía"),
                &given(&Some(came), |text| bytes(text)),
                say(
                    "Your message() does not inflate a Ztext with the function that it was given, `with`, or not once.",
                    "Tu message() no descomprime un Ztext con la función que recibe, `with`, o no una sola vez.",
                ),
            );
        }
        for bit in 0..sound.len() * 8 {
            let mut data = sound.clone();
            data[bit / 8] ^= 1 << (bit % 8);
            let came = caught(|| message(&data, spy));
            if SPIED.swap(0, Ordering::Relaxed) > 0 {
                told(
                    &data,
                    not,
                    say("the spy was called", "llamó al espía"),
                    say(
                        "Your message() inflates before it checks the CRC-32: whatever is damaged, or a stranger's, would be inflated too; unpack() goes first.",
                        "Tu message() descomprime antes de verificar el CRC-32: así también descomprime lo dañado, o lo de un extraño; unpack() va primero.",
                    ),
                );
            }
            if came != Some(None) {
                told(
                    &data,
                    not,
                    &given(&came, |text| bytes(text)),
                    say(
                        "Your message() takes a message out of a damaged frame: what unpack() refuses has none.",
                        "Tu message() saca un mensaje de una trama dañada: lo que unpack() rechaza no tiene ninguno.",
                    ),
                );
            }
        }
    });
}

#[test]
fn step_7_agrees_with_the_reference() {
    exercise(&STEPS, || {
        let mut random = Random(7);
        for _ in 0..500 {
            let mut frame = random.frame();
            if frame.kind == Kind::Ztext && frame.payload.len() <= 8 {
                continue; // Of nothing: nobody sends it.
            }
            let at = random.below(2 * frame.payload.len() + 1);
            if let Some(byte) = frame.payload.get_mut(at) {
                *byte ^= 1; // Its CRC-32 comes later, and is right.
            }
            let meant = theirs(&frame).text();
            let cause = say(
                "Your message() and crates/zchat do not take the same message out of this frame.",
                "Tu message() y crates/zchat no sacan el mismo mensaje de esta trama.",
            );
            check_message(&theirs(&frame).pack(), meant.as_deref(), cause);
        }
    });
}
