//! Sends the probes, and decides what became of each.
//!
//! One thread sends, at the times of the schedule, whatever else happens; the
//! other one receives. So no late reply delays a later probe.

use std::io::{self, ErrorKind, Write, stdout};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::{clock, packet, stats};

/// How long a thread sleeps before it looks whether it should end.
const TICK: Duration = Duration::from_millis(50);

/// The sending ends when nothing has come back for so many seconds, or ten
/// mean gaps: a network that answers nothing may be overloaded (RFC 8085).
const SILENCE: f64 = 30.0;

/// A probe: sent, and by the end of the run answered in time, or not.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The time of day when it was sent: time since 1970.
    pub at: Duration,
    /// The same moment on the clock that measures intervals.
    pub sent: Instant,
    /// The round-trip delay in seconds; infinite = undefined.
    pub rtt: f64,
    /// Whether a reply came, be it too late.
    pub answered: bool,
}

/// A sample: the probes of one run, and what else came.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The probes in the order in which they were sent.
    pub probes: Vec<Probe>,
    /// When the run began: time since 1970.
    pub t0: Duration,
    /// How many replies were not the first to their probe.
    pub duplicates: usize,
    /// How many probes were answered in time, but after a later probe.
    pub reordered: usize,
    /// How many datagrams answered no probe.
    pub unmatched: usize,
    /// Whether the arrival times are the kernel's.
    pub kernel: bool,
    latest: usize, // The last probe that was answered in time.
    next: usize,   // All before this probe are answered or lost.
}

/// What both threads need.
struct Run<'a> {
    s: &'a UdpSocket,
    times: &'a [Duration],
    options: &'a Options,
    stop: &'a AtomicBool,
    sent: Mutex<Vec<Probe>>, // Not yet seen by the receiving thread.
}

