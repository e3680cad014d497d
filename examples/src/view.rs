//! What passes through the bad link, for people: a ladder in the terminal, a
//! capture, a picture.

use badlink::ladder::{Ladder, Rung};
use badlink::pcap::{self, Station};
use badlink::{BadLink, Direction, Fate, Passing};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::iter;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::of_file;

use crate::meaning::meaning;

/// A datagram that has passed, and when.
pub struct Passed {
    at: Instant,
    wall: Duration,
    direction: Direction,
    caller: SocketAddr,
    data: Vec<u8>,
    fate: Fate,
    leaves: bool,
}

impl From<&Passing<'_>> for Passed {
    fn from(passing: &Passing) -> Passed {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let Passing { direction, caller, leaves, .. } = *passing;
        Passed {
            at: Instant::now(),
            wall: wall.unwrap_or_default(),
            direction,
            caller,
            data: passing.data.to_vec(),
            fate: passing.fate.clone(),
            leaves,
        }
    }
}

/// Hands on what passes to whoever shows it, and never makes the link wait:
/// what comes while too many are not yet shown is only counted.
#[derive(Clone)]
pub struct Feed {
    events: SyncSender<Option<Passed>>,
    missed: Arc<AtomicU64>,
    shown: bool,
    /// In a capture, which also has what leaves otherwise than it came.
    kept: bool,
}

/// At most so many are not yet shown.
const WAITING: usize = 1000;

/// Between two writings, each of which takes the link's processor: what passes
/// meanwhile is shown by the next.
const PAUSE: Duration = Duration::from_millis(5);

impl Feed {
    /// One passes.
    pub fn pass(&self, passing: &Passing) {
        let shown = match passing.leaves {
            true => self.kept && !passing.fate.words().is_empty(),
            false => self.shown,
        };
        if shown && self.events.try_send(Some(passing.into())).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// No more shall be shown.
    pub fn stop(&self) {
        let _ = self.events.send(None); // Or nobody shows any more.
    }

    /// Says how many were not shown, if any.
    pub fn end(&self) {
        let missed = self.missed.load(Ordering::Relaxed);
        if missed > 0 {
            common::note(format!("{missed} passed too fast to be shown"));
        }
    }
}

/// Between two counts.
const TICK: Duration = Duration::from_secs(1);

/// Most rungs of a picture.
const MOST: usize = 2000;

/// Where it is shown.
pub struct View {
    target: SocketAddr,
    ladder: Option<Ladder>,
    /// Whose names stand above the last rung.
    caller: Option<SocketAddr>,
    /// Whether not all came from one.
    several: bool,
    capture: Option<(String, BufWriter<File>)>,
    picture: Option<(PathBuf, Vec<Rung>)>,
    began: Option<Instant>,
    not_drawn: usize,
    /// Of the ladder, and not yet written.
    lines: Vec<String>,
}

impl View {
    /// With a ladder if `draw`; a capture and a picture if there are files for
    /// them. `target` is the right side.
    ///
    /// # Errors
    /// If a file cannot be made.
    pub fn new(
        target: SocketAddr,
        draw: bool,
        capture: Option<String>,
        picture: Option<String>,
    ) -> common::Result<View> {
        let make = |file: String| {
            let made = File::create(&file);
            let mut made = made.map_err(|e| of_file(&file, &e))?;
            made.write_all(&pcap::head()).map_err(|e| of_file(&file, &e))?;
            Ok::<_, String>((file, BufWriter::new(made)))
        };
        if let Some(file) = &picture {
            File::create(file).map_err(|e| of_file(file, &e))?; // Now, not at the end.
        }
        Ok(View {
            target,
            ladder: draw.then(terminal),
            caller: None,
            several: false,
            capture: capture.map(make).transpose()?,
            picture: picture.map(|file| (PathBuf::from(file), Vec::new())),
            began: None,
            not_drawn: 0,
            lines: Vec::new(),
        })
    }

    /// What this shows is put in at the first, and comes out at the second;
    /// `None` is the end.
    pub fn feed(&self) -> (Feed, Receiver<Option<Passed>>) {
        let (events, passed) = sync_channel(WAITING);
        let kept = self.capture.is_some();
        let drawn = self.ladder.is_some() || self.picture.is_some();
        let (missed, shown) = (Arc::default(), kept || drawn);
        (Feed { events, missed, shown, kept }, passed)
    }

