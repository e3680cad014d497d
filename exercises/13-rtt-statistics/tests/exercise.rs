//! The tests of exercise 13. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use ex13_rtt_statistics::{
    LOST, inverse, loss, median, minimum, percentile, sorted,
};
use kit::{Random, Said, Way, judge, said, say};

/// The sample of RFC 2681, section 4.1: milliseconds.
const RFC_2681: [f64; 5] = [100.0, 110.0, LOST, 90.0, 500.0];

/// That sample, and small ones from a seed: quarters of a millisecond, so that
/// all that is computed here is exact.
fn samples() -> Vec<Vec<f64>> {
    let mut random = Random(13);
    let mut delay = || match random.below(4) {
        0 => LOST,
        _ => 0.25 * (1 + random.below(30)) as f64,
    };
    let sizes = (1..=8).cycle().skip(2).take(48);
    let seeded = sizes.map(|n| (0..n).map(|_| delay()).collect());
    [RFC_2681.to_vec()].into_iter().chain(seeded).collect()
}

/// A sample, and the further argument of a function that takes one.
type Question = (Vec<f64>, f64);

/// Each sample with each `x`.
fn with(xs: &[f64]) -> Vec<Question> {
    let each = |s: Vec<f64>| xs.iter().map(move |x| (s.clone(), *x));
    samples().into_iter().flat_map(each).collect()
}

/// A number, as the reader writes it; nine digits behind the point, so that two
/// are the same but for what floats round.
fn number(x: f64) -> String {
    let digits = format!("{:.9}", x + 0.0); // -0 is 0.
    match x {
        LOST => "LOST".to_string(),
        _ if !digits.contains('.') => digits,
        _ => {
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            digits.replace('.', say(".", ","))
        }
    }
}

fn optional(x: Option<f64>) -> String {
    x.map_or("None".to_string(), number)
}

/// A sample, for a person to read.
fn list(sample: &[f64]) -> String {
    let shown: Vec<_> = sample.iter().take(12).map(|x| number(*x)).collect();
    match sample.len() {
        0 => said("no delays", &[]).to_string(),
        n @ 13.. => said("many", &[&shown.join("; "), &n]).to_string(),
        _ => shown.join("; "),
    }
}

/// What beginners do in the place of a function. What is given is compared as
/// the reader sees it.
type Ways = &'static [Way<'static, Question, String>];

/// Asks `questions` of the student's function.
fn check(
    did: &str,
    questions: &[Question],
    asked: impl Fn(&Question) -> String,
    right: impl Fn(&Question) -> Option<String>,
    wrong: Ways,
    other: impl Fn(&Question) -> Said,
) {
    judge(
        questions,
        |(sample, x)| said(did, &[&list(sample), &number(*x)]),
        asked,
        |question| right(question).unwrap(),
        String::clone,
        wrong,
        |question, _| other(question),
    );
}

/// Asks for what is undefined: `right` for an empty sample. Another answer has
/// this one cause.
fn check_empty(
    did: &str,
    asked: impl Fn(&Question) -> String,
    right: &str,
    cause: &str,
) {
    let right = |_: &_| Some(right.to_string());
    check(did, &[(Vec::new(), 50.0)], asked, right, &[], |_| cause.into());
}

fn value(x: f64) -> Option<String> {
    Some(number(x))
}

fn share(part: f64, whole: f64) -> Option<String> {
    value(part / whole)
}

fn len(sample: &[f64]) -> f64 {
    sample.len() as f64
}

/// Without what was lost.
fn received(sample: &[f64]) -> Vec<f64> {
    sample.iter().copied().filter(|x| x.is_finite()).collect()
}

/// How many came back, and how many did not.
fn back(sample: &[f64]) -> f64 {
    len(&received(sample))
}

fn lost(sample: &[f64]) -> f64 {
    len(sample) - back(sample)
}

/// In ascending order.
fn ascending(sample: &[f64]) -> Vec<f64> {
    let mut sample = sample.to_vec();
    sample.sort_by(f64::total_cmp);
    sample
}

