//! Begins an exercise: a small one that works, to be rewritten part by part.

use std::path::Path;
use std::{fs, io};

use taller::exercise::{Exercise, read};
use taller::outcome::{Result, failed, misused};
use taller::words::line;

/// What stands where the author has to write, in both languages.
pub const UNWRITTEN: [&str; 2] = ["(to be written)", "(falta escribir)"];

/// What is left to do then.
const NEXT: &str = "\
Now rewrite it, part by part; `(to be written)` and `(falta escribir)` mark what
is text alone. CONTRIBUTING.md says what each part is. As it is, it works:
  cargo taller verify";

/// Lays out exercise `number`, called `name`, adds it to the workspace, and to
/// the book's lists.
pub fn run(root: &Path, number: &str, name: &str) -> Result {
    let word = |w: &str| {
        !w.is_empty()
            && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let two = number.len() == 2 && number.chars().all(|c| c.is_ascii_digit());
    if !two || !name.split('-').all(word) {
        let words = "a number of two digits and a name of small letters: cargo taller new 17 my-exercise";
        return Err(misused(words));
    }
    if let Some(there) =
        Exercise::all(root).iter().find(|e| e.number() == number)
    {
        let name = &there.name;
        let words = format!("there is an exercise {number} already: {name}");
        return Err(failed(words));
    }
    let written = lay_out(root, number, name);
    written.map_err(|e| failed(format!("exercises/{number}-{name}: {e}")))?;
    line(format!("exercises/{number}-{name} is there.\n{NEXT} {number}"));
    Ok(true)
}

fn lay_out(root: &Path, number: &str, name: &str) -> io::Result<()> {
    let folder = root.join(format!("exercises/{number}-{name}"));
    for (file, text) in template(number, name) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, text)?;
    }
    let member = format!("    \"exercises/{number}-{name}\",\n");
    insert(&root.join("Cargo.toml"), "    \"exercises/", &member)?;
    for (language, ending) in [("en", "md"), ("es", "es.md")] {
        let link = format!(
            "[{number} {name}](../../exercises/{number}-{name}/README.{ending})"
        );
        let unwritten = UNWRITTEN[usize::from(language == "es")];
        let row = format!("| {link} | {unwritten} | 10 | {unwritten} |\n");
        let page = root.join(format!("docs/{language}/exercises.md"));
        insert(&page, "| [", &row)?;
    }
    Ok(())
}

/// The files of exercise `number`, called `name`: of each its name and its text.
pub fn template(number: &str, name: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<_> =
        include_str!("../template.md").split("\n````").collect();
    let mut files = Vec::new();
    for part in parts.chunks_exact(2) {
        let file = part[0].rsplit("## ").next().unwrap_or_default().trim_end();
        // The first line says which language it is in.
        let text = part[1].split_once('\n').unwrap_or_default().1;
        files.push((file, filled(text, number, name) + "\n"));
    }
    files
}

/// A file of the template as it is in exercise `number`.
fn filled(text: &str, number: &str, name: &str) -> String {
    let package = format!("ex{number}-{name}");
    let text = text.replace("exNN-name", &package);
    let text = text.replace("exNN_name", &package.replace('-', "_"));
    text.replace("NN: name", &format!("{number}: {name}")).replace("NN", number)
}

/// Inserts a line among those that begin with `start`, in order.
fn insert(file: &Path, start: &str, line: &str) -> io::Result<()> {
    let text = read(file);
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    let before = |other: &&str| other.starts_with(start) && **other < *line;
    let at = lines.iter().rposition(before);
    let first = lines.iter().position(|other| other.starts_with(start));
    let Some(at) = at.map(|at| at + 1).or(first) else {
        let words =
            format!("{}: no line begins with {start:?}", file.display());
        return Err(io::Error::other(words));
    };
    lines.insert(at, line);
    fs::write(file, lines.concat())
}
