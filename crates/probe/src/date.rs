//! What time a line of the Daytime Protocol names, in whatever form: RFC 867
//! prescribes none.

use crate::words::names;

/// What a line says of the time.
#[derive(Debug)]
pub struct Line {
    /// Its zone, if we know it: so many seconds east of UTC.
    pub zone: Option<i64>,
    /// A word behind the time, which may name another zone.
    pub other: Option<String>,
    /// Of its clock of 12 hours, the first half of the day or the second.
    half: Option<i64>,
    /// The days of the week, from 0 for Thursday, as 1970 began.
    weekdays: Vec<i64>,
    /// The months, from 1.
    months: Vec<i64>,
    /// Its numbers: those of the date and the time are among them.
    numbers: Vec<i64>,
}

/// Names of zones, each with its hours east of UTC: of the east, of the south,
/// and those of RFC 822, section 5.1.
const ZONES: &str = "UTC 0 GMT 0 UT 0 Z 0 WET 0 CET 1 CEST 2 EET 2 EEST 3 \
    ART -3 BRT -3 UYT -3 EST -5 EDT -4 CST -6 CDT -5 MST -7 MDT -6 PST -8 \
    PDT -7";

/// Reads a line.
pub fn read(line: &str) -> Line {
    let [months, weekdays] = ["months", "weekdays"].map(names);
    let month = |word: &str| place(&months, word).map(|at| at % 12 + 1);
    let weekday = |word: &str| place(&weekdays, word).map(|at| at % 7);
    let half = |word: &str| match &word.to_lowercase()[..] {
        "a" | "am" => Some(0), // The first letter of a. m.
        "p" | "pm" => Some(1),
        _ => None,
    };
    let other = |word: &&str| {
        let date = month(word).or(weekday(word)).or(half(word)).is_some();
        word.len() > 1 && word.starts_with(char::is_uppercase) && !date
    };
    let words = || line.split(|c: char| !c.is_alphabetic());
    let numbers = line.split(|c: char| !c.is_ascii_digit());
    let offset = line.split_whitespace().find_map(offset);
    // Between "10:16" and the seconds there is a second colon.
    let behind = line.splitn(3, ':').last().unwrap_or_default();
    let mut behind = behind.split(|c: char| !c.is_alphabetic());
    Line {
        zone: offset.or_else(|| words().find_map(named)),
        half: behind.clone().find_map(half),
        other: behind.find(other).map(str::to_string),
        weekdays: words().filter_map(weekday).collect(),
        months: words().filter_map(month).collect(),
        numbers: numbers.filter_map(|number| number.parse().ok()).collect(),
    }
}

/// The place of the first name with which a word begins.
fn place(names: &[&str], word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    Some(names.iter().position(|name| word.starts_with(name))? as i64)
}

/// What a zone's name says: seconds east of UTC.
fn named(zone: &str) -> Option<i64> {
    let hours = ZONES.split(' ').skip_while(|name| *name != zone).nth(1)?;
    Some(hours.parse::<i64>().ok()? * 3600)
}

/// What `-03`, `+0530`, `10:16:00-03:00` and `GMT-3` say: the same.
fn offset(word: &str) -> Option<i64> {
    let word = word.trim_matches(['(', ')', ',', '.']);
    let (before, offset) = word.split_at(word.rfind(['+', '-'])?);
    let behind_time = before.is_empty() || before.contains(':');
    let offset = offset.trim_end_matches(|c: char| !c.is_ascii_digit());
    let offset = offset.replace(':', "");
    let number: i64 = offset.parse().ok()?;
    let minutes = match offset.len() {
        2 | 3 => number * 60,
        5 => number / 100 * 60 + number % 100,
        _ => return None,
    };
    let is_zone = behind_time || named(before).is_some();
    (is_zone && minutes.abs() <= 14 * 60).then_some(minutes * 60)
}

impl Line {
    /// Whether it is what a clock shows `time` seconds after it has shown the
    /// beginning of 1970.
    pub fn shows(&self, time: i64) -> bool {
        let ([year, month, day], [hour, minute, second]) = clock(time);
        let (short, weekday) = (year % 100, time.div_euclid(DAY).rem_euclid(7));
        // A clock of 12 hours shows 12, and never 0.
        let (half, twelve) = (hour / 12, (hour + 11) % 12 + 1);
        let shown = if self.half.is_some() { twelve } else { hour };
        let time = [shown, minute, second];
        let at = self.numbers.windows(3).position(|three| three == time);
        let Some(at) = at else { return false };
        // The numbers of the time are none of the date's.
        let date = [&self.numbers[..at], &self.numbers[at + 3..]].concat();
        let has = |some: &[i64]| date.windows(some.len()).any(|w| w == some);
        let is_date = [year, short].into_iter().any(|year| {
            (self.months.contains(&month) && has(&[day]) && has(&[year]))
                || has(&[year, month, day])
                || has(&[month, day, year])
                || has(&[day, month, year])
        });
        is_date
            && self.half.is_none_or(|it| it == half)
            && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
    }
}

