//! `cargo taller demo`: a server and a client of the workshop, as real processes.

use std::env;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Lines, PipeReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use badlink::Direction;
use badlink::ladder::Ladder;

use taller::build::{PROGRAMS, announce, target};
use taller::exercise::root;
use taller::outcome::{Refusal, Result, ended, failed, misused};
use taller::words::line;

/// So long a program's words may be on their way to us, and out of order. First
/// the link draws an arrow, after half of it come the server's words, and after
/// all of it the client's.
const MOMENT: Duration = Duration::from_millis(50);

/// A process, and the lines that it writes.
type Started = (Child, Lines<BufReader<PipeReader>>);

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let (package, options) = match words[..] {
        [package, ref options @ ..] if !package.starts_with('-') => {
            (package, options)
        }
        ref options => ("udp-echo", options),
    };
    ended(root().and_then(|root| demo(&root, package, options)))
}

/// The sentence `key` of words.txt, its gaps filled.
fn said(key: &str, values: &[&dyn Display]) -> String {
    testbed::filled(include_str!("words.txt"), key, values)
}

/// Starts the package's server, the link (`noisy_link --draw`) with these
/// `options` more, and the client; and shows what both say beside the arrows
/// that the link draws, as it comes.
fn demo(root: &Path, package: &str, options: &[&str]) -> Result {
    if !PROGRAMS.contains(&package) {
        let all = PROGRAMS.join(" ");
        return Err(misused(said("no server", &[&package, &all])));
    }
    let target = target(root);
    announce(&target);
    let built = testbed::programs(root, &target, package);
    let built = built.map_err(failed)?;
    let link = testbed::example_of(root, &target, "noisy_link");
    let link = link.map_err(failed)?;
    line(said("demo", &[&package, &package, &package]));
    let (mut server, mut says) =
        start(&built["server"], &["--port", "0"], false).map_err(broken)?;
    let first = says.next().transpose().map_err(broken)?.unwrap_or_default();
    says_beside(Direction::Back, &first); // It ends in ":PORT".
    let shown = thread::spawn(|| {
        let lines = says.map_while(io::Result::ok);
        for text in lines {
            thread::sleep(MOMENT / 2);
            says_beside(Direction::Back, &text);
        }
    });
    let args = ["--draw", "--port", "0", "--to-port", port(&first)];
    let talked = start(&link, &[&args, options].concat(), true);
    let talked = talked.map_err(broken).and_then(|(mut link, mut says)| {
        let first = says.next().transpose().map_err(broken)?;
        let first = first.unwrap_or_default();
        if !first.starts_with("listening on ") {
            let more: Vec<_> = says.map_while(io::Result::ok).collect();
            let said = [&[first], &more[..]].concat();
            return Err(misused(said.join("\n")));
        }
        let notes =
            thread::spawn(|| says.map_while(io::Result::ok).for_each(line));
        let talked = talk(&built["client"], package, port(&first));
        thread::sleep(MOMENT); // For the last words.
        end(&mut link).map_err(broken)?;
        let _ = notes.join();
        talked.map_err(broken)
    });
    server.kill().map_err(broken)?;
    let _ = shown.join();
    if talked.is_ok() {
        line(said("demo ended", &[]));
    }
    talked
}

/// Ends the link as Ctrl-C does: so it writes its picture and its table. Where no
/// signal can be sent (Windows), or if it does not end, it is killed.
fn end(link: &mut Child) -> io::Result<()> {
    let id = link.id().to_string();
    let told = testbed::output(Command::new("kill").args(["-INT", &id]));
    let told = told.is_ok_and(|ended| ended.status.success());
    let until = Instant::now() + testbed::patience();
    while told && link.try_wait()?.is_none() && Instant::now() < until {
        thread::sleep(MOMENT);
    }
    link.kill()
}

fn broken(error: io::Error) -> Refusal {
    failed(testbed::error_words(&error))
}

/// The port in "listening on ADDRESS:PORT".
fn port(line: &str) -> &str {
    line.rsplit(':').next().unwrap_or_default()
}

/// What the client says, until it ends, and whether it ended well.
fn talk(client: &Path, package: &str, port: &str) -> io::Result<bool> {
    let mut args = vec!["--port", port];
    if package == "rtt-rfc2681" {
        args.extend(["--count", "10"]); // Of 100, which take 10 s.
    }
    let (mut client, says) = start(client, &args, false)?;
    for text in says.map_while(io::Result::ok) {
        // Whoever does not call was answered: the server's word first.
        if !text.starts_with("calling") {
            thread::sleep(MOMENT);
        }
        says_beside(Direction::There, &text);
        if text.starts_with("connected")
            && let Some(mut input) = client.stdin.take()
        {
            says_beside(Direction::There, "< Hola");
            writeln!(input, "Hola")?; // And then the input ends.
        }
    }
    Ok(client.wait()?.success())
}

/// One side's words, left or right of the arrows; above them, with its name,
/// if there is no room.
fn says_beside(side: Direction, text: &str) {
    let ladder = Ladder { columns: testbed::width(), colour: false };
    let name = if side == Direction::There { "client" } else { "server" };
    let fits = ladder.words(side, text);
    line(fits.unwrap_or_else(|| format!("{name} | {text}")));
}

/// Starts a program. What it writes on stdout and stderr goes through one
/// pipe, so that it comes in order; if it `draws`, only its stderr does, and the
/// terminal is its own.
fn start(program: &Path, args: &[&str], draws: bool) -> io::Result<Started> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    command.env("COLUMNS", testbed::width().to_string());
    if !draws {
        command.stdout(writer.try_clone()?);
    }
    command.stderr(writer);
    Ok((testbed::spawn(&mut command)?, BufReader::new(reader).lines()))
}
