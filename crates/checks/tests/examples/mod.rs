//! The programs of `examples`: what each prints, shows and refuses; and what holds
//! for all of them: help, what is not understood, their size, their README.

mod chat_page;
mod noisy_link;
mod sockets;
mod udp;
mod udp_header;

use std::fs;

use checks::twins::code;
use checks::{Language, explained, root, start, start_example};

/// The names of the files in `examples/` with that ending.
fn names(folder: &str, ending: &str) -> Vec<String> {
    let files = fs::read_dir(root().join(folder)).unwrap().flatten();
    let names = files.map(|file| file.file_name().display().to_string());
    let mut names: Vec<_> = names
        .filter_map(|name| Some(name.strip_suffix(ending)?.to_string()))
        .collect();
    names.sort();
    names
}

/// Whether it is one of the slides' programs to the letter.
fn is_plain(name: &str) -> bool {
    name.starts_with("echo_plain_")
}

#[test]
fn every_file_is_declared_as_an_example() {
    let manifest = root().join("examples/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let names = names("examples", ".rs");
    assert!(names.len() >= 17, "{names:?}");
    for name in &names {
        let one = format!("name = \"{name}\"\npath = \"{name}.rs\"\n");
        assert!(manifest.contains(&one), "{name}");
    }
    assert_eq!(manifest.matches("[[example]]").count(), names.len());
}

#[test]
fn every_example_has_help_and_refuses_what_it_does_not_know() {
    let both = Language::BOTH.into_iter().flat_map(|language| {
        let names = match language {
            Language::Rust => names("examples", ".rs"),
            Language::Python => names("examples/python", ".py"),
        };
        let module =
            |name: &str| root().join(format!("examples/src/{name}.rs"));
        let programs = names.into_iter().filter(move |n| !module(n).exists());
        programs.map(move |name| (language, name))
    });
    // The slides' own have no command line.
    for (language, name) in both.filter(|(_, name)| !is_plain(name)) {
        let run = |arg| start(language, "examples", &name, &[arg]).end();
        let ended = run("--help");
        let about = format!("{language:?} {name}");
        assert_eq!(ended.code, Some(0), "{about}: {ended:?}");
        assert!(ended.stdout.starts_with("usage: "), "{about}: {ended:?}");
        assert_eq!(ended.stderr, "", "{about}");
        if language == Language::Rust {
            assert_eq!(explained(&ended.stdout).0, "", "{about}");
        }
        for wrong in ["--nonsense", "nonsense"] {
            let ended = run(wrong);
            assert_eq!(ended.code, Some(2), "{about}: {ended:?}");
            assert_eq!(ended.stdout, "", "{about}");
            assert!(ended.stderr.starts_with("usage: "), "{about}: {ended:?}");
            // argparse misses the role first.
            let named = ["nonsense", "required: role"];
            let named = named.iter().any(|word| ended.stderr.contains(word));
            assert!(named, "{about}: {ended:?}");
            let lines = ended.stderr.lines().count();
            assert!(lines == 2 || language == Language::Python, "{about}");
        }
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for (name, args) in [
        ("echo_load", ["--seconds", "256"]),
        ("echo_load", ["--window", "-1"]),
        ("echo_load", ["--window", "0"]),
        ("noisy_link", ["--to-port", "0"]),
        ("multicast", ["--group", "239.255"]),
        ("multicast", ["--interface", "lo"]),
        ("broadcast", ["--port", "65536"]),
        ("scheme", ["--port", "x"]),
    ] {
        let ended = start_example(name, &args).end();
        assert_eq!(ended.code, Some(2), "{name} {args:?}: {ended:?}");
        assert!(ended.stderr.contains(args[0]), "{name}: {ended:?}");
    }
}

/// At most 60 lines of code each, and a head that says how to run it.
#[test]
fn every_example_is_small_and_says_how_to_run_it() {
    for name in names("examples", ".rs") {
        let file = root().join(format!("examples/{name}.rs"));
        let text = fs::read_to_string(file).unwrap();
        let run = format!("cargo run -p examples --example {name}");
        let head = text.lines().take_while(|line| line.starts_with("//!"));
        assert!(head.clone().any(|line| line.contains(&run)), "{name}");
        let most = if is_plain(&name) { 16 } else { 60 };
        let lines = code(&text);
        assert!(lines <= most, "{name} has {lines} lines of code");
    }
}

#[test]
fn both_readmes_lead_to_every_example_and_how_to_run_it() {
    for readme in ["README.md", "README.es.md"] {
        let text = fs::read_to_string(root().join("examples").join(readme));
        let text = text.unwrap();
        for name in names("examples", ".rs") {
            assert!(text.contains(&format!("({name}.rs)")), "{readme}: {name}");
            let run = format!("--example {name}");
            let runs = text.contains(&format!("{run}`"))
                || text.contains(&format!("{run} "));
            assert!(runs, "{readme}: {run}");
        }
        for name in names("examples/python", ".py") {
            let link = format!("(python/{name}.py)");
            assert!(text.contains(&link), "{readme}: {name}");
        }
        for slide in [
            "esquema de trabajo",
            "Descargar",
            "Analizar",
            "Ejecutar",
            "netstat, ps",
            "headers",
            "UDP Echo Server",
            "UDP Echo Client",
            "PF_INET,",
            "PF_INET6",
            "PF_IPX",
            "PF_APPLETALK",
            "PF_UNIX",
            "SOCK_STREAM",
            "SOCK_DGRAM",
            "SOCK_SEQPACKET",
            "SOCK_RAW",
            "Modificar para",
            "Sacar localhost",
            "Realizar captura",
            "DayTime",
            "RTT",
            "Chat",
        ] {
            assert!(text.contains(slide), "{readme}: {slide}");
        }
    }
}
