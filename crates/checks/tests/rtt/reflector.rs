//! rtt-rfc2681: the client against reflectors that play a part, so that what
//! must be counted is known exactly; the schedule; and the client while it is
//! suspended (Ctrl-Z, and then `fg`), and after it.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use checks::{Hear, Language, skipped, socket};
use rtt_rfc2681::options::Options;
use rtt_rfc2681::packet::{COPY, reply};
use rtt_rfc2681::{calibrate, schedule};
use rtt_rfc2681::{clock, packet};
use testbed::Ended;

use super::Counts;
use super::{client, words};

/// A socket that goes back to `part` with each request, its number (0 for the
/// first) and its sender; ends with the test.
fn reflector(
    mut part: impl FnMut(&UdpSocket, u32, &[u8], SocketAddr) -> io::Result<()>
    + Send
    + 'static,
) -> SocketAddr {
    let s = socket();
    let address = s.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok((n, from)) = s.hear(&mut buffer) {
            let seq = u32::from_be_bytes(buffer[..4].try_into().unwrap());
            if part(&s, seq, &buffer[..n], from).is_err() {
                return;
            }
        }
    });
    address
}

/// The line of a probe, after `seq=N `.
fn fate(ended: &Ended, seq: u32) -> String {
    let start = format!("seq={seq} ");
    let mut fates = ended.stdout.lines().filter_map(|l| l.strip_prefix(&start));
    let fate = fates.next().unwrap_or_else(|| panic!("no {start}: {ended:?}"));
    assert_eq!(fates.next(), None, "{start} twice");
    fate.to_string()
}

const LOST: [u32; 8] = [1, 2, 6, 7, 8, 9, 12, 13];

/// A run against a reflector that plays a part for each of the first 21 probes;
/// after that it has two late replies to send.
fn played(language: Language) -> Ended {
    let stranger = socket();
    let mut held = Vec::new();
    let mut late = None;
    let address = reflector(move |s, seq, data, from| {
        let mut back = reply(data, 1 << 32, 1 << 32);
        let flip = |back: &mut Vec<u8>, byte: usize| back[byte] ^= 4;
        match seq {
            1 => return Ok(()), // Dropped.
            2 => {
                late = Some((Instant::now(), back, 2));
                return Ok(());
            }
            3 => drop(s.send_to(&back, from)?), // The first of two.
            4 => {
                held = back;
                return Ok(());
            }
            5 => {
                s.send_to(&back, from)?;
                back = held.clone();
            }
            6 => return stranger.send_to(&back, from).map(|_| ()),
            7 => back.truncate(35),
            8 => back.truncate(36),
            9 => back.truncate(38),
            11 => back.resize(1400, 7),
            12 => flip(&mut back, COPY), // The sequence number.
            13 => flip(&mut back, COPY + 4), // The time.
            14 => back = data.to_vec(),  // An echo.
            15 => flip(&mut back, 0),    // A number of its own.
            17 => drop(s.send_to(&[0xff; 100], from)?),
            18 => drop(s.send_to(&[], from)?),
            19 => back[4..12].fill(0xff), // T3 - T2: years.
            20 => back[16..24].fill(0xff), // T3 is before T2.
            _ => {
                // Twice the late reply: late, and a duplicate.
                if let Some((came, back, copies)) = late.take() {
                    if came.elapsed() < Duration::from_millis(4100) {
                        late = Some((came, back, copies));
                    } else if copies > 0 {
                        s.send_to(&back, from)?;
                        late = Some((came, back, copies - 1));
                    }
                }
            }
        }
        s.send_to(&back, from).map(|_| ())
    });
    let args = words("--periodic --interval 0.5 --count 30 --timeout 4");
    client(language, address, &args).end()
}

#[test]
fn every_count_is_what_was_done() {
    for language in Language::BOTH {
        let ended = Counts::of_many(24, || played(language));
        // On a busy machine some of the last ones may be skipped.
        let counts = Counts::of(&ended);
        let Counts { sent, skipped, .. } = counts;
        let expected = Counts {
            sent: 30 - skipped,
            received: sent - 8,
            lost: 8,
            late: 1,
            skipped,
            duplicates: 2,
            reordered: 1,
            short: 3,
            damaged: 2,
            unmatched: 2,
        };
        assert_eq!(counts, expected, "{language:?}");
        for seq in 0..sent as u32 {
            let fate = fate(&ended, seq);
            if LOST.contains(&seq) {
                assert_eq!(fate, "undefined (no reply in 4 s)", "{seq}");
            } else {
                let ms = fate.strip_prefix("rtt=").unwrap_or_default();
                let ms = ms.strip_suffix(" ms").unwrap_or_default();
                let ms: f64 = ms.parse().unwrap_or(-1.0);
                assert!((0.0..4000.0).contains(&ms), "{seq}: {fate}");
            }
        }
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    }
}

/// What a reflector makes of a probe.
type Part = fn(&[u8]) -> Vec<u8>;

