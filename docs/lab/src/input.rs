//! A run as text, `seed=7&lose=30&client=500:hola`: what a link to the page
//! holds behind its `#`. The same text gives the same run.
//!
//! | key | its value |
//! |---|---|
//! | `seed` | any number: another one, other fates (1) |
//! | `lose`, `corrupt`, `duplicate`, `reorder`, `delay`, `truncate` | whole percent of the datagrams, as `noisy_link` has them (0) |
//! | `delay-ms` | how much later a delayed one is, 0 to 10,000 (300) |
//! | `way` | how long every datagram is on its way, 1 to 2,000 ms (100) |
//! | `window` | how many frames may be in flight, 1 to 16 (16) |
//! | `drop` | datagrams to lose, by their numbers: `3,5` |
//! | `cut` | from this number on, every datagram is lost |
//! | `spoil` | datagrams to damage as Adler-32 does not see it |
//! | `client`, `server` | what it types, and when: `1500:hola`; as often as you like; `/quit` leaves |
//! | `lines` | so many lines more that the client types at 500 ms, 0 to 200 (0) |
//! | `for` | so many seconds, 1 to 120; at first: until nothing more happens, 60 at most |

use std::str::FromStr;
use std::time::Duration;

use badlink::Shares;
use zchat::frame::TEXT_MAX;

/// At most so many lines are typed.
const LINES: usize = 500;

/// What one side does, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Duration,
    /// 0: the client; 1: the server.
    pub side: usize,
    /// The line; `/quit` leaves.
    pub line: String,
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Decides the fates.
    pub seed: u64,
    /// How bad the link is, both ways.
    pub shares: Shares,
    /// How long every datagram is on its way.
    pub way: Duration,
    /// How many frames may be in flight.
    pub window: u16,
    /// The numbers of datagrams that are lost,
    pub drop: Vec<u64>,
    /// the number from which on all are lost,
    pub cut: u64,
    /// and the numbers of those that are damaged as Adler-32 does not see it.
    pub spoil: Vec<u64>,
    /// What is typed, in the order of time.
    pub deeds: Vec<Deed>,
    /// For how long, if that is said.
    pub time: Option<Duration>,
}

impl Default for Input {
    fn default() -> Input {
        let delay_by = Duration::from_millis(300);
        Input {
            seed: 1,
            shares: Shares { delay_by, ..Shares::default() },
            way: Duration::from_millis(100),
            window: 16,
            drop: Vec::new(),
            cut: u64::MAX,
            spoil: Vec::new(),
            deeds: Vec::new(),
            time: None,
        }
    }
}

impl Input {
    /// Reads the text.
    ///
    /// # Errors
    /// The part of it that is not understood, or is out of its range.
    pub fn read(text: &str) -> Result<Input, String> {
        let mut input = Input::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            input.set(part).ok_or_else(|| decoded(part))?;
        }
        match input.deeds.len() {
            0..=LINES => Ok(input),
            many => Err(format!("{many} lines")),
        }
    }

    fn set(&mut self, part: &str) -> Option<()> {
        let (key, value) = part.split_once('=')?;
        let value = decoded(value);
        let number = |from: u64, to: u64| {
            let number = value.parse().ok();
            number.filter(|n| (from..=to).contains(n))
        };
        let shares = &mut self.shares;
        match key {
            "seed" => self.seed = number(0, u64::MAX)?,
            "lose" => shares.lose = share(&value)?,
            "corrupt" => shares.corrupt = share(&value)?,
            "duplicate" => shares.duplicate = share(&value)?,
            "reorder" => shares.reorder = share(&value)?,
            "delay" => shares.delay = share(&value)?,
            "truncate" => shares.truncate = share(&value)?,
            "delay-ms" => shares.delay_by = ms(number(0, 10_000)?),
            "way" => self.way = ms(number(1, 2000)?),
            "window" => self.window = number(1, 16)? as u16,
            "drop" => self.drop = numbers(&value)?,
            "cut" => self.cut = number(1, u64::MAX)?,
            "spoil" => self.spoil = numbers(&value)?,
            "client" | "server" => {
                let side = usize::from(key == "server");
                self.plan(deed(side, &value)?);
            }
            "lines" => {
                let typed = (1..=number(0, 200)?).map(|i| i.to_string());
                let at = ms(500);
                for line in typed {
                    self.plan(Deed { at, side: 0, line });
                }
            }
            "for" => self.time = Some(Duration::from_secs(number(1, 120)?)),
            _ => return None,
        }
        Some(())
    }

    /// Puts a deed in its place in time.
    fn plan(&mut self, deed: Deed) {
        let key = |deed: &Deed| (deed.at, deed.side);
        let after = |other: &Deed| key(other) <= key(&deed);
        let place = self.deeds.partition_point(after);
        self.deeds.insert(place, deed);
    }
}

