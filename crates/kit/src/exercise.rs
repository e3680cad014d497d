//! What the tests of the exercises share: a deadline around each test, the
//! student's code beside it, and a failure told in the student's language.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::io::{Write, stderr, stdout};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::OwnedFd as Owned;
#[cfg(windows)]
use std::os::windows::io::OwnedSocket as Owned;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, exit};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{env, thread};

use testbed::{
    Datagram, Failure, Program, STARTED, cut, end_all, free_port, heard, lock,
    patience, runner_waits, say, skipped, width,
};

use crate::{Shown, WORDS, known, said, socket, value};

thread_local! {
    /// Where the threads of one test report why it failed, or that it passed.
    static REPORT: RefCell<Option<Sender<Failure>>> =
        const { RefCell::new(None) };
    /// Where this thread panicked last: `FILE:LINE`.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    /// What the test was doing when it came here: see `doing`.
    static DOING: RefCell<String> = const { RefCell::new(String::new()) };
    /// Whether a panic of this thread is what the test is about: see `caught`.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Says what the test does from here on: it is told with a panic of the
/// student's code, here or in what is started with [`beside`] after this. Gives
/// the same, for `fail`.
pub fn doing<T: Shown>(did: T) -> T {
    DOING.set(did.shown());
    did
}

/// The first panic of the student's code that nothing caught, told. The runner
/// starts a process for each test; so there it is the test's.
static PANIC: Mutex<Option<Failure>> = Mutex::new(None);

/// Notes from now on where a thread panics, besides what the hook does.
fn note_places() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let at = info.location().map(|p| format!("{}:{}", p.file(), p.line()));
        let mut place = at.unwrap_or_default().replace('\\', "/");
        // In the standard library, most functions tell who called them, but not
        // all (`-` of a `Duration`).
        if place.starts_with("/rustc/") || place.contains("/rust/library/") {
            place = caller().unwrap_or_default();
        }
        let words = words(info.payload());
        if is_students(&place) && !CATCHING.get() {
            lock(&PANIC).get_or_insert_with(|| panicked(words, &place));
        }
        PLACE.set(place);
        // Whoever prints megabytes hides what matters: they are told cut.
        if words.len() < 10_000 {
            hook(info);
        }
    }));
}

/// The exercise's own sources, as a place names them: the tests run in its folder.
fn sources() -> String {
    let folder = env::current_dir().unwrap_or_default();
    let above = folder.ancestors().nth(2).unwrap_or(&folder);
    let own = folder.strip_prefix(above).unwrap_or(&folder);
    format!("{}/src/", own.display()).replace('\\', "/")
}

/// Whether a place is in the exercise's own sources. In the copies of which
/// `cargo taller verify` makes a workspace, `exercises/` is no part of it.
fn is_students(place: &str) -> bool {
    let own = sources();
    place.contains(own.split_once('/').map_or(own.as_str(), |(_, own)| own))
}

/// The student's line that has called what panics, `None` if the stack does not
/// show it.
fn caller() -> Option<String> {
    let stack = Backtrace::force_capture().to_string().replace('\\', "/");
    let own = sources();
    let mut frames = stack.lines().filter_map(|l| l.trim().strip_prefix("at "));
    // It is named from the folder in which this runs, or, built elsewhere, whole.
    let place = frames.find_map(|place| {
        let whole = place.split_once(&own).map(|(_, rest)| rest);
        whole.or(place.strip_prefix("./src/"))
    })?;
    let (place, _column) = place.rsplit_once(':')?;
    Some(own + place)
}

/// Runs one test of an exercise, whose sentences stand in `words`.
///
/// It fails at once if `test` or what it started with [`beside`] panics, and
/// after five times [`patience`] whatever happens. Threads that are still
/// blocked then stay behind, until the test program ends (it ends at once if
/// one of them keeps stdout locked); each [`Program`](crate::Program) that the
/// test started is ended. A panic by the `todo!` of a step is told with the
/// step's caption.
pub fn told_by(words: &'static str, test: impl FnOnce() + Send + 'static) {
    run(words, Box::new(test));
}

/// Something for another thread to do. Boxed: what a thread needs is then compiled
/// once, and not for each of an exercise's tests.
type Work = Box<dyn FnOnce() + Send>;

