//! What the tests of the exercises share: a deadline around each test, the
//! student's code beside it, and a failure told in the student's language.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, OnceCell, RefCell};
use std::io::{ErrorKind, Write, stderr, stdout};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::OwnedFd as Owned;
#[cfg(windows)]
use std::os::windows::io::OwnedSocket as Owned;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, exit};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};
use std::{env, thread};

use testbed::{
    Failure, Program, STARTED, Started, cut, end_all, free_port, lock,
    patience, runner_waits, say, width,
};

use crate::{Shown, said, socket};

/// Fails the test being told so. No message of the panic hook: [`run`] has the
/// words.
pub(crate) fn fail_with(failure: Failure) -> ! {
    resume_unwind(Box::new(failure))
}

/// What a thread's panic carries.
type Payload = Box<dyn Any + Send>;

/// What a thread reports: that it ended well, or with what panic, where, and
/// what the test was doing.
type Report = Result<(), (Payload, String, String)>;

thread_local! {
    /// Where the threads of one test report that they panicked, or ended well.
    static REPORT: RefCell<Option<Sender<Report>>> =
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

/// The first panic of the student's code that nothing caught: what it says, and
/// where. The runner starts a process for each test; so there it is the test's.
static PANIC: Mutex<Option<(String, String)>> = Mutex::new(None);

/// Notes from now on where a thread panics, besides what the hook does.
fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location();
            let place = place.map(|p| format!("{}:{}", p.file(), p.line()));
            let mut place = place.unwrap_or_default().replace('\\', "/");
            if is_library(&place) {
                place = caller().unwrap_or(place);
            }
            let words = words(info.payload());
            if is_students(&place) && !CATCHING.get() {
                let mut first = lock(&PANIC);
                first.get_or_insert((words.to_string(), place.clone()));
            }
            PLACE.set(place);
            // Whoever prints megabytes hides what matters.
            if words.len() < MANY {
                hook(info);
            }
        }));
    });
}

/// A panic with so many bytes of text is told cut, and not by the hook.
const MANY: usize = 10_000;

/// Whether a place is in the exercise's own sources: the tests run in its
/// folder.
fn is_students(place: &str) -> bool {
    let folder = env::current_dir().unwrap_or_default();
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    place.contains(&format!("{name}/src/"))
}

/// Whether a place is in the standard library: most of its functions tell who
/// called them, but not all (`-` of a `Duration`).
fn is_library(place: &str) -> bool {
    place.starts_with("/rustc/") || place.contains("/rust/library/")
}

/// The student's line that has called what panics, `None` if the stack does not
/// show it.
fn caller() -> Option<String> {
    let folder = env::current_dir().ok()?;
    let parent = folder.parent()?.file_name()?.to_string_lossy();
    let name = folder.file_name()?.to_string_lossy();
    let own = format!("{parent}/{name}/src/");
    let stack = Backtrace::force_capture().to_string().replace('\\', "/");
    let mut frames = stack.lines().filter_map(|l| l.trim().strip_prefix("at "));
    let place = frames.find_map(|place| {
        let whole = place.split_once(&own).map(|(_, rest)| rest);
        whole.or(place.strip_prefix("./src/"))
    })?;
    let (place, _column) = place.rsplit_once(':')?;
    Some(own + place)
}