/// RFC 2681 measures packets that come back whole.
#[test]
fn what_did_not_come_back_whole_is_no_part_of_the_sample() {
    fn stamp(data: &[u8]) -> Vec<u8> {
        reply(data, 1 << 32, 1 << 32)
    }
    fn flipped(mut data: Vec<u8>, byte: usize) -> Vec<u8> {
        data[byte] ^= 1;
        data
    }
    fn padded(mut data: Vec<u8>) -> Vec<u8> {
        data[44..].fill(0x55);
        data
    }
    // What comes back, and whether it is short, damaged, neither.
    let parts: [(Part, [usize; 2]); 12] = [
        (|data| data[..99].to_vec(), [1, 0]),
        (|data| data[..20].to_vec(), [1, 0]),
        (|data| flipped(data.to_vec(), 99), [0, 1]),
        (|data| flipped(data.to_vec(), 12), [0, 1]),
        (|data| flipped(data.to_vec(), 7), [0, 1]),
        (|data| [data, b"!"].concat(), [0, 1]),
        (|data| stamp(data)[..99].to_vec(), [1, 0]),
        (|data| flipped(stamp(data), 99), [0, 1]),
        (|data| flipped(stamp(data), COPY + 13), [0, 1]),
        (|data| flipped(stamp(data), 13), [0, 1]), // A multiplier of 0.
        (|data| padded(stamp(data)), [0, 0]),      // TWAMP Light may.
        (|data| stamp(&[data, b"!"].concat()), [0, 0]),
    ];
    for language in Language::BOTH {
        let address = reflector(move |s, seq, data, from| {
            let back = parts.get(seq as usize).map(|(part, _)| part(data));
            s.send_to(&back.unwrap_or(stamp(data)), from).map(drop)
        });
        let args = words("--count 14 --interval 0.2 --size 100 --timeout 5");
        let ended = client(language, address, &args).end();
        let counts = Counts::of(&ended);
        let kinds = parts.iter().take(counts.sent);
        let (mut short, mut damaged) = (0, 0);
        for (seq, (_, [is_short, is_damaged])) in (0..).zip(kinds) {
            (short, damaged) = (short + is_short, damaged + is_damaged);
            let lost = fate(&ended, seq).starts_with("undefined");
            assert_eq!(lost, is_short + is_damaged > 0, "{seq}: {ended:?}");
        }
        assert_eq!((counts.short, counts.damaged), (short, damaged));
        assert_eq!((counts.lost, counts.unmatched), (short + damaged, 0));
    }
}

/// The slides' echo server takes 1,024 bytes, and no more.
#[test]
fn a_probe_that_was_cut_is_short() {
    for language in Language::BOTH {
        let server = checks::server(Language::Rust, "udp-echo", &[]);
        let args = words("--count 3 --size 1400 --timeout 5");
        let run = || client(language, server.address(), &args).end();
        let ended = Counts::of_some(run);
        let counts = Counts::of(&ended);
        assert_eq!((counts.received, counts.short), (0, counts.sent));
        assert!(counts.sent > 0, "{ended:?}");
        assert_eq!(ended.code, Some(1), "{ended:?}");
    }
}

/// A link on which each reply loses one to eight of its bits.
#[test]
fn a_damaged_echo_is_never_received() {
    let server = checks::server(Language::Rust, "udp-echo", &[]);
    let port = server.address().port().to_string();
    let args = format!("--port 0 --to-port {port} --corrupt 100 --clean-there");
    let link = checks::start_example("noisy_link", &words(&args));
    for language in Language::BOTH {
        let args = words("--count 10 --interval 0.1 --timeout 5");
        let run = || client(language, link.address(), &args).end();
        let ended = Counts::of_some(run);
        let counts = Counts::of(&ended);
        assert_eq!((counts.received, counts.damaged), (0, counts.sent));
        assert!(counts.sent > 0, "{ended:?}");
    }
}

/// The threshold holds while other datagrams come without a pause.
#[test]
fn a_reply_is_late_also_in_a_flood_of_garbage() {
    for language in Language::BOTH {
        let address = reflector(|s, seq, data, from| {
            let came = Instant::now();
            while seq == 0 && came.elapsed() < Duration::from_millis(2300) {
                s.send_to(&[0xff; 50], from)?;
                thread::sleep(Duration::from_millis(5));
            }
            s.send_to(data, from).map(drop)
        });
        let args = words("--periodic --interval 5 --count 2 --timeout 2");
        let ended = client(language, address, &args).end();
        let Counts { sent, received, late, duplicates, .. } =
            Counts::of(&ended);
        let counted = (sent, received, late, duplicates);
        assert_eq!(counted, (2, 1, 1, 0), "{language:?}: {ended:?}");
        assert_eq!(fate(&ended, 0), "undefined (no reply in 2 s)");
    }
}

/// Replies at 12 and 15 ms: the first one counts.
#[test]
fn the_first_copy_of_a_reply_counts() {
    for language in Language::BOTH {
        let address = reflector(|s, seq, data, from| {
            thread::sleep(Duration::from_millis(12));
            s.send_to(data, from)?;
            if seq == 0 {
                thread::sleep(Duration::from_millis(3));
                s.send_to(data, from)?;
            }
            Ok(())
        });
        let args = words("--count 2 --interval 2 --periodic");
        let ended = client(language, address, &args).end();
        let Counts { sent, received, duplicates, .. } = Counts::of(&ended);
        assert_eq!((sent - received, duplicates), (0, 1), "{ended:?}");
        let rtt = fate(&ended, 0);
        let ms: f64 = rtt[4..rtt.len() - 3].parse().unwrap();
        assert!(ms >= 12.0, "{rtt}");
    }
}

