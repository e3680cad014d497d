//! Every twin of the workshop, and that the comparison can fail.

use std::fs;

use checks::root;
use checks::twins::{differences, pairs};

#[test]
fn every_rust_file_and_its_python_file_are_twins() {
    let (pairs, mut wrong) = pairs(&root());
    assert!(pairs.len() >= 2, "where are the twins? {pairs:?}");
    for pair in pairs {
        let rust = fs::read_to_string(&pair.rust).unwrap();
        let python = fs::read_to_string(&pair.python).unwrap();
        let differences = differences(pair.program, &rust, &python);
        let (rust, python) = (pair.rust.display(), pair.python.display());
        wrong.extend(
            differences.iter().map(|d| format!("{rust}\n{python}\n  {d}")),
        );
        if pair.program && !rust.to_string().contains("examples") {
            wrong.extend(commands(&pair));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The head comments tell how to run the file that they stand in.
fn commands(pair: &checks::twins::Pair) -> Option<String> {
    let name = pair.rust.file_stem()?.to_str()?;
    let folder = pair.python.parent()?.parent()?.file_name()?.to_str()?;
    let rust = format!("//! Run: cargo run -p {folder} --bin {name}");
    let python = format!("Run: python3 crates/{folder}/python/{name}.py");
    for (file, run) in [(&pair.rust, rust), (&pair.python, python)] {
        let text = fs::read_to_string(file).ok()?;
        let plain = text.replace("Run:   ", "Run: ").replace("Run:  ", "Run: ");
        if !plain.lines().any(|line| line == run) {
            return Some(format!("{}: no {run:?}", file.display()));
        }
    }
    None
}

const RUST: &str = "\
//! Says hello.

use std::io::Write;

const PORT: u16 = 3500; // Its port.

fn main() -> common::Result<()> {
    // 1. Make a socket.
    let s = socket()?;
    let s = UdpSocket::from(s); // Rust: std sends.

    // 2. Serve for ever.
    loop {
        // 3. Answer.
        s.send_to(b\"hello\", address)?;
        // Rust: a stranger's line is made harmless.
        print(data)?;
    }
    Ok(())
}
";

const PYTHON: &str = "\
\"\"\"Says hello.

Run: python3 hello.py
\"\"\"

import socket

PORT = 3500  # Its port.

# 1. Make a socket.
s = socket()

# 2. Serve for ever.
while True:
    # 3. Answer.
    s.sendto(b\"hello\", address)
";

#[test]
fn two_twins_have_no_differences() {
    assert_eq!(differences(true, RUST, PYTHON), [""; 0]);
}

/// One edit of one file, and the sentence that it leads to.
#[test]
fn a_file_that_is_edited_alone_is_told() {
    let long = format!("s.{}()?;", "x".repeat(64));
    let marks = "    x; // Rust: why.\n".repeat(5);
    let marks = format!("{marks}\n    // 2. Serve");
    let seven = "    x()?;\n".repeat(6);
    let seven = format!("let s = socket()?;\n{seven}");
    for (old, new, told) in [
        ("Answer.", "Reply.", "Rust \"3. Reply.\", Python \"3. Answer.\""),
        ("// 3. Answer.", "// Answer.", "only Python has \"3. Answer.\""),
        ("print(data)?;", "print(data)?;\nx()?;", "2 lines of code in Rust, 1"),
        (" // Rust: std sends.", "", "2 lines of code in Rust, 1 in Python"),
        ("3500;", "3501;", "PORT is (\"3501\", \"Its port.\") in Rust"),
        ("// Its port.", "// A port.", "PORT is (\"3500\", \"A port.\")"),
        ("const PORT", "const HOST", "only Rust has the constant HOST"),
        ("const PORT", "const HOST", "only Python has the constant PORT"),
        ("let s = socket()?;", &long, "line 9 has 70 columns, not 64"),
        ("// 2. Serve", &marks, "7 marked lines; at most 6 may be"),
        ("// 2. Serve", "// 4. Serve", "\"4. Serve for ever.\" is step number"),
        ("let s = socket()?;", &seven, "has 7 lines of code; 1 to 6"),
        ("    let s = socket()?;\n", "", "0 lines of code; 1 to 6"),
    ] {
        let edited = RUST.replacen(old, new, 1);
        assert_ne!(edited, RUST, "{old} is not there");
        let wrong = differences(true, &edited, PYTHON);
        assert!(wrong.iter().any(|w| w.contains(told)), "{old}: {wrong:?}");
    }
    let edited = PYTHON.replace("    s.sendto", "    x()\n    s.sendto");
    let told = ["\"3. Answer.\": 1 lines of code in Rust, 2 in Python"];
    assert_eq!(differences(true, RUST, &edited), told);
    let wide = format!("{PYTHON}# {}\n", "x".repeat(63));
    let told = ["Python: line 17 has 65 columns, not 64"];
    assert_eq!(differences(true, RUST, &wide), told);
}

#[test]
fn modules_have_the_same_functions_in_the_same_order() {
    let rust = "pub fn pack(a: u8) {\n// 1. Go.\n}\nfn mine() {}\n\
                impl Frame {\n    pub fn new() {}\n    pub fn crc<T>() {}\n}\n\
                #[cfg(test)]\nmod tests {\npub fn unseen() {}\n}\n";
    let python = "def pack(a):\n    \"\"\"One line.\"\"\"\n    # 1. Go.\n    go()\n\
                  def _mine():\n\
                  class Frame:\n    def __init__(self):\n    def crc(self):\n";
    assert_eq!(differences(false, rust, python), [""; 0]);
    let other = python.replace("crc", "sum");
    let told = "the public functions differ: Rust pack new crc, Python pack \
                new sum";
    assert_eq!(differences(false, rust, &other), [told]);
    let other = python.replace("1. Go.", "1. Come.");
    let told = "the steps differ: Rust \"1. Go.\", Python \"1. Come.\"";
    assert_eq!(differences(false, rust, &other), [told]);
}

#[test]
fn a_file_without_a_partner_is_told() {
    let folder =
        std::env::temp_dir().join(format!("twins{}", std::process::id()));
    let hello = folder.join("crates/hello-x");
    fs::create_dir_all(hello.join("src/bin")).unwrap();
    fs::create_dir_all(hello.join("python")).unwrap();
    for file in [
        "src/bin/server.rs",
        "src/bin/client.rs",
        "src/lib.rs",
        "python/server.py",
        "python/hello.py",
        "python/other.py",
    ] {
        fs::write(hello.join(file), "").unwrap();
    }
    let (pairs, alone) = pairs(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let names: Vec<_> = pairs
        .iter()
        .map(|p| (p.program, p.rust.file_name().unwrap().to_str().unwrap()))
        .collect();
    assert_eq!(names, [(false, "lib.rs"), (true, "server.rs")]);
    assert_eq!(alone.len(), 2, "{alone:?}");
    assert!(alone[0].ends_with("other.py has no Rust twin"), "{alone:?}");
    assert!(alone[1].ends_with("client.rs has no Python twin"), "{alone:?}");
}
