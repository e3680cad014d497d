//! Are an exercise's tests, manifests and settings as they were handed out? A
//! student may change them; but then what passes is not the exercise.
//!
//! `exercises/sums.txt` has the CRC-32 of each such file, a line each. Who changes
//! them for good is an author: `cargo taller verify` writes the sums anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use crate::exercise::{Exercise, entries, files};

/// The file of the sums, from the workshop's folder.
pub const SUMS: &str = "exercises/sums.txt";

/// What all exercises stand on.
const SHARED: [&str; 5] = [
    ".cargo",
    "crates/badlink",
    "crates/kit",
    "crates/kit-macros",
    "crates/testbed",
];

/// Of the files that make the tests of `exercise` what they are, those that are
/// not as they were handed out, from the workshop's folder: changed, missing, or
/// new. All of them, if nothing says how they were.
pub fn changed(exercise: &Exercise) -> Vec<String> {
    let all = differing(&exercise.root).into_iter();
    let matters = |name: &String| match name.strip_prefix("exercises/") {
        Some(part) => {
            // The source is the student's to write.
            let own = part.strip_prefix(&format!("{}/", exercise.name));
            own.is_some_and(|file| !file.starts_with("src/"))
        }
        None => true, // All exercises stand on it.
    };
    all.filter(matters).collect()
}

/// The same for all files that have a sum, the sources too.
pub fn differing(root: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(root.join(SUMS)).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    let pair = |(sum, name): (&str, &str)| (name.into(), sum.into());
    let old: BTreeSet<(String, String)> = lines.map(pair).collect();
    let new = sums(root).into_iter().collect();
    let differ = old.symmetric_difference(&new);
    differ.map(|(name, _sum)| name.clone()).collect()
}

/// Writes the sums anew, of all files or of those of the exercise `only`; gives
/// whether they were others.
///
/// # Errors
/// If the file cannot be written.
pub fn write(root: &Path, only: Option<&Exercise>) -> io::Result<bool> {
    let old = fs::read_to_string(root.join(SUMS)).unwrap_or_default();
    let line = |(name, sum)| format!("{sum}  {name}\n");
    let mut lines: Vec<_> = sums(root).into_iter().map(line).collect();
    if let Some(exercise) = only {
        let its = format!("  exercises/{}/", exercise.name);
        lines.retain(|line| line.contains(&its));
        let others = old.lines().filter(|line| !line.contains(&its));
        lines.extend(others.map(|line| format!("{line}\n")));
        lines.sort_by(|a, b| a[8..].cmp(&b[8..]));
    }
    let new = lines.concat();
    if old != new {
        fs::write(root.join(SUMS), &new)?;
    }
    Ok(old != new)
}

/// The sum of each file that counts, by its name from `root`.
fn sums(root: &Path) -> BTreeMap<String, String> {
    let mut all = vec![root.join("Cargo.toml")];
    for folder in SHARED {
        all.extend(files(&root.join(folder)));
    }
    // Of an exercise, the stub, the tests, and what cargo looks for beside the
    // manifest.
    for folder in entries(&root.join("exercises")).into_values() {
        all.extend(entries(&folder).into_values().filter(|f| f.is_file()));
        all.extend(files(&folder.join("src")));
        all.extend(files(&folder.join("tests")));
    }
    let mut sums = BTreeMap::new();
    for file in all {
        let name = file.strip_prefix(root).unwrap_or(&file);
        let name = name.to_string_lossy().replace('\\', "/");
        let ending = file.extension().unwrap_or_default();
        let counts = ["rs", "toml", "txt"].iter().any(|end| ending == *end);
        if !counts || name == SUMS {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&file) {
            // Lines are lines, however git or an editor ended them. The list of
            // the workspace's members grows when a student begins a package.
            let member = |line: &&str| {
                name == "Cargo.toml" && line.trim_start().starts_with('"')
            };
            let lines = text.lines().filter(|line| !member(line));
            let lines = lines.collect::<Vec<_>>().join("\n");
            sums.insert(name, format!("{:08x}", crc32(lines.as_bytes())));
        }
    }
    sums
}

/// The CRC-32 of zlib and gzip (RFC 1952, section 8), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (low * 0xedb8_8320);
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_sum_is_the_one_that_everybody_means() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
