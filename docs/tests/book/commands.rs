//! The commands that pages show: every package, program, example, test, file
//! and folder that they name exists, and every option stands in the help of its
//! program.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::Mutex;

use checks::markdown::{Page, pages, read};
use checks::{binary, example, python, root};

#[test]
fn every_command_names_what_exists() {
    let (mut count, mut wrong) = (0, Vec::new());
    for path in pages(".md") {
        for words in commands(&read(&fs::read_to_string(&path).unwrap())) {
            count += usize::from(ours(&words));
            for mistake in mistakes(&words) {
                let (path, command) = (path.display(), words.join(" "));
                wrong.push(format!("{path}: {command}\n  {mistake}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(count > 100, "{count}");
}

#[test]
fn a_command_that_names_what_does_not_exist_is_told() {
    for (command, mistake) in [
        ("cargo run -p udp-echo --bin server -- --port 4000", ""),
        ("cargo run -p examples --example scheme -- --port=1 | less", ""),
        ("sudo python3 crates/udp-echo/python/client.py --host a", ""),
        ("cargo test -p checks --test twins --test book -- --nocapture", ""),
        ("cargo build -p exNN-name && cargo taller NN", ""),
        ("cargo taller solution 02 --now # after yours", ""),
        ("cat crates/kit/src/*.rs > docs/site/x", ""),
        ("mkdir -p one && ss -p", ""),
        ("cargo taller pack ../mine", ""),
        ("if timeout 9 cargo taller 02 > said.txt 2>&1", ""),
        ("cargo run -p udp-ecco", "there is no crates/udp-ecco/Cargo.toml"),
        (
            "cargo run -p udp-echo --bin clent",
            "there is no crates/udp-echo/src/bin/clent.rs",
        ),
        ("cargo run --bin client", "there is no crates/?/src/bin/client.rs"),
        ("cargo run --example x", "there is no examples/x.rs"),
        ("cargo test -p kit --test x", "there is no crates/kit/tests/x.rs"),
        ("python3 x.py", "there is no x.py"),
        ("cat examples/x.rs", "there is no examples/x.rs"),
        ("cargo run -p udp-echo --bin client -- --por 1", "no option --por"),
        ("cargo run -p examples --example scheme -- -x", "no option -x"),
        ("python3 crates/zchat/python/client.py --quiet", "no option --quiet"),
        ("cargo taller 02 --later", "no option --later"),
        ("cargo taller hints 02", "no option hints"),
        ("cargo taller probe echo --client -- python3 x.py {port}", ""),
        ("cargo taller probe ecko 10.0.0.7:7", "no option ecko"),
        ("cargo taller 99", "there is no exercise 99"),
    ] {
        let page = read(&format!("```console\n{command}\n```\n"));
        let told: Vec<_> =
            commands(&page).iter().flat_map(|c| mistakes(c)).collect();
        assert_eq!(told.concat(), mistake, "{command}");
        assert_eq!(commands(&read(&format!("`{command}`\n"))), commands(&page));
    }
}

/// The commands of a page, each as its words: the lines of its blocks, and
/// what its text has between backticks.
fn commands(page: &Page) -> Vec<Vec<String>> {
    let blocks = page.blocks.iter().filter(|(kind, _)| {
        ["console", "sh", "bash", "powershell"].contains(&kind.as_str())
    });
    let mut commands = Vec::new();
    let blocks: String = blocks.map(|b| b.1.replace("\\\n", " ")).collect();
    for line in blocks.lines().chain(page.spans.iter().map(String::as_str)) {
        let mut words = Vec::new();
        for word in line.split_whitespace() {
            if word.starts_with('#') {
                break;
            }
            if ["&&", "|", "||", "&", ">"].contains(&word) {
                commands.push(std::mem::take(&mut words));
                continue;
            }
            words.push(word.trim_matches(['"', '\'', '(', ')']).to_string());
        }
        commands.push(words);
    }
    commands
}

/// Whether it is about the workshop.
fn ours(words: &[String]) -> bool {
    after(words, "cargo").is_some() || script(words).is_some()
}

fn after<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

/// The file that Python runs; what the judge runs is the reader's own.
fn script(words: &[String]) -> Option<&str> {
    if after(words, "taller") == Some("probe") {
        return None;
    }
    let python = |word: &String| ["python3", "python", "py"].contains(&&**word);
    let at = words.iter().position(python)?;
    words.get(at + 1).map(String::as_str).filter(|word| word.ends_with(".py"))
}

/// What is wrong with a command.
fn mistakes(words: &[String]) -> Vec<String> {
    let mut files = Vec::new();
    if words.iter().any(|word| word == "cargo") {
        let package = after(words, "-p").or(after(words, "--package"));
        files.extend(package.map(|p| format!("{}/Cargo.toml", folder(p))));
        let inside = folder(package.unwrap_or("?"));
        let bin = after(words, "--bin");
        files.extend(bin.map(|b| format!("{inside}/src/bin/{b}.rs")));
        let example = after(words, "--example");
        files.extend(example.map(|e| format!("examples/{e}.rs")));
        for (i, _) in words.iter().enumerate().filter(|(_, w)| *w == "--test") {
            let test = &words[i + 1];
            let manifest = root().join(&inside).join("Cargo.toml");
            let named = fs::read_to_string(manifest).unwrap_or_default();
            if !named.contains(&format!("[[test]]\nname = \"{test}\"\n")) {
                files.push(format!("{inside}/tests/{test}.rs"));
            }
        }
    }
    files.extend(script(words).map(str::to_string));
    let tops = ["crates/", "examples/", "exercises/", "docs/"];
    let named = words.iter().filter(|w| tops.iter().any(|t| w.starts_with(t)));
    let part = |c: char| c.is_ascii_alphanumeric() || "/._-*".contains(c);
    let named = named.filter_map(|word| word.split(|c| !part(c)).next());
    files.extend(named.map(str::to_string));
    files.retain(|file| {
        let pattern = file.contains('*') || file.starts_with("docs/site");
        !placeholder(file) && !pattern && !root().join(file).exists()
    });
    files.sort();
    files.dedup();
    if files.is_empty() {
        return unknown(words);
    }
    files.iter().map(|file| format!("there is no {file}")).collect()
}

/// `NN`, `NAME`, `exercises/NN-name`: to be filled in by the reader.
fn placeholder(word: &str) -> bool {
    let parts = word.split(|c: char| !c.is_ascii_alphabetic());
    let upper = |c: char| c.is_ascii_uppercase();
    let mut parts = parts.map(|part| part.trim_start_matches("ex"));
    parts.any(|part| part.len() > 1 && part.chars().all(upper))
        && !word.contains("README")
}

/// Where a package lies: `ex02-echo-server` in exercises/02-echo-server.
fn folder(package: &str) -> String {
    match package.strip_prefix("ex") {
        Some(exercise) if exercise.starts_with(char::is_numeric) => {
            format!("exercises/{exercise}")
        }
        _ if package == "examples" => package.to_string(),
        _ => format!("crates/{package}"),
    }
}

/// The workshop's program that a command runs, and the program's arguments.
fn program(words: &[String]) -> Option<(Command, &[String])> {
    let rest = |first: &str| {
        let at = words.iter().position(|word| word == first);
        at.map_or(&words[..0], |at| &words[at + 1..])
    };
    if let Some(script) = script(words) {
        let mut python = python();
        python.arg(root().join(script));
        return Some((python, rest(script)));
    }
    if after(words, "taller") == Some("probe") {
        let own = rest("probe").split(|word| word == "--").next()?;
        return Some((Command::new(binary("probe", "probe")), own));
    }
    if after(words, "cargo")? == "taller" {
        let mut taller = Command::new(env!("CARGO"));
        taller.args(["run", "--quiet", "-p", "taller", "--"]);
        return Some((taller, rest("taller")));
    }
    let built = match (after(words, "--example"), after(words, "--bin")) {
        (Some(name), _) => example(name),
        (None, Some(name)) => binary(after(words, "-p")?, name),
        (None, None) => return None,
    };
    Some((Command::new(built), rest("--")))
}

/// The options that the program's help does not name; for `cargo taller`, its
/// commands and exercises, too.
fn unknown(words: &[String]) -> Vec<String> {
    let Some((program, given)) = program(words) else {
        return Vec::new();
    };
    let taller = after(words, "cargo") == Some("taller");
    let mut wrong = Vec::new();
    // 192.168.1.34:3500 is for the reader to fill in, too, and so is a folder
    // of his own.
    let own = |word: &str| word.contains(':') || word.starts_with("../");
    let named = |word: &&String| !placeholder(word) && !own(word);
    for word in given.iter().filter(named) {
        let word = word.split('=').next().unwrap_or_default();
        if word.starts_with('-') || taller && word.parse::<u8>().is_err() {
            let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let help = help(&program) + " --help -h";
            let known = help.split(|c| !part(c)).any(|other| other == word);
            // cargo taller demo zchat
            if !known && !root().join("crates").join(word).exists() {
                wrong.push(format!("no option {word}"));
            }
        } else if taller {
            let exercises = fs::read_dir(root().join("exercises")).unwrap();
            let mut names = exercises.flatten().map(|e| e.file_name());
            let start = format!("{word}-");
            if !names.any(|n| n.to_string_lossy().starts_with(&start)) {
                wrong.push(format!("there is no exercise {word}"));
            }
        }
    }
    wrong
}

/// What a program prints for `--help`; asked once.
fn help(program: &Command) -> String {
    static ASKED: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut asked = ASKED.lock().unwrap_or_else(|e| e.into_inner());
    let name = format!("{program:?}");
    let ask = || {
        let mut command = Command::new(program.get_program());
        command.args(program.get_args()).arg("--help").current_dir(root());
        let ended = testbed::output(&mut command).expect("it starts");
        assert!(ended.status.success(), "{command:?}: {ended:?}");
        String::from_utf8_lossy(&ended.stdout).into_owned()
    };
    asked.get_or_insert_default().entry(name).or_insert_with(ask).clone()
}
