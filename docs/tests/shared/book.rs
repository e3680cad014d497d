//! The book in `docs/`: the parts of its pages that are made from the
//! workshop's files, and the recorded runs of its programs.
//!
//! A made part stands between two markers, each a line of its own:
//!
//! | marker | what follows it, up to `<!-- end -->` |
//! |---|---|
//! | `<!-- twin: udp-echo server -->` | a program, step by step |
//! | `<!-- functions: rtt-rfc2681 packet -->` | a module, function by function |
//! | `<!-- file: examples/scheme.rs -->` | a whole file |
//! | `<!-- output: NAME -->` | the run NAME of `docs/material/runs.txt`, which a test [`recorded`] |
//!
//! `UPDATE_DOCS=1 cargo test -p checks --test book` makes them anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::twins::{Pair, pairs, step};
use crate::{Language, root};

/// The folders of the book's two languages; the first is the original.
pub const LANGUAGES: [&str; 2] = ["en", "es"];

/// Where a page is: `docs/en/NAME.md`.
pub fn page(language: &str, name: &str) -> PathBuf {
    root().join(format!("docs/{language}/{name}.md"))
}

/// Whether the files under `docs/` shall be written, not compared:
/// `UPDATE_DOCS=1`.
pub fn updating() -> bool {
    env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

/// A page with its made parts as they are now.
///
/// # Errors
/// A sentence: an unknown marker, one without an end, a file that is not
/// there, a step without a Spanish caption.
pub fn made(language: &str, text: &str) -> Result<String, String> {
    between(text, |kind, rest| {
        let words: Vec<_> = rest.split(' ').collect();
        match (kind, &words[..]) {
            ("twin", [package, name]) => twin(language, package, name),
            ("functions", [package, name]) => functions(package, name),
            ("file", [file]) => fenced(&root(), file),
            ("output", [name]) => {
                let (_, run, _) = parted(&read(&root().join(RUNS))?, name);
                let run = run.ok_or(format!("{RUNS} has no {name}"))?;
                Ok(block("text", &run))
            }
            _ => Err(format!("what is {kind}: {rest}?")),
        }
    })
}

/// The first line of the Spanish page that was made from this English one:
/// its CRC-32. Made parts do not count: they change by themselves.
///
/// # Errors
/// A sentence, if a marker has no end.
pub fn stamp(english: &str) -> Result<String, String> {
    let own = between(english, |_, _| Ok(String::new()))?;
    Ok(format!("<!-- en: {:08x} -->", crc32fast::hash(own.as_bytes())))
}

/// The text with `make(kind, rest)` after each marker `<!-- kind: rest -->`.
fn between(
    text: &str,
    make: impl Fn(&str, &str) -> Result<String, String>,
) -> Result<String, String> {
    let mut made = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        made += &format!("{line}\n");
        let marker = line.strip_prefix("<!-- ");
        let marker = marker.and_then(|line| line.strip_suffix(" -->"));
        let Some((kind, rest)) = marker.and_then(|m| m.split_once(": ")) else {
            continue;
        };
        if kind == "en" {
            continue; // The stamp of a Spanish page.
        }
        let part = make(kind, rest).map_err(|e| format!("{line}: {e}"))?;
        made += &format!("\n{part}\n<!-- end -->\n");
        if !lines.any(|line| line == "<!-- end -->") {
            return Err(format!("{line} has no <!-- end -->"));
        }
    }
    Ok(made)
}

/// A file as a block of code.
fn fenced(folder: &Path, file: &str) -> Result<String, String> {
    let path = folder.join(file);
    let kind = match path.extension().and_then(|e| e.to_str()) {
        Some("rs") => "rust",
        Some("py") => "python",
        Some(kind @ ("toml" | "sh" | "lua" | "json" | "c")) => kind,
        _ => "text",
    };
    Ok(block(kind, &read(&path)?))
}

fn block(kind: &str, code: &str) -> String {
    let fence = if code.contains("```") { "````" } else { "```" };
    format!("{fence}{kind}\n{}\n{fence}\n", code.trim_end())
}

fn read(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path);
    text.map_err(|e| format!("{}: {e}", path.display()))
}

fn pair(package: &str, name: &str, program: bool) -> Result<Pair, String> {
    let (pairs, _) = pairs(&root());
    let python = Path::new(package).join("python").join(name);
    let python = python.with_extension("py");
    let found = pairs
        .into_iter()
        .find(|pair| pair.program == program && pair.python.ends_with(&python));
    found.ok_or(format!("{package} has no such twins"))
}

