//! An exercise's `mistakes.md`: for each wrong answer a heading, the name of its
//! likely cause, and what is wrong, as a block `diff` against the solution's
//! `src/lib.rs`.

use std::collections::BTreeMap;

/// One of them.
pub struct Mistake {
    /// `no loop`: the name of its likely cause in `tests/words.txt`.
    pub name: String,
    /// The function that the student is sent to, where it is not one of those
    /// that are changed, for a reason: "Named: `serve`, because ...".
    pub named: Option<String>,
    diff: String,
}

/// The heading of the mutants that are right answers.
const RIGHT: &str = "Right after all";

/// All mistakes of a page, in order.
pub fn read(page: &str) -> Vec<Mistake> {
    let sections = page.split("\n## ").skip(1);
    let sections = sections.filter(|section| !section.starts_with(RIGHT));
    let mistake = |section: &str| {
        let (name, rest) = section.split_once('\n').unwrap_or((section, ""));
        let named = rest.split_once("\nNamed: `");
        let named = named.and_then(|(_, rest)| rest.split_once("`, because "));
        let block = rest.split("```diff\n").nth(1).unwrap_or_default();
        let diff = block.split("```").next().unwrap_or_default();
        Mistake {
            name: name.to_string(),
            named: named.map(|(name, _)| name.to_string()),
            diff: diff.to_string(),
        }
    };
    sections.map(mistake).collect()
}

/// The mutants that are right answers, by their names, and why each is:
/// "- `NAME`: REASON".
pub fn right_after_all(page: &str) -> BTreeMap<String, String> {
    let heading = format!("\n## {RIGHT}\n");
    let (_, part) = page.split_once(&heading).unwrap_or_default();
    let part = part.split("\n## ").next().unwrap_or_default();
    let entry = |entry: &str| {
        let (name, why) = entry.split_once("`:")?;
        // Its lines may be wrapped.
        let line =
            |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((line(name), line(why)))
    };
    part.split("\n- `").filter_map(entry).collect()
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
    use super::*;

    const PAGE: &str = "# Mistakes\n\n## one\n\nNamed: `f`, because so.\n\n\
        ```diff\n a\n-b\n+x\n@@\n d\n+y\n```\n\n## two\n\n```diff\n-a\n```\n\n\
        ## Right after all\n\nThese pass.\n\n- `drop f();`: it\n  is right.\n\
        - `swap a\n  and b`: so.\n";

    #[test]
    fn a_mistake_is_a_name_and_a_change() {
        let all = read(PAGE);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].name, "one");
        assert_eq!(all[0].named.as_deref(), Some("f"));
        assert_eq!(all[0].made("a\nb\nc\nd\n").unwrap(), "a\nx\nc\nd\ny\n");
        assert!(all[0].made("a\nc\nd\n").unwrap_err().starts_with("0 places"));
        assert!(all[1].made("a\nb\na\n").unwrap_err().starts_with("2 places"));
        assert_eq!(all[1].named, None);
        let right = right_after_all(PAGE);
        assert_eq!(right["drop f();"], "it is right.");
        assert_eq!(right["swap a and b"], "so.");
    }
}
