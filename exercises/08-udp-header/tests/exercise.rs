//! The tests of exercise 08. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::process::Command;

use ex08_udp_header::{
    HEADER, Header, UDP, checksum, data, header, pseudo_header, sum,
};
use kit::{
    Program, Random, Said, Shown, Way, caught, compared, doing, fail, hex,
    judge, said, value,
};

/// "hola" from 10.0.0.1, port 40000, to 10.0.0.2, port 3500.
const HOLA: [u8; 12] = *b"\x9c\x40\x0d\xac\x00\x0c\x6d\x16hola";
const ONE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// So many bytes, in no order, but the same each time.
fn bytes(count: usize) -> Vec<u8> {
    Random(count as u64).exactly(count)
}

/// A datagram of so many bytes, whose length is right, and whose checksum is not.
fn datagram(count: u16) -> Vec<u8> {
    let mut all = bytes(count.into());
    all[4..6].copy_from_slice(&count.to_be_bytes());
    all
}

/// What the test did: a function, and the bytes it was called with.
fn called(function: &str, with: &[u8]) -> Said {
    said("called with", &[&function, &hex(with, " ")])
}

/// `None`, a value, or a panic where nothing came.
fn shown<T: Display>(came: &Option<Option<T>>) -> Said {
    match came {
        Some(Some(came)) => value(came),
        Some(None) => value("None"),
        None => "a panic".into(),
    }
}

/// Fails if a function does not give `None`: it `gives` something, or `panics`.
fn check_none<T: Display>(
    did: Said,
    call: impl Fn() -> Option<T>,
    [gives, panics]: [&'static str; 2],
) {
    doing(did.clone());
    let came = caught(call);
    let why = match &came {
        Some(None) => return,
        Some(Some(_)) => gives,
        None => panics,
    };
    fail(did, value("None"), shown(&came), why);
}

/// The number of 16 bits at this place.
fn number(datagram: &[u8], at: usize) -> u16 {
    u16::from(datagram[at]) * 256 + u16::from(datagram[at + 1])
}

/// The four numbers of a header.
fn numbers(datagram: &[u8]) -> [u16; 4] {
    [0, 2, 4, 6].map(|at| number(datagram, at))
}

/// What header() gives, as four numbers.
fn given_numbers(datagram: &[u8]) -> Option<[u16; 4]> {
    let Header { source, destination, length, checksum } = header(datagram)?;
    Some([source, destination, length, checksum])
}

/// Four numbers, in words.
fn four(numbers: [u16; 4]) -> String {
    let [source, destination, length, checksum] = numbers;
    format!("{source}, {destination}, {length}, {checksum:#06x}")
}

/// Why header() gives no fields.
fn why_none() -> &'static str {
    let gives = |d: &[u8]| caught(|| header(d)).flatten().is_some();
    let (eight, mut too_long) = (datagram(8), HOLA);
    too_long[5] = 13;
    match (gives(&HOLA), gives(&eight), gives(&too_long)) {
        (true, false, _) => "refuses eight bytes",
        (true, true, false) => "judges the length in header",
        (false, true, _) => "refuses data behind the header",
        _ => "gives no fields",
    }
}

/// Why header() gives other fields: of these bytes none is as the other.
fn why_other(came: [u16; 4]) -> &'static str {
    let meant = numbers(&[1, 2, 3, 4, 5, 6, 7, 8]);
    let each = |good: fn(u16, u16) -> bool| {
        came.iter().zip(meant).all(|(came, meant)| good(*came, meant))
    };
    if each(|came, meant| came == meant || came == meant.swap_bytes()) {
        "reads the bytes in the wrong order"
    } else if each(|came, meant| {
        [meant, meant & 0xff, meant >> 8, meant & 0xff00].contains(&came)
    }) {
        "reads one byte of a number"
    } else if came.iter().all(|came| meant.contains(came)) {
        "takes a field from another's place"
    } else {
        "makes another number"
    }
}

