//! The round-trip time of RFC 2681: a reflector, and a client that measures.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::asked::{Asked, Protocol};
use crate::net::{Datagram, hear, shown};
use crate::played::{Played, Scene, play};
use crate::report::Verdict::{Failed, Noted, Passed, Skipped};
use crate::report::{Look, Report, judged};
use crate::running::START;
use crate::words::said;

/// The bytes of a STAMP packet (RFC 8762, section 4.2.1).
const STAMP: usize = 44;
/// Where its answer repeats the first 14 bytes of the question (4.3.1).
const COPY: usize = 24;

/// A STAMP packet, and it comes back as an echo or as STAMP answers.
pub const PROTOCOL: Protocol = Protocol {
    question: |n| {
        let mut data = n.to_be_bytes().to_vec();
        data.extend(0xEE80_0000_u32.wrapping_add(n).to_be_bytes());
        data.extend([0, 0, 0, 0, 0x20, 0x01]); // May be wrong by a second.
        data.resize(STAMP, 0);
        data
    },
    answers: |question, answer| {
        (crate::echo::PROTOCOL.answers)(question, answer)
            || is_stamp(question, answer)
    },
    source: "reflector",
};

fn is_stamp(question: &[u8], answer: &[u8]) -> bool {
    answer.len() >= COPY + 14
        && answer.get(COPY..COPY + 14) == question.get(..14)
}

/// Judges a reflector.
pub fn server(t: &mut Asked) {
    t.rule("reflects", "reflector", |t| {
        let question = t.question();
        match t.ask(&t.s, &question) {
            Some((data, _)) if data == question => (Passed, said!("an echo")),
            Some((data, _)) if is_stamp(&question, &data) => {
                (Passed, said!("stamp"))
            }
            came => (Failed, shown(came)),
        }
    });
    t.rule("short probe", "reflector", |t| {
        let probe = b"sonda 000001"; // As exercise 12's: 12 bytes.
        match t.ask(&t.s, probe) {
            Some((data, _)) if data == probe => (Passed, said!("the same")),
            came => (Noted, shown(came)),
        }
    });
    t.rule("sizes", "no longer", |t| {
        for size in [STAMP, 1000] {
            let mut question = t.question();
            question.resize(size, b'x');
            if let Some((data, _)) = t.ask(&t.s, &question)
                && data.len() > size
            {
                return (Failed, said!("longer", size, data.len()));
            }
        }
        (Passed, said!("no longer one"))
    });
    t.clients();
}

/// One answer of a played reflector.
enum Answer {
    /// So many ms after the probe.
    After(u64),
    /// The same, of an answer that is the second to its probe.
    Again(u64),
    /// After the answer to the next probe; 150 ms after its own at most.
    Swapped,
    /// When the next probe comes, 60 ms after its own at least: a client that
    /// waits for each answer has given it up by then.
    Late,
}
use Answer::{After, Again, Late, Swapped};

/// What a reflector does with the probe number i, from 0.
type Fault = fn(usize) -> Vec<Answer>;

/// 20, 30 or 40 ms, in turn.
const fn delay(i: usize) -> u64 {
    20 + 10 * (i as u64 % 3)
}

