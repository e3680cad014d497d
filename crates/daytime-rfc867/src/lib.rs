//! The line of the Daytime Protocol (RFC 867, May 1983): the date and time of
//! day, for a person to read.
//!
//! RFC 867 wants one line of printable ASCII, spaces, CR and LF, and leaves its
//! syntax open. It shows two that are popular; here they are, and the one that
//! `inetd` sends:
//!
//! ```text
//! weekday   Sunday, November 22, 2026 10:16:00-UTC
//! smtp      22 NOV 2026 10:16:00 UTC
//! ctime     Sun Nov 22 10:16:00 2026
//! ```
//!
//! The second is that of SMTP, with four digits of the year, as RFC 1123
//! (section 5.2.14) asks; RFC 867 had two. The third is that of C's `ctime`.
//!
//! The Python twin is `python/daytime.py`.

use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem as Item;
use time::macros::format_description as layout;

/// The formats' names.
pub const FORMATS: [&str; 3] = ["weekday", "smtp", "ctime"];

/// How the line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `weekday`: the first that RFC 867 shows.
    Weekday,
    /// `smtp`: the second.
    Smtp,
    /// `ctime`: the one of `inetd`.
    Ctime,
}

impl FromStr for Format {
    type Err = common::Error;

    fn from_str(name: &str) -> common::Result<Format> {
        match name {
            "weekday" => Ok(Format::Weekday),
            "smtp" => Ok(Format::Smtp),
            "ctime" => Ok(Format::Ctime),
            _ => Err(format!("unknown format: {name}").into()),
        }
    }
}

// `layout!` reads its text when this is compiled; an `Item` is a field of it,
// or the text between two fields.
const WEEKDAY: &[Item] = layout!(
    "[weekday], [month repr:long] [day padding:none], [year] \
     [hour]:[minute]:[second]"
);
const SMTP: &[Item] =
    layout!("[day] [month repr:short] [year] [hour]:[minute]:[second]");
const CTIME: &[Item] = layout!(
    "[weekday repr:short] [month repr:short] [day padding:space] \
     [hour]:[minute]:[second] [year]"
);

/// The time now: in this machine's zone if `local`, else in UTC.
///
/// # Errors
/// If the system does not know its zone.
pub fn now(local: bool) -> common::Result<OffsetDateTime> {
    let utc = OffsetDateTime::now_utc();
    Ok(if local { OffsetDateTime::now_local()? } else { utc })
}

/// The line for `time` (years 1 to 9999), with the CR and LF that end it.
///
/// A zone other than UTC is written as hours and minutes, east of UTC is `+`;
/// `ctime` never names it.
///
/// # Errors
/// None in these formats; `time` has some for others.
pub fn line(time: OffsetDateTime, format: Format) -> common::Result<String> {
    // 1. Write the date and the time of day.
    let text = match format {
        Format::Weekday => time.format(WEEKDAY)?,
        Format::Smtp => time.format(SMTP)?.to_uppercase(),
        Format::Ctime => time.format(CTIME)?,
    };

    // 2. Name the zone: how far from UTC, or UTC itself.
    let hours = time.format(layout!("[offset_hour sign:mandatory]"))?;
    let minutes = time.format(layout!("[offset_minute]"))?;
    let zone = match (format, time.offset().is_utc()) {
        (Format::Weekday, true) => "-UTC".to_string(),
        (Format::Weekday, false) => format!("{hours}:{minutes}"),
        (Format::Smtp, true) => " UTC".to_string(),
        (Format::Smtp, false) => format!(" {hours}{minutes}"),
        (Format::Ctime, _) => String::new(),
    };

    // 3. End the line as the network does.
    Ok(text + &zone + "\r\n")
}

#[cfg(test)]
mod tests;
