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
use crate::packet::{self, Answer};
use crate::{clock, stats};

/// How long a thread sleeps before it looks whether it should end.
const TICK: Duration = Duration::from_millis(50);

/// A probe that is later than this, and than a mean gap, was not sent by a
/// program that runs.
const PAUSE: Duration = Duration::from_millis(200);

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
    /// How many probes were not sent: their time passed while the program did
    /// not run.
    pub skipped: usize,
    /// How many replies were not the first to their probe.
    pub duplicates: usize,
    /// How many probes were answered in time, but after a later probe.
    pub reordered: usize,
    /// How many replies were shorter than their probe.
    pub short: usize,
    /// How many replies did not bring back what was sent.
    pub damaged: usize,
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
    sample: Mutex<Sample>,
}

/// Sends a probe from `s`, which is connected to the reflector, at each of
/// `times` after the start, and waits until each is answered or undefined;
/// prints a line for each unless `options.quiet`. Once `stop` is true it
/// sends no more.
///
/// # Errors
/// If stdout is closed, or no thread can be made. The network's errors are
/// notes on stderr.
pub fn run(
    s: &UdpSocket,
    times: &[Duration],
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Sample> {
    s.set_read_timeout(Some(TICK))?;
    clock::stamp_arrivals(s);
    let sample = Sample { t0: clock::wall(), ..Sample::default() };
    let run = Run { s, times, options, stop, sample: Mutex::new(sample) };
    thread::scope(|scope| {
        let sender =
            thread::Builder::new().spawn_scoped(scope, || run.send())?;
        let ended = run.receive(&sender);
        // After an error, or the sender would go on.
        stop.fetch_or(ended.is_err(), Relaxed);
        ended
    })?;
    Ok(run.sample.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// From now on Ctrl-C makes `stop` true; a second one ends the program at once,
/// with status 130.
///
/// # Errors
/// If no thread can be made.
pub fn stop_on_ctrl_c(stop: &'static AtomicBool) -> io::Result<()> {
    let set = ctrlc::set_handler(|| {
        if stop.swap(true, Relaxed) {
            std::process::exit(130);
        }
    });
    set.map_err(|e| match e {
        ctrlc::Error::System(e) => e,
        other => io::Error::other(other),
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
        let (warm, mut noted, mut seq) = (warm(self.s), None, 0);
        let (start, mut awake) = (Instant::now(), Duration::ZERO);
        let late = PAUSE.max(Duration::from_secs_f64(self.options.interval));
        for time in self.times {
            let left = || time.saturating_sub(start.elapsed());
            while !left().is_zero() && !self.stop.load(Relaxed) {
                thread::sleep(left().min(TICK));
            }
            if self.stop.load(Relaxed) {
                return;
            }
            // So late? The program did not run. What was due until it ran
            // again would leave all at once: it does not leave.
            if start.elapsed() > *time + late {
                awake = start.elapsed();
            }
            if *time < awake {
                self.sample().skipped += 1;
                continue;
            }
            let (at, rtt, answered) = (clock::wall(), f64::INFINITY, false);
            let data = packet::request(seq, packet::ntp(at), self.options.size);
            if let Ok(warm) = &warm {
                let _ = (warm.send(&data), warm.recv(&mut [0]));
            }
            // Locked: whoever has a reply finds its probe.
            let mut sample = self.sample();
            let sent = Instant::now();
            // A first error may be about the probe before: a closed port.
            let done = self.s.send(&data).or_else(|_| self.s.send(&data));
            sample.probes.push(Probe { at, sent, rtt, answered });
            drop(sample);
            if let Err(e) = done {
                note(&mut noted, e);
            }
            seq += 1;
        }
    }

    /// The receiving thread.
    fn receive(&self, sender: &ScopedJoinHandle<()>) -> io::Result<()> {
        let (mut buffer, mut noted) = (vec![0; 65536], None);
        let (options, mut silent) = (self.options, 0.0);
        let silence = SILENCE.max(10.0 * options.interval);
        loop {
            let over = sender.is_finished(); // Then all probes are known.
            let asked = Instant::now();
            let received = common::in_time(self.s.recv(&mut buffer));
            let gap = clock::gap(self.s);
            let now = Instant::now(); // Last: what comes between adds.
            // Much longer than a tick? Then the program did not run.
            silent += (now - asked).min(2 * TICK).as_secs_f64();
            let (mut said, mut sample) = (String::new(), self.sample());
            match received {
                Ok(Some(n)) => {
                    silent = 0.0;
                    sample.kernel |= gap.is_some();
                    let gap = gap.unwrap_or_default();
                    let arrived = now.checked_sub(gap).unwrap_or(now);
                    said += &sample.expire(arrived, options);
                    let data = buffer.get(..n).unwrap_or_default();
                    said += &sample.take(data, now, gap, options);
                }
                // What had come by then would be here now.
                Ok(None) => said += &sample.expire(asked, options),
                Err(e) => note(&mut noted, e),
            }
            let mut open = sample.probes.iter().skip(sample.next);
            let done = over && open.all(|probe| probe.answered);
            drop(sample); // Whoever reads the lines may be slow.
            write!(stdout(), "{said}")?;
            if done {
                return Ok(());
            }
            if silent > silence && !over && !self.stop.swap(true, Relaxed) {
                common::note(format!("no reply for {silence} s: ending early"));
            }
        }
    }

    fn sample(&self) -> MutexGuard<'_, Sample> {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The counts as text, in two lines.
    pub fn counts(&self) -> String {
        let (sent, received) = (self.probes.len(), self.received());
        let (lost, late) = (sent - received, self.late());
        let Sample { skipped, duplicates, reordered, .. } = self;
        let Sample { short, damaged, unmatched, .. } = self;
        format!(
            "probes       {sent} sent, {received} received, \
             {lost} lost ({late} late); {skipped} skipped\n\
             replies      {duplicates} duplicates, {reordered} reordered, \
             {short} short, {damaged} damaged, {unmatched} unmatched\n"
        )
    }

    /// Gives up the probes whose time was over at `now`; gives their lines.
    fn expire(&mut self, now: Instant, options: &Options) -> String {
        let mut said = String::new();
        while let Some(probe) = self.probes.get(self.next) {
            let waited = now.saturating_duration_since(probe.sent);
            if !probe.answered && waited.as_secs_f64() <= options.timeout {
                break;
            }
            if !probe.answered {
                said += &line(self.next, probe.rtt, options);
            }
            self.next += 1;
        }
        said
    }

    /// Finds the probe that `data`, received at `now`, answers; gives its
    /// line. It arrived `gap` earlier.
    fn take(
        &mut self,
        data: &[u8],
        now: Instant,
        gap: Duration,
        options: &Options,
    ) -> String {
        let named = [packet::COPY, 0].into_iter().find_map(|at| {
            let (seq, time) = packet::probe(data, at)?;
            let sent = self.probes.get(seq as usize)?.at;
            (packet::ntp(sent) == time).then_some(seq as usize)
        });
        // None by its number and time? Then the last one, if it is damaged.
        let seq = named.unwrap_or(self.probes.len().saturating_sub(1));
        let Some(probe) = self.probes.get_mut(seq) else {
            self.unmatched += 1;
            return String::new();
        };
        let time = packet::ntp(probe.at);
        let request = packet::request(seq as u32, time, options.size);
        let answer = packet::answer(data, &request);
        self.short += usize::from(answer == Answer::Short);
        self.damaged += usize::from(answer == Answer::Damaged);
        self.unmatched += usize::from(answer == Answer::Strange);
        if !matches!(answer, Answer::Stamp | Answer::Echo) {
            return String::new();
        }
        let again = std::mem::replace(&mut probe.answered, true);
        self.duplicates += usize::from(again);
        if again || seq < self.next {
            return String::new(); // Too late, if it is the first reply.
        }
        let inside = packet::inside(data).filter(|_| answer == Answer::Stamp);
        let mut rtt = now - probe.sent;
        for part in [gap, inside.unwrap_or_default()] {
            rtt -= if part < rtt { part } else { Duration::ZERO };
        }
        probe.rtt = rtt.as_secs_f64();
        self.reordered += usize::from(seq < self.latest);
        self.latest = self.latest.max(seq);
        line(seq, probe.rtt, options)
    }
}

/// The line for a probe; empty if `options.quiet`.
fn line(seq: usize, rtt: f64, options: &Options) -> String {
    let why = format!(" (no reply in {} s)", options.timeout);
    match (options.quiet, rtt.is_finite()) {
        (true, _) => String::new(),
        (_, true) => format!("seq={seq} rtt={}\n", stats::ms(rtt)),
        _ => format!("seq={seq} {}{why}\n", stats::ms(rtt)),
    }
}

/// Says on stderr what the network refused, unless that was said before.
fn note(noted: &mut Option<ErrorKind>, e: io::Error) {
    if noted.replace(e.kind()) != Some(e.kind()) {
        common::note(common::Error::from(e).to_string());
    }
}
