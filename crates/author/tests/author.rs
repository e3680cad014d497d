//! The authors' program, in a small workshop.

#[path = "../../taller/tests/workshop/mod.rs"]
mod workshop;

use std::fs;
use std::path::Path;
use std::process::Command;

use testbed::Ended;
use workshop::{NAME, Workshop, assert_says};

/// Runs `cargo taller ARGS`, as the runner does for authors.
fn author(workshop: &Workshop, args: &[&str]) -> Ended {
    let author = Command::new(env!("CARGO_BIN_EXE_author"));
    workshop.run(author, args, &[])
}

/// Each change to the exercise, and what verify must say of it: a file, what is
/// replaced in it, by what, and the words. Those of a round do not hide each
/// other.
const ROUNDS: [&[[&str; 4]]; 4] = [
    &[
        ["README.md", "minutes", "hours", "README.md lacks \"minutes\""],
        [
            "README.md",
            "<details><summary>How",
            "<summary>How",
            "README.md has 2 hints in its last section: 3, each in <details>",
        ],
        [
            "README.es.md",
            "\n## Pistas",
            "\n## Pistas para 01",
            "README.es.md lacks \"\\n## Pistas\\n\"",
        ],
        [
            "README.es.md",
            "## Para pensar",
            "Para pensar",
            "README.es.md has other headings than README.md",
        ],
        [
            "README.es.md",
            "Algo",
            "(falta escribir)",
            "README.es.md is still to be written",
        ],
        [
            "Cargo.toml",
            "name = \"ex01-first-one\"",
            "name = \"ex01-first-two\"",
            "Cargo.toml names the package \"ex01-first-two\": it is \"ex01-first-one\"",
        ],
        [
            "../../docs/es/exercises.md",
            "01-first-one",
            "01-first",
            "docs/es/exercises.md lacks",
        ],
        [
            "src/lib.rs",
            "/// 2. Take one datagram: its bytes.",
            "/// 2. Take one datagram.",
            "a comment is not in both",
        ],
        [
            "src/main.rs",
            "fn main",
            "fn  main",
            "rustfmt --check is not content with",
        ],
        [
            "tests/words.txt",
            "es: mandó {}, llamó",
            "es: llamó",
            "[called take] has not as many gaps",
        ],
        [
            "tests/words.txt",
            "[does not end]",
            "[does never end]",
            "words.txt lacks [does not end]",
        ],
        [
            "tests/words.txt",
            "en: take one datagram\n",
            "en: take two datagrams\n",
            "words.txt lacks the caption of step 2: take one datagram from {s:?}",
        ],
        [
            "mistakes.md",
            "-    let mut buffer = [0; BYTES];",
            "-    let mut buffers = 1;",
            "small buffer: 0 places in the solution",
        ],
    ],
    &[
        [
            "src/lib.rs",
            "todo!(\"step 1",
            "let one = 1;\n    todo!(\"step 1",
            "stub: it compiles with warnings:",
        ],
        [
            "src/lib.rs",
            "todo!(\"step 2: ",
            "todo!(\"step 1: ",
            "step_2_takes_the_bytes does not meet its todo!",
        ],
        [
            "solution/src/lib.rs",
            "buffer[..n].to_vec()",
            "buffer[..n / 2].to_vec()",
            "solution: a test fails: step_2_takes_the_bytes",
        ],
        [
            "tests/words.txt",
            "[called take]",
            "[nobody's]\nen: one two three\nes: uno dos tres\n[called take]",
            "no test says [nobody's]",
        ],
        [
            "mistakes.md",
            "## whole buffer",
            "## another name",
            "words.txt has no likely cause [another name]",
        ],
    ],
    &[
        [
            "src/lib.rs",
            "    todo!(\"step 2: take one datagram from {s:?}\")",
            "    s.recv(&mut [])?;\n    Ok(Vec::new())",
            "step_2_gives_the_error passes with nothing written",
        ],
        [
            "tests/exercise.rs",
            "fn step_1_gives",
            "fn gives",
            "some tests are not called step_N_",
        ],
        [
            "solution/src/lib.rs",
            "    s.send_to(text.as_bytes(), to)?;\n    Ok(())",
            "    s.send_to(text.as_bytes(), to)?;\n    return Ok(());",
            "clippy::needless_return",
        ],
        [
            "mistakes.md",
            "[0; 512]",
            "[0; BYTES + 0]",
            "small buffer: it passes all tests",
        ],
        [
            "mistakes.md",
            "{text}\\n",
            "{text}!",
            "adds an end of line: the first test that fails, step_1_sends_the_text, says something else",
        ],
        [
            "mistakes.md",
            "+    let _ = n;",
            "+    let _ = m;",
            "whole buffer: error[E0425]",
        ],
        [
            "tests/words.txt",
            "recv_from` takes one.\n",
            "XX",
            "[takes a second one] is not en: and es:",
        ],
        [
            "mistakes.md",
            "## takes a second one",
            "## small buffer",
            "mistakes.md has no \"takes a second one\", a likely cause",
        ],
    ],
    &[
        [
            "tests/words.txt",
            "un `recv_from` toma uno.\n",
            "un `recv_from` toma uno.\nstep: 1\n",
            "takes a second one: the student is sent to \"send\", which is not what is changed",
        ],
        [
            "mistakes.md",
            "## keeps the error",
            "## Keeps",
            "mistakes.md has no \"keeps the error\"",
        ],
    ],
];

