//! Programs as processes.

use std::cell::RefCell;
use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::{self, Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::watch::watched;

/// How long a test waits for what should take a moment: long enough for a
/// loaded classroom machine, short enough for a person.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a test of an exercise waits for what should take a moment: 2 s, or as
/// many seconds as `TALLER_SECONDS` says (1 to 3600).
pub fn patience() -> Duration {
    let set = env::var("TALLER_SECONDS").ok().and_then(|s| s.parse().ok());
    Duration::from_secs(set.unwrap_or(2_u64).clamp(1, 3600))
}

/// At most so many bytes of each stream are kept; the rest is read and
/// forgotten, so that a program that prints without end fills no memory.
const KEPT: usize = 4 << 20;

/// How long a stream may stay open after its program ended: a child of it may
/// still hold it.
const LINGER: Duration = Duration::from_secs(2);

/// A running program with its three streams. It is killed when this is
/// dropped; what it printed is shown if the test has failed.
pub struct Program {
    name: String,
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: Arc<Output>,
}

/// What became of a program.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// All it wrote on stdout, byte for byte (the first 4 MiB).
    pub stdout_bytes: Vec<u8>,
    /// The same as text.
    pub stdout: String,
    /// All it wrote on stderr, as text (the first 4 MiB).
    pub stderr: String,
}

/// Starts a process, and no other one at that moment: see [`crate::close`]. It
/// does not outlive this program (on Windows, if this one is not killed). For
/// what needs streams of its own; else there is [`Program::start`].
///
/// # Errors
/// As `Command::spawn`.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    while_none_starts(|| {
        watched(command);
        #[allow(clippy::disallowed_methods)] // Here alone.
        command.spawn()
    })
}

/// Starts a process as [`spawn`] does, and waits for its end.
///
/// # Errors
/// As `Command::output`.
pub fn output(command: &mut Command) -> io::Result<process::Output> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command)?.wait_with_output()
}

/// Does `work` while no other process is being started. One that was started
/// just before may still have copies of our sockets for a moment: those that
/// were open then, until it has become the program it is to be.
pub fn while_none_starts<T>(work: impl FnOnce() -> T) -> T {
    static STARTING: Mutex<()> = Mutex::new(());
    let _alone = lock(&STARTING);
    work()
}

/// The processes that one test started, and whether it is over.
#[derive(Default)]
pub struct Started {
    all: Vec<Weak<Mutex<Child>>>,
    over: bool,
}

thread_local! {
    /// Those of this thread's test.
    pub static STARTED: RefCell<Arc<Mutex<Started>>> = RefCell::default();
}

/// Ends them, whichever thread holds them, and from now on each that a thread
/// which the test left behind still starts.
pub fn end_all(started: &Mutex<Started>) {
    let mut started = lock(started);
    started.over = true;
    for child in started.all.drain(..).filter_map(|child| child.upgrade()) {
        let _ = lock(&child).kill(); // It may have ended already.
    }
}

/// Locks it, whoever has panicked meanwhile: that is told elsewhere.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[derive(Default)]
struct Output {
    streams: Mutex<Streams>,
    changed: Condvar,
}

#[derive(Default)]
struct Streams {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    closed: usize,
    hung_up: bool,
}

