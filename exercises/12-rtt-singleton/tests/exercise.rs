//! The tests of exercise 12. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ex12_rtt_singleton::{Probe, measure, note, read, send, wait, write};
use kit::{
    Beside, Peer, Random, Said, Shown, beside, bytes, check_fails, compared,
    doing, fail, hex, is_refusal, kind, patience, said, servers, socket,
    to_nobody, value, waiting,
};

/// A threshold that is soon over.
fn soon() -> Duration {
    patience() / 10
}

/// A threshold that no test waits for.
fn long() -> Duration {
    patience() * 10
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A probe, as it ought to be written.
fn datagram(seq: u32, sent: Duration) -> Vec<u8> {
    let nanos = u64::try_from(sent.as_nanos()).unwrap();
    [&seq.to_be_bytes()[..], &nanos.to_be_bytes()].concat()
}

/// The number and the time in a probe; `None` if it has not 12 bytes.
fn fields(data: &[u8]) -> Option<(u32, Duration)> {
    let (seq, nanos) = data.split_first_chunk()?;
    let nanos = u64::from_be_bytes(nanos.try_into().ok()?);
    Some((u32::from_be_bytes(*seq), Duration::from_nanos(nanos)))
}

/// A socket connected to a peer, its address, and the peer.
fn connected() -> (UdpSocket, SocketAddr, Peer) {
    let ((s, address), peer) = (socket(), Peer::new());
    s.connect(peer.address()).unwrap();
    (s, address, peer)
}

/// Number and time in words.
fn pair((seq, sent): (u32, Duration)) -> Said {
    said("number and time", &[&seq, &sent.as_nanos()])
}

/// A time in microseconds, in words.
fn micros(time: Duration) -> Said {
    said("microseconds", &[&time.as_micros()])
}

/// A list of probes in words.
fn list(probes: &[Probe]) -> Said {
    let one = |(seq, probe): (usize, &Probe)| {
        let rtt = probe.rtt.map_or("undefined".shown(), |rtt| rtt.shown());
        said("a probe", &[&seq, &rtt, &probe.replies]).shown()
    };
    if probes.is_empty() {
        return "an empty list".into();
    }
    let all: Vec<_> = probes.iter().enumerate().map(one).collect();
    value(all.join("; "))
}

#[kit::test]
fn step_1_writes_twelve_bytes_in_network_byte_order() {
    for (seq, nanos) in
        [(0x0001_0203, 0x0004_0506_0708_090a), (7, 3_000_000_011)]
    {
        let sent = Duration::from_nanos(nanos);
        let did = doing(said("called write", &[&seq, &nanos]));
        let (given, right) = (write(seq, sent), datagram(seq, sent));
        if given == right {
            continue;
        }
        let both = |one: &[u8], two: &[u8]| [one, two].concat();
        let (number, turned) = (seq.to_be_bytes(), seq.to_le_bytes());
        let time = |nanos: u64| both(&number, &nanos.to_be_bytes());
        let [be, le] = [nanos.to_be_bytes(), nanos.to_le_bytes()];
        let wide = u128::from(nanos).to_be_bytes();
        let known = [
            (both(&turned, &le), "little-endian"),
            (both(&number, &le), "little-endian"),
            (both(&turned, &be), "little-endian"),
            (both(&be, &number), "the time before the number"),
            (both(&number, &wide), "sixteen bytes of time"),
            (time(nanos / 1000), "not in nanoseconds"),
            (time(nanos / 1_000_000), "not in nanoseconds"),
            (time(nanos / 1_000_000_000), "not in nanoseconds"),
            (time(nanos % 1_000_000_000), "seconds left out"),
        ];
        let cause = known.iter().find(|(wrong, _)| *wrong == given);
        let why = cause.map_or_else(
            || compared(&right, &given),
            |(_, cause)| (*cause).into(),
        );
        fail(did, hex(&right, " "), hex(&given, " "), why);
    }
}

/// Calls read() with a probe, or a part of one.
fn check_read(
    data: &[u8],
    meant: Option<(u32, Duration)>,
    why: impl FnOnce(Option<(u32, Duration)>) -> &'static str,
) {
    let did = doing(said("called read", &[&hex(data, " ")]));
    let given = read(data);
    if given != meant {
        let shown =
            |given: Option<_>| given.map_or_else(|| "None".into(), pair);
        fail(did, shown(meant), shown(given), why(given));
    }
}

#[kit::test]
fn step_2_reads_what_was_written() {
    let (seq, nanos) = (0x0001_0203, 0x0004_0506_0708_090a);
    let sent = Duration::from_nanos(nanos);
    let turned = Duration::from_nanos(nanos.swap_bytes());
    check_read(&datagram(seq, sent), Some((seq, sent)), |given| match given {
        None => "a whole probe not read",
        Some((number, time))
            if number == seq.swap_bytes() || time == turned =>
        {
            "read as little-endian"
        }
        Some((_, time))
            if [Duration::from_micros, Duration::from_millis]
                .map(|unit| unit(nanos))
                .contains(&time) =>
        {
            "read in another unit"
        }
        _ => "other bytes read",
    });
}

#[kit::test]
fn step_2_gives_none_where_bytes_are_missing() {
    let whole = datagram(1, Duration::from_nanos(2));
    for n in [0, 3, 4, 11] {
        check_read(&whole[..n], None, |_| "a short one read");
    }
}

#[kit::test]
fn step_2_reads_a_longer_datagram_too() {
    let meant = (1, Duration::from_nanos(2));
    let mut data = datagram(meant.0, meant.1);
    data.push(3);
    check_read(&data, Some(meant), |given| match given {
        None => "twelve bytes alone",
        Some(_) => "other bytes read",
    });
}

#[kit::test]
fn step_3_sends_the_number_and_the_time_it_gives() {
    let (s, address, peer) = connected();
    let start = Instant::now();
    sleep(ms(5)); // The time sent is no less.
    let before = start.elapsed();
    let (did, probe) = (doing("called send for probe 7"), "probe 7");
    let given = send(&s, 7, start);
    let after = start.elapsed();
    s.send(b"after").unwrap();
    let Ok(given) = given else {
        fail(did, probe, given.map(|_| ()), "an error of send")
    };
    let [first, second] = [(); 2].map(|()| peer.receive());
    let Some((data, from)) = first.filter(|(data, _)| data != b"after") else {
        fail(did, probe, None::<String>, "no probe sent")
    };
    if from != address {
        fail(did, said("from", &[&address]), from, "another socket");
    }
    let Some((seq, sent)) = fields(&data) else {
        fail(did, probe, hex(&data, " "), "other bytes sent")
    };
    if second.is_some_and(|(data, _)| data != b"after") {
        fail(did, "one probe", "more than one", "a probe sent twice");
    }
    if seq != 7 {
        let came = said("number", &[&seq]);
        fail(did, said("number", &[&7]), came, "another number");
    }
    if sent < before || sent > after {
        let between = said("between", &[&micros(before), &micros(after)]);
        let why = match sent > Duration::from_secs(1_000_000_000) {
            true => "the time of day",
            false => "not the time since start",
        };
        fail(did, between, micros(sent), why);
    }
    if given != sent {
        let gives = said("send gives", &[&micros(given)]);
        let expected = said("that time", &[&micros(sent)]);
        fail(did, expected, gives, "another time than it sends");
    }
}

#[kit::test]
fn step_3_says_that_it_could_not_send() {
    let call = |s: UdpSocket, _| Some(send(&s, 7, Instant::now()));
    check_fails("send", call, "an error of send kept");
}

/// Three probes, sent at 0, 100 and 200 ms, none of them answered.
fn three() -> Vec<Probe> {
    let probe = |sent| Probe { sent: ms(sent), ..Probe::default() };
    [0, 100, 200].map(probe).to_vec()
}

/// What note() makes of three probes, with a threshold of 1 s, when these
/// replies come: probe, and time in ms.
fn noted(replies: &[(usize, u64)]) -> Vec<Probe> {
    let mut probes = three();
    for &(seq, at) in replies {
        let data = datagram(seq as u32, probes[seq].sent);
        note(&mut probes, &data, ms(at), ms(1000));
    }
    probes
}

/// What it ought to make of them: the first reply counts, if it is not late.
fn right(replies: &[(usize, u64)]) -> Vec<Probe> {
    let mut probes = three();
    for &(seq, at) in replies {
        let probe = &mut probes[seq];
        let delay = ms(at) - probe.sent;
        if probe.replies == 0 && delay <= ms(1000) {
            probe.rtt = Some(delay);
        }
        probe.replies += 1;
    }
    probes
}

/// Fails with the cause that `why` names if note() makes something else of
/// these replies than it ought to.
fn check(replies: &[(usize, u64)], why: impl FnOnce(&[Probe]) -> &'static str) {
    let reply = |(seq, at): &(usize, u64)| said("reply", &[seq, at]).shown();
    let shown: Vec<_> = replies.iter().map(reply).collect();
    let did = doing(said("called note", &[&shown.join(", ")]));
    let (given, right) = (noted(replies), right(replies));
    if given != right {
        fail(did, list(&right), list(&given), why(&given));
    }
}

#[kit::test]
fn step_4_defines_the_delay_of_the_probe_that_was_answered() {
    for (at, now) in [(1, 130), (0, 250), (2, 230)] {
        check(&[(at, now)], |given| {
            let right = |at| noted(&[(at, 300)]) == right(&[(at, 300)]);
            let counted = |(_, probe): &(usize, &Probe)| probe.replies > 0;
            let counted = given.iter().enumerate().find(counted);
            match counted {
                Some((other, _)) if other != at => "another probe noted",
                None if given[at].rtt.is_some() => "not counted",
                None if right(2) => "the last probe alone",
                None => "nothing noted",
                _ if given[at].rtt == Some(ms(now)) => "now for the delay",
                _ => "another delay",
            }
        });
    }
}

#[kit::test]
fn step_4_takes_replies_in_any_order() {
    check(&[(2, 240), (0, 250), (1, 260)], |_| "not in any order");
}

#[kit::test]
fn step_4_counts_the_threshold_from_when_it_was_sent() {
    check(&[(2, 1100)], |given| match given[2].rtt {
        None => "the threshold from the start",
        Some(_) => "another delay",
    });
    check(&[(0, 1000)], |given| match given[0].rtt {
        None => "less than the threshold",
        Some(_) => "another delay",
    });
}

#[kit::test]
fn step_4_leaves_a_late_reply_undefined() {
    for (at, now) in [(0, 1001), (2, 1201)] {
        check(&[(at, now)], |given| match given[at] {
            Probe { rtt: Some(_), .. } => "late and defined",
            Probe { replies: 0, .. } => "late and not counted",
            _ => "another delay",
        });
    }
}

#[kit::test]
fn step_4_takes_the_first_copy_of_a_reply() {
    check(&[(0, 12), (0, 15), (0, 18)], |given| match given[0] {
        Probe { rtt, .. } if rtt != Some(ms(12)) => "the last copy counts",
        _ => "copies not counted",
    });
    check(&[(0, 1001), (0, 1002)], |given| match given[0].rtt {
        Some(_) => "late and defined",
        None => "copies not counted",
    });
}

#[kit::test]
fn step_4_ignores_what_answers_no_probe() {
    for (data, why) in [
        (b"hola".to_vec(), "noted though not read"),
        (datagram(3, ms(200)), "the number not compared"),
        (datagram(u32::MAX, ms(0)), "the number not compared"),
        (datagram(2, ms(201)), "the time not compared"),
    ] {
        let shown = match fields(&data) {
            Some((seq, sent)) => said("reply to", &[&seq, &sent.shown()]),
            None => value(bytes(&data)),
        };
        let did = doing(said("called note at 210 ms", &[&shown]));
        let mut probes = three();
        note(&mut probes, &data, ms(210), ms(1000));
        if probes != three() {
            fail(did, list(&three()), list(&probes), why);
        }
    }
}

#[kit::test]
fn step_4_notes_many_replies() {
    let mut random = Random(12);
    for _ in 0..100 {
        let mut now = 200;
        let replies: Vec<_> = (0..6)
            .map(|_| {
                now += random.below(400) as u64;
                (random.below(3), now)
            })
            .collect();
        check(&replies, |_| "one of many");
    }
}

/// What wait() gives: the list of probes; `None` if it still runs.
type Given = Option<io::Result<Vec<Probe>>>;

/// What it will give.
type Waiting = Beside<io::Result<Vec<Probe>>>;

/// A client's socket, and the reflector's side.
struct Room {
    s: UdpSocket,
    address: SocketAddr,
    peer: Peer,
    start: Instant,
}

impl Room {
    fn new() -> Room {
        let (s, address, peer) = connected();
        Room { s, address, peer, start: Instant::now() }
    }

    /// A probe that was sent now, and is not answered.
    fn sent(&self) -> Probe {
        Probe { sent: self.start.elapsed(), ..Probe::default() }
    }

    /// Sends the reply to it.
    fn reply(&self, seq: u32, probe: Probe) {
        self.peer.send(&datagram(seq, probe.sent), self.address);
    }

    /// Calls wait() with these probes.
    fn waiting(&self, probes: &[Probe], threshold: Duration) -> Waiting {
        let (s, start) = (self.s.try_clone().unwrap(), self.start);
        let mut probes = probes.to_vec();
        beside(move || wait(&s, start, &mut probes, threshold).map(|()| probes))
    }

    /// What it gives.
    fn wait(&self, probes: &[Probe], threshold: Duration) -> Given {
        self.waiting(probes, threshold).wait()
    }
}

/// What came, in words.
fn shown(given: &Given) -> Said {
    match given {
        None => said("it still waits, after", &[&patience().as_secs()]),
        Some(Ok(probes)) => list(probes),
        Some(Err(e)) => value(e.shown()),
    }
}

/// A probe of the list that was given.
fn probe(given: &Given, seq: usize) -> Option<Probe> {
    given.as_ref()?.as_ref().ok()?.get(seq).copied()
}

/// Whether the probe number `seq` got a delay.
fn defined(given: &Given, seq: usize) -> bool {
    probe(given, seq).is_some_and(|probe| probe.rtt.is_some())
}

/// Why the reply that is there defines no delay. Each of these calls parts two
/// faults.
fn why_undefined(given: &Given) -> &'static str {
    let room = Room::new();
    let probe = room.sent();
    room.reply(0, probe);
    if let Some(Err(_)) = given {
        return "an error of wait";
    }
    // With less time, it ends.
    let given = room.wait(&[probe], patience() / 2).and_then(Result::ok);
    let noted = |probes: &Vec<Probe>| probes.iter().any(|p| p.replies > 0);
    let answered = Probe { rtt: Some(probe.sent), replies: 1, ..probe };
    let ends = || Room::new().wait(&[answered], long()).is_some();
    match given {
        None => "waits for something else",
        Some(_) if waiting(&room.s).is_some() => "nothing received",
        Some(probes) if !noted(&probes) => "the reply not noted",
        Some(_) if ends() => "a copy looked at",
        Some(_) => "replies not looked at",
    }
}

