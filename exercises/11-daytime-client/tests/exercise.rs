//! The tests of exercise 11. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::mem::take;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use daytime::Format;
use ex11_daytime_client::{TRIES, ask, ask_again, line, open, wait};
use kit::{
    Answer, Peer, Said, Shown, answer_shown, beside, bytes, check_fails,
    check_open_gives_the_error, check_opens, compared, doing, fail, is_refusal,
    kind, moments, patience, said, servers, socket, to_nobody,
};

/// A client's socket that these tests make themselves, connected to a server.
fn connected(server: SocketAddr) -> UdpSocket {
    let (s, _) = socket();
    s.connect(server).unwrap();
    s
}

#[kit::test]
fn step_4_is_connected_to_the_server() {
    check_opens(open);
}

#[kit::test]
fn step_4_says_that_it_could_not_connect() {
    check_open_gives_the_error(open);
}

#[kit::test]
fn step_6_asks_with_one_empty_datagram() {
    let server = Peer::new();
    let s = connected(server.address());
    let (did, expected) = (doing("called ask"), "an empty datagram");
    let given = ask(&s);
    if given.is_err() {
        fail(did, expected, given, "an error of ask");
    }
    // Had there been two of them, the second would come before this.
    s.send(b"after").unwrap();
    let [first, second] = [(); 2].map(|()| server.receive());
    let Some((data, from)) = &first else {
        fail(did, expected, first, "nothing sent")
    };
    let why = match (&data[..], second.as_ref().map(|(data, _)| &data[..])) {
        (b"after", _) => fail(did, expected, None::<String>, "nothing sent"),
        _ if *from != s.local_addr().unwrap() => "asks from another socket",
        (b"", Some(b"after")) => return,
        (b"", _) => fail(did, expected, "more than one", "asks twice"),
        _ => "a question with bytes",
    };
    fail(did, expected, data, why);
}

#[kit::test]
fn step_6_passes_an_error_on() {
    let call = |s: UdpSocket, _| Some(ask(&s));
    check_fails("ask", call, "an error of send kept");
}

/// Sends `sent` to a client's socket and calls wait(); fails if it does not
/// give these bytes, with the cause `special`, if that is what is special here.
fn check_wait(sent: &[u8], special: Option<&str>) {
    let server = Peer::new();
    let s = connected(server.address());
    let address = s.local_addr().unwrap();
    server.send(sent, address);
    let did = doing(said("answered, called wait", &[&bytes(sent)]));
    let waiting = beside(move || wait(&s, patience() * 10));
    let given = waiting.wait();
    let came = given.as_ref().and_then(|given| given.as_ref().ok()?.as_ref());
    if came.is_some_and(|data| data == sent) {
        return;
    }
    let rest = came.and_then(|data| data.strip_prefix(sent));
    let zeros = |rest: &[u8]| rest.len() > 1 && rest.iter().all(|b| *b == 0);
    let takes_two = || {
        server.send(sent, address);
        matches!(waiting.wait(), Some(Ok(Some(_))))
    };
    let why = match (&given, special) {
        _ if rest.is_some_and(zeros) => "zeros after the answer".into(),
        (None, _) if takes_two() => "received twice".into(),
        (_, Some(special)) => special.into(),
        (None, _) => "waits though it is there".into(),
        (Some(Ok(None)), _) => "an answer thrown away".into(),
        (Some(Err(_)), _) => "an error of wait".into(),
        (Some(Ok(Some(data))), _) => compared(sent, data),
    };
    fail(did, sent, answer_shown(&given), why);
}

#[kit::test]
fn step_7_gives_what_came() {
    check_wait(b"22 NOV 2026 10:16:00 UTC\r\n", None);
    check_wait(b"", Some("an empty answer ignored"));
    check_wait(&[b'x'; 5000], Some("loses the end"));
}

/// Whether two times are nearly the same: systems round a time-out.
fn near(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= Duration::from_millis(10) + other / 10
}

