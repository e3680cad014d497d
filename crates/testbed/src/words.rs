//! The student's language.

use std::env;
use std::fmt::Display;

/// The two languages of the workshop, of equal rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also when nothing is set.
    English,
    /// Spanish.
    Spanish,
}

/// The language of whoever runs this: `TALLER_LANG` (`en` or `es`) where it is
/// set, else `LC_ALL`, else `LANG`; Spanish if the first that is set begins
/// with `es` (or `ES`).
pub fn language() -> Language {
    chosen(["TALLER_LANG", "LC_ALL", "LANG"].map(|name| env::var(name).ok()))
}

fn chosen(set: [Option<String>; 3]) -> Language {
    match set.into_iter().flatten().find(|value| !value.is_empty()) {
        Some(value) if value.to_lowercase().starts_with("es") => {
            Language::Spanish
        }
        _ => Language::English,
    }
}

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
    let [english, spanish] = match entry(table, name) {
        Some(texts) => texts,
        None => return name.to_string(),
    };
    let mut parts = say(english, spanish).split("{}");
    let mut text = parts.next().unwrap_or_default().to_string();
    for (part, value) in parts.zip(values) {
        text += &format!("{value}{part}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_decides() {
        let chosen = |set: [&str; 3]| {
            chosen(set.map(|v| (v != "-").then(|| v.to_string())))
        };
        assert_eq!(chosen(["-", "-", "-"]), Language::English);
        assert_eq!(chosen(["-", "-", "es_AR.UTF-8"]), Language::Spanish);
        assert_eq!(chosen(["-", "C", "es_AR.UTF-8"]), Language::English);
        assert_eq!(chosen(["-", "", "es_AR.UTF-8"]), Language::Spanish);
        assert_eq!(chosen(["en", "es_ES", "es_ES"]), Language::English);
        assert_eq!(chosen(["es", "C", "en_US"]), Language::Spanish);
        assert_eq!(chosen(["ES", "C", "en_US"]), Language::Spanish);
    }
}
