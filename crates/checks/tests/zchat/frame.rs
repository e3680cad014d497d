//! zchat's frames: byte for byte; that Rust and Python agree on every datagram,
//! sound or damaged; and what zlib and CRC-32 buy, the figures in zchat's README.
//!
//! `cargo test -q -p checks --test programs figures -- --nocapture`

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::process::Stdio;
use std::thread;

use badlink::{Direction, Fates, Shares};
use checks::zchat::{bytes, deflate, golden};
use checks::{Random, python, root};
use testbed::spawn;
use zchat::frame::{Frame, Kind, TEXT_MAX, Unfit, smaller};

#[test]
fn python_reads_and_writes_the_golden_frames() {
    let golden = golden();
    let asked: Vec<_> = golden
        .iter()
        .map(|(_, data, _)| format!("unpack {}", hex(data)))
        .collect();
    for (said, (what, data, _)) in in_python(&asked).iter().zip(&golden) {
        assert_eq!(*said, verdict(data), "{what}");
        assert!(said.ends_with(&hex(data)), "{what}: it writes {said}");
    }
}

/// Text that zlib makes smaller, or bytes that it does not.
fn payload(random: &mut Random, most: usize) -> Vec<u8> {
    let length = random.below(most + 1);
    let words = ["taller ", "socket ", "ñandú ", "datagrama ", "hola\n"];
    match random.below(4) {
        0 => (0..length).map(|_| random.below(256) as u8).collect(),
        1 => vec![b'z'; length],
        _ => {
            let pick = |_| words[random.below(words.len())];
            let text: String = (0..length).map(pick).collect();
            text.as_bytes()[..length].to_vec()
        }
    }
}

/// Bytes as they are, with the CRC-32 behind them.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc32(&body);
    body.extend(crc.to_be_bytes());
    body
}

/// CRC-32 bit by bit, as its polynomial defines it: neither twin's way.
fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// A datagram: sound, almost sound, or neither.
fn datagram(random: &mut Random) -> Vec<u8> {
    let mut body = b"Z1".to_vec();
    body.push(random.below(7) as u8);
    body.push(random.below(256) as u8);
    for _ in 0..3 {
        let few = [0, 1, 0x8000_0000, u32::MAX, random.bits()];
        body.extend(few[random.below(few.len())].to_be_bytes());
    }
    match random.below(6) {
        0 => body.extend(payload(random, 1300)),
        1 => body.truncate(random.below(body.len())),
        2 => body[0] = random.below(256) as u8,
        3 => body.extend(payload(random, 40)),
        what => {
            // A zlib stream, whole or damaged, with a good CRC-32.
            let most = if what == 4 { 1024 } else { 2000 };
            let (kind, mut stream) = smaller(&payload(random, most));
            let at = random.below(stream.len() + 1);
            match random.below(8) {
                0 => stream.truncate(at),
                1 => stream.insert(at, random.below(256) as u8),
                2 if at < stream.len() => {
                    stream[at] ^= 1 << random.below(8);
                }
                _ => {}
            }
            body[2] = kind as u8;
            body.extend(stream);
        }
    }
    sealed(body)
}

