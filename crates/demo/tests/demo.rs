//! `cargo taller demo`, with the workshop's own programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use testbed::{Ended, PATIENCE, Program, root};

fn demo(args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.args(args).current_dir(root());
    command.env("TALLER_LANG", "en").env("COLUMNS", "80");
    command.env("CARGO_TARGET_DIR", &*BUILT);
    // Before it runs the programs, it builds them.
    let demo = Program::start("cargo taller demo", command);
    let (in_time, ended) = demo.end_within(PATIENCE * 10);
    assert!(in_time, "it does not end: {ended:?}");
    ended
}

/// A folder in which the runner's own target folder is the one of these tests:
/// what it asks for is built already. (On Windows it is built once more.)
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = own.join("demo");
    fs::create_dir_all(&folder).unwrap();
    #[cfg(unix)]
    {
        let link = folder.join("taller");
        let _ = fs::remove_file(&link); // An earlier run's.
        std::os::unix::fs::symlink(own.parent().unwrap(), link).unwrap();
    }
    folder
});

#[test]
fn the_words_stand_beside_the_arrows() {
    let ended = demo(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    let at = |start: &str, end: &str| {
        let mut all = lines.iter();
        let found = all.position(|l| l.contains(start) && l.ends_with(end));
        found.unwrap_or_else(|| panic!("{start}: {ended:?}"))
    };
    let text = "24 B: \"Taller I: Echo sobre UDP\"";
    let there = at(&format!("| {text} ---"), "---> |");
    let back = at("| <---", &format!("--- {text} |"));
    assert!(there < back);
    at("       |      ", "|"); // The server's words, on the right.
    at("       | --> Taller I: Echo sobre UDP", " |");
}

#[test]
fn options_are_the_link_s() {
    let ended = demo(&["udp-echo", "--lose", "300"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let words = "Error: --lose: 300 is not from 0 to 100";
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains(words));
}

/// The link is ended as Ctrl-C ends it, and so it closes its files.
#[test]
fn the_picture_is_written_to_its_end() {
    if cfg!(windows) {
        return testbed::skipped("no Ctrl-C for one program alone on Windows");
    }
    let name = format!("demo{}.svg", std::process::id());
    let file = std::env::temp_dir().join(name);
    let ended = demo(&["udp-echo", "--svg", &file.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let picture = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(picture.matches("Taller I: Echo").count(), 2, "{picture}");
    assert!(picture.ends_with("</svg>\n"), "{picture}");
}

#[test]
fn who_has_no_server_is_told_who_has_one() {
    let ended = demo(&["nope"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let words = "nope has no server. These have: udp-echo daytime-rfc867";
    assert!(ended.stdout.contains(words), "{ended:?}");
}
