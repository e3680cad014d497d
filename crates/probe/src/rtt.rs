//! The round-trip time of RFC 2681: a reflector, and a client that measures.

use std::time::{Duration, Instant};

use crate::echo::is_echo;
use crate::net::{Datagram, hear, shown};
use crate::peer::{Peer, Protocol, START};
use crate::report::Verdict::{Failed, Noted};
use crate::report::{Look, Verdict, failed, noted};

/// The bytes of a STAMP packet (RFC 8762, section 4.2.1).
const STAMP: usize = 44;
/// Where its answer repeats the first 14 bytes of the question (4.3.1).
const COPY: usize = 24;

/// A STAMP packet, and it comes back as an echo or as STAMP answers.
pub const RTT: Protocol = Protocol {
    name: "rtt",
    source: "reflector",
    question: |n| {
        // A number, a time that may be wrong by a second, and zeros.
        let time = [0xEE, 0x80, 0, 0, 0, 0, 0, 0, 0x20, 0x01];
        [&n.to_be_bytes(), &time[..], &[0; STAMP - 14]].concat()
    },
    answers: |question, answer| {
        is_echo(question, answer) || is_stamp(question, answer)
    },
    server: &[
        ("reflects", "", |t| {
            let question = t.question();
            match t.ask(&question) {
                Some((data, _)) if data == question => Ok(said!("an echo")),
                Some((data, _)) if is_stamp(&question, &data) => {
                    Ok(said!("stamp"))
                }
                came => failed(shown(came)),
            }
        }),
        ("short probe", "", |t| {
            // As exercise 12's: 12 bytes.
            t.echoes(b"sonda 000001").map_err(|(_, came)| (Noted, came))
        }),
        ("sizes", "no longer", |t| {
            for size in [STAMP, 1000] {
                let mut question = t.question();
                question.resize(size, b'x');
                let came = t.ask(&question).map_or(0, |(data, _)| data.len());
                if came > size {
                    return failed(said!("longer", size, came));
                }
            }
            Ok(said!("no longer one"))
        }),
    ],
    client: &[
        // One in four is slow: so the mean, and the maximum, are far from the
        // median.
        ("clean", "rtt", |p| measures(p, &[&[20], &[30], &[250], &[25]])),
        ("lost", "rtt", |p| measures(p, &[&[20], &[], &[30]])),
        ("twice", "rtt", |p| measures(p, &[&[20, 25], &[40, 45]])),
        ("swapped", "rtt", |p| measures(p, &[&[150], &[20]])),
        ("late", "rtt", |p| measures(p, &[&[60], &[LATE], &[60], &[60]])),
        ("none", "rtt", |p| measures(p, &[&[]])),
    ],
};

fn is_stamp(question: &[u8], answer: &[u8]) -> bool {
    let copy = answer.get(COPY..COPY + 14);
    copy.is_some() && copy == question.get(..14)
}

