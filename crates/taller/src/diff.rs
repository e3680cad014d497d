//! The solution beside the student's own.

use crate::exercise::{Exercise, files, read};
use crate::outcome::{Result, failed};
use crate::run;
use crate::words::{line, said, tell};

/// Shows how to get from the student's files to the solution's, if the
/// student's are right already, or `now`.
pub fn show(exercise: &Exercise, now: bool) -> Result {
    let solution = exercise.folder.join("solution");
    let paths = files(&solution);
    if paths.is_empty() {
        return Err(failed(said!("no solution")));
    }
    let right = |all: Vec<run::TestResult>| all.iter().all(|r| r.passed);
    if !now && !run::results(exercise)?.is_some_and(right) {
        let number = exercise.number();
        return Err(failed(said!("not yet", number, number)));
    }
    for path in paths {
        let name = path.strip_prefix(&solution).unwrap_or(&path);
        tell!("theirs", exercise.shown(&name.to_string_lossy()));
        let own = read(&exercise.folder.join(name));
        for (mark, text) in lines(&own, &read(&path)) {
            line(format!("{mark} {text}"));
        }
    }
    Ok(true)
}

/// The lines of both texts: ' ' in both, '-' in the first, '+' in the second.
fn lines<'a>(one: &'a str, two: &'a str) -> Vec<(char, &'a str)> {
    let [one, two] = [one, two].map(|text| text.lines().collect::<Vec<_>>());
    // How many lines one[i..] and two[j..] have in common, at most.
    let mut common = vec![vec![0; two.len() + 1]; one.len() + 1];
    for i in (0..one.len()).rev() {
        for j in (0..two.len()).rev() {
            let skip = common[i + 1][j].max(common[i][j + 1]);
            let same = one[i] == two[j];
            common[i][j] = if same { common[i + 1][j + 1] + 1 } else { skip };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    loop {
        let (mark, text) = match (one.get(i), two.get(j)) {
            (Some(own), Some(theirs)) if own == theirs => (' ', own),
            // Without it there is as much in common.
            (Some(own), _) if common[i + 1][j] == common[i][j] => ('-', own),
            (_, Some(theirs)) => ('+', theirs),
            _ => return found,
        };
        i += usize::from(mark != '+');
        j += usize::from(mark != '-');
        found.push((mark, *text));
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_is_in_one_and_what_is_in_the_other() {
        let found = lines("a\nb\nc\n", "a\nx\nc\nd\n");
        let shown: Vec<_> =
            found.iter().map(|(m, l)| format!("{m}{l}")).collect();
        assert_eq!(shown, [" a", "-b", "+x", " c", "+d"]);
        assert!(lines("", "").is_empty());
        assert_eq!(lines("a", ""), [('-', "a")]);
        assert_eq!(lines("", "a"), [('+', "a")]);
    }
}