/// Runs one test of an exercise.
///
/// It fails at once if `test` or what it started with [`beside`] panics, and
/// after five times [`patience`] whatever happens. Threads that are still
/// blocked then stay behind, until the test program ends (it ends at once if
/// one of them keeps stdout locked); each [`Program`](crate::Program) that the
/// test started is ended. A panic by the `todo!` of a step is told with the
/// step's caption.
pub(crate) fn run(test: impl FnOnce() + Send + 'static) {
    note_places();
    let (report, reported) = channel();
    let started = Arc::default();
    let both = (report.clone(), Arc::clone(&started));
    spawn("the test", both, move || {
        test();
        let _ = report.send(Ok(()));
    });
    let came = reported.recv_timeout(patience() * 5);
    end_all(&started);
    let free = stdout_is_free();
    let failure = match came {
        Ok(Ok(())) if free => {
            Failure::default().write();
            return;
        }
        Ok(Ok(())) => Failure::default().with("sentence", &text("stdout")),
        Ok(Err((payload, place, did))) => told(payload, &place, &did),
        Err(_) => Failure::default().with("sentence", &text("too long")),
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

/// A sentence of the kit's own.
fn text(name: &str) -> String {
    said::own(name, &[]).to_string()
}

/// A failure as it is when a thread of the student's own has panicked, which no
/// test sees: that is why.
fn of_panic(failure: Failure) -> Failure {
    let first = lock(&PANIC).take();
    let known =
        ["panic", "missing"].iter().any(|key| failure.get(key).is_some());
    let Some((words, place)) = first.filter(|_| !known && runner_waits())
    else {
        return failure;
    };
    let mut told = panicked(&words, &place);
    for key in ["did", "expected", "came"] {
        if let Some(text) = failure.get(key) {
            told = told.with(key, text);
        }
    }
    told
}

/// Runs the test `name` once more, in a process of its own, and gives what that
/// one has printed: a program cannot read its own stdout. `None` in that process,
/// which is to end then.
pub fn printed(name: &str) -> Option<String> {
    outputs(name).map(|[stdout, _]| stdout)
}

/// The same: what it has printed on stdout, and on stderr.
pub fn outputs(name: &str) -> Option<[String; 2]> {
    const INNER: &str = "KIT_PRINTED";
    if env::var_os(INNER).is_some() {
        return None;
    }
    let this = env::current_exe().expect("a test program has a path");
    let mut inner = Command::new(this);
    // It may stand in a module, whose name is then known from this process.
    let own = env::args().find(|word| word.ends_with(&format!("::{name}")));
    let name = &own.unwrap_or_else(|| name.to_string());
    inner.args(["--exact", name, "--nocapture"]).env(INNER, name);
    let ended = Program::start(say("your program", "tu programa"), inner).end();
    Some([ended.stdout, ended.stderr])
}

/// Whether no thread keeps stdout.
fn stdout_is_free() -> bool {
    let (free, freed) = channel();
    thread::spawn(move || {
        drop(stdout().lock());
        let _ = free.send(());
    });
    freed.recv_timeout(patience()).is_ok()
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
        Err(payload) if words(&*payload).starts_with(TODO) => {
            resume_unwind(payload)
        }
        Err(_) => None,
    }
}

/// Why a test failed that ended in a panic.
fn told(payload: Payload, place: &str, did: &str) -> Failure {
    match payload.downcast::<Failure>() {
        Ok(failure) => *failure,
        Err(other) => {
            let told = panicked(words(&*other), place);
            if did.is_empty() { told } else { told.with("did", did) }
        }
    }
}

/// Why, when a panic said `words`: a step is missing; or nobody foresaw it, and
/// the words of the standard library may give the cause away.
fn panicked(words: &str, place: &str) -> Failure {
    let failure = Failure::default();
    if let Some(missing) = words.strip_prefix(TODO) {
        let number = missing.split(':').next().unwrap_or_default();
        let fits =
            |english| missing.starts_with(&format!("{number}: {english}"));
        return match said::caption(number).filter(|both| fits(both[0])) {
            Some([english, spanish]) => {
                let caption = say(english, spanish);
                let told = said::own("a step is missing", &[&number, &caption]);
                failure.with("missing", &told.to_string()).with("step", number)
            }
            None => {
                let lacks = "words.txt lacks the caption: ".to_string();
                failure.with("sentence", &(lacks + words))
            }
        };
    }
    let words = cut(words, 500);
    let failure = match is_library(place) {
        true => failure.with("panic", &format!("{}: {words}", text("a panic"))),
        false => {
            let told = said::own("a panic at", &[&place, &words]);
            failure.with("panic", &told.to_string())
        }
    };
    let failure = match () {
        _ if is_students(place) => failure.with("place", place),
        _ if is_library(place) => failure,
        _ => return failure, // It is the test's.
    };
    let causes = [
        ("`Result::unwrap()`", "unwrap of an error"),
        ("`Option::unwrap()`", "unwrap of nothing"),
        ("out of range", "an index beyond the end"),
        ("out of bounds", "an index beyond the end"),
        ("subtracting durations", "a time below zero"),
    ];
    match causes.iter().find(|(sign, _)| words.contains(sign)) {
        Some((_, cause)) => failure.with("cause", &text(cause)),
        None => failure,
    }
}

/// Starts a thread whose panic is reported.
fn spawn(
    name: &str,
    (report, started): (Sender<Report>, Arc<Mutex<Started>>),
    work: impl FnOnce() + Send + 'static,
) {
    let did = DOING.with_borrow(Clone::clone);
    let work = move || {
        REPORT.set(Some(report.clone()));
        STARTED.set(started);
        DOING.set(did);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            // Or the test is over.
            let _ = report.send(Err((payload, PLACE.take(), DOING.take())));
        }
    };
    let thread = thread::Builder::new().name(name.to_string());
    thread.spawn(work).expect("the system has room for a thread");
}

