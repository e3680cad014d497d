//! What time a line of the Daytime Protocol names, in whatever form: RFC 867
//! prescribes none.

/// Seconds of a quarter of an hour: zones differ by whole ones.
const QUARTER: i64 = 900;

/// What a line says of the time.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// Seconds since 1970, of the reading that comes closest to now, in the
    /// zone that the line names, or else in UTC.
    pub time: i64,
    /// Whether it names a second.
    pub seconds: bool,
    /// The zone.
    pub zone: Zone,
}

/// How a line names its zone.
#[derive(Debug, PartialEq, Eq)]
pub enum Zone {
    /// So that we know it.
    Known,
    /// By a word that we do not know.
    Unknown(String),
    /// Not at all.
    Missing,
}

/// Names of zones, each with its hours east of UTC: of the east, of the south,
/// and those of RFC 822, section 5.1.
const ZONES: &str = "UTC 0 GMT 0 UT 0 Z 0 WET 0 CET 1 CEST 2 EET 2 EEST 3 \
    ART -3 BRT -3 UYT -3 EST -5 EDT -4 CST -6 CDT -5 MST -7 MDT -6 PST -8 \
    PDT -7";

/// The months' first letters, in English and in Spanish.
const MONTHS: [&str; 12] = [
    "jan ene", "feb", "mar", "apr abr", "may", "jun", "jul", "aug ago",
    "sep set", "oct", "nov", "dec dic",
];

/// Reads a line; `now` is in seconds since 1970. `None`, if it names no time
/// of day, or no date.
pub fn read(line: &str, now: i64) -> Option<Named> {
    // 1. The time of day: 10:16, 10:16:00, 10:16:00.25, 10:16:00 pm.
    let (at, hour) = number_before_colon(line)?;
    let rest = line.get(at..)?.trim_start_matches(|c: char| c.is_ascii_digit());
    let (minute, rest) = number(rest.get(1..)?)?;
    let second = rest.strip_prefix(':').and_then(number);
    let (second, seconds, rest) = match second {
        Some((second, rest)) => (second, true, rest),
        None => (0, false, rest),
    };
    let digits = |c: char| c.is_ascii_digit();
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(digits),
        None => rest,
    };
    let half: String = rest.chars().filter(|c| c.is_alphabetic()).collect();
    let half = half.to_lowercase();
    let hour = match (half.starts_with("pm"), half.starts_with("am")) {
        (true, _) if hour < 12 => hour + 12,
        (_, true) if hour == 12 => 0,
        _ => hour,
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }

    // 2. The zone, mostly behind it.
    let (zone, east, rest) = zone(line, rest);

    // 3. The date: the numbers and months that are left.
    let before = &line[..at];
    let text = format!("{before} {rest}");
    let numbers: Vec<&str> =
        text.split(|c| !digits(c)).filter(|n| !n.is_empty()).collect();
    let dates = readings(&numbers, &text);
    let time_of_day = hour * 3600 + minute * 60 + second - east;
    let times = dates.into_iter().map(|days| days * 86_400 + time_of_day);
    let time = times.min_by_key(|time| time.abs_diff(now))?;
    Some(Named { time, seconds, zone })
}

/// Where the number before the first colon begins, and what it is.
fn number_before_colon(line: &str) -> Option<(usize, i64)> {
    let mut colons = line.match_indices(':').map(|(at, _)| at);
    colons.find_map(|colon| {
        let before = &line[..colon];
        let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let hour = before[start..].parse().ok()?;
        number(line.get(colon + 1..)?).map(|_| (start, hour))
    })
}

/// The number that a text begins with, and what follows.
fn number(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The zone, how many seconds it is east of UTC, and what follows.
fn zone<'a>(line: &str, rest: &'a str) -> (Zone, i64, &'a str) {
    let trimmed = rest.trim_start();
    if let Some(sign @ ('+' | '-')) = trimmed.chars().next() {
        let part = |c: char| c.is_ascii_digit() || c == ':';
        let behind = trimmed[1..].trim_start_matches(part);
        let digits = trimmed[1..trimmed.len() - behind.len()].replace(':', "");
        let east =
            digits.parse::<i64>().ok().and_then(|n| match digits.len() {
                2 => Some(n * 3600),
                4 => Some(n / 100 * 3600 + n % 100 * 60),
                _ => None,
            });
        if let Some(east) = east {
            let east = if sign == '-' { -east } else { east };
            return (Zone::Known, east, behind);
        }
    }
    let words = |text: &'a str| {
        text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty())
    };
    let hours = |word: &str| {
        let mut all = ZONES.split(' ').skip_while(|name| *name != word);
        all.nth(1)?.parse::<i64>().ok()
    };
    let found = words(rest).find_map(hours);
    let all = line.split(|c: char| !c.is_ascii_alphabetic());
    let upper = all.filter(|word| !word.is_empty());
    if let Some(hours) = found.or_else(|| { upper }.find_map(hours)) {
        return (Zone::Known, hours * 3600, rest);
    }
    let other = words(rest).find(|word| {
        let upper = word.chars().all(char::is_uppercase);
        upper && (2..=5).contains(&word.len()) && !["AM", "PM"].contains(word)
    });
    match other {
        Some(word) => (Zone::Unknown(word.to_string()), 0, rest),
        None => (Zone::Missing, 0, rest),
    }
}

