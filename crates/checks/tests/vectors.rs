//! The teaching crates' own tests: what is pure is tested where it stands, in
//! a `tests.rs`. `cargo test` alone does not see them, for these crates are
//! not in `default-members`; so it starts them here.

use std::process::Command;

use checks::root;
use testbed::output;

#[test]
fn the_crates_tests_of_their_own() {
    let crates = ["daytime-rfc867", "rtt-rfc2681", "zchat"];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--lib"]).current_dir(root());
    cargo.args(crates.iter().flat_map(|name| ["-p", name]));
    let ended = output(&mut cargo).expect("cargo starts");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{said}{words}");
    let ran = said.lines().filter(|line| line.starts_with("test result: ok."));
    let ran = ran.filter(|line| !line.contains(" 0 passed")).count();
    assert_eq!(ran, crates.len(), "{said}");
}