/// What the student's code gave, or will give.
pub struct Beside<T> {
    given: Receiver<(T, Duration)>,
    /// How long the code took, once it has ended.
    took: OnceCell<Duration>,
    /// Keeps `given` open when the code panics, which the test need not see:
    /// it has failed by then.
    _give: Sender<(T, Duration)>,
}

/// Runs the student's code in a thread beside the test: a server, or whatever
/// may block for ever. If it panics, the test fails at once.
pub fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Beside<T> {
    let report = REPORT.with_borrow(Clone::clone);
    let report = report.expect("`beside` stands inside `exercise`");
    let (give, given) = channel();
    let _give = give.clone();
    let started = STARTED.with_borrow(Arc::clone);
    spawn("your code", (report, started), move || {
        let begun = Instant::now();
        let given = work();
        let _ = give.send((given, begun.elapsed()));
    });
    Beside { given, took: OnceCell::new(), _give }
}

impl<T> Beside<T> {
    /// What it gave, waiting up to [`patience`]; `None` if it still runs.
    pub fn wait(&self) -> Option<T> {
        self.kept(self.given.recv_timeout(patience()).ok())
    }

    /// The same for code that is to wait itself: up to twice [`patience`].
    pub fn wait_long(&self) -> Option<T> {
        self.kept(self.given.recv_timeout(patience() * 2).ok())
    }

    /// How long the code took.
    ///
    /// # Panics
    /// If nobody has waited for its end.
    pub fn took(&self) -> Duration {
        *self.took.get().expect("it has been waited for")
    }

    fn kept(&self, given: Option<(T, Duration)>) -> Option<T> {
        let (given, took) = given?;
        let _ = self.took.set(took);
        Some(given)
    }

    /// What it gave, if it has ended by now; `None` if it still runs.
    pub fn now(&self) -> Option<T> {
        self.kept(self.given.try_recv().ok())
    }
}

/// A socket of the test's own, at a free port of 127.0.0.1.
pub struct Peer(UdpSocket);

impl Peer {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "it opens a socket")]
    pub fn new() -> Peer {
        let (s, _) = socket();
        s.set_read_timeout(Some(patience())).expect("it may wait");
        Peer(s)
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

    /// One datagram and its sender; `None` if none came within [`patience`].
    pub fn receive(&self) -> Option<(Vec<u8>, SocketAddr)> {
        let mut buffer = vec![0; 65_536];
        loop {
            match self.0.recv_from(&mut buffer) {
                Ok((n, from)) => return Some((buffer[..n].to_vec(), from)),
                // Windows: what we sent met a closed port. Wait on.
                Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
                Err(_) => return None,
            }
        }
    }
}

/// Makes a socket that can only receive, and that from `peer` alone: whatever
/// is sent through it fails, for ever. Gives whether this system does so.
pub(crate) fn only_receives(s: &UdpSocket, peer: SocketAddr) -> bool {
    s.connect(peer).expect("a socket can be connected");
    // std closes one side of a TCP socket alone, and the call is the same.
    let same = s.try_clone().expect("the system has room for a socket");
    let _ = TcpStream::from(Owned::from(same)).shutdown(Shutdown::Write);
    s.send_to(b"", peer).is_err()
}

/// A socket that is connected to a port of this machine where nobody listens.
pub fn to_nobody() -> UdpSocket {
    let (s, _) = socket();
    s.connect((Ipv4Addr::LOCALHOST, free_port()))
        .expect("a socket can be connected");
    s
}

/// Whether this system tells a connected socket that nobody listens. (Wine does
/// not.)
pub(crate) fn refusals_are_told() -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset};
    let s = to_nobody();
    s.set_read_timeout(Some(patience())).expect("that is no 0");
    let _ = s.send(b"");
    let kind = s.recv(&mut [0]).map_err(|e| e.kind());
    matches!(kind, Err(ConnectionRefused | ConnectionReset))
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
            return crate::skipped("this system sends all the same");
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
    fn a_missing_caption_is_the_author_s_fault() {
        let words = failed(|| todo!("step 3: nobody wrote this down"));
        assert!(words.contains("lacks the caption"), "{words}");
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
