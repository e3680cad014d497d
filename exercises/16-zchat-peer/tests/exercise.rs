//! The tests of exercise 16. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, BufReader, ErrorKind, PipeReader, Read, Write, pipe};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{ThreadId, current, sleep};
use std::time::{Duration, Instant};

use ex16_zchat_peer::{
    BYTES, Event, act, chat, read_lines, receive, say_line, start, tell, wait,
};
use kit::{
    Peer, Said, Shown, Way, beside, bytes, doing, fail, judge, patience,
    printed, references, said, socket, value,
};
use zchat::frame::{Frame, Kind};
use zchat::session::{Action, Session};

mod chats;

use chats::{Call, Ended, calls, frame, hold};

fn exercise(test: impl FnOnce() + Send + 'static) {
    kit::told_by(include_str!("words.txt"), test);
}

/// The student's program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ex16-zchat-peer");

/// A moment that is soon over.
const SOON: Duration = Duration::from_millis(200);

/// An event for a person to read: `Line("hola" (4 bytes))`.
fn event_words(event: &Event) -> String {
    match event {
        Event::Line(line) => format!("Line({})", bytes(line)),
        Event::EndOfInput => "EndOfInput".to_string(),
        Event::Datagram(from, data) => {
            format!("Datagram({from}, {})", bytes(data))
        }
    }
}

/// Several of them.
fn events_words<'a>(events: impl IntoIterator<Item = &'a Event>) -> Said {
    let all: Vec<_> = events.into_iter().map(event_words).collect();
    value(match &all[..] {
        [] => said("no event", &[]).to_string(),
        [first @ .., _] if first.len() > 8 => first[..8].join(", ") + " ...",
        all => all.join(", "),
    })
}

/// What is to come of an input.
fn lines_and_end(lines: &[&[u8]]) -> Vec<Event> {
    let lines = lines.iter().map(|line| Event::Line(line.to_vec()));
    lines.chain([Event::EndOfInput]).collect()
}

/// More events than any of the inputs has.
const MANY: usize = 20;

/// What read_lines() tells of an input: at most `MANY` events.
fn told_of(input: impl Read + Send + 'static) -> Vec<Event> {
    let (events, happens) = channel();
    beside(move || read_lines(BufReader::new(input), &events));
    let mut told = Vec::new();
    while told.len() < MANY
        && let Ok(event) = happens.recv_timeout(patience())
    {
        told.push(event);
    }
    told
}

