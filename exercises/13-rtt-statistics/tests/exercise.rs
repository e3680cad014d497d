//! The tests of exercise 13. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use ex13_rtt_statistics::{
    LOST, inverse, loss, median, minimum, percentile, sorted,
};
use kit::{Said, Shown, caught, doing, fail, said, say};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

/// The sample of RFC 2681, section 4.1: milliseconds.
const RFC_2681: [f64; 5] = [100.0, 110.0, LOST, 90.0, 500.0];

/// That sample, and small ones from a seed: quarters of a millisecond, so that
/// all that is computed here is exact.
fn samples() -> Vec<Vec<f64>> {
    let mut seed = 13_u64;
    let mut below = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % n
    };
    let mut delay = || match below(4) {
        0 => LOST,
        _ => 0.25 * (1 + below(30)) as f64,
    };
    let sizes = (1..=8).cycle().skip(2).take(48);
    let seeded = sizes.map(|n| (0..n).map(|_| delay()).collect());
    [RFC_2681.to_vec()].into_iter().chain(seeded).collect()
}

/// Each sample with each `x`.
fn with(xs: &[f64]) -> Vec<Question> {
    let each = |s: Vec<f64>| xs.iter().map(move |x| (s.clone(), *x));
    samples().into_iter().flat_map(each).collect()
}

/// A sample, and the further argument of a function that takes one.
type Question = (Vec<f64>, f64);

/// What a function gives.
#[derive(Clone)]
enum Given {
    Value(f64),
    Share(Option<f64>),
    Delays(Vec<f64>),
}

use Given::{Delays, Share, Value};

/// Whether two values are the same, but for what floats round.
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() < 1e-9
}

impl PartialEq for Given {
    fn eq(&self, other: &Given) -> bool {
        match (self, other) {
            (Value(a), Value(b)) | (Share(Some(a)), Share(Some(b))) => {
                same(*a, *b)
            }
            (Share(a), Share(b)) => a.is_none() && b.is_none(),
            (Delays(a), Delays(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b))
            }
            _ => false,
        }
    }
}

impl Shown for Given {
    fn shown(&self) -> String {
        match self {
            Value(x) | Share(Some(x)) => number(*x),
            Share(None) => "None".to_string(),
            Delays(all) => list(all),
        }
    }
}

/// A number, as the reader writes it.
fn number(x: f64) -> String {
    match x {
        LOST => "LOST".to_string(),
        _ => x.to_string().replace('.', say(".", ",")),
    }
}

/// A sample, for a person to read.
fn list(sample: &[f64]) -> String {
    let shown = sample.iter().take(12).map(|x| number(*x));
    let shown: Vec<_> = shown.collect();
    match sample.len() {
        0 => said("no delays", &[]).to_string(),
        n @ 13.. => said("many", &[&shown.join("; "), &n]).to_string(),
        _ => shown.join("; "),
    }
}

/// What a way to compute it gives for a question; `None`: that does not matter.
type Way<'a> = &'a dyn Fn(&[f64], f64) -> Option<Given>;

/// Asks all questions of `asked`, the student's function. At the first wrong
/// answer it fails: with the cause of the first of the wrong ways that gives
/// what came for every question, or else with what `other` says.
fn check(
    did: &str,
    questions: &[Question],
    asked: impl Fn(&[f64], f64) -> Given,
    right: Way,
    wrong: &[(&str, Way)],
    other: impl Fn(&Question, &Given) -> Said,
) {
    for question in questions {
        let (sample, x) = question;
        let did = said(did, &[&list(sample), &number(*x)]);
        doing(did.clone());
        let (came, right) = (asked(sample, *x), right(sample, *x));
        if right.as_ref().is_none_or(|right| *right == came) {
            continue;
        }
        let fits = |way: Way| {
            questions.iter().all(|(sample, x)| {
                let given = caught(|| asked(sample, *x));
                let guess = way(sample, *x);
                given.zip(guess).is_none_or(|(given, guess)| given == guess)
            })
        };
        let mut found = wrong.iter().filter(|(_, way)| fits(*way));
        let why = found.next().map(|(cause, _)| Said::from(*cause));
        let why = why.unwrap_or_else(|| other(question, &came));
        fail(did, right.unwrap(), came, why);
    }
}

