//! The runner, as a student and as an author meets it: in a small workshop of
//! its own, in a folder with spaces in its name, without git and terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use testbed::{Ended, PATIENCE, Program, skipped};

/// The exercise that the small workshop has.
const NAME: &str = "01-first-socket";

/// Its mistakes that are told without a wait.
const MISTAKES: [&str; 4] =
    ["empty-buffer", "every-address", "fixed-port", "whole-buffer"];

/// Building and running under load takes its time.
const LONG: Duration = PATIENCE.saturating_mul(5);

struct Workshop(PathBuf);

impl Workshop {
    /// A new one, called `name`; `None`, which is said, where the exercise's
    /// solution and mistakes were not handed out.
    fn new(name: &str) -> Option<Workshop> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let real = root.join("exercises").join(NAME);
        if ["solution", "mistakes"].iter().any(|f| !real.join(f).is_dir()) {
            skipped("this copy of the workshop has no solutions");
            return None;
        }
        let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        for folder in ["crates", "exercises"] {
            let _ = fs::remove_dir_all(own.join(folder)); // An earlier run's.
        }
        copy(&root.join("crates/kit"), &own.join("crates/kit"));
        let exercise = Path::new("exercises").join(NAME);
        copy(&root.join(&exercise), &own.join(&exercise));
        for entry in fs::read_dir(own.join(&exercise).join("mistakes")).unwrap()
        {
            let path = entry.unwrap().path();
            if !MISTAKES.iter().any(|name| path.ends_with(name)) {
                fs::remove_dir_all(path).unwrap();
            }
        }
        for file in ["Cargo.lock", "rustfmt.toml"] {
            fs::copy(root.join(file), own.join(file)).unwrap();
        }
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let (_, rest) = manifest.split_once("\n[workspace.package]").unwrap();
        let members = format!("[\"crates/kit\", \"exercises/{NAME}\"]");
        let head =
            format!("[workspace]\nresolver = \"3\"\nmembers = {members}");
        let manifest = format!("{head}\n\n[workspace.package]{rest}");
        fs::write(own.join("Cargo.toml"), manifest).unwrap();
        Some(Workshop(own))
    }

    fn exercise(&self) -> PathBuf {
        self.0.join("exercises").join(NAME)
    }

    /// Runs `cargo taller ARGS` in the exercise's folder.
    fn taller(&self, args: &[&str]) -> Ended {
        self.run(Command::new(env!("CARGO_BIN_EXE_taller")), args, "en")
    }

    fn run(&self, mut command: Command, args: &[&str], lang: &str) -> Ended {
        command.args(args).current_dir(self.exercise().join("src"));
        command.env_remove("CARGO_TARGET_DIR").env("TALLER_LANG", lang);
        command.env("TALLER_SECONDS", "2").env("NO_COLOR", "1");
        command.env_remove("WORKSHOP_PEERS"); // It may skip.
        let program = Program::start("taller", command);
        let (in_time, ended) = program.end_within(LONG);
        assert!(in_time, "{args:?} does not end: {ended:?}");
        ended
    }

    /// `src/lib.rs` of the solution with `old` replaced by `new`.
    fn write(&self, old: &str, new: &str) {
        let solution = self.exercise().join("solution/src/lib.rs");
        let text = fs::read_to_string(solution).unwrap();
        assert!(text.contains(old), "{old}");
        let text = text.replacen(old, new, 1);
        fs::write(self.exercise().join("src/lib.rs"), text).unwrap();
    }
}

/// Copies a folder and what is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            let bytes = fs::read(from).unwrap(); // fs::copy may keep the time.
            fs::write(to, bytes).unwrap();
        }
    }
}

#[track_caller]
fn assert_says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for words in words {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
    assert!(!ended.stdout.contains('\u{1b}'), "colours: {ended:?}");
}

