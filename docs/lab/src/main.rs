//! Answers on stdout what it is asked on stdin, as the page's lab does: so the
//! two can be compared. A question has three lines, an answer one.
//!
//! Run: printf 'run\nseed=7&lose=30&lines=3\n\n' | cargo run -p lab

use std::io::{self, Write, stdin, stdout};

fn main() -> io::Result<()> {
    let mut lines = stdin().lines();
    while let Some(first) = lines.next() {
        let mut question = first?;
        for line in lines.by_ref().take(2) {
            question += "\n";
            question += &line?;
        }
        writeln!(stdout(), "{}", lab::answer::answer(&question))?;
    }
    Ok(())
}