#[test]
fn verify_finds_what_is_wrong() {
    let workshop = Workshop::new("autores y errores");
    let right = author(&workshop, &["verify"]);
    let words =
        ["01-first-one         6 mistakes: ok", "All exercises are right."];
    assert_says(&right, 0, &words);
    for round in ROUNDS {
        let mut before = Vec::new();
        for [file, old, new, _] in round {
            before.push((file, workshop.change(file, old, new)));
        }
        let ended = author(&workshop, &["verify", "1"]);
        let words: Vec<_> = round.iter().map(|[.., words]| *words).collect();
        assert_says(&ended, 1, &words);
        assert_says(&ended, 1, &["WRONG", "Something is wrong"]);
        for (file, text) in before.into_iter().rev() {
            fs::write(workshop.exercise().join(file), text).unwrap();
        }
    }
    // Where the place is another one, for a reason that is said.
    let step = "un `recv_from` toma uno.\nstep: 1\n";
    workshop.change("tests/words.txt", "un `recv_from` toma uno.\n", step);
    let named =
        "## takes a second one\n\nNamed: `send`, because a test says so.\n";
    workshop.change("mistakes.md", "## takes a second one\n", named);
    assert_says(&author(&workshop, &["verify"]), 0, &["ok"]);
    // The student's own files are as they were.
    let stub = fs::read_to_string(workshop.exercise().join("src/lib.rs"));
    assert!(stub.unwrap().contains("todo!(\"step 2: take one datagram"));
}

#[test]
fn new_begins_an_exercise_which_works() {
    let workshop = Workshop::new("uno nuevo");
    for (args, code, words) in [
        (&["new", "1", "x"][..], 2, "a number of two digits"),
        (&["new", "02", "Big_Name"], 2, "small letters"),
        (&["new", "01", "again"], 1, "there is an exercise 01 already"),
        (&["new", "02", "the-next"], 0, "cargo taller verify 02"),
    ] {
        assert_says(&author(&workshop, args), code, &[words]);
    }
    let read = |file: &str| fs::read_to_string(workshop.0.join(file)).unwrap();
    let members =
        format!("\"exercises/{NAME}\",\n    \"exercises/02-the-next\",\n]");
    assert!(read("Cargo.toml").contains(&members));
    for page in ["docs/en/exercises.md", "docs/es/exercises.md"] {
        let rows: Vec<_> = read(page).lines().map(String::from).collect();
        assert!(rows[1].starts_with("| [02 the-next]("), "{rows:?}");
    }
    // Nothing is wrong with it but that it is not written.
    let ended = author(&workshop, &["verify", "02"]);
    assert_says(&ended, 1, &["02-the-next          6 mistakes: WRONG"]);
    let wrong = ended.stdout.lines().filter(|line| line.starts_with("  "));
    let written = |line: &&str| !line.ends_with("still to be written");
    assert_eq!(wrong.filter(written).count(), 0, "{ended:?}");
}

#[test]
fn mutants_says_what_passes_and_where_the_others_are_looked_for() {
    let found = testbed::output(Command::new("cargo-mutants").arg("--version"));
    let workshop = Workshop::new("mutantes");
    if found.is_err() {
        let ended = author(&workshop, &["mutants"]);
        return assert_says(&ended, 1, &["cargo install cargo-mutants"]);
    }
    let ended = author(&workshop, &["mutants", "1"]);
    let row = "| 01-first-one | 13 | 0 | 0 | 0 (0.0 %) | 13 | 13 (100.0 %) |";
    assert_says(&ended, 0, &[row]);
    // A test less: what it alone found passes, and is shown.
    workshop.change(
        "tests/exercise.rs",
        "#[kit::test]\nfn step_1_gives",
        "fn gives",
    );
    let ended = author(&workshop, &["mutants", "1"]);
    let name = "send: drop ? in s.send_to(text.as_bytes(), to)?;";
    let passes = format!("  passes: {name}\n      -    s.send_to(");
    assert_says(&ended, 1, &[&passes]);
    // Somebody looked at it, and says why it is right.
    let page = "\n## Right after all\n\n- `send: drop ? in s.send_to(text.as_bytes(),\n  to)?;`: nobody asks.\n- `gone`: it was.\n\n## takes a second";
    workshop.change("mistakes.md", "\n## takes a second", page);
    let ended = author(&workshop, &["mutants", "1", "--all"]);
    assert!(!ended.stdout.contains(&passes), "{ended:?}");
    let words =
        ["no mutant is called \"gone\"", "  told: take: ", "edit: take"];
    assert_says(&ended, 1, &words);
}