/// The lines of an input without their ends; a change of each, or `None` to leave
/// it out.
fn lines_of(
    input: &[u8],
    change: fn(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<Event>> {
    let all = input.strip_suffix(b"\n").unwrap_or(input);
    let lines = all.split(|byte| *byte == b'\n').filter_map(change);
    let lines: Vec<_> = lines.filter(|_| !input.is_empty()).collect();
    Some(lines_and_end(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// A line as it is.
fn whole(line: &[u8]) -> Option<Vec<u8>> {
    Some(line.to_vec())
}

/// The lines before the first that is so, or all; and the end.
fn until(input: &[u8], is_so: fn(&[u8]) -> bool) -> Option<Vec<Event>> {
    let mut all = lines_of(input, whole)?;
    let last = |event: &Event| matches!(event, Event::Line(l) if is_so(l));
    all.truncate(all.iter().position(last).unwrap_or(all.len() - 1));
    all.push(Event::EndOfInput);
    Some(all)
}

const WRONG_LINES: [Way<&[u8], Vec<Event>>; 9] = [
    ("keeps the newline", &|input| {
        let lines = input.split_inclusive(|byte| *byte == b'\n');
        Some(lines_and_end(&lines.collect::<Vec<_>>()))
    }),
    ("passes over an empty line", &|input| {
        lines_of(input, |line| whole(line).filter(|line| !line.is_empty()))
    }),
    ("ends at an empty line", &|input| until(input, <[u8]>::is_empty)),
    ("trims a line", &|input| lines_of(input, |l| whole(l.trim_ascii()))),
    ("trims a line", &|input| lines_of(input, |l| whole(l.trim_ascii_end()))),
    ("ends at a byte that is no text", &|input| {
        until(input, |line| line.contains(&0xf1))
    }),
    ("changes a byte that is no text", &|input| {
        lines_of(input, |l| whole(String::from_utf8_lossy(l).as_bytes()))
    }),
    ("does not tell the end", &|input| {
        let mut all = lines_of(input, whole)?;
        all.pop();
        Some(all)
    }),
    ("loses a last line without its end", &|input| {
        let end = input.iter().rposition(|byte| *byte == b'\n');
        lines_of(&input[..end.map_or(0, |end| end + 1)], whole)
    }),
];

#[kit::test]
fn step_6_tells_each_line_and_then_the_end() {
    let inputs: [&[u8]; 7] = [
        b"hola\nque tal\n",
        b"hola\n\nchau\n",
        b"  hola \t\n",
        b"ma\xf1ana\nchau\n",
        b"hola\nchau",
        b"",
        b"\n",
    ];
    judge(
        &inputs,
        |input| said("called read_lines", &[&bytes(input)]),
        |input| told_of(*input),
        |input| lines_of(input, whole).unwrap_or_default(),
        |events| events_words(events).to_string(),
        &WRONG_LINES,
        |_, told| match told.len() {
            MANY => "never comes to an end".into(),
            _ => "other lines".into(),
        },
    );
}

#[kit::test]
fn step_6_tells_a_line_at_once() {
    let (input, mut keyboard) = pipe().unwrap();
    let (events, happens) = channel();
    beside(move || read_lines(BufReader::new(input), &events));
    keyboard.write_all(b"hola\n").unwrap();
    if happens.recv_timeout(patience()).is_err() {
        drop(keyboard); // Does that bring it out?
        let why = match happens.recv_timeout(patience()) {
            Ok(_) => "keeps the lines until the end",
            Err(_) => "tells no line of a keyboard",
        };
        let line = events_words(&[Event::Line(b"hola".to_vec())]);
        fail("typed hola, the input open", line, "nothing comes", why);
    }
}

/// An input that gives errors, and counts how often it was asked. After many it
/// ends.
struct Broken(Arc<AtomicUsize>);

/// So many errors it gives.
const ERRORS: usize = 1000;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            ..ERRORS => Err(ErrorKind::IsADirectory.into()),
            _ => Ok(0),
        }
    }
}

#[kit::test]
fn step_6_ends_at_an_error() {
    let did = doing("called read_lines, an error follows a line");
    let asked = Arc::new(AtomicUsize::new(0));
    let came = told_of((&b"hola\n"[..]).chain(Broken(Arc::clone(&asked))));
    let meant = lines_and_end(&[b"hola"]);
    let asked = asked.load(Ordering::SeqCst);
    if asked >= ERRORS {
        let came = said("asked so often", &[&events_words(&came), &asked]);
        fail(did, events_words(&meant), came, "passes over errors");
    }
    if came != meant {
        let (meant, came) = (events_words(&meant), events_words(&came));
        fail(did, meant, came, "other lines at an error");
    }
}

#[kit::test]
fn step_7_tells_each_datagram_and_its_sender() {
    let (s, address) = socket();
    let (events, happens) = channel();
    let told = events.clone();
    beside(move || receive(&s, &told));
    let peer = Peer::new();
    let sent = [&b"hola, hola"[..], b"chau", b"", &[b'x'; BYTES], b"fin"];
    for data in sent {
        peer.send(data, address);
    }
    let datagram =
        |data: &&[u8]| Event::Datagram(peer.address(), data.to_vec());
    let meant = sent.iter().map(datagram).collect::<Vec<_>>();
    let mut came = Vec::new();
    while came.last() != meant.last()
        && came.len() < MANY
        && let Ok(event) = happens.recv_timeout(patience())
    {
        came.push(event);
    }
    if came == meant {
        return;
    }
    let lengths = came.iter().map(|event| match event {
        Event::Datagram(from, data) if *from == peer.address() => data.len(),
        _ => usize::MAX,
    });
    let why = match lengths.collect::<Vec<_>>()[..] {
        [] => "tells no datagram",
        [10, 4, BYTES, 3] => "drops an empty datagram",
        [10, 4] => "ends at an empty datagram",
        // On Windows, what has no room is an error.
        [10, 4, 0, ..BYTES, 3] | [10, 4, 0, 3] => "too small a buffer",
        [a, b, c, d, e]
            if [a, b, c, d, e].iter().all(|n| *n == a && a >= BYTES) =>
        {
            "hands on the whole buffer"
        }
        _ => "other datagrams",
    };
    let (meant, came) = (events_words(&meant), events_words(&came));
    fail("sent five datagrams", meant, came, why);
}

#[kit::test]
fn step_7_outlives_errors() {
    let (s, address) = socket();
    s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let (events, happens) = channel();
    let told = events.clone();
    doing("called receive, errors now and then");
    let ended = beside(move || receive(&s, &told));
    let peer = Peer::new();
    let hola = Event::Datagram(peer.address(), b"hola".to_vec());
    for _ in 0..5 {
        peer.send(b"hola", address);
        let came = happens.recv_timeout(patience()).ok();
        if came.as_ref() != Some(&hola) {
            let why = match ended.now() {
                Some(()) => "receive ends at an error",
                None => "other datagrams",
            };
            let did = "called receive, errors now and then";
            let hola = events_words(&[hola]);
            fail(did, hola, events_words(&came), why);
        }
        sleep(Duration::from_millis(10)); // For an error to happen.
    }
}

/// A keyboard that notes which thread reads it.
struct Noting {
    input: PipeReader,
    readers: Sender<ThreadId>,
}

impl Read for Noting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.readers.send(current().id());
        self.input.read(buffer)
    }
}

