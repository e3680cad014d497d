//! The Daytime Protocol, RFC 867.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use testbed::bytes;

use crate::client::MOMENT;
use crate::date::{self, Zone};
use crate::echo::TEXT;
use crate::net::{hear, shown};
use crate::peer::{Peer, Protocol};
use crate::report::{Look, failed, judged, noted};

/// What a played server sends.
const LINE: &str = "Sunday, November 22, 2026 10:16:00-UTC\r\n";

/// Any datagram, and a line comes back.
pub const DAYTIME: Protocol = Protocol {
    name: "daytime",
    source: "rfc 867",
    question: |_| TEXT.to_vec(),
    answers: |_, answer| !answer.is_empty(),
    server: &[
        ("empty question", "", |t| answers(t, b"")),
        ("odd", "", |t| answers(t, b"GET /\0\xff\x1b[2J\r\n")),
        // macOS sends no more by default.
        ("9000 bytes", "", |t| answers(t, &[b'?'; 9000])),
        ("one line", "rfc 867 syntax", |t| {
            let came = line(t);
            let mut text = came.trim_ascii().iter();
            let some = text.len() > 0;
            let good = text.all(|b| (b' '..=b'~').contains(b));
            judged(some && good, bytes(&came))
        }),
        ("line end", "rfc 867 end", |t| {
            let came = line(t);
            let end = &came[came.len().saturating_sub(12)..];
            judged(came.ends_with(b"\r\n"), said!("it ends in", bytes(end)))
        }),
        ("now", "rfc 867 now", |t| {
            let (since, came) = (clock(), line(t));
            is_now(&String::from_utf8_lossy(&came), since, clock())
        }),
        ("two times", "", |t| {
            let first = line(t);
            thread::sleep(Duration::from_millis(1100));
            let second = line(t);
            let came = format!("{}, {}", bytes(&first), bytes(&second));
            judged(!second.is_empty() && first != second, came)
        }),
    ],
    client: &[
        ("sends once", "", |p| p.sends_once(LINE)),
        ("prints line", "", |p| p.prints(LINE, LINE)),
        ("prints endless", "rfc 867 syntax", |p| {
            p.prints(LINE.trim_end(), LINE)
        }),
        ("prints escapes", "harmless", |p| {
            p.send(format!("\x1b[2J\x1b]0;hola\x07{LINE}").as_bytes());
            let (_, ended, how) = p.end(MOMENT);
            let bad = |c: char| c.is_control() && !"\r\n\t".contains(c);
            match ended.stdout.contains(bad) {
                true => noted(said!("as they are", how)),
                false => Ok(how),
            }
        }),
        ("first lost", "udp loses", |p| {
            let again = hear(&p.s, Duration::from_secs(8));
            if again.is_some() {
                return p.prints(LINE, LINE);
            }
            let (.., how) = p.end(Duration::ZERO);
            noted(said!("not again", how))
        }),
        ("silent", "udp loses", |p| {
            let (by_itself, ended, how) = p.end(Duration::from_secs(25));
            let said = !(ended.stdout + &ended.stderr).is_empty();
            judged(by_itself && said, how)
        }),
    ],
};

/// How far from now a line may be, in seconds.
const NEAR: i64 = 2;

/// Zones differ by quarters of an hour: so many seconds.
const QUARTER: i64 = 900;

/// Whether `data` is answered.
fn answers(t: &Peer, data: &[u8]) -> Look {
    let came = t.ask(data);
    judged(came.is_some(), shown(came))
}

/// A server's line; empty if nothing comes.
fn line(t: &Peer) -> Vec<u8> {
    t.ask(TEXT).map(|(data, _)| data).unwrap_or_default()
}

/// Seconds since 1970.
fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}

/// Whether a line names a time from `since` to `now`, give or take two seconds.
fn is_now(line: &str, since: i64, now: i64) -> Look {
    let (came, line) = (bytes(line.trim().as_bytes()), date::read(line));
    let near = |east| {
        let mut seconds = since - NEAR..=now + NEAR;
        seconds.any(|time| line.shows(time + east))
    };
    // No place is further from UTC than 14 hours.
    let somewhere = (-56..=56).any(|quarters| near(quarters * QUARTER));
    match &line.zone {
        Zone::Known(east) if near(*east) => Ok(came),
        Zone::Missing if near(0) => Ok(came),
        Zone::Missing if somewhere => {
            failed(said!("zone missing", came, date::utc(now)))
        }
        Zone::Unknown(zone) if somewhere => {
            noted(said!("zone unknown", came, zone))
        }
        _ => failed(said!("not now", came, date::utc(now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict::{Failed, Noted};

    /// 2026-11-22 10:16:00 UTC.
    const NOW: i64 = 1_795_342_560;

    #[test]
    fn zones_and_seconds() {
        let verdict = |line| match is_now(line, NOW, NOW + 1) {
            Ok(_) => "passed",
            Err((Noted, _)) => "noted",
            Err((Failed, _)) => "failed",
            _ => "skipped",
        };
        assert_eq!(verdict("2026-11-22 10:16:03 UTC"), "passed");
        assert_eq!(verdict("2026-11-22 10:16:04 UTC"), "failed");
        assert_eq!(verdict("2026-11-22 10:15:58"), "passed");
        assert_eq!(verdict("2026-11-22 07:16:00"), "failed");
        assert_eq!(verdict("22 NOV 2026 15:46:00 IST"), "noted");
        assert_eq!(verdict("22 NOV 2026 15:50:00 IST"), "failed");
        assert_eq!(verdict("2026-11-22"), "failed");
    }
}
