//! The runner, as a student meets it, without git and terminal.

mod workshop;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use testbed::{Ended, Program};
use workshop::{Workshop, assert_says, copy};

/// The program.
fn taller() -> Command {
    Command::new(env!("CARGO_BIN_EXE_taller"))
}

/// A workshop of this name. What the exercise's tests are built on is built once
/// for all of them, and copied: then cargo finds it newer than its sources.
fn with_kit(name: &str) -> Workshop {
    static KIT: LazyLock<PathBuf> = LazyLock::new(|| {
        let workshop = Workshop::new("kit");
        let target = workshop.0.join("target/taller");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--target-dir"]).arg(&target);
        let ended = workshop.run(cargo, &["-p", "kit"], &[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        target
    });
    let kit = &*KIT;
    let workshop = Workshop::new(name);
    let target = workshop.0.join("target/taller");
    let _ = fs::remove_file(&target); // An earlier run's: see the doctor's test.
    copy(kit, &target);
    workshop
}

/// Runs `cargo taller ARGS`.
fn run(workshop: &Workshop, args: &[&str]) -> Ended {
    workshop.run(taller(), args, &[])
}

/// The student's `src/lib.rs` is the solution with `old` replaced by `new`.
fn write(workshop: &Workshop, old: &str, new: &str) {
    let solution = workshop.exercise().join("solution/src/lib.rs");
    let text = fs::read_to_string(solution).unwrap();
    assert!(text.contains(old), "{old}");
    let text = text.replacen(old, new, 1);
    fs::write(workshop.exercise().join("src/lib.rs"), text).unwrap();
}

#[test]
fn from_the_stub_to_green() {
    let workshop = with_kit("de cero a verde");
    let taller = |args: &[&str]| run(&workshop, args);
    let list = taller(&[]);
    let state = "[ ] 01-first-one         steps to write: 2";
    assert_says(&list, 1, &[state, "Done: 0 of 1.", "Next: 01"]);
    let _ = fs::remove_dir_all(workshop.0.join("target")); // An earlier run's.
    let stub = taller(&["1"]);
    assert_says(&stub, 1, &["the first time, this takes a moment"]);
    let stub = taller(&["1"]);
    assert!(!stub.stdout.contains("the first time"), "{stub:?}");
    let place = "edit:   exercises/01-first-one/src/lib.rs:9\n";
    let missing = "  step 1 is missing: send the text (replace its `todo!`)\n";
    assert_says(&stub, 1, &["0 of 4 tests pass", missing, place]);
    let not_yet = taller(&["solution", "1"]);
    assert_says(&not_yet, 1, &["not done yet", "--now"]);
    let now = taller(&["1", "--now"]); // It belongs to solution.
    assert_says(&now, 2, &["There is no command: cargo taller 1 --now."]);
    let now = taller(&["solution", "1", "--now"]);
    let (less, more) = ("\n-     todo!(\"step 1", "\n+     s.send_to(");
    assert_says(&now, 0, &[less, more]);

    write(&workshop, "let mut buffer", "let mut buffer: ()");
    let broken = taller(&["first-one"]);
    let words = ["does not compile", "rustc --explain", "cargo taller 01"];
    assert_says(&broken, 1, &words);
    assert!(broken.stderr.contains("error[E"), "{broken:?}");
    assert_says(&taller(&[]), 1, &["does not compile"]);

    write(&workshop, "buffer[..n].to_vec()", "{ let _ = n; buffer.to_vec() }");
    let wrong = taller(&["ex01-first-one"]);
    let place = "edit:   exercises/01-first-one/src/lib.rs:15\n";
    let cause =
        "likely cause     : You gave the whole buffer: only its first n ";
    assert_says(&wrong, 1, &["3 of 4", cause, place]);

    let skip = "kit::skipped(\"no such thing\");\n        for text";
    workshop.change("tests/exercise.rs", "for text", skip);
    workshop.hand_out();
    write(&workshop, "UdpSocket", "UdpSocket");
    let done = taller(&["01"]);
    let run = "/README.md\n  cargo run -p ex01-first-one\n";
    let skipped = "\n        skipped: no such thing\n";
    let compare = "\nCompare:       cargo taller solution 01\n";
    assert_says(&done, 0, &["4 of 4", skipped, "Done!", run, compare]);
    let list = taller(&[]);
    assert_says(&list, 0, &["[x] 01-first-one", "Done: 1 of 1", "Well done"]);
    assert_says(&taller(&["solution", "1"]), 0, &["+++ the solution"]);

    // A copy without solutions does not offer one.
    fs::remove_dir_all(workshop.exercise().join("solution")).unwrap();
    let done = taller(&["01"]);
    assert_says(&done, 0, &["Done!", run]);
    assert!(!done.stdout.contains("Compare"), "{done:?}");
    assert_says(&taller(&["solution", "1"]), 1, &["no solutions"]);
}

#[test]
fn hints_help_and_what_is_not_understood() {
    let workshop = with_kit("pistas y ayuda");
    let first = run(&workshop, &["hint", "01"]);
    assert_says(&first, 0, &["Which function", "cargo taller hint 01 2"]);
    let last = run(&workshop, &["hint", "1", "3"]);
    assert_says(&last, 0, &["What is it, nearly"]);
    assert!(!last.stdout.contains("hint 01 4"));
    for (args, words) in [
        (&["hint"][..], "hint needs the number of an exercise"),
        (&["hint", "1", "4"], "no hint 4: exercise 01 has the hints 1 to 3"),
        (&["hint", "1", "x"], "hints 1 to 3"),
        (&["7"], "There is no exercise 7. There are: 01."),
        (&["é"], "There is no exercise é."),
        (&["--nwo"], "There is no command: cargo taller --nwo.\n"),
        (&["solution"], "cargo taller solution 01"),
        (&["pack"], "pack needs a folder"),
        (&["pakc"], "Did you mean: cargo taller pack?"),
        (
            &["solutoin", "1"],
            "solutoin 1. Did you mean: cargo taller solution?",
        ),
        (&["doctro"], "exercise doctro. Did you mean: cargo taller doctor?"),
        (&["frist-one"], "Did you mean: cargo taller first-one? There"),
        (&["2"], "There is no exercise 2. There are: 01."),
        (&["01", "hint"], "no command: cargo taller 01 hint.\n"),
        (&["one", "two"], "cargo taller hint NN"),
    ] {
        assert_says(&run(&workshop, args), 2, &[words]);
    }
    // What is for authors was not handed out.
    let author = run(&workshop, &["verify"]);
    assert_says(&author, 1, &["nothing for authors"]);
    // Nor is a solution in a copy that `pack` made.
    fs::create_dir_all(workshop.0.join("crates/author")).unwrap();
    fs::remove_dir_all(workshop.exercise().join("solution")).unwrap();
    let author = run(&workshop, &["verify"]);
    assert_says(&author, 1, &["This copy of the workshop has no solutions."]);
    let spanish =
        |args: &[&str]| workshop.run(taller(), args, &[("TALLER_LANG", "es")]);
    assert_says(&spanish(&["--help"]), 0, &["la pista K (hay tres)"]);
    let words = ["por escribir: 2", "Lo que sigue: 01", "README.es.md"];
    assert_says(&spanish(&[]), 1, &words);
    let words = ["falta el paso 1: mandá el texto", "editá: "];
    assert_says(&spanish(&["1"]), 1, &words);
}

#[test]
fn the_doctor_looks_at_what_the_workshop_needs() {
    let workshop = with_kit("el médico");
    let target = workshop.0.join("target/taller");
    run(&workshop, &["1"]); // Its Cargo.lock is its own.
    let doctor = run(&workshop, &["doctor"]);
    let words = [
        "ok    system: ",
        "ok    Rust: rustc 1.",
        "ok    the packages",
        "ok    cargo's folder, ",
        "  room on the disk: ",
        "ok    UDP from this machine to itself",
    ];
    assert_says(&doctor, 0, &words);
    let mut lone = taller();
    let rustc = Path::new(env!("CARGO")).with_file_name("rustc");
    lone.env("PATH", "").env_remove("PYTHON").env("RUSTC", rustc);
    let doctor = workshop.run(lone, &["doctor"], &[]);
    let look = doctor.stdout.contains("LOOK  Python: the Python programs");
    assert!(look || cfg!(windows), "{doctor:?}"); // There `py` is no PATH's.

    // A package that is nowhere; and a file where cargo's folder should be.
    let home = workshop.0.join("empty home");
    fs::create_dir_all(&home).unwrap();
    let own = "[dev-dependencies]\nsocket2.workspace = true\n";
    workshop.change("Cargo.toml", "[dev-dependencies]\n", own);
    fs::remove_dir_all(&target).unwrap();
    run(&workshop, &["doctor"]);
    assert!(!target.exists(), "a first build would not be announced");
    fs::write(&target, "").unwrap();
    let home = home.to_str().unwrap();
    let doctor = workshop.run(taller(), &["doctor"], &[("CARGO_HOME", home)]);
    let words = ["LOOK  the packages", "LOOK  cargo's folder", "is missing"];
    assert_says(&doctor, 1, &words);
    fs::remove_file(&target).unwrap(); // The next run needs the folder.
}

#[test]
fn what_is_not_the_exercise_any_more_is_not_called_done() {
    let workshop = with_kit("otras pruebas");
    write(&workshop, "UdpSocket", "UdpSocket"); // It is right.
    let tests = "tests/exercise.rs";
    let own = fs::read_to_string(workshop.exercise().join(tests)).unwrap();
    for (file, new) in [
        (tests, String::new()),
        (
            tests,
            format!("mod inside {{\n    {}}}\n", own.replace('\n', "\n    ")),
        ),
    ] {
        fs::write(workshop.exercise().join(file), new).unwrap();
        let ended = run(&workshop, &["1"]);
        let words =
            ["no test in it", "git restore exercises/01-first-one/tests"];
        assert_says(&ended, 1, &words);
        assert!(!ended.stdout.contains("Done!"), "{ended:?}");
    }
    // If they do not compile, that is not all that is told.
    fs::write(workshop.exercise().join(tests), "fn step_1(").unwrap();
    let ended = run(&workshop, &["1"]);
    let words = ["does not compile", "not as they were handed out", tests];
    assert_says(&ended, 1, &words);
    fs::write(workshop.exercise().join(tests), &own).unwrap();
    assert_says(&run(&workshop, &["1"]), 0, &["Done!"]);
    for file in [tests, "Cargo.toml", "build.rs", "../../.cargo/config.toml"] {
        let path = workshop.exercise().join(file);
        let old = fs::read_to_string(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let comment = if file.ends_with("rs") { "fn main() {}" } else { "#" };
        let new =
            format!("{}\n{comment}\n", old.as_deref().unwrap_or_default());
        fs::write(&path, new).unwrap();
        let ended = run(&workshop, &["1"]);
        let name = file.trim_start_matches("../");
        assert_says(
            &ended,
            1,
            &["4 of 4", "not as they were handed out", name],
        );
        assert!(!ended.stdout.contains("Done!"), "{ended:?}");
        let list = run(&workshop, &[]);
        let words =
            ["[ ] 01-first-one", "4 of 4 tests passed, but not its own"];
        assert_says(&list, 1, &words);
        match old {
            Ok(old) => fs::write(&path, old).unwrap(),
            Err(_) => fs::remove_file(&path).unwrap(),
        }
    }
    // A package of the student's own is nobody else's matter.
    let manifest = workshop.0.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let more = text.replace("members = [\n", "members = [\n    \"mine\",\n");
    fs::write(&manifest, more).unwrap();
    begin_package(&workshop.0.join("mine"));
    assert_says(&run(&workshop, &["1"]), 0, &["Done!"]);
}

/// Begins a package of the student's own.
fn begin_package(to: &Path) {
    fs::create_dir_all(to.join("src")).unwrap();
    fs::write(to.join("src/main.rs"), "fn main() {}\n").unwrap();
    let manifest = "[package]\nname = \"mine\"\nedition = \"2024\"\n";
    fs::write(to.join("Cargo.toml"), manifest).unwrap();
}

/// The line of the solution that receives.
const WAIT: &str = "let (n, _) = s.recv_from(&mut buffer)?;";

/// Something that the student writes before that line, and words that the runner
/// says of it. Nothing hangs it.
fn told(workshop: &str, cases: &[(&str, &str)]) {
    let workshop = with_kit(workshop);
    for (new, words) in cases {
        let new = format!("{new}\n#[allow(unreachable_code)]\n{WAIT}");
        write(&workshop, WAIT, &new);
        let ended = run(&workshop, &["1"]);
        let fails = "FAIL  step_2_takes_the_bytes\n";
        assert_says(&ended, 1, &[fails, "edit:  ", words]);
    }
}

#[test]
fn what_goes_on_for_ever_is_ended() {
    told(
        "nada se cuelga",
        &[
            ("#[allow(clippy::empty_loop)]\nloop {}", "src/lib.rs:15"),
            ("s.recv_from(&mut buffer)?;", "recv_from"),
            ("loop { println!(\"x\"); eprintln!(\"y\"); }", ""),
            ("std::process::exit(0);", "(is there an `exit`?)"),
        ],
    );
}

#[test]
fn a_thread_that_panics_or_waits_hangs_nothing() {
    let waits = "std::thread::spawn(|| loop { std::thread::park() }).join()";
    let waits = format!("{waits}.unwrap();");
    let panics = "std::thread::spawn(|| panic!(\"boo\")).join().unwrap();";
    let panic = "/src/lib.rs:18\n"; // The line of the panic itself.
    told("hilos", &[(panics, panic), (&waits, "")]);
}

/// What keeps stdout for itself.
const KEEPS: &str = "let _kept = std::io::stdout().lock();\n";

#[test]
fn what_keeps_stdout_and_waits_is_ended() {
    let waits = format!("{KEEPS}loop {{ std::thread::park() }}");
    told("nadie más escribe", &[(&waits, "")]);
}

#[test]
fn plain_cargo_test_does_not_hang() {
    let workshop = with_kit("cargo test");
    let test = |new: &str| {
        write(&workshop, WAIT, &format!("{new}\n{WAIT}"));
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--quiet"]);
        workshop.run(cargo, &["-p", "ex01-first-one"], &[])
    };
    let ended = test("s.recv_from(&mut buffer)?;");
    assert_says(&ended, 101, &["take() ended when a second datagram came"]);
    let ended = test(&format!("{KEEPS}std::mem::forget(_kept);"));
    assert_eq!(ended.code, Some(101), "{ended:?}");
    assert!(ended.stderr.contains("with `println!`"), "{ended:?}");
}

#[test]
fn what_floods_the_screen_is_cut_and_that_is_said() {
    let workshop = with_kit("inundación");
    for new in [
        "panic!(\"{}\", \"ñ\".repeat(9_000_000));",
        "eprintln!(\"{}\", \"y\".repeat(9_000_000)); std::process::exit(0);",
        "let line = \"z\".repeat(999); for _ in 0..999 { eprintln!(\"{line}\"); } std::process::exit(0);",
    ] {
        let dead = "#[allow(unreachable_code)]";
        write(&workshop, WAIT, &format!("{new}\n{dead}\n{WAIT}"));
        let ended = run(&workshop, &["1"]);
        assert_says(&ended, 1, &["FAIL  step_2", "characters more)"]);
        assert!(ended.stdout.len() < 5_000, "{}", ended.stdout.len());
    }
}

#[test]
fn lines_are_as_wide_as_the_terminal() {
    let workshop = with_kit("ancho");
    // A long sentence, of words alone.
    write(
        &workshop,
        "s.send_to(text.as_bytes(), to)?",
        "let _ = (s, text, to)",
    );
    for (set, width) in [("60", 60), ("", 80), ("120", 120)] {
        let ended = workshop.run(taller(), &["1"], &[("COLUMNS", set)]);
        assert_says(&ended, 1, &["what to look at"]);
        let mut lines = ended.stdout.lines();
        let told = lines.by_ref().skip_while(|l| !l.contains("what the test"));
        let told = told.take_while(|line| !line.is_empty());
        let lengths: Vec<_> = told.map(|l| l.chars().count()).collect();
        let (longest, most) = (lengths.iter().max().unwrap(), lengths.len());
        assert!(*longest <= width && *longest + 20 > width, "{ended:?}");
        assert!(most >= 4, "{ended:?}");
    }
}

/// `cargo taller watch ARGS`, running.
fn watch(workshop: &Workshop, args: &[&str]) -> Program {
    let mut watch = taller();
    watch.arg("watch").args(args).current_dir(workshop.exercise());
    watch.env_remove("CARGO_TARGET_DIR").env("TALLER_LANG", "en");
    Program::start("watch", watch)
}

#[test]
fn watch_runs_again_when_a_file_is_saved() {
    let workshop = with_kit("mirar y esperar");
    run(&workshop, &["1"]); // Built before anybody waits.
    let first = watch(&workshop, &["1"]);
    first.wait_for("0 of 4 tests pass");
    first.wait_for("waiting for you");
    // What an editor keeps beside it is no file of the exercise's.
    let swap = workshop.exercise().join("src/.lib.rs.swp");
    fs::write(&swap, "half").unwrap();
    fs::write(swap.with_file_name("lib.rs~"), "old").unwrap();
    write(&workshop, "UdpSocket", "UdpSocket");
    first.wait_for("4 of 4 tests pass");
    let said = first.stop().stdout;
    assert_eq!(said.matches("tests passed\n").count(), 2, "{said}");
    fs::remove_file(&swap).unwrap();

    // An older version is brought back, with its time.
    let first = watch(&workshop, &["1"]);
    first.wait_for("waiting for you");
    let lib = workshop.exercise().join("src/lib.rs");
    write(&workshop, "buffer[..n].to_vec()", "buffer[..n.min(1)].to_vec()");
    let file = fs::File::options().append(true).open(lib).unwrap();
    file.set_modified(
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
    )
    .unwrap();
    first.wait_for("FAIL  step_2");
    first.stop();

    // Without a number: the next that is open, and when it is done, the end.
    let all = watch(&workshop, &[]);
    all.wait_for("waiting for you");
    write(&workshop, "UdpSocket", "UdpSocket");
    all.wait_for("Well done");
    assert_eq!(all.end().code, Some(0));
    assert_says(&run(&workshop, &["watch"]), 0, &["Well done"]);
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
    assert!((100..680).contains(&lines), "{lines}");
}

#[test]
#[cfg(target_os = "linux")] // Where /proc tells who is alive.
fn what_a_students_code_starts_ends_with_the_run_and_holds_nobody_up() {
    let workshop = with_kit("procesos sueltos");
    let mark = workshop.0.join("ids");
    let _ = fs::remove_file(&mark);
    let start = format!(
        "for with in [\"setsid\", \"env\", \"setsid\", \"env\", \"env\"] {{
            let child = std::process::Command::new(with).args([\"sleep\", \"600\"]).spawn();
            let ids = std::fs::File::options().create(true).append(true).open({mark:?});
            std::io::Write::write_all(&mut ids?, format!(\"{{}}\\n\", child?.id()).as_bytes())?;
        }}"
    );
    write(&workshop, WAIT, &format!("{start}\n{WAIT}"));
    assert_says(&run(&workshop, &["1"]), 0, &["4 of 4 tests passed"]);
    let ids = fs::read_to_string(&mark).unwrap();
    assert!(ids.lines().count() >= 5, "{ids}");
    let mut left = Vec::new();
    for _ in 0..600 {
        let alive = |id: &&str| {
            let state = fs::read_to_string(format!("/proc/{id}/stat"));
            state.is_ok_and(|state| !state.contains(") Z "))
        };
        left = ids.lines().filter(alive).collect();
        if left.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(left.is_empty(), "still there: {left:?}");
}
