//! A sample, drawn: a histogram of characters for the terminal; and an SVG, in
//! the reader's language.

use std::env;

use crate::report::{Report, utc};
use crate::stats;

/// How many rows the histogram has, at most, up to the 99th percentile.
const ROWS: usize = 10;

/// A histogram of the delays `rtts` (seconds; infinite = undefined) in
/// characters: equal classes up to the 99th percentile of what came back, no
/// more than there are different delays; and a row each for what is above it
/// and for what is undefined, if there is any.
pub fn histogram(rtts: &[f64]) -> String {
    let mut came = stats::received(rtts);
    came.sort_by(f64::total_cmp);
    let (low, high) = (stats::minimum(&came), stats::percentile(&came, 99.0));
    let mut different = came.clone();
    different.retain(|&value| value <= high);
    different.dedup();
    let classes = different.len().min(ROWS);
    let width = (high - low) / classes as f64;
    // A width of 0 makes this NaN, which is class 0.
    let class =
        |value: f64| (((value - low) / width) as usize).min(classes - 1);
    let mut rows = Vec::new();
    for row in 0..classes {
        let inside = came.iter().filter(|&&v| v <= high && class(v) == row);
        let start = (low + width * row as f64) * 1000.0;
        rows.push((format!("{start:.3} ms"), inside.count()));
    }
    let above = came.iter().filter(|&&v| v > high).count();
    let others = [(">p99", above), ("undefined", rtts.len() - came.len())];
    for (name, n) in others.into_iter().filter(|(_, n)| *n > 0) {
        rows.push((name.to_string(), n));
    }
    let most = rows.iter().map(|row| row.1).max().unwrap_or(0).max(1);
    let line = |(name, n): (String, usize)| {
        let eighths = (n * 320 / most).max(n.min(1));
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8);
        let bar = "█".repeat(eighths / 8) + part.unwrap_or(&"");
        format!("{name:>14} {n:>6} {bar}\n")
    };
    rows.into_iter().map(line).collect()
}

/// The words of a drawing.
struct Words {
    share: &'static str,
    delay: &'static str,
    probes: &'static str,
    undefined: &'static str,
    beyond: &'static str,
    comma: &'static str,
}

const ENGLISH: Words = Words {
    share: "share that took at most so long",
    delay: "round-trip delay in ms",
    probes: "probes",
    undefined: "undefined",
    beyond: "beyond the right edge, up to",
    comma: ".",
};

const SPANISH: Words = Words {
    share: "parte que tardó a lo sumo eso",
    delay: "ida y vuelta en ms",
    probes: "sondas",
    undefined: "indefinidas",
    beyond: "más allá del borde derecho, hasta",
    comma: ",",
};

/// The drawing of `report`: [`svg`] with the reflector and the time in its
/// title, in Spanish if the first of `TALLER_LANG`, `LC_ALL` and `LANG` that is
/// set begins with `es`.
pub fn drawn(report: &Report) -> String {
    let time = utc(report.sample.t0).replace('T', " ");
    let minute = time.get(..16).unwrap_or_default();
    let title = format!("{}, {minute} UTC", report.options.to);
    let set = ["TALLER_LANG", "LC_ALL", "LANG"].map(|name| env::var(name).ok());
    let language = set.into_iter().flatten().find(|value| !value.is_empty());
    let spanish = language.is_some_and(|l| l.to_lowercase().starts_with("es"));
    svg(&report.sample.rtts(), &title, spanish)
}

/// Round numbers from `low` or a little less to `high` or a little more, about
/// five: each is 1, 2 or 5 times a power of ten after the one before. With them
/// comes how many decimals they need.
fn ticks(low: f64, high: f64) -> (Vec<f64>, usize) {
    let rough = ((high - low) / 5.0).max(1e-6);
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let wide = round.into_iter().find(|&step| step >= rough * 0.999);
    let step = wide.unwrap_or(10.0 * power);
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    let all = (first as i64..=last.max(first + 1.0) as i64).map(|i| i as f64);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    (all.map(|i| i * step).collect(), decimals)
}