/// Sends a probe from `s`, which is connected to the reflector, at each of
/// `times` after the start, and waits until each is answered or undefined;
/// prints a line for each unless `options.quiet`. Once `stop` is true it
/// sends no more.
///
/// # Errors
/// If stdout is closed. The network's errors are notes on stderr.
pub fn run(
    s: &UdpSocket,
    times: &[Duration],
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Sample> {
    s.set_read_timeout(Some(TICK))?;
    clock::gap(s); // Switches the kernel's stamps on.
    let mut sample = Sample { t0: clock::wall(), ..Sample::default() };
    let run = Run { s, times, options, stop, sent: Mutex::default() };
    thread::scope(|scope| {
        let sender = scope.spawn(|| run.send());
        let ended = sample.receive(&run, &sender);
        // After an error, or the sender would go on.
        stop.fetch_or(ended.is_err(), Relaxed);
        ended.map(|()| sample)
    })
}

/// A socket connected to itself: no network sees what it sends. Used directly
/// before a probe is sent, it brings the kernel's code for sending into the
/// processor's cache, and the probe leaves sooner after its time is noted.
fn warm(s: &UdpSocket) -> io::Result<UdpSocket> {
    let warm = UdpSocket::bind((s.local_addr()?.ip(), 0))?;
    warm.connect(warm.local_addr()?)?;
    warm.set_nonblocking(true)?;
    Ok(warm)
}

impl Run<'_> {
    /// The sending thread.
    fn send(&self) {
        let (warm, mut noted) = (warm(self.s), None);
        let start = Instant::now();
        for (seq, time) in (0..).zip(self.times) {
            let time = start + *time;
            let left = || time.saturating_duration_since(Instant::now());
            while !left().is_zero() && !self.stop.load(Relaxed) {
                thread::sleep(left().min(TICK));
            }
            if self.stop.load(Relaxed) {
                return;
            }
            let (at, rtt, answered) = (clock::wall(), f64::INFINITY, false);
            let data = packet::request(seq, packet::ntp(at), self.options.size);
            if let Ok(warm) = &warm {
                let _ = (warm.send(&data), warm.recv(&mut [0]));
            }
            // Locked: whoever has a reply finds its probe.
            let mut probes = self.sent();
            let sent = Instant::now();
            // A first error may be about the probe before: a closed port.
            let done = self.s.send(&data).or_else(|_| self.s.send(&data));
            probes.push(Probe { at, sent, rtt, answered });
            if let Err(e) = done {
                note(&mut noted, e);
            }
        }
    }

    fn sent(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sample {
    /// The delay of each probe in seconds; infinite = undefined.
    pub fn rtts(&self) -> Vec<f64> {
        self.probes.iter().map(|probe| probe.rtt).collect()
    }

    /// How many probes were answered in time.
    pub fn received(&self) -> usize {
        self.probes.iter().filter(|probe| probe.rtt.is_finite()).count()
    }

    /// How many were answered, but too late.
    pub fn late(&self) -> usize {
        let answered = self.probes.iter().filter(|probe| probe.answered);
        answered.count() - self.received()
    }

    /// The counts as a line of text.
    pub fn counts(&self) -> String {
        let Sample { probes, duplicates, reordered, unmatched, .. } = self;
        let (sent, received, late) =
            (probes.len(), self.received(), self.late());
        let lost = sent - received;
        format!(
            "{sent} sent, {received} received, {lost} lost ({late} late); \
             {duplicates} duplicates, {reordered} reordered, \
             {unmatched} unmatched"
        )
    }

    /// The receiving thread.
    fn receive(
        &mut self,
        run: &Run,
        sender: &ScopedJoinHandle<()>,
    ) -> io::Result<()> {
        let (mut buffer, mut noted) = (vec![0; 65536], None);
        let (options, mut heard) = (run.options, Instant::now());
        let silence = SILENCE.max(10.0 * options.interval);
        loop {
            let over = sender.is_finished(); // Then all probes are known.
            let received = common::in_time(run.s.recv(&mut buffer));
            let gap = clock::gap(run.s);
            let now = Instant::now(); // Last: what comes between adds.
            self.kernel |= gap.is_some();
            let gap = gap.unwrap_or_default();
            self.probes.append(&mut run.sent());
            match received {
                Ok(Some(n)) => {
                    let arrived = now.checked_sub(gap).unwrap_or(now);
                    self.expire(arrived, options)?;
                    let data = buffer.get(..n).unwrap_or_default();
                    self.take(data, now, gap, options)?;
                    heard = now;
                }
                Ok(None) => self.expire(now, options)?,
                Err(e) => note(&mut noted, e),
            }
            let silent = (now - heard).as_secs_f64() > silence;
            if silent && !over && !run.stop.swap(true, Relaxed) {
                common::note(format!("no reply for {silence} s: ending early"));
            }
            let mut open = self.probes.iter().skip(self.next);
            if over && open.all(|probe| probe.answered) {
                return Ok(());
            }
        }
    }

    /// Gives up the probes whose time was over at `now`.
    fn expire(&mut self, now: Instant, options: &Options) -> io::Result<()> {
        while let Some(probe) = self.probes.get(self.next) {
            let waited = now.saturating_duration_since(probe.sent);
            if !probe.answered && waited.as_secs_f64() <= options.timeout {
                break;
            }
            if !probe.answered {
                say(self.next, probe.rtt, options)?;
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Finds the probe that `data`, received at `now`, answers. It arrived
    /// `gap` earlier.
    fn take(
        &mut self,
        data: &[u8],
        now: Instant,
        gap: Duration,
        options: &Options,
    ) -> io::Result<()> {
        let mut ours = [packet::COPY, 0].into_iter().filter_map(|at| {
            let (seq, time) = packet::probe(data, at)?;
            let sent = self.probes.get(seq as usize)?.at;
            (packet::ntp(sent) == time).then_some((seq as usize, at))
        });
        let found = ours.next();
        let probe = found.and_then(|(seq, _)| self.probes.get_mut(seq));
        let (Some((seq, at)), Some(probe)) = (found, probe) else {
            self.unmatched += 1;
            return Ok(());
        };
        let again = std::mem::replace(&mut probe.answered, true);
        self.duplicates += usize::from(again);
        if again || seq < self.next {
            return Ok(()); // The first reply, if it is that, is too late.
        }
        let inside = packet::inside(data).filter(|_| at == packet::COPY);
        let mut rtt = now - probe.sent;
        for part in [gap, inside.unwrap_or_default()] {
            rtt -= if part < rtt { part } else { Duration::ZERO };
        }
        probe.rtt = rtt.as_secs_f64();
        self.reordered += usize::from(seq < self.latest);
        self.latest = self.latest.max(seq);
        say(seq, probe.rtt, options)
    }
}

/// The line for a probe, unless `options.quiet`.
fn say(seq: usize, rtt: f64, options: &Options) -> io::Result<()> {
    let why = format!(" (no reply in {} s)", options.timeout);
    match (options.quiet, rtt.is_finite()) {
        (true, _) => Ok(()),
        (_, true) => writeln!(stdout(), "seq={seq} rtt={}", stats::ms(rtt)),
        _ => writeln!(stdout(), "seq={seq} {}{why}", stats::ms(rtt)),
    }
}

/// Says on stderr what the network refused, unless that was said before.
fn note(noted: &mut Option<ErrorKind>, e: io::Error) {
    if noted.replace(e.kind()) != Some(e.kind()) {
        common::note(format!("{:?}", common::Error::from(e)));
    }
}
