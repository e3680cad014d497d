//! A server and a client of the workshop, as real processes.

use std::io::{self, BufRead, BufReader, Lines, PipeReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{thread, time::Duration};

use crate::Result;
use crate::run::{PROGRAMS, announce, target};
use crate::words::{line, said, tell};

/// So long a program's words may be on their way to us, and out of order.
const MOMENT: Duration = Duration::from_millis(50);

/// A process, and the lines that it writes.
type Started = (Child, Lines<BufReader<PipeReader>>);

/// Starts the package's server and then its client, and shows what both say,
/// as it comes.
pub fn run(root: &Path, package: &str) -> Result {
    if !PROGRAMS.contains(&package) {
        return Err((2, said!("no server", package, PROGRAMS.join(" "))));
    }
    announce(&target(root));
    let built = testbed::programs(root, &target(root), package);
    let built = built.map_err(|words| (1, words))?;
    tell!("demo", package, package, package);
    let talked = talk(&built["server"], &built["client"], package);
    talked.map_err(|e| (1, kit::error_words(&e)))
}

fn talk(server: &Path, client: &Path, package: &str) -> io::Result<bool> {
    let (mut server, mut says) = start(server, &["--port", "0"])?;
    let first = says.next().transpose()?.unwrap_or_default();
    line(format!("server | {first}")); // It ends in ":PORT".
    let shown = thread::spawn(|| {
        says.map_while(io::Result::ok)
            .for_each(|t| line(format!("server | {t}")));
    });
    let mut args = vec!["--port", first.rsplit(':').next().unwrap_or_default()];
    if package == "rtt-rfc2681" {
        args.extend(["--count", "10"]); // Of 100, which take 10 s.
    }
    let ended = start(client, &args).and_then(|(mut client, says)| {
        for text in says.map_while(io::Result::ok) {
            // Whoever does not call was answered: the server's word first.
            if !text.starts_with("calling") {
                thread::sleep(MOMENT);
            }
            line(format!("client | {text}"));
            if text.starts_with("connected")
                && let Some(mut input) = client.stdin.take()
            {
                line("client < Hola");
                writeln!(input, "Hola")?; // And then the input ends.
            }
        }
        client.wait()
    });
    thread::sleep(MOMENT); // For the server's last words.
    server.kill()?;
    let _ = shown.join();
    tell!("demo ended");
    Ok(ended?.success())
}

/// Starts a program. What it writes on stdout and stderr goes through one
/// pipe, so that it comes in order.
fn start(program: &Path, args: &[&str]) -> io::Result<Started> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok((testbed::spawn(&mut command)?, BufReader::new(reader).lines()))
}
