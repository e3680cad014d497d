//! The runs that the book's first pages show: the echo, the scheme of calls,
//! what the system's own commands tell, captures, a neighbour.
//!
//! Most run in a network namespace of their own, as root of that namespace
//! alone: nobody else is there, and port 3500 is always free.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

use checks::book::{self, LANGUAGES, page};
use checks::{
    Language, binary, example, python, root, skipped, start, start_example,
    two_hosts,
};
use testbed::{Program, output};

/// A folder where the workshop's programs lie as they do for a reader:
/// `target/debug/server`, `crates/udp-echo/python/server.py`.
fn place() -> PathBuf {
    static MADE: Once = Once::new();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book_udp");
    MADE.call_once(|| {
        let _ = fs::remove_dir_all(&place); // An earlier run's.
        let debug = place.join("target/debug");
        fs::create_dir_all(debug.join("examples")).unwrap();
        let mut links = Vec::new();
        for name in ["server", "client"] {
            links.push((binary("udp-echo", name), debug.join(name)));
        }
        for name in ["sockets_table", "echo_connect", "scheme", "udp_header"] {
            links.push((example(name), debug.join("examples").join(name)));
        }
        for name in ["crates", "examples"] {
            links.push((root().join(name), place.join(name)));
        }
        for (from, to) in links {
            link(&from, &to).unwrap();
        }
    });
    place
}

#[cfg(unix)]
use std::os::unix::fs::symlink as link;

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into()) // Never called: see `alone`.
}

/// What every script begins with: a loopback interface, where the system hands
/// out port 40000 alone.
const BEGIN: &str = r"
ip link set lo up
echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range
";

/// For a script: `wait_for COMMAND` waits until the command succeeds, but for
/// 50 s at most; `up PORT`, until somebody listens there.
const WAIT: &str = r#"
wait_for() {
    end=$((SECONDS + 50))
    until "$@"; do
        [ $SECONDS -lt $end ] || { echo "it never came: $*" >&2; exit 1; }
        sleep 0.02
    done
}
listens() { $2 ss -uln | grep -q ":$1 "; }
up() { wait_for listens "$1"; }
"#;

/// Runs a script where there is no other socket and no other process; gives
/// what it printed on stdout. `None`, said aloud, where that cannot be, or
/// where one of `tools` is not.
fn alone(tools: &[&str], script: &str) -> Option<String> {
    if !cfg!(target_os = "linux") {
        skipped("network namespaces are Linux's");
        return None;
    }
    for tool in [&["ip", "ss"], tools].concat() {
        if output(Command::new(tool).arg("--version")).is_err() {
            skipped(&format!("no {tool} here"));
            return None;
        }
    }
    let new = ["--net", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let possible = |options: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(options).args(new).arg("true");
        unshare.stderr(Stdio::null());
        output(&mut unshare).is_ok_and(|ended| ended.status.success())
    };
    // Root needs no more; others become root of a namespace, if they may.
    let user = ["--user", "--map-root-user"];
    let more = [&[][..], &user].into_iter().find(|more| possible(more));
    let Some(more) = more else {
        skipped("no network namespace can be made here");
        return None;
    };
    let mut unshare = Command::new("unshare");
    unshare.args(more).args(new).args(["bash", "-c"]);
    unshare.arg(format!("{BEGIN}{WAIT}{script}")).current_dir(place());
    let python = python();
    let envs = python.get_envs().filter_map(|(k, v)| Some((k, v?)));
    unshare.envs(envs);
    let ended = Program::start("alone", unshare).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Some(ended.stdout)
}

/// Records it in lines of at most 78 columns, which a page has room for.
fn recorded(name: &str, text: &str) {
    let mut lines = String::new();
    for line in narrow(text).lines() {
        let mut rest = line.trim_end();
        while rest.len() > 78 {
            let at = rest[..78].trim_end().rfind(' ').unwrap_or(78);
            lines += &format!("{}\n", rest[..at].trim_end());
            rest = rest[at..].trim_start();
            lines += "    ";
        }
        lines += &format!("{rest}\n");
    }
    // Where a line is folded depends on how many digits its numbers have.
    book::recorded_as(name, &lines, |text| text.replace("\n    ", " "));
}