fn run(words: &'static str, test: Work) {
    WORDS.get_or_init(|| {
        note_places();
        words
    });
    let (report, reported) = channel();
    REPORT.set(Some(report.clone()));
    STARTED.set(Arc::default());
    let whole = move || {
        test();
        let _ = report.send(Failure::default());
    };
    spawn("the test", Box::new(whole));
    let came = reported.recv_timeout(patience() * 5);
    end_all(&STARTED.take());
    // Whether no thread keeps stdout.
    let free = beside(|| drop(stdout().lock())).wait().is_some();
    let sentence =
        |name: &str| Failure::default().with("sentence", &name.shown());
    let failure = match came {
        Ok(pass) if pass.is_pass() && free => {
            pass.write();
            return;
        }
        Ok(pass) if pass.is_pass() => sentence("stdout"),
        Ok(failure) => failure,
        Err(_) => sentence("too long"),
    };
    let failure = of_panic(failure);
    let words = failure.told(width());
    let shown = failure.write();
    if !free {
        // The program could not say how its tests went, and would wait for
        // ever to do so. Not `eprintln!`, whose words end with the program.
        let _ = writeln!(stderr(), "\n{words}");
        exit(101);
    }
    if !shown {
        // Not `panic!`, which would name a line of the test's: the student's
        // own line stands above.
        eprintln!("\n{words}");
    }
    resume_unwind(Box::new(words))
}

/// A failure as it is when a thread of the student's own has panicked, which no
/// test sees: that is why.
fn of_panic(failure: Failure) -> Failure {
    let text = |key| failure.get(key).unwrap_or_default();
    let known = [text("panic"), text("missing")] != [""; 2];
    match lock(&PANIC).take().filter(|_| !known && runner_waits()) {
        Some(told) => ["did", "expected", "came"]
            .iter()
            .fold(told, |told, key| told.with(key, text(key))),
        None => failure,
    }
}

/// Runs the test `name` once more, in a process of its own, and gives what that
/// one has printed on stdout, and on stderr: a program cannot read its own. `None`
/// in that process, which is to end then.
pub fn printed(name: &str) -> Option<[String; 2]> {
    const INNER: &str = "KIT_PRINTED";
    if env::var_os(INNER).is_some() {
        return None;
    }
    let mut inner = Command::new(env::current_exe().expect("it has a path"));
    // For `cargo taller verify` it stands in a module, which this process names.
    let own = env::args().find(|word| word.ends_with(&format!("::{name}")));
    let name = &own.unwrap_or_else(|| name.to_string());
    inner.args(["--exact", name, "--nocapture"]).env(INNER, name);
    let ended = Program::start(say("your program", "tu programa"), inner).end();
    Some([ended.stdout, ended.stderr])
}

/// What a panic says.
fn words(payload: &(dyn Any + Send)) -> &str {
    let words = payload.downcast_ref::<String>().map(String::as_str);
    let words = words.or(payload.downcast_ref::<&str>().copied());
    words.unwrap_or("?")
}

/// How the words of a `todo!` of a step begin.
const TODO: &str = "not yet implemented: step ";

/// What `work` gives, or `None` if it panics; but a `todo!` of a step goes on.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    CATCHING.set(true);
    let given = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(false);
    match given {
        Ok(given) => Some(given),
        Err(told) if words(&*told).starts_with(TODO) => resume_unwind(told),
        Err(_) => None,
    }
}

/// Why, when a panic said `words`: a step is missing; or nobody foresaw it, and
/// the words of the standard library may give the cause away.
fn panicked(words: &str, place: &str) -> Failure {
    let failure = Failure::default();
    if let Some(missing) = words.strip_prefix(TODO) {
        let (number, order) = missing.split_once(": ").unwrap_or_default();
        let caption = known(&format!("step {number}"));
        let caption = caption.unwrap_or_else(|| value(order));
        let told = said("a step is missing", &[&number, &caption]);
        return failure.with("missing", &told.shown()).with("step", number);
    }
    let words = cut(words, 500);
    let told = match place {
        "" => format!("{}: {words}", "a panic".shown()),
        _ => said("a panic at", &[&place, &words]).shown(),
    };
    let failure = failure.with("panic", &told);
    if !place.is_empty() && !is_students(place) {
        return failure; // It is the test's.
    }
    let causes = [
        ("`Result::unwrap()`", "unwrap of an error"),
        ("`Option::unwrap()`", "unwrap of nothing"),
        ("out of range", "an index beyond the end"),
        ("out of bounds", "an index beyond the end"),
        ("subtracting durations", "a time below zero"),
    ];
    let cause = causes.iter().find(|(sign, _)| words.contains(sign));
    let cause = cause.map(|(_, name)| name.shown());
    failure.with("place", place).with("cause", &cause.unwrap_or_default())
}

