//! A server and a client of the workshop, as real processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::run::{cargo, target};
use crate::words::{line, said, say_line};

/// How long a conversation may take.
const LONGEST: Duration = Duration::from_secs(60);

/// What a process said, or `None` at the end of one of its two streams.
type Said = (&'static str, Option<String>);

/// A process that is ended when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the package's server and then its client, and shows what both say,
/// as it comes.
pub fn run(root: &Path, package: &str) -> Result<bool> {
    let crates = root.join("crates");
    let has = |p: &str| crates.join(p).join("src/bin/server.rs").is_file();
    if !has(package) {
        let entries = std::fs::read_dir(&crates).into_iter().flatten();
        let names = entries.flatten().map(|e| e.file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let mut names: Vec<_> = names.filter(|name| has(name)).collect();
        names.sort();
        let names = names.join(" ");
        return Err((
            2,
            said!(
                "{package} has no server. These have: {names}",
                "{package} no tiene servidor. Estos sí: {names}"
            ),
        ));
    }
    let target = target(root);
    let mut build = cargo(root);
    build.args(["build", "--quiet", "-p", package, "--bins"]);
    build.arg("--target-dir").arg(&target);
    if !build.status().is_ok_and(|status| status.success()) {
        return Ok(false);
    }
    let program = |name: &str| {
        let file = format!("debug/{name}{}", std::env::consts::EXE_SUFFIX);
        Command::new(target.join(file))
    };
    say_line!(
        "A server and a client of {package}, two processes. By hand, in two terminals:\n  cargo run -p {package} --bin server\n  cargo run -p {package} --bin client\n",
        "Un servidor y un cliente de {package}, dos procesos. A mano, en dos terminales:\n  cargo run -p {package} --bin server\n  cargo run -p {package} --bin client\n"
    );
    let (tell, told) = channel();
    let deadline = Instant::now() + LONGEST;
    let left = || deadline.saturating_duration_since(Instant::now());
    let mut server = program("server");
    let _server = start("server", server.args(["--port", "0"]), &tell)?;
    let mut client = None;
    let mut open = 2;
    while open > 0 {
        let Ok((who, text)) = told.recv_timeout(left()) else {
            return Err((1, said!("It took too long.", "Tardó demasiado.")));
        };
        let Some(text) = text else {
            if who == "server" {
                return Err((
                    1,
                    said!("The server has ended.", "El servidor terminó."),
                ));
            }
            open -= 1;
            continue;
        };
        line!("{who} | {text}");
        if client.is_none()
            && let Some((_, address)) = text.split_once("listening on ")
            && let Some((host, port)) = address.rsplit_once(':')
        {
            let mut command = program("client");
            command.args(["--host", host, "--port", port]);
            let mut running = start("client", &mut command, &tell)?;
            if let Some(mut input) = running.0.stdin.take() {
                let _ = input.write_all(b"Hola\n"); // For the chat.
            }
            client = Some(running);
        }
    }
    // What the server said before the client ended may still be on its way.
    while let Ok((who, Some(text))) =
        told.recv_timeout(Duration::from_millis(200))
    {
        line!("{who} | {text}");
    }
    let ended = client.and_then(|mut client| client.0.wait().ok());
    say_line!(
        "\n(the client ended; the server was stopped)",
        "\n(el cliente terminó; al servidor se lo detuvo)"
    );
    Ok(ended.is_some_and(|status| status.success()))
}

/// Starts a process whose lines are told.
fn start(
    who: &'static str,
    command: &mut Command,
    tell: &Sender<Said>,
) -> Result<Running> {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| (1, format!("{who}: {e}")))?;
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|s| Box::new(s) as _),
        child.stderr.take().map(|s| Box::new(s) as _),
    ];
    for stream in streams.into_iter().flatten() {
        let tell = tell.clone();
        thread::spawn(move || {
            for text in BufReader::new(stream).lines().map_while(|l| l.ok()) {
                let _ = tell.send((who, Some(text)));
            }
            let _ = tell.send((who, None));
        });
    }
    Ok(Running(child))
}
