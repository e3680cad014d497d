//! `udp_header`: the capture's datagrams, field by field, against what tcpdump
//! says of them; and what is no capture.

use std::fs;
use std::process::Command;

use checks::{Language, TestFile, command, root, skipped};
use testbed::{Ended, Program, output};

/// Runs it in the workspace's folder, as its README says.
fn run(language: Language, args: &[&str]) -> Ended {
    let mut command = command(language, "examples", "udp_header");
    command.args(args).current_dir(root());
    Program::start(&format!("{language:?} udp_header"), command).end()
}

/// What both print.
pub fn both(args: &[&str]) -> String {
    let [rust, python] = Language::BOTH.map(|language| {
        let ended = run(language, args);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout.replace("\r\n", "\n")
    });
    assert_eq!(rust, python);
    rust
}

/// The numbers on the lines that begin with a field's bytes.
fn fields(printed: &str) -> Vec<u16> {
    let rows = printed.lines().filter(|line| line.starts_with("  ["));
    rows.map(|row| {
        let (bytes, rest) =
            row.trim_start_matches("  [").split_once("] ").unwrap();
        let (a, b) = bytes.split_once(", ").unwrap();
        let [a, b] = [a, b].map(|hex| u16::from_str_radix(hex, 16).unwrap());
        let value = rest.split_whitespace().last().unwrap().parse().unwrap();
        assert_eq!(a * 256 + b, value, "{row}");
        value
    })
    .collect()
}

#[test]
fn the_capture_is_read_field_by_field() {
    let printed = both(&[]);
    let ends: Vec<_> = printed.lines().filter(|l| l.contains(" to ")).collect();
    assert_eq!(
        ends,
        [
            "10.35.0.1 to 10.35.0.2",
            "10.35.0.2 to 10.35.0.1",
            "fd35::1 to fd35::2",
            "fd35::2 to fd35::1"
        ]
    );
    let fields = fields(&printed);
    let [a, b, c, d] = *fields.as_chunks::<4>().0 else {
        panic!("{printed}");
    };
    assert_eq!((a[1], b[0], c[1], d[0]), (3500, 3500, 3501, 3501));
    assert_eq!((a[0], c[0]), (b[1], d[1]), "the answer goes back");
    assert!([a, b, c, d].iter().all(|f| f[2] == 8 + 24), "{fields:?}");
    assert_eq!(printed.matches("  checksum: right\n").count(), 4, "{printed}");
}

#[test]
fn tcpdump_says_the_same() {
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args(["-nvr", "examples/echo.pcap"]).current_dir(root());
    let Ok(said) = output(&mut tcpdump) else {
        return skipped("no tcpdump here");
    };
    let said = String::from_utf8(said.stdout).unwrap();
    let fields = fields(&both(&[]));
    for datagram in fields.as_chunks::<4>().0 {
        let [from, to, length, _] = *datagram;
        let has = said.lines().any(|line| {
            line.contains(&format!(".{from} > "))
                && line.contains(&format!(".{to}: "))
                && line.ends_with(&format!("UDP, length {}", length - 8))
        });
        assert!(has, "{datagram:?}\n{said}");
    }
}

/// The capture with one byte changed; with its checksum taken out; cut.
#[test]
fn a_changed_capture_is_told() {
    let whole = fs::read(root().join("examples/echo.pcap")).unwrap();
    let text = whole.windows(6).position(|w| w == b"Taller").unwrap();
    let file = std::env::temp_dir();
    let file = file.join(format!("udp_header{}.pcap", std::process::id()));
    let name = file.display().to_string();
    let changed = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        edit(&mut bytes);
        fs::write(&file, bytes).unwrap();
        both(&["--file", &name])
    };
    let wrong = changed(&|bytes| bytes[text] = b't');
    assert_eq!(wrong.matches("checksum: wrong\n").count(), 1, "{wrong}");
    assert_eq!(wrong.matches("checksum: right\n").count(), 3, "{wrong}");
    let none = changed(&|bytes| bytes[text - 2..text].fill(0));
    assert_eq!(none.matches("checksum: none\n").count(), 1, "{none}");
    // 10.35.0.1 + 10.35.0.2 + 17 + 32: what a card is given to go on from.
    let left = 0x0a23 + 1 + 0x0a23 + 2 + 17 + 32_u16;
    let left = left.to_be_bytes();
    let left = changed(&|b| b[text - 2..text].copy_from_slice(&left));
    let words = "checksum: left to the network card\n";
    assert_eq!(left.matches(words).count(), 1, "{left}");
    // Not UDP: TCP's number is 6. In front of the UDP header stand the
    // addresses, the header's own checksum, and the protocol's number.
    let tcp = changed(&|bytes| bytes[text - 8 - 11] = 6);
    assert_eq!(tcp.matches("\n  [").count(), 3 * 4, "{tcp}");
    // Cut anywhere, it never fails in another way than by a sentence.
    for length in 0..whole.len() / 2 {
        fs::write(&file, &whole[..length]).unwrap();
        if length % 16 == 0 {
            for language in Language::BOTH {
                let ended = run(language, &["--file", &name]);
                assert!(!ended.stderr.contains("panicked"), "{ended:?}");
                let few = ended.stderr.lines().count() <= 2;
                assert!(few, "{language:?} {length}: {ended:?}");
            }
        }
    }
    fs::remove_file(&file).unwrap();
}