#[kit::test]
fn step_5_takes_the_reply_and_ends() {
    let room = Room::new();
    let sent = room.sent();
    room.reply(0, sent);
    let did = doing("sent the reply, called wait");
    let given = room.wait(&[sent], long());
    if !defined(&given, 0) {
        let why = why_undefined(&given);
        fail(did, "a delay for probe 0", shown(&given), why);
    }
    if probe(&given, 0).is_some_and(|probe| probe.replies > 1) {
        fail(did, "a delay for probe 0", shown(&given), "noted twice");
    }
}

#[kit::test]
fn step_5_looks_at_the_clock_when_the_reply_is_here() {
    let room = Room::new();
    let sent = room.sent();
    let did = doing("sent the reply while wait waited");
    let waiting = room.waiting(&[sent], long());
    sleep(soon()); // By then wait() waits.
    let least = room.start.elapsed() - sent.sent;
    room.reply(0, sent);
    let given = waiting.wait();
    let why = match probe(&given, 0).and_then(|probe| probe.rtt) {
        Some(rtt) if rtt >= least => return,
        Some(_) => "the clock before the reply",
        None => "the reply not taken",
    };
    fail(did, said("at least", &[&least.shown()]), shown(&given), why);
}

/// Calls wait() when nothing comes: fails if that does not end well. Gives the
/// time-out that the socket has then, and how long it took.
fn waited_in_vain(threshold: Duration) -> (Option<Duration>, Duration) {
    let room = Room::new();
    let probe = room.sent();
    let did = doing(said("sent nothing, called wait", &[&threshold.shown()]));
    let given = room.wait(&[probe], threshold);
    let (told, took) = (room.s.read_timeout().unwrap(), room.start.elapsed());
    let why = match &given {
        Some(Ok(probes)) if *probes == [probe] => return (told, took),
        None if told.is_some_and(|told| told > threshold) => {
            return (told, took);
        }
        None if told.is_none() => "waits for ever",
        None => "waits for something else",
        Some(Ok(_)) => "a reply of nobody",
        Some(Err(e)) if kind(e) == ErrorKind::TimedOut => {
            "silence is a failure"
        }
        Some(Err(_)) => "an error of wait",
    };
    fail(did, list(&[probe]), shown(&given), why)
}