/// The faults, each with the names of its two rules.
const FAULTS: [(&str, &str, Fault); 6] = [
    ("clean counts", "clean times", |i| vec![After(delay(i))]),
    ("lost counts", "lost times", |i| match i % 3 {
        1 => vec![],
        _ => vec![After(delay(i / 3))],
    }),
    ("twice counts", "twice times", |i| {
        vec![After(delay(i)), Again(delay(i) + 5)]
    }),
    ("swapped counts", "swapped times", |i| match i % 2 {
        0 => vec![Swapped],
        _ => vec![After(20)],
    }),
    ("late counts", "late times", |i| match i % 4 {
        1 => vec![Late],
        _ => vec![After(60)],
    }),
    ("none counts", "none times", |_| vec![]),
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
        let (mut seen, mut due): (Seen, Vec<Due>) = Default::default();
        let mut next = Some((p.first.clone(), p.from));
        let (start, mut last) = (Instant::now(), Instant::now());
        while start.elapsed() < START
            && last.elapsed() < Duration::from_secs(8)
            && (next.is_some() || !p.has_ended())
        {
            if let Some(to) = next.take() {
                let now = Instant::now();
                due.iter_mut().for_each(|due| due.next_came(now));
                let answers = fault(seen.sent).into_iter();
                due.extend(answers.map(|answer| Due::new(answer, now, &to)));
                (seen.sent, last) = (seen.sent + 1, now);
            }
            due.sort_by_key(|due| due.at);
            while due.first().is_some_and(|due| due.at <= Instant::now()) {
                seen.send(p, due.remove(0));
            }
            let wait = Duration::from_millis(50);
            let wait = due.first().map_or(wait, |due| {
                due.at.saturating_duration_since(Instant::now()).min(wait)
            });
            next = hear(&p.s, wait);
        }
        seen.all.sort_by(f64::total_cmp);
        seen.prompt.sort_by(f64::total_cmp);
        seen
    }

    fn send(&mut self, p: &Played, due: Due) {
        let ms = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
        self.behind = self.behind.max(ms(due.at));
        let truth = ms(due.came);
        let _ = p.s.send_to(&due.to.0, due.to.1); // It may have gone.
        if matches!(due.answer, After(_) | Swapped) {
            self.prompt.push(truth);
        }
        if !matches!(due.answer, Again(_)) {
            self.all.push(truth);
        }
    }
}

impl Due {
    fn new(answer: Answer, came: Instant, to: &Datagram) -> Due {
        let wait = match answer {
            After(ms) | Again(ms) => ms,
            Swapped => 150,
            Late => 5000,
        };
        let at = came + Duration::from_millis(wait);
        Due { at, answer, came, to: to.clone() }
    }

    /// The next probe came.
    fn next_came(&mut self, now: Instant) {
        let [short, long] = [30, 60].map(Duration::from_millis);
        self.at = match self.answer {
            After(_) | Again(_) => self.at,
            Swapped => self.at.min(now + short).max(self.came + short),
            Late => self.at.min(now.max(self.came + long)),
        };
    }
}

/// Numbers in a program's last lines: `sent N`, `N sent`, `min MS`.
struct Lines(String);

/// The words before or after a number, in English and in Spanish.
const WORDS: [(&str, &[&str]); 7] = [
    ("sent", &["sent", "enviados", "enviadas"]),
    ("received", &["received", "recibidos", "recibidas"]),
    ("lost", &["lost", "perdidos", "perdidas"]),
    ("min", &["min", "minimum", "mín", "mínimo", "minimo"]),
    ("median", &["median", "mediana"]),
    ("max", &["max", "maximum", "máx", "máximo", "maximo"]),
    ("mean", &["mean", "avg", "average", "media", "promedio"]),
];

impl Lines {
    /// The number that belongs to one of the [`WORDS`].
    fn number(&self, name: &str) -> Option<f64> {
        let is =
            |word: &str| word.trim_end_matches("ms").parse::<f64>().is_ok();
        let (_, names) = WORDS.iter().find(|(word, _)| *word == name)?;
        let lines: Vec<_> = self.0.lines().collect();
        let last = lines.iter().rev().take(20);
        last.flat_map(|line| line.split([',', ';', '(', ')', '|'])).find_map(
            |part| {
                let lower = part.to_lowercase().replace(['=', ':'], " ");
                let words: Vec<_> = lower.split_whitespace().collect();
                let at = words.iter().position(|w| names.contains(w))?;
                // "10 sent" and "probes 10 sent", but "sent 10 received 9".
                let behind = words.get(at + 1).filter(|_| !is(words[0]));
                let word = behind.filter(|word| is(word));
                let number = word.or(words.get(at.wrapping_sub(1)))?;
                let number = number.trim_end_matches("ms");
                number.parse::<f64>().ok().filter(|n| n.is_finite())
            },
        )
    }
}