#[test]
fn rust_and_python_agree_on_thousands_of_datagrams() {
    let seed = seed();
    let mut random = Random(seed);
    let damage = Shares { corrupt: 0.2, truncate: 0.1, ..Shares::default() };
    let mut fates = Fates::new(damage, seed, Direction::There);
    let datagrams: Vec<_> =
        (0..12_000).map(|_| fates.next(&datagram(&mut random)).data).collect();
    let asked: Vec<_> =
        datagrams.iter().map(|data| format!("unpack {}", hex(data))).collect();
    let said = in_python(&asked);
    assert_eq!(said.len(), datagrams.len());
    let mut counts = [0; 5];
    for (data, said) in datagrams.iter().zip(said) {
        let ours = verdict(data);
        assert_eq!(ours, said, "ZCHAT_SEED={seed}, {}", hex(data));
        let all = ["foreign", "damaged", "Text", "Ztext", " none "];
        for (count, what) in counts.iter_mut().zip(all) {
            *count += usize::from(ours.contains(what));
        }
    }
    // Each verdict comes up often: what is compared is worth comparing.
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

#[test]
fn each_reads_what_the_other_has_compressed() {
    let seed = seed();
    let mut random = Random(seed);
    let texts: Vec<_> =
        (0..2000).map(|_| payload(&mut random, TEXT_MAX)).collect();
    let asked: Vec<_> =
        texts.iter().map(|text| format!("smaller {}", hex(text))).collect();
    for (text, said) in texts.iter().zip(in_python(&asked)) {
        let theirs = Frame::unpack(&bytes(&said)).unwrap();
        let (kind, payload) = smaller(text);
        assert!(payload.len() <= text.len());
        for frame in [theirs, Frame { kind, payload, ..golden_text() }] {
            assert_eq!(frame.text().as_ref(), Some(text), "ZCHAT_SEED={seed}");
        }
    }
}

/// An IPv4 address stands in IPv6's `::ffff:0:0/96`, and nowhere else.
#[test]
fn both_show_an_address_alike() {
    let mut python = python();
    let script = "import sys; from session import shown; \
        [print(shown((host, 5, 0, 0))) for host in sys.argv[1:]]";
    let hosts = ["::ffff:10.0.0.7", "2001:db8::ffff:1", "::1", "64:ff9b::1"];
    python.args(["-c", script]).args(hosts);
    python.env("PYTHONPATH", root().join("crates/zchat/python"));
    let said = testbed::output(&mut python).expect("Python starts").stdout;
    let said = String::from_utf8(said).unwrap();
    let ours = hosts.map(|host| {
        zchat::session::shown((host.parse::<IpAddr>().unwrap(), 5).into())
    });
    assert_eq!(said.lines().collect::<Vec<_>>(), ours);
    assert_eq!(ours[..2], ["10.0.0.7:5", "[2001:db8::ffff:1]:5"]);
}

fn golden_text() -> Frame {
    Frame::unpack(&golden()[4].1).unwrap()
}

/// A stream of nothing is no message, in both languages.
#[test]
fn both_refuse_an_empty_stream() {
    let payload = bytes("789c030000000001");
    let nothing = Frame { kind: Kind::Ztext, payload, ..golden_text() }.pack();
    let ours = verdict(&nothing);
    assert!(ours.contains(" none "), "{ours}");
    assert_eq!(in_python(&[format!("unpack {}", hex(&nothing))]), [ours]);
}

/// What Rust makes of a datagram, in the words of [`SCRIPT`].
fn verdict(data: &[u8]) -> String {
    let frame = match Frame::unpack(data) {
        Ok(frame) => frame,
        Err(Unfit::Foreign) => return "foreign".to_string(),
        Err(Unfit::Damaged) => return "damaged".to_string(),
    };
    let text = frame.text().map_or("none".to_string(), |text| hex(&text));
    let packed = hex(&frame.pack());
    let Frame { kind, attempt, src, dst, seq, .. } = frame;
    format!("{kind:?} {attempt} {src} {dst} {seq} {text} {packed}")
}

/// The Python twin answers, a line for each line.
const SCRIPT: &str = "
import sys
from frame import Damaged, Foreign, Frame, Kind, smaller
for line in sys.stdin:
    what, _, data = line[:-1].partition(' ')
    data = bytes.fromhex(data)
    if what == 'smaller':
        kind, payload = smaller(data)
        print(Frame(kind, 0, 1, 2, 3, payload).pack().hex())
        continue
    try:
        f = Frame.unpack(data)
    except Foreign:
        print('foreign')
        continue
    except Damaged:
        print('damaged')
        continue
    text = f.text()
    text = 'none' if text is None else text.hex()
    kind = f.kind.name.capitalize()
    print(kind, f.attempt, f.src, f.dst, f.seq, text, f.pack().hex())
";

fn in_python(asked: &[String]) -> Vec<String> {
    let mut command = python();
    command.args(["-c", SCRIPT]);
    command.env("PYTHONPATH", root().join("crates/zchat/python"));
    command.env_remove("PYTHONUNBUFFERED");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = spawn(&mut command).expect("Python starts");
    let mut input = python.stdin.take().expect("stdin is piped");
    let lines = asked.join("\n") + "\n";
    let writes = thread::spawn(move || input.write_all(lines.as_bytes()));
    let ended = python.wait_with_output().expect("Python ends");
    writes.join().unwrap().unwrap();
    assert!(ended.status.success());
    let said = String::from_utf8(ended.stdout).unwrap();
    let said: Vec<_> = said.lines().map(str::to_string).collect();
    assert_eq!(said.len(), asked.len());
    said
}

fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `ZCHAT_SEED`, where it is set: a failing run again.
fn seed() -> u64 {
    let set = std::env::var("ZCHAT_SEED").ok();
    set.map_or(2026, |seed| seed.parse().expect("ZCHAT_SEED is a number"))
}

/// A chat between two students, as such chats are.
const CHAT: [&str; 24] = [
    "hola",
    "hola, ¿cómo va?",
    "bien, peleando con el taller",
    "¿ya te anda el servidor?",
    "sí, pero el cliente se queda esperando",
    "¿le pusiste un timeout al socket?",
    "no, ¿cómo era?",
    "s.settimeout(2)",
    "ahh, claro",
    "y atajá la excepción, porque si no se termina el programa",
    "listo, ahora dice que no llegó nada",
    "fijate si el puerto es el mismo en los dos",
    "uno dice 3500 y el otro 3501 jajaja",
    "jajajajaja",
    "bueno, ahora sí: llegó el datagrama",
    "¿y si mando dos seguidos?",
    "pueden llegar al revés, es UDP",
    "en mi máquina llegan siempre en orden",
    "en localhost sí, probá con el enlace con pérdidas",
    "uh, se perdió la mitad",
    "por eso hay que numerarlos y confirmarlos",
    "¿nos juntamos mañana antes de la clase?",
    "dale, a las 9 en el buffet",
    "nos vemos",
];

#[test]
fn the_figures_of_zlib_and_crc_32() {
    what_zlib_buys();
    what_crc_32_buys();
}

fn what_zlib_buys() {
    let sent = |line: &[u8]| smaller(line).1.len();
    let all: usize = CHAT.iter().map(|l| l.len()).sum();
    let mut lengths = CHAT.map(str::len);
    lengths.sort();
    let wise: usize = CHAT.iter().map(|l| sent(l.as_bytes())).sum();
    let always: usize = CHAT.iter().map(|l| deflate(l.as_bytes()).len()).sum();
    let (lines, middle) = (CHAT.len(), lengths[CHAT.len() / 2]);
    let [always, wise] = [always, wise].map(|n| n as f64 / all as f64);
    println!("chat, {lines} lines, the middle one of {middle} bytes:");
    println!("  always zlib {always:.2}, the smaller {wise:.2}");
    assert!(always > 1.05 && wise <= 1.0 && wise > 0.8);

    let text = fs::read(root().join("crates/udp-echo/README.es.md")).unwrap();
    let messages: Vec<_> = text.chunks_exact(1024).collect();
    let small: usize = messages.iter().map(|text| sent(text)).sum();
    let part = small as f64 / (1024 * messages.len()) as f64;
    println!("messages of 1024 bytes of Spanish prose: {part:.2}");
    assert!((0.4..0.8).contains(&part), "{part}");

    // From which length on is most prose smaller as a zlib stream?
    let pays = |n: usize| {
        let parts = text.chunks_exact(n);
        let all = parts.len();
        2 * parts.filter(|p| smaller(p).0 == Kind::Ztext).count() > all
    };
    let from = (1..1024).find(|n| pays(*n)).unwrap();
    println!("zlib pays for most pieces of it from {from} bytes on");
    assert!((50..200).contains(&from), "{from}");
}

/// The checksum of UDP (RFC 768): a sum of 16-bit words.
fn internet(data: &[u8]) -> u32 {
    let words = data.chunks(2).map(|w| u32::from(w[0]) << 8 | u32::from(w[1]));
    let sum = words.sum::<u32>();
    (sum & 0xffff) + (sum >> 16)
}

/// zlib's own checksum (RFC 1950).
fn adler(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1, 0);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

/// How many of 10,000 damages each checksum misses.
fn missed(
    text: &[u8],
    mut damage: impl FnMut(&mut [u8], &mut dyn FnMut(usize) -> usize),
) -> [usize; 3] {
    let mut random = Random(2026);
    let mut below = |n: usize| (random.bits() >> 1) as usize % n;
    let sums: [fn(&[u8]) -> u32; 3] = [internet, adler, crc32fast::hash];
    let (mut missed, mut done) = ([0; 3], 0);
    while done < 10_000 {
        let start = below(text.len() - 64);
        let good = text[start..start + 64].to_vec();
        let mut bad = good.clone();
        damage(&mut bad, &mut below);
        if good == bad {
            continue;
        }
        done += 1;
        for (count, sum) in missed.iter_mut().zip(sums) {
            *count += usize::from(sum(&good) == sum(&bad));
        }
    }
    missed
}

fn what_crc_32_buys() {
    let text = fs::read(root().join("crates/udp-echo/README.es.md")).unwrap();
    let swapped = missed(&text, |data, below| {
        let (i, j) = (2 * below(32), 2 * below(32));
        data.swap(i, j);
        data.swap(i + 1, j + 1);
    });
    let shifted = missed(&text, |data, below| {
        let i = below(62);
        for (at, by) in [(i, 1_u8), (i + 1, 254), (i + 2, 1)] {
            let shifted = data[at].checked_add_signed(by as i8);
            data[at] = shifted.unwrap_or(data[at]);
        }
    });
    println!("missed, of 10000         UDP checksum   Adler-32   CRC-32");
    for (what, [udp, adler, crc]) in [
        ("two 16-bit words swapped", swapped),
        ("+1, -2, +1 in a row     ", shifted),
    ] {
        println!("{what} {udp:>12} {adler:>10} {crc:>8}");
    }
    assert_eq!((swapped[0], swapped[2], shifted[2]), (10_000, 0, 0));
    assert!(shifted[1] > 9_900 && swapped[1] < 1_000);
}