#[kit::test]
fn step_5_waits_until_the_threshold_is_over() {
    let both = [soon(), soon() * 3];
    let came = both.map(waited_in_vain);
    let same = came[0].0.zip(came[1].0);
    let same = same.is_some_and(|(a, b)| a.abs_diff(b) < soon() / 2);
    for (threshold, (told, took)) in both.into_iter().zip(came) {
        // A busy machine makes a wait longer, and never shorter. But what
        // the socket was told, is not longer than it should be.
        let told = told.filter(|told| *told > threshold * 9 / 8);
        let (came, why) = match told {
            _ if took < threshold * 7 / 8 => (took, "gives up early"),
            Some(told) if same => (told, "a fixed time-out"),
            Some(told) => (told, "another time-out"),
            None => continue,
        };
        let did = said("sent nothing, called wait", &[&threshold.shown()]);
        let wait = |time: Duration| said("a wait of", &[&time.shown()]);
        fail(did, wait(threshold), wait(came), why);
    }
}

/// Fails if this is not the error that says that nobody listens.
fn check_refused(given: &Given, did: &str, kept: &'static str) {
    let why = match given {
        _ if is_refusal(given) => return,
        Some(Err(_)) => "an error of its own",
        _ => kept,
    };
    fail(did, ErrorKind::ConnectionRefused, shown(given), why);
}

