//! An exercise's mistakes: its `mistakes.md`, a heading each, the sentence that
//! the student must be told in both languages, and what is wrong, as a block
//! `diff` against the solution's `src/lib.rs`.

use std::collections::BTreeMap;

/// One of them.
pub struct Mistake {
    /// `no loop`: the name of its likely cause in `tests/words.txt`.
    pub name: String,
    /// The sentence: English, Spanish. Empty if it is missing.
    pub told: [String; 2],
    diff: String,
}

/// All that a `mistakes.md` holds, in order.
pub fn read(page: &str) -> Vec<Mistake> {
    let sections = page.split("\n## ").skip(1);
    let sections = sections.filter(|section| !section.starts_with(RIGHT));
    let mistake = |section: &str| {
        let (name, rest) = section.split_once('\n').unwrap_or((section, ""));
        let sentence = |language| {
            let found = rest.lines().find_map(|l| l.strip_prefix(language));
            found.unwrap_or_default().trim().to_string()
        };
        let block = rest.split("```diff\n").nth(1).unwrap_or_default();
        let diff = block.split("```").next().unwrap_or_default();
        let (name, diff) = (name.to_string(), diff.to_string());
        Mistake { name, told: ["en: ", "es: "].map(sentence), diff }
    };
    sections.map(mistake).collect()
}

/// The heading of the mutants that are right answers.
const RIGHT: &str = "Right after all";

/// The mutants that are right answers, by their names, and why each is:
/// "- `NAME`: REASON".
pub fn right_after_all(page: &str) -> BTreeMap<String, String> {
    let (_, part) =
        page.split_once(&format!("\n## {RIGHT}\n")).unwrap_or_default();
    let entries = part.split("\n## ").next().unwrap_or_default().split("\n- `");
    let entry = |entry: &str| {
        let (name, why) = entry.split_once("`: ")?;
        let words =
            |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((words(name), words(why)))
    };
    entries.filter_map(entry).collect()
}

/// The likely causes of a `words.txt`, by name: English, Spanish.
pub fn causes(words: &str) -> BTreeMap<String, [String; 2]> {
    let (_, causes) =
        words.split_once("\n== likely causes\n").unwrap_or_default();
    let cause = |entry: &str| {
        let (name, rest) = entry.split_once("]\nen: ")?;
        let (english, rest) = rest.split_once("\nes: ")?;
        let spanish = rest.lines().next()?;
        Some((name.to_string(), [english, spanish].map(String::from)))
    };
    causes.split("\n[").filter_map(cause).collect()
}

impl Mistake {
    /// The solution with this mistake: the lines marked ' ' and '-', which must
    /// stand there once, become those marked ' ' and '+'. `@@` stands between
    /// two places.
    ///
    /// # Errors
    /// A sentence, if they stand there twice, or not at all.
    pub fn made(&self, solution: &str) -> Result<String, String> {
        let mut text = format!("\n{solution}");
        for place in self.diff.split("@@\n") {
            let side = |not: char| {
                let lines = place.lines().filter(|l| !l.starts_with(not));
                let lines = lines.map(|l| l.get(1..).unwrap_or_default());
                lines.fold("\n".to_string(), |all, line| all + line + "\n")
            };
            let old = side('+');
            let found = text.matches(&old).count();
            if found != 1 || place.is_empty() {
                return Err(format!("{found} places in the solution:{old}"));
            }
            text = text.replace(&old, &side('-'));
        }
        Ok(text.split_off(1))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    const PAGE: &str = "# Mistakes\n\n## one\n\nen: A.\nes: B.\n\n```diff\n \
        a\n-b\n+x\n@@\n d\n+y\n```\n\n## two\n\n```diff\n-a\n```\n";

    #[test]
    fn a_mistake_is_a_name_a_sentence_and_a_change() {
        let all = read(PAGE);
        assert_eq!(all[0].name, "one");
        assert_eq!(all[0].told, ["A.", "B."]);
        assert_eq!(all[0].made("a\nb\nc\nd\n").unwrap(), "a\nx\nc\nd\ny\n");
        assert!(all[0].made("a\nc\nd\n").unwrap_err().starts_with("0 places"));
        assert!(all[1].made("a\nb\na\n").unwrap_err().starts_with("2 places"));
        assert_eq!(all[1].told, ["", ""]);
    }
}