const WRONG_LOSSES: Ways = &[
    ("tells what came back", &|(s, _)| share(back(s), len(s))),
    ("loss in percent", &|(s, _)| share(100.0 * lost(s), len(s))),
    ("does not divide", &|(s, _)| value(lost(s))),
    ("counts no loss", &|_| value(0.0)),
    ("lost ones by those that came back", &|(s, _)| share(lost(s), back(s))),
    ("divides whole numbers", &|(s, _)| value((lost(s) / len(s)).floor())),
    ("rounds the share", &|(s, _)| {
        share((100.0 * lost(s) / len(s)).round(), 100.0)
    }),
];

#[kit::test]
fn step_1_tells_what_share_was_lost() {
    let asked = |(s, _): &Question| optional(loss(s));
    let right = |(s, _): &Question| share(lost(s), len(s));
    let questions = with(&[0.0]);
    check("called loss", &questions, asked, right, WRONG_LOSSES, |q| {
        said("another loss", &[&lost(&q.0), &q.0.len()])
    });
    check_empty("called loss", asked, "None", "a loss of nothing");
}

/// Ordered by whole numbers.
fn by_whole_numbers(sample: &[f64]) -> Vec<f64> {
    let mut sample = sample.to_vec();
    sample.sort_by_key(|x| *x as i64);
    sample
}

const WRONG_ORDERS: Ways = &[
    ("leaves the order as it was", &|(s, _)| Some(list(s))),
    ("begins with the greatest", &|(s, _)| {
        Some(list(&ascending(s).into_iter().rev().collect::<Vec<_>>()))
    }),
    ("leaves out losses", &|(s, _)| Some(list(&ascending(&received(s))))),
    ("keeps equal delays once", &|(s, _)| {
        let mut once = ascending(s);
        once.dedup();
        Some(list(&once))
    }),
    ("sorts by whole numbers", &|(s, _)| Some(list(&by_whole_numbers(s)))),
];

#[kit::test]
fn step_2_sorts_and_puts_the_lost_ones_last() {
    let mut questions = with(&[0.0]);
    questions.push((Vec::new(), 0.0));
    check(
        "called sorted",
        &questions,
        |(s, _)| list(&sorted(s)),
        |(s, _)| Some(list(&ascending(s))),
        WRONG_ORDERS,
        |(s, _)| {
            let came = sorted(s);
            if ascending(&came) != ascending(s) {
                return said("other delays", &[&s.len(), &came.len()]);
            }
            let mut pairs = came.windows(2).filter(|p| p[0] > p[1]);
            let pair = pairs.next().unwrap_or(&[0.0, 0.0]);
            said("another order", &[&number(pair[0]), &number(pair[1])])
        },
    );
}

const WRONG_MINIMA: Ways = &[
    ("begins with 0", &|_| value(0.0)),
    ("takes the first that came", &|(s, _)| value(s[0])),
    ("takes the greatest", &|(s, _)| value(ascending(s)[s.len() - 1])),
    ("the minimum of whole numbers", &|(s, _)| value(by_whole_numbers(s)[0])),
    ("a number where nothing came back", &|(s, _)| {
        ascending(&received(s)).first().copied().and_then(value)
    }),
];

#[kit::test]
fn step_3_finds_the_smallest() {
    let asked = |(s, _): &Question| number(minimum(s));
    let right = |(s, _): &Question| value(ascending(s)[0]);
    let (did, questions) = ("called minimum", with(&[0.0]));
    check(did, &questions, asked, right, WRONG_MINIMA, |(s, _)| {
        said("another minimum", &[&list(&ascending(s))])
    });
    check_empty(did, asked, "LOST", "a minimum of nothing");
}

/// The rank of a percentile, not rounded.
fn rank((sample, percent): &Question) -> f64 {
    percent * len(sample) / 100.0
}

/// The value number `rank`, from 1; undefined beyond the end.
fn at(sample: &[f64], rank: f64) -> Option<String> {
    let index = rank.max(1.0) as usize - 1;
    value(sample.get(index).copied().unwrap_or(LOST))
}

/// The same in ascending order.
fn nth(question: &Question, rank: f64) -> Option<String> {
    at(&ascending(&question.0), rank)
}

/// The percentile as the RFC defines it.
fn right_percentile(question: &Question) -> Option<String> {
    nth(question, rank(question).ceil())
}

/// What spreadsheets do between two values.
fn interpolated((sample, percent): &Question) -> Option<String> {
    let sample = ascending(sample);
    let place = percent / 100.0 * (len(&sample) - 1.0);
    let (low, high) = (sample[place as usize], sample[place.ceil() as usize]);
    value(low + (high - low) * place.fract()).filter(|_| high.is_finite())
}