/// A reflector that tells how long it took: that time is not the network's.
#[test]
fn the_reflector_s_own_time_is_subtracted() {
    const INSIDE: Duration = Duration::from_millis(400);
    for language in Language::BOTH {
        for told in [true, false] {
            let address = reflector(move |s, _, data, from| {
                thread::sleep(INSIDE);
                let t3 = (1_u64 << 40) + (2 << 32) / 5; // 400 ms
                let back = reply(data, 1 << 40, t3);
                s.send_to(if told { &back } else { data }, from).map(|_| ())
            });
            let args = words("--count 6 --interval 0.5 --periodic");
            let ended = client(language, address, &args).end();
            let rtt = |seq| -> f64 {
                let fate = fate(&ended, seq);
                fate[4..fate.len() - 3].parse().unwrap()
            };
            let sent = Counts::of(&ended).sent as u32;
            let least = (0..sent).map(rtt).fold(f64::INFINITY, f64::min);
            // Of so many, one will come in less than 400 ms on any machine.
            assert_eq!(least < 400.0, told, "{language:?}: {least}");
        }
    }
}

/// Nothing is answered before everything was asked: a client that waited for
/// a reply before its next probe would wait for a minute.
#[test]
fn a_late_reply_never_delays_a_later_probe() {
    for language in Language::BOTH {
        let mut held = Vec::new();
        let address = reflector(move |s, _, data, from| {
            held.push(data.to_vec());
            for data in held.iter().filter(|_| held.len() >= 10) {
                s.send_to(data, from)?;
            }
            Ok(())
        });
        let args = words("--count 20 --interval 0.1 --timeout 60");
        let ended = client(language, address, &args).end();
        let Counts { sent, received, .. } = Counts::of(&ended);
        assert!(sent >= 10 && received == sent, "{language:?}: {ended:?}");
    }
}

/// The gaps between probes are no even ones: of a hundred in a Poisson stream,
/// one at least is 1.5 times the mean (in all but one of 10^10 samples). A busy
/// machine makes the longest gap longer, so it spoils nothing here. Whether the
/// schedule's own numbers are a Poisson stream, the crate's own tests say; how
/// exactly they are kept, `measure.py` measures.
#[test]
fn the_probes_leave_with_gaps_that_are_not_even() {
    for language in Language::BOTH {
        let came = Arc::new(Mutex::new(Vec::new()));
        let times = Arc::clone(&came);
        let address = reflector(move |s, _, data, from| {
            times.lock().unwrap().push(Instant::now());
            s.send_to(data, from).map(drop)
        });
        let args = words("--count 100 --interval 0.03 --quiet");
        client(language, address, &args).end();
        let came = came.lock().unwrap();
        let gaps = came.windows(2).map(|two| two[1] - two[0]);
        let longest = gaps.max().expect("a hundred probes came");
        assert!(
            longest > Duration::from_millis(45),
            "{language:?} {longest:?}"
        );
    }
}

fn options(to: SocketAddr) -> Options {
    Options {
        to,
        count: 50,
        interval: 60.0, // So long a probe may be late.
        periodic: true,
        timeout: 60.0,
        size: 44,
        under: None,
        calibrate: true,
        quiet: true,
        json: None,
        svg: None,
    }
}

/// Of 50 probes, 30 are answered after 2 ms and 20 after a second: calibration
/// finds the first in the median, and the others in the error.
#[test]
fn calibration_finds_the_2_ms_that_were_put_there() {
    const SECOND: Duration = Duration::from_secs(1);
    let mut held = Vec::new();
    let came = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&came);
    let address = reflector(move |s, seq, data, from| {
        count.fetch_add(1, Relaxed);
        match seq {
            ..30 => {
                thread::sleep(Duration::from_millis(2));
                s.send_to(data, from)?;
            }
            30..49 => held.push(data.to_vec()),
            _ => {
                held.push(data.to_vec());
                thread::sleep(SECOND);
                for data in &held {
                    s.send_to(data, from)?;
                }
            }
        }
        Ok(())
    });
    let options = options(address);
    let times = schedule::times(50, 0.02, true);
    let stop = AtomicBool::new(false);
    let calibrated = calibrate::calibrate(address, &times, &options, &stop);
    let (systematic, e) = calibrated.unwrap();
    assert!((0.002..1.0).contains(&systematic), "{systematic}");
    assert!(systematic + e >= 1.0, "{systematic} {e}");
    // Our own calibration asks nobody else.
    let own = calibrate::asked(&times, &options, &stop).unwrap();
    let (systematic, e) = own.expect("it was asked for");
    assert!((0.0..1.0).contains(&systematic) && e >= 0.0, "{systematic} {e}");
    assert_eq!(came.load(Relaxed), 50);
}

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
