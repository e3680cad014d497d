//! The lines, letter by letter. What needs a socket, a process or Python is in
//! `crates/checks`.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::{FORMATS, Format, line};

fn offset(hours: i8, minutes: i8, seconds: i8) -> UtcOffset {
    UtcOffset::from_hms(hours, minutes, seconds).unwrap()
}

fn at(ymd: (i32, u8, u8), hms: (u8, u8, u8)) -> OffsetDateTime {
    let month = Month::try_from(ymd.1).unwrap();
    let date = Date::from_calendar_date(ymd.0, month, ymd.2).unwrap();
    let time = Time::from_hms(hms.0, hms.1, hms.2).unwrap();
    OffsetDateTime::new_utc(date, time)
}

#[test]
fn a_table_of_lines() {
    for (time, weekday, smtp, ctime) in [
        (
            at((2026, 11, 22), (10, 16, 0)),
            "Sunday, November 22, 2026 10:16:00-UTC",
            "22 NOV 2026 10:16:00 UTC",
            "Sun Nov 22 10:16:00 2026",
        ),
        (
            at((1970, 1, 1), (0, 0, 0)),
            "Thursday, January 1, 1970 00:00:00-UTC",
            "01 JAN 1970 00:00:00 UTC",
            "Thu Jan  1 00:00:00 1970",
        ),
        // The moment of RFC 867's example; it was a Monday in fact.
        (
            at((1982, 2, 22), (16, 37, 43)).replace_offset(offset(-8, 0, 0)),
            "Monday, February 22, 1982 16:37:43-08:00",
            "22 FEB 1982 16:37:43 -0800",
            "Mon Feb 22 16:37:43 1982",
        ),
        (
            at((2024, 2, 29), (23, 59, 59)).replace_offset(offset(5, 30, 0)),
            "Thursday, February 29, 2024 23:59:59+05:30",
            "29 FEB 2024 23:59:59 +0530",
            "Thu Feb 29 23:59:59 2024",
        ),
        (
            at((2000, 3, 1), (2, 30, 0)).to_offset(offset(-3, -30, 0)),
            "Tuesday, February 29, 2000 23:00:00-03:30",
            "29 FEB 2000 23:00:00 -0330",
            "Tue Feb 29 23:00:00 2000",
        ),
        (
            at((2026, 5, 4), (3, 2, 1)).replace_offset(offset(0, -30, 0)),
            "Monday, May 4, 2026 03:02:01-00:30",
            "04 MAY 2026 03:02:01 -0030",
            "Mon May  4 03:02:01 2026",
        ),
        (
            at((9999, 12, 31), (23, 59, 59)),
            "Friday, December 31, 9999 23:59:59-UTC",
            "31 DEC 9999 23:59:59 UTC",
            "Fri Dec 31 23:59:59 9999",
        ),
    ] {
        for (name, expected) in FORMATS.iter().zip([weekday, smtp, ctime]) {
            let format = name.parse().unwrap();
            assert_eq!(line(time, format).unwrap(), format!("{expected}\r\n"));
        }
    }
    let wrong = "iso".parse::<Format>().unwrap_err();
    assert_eq!(wrong.to_string(), "unknown format: iso");
}