/// A capture file: its magic number, the order of its bytes, its link type,
/// and its frames, each with how many of its bytes were kept.
#[derive(Clone)]
struct Capture {
    magic: u32,
    big: bool,
    link: u32,
    frames: Vec<(Vec<u8>, usize)>,
}

impl Capture {
    fn new(link: u32, frames: &[Vec<u8>]) -> Capture {
        let kept = |frame: &Vec<u8>| (frame.clone(), frame.len());
        let frames = frames.iter().map(kept).collect();
        Capture { magic: 0xa1b2_c3d4, big: false, link, frames }
    }

    fn bytes(&self) -> Vec<u8> {
        let word = |n: u32| {
            if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
        };
        let version = if self.big { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
        let head = [word(self.magic), version, [0; 4], [0; 4]];
        let mut bytes = [head.concat(), word(262_144).to_vec()].concat();
        bytes.extend(word(self.link));
        for (frame, kept) in &self.frames {
            bytes.extend([word(1_700_000_000), word(1)].concat());
            bytes.extend(word(*kept as u32));
            bytes.extend(word(frame.len() as u32));
            if self.magic == 0xa1b2_cd34 {
                bytes.extend([0; 8]);
            }
            bytes.extend(&frame[..*kept]);
        }
        bytes
    }
}

const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

/// The datagram of the slides' echo client, with this checksum and length.
fn udp(checksum: u16, length: u16) -> Vec<u8> {
    let fields = [40000, 3500, length, checksum].map(u16::to_be_bytes);
    [fields.concat(), TEXT.to_vec()].concat()
}

/// An IPv4 packet from 10.35.0.1 to 10.35.0.2, with `words` more in its header.
fn four(words: u8, fragment: u16, protocol: u8, content: &[u8]) -> Vec<u8> {
    let header = 20 + 4 * usize::from(words);
    let [a, b] = ((header + content.len()) as u16).to_be_bytes();
    let [c, d] = fragment.to_be_bytes();
    let start = [0x45 + words, 0, a, b, 0, 7, c, d, 64, protocol, 0, 0];
    let mut packet = [&start[..], &[10, 35, 0, 1, 10, 35, 0, 2]].concat();
    packet.resize(header, 1); // Options that do nothing.
    [&packet[..], content].concat()
}

/// An IPv6 packet from fd35::1 to fd35::2.
fn six(next: u8, content: &[u8]) -> Vec<u8> {
    let [a, b] = (content.len() as u16).to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, a, b, next, 64];
    for end in [1, 2] {
        packet.extend(
            [[0xfd, 0x35, 0, 0], [0; 4], [0; 4], [0, 0, 0, end]].concat(),
        );
    }
    [&packet[..], content].concat()
}

/// A frame of Ethernet, or what stands in front of IP on another link.
fn behind(front: &[u8], packet: &[u8]) -> Vec<u8> {
    [front, packet].concat()
}

fn ethernet(types: &[u8], packet: &[u8]) -> Vec<u8> {
    [&[2; 12][..], types, packet].concat()
}

