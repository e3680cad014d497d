//! What zlib and CRC-32 buy: the figures in zchat's README.
//!
//! `cargo test -q -p checks --test programs figures -- --nocapture`

use std::fs;

use checks::zchat::deflate;
use checks::{Random, root};
use zchat::frame::{Kind, smaller};

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
fn what_zlib_and_crc_32_buy() {
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
    let pastes: Vec<_> = text.chunks_exact(1024).collect();
    let small: usize = pastes.iter().map(|paste| sent(paste)).sum();
    let part = small as f64 / (1024 * pastes.len()) as f64;
    println!("pastes of 1024 bytes of Spanish prose: {part:.2}");
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