/// A network: after how many ms the first probe is answered, the second and so
/// on, and then anew. One that is never answered is lost; of two answers the
/// first counts.
type Network = [&'static [u64]];

/// Not before the next probe: a client that waits for each answer has given
/// this one up. (If no probe comes, then after so many ms.)
const LATE: u64 = 5000;

/// The tick of the system's clock, and of its timers, in ms.
const TICK: f64 = if cfg!(windows) { 16.0 } else { 1.0 };

/// What a played reflector saw and did.
#[derive(Default)]
struct Seen {
    sent: usize,
    /// The true delays in ms of what was answered and not late: in order.
    prompt: Vec<f64>,
    /// The same, with those that were late.
    all: Vec<f64>,
    /// By how many ms an answer went out later than planned: is the machine
    /// busy?
    behind: f64,
}

/// An answer that is due.
struct Due {
    at: Instant,
    wait: u64,
    is_first: bool,
    came: Instant,
    to: Datagram,
}

impl Seen {
    /// Answers until the client has ended, or has sent nothing for 8 s; a
    /// minute at most.
    fn of(p: &mut Peer, network: &Network) -> Seen {
        let ms = Duration::from_millis;
        let (mut seen, mut due): (Seen, Vec<Due>) = Default::default();
        let mut probe = Some((p.first.clone(), p.to));
        let (start, mut last) = (Instant::now(), Instant::now());
        while start.elapsed() < START
            && last.elapsed() < ms(8000)
            && (probe.is_some() || p.ended().is_none())
        {
            if let Some(to) = probe.take() {
                last = Instant::now();
                let late = due.iter_mut().filter(|due| due.wait == LATE);
                late.for_each(|due| due.at = last);
                let waits = network[seen.sent % network.len()];
                due.extend(waits.iter().enumerate().map(|(i, &wait)| {
                    let (at, to) = (last + ms(wait), to.clone());
                    Due { at, wait, is_first: i == 0, came: last, to }
                }));
                seen.sent += 1;
            }
            due.sort_by_key(|due| due.at);
            while due.first().is_some_and(|due| due.at <= Instant::now()) {
                seen.send(p, due.remove(0));
            }
            let at = due.first().map_or(last + ms(8000), |due| due.at);
            let left = at.saturating_duration_since(Instant::now());
            probe = hear(&p.s, left.min(ms(50)));
        }
        seen.all.sort_by(f64::total_cmp);
        seen.prompt.sort_by(f64::total_cmp);
        seen
    }

    fn send(&mut self, p: &Peer, due: Due) {
        let ms = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
        self.behind = self.behind.max(ms(due.at));
        let truth = ms(due.came);
        let _ = p.s.send_to(&due.to.0, due.to.1); // It may have gone.
        self.all.extend(due.is_first.then_some(truth));
        let prompt = due.is_first && due.wait != LATE;
        self.prompt.extend(prompt.then_some(truth));
    }
}

/// What a client makes of a network. Is it wrong, or was the machine busy? Then
/// it is run once more.
fn measures(p: &mut Peer, network: &Network) -> Look {
    let first = run(p, network, false);
    let Err((Noted, _)) = first else { return first };
    let mut p = p.another();
    p.start().and_then(|()| p.call()).or_else(failed)?;
    let again = |came: String| said!("second run", came);
    let second = run(&mut p, network, true);
    second.map(again).map_err(|(verdict, came)| (verdict, again(came)))
}

/// One run. What a busy machine may have done is `Noted`, in the `second` run
/// only if it is busy.
fn run(p: &mut Peer, network: &Network, second: bool) -> Look {
    let seen = Seen::of(p, network);
    let (by_itself, ended, how) = p.end(Duration::from_secs(20));
    let printed = ended.stdout;
    let counts = ["sent", "received", "lost"].map(|n| number(&printed, n));
    let [Some(sent), Some(received), Some(lost)] = counts else {
        return failed(said!("no counts", how));
    };
    let (prompt, all) = (seen.prompt.len(), seen.all.len());
    let late = all - prompt;
    let came =
        said!("counts came", sent, received, lost, seen.sent, prompt, late);
    let agree = sent == seen.sent as f64 && lost == sent - received;
    let calm = seen.behind < 30.0 + 2.0 * TICK;
    let doubt = if second && calm { Failed } else { Noted };
    if !by_itself {
        return failed(how);
    } else if !agree || received > all as f64 {
        return failed(came);
    } else if received < prompt as f64 {
        return Err((doubt, came));
    }
    let both = |times| format!("{came}; {times}");
    match times(&printed, &seen, doubt) {
        Ok(times) if calm => Ok(both(times)),
        Ok(times) => noted(said!("busy", both(times))),
        Err((verdict, times)) => Err((verdict, both(times))),
    }
}

/// Whether the times are not below the truth, and (there may be a `doubt`) not
/// far above it.
fn times(printed: &str, seen: &Seen, doubt: Verdict) -> Look {
    let given = |name| number(printed, name);
    let told = |name| Some(format!("{} {:.3}", said!(name), given(name)?));
    let told = ["min", "median", "max", "mean"].into_iter().filter_map(told);
    let told = told.collect::<Vec<_>>().join(" ");
    let (prompt, all) = (&seen.prompt, &seen.all);
    match (prompt.is_empty(), told.is_empty()) {
        (true, true) => return Ok(said!("no times")),
        (true, false) => return failed(said!("times of none", told)),
        (false, true) => return noted(said!("no times")),
        (false, false) => (),
    }
    let low = |list: &[f64]| list[(list.len() - 1) / 2];
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    // A loss may count as infinite (RFC 2681), or not at all (RFC 8912); and a
    // late answer as an answer, or as a loss.
    let high = all.get(seen.sent / 2).copied().unwrap_or(f64::INFINITY);
    let slack = 40.0 + 5.0 * seen.behind;
    for (name, one, other, slack) in [
        ("min", all[0], prompt[0], slack),
        ("median", low(prompt).min(low(all)), high.max(low(all)), slack),
        ("max", prompt[prompt.len() - 1], all[all.len() - 1], 3.0 * slack),
        ("mean", mean(prompt), mean(all), 3.0 * slack),
    ] {
        let (least, most) = (one.min(other), one.max(other));
        let truth =
            |ms| said!("true time", told, said!(name), format!("{ms:.1}"));
        match given(name) {
            Some(ms) if ms < least - TICK => return failed(truth(least)),
            Some(ms) if ms > most + slack => return Err((doubt, truth(most))),
            _ => (),
        }
    }
    Ok(told)
}

/// The words that stand before or after a number, in English and in Spanish.
const WORDS: [&[&str]; 7] = [
    &["sent", "enviados", "enviadas"],
    &["received", "recibidos", "recibidas"],
    &["lost", "perdidos", "perdidas"],
    &["min", "minimum", "mín", "mínimo", "minimo"],
    &["median", "mediana"],
    &["max", "maximum", "máx", "máximo", "maximo"],
    &["mean", "avg", "average", "media", "promedio"],
];

/// The number that belongs to a name, the first of some [`WORDS`], in the last
/// 20 lines of what a program printed: `sent N`, `N sent`, `min MS`.
fn number(printed: &str, name: &str) -> Option<f64> {
    let names = WORDS.iter().find(|words| words[0] == name)?;
    let text = printed.to_lowercase().replace(['=', ':'], " ");
    let last = text.lines().rev().take(20);
    let separators = [',', ';', '(', ')', '|'];
    last.flat_map(|line| line.split(separators)).find_map(|part| {
        let words: Vec<_> = part.split_whitespace().collect();
        let number = |i: usize| -> Option<f64> {
            words.get(i)?.trim_end_matches("ms").parse().ok()
        };
        let known = |word: &&str| WORDS.iter().any(|w| w.contains(word));
        let at = words.iter().position(|word| names.contains(word))?;
        // "10 sent" and "probes 10 sent", but "sent 10 received 9"; and "min -"
        // says that there is none.
        let found = match words.get(at + 1) {
            Some(next) if !known(next) && number(0).is_none() => number(at + 1),
            _ => number(at.wrapping_sub(1)),
        };
        found.filter(|number| number.is_finite())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_number_belongs_to_the_word_beside_it() {
        let number = |text, name| super::number(text, name);
        let usual = "sent 10 received 9 lost 1 min 1.5 median 2 ms";
        assert_eq!(number(usual, "lost"), Some(1.0));
        assert_eq!(number(usual, "min"), Some(1.5));
        assert_eq!(number("10 sent, 9 received", "received"), Some(9.0));
        assert_eq!(number("probes 10 sent", "sent"), Some(10.0));
        assert_eq!(number("All: 10 sent, 9 received", "sent"), Some(10.0));
        assert_eq!(number("10 sent 9 received", "received"), Some(9.0));
        // No time, and the number before it is another word's.
        let none = "sent 10 received 0 lost 10 min - median nan max -";
        assert_eq!(number(none, "lost"), Some(10.0));
        for name in ["min", "median", "max"] {
            assert_eq!(number(none, name), None, "{name}");
        }
    }
}