impl Program {
    /// Starts `command`; `name` stands before its output when a test fails.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(name: &str, command: Command) -> Program {
        let program = format!("{:?}", command.get_program());
        let started = Program::try_start(name, command);
        started.unwrap_or_else(|e| {
            panic!("{name} does not start ({program}): {e}")
        })
    }

    /// The same, for a command that may be wrong.
    ///
    /// # Errors
    /// As `Command::spawn`.
    pub fn try_start(name: &str, mut command: Command) -> io::Result<Program> {
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(&mut command)?;
        let output = Arc::new(Output::default());
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let hung_up = |streams: &Streams| streams.hung_up;
        collect(stdout, &output, |streams| &mut streams.stdout, hung_up);
        collect(stderr, &output, |streams| &mut streams.stderr, |_| false);
        let input = child.stdin.take();
        let child = Arc::new(Mutex::new(child));
        let started = STARTED.with_borrow(Arc::clone);
        lock(&started).all.push(Arc::downgrade(&child));
        let over = lock(&started).over;
        if over {
            end_all(&started);
        }
        Ok(Program { name: name.to_string(), child, input, output })
    }

    /// The process number.
    pub fn id(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Sends it a signal by its name: "INT" is Ctrl-C, "STOP" is Ctrl-Z.
    ///
    /// # Panics
    /// If that cannot be: on Windows there are no signals.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args([format!("-{name}"), self.id().to_string()]);
        let sent = output(&mut kill);
        assert!(sent.is_ok_and(|sent| sent.status.success()), "{kill:?}");
    }

    /// What came on stdout so far, as text.
    pub fn stdout(&self) -> String {
        text(&self.output.lock().stdout)
    }

    /// What came on stderr so far, as text.
    pub fn stderr(&self) -> String {
        text(&self.output.lock().stderr)
    }

    /// Writes to the program's stdin.
    ///
    /// # Panics
    /// If the program has closed it, or [`Program::close_input`] has.
    pub fn write(&mut self, bytes: &[u8]) {
        let written = self.try_write(bytes);
        written.unwrap_or_else(|e| panic!("{} reads no more: {e}", self.name));
    }

    /// The same, for a program that may have ended.
    ///
    /// # Errors
    /// If its stdin is closed.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        input.write_all(bytes)?;
        input.flush()
    }

    /// Reads one more piece of the program's stdout, and then no more: the
    /// next that it writes fails.
    pub fn hang_up(&self) {
        self.output.lock().hung_up = true;
    }

    /// Ends the program's stdin.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits for a whole line, on stdout or stderr, that contains `words`;
    /// gives the line.
    ///
    /// # Panics
    /// If the program ends without it, or [`PATIENCE`] does.
    pub fn wait_for(&self, words: &str) -> String {
        self.wait_until(&format!("a line with {words:?}"), |stdout, stderr| {
            let mut lines = stdout.split_inclusive('\n');
            let mut more = stderr.split_inclusive('\n');
            let whole = |l: &&str| l.ends_with('\n') && l.contains(words);
            let found = lines.find(whole).or_else(|| more.find(whole))?;
            Some(found.trim_end().to_string())
        })
    }

    /// The address that a server says it listens on (`listening on ...`).
    ///
    /// # Panics
    /// As [`Program::wait_for`]; if what follows is no address.
    pub fn address(&self) -> SocketAddr {
        let line = self.wait_for("listening on ");
        let (_, address) = line.split_once("listening on ").unwrap_or_default();
        let address = address.parse();
        address.unwrap_or_else(|_| panic!("no address: {line:?}"))
    }

    /// Waits until `found` finds what it looks for in the text of stdout and
    /// stderr so far; `what` says it in words.
    ///
    /// # Panics
    /// If the program's output ends without it, or [`PATIENCE`] does.
    pub fn wait_until<T>(
        &self,
        what: &str,
        mut found: impl FnMut(&str, &str) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut streams = self.output.lock();
        loop {
            let over = streams.closed == 2;
            let (out, err) = (text(&streams.stdout), text(&streams.stderr));
            if let Some(found) = found(&out, &err) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if over || left.is_zero() {
                drop(streams); // Its lock would end our own Drop.
                let why = if over { "ended" } else { "took too long" };
                panic!("waiting for {what}: {} {why}", self.name);
            }
            streams = self.output.wait(streams, left);
        }
    }

    /// Waits for the program to end by itself.
    ///
    /// # Panics
    /// If it has not after [`PATIENCE`].
    pub fn end(mut self) -> Ended {
        self.input = None;
        self.ended(PATIENCE)
    }

    /// Waits up to `limit` for the program to end by itself, and ends it then;
    /// gives whether it had ended by itself.
    pub fn end_within(mut self, limit: Duration) -> (bool, Ended) {
        self.input = None;
        let in_time = self.status_within(limit).is_some();
        (in_time, self.stop())
    }

    /// Ends the program now.
    pub fn stop(mut self) -> Ended {
        self.kill();
        self.ended(PATIENCE)
    }

    /// Ends it, if it runs. On Windows, what it has started is ended, too:
    /// elsewhere its group is, with us.
    fn kill(&self) {
        let mut child = lock(&self.child);
        if cfg!(windows) && matches!(child.try_wait(), Ok(None)) {
            let mut tree = Command::new("taskkill");
            tree.args(["/T", "/F", "/PID", &child.id().to_string()]);
            let _ = output(&mut tree); // It may end just now.
        }
        let _ = child.kill();
    }

    fn ended(&mut self, patience: Duration) -> Ended {
        let Some(status) = self.status_within(patience) else {
            panic!("{} does not end", self.name);
        };
        let streams = self.output.lock();
        Ended {
            code: status.code(),
            stdout_bytes: streams.stdout.clone(),
            stdout: text(&streams.stdout),
            stderr: text(&streams.stderr),
        }
    }

    /// How the program ended, by itself or not, and then all that it wrote has
    /// been read; `None` if it has not ended after `limit`.
    pub fn status_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        let mut streams = self.output.lock();
        // std can wait for a process only without a deadline: so look now and
        // then, and at once when a stream closes.
        loop {
            streams = self.output.wait(streams, Duration::from_millis(5));
            let status = lock(&self.child).try_wait();
            let status = status.expect("a child can be waited for");
            if status.is_some() {
                self.read_to_the_end(streams);
                return status;
            }
            if Instant::now() > deadline {
                return None;
            }
        }
    }

    /// What a program writes last is read a moment after it has ended. Who has
    /// inherited its output may hold it open: so not for ever.
    fn read_to_the_end(&self, mut streams: MutexGuard<'_, Streams>) {
        let deadline = Instant::now() + LINGER;
        while streams.closed < 2 && Instant::now() < deadline {
            streams = self.output.wait(streams, Duration::from_millis(50));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        let _ = lock(&self.child).wait();
        if thread::panicking() {
            let (name, out, err) = (&self.name, self.stdout(), self.stderr());
            eprintln!(
                "--- {name}, stdout:\n{out}--- {name}, stderr:\n{err}---"
            );
        }
    }
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Streams> {
        lock(&self.streams)
    }

    fn wait<'a>(
        &self,
        streams: MutexGuard<'a, Streams>,
        most: Duration,
    ) -> MutexGuard<'a, Streams> {
        let woken = self.changed.wait_timeout(streams, most);
        woken.unwrap_or_else(|poisoned| poisoned.into_inner()).0
    }
}

