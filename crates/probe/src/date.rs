//! What time a line of the Daytime Protocol names, in whatever form: RFC 867
//! prescribes none.

/// What a line says of the time.
#[derive(Debug)]
pub struct Line {
    /// The zone.
    pub zone: Zone,
    /// Of its clock of 12 hours, the first half of the day or the second.
    half: Option<i64>,
    /// The days of the week, from 0 for Thursday.
    weekdays: Vec<i64>,
    /// Its numbers, and months by their numbers: date and time are among them.
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

/// The halves of the day.
const HALVES: &str = "am pm";

/// Reads a line.
pub fn read(line: &str) -> Line {
    let line = line.replace(". m.", "m").replace(".m.", "m"); // a. m., p.m.
    let kind = |c: &char| (c.is_ascii_digit(), c.is_alphabetic());
    let chars: Vec<char> = line.chars().collect();
    let words = chars.chunk_by(|one, next| kind(one) == kind(next));
    let words: Vec<String> = words.map(String::from_iter).collect();
    let place = |names: &str, word: &String| {
        let word = word.to_lowercase();
        let place = names.split(' ').position(|name| word.starts_with(name));
        place.map(|place| place as i64)
    };
    let month = |word: &String| place(MONTHS, word).map(|at| at % 12 + 1);
    let weekday = |word: &String| place(WEEKDAYS, word).map(|at| at % 7);
    let half = |word: &String| place(HALVES, word).filter(|_| word.len() == 2);
    let hours = |word: &String| {
        let mut all = ZONES.split(' ').skip_while(|name| name != word);
        all.nth(1)?.parse::<i64>().ok()
    };
    let other = |word: &&String| {
        let upper = word.chars().all(char::is_uppercase);
        let date = month(word).or(weekday(word)).or(half(word)).is_some();
        upper && (2..=5).contains(&word.len()) && !date
    };
    let named = || words.iter().find_map(hours).map(|hours| hours * 3600);
    let other = words.iter().find(other).cloned();
    let zone = other.map_or(Zone::Missing, Zone::Unknown);
    Line {
        zone: offset(&line).or_else(named).map_or(zone, Zone::Known),
        half: words.iter().find_map(half),
        weekdays: words.iter().filter_map(weekday).collect(),
        numbers: words
            .iter()
            .filter_map(|word| word.parse().ok().or_else(|| month(word)))
            .collect(),
    }
}

/// What `-03`, `+0530` and `-03:00` behind a time say: seconds east of UTC.
fn offset(line: &str) -> Option<i64> {
    let digit = |c: char| c.is_ascii_digit();
    let colons = line.match_indices(':').map(|(at, _)| line.split_at(at));
    let (_, second) = colons
        .filter(|(a, b)| a.ends_with(digit) && b[1..].starts_with(digit))
        .nth(1)?;
    let rest = second.trim_start_matches(|c| digit(c) || ":.,".contains(c));
    let mut words = rest.split_whitespace();
    let word = words.find(|word| word.starts_with(['+', '-']))?;
    let number = word[1..].replace(':', "");
    let number: String = number.chars().take_while(|c| digit(*c)).collect();
    let minutes = match (number.len(), number.parse::<i64>().ok()?) {
        (2, hours) => hours * 60,
        (4, both) => both / 100 * 60 + both % 100,
        _ => return None,
    };
    Some(if word.starts_with('-') { -minutes } else { minutes } * 60)
}

impl Line {
    /// Whether it is what a clock shows `time` seconds after it has shown the
    /// beginning of 1970.
    pub fn shows(&self, time: i64) -> bool {
        let ([year, month, day], [hour, minute, second]) = clock(time);
        let (short, weekday) = (year % 100, time.div_euclid(DAY).rem_euclid(7));
        let hour = match self.half {
            Some(half) if half != hour / 12 => return false,
            Some(_) => (hour + 11) % 12 + 1,
            None => hour,
        };
        let time = [hour, minute, second];
        let at = self.numbers.windows(3).position(|three| three == time);
        let Some(at) = at else { return false };
        let (before, after) = (&self.numbers[..at], &self.numbers[at + 3..]);
        let has = |some: &[i64]| {
            let in_part =
                |part: &[i64]| part.windows(some.len()).any(|w| w == some);
            in_part(before) || in_part(after)
        };
        let date = has(&[month, day]) || has(&[day, month]);
        let date = (date && has(&[year]))
            || has(&[short, month, day])
            || has(&[day, month, short])
            || has(&[month, day, short]);
        let weekday =
            self.weekdays.is_empty() || self.weekdays.contains(&weekday);
        date && weekday
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
        ] {
            let named = read(line);
            let Zone::Known(east) = named.zone else { panic!("{line}") };
            assert!(named.shows(NOW + east), "{line}: {named:?}");
            assert!(!named.shows(NOW + east + 1), "{line}: {named:?}");
            assert!(!named.shows(NOW + east + DAY), "{line}: {named:?}");
        }
    }

    #[test]
    fn what_is_not_named() {
        let none = read("Sun Nov 22 10:16:00 2026");
        assert_eq!((none.shows(NOW), none.zone), (true, Zone::Missing));
        let odd = read("22 NOV 2026 15:46:00 IST");
        assert!(odd.shows(NOW + 19_800));
        assert_eq!(odd.zone, Zone::Unknown("IST".to_string()));
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
