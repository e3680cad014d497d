//! rtt-rfc2681: its programs, and the programs of others; the same numbers and
//! bytes from its Python twin; and how small the crate is.

mod client;
mod peers;
mod reflector;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use checks::twins::code;
use checks::{Language, Random, python, root};
use rtt_rfc2681::packet::{COPY, answer, inside, ntp, probe, reply, request};
use rtt_rfc2681::stats::*;
use testbed::{Ended, Program};

fn server(language: Language) -> Program {
    checks::server(language, "rtt-rfc2681", &[])
}

fn client(language: Language, to: SocketAddr, args: &[&str]) -> Program {
    checks::client(language, "rtt-rfc2681", to, args)
}

/// Options as one types them: `--count 3 --quiet`.
fn words(typed: &str) -> Vec<&str> {
    typed.split(' ').collect()
}

/// The numbers of a report, in either language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sent: usize,
    pub received: usize,
    pub lost: usize,
    pub late: usize,
    pub skipped: usize,
    pub duplicates: usize,
    pub reordered: usize,
    pub short: usize,
    pub damaged: usize,
    pub unmatched: usize,
}

impl Counts {
    /// Reads them; a word that is missing is a failure.
    pub fn of(ended: &Ended) -> Counts {
        let lines = ended.stdout.lines().map(str::trim);
        let at = |l: &&str| l.starts_with("probes ");
        let lines: Vec<_> = lines.skip_while(|l| !at(l)).take(2).collect();
        let text = lines.join(" ").replace(['(', ')', ',', ';'], " ");
        let words: Vec<_> = text.split_whitespace().collect();
        let number = |name| {
            let at = words.iter().position(|word| *word == name);
            let before = at.and_then(|at| words.get(at.wrapping_sub(1)));
            let number = before.and_then(|number| number.parse().ok());
            number.unwrap_or_else(|| panic!("no {name}: {ended:?}"))
        };
        Counts {
            sent: number("sent"),
            received: number("received"),
            lost: number("lost"),
            late: number("late"),
            skipped: number("skipped"),
            duplicates: number("duplicates"),
            reordered: number("reordered"),
            short: number("short"),
            damaged: number("damaged"),
            unmatched: number("unmatched"),
        }
    }

    /// Runs a client; again while all its probes are skipped, as may be on a
    /// busy machine.
    pub fn of_some(run: impl Fn() -> Ended) -> Ended {
        Counts::of_many(1, run)
    }

    /// Runs a client; again while so many are skipped that fewer than `least`
    /// are sent. One that skips nothing is not run again, whatever it sent.
    ///
    /// # Panics
    /// If that happens twenty times.
    pub fn of_many(least: usize, run: impl Fn() -> Ended) -> Ended {
        let mut runs = (0..20).map(|_| run());
        let found = runs.find(|ended| {
            let Counts { sent, skipped, .. } = Counts::of(ended);
            sent >= least || skipped == 0
        });
        found.unwrap_or_else(|| panic!("no run of twenty sends {least}"))
    }

    /// That of `n` probes each came back once, and nothing else did. (On a
    /// busy machine some may be skipped.)
    pub fn all_came(ended: &Ended, n: usize) {
        let counts = Counts::of(ended);
        let Counts { sent, skipped, .. } = counts;
        let received = sent;
        let all = Counts { sent, received, skipped, ..Counts::default() };
        assert_eq!((counts, sent + skipped), (all, n), "{ended:?}");
        assert!(sent > 0, "{ended:?}");
    }
}

const UNDEF: f64 = f64::INFINITY;

/// Runs `script` with our Python modules; gives its lines of output.
fn run_python(script: &str, input: &str) -> Vec<String> {
    let folder = root().join("crates/rtt-rfc2681/python");
    let mut command = python();
    command.args(["-c", script]).env("PYTHONPATH", folder);
    let mut program = Program::start("python", command);
    program.write(input.as_bytes());
    let ended = program.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout.lines().map(str::to_string).collect()
}

