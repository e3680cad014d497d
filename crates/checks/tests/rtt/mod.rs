//! rtt-rfc2681: its numbers, its programs, and the programs of others.

use std::net::SocketAddr;

use checks::Language;
use testbed::{Ended, Program};

mod client;
mod peers;
mod reflector;
mod twin;

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