#[test]
fn from_the_stub_to_green() {
    let Some(workshop) = Workshop::new("de cero a verde") else { return };
    let list = workshop.taller(&[]);
    assert_says(
        &list,
        0,
        &["[ ] 01-first-socket      steps to write: 3", "Next: 01"],
    );
    let _ = fs::remove_dir_all(workshop.0.join("target")); // An earlier run's.
    let stub = workshop.taller(&["1"]);
    assert_says(&stub, 1, &["the first time, this takes a moment"]);
    let stub = workshop.taller(&["1"]);
    assert!(!stub.stdout.contains("the first time"), "{stub:?}");
    let place = "edit:   exercises/01-first-socket/src/lib.rs:11\n";
    let missing = "step 2 is missing: make a socket (";
    assert_says(&stub, 1, &["0 of 5 tests pass", missing, place]);
    let not_yet = workshop.taller(&["solution", "1"]);
    assert_says(&not_yet, 1, &["not done yet", "--now"]);
    let now = workshop.taller(&["1", "--now"]); // It belongs to solution.
    assert_says(&now, 2, &["There is no command: cargo taller 1 --now"]);
    let now = workshop.taller(&["solution", "1", "--now"]);
    let (less, more) = ("\n-     todo!(\"step 2", "\n+     UdpSocket::bind");
    assert_says(&now, 0, &[less, more]);

    workshop.write("let mut buffer", "let mut buffer: ()");
    let broken = workshop.taller(&["first-socket"]);
    assert_says(
        &broken,
        1,
        &["does not compile", "rustc --explain", "cargo taller 01"],
    );
    assert!(broken.stderr.contains("error[E"), "{broken:?}");
    assert_says(&workshop.taller(&[]), 0, &["does not compile"]);

    workshop.write("&buffer[..n]", "&buffer[..n.max(9)]");
    let wrong = workshop.taller(&["ex01-first-socket"]);
    let place = "edit:   exercises/01-first-socket/src/lib.rs:20\n";
    assert_says(&wrong, 1, &["3 of 5", "likely cause     : You gave", place]);

    let tests = workshop.exercise().join("tests/exercise.rs");
    let text = fs::read_to_string(&tests).unwrap();
    let skip = "kit::skipped(\"no such thing\");\nexercise(&STEPS";
    fs::write(tests, text.replacen("exercise(&STEPS", skip, 1)).unwrap();
    workshop.write("UdpSocket", "UdpSocket");
    let done = workshop.taller(&["01"]);
    let run = "/README.md\n  cargo run -p ex01-first-socket\nCompare:";
    let skipped = "\n        skipped: no such thing\n";
    assert_says(&done, 0, &["5 of 5", skipped, "Done!", run]);
    let list = workshop.taller(&[]);
    assert_says(&list, 0, &["[x] 01-first-socket", "Well done"]);
    assert_says(&workshop.taller(&["solution", "1"]), 0, &["+++ the solution"]);

    // A copy without solutions does not offer one.
    fs::remove_dir_all(workshop.exercise().join("solution")).unwrap();
    let done = workshop.taller(&["01"]);
    let run = "/README.md\n  cargo run -p ex01-first-socket\nWhat is next:";
    assert_says(&done, 0, &["Done!", run]);
    assert_says(&workshop.taller(&["solution", "1"]), 1, &["no solutions"]);
}

#[test]
fn hints_help_and_what_is_not_understood() {
    let Some(workshop) = Workshop::new("pistas y ayuda") else { return };
    let first = workshop.taller(&["hint", "01"]);
    assert_says(&first, 0, &["What do I write", "cargo taller hint 01 2"]);
    let last = workshop.taller(&["hint", "1", "3"]);
    assert_says(&last, 0, &["&buffer[..n]"]);
    assert!(!last.stdout.contains("hint 01 4"));
    for (args, words) in [
        (&["hint"][..], "hint needs the number of an exercise"),
        (&["hint", "1", "4"], "no hint 4: exercise 01 has the hints 1 to 3"),
        (&["hint", "1", "x"], "hints 1 to 3"),
        (&["7"], "There is no exercise 7. There are: 01."),
        (&["é"], "There is no exercise é."),
        (&["--nwo"], "There is no command: cargo taller --nwo\n"),
        (&["solution"], "cargo taller solution 01"),
        (&["watch"], "cargo taller watch 01"),
        (&["01", "hint"], "no command: cargo taller 01 hint\n"),
        (&["one", "two"], "cargo taller hint NN"),
        (&["demo", "nope"], "nope has no server"),
    ] {
        assert_says(&workshop.taller(args), 2, &[words]);
    }
    let taller = || Command::new(env!("CARGO_BIN_EXE_taller"));
    let help = workshop.run(taller(), &["--help"], "es");
    assert_says(&help, 0, &["la pista K (hay tres)"]);
    let list = workshop.run(taller(), &[], "es");
    assert_says(
        &list,
        0,
        &["por escribir: 3", "Lo que sigue: 01", "README.es.md"],
    );
    let stub = workshop.run(taller(), &["1"], "es");
    assert_says(&stub, 1, &["falta el paso 2: creá un socket", "editá: "]);
    let doctor = workshop.taller(&["doctor"]);
    assert_says(
        &doctor,
        0,
        &["ok    Rust: rustc 1.", "ok    UDP from this machine to itself"],
    );
    let mut lone = taller();
    let rustc = Path::new(env!("CARGO")).with_file_name("rustc");
    lone.env("PATH", "").env_remove("PYTHON").env("RUSTC", rustc);
    let doctor = workshop.run(lone, &["doctor"], "en");
    let look = doctor.stdout.contains("LOOK  Python: the Python programs");
    assert!(look || cfg!(windows), "{doctor:?}"); // There `py` is no PATH's.
}