#[test]
fn the_python_twin_agrees_on_a_thousand_random_samples() {
    let mut random = Random(2681);
    let samples: Vec<Vec<f64>> = (0..1000)
        .map(|_| {
            let n = random.below(60);
            let loss = random.below(4) * 20; // 0, 20, 40 or 60 %
            let mut delay = || match random.below(100) {
                share if share < loss => UNDEF,
                _ => (random.below(1_000_000)) as f64 / 1e7,
            };
            (0..n).map(|_| delay()).collect()
        })
        .collect();
    let input: String = samples
        .iter()
        .map(|sample| {
            let words: Vec<_> = sample.iter().map(f64::to_string).collect();
            words.join(" ") + "\n"
        })
        .collect();
    let script = "
import sys, stats
for line in sys.stdin:
    sample = [float(word) for word in line.split()]
    came = stats.received(sample)
    print(*[stats.percentile(sample, p / 2) for p in range(1, 201)])
    print(stats.median(sample), stats.minimum(sample), len(came))
    print(stats.inverse(sample, 0.04), stats.anderson_darling(came, 0.05))
    print(repr(stats.summary(sample, 40)))
";
    let lines = run_python(script, &input);
    assert_eq!(lines.len(), 4 * samples.len());
    let mut verdicts = 0;
    for (sample, lines) in samples.iter().zip(lines.chunks(4)) {
        let numbers = |line: &str| -> Vec<f64> {
            let words = line.split_whitespace();
            words.map(|w| w.parse().unwrap_or(f64::NAN)).collect()
        };
        let came = received(sample);
        let percents = (1..=200).map(|p| f64::from(p) / 2.0);
        let ours: Vec<_> = percents.map(|p| percentile(sample, p)).collect();
        assert_eq!(numbers(&lines[0]), ours, "{sample:?}");
        let ours = [median(sample), minimum(sample), came.len() as f64];
        assert_eq!(numbers(&lines[1]), ours, "{sample:?}");
        let theirs = numbers(&lines[2]);
        assert_eq!(theirs[0].is_nan(), inverse(sample, 0.04).is_none());
        assert!(inverse(sample, 0.04).is_none_or(|share| share == theirs[0]));
        let a2 = anderson_darling(&came, 0.05);
        assert_eq!(theirs[1].is_nan(), a2.is_none(), "{sample:?}");
        // The logarithms of two systems may differ in the last place.
        assert!(a2.is_none_or(|a2| (a2 - theirs[1]).abs() < 1e-9));
        verdicts += usize::from(a2.is_some());
        let text = summary(sample, Some(40.0)).replace('\n', "\\n");
        assert_eq!(lines[3], format!("'{text}'"));
    }
    assert!(verdicts > 500, "{verdicts}");
}

#[test]
fn the_python_twin_writes_and_reads_the_same_bytes() {
    let mut random = Random(8762);
    let (mut input, mut expected) = (String::new(), Vec::new());
    let mut kinds = BTreeMap::new();
    let hex = |data: &[u8]| -> String {
        data.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    for i in 0..500 {
        let seq = random.bits();
        let mut half = || u64::from(random.bits());
        let mut wide = || half() << 32 | half();
        let (time, t2, t3) = (wide(), wide(), wide());
        let wall = Duration::from_nanos(time >> 1);
        let data = random.bytes(120);
        let back = reply(&data, t2, t3);
        let number = wall.as_nanos();
        writeln!(input, "{seq} {time} {t2} {t3} {number} x{}", hex(&data))
            .unwrap();
        let nanos = |data: &[u8]| match inside(data) {
            Some(inside) => inside.as_nanos().to_string(),
            None => "None".to_string(),
        };
        let pair = |at| match probe(&back, at) {
            Some((seq, time)) => format!("{seq} {time}"),
            None => "None".to_string(),
        };
        // A reply that is cut, or changed in some bytes, or neither.
        let asked = request(seq, time, 44);
        let mut reply = reply(&asked, t2, t3);
        reply.truncate(44 - random.below(2) * random.below(44));
        for _ in 0..random.below(3) * random.below(12) {
            let at = random.below(reply.len());
            reply[at] ^= random.bits() as u8;
        }
        input = format!("{} {}\n", input.trim_end(), hex(&reply));
        let answer = format!("{:?}", answer(&reply, &asked)).to_lowercase();
        *kinds.entry(answer.clone()).or_insert(0) += 1;
        expected.push(format!(
            "{} {} {} {} {} {} {answer}",
            hex(&request(seq, time, 44)),
            hex(&back),
            pair(0),
            pair(COPY),
            nanos(&back),
            ntp(wall)
        ));
        assert_eq!(expected.len(), i + 1);
    }
    let script = "
import sys
from packet import *
for line in sys.stdin:
    *numbers, data, came = line.split()
    seq, time, t2, t3, wall = map(int, numbers)
    back = reply(bytes.fromhex(data[1:]), t2, t3)
    pairs = []
    for at in 0, COPY:
        found = probe(back, at)
        pairs.append('%i %i' % found if found else 'None')
    print(request(seq, time, 44).hex(), back.hex(), *pairs, inside(back), ntp(wall), answer(bytes.fromhex(came), request(seq, time, 44)))
";
    for kind in ["stamp", "short", "damaged", "strange"] {
        assert!(kinds.get(kind).is_some_and(|n| *n > 5), "{kinds:?}");
    }
    assert_eq!(run_python(script, &input), expected);
}

/// Lines of code, tests and what draws pictures apart.
fn lines_of(folder: &Path) -> usize {
    let mut lines = 0;
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            lines += lines_of(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !["tests.rs", "picture.rs"].iter().any(|no| path.ends_with(no))
        {
            let n = code(&fs::read_to_string(&path).unwrap());
            assert!(n < 60 || !folder.ends_with("bin"), "{n} {path:?}");
            lines += n;
        }
    }
    lines
}

#[test]
fn the_crate_has_fewer_than_640_lines() {
    let lines = lines_of(&root().join("crates/rtt-rfc2681/src"));
    assert!((400..640).contains(&lines), "{lines}");
}
