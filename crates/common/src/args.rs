//! The command line.

use std::ffi::{OsStr, OsString};
use std::io::{Write, stdout};
use std::net::Ipv4Addr;
use std::{env, fmt::Display, path::Path, process::exit, str::FromStr};

use pico_args::{Arguments, Error};

use crate::error::PORT;
use crate::text::shown;

/// The command line: [`Args::option`] once for each option, then
/// [`Args::finish`].
///
/// ```no_run
/// let mut args = common::Args::new("//! What this program does.");
/// let host: String = args.option("--host", "localhost");
/// let port: u16 = args.option("--port", 3500_u16);
/// args.finish();
/// ```
///
/// Takes `--port 3500` and `--port=3500`, as Python's argparse does.
pub struct Args {
    given: Arguments,
    /// What stood behind `--`: no options.
    words: Vec<OsString>,
    usage: String,
    /// The head comment of the program, which `--help` shows.
    head: String,
    /// The value of `--port`, for an error that names none.
    port: Option<String>,
    wrong: Option<String>,
}

/// What an option's value may be.
pub trait Value: FromStr {
    /// What it is, with its range: "a whole number from 0 to 65535".
    const WHAT: &'static str;
}

macro_rules! values {
    ($($type:ty: $what:literal),*) => {
        $(impl Value for $type { const WHAT: &'static str = $what; })*
    };
}

values! {
    u8: "a whole number from 0 to 255",
    u16: "a whole number from 0 to 65535",
    u64: "a whole number from 0 to 18446744073709551615",
    usize: "a whole number from 0 on",
    f64: "a number",
    String: "a text",
    Ipv4Addr: "an IPv4 address (four numbers, like 10.0.0.7)"
}

/// The side that a program takes in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It waits to be asked.
    Server,
    /// It speaks first.
    Client,
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Role, String> {
        match word {
            "server" => Ok(Role::Server),
            "client" => Ok(Role::Client),
            _ => Err(format!("{} is none of server, client", shown(word))),
        }
    }
}

impl Args {
    /// The arguments that this program was started with. `source` is the
    /// program's own text, `include_str!("server.rs")`: its head comment is
    /// what `--help` shows.
    pub fn new(source: &str) -> Args {
        let mut given: Vec<_> = env::args_os().collect();
        let path = given.drain(..given.len().min(1)).next().unwrap_or_default();
        let program = Path::new(&path).file_stem().unwrap_or_default();
        Args::of(&program.to_string_lossy(), source, given)
    }

    fn of(program: &str, source: &str, mut given: Vec<OsString>) -> Args {
        let end = given.iter().position(|word| word == "--");
        let mut words = given.split_off(end.unwrap_or(given.len()));
        words.drain(..words.len().min(1)); // The `--` itself.
        let comment = source.lines().map_while(|l| l.strip_prefix("//!"));
        let head = comment.map(|l| l.strip_prefix(' ').unwrap_or(l));
        Args {
            given: Arguments::from_vec(given),
            words,
            usage: format!("usage: {program} [--help]"),
            head: head.collect::<Vec<_>>().join("\n"),
            port: None,
            wrong: None,
        }
    }

    /// Lets `short` (`-c`, say) stand for `name` (`--count`), as `-c 10` and
    /// `-c10`. Comes before `name` is asked for.
    pub fn short(&mut self, short: &str, name: &str) {
        let long = |word: OsString| match text_of(&word).strip_prefix(short) {
            None => word,
            Some("") => name.into(),
            Some(value) => {
                let value = value.strip_prefix('=').unwrap_or(value);
                format!("{name}={value}").into()
            }
        };
        let given = self.given.clone().finish().into_iter().map(long);
        self.given = Arguments::from_vec(given.collect());
    }

    /// The value given after `name` (`--port`, say), or `default`.
    ///
    /// A value that is no `T` is reported by [`Args::finish`]; until then the
    /// default stands in for it.
    pub fn option<T: Value>(
        &mut self,
        name: &'static str,
        default: impl Into<T> + Display,
    ) -> T {
        self.usage += &format!(" [{name} {default}]");
        let text = self.text(name);
        if name == "--port" {
            let default = || default.to_string();
            self.port = Some(text.clone().unwrap_or_else(default));
        }
        self.value(name, text).unwrap_or_else(|| default.into())
    }

    /// The value given after `name` (`--format`, say), one of `choices`; or
    /// `default`, which is one of them, too.
    ///
    /// Any other value is reported by [`Args::finish`], as by [`Args::option`].
    pub fn choice(
        &mut self,
        name: &'static str,
        default: &str,
        choices: &[&str],
    ) -> String {
        let value: String = self.option(name, default);
        for other in choices.iter().filter(|choice| **choice != default) {
            self.usage.insert_str(self.usage.len() - 1, &format!("|{other}"));
        }
        let all = choices.join(", ");
        let wrong = format!("{name}: {} is none of {all}", shown(&value));
        self.require(choices.contains(&value.as_str()), &wrong);
        value
    }

    /// The value given after `name`, if any: an option without a default.
    /// `what` stands for the value in the usage line: `[--json FILE]`.
    pub fn maybe<T: Value>(
        &mut self,
        name: &'static str,
        what: &str,
    ) -> Option<T> {
        self.usage += &format!(" [{name} {what}]");
        let text = self.text(name);
        self.value(name, text)
    }

    /// Has [`Args::finish`] refuse the command line with `sentence`, unless
    /// `right`, or something else was wrong before.
    pub fn require(&mut self, right: bool, sentence: &str) {
        if !right {
            self.wrong.get_or_insert(sentence.to_string());
        }
    }

    /// Whether `name` (`--local`, say), which has no value, was given.
    pub fn flag(&mut self, name: &'static str) -> bool {
        self.usage += &format!(" [{name}]");
        self.given.contains(name)
    }

    /// The share from 0.0 to 1.0 that was given after `name` (`--lose`, say)
    /// in percent, from 0 to 100 (`2.5` is one, too); 0.0 if none was.
    pub fn percent(&mut self, name: &'static str) -> f64 {
        let percent: f64 = self.option(name, 0);
        let right = (0.0..=100.0).contains(&percent);
        self.require(right, &format!("{name}: {percent} is not from 0 to 100"));
        if right { percent / 100.0 } else { 0.0 }
    }

    /// The [`Role`] that was given, `server` or `client`, without a name before
    /// it. Comes after every [`Args::option`] and [`Args::flag`], or a value
    /// would be taken for it.
    ///
    /// Anything else is reported by [`Args::finish`]; until then the client
    /// stands in for it.
    pub fn role(&mut self) -> Role {
        self.usage += " server|client";
        let left = self.given.clone().finish();
        if left.first().is_some_and(|word| is_option(word)) {
            return Role::Client; // An unknown option: `finish` says so.
        }
        let role = match self.word() {
            Some(word) => word.parse(),
            None => Err("which one? server or client".to_string()),
        };
        role.unwrap_or_else(|wrong| {
            self.require(false, &wrong);
            Role::Client
        })
    }

    /// The argument that has no name, if one is left; so ask for it after all
    /// options. `what` is its word in the usage line.
    pub fn argument(&mut self, what: &str) -> Option<String> {
        self.usage += &format!(" [{what}]");
        self.word()
    }

    /// Goes on if all is well. Otherwise ends the program: with the usage line
    /// and the program's head comment on stdout and status 0 for `--help` (or
    /// `-h`); with the usage line, a sentence on stderr and status 2 for a
    /// value of the wrong kind, an unknown option, or anything left over.
    pub fn finish(mut self) {
        if let Some(port) = self.port.take() {
            let _ = PORT.set(port);
        }
        let Some((status, text)) = self.verdict() else { return };
        if status == 0 {
            let _ = writeln!(stdout(), "{text}"); // Nobody reads it: no harm.
        } else {
            crate::note(text);
        }
        exit(status)
    }

    /// Why the program ends here, if it does: its exit status, and its words.
    fn verdict(mut self) -> Option<(i32, String)> {
        let usage = self.usage;
        if self.given.contains(["-h", "--help"]) {
            return Some((0, format!("{usage}\n\n{}", self.head)));
        }
        let left = self.given.finish().into_iter().chain(self.words).next();
        let unknown =
            left.map(|word| format!("{} is unknown", shown(&text_of(&word))));
        let wrong = self.wrong.or(unknown)?;
        Some((2, format!("{usage}\nError: {wrong}")))
    }

    /// What was given after `name`.
    fn text(&mut self, name: &'static str) -> Option<String> {
        // pico-args takes whatever comes next for the value, an option too.
        let given = self.given.clone().finish();
        let at = given.iter().position(|word| word == name);
        let next = at.map(|at| given.get(at + 1));
        if next.is_some_and(|next| next.is_none_or(|next| is_option(next))) {
            self.given.contains(name); // It is taken away.
            self.require(false, &format!("{name} needs a value"));
            return None;
        }
        let text = |text: &str| Ok::<_, String>(text.to_string());
        let given = self.given.opt_value_from_fn(name, text);
        let found = given.unwrap_or_else(|error| {
            let unicode = !matches!(error, Error::NonUtf8Argument);
            let wrong = if unicode { "needs a value" } else { "is no UTF-8" };
            self.require(false, &format!("{name} {wrong}"));
            None
        });
        if self.given.contains(name) {
            self.require(false, &format!("{name} is given twice"));
        }
        found
    }

    /// The same as what it is to be.
    fn value<T: Value>(
        &mut self,
        name: &str,
        text: Option<String>,
    ) -> Option<T> {
        let text = text?;
        let value = text.parse().ok();
        let wrong = format!("{name}: {} is not {}", shown(&text), T::WHAT);
        self.require(value.is_some(), &wrong);
        value
    }

    /// The first word that is no option.
    fn word(&mut self) -> Option<String> {
        let mut left = self.given.clone().finish();
        if left.first().is_some_and(|word| !is_option(word)) {
            let word = left.remove(0);
            self.given = Arguments::from_vec(left);
            return Some(text_of(&word));
        }
        let behind = self.words.first().map(|word| text_of(word))?;
        self.words.remove(0);
        Some(behind)
    }
}

/// Whether it begins as an option does; `-1.5` is a number.
fn is_option(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    let second = text.strip_prefix('-').and_then(|rest| rest.chars().next());
    second.is_some_and(|c| !c.is_ascii_digit() && c != '.')
}

/// A word as text; what is no Unicode in it becomes U+FFFD.
fn text_of(word: &OsStr) -> String {
    word.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program's text, and what `--help` shows of it.
    const HEAD: &str = "//! Serves.\n//!\n//!  --port  a port\n\nuse std;";
    const SHOWN: &str = "Serves.\n\n --port  a port";

    /// What a server with the usual two options makes of a command line.
    fn server(given: &[&str]) -> (String, u16, Option<(i32, String)>) {
        let given = given.iter().map(Into::into).collect();
        let mut args = Args::of("server", HEAD, given);
        let host = args.option("--host", "localhost");
        let port = args.option("--port", 3500_u16);
        (host, port, args.verdict())
    }

    const USAGE: &str =
        "usage: server [--help] [--host localhost] [--port 3500]";

    #[test]
    fn defaults_and_both_spellings() {
        assert_eq!(server(&[]), ("localhost".into(), 3500, None));
        let given = server(&["--port", "65535", "--host=10.0.0.7"]);
        assert_eq!(given, ("10.0.0.7".into(), 65535, None));
    }

    #[test]
    fn help_is_the_usage_line_with_the_defaults() {
        let help = Some((0, format!("{USAGE}\n\n{SHOWN}")));
        assert_eq!(server(&["--help"]).2, help);
        assert_eq!(server(&["--port", "1", "-h"]).2, help);
    }

    #[test]
    fn a_choice_is_one_of_some_words() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("server", HEAD, given);
            let format = args.choice("--format", "b", &["a", "b", "c"]);
            (format, args.verdict())
        };
        assert_eq!(parse(&[]), ("b".into(), None));
        assert_eq!(parse(&["--format", "c"]), ("c".into(), None));
        let usage = "usage: server [--help] [--format b|a|c]";
        let help = format!("{usage}\n\n{SHOWN}");
        assert_eq!(parse(&["--help"]).1, Some((0, help)));
        let wrong = format!("{usage}\nError: --format: x is none of a, b, c");
        assert_eq!(parse(&["--format", "x"]).1, Some((2, wrong)));
        let (_, missing) = parse(&["--format"]);
        assert!(missing.is_some_and(|(status, _)| status == 2));
    }

    #[test]
    fn a_flag_is_given_or_not() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("server", HEAD, given);
            (args.flag("--local"), args.verdict())
        };
        assert_eq!(parse(&[]), (false, None));
        assert_eq!(parse(&["--local"]), (true, None));
        let (given, verdict) = parse(&["--local", "--loud"]);
        let usage = "usage: server [--help] [--local]";
        let wrong = format!("{usage}\nError: --loud is unknown");
        assert_eq!((given, verdict), (true, Some((2, wrong))));
    }

    #[test]
    fn an_option_without_a_default_and_a_value_that_is_refused() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("client", HEAD, given);
            let under: Option<f64> = args.maybe("--under", "MS");
            args.require(under != Some(0.0), "--under 0 makes no sense");
            (under, args.verdict())
        };
        let usage = "usage: client [--help] [--under MS]";
        let wrong = |why| Some((2, format!("{usage}\nError: {why}")));
        assert_eq!(parse(&[]), (None, None));
        assert_eq!(parse(&["--under", "2.5"]), (Some(2.5), None));
        let zero = (Some(0.0), wrong("--under 0 makes no sense"));
        assert_eq!(parse(&["--under=0"]), zero);
        let (_, verdict) = parse(&["--under", "x"]);
        let (_, text) = verdict.unwrap_or_default();
        assert!(text.contains("Error: --under: "), "{text}");
    }

    #[test]
    fn a_short_name_stands_for_a_long_one() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("client", HEAD, given);
            args.short("-c", "--count");
            let count: u16 = args.option("--count", 100_u16);
            (count, args.verdict().map(|(status, _)| status))
        };
        for given in [&["-c", "7"][..], &["-c7"], &["-c=7"], &["--count=7"]] {
            assert_eq!(parse(given), (7, None), "{given:?}");
        }
        for given in [&["-c"][..], &["-cx"], &["-c", "-1"], &["-c7", "-c8"]] {
            assert_eq!(parse(given).1, Some(2), "{given:?}");
        }
    }

    #[test]
    fn a_percentage_is_from_0_to_100() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("link", HEAD, given);
            (args.percent("--lose"), args.verdict())
        };
        assert_eq!(parse(&[]), (0.0, None));
        assert_eq!(parse(&["--lose", "100"]), (1.0, None));
        assert_eq!(parse(&["--lose=2.5"]), (0.025, None));
        for wrong in ["101", "-1", "NaN", "inf", "10%", ""] {
            let (share, verdict) = parse(&["--lose", wrong]);
            let (status, text) = verdict.unwrap_or_default();
            assert_eq!((share, status), (0.0, 2), "{wrong}");
            let usage = "usage: link [--help] [--lose 0]\nError: --lose: ";
            assert!(text.starts_with(usage), "{wrong}: {text}");
        }
    }

    #[test]
    fn a_role_is_one_of_two() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("echo", HEAD, given);
            args.option::<u16>("--port", 3500_u16);
            let role = args.role();
            (role, args.verdict())
        };
        for given in [
            &["client"][..],
            &["--", "client"],
            &["client", "--port", "1"],
            &["--port=1", "client"],
        ] {
            assert_eq!(parse(given), (Role::Client, None), "{given:?}");
        }
        assert_eq!(parse(&["server"]), (Role::Server, None));
        let usage = "usage: echo [--help] [--port 3500] server|client";
        let help = format!("{usage}\n\n{SHOWN}");
        assert_eq!(parse(&["-h"]).1, Some((0, help)));
        for (given, wrong) in [
            (&[][..], "which one? server or client"),
            (&[""], "\"\" is none of server, client"),
            (&["peer"], "peer is none of server, client"),
            (&["server|client"], "server|client is none of server, client"),
            (&["--prot", "client"], "--prot is unknown"),
            (&["client", "server"], "server is unknown"),
        ] {
            let text = format!("{usage}\nError: {wrong}");
            assert_eq!(parse(given).1, Some((2, text)), "{given:?}");
        }
    }

    #[test]
    fn an_argument_without_a_name_is_given_or_not() {
        let parse = |given: &[&str]| {
            let given = given.iter().map(Into::into).collect();
            let mut args = Args::of("client", HEAD, given);
            let port: u16 = args.option("--port", 3502_u16);
            (args.argument("ADDRESS"), port, args.verdict())
        };
        let usage = "usage: client [--help] [--port 3502] [ADDRESS]";
        let wrong = |what| Some((2, format!("{usage}\nError: {what}")));
        assert_eq!(parse(&[]), (None, 3502, None));
        let here = Some("10.0.0.7".to_string());
        for given in [
            &["10.0.0.7", "--port=1"][..],
            &["--port=1", "10.0.0.7"],
            &["--port=1", "--", "10.0.0.7"],
        ] {
            assert_eq!(parse(given), (here.clone(), 1, None));
        }
        let behind = parse(&["--port=1", "--", "-x"]);
        assert_eq!(behind, (Some("-x".to_string()), 1, None));
        let option = parse(&["--prot"]);
        assert_eq!(option, (None, 3502, wrong("--prot is unknown")));
        let two = parse(&["10.0.0.7", "more"]);
        assert_eq!(two, (here, 3502, wrong("more is unknown")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (given, word) in [
            (&["--port", "abc"][..], "--port: "),
            (&["--port", "65536"], "--port: "),
            (&["--port", "-1"], "--port: "),
            (&["--port"], "--port needs a value"),
            (&["--host", "--port", "4000"], "--host needs a value"),
            (&["--host", "-x"], "--host needs a value"),
            (&["--port="], "--port needs a value"),
            (&["--port", ""], "--port: \"\" is not a whole number"),
            (&["--port", "70000"], "70000 is not a whole number from 0 to"),
            (&["--port", "x\u{1b}"], "\"x\\u{1b}\" is not"),
            (&[""], "\"\" is unknown"),
            (&["--", "--port"], "--port is unknown"),
            (&["--prot", "1"], "--prot is unknown"),
            (&["--por", "1"], "--por is unknown"),
            (&["--port", "1", "--port", "2"], "--port is given twice"),
            (&["5"], "5 is unknown"),
            (&["--port", "x", "--what"], "--port: "),
        ] {
            let (_, _, verdict) = server(given);
            let (status, text) = verdict.unwrap_or_default();
            assert_eq!(status, 2, "{given:?}");
            assert!(text.starts_with(&format!("{USAGE}\nError: ")), "{text}");
            assert!(text.contains(word), "{given:?}: {text}");
            assert_eq!(text.lines().count(), 2, "{text}");
        }
    }
}
