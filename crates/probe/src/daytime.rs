//! The Daytime Protocol, RFC 867.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kit::bytes;

use crate::asked::{Asked, Protocol};
use crate::date::{Zone, read};
use crate::echo::TEXT;
use crate::net::{hear, shown};
use crate::played::{MOMENT, Played, judge};
use crate::report::Verdict::Noted;
use crate::report::{Look, Report, failed, judged};
use crate::words::said;

/// Any datagram, and a line comes back.
pub const PROTOCOL: Protocol = Protocol {
    name: "daytime",
    question: |_| TEXT.to_vec(),
    answers: |_, answer| !answer.is_empty(),
    source: "rfc 867",
    server,
    client,
};

/// How far from now a line may be, in seconds.
const NEAR: i64 = 2;

/// Zones differ by quarters of an hour: so many seconds.
const QUARTER: i64 = 900;

/// What a played server sends.
const LINE: &str = "Sunday, November 22, 2026 10:16:00-UTC";

fn server(t: &mut Asked) {
    let long = vec![b'?'; 9000]; // macOS sends no more by default.
    let odd = b"GET /\0\xff\x1b[2J\r\n";
    for (name, data) in
        [("empty question", &b""[..]), ("odd", odd), ("9000 bytes", &long)]
    {
        t.rule(name, "rfc 867", |t| {
            let came = t.ask(data);
            judged(came.is_some(), shown(came))
        });
    }
    let line = |t: &Asked| {
        let came = t.ask(TEXT);
        came.map(|(data, _)| data).unwrap_or_default()
    };
    t.rule("one line", "rfc 867 syntax", |t| {
        let came = line(t);
        let text = came.trim_ascii();
        let good = |b: &u8| (b' '..=b'~').contains(b);
        let ends = came.iter().all(|b| good(b) || b"\r\n".contains(b));
        let one = !text.is_empty() && text.iter().all(good);
        judged(ends && one, bytes(&came))
    });
    t.rule("line end", "rfc 867 end", |t| {
        let came = line(t);
        let end = &came[came.len().saturating_sub(12)..];
        judged(came.ends_with(b"\r\n"), said!("it ends in", bytes(end)))
    });
    t.rule("now", "rfc 867 now", |t| {
        let (since, came) = (clock(), line(t));
        is_now(&String::from_utf8_lossy(&came), since, clock())
    });
    t.rule("two times", "rfc 867", |t| {
        let first = line(t);
        thread::sleep(Duration::from_millis(1100));
        let second = line(t);
        let came = format!("{}, {}", bytes(&first), bytes(&second));
        judged(!second.is_empty() && first != second, came)
    });
    t.clients();
}

/// Seconds since 1970.
fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}

/// Whether a line names a time from `since` to `now`, give or take two seconds.
fn is_now(line: &str, since: i64, now: i64) -> Look {
    let came = bytes(line.trim().as_bytes());
    let Some(named) = read(line, now) else {
        return failed(said!("no date", came));
    };
    let early = if named.seconds { NEAR } else { NEAR + 60 };
    if (since - early..=now + NEAR).contains(&named.time) {
        return Ok(came);
    }
    // A right clock of another zone is off by whole quarters of an hour.
    let off = named.time - now;
    let right = off.abs() <= 14 * 3600
        && (off + early).rem_euclid(QUARTER) <= early + NEAR;
    let far = span(off);
    match named.zone {
        Zone::Unknown(zone) if right => {
            Err((Noted, said!("zone unknown", came, zone, far)))
        }
        Zone::Missing if right => failed(said!("zone missing", came, far)),
        _ => failed(said!("not now", came, far)),
    }
}

/// A difference of times, for a person.
fn span(seconds: i64) -> String {
    let whole = seconds.unsigned_abs();
    let minutes = (whole + 30) / 60;
    let words = match whole {
        0..120 => format!("{whole} s"),
        120..172_800 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => said!("days", whole / 86_400),
    };
    said!(if seconds < 0 { "behind" } else { "ahead" }, words)
}

fn client(report: &mut Report, command: &[String]) -> Result<(), String> {
    let answer = &format!("{LINE}\r\n").into_bytes();
    let escapes = format!("\x1b[2J\x1b]0;hola\x07{LINE}\r\n");
    judge(
        report,
        command,
        &[
            ("sends once", "rfc 867", &|p| p.sends_once(answer)),
            ("prints line", "rfc 867", &|p| p.prints(answer, LINE)),
            ("prints endless", "rfc 867 syntax", &|p| {
                p.prints(LINE.as_bytes(), LINE)
            }),
            ("prints escapes", "harmless", &|p| {
                p.send(escapes.as_bytes());
                let (_, ended, how) = p.end(MOMENT);
                let bad = |c: char| c.is_control() && !"\r\n\t".contains(c);
                judged(!ended.stdout.contains(bad), how)
            }),
            ("first lost", "udp loses", &|p| match hear(
                &p.peer.s,
                Duration::from_secs(8),
            ) {
                Some(_) => p.prints(answer, LINE),
                None => {
                    let how = p.end(Duration::ZERO).2;
                    Err((Noted, said!("not again", how)))
                }
            }),
            ("silent", "udp loses", &|p: Played| {
                let (by_itself, ended, how) = p.end(Duration::from_secs(25));
                let said = !(ended.stdout + &ended.stderr).is_empty();
                judged(by_itself && said, how)
            }),
        ],
    )
}