/// Without what was lost.
fn received(sample: &[f64]) -> Vec<f64> {
    sample.iter().copied().filter(|x| x.is_finite()).collect()
}

/// In ascending order.
fn ascending(sample: &[f64]) -> Vec<f64> {
    let mut sample = sample.to_vec();
    sample.sort_by(f64::total_cmp);
    sample
}

fn share(part: f64, whole: usize) -> Option<Given> {
    Some(Share(Some(part / whole as f64)))
}

#[test]
fn step_1_tells_what_share_was_lost() {
    exercise(|| {
        let back = |s: &[f64]| received(s).len();
        let lost = |s: &[f64]| (s.len() - back(s)) as f64;
        let of_all = |s: &[f64]| lost(s) / s.len() as f64;
        check(
            "called loss",
            &with(&[0.0]),
            |s, _| Share(loss(s)),
            &|s, _| share(lost(s), s.len()),
            &[
                ("tells what came back", &|s, _| {
                    share(back(s) as f64, s.len())
                }),
                ("loss in percent", &|s, _| share(100.0 * lost(s), s.len())),
                ("does not divide", &|s, _| share(lost(s), 1)),
                ("counts no loss", &|s, _| share(0.0 * lost(s), s.len())),
                ("lost ones by those that came back", &|s, _| {
                    share(lost(s), back(s))
                }),
                ("divides whole numbers", &|s, _| share(of_all(s).floor(), 1)),
                ("rounds the share", &|s, _| {
                    share((of_all(s) * 100.0).round(), 100)
                }),
            ],
            |(s, _), _| said("another loss", &[&lost(s), &s.len()]),
        );
    });
}

/// Fails if something is given for an empty sample.
fn check_empty(did: &str, asked: impl Fn() -> Given, right: Given, why: &str) {
    let did = said(did, &[&list(&[]), &50]);
    doing(did.clone());
    let came = asked();
    if came != right {
        fail(did, right, came, why);
    }
}

#[test]
fn step_1_is_undefined_for_an_empty_sample() {
    exercise(|| {
        let asked = || Share(loss(&[]));
        check_empty("called loss", asked, Share(None), "a loss of nothing");
    });
}

#[test]
fn step_2_sorts_and_puts_the_lost_ones_last() {
    exercise(|| {
        let mut questions = with(&[0.0]);
        questions.push((Vec::new(), 0.0));
        let by = |s: &[f64], key: &dyn Fn(f64) -> i64| {
            let mut s = s.to_vec();
            s.sort_by_key(|x| key(*x));
            Some(Delays(s))
        };
        let kept_once = |s: &[f64]| {
            let mut s = ascending(s);
            s.dedup();
            Some(Delays(s))
        };
        check(
            "called sorted",
            &questions,
            |s, _| Delays(sorted(s)),
            &|s, _| Some(Delays(ascending(s))),
            &[
                ("leaves the order as it was", &|s, _| {
                    Some(Delays(s.to_vec()))
                }),
                ("begins with the greatest", &|s, _| {
                    Some(Delays(ascending(s).into_iter().rev().collect()))
                }),
                ("leaves out losses", &|s, _| {
                    Some(Delays(ascending(&received(s))))
                }),
                ("keeps equal delays once", &|s, _| kept_once(s)),
                ("sorts by whole numbers", &|s, _| by(s, &|x| x as i64)),
            ],
            |(s, _), came| {
                let Delays(came) = came else { unreachable!() };
                if ascending(came) != ascending(s) {
                    return said("other delays", &[&s.len(), &came.len()]);
                }
                let mut pairs = came.windows(2).filter(|p| p[0] > p[1]);
                let pair = pairs.next().unwrap_or(&[0.0, 0.0]);
                said("another order", &[&number(pair[0]), &number(pair[1])])
            },
        );
    });
}

