//! A sample, drawn: a histogram of characters for the terminal, and an SVG.

use crate::stats;

/// How many rows the histogram has up to the 99th percentile.
const ROWS: usize = 10;

/// A histogram of the delays `rtts` (seconds; infinite = undefined) in
/// characters: equal classes up to the 99th percentile of what came back, and
/// a row each for what is above it and for what is undefined.
pub fn histogram(rtts: &[f64]) -> String {
    let came = stats::received(rtts);
    let (low, high) = (stats::minimum(&came), stats::percentile(&came, 99.0));
    let width = (high - low) / ROWS as f64;
    // A width of 0 makes this NaN, which is class 0.
    let class = |value: f64| (((value - low) / width) as usize).min(ROWS - 1);
    let mut rows = Vec::new();
    for row in 0..if came.is_empty() { 0 } else { ROWS } {
        let inside = came.iter().filter(|&&v| v <= high && class(v) == row);
        let start = (low + width * row as f64) * 1000.0;
        rows.push((format!("{start:.3} ms"), inside.count()));
    }
    rows.push((">p99".to_string(), came.iter().filter(|&&v| v > high).count()));
    rows.push(("undefined".to_string(), rtts.len() - came.len()));
    let most = rows.iter().map(|row| row.1).max().unwrap_or(0).max(1);
    let line = |(name, n): (String, usize)| {
        let eighths = (n * 320 / most).max(n.min(1));
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8);
        let bar = "█".repeat(eighths / 8) + part.unwrap_or(&"");
        format!("{name:>14} {n:>6} {bar}\n")
    };
    rows.into_iter().map(line).collect()
}

/// A drawing of the empirical distribution function of `rtts` (seconds;
/// infinite = undefined). It ends at the share that came back: what is above
/// that is at infinity.
pub fn svg(rtts: &[f64]) -> String {
    let mut came = stats::received(rtts);
    came.sort_by(f64::total_cmp);
    let most = came.last().copied().unwrap_or(1.0);
    let x = |value: f64| 60.0 + 500.0 * value / most;
    let y = |share: f64| 340.0 - 300.0 * share;
    let n = rtts.len().max(1) as f64;
    let mut path = format!("M{:.1} {:.1}", x(0.0), y(0.0));
    for (i, value) in (1..).zip(&came) {
        path += &format!("H{:.1}V{:.1}", x(*value), y(f64::from(i) / n));
    }
    let mut marks = String::new();
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (at, up) = (x(part * most), y(part));
        let ms = part * most * 1000.0;
        marks += &format!(
            "<path class='grid' d='M60 {up}H560M{at} 40V340'/>\n\
             <text x='52' y='{up}' text-anchor='end'>{part}</text>\n\
             <text x='{at}' y='360' text-anchor='middle'>{ms:.3}</text>\n"
        );
    }
    let (end, lost) = (y(came.len() as f64 / n), rtts.len() - came.len());
    marks += &format!("<path class='end' d='M60 {end}H560'/>\n");
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 620 400'>\n\
         <style>text {{ font: 12px sans-serif }} path {{ fill: none }}\n\
         .grid {{ stroke: #ccc }} .end {{ stroke: #c00 }}\n\
         .edf {{ stroke: #036; stroke-width: 2 }}</style>\n\
         <rect width='620' height='400' fill='white'/>\n{marks}\
         <path class='edf' d='{path}'/>\n\
         <text x='60' y='24'>EDF, N = {}, {lost} undefined</text>\n\
         <text x='310' y='384' text-anchor='middle'>ms</text>\n</svg>\n",
        rtts.len()
    )
}
