//! A small workshop for the tests of the runner, and of the authors' program:
//! in a folder with spaces in its name, with one exercise, which is what
//! `cargo taller new` begins.

#[allow(dead_code)] // The template alone is used here.
#[path = "../../../author/src/new.rs"]
mod new;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use taller::handed_out;
use testbed::{Ended, PATIENCE, Program};

/// Its exercise.
pub const NAME: &str = "01-first-one";

/// Building and running under load takes its time.
const LONG: Duration = PATIENCE.saturating_mul(5);

/// Where it is.
pub struct Workshop(pub PathBuf);

impl Workshop {
    /// A new one, called `name`.
    pub fn new(name: &str) -> Workshop {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        for folder in ["crates", "exercises", "docs"] {
            let _ = fs::remove_dir_all(own.join(folder)); // An earlier run's.
        }
        for name in ["kit", "kit-macros", "testbed"] {
            let name = Path::new("crates").join(name);
            copy(&root.join(&name), &own.join(&name));
        }
        for file in ["Cargo.lock", "rustfmt.toml"] {
            fs::copy(root.join(file), own.join(file)).unwrap();
        }
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let (_, rest) = manifest.split_once("\n[workspace.package]").unwrap();
        let head = format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\n    \"crates/kit\",\n    \
             \"crates/testbed\",\n    \"exercises/{NAME}\",\n]\n"
        );
        let manifest = format!("{head}\n[workspace.package]{rest}");
        fs::write(own.join("Cargo.toml"), manifest).unwrap();
        let workshop = Workshop(own);
        workshop.fill();
        workshop.hand_out();
        workshop
    }

    /// As it is now, it counts as handed out.
    pub fn hand_out(&self) {
        handed_out::write(&self.0, None).unwrap();
    }

    /// Writes its exercise, with nothing left to write. The book lists it.
    fn fill(&self) {
        let (number, name) = NAME.split_once('-').unwrap();
        for (file, text) in new::template(number, name) {
            let file = self.exercise().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let text = text.replace("(to be written)", "Something");
            fs::write(file, text.replace("(falta escribir)", "Algo")).unwrap();
        }
        for language in ["en", "es"] {
            let folder = self.0.join("docs").join(language);
            fs::create_dir_all(&folder).unwrap();
            let row = format!("| [01](../../exercises/{NAME}/README.md) |\n");
            fs::write(folder.join("exercises.md"), row).unwrap();
        }
    }

    /// The folder of its exercise.
    pub fn exercise(&self) -> PathBuf {
        self.0.join("exercises").join(NAME)
    }

    /// Runs a command in a folder of the exercise; by `change`, otherwise than
    /// a student in a classroom would.
    pub fn run(
        &self,
        mut command: Command,
        args: &[&str],
        change: &[(&str, &str)],
    ) -> Ended {
        command.args(args).current_dir(self.exercise().join("src"));
        command.env_remove("CARGO_TARGET_DIR").env("TALLER_LANG", "en");
        command.env("TALLER_SECONDS", "2").env("NO_COLOR", "1");
        command.env_remove("WORKSHOP_PEERS").env_remove("COLUMNS");
        command.envs(change.iter().copied());
        let program = Program::start("taller", command);
        let (in_time, ended) = program.end_within(LONG);
        assert!(in_time, "{args:?} does not end: {ended:?}");
        ended
    }

    /// Changes a file of the exercise, where `old` must stand; gives what it
    /// held.
    pub fn change(&self, file: &str, old: &str, new: &str) -> String {
        let file = self.exercise().join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "no {old:?} in {}", file.display());
        fs::write(&file, text.replacen(old, new, 1)).unwrap();
        text
    }
}

/// Copies a folder and what is in it.
pub fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let to = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let bytes = fs::read(&file).unwrap(); // fs::copy may keep the time.
        fs::write(to, bytes).unwrap();
    }
}

/// The files in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let all = |p: PathBuf| if p.is_dir() { files(&p) } else { vec![p] };
    entries.flat_map(|entry| all(entry.path())).collect()
}

/// That a program ended with this code, and said all these words, in black and
/// white.
#[track_caller]
pub fn assert_says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for words in words {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
    assert!(!ended.stdout.contains('\u{1b}'), "colours: {ended:?}");
}