/// Reads a stream to its end, in a thread of its own.
fn collect(
    mut stream: impl Read + Send + 'static,
    output: &Arc<Output>,
    which: fn(&mut Streams) -> &mut Vec<u8>,
    hung_up: fn(&Streams) -> bool,
) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let n = match stream.read(&mut buffer) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                read => read.unwrap_or(0),
            };
            let mut streams = output.lock();
            let kept = which(&mut streams);
            let room = KEPT - kept.len();
            kept.extend_from_slice(&buffer[..n.min(room)]);
            let over = n == 0 || hung_up(&streams);
            streams.closed += usize::from(over);
            if over {
                drop(stream); // Before anybody hears of the piece.
                output.changed.notify_all();
                return;
            }
            output.changed.notify_all();
        }
    });
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::env;
    use std::io::{stderr, stdin, stdout};
    use std::process::exit;

    /// This test program, started again to play `part` (see [`child`]).
    pub fn start(part: &str) -> Program {
        Program::start(part, command(part))
    }

    fn command(part: &str) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "process::tests::child", "--nocapture"]);
        command.env("KIT_PART", part);
        command
    }

    /// The child's side; nothing when the tests themselves run.
    #[test]
    fn child() {
        let Ok(part) = env::var("KIT_PART") else { return };
        let mut line = String::new();
        match part.as_str() {
            "server" => {
                writeln!(stderr(), "listening on 127.0.0.1:4000").unwrap();
                stdin().read_line(&mut line).unwrap();
                writeln!(stdout(), "read {line:?}").unwrap();
                stdin().read_line(&mut line).unwrap();
                exit(3);
            }
            "flood" => loop {
                let _ = stdout().write_all(&[b'x'; 65536]);
            },
            "talker" => loop {
                stdin().read_line(&mut line).unwrap();
                if writeln!(stdout(), "it says {line:?}").is_err() {
                    exit(4);
                }
            },
            "deaf" => loop {
                thread::park();
            },
            "parent" => {
                let mut deaf = spawn(&mut command("deaf")).unwrap();
                writeln!(stdout(), "has a child").unwrap();
                deaf.wait().unwrap();
            }
            "last words" => {
                let _ = stderr().write_all(&[b'x'; 60_000]);
                exit(0);
            }
            other => panic!("no such part: {other}"),
        }
    }

    #[test]
    fn reads_waits_writes_and_ends() {
        let mut server = start("server");
        assert_eq!(server.address(), "127.0.0.1:4000".parse().unwrap());
        server.write(b"hello\n");
        assert_eq!(server.wait_for("read"), "read \"hello\\n\"");
        let ended = server.end();
        assert_eq!(ended.code, Some(3));
        assert!(ended.stdout.contains("read \"hello"), "{ended:?}");
        assert_eq!(ended.stderr, "listening on 127.0.0.1:4000\n");
    }

    #[test]
    #[should_panic(
        expected = "waiting for a line with \"never\": server ended"
    )]
    fn says_that_the_line_never_came() {
        let mut server = start("server");
        server.close_input();
        server.wait_for("never");
    }

    #[test]
    fn keeps_the_first_megabytes_of_a_flood() {
        let flood = start("flood");
        flood.wait_until("a full store", |stdout, _| {
            (stdout.len() == KEPT).then_some(())
        });
        let ended = flood.stop();
        assert_eq!(ended.stdout_bytes.len(), KEPT);
    }

    #[test]
    fn nobody_reads_what_comes_after_the_last_piece() {
        let mut talker = start("talker");
        talker.write(b"1\n");
        talker.wait_for("it says \"1");
        talker.hang_up();
        talker.write(b"2\n");
        talker.wait_until("the last piece", |stdout, _| {
            stdout.contains("it says \"1\\n2").then_some(())
        });
        talker.write(b"3\n");
        let ended = talker.end();
        assert_eq!(ended.code, Some(4), "{ended:?}");
        assert!(!ended.stdout.contains('3'), "{ended:?}");
    }

    #[test]
    fn a_limit_ends_what_does_not_end_by_itself() {
        let (in_time, ended) =
            start("deaf").end_within(Duration::from_millis(100));
        assert!(!in_time && ended.code != Some(0), "{ended:?}");
        let (in_time, ended) = start("server").end_within(PATIENCE);
        assert!(in_time && ended.code == Some(3), "{ended:?}");
    }

    #[test]
    fn its_last_words_are_read_when_it_has_ended() {
        for _ in 0..20 {
            let mut program = start("last words");
            assert!(program.status_within(PATIENCE).is_some());
            assert_eq!(program.stderr().len(), 60_000);
        }
    }

    #[test]
    #[cfg(unix)]
    fn nothing_outlives_a_test_program_that_is_killed() {
        let mut parent = start("parent");
        parent.wait_for("has a child");
        parent.signal("KILL");
        assert!(parent.status_within(PATIENCE).is_some());
        // Its child has the same stdout: this ends when both are gone.
        let deadline = Instant::now() + PATIENCE;
        let mut streams = parent.output.lock();
        while streams.closed < 2 && Instant::now() < deadline {
            streams = parent.output.wait(streams, PATIENCE);
        }
        assert_eq!(streams.closed, 2, "its child goes on");
    }

    #[test]
    #[should_panic(expected = "deaf does not end")]
    fn says_that_a_program_does_not_end() {
        start("deaf").ended(Duration::from_millis(100));
    }
}
