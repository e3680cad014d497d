//! Words for the student, in English or in Spanish: words.txt has them.

use std::fmt::Display;
use std::io::{Write, stdout};

const WORDS: &str = include_str!("words.txt");

/// The text of a key, its gaps filled with values.
macro_rules! said {
    ($key:expr $(, $value:expr)*) => {
        $crate::words::text($key, &[$(&$value),*])
    };
}

/// Writes the text of a key as a line.
macro_rules! tell {
    ($($text:tt)*) => { $crate::words::line($crate::words::said!($($text)*)) };
}

pub(crate) use {said, tell};

/// The text of `key` in the student's language, with `values` in its gaps.
pub fn text(key: &str, values: &[&dyn Display]) -> String {
    testbed::filled(WORDS, key, values)
}

/// Writes a line. A closed stdout harms nobody.
pub fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_key_is_there_in_both_languages_with_as_many_gaps() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut code = String::new();
        for entry in fs::read_dir(sources).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(path).unwrap();
                code += text.split("#[cfg(test)]").next().unwrap();
            }
        }
        let gaps = |text: &str| text.matches("{}").count();
        let split = |by| code.split(by).skip(1);
        let calls = split("said!(").chain(split("tell!("));
        let mut count = 0;
        for call in calls {
            let Some(call) = call.trim_start().strip_prefix('"') else {
                continue;
            };
            let (key, rest) = call.split_once('"').unwrap();
            let found = testbed::entry(WORDS, key);
            let [english, spanish] = found.unwrap_or_else(|| panic!("{key:?}"));
            let values = rest.split([')', ';']).next().unwrap();
            assert_eq!(gaps(english), gaps(spanish), "{key:?}");
            let given = values.trim_start().starts_with(',');
            assert_eq!(gaps(english) > 0, given, "{key:?}");
            count += 1;
        }
        assert!(count > 20, "{count}");
        for key in WORDS.split("\n[").skip(1) {
            let key = key.split(']').next().unwrap();
            assert!(code.contains(&format!("{key:?}")), "no use of {key:?}");
        }
    }

    #[test]
    fn gaps_are_filled_in_order_and_an_unknown_key_is_shown() {
        let values: [&dyn Display; 2] = [&1, &"{}"];
        let filled = text("next hint", &values);
        assert!(filled.contains("hint 1 {})"), "{filled}");
        assert_eq!(text("no such key", &[]), "no such key");
    }
}