/// Calls wait() with a server that is silent: fails if it does not give `None`.
/// Gives the time-out that the socket has then, and how long it took.
fn waited_in_vain(at_most: Duration) -> (Option<Duration>, Duration) {
    let server = Peer::new();
    let s = connected(server.address());
    let its_s = s.try_clone().unwrap();
    let did = doing(said("called wait, no answer", &[&at_most.shown()]));
    let waiting = beside(move || wait(&its_s, at_most));
    let given = waiting.wait();
    let told = s.read_timeout().unwrap();
    let why = match &given {
        None if told.is_none() => "no time-out",
        None if told > Some(at_most * 2) => return (told, patience()),
        None => "still runs",
        Some(Ok(None)) => return (told, waiting.took()),
        Some(Ok(Some(_))) => "an answer made of silence",
        Some(Err(e)) if kind(e) == ErrorKind::TimedOut => {
            "silence is a failure"
        }
        Some(Err(_)) => "an error of wait",
    };
    fail(did, "no answer", answer_shown(&given), why);
}

#[kit::test]
fn step_7_waits_as_long_as_it_is_told() {
    let both = [patience() / 10, patience() / 4];
    let came = both.map(waited_in_vain);
    let same = came[0].0 == came[1].0;
    let other = if same { "a fixed time-out" } else { "another time-out" };
    let time_out = |time: Duration| said("a time-out of", &[&time.shown()]);
    for (at_most, (told, took)) in both.into_iter().zip(came) {
        // A busy machine makes a wait longer, and never shorter. But what
        // the socket was told, is not longer than it should be.
        let (shown, why) = match told {
            Some(told) if !near(told, at_most) => (time_out(told), other),
            _ if took < at_most * 7 / 8 => {
                (said("no answer after", &[&took.shown()]), "does not wait")
            }
            _ => continue,
        };
        let did = said("called wait, no answer", &[&at_most.shown()]);
        fail(did, time_out(at_most), shown, why);
    }
}

#[kit::test]
fn step_7_passes_any_other_error_on() {
    let s = to_nobody();
    s.send(b"").unwrap();
    let did = doing("called wait, nobody listens");
    let given = beside(move || wait(&s, patience() / 10)).wait();
    check_refused(&given, did, "every error is silence");
}

/// Fails if `given` is not the error that says that nobody listens.
fn check_refused(given: &Answer, did: &str, silence: &'static str) {
    let why = match given {
        _ if is_refusal(given) => return,
        Some(Ok(None)) => silence,
        Some(Err(_)) => "an error of its own",
        _ => "not that error",
    };
    fail(did, ErrorKind::ConnectionRefused, answer_shown(given), why);
}

/// Calls line(); fails if that does not give `expected`. Of a known wrong text
/// `known` names the cause.
fn check_line(sent: &[u8], expected: &str, known: &[(&str, &str)]) {
    let did = doing(said("called line", &[&bytes(sent)]));
    let given = line(sent);
    if given != expected {
        let cause = known.iter().find(|(wrong, _)| *wrong == given);
        let why = cause.map_or_else(
            || compared(expected.as_bytes(), given.as_bytes()),
            |(_, cause)| (*cause).into(),
        );
        fail(did, expected.as_bytes(), given, why);
    }
}

#[kit::test]
fn step_10_gives_the_text_without_its_end() {
    for text in [
        "Sunday, November 22, 2026 10:16:00-UTC",
        "22 NOV 2026 10:16:00 UTC",
        "¿sábado 10:16?",
    ] {
        let sent = format!("{text}\r\n");
        let one_by_one: String = sent.bytes().map(char::from).collect();
        let known = [
            (&format!("{text}??"), "the end replaced"),
            (&format!("{text}\r"), "the end kept"),
            (&sent, "the end kept"),
            (&format!("{:?}", sent.as_bytes()), "numbers shown"),
            (&one_by_one.trim().into(), "each byte a character"),
        ];
        let known = known.map(|(wrong, cause)| (&wrong[..], cause));
        check_line(sent.as_bytes(), text, &known);
    }
}

#[kit::test]
fn step_10_makes_control_characters_harmless() {
    let known = [
        ("[2J10:16", "control characters left out"),
        ("\x1b[2J10:16", "printed raw"),
    ];
    check_line(b"\x1b[2J10:16\r\n", "?[2J10:16", &known);
    let known = [("10:16", "the first line alone")];
    check_line(b"10:16\n10:17\r\n", "10:16?10:17", &known);
    let sent = "\u{9b}2J10:16\r\n".as_bytes();
    let known = [("\u{9b}2J10:16", "ASCII's alone")];
    check_line(sent, "?2J10:16", &known);
}