#[kit::test]
fn step_1_reads_the_four_fields() {
    let mut all = vec![HOLA.to_vec(), (1..=12).collect(), datagram(8)];
    // 7 and 13 are impossible, but that is not for header() to say.
    for length in [7, 13] {
        all.push(HOLA.to_vec());
        all.last_mut().unwrap()[5] = length;
    }
    all.extend([9, 300].map(datagram));
    judge(
        &all,
        |datagram| called("header()", datagram),
        |datagram| given_numbers(datagram),
        |datagram: &Vec<u8>| Some(numbers(datagram)),
        |numbers| numbers.map_or("None".to_string(), four),
        &[],
        |_, came| {
            let odd = caught(|| given_numbers(&[1, 2, 3, 4, 5, 6, 7, 8]));
            match (came, odd.flatten()) {
                (None, _) => why_none().into(),
                (_, Some(odd)) => why_other(odd).into(),
                _ => "makes another number".into(),
            }
        },
    );
}

#[kit::test]
fn step_1_refuses_what_is_too_short() {
    for count in [7, 6, 4, 1, 0] {
        let short = &HOLA[..count];
        let did = called("header()", short);
        let why = ["makes up missing bytes", "reads bytes that are not there"];
        check_none(did, || given_numbers(short).map(four), why);
    }
}

/// Datagrams whose length is possible: the third has no data, and behind the
/// data of the second more bytes stand.
fn possible() -> Vec<Vec<u8>> {
    let padded = [&HOLA[..], &[0; HEADER]].concat();
    vec![HOLA.to_vec(), padded, datagram(8), datagram(300), datagram(1027)]
}

/// These bytes of a datagram whose length is read and given, if it has them.
fn part(
    d: &[u8],
    taken: fn(&[u8], usize) -> Option<&[u8]>,
) -> Option<Option<Vec<u8>>> {
    Some(taken(d, number(d, 4).into()).map(<[u8]>::to_vec))
}

const WRONG_DATA: [Way<Vec<u8>, Option<Vec<u8>>>; 6] = [
    ("does not count the header", &|d| {
        part(d, |d, n| d.get(HEADER..HEADER + n))
    }),
    ("takes the header for data", &|d| part(d, |d, n| d.get(..n))),
    ("does not read the length", &|d| part(d, |d, _| d.get(HEADER..))),
    ("refuses padding", &|d| {
        part(d, |d, n| d.get(HEADER..n).filter(|_| n == d.len()))
    }),
    ("refuses no data", &|d| {
        part(d, |d, n| d.get(HEADER..n).filter(|_| n > HEADER))
    }),
    ("reads one byte of the length", &|d| {
        part(d, |d, n| d.get(HEADER..n & 0xff))
    }),
];

#[kit::test]
fn step_2_takes_the_data() {
    let right = |d: &Vec<u8>| d[HEADER..number(d, 4).into()].to_vec();
    judge(
        &possible(),
        |d| called("data()", d),
        |d| data(d).map(<[u8]>::to_vec),
        |d| Some(right(d)),
        |came| came.as_ref().map_or("None".to_string(), Shown::shown),
        &WRONG_DATA,
        |d, came| match came {
            Some(came) => compared(&right(d), came),
            None => "gives no data".into(),
        },
    );
}

#[kit::test]
fn step_2_trusts_no_length() {
    for length in [13_u16, 255, 65_535, 7, 1, 0] {
        let mut d = HOLA;
        d[4..6].copy_from_slice(&length.to_be_bytes());
        let bytes = hex(&d, " ");
        let did = said("called data, with the length", &[&length, &bytes]);
        let why =
            ["takes an impossible length", "panics at an impossible length"];
        check_none(did, || data(&d).map(Shown::shown), why);
    }
}

#[kit::test]
fn step_2_gives_none_without_a_header() {
    for count in [7, 4, 0] {
        let short = &HOLA[..count];
        let did = called("data()", short);
        let why = ["gives data without a header", "panics without a header"];
        check_none(did, || data(short).map(Shown::shown), why);
    }
}

/// The numbers of 16 bits added up, with all that exceeds 16 bits. A last byte
/// alone is the left half of its number.
fn total(bytes: &[u8]) -> u64 {
    let left: u64 = bytes.iter().step_by(2).map(|b| u64::from(*b)).sum();
    let all: u64 = bytes.iter().map(|b| u64::from(*b)).sum();
    left * 255 + all
}

/// What sum() is to give: nothing is lost modulo ffff, which is not made 0.
fn right_sum(bytes: &[u8]) -> u16 {
    match total(bytes) {
        0 => 0,
        total => ((total - 1) % 0xffff + 1) as u16,
    }
}

/// A wrong way to compute a number of 16 bits.
type Guess<'a> = Way<'a, Vec<u8>, u16>;

