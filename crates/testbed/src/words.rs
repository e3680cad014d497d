//! The student's language.

use std::env;
use std::fmt::Display;
use std::process::Command;
use std::sync::LazyLock;

use crate::output;

/// What the tests and their runner say alike.
pub(crate) const WORDS: &str = include_str!("words.txt");

/// The two languages of the workshop, of equal rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also when nothing is set.
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// `en` or `es`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
        }
    }
}

/// The language of whoever runs this: what `TALLER_LANG` says (`en` or `es`);
/// where it is not set, what the system's settings say, as gettext reads them:
/// of `LC_ALL`, `LC_MESSAGES` and `LANG` the first that is set, and with it
/// `LANGUAGE`, which is a list. On Windows, where none of them is set, the
/// system is asked. English, if all that is neither English nor Spanish.
pub fn language() -> Language {
    chosen(|name| env::var(name).ok()).unwrap_or_else(|| *SYSTEM)
}

fn chosen(set: impl Fn(&str) -> Option<String>) -> Option<Language> {
    let set = |name: &&str| set(name).filter(|value| !value.is_empty());
    if let Some(own) = set(&"TALLER_LANG") {
        return Some(spoken(&own).unwrap_or(Language::English));
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set)?;
    let plain = ["C", "POSIX"].contains(&name(&locale)); // Then no list counts.
    let list = set(&"LANGUAGE").filter(|_| !plain).unwrap_or(locale);
    let first = list.split(':').find_map(spoken);
    Some(first.unwrap_or(Language::English))
}

/// The language of a locale: `es` of `es_AR.UTF-8`.
fn name(locale: &str) -> &str {
    locale.split(['_', '-', '.', '@']).next().unwrap_or_default()
}

/// Which of the workshop's languages a locale stands for.
fn spoken(locale: &str) -> Option<Language> {
    match name(locale).to_lowercase().as_str() {
        "es" => Some(Language::Spanish),
        "en" => Some(Language::English),
        _ => None,
    }
}

/// The language of Windows, in which no variable says it.
static SYSTEM: LazyLock<Language> = LazyLock::new(|| {
    let mut query = Command::new("reg");
    query.args(["query", r"HKCU\Control Panel\International"]);
    query.args(["/v", "LocaleName"]);
    let said = cfg!(windows).then(|| output(&mut query).ok()).flatten();
    let said = said.map(|ended| ended.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let locale = said.split_whitespace().last().and_then(spoken);
    locale.unwrap_or(Language::English)
});

/// One of the two sentences: the one in the student's [`language`].
pub fn say<'a>(english: &'a str, spanish: &'a str) -> &'a str {
    match language() {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// Both texts, English and Spanish, of `name` in a table of words:
///
/// ```text
/// [name]
/// en: The English text; {} is a gap.
/// es: El texto en castellano; {} es un hueco.
/// ```
///
/// An empty line at the end of a text counts; `None` if the name is missing.
pub fn entry(table: &'static str, name: &str) -> Option<[&'static str; 2]> {
    let (_, rest) = table.trim_end().split_once(&format!("\n[{name}]\nen:"))?;
    let (english, rest) = rest.split_once("\nes:")?;
    let spanish = rest.split("\n\n[").next()?.trim_end_matches("\n\n");
    Some([english, spanish].map(|text| text.strip_prefix(' ').unwrap_or(text)))
}

/// The text of `name` in a table of words (see [`entry`]), in the student's
/// language, with `values` in its gaps; the name itself if it is missing.
pub fn filled(
    table: &'static str,
    name: &str,
    values: &[&dyn Display],
) -> String {
    let Some([english, spanish]) = entry(table, name) else {
        return name.to_string();
    };
    fill(say(english, spanish), values)
}

/// A text with `values` in its gaps, which are `{}`.
pub fn fill(text: &str, values: &[&dyn Display]) -> String {
    let mut parts = text.split("{}");
    let first = parts.next().unwrap_or_default().to_string();
    let filled = parts.zip(values).map(|(part, v)| format!("{v}{part}"));
    filled.fold(first, |text, part| text + &part)
}

/// The text of `name` in this crate's own table.
pub(crate) fn own(name: &str, values: &[&dyn Display]) -> String {
    filled(WORDS, name, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_decide_as_gettext_has_it() {
        use Language::{English, Spanish};
        for (set, language) in [
            ("", None),
            ("LANG=es_AR.UTF-8", Some(Spanish)),
            ("LANG=ES", Some(Spanish)),
            ("LANG=est_EE.UTF-8", Some(English)), // Estonian.
            ("LANG=de_DE", Some(English)),
            ("LC_ALL= LANG=es_AR.UTF-8", Some(Spanish)),
            ("LC_ALL=C LANG=es_AR.UTF-8", Some(English)),
            ("LC_MESSAGES=es_ES LANG=en_US.UTF-8", Some(Spanish)),
            ("LC_ALL=en_US LC_MESSAGES=es_ES", Some(English)),
            ("LANGUAGE=es:en LANG=en_US.UTF-8", Some(Spanish)),
            ("LANGUAGE=gl:es LANG=gl_ES.UTF-8", Some(Spanish)),
            ("LANGUAGE=en:es LANG=es_AR.UTF-8", Some(English)),
            ("LANGUAGE=es LANG=C.UTF-8", Some(English)),
            ("LANGUAGE=es", None),
            ("TALLER_LANG=en LC_ALL=es_ES LANGUAGE=es", Some(English)),
            ("TALLER_LANG=es LC_ALL=C", Some(Spanish)),
        ] {
            let pairs = set.split(' ').filter_map(|pair| pair.split_once('='));
            let pairs: Vec<_> = pairs.collect();
            let value = |name: &str| {
                let found = pairs.iter().find(|pair| pair.0 == name);
                found.map(|pair| pair.1.to_string())
            };
            assert_eq!(chosen(value), language, "{set}");
        }
    }
}
