//! Twins: a Rust file and the Python file it mirrors, line for line; this is
//! what that means.
//!
//! - Programs: the same numbered steps, in the same words and order; in each
//!   step as many lines of code; constants of the same names, values and
//!   comments; at most 64 columns; at most [`MARKS`] lines that only one
//!   language needs, marked `// Rust: why` or `# Python: why`.
//! - Modules: the same public functions in the same order, and the same steps
//!   where they have any; at most 80 columns.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Language;

/// How many lines of a program only one language may need.
pub const MARKS: usize = 6;

/// How many lines of code a step may have, the command line's apart.
const STEP: usize = 6;

/// A pair of files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Whether it is a program; otherwise a module.
    pub program: bool,
    /// The Rust file.
    pub rust: PathBuf,
    /// The Python file.
    pub python: PathBuf,
}

/// All twins below `root`, in order, and what has no partner (in words).
///
/// `python/NAME.py` pairs with `src/bin/NAME.rs` (a program) or `src/NAME.rs`
/// (a module) beside it; `src/lib.rs` with the module that is called as the
/// crate is, up to its first hyphen; in `examples`, a program is `NAME.rs`.
pub fn pairs(root: &Path) -> (Vec<Pair>, Vec<String>) {
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    let mut folders = files(&root.join("crates"), None);
    folders.push(root.join("examples"));
    for folder in folders {
        let package = stem(&folder);
        let short = package.split('-').next().unwrap_or_default();
        let python = files(&folder.join("python"), Some("py"));
        for python in &python {
            let name = stem(python);
            let mut places = vec![
                (true, folder.join(format!("src/bin/{name}.rs"))),
                (true, folder.join(format!("{name}.rs"))),
                (false, folder.join(format!("src/{name}.rs"))),
            ];
            if name == short {
                places.push((false, folder.join("src/lib.rs")));
            }
            match places.into_iter().find(|(_, rust)| rust.exists()) {
                Some((program, rust)) => {
                    let python = python.clone();
                    pairs.push(Pair { program, rust, python });
                }
                None => {
                    let python = python.display();
                    alone.push(format!("{python} has no Rust twin"));
                }
            }
        }
        for rust in files(&folder.join("src/bin"), Some("rs")) {
            let paired = pairs.iter().any(|pair| pair.rust == rust);
            if !python.is_empty() && !paired {
                alone.push(format!("{} has no Python twin", rust.display()));
            }
        }
    }
    pairs.sort();
    (pairs, alone)
}

/// What is in `folder`, in order: the files with that ending, or everything.
fn files(folder: &Path, ending: Option<&str>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let ours = path.extension().and_then(|e| e.to_str());
        ending.is_none() || ours == ending
    });
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().display().to_string()
}

/// How the two texts of a pair differ, a sentence each; none if they are
/// twins.
pub fn differences(program: bool, rust: &str, python: &str) -> Vec<String> {
    let rust_read = read(Language::Rust, program, rust);
    let python_read = read(Language::Python, program, python);
    let mut wrong = Vec::new();
    wrong.extend(rust_read.wrong.iter().map(|w| format!("Rust: {w}")));
    wrong.extend(python_read.wrong.iter().map(|w| format!("Python: {w}")));
    same_steps(program, &rust_read.steps, &python_read.steps, &mut wrong);
    if program {
        same_constants(&rust_read, &python_read, &mut wrong);
    } else {
        same_functions(&rust_read, &python_read, &mut wrong);
    }
    wrong
}

fn same_steps(
    program: bool,
    rust: &[Step],
    python: &[Step],
    wrong: &mut Vec<String>,
) {
    if program && rust.is_empty() {
        wrong.push("there is no numbered step".to_string());
    }
    for i in 0..rust.len().max(python.len()) {
        match (rust.get(i), python.get(i)) {
            (Some(r), Some(p)) if r.sentence != p.sentence => {
                let (r, p) = (&r.sentence, &p.sentence);
                wrong.push(format!(
                    "the steps differ: Rust {r:?}, Python {p:?}"
                ));
                return; // What follows would differ because of this.
            }
            (Some(r), Some(p)) if program && r.lines != p.lines => {
                let (sentence, r, p) = (&r.sentence, r.lines, p.lines);
                wrong.push(format!(
                    "{sentence:?}: {r} lines of code in Rust, {p} in Python"
                ));
            }
            (Some(_), Some(_)) => {}
            (Some(r), None) => {
                wrong.push(format!("only Rust has {:?}", r.sentence));
            }
            (None, Some(p)) => {
                wrong.push(format!("only Python has {:?}", p.sentence));
            }
            (None, None) => unreachable!("i is below one of the lengths"),
        }
    }
}

fn same_constants(rust: &Read, python: &Read, wrong: &mut Vec<String>) {
    for (name, value) in &rust.constants {
        match python.constants.get(name) {
            None => wrong.push(format!("only Rust has the constant {name}")),
            Some(other) if other != value => wrong.push(format!(
                "{name} is {value:?} in Rust, {other:?} in Python"
            )),
            Some(_) => {}
        }
    }
    for name in python.constants.keys() {
        if !rust.constants.contains_key(name) {
            wrong.push(format!("only Python has the constant {name}"));
        }
    }
}

fn same_functions(rust: &Read, python: &Read, wrong: &mut Vec<String>) {
    let (rust, python) = (&rust.functions, &python.functions);
    if rust != python {
        wrong.push(format!(
            "the public functions differ: Rust {}, Python {}",
            rust.join(" "),
            python.join(" ")
        ));
    }
}