    /// Shows what comes, until the feed stops; without a ladder it says each
    /// second how many came, if any did.
    ///
    /// # Errors
    /// If the capture cannot be written. Where stdout is closed, the program
    /// ends.
    pub fn run(
        &mut self,
        events: &Receiver<Option<Passed>>,
        link: &BadLink,
    ) -> common::Result<()> {
        let (mut told, mut at) = ([0, 0], Instant::now());
        loop {
            match events.recv_timeout(TICK) {
                Ok(first) => {
                    if !self.show_all(first, events)? {
                        return Ok(());
                    }
                    thread::sleep(PAUSE);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let ways = [Direction::There, Direction::Back];
            let now = ways.map(|way| link.counts(way).received);
            if self.ladder.is_none() && told != now && at.elapsed() >= TICK {
                (told, at) = (now, Instant::now());
                let [there, back] = now;
                common::note(format!("so far: {there} there, {back} back"));
            }
        }
    }

    /// Shows this one and all that wait; gives whether more may come.
    fn show_all(
        &mut self,
        first: Option<Passed>,
        events: &Receiver<Option<Passed>>,
    ) -> common::Result<bool> {
        let more = events.try_iter().take(WAITING);
        let mut goes_on = true;
        for passed in iter::once(first).chain(more) {
            match passed {
                Some(passed) => self.show(&passed)?,
                None => goes_on = false,
            }
        }
        if let Some((name, file)) = &mut self.capture {
            file.flush().map_err(|e| of_file(name, &e))?;
        }
        if !self.lines.is_empty() {
            common::println!("{}", self.lines.join("\n"));
            self.lines.clear();
        }
        Ok(goes_on)
    }

    fn show(&mut self, passed: &Passed) -> common::Result<()> {
        self.keep(passed)?;
        if passed.leaves {
            return Ok(());
        }
        let began = *self.began.get_or_insert(passed.at);
        let at = passed.at.saturating_duration_since(began);
        let (way, fate) = (passed.direction, &passed.fate);
        let rung = Rung::new(at, way, fate, meaning(&passed.data));
        if let Some(ladder) = &self.ladder {
            if self.caller != Some(passed.caller) {
                let [left, right] = [passed.caller, self.target];
                let [left, right] = [left, right].map(|end| end.to_string());
                self.lines.push(ladder.head(&left, &right));
            }
            self.lines.push(ladder.rung(&rung));
        }
        self.several |= self.caller.is_some_and(|c| c != passed.caller);
        self.caller = Some(passed.caller);
        if let Some((_, rungs)) = &mut self.picture {
            if rungs.len() < MOST {
                rungs.push(rung);
            } else {
                self.not_drawn += 1;
            }
        }
        Ok(())
    }

    /// Each datagram as it came, between caller and target. Where it is passed
    /// on otherwise (damaged, twice, late), also as it left: from the link.
    fn keep(&mut self, passed: &Passed) -> common::Result<()> {
        let Some((name, file)) = &mut self.capture else { return Ok(()) };
        let (caller, target) = (Station::Caller, Station::Target);
        let same = passed.fate.words().is_empty();
        let (mut ends, mut stations) =
            ([passed.caller, self.target], [caller, target]);
        if passed.direction == Direction::Back {
            ends.reverse();
            stations.reverse();
        }
        if !same {
            stations[usize::from(!passed.leaves)] = Station::Link;
        }
        let frame = pcap::frame(passed.wall, stations, ends, &passed.data);
        file.write_all(&frame).map_err(|e| of_file(name, &e))?;
        Ok(())
    }

    /// Writes the picture.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(self) -> common::Result<()> {
        let Some((file, rungs)) = self.picture else { return Ok(()) };
        let name = file.display().to_string();
        let left = match self.caller {
            Some(_) if self.several => "several callers".to_string(),
            caller => caller.map_or(String::new(), |c| c.to_string()),
        };
        let right = self.target.to_string();
        let svg = Ladder::default().svg(&left, &right, &rungs);
        std::fs::write(&file, svg).map_err(|e| of_file(&name, &e))?;
        if self.not_drawn > 0 {
            let more = self.not_drawn;
            common::note(format!("{name}: {more} more are not drawn"));
        }
        Ok(())
    }
}

/// A line of the log: a datagram that comes in.
pub fn log(passing: &Passing) {
    let (n, fate) = (passing.data.len(), passing.fate.words());
    let line = format!("{:?}: {n} bytes{fate}", passing.direction);
    common::note(line.to_lowercase());
}

/// As wide as the terminal, or as COLUMNS says, and in colour unless NO_COLOR is
/// set or the terminal has none.
fn terminal() -> Ladder {
    let size = terminal_size::terminal_size();
    let plain = Ladder::default();
    let set = std::env::var("COLUMNS").ok().and_then(|set| set.parse().ok());
    let columns = size.map_or(plain.columns, |(width, _)| width.0.into());
    let columns = set.unwrap_or(columns);
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    let colour = stdout().is_terminal() && !no_colour && !dumb;
    Ladder { columns, colour }
}
