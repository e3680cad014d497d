//! The student's language.

use std::env;

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
