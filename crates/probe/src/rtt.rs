//! The round-trip time of RFC 2681: a reflector, and a client that measures.

use std::time::{Duration, Instant};

use testbed::{Datagram, bytes, hear};

use crate::echo::is_echo;
use crate::judge::{Failed, Look, Noted, failed, judged, lenient};
use crate::peer::{Peer, Protocol, START};
use crate::words::names;

/// The bytes of a STAMP packet (RFC 8762, section 4.2.1).
const STAMP: usize = 44;
/// Where its answer repeats the first 14 bytes of the question (4.3.1).
const COPY: usize = 24;

/// A STAMP packet, and it comes back as an echo or as STAMP answers.
pub const RTT: Protocol = Protocol {
    name: "rtt",
    sources: ["reflector", "rtt"],
    question: |n| {
        // A number, a time that may be wrong by a second, and zeros.
        let time = [0xEE, 0x80, 0, 0, 0, 0, 0, 0, 0x20, 0x01];
        [&n.to_be_bytes(), &time[..], &[0; STAMP - 14]].concat()
    },
    answers: |question, answer| {
        is_echo(question, answer) || is_stamp(question, answer)
    },
    meet: Peer::meet,
    server: &[
        ("reflects", "", |t| {
            let question = t.question();
            match t.ask(&question)? {
                (data, _) if data == question => Ok(said!("an echo")),
                (data, _) if is_stamp(&question, &data) => Ok(said!("stamp")),
                (data, _) => failed(bytes(&data)),
            }
        }),
        // As exercise 12's: 12 bytes.
        ("short probe", "", |t| lenient(t.echoes(b"sonda 000001"))),
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
        ("clean", "", |p| measures(p, &[&[20], &[30], &[250], &[25]])),
        ("lost", "", |p| measures(p, &[&[20], &[], &[30]])),
        ("twice", "", |p| measures(p, &[&[20, 25], &[40, 45]])),
        ("swapped", "", |p| measures(p, &[&[150], &[20]])),
        ("late", "", |p| measures(p, &[&[60], &[LATE], &[60], &[60]])),
        ("none", "", |p| measures(p, &[&[]])),
    ],
};

fn is_stamp(question: &[u8], answer: &[u8]) -> bool {
    answer.get(COPY..COPY + 14) == Some(&question[..14])
}

/// A network: after how many ms the first probe is answered, the second and so
/// on, and then anew. One that is never answered is lost; of two answers the
/// first counts.
type Network = [&'static [u64]];

/// Not before the next probe: a client that waits for each answer has given
/// this one up.
const LATE: u64 = u64::MAX;

/// The tick of the system's clock, and of its timers, in ms.
const TICK: f64 = if cfg!(windows) { 16.0 } else { 1.0 };

/// A probe that came.
struct Probe {
    datagram: Datagram,
    came: Instant,
    waits: &'static [u64],
    /// When it was answered.
    answers: Vec<Instant>,
}

impl Probe {
    /// Its true delay in ms, if it was answered.
    fn delay(&self) -> Option<f64> {
        let delay = self.answers.first()?.duration_since(self.came);
        Some(delay.as_secs_f64() * 1e3)
    }
}

/// Answers until the client has ended, or has sent nothing for 8 s; a minute at
/// most.
fn reflect(p: &mut Peer, network: &Network) -> Vec<Probe> {
    let ms = Duration::from_millis;
    let mut probes: Vec<Probe> = Vec::new();
    let mut next = Some(p.first.clone());
    let (start, mut last) = (Instant::now(), Instant::now());
    while start.elapsed() < START
        && last.elapsed() < ms(8000)
        && (next.is_some() || !p.has_ended())
    {
        if let Some(datagram) = next {
            let (came, answers) = (Instant::now(), Vec::new());
            let waits = network[probes.len() % network.len()];
            probes.push(Probe { datagram, came, waits, answers });
            last = came;
        }
        for probe in &mut probes {
            let is_due = match probe.waits.get(probe.answers.len()) {
                Some(&LATE) => probe.came < last,
                Some(&wait) => probe.came.elapsed() >= ms(wait),
                None => false,
            };
            if is_due {
                probe.answers.push(Instant::now());
                let (data, from) = &probe.datagram;
                let _ = p.s.send_to(data, from); // It may have gone.
            }
        }
        next = hear(&p.s, ms(1));
    }
    probes
}

/// What a client makes of a network. Is it wrong, or was the machine busy? Then
/// it is run once more.
fn measures(p: &mut Peer, network: &Network) -> Look {
    let first = run(p, network, false);
    let Err((Noted, _)) = first else { return first };
    p.again()?;
    run(p, network, true)
}

/// One run. What a busy machine may have done is `Noted`, in the `second` run
/// only if it is busy.
fn run(p: &mut Peer, network: &Network, second: bool) -> Look {
    let probes = reflect(p, network);
    let (well, ended, how) = p.end(20);
    let number = |name| number(&ended.stdout, &names(name));
    let counts = ["sent", "received", "losses"];
    let counts = counts.map(|name| Some(number(name)?.1));
    let [Some(sent), Some(received), Some(lost)] = counts else {
        return failed(said!("no counts", how));
    };
    if !well {
        return failed(how);
    }
    // The longest time that an answer went out later than planned.
    let behind = |p: &Probe| Some(p.delay()? - *p.waits.first()? as f64);
    let behind = probes.iter().filter_map(behind).fold(0.0, f64::max);
    let calm = behind < 30.0 + 2.0 * TICK;
    let doubt = if second && calm { Failed } else { Noted };

    // A late answer may count as an answer, or as a loss.
    let prompt = delays(probes.iter().filter(|probe| probe.waits != [LATE]));
    let all = delays(probes.iter());
    let (count, late) = (probes.len(), all.len() - prompt.len());
    let mut came =
        said!("counts came", sent, received, lost, count, prompt.len(), late);
    if second {
        came = said!("second run", came);
    }
    let agree = sent == count as f64 && lost == sent - received;
    if !agree || received > all.len() as f64 {
        return failed(came);
    } else if received < prompt.len() as f64 {
        return Err((doubt, came));
    }
    let mut times = 0;
    for (name, statistic, slack) in TIMES {
        let Some((word, time)) = number(name) else { continue };
        times += 1;
        came += &format!("; {word} {time:.3}");
        if prompt.is_empty() {
            return failed(said!("times of none", came));
        }
        let of = |list: &[f64]| [0, 1].map(|more| statistic(list, more));
        let values = [of(&prompt), of(&all)].concat();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        let truth = |ms| said!("true time", came, format!("{ms:.1}"));
        if time < least - TICK {
            return failed(truth(least));
        } else if time > most + slack * (40.0 + 5.0 * behind) {
            return Err((doubt, truth(most)));
        }
    }
    match (times, calm) {
        (0, _) => lenient(judged(prompt.is_empty(), said!("no times", came))),
        (_, true) => Ok(came),
        (_, false) => Err((Noted, said!("busy", came))),
    }
}

/// The true delays of some probes, in order.
fn delays<'a>(probes: impl Iterator<Item = &'a Probe>) -> Vec<f64> {
    let mut delays: Vec<f64> = probes.filter_map(Probe::delay).collect();
    delays.sort_by(f64::total_cmp);
    delays
}