/// Starts a thread of the same test, whose panic is reported.
fn spawn(name: &str, work: Work) {
    let report = REPORT.with_borrow(Clone::clone);
    let report = report.expect("`beside` stands inside a test");
    let started = STARTED.with_borrow(Arc::clone);
    let did = DOING.with_borrow(Clone::clone);
    let work = move || {
        REPORT.set(Some(report.clone()));
        STARTED.set(started);
        DOING.set(did);
        let Err(payload) = catch_unwind(AssertUnwindSafe(work)) else { return };
        let failure = match payload.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(other) => panicked(words(&*other), &PLACE.take())
                .with("did", &DOING.take()),
        };
        let _ = report.send(failure); // Or the test is over.
    };
    let thread = thread::Builder::new().name(name.to_string());
    thread.spawn(work).expect("the system has room for a thread");
}

/// What the student's code gave, or will give.
pub struct Beside<T> {
    given: Receiver<T>,
    /// How long the code took, once it has ended.
    took: Arc<OnceLock<Duration>>,
    /// Keeps `given` open when the code panics, which the test need not see:
    /// it has failed by then.
    _give: Sender<T>,
}

/// Runs the student's code in a thread beside the test: a server, or whatever
/// may block for ever. If it panics, the test fails at once.
pub fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Beside<T> {
    let (give, given) = channel();
    let beside = Beside { given, took: Arc::default(), _give: give.clone() };
    let took = Arc::clone(&beside.took);
    let timed = move || {
        let begun = Instant::now();
        let given = work();
        let _ = took.set(begun.elapsed()); // It had none.
        let _ = give.send(given);
    };
    spawn("your code", Box::new(timed));
    beside
}

impl<T> Beside<T> {
    /// What it gave, waiting up to [`patience`]; `None` if it still runs.
    pub fn wait(&self) -> Option<T> {
        self.given.recv_timeout(patience()).ok()
    }

    /// The same for code that is to wait itself: up to twice [`patience`].
    pub fn wait_long(&self) -> Option<T> {
        self.given.recv_timeout(patience() * 2).ok()
    }

    /// How long the code took.
    ///
    /// # Panics
    /// If it has not ended.
    pub fn took(&self) -> Duration {
        *self.took.get().expect("it has ended")
    }

    /// What it gave, if it has ended by now; `None` if it still runs.
    pub fn now(&self) -> Option<T> {
        self.given.try_recv().ok()
    }
}

/// A socket of the test's own, at a free port of 127.0.0.1.
pub struct Peer(UdpSocket);

impl Peer {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "it opens a socket")]
    pub fn new() -> Peer {
        Peer(socket().0)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it is bound")
    }

    /// Sends one datagram.
    pub fn send(&self, data: &[u8], to: SocketAddr) {
        self.0.send_to(data, to).expect("127.0.0.1 takes a datagram");
    }

    /// What has come first by now; `None` if nothing has.
    pub fn came_first(&self) -> Option<Vec<u8>> {
        let last = b"came first?";
        self.send(last, self.address()); // Whatever came is before this.
        self.receive().map(|(data, _)| data).filter(|data| data != last)
    }

    /// The datagrams that come within [`patience`], as they come.
    pub fn heard(&self) -> impl Iterator<Item = Datagram> {
        heard(&self.0, patience())
    }

    /// The first of them.
    pub fn receive(&self) -> Option<Datagram> {
        self.heard().next()
    }
}

/// Makes a socket that can only receive, and that from `peer` alone: whatever
/// is sent through it fails, for ever. Gives whether this system does so; that it
/// does not is said aloud.
pub(crate) fn only_receives(s: &UdpSocket, peer: SocketAddr) -> bool {
    s.connect(peer).expect("a socket can be connected");
    // std closes one side of a TCP socket alone, and the call is the same.
    let same = s.try_clone().expect("the system has room for a socket");
    let _ = TcpStream::from(Owned::from(same)).shutdown(Shutdown::Write);
    let fails = s.send_to(b"", peer).is_err();
    if !fails {
        skipped(&"no such socket".shown());
    }
    fails
}

/// A socket that is connected to a port of this machine where nobody listens.
pub fn to_nobody() -> UdpSocket {
    let ((s, _), nobody) = (socket(), (Ipv4Addr::LOCALHOST, free_port()));
    s.connect(nobody).expect("a socket can be connected");
    s
}

