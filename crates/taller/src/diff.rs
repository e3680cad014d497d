//! The solution beside the student's own.

use std::fs;

use crate::exercise::{Exercise, files};
use crate::words::{line, said};
use crate::{Result, run};

/// Shows how to get from the student's files to the solution's, if the
/// student's are right already, or `now`.
pub fn show(exercise: &Exercise, now: bool) -> Result<bool> {
    let number = exercise.number();
    let solution = exercise.folder.join("solution");
    if !solution.is_dir() {
        return Err((
            1,
            said!(
                "This copy of the workshop has no solutions.",
                "Esta copia del taller no trae las soluciones."
            ),
        ));
    }
    let done = || {
        let results = run::results(exercise)?;
        Ok(results.is_some_and(|all| all.iter().all(|r| r.passed)))
    };
    if !now && !done()? {
        return Err((
            1,
            said!(
                "Yours is not done yet: cargo taller {number}\nTo see the solution all the same: cargo taller solution {number} --now",
                "El tuyo no está listo todavía: cargo taller {number}\nPara ver la solución igual: cargo taller solution {number} --now"
            ),
        ));
    }
    for theirs in files(&solution) {
        let name = theirs.strip_prefix(&solution).unwrap_or(&theirs);
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let own = read(exercise.folder.join(name));
        let theirs = read(theirs.clone());
        line!("--- {}", exercise.shown(&name.display().to_string()));
        line!("+++ {}", said!("the solution", "la solución"));
        for (mark, text) in lines(&own, &theirs) {
            line!("{mark} {text}");
        }
    }
    Ok(true)
}

/// The lines of both texts: ' ' in both, '-' in the first, '+' in the second.
pub fn lines<'a>(one: &'a str, two: &'a str) -> Vec<(char, &'a str)> {
    let (one, two): (Vec<_>, Vec<_>) =
        (one.lines().collect(), two.lines().collect());
    // How many lines one[i..] and two[j..] have in common, at most.
    let mut common = vec![vec![0; two.len() + 1]; one.len() + 1];
    for i in (0..one.len()).rev() {
        for j in (0..two.len()).rev() {
            common[i][j] = if one[i] == two[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < one.len() || j < two.len() {
        if i < one.len() && j < two.len() && one[i] == two[j] {
            found.push((' ', one[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == two.len()
            || (i < one.len() && common[i + 1][j] >= common[i][j + 1])
        {
            found.push(('-', one[i]));
            i += 1;
        } else {
            found.push(('+', two[j]));
            j += 1;
        }
    }
    found
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
