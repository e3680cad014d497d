//! What time a line of the Daytime Protocol names, in whatever form: RFC 867
//! prescribes none.

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
    let tokens = tokens(line);
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();

    // 1. The time of day: 10:16, 10:16:00, 10:16:00.25, 10:16:00 pm.
    let is_time =
        |w: &[&str]| is_number(w[0]) && w[1] == ":" && is_number(w[2]);
    let at = tokens.windows(3).position(is_time)?;
    let (before, [hour, _, minute, rest @ ..]) = tokens.split_at(at) else {
        return None;
    };
    let (second, rest) = match rest {
        [":", digits, rest @ ..] if is_number(digits) => (number(digits), rest),
        _ => (None, rest),
    };
    let rest = match rest {
        ["." | ",", digits, rest @ ..] if is_number(digits) => rest,
        _ => rest,
    };
    let mut half = rest.concat().to_lowercase();
    half.retain(char::is_alphabetic);
    let hour = match number(hour)? {
        12 if half.starts_with("am") => 0,
        hour @ ..12 if half.starts_with("pm") => hour + 12,
        hour => hour,
    };
    let (minute, seconds) = (number(minute)?, second.is_some());
    let second = second.unwrap_or(0);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }

    // 2. The zone, mostly behind it.
    let (zone, east, rest) = zone(before, rest);

    // 3. The date: three of the numbers and months that are left.
    let left = before.iter().chain(rest);
    let left: Vec<_> =
        left.filter_map(|token| number_or_month(token)).collect();
    let dates = left.windows(3).flat_map(|three| {
        let [a, b, c] = [three[0], three[1], three[2]];
        [days(a, b, c), days(c, b, a), days(c, a, b)]
    });
    let time_of_day = hour * 3600 + minute * 60 + second - east;
    let times = dates.flatten().map(|days| days * 86_400 + time_of_day);
    let time = times.min_by_key(|time| time.abs_diff(now))?;
    Some(Named { time, seconds, zone })
}

/// Numbers, words, single spaces, and each other character.
fn tokens(line: &str) -> Vec<String> {
    let line: Vec<&str> = line.split_whitespace().collect();
    let line: Vec<char> = line.join(" ").chars().collect();
    let one = |a: &char, b: &char| {
        let digits = a.is_ascii_digit() && b.is_ascii_digit();
        digits || (a.is_alphabetic() && b.is_alphabetic())
    };
    line.chunk_by(one).map(String::from_iter).collect()
}

fn number(token: &str) -> Option<i64> {
    token.parse().ok()
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// The zone, how many seconds it is east of UTC, and what follows.
fn zone<'a>(
    before: &[&str],
    rest: &'a [&'a str],
) -> (Zone, i64, &'a [&'a str]) {
    let (sign, digits, behind) = match rest.strip_prefix(&[" "]).unwrap_or(rest)
    {
        [sign @ ("+" | "-"), hours, ":", minutes, behind @ ..] => {
            (*sign, [*hours, *minutes].concat(), behind)
        }
        [sign @ ("+" | "-"), digits, behind @ ..] => {
            (*sign, digits.to_string(), behind)
        }
        _ => ("", String::new(), rest),
    };
    let east = match (digits.len(), number(&digits)) {
        (2, Some(hours)) => Some(hours * 3600),
        (4, Some(both)) => Some(both / 100 * 3600 + both % 100 * 60),
        _ => None,
    };
    if let Some(east) = east {
        let east = if sign == "-" { -east } else { east };
        return (Zone::Known, east, behind);
    }
    let hours = |word: &&str| {
        let mut all = ZONES.split(' ').skip_while(|name| name != word);
        number(all.nth(1)?)
    };
    if let Some(hours) = rest.iter().chain(before).find_map(hours) {
        return (Zone::Known, hours * 3600, rest);
    }
    let other = rest.iter().find(|word| {
        let upper = word.chars().all(char::is_uppercase);
        upper && (2..=5).contains(&word.len()) && !["AM", "PM"].contains(word)
    });
    let unknown = |word: &&str| Zone::Unknown(word.to_string());
    (other.map_or(Zone::Missing, unknown), 0, rest)
}

/// A number of a date, and how many digits it has. A month by its name has two.
fn number_or_month(token: &str) -> Option<(i64, usize)> {
    let word = token.to_lowercase();
    let is = |names: &&str| names.split(' ').any(|name| word.starts_with(name));
    let month = MONTHS.iter().position(is).map(|i| (i as i64 + 1, 2));
    number(token).map(|number| (number, token.len())).or(month)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, if it is one.
fn days(
    (year, digits): (i64, usize),
    (month, _): (i64, usize),
    (day, _): (i64, usize),
) -> Option<i64> {
    let year = match digits {
        2 => 2000 + year,
        4 => year,
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year begins in March: so the day that leap years add is its last.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year / 4 - year / 100 + year / 400;
    Some(365 * year + leap + (153 * month + 2) / 5 + day - 1 - 719_468)
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