/// Two drawings, one above the other, of the delays `rtts` (seconds; infinite =
/// undefined): the empirical distribution function, and a histogram.
///
/// The function ends at the share that came back: what is above that is at
/// infinity. Both end at a round number behind the 99th percentile, so that
/// one late reply does not press all others flat.
pub fn svg(rtts: &[f64], title: &str, spanish: bool) -> String {
    let words = if spanish { SPANISH } else { ENGLISH };
    let mut came: Vec<_> =
        stats::received(rtts).iter().map(|rtt| rtt * 1000.0).collect();
    came.sort_by(f64::total_cmp);
    let least = came.first().copied().unwrap_or(0.0);
    let p99 = Some(stats::percentile(&came, 99.0)).filter(|p| p.is_finite());
    let high = p99.unwrap_or(1.0);
    // From 0 on, unless all the others are far from it.
    let near = least < high / 2.0 || least == high;
    let low = if near { 0.0 } else { least };
    let (marks, decimals) = ticks(low, high);
    let start = marks.first().copied().unwrap_or(0.0);
    let end = marks.last().copied().unwrap_or(1.0);
    let x = |value: f64| 70.0 + 540.0 * (value - start) / (end - start);
    let y = |share: f64| 310.0 - 250.0 * share;
    let number = |value: f64, decimals: usize| {
        format!("{value:.decimals$}").replace('.', words.comma)
    };
    let n = rtts.len().max(1) as f64;

    let mut text = String::new();
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (up, name) = (y(share), number(share, 2));
        text += &format!(
            "<path class='grid' d='M70 {up}H610'/>\n\
             <text x='62' y='{}' text-anchor='end'>{name}</text>\n",
            up + 4.0
        );
    }
    for mark in &marks {
        let (at, name) = (x(*mark), number(*mark, decimals));
        text += &format!(
            "<path class='grid' d='M{at:.1} 60V310M{at:.1} 390V490'/>\n\
             <text x='{at:.1}' y='330' text-anchor='middle'>{name}</text>\n\
             <text x='{at:.1}' y='508' text-anchor='middle'>{name}</text>\n"
        );
    }

    // The function: one step for what falls on the same tenth of a unit.
    let inside = came.partition_point(|&value| value <= end);
    let mut path = format!("M70 {:.1}", y(0.0));
    let (mut before, mut at) = (String::new(), String::new());
    for (i, value) in (1..).zip(&came).take(inside) {
        let place = format!("H{:.1}", x(*value));
        if place != at {
            path += &before;
        }
        before = format!("{place}V{:.1}", y(f64::from(i) / n));
        at = place;
    }
    path += &before;
    if inside < came.len() {
        path += "H610";
    }
    let back = y(came.len() as f64 / n);
    text += &format!("<path class='end' d='M70 {back:.1}H610'/>\n");
    text += &format!("<path class='edf' d='{path}'/>\n");

    // The histogram.
    const BARS: usize = 45;
    let mut counts = [0_usize; BARS];
    for value in came.iter().take(inside) {
        let bar = (value - start) / (end - start) * BARS as f64;
        if let Some(count) = counts.get_mut((bar as usize).min(BARS - 1)) {
            *count += 1;
        }
    }
    let most = counts.into_iter().max().unwrap_or(0).max(1);
    let mut bars = String::new();
    for (i, count) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let left = 70.0 + 540.0 * i as f64 / BARS as f64;
        let top = 490.0 - 100.0 * *count as f64 / most as f64;
        bars += &format!("M{left:.1} 490V{top:.1}h11V490");
    }
    text += &format!(
        "<path class='bar' d='{bars}'/>\n\
         <text x='62' y='394' text-anchor='end'>{most}</text>\n\
         <text x='62' y='494' text-anchor='end'>0</text>\n"
    );

    let lost = rtts.len() - came.len();
    let mut what = format!("N = {}, {lost} {}", rtts.len(), words.undefined);
    if let Some(last) = came.last().filter(|_| inside < came.len()) {
        let (many, last) = (came.len() - inside, number(*last, decimals));
        what += &format!(", {many} {} {last} ms", words.beyond);
    }
    let Words { share, delay, probes, .. } = words;
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 540'>\n\
         <title>{title}: {share}</title>\n\
         <style>text {{ font: 17px sans-serif; fill: #222 }}\n\
         path {{ fill: none }} .back {{ fill: #fff }}\n\
         .grid {{ stroke: #ccc }} .end {{ stroke: #c00 }}\n\
         .edf {{ stroke: #036; stroke-width: 2 }} .bar {{ fill: #58b }}\n\
         @media screen and (prefers-color-scheme: dark) {{\n\
         text {{ fill: #ddd }} .back {{ fill: #181818 }}\n\
         .grid {{ stroke: #444 }} .end {{ stroke: #f66 }}\n\
         .edf {{ stroke: #9cf }} .bar {{ fill: #47a }} }}</style>\n\
         <rect class='back' width='640' height='540'/>\n\
         <text x='20' y='24'>{title}</text>\n\
         <text x='20' y='46'>{what}</text>\n{text}\
         <text transform='translate(20 185) rotate(-90)' \
         text-anchor='middle'>{share}</text>\n\
         <text x='340' y='352' text-anchor='middle'>{delay}</text>\n\
         <text transform='translate(20 440) rotate(-90)' \
         text-anchor='middle'>{probes}</text>\n\
         <text x='340' y='530' text-anchor='middle'>{delay}</text>\n</svg>\n"
    )
}