#[kit::test]
fn step_1_hears_both_at_once() {
    let (s, address) = socket();
    let (input, mut keyboard) = pipe().unwrap();
    let (readers, reads) = channel();
    let started = beside(move || {
        let _ = readers.send(current().id());
        start(BufReader::new(Noting { input, readers }), s)
    });
    let did = "called start";
    let Some(happens) = started.wait() else {
        // The thread that called start(), and whoever reads the keyboard.
        let (own, reader) = (reads.recv().ok(), reads.try_recv().ok());
        drop(keyboard);
        let why = match started.wait() {
            _ if reader == own => "reads the lines itself",
            Some(_) => "waits until the input has ended",
            None => "waits for a thread or receives itself",
        };
        fail(did, "start() returns", "start() does not return", why)
    };
    let peer = Peer::new();
    let hola = Event::Datagram(peer.address(), b"hola".to_vec());
    let chau = || events_words(&[Event::Line(b"chau".to_vec())]);
    for _ in 0..2 {
        peer.send(b"hola", address);
        if happens.recv_timeout(patience()).as_ref() == Ok(&hola) {
            continue;
        }
        drop(keyboard); // Does that bring it out?
        let all = std::iter::from_fn(|| happens.recv_timeout(SOON * 5).ok());
        let why = match all.take(MANY).any(|event| event == hola) {
            true => "one thread for both in turns",
            false => "no thread receives",
        };
        let hola = events_words(&[hola]);
        fail("called start, sent hola", hola, "nothing comes", why);
    }
    for _ in 0..2 {
        let _ = keyboard.write_all(b"chau\n");
        let came = happens.recv_timeout(patience()).ok();
        if came != Some(Event::Line(b"chau".to_vec())) {
            let (did, came) = ("called start, typed", events_words(&came));
            fail(did, chau(), came, "no thread reads the lines");
        }
    }
}

/// What is on a screen, without what clears a terminal's line.
fn screen_words(screen: &[u8]) -> String {
    String::from_utf8_lossy(screen).replace("\r\x1b[K", "")
}

/// What act() did: what it sent, what is on the screen, and what it gave.
struct Acted(Vec<String>, String, io::Result<bool>);