#[test]
fn step_3_finds_the_smallest() {
    exercise(|| {
        check(
            "called minimum",
            &with(&[0.0]),
            |s, _| Value(minimum(s)),
            &|s, _| Some(Value(ascending(s)[0])),
            &[
                ("begins with 0", &|_, _| Some(Value(0.0))),
                ("takes the first that came", &|s, _| Some(Value(s[0]))),
                ("takes the greatest", &|s, _| {
                    Some(Value(ascending(s)[s.len() - 1]))
                }),
                ("the minimum of whole numbers", &|s, _| {
                    let least = s.iter().min_by_key(|x| **x as i64);
                    least.copied().map(Value)
                }),
                ("a number where nothing came back", &|s, _| {
                    let back = ascending(&received(s));
                    back.first().copied().map(Value)
                }),
            ],
            |(s, _), _| said("another minimum", &[&list(&ascending(s))]),
        );
    });
}

#[test]
fn step_3_is_undefined_without_a_delay() {
    exercise(|| {
        let (asked, why) = (|| Value(minimum(&[])), "a minimum of nothing");
        check_empty("called minimum", asked, Value(LOST), why);
    });
}

/// The value number `rank`, from 1; undefined beyond the end.
fn at(sample: &[f64], rank: f64) -> Option<Given> {
    let index = rank.max(1.0) as usize - 1;
    Some(Value(sample.get(index).copied().unwrap_or(LOST)))
}

/// The same; beyond the end, the last.
fn at_most(sample: &[f64], rank: f64) -> Option<Given> {
    at(sample, rank.min(sample.len() as f64))
}

/// What spreadsheets do between two values.
fn interpolated(sample: &[f64], percent: f64) -> Option<Given> {
    let sample = ascending(sample);
    let place = percent / 100.0 * (sample.len() - 1) as f64;
    let (low, high) = (sample[place as usize], sample[place.ceil() as usize]);
    let between = low + (high - low) * place.fract();
    high.is_finite().then_some(Value(between))
}

/// The middle of a sample that is in order already.
fn middle(s: &[f64]) -> f64 {
    match s.len() {
        0 => LOST,
        n => (s[(n - 1) / 2] + s[n / 2]) / 2.0,
    }
}

/// The rank of a percentile, not rounded.
fn rank(s: &[f64], percent: f64) -> f64 {
    percent * s.len() as f64 / 100.0
}

/// The percentile as the RFC defines it.
fn right_percentile(s: &[f64], percent: f64) -> Option<Given> {
    at(&ascending(s), rank(s, percent).ceil())
}

/// Says which rank in ascending order came, and which was asked for.
fn another_rank((s, percent): &Question, came: &Given) -> Said {
    let (all, Value(came)) = (ascending(s), came) else { unreachable!() };
    let wanted = rank(s, *percent).ceil();
    match all.iter().position(|x| x == came) {
        Some(index) => said("another rank", &[&(index + 1), &wanted]),
        None => said("no delay of the sample", &[&number(*came)]),
    }
}

