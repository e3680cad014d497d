//! The tests of exercise 13. You need not change this file.

use ex13_rtt_statistics::{
    LOST, inverse, loss, median, minimum, percentile, sorted,
};
use kit::{Step, Told, caught, exercise, say};

const STEPS: [Step; 6] = [
    (1, "tell the share that was lost", "decí qué parte se perdió"),
    (2, "sort the sample", "ordená la muestra"),
    (3, "find the minimum", "buscá el mínimo"),
    (4, "find the percentile", "buscá el percentil"),
    (5, "find the median", "buscá la mediana"),
    (6, "tell the share that is at most", "decí qué parte no pasa de un valor"),
];

/// The sample of RFC 2681, section 4.1: milliseconds.
const RFC_2681: [f64; 5] = [100.0, 110.0, LOST, 90.0, 500.0];

/// The values of RFC 2330, section 11.3.
const RFC_2330: [f64; 6] = [-2.0, 7.0, 7.0, 4.0, 18.0, -5.0];

/// Delays of less than 1 ms, as on a network at home.
const FRACTIONS: [f64; 4] = [0.3, 0.1, LOST, 0.2];

/// A value in words: `90`, `undefined`, `NaN`.
fn value(x: f64) -> String {
    if x == LOST {
        say("undefined", "indefinido").to_string()
    } else {
        x.to_string()
    }
}

/// A share in words: `Some(0.2)`.
fn share(share: Option<f64>) -> String {
    format!("{share:?}")
}

/// A sample in words: `100, 110, lost`.
fn list(sample: &[f64]) -> String {
    let one = |x: &f64| match *x {
        LOST => say("lost", "perdida").to_string(),
        x => x.to_string(),
    };
    let all: Vec<_> = sample.iter().map(one).collect();
    match all.len() {
        0 => say("nothing", "nada").to_string(),
        10.. => format!("{}, {} ... {}", all[0], all[1], all[all.len() - 1]),
        _ => all.join(", "),
    }
}

/// The same in words, or "a panic".
fn or_panic<T>(given: Option<T>, words: impl Fn(T) -> String) -> String {
    let panic = say("a panic", "un pánico (panic)");
    given.map_or_else(|| panic.to_string(), words)
}

/// Whether two values are the same, but for what floats round.
fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() < 1e-9
}

