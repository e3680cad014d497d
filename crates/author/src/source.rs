//! A Rust source, read by its lines: which item (a function, a constant) a line
//! is in, which function a step is. rustfmt has put each on lines of its own.

use std::collections::BTreeSet;

/// An item: its name, its comments, and its code.
pub struct Item {
    /// `take`
    pub name: String,
    /// Its lines, comments first, from line `begin` on, which counts from 0.
    pub text: String,
    /// Its first line.
    pub begin: usize,
}

/// All items of a source, in order.
pub fn items(source: &str) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    let mut above = (0, String::new()); // The comments above the next item.
    for (at, line) in source.lines().enumerate() {
        let start = line.trim_start();
        if start.starts_with("///") || start.starts_with("#[") {
            if above.1.is_empty() {
                above.0 = at;
            }
            above.1 += &format!("{line}\n");
        } else if let Some(name) = name(line) {
            let begin = if above.1.is_empty() { at } else { above.0 };
            let text = std::mem::take(&mut above.1) + line + "\n";
            all.push(Item { name, text, begin });
        } else if let Some(item) = all.last_mut() {
            item.text += &format!("{}{line}\n", std::mem::take(&mut above.1));
        }
    }
    all
}

/// The name of the item that begins at this line.
fn name(line: &str) -> Option<String> {
    let indented = line.starts_with(' ');
    let start = line.trim_start();
    let start = start.strip_prefix("pub(crate) ").unwrap_or(start);
    let start = start.strip_prefix("pub ").unwrap_or(start);
    let words = [
        "fn ",
        "const fn ",
        "const ",
        "static ",
        "struct ",
        "enum ",
        "impl ",
        "type ",
    ];
    let mut words = words.iter().take(if indented { 2 } else { 8 });
    let rest = words.find_map(|word| start.strip_prefix(word))?;
    let name = |c: char| c.is_alphanumeric() || c == '_';
    Some(rest.chars().take_while(|c| name(*c)).collect())
}

/// The item that line `at`, from 0, is in.
pub fn item_at(items: &[Item], at: usize) -> Option<&Item> {
    items.iter().rev().find(|item| item.begin <= at)
}

/// The function of step `number`.
pub fn step<'a>(items: &'a [Item], number: &str) -> Option<&'a Item> {
    let comment = format!("/// {number}. ");
    items.iter().find(|item| item.text.lines().any(|l| l.starts_with(&comment)))
}

/// Whether a student edits this item: it is a step.
fn is_step(item: &Item) -> bool {
    let number =
        item.text.strip_prefix("/// ").and_then(|t| t.split_once(". "));
    number.is_some_and(|(number, _)| number.parse::<u8>().is_ok())
}

/// Where a change in `item` may be looked for: there if it is a step; else in
/// whatever uses it.
pub fn homes(items: &[Item], item: &Item) -> BTreeSet<String> {
    let mut homes = BTreeSet::from([item.name.clone()]);
    if is_step(item) {
        return homes;
    }
    loop {
        let uses = |other: &&Item| {
            let mut words =
                other.text.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| homes.contains(word))
        };
        let more: Vec<_> =
            items.iter().filter(uses).map(|i| i.name.clone()).collect();
        let before = homes.len();
        homes.extend(more);
        if homes.len() == before {
            return homes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! A.\n\n/// At most.\npub const BYTES: usize = 9;\n\n\
        /// 5. Take.\npub fn take() {\n    let x = [0; BYTES];\n}\n\n\
        fn help() {}\n\n/// 7. Answer.\n#[must_use]\npub fn answer() {\n    help();\n}\n";

    #[test]
    fn a_line_is_in_an_item_and_a_step_is_one() {
        let items = items(SOURCE);
        let names = [2, 3, 4, 5, 7, 8, 10, 12, 15];
        let names = names.map(|at| item_at(&items, at).unwrap().name.as_str());
        let all = "BYTES BYTES BYTES take take take help answer answer";
        assert_eq!(names.join(" "), all);
        assert!(item_at(&items, 0).is_none());
        assert_eq!(step(&items, "5").unwrap().name, "take");
        assert!(step(&items, "6").is_none());
        let homes = |at| {
            let homes = homes(&items, item_at(&items, at).unwrap());
            homes.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            [homes(7), homes(3), homes(10)],
            ["take", "BYTES take", "answer help"]
        );
    }
}
