//! What `--help` prints: the usage line, and the head comment with its table.

/// What is wrong with what a Rust program's `--help` prints, in words, and its
/// table of options: each option of the usage line stands in the table, with
/// the same default in brackets.
pub fn explained(help: &str) -> (String, String) {
    let (usage, head) = help.split_once("\n\n").unwrap_or((help, ""));
    let table: String = head.lines().rev().map_while(in_table).collect();
    let mut wrong = String::new();
    for option in usage.split(" [").skip(2) {
        let option = option.split(']').next().unwrap_or_default();
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        let first = value.split('|').next().unwrap_or_default();
        let given = first.chars().any(|c| c.is_ascii_uppercase());
        let mut rows = head.lines().filter(|line| in_table(line).is_some());
        let said = rows.find(|row| row.split(' ').next() == Some(name));
        let named = said.is_some_and(|line| {
            let default = first.is_empty() || given;
            default || line.contains(&format!("({first}"))
        });
        if !named {
            wrong += &format!("{option}: {said:?}; ");
        }
    }
    (wrong, table)
}

fn in_table(line: &str) -> Option<String> {
    let row = ["--", "  ", "ADDRESS", "HOST", "server"];
    let is_row = row.iter().any(|start| line.starts_with(start));
    is_row.then(|| format!("{line}\n"))
}
