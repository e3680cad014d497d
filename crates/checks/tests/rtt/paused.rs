//! The client while it is suspended (Ctrl-Z, and then `fg`), and after it.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use checks::{Hear, Language, skipped, socket};
use rtt_rfc2681::{clock, packet};
use testbed::Ended;

use super::counts::Counts;
use super::{client, words};

/// So long it is suspended: longer than the silence after which it ends.
const PAUSE: Duration = Duration::from_secs(31);

/// 200 probes a second, and each carries the time when it was sent. So the
/// rate is known exactly, whatever the machine does meanwhile.
#[test]
fn what_was_due_while_it_was_suspended_is_not_sent_afterwards() {
    if !cfg!(unix) {
        return skipped("a test cannot suspend a program here");
    }
    let runs = Language::BOTH.map(|language| {
        thread::spawn(move || {
            let s = socket();
            let to = s.local_addr().unwrap();
            let reflector = thread::spawn(move || {
                let (mut buffer, mut sent) = ([0; 100], Vec::new());
                while let Ok((n, from)) = s.hear(&mut buffer) {
                    if n == 1 {
                        return sent; // The end.
                    }
                    let time = buffer[4..12].try_into().unwrap();
                    sent.push(u64::from_be_bytes(time));
                    s.send_to(&buffer[..n], from).unwrap();
                }
                sent
            });
            let args = "--periodic --interval 0.005 --count 6600 --timeout 20";
            let client = client(language, to, &words(args));
            client.wait_for("seq=20 rtt=");
            client.signal("STOP");
            thread::sleep(PAUSE);
            client.signal("CONT");
            let ended = client.end();
            socket().send_to(b".", to).unwrap();
            (ended, reflector.join().unwrap())
        })
    });
    for (language, run) in Language::BOTH.into_iter().zip(runs) {
        let (ended, sent) = run.join().unwrap();
        let counts = Counts::of(&ended);
        assert_eq!(sent.len(), counts.sent, "{language:?}: {counts:?}");
        assert_eq!(counts.sent + counts.skipped, 6600, "{counts:?}");
        assert!(counts.skipped > 5000, "{language:?}: {counts:?}");
        assert_eq!((counts.lost, counts.unmatched), (0, 0), "{language:?}");
        assert_eq!(ended.stderr, "", "{language:?}");
        // In each tenth of a second, 20 probes; 40 more, if it was late.
        let mut tenths = BTreeMap::new();
        for time in sent {
            let tenth = (u128::from(time) * 10) >> 32; // NTP's: 2^-32 s.
            *tenths.entry(tenth).or_insert(0) += 1;
        }
        let most = tenths.values().max().unwrap();
        assert!(*most <= 65, "{language:?}: {most} in 0.1 s");
    }
}

/// A client that is suspended when its two probes have come. The replies reach
/// it then, long before its threshold is over; it wakes up after that. `None` if
/// this machine was so busy that they did not.
fn suspended(language: Language) -> Option<Ended> {
    let s = socket();
    let to = s.local_addr().unwrap();
    let args = words("--periodic --interval 1 --count 2 --timeout 10");
    let client = client(language, to, &args);
    let (first, second) = ([0; 44], [0; 44]);
    let probes = [first, second].map(|mut data| {
        let (_, from) = s.hear(&mut data).unwrap();
        (data, from)
    });
    client.signal("STOP");
    for (data, from) in probes {
        s.send_to(&data, from).unwrap();
    }
    // The first carries the time when it was sent.
    let sent = probes[0].0[4..12].try_into().unwrap();
    let took = packet::ntp(clock::wall()) - u64::from_be_bytes(sent);
    thread::sleep(Duration::from_secs(11));
    client.signal("CONT");
    let ended = client.end();
    (took >> 32 < 9).then_some(ended)
}

#[test]
fn what_came_in_time_while_it_was_suspended_is_in_time() {
    if !cfg!(target_os = "linux") {
        return skipped("only Linux notes when a datagram came");
    }
    for language in Language::BOTH {
        let ended = (0..5).find_map(|_| suspended(language));
        let ended = ended.expect("replies within 9 s, once in five times");
        let counts = Counts::of(&ended);
        assert_eq!(counts.received, 2, "{language:?}: {ended:?}");
        assert_eq!(ended.code, Some(0), "{language:?}: {ended:?}");
    }
}
