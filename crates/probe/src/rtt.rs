//! The round-trip time of RFC 2681: a reflector, and a client that measures.

use std::time::{Duration, Instant};

use crate::asked::{Asked, Protocol};
use crate::echo;
use crate::net::{Datagram, hear, shown};
use crate::peer::START;
use crate::played::{Played, play};
use crate::report::Verdict::{Noted, Skipped};
use crate::report::{Look, Otherwise, Report, failed, judged};
use crate::words::said;

/// The bytes of a STAMP packet (RFC 8762, section 4.2.1).
const STAMP: usize = 44;
/// Where its answer repeats the first 14 bytes of the question (4.3.1).
const COPY: usize = 24;

/// A STAMP packet, and it comes back as an echo or as STAMP answers.
pub const PROTOCOL: Protocol = Protocol {
    name: "rtt",
    question: |n| {
        let mut data = n.to_be_bytes().to_vec();
        data.extend(0xEE80_0000_u32.wrapping_add(n).to_be_bytes());
        data.extend([0, 0, 0, 0, 0x20, 0x01]); // May be wrong by a second.
        data.resize(STAMP, 0);
        data
    },
    answers: |question, answer| {
        let echo = echo::PROTOCOL.answers;
        echo(question, answer) || is_stamp(question, answer)
    },
    source: "reflector",
    server,
    client,
};

fn is_stamp(question: &[u8], answer: &[u8]) -> bool {
    let copy = answer.get(COPY..COPY + 14);
    copy.is_some() && copy == question.get(..14)
}

fn server(t: &mut Asked) {
    t.rule("reflects", "reflector", |t| {
        let question = t.question();
        match t.ask(&question) {
            Some((data, _)) if data == question => Ok(said!("an echo")),
            Some((data, _)) if is_stamp(&question, &data) => Ok(said!("stamp")),
            came => failed(shown(came)),
        }
    });
    t.rule("short probe", "reflector", |t| {
        let look = t.echoes(b"sonda 000001"); // As exercise 12's: 12 bytes.
        look.map_err(|(_, came)| (Noted, came))
    });
    t.rule("sizes", "no longer", |t| {
        for size in [STAMP, 1000] {
            let mut question = t.question();
            question.resize(size, b'x');
            let came = t.ask(&question);
            if let Some((data, _)) = came.filter(|(data, _)| data.len() > size)
            {
                return failed(said!("longer", size, data.len()));
            }
        }
        Ok(said!("no longer one"))
    });
    t.clients();
}

/// One answer of a played reflector.
#[derive(Clone, Copy)]
struct Answer {
    /// It goes out so many ms after its probe;
    most: u64,
    /// or when the next probe comes, but no sooner than so many ms,
    least: u64,
    /// and so many ms behind that next one.
    behind: u64,
    kind: Kind,
}

/// What an answer is to a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prompt,
    /// A client that waits for each answer has given it up.
    Late,
    /// The second to its probe.
    Second,
}

const fn after(ms: u64) -> Answer {
    Answer { most: ms, least: ms, behind: 0, kind: Kind::Prompt }
}

const fn again(ms: u64) -> Answer {
    Answer { kind: Kind::Second, ..after(ms) }
}

/// What a reflector does with probes, one after the other, and then anew.
type Fault = &'static [&'static [Answer]];

/// One in four is slow: so the mean, and the maximum, are far from the median.
const CLEAN: Fault = &[&[after(20)], &[after(30)], &[after(250)], &[after(25)]];
const LOST: Fault = &[&[after(20)], &[], &[after(30)]];
const TWICE: Fault = &[
    &[after(20), again(25)],
    &[after(30), again(35)],
    &[after(40), again(45)],
];
const SWAPPED: Fault =
    &[&[Answer { most: 150, least: 0, behind: 30, ..after(0) }], &[after(20)]];
const LATE: Fault = &[
    &[after(60)],
    &[Answer { most: 5000, least: 60, behind: 0, kind: Kind::Late }],
    &[after(60)],
    &[after(60)],
];

/// The faults, each with the names of its two rules.
const FAULTS: [(&str, &str, Fault); 6] = [
    ("clean counts", "clean times", CLEAN),
    ("lost counts", "lost times", LOST),
    ("twice counts", "twice times", TWICE),
    ("swapped counts", "swapped times", SWAPPED),
    ("late counts", "late times", LATE),
    ("none counts", "none times", &[&[]]),
];

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
    answer: Answer,
    came: Instant,
    to: Datagram,
}