#[kit::test]
fn step_5_passes_any_other_error_on() {
    let room = Room { s: to_nobody(), ..Room::new() };
    let probe = room.sent();
    room.s.send(&datagram(0, probe.sent)).unwrap();
    let did = doing("sent to nobody, called wait");
    let given = room.wait(&[probe], long());
    check_refused(&given, did, "every error is silence");
}

#[kit::test]
fn step_5_waits_on_after_another_probe_s_reply() {
    let room = Room::new();
    let first = room.sent();
    sleep(ms(1)); // Two different times.
    let second = room.sent();
    for (seq, probe) in [(0, first), (0, first), (1, second)] {
        room.reply(seq, probe);
    }
    let did = doing("sent three replies, called wait for probe 1");
    let given = room.wait(&[first, second], long());
    let why = match (probe(&given, 0), probe(&given, 1)) {
        (Some(Probe { replies: 2, .. }), _) if defined(&given, 1) => return,
        (_, Some(Probe { replies: 0, .. })) => "the first datagram ends it",
        (_, Some(_)) => "other probes' replies not noted",
        _ => "the reply not taken",
    };
    fail(did, "two replies and a delay", shown(&given), why);
}

#[kit::test]
fn step_5_notes_the_bytes_that_came() {
    let room = Room::new();
    sleep(ms(1)); // Two different times.
    let (first, second) = (Probe::default(), room.sent());
    // With zeros behind them, they are a reply to probe 0.
    for short in [&[0; 0][..], &[0; 11]] {
        room.peer.send(short, room.address);
    }
    room.reply(1, second);
    let did = doing("sent two short datagrams, then the reply");
    let given = room.wait(&[first, second], long());
    let why = match probe(&given, 0) {
        Some(first) if first.replies > 1 => "zeros read as a probe",
        Some(first) if first.replies == 1 => "more bytes than came",
        Some(_) if defined(&given, 1) => return,
        Some(_) => "the first datagram ends it",
        None if given.is_none() => "waits on after the last reply",
        None => "the reply not taken",
    };
    fail(did, "no reply and a delay", shown(&given), why);
}

