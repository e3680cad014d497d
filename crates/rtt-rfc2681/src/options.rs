//! The client's command line.

use std::net::SocketAddr;

use common::{Args, Result};

use crate::packet::LEAST;

/// What the client is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--host` and `--port`: where the reflector is.
    pub to: SocketAddr,
    /// `--count`: how many probes, 0 to a million.
    pub count: usize,
    /// `--interval`: the mean gap between probes in seconds, up to a day.
    pub interval: f64,
    /// `--periodic`: every gap is the mean gap.
    pub periodic: bool,
    /// `--timeout`: the loss threshold in seconds, up to a day.
    pub timeout: f64,
    /// `--size`: the bytes of a probe, 44 to 65,507.
    pub size: usize,
    /// `--under`: milliseconds, for an inverse percentile.
    pub under: Option<f64>,
    /// `--calibrate`: measure this machine first.
    pub calibrate: bool,
    /// `--quiet`: no line for each probe.
    pub quiet: bool,
    /// `--json`: a file for the results.
    pub json: Option<String>,
    /// `--svg`: a file for the drawing.
    pub svg: Option<String>,
}

/// Reads the command line; `default` and `port` are host and port if none are
/// given, and `source` is the program's own text, for `--help`. What is out of
/// range ends the program with a sentence and status 2.
///
/// # Errors
/// A sentence, if the host is unknown.
pub fn read(default: &str, port: u16, source: &str) -> Result<Options> {
    // 1. Take what was given.
    let mut args = Args::new(source);
    args.short("-c", "--count");
    args.short("-i", "--interval");
    args.short("-s", "--size");
    let host: String = args.option("--host", default);
    let port: u16 = args.option("--port", port);
    let mut o = Options {
        to: SocketAddr::from(([0; 4], port)), // Until the host is looked up.
        count: args.option("--count", 100_usize),
        interval: args.option("--interval", 0.1),
        periodic: args.flag("--periodic"),
        timeout: args.option("--timeout", 3.0),
        size: args.option("--size", LEAST),
        under: args.maybe("--under", "MS"),
        calibrate: args.flag("--calibrate"),
        quiet: args.flag("--quiet"),
        json: args.maybe("--json", "FILE"),
        svg: args.maybe("--svg", "FILE"),
    };
    let alone = args.argument("HOST");

    // 2. Check it.
    let time = |seconds| (0.000001..=86400.0).contains(&seconds);
    let under = o.under.is_none_or(|ms| (0.0..=86400e3).contains(&ms));
    let one = alone.is_none() || host == default;
    args.require(one, "HOST or --host, not both");
    args.require(port > 0, "--port: nothing can be sent to port 0");
    args.require(o.count <= 1_000_000, "--count: 0 to 1000000");
    args.require(time(o.interval), "--interval: 0.000001 to 86400 s");
    args.require(time(o.timeout), "--timeout: 0.000001 to 86400 s");
    args.require((LEAST..=65507).contains(&o.size), "--size: 44 to 65507");
    args.require(under, "--under: 0 to 86400000 ms");

    // 3. Look the host up. Over 1000 probes/s, or 1 MB/s: here only.
    let to = common::address(alone.as_ref().unwrap_or(&host), port);
    let whole = to.as_ref().map_or(true, has_interface);
    args.require(whole, "fe80:... needs its interface: fe80::1%eth0");
    let near = to.as_ref().map_or(true, |to| to.ip().is_loopback());
    let polite = near || o.interval >= 0.001_f64.max(o.size as f64 / 1e6);
    args.require(polite, "--interval: over 1000/s or 1 MB/s only on loopback");
    args.finish();
    o.to = to?;
    Ok(o)
}

/// Whether it is known through which interface `to` is: each link has a
/// network fe80::/10 of its own (RFC 4007, section 6).
fn has_interface(to: &SocketAddr) -> bool {
    let SocketAddr::V6(to) = to else { return true };
    to.scope_id() != 0 || !to.ip().is_unicast_link_local()
}