/// Asks a function for the number of each of these bytes.
fn check(
    function: &str,
    all: &[Vec<u8>],
    call: impl Fn(&[u8]) -> u16,
    right: impl Fn(&[u8]) -> u16,
    guesses: &[Guess],
    other: &'static str,
) {
    judge(
        all,
        |bytes| called(function, bytes),
        |bytes| call(bytes),
        |bytes| right(bytes),
        |number| format!("{number:#06x}"),
        guesses,
        |_, _| other.into(),
    );
}

/// So many numbers that do not exceed 16 bits together, and a byte if `odd`.
fn small(count: usize, odd: bool) -> Vec<u8> {
    let mut all = bytes(count * 2 + usize::from(odd));
    all.iter_mut().step_by(2).for_each(|left| *left &= 0x0f);
    all
}

#[kit::test]
fn step_3_adds_numbers_of_16_bits() {
    let add_bytes =
        |all: &Vec<u8>| Some(all.iter().map(|b| u16::from(*b)).sum());
    let all = [vec![0x12, 0x34, 0, 1], small(1, false), small(8, false)];
    let guesses: [Guess; 3] = [
        ("inverts the sum", &|all| Some(!right_sum(all))),
        ("adds single bytes", &add_bytes),
        ("takes the right byte for the greater", &|all| {
            Some(right_sum(all).swap_bytes())
        }),
    ];
    check("sum()", &all, sum, right_sum, &guesses, "adds otherwise");
}

#[kit::test]
fn step_3_pads_a_last_byte() {
    let even = |all: &Vec<u8>| right_sum(&all[..all.len() / 2 * 2]);
    let all = [vec![1, 2, 3], vec![7], small(5, true), small(6, false)];
    let guesses: [Guess; 2] = [
        ("puts a last byte on the right", &|all| match all.len() % 2 {
            1 => Some(even(all) + u16::from(all[all.len() - 1])),
            _ => Some(even(all)),
        }),
        ("loses a last byte", &|all| Some(even(all))),
    ];
    check("sum()", &all, sum, right_sum, &guesses, "pads otherwise");
    let none = [vec![]];
    check("sum()", &none, sum, right_sum, &[], "adds otherwise");
}