/// Fails if wait() does not give the probe as it was, in time.
fn check_unanswered(given: &Given, probe: Probe, did: Said, runs: &str) {
    let zero = |e: &io::Error| e.kind() == ErrorKind::InvalidInput;
    let why = match given {
        Some(Ok(probes)) if *probes == [probe] => return,
        None => runs,
        Some(Err(e)) if zero(e) => "a time-out of zero",
        Some(_) => "another end",
    };
    fail(did, list(&[probe]), shown(given), why);
}

#[kit::test]
fn step_5_gives_other_datagrams_no_time() {
    let room = Room::new();
    let probe = room.sent();
    let did = doing(said("sent hola again and again", &[&soon().shown()]));
    let waiting = room.waiting(&[probe], soon());
    let end = Instant::now() + patience();
    let mut given = None;
    while given.is_none() && Instant::now() < end {
        room.peer.send(b"hola", room.address);
        sleep(soon() / 20);
        given = waiting.now();
    }
    check_unanswered(&given, probe, did, "the time begins anew");
}

#[kit::test]
fn step_5_counts_the_time_that_is_over() {
    let room = Room::new();
    room.reply(0, Probe::default());
    sleep(soon()); // The probe was sent before.
    let did =
        doing(said("called wait late", &[&long().shown(), &soon().shown()]));
    let given = room.wait(&[Probe::default()], long());
    let told = room.s.read_timeout().unwrap().unwrap_or_default();
    // The system may round what it is told.
    if told > long() - soon() / 2 {
        let wait = |time: Duration| said("a wait of", &[&time.shown()]);
        let left = wait(long() - soon());
        fail(did, left, wait(told), "the threshold from now");
    }
    if !defined(&given, 0) {
        fail(did, "a delay for probe 0", shown(&given), "the reply not taken");
    }
}

