//! The daytime clients against real servers: the three superservers (inetd)
//! that Debian has, each in a network of its own.
//!
//! `.ci/run` unpacks them in `target/peers`; an installed one will do, too.
//! What they sent: `cargo test -p checks --test programs daytime::peers -- --nocapture`.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, id};
use std::time::Instant;

use checks::{Language, binary, command, failed_rules, python, root, skipped};
use daytime::line;
use testbed::{Ended, PATIENCE, Program, output};
use time::OffsetDateTime;

/// A server's address that is not the loopback's (RFC 5737: nobody's), for a
/// network that ends with the server.
const HOST: &str = "192.0.2.1";

/// For a client that is to be answered, on however slow a machine.
const TO: [&str; 4] = ["--host", HOST, "--timeout", "60"];

/// Starts what follows it in a new network, and where it can write its
/// process number without harm.
const NETWORK: &str = "
    mount -t tmpfs none /run &&
    ip link set lo up &&
    ip address add 192.0.2.1/32 dev lo &&
    echo the network is up &&
    exec \"$@\"
";

const INETD: &str = "\
daytime dgram udp wait root internal
echo dgram udp wait root internal
";

const XINETD: &str = "\
service daytime
{
    type = INTERNAL UNLISTED
    id = daytime-dgram
    socket_type = dgram
    protocol = udp
    user = root
    wait = yes
    port = 3613
    disable = no
}
service echo
{
    type = INTERNAL UNLISTED
    id = echo-dgram
    socket_type = dgram
    protocol = udp
    user = root
    wait = yes
    port = 3607
    disable = no
}
";

/// A real server, running.
struct Peer {
    program: Program,
    port: &'static str,
    config: PathBuf,
}

impl Peer {
    /// `file` (`usr/sbin/inetd`, say) of the Debian package `package`, with
    /// its configuration behind `args`. `None` if this machine has no such
    /// program or may not make a network; that is said.
    fn start(
        package: &str,
        file: &str,
        args: &[&str],
        config: &str,
        port: &'static str,
    ) -> Option<Peer> {
        let unpacked = root().join("target/peers").join(package).join(file);
        let found = match unpacked.exists() {
            true => Some(unpacked),
            false => installed(package).then(|| PathBuf::from("/").join(file)),
        };
        let Some(program) = found else {
            skipped(&format!("{package} is not there"));
            return None;
        };
        let can = ["--net", "--mount", "sh", "-ec", NETWORK, "sh", "true"];
        let can = output(Command::new("unshare").args(can));
        if !can.as_ref().is_ok_and(|ended| ended.status.success()) {
            skipped(&format!("no network of its own: {can:?}"));
            return None;
        }
        let name = format!("daytime-{package}-{}.conf", id());
        let file = std::env::temp_dir().join(name);
        fs::write(&file, config).unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "sh", "-ec", NETWORK, "sh"]);
        unshare.arg(program).args(args).arg(&file).env("TZ", "UTC");
        let program = Program::start(package, unshare);
        program.wait_for("the network is up");
        Some(Peer { program, port, config: file })
    }

    /// Runs `command` in the peer's network.
    fn run(&self, command: &Command) -> Ended {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &self.program.id().to_string(), "--net"]);
        inside.arg(command.get_program()).args(command.get_args());
        inside.envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
        Program::start("in the peer's network", inside).end()
    }

    /// What the judge on the wire says of it at `host`: the rules that fail,
    /// of daytime and then of its echo at `echo`, a port.
    fn judged(&self, host: &str, echo: &str) -> Vec<String> {
        let mut failed = Vec::new();
        for (protocol, port) in [("daytime", self.port), ("echo", echo)] {
            let mut judge = Command::new(binary("probe", "probe"));
            judge.args([protocol, "--json", &format!("{host}:{port}")]);
            judge.env("TALLER_SECONDS", "6"); // Not 2: for a busy machine.
            let ended = self.run(&judge);
            failed.extend(failed_rules(&ended.stdout));
        }
        failed
    }

    fn client(&self, language: Language, args: &[&str]) -> Ended {
        let mut client = command(language, "daytime-rfc867", "client");
        client.args(["--port", self.port]).args(args);
        self.run(&client)
    }

    /// Both clients print the line that it sends, which is ours in `format`;
    /// and its bytes are ours, the line's end included.
    fn sends(&self, package: &str, format: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.client(Language::Rust, &TO);
            if ended.code == Some(0) {
                break;
            }
            assert!(Instant::now() < deadline, "it never answers: {ended:?}");
        }
        for language in Language::BOTH {
            let since = OffsetDateTime::now_utc();
            let ended = self.client(language, &TO);
            assert_eq!(ended.code, Some(0), "{language:?}: {ended:?}");
            assert_eq!(ended.stderr, "");
            let said = format!("{}\r\n", ended.stdout.trim_end());
            assert!(written(&said, since, format), "{language:?}: {said:?}");
        }
        let since = OffsetDateTime::now_utc();
        let mut probe = python();
        probe.args(["-c", PROBE, HOST, self.port]);
        let ended = self.run(&probe);
        println!("{package}: {}", ended.stdout.trim_end());
        let hex = ended.stdout.split_whitespace().last().unwrap_or_default();
        let bytes = (0..hex.len()).step_by(2);
        let bytes = bytes.map(|i| u8::from_str_radix(&hex[i..i + 2], 16));
        let bytes = bytes.collect::<Result<Vec<_>, _>>().unwrap();
        let said = String::from_utf8(bytes).unwrap();
        assert!(written(&said, since, format), "{said:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.config);
    }
}