#[kit::test]
fn step_10_takes_any_byte() {
    let sent = b"s\xe1bado 10:16\r\n";
    let did = doing(said("called line", &[&bytes(sent)]));
    let given = line(sent);
    // Whatever stands in the place of that byte.
    if !(given.starts_with('s') && given.ends_with("bado 10:16")) {
        let expected = "s\u{fffd}bado 10:16".as_bytes();
        fail(did, expected, given, "UTF-8 alone");
    }
}

/// A call of note(): its number, and what was known then.
struct Note {
    number: u32,
    /// How long after the beginning.
    after: Duration,
    /// How many questions had come to the server.
    questions: u32,
    /// The time-out that the client's socket had.
    told: Option<Duration>,
}

/// What happened while ask_again() ran.
struct Log {
    begun: Instant,
    client: UdpSocket,
    /// The server that it asks, if that is silent.
    server: Option<UdpSocket>,
    questions: u32,
    notes: Vec<Note>,
}

thread_local! {
    /// That of the thread in which ask_again() runs.
    static LOG: RefCell<Option<Arc<Mutex<Log>>>> = const { RefCell::new(None) };
}

/// What ask_again() calls: notes the number.
fn note(number: u32) {
    LOG.with_borrow(|log| {
        let mut log = log.as_ref().unwrap().lock().unwrap();
        log.count();
        let (after, questions) = (log.begun.elapsed(), log.questions);
        let told = log.client.read_timeout().unwrap();
        log.notes.push(Note { number, after, questions, told });
    });
}

impl Log {
    /// Counts the questions that have come.
    fn count(&mut self) {
        let Some(server) = &self.server else { return };
        server.set_nonblocking(true).unwrap();
        let none = |e: io::Error| e.kind() == ErrorKind::WouldBlock;
        while !server.recv(&mut [0; 100]).is_err_and(none) {
            self.questions += 1;
        }
    }
}

/// What ask_again() gave, and what happened meanwhile.
struct Asked {
    given: Answer,
    took: Duration,
    questions: u32,
    notes: Vec<Note>,
    /// The time-out that the client's socket had at the end.
    told: Option<Duration>,
}

/// Calls ask_again(), with `s`; if `server` is not `None`, it is silent.
fn asked(s: UdpSocket, first: Duration, server: Option<UdpSocket>) -> Asked {
    let client = s.try_clone().unwrap();
    let (begun, questions, notes) = (Instant::now(), 0, Vec::new());
    let log = Log { begun, client, server, questions, notes };
    let log = Arc::new(Mutex::new(log));
    let its_log = Arc::clone(&log);
    let asking = beside(move || {
        LOG.set(Some(its_log));
        ask_again(&s, first, note)
    });
    let given = asking.wait_long();
    let took = given.as_ref().map_or(patience() * 2, |_| asking.took());
    let mut log = log.lock().unwrap();
    log.count();
    let told = log.client.read_timeout().unwrap();
    let (questions, notes) = (log.questions, take(&mut log.notes));
    Asked { given, took, questions, notes, told }
}

/// Calls ask_again() with a server that never answers; gives what that was in
/// words, too.
fn asked_in_vain(first: Duration) -> (Said, Asked) {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let s = connected(server.local_addr().unwrap());
    let did = doing(said("called ask_again, no answer", &[&first.shown()]));
    let asked = asked(s, first, Some(server));
    (did, asked)
}

/// Two first waits: a client that has one of its own is seen. They are longer
/// on a machine of which one must be more patient.
fn firsts() -> [Duration; 2] {
    let unit = (patience() / 100).min(Duration::from_millis(50));
    [unit * 8, unit * 12]
}