impl Seen {
    /// Answers until the client has ended, or has sent nothing for 8 s; a
    /// minute at most.
    fn of(p: &mut Played, fault: Fault) -> Seen {
        let ms = Duration::from_millis;
        let (mut seen, mut due): (Seen, Vec<Due>) = Default::default();
        let mut next = Some((p.first.clone(), p.peer.to));
        let (start, mut last) = (Instant::now(), Instant::now());
        while start.elapsed() < START
            && last.elapsed() < ms(8000)
            && (next.is_some() || p.peer.ended().is_none())
        {
            if let Some(to) = next.take() {
                let came = Instant::now();
                for Due { at, answer, came: first, .. } in &mut due {
                    let least = *first + ms(answer.least);
                    *at = (came + ms(answer.behind)).max(least).min(*at);
                }
                let answers = fault[seen.sent % fault.len()].iter();
                due.extend(answers.map(|&answer| {
                    let (at, to) = (came + ms(answer.most), to.clone());
                    Due { at, answer, came, to }
                }));
                (seen.sent, last) = (seen.sent + 1, came);
            }
            due.sort_by_key(|due| due.at);
            while due.first().is_some_and(|due| due.at <= Instant::now()) {
                seen.send(p, due.remove(0));
            }
            let at = due.first().map_or(last + ms(8000), |due| due.at);
            let left = at.saturating_duration_since(Instant::now());
            next = hear(&p.peer.s, left.min(ms(50)));
        }
        seen.all.sort_by(f64::total_cmp);
        seen.prompt.sort_by(f64::total_cmp);
        seen
    }

    fn send(&mut self, p: &Played, due: Due) {
        let ms = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
        self.behind = self.behind.max(ms(due.at));
        let truth = ms(due.came);
        let _ = p.peer.s.send_to(&due.to.0, due.to.1); // It may have gone.
        if due.answer.kind == Kind::Prompt {
            self.prompt.push(truth);
        }
        if due.answer.kind != Kind::Second {
            self.all.push(truth);
        }
    }
}

/// Numbers in a program's last lines: `sent N`, `N sent`, `min MS`.
struct Lines(String);

/// The words before or after a number, in English and in Spanish.
const WORDS: [&[&str]; 7] = [
    &["sent", "enviados", "enviadas"],
    &["received", "recibidos", "recibidas"],
    &["lost", "perdidos", "perdidas"],
    &["min", "minimum", "mín", "mínimo", "minimo"],
    &["median", "mediana"],
    &["max", "maximum", "máx", "máximo", "maximo"],
    &["mean", "avg", "average", "media", "promedio"],
];

impl Lines {
    /// The number that belongs to the first of some [`WORDS`].
    fn number(&self, name: &str) -> Option<f64> {
        let names = WORDS.iter().find(|words| words[0] == name)?;
        let text = self.0.to_lowercase().replace(['=', ':'], " ");
        let last = text.lines().rev().take(20);
        let separators = [',', ';', '(', ')', '|'];
        last.flat_map(|line| line.split(separators)).find_map(|part| {
            let words: Vec<_> = part.split_whitespace().collect();
            let number = |i: usize| -> Option<f64> {
                words.get(i)?.trim_end_matches("ms").parse().ok()
            };
            let at = words.iter().position(|word| names.contains(word))?;
            // "min -": it says that there is none.
            let known = |word: &&str| WORDS.iter().any(|w| w.contains(word));
            let next = words.get(at + 1).filter(|word| !known(word));
            if next.is_some() && number(at + 1).is_none() {
                return None;
            }
            // "10 sent" and "probes 10 sent", but "sent 10 received 9".
            let behind = number(at + 1).filter(|_| number(0).is_none());
            let found = behind.or(number(at.wrapping_sub(1)));
            found.filter(|number| number.is_finite())
        })
    }
}

fn client(report: &mut Report, command: &[String]) -> Result<(), String> {
    report.tell(said!("rtt takes"));
    let runs =
        FAULTS.map(|(.., fault)| move |p: Played| judge(p, fault, command));
    let plays = runs.each_ref().map(|run| run as _);
    play(command, &plays, |i, looks| {
        let never = |(verdict, why): Otherwise| {
            [Err((verdict, why.clone())), Err((Skipped, why))]
        };
        let [first, second] = looks.unwrap_or_else(never);
        let (counts, times, _) = FAULTS[i];
        report.rule(counts, "rtt counts", first);
        report.rule(times, "rtt times", second);
    })
}

