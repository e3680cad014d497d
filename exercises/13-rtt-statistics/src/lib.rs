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
    todo!("step 1: tell the share that was lost: {sample:?}")
}

/// 2. Sort the sample: the same delays in ascending order, lost ones last.
pub fn sorted(sample: &[f64]) -> Vec<f64> {
    todo!("step 2: sort the sample: {sample:?}")
}

/// 3. Find the minimum (section 4.3); [`LOST`] if it is undefined.
pub fn minimum(sample: &[f64]) -> f64 {
    todo!("step 3: find the minimum: {sample:?}")
}

/// 4. Find the percentile (section 4.1): the smallest delay of the sample that
///    at least `percent` (over 0, up to 100) of it do not exceed; [`LOST`] if
///    it is undefined.
pub fn percentile(sample: &[f64], percent: f64) -> f64 {
    todo!("step 4: find the percentile: {percent} % of {sample:?}")
}

/// 5. Find the median (section 4.2): the middle delay in ascending order, or
///    the mean of the two in the middle; [`LOST`] if it is undefined.
pub fn median(sample: &[f64]) -> f64 {
    todo!("step 5: find the median: {sample:?}")
}

/// 6. Tell the share, 0 to 1, of the sample that is at most `x`: the inverse
///    percentile (section 4.4); `None` if the sample is empty.
pub fn inverse(sample: &[f64], x: f64) -> Option<f64> {
    todo!("step 6: tell the share that is at most {x}: {sample:?}")
}
