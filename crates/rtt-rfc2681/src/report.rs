//! The report: what RFC 2681 wants told about a sample (sections 2.8, 3.8),
//! for people, as JSON for programs, and drawn.

use std::net::UdpSocket;
use std::time::Duration;
use std::{fs, io};

use serde_json::{Map, Value, json};
use socket2::SockRef;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::options::Options;
use crate::sample::Sample;
use crate::stats::{self, PERCENTS};

/// What a report is made from.
pub struct Report {
    /// The socket that the probes were sent from.
    pub s: UdpSocket,
    /// What was asked for.
    pub options: Options,
    /// What was measured.
    pub sample: Sample,
    /// The systematic error and e in seconds, if they were measured.
    pub calibrated: Option<(f64, f64)>,
}

impl Report {
    /// The histogram and the whole report, in lines of text.
    ///
    /// # Errors
    /// If the system does not tell the socket's own address or TTL.
    pub fn text(&self) -> io::Result<String> {
        let Report { s, options, sample, .. } = self;
        let Options { to, size, interval, timeout, .. } = options;
        let (from, n) = (s.local_addr()?, sample.probes.len());
        let four = || s.ttl();
        let six = || SockRef::from(s).unicast_hops_v6();
        let ttl = if to.is_ipv4() { four() } else { six() }?;
        let lambda = (1e6 / interval).round() / 1e6;
        let tf = sample.probes.last().map_or(sample.t0, |last| last.at);
        let rows = [
            ("Type-P", format!("UDP, {size} bytes, DSCP 0, TTL {ttl}")),
            ("path", format!("{from} -> {to} and back")),
            ("T0, Tf", format!("{}, {}", utc(sample.t0), utc(tf))),
            ("stream", format!("{}, mean gap {interval} s", self.schedule())),
            ("", format!("lambda = {lambda} per s, N = {n}")),
            ("threshold", format!("{timeout} s")),
            ("stamps", format!("{}-space stamps of arrival", self.stamps())),
            ("send times", self.verdict()),
        ];
        let rows = rows.map(|(name, what)| format!("{name:<12} {what}\n"));
        let rtts = sample.rtts();
        let text = histogram(&rtts) + &rows.concat() + &sample.counts();
        let text = text + &stats::summary(&rtts, options.under);
        let calibrated = self.calibrated.map(|(systematic, e)| {
            let (systematic, e) = (stats::ms(systematic), stats::ms(e));
            format!("calibration  systematic error {systematic}, e {e}\n")
        });
        Ok(text + &calibrated.unwrap_or_default())
    }

    /// Writes the files that were asked for: `--json`, `--svg`.
    ///
    /// # Errors
    /// A sentence with the name of the first file that cannot be written; the
    /// other one is written all the same.
    pub fn save(&self) -> Result<(), String> {
        let write = |file: &Option<String>, text: &dyn Fn() -> String| {
            let Some(file) = file else { return Ok(()) };
            fs::write(file, text()).map_err(|e| format!("{file}: {}", e.kind()))
        };
        let json = write(&self.options.json, &|| self.json());
        json.and(write(&self.options.svg, &|| svg(&self.sample.rtts())))
    }

    fn schedule(&self) -> &'static str {
        if self.options.periodic { "periodic" } else { "poisson" }
    }

    fn stamps(&self) -> &'static str {
        if self.sample.kernel { "kernel" } else { "user" }
    }

    /// Whether the probes left as a Poisson stream does.
    fn verdict(&self) -> String {
        let gaps = self.sample.probes.windows(2).filter_map(|pair| {
            let [one, next] = pair else { return None };
            Some((next.sent - one.sent).as_secs_f64())
        });
        let gaps: Vec<_> = gaps.collect();
        match stats::anderson_darling(&gaps, self.options.interval) {
            _ if self.options.periodic => "periodic: not tested".to_string(),
            None => "too few for an Anderson-Darling test".to_string(),
            Some(a2) => {
                let is = if a2 > 2.492 { "not Poisson" } else { "Poisson" };
                format!("{is}: Anderson-Darling {a2:.3} (limit 2.492, 5 %)")
            }
        }
    }

    /// One JSON object. `null` = undefined, or not asked for.
    pub fn json(&self) -> String {
        let Report { options, sample, calibrated, .. } = self;
        let (rtts, n) = (sample.rtts(), sample.probes.len());
        let came = stats::received(&rtts);
        let percentiles = |sample: &[f64]| {
            let value = |p| stats::percentile(sample, f64::from(p)).into();
            PERCENTS.map(|p| (p.to_string(), value(p)))
        };
        let share = |ms: &f64| stats::inverse(&rtts, ms / 1000.0).into();
        let inverse =
            options.under.iter().map(|ms| (ms.to_string(), share(ms)));
        let probes = sample.probes.iter().enumerate().map(|(seq, probe)| {
            json!({ "seq": seq, "sent_at": utc(probe.at), "rtt_s": probe.rtt })
        });
        let json = json!({
            "sent": n,
            "received": sample.received(),
            "lost": n - sample.received(),
            "late": sample.late(),
            "skipped": sample.skipped,
            "duplicates": sample.duplicates,
            "reordered": sample.reordered,
            "unmatched": sample.unmatched,
            "threshold_s": options.timeout,
            "schedule": self.schedule(),
            "mean_interval_s": options.interval,
            "stamps": self.stamps(),
            "minimum_s": stats::minimum(&rtts),
            "median_s": stats::median(&rtts),
            "percentiles_s": Map::from_iter(percentiles(&rtts)),
            "percentiles_received_s": Map::from_iter(percentiles(&came)),
            "inverse": inverse.collect::<Map<_, Value>>(),
            "systematic_s": calibrated.map(|(systematic, _)| systematic),
            "error_s": calibrated.map(|(_, e)| e),
            "probes": probes.collect::<Vec<_>>(),
        });
        format!("{json:#}\n")
    }
}

/// RFC 3339, in UTC; `wall` is the time since 1970.
fn utc(wall: Duration) -> String {
    let nanos = i128::try_from(wall.as_nanos()).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    let text = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

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
