//! Prints the statistics of a sample of round-trip delays.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run: cargo run -p ex13-rtt-statistics
//! Or:  cargo run -p ex13-rtt-statistics -- 100 110 lost 90 500
//! Or:  cargo run -p ex12-rtt-singleton | cargo run -p ex13-rtt-statistics -- -

use std::env;
use std::io::{read_to_string, stdin};
use std::process::exit;

use ex13_rtt_statistics::{
    LOST, inverse, loss, median, minimum, percentile, sorted,
};

/// The sample of RFC 2681, section 4.1: milliseconds.
const SAMPLE: [f64; 5] = [100.0, 110.0, LOST, 90.0, 500.0];

/// The percentiles of the report.
const PERCENTS: [f64; 4] = [50.0, 90.0, 95.0, 99.0];

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let sample = match words.as_slice() {
        [] => Some(SAMPLE.to_vec()),
        [word] if word == "-" => Some(lines()),
        _ => words.iter().map(|word| delay(word)).collect(),
    };
    match sample {
        Some(sample) => print!("{}", report(&sample)),
        None => {
            eprintln!("usage: ex13-rtt-statistics [- | MS ...]");
            eprintln!("(MS: milliseconds, from 0 on, or the word lost)");
            exit(2)
        }
    }
}

/// A word of the command line as a delay in ms.
fn delay(word: &str) -> Option<f64> {
    if word == "lost" {
        return Some(LOST);
    }
    word.parse().ok().filter(|ms| (0.0..LOST).contains(ms))
}

/// The delays, in ms, in the lines that exercise 12 prints.
fn lines() -> Vec<f64> {
    let text = read_to_string(stdin()).unwrap_or_else(|why| {
        eprintln!("Error: {why}");
        exit(1)
    });
    let of = |line: &str| match line.split_once(" rtt=") {
        Some((_, rtt)) => delay(rtt.trim_end_matches(" ms")),
        None => line.ends_with(" undefined").then_some(LOST),
    };
    text.lines().filter_map(of).collect()
}

/// The statistics in lines.
fn report(sample: &[f64]) -> String {
    let mut values: Vec<_> = sorted(sample).into_iter().map(ms).collect();
    if values.is_empty() {
        values.push("no delays".to_string());
    }
    let percentiles =
        PERCENTS.map(|p| format!("{p}: {}", ms(percentile(sample, p))));
    let least = minimum(sample);
    let twice = Some(2.0 * least).filter(|twice| twice.is_finite());
    let fast = twice.and_then(|twice| inverse(sample, twice));
    format!(
        "in order     {}\n\
         loss         {}\n\
         minimum      {}\n\
         median       {}\n\
         percentiles  {}\n\
         at most twice the minimum: {}\n",
        values.join(", "),
        share(loss(sample)),
        ms(least),
        ms(median(sample)),
        percentiles.join("  "),
        share(fast),
    )
}

/// A delay in words.
fn ms(delay: f64) -> String {
    if delay.is_finite() {
        format!("{delay:.3} ms")
    } else {
        "undefined".to_string()
    }
}

/// A share in percent, in words.
fn share(share: Option<f64>) -> String {
    match share {
        Some(share) => format!("{:.1} %", share * 100.0),
        None => "undefined".to_string(),
    }
}
