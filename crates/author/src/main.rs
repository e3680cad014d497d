//! For authors of exercises, started by `cargo taller`: `verify` checks that the
//! exercises are right, `mutants` judges what their tests say, `new` begins one; and for
//! teachers: `pack` makes a copy to hand out.

mod mistakes;
mod mutants;
mod new;
mod operators;
mod pack;
mod source;
mod variants;
mod verify;
mod words;

use std::env;
use std::process::ExitCode;

use taller::exercise::{Exercise, root};
use taller::outcome::{Result, ended, misused};

const USAGE: &str = "\
cargo taller verify [NN]          are the exercises right?
cargo taller mutants [NN] [--all] what are changed solutions told? (--all: each)
cargo taller new NN NAME          begin an exercise
cargo taller pack FOLDER          a copy for students, and FOLDER.zip";

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    ended(command(&words.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn command(words: &[&str]) -> Result {
    let root = root()?;
    let all = words.contains(&"--all");
    let rest: Vec<_> =
        words.iter().filter(|w| **w != "--all").copied().collect();
    let of = |names: &[&str]| match names {
        [] => Ok(Exercise::all(&root)),
        names => names.iter().map(|name| Exercise::find(&root, name)).collect(),
    };
    match rest[..] {
        ["verify", ref names @ ..] if !all => verify::run(&of(names)?),
        ["mutants", ref names @ ..] => mutants::run(&of(names)?, all),
        ["pack", folder] if !all && !folder.starts_with('-') => {
            pack::run(&root, folder)
        }
        ["new", number, name] if !all => new::run(&root, number, name),
        _ => Err(misused(USAGE)),
    }
}