/// What is printed of the slides' datagram.
fn shown(four: bool, length: u16, sum: u16, verdict: &str) -> String {
    let ends = ["fd35::1 to fd35::2", "10.35.0.1 to 10.35.0.2"];
    let [a, b] = sum.to_be_bytes();
    let [c, d] = length.to_be_bytes();
    format!(
        "{}\n  [9c, 40] source      40000\n  [0d, ac] destination  3500\n  \
         [{c:02x}, {d:02x}] length      {length:5}\n  \
         [{a:02x}, {b:02x}] checksum    {sum:5}\n  checksum: {verdict}\n",
        ends[usize::from(four)]
    )
}

fn not_shown(why: &str) -> String {
    format!("packet 1 is not shown: {why}\nnot shown: 1\n")
}

/// The checksums of the slides' datagram, as tcpdump computes them.
const SUM_4: u16 = 0xac1c;
const SUM_6: u16 = 0xc5f6;

/// What each capture must print, and whether the program succeeds.
fn captures() -> Vec<(&'static str, Vec<u8>, String)> {
    let (udp_4, udp_6) = (udp(SUM_4, 32), udp(SUM_6, 32));
    let (v4, v6) = (four(0, 0, 17, &udp_4), six(17, &udp_6));
    let right_4 = shown(true, 32, SUM_4, "right");
    let right_6 = shown(false, 32, SUM_6, "right");
    let both = format!("{right_4}{right_6}");
    let plain = ethernet(&[8, 0], &v4);
    let mut all = Vec::new();
    let mut add = |what, capture: Capture, printed: &str| {
        all.push((what, capture.bytes(), printed.to_string()));
    };
    let of = |link, frame: Vec<u8>| Capture::new(link, &[frame]);

    // Links, as tcpdump and Wireshark write them on three systems.
    let links: [(&str, u32, &[u8], &[u8]); 11] = [
        (
            "Ethernet",
            1,
            &[&[2; 12][..], &[8, 0]].concat(),
            &[&[2; 12][..], &[0x86, 0xdd]].concat(),
        ),
        (
            "VLAN",
            1,
            &[&[2; 12][..], &[0x81, 0, 0, 35, 8, 0]].concat(),
            &[&[2; 12][..], &[0x81, 0, 0, 35, 0x86, 0xdd]].concat(),
        ),
        (
            "QinQ",
            1,
            &[&[2; 12][..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 35, 8, 0]].concat(),
            &[&[2; 12][..], &[0x91, 0, 0, 1, 0x81, 0, 0, 35, 0x86, 0xdd]]
                .concat(),
        ),
        (
            "any, v1",
            113,
            &[&[0; 14][..], &[8, 0]].concat(),
            &[&[0; 14][..], &[0x86, 0xdd]].concat(),
        ),
        (
            "any, v2",
            276,
            &[&[8, 0][..], &[0; 18]].concat(),
            &[&[0x86, 0xdd][..], &[0; 18]].concat(),
        ),
        ("raw IP", 101, &[], &[]),
        ("raw IP as BSD numbers it", 12, &[], &[]),
        ("raw IP as OpenBSD numbers it", 14, &[], &[]),
        ("lo0 of macOS", 0, &[2, 0, 0, 0], &[30, 0, 0, 0]),
        ("loopback of Npcap, FreeBSD", 0, &[2, 0, 0, 0], &[28, 0, 0, 0]),
        ("loopback of OpenBSD", 108, &[0, 0, 0, 2], &[0, 0, 0, 24]),
    ];
    for (what, link, front_4, front_6) in links {
        let frames = [behind(front_4, &v4), behind(front_6, &v6)];
        let little = Capture::new(link, &frames);
        add(what, Capture { big: true, ..little.clone() }, &both);
        add(what, little, &both);
    }
    add("IPv4 alone", of(228, v4.clone()), &right_4);
    add("IPv6 alone", of(229, v6.clone()), &right_6);
    let ends = of(1 | 0x4400_0000, behind(&plain, &[9; 4]));
    add("frames with their check sequence", ends, &right_4);
    for magic in [0xa1b2_3c4d, 0xa1b2_cd34] {
        let other =
            Capture { magic, ..Capture::new(1, std::slice::from_ref(&plain)) };
        add("another magic number", other.clone(), &right_4);
        add("the same, big", Capture { big: true, ..other }, &right_4);
    }

    // What is no datagram.
    let lldp = ethernet(&[0x88, 0xcc], &[0x60; 61]);
    add("LLDP", of(1, lldp), &not_shown("EtherType 88cc, which is not read"));
    let arp = ethernet(&[8, 6], &v4);
    add(
        "ARP",
        of(276, behind(&[8, 6], &[0; 18])),
        &not_shown("EtherType 0806, which is not read"),
    );
    add("ARP", of(1, arp), &not_shown("EtherType 0806, which is not read"));
    let old = ethernet(&[0, 52], &v4);
    add(
        "802.3",
        of(1, old),
        &not_shown("a frame of IEEE 802.3, which is not read"),
    );
    let why = "IP carries protocol 6, and not UDP (17)";
    add("TCP", of(101, four(0, 0, 6, &udp_4)), &not_shown(why));
    add("TCP", of(101, six(6, &udp_6)), &not_shown(why));
    let why = "it says that its IP version is 6";
    add("IPv6 as IPv4", of(1, ethernet(&[8, 0], &v6)), &not_shown(why));
    let why = "it says that its IP version is 7";
    add("no IP", of(101, vec![0x75; 60]), &not_shown(why));
    let why = "address family 7, which is not read";
    add("no IP", of(0, behind(&[0, 0, 0, 7], &v4)), &not_shown(why));
    let why = "the lengths in its IP header are too small";
    add("header of 16", of(101, behind(&[0x44], &v4[1..])), &not_shown(why));
    let mut short = v4.clone();
    short[3] = 19;
    add("packet of 19", of(101, short), &not_shown(why));
    let why = "it ends before the header of UDP does";
    add("no room", of(101, four(0, 0, 17, &udp_4[..7])), &not_shown(why));
    add("an empty frame", of(1, Vec::new()), &not_shown(why));

    // Where the header of UDP is further away.
    add("options", of(101, four(10, 0, 17, &udp_4)), &right_4);
    add("padding", of(1, behind(&plain, &[7; 20])), &right_4);
    let hop = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &udp_6].concat();
    add("hop by hop", of(101, six(0, &hop)), &right_6);
    let two =
        [&[60, 0, 1, 4, 0, 0, 0, 0, 17, 1][..], &[0; 14], &udp_6].concat();
    add("two headers", of(101, six(0, &two)), &right_6);
    let ah = [&[17, 4][..], &[0; 22], &udp_6].concat();
    add("authentication", of(101, six(51, &ah)), &right_6);
    let there = [&[17, 2, 4, 0][..], &[0; 20], &udp_6].concat();
    add("a route, done", of(101, six(43, &there)), &right_6);
    let on = [&[17, 2, 4, 1][..], &[0; 20], &udp_6].concat();
    let why = "IPv6 sends it on to another address";
    add("a route", of(101, six(43, &on)), &not_shown(why));

    let more = ethernet(&[8, 0], &four(0, 0, 17, &udp(SUM_4, 40)));
    let why = "not checked, its length does not fit that of IP";
    let padded = of(1, behind(&more, &[7; 20]));
    add("padding is no data", padded, &shown(true, 40, SUM_4, why));

    // Fragments.
    let first = "not checked, the rest is in other fragments";
    let why = "a later fragment; the header is in the first";
    let (part, sum) = (udp(0xe77b, 3008), 0xe77b);
    add(
        "first",
        of(101, four(0, 0x2000, 17, &part)),
        &shown(true, 3008, sum, first),
    );
    add("later", of(101, four(0, 0x2004, 17, &part)), &not_shown(why));
    add("last", of(101, four(0, 0x0004, 17, &part)), &not_shown(why));
    add("at 32768", of(101, four(0, 0x1000, 17, &part)), &not_shown(why));
    let six_part = |offset, part: &[u8]| {
        let header = [17, 0, 0, offset, 0, 0, 0, 7];
        of(101, six(44, &[&header[..], part].concat()))
    };
    add("first", six_part(1, &part), &shown(false, 3008, sum, first));
    add("later", six_part(33, &part), &not_shown(why));
    add("at 8", six_part(9, &part), &not_shown(why));
    let options = [&[60, 0, 0, 9, 0, 0, 0, 7][..], &part].concat();
    add("later, of options", of(101, six(44, &options)), &not_shown(why));
    add("last", six_part(32, &part), &not_shown(why));
    add("alone", six_part(0, &udp_6), &right_6);

    // Checksums, and what cannot be checked.
    let sent = |sum, length| of(101, four(0, 0, 17, &udp(sum, length)));
    let wrong = shown(true, 32, SUM_4 + 1, "wrong");
    add("another checksum", sent(SUM_4 + 1, 32), &wrong);
    add("none", sent(0, 32), &shown(true, 32, 0, "none"));
    let none = shown(false, 32, 0, "none; IPv6 needs one");
    add("none in IPv6", of(101, six(17, &udp(0, 32))), &none);
    let card = 10 * 2 * 256 + 35 * 2 + 3 + 17 + 32;
    let left = shown(true, 32, card, "left to the network card");
    add("a card's", sent(card, 32), &left);
    let misfit = "not checked, its length does not fit that of IP";
    for length in [0, 7, 33] {
        let misfit = shown(true, length, SUM_4, misfit);
        add("another length", sent(SUM_4, length), &misfit);
    }
    let mut cut = Capture::new(1, &[plain.clone(), plain.clone()]);
    cut.frames[0].1 = 50;
    cut.frames[1].1 = 41;
    let kept = "not checked, 16 of 32 bytes were captured";
    let kept = shown(true, 32, SUM_4, kept);
    let none = "packet 2 is not shown: it ends before the header of UDP does\n\
                not shown: 1\n";
    add("-s 50, -s 41", cut, &format!("{kept}{none}"));

    // Files that end too early.
    let two = Capture::new(1, &[plain.clone(), plain.clone()]).bytes();
    let kept = "not checked, 12 of 32 bytes were captured";
    let kept = right_4.clone() + &shown(true, 32, SUM_4, kept);
    all.push(("a cut file", two[..two.len() - 20].to_vec(), kept));
    let none = format!("{right_4}{none}");
    all.push(("a cut record", two[..two.len() - 67].to_vec(), none));
    all.push(("no record", two[..24].to_vec(), String::new()));
    all
}

