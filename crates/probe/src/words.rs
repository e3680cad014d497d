//! Words, in English or in Spanish: words.txt has them.

pub const WORDS: &str = include_str!("words.txt");

/// The words of a list in the table: the English ones, then the Spanish ones.
pub fn names(which: &str) -> Vec<&'static str> {
    let texts = testbed::entry(WORDS, which).unwrap_or_default();
    texts.iter().flat_map(|text| text.split(' ')).collect()
}

/// The text of a name, its gaps filled with values.
macro_rules! said {
    ($name:expr $(, $value:expr)* $(,)?) => {
        testbed::filled($crate::words::WORDS, $name, &[$(&$value),*])
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_name_is_used_and_has_as_many_gaps_in_both_languages() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut code = String::new();
        for entry in fs::read_dir(sources).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "rs") {
                code += &fs::read_to_string(path).unwrap();
            }
        }
        for name in WORDS.split("\n[").skip(1) {
            let name = name.split(']').next().unwrap();
            assert!(code.contains(&format!("{name:?}")), "no use of {name:?}");
            let times = WORDS.matches(&format!("\n[{name}]\n")).count();
            assert_eq!(times, 1, "{name:?}");
            let texts = testbed::entry(WORDS, name).unwrap();
            let gaps = texts.map(|text| text.matches("{}").count());
            assert_eq!(gaps[0], gaps[1], "{name:?}");
            let said = format!("said!({name:?}");
            for rest in code.split(&said).skip(1) {
                let given = rest.trim_start().starts_with(',');
                assert_eq!(gaps[0] > 0, given, "{name:?}");
            }
        }
        for call in code.split("said!(\"").skip(1) {
            let name = call.split('"').next().unwrap();
            assert!(testbed::entry(WORDS, name).is_some(), "{name:?}");
        }
    }
}