#[kit::test]
fn step_5_counts_from_when_the_last_probe_was_sent() {
    let now = Instant::now();
    // No such moment: the machine has only just been started.
    let start = now.checked_sub(long()).unwrap_or(now);
    let room = Room { start, ..Room::new() };
    let (first, last) = (Probe::default(), room.sent());
    room.reply(1, last);
    let (threshold, at) = (long().shown(), last.sent.shown());
    let did = doing(said("sent the reply to probe 1", &[&threshold, &at]));
    let given = room.wait(&[first, last], long());
    let why = match probe(&given, 1) {
        Some(_) if defined(&given, 1) => return,
        Some(Probe { replies: 0, .. }) => "not from the last probe",
        _ => "the reply not taken",
    };
    fail(did, "a delay for probe 1", shown(&given), why);
}

#[kit::test]
fn step_5_knows_when_no_time_is_left() {
    let room = Room::new();
    sleep(ms(1)); // The probe was sent before.
    let did = doing(said("called wait when it was over", &[]));
    let given = room.wait(&[Probe::default()], Duration::ZERO);
    check_unanswered(&given, Probe::default(), did, "another end");
}

/// Calls measure() this many times, each after the other, in a thread.
fn measuring(s: UdpSocket, times: usize, threshold: Duration) -> Waiting {
    beside(move || {
        let (start, mut probes) = (Instant::now(), Vec::new());
        for _ in 0..times {
            measure(&s, start, &mut probes, threshold)?;
        }
        Ok(probes)
    })
}