/// A percentage as a share.
fn share(value: &str) -> Option<f64> {
    let percent = value.parse::<u64>().ok().filter(|p| *p <= 100)?;
    Some(percent as f64 / 100.0)
}

/// `3,5`: at most 1,000 numbers.
pub fn numbers<T: FromStr>(value: &str) -> Option<Vec<T>> {
    let numbers = value.split(',').filter(|number| !number.is_empty());
    numbers.take(1000).map(|number| number.parse().ok()).collect()
}

/// `1500:hola`
fn deed(side: usize, value: &str) -> Option<Deed> {
    let (at, line) = value.split_once(':')?;
    let at = at.parse().ok().filter(|at| *at <= 120_000).map(ms)?;
    let fits = (1..=TEXT_MAX).contains(&line.len());
    fits.then(|| Deed { at, side, line: line.to_string() })
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A part of a link as it was typed: `%C3%B1` is ñ, and `+` a blank.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = |two: &[u8]| {
            let digits = two.iter().all(u8::is_ascii_hexdigit);
            let two = str::from_utf8(two).ok().filter(|_| digits)?;
            u8::from_str_radix(two, 16).ok()
        };
        let escaped = more.get(..2).and_then(hex).filter(|_| *first == b'%');
        bytes.push(match (first, escaped) {
            (_, Some(byte)) => byte,
            (b'+', _) => b' ',
            _ => *first,
        });
        rest = if escaped.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_a_run() {
        let text = "seed=7&lose=30&corrupt=2&window=1&drop=3,5&cut=90&spoil=4&\
                    client=1500:chau%2C+%C3%B1and%C3%BA&server=500:a:b&\
                    way=40&delay=5&delay-ms=70&for=9&lines=2";
        let input = Input::read(text).unwrap();
        let deed = |at, side, line: &str| Deed {
            at: ms(at),
            side,
            line: line.to_string(),
        };
        let expected = Input {
            seed: 7,
            shares: Shares {
                lose: 0.3,
                corrupt: 0.02,
                delay: 0.05,
                delay_by: ms(70),
                ..Shares::default()
            },
            way: ms(40),
            window: 1,
            drop: vec![3, 5],
            cut: 90,
            spoil: vec![4],
            deeds: vec![
                deed(500, 0, "1"),
                deed(500, 0, "2"),
                deed(500, 1, "a:b"),
                deed(1500, 0, "chau, ñandú"),
            ],
            time: Some(Duration::from_secs(9)),
        };
        assert_eq!(input, expected);
        assert_eq!(Input::read(""), Ok(Input::default()));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for wrong in [
            "lose",
            "lose=",
            "lose=x",
            "lose=101",
            "lose=-1",
            "lose=2.5",
            "color=red",
            "seed=-1",
            "window=0",
            "window=17",
            "way=0",
            "drop=3,x",
            "cut=0",
            "client=hola",
            "client=5:",
            "client=120001:a",
            "lines=201",
            "for=0",
        ] {
            let text = format!("seed=7&{wrong}&lose=3");
            assert_eq!(Input::read(&text), Err(wrong.to_string()));
        }
        let long = format!("client=1:{}", "a".repeat(1025));
        assert_eq!(Input::read(&long), Err(long.clone()));
        let many = "client=1:a&".repeat(501);
        assert_eq!(Input::read(&many), Err("501 lines".to_string()));
    }

    #[test]
    fn a_link_that_is_cut_does_no_harm() {
        for (text, read) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%+1", "% 1"),
            ("a%FF", "a\u{fffd}"),
        ] {
            assert_eq!(decoded(text), read, "{text}");
        }
    }
}
