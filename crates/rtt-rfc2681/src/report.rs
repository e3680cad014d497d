//! The report: what RFC 2681 wants told about a sample (sections 2.8, 3.8),
//! for people, and as JSON for programs.

use std::net::UdpSocket;
use std::time::Duration;
use std::{fs, fs::File, io};

use serde_json::{Map, Value, json};
use socket2::SockRef;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::options::Options;
use crate::picture::{drawn, histogram};
use crate::sample::{Probe, Sample};
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

/// Makes the files that were asked for, before anything is measured.
///
/// # Errors
/// A sentence with the name of the first file that cannot be written.
pub fn create(options: &Options) -> Result<(), String> {
    for name in [&options.json, &options.svg].into_iter().flatten() {
        File::create(name).map_err(|e| common::of_file(name, &e))?;
    }
    Ok(())
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
        let six = SockRef::from(s);
        let ttl = if to.is_ipv4() { s.ttl() } else { six.unicast_hops_v6() }?;
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
        let lines = rows.map(|(name, what)| format!("{name:<12} {what}\n"));
        let rtts = sample.rtts();
        let mut text = histogram(&rtts) + &lines.concat() + &sample.counts();
        text += &stats::summary(&rtts, options.under);
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
        let write = |name: &Option<String>, text: &dyn Fn() -> String| {
            let Some(name) = name else { return Ok(()) };
            fs::write(name, text()).map_err(|e| common::of_file(name, &e))
        };
        let json = write(&self.options.json, &|| self.json());
        json.and(write(&self.options.svg, &|| drawn(self)))
    }

    fn schedule(&self) -> &'static str {
        if self.options.periodic { "periodic" } else { "poisson" }
    }

    fn stamps(&self) -> &'static str {
        if self.sample.kernel { "kernel" } else { "user" }
    }

    /// Whether the probes left as a Poisson stream does.
    fn verdict(&self) -> String {
        let pairs = self.sample.probes.windows(2);
        let gap = |pair: &[Probe]| {
            let [one, next] = pair else { return None };
            Some((next.sent - one.sent).as_secs_f64())
        };
        let gaps: Vec<_> = pairs.filter_map(gap).collect();
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
            "short": sample.short,
            "damaged": sample.damaged,
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
pub fn utc(wall: Duration) -> String {
    let nanos = i128::try_from(wall.as_nanos()).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    let text = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_default()
}
