//! Exercise 13: the statistics of RFC 2681, section 4, over a sample of
//! round-trip delays.
//!
//! A sample is a list of delays, all in the same unit. A probe that was lost
//! has an infinite delay, above all others. What is undefined is infinite,
//! too; a share that is undefined is `None`.

/// The delay of a lost probe; and a value that is undefined.
pub const LOST: f64 = f64::INFINITY;

/// 1. Tell the share, 0 to 1, of the sample that was lost; `None` if the
///    sample is empty.
pub fn loss(sample: &[f64]) -> Option<f64> {
    if sample.is_empty() {
        return None;
    }
    let lost = sample.iter().filter(|delay| delay.is_infinite()).count();
    Some(lost as f64 / sample.len() as f64)
}

/// 2. Sort the sample: the same delays in ascending order, lost ones last.
pub fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// 3. Find the minimum (section 4.3); [`LOST`] if it is undefined.
pub fn minimum(sample: &[f64]) -> f64 {
    sorted(sample).first().copied().unwrap_or(LOST)
}

/// 4. Find the percentile (section 4.1): the smallest delay of the sample that
///    at least `percent` (over 0, up to 100) of it do not exceed; [`LOST`] if
///    it is undefined.
pub fn percentile(sample: &[f64], percent: f64) -> f64 {
    let rank = (percent as usize * sample.len()).div_ceil(100);
    let sorted = sorted(sample);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(LOST)
}

/// 5. Find the median (section 4.2): the middle delay in ascending order, or
///    the mean of the two in the middle; [`LOST`] if it is undefined.
pub fn median(sample: &[f64]) -> f64 {
    let (sorted, n) = (sorted(sample), sample.len());
    if n == 0 {
        LOST
    } else if n % 2 == 1 {
        sorted[n / 2]
    } else {
        (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0
    }
}

/// 6. Tell the share, 0 to 1, of the sample that is at most `x`: the inverse
///    percentile (section 4.4); `None` if the sample is empty.
pub fn inverse(sample: &[f64], x: f64) -> Option<f64> {
    if sample.is_empty() {
        return None;
    }
    let below = sample.iter().filter(|delay| **delay <= x).count();
    Some(below as f64 / sample.len() as f64)
}
