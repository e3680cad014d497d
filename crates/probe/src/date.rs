//! What time a line of the Daytime Protocol names, in whatever form: RFC 867
//! prescribes none.

/// What a line says of the time.
#[derive(Debug)]
pub struct Named {
    /// The zone.
    pub zone: Zone,
    /// The hour, the minute and, if it names one, the second.
    time: (i64, i64, Option<i64>),
    /// The days of the week, from 0 for Thursday.
    weekdays: Vec<i64>,
    /// The other numbers, and months by their numbers: the date is among them.
    numbers: Vec<i64>,
}

/// How a line names its zone.
#[derive(Debug, PartialEq, Eq)]
pub enum Zone {
    /// So that we know it: so many seconds east of UTC.
    Known(i64),
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
const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec \
    ene feb mar abr may jun jul ago set oct nov dic";

/// Those of the days of the week, from a Thursday on, as 1970 began: in English
/// and in Spanish, without accents and with them. (March is "mar", too.)
const WEEKDAYS: &str = "thu fri sat sun mon tue wed \
    jue vie sab dom lun martes mie jue vie sáb dom lun martes mié";

/// Reads a line. `None`, if it names no time of day, or no date.
pub fn read(line: &str) -> Option<Named> {
    let tokens = tokens(line);
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();

    // 1. The time of day: 10:16, 10:16:00, 10:16:00.25, 10:16:00 pm.
    let is_number = |word: &str| number(word).is_some();
    let is_time =
        |w: &[&str]| is_number(w[0]) && w[1] == ":" && is_number(w[2]);
    let at = tokens.windows(3).position(is_time)?;
    let (hour, minute, before) = (tokens[at], tokens[at + 2], &tokens[..at]);
    let (second, rest) = match &tokens[at + 3..] {
        [":", second, "." | ",", part, rest @ ..] if is_number(part) => {
            (number(second), rest)
        }
        [":", second, rest @ ..] => (number(second), rest),
        rest => (None, rest),
    };
    let half = rest.concat().to_lowercase();
    let half: String = half.chars().filter(|c| c.is_alphabetic()).collect();
    let hour = match number(hour)? {
        12 if half.starts_with("am") => 0,
        hour @ ..12 if half.starts_with("pm") => hour + 12,
        hour => hour,
    };
    let time = (hour, number(minute)?, second);

    // 2. The zone, mostly behind it.
    let (zone, rest) = zone(before, rest);

    // 3. The date, somewhere.
    let words: Vec<String> =
        before.iter().chain(rest).map(|word| word.to_lowercase()).collect();
    let weekday = |word: &String| place(WEEKDAYS, word).map(|at| at % 7);
    let weekdays: Vec<i64> = words.iter().filter_map(weekday).collect();
    let month = |word: &str| place(MONTHS, word).map(|at| at % 12 + 1);
    let number = |word: &String| number(word).or_else(|| month(word));
    let numbers: Vec<i64> = words.iter().filter_map(number).collect();
    let named = Named { zone, time, weekdays, numbers };
    (named.numbers.len() > 2).then_some(named)
}

impl Named {
    /// Whether it is what a clock shows `time` seconds after it has shown the
    /// beginning of 1970.
    pub fn is(&self, time: i64) -> bool {
        let ([year, month, day], [hour, minute, second]) = clock(time);
        let weekday = time.div_euclid(DAY).rem_euclid(7);
        let (hours, minutes, seconds) = self.time;
        let is_date = |three: &[i64]| {
            let year = if three.contains(&year) { year } else { year % 100 };
            three == [year, month, day]
                || three == [day, month, year]
                || three == [month, day, year]
        };
        (hours, minutes, seconds.unwrap_or(second)) == (hour, minute, second)
            && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
            && self.numbers.windows(3).any(is_date)
    }
}

/// A time for a person, in UTC; in seconds since 1970.
pub fn utc(time: i64) -> String {
    let ([year, month, day], [hour, minute, second]) = clock(time);
    let date = format!("{year}-{month:02}-{day:02}");
    format!("{date} {hour:02}:{minute:02}:{second:02} UTC")
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

/// The place, from 0, of the first of some names with which a word begins.
fn place(names: &str, word: &str) -> Option<i64> {
    let place = names.split(' ').position(|name| word.starts_with(name));
    place.map(|place| place as i64)
}

/// The zone, and what follows it.
fn zone<'a>(before: &[&str], rest: &'a [&'a str]) -> (Zone, &'a [&'a str]) {
    if let Some((east, rest)) = offset(rest) {
        return (Zone::Known(east), rest);
    }
    let hours = |word: &&str| {
        let mut all = ZONES.split(' ').skip_while(|name| name != word);
        number(all.nth(1)?)
    };
    if let Some(hours) = rest.iter().chain(before).find_map(hours) {
        return (Zone::Known(hours * 3600), rest);
    }
    let other = rest.iter().find(|word| {
        let upper = word.chars().all(char::is_uppercase);
        upper && (2..=5).contains(&word.len()) && !["AM", "PM"].contains(word)
    });
    let unknown = |word: &&str| Zone::Unknown(word.to_string());
    (other.map_or(Zone::Missing, unknown), rest)
}

/// What `-03`, `+0530` and `-03:00` say: seconds east of UTC; and what follows.
fn offset<'a>(rest: &'a [&'a str]) -> Option<(i64, &'a [&'a str])> {
    let (sign, digits, rest) = match rest.strip_prefix(&[" "]).unwrap_or(rest) {
        [sign, hours, ":", minutes, rest @ ..] => {
            (sign, [*hours, *minutes].concat(), rest)
        }
        [sign, digits, rest @ ..] => (sign, digits.to_string(), rest),
        _ => return None,
    };
    let minutes = match (digits.len(), number(&digits)?) {
        (2, hours) => hours * 60,
        (4, both) => both / 100 * 60 + both % 100,
        _ => return None,
    };
    match *sign {
        "+" => Some((minutes * 60, rest)),
        "-" => Some((-minutes * 60, rest)),
        _ => None,
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
            "61366 26-11-22 10:16:00 00 0 0 50.0 UTC(NIST) *",
            "domingo 22 de noviembre de 2026, 7:16:00 ART",
            "10:16:00 UTC, Sunday 22 November 2026",
        ] {
            let named = read(line).unwrap();
            let Zone::Known(east) = named.zone else { panic!("{line}") };
            assert!(named.is(NOW + east), "{line}: {named:?}");
            assert!(!named.is(NOW + east + 1), "{line}: {named:?}");
            assert!(!named.is(NOW + east + DAY), "{line}: {named:?}");
        }
    }

    #[test]
    fn what_is_not_named() {
        let none = read("Sun Nov 22 10:16:00 2026").unwrap();
        assert_eq!((none.is(NOW), none.zone), (true, Zone::Missing));
        let none = read("2026-11-22 10:16").unwrap();
        assert!(none.is(NOW) && none.is(NOW + 59) && !none.is(NOW + 60));
        let odd = read("22 NOV 2026 15:46:00 IST").unwrap();
        assert!(odd.is(NOW + 19_800));
        assert_eq!(odd.zone, Zone::Unknown("IST".to_string()));
        for line in [
            "",
            "Sunday, November 22, 2026",
            "10:16:00 UTC",
            "::",
            "é:é",
            "999999999999999999999:10 22 NOV 2026",
            "10:99999999999999999999 22 NOV 2026",
        ] {
            assert!(read(line).is_none(), "{line}");
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
            assert!(!read(line).unwrap().is(NOW), "{line}");
        }
        let march = read("mar 10 mar 2026 10:16:00").unwrap();
        assert!(march.is(NOW - 257 * DAY), "{march:?}");
        let march = read("Tue Mar 10 10:16:00 2026").unwrap();
        assert!(march.is(NOW - 257 * DAY), "{march:?}");
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
            let _ = read(line).map(|named| named.is(NOW));
        }
    }

    #[test]
    fn a_time_for_a_person() {
        assert_eq!(utc(NOW + 5), "2026-11-22 10:16:05 UTC");
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
    }
}