#[test]
fn nothing_that_a_student_writes_hangs_it() {
    let Some(workshop) = Workshop::new("nada se cuelga") else { return };
    let wait = "let (n, _) = s.recv_from(&mut buffer)?;";
    let stdout = "let _kept = std::io::stdout().lock();\n";
    let (thread, sleep) = ("std::thread::spawn(|| ", "std::thread::park()");
    for (old, new) in [
        (wait, format!("#[allow(clippy::empty_loop)]\nloop {{}}\n{wait}")),
        (wait, format!("s.recv_from(&mut buffer)?;\n{wait}")),
        (
            wait,
            format!("loop {{ println!(\"x\"); eprintln!(\"y\"); }}\n{wait}"),
        ),
        (wait, format!("{thread}panic!(\"boo\")).join().unwrap();\n{wait}")),
        (wait, format!("{thread}loop {{ {sleep} }}).join().unwrap();\n{wait}")),
        (wait, format!("std::process::exit(0);\n{wait}")),
        (wait, format!("{stdout}loop {{ {sleep} }}\n{wait}")),
    ] {
        workshop.write(
            old,
            &new.replace(wait, &format!("#[allow(unreachable_code)]\n{wait}")),
        );
        let ended = workshop.taller(&["1"]);
        assert_says(&ended, 1, &["FAIL  step_4_gives_what_came", "edit:  "]);
    }
    // Plain `cargo test` neither.
    let test = |new: &str| {
        workshop.write(wait, &format!("{new}\n{wait}"));
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--quiet"]);
        workshop.run(cargo, &["-p", "ex01-first-socket"], "en")
    };
    let ended = test("s.recv_from(&mut buffer)?;");
    assert_says(&ended, 101, &["receive() still waits"]);
    let ended = test(&format!("{stdout}std::mem::forget(_kept);"));
    assert_eq!(ended.code, Some(101), "{ended:?}");
    assert!(ended.stderr.contains("with `println!`"), "{ended:?}");
}

#[test]
fn watch_runs_again_when_a_file_is_saved() {
    let Some(workshop) = Workshop::new("mirar y esperar") else { return };
    let mut watch = Command::new(env!("CARGO_BIN_EXE_taller"));
    watch.args(["watch", "1"]).current_dir(workshop.exercise());
    watch.env_remove("CARGO_TARGET_DIR").env("TALLER_LANG", "en");
    let watch = Program::start("watch", watch);
    watch.wait_for("0 of 5 tests pass");
    watch.wait_for("waiting for you");
    workshop.write("UdpSocket", "UdpSocket");
    watch.wait_for("5 of 5 tests pass");
    watch.stop();
}