/// `[crates/udp-echo/python/server.py](../../crates/udp-echo/python/server.py)`
fn link(file: &Path) -> String {
    let inside = file.strip_prefix(root()).unwrap_or(file);
    let inside = inside.display().to_string().replace('\\', "/");
    format!("[{inside}](../../{inside})")
}

/// A twin: both files' links, then pairs of a block of Python and one of Rust, each
/// under its caption, if it has one. In any viewer one stands above the other; the
/// site's style sheet makes two columns of them.
fn beside(kind: &str, pair: &Pair, rows: &[(String, [String; 2])]) -> String {
    let links = [&pair.python, &pair.rust].map(|file| link(file));
    let mut parts = vec![links.join("\n") + "\n"];
    for (caption, [python, rust]) in rows {
        let blocks = [block("python", python), block("rust", rust)].join("\n");
        parts.push(match caption.is_empty() {
            true => blocks,
            // Bold, and so no list that begins with a number.
            false => format!("**{caption}**\n\n{blocks}"),
        });
    }
    let part = |part| format!("<div class=\"{kind}\">\n\n{part}\n</div>\n");
    parts.into_iter().map(part).collect::<Vec<_>>().join("\n")
}

/// A program: the head comment, imports and constants, then each step under its
/// sentence.
fn twin(language: &str, package: &str, name: &str) -> Result<String, String> {
    let pair = pair(package, name, true)?;
    let python = steps(Language::Python, &read(&pair.python)?);
    let rust = steps(Language::Rust, &read(&pair.rust)?);
    let spanish = captions()?;
    let mut rows = Vec::new();
    for ((sentence, python), (_, rust)) in python.into_iter().zip(rust) {
        let mut caption = String::new();
        if let Some((number, words)) = sentence.split_once(' ') {
            let words = match language {
                "en" => words,
                _ => spanish.get(words).ok_or(format!(
                    "docs/captions.txt has no Spanish for {words:?}"
                ))?,
            };
            caption = format!("{number} {words}");
        }
        rows.push((caption, [python, rust]));
    }
    Ok(beside("twin", &pair, &rows))
}

/// A module's functions that both languages have under one name.
fn functions(package: &str, name: &str) -> Result<String, String> {
    let pair = pair(package, name, false)?;
    let mut rust = bodies(Language::Rust, &read(&pair.rust)?);
    let mut rows = Vec::new();
    for (name, python) in bodies(Language::Python, &read(&pair.python)?) {
        if let Some(at) = rust.iter().position(|(other, _)| *other == name) {
            let both = [python, rust.remove(at).1];
            rows.push((format!("`{name}`"), both));
        }
    }
    Ok(beside("twin functions", &pair, &rows))
}

/// The functions of a module, without their documentation, from the first column
/// on: name, code. A name has no `_` before it; Python's constructor is `new`.
fn bodies(language: Language, text: &str) -> Vec<(String, String)> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let mut bodies = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let bare = line.trim_start();
        let depth = line.len() - bare.len();
        let name = match language {
            Language::Python => bare.strip_prefix("def "),
            Language::Rust => ["pub fn ", "pub(crate) fn ", "fn "]
                .iter()
                .find_map(|start| bare.strip_prefix(start)),
        };
        let Some(name) = name.and_then(|name| name.split(['(', '<']).next())
        else {
            continue;
        };
        let name = match name {
            "__init__" => "new",
            name => name.trim_start_matches('_'),
        };
        let inside = |line: &str| match language {
            Language::Rust => !line.starts_with(&format!("{:depth$}}}", "")),
            Language::Python => {
                let bare = line.trim_start();
                bare.is_empty()
                    || line.len() - bare.len() > depth
                    || bare.starts_with(')')
            }
        };
        let end = lines[at..].iter().position(|line| !inside(line));
        let mut end = end.map_or(lines.len(), |end| at + end);
        if language == Language::Rust {
            end = (end + 1).min(lines.len()); // Its closing bracket.
        }
        let mut code = String::new();
        let mut documented = false;
        for line in &lines[at - 1..end] {
            let marks = line.matches("\"\"\"").count();
            if marks == 0 && !documented {
                code += &format!("{}\n", line.get(depth..).unwrap_or_default());
            }
            documented ^= marks == 1;
        }
        bodies.push((name.to_string(), code.trim_end().to_string()));
        at = end;
    }
    bodies
}

/// What stands before the first step, then each step: its sentence, its code.
fn steps(language: Language, text: &str) -> Vec<(String, String)> {
    let comment = if language == Language::Rust { "//" } else { "#" };
    let mut steps = vec![(String::new(), String::new())];
    for line in text.lines() {
        if let Some(sentence) = step(line.trim(), comment) {
            steps.push((sentence, String::new()));
        } else if let Some((_, code)) = steps.last_mut() {
            *code += &format!("{line}\n");
        }
    }
    steps
}