/// The text without those columns of its long lines that are blank, as their
/// right neighbour is.
fn narrow(text: &str) -> String {
    let mut lines: Vec<Vec<char>> =
        text.lines().map(|line| line.trim_end().chars().collect()).collect();
    let long = |line: &Vec<char>| line.len() > 60;
    while lines.iter().any(|line| line.len() > 78) {
        let rows: Vec<_> = lines.iter().filter(|line| long(line)).collect();
        let most = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let blank = |at: usize| {
            rows.iter().all(|row| row.get(at).is_none_or(|c| *c == ' '))
        };
        let at = (0..most).rfind(|at| blank(*at) && blank(at + 1));
        let Some(at) = at.filter(|at| at + 1 < most) else { break };
        for line in lines.iter_mut().filter(|line| long(line)) {
            if at < line.len() {
                line.remove(at);
            }
        }
    }
    lines
        .into_iter()
        .map(|l| l.into_iter().collect::<String>() + "\n")
        .collect()
}

/// The text with the two ports as they are on the slides, and as they are
/// where the system hands out port 40000 alone.
fn ports(text: &str, server: u16, client: Option<&str>) -> String {
    let text = text.replace(&format!(":{server}"), ":3500");
    let text = text.replace("\r\n", "\n");
    client.map_or(text.clone(), |port| {
        text.replace(&format!(":{port}"), ":40000")
    })
}

#[test]
fn the_echo_in_two_terminals() {
    for language in Language::BOTH {
        let server = start(language, "udp-echo", "server", &["--port", "0"]);
        let port = server.address().port();
        let to = ["--port", &port.to_string()];
        let client = start(language, "udp-echo", "client", &to).end();
        let said = server.wait_for("Conexion desde: ");
        let whose = said.rsplit(':').next();
        let ended = server.stop();
        let both = format!("{}{}", ended.stderr, ended.stdout);
        recorded("echo-server", &ports(&both, port, whose));
        recorded("echo-client", &ports(&client.stdout, port, None));
    }
}

#[test]
fn a_second_server_is_told_why() {
    let script = "target/debug/server 2> /dev/null & up 3500
        exec 2>&1; target/debug/server
        python3 crates/udp-echo/python/server.py; kill $!";
    let Some(both) = alone(&[], script) else { return };
    recorded("echo-second", &both);
}

#[test]
fn the_scheme_of_calls() {
    let Some(calls) = alone(&[], "target/debug/examples/scheme") else {
        return;
    };
    recorded("scheme", &calls);
}

#[test]
fn domains_and_types_on_linux() {
    if !cfg!(target_os = "linux") {
        return skipped("the page shows Linux");
    }
    for name in ["domains", "types"] {
        let ended = start_example(name, &[]).end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        if ended.stdout.contains("SOCK_RAW        refused: permission") {
            return skipped("no raw socket without root");
        }
        if ended.stdout.contains("PF_INET6 = AF_INET6 = 10: refused") {
            return skipped("no IPv6 here");
        }
        recorded(name, &ended.stdout);
    }
}

#[test]
fn the_system_s_commands_see_the_server() {
    let server = "target/debug/server 2> /dev/null & up 3500;";
    for (name, tool, command) in [
        ("watch-ss", "ss", "ss -uanp"),
        ("watch-netstat", "netstat", "netstat -uanp"),
        ("watch-ps", "ps", "ps -C server -o pid,stat,args"),
        ("watch-table", "ss", "target/debug/examples/sockets_table"),
        ("watch-lsof", "lsof", "lsof -nP -iUDP"),
    ] {
        let script = format!("{server} {command}");
        let Some(seen) = alone(&[tool], &script) else { continue };
        assert!(seen.contains("server"), "{name}: {seen}");
        // The N is that of whoever ran these tests with `nice`.
        recorded(name, &seen.replace(" SN ", " S  "));
    }
}

/// A datagram waits in the kernel while its receiver does not ask for it.
#[test]
fn a_stopped_server_has_a_datagram_waiting() {
    let script = r#"
        target/debug/server 2> /dev/null & server=$!; up 3500
        kill -STOP $server
        # Until then it might take the datagram, and stop afterwards.
        stopped() { ps -o stat= $server | grep -q ^T; }; wait_for stopped
        target/debug/client & client=$!
        waits() { [ "$(ss -uanH 'sport = :3500' | awk '{ print $2 }')" -gt 24 ]; }
        wait_for waits
        kill -CONT $server; wait $client"#;
    let Some(seen) = alone(&["awk"], script) else { return };
    assert!(seen.contains("Conexion desde: 127.0.0.1:40000\n"), "{seen}");
    assert!(seen.contains("--> Taller I: Echo sobre UDP\n"), "{seen}");
}