#[kit::test]
fn step_9_stops_at_the_answer() {
    let server = Peer::new();
    let s = connected(server.address());
    let (socket, to) = (s.try_clone().unwrap(), s.local_addr().unwrap());
    let did = doing("called ask_again, answered the first");
    let served = beside(move || {
        let (_, from) = server.receive()?;
        server.send(b"10:16\r\n", from);
        Some((from, server.receive()?.0))
    });
    let Asked { given, notes, .. } = asked(s, patience() * 10, None);
    // Had it asked again, that question would come before this.
    socket.send(b"after").unwrap();
    let served = served.wait().flatten();
    let why = match (&served, &given) {
        (None, _) => "no question".into(),
        (Some((from, _)), _) if *from != to => "another socket".into(),
        (Some((_, next)), _) if next != b"after" => {
            let (_, silent) = asked_in_vain(firsts()[0]);
            let mut notes = silent.notes.iter();
            let at_once = notes.next().is_some_and(|n| n.questions > 1);
            let why = if at_once { "all questions at once" } else { "asks on" };
            fail(did, "one datagram", "more than one", why)
        }
        (_, Some(Ok(Some(data)))) if data != b"10:16\r\n" => {
            compared(b"10:16\r\n", data)
        }
        (_, Some(Ok(Some(_)))) if !notes.is_empty() => {
            let came = "the answer, and a note";
            fail(did, "the answer and no note", came, "noted all the same")
        }
        (_, Some(Ok(Some(_)))) => return,
        _ => "an answer not given".into(),
    };
    fail(did, *b"10:16\r\n", answer_shown(&given), why);
}

#[kit::test]
fn step_9_asks_three_times() {
    let (did, asked) = asked_in_vain(firsts()[0]);
    let Asked { given, questions, notes, told, .. } = &asked;
    let first_wait = told.is_some_and(|told| near(told, firsts()[0]));
    let mut counts = notes.iter().map(|n| n.questions).zip(1..);
    let at_once = counts.any(|(questions, tries)| questions > tries);
    let why = match (given, questions) {
        (None, 4..) => "never gives up",
        (None, _) => return, // Its waits are long: another test's.
        (_, 0) => "no question",
        (_, 1) if notes.len() > 1 || !first_wait => "one question, all waits",
        (_, 1) => "gives up at once",
        (_, 2) => "one try too few",
        (_, 3) if at_once => "all questions at once",
        (Some(Err(e)), 3) if kind(e) == ErrorKind::TimedOut => {
            "the last silence an error"
        }
        (Some(Ok(None)), 3) => return,
        (_, 3) => "not None",
        (_, 4) => "one try too many",
        _ => "more questions",
    };
    let expected = said("questions, and", &[&TRIES, &"no answer".shown()]);
    let came = said("questions, and", &[questions, &answer_shown(given)]);
    fail(did, expected, came, why);
}

#[kit::test]
fn step_9_notes_each_silence() {
    let (did, Asked { questions, notes, .. }) = asked_in_vain(firsts()[0]);
    let noted: Vec<_> = notes.iter().map(|n| n.number).collect();
    let meant: Vec<_> = (1..=questions.min(TRIES)).collect();
    let why = match &noted[..] {
        noted if meant == noted => return,
        [] => "asks again in silence",
        [0, 1, 2] => "counts from zero",
        [1, 2] => "the last silence not noted",
        _ => "other numbers",
    };
    let calls = |numbers| said("calls of note", &[&format!("{numbers:?}")]);
    fail(did, calls(meant), calls(noted), why);
}

/// The waits of a client that was silently refused: what its socket was told,
/// or else how long each took.
fn waits(asked: &Asked) -> Vec<Duration> {
    let mut before = Duration::ZERO;
    let noted = asked.notes.iter().map(|note| {
        let took = note.after - before;
        before = note.after;
        note.told.unwrap_or(took)
    });
    let mut waits: Vec<_> = noted.collect();
    if asked.given.is_none() {
        waits.extend(asked.told); // The one that goes on.
    }
    waits
}

