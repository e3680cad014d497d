//! When the probes are sent: RFC 2681, section 3, and RFC 2330, section 11.1.
//!
//! A Poisson stream (gaps of random, exponential length) meets whatever else
//! happens periodically in the network neither always nor never.

use std::time::Duration;

/// The exponential gap, in seconds, for the random number `u` (0 to 1, but
/// never 1) and the mean gap `mean` in seconds: 1 / lambda.
pub fn exponential(mean: f64, u: f64) -> f64 {
    -mean * (1.0 - u).ln()
}

/// When to send each of `count` probes, counted from the start. The gap
/// before each of them, also before the first, is `mean` seconds (if
/// `periodic`) or exponential with that mean, which is at most a day.
pub fn times(count: usize, mean: f64, periodic: bool) -> Vec<Duration> {
    let mut time = 0.0;
    let mut next = || {
        let gap = exponential(mean, fastrand::f64());
        time += if periodic { mean } else { gap };
        Duration::from_secs_f64(time)
    };
    (0..count).map(|_| next()).collect()
}