/// Whether Debian's package manager has installed it. (A file /usr/sbin/inetd
/// could be any of several.)
fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}", package]);
    output(&mut query).is_ok_and(|ended| ended.stdout == b"installed")
}

/// Prints the bytes that come back, as Python writes them and in hexadecimal.
const PROBE: &str = "\
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.sendto(b'', (sys.argv[1], int(sys.argv[2])))
data = s.recv(65535)
print(data, data.hex())
";

/// Whether our line for one of the seconds from `since` to now is `said`.
fn written(said: &str, since: OffsetDateTime, format: &str) -> bool {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    (since.unix_timestamp()..=now).any(|second| {
        let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
        line(time, format.parse().unwrap()).unwrap() == said
    })
}

#[test]
fn gnu_inetutils_inetd() {
    let (package, file) = ("inetutils-inetd", "usr/sbin/inetutils-inetd");
    let Some(peer) = Peer::start(package, file, &["-d"], INETD, "13") else {
        return;
    };
    peer.sends(package, "ctime");
    let ended = peer.client(Language::Rust, &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(peer.judged("127.0.0.1", "7"), [""; 0]);
}

/// It does not answer loopback addresses, nor the ports below 1024.
#[test]
fn openbsd_inetd() {
    let (package, file) = ("openbsd-inetd", "usr/sbin/inetd");
    let Some(peer) = Peer::start(package, file, &["-d"], INETD, "13") else {
        return;
    };
    peer.sends(package, "ctime");
    let once = ["--timeout", "1", "--tries", "1"];
    for language in Language::BOTH {
        let ended = peer.client(language, &once);
        let no = "try 1: no answer\nError: no answer from 127.0.0.1:13\n";
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), no));
    }
    assert_eq!(peer.judged(HOST, "7"), [""; 0]);
    assert_eq!(peer.judged("127.0.0.1", "7"), ["answers", "answers"]);
}

#[test]
fn xinetd() {
    let (package, file) = ("xinetd", "usr/sbin/xinetd");
    let args = ["-dontfork", "-f"];
    let Some(peer) = Peer::start(package, file, &args, XINETD, "3613") else {
        return;
    };
    peer.sends(package, "smtp");
    let ended = peer.client(Language::Rust, &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(peer.judged(HOST, "3607"), [""; 0]);
    // Of two that come at once it often loses one.
    let at_once = |rule: &String| ["at once", "many"].contains(&&rule[..]);
    let failed = peer.judged("127.0.0.1", "3607");
    assert!(failed.iter().all(at_once), "{failed:?}");
}