impl Shown for Acted {
    fn shown(&self) -> String {
        let Acted(sent, screen, given) = self;
        let sent = match sent.join(" ") {
            none if none.is_empty() => "nothing comes".shown(),
            sent => sent,
        };
        let screen = bytes(screen.as_bytes());
        let given = match given {
            Ok(over) => format!("Ok({over})"),
            Err(e) => e.shown(),
        };
        said("acted", &[&sent, &screen, &given]).to_string()
    }
}

/// Lets act() do these, with a screen that takes so many bytes.
fn acts(
    did: &str,
    takes: usize,
    actions: impl Fn(SocketAddr) -> Vec<Action>,
) -> Acted {
    doing(did);
    let ((s, _), peer, mut screen) = (socket(), Peer::new(), vec![0; takes]);
    let mut rest = &mut screen[..];
    let given = act(actions(peer.address()), &s, &mut rest);
    let left = rest.len();
    // Whatever act() has sent comes before this.
    s.send_to(b"last", peer.address()).unwrap();
    let next = || peer.receive().map(|(data, _)| screen_words(&data));
    let sent = std::iter::from_fn(next).take_while(|data| data != "last");
    Acted(sent.collect(), screen_words(&screen[..takes - left]), given)
}

#[kit::test]
fn step_3_sends_and_shows_in_order() {
    let did = "called act with five actions";
    let came = acts(did, 1000, |to| {
        vec![
            Action::Send(to, b"one".to_vec()),
            Action::Show(b"hola".to_vec()),
            Action::Note("(a note)".to_string()),
            Action::Show(b"\n".to_vec()),
            Action::Send(to, b"two".to_vec()),
        ]
    });
    let Acted(sent, screen, given) = &came;
    let sent = sent.join(" ");
    let why = match (sent.as_str(), screen.as_str(), given) {
        ("one two", "< hola\n< \n", Ok(false)) => return,
        ("one two", "< hola\n< \n", Ok(true)) => "over too early",
        ("one two", "", Ok(false)) => "shows nothing on out",
        ("", "< hola\n< \n", _) => "sends nothing",
        ("one", "" | "< hola\n" | "< hola\n< \n", Ok(_)) => {
            "leaves after the first actions"
        }
        (_, screen, _) if screen.contains("note") => "shows a note on out",
        (_, screen, _) if screen.starts_with("hola") => "no arrow",
        _ => "acts in another way",
    };
    fail(did, "all five, and Ok(false)", came, why);
}

#[test]
fn step_3_notes_on_stderr() {
    let did = "called act with a note";
    let note = move || {
        acts(did, 0, |_| vec![Action::Note("(a note)".into())]);
    };
    let Some([stdout, stderr]) = printed("step_3_notes_on_stderr") else {
        return exercise(note);
    };
    exercise(move || {
        note(); // Its `todo!`.
        let (why, came) = match stdout.contains("(a note)") {
            _ if stderr.contains("(a note)") => return,
            true => ("notes on stdout", "the note on stdout"),
            false => ("notes nothing", "nothing comes"),
        };
        fail(did, "the note on stderr", came, why)
    });
}

#[kit::test]
fn step_3_says_when_it_is_over() {
    let did = "called act with an end";
    let came = acts(did, 0, |_| vec![Action::End(None)]);
    if !matches!(came.2, Ok(true)) {
        fail(did, "Ok(true)", came, "does not say that it is over");
    }
    let did = "called act with an end and a reason";
    let end = Action::End(Some("nobody answers".to_string()));
    let came = acts(did, 0, |_| vec![end.clone()]);
    let why = match &came.2 {
        Err(e) if e.to_string() == "nobody answers" => return,
        Err(_) => "an error with other words",
        Ok(_) => "an end without its reason",
    };
    fail(did, "the reason as an error", came, why);
}