/// What beginners do in place of it; the first of those that fit is told.
const WRONG_PERCENTILES: [(&str, Way); 15] = [
    ("counts in the sample as it came", &|s, p| at(s, rank(s, p).ceil())),
    ("the percentile of those that came back", &|s, p| {
        let s = received(s);
        at(&ascending(&s), rank(&s, p).ceil())
    }),
    ("takes the rank as an index", &|s, p| {
        at(&ascending(s), rank(s, p).ceil() + 1.0)
    }),
    ("one rank too low", &|s, p| at(&ascending(s), rank(s, p).ceil() - 1.0)),
    ("rounds the rank down", &|s, p| at(&ascending(s), rank(s, p).floor())),
    ("rounds to the nearest rank", &|s, p| {
        at(&ascending(s), rank(s, p).round())
    }),
    ("takes the rank rounded down as an index", &|s, p| {
        at(&ascending(s), rank(s, p).floor() + 1.0)
    }),
    ("takes the rank rounded down as an index", &|s, p| {
        at_most(&ascending(s), rank(s, p).floor() + 1.0)
    }),
    ("a rank of whole numbers", &|s, p| {
        at(&ascending(s), (p / 100.0).floor() * s.len() as f64)
    }),
    ("fifty is the median", &|s, p| match p {
        50.0 => Some(Value(middle(&ascending(s)))),
        _ => right_percentile(s, p),
    }),
    ("computes between two", &interpolated),
    ("a percent of whole numbers", &|s, p| {
        at(&ascending(s), rank(s, p.floor()).ceil())
    }),
    ("takes the percent for a share", &|s, p| {
        at(&ascending(s), (p * s.len() as f64).ceil())
    }),
    ("divides before it multiplies", &|s, p| {
        at(&ascending(s), (p / 100.0 * s.len() as f64).ceil())
    }),
    ("divides before it multiplies", &|s, p| {
        at(&ascending(s), (p * (s.len() as f64 / 100.0)).ceil())
    }),
];

#[test]
fn step_4_finds_the_percentiles() {
    exercise(|| {
        // The page's own come first.
        let own = [20.0, 40.0, 50.0, 80.0, 81.0, 100.0];
        let own = own.map(|percent| (RFC_2681.to_vec(), percent));
        let seeded = with(&[50.0, 25.0, 100.0, 75.0, 0.25, 66.75, 34.0, 99.0]);
        // 7 / 100 has no exact float, and 7 / 100 * 100 is more than 7.
        let hundred = (1..=100).map(|i| f64::from(i * 37 % 101));
        let hundred = hundred.collect::<Vec<_>>();
        let each = (1..=100).map(|p| (hundred.clone(), f64::from(p)));
        let all: Vec<_> = own.into_iter().chain(seeded).chain(each).collect();
        check(
            "called percentile",
            &all,
            |s, percent| Value(percentile(s, percent)),
            &right_percentile,
            &WRONG_PERCENTILES,
            another_rank,
        );
    });
}

#[test]
fn step_4_is_undefined_without_a_delay() {
    exercise(|| {
        let asked = || Value(percentile(&[], 50.0));
        let why = "a percentile of nothing";
        check_empty("called percentile", asked, Value(LOST), why);
    });
}

/// The middle one, `more` further along where there are two (0: the lower).
fn one_of_two(s: &[f64], more: usize) -> Option<Given> {
    let s = ascending(s);
    s.get((s.len() - 1 + more) / 2).copied().map(Value)
}

/// What beginners do in place of the median.
const WRONG_MEDIANS: [(&str, Way); 11] = [
    ("a mean", &|s, _| Some(Value(s.iter().sum::<f64>() / s.len() as f64))),
    ("a mean", &|s, _| {
        let (s, sum) = (received(s), received(s).iter().sum::<f64>());
        (!s.is_empty()).then(|| Value(sum / s.len() as f64))
    }),
    ("the lower of two", &|s, _| one_of_two(s, 0)),
    ("the upper of two", &|s, _| one_of_two(s, 1)),
    ("one too far", &|s, _| {
        let (s, n) = (ascending(s), s.len());
        let next = s.get(n / 2 + 1).copied();
        let even = next.map(|next| Value((s[n / 2] + next) / 2.0));
        if n % 2 == 0 { even } else { Some(Value(s[n / 2])) }
    }),
    ("one before the middle", &|s, _| {
        let (s, n) = (ascending(s), s.len());
        let before = (n / 2).checked_sub(1).map(|index| Value(s[index]));
        if n % 2 == 1 { before } else { Some(Value(middle(&s))) }
    }),
    ("the middle of the sample as it came", &|s, _| Some(Value(middle(s)))),
    ("the middle of those that came back", &|s, _| {
        let s = received(s);
        (!s.is_empty()).then(|| Value(middle(&ascending(&s))))
    }),
    ("between the smallest and the greatest", &|s, _| {
        let s = ascending(s);
        Some(Value((s[0] + s[s.len() - 1]) / 2.0))
    }),
    ("does not halve the sum", &|s, _| {
        let (s, n) = (ascending(s), s.len());
        Some(Value(middle(&s) * if n % 2 == 0 { 2.0 } else { 1.0 }))
    }),
    ("infinite less infinite", &|s, _| {
        let (s, n) = (ascending(s), s.len());
        // Where both are LOST this is NaN; some take an odd one as it is.
        let odd_and_lost = n % 2 == 1 && s[n / 2] == LOST;
        let (low, high) = (s[(n - 1) / 2], s[n / 2]);
        (!odd_and_lost).then(|| Value(low + (high - low) / 2.0))
    }),
];