/// The middle of a sample that is in order already.
fn middle(s: &[f64]) -> Option<String> {
    let n = s.len();
    value((s[(n - 1) / 2] + s[n / 2]) / 2.0)
}

/// The first of those that fit is told.
const WRONG_PERCENTILES: Ways = &[
    ("counts in the sample as it came", &|q| at(&q.0, rank(q).ceil())),
    ("the percentile of those that came back", &|(s, p)| {
        right_percentile(&(received(s), *p))
    }),
    ("takes the rank as an index", &|q| nth(q, rank(q).ceil() + 1.0)),
    ("one rank too low", &|q| nth(q, rank(q).ceil() - 1.0)),
    ("rounds the rank down", &|q| nth(q, rank(q).floor())),
    ("rounds to the nearest rank", &|q| nth(q, rank(q).round())),
    ("takes the rank rounded down as an index", &|q| {
        nth(q, rank(q).floor() + 1.0)
    }),
    ("takes the rank rounded down as an index", &|q| {
        nth(q, (rank(q).floor() + 1.0).min(len(&q.0)))
    }),
    ("a rank of whole numbers", &|q| nth(q, (q.1 / 100.0).floor() * len(&q.0))),
    ("fifty is the median", &|q| match q.1 {
        50.0 => middle(&ascending(&q.0)),
        _ => right_percentile(q),
    }),
    ("computes between two", &interpolated),
    ("a percent of whole numbers", &|(s, p)| {
        right_percentile(&(s.clone(), p.floor()))
    }),
    ("takes the percent for a share", &|q| nth(q, (q.1 * len(&q.0)).ceil())),
    ("divides before it multiplies", &|q| {
        nth(q, (q.1 / 100.0 * len(&q.0)).ceil())
    }),
    ("divides before it multiplies", &|q| {
        nth(q, (q.1 * (len(&q.0) / 100.0)).ceil())
    }),
];

#[kit::test]
fn step_4_finds_the_percentiles() {
    // The page's own come first.
    let own = [20.0, 40.0, 50.0, 80.0, 81.0, 100.0];
    let own = own.map(|percent| (RFC_2681.to_vec(), percent));
    let seeded = with(&[50.0, 25.0, 100.0, 75.0, 0.25, 66.75, 34.0, 99.0]);
    // 7 / 100 has no exact float, and 7 / 100 * 100 is more than 7.
    let hundred = (1..=100).map(|i| f64::from(i * 37 % 101));
    let hundred = hundred.collect::<Vec<_>>();
    let each = (1..=100).map(|p| (hundred.clone(), f64::from(p)));
    let all: Vec<_> = own.into_iter().chain(seeded).chain(each).collect();
    let asked = |(s, p): &Question| number(percentile(s, *p));
    check(
        "called percentile",
        &all,
        asked,
        right_percentile,
        WRONG_PERCENTILES,
        |q| {
            let came = percentile(&q.0, q.1);
            match ascending(&q.0).iter().position(|x| *x == came) {
                Some(index) => {
                    said("another rank", &[&(index + 1), &rank(q).ceil()])
                }
                None => said("no delay of the sample", &[&number(came)]),
            }
        },
    );
    let why = "a percentile of nothing";
    check_empty("called percentile", asked, "LOST", why);
}

/// What `way` finds in ascending order, given the length, too.
fn found((s, _): &Question, way: fn(&[f64], usize) -> f64) -> Option<String> {
    value(way(&ascending(s), s.len()))
}

