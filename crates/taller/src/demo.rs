//! A server and a client of the workshop, as real processes.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{PATIENCE, Program};

use crate::Result;
use crate::run::{build, target};
use crate::words::{line, said, tell};

/// Starts the package's server and then its client, and shows what both say,
/// as it comes.
pub fn run(root: &Path, package: &str) -> Result {
    let mut all = vec!["udp-echo", "daytime-rfc867", "rtt-rfc2681", "zchat"];
    all.retain(|name| root.join("crates").join(name).is_dir());
    if !all.contains(&package) {
        return Err((2, said!("no server", package, all.join(" "))));
    }
    let mut build = build(root, &target(root));
    build.args(["--quiet", "-p", package, "--bins"]);
    if !build.status().is_ok_and(|status| status.success()) {
        return Ok(false);
    }
    tell!("demo", package, package, package);
    let start = |name: &str, args: &[&str]| {
        let program = target(root).join(format!("debug/{name}{EXE_SUFFIX}"));
        let mut command = Command::new(program);
        command.args(args);
        Program::start(name, command)
    };
    let server = start("server", &["--port", "0"]);
    let address = server.address();
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let mut client = start("client", &["--host", &host, "--port", &port]);
    if package == "zchat" {
        client.write(b"Hola\n"); // The others do not read.
    }
    client.close_input();

    let (deadline, mut shown) = (Instant::now() + PATIENCE, [0; 4]);
    loop {
        let over = client.status_within(Duration::from_millis(100)).is_some();
        let both = [("server", &server), ("client", &client)];
        let texts = both.map(|(who, p)| [(who, p.stderr()), (who, p.stdout())]);
        for ((who, text), shown) in texts.iter().flatten().zip(&mut shown) {
            let whole = text.matches('\n').count();
            for text in text.lines().take(whole).skip(*shown) {
                line(format!("{who} | {text}"));
            }
            *shown = whole;
        }
        if over {
            tell!("demo ended");
            return Ok(client.end().code == Some(0));
        } else if Instant::now() > deadline {
            return Err((1, said!("too long")));
        }
    }
}