#[test]
fn every_capture_is_read_truly_or_it_is_told_why_not() {
    let mut wrong = String::new();
    for (i, (what, bytes, expected)) in captures().into_iter().enumerate() {
        let file = TestFile::new(&i.to_string(), &bytes);
        for language in Language::BOTH {
            let ended = run(language, &["--file", &file.name()]);
            let printed = checks::lines(&ended.stdout);
            if (&printed, ended.code) != (&expected, Some(0)) {
                let came = format!("{printed}{}", ended.stderr);
                wrong += &format!("{language:?}: {what}\n{came}{expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is not read at all: a sentence that names it, and status 1.
#[test]
fn a_file_that_is_not_read_is_named() {
    let plain = ethernet(&[8, 0], &four(0, 0, 17, &udp(SUM_4, 32)));
    let good = Capture::new(1, &[plain]);
    let mut cases = Vec::new();
    // PPP, Wi-Fi, with radiotap, PF's log, USB, nflog, macOS's pktap.
    for link in [9, 105, 127, 117, 189, 239, 258, 70_000] {
        let bytes = Capture { link, ..good.clone() }.bytes();
        let words = "Ethernet, loopback, raw IP, and Linux's any are";
        let words =
            format!("has link type {link}, which is not read ({words})");
        cases.push((bytes, words));
    }
    let bytes = good.bytes();
    let edited = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    let next = edited(0, &[10, 13, 13, 10]);
    cases.push((next, "is a pcapng file, and only pcap is read".to_string()));
    let version = "has version 2.3 of pcap; only 2.4 is read";
    cases.push((edited(6, &[3]), version.to_string()));
    let big = Capture { big: true, ..good }.bytes();
    let big = [&big[..7], &[3], &big[8..]].concat();
    cases.push((big, version.to_string()));
    cases.push((bytes[..23].to_vec(), "is no pcap file".to_string()));
    cases.push((edited(0, &[0]), "is no pcap file".to_string()));
    let damaged = "is damaged: a frame of 4294967295 bytes".to_string();
    cases.push((edited(32, &[255; 4]), damaged));
    for (i, (bytes, words)) in cases.into_iter().enumerate() {
        let file = TestFile::new(&format!("not-{i}"), &bytes);
        let said = Language::BOTH.map(|language| {
            let ended = run(language, &["--file", &file.name()]);
            assert_eq!(ended.code, Some(1), "{words}: {ended:?}");
            assert_eq!(ended.stdout, "", "{words}");
            checks::lines(&ended.stderr)
        });
        let expected = format!("Error: {} {words}\n", file.name());
        assert!(said[0].starts_with(&expected), "{said:?}\n{expected}");
        assert_eq!(said[0], said[1]);
        let hint = format!("hint: editcap -F pcap {} new.pcap", file.name());
        assert_eq!(said[0].contains(&hint), words.contains("pcapng"));
    }
}

/// How many files, without `CAPTURE_SEEDS`. Ten minutes of them:
/// `CAPTURE_SEEDS=6000 cargo test -p checks --test programs damaged`
const SEEDS: u64 = 20;

/// Damaged at random, a capture is read the same by both, or refused.
#[test]
fn damaged_captures_are_read_alike() {
    let captures = captures();
    let seeds = std::env::var("CAPTURE_SEEDS").ok();
    let seeds = seeds.map_or(SEEDS, |n| n.parse().expect("a number"));
    for seed in 0..seeds {
        let mut random = checks::Random(seed);
        let (what, bytes, _) = &captures[random.below(captures.len())];
        let mut damage = |mut bytes: Vec<u8>, first: usize| {
            for _ in 0..=random.below(3) {
                let at =
                    first + random.below(bytes.len().max(first + 1) - first);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
            bytes
        };
        // Damaged anywhere; or the same frames many times, each damaged behind
        // the header in front of it.
        let damaged = if seed % 4 == 0 {
            damage(bytes.clone(), 0)
        } else {
            let (head, frames) = bytes.split_at(24);
            let mut all = head.to_vec();
            for _ in 0..200 {
                all.extend(damage(frames.to_vec(), 24));
            }
            all
        };
        let file = TestFile::new(&format!("damaged-{seed}"), &damaged);
        let [rust, python] = Language::BOTH.map(|language| {
            let ended = run(language, &["--file", &file.name()]);
            let text = ended.stdout + &ended.stderr;
            (ended.code, checks::lines(&text))
        });
        let alike = rust == python && !rust.1.contains("panicked");
        if !alike {
            let kept = file.keep();
            let lines = rust.1.lines().zip(python.1.lines());
            let differs: Vec<_> =
                lines.filter(|(a, b)| a != b).take(3).collect();
            panic!("{what}, damaged, is kept as {kept}: {differs:?}");
        }
    }
}

#[test]
fn what_is_no_capture_is_named() {
    for language in Language::BOTH {
        let ended = run(language, &["--file", "Cargo.toml"]);
        let words = "Error: Cargo.toml is no pcap file";
        assert_eq!(ended.stderr.trim_end(), words, "{language:?}");
        assert_eq!(ended.code, Some(1));
        let ended = run(language, &["--file", "no.such.file"]);
        assert!(ended.stderr.contains("no.such.file"), "{ended:?}");
        let found = ended.stderr.to_lowercase().contains("no such file or");
        assert!(found, "{ended:?}");
        assert_eq!(ended.code, Some(1));
        assert_eq!(run(language, &["echo.pcap"]).code, Some(2));
    }
}

/// On loopback, where no card computes it, the checksum is not filled in.
#[cfg(target_os = "linux")]
#[test]
fn a_raw_socket_sees_the_header_too() {
    use std::net::UdpSocket;
    use std::time::Duration;

    for language in Language::BOTH {
        let mut command = command(language, "examples", "udp_header");
        command.arg("--live");
        let program = Program::start(&format!("{language:?}"), command);
        // It may not be there yet: so send until it has seen one.
        let target = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let to = target.local_addr().unwrap();
        let s = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        s.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        for _ in 0..3000 {
            s.send_to(b"hola", to).unwrap();
            let _ = s.recv(&mut [0; 1]); // Nothing comes: it is a pause.
            if program.stdout().contains("checksum: ") {
                break;
            }
            if program.stderr().contains("permission denied") {
                assert_eq!(program.end().code, Some(1));
                return skipped("no raw socket without root");
            }
        }
        let ended = program.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let wait = "waiting for a datagram over IPv4\n";
        assert_eq!(checks::lines(&ended.stderr), wait, "{language:?}");
        // Another test's datagram may have come first.
        assert!(ended.stdout.contains(" to "), "{ended:?}");
        assert_eq!(fields(&ended.stdout).len(), 4, "{ended:?}");
    }
}