#[kit::test]
fn step_3_carries_round() {
    // The example of RFC 1071, section 3.
    let rfc = vec![0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    let did = called("sum()", &rfc);
    if caught(|| sum(&rfc)).is_none() {
        let meant = value(format!("{:#06x}", right_sum(&rfc)));
        fail(did, meant, "a panic", "has no room for the sum");
    }
    let mut all = vec![rfc, vec![0xff, 0xff, 0xff, 0xff, 0, 1]];
    all.push(vec![0xff, 0xff]);
    all.push([&[0, 2], &[0xff; 6][..]].concat());
    all.extend([60, 61, 1400, 65_547].map(bytes));
    all.push(vec![0xff; 65_546]);
    let guesses: [Guess; 3] = [
        ("drops what exceeds 16 bits", &|all| Some(total(all) as u16)),
        ("carries once", &|all| {
            let [high, low] = [total(all) >> 16, total(all)].map(|n| n as u16);
            Some(low.wrapping_add(high))
        }),
        ("takes the remainder", &|all| Some((total(all) % 0xffff) as u16)),
    ];
    check("sum()", &all, sum, right_sum, &guesses, "carries otherwise");
}

#[kit::test]
fn step_4_makes_the_pseudo_header() {
    let other = [[192, 168, 1, 34], [172, 16, 254, 9]].map(Ipv4Addr::from);
    judge(
        &[(ONE, TWO, 0x0102), (other[0], other[1], 65_534)],
        |(from, to, n)| said("called pseudo_header", &[from, to, n]),
        |(from, to, n)| pseudo_header(*from, *to, *n).to_vec(),
        |(from, to, n)| right_pseudo_header(*from, *to, *n),
        |made| hex(made, " ").to_string(),
        &[],
        |(from, to, n), came| {
            let meant = right_pseudo_header(*from, *to, *n);
            let swapped = [to.octets(), from.octets()].concat();
            let (addresses, rest) = came.split_at(8);
            let why = match *rest {
                _ if addresses == swapped => "swaps the addresses",
                _ if *addresses != meant[..8] => "has other addresses",
                [UDP, 0, ..] => "has the protocol before the zero",
                _ if rest[..2] != [0, UDP] => "has no zero and protocol",
                _ if rest[2..] == n.to_le_bytes() => {
                    "has the length the wrong way round"
                }
                _ => "has another length",
            };
            why.into()
        },
    );
}

fn right_pseudo_header(from: Ipv4Addr, to: Ipv4Addr, length: u16) -> Vec<u8> {
    let length = length.to_be_bytes();
    [&from.octets()[..], &to.octets(), &[0, UDP], &length].concat()
}

/// The pseudo-header of a datagram from `ONE` to `TWO`, with this length.
fn before(length: usize) -> Vec<u8> {
    right_pseudo_header(ONE, TWO, length as u16)
}

/// The datagram with zeros where the checksum is.
fn zeroed(datagram: &[u8]) -> Vec<u8> {
    [&datagram[..6], &[0, 0], &datagram[HEADER..]].concat()
}

/// The checksum of these bytes.
fn inverted(all: &[&[u8]]) -> u16 {
    match !right_sum(&all.concat()) {
        0 => 0xffff,
        checksum => checksum,
    }
}

/// The checksum of a datagram from `ONE` to `TWO`.
fn right_checksum(d: &[u8]) -> u16 {
    inverted(&[&before(d.len()), &zeroed(d)])
}

#[kit::test]
fn step_5_computes_the_checksum() {
    // The sums of pseudo-header and datagram exceed 16 bits together.
    let great = b"\x9c\x40\x0d\xac\x00\x0a\x00\x00\x43\x00".to_vec();
    let mut all = vec![zeroed(&HOLA), HOLA.to_vec(), great];
    // The checksum in these is wrong.
    all.extend([8, 9, 12, 41, 255, 256, 300, 1027, 65_535].map(datagram));
    let guesses: [Guess; 10] = [
        ("gives the checksum that is there", &|d| match number(d, 6) {
            0 => Some(right_checksum(d)),
            given => Some(given),
        }),
        ("counts the old checksum", &|d| {
            Some(inverted(&[&before(d.len()), d]))
        }),
        ("does not invert the sum", &|d| Some(!right_checksum(d))),
        ("leaves the pseudo-header out", &|d| Some(inverted(&[&zeroed(d)]))),
        ("leaves the data out", &|d| {
            Some(inverted(&[&before(d.len()), &zeroed(d)[..HEADER]]))
        }),
        ("leaves the header out", &|d| {
            Some(inverted(&[&before(d.len()), &d[HEADER..]]))
        }),
        ("puts the zeros elsewhere", &|d| {
            let mut all = before(d.len());
            all[6..8].fill(0);
            Some(inverted(&[&all, d]))
        }),
        ("takes the length of the data", &|d| {
            Some(inverted(&[&before(d.len() - HEADER), &zeroed(d)]))
        }),
        ("puts the length in one byte", &|d| {
            Some(inverted(&[&before(d.len() & 0xff), &zeroed(d)]))
        }),
        ("adds two sums", &|d| {
            let sums = [right_sum(&before(d.len())), right_sum(&zeroed(d))];
            Some(!sums[0].wrapping_add(sums[1]))
        }),
    ];
    let call = |d: &[u8]| checksum(ONE, TWO, d);
    let other = "computes otherwise";
    check("checksum()", &all, call, right_checksum, &guesses, other);
}

#[kit::test]
fn step_5_never_gives_zero() {
    let all = [b"\x9c\x40\x0d\xac\x00\x0a\xff\xff\x41\xeb".to_vec()];
    let call = |d: &[u8]| checksum(ONE, TWO, d);
    let guesses: [Guess; 1] = [("gives 0", &|_| Some(0))];
    let other = "computes otherwise";
    check("checksum()", &all, call, right_checksum, &guesses, other);
}

#[kit::test]
fn step_5_leaves_the_padding_to_the_program() {
    let did = "ran the program, with padding";
    let line = format!("checksum:         {:#06x}", checksum(ONE, TWO, &HOLA));
    let mut program = Command::new(env!("CARGO_BIN_EXE_ex08-udp-header"));
    program.args([&ONE.to_string(), &TWO.to_string()]);
    program.arg("9c400dac000c6d16686f6c610000");
    let printed = Program::start("ex08-udp-header", program).end().stdout;
    if !printed.lines().any(|printed| printed == line) {
        let expected = said("a line that says", &[&line]);
        fail(did, expected, printed, "main.rs was done");
    }
}