/// Every date that the numbers and the month can mean, as days since 1970.
fn readings(numbers: &[&str], text: &str) -> Vec<i64> {
    let mut dates = Vec::new();
    let mut add = |year: &str, month: i64, day: &str| {
        let (Ok(mut y), Ok(d)) = (year.parse::<i64>(), day.parse()) else {
            return;
        };
        if year.len() == 2 {
            y += 2000;
        } else if year.len() != 4 {
            return;
        }
        if day.len() <= 2 && (1..=12).contains(&month) && (1..=31).contains(&d)
        {
            dates.push(days(y, month, d));
        }
    };
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphabetic());
    let words: Vec<_> = words.collect();
    for (month, names) in (1..).zip(MONTHS) {
        let is = |w: &&str| names.split(' ').any(|name| w.starts_with(name));
        if words.iter().any(is) {
            for (i, day) in numbers.iter().enumerate() {
                for (k, year) in numbers.iter().enumerate() {
                    if i != k {
                        add(year, month, day);
                    }
                }
            }
        }
    }
    for three in numbers.windows(3) {
        let [a, b, c] = [three[0], three[1], three[2]];
        for (y, m, d) in [(a, b, c), (c, b, a), (c, a, b)] {
            add(y, m.parse().unwrap_or(0), d);
        }
    }
    dates
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March: so the day that leap years add is its last.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year / 4 - year / 100 + year / 400;
    365 * year + leap + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// How far `seconds` is from a whole quarter of an hour: a zone's difference.
pub fn off_quarter(seconds: i64) -> i64 {
    let off = seconds.rem_euclid(QUARTER);
    off.min(QUARTER - off)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 10:16:00 UTC.
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
            "Sun, 22 Nov 2026 10:16:00 +0000",
            "2026-11-22T10:16:00Z",
            "2026-11-22T10:16:00.123456+00:00",
            "2026-11-22 10:16:00 GMT",
            "22/11/2026 10:16:00 UTC",
            "11/22/2026 02:16:00 AM PST",
            "11/22/26, 10:16:00 AM UTC",
            "61366 26-11-22 10:16:00 00 0 0 50.0 UTC(NIST) *",
            "domingo 22 de noviembre de 2026, 7:16:00 ART",
            "10:16:00 UTC, Sunday 22 November 2026",
        ] {
            let named = read(line, NOW);
            let known = Named { time: NOW, seconds: true, zone: Zone::Known };
            assert_eq!(named, Some(known), "{line}");
        }
    }

    #[test]
    fn what_is_not_named() {
        let named = |line| read(line, NOW);
        let none = named("Sun Nov 22 10:16:00 2026").unwrap();
        assert_eq!((none.time, none.zone), (NOW, Zone::Missing));
        let none = named("2026-11-22 10:16").unwrap();
        assert_eq!((none.seconds, none.zone), (false, Zone::Missing));
        let odd = named("22 NOV 2026 15:46:00 IST").unwrap();
        assert_eq!(odd.time - NOW, 19_800);
        assert_eq!(odd.zone, Zone::Unknown("IST".to_string()));
        for line in [
            "",
            "Sunday, November 22, 2026",
            "10:16:00 UTC",
            "::",
            "é:é",
            "22 NOV 2026 25:16:00 UTC",
            "999999999999999999999:10 22 NOV 2026",
            "10:99999999999999999999 22 NOV 2026",
        ] {
            assert_eq!(named(line), None, "{line}");
        }
    }

    #[test]
    fn numbers_without_end_harm_nobody() {
        for line in [
            "22 NOV 2026 10:16:00 +99999999999999999999999",
            "22 NOV 2026 10:16:00 -9223372036854775808",
            "9223372036854775807 9223372036854775807 1 10:16:00",
            "10:16:00 +::: ñ\u{301} 9999 9999 9999",
        ] {
            let _ = read(line, NOW);
        }
    }

    #[test]
    fn a_wrong_month_is_a_month_away() {
        let off = |line| read(line, NOW).unwrap().time - NOW;
        assert_eq!(off("2026-10-22 10:16:00 UTC"), -31 * 86_400);
        assert_eq!(off("Sun Dec 22 10:16:00 UTC 2026"), 30 * 86_400);
    }
}