/// A time for a person, in UTC; in seconds since 1970.
pub fn utc(time: i64) -> String {
    let ([year, month, day], [hour, minute, second]) = clock(time);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The seconds of a day.
const DAY: i64 = 86_400;

/// Year, month and day, and hour, minute and second, so many seconds after the
/// beginning of 1970.
fn clock(time: i64) -> ([i64; 3], [i64; 3]) {
    let (mut days, second) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let time = [second / 3600, second / 60 % 60, second % 60];
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if leap { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in (1..).zip(months) {
            if days < length {
                return ([year, month, days + 1], time);
            }
            days -= length;
        }
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 10:16:00 UTC, a Sunday.
    const NOW: i64 = 1_795_342_560;

    #[test]
    fn the_popular_forms() {
        for line in [
            "Sunday, November 22, 2026 10:16:00-UTC",
            "Sunday, November 22, 2026 07:16:00-03:00",
            "22 NOV 2026 10:16:00 UTC",
            "22 NOV 26 07:16:00 -0300",
            "Sun Nov 22 10:16:00 UTC 2026",
            "Sun Nov 22 07:16:00 -03 2026",
            "Sun, 22 Nov 2026 10:16:00 GMT",
            "2026-11-22T10:16:00Z",
            "2026-11-22T10:16:00.123456+00:00",
            "2026-11-22 10:16:00,123+00:00",
            "2026-11-22 10:16:00 GMT",
            "22/11/2026 10:16:00 UTC",
            "11/22/2026 02:16:00 AM PST",
            "11/22/26, 10:16:00 AM UTC",
            "domingo, 22 de noviembre de 2026 07:16:00 a. m. -03:00",
            "Fecha y hora: 22/11/2026 10:16:00 UTC",
            "10:16:00 SUN 22-NOV-2026 UTC",
            "Sun Nov 22 07:16:00 2026 -0300",
            "07:16:00 -03 22-11-2026",
            "61366 26-11-22 10:16:00 00 0 0 50.0 UTC(NIST) *",
            "domingo 22 de noviembre de 2026, 7:16:00 ART",
            "10:16:00 UTC, Sunday 22 November 2026",
            "Sun Nov 22 2026 07:16:00 GMT-0300 (Argentina Standard Time)",
            "22/11/2026, 7:16:00 GMT-3",
            "11/22/2026 10:16:00 A.M. (UTC+00:00)",
            "2026-11-22T07:16:00-03:00[America/Argentina/Buenos_Aires]",
            "2026-11-22 07:16:00.123456 -0300 -03 m=+0.000012345",
        ] {
            let named = read(line);
            let Some(east) = named.zone else { panic!("{line}") };
            assert!(named.shows(NOW + east), "{line}: {named:?}");
            assert!(!named.shows(NOW + east + 1), "{line}: {named:?}");
            assert!(!named.shows(NOW + east + DAY), "{line}: {named:?}");
        }
    }

    #[test]
    fn what_is_not_named() {
        for (line, other) in [
            ("Sun Nov 22 10:16:00 2026", None),
            ("HORA: 22-NOV-2026 10:16:00 AM", None),
            ("10:16:00 22-11-2026", None),
            ("10:16:00-22-11-2026", None),
            ("22 NOV 2026 10:16:00 IST", Some("IST")),
            ("2026-11-22 10:16:00 America/Lima", Some("America")),
            ("22/11/2026 10:16:00 hora de Argentina", Some("Argentina")),
        ] {
            let named = read(line);
            assert!(named.shows(NOW), "{line}: {named:?}");
            assert_eq!((named.zone, named.other.as_deref()), (None, other));
        }
        for line in [
            "",
            "Sunday, November 22, 2026",
            "10:16:00 UTC",
            "2026-11-22 10:16 UTC",
            "::",
            "é:é",
            "999999999999999999999:10 22 NOV 2026",
            "10:99999999999999999999 22 NOV 2026",
        ] {
            assert!(!read(line).shows(NOW), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_by_one() {
        for line in [
            "22 NOV 2026 25:16:00 UTC",
            "2026-10-22 10:16:00 UTC",
            "Sun Dec 22 10:16:00 UTC 2026",
            "Mon Nov 22 10:16:00 UTC 2026",
            "sábado 22 de noviembre de 2026, 10:16:00 UTC",
            "lunes 22 de noviembre de 2026, 10:16:00 UTC",
            "126-11-22 10:16:00 UTC",
        ] {
            assert!(!read(line).shows(NOW), "{line}");
        }
        // The second is no month.
        assert!(!read("10:16:11 22-10-2026").shows(NOW + 11));
        let march = read("mar 10 mar 2026 10:16:00");
        assert!(march.shows(NOW - 257 * DAY), "{march:?}");
        let march = read("Tue Mar 10 10:16:00 2026");
        assert!(march.shows(NOW - 257 * DAY), "{march:?}");
    }

    #[test]
    fn numbers_without_end_harm_nobody() {
        for line in [
            "22 NOV 2026 10:16:00 +99999999999999999999999",
            "22 NOV 2026 10:16:00 -9223372036854775808",
            "9223372036854775807 9223372036854775807 1 10:16:00",
            "10:16:00 +::: ñ\u{301} 9999 9999 9999",
            "9223372036854775807:16 pm 22 NOV 2026",
        ] {
            read(line).shows(NOW);
        }
    }

    #[test]
    fn a_time_for_a_person() {
        assert_eq!(utc(NOW + 5), "2026-11-22 10:16:05 UTC");
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
    }
}