#[kit::test]
fn step_3_acknowledges_nothing_that_nobody_saw() {
    let did = "called act, the screen is closed";
    let came = acts(did, 0, |to| {
        let (text, ack) = (b"hola".to_vec(), b"ACK".to_vec());
        vec![Action::Show(text), Action::Send(to, ack)]
    });
    let why = match (came.0.is_empty(), &came.2) {
        (true, Err(_)) => return,
        (true, Ok(_)) => "keeps the screen's error",
        (false, Ok(_)) => "acknowledges what nobody saw",
        (false, Err(_)) => "acknowledges and then gives the error",
    };
    fail(did, "the error and no datagram", came, why);
}

#[kit::test]
fn step_3_takes_a_failed_send_for_a_loss() {
    let did = "called act, the first cannot be sent";
    let came = acts(did, 1000, |_| {
        // Nobody can send to port 0.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (lost, text) = (b"hola".to_vec(), b"chau".to_vec());
        vec![Action::Send(nowhere, lost), Action::Show(text)]
    });
    let why = match &came.2 {
        Ok(false) if came.1 == "< chau\n" => return,
        Err(_) => "a failed send ends the chat",
        Ok(_) => "leaves at a failed send",
    };
    fail(did, "chau shown, and Ok(false)", came, why);
}

/// How wait() went: what it gave, if it has ended, and how long it took.
struct Waited(Option<Option<Event>>, Duration);

impl Shown for Waited {
    fn shown(&self) -> String {
        match &self.0 {
            None => said("wait() still waits", &[]).to_string(),
            Some(given) => {
                let words = given.as_ref().map_or("None".into(), event_words);
                said("after some time", &[&words, &self.1.shown()]).to_string()
            }
        }
    }
}

/// Calls wait() with this deadline and time; where `comes` says so, the line
/// "hola" comes so much later. Gives what the test did, and how it went.
fn waited(
    deadline: Option<Duration>,
    now: Duration,
    comes: Option<Duration>,
) -> (Said, Waited) {
    let shown = deadline.map_or("None".to_string(), |at| at.shown());
    let mut did = said("called wait", &[&shown, &now.shown()]);
    if let Some(later) = comes {
        did = said("typed meanwhile", &[&did, &later.shown()]);
    }
    doing(did.clone());
    let (events, happens) = channel();
    let waiting = beside(move || wait(&happens, deadline, now));
    if let Some(later) = comes {
        sleep(later);
        let _ = events.send(Event::Line(b"hola".to_vec()));
    }
    let given = waiting.wait();
    drop(events); // Not before: a closed channel ends every wait.
    let took = given.as_ref().map_or_else(patience, |_| waiting.took());
    (did, Waited(given, took))
}

const SECOND: Duration = Duration::from_secs(1);

#[kit::test]
fn step_5_waits_until_the_deadline() {
    // At the beginning, the deadline is also the time that is left.
    for now in [Duration::ZERO, 1000 * SECOND] {
        let (did, came) = waited(Some(now + SOON), now, None);
        let why = match &came.0 {
            Some(None) if came.1 >= SOON => continue,
            Some(None) => "gives None before the deadline",
            Some(Some(_)) => "an event of its own",
            None if now.is_zero() => "sleeps past the deadline",
            None => "takes the deadline for the time left",
        };
        fail(did, "None at the deadline", came, why);
    }
    let (did, came) = waited(Some(5 * SECOND), 7 * SECOND, None);
    if !matches!(came.0, Some(None)) {
        fail(did, "None, at once", came, "waits after the deadline");
    }
}

#[kit::test]
fn step_5_gives_the_event_that_comes() {
    // In time; and, without a deadline, after more than a moment.
    let (now, later) = (7 * SECOND, 4 * SECOND);
    let hour = Some(now + 3600 * SECOND);
    for (deadline, comes) in [(hour, SOON), (None, SOON), (None, later)] {
        let (did, came) = waited(deadline, now, Some(comes));
        let why = match &came.0 {
            Some(Some(Event::Line(line))) if line == b"hola" => continue,
            Some(Some(_)) => "an event of its own",
            Some(None) if deadline.is_some() => {
                "gives None before the deadline"
            }
            Some(None) => "another time than LONG",
            None => "does not take the event",
        };
        fail(did, "Line(hola)", came, why);
    }
}