/// A statistic of times that are in order. Where two are in the middle, a median
/// is the lower (0) or the upper one (1).
type Statistic = fn(&[f64], usize) -> f64;

/// What a client says of the times: a name of the table of words, what it is, and
/// how often a machine may add to it what it adds to one time.
const TIMES: [(&str, Statistic, f64); 4] = [
    ("min", |list, _| list[0], 1.0),
    ("median", |list, more| list[(list.len() - 1 + more) / 2], 1.0),
    ("max", |list, _| list[list.len() - 1], 3.0),
    ("mean", |list, _| list.iter().sum::<f64>() / list.len() as f64, 3.0),
];

/// The first of these words that stands beside a number, in the last 20 lines of
/// what a program printed, and that number: `sent N`, `N sent`, `min MS`.
fn number(printed: &str, names: &[&str]) -> Option<(String, f64)> {
    let text = printed.to_lowercase().replace(['=', ':'], " ");
    let last = text.lines().rev().take(20);
    let separators = [',', ';', '(', ')', '|'];
    last.flat_map(|line| line.split(separators)).find_map(|part| {
        let words: Vec<_> = part.split_whitespace().collect();
        let number = |at: usize| -> Option<f64> {
            words.get(at)?.trim_end_matches("ms").parse().ok()
        };
        let at = words.iter().position(|word| names.contains(word))?;
        // "10 sent" and "probes 10 sent", but "sent 10 received 9"; and "min -"
        // says that there is none.
        let is_behind = number(0).is_some() || at + 1 == words.len();
        let found = number(if is_behind { at.wrapping_sub(1) } else { at + 1 });
        found.filter(|n| n.is_finite()).map(|n| (words[at].to_string(), n))
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_number_belongs_to_the_word_beside_it() {
        let number = |text, name| Some(super::number(text, &names(name))?.1);
        let usual = "sent 10 received 9 lost 1 min 1.5 median 2 ms";
        assert_eq!(number(usual, "losses"), Some(1.0));
        assert_eq!(number(usual, "min"), Some(1.5));
        assert_eq!(number("10 sent, 9 received", "received"), Some(9.0));
        assert_eq!(number("probes 10 sent", "sent"), Some(10.0));
        assert_eq!(number("All: 10 sent, 9 received", "sent"), Some(10.0));
        assert_eq!(number("10 sent 9 received", "received"), Some(9.0));
        // No time, and the number before it is another word's.
        let none = "sent 10 received 0 lost 10 min - median nan max -";
        assert_eq!(number(none, "losses"), Some(10.0));
        for name in ["min", "median", "max"] {
            assert_eq!(number(none, name), None, "{name}");
        }
    }
}
