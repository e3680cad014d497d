//! Broken programs, one fault each, in three languages: each is failed by the
//! rule that is about its fault, and by no rule that has seen nothing of it.
//! None stops the judge. `none` is a right program: nothing fails.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use common::judge;
use testbed::{output, python, skipped};

/// Language, role and fault; behind the colon the rules that fail (of `a|b` at
/// least one) or, behind `note`, are noted; behind a second one the rules that
/// may fail.
const TABLE: &str = include_str!("broken/table.txt");

/// The rules that failed, in the judge's JSON, and those that are noted.
fn failed_and_noted(json: &str) -> [Vec<&str>; 2] {
    ["failed", "noted"].map(|verdict| {
        let verdict = format!("\"verdict\": \"{verdict}\"");
        let lines = json.lines().filter(|line| line.contains(&verdict));
        lines.filter_map(|line| line.split('"').nth(3)).collect()
    })
}

/// The role's protocol, and whether it is a client.
fn role(name: &str) -> (&'static str, bool) {
    match name {
        "echo-server" => ("echo", false),
        "echo-client" => ("echo", true),
        "daytime-server" => ("daytime", false),
        "daytime-client" => ("daytime", true),
        "reflector" => ("rtt", false),
        "rtt-client" => ("rtt", true),
        "listener" => ("chat", false),
        "caller" => ("chat", true),
        other => panic!("no such role: {other}"),
    }
}

/// Compiles the programs of a language; `None` where that cannot be.
fn built(language: &str) -> Option<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let file = folder.join(format!("broken.{language}"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = program.join(format!("broken-{language}"));
    let text = |path: PathBuf| path.to_str().unwrap().to_string();
    let mut compile = match language {
        "py" => {
            let python = python();
            let name = python.get_program().to_str().unwrap().to_string();
            return Some(vec![name, text(file)]);
        }
        "c" => Command::new("cc"),
        _ => {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition", "2024"]);
            rustc
        }
    };
    compile.arg("-o").arg(&program).arg(&file);
    let Ok(ended) = output(&mut compile) else {
        skipped(&format!("there is no {:?} here", compile.get_program()));
        return None;
    };
    assert!(ended.status.success(), "{ended:?}");
    Some(vec![text(program)])
}

fn each_is_failed_by_its_rule(language: &str) {
    let Some(program) = built(language) else { return };
    let mine = |line: &&str| line.starts_with(&format!("{language} "));
    let left: Vec<&str> = TABLE.lines().filter(mine).collect();
    assert!(left.len() > 10, "{left:?}");
    let (left, wrong) = (&Mutex::new(left), &Mutex::new(Vec::new()));
    let work = || {
        loop {
            let Some(line) = left.lock().unwrap().pop() else { return };
            let mut parts = line.splitn(3, ':');
            let names: Vec<_> =
                parts.next().unwrap().split_whitespace().collect();
            let mut rules = parts.map(|part| {
                let names = part.split(',').map(str::trim);
                names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
            });
            let must = rules.next().unwrap_or_default();
            let may = rules.next().unwrap_or_default();
            let (protocol, is_client) = role(names[1]);
            let mut args = vec![protocol, "--json"];
            args.extend(is_client.then_some("--client"));
            args.push("--");
            args.extend(program.iter().map(String::as_str));
            args.extend([names[1], names[2], "{host}", "{port}"]);
            let (status, said) = judge(&args);
            let [failed, noted] = failed_and_noted(&said);
            // Times alone depend on the machine: if it is busy, they are noted.
            let busy = |name: &&str| protocol == "rtt" && noted.contains(name);
            let seen = |name: &&str| failed.contains(name) || busy(name);
            let one_of = |names: &&str| match names.strip_prefix("note ") {
                Some(name) => noted.contains(&name),
                None => names.split('|').any(|name| seen(&name)),
            };
            let to_fail = must.iter().any(|name| !name.starts_with("note "));
            let known = must.iter().chain(&may).flat_map(|n| n.split('|'));
            let known: Vec<_> = known.collect();
            let good = must.iter().all(one_of)
                && failed.iter().all(|name| known.contains(name))
                && (status == i32::from(to_fail) || known.iter().any(busy));
            if !good {
                let line = format!("{line}\n  {failed:?}\n{said}");
                wrong.lock().unwrap().push(line);
            }
        }
    };
    thread::scope(|scope| {
        (0..6).for_each(|_| drop(scope.spawn(work)));
    });
    let wrong = wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_python() {
    each_is_failed_by_its_rule("py");
}

#[test]
fn in_rust() {
    each_is_failed_by_its_rule("rs");
}

#[test]
fn in_c() {
    each_is_failed_by_its_rule("c");
}