#[cfg(test)]
mod tests {
    use testbed::TOLD;

    use super::*;
    use crate::{fail, told_by, value};

    const WORDS: &str = "
[step 2]
en: make a socket
es: creá
[step 4]
en: wait
es: esperá
[sent]
en: sent
es: sent

== likely causes

[no loop]
en: no loop?
es: no loop?
";

    /// What a failed test says.
    fn failed(test: impl FnOnce() + Send + 'static) -> String {
        let work = || told_by(WORDS, test);
        let payload = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
        *payload.downcast::<String>().unwrap()
    }

    /// This test program, started again as one that ends only if it is ended.
    fn deaf() -> Program {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "exercise::tests::child", "--nocapture"]);
        command.env("KIT_PART", "deaf").env("TALLER_SECONDS", "60");
        Program::start("deaf", command)
    }

    /// The child's side; nothing when the tests themselves run.
    #[test]
    fn child() {
        let Ok(part) = env::var("KIT_PART") else { return };
        let told = || -> u8 {
            let [expected, came] = ["a\nb", "nothing"].map(String::from);
            fail("sent", value(expected), value(came), "no loop")
        };
        let mine = || -> u8 { panic!("mine") };
        told_by(WORDS, move || match part.as_str() {
            "passes" => {}
            "exits" => exit(0),
            "fails" => drop(told()),
            "thread" => {
                let _ = thread::spawn(mine).join();
                told();
            }
            "caught" => {
                assert_eq!(caught(mine), None);
                told();
            }
            _ => loop {
                thread::park(); // It never ends, whatever comes.
            },
        });
    }

    #[test]
    fn a_good_test_passes_whatever_stays_blocked_beside_it() {
        told_by(WORDS, || {
            let blocked = beside(thread::park);
            assert_eq!(beside(|| 7).wait(), Some(7));
            assert!(blocked.now().is_none());
        });
    }

    #[test]
    fn no_program_outlives_its_test_whoever_holds_it() {
        let (give, given) = channel();
        let words = failed(move || {
            beside(move || give.send(deaf()).unwrap()).wait();
            panic!("over");
        });
        assert!(words.ends_with(": over"), "{words}");
        let mut program = given.recv().unwrap();
        assert!(program.status_within(patience() * 5).is_some());
    }

    #[test]
    fn no_program_is_started_by_a_thread_that_outlives_its_test() {
        let ((go, gone), (give, given)) = (channel(), channel());
        failed(move || {
            beside(move || {
                let _ = gone.recv(); // When the test is over.
                let _ = give.send(deaf());
            });
            panic!("over");
        });
        go.send(()).unwrap();
        let mut program = given.recv().unwrap();
        assert!(program.status_within(patience() * 5).is_some());
    }

    #[test]
    fn a_socket_that_only_receives() {
        let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = Peer::new();
        if !only_receives(&s, peer.address()) {
            return;
        }
        peer.send(b"hola", s.local_addr().unwrap());
        s.set_read_timeout(Some(patience())).unwrap();
        assert_eq!(s.recv_from(&mut [0; 9]).unwrap(), (4, peer.address()));
        assert!(s.send_to(b"hola", peer.address()).is_err());
        assert!(s.send(b"hola").is_err());
    }

    #[test]
    fn a_missing_step_is_told_by_its_caption_at_once() {
        let begun = Instant::now();
        let words = failed(|| {
            beside(|| todo!("step 4: wait for {}", 7));
            loop {
                thread::park();
            }
        });
        assert!(begun.elapsed() < patience() * 5);
        let caption = say("step 4 is missing: wait (", "el paso 4: esperá (");
        assert!(words.contains(caption), "{words}");
    }

    #[test]
    fn a_panic_beside_the_test_is_not_taken_for_silence() {
        let words = failed(|| {
            assert!(beside(|| panic!("mine")).wait().is_none());
        });
        assert!(words.ends_with(": mine"), "{words}");
    }

    #[test]
    fn without_a_caption_a_missing_step_is_told_as_it_stands() {
        let words = failed(|| todo!("step 3: nobody wrote this down"));
        assert!(words.contains("nobody wrote this down"), "{words}");
    }

    #[test]
    fn a_failure_is_told_in_four_lines() {
        let words = failed(|| {
            let [expected, came] = ["back", "nothing"].map(String::from);
            fail("sent", value(expected), value(came), "no loop")
        });
        assert_eq!(words.lines().count(), 4, "{words}");
        assert!(words.ends_with(": no loop?"), "{words}");
    }

    /// What the runner reads of this test, played as [`child`]'s `part`.
    fn read_by_the_runner(part: &str) -> Option<Failure> {
        let name = format!("told-{part}-{}", std::process::id());
        let file = env::temp_dir().join(name);
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "exercise::tests::child", "--nocapture"]);
        command.env("KIT_PART", part).env(TOLD, &file);
        let ended = Program::start(part, command).end();
        assert!(!ended.stderr.contains(": no loop?"), "{ended:?}");
        let read = Failure::read(&file);
        let _ = std::fs::remove_file(file);
        read
    }

    #[test]
    fn the_runner_reads_how_a_test_went() {
        assert_eq!(read_by_the_runner("passes"), Some(Failure::default()));
        assert_eq!(read_by_the_runner("exits"), None);
        let failed = read_by_the_runner("fails").unwrap();
        let keys = ["did", "expected", "came", "cause", "place"];
        let texts = keys.map(|key| failed.get(key).unwrap_or("-"));
        assert_eq!(texts, ["sent", "a\nb", "nothing", "no loop?", "-"]);
    }

    #[test]
    fn a_panic_of_a_thread_that_no_test_sees_is_why() {
        let failed = read_by_the_runner("thread").unwrap();
        let words = failed.get("panic").unwrap();
        assert!(words.ends_with(": mine"), "{words}");
        assert_eq!(failed.get("did"), Some("sent"));
        assert_eq!(failed.get("cause"), None);
        let place = failed.get("place").unwrap();
        assert!(place.starts_with("crates/kit/src/exercise.rs:"), "{place}");
        // What a test catches, it judges itself.
        let caught = read_by_the_runner("caught").unwrap();
        assert_eq!([caught.get("panic"), caught.get("place")], [None, None]);
    }

    #[test]
    fn other_panics_keep_their_words() {
        let words = failed(|| {
            beside(|| panic!("out of coffee"));
            thread::park();
        });
        assert!(words.ends_with(": out of coffee"), "{words}");
        assert!(words.contains("src/exercise.rs:"), "{words}");
    }

    #[test]
    fn a_panic_is_told_with_what_the_test_did() {
        for words in [
            failed(|| {
                doing("two".to_string());
                panic!("mine");
            }),
            failed(|| {
                doing("two".to_string());
                assert!(beside(|| panic!("mine")).wait().is_none());
            }),
        ] {
            let lines: Vec<_> = words.lines().collect();
            assert!(lines[0].ends_with(": \"two\" (3 bytes)"), "{words}");
            assert!(lines[1].ends_with(": mine"), "{words}");
        }
    }

    #[test]
    fn a_known_panic_is_told_with_its_place_and_cause() {
        let none = None::<u8>.filter(|_| true);
        let empty = Vec::<u8>::new();
        let (a, b) = (empty.clone(), empty);
        let zero = Duration::ZERO;
        for (words, cause) in [
            (failed(|| assert_eq!("x".parse::<u8>().unwrap(), 0)), "`?`."),
            (failed(move || assert_eq!(none.unwrap(), 0)), "`?`."),
            (failed(move || assert_eq!(a[a.len()], 0)), "`Option`."),
            (failed(move || drop(b[..b.len() + 1].to_vec())), "`Option`."),
            (failed(move || assert_eq!(zero - patience(), zero)), "_sub`."),
        ] {
            let place = say("a panic at crates", "(panic) en crates");
            assert!(words.contains(place), "{words}");
            assert!(words.ends_with(cause), "{words}");
        }
    }

    #[test]
    fn a_caught_panic_is_none_and_a_todo_goes_on() {
        assert_eq!(caught(|| 7), Some(7));
        assert_eq!(caught(|| -> u8 { panic!("mine") }), None);
        let words = failed(|| {
            caught(|| todo!("step 4: wait for {}", 7));
        });
        let caption = say("step 4 is missing: wait (", "el paso 4: esperá (");
        assert!(words.contains(caption), "{words}");
    }

    #[test]
    fn two_peers_talk() {
        let (one, two) = (Peer::new(), Peer::new());
        one.send(b"a\xff", two.address());
        let (data, from) = two.receive().unwrap();
        assert_eq!((&data[..], from), (&b"a\xff"[..], one.address()));
    }
}