/// Each change to the small workshop, and what verify must say of it.
#[test]
fn verify_finds_what_is_wrong() {
    let Some(workshop) = Workshop::new("autores y errores") else { return };
    let exercise = workshop.exercise();
    let right = workshop.taller(&["verify"]);
    assert_says(&right, 0, &["01-first-socket      6 copies: ok"]);
    let todo = "todo!(\"step 2: make a socket\")";
    let unused = "let s = 1;\n    todo!(\"step 2: make a socket\")";
    let expect = "mistakes/fixed-port/expect.txt";
    let read = |name: &str| {
        let text = fs::read_to_string(exercise.join(name)).unwrap();
        text.lines().next().unwrap_or_default().to_string()
    };
    let english = &read(expect);
    let other = &read("mistakes/every-address/expect.txt");
    // Each: a file, what is replaced in it (or "-": it goes), what is said.
    let rounds: [&[[&str; 4]]; 5] = [
        &[
            ["README.es.md", "", "-", "README.es.md lacks"],
            ["HINTS.es.md", "", "-", "HINTS.es.md lacks"],
            ["HINTS.md", "\n## The comp", "\nThe comp", "HINTS.md lacks"],
            ["README.md", "minutes", "hours", "README.md lacks \"minutes\""],
            [
                "../../Cargo.toml",
                ", \"exercises/01-first-socket\"",
                "",
                "lacks \"\\\"exercises/01-first-socket",
            ],
            [expect, "es: ", "xx: ", "expect.txt needs en: and es:"],
            ["src/lib.rs", todo, unused, "unused variable"],
            [
                "solution/src/lib.rs",
                "&buffer[..n]",
                "&buffer[..n / 2]",
                "01-first-socket.solution: a test fails",
            ],
        ],
        &[
            [
                "src/lib.rs",
                todo,
                "UdpSocket::bind(\"127.0.0.1:0\")",
                "step_2_opens_a_socket_of_this_machine passes with nothing",
            ],
            [
                "solution/src/lib.rs",
                "s.send_to(text.as_bytes(), to)?;\n    Ok(())",
                "return s.send_to(text.as_bytes(), to).map(|_| ());",
                "clippy::needless_return",
            ],
            [expect, "es: ", "es: No, no: ", "nobody says \"No, no: "],
        ],
        &[
            [
                "src/lib.rs",
                "todo!(\"step 2: ",
                "todo!(\"step 4: ",
                "_of_this_machine does not meet its todo!",
            ],
            ["src/main.rs", "fn main", "fn  main", "rustfmt"],
            [
                "mistakes/fixed-port/src/lib.rs",
                "127.0.0.1:3500",
                "127.0.0.1:0",
                "it passes all tests",
            ],
        ],
        &[
            ["src/lib.rs", "step 2: make", "step 2: open", "step 2 is missing"],
            ["solution/src/lib.rs", "Ok(())", "Ok(7)", "mismatched types"],
            [expect, english, "en: Green.", "nobody says \"Green.\""],
        ],
        &[
            [
                "tests/exercise.rs",
                "fn step_2_",
                "fn two_",
                "not called step_N_",
            ],
            [expect, english, other, "expect the same"],
        ],
    ];
    for round in rounds {
        let mut before = Vec::new();
        for [file, old, new, _] in round {
            let file = exercise.join(file);
            let text = fs::read_to_string(&file).unwrap();
            if *new == "-" {
                fs::remove_file(&file).unwrap();
            } else {
                assert!(text.contains(old), "{old:?}");
                fs::write(&file, text.replacen(old, new, 1)).unwrap();
            }
            before.push((file, text));
        }
        let ended = workshop.taller(&["verify"]);
        assert_says(&ended, 1, &["01-first-socket      6 copies: WRONG"]);
        for [.., words] in round {
            assert_says(&ended, 1, &[words]);
        }
        for (file, text) in before {
            fs::write(file, text).unwrap();
        }
    }
    for folder in ["solution", "mistakes/whole-buffer"] {
        let (folder, away) = (exercise.join(folder), workshop.0.join("away"));
        fs::rename(&folder, &away).unwrap();
        assert_says(&workshop.taller(&["verify"]), 1, &["WRONG"]);
        fs::rename(&away, &folder).unwrap();
    }
    let again = workshop.taller(&["verify"]);
    assert_says(&again, 0, &["All exercises are right."]);
    // The student's own files are as they were.
    let stub = fs::read_to_string(exercise.join("src/lib.rs")).unwrap();
    assert!(stub.contains("todo!(\"step 2: make a socket\")"), "{stub}");
}

/// What the runner's own code is, counted as in the twins: no comments, no
/// blank lines, no closing brackets alone; and no tests.
#[test]
fn it_is_small() {
    let code = |line: &str| {
        let closing = line.trim_matches([']', ')', '}', ';', ',']).is_empty();
        !closing && !line.starts_with("//")
    };
    let mut lines = 0;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(sources).unwrap().flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(entry.path()).unwrap();
            let own = text.split("#[cfg(test)]").next().unwrap();
            lines += own.lines().filter(|line| code(line.trim())).count();
        }
    }
    assert!((100..600).contains(&lines), "{lines}");
}
