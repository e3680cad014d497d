//! An exercise's `tests/words.txt`, beside the tests that use its names.

use std::collections::{BTreeMap, BTreeSet};

/// A sentence.
pub struct Entry {
    /// `asks at a fixed port`
    pub name: String,
    /// English, Spanish.
    pub texts: [String; 2],
    /// Whether it is a likely cause.
    pub is_cause: bool,
}

/// All entries, and what is wrong with the table itself.
pub fn read(table: &str) -> (Vec<Entry>, Vec<String>) {
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    let (before, causes) =
        table.split_once("\n== likely causes\n").unwrap_or((table, ""));
    for (part, is_cause) in [(before, false), (causes, true)] {
        for text in format!("\n{part}").split("\n[").skip(1) {
            let mut lines = text.lines().take_while(|line| !line.is_empty());
            let name = lines.next().unwrap_or_default();
            let name = name.strip_suffix(']').unwrap_or(name).to_string();
            let texts = ["en: ", "es: "].map(|language| {
                let text = lines.next().and_then(|l| l.strip_prefix(language));
                text.unwrap_or_default().to_string()
            });
            let more = lines
                .find(|l| !l.starts_with("step: ") && !l.starts_with("== "));
            if texts.contains(&String::new()) || more.is_some() {
                wrong.push(format!(
                    "[{name}] is not en: and es:, and perhaps step:"
                ));
            } else if texts[0].matches("{}").count()
                != texts[1].matches("{}").count()
            {
                wrong.push(format!(
                    "[{name}] has not as many gaps in both languages"
                ));
            }
            entries.push(Entry { name, texts, is_cause });
        }
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for Entry { name, texts, .. } in &entries {
        if names.insert(format!("[{name}]"), name).is_some() {
            wrong.push(format!("[{name}] stands twice"));
        }
        for text in texts.iter().filter(|text| is_sentence(text, name)) {
            let other = names.insert(text.clone(), name);
            if let Some(other) = other.filter(|other| other != name) {
                let both = format!("in [{other}] and in [{name}]");
                wrong.push(format!("{text} stands twice, {both}"));
            }
        }
    }
    (entries, wrong)
}

/// Whether it is a sentence: a caption, or a value with its unit, is none.
fn is_sentence(text: &str, name: &str) -> bool {
    text.split(' ').count() > 2 && !name.starts_with("step ")
}

/// What the names in the tests and those in the table have against each other.
pub fn check(entries: &[Entry], own: &str, tests: &str) -> Vec<String> {
    let literals = literals(tests);
    let said: BTreeSet<_> = literals.iter().map(|l| l.text.as_str()).collect();
    let known = |name: &str| {
        let name = name.replace("\\\"", "\"");
        entries.iter().any(|e| e.name == name)
            || own.contains(&format!("\n[{name}]\n"))
    };
    let mut wrong = Vec::new();
    for Entry { name, .. } in entries {
        let quoted = name.replace('"', "\\\"");
        if !name.starts_with("step ") && !said.contains(quoted.as_str()) {
            wrong.push(format!("no test says [{name}]"));
        }
        if own.contains(&format!("\n[{name}]\n")) {
            wrong.push(format!("[{name}] is a sentence of the kit's, too"));
        }
    }
    // An arm, or the end of a block, beside others that are names is one, too.
    let mut blocks = BTreeSet::new();
    for literal in literals.iter().filter(|l| l.is_value && known(&l.text)) {
        blocks.insert(literal.block);
    }
    for literal in &literals {
        let is_name = literal.is_name
            || literal.is_value && blocks.contains(&literal.block);
        if is_name && !known(&literal.text) {
            wrong.push(format!("words.txt lacks [{}]", literal.text));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

/// The `todo!`s of a stub that do not begin with the caption of their step.
pub fn uncaptioned(entries: &[Entry], stub: &str) -> Vec<String> {
    let orders = stub.split("\"step ").skip(1);
    let orders = orders.filter_map(|order| order.split_once(": "));
    let other = orders.filter(|(number, order)| {
        let caption = format!("step {number}");
        let caption = entries.iter().find(|entry| entry.name == caption);
        !caption.is_some_and(|entry| order.starts_with(&entry.texts[0]))
    });
    let said = other.map(|(number, order)| {
        let order = order.split('"').next().unwrap_or_default();
        format!("words.txt lacks the caption of step {number}: {order}")
    });
    said.collect()
}

/// A text in quotes.
struct Literal {
    text: String,
    /// Whether it is an argument of `said`, `fail` or `doing`.
    is_name: bool,
    /// Whether it is what an arm of a `match` gives.
    is_value: bool,
    /// Where the block that it stands in begins.
    block: usize,
}

/// All texts in quotes of a source; comments have none.
fn literals(source: &str) -> Vec<Literal> {
    let bytes = source.as_bytes();
    let (mut all, mut at) = (Vec::new(), 0);
    // Each open bracket: where it is, and what is called there.
    let mut open: Vec<(usize, &str)> = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'/' if source[at..].starts_with("//") => {
                at += source[at..].find('\n').unwrap_or(source.len() - at);
            }
            b'\'' if source[at..].starts_with("'\"'") => at += 3,
            b'\'' if source[at..].starts_with("'\\") => {
                at += 2 + source[at + 2..].find('\'').unwrap_or(0).max(1) + 1;
            }
            b'(' | b'[' | b'{' => {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let before = source[..at].trim_end_matches(word);
                open.push((at, &source[before.len()..at]));
                at += 1;
            }
            b')' | b']' | b'}' => {
                open.pop();
                at += 1;
            }
            b'"' => {
                let raw = source[..at].trim_end_matches('#');
                let hashes = &source[raw.len()..at];
                let is_raw = raw.ends_with('r') && !raw.ends_with("pr");
                let begin = at + 1;
                let mut end = begin;
                let close = format!("\"{hashes}");
                while end < bytes.len()
                    && !(source.is_char_boundary(end)
                        && source[end..].starts_with(&close))
                {
                    end += if bytes[end] == b'\\' && !is_raw { 2 } else { 1 };
                }
                let (bracket, called) = open.last().copied().unwrap_or((0, ""));
                let before = source[..at].trim_end();
                let first = before.ends_with('(');
                let argument = first || before.ends_with(',');
                let is_name = match called {
                    "said" | "doing" => first,
                    "fail" => argument,
                    _ => false,
                };
                let is_value = before.ends_with("=>");
                let text = source[begin..end.min(source.len())].to_string();
                all.push(Literal { text, is_name, is_value, block: bracket });
                at = end + close.len();
            }
            _ => at += 1,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Words.\n\n[step 1]\nen: go\nes: andá\n[called]\nen: called {}\nes: llamó a {}\n\
        [unused]\nen: one\nes: uno\n\n== what to look at\n\n[look]\nen: Look.\nes: Mirá.\n\
        \n== likely causes\n\n[no loop]\nen: There is no loop.\nes: Sin bucle.\nstep: 4\n";

    #[test]
    fn a_table_is_read_with_what_is_wrong_in_it() {
        let (entries, wrong) = read(TABLE);
        let names: Vec<_> = entries.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["step 1", "called", "unused", "look", "no loop"]);
        assert!(entries[4].is_cause && !entries[3].is_cause);
        assert_eq!(wrong, [""; 0]);
        for (old, new, words) in [
            ("es: uno", "ES: uno", "[unused] is not en:"),
            ("llamó a {}", "llamó", "[called] has not as many gaps"),
            ("en: one", "en: There is no loop.", "loop. stands twice"),
            ("[unused]", "[called]", "[called] stands twice"),
        ] {
            let (_, wrong) = read(&TABLE.replace(old, new));
            assert!(wrong.iter().any(|w| w.contains(words)), "{wrong:?}");
        }
    }

    /// What each exercise has in this file, by the exercise's name.
    fn of_each_exercise(file: &str) -> Vec<(String, String)> {
        let folders = testbed::root().join("exercises").read_dir().unwrap();
        let folders = folders.map(|folder| folder.unwrap().path());
        let text = |folder: std::path::PathBuf| {
            let text = std::fs::read_to_string(folder.join(file)).ok()?;
            Some((folder.file_name()?.display().to_string(), text))
        };
        folders.filter_map(text).collect()
    }

    #[test]
    fn each_cause_that_the_kit_says_is_some_exercise_s_mistake() {
        let (own, wrong) = read(kit::OWN);
        assert_eq!(wrong, [""; 0]);
        let pages = of_each_exercise("mistakes.md").into_iter();
        let pages: String = pages.map(|(_, page)| page).collect();
        for Entry { name, .. } in own.iter().filter(|entry| entry.is_cause) {
            assert!(pages.contains(&format!("\n## {name}\n")), "{name}");
        }
    }

    #[test]
    fn what_two_exercises_say_stands_in_the_kit_and_there_alone() {
        let mut tables = of_each_exercise("tests/words.txt");
        assert!(tables.len() > 9, "{}", tables.len());
        tables.push(("the kit".to_string(), kit::OWN.to_string()));
        let mut said = BTreeMap::new();
        for (whose, table) in &tables {
            let (entries, _) = read(table);
            for Entry { name, texts, .. } in entries {
                for text in texts.into_iter().filter(|t| is_sentence(t, &name))
                {
                    let before = said.insert(text.clone(), whose);
                    let other = before.is_some_and(|before| before != whose);
                    assert!(!other, "{text:?}, of {before:?} and {whose}");
                }
            }
        }
    }

    #[test]
    fn names_and_sentences_belong_together() {
        let tests = r##"// "a comment"
            fn f() { let x = '"'; let y = r#"a "raw" one"#;
                let cause = match x { 1 => "no loop", 2 => "gone", _ => "look" };
                let data = match x { 1 => "hola", _ => "chau" };
                fail(said("called", &[&"x"]), "nothing", *b"hola", cause);
            }"##;
        let (entries, _) = read(TABLE);
        let wrong = check(&entries, "\n[nothing]\n", tests);
        assert_eq!(wrong, ["no test says [unused]", "words.txt lacks [gone]"]);
        let wrong = check(&entries, "\n[nothing]\n[called]\n", tests);
        assert_eq!(wrong[0], "[called] is a sentence of the kit's, too");
    }
}