/// Whether two shares are.
fn same_share(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// "called NAME() with SAMPLE"; `more` are the further arguments.
fn called(name: &str, sample: &[f64], more: &str) -> String {
    let called = say("called {}() with {}", "llamó a {}() con {}");
    let called = called.replacen("{}", name, 1);
    called.replacen("{}", &list(sample), 1) + more
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

/// What a wrong function would give, and the cause to tell then.
type Guess<'a, Q> = (&'a dyn Fn(&Q) -> f64, &'static str);

/// The cause of the first guess at what the student wrote that gives, for each
/// question, what came; else `other`. A panic counts as undefined: an index
/// beyond the end is the one or the other.
fn guess<Q>(
    questions: &[Q],
    came: &[Option<f64>],
    guesses: &[Guess<Q>],
    other: &'static str,
) -> &'static str {
    let fits = |guess: &dyn Fn(&Q) -> f64| {
        let mut pairs = questions.iter().zip(came);
        pairs.all(|(q, came)| {
            let (guess, came) = (guess(q), came.unwrap_or(LOST));
            same(guess, came) || guess.is_nan() && came.is_nan()
        })
    };
    let found = guesses.iter().find(|(guess, _)| fits(guess));
    found.map_or(other, |(_, cause)| cause)
}

#[test]
fn step_1_tells_what_share_was_lost() {
    exercise(&STEPS, || {
        for (sample, right, lost) in [
            (&RFC_2681[..], 0.2, 1.0),
            (&[LOST, 90.0, LOST, LOST], 0.75, 3.0),
            (&[90.0], 0.0, 0.0),
            (&[LOST, LOST], 1.0, 2.0),
            (&[LOST, 90.0, 100.0], 1.0 / 3.0, 1.0),
        ] {
            let given = caught(|| loss(sample));
            if same_share(given.flatten(), Some(right)) {
                continue;
            }
            let came = given.flatten().unwrap_or(f64::NAN);
            let all = caught(|| loss(&[LOST, LOST])).flatten();
            Told {
                did: &called("loss", sample, ""),
                expected: &share(Some(right)),
                came: &or_panic(given, share),
                cause: if same(came, 1.0 - right) {
                    say(
                        "loss() tells the share that came back: the lost ones are those that are infinite, `is_infinite()`.",
                        "loss() dice qué parte volvió: las perdidas son las infinitas, `is_infinite()`.",
                    )
                } else if same(came, right * 100.0) {
                    say(
                        "loss() gives percent: a share goes from 0 to 1.",
                        "loss() da un porcentaje: una parte va de 0 a 1.",
                    )
                } else if same(came, lost) {
                    say(
                        "loss() gives how many were lost, and not which share of all: divide by the length of the sample.",
                        "loss() da cuántas se perdieron, y no qué parte del total: dividí por el largo de la muestra.",
                    )
                } else if same(came, 0.0) && all == Some(0.0) {
                    say(
                        "loss() counts no lost one, not even where all are lost: a lost one is infinite, `is_infinite()`.",
                        "loss() no cuenta ninguna sonda perdida, ni siquiera donde lo son todas: una sonda perdida es infinita, `is_infinite()`.",
                    )
                } else if same(came, 0.0) {
                    say(
                        "loss() divides whole numbers, and 1 / 5 is 0: make floats of both with `as f64` before you divide.",
                        "loss() divide números enteros, y 1 / 5 es 0: convertí los dos con `as f64` antes de dividir.",
                    )
                } else if (came - right).abs() < 0.01 {
                    say(
                        "loss() does not give all the digits of the share: it is an `f64` and not rounded, and who prints it may round.",
                        "loss() no da todas las cifras de la parte: es un `f64` y no se redondea; que redondee quien la imprime.",
                    )
                } else {
                    say(
                        "loss() does not give the share: how many are infinite, divided by how many there are.",
                        "loss() no da la parte: cuántas son infinitas, dividido por cuántas hay.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_1_is_undefined_for_an_empty_sample() {
    exercise(&STEPS, || {
        let given = caught(|| loss(&[]));
        if given != Some(None) {
            Told {
                did: &called("loss", &[], ""),
                expected: "None",
                came: &or_panic(given, share),
                cause: say(
                    "loss() tells a share of nothing: 0 / 0 is NaN, not a number, which then is in every sum; an empty sample has no share.",
                    "loss() da una parte de nada: 0 / 0 es NaN, que no es un número y después aparece en cada suma; una muestra vacía no tiene partes.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_puts_the_lost_ones_last() {
    exercise(&STEPS, || {
        const LOSSES: [f64; 3] = [LOST, 3.0, LOST];
        for sample in [&RFC_2681[..], &FRACTIONS, &RFC_2330, &[], &LOSSES] {
            let given = caught(|| sorted(sample));
            let right = ascending(sample);
            if given.as_ref() == Some(&right) {
                continue;
            }
            let is = |other: &[f64]| given.as_deref() == Some(other);
            let turned: Vec<_> = right.iter().copied().rev().collect();
            let cause = if sample == FRACTIONS {
                say(
                    "sorted() compares whole numbers, and 0.3 and 0.1 are both 0 there: compare the floats themselves.",
                    "sorted() compara números enteros, y ahí 0,3 y 0,1 son los dos 0: compará los flotantes mismos.",
                )
            } else if is(sample) {
                say(
                    "sorted() gives the sample as it was: does it sort a copy, and then give that copy?",
                    "sorted() da la muestra tal como estaba: ¿ordena una copia, y después da esa copia?",
                )
            } else if is(&turned) {
                say(
                    "sorted() begins with the greatest: in the comparison, `a` stands before `b`.",
                    "sorted() empieza por la más grande: en la comparación, `a` va antes que `b`.",
                )
            } else if is(&received(&right)) {
                say(
                    "sorted() leaves out what was lost, and the network seems faster because it lost a probe: a loss belongs to the sample, above all others.",
                    "sorted() deja afuera las perdidas, y la red parece más rápida porque perdió una sonda: una pérdida es parte de la muestra, por encima de todo.",
                )
            } else {
                say(
                    "sorted() does not give the same delays in ascending order: copy the sample, `to_vec()`, and sort the copy.",
                    "sorted() no da las mismas demoras en orden ascendente: copiá la muestra, `to_vec()`, y ordená la copia.",
                )
            };
            Told {
                did: &called("sorted", sample, ""),
                expected: &list(&right),
                came: &or_panic(given, |given| list(&given)),
                cause,
            }
            .fail();
        }
    });
}

#[test]
fn step_2_outlives_what_is_not_a_number() {
    exercise(&STEPS, || {
        let sample = [110.0, f64::NAN, 90.0, LOST, 100.0];
        let given = caught(|| sorted(&sample));
        // Where NaN comes to stand is of no importance.
        let numbers = given.clone().map(|mut all| {
            all.retain(|x| !x.is_nan());
            all
        });
        if numbers.as_deref() != Some(&[90.0, 100.0, 110.0, LOST]) {
            Told {
                did: &called("sorted", &sample, ""),
                expected: &list(&[90.0, 100.0, 110.0, LOST, f64::NAN]),
                came: &or_panic(given, |given| list(&given)),
                cause: say(
                    "sorted() relies on a comparison that has no answer for NaN, not a number: `partial_cmp` gives `None` then, and `f64::total_cmp` always an order.",
                    "sorted() usa una comparación que no tiene respuesta para NaN, que no es un número: ahí `partial_cmp` da `None`, y `f64::total_cmp` siempre da un orden.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_finds_the_smallest() {
    exercise(&STEPS, || {
        for sample in [&RFC_2681[..], &FRACTIONS, &RFC_2330, &[LOST, 7.0]] {
            let given = caught(|| minimum(sample));
            let right = ascending(sample)[0];
            if given == Some(right) {
                continue;
            }
            Told {
                did: &called("minimum", sample, ""),
                expected: &value(right),
                came: &or_panic(given, value),
                cause: if sample == FRACTIONS {
                    say(
                        "minimum() looks at whole numbers, where each delay below 1 ms is 0: compare the floats themselves.",
                        "minimum() mira números enteros, donde toda demora de menos de 1 ms es 0: compará los flotantes mismos.",
                    )
                } else if given == Some(0.0) {
                    say(
                        "Your minimum is 0, and no delay is: the search begins with 0, and nothing is smaller.",
                        "Tu mínimo es 0, y ninguna demora lo es: la búsqueda empieza en 0, y nada es menor.",
                    )
                } else if given == Some(sample[0]) {
                    say(
                        "minimum() gives the first delay of the sample as it came: the first of the sorted ones is the smallest.",
                        "minimum() da la primera demora de la muestra tal como vino: la menor es la primera de las ordenadas.",
                    )
                } else {
                    say(
                        "minimum() does not give the smallest delay: it is the first in ascending order.",
                        "minimum() no da la menor demora: es la primera en orden ascendente.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_3_is_undefined_without_a_delay() {
    exercise(&STEPS, || {
        for sample in [&[LOST, LOST][..], &[]] {
            let given = caught(|| minimum(sample));
            if given == Some(LOST) {
                continue;
            }
            Told {
                did: &called("minimum", sample, ""),
                expected: &value(LOST),
                came: &or_panic(given, value),
                cause: match given {
                    None => say(
                        "minimum() takes the first of none: `first()` gives an `Option`, and without a value it is LOST.",
                        "minimum() toma la primera de ninguna: `first()` da un `Option`, y si no hay valor es LOST.",
                    ),
                    Some(_) => say(
                        "Where no probe came back, your minimum is a number all the same: begin with LOST, above which there is nothing.",
                        "Donde no volvió ninguna sonda, tu mínimo igual es un número: empezá por LOST, que no tiene nada por encima.",
                    ),
                },
            }
            .fail();
        }
    });
}

/// Each sample with the percents that are asked of it, and what is right.
const PERCENTILES: [(&[f64], f64, f64); 11] = [
    (&RFC_2681, 20.0, 90.0),
    (&RFC_2681, 40.0, 100.0),
    (&RFC_2681, 50.0, 110.0),
    (&RFC_2681, 80.0, 500.0),
    (&RFC_2681, 81.0, LOST),
    (&RFC_2681, 100.0, LOST),
    (&RFC_2330, 25.0, -2.0),
    (&RFC_2330, 50.0, 4.0),
    (&RFC_2330, 80.0, 7.0),
    (&RFC_2330, 100.0, 18.0),
    (&FRACTIONS, 50.0, 0.2),
];

/// The value number `rank`, from 1; undefined beyond the end.
fn at(sample: &[f64], rank: f64) -> f64 {
    let index = rank as usize;
    let value = index.checked_sub(1).and_then(|index| sample.get(index));
    value.copied().unwrap_or(LOST)
}

/// What spreadsheets do between two values.
fn interpolated(sample: &[f64], percent: f64) -> f64 {
    let place = percent / 100.0 * (sample.len() - 1) as f64;
    let (low, high) = (place.floor(), place.ceil());
    let (a, b) = (at(sample, low + 1.0), at(sample, high + 1.0));
    if low == high { a } else { a + (b - a) * (place - low) }
}

#[test]
fn step_4_finds_the_percentiles_of_the_rfcs() {
    exercise(&STEPS, || {
        let ask = |(sample, percent, _): &(&[f64], f64, f64)| {
            caught(|| percentile(sample, *percent))
        };
        let came = PERCENTILES.map(|q| ask(&q));
        let pairs = PERCENTILES.iter().zip(&came);
        let mut wrong = pairs.filter(|((_, _, right), came)| {
            came.is_none_or(|came| !same(came, *right))
        });
        let Some(((sample, percent, right), given)) = wrong.next() else {
            return;
        };
        type Q = (&'static [f64], f64, f64);
        let rank = |q: &Q| q.1 * q.0.len() as f64 / 100.0;
        let down = say(
            "percentile() rounds down, or to the nearest rank: at least that share of the sample must be there, so round up, `ceil()`.",
            "percentile() redondea para abajo, o al rango más cercano: tiene que haber por lo menos ese porcentaje; redondeá para arriba, `ceil()`.",
        );
        let off_by_one = say(
            "percentile() is off by one: ranks count from 1, and indexes from 0; the first has rank 1 and index 0.",
            "percentile() se corre en uno: los rangos se cuentan desde 1, y los índices, desde 0; la primera tiene rango 1 e índice 0.",
        );
        let as_index = say(
            "percentile() takes the rank, rounded down, as an index: that is right between two ranks, and one too far at a rank.",
            "percentile() toma el rango, redondeado para abajo, como índice: entre dos rangos acierta, y justo en un rango se pasa por uno.",
        );
        let whole = say(
            "percentile() gives the minimum, whatever the percent: 20 / 100 of whole numbers is 0, so compute the rank in floats.",
            "percentile() da siempre el mínimo: 20 / 100 con números enteros es 0, así que calculá el rango con `f64`.",
        );
        // An index beyond the end may be undefined, or the last one.
        let last = |q: &Q, index: f64| {
            at(&ascending(q.0), (index + 1.0).min(q.0.len() as f64))
        };
        let cause = guess(
            &PERCENTILES,
            &came,
            &[
                (&|q| at(&ascending(q.0), rank(q).ceil() + 1.0), off_by_one),
                (&|q| last(q, rank(q).ceil()), off_by_one),
                (&|q| at(&ascending(q.0), rank(q).floor() + 1.0), as_index),
                (&|q| last(q, rank(q).floor()), as_index),
                (&|q| at(&ascending(q.0), rank(q).floor()), down),
                (&|q| at(&ascending(q.0), rank(q).round()), down),
                (
                    &|q| at(q.0, rank(q).ceil()),
                    say(
                        "percentile() counts in the sample as it came: the rank is a place in ascending order.",
                        "percentile() cuenta en la muestra tal como vino: el rango es un lugar en el orden ascendente.",
                    ),
                ),
                (
                    &|q| {
                        let part = ascending(&received(q.0));
                        let rank = q.1 * part.len() as f64 / 100.0;
                        at(&part, rank.ceil())
                    },
                    say(
                        "percentile() leaves out what was lost: the 81st percentile of the RFC's sample falls on the lost probe, and is undefined.",
                        "percentile() deja afuera las perdidas: el percentil 81 de la muestra de la RFC cae en la sonda perdida, y queda indefinido.",
                    ),
                ),
                (
                    &|q| interpolated(&ascending(q.0), q.1),
                    say(
                        "percentile() computes a value between two delays, as spreadsheets do: the RFC's percentile is always a delay of the sample.",
                        "percentile() calcula un valor entre dos demoras, como las planillas: el percentil de la RFC siempre es una demora de la muestra.",
                    ),
                ),
                (
                    &|q| at(&ascending(q.0), (rank(q) * 100.0).ceil()),
                    say(
                        "percentile() takes percent for a share: 20 % of 5 delays is rank 1, and not rank 100.",
                        "percentile() toma el porcentaje por una parte de 1: el 20 % de 5 demoras es el rango 1, y no el 100.",
                    ),
                ),
                (&|q| at(&ascending(q.0), 1.0), whole),
                (
                    &|q| {
                        let hundred = (q.1 / 100.0).floor();
                        let rank = hundred * q.0.len() as f64;
                        at(&ascending(q.0), rank.max(1.0))
                    },
                    whole,
                ),
                (
                    &|q| {
                        let hundred = (q.1 / 100.0).floor();
                        let rank = hundred * q.0.len() as f64;
                        at(&ascending(q.0), rank + 1.0)
                    },
                    whole,
                ),
            ],
            say(
                "percentile() does not take the value whose rank in ascending order is percent × length / 100, rounded up.",
                "percentile() no toma el valor cuyo rango en el orden ascendente es porcentaje × largo / 100, redondeado para arriba.",
            ),
        );
        Told {
            did: &called("percentile", sample, &format!("; {percent}")),
            expected: &value(*right),
            came: &or_panic(*given, value),
            cause,
        }
        .fail();
    });
}

#[test]
fn step_4_finds_each_of_a_hundred() {
    exercise(&STEPS, || {
        let sample: Vec<_> = (1..=100).map(f64::from).collect();
        let exact = caught(|| percentile(&sample, 50.0)) == Some(50.0);
        for percent in &sample {
            let given = caught(|| percentile(&sample, *percent));
            if given == Some(*percent) {
                continue;
            }
            Told {
                did: &called("percentile", &sample, &format!("; {percent}")),
                expected: &value(*percent),
                came: &or_panic(given, value),
                // 50 / 100 has an exact float.
                cause: if exact {
                    say(
                        "percentile() divides before it multiplies: 7 / 100 has no exact float, so 7 / 100 × 100 is a little over 7, and that rounded up is 8.",
                        "percentile() divide antes de multiplicar: 7 / 100 no es exacto en un `f64`, así que 7 / 100 × 100 da un poco más de 7, y eso para arriba es 8.",
                )
                } else {
                    say(
                        "percentile() does not find each of a hundred delays, which have the ranks 1 to 100: the samples of the RFCs, before this one, tell more.",
                        "percentile() no encuentra cada una de cien demoras, que tienen los rangos 1 a 100: las muestras de las RFC, antes de esta, dicen más.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_4_takes_a_fraction_of_a_percent() {
    exercise(&STEPS, || {
        let sample: Vec<_> = (1..=200).map(f64::from).collect();
        // All these floats are exact.
        let given = caught(|| percentile(&sample, 2.25));
        if given != Some(5.0) {
            Told {
                did: &called("percentile", &sample, "; 2.25"),
                expected: &value(5.0),
                came: &or_panic(given, value),
                cause: say(
                    "percentile() makes a whole number of the percent: 2.25 % of 200 is 4.5, so rank 5; round the rank only.",
                    "percentile() convierte el porcentaje en un entero: el 2,25 % de 200 es 4,5, o sea rango 5; redondeá solo el rango.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_4_is_undefined_without_a_delay() {
    exercise(&STEPS, || {
        for (sample, percent) in [(&[LOST, LOST][..], 1.0), (&[], 50.0)] {
            let given = caught(|| percentile(sample, percent));
            if given == Some(LOST) {
                continue;
            }
            Told {
                did: &called("percentile", sample, &format!("; {percent}")),
                expected: &value(LOST),
                came: &or_panic(given, value),
                cause: say(
                    "percentile() wants a value where there is none: for an empty sample the rank is 0, there is no index -1, and `get` gives an `Option`.",
                    "percentile() quiere un valor donde no hay ninguno: con una muestra vacía el rango es 0, no existe el índice -1, y `get` da un `Option`.",
                ),
            }
            .fail();
        }
    });
}

/// The likely cause when nothing else is known.
fn no_middle() -> &'static str {
    say(
        "median() does not give the middle: in ascending order, the one with as many before as after it; with an even number, the mean of the two with as many before as after them.",
        "median() no da la del medio: en orden ascendente, la que tiene tantas antes como después; si la cantidad es par, la media de las dos que tienen tantas antes como después.",
    )
}

/// The likely cause when an even sample's middle is looked for beyond it.
fn one_too_far() -> &'static str {
    say(
        "median() is one too far when the number is even: indexes count from 0, so of four delays the two in the middle have the indexes 1 and 2.",
        "median() se pasa por uno cuando la cantidad es par: los índices se cuentan desde 0, así que de cuatro demoras las dos del medio tienen los índices 1 y 2.",
    )
}

/// Each sample, and its median.
const MEDIANS: [(&[f64], f64); 6] = [
    (&RFC_2681, 110.0),
    (&[100.0, 110.0, LOST, 90.0], 105.0),
    (&[100.0, LOST], LOST),
    (&[100.0, 110.0, LOST, LOST], LOST),
    (&RFC_2330, 5.5),
    (&FRACTIONS, 0.25),
];

#[test]
fn step_5_finds_the_middle() {
    exercise(&STEPS, || {
        let came = MEDIANS.map(|(sample, _)| caught(|| median(sample)));
        let mut pairs = MEDIANS.iter().zip(&came);
        let wrong = pairs.find(|((_, right), came)| {
            came.is_none_or(|came| !same(came, *right))
        });
        let Some(((sample, right), given)) = wrong else { return };
        type Q = (&'static [f64], f64);
        let mean = |s: &[f64]| s.iter().sum::<f64>() / s.len() as f64;
        let half = |s: &[f64], more: usize| {
            let (low, high) = (s.len().div_ceil(2), s.len() / 2 + 1);
            at(s, if more == 0 { low } else { high } as f64)
        };
        let middle = |s: &[f64]| (half(s, 0) + half(s, 1)) / 2.0;
        let no_mean = say(
            "median() is a mean: one delay of 500 moves a mean far, a lost probe makes it infinite; the median is the delay in the middle.",
            "median() es una media: una sola demora de 500 la corre mucho, y una sonda perdida la hace infinita; la mediana es la demora del medio.",
        );
        let beyond = |q: &Q| {
            let (sorted, n) = (ascending(q.0), q.0.len());
            let high = if n % 2 == 0 { n / 2 + 2 } else { n / 2 + 1 };
            (half(&sorted, 1) + at(&sorted, high as f64)) / 2.0
        };
        // Without any delay, 0 / 0.
        let finite = |q: &Q| mean(&received(q.0));
        let cause = guess(
            &MEDIANS,
            &came,
            &[
                (&|q: &Q| mean(q.0), no_mean),
                (&finite, no_mean),
                (
                    &|q| half(&ascending(q.0), 0),
                    say(
                        "median() takes the lower of the two in the middle, as the 50th percentile does: with an even number, the median is their mean.",
                        "median() toma la menor de las dos del medio, como el percentil 50: si la cantidad es par, la mediana es la media de las dos.",
                    ),
                ),
                (
                    &|q| half(&ascending(q.0), 1),
                    say(
                        "median() takes the upper of the two in the middle: with an even number, the median is the mean of both.",
                        "median() toma la mayor de las dos del medio: si la cantidad es par, la mediana es la media de ambas.",
                    ),
                ),
                (&beyond, one_too_far()),
                (
                    &|q| middle(q.0),
                    say(
                        "median() takes the middle of the sample as it came: sort it first.",
                        "median() toma el medio de la muestra tal como vino: primero ordenala.",
                    ),
                ),
                (
                    &|q| middle(&ascending(&received(q.0))),
                    say(
                        "median() leaves out what was lost: of 90, 100, 110, 500 and a lost one, the middle is 110, and without the lost one 105.",
                        "median() deja afuera las perdidas: de 90, 100, 110, 500 y una perdida, la del medio es 110, y sin la perdida, 105.",
                    ),
                ),
            ],
            no_middle(),
        );
        Told {
            did: &called("median", sample, ""),
            expected: &value(*right),
            came: &or_panic(*given, value),
            cause,
        }
        .fail();
    });
}

#[test]
fn step_5_is_undefined_without_a_delay() {
    exercise(&STEPS, || {
        for sample in [&[LOST, LOST][..], &[]] {
            let given = caught(|| median(sample));
            if given == Some(LOST) {
                continue;
            }
            Told {
                did: &called("median", sample, ""),
                expected: &value(LOST),
                came: &or_panic(given, value),
                cause: if sample.is_empty() {
                    say(
                        "median() looks for the middle of nothing: an empty sample is even, too, and there is nothing at n / 2 - 1.",
                        "median() busca el medio de nada: una muestra vacía también es par, y en n / 2 - 1 no hay nada.",
                    )
                } else if given.is_none() {
                    one_too_far()
                } else if given.is_some_and(|given| !given.is_nan()) {
                    no_middle()
                } else {
                say(
                    "median() computes with what is infinite: infinite less infinite is NaN; the sum of two, halved, stays infinite.",
                    "median() hace cuentas con infinitos: infinito menos infinito es NaN; la suma de dos, dividida por dos, sigue infinita.",
                )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_6_tells_what_share_is_at_most_x() {
    exercise(&STEPS, || {
        type Q = (&'static [f64], f64, f64);
        const SHARES: [Q; 10] = [
            (&RFC_2681, 103.0, 0.4),
            (&RFC_2681, 110.0, 0.6),
            (&RFC_2681, 3_600_000.0, 0.8),
            (&[100.0, 110.0, LOST, 90.0], 103.0, 0.5),
            (&[LOST, LOST], 1e9, 0.0),
            (&RFC_2330, -8.0, 0.0),
            (&RFC_2330, -5.0, 1.0 / 6.0),
            (&RFC_2330, 7.0, 5.0 / 6.0),
            (&RFC_2330, 18.0, 1.0),
            (&FRACTIONS, 0.2, 0.5),
        ];
        // No share, and a panic, count as NaN, which equals nothing.
        let came = SHARES.map(|(sample, x, _)| {
            Some(caught(|| inverse(sample, x)).flatten().unwrap_or(f64::NAN))
        });
        let mut pairs = SHARES.iter().zip(&came);
        let wrong = pairs.find(|((_, _, right), came)| {
            came.is_none_or(|came| !same(came, *right))
        });
        let Some(((sample, x, right), _)) = wrong else { return };
        let count = |q: &Q, below: fn(f64, f64) -> bool| {
            q.0.iter().filter(|value| below(**value, q.1)).count() as f64
        };
        let cause = guess(
            &SHARES,
            &came,
            &[
                (
                    &|q| count(q, |value, x| value < x) / q.0.len() as f64,
                    say(
                        "inverse() leaves out a delay of exactly x: \"at most x\" is `<=`.",
                        "inverse() deja afuera una demora que es justo x: \"a lo sumo x\" es `<=`.",
                    ),
                ),
                (
                    &|q| {
                        let whole = |v: f64, x: f64| v as i64 <= x as i64;
                        count(q, whole) / q.0.len() as f64
                    },
                    say(
                        "inverse() compares whole numbers, and 0.3 is not more than 0.2 there: compare the floats themselves.",
                        "inverse() compara números enteros, y ahí 0,3 no es más que 0,2: compará los flotantes mismos.",
                    ),
                ),
                (
                    &|q| count(q, |value, x| value > x) / q.0.len() as f64,
                    say(
                        "inverse() tells the share that is over x, and not the one that is at most x.",
                        "inverse() dice qué parte pasa de x, y no cuál es a lo sumo x.",
                    ),
                ),
                (
                    &|q| {
                        let part = received(q.0).len() as f64;
                        count(q, |value, x| value <= x) / part
                    },
                    say(
                        "inverse() divides by those that came back: lost ones are part of the sample, so divide by its whole length.",
                        "inverse() divide por las que volvieron: las perdidas son parte de la muestra, así que dividí por el largo completo.",
                    ),
                ),
                (
                    &|q| q.2 * 100.0,
                    say(
                        "inverse() gives percent: a share goes from 0 to 1.",
                        "inverse() da un porcentaje: una parte va de 0 a 1.",
                    ),
                ),
                (
                    &|q| q.2.floor(),
                    say(
                        "inverse() divides whole numbers, and 2 / 5 is 0: make floats of both with `as f64` before you divide.",
                        "inverse() divide números enteros, y 2 / 5 es 0: convertí los dos con `as f64` antes de dividir.",
                    ),
                ),
            ],
            say(
                "inverse() does not give the share: how many delays are `<= x`, divided by how many there are.",
                "inverse() no da la parte: cuántas demoras son `<= x`, dividido por cuántas hay.",
            ),
        );
        Told {
            did: &called("inverse", sample, &format!("; x = {x}")),
            expected: &share(Some(*right)),
            came: &or_panic(caught(|| inverse(sample, *x)), share),
            cause,
        }
        .fail();
    });
}

#[test]
fn step_6_is_undefined_for_an_empty_sample() {
    exercise(&STEPS, || {
        let given = caught(|| inverse(&[], 1.0));
        if given != Some(None) {
            Told {
                did: &called("inverse", &[], "; x = 1"),
                expected: "None",
                came: &or_panic(given, share),
                cause: say(
                    "inverse() tells a share of nothing: look first whether the sample is empty.",
                    "inverse() da una parte de nada: primero mirá si la muestra está vacía.",
                ),
            }
            .fail();
        }
    });
}