#[test]
fn both_clients_make_the_same_system_calls() {
    let server = "target/debug/server > /dev/null 2>&1 & up 3500;";
    let strace = "exec 2>&1; strace -e signal=none -e trace=network";
    for (name, client) in [
        ("strace-python", "python3 crates/udp-echo/python/client.py"),
        ("strace-rust", "target/debug/client"),
    ] {
        let script =
            format!("{server} {strace} {client} --host 127.0.0.1; exit 0");
        let Some(seen) = alone(&["strace"], &script) else { return };
        // What starts Python may ask first who we are: over AF_UNIX, of nscd.
        let ours = seen.find("socket(AF_INET").expect("a socket of ours");
        let calls = &seen[ours..];
        let names: Vec<_> =
            calls.lines().filter_map(|l| Some(l.split_once('(')?.0)).collect();
        assert_eq!(names, ["socket", "sendto", "recvfrom"], "{calls}");
        recorded(name, calls);
    }
}

#[test]
fn tcpdump_sees_two_datagrams() {
    // -Z root: in this namespace there is no other user.
    let script = "target/debug/server > /dev/null 2>&1 & up 3500
        tcpdump -Z root -l --immediate-mode -c 2 -n -t -i lo udp port 3500 \
            2> seen & tcpdump=$!
        wait_for grep -q 'listening on' seen
        target/debug/client > /dev/null; wait $tcpdump";
    if output(Command::new("id").arg("-u")).is_ok_and(|id| id.stdout != b"0\n")
    {
        return skipped("tcpdump needs root");
    }
    let Some(seen) = alone(&["tcpdump"], script) else { return };
    recorded("tcpdump", &seen);
}

