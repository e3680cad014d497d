//! How much of a result is this machine's own doing: RFC 2681, section 2.7.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{io, thread};

use common::Careful;

use crate::options::Options;
use crate::{clock, packet, sample, stats};

/// [`calibrate`] with a reflector of our own, if `options.calibrate`.
///
/// # Errors
/// If there is no socket to be had, or no thread.
pub fn asked(
    times: &[Duration],
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Option<(f64, f64)>> {
    let own = || calibrate(reflector(options.to)?, times, options, stop);
    options.calibrate.then(own).transpose()
}

/// Measures as `sample::run` does, at the same `times`, against a `reflector`
/// on loopback, where the delay is next to nothing: what is measured is error.
///
/// Gives the systematic error, which is the median, and e, in seconds: 95 %
/// of the results are within e of the median. Infinite = undefined.
///
/// # Errors
/// If there is no socket to be had.
pub fn calibrate(
    reflector: SocketAddr,
    times: &[Duration],
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<(f64, f64)> {
    let s = UdpSocket::bind((reflector.ip(), 0))?;
    s.connect(reflector)?;
    let quiet = Options { quiet: true, ..options.clone() };
    let rtts = sample::run(&s, times, &quiet, stop)?.rtts();
    let systematic = stats::median(&rtts);
    let [low, high] = [2.5, 97.5].map(|p| stats::percentile(&rtts, p));
    Ok((systematic, (systematic - low).max(high - systematic)))
}

/// Starts a reflector in this program, on a loopback address of the family of
/// `to`, and gives its address. It reflects until the program ends: what it does
/// are steps 4 to 6 of the server, which shows them.
///
/// # Errors
/// If there is no socket to be had, or no thread.
pub fn reflector(to: SocketAddr) -> io::Result<SocketAddr> {
    let host = if to.is_ipv4() { "127.0.0.1" } else { "::1" };
    let s = Careful::new(UdpSocket::bind((host, 0))?)?;
    let address = s.local_addr()?;
    clock::stamp_arrivals(s.as_ref());
    let reflect = move || -> io::Result<()> {
        let mut buffer = vec![0; 65536];
        loop {
            let (n, from) = s.recv_from(&mut buffer)?;
            let t2 = packet::ntp(clock::arrival(s.as_ref()));
            let data = buffer.get(..n).unwrap_or_default();
            let t3 = packet::ntp(clock::wall());
            s.send_to(&packet::reply(data, t2, t3), from)?;
        }
    };
    thread::Builder::new().spawn(reflect)?;
    Ok(address)
}