#[kit::test]
fn step_9_waits_twice_as_long_each_time() {
    let both = firsts().map(|first| (first, asked_in_vain(first)));
    let all = both.each_ref().map(|(_, (_, asked))| waits(asked));
    let same = |k: usize| {
        let [one, other] = all.each_ref().map(|waits| waits.get(k));
        one.zip(other).is_some_and(|(one, other)| near(*one, *other))
    };
    for ((first, (did, asked)), waits) in both.iter().zip(&all) {
        let times = |factors: &[u32]| {
            let mut both = waits.iter().zip(factors);
            both.all(|(wait, k)| near(*wait, *first * *k))
        };
        let unseen = asked.notes.iter().all(|note| note.told.is_none());
        let enough = unseen && asked.took >= *first * 7;
        if enough || times(&[1, 2, 4]) {
            continue;
        }
        let why = match () {
            _ if same(0) => "a fixed first wait",
            _ if times(&[1, 1, 1]) => "no back-off",
            _ if times(&[1, 2, 3]) => "adds and does not double",
            _ if times(&[2, 4, 8]) => "doubled before the wait",
            _ if times(&[1, 4, 16]) => "doubled twice",
            _ => "other waits",
        };
        let list = |waits: &[Duration]| {
            waits.iter().map(Shown::shown).collect::<Vec<_>>().join(", ")
        };
        let expected = list(&[1, 2, 4].map(|k| *first * k));
        let [expected, came] =
            [expected, list(waits)].map(|list| said("waits", &[&list]));
        fail(did, expected, came, why);
    }
}

#[kit::test]
fn step_9_does_nothing_but_wait() {
    let first = firsts()[0];
    let meant = first * 7;
    // The machine may be slow, once; but not twice by half of all waits.
    let long = |(_, asked): &(Said, Asked)| asked.took >= meant * 3 / 2;
    let twice = [(); 2].map(|()| Some(asked_in_vain(first)).filter(long));
    if let [Some((did, asked)), Some(_)] = twice {
        let [expected, came] =
            [meant, asked.took].map(|all| said("in all", &[&all.shown()]));
        fail(did, expected, came, "sleeps besides");
    }
}

#[kit::test]
fn step_9_takes_the_answer_to_a_later_question() {
    let server = Peer::new();
    let s = connected(server.address());
    beside(move || {
        server.receive(); // The first question gets lost.
        while let Some((_, from)) = server.receive() {
            server.send(b"10:16\r\n", from);
        }
    });
    let did = doing("called ask_again, answered all but the first");
    let Asked { given, .. } = asked(s, firsts()[0], None);
    if !matches!(&given, Some(Ok(Some(data))) if data == b"10:16\r\n") {
        let why = "a later answer not given";
        fail(did, *b"10:16\r\n", answer_shown(&given), why);
    }
}

#[kit::test]
fn step_9_takes_an_empty_answer() {
    let server = Peer::new();
    let s = connected(server.address());
    server.send(b"", s.local_addr().unwrap());
    let did = doing("called ask_again, answered with nothing");
    let Asked { given, .. } = asked(s, firsts()[0], None);
    let why = match &given {
        Some(Ok(Some(data))) if data.is_empty() => return,
        Some(Err(_)) => said("an empty one is an error", &[&"ask_again"]),
        _ => "an empty answer taken for silence".into(),
    };
    fail(did, *b"", answer_shown(&given), why);
}

#[kit::test]
fn step_9_ends_at_an_error() {
    let did = doing("called ask_again, nobody listens");
    let Asked { given, .. } = asked(to_nobody(), firsts()[0], None);
    check_refused(&given, did, "an error taken for silence");
}

#[kit::test]
fn step_9_ends_if_it_cannot_ask() {
    let call = |s, _| asked(s, firsts()[0], None).given;
    check_fails("ask_again", call, "an error of ask ignored");
}

/// Whether this is the line for now, or for a moment since `before`, as the
/// workshop's servers write it.
fn is_now(came: &str, before: SystemTime) -> bool {
    let line =
        |time: SystemTime| daytime::line(time.into(), Format::Weekday).unwrap();
    moments(before).any(|time| came == line(time).trim_end())
}

#[test]
fn step_9_asks_the_workshop_s_servers() {
    let servers = servers("daytime-rfc867");
    let addresses = servers.iter().map(|(l, server)| (*l, server.address()));
    let addresses: Vec<_> = addresses.collect();
    kit::told_by(include_str!("words.txt"), move || {
        for (language, address) in addresses {
            let before = SystemTime::now();
            let first = patience() / 4;
            let Asked { given, .. } = asked(connected(address), first, None);
            let data = match &given {
                Some(Ok(Some(data))) => &data[..],
                _ => b"",
            };
            if !is_now(&line(data), before) {
                let did = said("asked the workshop's server", &[&language]);
                let why = "the workshop's server alone";
                fail(did, "the date and time", answer_shown(&given), why);
            }
        }
    });
}