/// Why measure() does not end with the reply: is its own probe in the list?
fn why_not_known() -> &'static str {
    let (s, _, peer) = connected();
    let measuring = measuring(s, 1, patience() / 2); // It ends.
    let reply = peer.receive();
    if let Some((data, from)) = &reply {
        peer.send(data, *from);
    }
    let sent = reply.and_then(|(data, _)| fields(&data)).map(|(_, sent)| sent);
    match probe(&measuring.wait(), 0) {
        Some(listed) if Some(listed.sent) != sent => "another time in the list",
        _ => "the reply not known",
    }
}

#[kit::test]
fn step_6_measures_one_probe_after_the_other() {
    let (s, _, peer) = connected();
    let (did, three) =
        (doing("called measure, sent each back"), "three delays");
    let measuring = measuring(s, 3, long());
    for meant in 0..3 {
        let Some((data, from)) = peer.receive() else {
            let given = measuring.now();
            let why = match &given {
                Some(Err(_)) => "an error of measure",
                _ if meant == 0 => "sends no probe",
                _ => why_not_known(),
            };
            fail(did, three, shown(&given), why)
        };
        let seq = fields(&data).map(|(seq, _)| seq);
        if seq != Some(meant) {
            let why = match measuring.wait() {
                Some(Ok(probes)) if probes.is_empty() => "not listed",
                _ => "not its place in the list",
            };
            fail(did, said("number", &[&meant]), hex(&data, " "), why);
        }
        peer.send(&data, from);
    }
    let given = measuring.wait();
    let count = (0..3).filter(|seq| defined(&given, *seq)).count();
    let why = match &given {
        None => why_not_known(),
        Some(Err(_)) => "an error of measure",
        Some(Ok(probes)) if probes.len() != 3 => "another list",
        Some(Ok(_)) if count == 3 => return,
        Some(Ok(probes)) if count == 0 && probes[0].replies > 0 => {
            "not a new probe"
        }
        Some(Ok(_)) if count == 0 => "does not wait",
        Some(Ok(_)) => "listed too late",
    };
    fail(did, three, shown(&given), why);
}

#[kit::test]
fn step_6_goes_on_after_a_lost_probe() {
    let (s, _, peer) = connected();
    let did = said("called measure, sent probe 0 late", &[&soon().shown()]);
    let expected = "probe 0 undefined, then probe 1";
    doing(did.clone());
    let measuring = measuring(s, 2, soon());
    let first = peer.receive();
    let Some(((late, _), (data, from))) = first.zip(peer.receive()) else {
        let given = measuring.now();
        let why = match given {
            Some(Err(_)) => "a loss ends it",
            _ => "no second probe",
        };
        fail(did, expected, shown(&given), why)
    };
    if fields(&data).map(|(seq, _)| seq) == Some(0) {
        fail(did, expected, "a probe 0 again", "sent again");
    }
    // Long after its threshold: probe 1 was sent when that was over.
    peer.send(&late, from);
    peer.send(&data, from);
    let given = measuring.wait();
    let two = matches!(&given, Some(Ok(probes)) if probes.len() == 2);
    if !two || defined(&given, 0) {
        fail(did, expected, shown(&given), "not two probes");
    }
}

#[kit::test]
fn step_6_passes_an_error_on() {
    let did = doing("called measure, nobody listens");
    let given = measuring(to_nobody(), 1, long()).wait();
    check_refused(&given, did, "an error of wait kept");
}

#[kit::test]
fn step_6_ends_if_it_cannot_send() {
    let call = |s, _| measuring(s, 1, soon()).wait();
    check_fails("measure", call, "an error of send ignored");
}

#[test]
fn step_6_measures_against_the_workshop_s_programs() {
    let all = ["rtt-rfc2681", "udp-echo"].map(|name| (name, servers(name)));
    kit::told_by(include_str!("words.txt"), move || {
        for (name, servers) in &all {
            for (language, server) in servers {
                let (s, _) = socket();
                s.connect(server.address()).unwrap();
                let given = measuring(s, 3, long()).wait();
                if !(0..3).all(|seq| defined(&given, seq)) {
                    let did = "called measure for the workshop";
                    let did = said(did, &[&format!("{name}, {language}")]);
                    let why = "the workshop's server alone";
                    fail(did, "three delays", shown(&given), why);
                }
            }
        }
    });
}