const WRONG_MEDIANS: Ways = &[
    ("a mean", &|(s, _)| share(s.iter().sum(), len(s))),
    ("a mean", &|(s, _)| {
        share(received(s).iter().sum(), back(s)).filter(|_| back(s) > 0.0)
    }),
    ("the lower of two", &|q| found(q, |s, n| s[(n - 1) / 2])),
    ("the upper of two", &|q| found(q, |s, n| s[n / 2])),
    ("one too far", &|(s, _)| {
        let (s, n) = (ascending(s), s.len());
        match s.get(n / 2 + 1) {
            _ if n % 2 == 1 => value(s[n / 2]),
            Some(next) => share(s[n / 2] + next, 2.0),
            None => None,
        }
    }),
    ("one before the middle", &|(s, _)| match s.len() {
        1 => None,
        n if n % 2 == 1 => value(ascending(s)[n / 2 - 1]),
        _ => middle(&ascending(s)),
    }),
    ("the middle of the sample as it came", &|(s, _)| middle(s)),
    ("the middle of those that came back", &|(s, _)| {
        if back(s) > 0.0 { middle(&ascending(&received(s))) } else { None }
    }),
    ("between the smallest and the greatest", &|q| {
        found(q, |s, n| (s[0] + s[n - 1]) / 2.0)
    }),
    ("does not halve the sum", &|q| {
        found(
            q,
            |s, n| if n % 2 == 1 { s[n / 2] } else { s[n / 2 - 1] + s[n / 2] },
        )
    }),
    ("infinite less infinite", &|q| {
        let between = |s: &[f64], n| {
            let (low, high): (f64, f64) = (s[(n - 1) / 2], s[n / 2]);
            low + (high - low) / 2.0
        };
        // Where both are LOST this is NaN; some take an odd one as it is.
        let lost = ascending(&q.0)[q.0.len() / 2] == LOST;
        found(q, between).filter(|_| q.0.len() % 2 == 0 || !lost)
    }),
];

#[kit::test]
fn step_5_finds_the_middle() {
    let asked = |(s, _): &Question| number(median(s));
    let right = |(s, _): &Question| middle(&ascending(s));
    let (did, questions) = ("called median", with(&[0.0]));
    check(did, &questions, asked, right, WRONG_MEDIANS, |(s, _)| {
        said("another middle", &[&list(&ascending(s))])
    });
    check_empty(did, asked, "LOST", "a median of nothing");
}

/// How many delays hold, compared with `x`.
fn count((s, x): &Question, holds: fn(f64, f64) -> bool) -> f64 {
    s.iter().filter(|delay| holds(**delay, *x)).count() as f64
}

fn at_most(question: &Question) -> f64 {
    count(question, |delay, x| delay <= x)
}

/// The share of those that hold.
fn part(question: &Question, holds: fn(f64, f64) -> bool) -> Option<String> {
    share(count(question, holds), len(&question.0))
}

const WRONG_INVERSES: Ways = &[
    ("less than x", &|q| part(q, |delay, x| delay < x)),
    ("over x", &|q| part(q, |delay, x| delay > x)),
    ("at least x", &|q| part(q, |delay, x| delay >= x)),
    ("never counts a lost one", &|q| {
        part(q, |delay, x| delay <= x && delay.is_finite())
    }),
    ("at most x in whole numbers", &|q| {
        part(q, |delay, x| delay as i64 <= x as i64)
    }),
    ("shares of those that came back", &|q| {
        share(at_most(q), back(&q.0)).filter(|_| back(&q.0) > 0.0)
    }),
    ("inverse in percent", &|q| share(100.0 * at_most(q), len(&q.0))),
    ("the number, not the share", &|q| value(at_most(q))),
    ("divides whole numbers again", &|q| {
        value((at_most(q) / len(&q.0)).floor())
    }),
    ("stops at the first over x", &|(s, x)| {
        let some = s.iter().take_while(|delay| *delay <= x);
        share(some.count() as f64, len(s))
    }),
    ("stops at the first over x", &|(s, x)| {
        share(s.partition_point(|delay| delay <= x) as f64, len(s))
    }),
];

#[kit::test]
fn step_6_tells_what_share_is_at_most_x() {
    // The page's own come first; each delay of each sample is an `x`, too.
    let own = [103.0, 110.0, 3_600_000.0];
    let own = own.map(|x| (RFC_2681.to_vec(), x)).into_iter();
    let seeded = samples().into_iter().flat_map(|s| {
        let xs = s.iter().flat_map(|x| [*x, x + 0.1, x - 0.1]);
        xs.map(|x| (s.clone(), x)).collect::<Vec<_>>()
    });
    let all = own.chain(seeded).collect::<Vec<_>>();
    let asked = |(s, x): &Question| optional(inverse(s, *x));
    let right = |q: &Question| part(q, |delay, x| delay <= x);
    check("called inverse", &all, asked, right, WRONG_INVERSES, |q| {
        said("another share", &[&at_most(q), &q.0.len()])
    });
    check_empty("called inverse", asked, "None", "a share of nothing");
}