/// What does not fit into one packet of the cable goes in several, and only the
/// first has UDP's header.
#[test]
fn a_large_datagram_travels_in_pieces() {
    if output(Command::new("tcpdump").arg("--version")).is_err() {
        return skipped("no tcpdump here");
    }
    let begun = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fragments");
    let _ = fs::remove_file(&begun); // An earlier run's.
    let begun = begun.display();
    let b = format!(
        "timeout 60 tcpdump -Z root -n -t -l --immediate-mode -s 96 -c 51 -i cable \
         udp 2> '{begun}'"
    );
    let a = format!(
        "{WAIT}wait_for grep -qs 'listening on' '{begun}'
         python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in 1472, 1473, 3000, 65507:
    s.sendto(bytes(n), (\"10.35.0.2\", 3500))
'
         over() {{ grep -q 'packets captured' '{begun}'; }}; wait_for over"
    );
    let Some(script) = two_hosts(&b, &a) else { return };
    let ended = Program::start("two_hosts", script).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let pieces: Vec<_> = ended.stdout.split("UDP, length ").skip(1).collect();
    let counts: Vec<_> = pieces.iter().map(|p| p.lines().count()).collect();
    // The line that ends a datagram's pieces begins the next one's.
    assert_eq!(counts, [2, 3, 4, 45], "{ended:?}");
    let shown: Vec<_> = ended.stdout.lines().take(6).collect();
    recorded("fragments", &shown.join("\n"));
}

#[test]
fn the_capture_as_three_programs_read_it() {
    for language in Language::BOTH {
        let mut command = checks::command(language, "examples", "udp_header");
        command.current_dir(root());
        let ended = Program::start("udp_header", command).end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        // This capture never changes: so its numbers count, too.
        let printed = ended.stdout.replace("\r\n", "\n");
        let first = "10.35.0.1 to 10.35.0.2\n  [88, 8a] source      34954\n";
        assert!(printed.starts_with(first), "{printed}");
        recorded("udp-header", &printed);
    }
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args("-n -t -X -c 1 -r examples/echo.pcap".split(' '));
    let Ok(ended) = output(tcpdump.current_dir(root())) else {
        return skipped("no tcpdump here");
    };
    recorded("tcpdump-bytes", &String::from_utf8(ended.stdout).unwrap());
}

/// The sum on the page, with the numbers of the capture's first datagram.
#[test]
fn the_checksum_on_the_page_is_right() {
    let text = fs::read_to_string(page("en", "udp-header")).unwrap();
    let (_, rows) = text.split_once("\n0a23 0001").expect("its first row");
    let (rows, _) = rows.split_once("```").expect("the block's end");
    let rows = format!("0a23 0001{rows}");
    let words = |row: &str| -> Vec<u32> {
        let hex = row.split_whitespace().take_while(|w| w.len() == 4);
        hex.map_while(|w| u32::from_str_radix(w, 16).ok()).collect()
    };
    let all: Vec<u32> = rows.lines().flat_map(words).collect();
    let sum: u32 = all.iter().sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    assert_eq!(!folded & 0xffff, 0xbfd2, "{all:x?}");
    for shown in [format!("{sum:x}"), format!("{folded:x}")] {
        for language in LANGUAGES {
            let text = fs::read_to_string(page(language, "udp-header"));
            assert!(text.unwrap().contains(&shown), "{language}: {shown}");
        }
    }
}

/// Who reaches a server, by the address that it is bound to; and the run that
/// the page shows.
#[test]
fn whom_a_neighbour_reaches() {
    if two_hosts("", "").is_none() {
        return;
    }
    let [server, ask] = [binary("udp-echo", "server"), example("echo_connect")];
    let run = |b: &str, a: &str| {
        let script = two_hosts(b, a).expect("there are two hosts here");
        let ended = Program::start("two_hosts", script).end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    let up = format!("{WAIT}wait_for listens 3500 on_b");
    let mut rows = String::new();
    for bound in ["127.0.0.1", "10.35.0.2", "0.0.0.0"] {
        let b = format!("'{}' --host {bound} > /dev/null", server.display());
        let ask = format!("'{}'", ask.display());
        let a = format!(
            "{up}
             for to in 127.0.0.1 10.35.0.2; do
                 on_b {ask} --host $to 2>&1 | tail -1; done
             {ask} --host 10.35.0.2 2>&1 | tail -1"
        );
        let answers: Vec<_> = run(&b, &a)
            .lines()
            .map(|line| match line {
                "--> Taller I: Echo sobre UDP" => "echo",
                "Error: connection refused: nobody listens" => "refused",
                other => panic!("{other}"),
            })
            .collect();
        rows += &format!("{bound}: {}\n", answers.join(", "));
    }
    assert_eq!(
        rows,
        "127.0.0.1: echo, refused, refused\n\
         10.35.0.2: refused, echo, echo\n\
         0.0.0.0: echo, echo, echo\n"
    );
    let address = "ip -brief -4 address";
    recorded("neighbour-address", &run("true", address));
    let b = format!("{} --host 0.0.0.0", server.display());
    let client = binary("udp-echo", "client");
    let a = format!(
        "{up}; echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range
         {} --host 10.35.0.2",
        client.display()
    );
    let both = run(&b, &a);
    let (theirs, ours): (Vec<_>, Vec<_>) =
        both.lines().partition(|line| line.starts_with("Conexion"));
    recorded("neighbour-server", &format!("{}\n", theirs.join("\n")));
    recorded("neighbour-client", &format!("{}\n", ours.join("\n")));
}

/// The page's conversations with Python (blocks of `pycon`).
#[test]
fn python_says_what_the_page_says() {
    let read = "
import doctest, re, sys
text = open(sys.argv[1], encoding='utf-8').read()
blocks = re.findall(r'```pycon\\n(.*?)```', text, re.S)
test = doctest.DocTestParser().get_doctest('\\n\\n'.join(blocks), {}, 'page', None, 0)
results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
sys.exit(results.failed or results.attempted < 5)
";
    for language in LANGUAGES {
        let mut command = python();
        command.args(["-c", read]).arg(page(language, "python-and-rust"));
        let ended = Program::start("doctest", command).end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

/// What Python refuses while it runs, rustc refuses before.
#[test]
fn rustc_refuses_text_for_bytes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book_rustc");
    fs::create_dir_all(&folder).unwrap();
    let source = "fn main() { let s = std::net::UdpSocket::bind((\"localhost\", 0)).unwrap(); \
                  let text: u16 = \"3500\"; s.send_to(\"hola\".as_bytes(), (\"localhost\", text)).unwrap(); }";
    fs::write(folder.join("text.rs"), source).unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".to_string());
    let mut command = Command::new(rustc);
    command.args(["--emit=metadata", "--edition=2024", "text.rs"]);
    let ended = output(command.current_dir(&folder)).expect("rustc starts");
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(words.starts_with("error[E0308]: mismatched types"), "{words}");
    assert!(words.contains("expected `u16`, found `&str`"), "{words}");
}
