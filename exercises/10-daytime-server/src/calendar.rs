//! The calendar. You need not change this file.
//!
//! The standard library counts the seconds since 1970, and knows no days and
//! no months.

use std::time::{SystemTime, UNIX_EPOCH};

/// January 1, 1970 was a Thursday.
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// The months, and how many days each has, but for the leap years' February.
const MONTHS: [(&str, u64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];

/// The date and time of day in UTC, as in the first example of RFC 867:
/// `Sunday, November 22, 2026 10:16:00-UTC`, with no end of line. A time before
/// 1970 counts as its beginning. (This one is done.)
pub fn date_and_time(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, time) = (since / 86_400, since % 86_400);
    let weekday = WEEKDAYS[(days % 7) as usize];
    let (year, month, day) = date(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!(
        "{weekday}, {month} {day}, {year} {hour:02}:{minute:02}:{second:02}-UTC"
    )
}

/// The year, month and day that is this many days after January 1, 1970.
fn date(mut days: u64) -> (u64, &'static str, u64) {
    for year in 1970.. {
        for (month, length) in MONTHS {
            let longer = month == "February" && leap(year);
            let length = length + u64::from(longer);
            if days < length {
                return (year, month, days + 1);
            }
            days -= length;
        }
    }
    unreachable!("there is always a next year")
}

/// Whether the year has a February 29.
fn leap(year: u64) -> bool {
    let every = |years| year.is_multiple_of(years);
    every(4) && (!every(100) || every(400))
}