/// What a client makes of a fault: its counts, and its times. Is it wrong, or
/// was the machine busy? Then it is run once more.
fn judge(p: Played, fault: Fault, command: &[String]) -> [Look; 2] {
    let (first, _) = run(p, fault);
    if !first.iter().any(|look| matches!(look, Err((Noted, _)))) {
        return first;
    }
    let Ok(Ok(again)) = Played::start(command) else { return first };
    let ([counts, times], calm) = run(again, fault);
    let told = |look: Look, sure| match look {
        Ok(came) => Ok(said!("second run", came)),
        Err((Noted, came)) if sure => failed(said!("second run", came)),
        Err((verdict, came)) => Err((verdict, said!("second run", came))),
    };
    [told(counts, calm), told(times, true)]
}

/// One run; and whether the machine was calm. What a busy machine may have
/// done is `Noted`.
fn run(mut p: Played, fault: Fault) -> ([Look; 2], bool) {
    let seen = Seen::of(&mut p, fault);
    let calm = seen.behind < 30.0;
    let (by_itself, ended, how) = p.end(Duration::from_secs(20));
    let lines = Lines(ended.stdout);
    let counts = ["sent", "received", "lost"].map(|name| lines.number(name));
    let [Some(sent), Some(received), Some(lost)] = counts else {
        let counts = failed(said!("no counts", how));
        return ([counts, Err((Skipped, said!("no lines")))], calm);
    };
    let (least, most) = (seen.prompt.len() as f64, seen.all.len() as f64);
    let answered = match least == most {
        true => most.to_string(),
        false => format!("{least}-{most}"),
    };
    let came = said!("counts came", sent, received, lost, seen.sent, answered);
    let agree = sent == seen.sent as f64 && lost == sent - received;
    let counts = match agree && received <= most {
        _ if !by_itself => failed(how),
        false => failed(came),
        true if received < least => Err((Noted, came)),
        true => Ok(came),
    };
    ([counts, times(&lines, &seen, received >= least)], calm)
}

/// Whether the times are not below the truth, and not far above it. If it has
/// not counted all answers in time, only its least one can be compared.
fn times(lines: &Lines, seen: &Seen, whole: bool) -> Look {
    let told = ["min", "median", "max", "mean"].map(|name| {
        lines.number(name).map_or(String::new(), |ms| format!("{name} {ms} "))
    });
    let told = told.concat();
    let told = told.trim_end();
    let (prompt, all) = (&seen.prompt, &seen.all);
    let (Some(longest), Some(last)) = (prompt.last(), all.last()) else {
        let none = told.is_empty();
        return judged(
            none,
            if none { said!("no times") } else { said!("times of none", told) },
        );
    };
    if told.is_empty() {
        return Err((Skipped, said!("no times line")));
    }
    let low = |list: &[f64]| list[(list.len() - 1) / 2];
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let means = (mean(prompt), mean(all));
    // A loss may count as infinite (RFC 2681), or not at all (RFC 8912).
    let high = all.get(seen.sent / 2).copied().unwrap_or(f64::INFINITY);
    let rounding = if cfg!(windows) { 16.0 } else { 1.0 }; // Its clock's tick.
    let slack = 40.0 + 5.0 * seen.behind;
    for (name, least, most, slack) in [
        ("min", all[0], prompt[0], slack),
        ("median", low(prompt).min(low(all)), high.max(low(all)), slack),
        ("max", *longest, *last, 3.0 * slack),
        ("mean", means.0.min(means.1), means.0.max(means.1), 3.0 * slack),
    ] {
        match lines.number(name) {
            Some(ms) if ms < least - rounding && (whole || name == "min") => {
                let truth = format!("{least:.1}");
                return failed(said!("below", told, name, truth));
            }
            Some(ms) if ms > most + slack && whole => {
                let truth = format!("{most:.1}");
                return Err((Noted, said!("above", told, name, truth)));
            }
            _ => {}
        }
    }
    Ok(told.to_string())
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_number_belongs_to_the_word_beside_it() {
        let number = |text: &str, name| Lines(text.to_string()).number(name);
        let usual = "sent 10 received 9 lost 1 min 1.5 median 2 ms";
        assert_eq!(number(usual, "lost"), Some(1.0));
        assert_eq!(number(usual, "min"), Some(1.5));
        assert_eq!(number("10 sent, 9 received", "received"), Some(9.0));
        assert_eq!(number("probes 10 sent", "sent"), Some(10.0));
        // No time, and the number before it is another word's.
        let none = "sent 10 received 0 lost 10 min - median nan max -";
        assert_eq!(number(none, "lost"), Some(10.0));
        for name in ["min", "median", "max"] {
            assert_eq!(number(none, name), None, "{name}");
        }
    }
}
