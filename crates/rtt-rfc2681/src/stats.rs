//! The statistics of RFC 2681, section 4, over a sample of round-trip delays.
//!
//! Delays are in seconds. A probe without a reply has no delay: it is
//! *undefined*, and stands here as infinite, as the RFC puts it. So it
//! belongs to every sample, above all others, and a percentile that falls on
//! it is undefined, too. Every statistic of an empty sample is undefined.

/// The value that `percent` (over 0, up to 100) of the sample do not exceed:
/// the smallest x with EDF(x) >= percent (section 4.1; RFC 2330, section
/// 11.3). Infinite = undefined.
pub fn percentile(sample: &[f64], percent: f64) -> f64 {
    // Multiplied first: 0.07 * 100 is more than 7.
    let rank = (percent * sample.len() as f64 / 100.0).ceil() as usize;
    at_rank(sample, rank.max(1))
}

/// The middle value, or the mean of the two in the middle (section 4.2).
/// Infinite = undefined.
pub fn median(sample: &[f64]) -> f64 {
    let n = sample.len();
    let (low, high) =
        (at_rank(sample, n.div_ceil(2)), at_rank(sample, n / 2 + 1));
    (low + high) / 2.0
}

/// The smallest value (section 4.3). Infinite = undefined.
pub fn minimum(sample: &[f64]) -> f64 {
    at_rank(sample, 1)
}

/// The share, 0 to 1, of the sample that is at most `x`: the inverse
/// percentile (section 4.4), which is EDF(x). `None` = undefined.
pub fn inverse(sample: &[f64], x: f64) -> Option<f64> {
    let below = sample.iter().filter(|&&value| value <= x).count();
    (!sample.is_empty()).then_some(below as f64 / sample.len() as f64)
}

/// The sample without what was lost, for the second convention: RFC 8912,
/// section 4.4.2, excludes lost packets.
pub fn received(sample: &[f64]) -> Vec<f64> {
    sample.iter().copied().filter(|value| value.is_finite()).collect()
}

/// The Anderson-Darling statistic A2 (RFC 2330, appendix C) of `z`: numbers
/// from 0 to 1 that ought to be uniform. Over 2.492 they are not, at the 5 %
/// level. `None` for fewer than five, or if one is 0 or less.
pub fn a2(z: &[f64]) -> Option<f64> {
    let mut z = z.to_vec();
    z.sort_by(f64::total_cmp);
    let n = z.len() as f64;
    let pairs = (0..).zip(z.iter().zip(z.iter().rev()));
    let sum: f64 = pairs
        .map(|(i, (low, high))| {
            f64::from(2 * i + 1) * (low.ln() + (1.0 - high).max(TINY).ln())
        })
        .sum();
    let known = z.len() >= 5 && z.iter().all(|&z| z > 0.0);
    known.then_some(-n - sum / n)
}

/// A2 of `gaps` between the probes of a Poisson stream with the mean gap
/// `mean`; both in the same unit.
pub fn anderson_darling(gaps: &[f64], mean: f64) -> Option<f64> {
    let z: Vec<_> = gaps.iter().map(|gap| -(-gap / mean).exp_m1()).collect();
    a2(&z)
}

/// A delay in seconds as text: `0.213 ms`, or `undefined`.
pub fn ms(delay: f64) -> String {
    if delay.is_finite() {
        format!("{:.3} ms", delay * 1000.0)
    } else {
        "undefined".to_string()
    }
}

/// The statistics as text, in lines; `under`, in milliseconds, asks for an
/// inverse percentile.
pub fn summary(sample: &[f64], under: Option<f64>) -> String {
    let row = |sample: &[f64]| {
        let one = |p| format!("{p}: {}", ms(percentile(sample, f64::from(p))));
        PERCENTS.map(one).join("  ")
    };
    let mut text = format!("minimum      {}\n", ms(minimum(sample)));
    text += &format!("median       {}", ms(median(sample)));
    text += " (for even N the mean of the two in the middle)\n";
    text +=
        "percentiles, each of them a delay; a loss is infinite (RFC 2681)\n";
    text += &format!("             {}\n", row(sample));
    text += "percentiles, losses excluded (RFC 8912)\n";
    text += &format!("             {}\n", row(&received(sample)));
    if let Some(under) = under {
        let told = match inverse(sample, under / 1000.0) {
            Some(share) => format!("{:.1} %", share * 100.0),
            None => "undefined".to_string(),
        };
        text += &format!("under {under} ms  {told}\n");
    }
    text
}

/// The percentiles of the report.
pub const PERCENTS: [u8; 4] = [50, 90, 95, 99];

/// The logarithm of 0 is infinite: so a gap that is too long for the numbers
/// of this machine counts as the longest that is not.
const TINY: f64 = f64::EPSILON / 2.0;

/// The value number `rank`, from 1, in ascending order.
fn at_rank(sample: &[f64], rank: usize) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(rank.wrapping_sub(1)).copied().unwrap_or(f64::INFINITY)
}