/// Runs git in `folder`; gives what it wrote.
fn git(folder: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@localhost"]);
    let ended = testbed::output(git.args(args).current_dir(folder)).unwrap();
    assert!(ended.status.success(), "{args:?}: {ended:?}");
    String::from_utf8(ended.stdout).unwrap()
}

/// What the workshop's exercise is called in a copy of it.
const LIB: &str = "exercises/01-first-one/src/lib.rs";

#[test]
fn a_copy_to_hand_out_has_no_solution_not_even_in_its_history() {
    let workshop = Workshop::new("la clase que viene");
    let copy = workshop.0.join("para la comisión");
    let zip = workshop.0.join("para la comisión.zip");
    let _ = fs::remove_dir_all(&copy);
    let _ = fs::remove_file(&zip);
    let _ = fs::remove_dir_all(workshop.0.join(".git"));
    let folder = copy.to_str().unwrap();
    fs::write(workshop.0.join(".gitignore"), "/target/\n").unwrap();
    // It has a package from elsewhere.
    let own = "[dependencies]\nsocket2.workspace = true\n\n[dev-dep";
    workshop.change("Cargo.toml", "[dev-dep", own);
    workshop.hand_out();
    let stub = fs::read_to_string(workshop.0.join(LIB)).unwrap();

    // The files as they are would tell what somebody has begun to write.
    let half =
        stub.replace("todo!(\"step 1", "let half = 1;\n    todo!(\"step 1");
    fs::write(workshop.0.join(LIB), &half).unwrap();
    let ended = author(&workshop, &["pack", folder]);
    assert_says(&ended, 1, &["no git repository here", LIB, "fresh clone"]);
    assert!(!copy.exists(), "a half copy");

    // What is committed does not.
    fs::write(workshop.0.join(LIB), &stub).unwrap();
    git(&workshop.0, &["init", "-q"]);
    git(&workshop.0, &["add", "--all"]);
    git(&workshop.0, &["commit", "-qm", "one"]);
    git(&workshop.0, &["commit", "-q", "--allow-empty", "-m", "two"]);
    fs::write(workshop.0.join(LIB), &half).unwrap();
    let settings = workshop.0.join("settings of git");
    let ignored = workshop.0.join("ignored");
    fs::write(&ignored, "*.orig\n").unwrap();
    let text = format!("[core]\n\texcludesFile = {ignored:?}\n");
    fs::write(&settings, text).unwrap();
    let settings = [("GIT_CONFIG_GLOBAL", settings.to_str().unwrap())];
    let pack = Command::new(env!("CARGO_BIN_EXE_author"));
    let slash = format!("{folder}/"); // As a shell completes it.
    let ended = workshop.run(pack, &["pack", &slash], &settings);
    let words = ["what is committed", "para la comisión: ", "Rust 1.88"];
    assert_says(&ended, 0, &words);
    assert!(!copy.join(".zip").exists(), "the zip is in itself");
    assert!(!copy.join("target").exists(), "what proved it is left");
    assert_eq!(fs::read_to_string(copy.join(LIB)).unwrap(), stub);
    if testbed::output(&mut testbed::python()).is_ok() {
        assert!(zip.exists(), "no zip file: {ended:?}");
    } else {
        testbed::skipped("there is no Python here, which makes the zip file");
    }
    let names = git(&copy, &["log", "--all", "--format=", "--name-only"]);
    assert!(names.contains(LIB), "{names}");
    let orig = ".vendor/socket2/Cargo.toml.orig";
    assert!(names.contains(orig), "{names}"); // What the teacher's git ignores.
    for hidden in ["solution", "mistakes"] {
        assert!(!names.contains(hidden), "{names}");
        assert!(!copy.join("exercises/01-first-one").join(hidden).exists());
    }
    assert_eq!(git(&copy, &["rev-list", "--all", "--count"]), "1\n");
    fs::write(copy.join(LIB), "all lost").unwrap();
    git(&copy, &["restore", LIB]);
    assert_eq!(fs::read_to_string(copy.join(LIB)).unwrap(), stub);
    let again = author(&workshop, &["pack", folder]);
    assert_says(&again, 1, &["is there already"]);

    // A copy of the copy, which is a student's; without a network.
    let (second, home) = (format!("{folder} 2"), workshop.0.join("no home"));
    let _ = fs::remove_dir_all(&second);
    let _ = fs::remove_file(format!("{second}.zip"));
    let pack = Command::new(env!("CARGO_BIN_EXE_author"));
    let settings =
        [("CARGO_HOME", home.to_str().unwrap()), ("CARGO_NET_OFFLINE", "true")];
    let ended = Workshop(copy.clone()).run(pack, &["pack", &second], &settings);
    assert_says(&ended, 0, &["para la comisión 2: "]);
    assert_eq!(git(Path::new(&second), &["status", "--porcelain"]), "");

    // Of a committed answer nothing is handed out either.
    git(&workshop.0, &["commit", "-qam", "half"]);
    let other = format!("{folder} bis");
    let ended = author(&workshop, &["pack", &other]);
    assert_says(&ended, 1, &[LIB, "fresh clone"]);
    assert!(!Path::new(&other).exists(), "a half copy");
}
