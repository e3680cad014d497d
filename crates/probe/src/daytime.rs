//! The Daytime Protocol, RFC 867.

use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use testbed::{bytes, hear};

use crate::date;
use crate::echo::TEXT;
use crate::judge::{Look, Noted, failed, judged, lenient};
use crate::peer::{MOMENT, Peer, Protocol};

/// What a played server sends.
const LINE: &str = "Sunday, November 22, 2026 10:16:00-UTC\r\n";

/// Any datagram, and a line comes back.
pub const DAYTIME: Protocol = Protocol {
    name: "daytime",
    sources: ["rfc 867", "rfc 867"],
    question: |_| TEXT.to_vec(),
    answers: |_, answer| !answer.is_empty(),
    meet: Peer::meet,
    server: &[
        ("empty question", "", |t| answers(t, b"")),
        ("odd", "", |t| answers(t, b"GET /\0\xff\x1b[2J\r\n")),
        // macOS sends no more by default.
        ("9000 bytes", "", |t| answers(t, &[b'?'; 9000])),
        ("one line", "rfc 867 syntax", |t| {
            let (came, _) = t.ask(TEXT)?;
            let text = came.trim_ascii();
            let good = text.iter().all(|b| (b' '..=b'~').contains(b));
            judged(good && !text.is_empty(), bytes(&came))
        }),
        ("line end", "rfc 867 end", |t| {
            let (came, _) = t.ask(TEXT)?;
            let end = &came[came.len().saturating_sub(12)..];
            judged(came.ends_with(b"\r\n"), said!("it ends in", bytes(end)))
        }),
        ("now", "rfc 867 now", |t| {
            let (since, (came, _)) = (clock(), t.ask(TEXT)?);
            is_now(&String::from_utf8_lossy(&came), since, clock())
        }),
        ("two times", "", |t| {
            let (first, _) = t.ask(TEXT)?;
            thread::sleep(Duration::from_millis(1100));
            let (second, _) = t.ask(TEXT)?;
            let came = format!("{}, {}", bytes(&first), bytes(&second));
            judged(first != second, came)
        }),
    ],
    client: &[
        ("sends once", "", |p| p.sends_once(LINE)),
        ("prints line", "", |p| p.prints(LINE, LINE)),
        ("prints endless", "rfc 867 syntax", |p| p.prints(LINE.trim(), LINE)),
        ("prints escapes", "harmless", |p| {
            p.send(format!("\x1b[2J\x1b]0;hola\x07{LINE}"))?;
            lenient(p.ends(MOMENT, |ended| {
                let bad = |c: char| c.is_control() && !"\r\n\t".contains(c);
                !ended.stdout.contains(bad)
            }))
        }),
        ("first lost", "udp loses", |p| {
            match hear(&p.s, Duration::from_secs(8)) {
                Some(_) => p.prints(LINE, LINE),
                None => Err((Noted, said!("not again", p.end(0).2))),
            }
        }),
        ("silent", "udp loses", |p| {
            p.ends(25, |it| !it.stdout.is_empty() || !it.stderr.is_empty())
        }),
    ],
};

/// Whether `data` is answered.
fn answers(t: &Peer, data: &[u8]) -> Look {
    Ok(bytes(&t.ask(data)?.0))
}

/// Seconds since 1970.
fn clock() -> i64 {
    UNIX_EPOCH.elapsed().unwrap_or_default().as_secs() as i64
}

/// Whether a line names a time from `since` to `now`, give or take two seconds.
fn is_now(line: &str, since: i64, now: i64) -> Look {
    let (came, line) = (bytes(line.trim().as_bytes()), date::read(line));
    let near = |east| (since - 2..=now + 2).any(|time| line.shows(time + east));
    // Zones differ by quarters of an hour, and none is further from UTC than 14
    // hours.
    let somewhere = (-56..=56).any(|quarters| near(quarters * 900));
    let now = date::utc(now);
    match (line.zone, &line.other) {
        (Some(east), _) if near(east) => Ok(came),
        (None, None) if near(0) => Ok(came),
        (None, None) if somewhere => failed(said!("zone missing", came, now)),
        (None, Some(word)) if somewhere => {
            Err((Noted, said!("zone unknown", came, word)))
        }
        _ => failed(said!("not now", came, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Failed;

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