/// Judges a client.
///
/// # Errors
/// A sentence, if it does not start.
pub fn client(report: &mut Report, command: &[String]) -> Result<(), String> {
    report.tell(said!("rtt takes"));
    let times = Mutex::new(HashMap::new());
    let keep = |name, look| {
        times.lock().unwrap_or_else(|e| e.into_inner()).insert(name, look);
    };
    let scenes = FAULTS.map(|(counts, name, fault)| {
        let look = move |p: &mut Played| {
            let (mut looks, _) = run(p, fault);
            // Is the client wrong, or was the machine busy? Once more.
            if looks.iter().any(|look| look.0 == Noted)
                && let Ok(Ok(mut again)) = Played::start(command)
            {
                let (second, calm) = run(&mut again, fault);
                looks = second
                    .map(|(look, came)| (look, said!("second run", came)));
                for (look, sure) in looks.iter_mut().zip([calm, true]) {
                    if look.0 == Noted && sure {
                        look.0 = Failed;
                    }
                }
            }
            let [counts, times] = looks;
            keep(name, times);
            counts
        };
        (counts, look)
    });
    let scenes = scenes.each_ref().map(|(counts, look)| {
        let scene: Scene = (counts, "rtt counts", look);
        scene
    });
    play(report, command, &scenes)?;
    let mut times = times.into_inner().unwrap_or_default();
    for (_, name, _) in FAULTS {
        let never = (Skipped, said!("never asked"));
        report.rule(name, "rtt times", times.remove(name).unwrap_or(never));
    }
    Ok(())
}

/// One run: its counts, and its times; and whether the machine was calm. What
/// a busy machine may have done is `Noted`.
fn run(p: &mut Played, fault: Fault) -> ([Look; 2], bool) {
    let seen = Seen::of(p, fault);
    let (by_itself, ended, how) = p.ending(Duration::from_secs(20));
    let lines = Lines(ended.stdout);
    let counts = ["sent", "received", "lost"].map(|name| lines.number(name));
    let calm = seen.behind < 30.0;
    let [Some(sent), Some(received), Some(lost)] = counts else {
        let counts = (Failed, said!("no counts", how));
        return ([counts, (Skipped, said!("no lines"))], calm);
    };
    let (least, most) = (seen.prompt.len() as f64, seen.all.len() as f64);
    let agree = sent == seen.sent as f64 && lost == sent - received;
    let verdict = match by_itself && agree && received <= most {
        false => Failed,
        true if received < least => Noted,
        true => Passed,
    };
    let answered =
        if least == most { String::new() } else { format!("{least}-") };
    let answered = answered + &most.to_string();
    let came = said!("counts came", sent, received, lost, seen.sent, answered);
    let times = times(&lines, &seen, received >= least);
    ([(verdict, came), times], calm)
}

/// Whether the times are not below the truth, and not far above it. If it has
/// not counted all answers in time, only its least one can be compared.
fn times(lines: &Lines, seen: &Seen, whole: bool) -> Look {
    let names = ["min", "median", "max", "mean"];
    let found = names.map(|name| lines.number(name));
    let told: Vec<_> = names
        .iter()
        .zip(found)
        .filter_map(|(name, ms)| Some(format!("{name} {}", ms?)))
        .collect();
    let told = told.join(", ");
    let (prompt, all) = (&seen.prompt, &seen.all);
    if prompt.is_empty() {
        let good = told.is_empty();
        return judged(good, if good { said!("no times") } else { told });
    } else if told.is_empty() {
        return (Skipped, said!("no times line"));
    }
    let low = |list: &[f64]| list[(list.len() - 1) / 2];
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    // A loss may count as infinite (RFC 2681), or not at all (RFC 8912).
    let high = all.get(seen.sent / 2).copied().unwrap_or(f64::INFINITY);
    let truths = [
        (all[0], prompt[0]),
        (low(prompt).min(low(all)), high.max(low(all))),
        (prompt[prompt.len() - 1], all[all.len() - 1]),
        (mean(prompt).min(mean(all)), mean(prompt).max(mean(all))),
    ];
    let rounding = if cfg!(windows) { 16.0 } else { 1.0 }; // Its clock's tick.
    let slack = 40.0 + 5.0 * seen.behind;
    let slacks = [slack, slack, 3.0 * slack, 3.0 * slack];
    for ((name, ms), ((low, high), slack)) in
        names.iter().zip(found).zip(truths.into_iter().zip(slacks))
    {
        let Some(ms) = ms.filter(|_| whole || *name == "min") else { continue };
        if ms < low - rounding {
            return (Failed, said!("below", told, name, format!("{low:.1}")));
        } else if ms > high + slack && whole {
            return (Noted, said!("above", told, name, format!("{high:.1}")));
        }
    }
    (Passed, told)
}