/// tell() as it should be.
fn right_tell(session: &mut Session, now: Duration, event: Event) {
    match event {
        Event::Line(line) => say_line(session, &line),
        Event::EndOfInput => session.no_more(),
        Event::Datagram(from, data) => session.receive(now, from, &data),
    }
}

/// What tell() is called with, of a client or of a server.
type Told = (&'static str, bool);

const TELLS: [Told; 8] = [
    ("a line, hola", true),
    ("an empty line", true),
    ("a line of 1500 bytes", true),
    ("an answer at 700 ms", true),
    ("a HELLO", false),
    ("the end, with hola unsent", true),
    ("the end, all confirmed", true),
    ("the end", false),
];

/// What becomes of a session by this: how many messages wait, how many actions
/// it wants, whether one is its end, and when the next thing is due.
fn after(
    (what, client): &Told,
    tell: impl Fn(&mut Session, Duration, Event),
) -> String {
    let (zero, now) = (Duration::ZERO, Duration::from_millis(700));
    let other = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let dial = if *client { vec![other] } else { vec![] };
    let mut session = Session::new(dial, zero);
    session.tick(zero);
    let hello = match session.actions().first() {
        Some(Action::Send(_, data)) => Frame::unpack(data).ok(),
        _ => None,
    };
    let id = hello.map_or(0, |hello| hello.src);
    let event = match *what {
        "a line, hola" => Event::Line(b"hola".to_vec()),
        "an empty line" => Event::Line(vec![]),
        "a line of 1500 bytes" => Event::Line(vec![b'x'; 1500]),
        _ if what.starts_with("the end") => Event::EndOfInput,
        _ => Event::Datagram(other, frame(Kind::Hello, id, 0, b"").pack()),
    };
    if *what == "the end, with hola unsent" {
        session.say(b"hola");
    }
    if *what == "the end, all confirmed" {
        for (kind, seq) in [(Kind::Hello, 0), (Kind::Ack, 1)] {
            session.receive(zero, other, &frame(kind, id, seq, b"").pack());
            session.tick(zero);
            session.actions(); // The TEXT that says "I am up".
        }
    }
    tell(&mut session, now, event);
    session.tick(now);
    let (waits, actions) = (session.waiting(), session.actions());
    let over = actions.iter().any(|a| matches!(a, Action::End(_)));
    let over = said(if over { "over" } else { "not over" }, &[]);
    let due = session.deadline().map_or("None".to_string(), |at| at.shown());
    said("the session then", &[&waits, &actions.len(), &over, &due]).to_string()
}

/// The same, with something else in the place of such events.
fn instead(
    told: &Told,
    of: fn(&Event) -> bool,
    does: fn(&mut Session, &Event),
) -> Option<String> {
    Some(after(told, |session, now, event| match of(&event) {
        true => does(session, &event),
        false => right_tell(session, now, event),
    }))
}

fn is_line(event: &Event) -> bool {
    matches!(event, Event::Line(_))
}

fn is_end(event: &Event) -> bool {
    *event == Event::EndOfInput
}

const WRONG_TELLS: [Way<Told, String>; 7] = [
    ("does not say a line", &|told| instead(told, is_line, |_, _| ())),
    ("says a line as it stands", &|told| {
        instead(told, is_line, |session, event| {
            let Event::Line(line) = event else { return };
            session.say(line);
        })
    }),
    ("hands over no datagram", &|told| {
        instead(told, |event| !is_line(event) && !is_end(event), |_, _| ())
    }),
    ("tells another time", &|told| {
        Some(after(told, |s, _, e| right_tell(s, Duration::ZERO, e)))
    }),
    ("the end of the input ends all", &|told| {
        instead(told, is_end, |session, _| session.abort())
    }),
    ("leaves at the end of the input", &|told| {
        instead(told, is_end, |session, _| session.leave())
    }),
    ("keeps the end of the input", &|told| instead(told, is_end, |_, _| ())),
];

#[kit::test]
fn step_8_tells_the_session() {
    judge(
        &TELLS,
        |(what, client)| {
            let role = said(if *client { "a client" } else { "a server" }, &[]);
            said("called tell", &[&role, &said(what, &[])])
        },
        |told| after(told, tell),
        |told| after(told, right_tell),
        String::clone,
        &WRONG_TELLS,
        |_, _| "another session".into(),
    );
}

#[kit::test]
fn step_2_calls_until_it_is_heard() {
    doing("called chat");
    let call = Call::new();
    // The session calls again after 1 s.
    let again = call.next(Kind::Hello).or_else(|| call.next(Kind::Hello));
    if again.as_ref().is_some_and(|hello| hello.src == call.id) {
        return;
    }
    let did = "called chat, did not answer";
    let ended = Ended(call.chatting.now());
    if ended.0.is_some() {
        fail(did, "HELLO again", ended, "chat() ended");
    }
    if again.is_some() {
        let came = "a HELLO of another session";
        fail(did, "HELLO again", came, "a new session in each round");
    }
    // Whatever comes wakes a main loop that sleeps too long: is it time?
    call.peer.send(b"?", call.address);
    if call.next(Kind::Hello).is_some() {
        let came = "a HELLO only when something comes";
        fail(did, "HELLO again", came, "sleeps past the session's deadline");
    }
    // A session that is ticked has something to say to an answer.
    call.send(Kind::Hello, 0, b"");
    let why = match call.next(Kind::Text) {
        Some(_) => "no time passes",
        None => "ticks once",
    };
    fail(did, "HELLO again", "nothing comes", why);
}

#[kit::test]
fn step_2_says_what_is_typed_at_once() {
    doing("called chat, typed");
    let mut call = Call::new();
    call.answer();
    let mut quickest = Duration::MAX;
    for seq in 2..12 {
        // This one's ACK says that all which came before has been heard: an
        // ACK for the last line would wake the main loop once more.
        call.send(Kind::Text, seq - 1, b"hola");
        call.next(Kind::Ack);
        let line = format!("hola {seq}");
        let begun = Instant::now();
        call.write(format!("{line}\n").as_bytes());
        let came = call.text(seq);
        if came.as_deref() != Some(line.as_bytes()) {
            let meant = said("a TEXT", &[&seq, &bytes(line.as_bytes())]);
            let why = "does not say what is typed";
            let did = "called chat, typed";
            let Some(text) = came else {
                let why = call.late_or(seq, why);
                fail(did, meant, "nothing comes", why)
            };
            fail(did, meant, text, why);
        }
        // Who waits before it sends what is due waits for the session's
        // next deadline, at least 200 ms, each time.
        quickest = begun.elapsed().min(quickest);
        if quickest < SOON && seq > 3 {
            return;
        }
    }
    let came = said("not before", &[&quickest.shown()]);
    fail("called chat, typed", "a TEXT at once", came, "a round too late");
}

#[kit::test]
fn step_2_tells_the_time() {
    doing("called chat");
    // The answer to its HELLO takes so long. Then the session waits three
    // times as long for an ACK before it sends again (RFC 6298).
    let rtt = Duration::from_millis(700);
    let call = Call::new();
    sleep(rtt);
    let answered = Instant::now();
    call.send(Kind::Hello, 0, b"");
    let first = call.next(Kind::Text); // And no ACK for it.
    sleep(SOON * 5); // Whoever takes the time for short sends again now,
    call.send(Kind::Text, 1, b"chau");
    // and so before this ACK.
    let mut again = false;
    while first.is_some()
        && let Some((data, _)) = call.peer.receive()
        && let Ok(frame) = Frame::unpack(&data)
        && frame.kind != Kind::Ack
    {
        again |= frame.kind == Kind::Text && frame.attempt > 0;
    }
    // On a slow machine, the three times may be over: then it is right.
    if again && answered.elapsed() < rtt * 3 {
        let did = "called chat, answered late";
        let (meant, came) = ("no TEXT again so soon", "the TEXT again");
        fail(did, meant, came, "tells the time of before");
    }
}

#[kit::test]
fn step_2_waits_for_the_time_that_is_left() {
    doing("called chat, did not acknowledge");
    let mut call = Call::new();
    call.answer();
    let begun = Instant::now(); // The chat's clock runs already.
    sleep(SOON * 5); // Then it is late enough.
    let mut soonest = begun.elapsed();
    call.write(b"hola\n");
    call.next(Kind::Text); // And no ACK for it.
    // The session waits 200 ms, then 400 ms ... Who takes a moment for the
    // time that is left waits longer than the chat has lasted, each time: so
    // the TEXT comes after twice as long, at the soonest.
    loop {
        soonest *= 2;
        let again = call.next(Kind::Text);
        if again.is_some() && begun.elapsed() < soonest {
            return;
        }
        if again.is_none() {
            let did = "called chat, did not acknowledge";
            let why = "waits by another time";
            fail(did, "the TEXT again", "nothing comes", why);
        }
    }
}

#[kit::test]
fn step_2_shows_while_nobody_types() {
    let did = doing("called chat, said chau");
    let call = Call::new();
    call.answer();
    call.send(Kind::Text, 1, b"chau");
    let ack = call.next(Kind::Ack).map_or("no ACK", |_| "an ACK");
    let screen: Vec<u8> = call.screen.try_iter().flatten().collect();
    let screen = bytes(screen_words(&screen).as_bytes());
    let shown =
        |screen: &str, ack| said("on the screen", &[&screen, &said(ack, &[])]);
    let meant = bytes(b"< chau\n");
    if screen != meant || ack == "no ACK" {
        let (came, meant) = (shown(&screen, ack), shown(&meant, "an ACK"));
        fail(did, meant, came, "does not show what comes");
    }
}

#[kit::test]
fn step_2_ends_with_the_error_of_a_closed_screen() {
    let did = doing("called chat, the screen is closed");
    let mut call = Call::new();
    call.answer();
    call.screen = channel().1; // Nobody looks at the other any more.
    call.send(Kind::Text, 1, b"chau");
    let ended = Ended(call.chatting.wait());
    if !matches!(ended.0, Some(Err(_))) {
        fail(did, "chat() gives the error", ended, "keeps the error of act");
    }
}

#[kit::test]
fn step_2_ends_when_all_is_confirmed() {
    doing("called chat, the input ended");
    let mut call = Call::new();
    call.write(b"hola\n");
    call.keyboard = None;
    call.send(Kind::Hello, 0, b"");
    // What is not confirmed comes again, and again, before the chat ends.
    let comes_again = |seq: u32, kind: Kind| {
        let mut of_it = 0;
        while of_it < 2 {
            let Some(frame) = call.next(kind) else { break };
            of_it += u32::from(frame.seq == seq);
        }
        call.send(Kind::Ack, seq, b"");
        of_it == 2
    };
    let said_all = comes_again(1, Kind::Text) && comes_again(2, Kind::Text);
    if !said_all || !comes_again(3, Kind::Bye) {
        let (did, meant) = ("called chat, the input ended", "TEXT and BYE");
        let ended = Ended(call.chatting.now());
        let why = match &ended.0 {
            Some(_) => "ends before all is confirmed",
            None if said_all => "says no BYE",
            None => "does not say what was typed last",
        };
        fail(did, meant, ended, why);
    }
    let ended = Ended(call.chatting.wait());
    if !matches!(ended.0, Some(Ok(()))) {
        let why = match ended.0 {
            None => "never ends",
            Some(_) => "ends with an error",
        };
        fail("called chat, all confirmed", "chat() gives Ok", ended, why);
    }
}

#[test]
fn step_2_chats_with_the_workshop_s_server() {
    exercise(calls);
    for reference in references("zchat", "server") {
        exercise(|| hold(true, reference));
    }
}

#[test]
fn step_2_chats_with_the_workshop_s_client() {
    exercise(calls);
    for reference in references("zchat", "client") {
        exercise(|| hold(false, reference));
    }
}
