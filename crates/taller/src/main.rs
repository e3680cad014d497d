//! `cargo taller`: lists the exercises, runs one, gives hints, and for authors
//! checks them all. It stores nothing: what counts is which tests pass.

mod demo;
mod diff;
mod doctor;
mod exercise;
mod run;
mod verify;
mod words;

use std::process::ExitCode;
use std::time::Duration;
use std::{fs, thread};

use exercise::{Exercise, root};
use pico_args::Arguments;
use words::{line, said, say_line};

/// What went wrong, in a sentence; and the exit status: 1, or 2 for a command
/// that was not understood.
type Result<T = ()> = std::result::Result<T, (u8, String)>;

fn main() -> ExitCode {
    match taller(Arguments::from_env()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err((status, words)) => {
            line!("{words}");
            ExitCode::from(status)
        }
    }
}

/// Does what the command line says; gives whether all is well.
fn taller(mut given: Arguments) -> Result<bool> {
    let help = given.contains(["-h", "--help"]);
    let now = given.contains("--now");
    let mut words = Vec::new();
    for word in given.finish() {
        let word = word.to_string_lossy().into_owned();
        if word.starts_with('-') {
            let why = said!("{word} is unknown.", "{word} no existe.");
            return Err((2, why + "\n\n" + &usage()));
        }
        words.push(word);
    }
    if help {
        line!("{}", usage());
        return Ok(true);
    }
    let root = root()?;
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] => list(&Exercise::all(&root)?),
        ["hint", name] => hint(&Exercise::find(&root, name)?, "1"),
        ["hint", name, which] => hint(&Exercise::find(&root, name)?, which),
        ["solution", name] => diff::show(&Exercise::find(&root, name)?, now),
        ["watch", name] => watch(&Exercise::find(&root, name)?),
        ["demo"] => demo::run(&root, "udp-echo"),
        ["demo", package] => demo::run(&root, package),
        ["doctor"] => doctor::run(),
        ["verify"] => verify::run(&root, &Exercise::all(&root)?),
        ["verify", name] => verify::run(&root, &[Exercise::find(&root, name)?]),
        [name] => run::run(&Exercise::find(&root, name)?),
        _ => Err((2, usage())),
    }
}

fn usage() -> String {
    said!(
        "\
cargo taller               the exercises, and what is next
cargo taller NN            test exercise NN: what is missing, and where
cargo taller hint NN [2]   a hint (of three)
cargo taller solution NN   the solution beside yours, once yours is right
                           (--now: at once)
cargo taller watch NN      test NN again each time you save
cargo taller demo [CRATE]  a server and a client of the workshop, talking
cargo taller doctor        is everything here that the workshop needs?
cargo taller verify [NN]   for authors: are the exercises themselves right?",
        "\
cargo taller               los ejercicios, y cuál sigue
cargo taller NN            probar el ejercicio NN: qué falta, y dónde
cargo taller hint NN [2]   una pista (hay tres)
cargo taller solution NN   la solución junto a la tuya, cuando la tuya funciona
                           (--now: ya mismo)
cargo taller watch NN      probar NN cada vez que guardás
cargo taller demo [CRATE]  un servidor y un cliente del taller, conversando
cargo taller doctor        ¿está todo lo que el taller necesita?
cargo taller verify [NN]   para autores: ¿están bien los propios ejercicios?"
    )
}

/// The exercises, what passes, and what is next.
fn list(all: &[Exercise]) -> Result<bool> {
    say_line!(
        "UDP sockets: exercises in Rust. Each is a folder with a README; its tests\ntell you what is missing.\n",
        "Sockets UDP: ejercicios en Rust. Cada uno es una carpeta con un README; sus\npruebas te dicen qué falta.\n"
    );
    let mut next = None;
    for exercise in all {
        // What has a todo! left cannot pass: so it is not even built.
        let left = exercise.todos();
        let state = if left > 0 {
            said!("{left} to write", "faltan {left}")
        } else {
            match run::results(exercise)? {
                None => said!("does not compile", "no compila"),
                Some(results) => {
                    let good = results.iter().filter(|r| r.passed).count();
                    let all = results.len();
                    said!("{good} of {all} tests", "{good} de {all} pruebas")
                        + if good == all { ": ok" } else { "" }
                }
            }
        };
        let mark = if state.ends_with("ok") { "x" } else { " " };
        if mark == " " && next.is_none() {
            next = Some(exercise);
        }
        line!("  [{mark}] {:<20} {state}", exercise.name);
    }
    line!();
    match next {
        Some(next) => {
            let (folder, number) = (next.shown(""), next.number());
            let readme = said!("README.md", "README.es.md");
            say_line!(
                "Next: {}\n  1. read  {folder}{readme}\n  2. edit  {folder}src/lib.rs\n  3. run   cargo taller {number}",
                "Lo que sigue: {}\n  1. leé      {folder}{readme}\n  2. editá    {folder}src/lib.rs\n  3. ejecutá  cargo taller {number}",
                next.name
            );
        }
        None => {
            say_line!("All done. Well done!", "Están todos. ¡Bien hecho!")
        }
    }
    say_line!(
        "\nTo see a server and a client talk: cargo taller demo\nIs something missing here?         cargo taller doctor\nAll commands:                      cargo taller --help",
        "\nPara ver conversar a un servidor y un cliente: cargo taller demo\n¿Falta algo en esta máquina?                    cargo taller doctor\nTodos los comandos:                             cargo taller --help"
    );
    let set = if cfg!(windows) {
        ["$env:TALLER_LANG = \"es\"", "$env:TALLER_LANG = \"en\""]
    } else {
        ["export TALLER_LANG=es", "export TALLER_LANG=en"]
    };
    let [es, en] = set;
    say_line!("En español: {es}", "In English: {en}");
    Ok(true)
}

/// One of the three hints.
fn hint(exercise: &Exercise, which: &str) -> Result<bool> {
    let file = exercise.folder.join(said!("HINTS.md", "HINTS.es.md"));
    let text = fs::read_to_string(&file).map_err(|e| {
        let file = file.display();
        (1, said!("{file} cannot be read: {e}", "no se puede leer {file}: {e}"))
    })?;
    let hints: Vec<_> = text.split("\n## ").skip(1).collect();
    let which = which.parse().unwrap_or(0);
    let Some(hint) = hints.get(usize::wrapping_sub(which, 1)) else {
        let most = hints.len();
        return Err((
            2,
            said!(
                "There are the hints 1 to {most}.",
                "Hay pistas de la 1 a la {most}."
            ),
        ));
    };
    line!("{}", hint.trim_end());
    let (number, next) = (exercise.number(), which + 1);
    if next <= hints.len() {
        say_line!(
            "\n(The next hint: cargo taller hint {number} {next})",
            "\n(La pista siguiente: cargo taller hint {number} {next})"
        );
    }
    Ok(true)
}

/// Runs the exercise, and again whenever one of its files changes, until
/// Ctrl-C.
fn watch(exercise: &Exercise) -> Result<bool> {
    let mut seen = None;
    loop {
        let now = exercise.saved();
        if seen != Some(now) {
            seen = Some(now);
            run::run(exercise)?;
            say_line!(
                "\n(waiting for you to save; Ctrl-C ends this)",
                "\n(espero a que guardes; con Ctrl-C se termina)"
            );
        }
        thread::sleep(Duration::from_millis(200));
    }
}