struct Step {
    /// `3. Wait for the answer.`
    sentence: String,
    /// How many lines of code it has, marked ones apart.
    lines: usize,
}

/// What is compared of a file.
#[derive(Default)]
struct Read {
    steps: Vec<Step>,
    /// Name to value, and the comment behind it.
    constants: BTreeMap<String, (String, String)>,
    functions: Vec<String>,
    /// What is wrong with this file whatever its twin is like.
    wrong: Vec<String>,
}

fn read(language: Language, program: bool, text: &str) -> Read {
    let (comment, mark) = match language {
        Language::Rust => ("//", "// Rust: "),
        Language::Python => ("#", "# Python: "),
    };
    let mut read = Read::default();
    let (mut marks, mut next_is_marked, mut in_docstring) = (0, false, false);
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim();
        if bare == "#[cfg(test)]" {
            break;
        }
        check_width(language, program, number + 1, line, &mut read.wrong);
        let docstring = language == Language::Python && bare.contains("\"\"\"");
        if docstring || in_docstring {
            let opens = docstring && bare.matches("\"\"\"").count() == 1;
            in_docstring ^= opens;
            continue;
        }
        if bare.starts_with(mark) {
            marks += 1;
            next_is_marked = true;
            continue;
        }
        if let Some(sentence) = step(bare, comment) {
            let lines = 0;
            read.steps.push(Step { sentence, lines });
            continue;
        }
        if !is_code(bare, comment) || bare == "Ok(())" {
            continue; // Nothing to read aloud.
        }
        let marked = bare.contains(mark);
        marks += usize::from(marked);
        if marked || next_is_marked {
            next_is_marked = false;
            continue;
        }
        functions(language, bare, &mut read.functions);
        if let Some(step) = read.steps.last_mut() {
            step.lines += 1;
        } else if let Some((name, value)) = constant(bare, comment) {
            read.constants.insert(name, value);
        }
    }
    if program {
        check_steps(&read.steps, &mut read.wrong);
        if marks > MARKS {
            let most = format!("{marks} marked lines; at most {MARKS} may be");
            read.wrong.push(most);
        }
    }
    read
}

/// Two columns must fit a screen: 64 each, the indent of Rust's `main` apart.
fn check_width(
    language: Language,
    program: bool,
    number: usize,
    line: &str,
    wrong: &mut Vec<String>,
) {
    let most = if program { 64 } else { 80 };
    let indent = if program && language == Language::Rust { 4 } else { 0 };
    let indented = line.len() - line.trim_start().len();
    let columns = line.chars().count() - indented.min(indent);
    if columns > most {
        let what = format!("line {number} has {columns} columns, not {most}");
        wrong.push(what);
    }
}

fn check_steps(steps: &[Step], wrong: &mut Vec<String>) {
    for (i, Step { sentence, lines }) in steps.iter().enumerate() {
        if !sentence.starts_with(&format!("{}. ", i + 1)) {
            wrong.push(format!("{sentence:?} is step number {}", i + 1));
        }
        let any = sentence.contains("command line"); // A line per option.
        if *lines == 0 || (*lines > STEP && !any) {
            wrong.push(format!(
                "{sentence:?} has {lines} lines of code; 1 to {STEP} read well"
            ));
        }
    }
}

/// Whether a line counts: it is not blank, no comment, and more than closing
/// brackets.
fn is_code(bare: &str, comment: &str) -> bool {
    let closing = bare.trim_matches([']', ')', '}', ';', ',']).is_empty();
    !closing && !bare.starts_with(comment)
}

/// How many lines of code a Rust file has.
pub fn code(text: &str) -> usize {
    text.lines().filter(|line| is_code(line.trim(), "//")).count()
}

/// `3. Wait for the answer.`, if the line is such a comment.
pub fn step(bare: &str, comment: &str) -> Option<String> {
    let sentence = bare.strip_prefix(comment)?.strip_prefix(' ')?;
    let (number, words) = sentence.split_once(". ")?;
    number.parse::<u8>().ok().filter(|_| !words.is_empty())?;
    Some(sentence.to_string())
}

/// `const PORT: u16 = 3500; // Its port.` or `PORT = 3500  # Its port.`: the
/// name, and the value with its comment.
fn constant(bare: &str, comment: &str) -> Option<(String, (String, String))> {
    let bare = bare.strip_prefix("const ").unwrap_or(bare);
    let (code, why) = bare.split_once(comment).unwrap_or((bare, ""));
    let (name, value) = code.split_once(" = ")?;
    let name = name.split(':').next().unwrap_or(name);
    let upper = |c: char| c.is_ascii_uppercase() || c == '_';
    let value = value.trim().trim_end_matches(';').to_string();
    let known = !name.is_empty() && name.chars().all(upper);
    known.then(|| (name.to_string(), (value, why.trim().to_string())))
}

/// The public function that the line begins, if it does. Python's constructor
/// is called `new`, as Rust's is.
fn functions(language: Language, bare: &str, found: &mut Vec<String>) {
    let start = match language {
        Language::Rust => bare.strip_prefix("pub fn "),
        Language::Python => bare.strip_prefix("def "),
    };
    let Some(name) = start.and_then(|s| s.split(['(', '<']).next()) else {
        return;
    };
    match name {
        "__init__" => found.push("new".to_string()),
        name if name.starts_with('_') => {}
        name => found.push(name.to_string()),
    }
}