#[test]
fn step_5_finds_the_middle() {
    exercise(|| {
        check(
            "called median",
            &with(&[0.0]),
            |s, _| Value(median(s)),
            &|s, _| Some(Value(middle(&ascending(s)))),
            &WRONG_MEDIANS,
            |(s, _), _| said("another middle", &[&list(&ascending(s))]),
        );
    });
}

#[test]
fn step_5_is_undefined_without_a_delay() {
    exercise(|| {
        let (asked, why) = (|| Value(median(&[])), "a median of nothing");
        check_empty("called median", asked, Value(LOST), why);
    });
}

/// How many hold.
fn count(s: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    s.iter().filter(|x| holds(**x)).count() as f64
}

#[test]
fn step_6_tells_what_share_is_at_most_x() {
    exercise(|| {
        // The page's own come first; each delay of each sample is an `x`, too.
        let mut questions = Vec::new();
        for x in [103.0, 110.0, 3_600_000.0] {
            questions.push((RFC_2681.to_vec(), x));
        }
        for s in samples() {
            let xs = s.iter().flat_map(|x| [*x, x + 0.1, x - 0.1]);
            questions.extend(xs.map(|x| (s.clone(), x)));
        }
        check(
            "called inverse",
            &questions,
            |s, x| Share(inverse(s, x)),
            &|s, x| share(count(s, |delay| delay <= x), s.len()),
            &[
                ("less than x", &|s, x| {
                    share(count(s, |delay| delay < x), s.len())
                }),
                ("over x", &|s, x| share(count(s, |delay| delay > x), s.len())),
                ("at least x", &|s, x| {
                    share(count(s, |delay| delay >= x), s.len())
                }),
                ("never counts a lost one", &|s, x| {
                    share(count(&received(s), |delay| delay <= x), s.len())
                }),
                ("at most x in whole numbers", &|s, x| {
                    share(count(s, |d| d as i64 <= x as i64), s.len())
                }),
                ("shares of those that came back", &|s, x| {
                    let back = received(s).len();
                    let at_most = count(s, |delay| delay <= x);
                    (back > 0).then_some(()).and(share(at_most, back))
                }),
                ("inverse in percent", &|s, x| {
                    share(100.0 * count(s, |delay| delay <= x), s.len())
                }),
                ("the number, not the share", &|s, x| {
                    share(count(s, |delay| delay <= x), 1)
                }),
                ("divides whole numbers again", &|s, x| {
                    let all = count(s, |delay| delay <= x) == s.len() as f64;
                    share(f64::from(u8::from(all)), 1)
                }),
                ("stops at the first over x", &|s, x| {
                    let some = s.iter().take_while(|delay| **delay <= x);
                    share(some.count() as f64, s.len())
                }),
                ("stops at the first over x", &|s, x| {
                    let some = s.partition_point(|delay| *delay <= x);
                    share(some as f64, s.len())
                }),
            ],
            |(s, x), _| {
                let at_most = count(s, |delay| delay <= *x);
                said("another share", &[&at_most, &s.len()])
            },
        );
    });
}

#[test]
fn step_6_is_undefined_for_an_empty_sample() {
    exercise(|| {
        let asked = || Share(inverse(&[], 50.0));
        check_empty("called inverse", asked, Share(None), "a share of nothing");
    });
}