/// The steps' sentences in Spanish, without their numbers:
/// `docs/captions.txt`.
///
/// # Errors
/// A sentence, if the file is not as its first lines say.
pub fn captions() -> Result<BTreeMap<String, String>, String> {
    let text = read(&root().join("docs/captions.txt"))?;
    let mut captions = BTreeMap::new();
    for entry in text.split("\n\n").skip(1) {
        let both = entry.trim().split_once("\nes: ");
        let both =
            both.and_then(|(en, es)| Some((en.strip_prefix("en: ")?, es)));
        let (en, es) = both.ok_or(format!("docs/captions.txt: {entry:?}"))?;
        captions.insert(en.to_string(), es.to_string());
    }
    Ok(captions)
}

/// All recorded runs, in order: each below a line `== NAME`.
const RUNS: &str = "docs/material/runs.txt";

/// The run `name`, if there is one; what stands before it, and behind.
fn parted(runs: &str, name: &str) -> (String, Option<String>, String) {
    let (mut before, mut behind) = (String::new(), String::new());
    let mut found = None;
    for (number, part) in runs.split("\n== ").enumerate() {
        let (title, run) = part.split_once('\n').unwrap_or((part, ""));
        match () {
            _ if number == 0 => before += part,
            _ if title == name => found = Some(run.to_string()),
            _ if title < name => before += &format!("\n== {part}"),
            _ => behind += &format!("\n== {part}"),
        }
    }
    (before, found, behind)
}

/// A run that a page shows, compared with the one of this name in
/// `docs/material/runs.txt`; if it differs, it is written there with
/// `UPDATE_DOCS=1`. What may differ from run to run counts as equal: every
/// number, and how many blanks stand in a row.
///
/// # Panics
/// If it differs and is not to be written; the lines are shown.
pub fn recorded(name: &str, text: &str) {
    recorded_as(name, text, str::to_string);
}

/// As [`recorded`], where more may differ: two texts that `plain` makes equal
/// are.
///
/// # Panics
/// As [`recorded`].
pub fn recorded_as(name: &str, text: &str, plain: impl Fn(&str) -> String) {
    // Others record at the same time, each its own.
    let path = root().join(RUNS);
    let lock = File::open(&path).expect("there are recorded runs");
    lock.lock().expect("they can be locked");
    let runs = read(&path).expect("they can be read");
    let (before, run, behind) = parted(&runs, name);
    let old = run.unwrap_or_default();
    let Some(difference) = difference(&plain(&old), &plain(text)) else {
        return;
    };
    refuse_unless_updating(&format!("{RUNS}, {name},"), &difference);
    let new = format!("{before}\n== {name}\n{}\n{behind}", text.trim_end());
    fs::write(&path, new).expect("docs/material can be written");
}

/// The file `docs/material/FILE`, which is to be as `text` is: if there is a
/// `difference` between the old text and the new, it is written with
/// `UPDATE_DOCS=1`.
///
/// # Panics
/// If there is one and it is not to be written.
pub fn kept(
    file: &str,
    text: &str,
    difference: impl Fn(&str, &str) -> Option<String>,
) {
    let path = root().join("docs/material").join(file);
    let old = fs::read_to_string(&path).unwrap_or_default();
    let Some(difference) = difference(&old, text) else { return };
    refuse_unless_updating(&format!("docs/material/{file}"), &difference);
    fs::write(&path, text).expect("docs/material can be written");
}

/// Fails, unless what differs shall be written.
fn refuse_unless_updating(what: &str, difference: &str) {
    assert!(
        updating(),
        "{what} (-) is not what came now (+):\n{difference}\n\
         UPDATE_DOCS=1 writes it anew."
    );
}

/// How a new run differs from the recorded one: the lines that are not alike.
pub fn difference(old: &str, new: &str) -> Option<String> {
    let mut difference = String::new();
    let (mut old_lines, mut new_lines) = (old.lines(), new.lines());
    loop {
        let (old, new) = (old_lines.next(), new_lines.next());
        if old.is_none() && new.is_none() {
            break;
        }
        if old.map(alike) == new.map(alike) {
            continue;
        }
        for (sign, line) in [('-', old), ('+', new)] {
            if let Some(line) = line {
                difference += &format!("{sign} {line}\n");
            }
        }
    }
    (!difference.is_empty()).then_some(difference)
}

/// The line with each number as 0, and each row of blanks as one.
fn alike(line: &str) -> String {
    let mut alike = String::new();
    for c in line.trim_end().chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(alike.ends_with(c) && (c == '0' || c == ' ')) {
            alike.push(c);
        }
    }
    alike
}
