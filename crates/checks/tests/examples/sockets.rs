//! The examples about sockets themselves: domains, types, the system's table,
//! the scheme of calls, one to many, TCP, load, two hosts.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use checks::{
    Hear, Language, example, skipped, start, start_example, two_hosts,
};
use testbed::{Ended, PATIENCE, Program, free_port, output};

/// Runs it to its end, which is a good one.
fn run(name: &str, args: &[&str]) -> String {
    let ended = start_example(name, args).end();
    assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
    assert_eq!(ended.stderr, "", "{name}");
    ended.stdout
}

fn line<'a>(printed: &'a str, start: &str) -> &'a str {
    let line = printed.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no {start:?}:\n{printed}"))
}

#[test]
fn domains_work_or_are_refused_with_a_reason() {
    let program = start_example("domains", &[]);
    let file = format!("domains-{}.socket", program.id());
    let ended = program.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let printed = ended.stdout;
    let inet = line(&printed, "PF_INET = AF_INET = 2: ");
    assert!(inet.contains("\"hola\" came by 127.0.0.1:"), "{inet}");
    let inet6 = line(&printed, "PF_INET6 = AF_INET6 = ");
    if UdpSocket::bind("[::1]:0").is_ok() {
        assert!(inet6.contains("\"hola\" came by [::1]:"), "{inet6}");
    }
    let unix = line(&printed, "PF_UNIX = AF_UNIX = 1: ");
    if cfg!(unix) {
        assert!(unix.ends_with("\"hola\" came by a file"), "{unix}");
        let file = std::env::temp_dir().join(file);
        assert!(!file.exists(), "{} is left", file.display());
    }
    for old in ["IPX", "APPLETALK"] {
        let old = line(&printed, &format!("PF_{old} = AF_{old} = "));
        let known =
            old.contains(": refused: ") || old.ends_with(": still here");
        assert!(known, "{old}");
    }
    assert!(printed.contains("Linux removed it in 2018"), "{printed}");
    assert!(printed.ends_with("AF_ addresses: the same numbers\n"));
}

#[test]
fn types_show_what_the_slide_says() {
    let printed = run("types", &[]);
    let stream = "SOCK_STREAM     connected; uno, dos came as \"unodos\"";
    assert_eq!(line(&printed, "SOCK_STREAM"), stream);
    let datagram = line(&printed, "SOCK_DGRAM");
    let two = "uno, dos came as [\"uno\", \"dos\"]";
    assert!(datagram.contains(two), "{datagram}");
    assert!(datagram.ends_with("; 70000 bytes: too many"), "{datagram}");
    let sequence = line(&printed, "SOCK_SEQPACKET");
    if cfg!(target_os = "linux") {
        assert!(sequence.contains(two), "{sequence}");
        assert!(sequence.contains("connected; "), "{sequence}");
        assert!(sequence.ends_with("the end as \"\""), "{sequence}");
    } else {
        assert!(sequence.contains("refused: "), "{sequence}");
    }
    let raw = line(&printed, "SOCK_RAW");
    if raw.ends_with("refused: permission denied") {
        return skipped("no raw socket without root");
    }
    let came = "uno came as \"uno\" after IP's header of 20 bytes";
    assert!(cfg!(windows) || raw.ends_with(came), "{raw}");
}

#[test]
fn sockets_table_knows_our_socket_what_waits_in_it_and_who_we_are() {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let own = s.local_addr().unwrap();
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    peer.connect(own).unwrap();
    peer.send(b"nobody reads this").unwrap();
    if !cfg!(target_os = "linux") {
        let ended = start_example("sockets_table", &[]).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("netstat -ano"), "{ended:?}");
        return;
    }
    let printed = run("sockets_table", &[]);
    let row = line(&printed, &format!("{own} "));
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words[1], "0.0.0.0:0");
    assert_ne!(words[2], "0", "17 bytes and the kernel's own: {row}");
    assert_eq!(words[4], std::process::id().to_string(), "{row}");
    assert!(words[5].starts_with('('), "{row}");
    assert!(["R", "S", "D"].contains(&words[6]), "{row}");
    assert!(words[7].contains("programs"), "{row}");
    let peer = line(&printed, &format!("{} ", peer.local_addr().unwrap()));
    assert_eq!(peer.split_whitespace().nth(1).unwrap(), own.to_string());
    // And an IPv6 one.
    if let Ok(six) = UdpSocket::bind("[::1]:0") {
        let printed = run("sockets_table", &[]);
        let row = line(&printed, &format!("{} ", six.local_addr().unwrap()));
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!(words[1..3], ["[::]:0", "0"], "{row}");
    }
    // Whatever the process's name is, the columns stand under their heads.
    let name = std::fs::read("/proc/self/comm").unwrap();
    std::fs::write("/proc/self/comm", "a b) (c").unwrap();
    let printed = run("sockets_table", &[]);
    std::fs::write("/proc/self/comm", name).unwrap();
    let row = line(&printed, &format!("{own} "));
    let head = printed.lines().next().unwrap();
    let [name, state] = ["NAME", "STATE"].map(|word| head.find(word).unwrap());
    assert!(row[name..].starts_with("(a b) (c) "), "{head}\n{row}");
    assert!(["R ", "S ", "D "].contains(&&row[state..state + 2]), "{row}");
    // ss prints the same bytes as waiting.
    let Ok(ss) = output(Command::new("ss").arg("-uan")) else {
        return skipped("no ss here");
    };
    let ss = String::from_utf8(ss.stdout).unwrap();
    // State, waiting to be read, to be sent, local address: the peer's row
    // names our address too, as its peer.
    let rows = ss.lines().map(|line| line.split_whitespace().collect());
    let mut rows = rows.filter(|row: &Vec<_>| row.len() > 3);
    let ours = rows.find(|row| row[3] == own.to_string());
    assert_eq!(ours.map(|row| row[1]), Some(words[2]), "{ss}");
}

#[test]
fn scheme_prints_each_call_of_both_sides_in_order() {
    let printed = run("scheme", &["--port", "0"]);
    let rows: Vec<_> = printed.lines().collect();
    let [a, b, c, d, e, f, g, h] = rows[..] else { panic!("{printed}") };
    for (row, side, call) in [
        (a, "server", "socket()"),
        (b, "server", "bind()"),
        (c, "client", "socket()"),
        (d, "client", "sendto()"),
        (e, "server", "recvfrom(): 8 bytes, 127.0.0.1:"),
        (f, "server", "sendto(127.0.0.1:"),
        (g, "client", "recvfrom(): 6 bytes, 127.0.0.1:"),
        (h, "client", "close(): "),
    ] {
        assert!(row.starts_with(&format!("{side}  {call}")), "{row}");
    }
    for row in [a, c] {
        assert!(row.ends_with("  not bound: no port"), "{row}");
    }
    let port = |row: &str| {
        let (_, port) = row.rsplit_once("bound to ").unwrap();
        port.rsplit(':').next().unwrap().to_string()
    };
    let (server, client) = (port(b), port(d));
    assert_ne!(server, client);
    assert_eq!(
        (port(e), port(f), port(g)),
        (server.clone(), server, client.clone())
    );
    assert!(e.contains(&format!("127.0.0.1:{client} ")), "{e}");
    assert!(h.ends_with(&format!(":{client} is free again")), "{h}");
}

#[test]
fn scheme_waits_for_enter() {
    let mut scheme = start_example("scheme", &["--port=0", "--pause"]);
    scheme.wait_for("not bound: no port");
    assert_eq!(scheme.stdout().lines().count(), 1);
    scheme.write(b"\n");
    scheme.wait_for("server  bind()");
    scheme.write(&[b'\n'; 20]);
    assert_eq!(scheme.end().stdout.lines().count(), 8);
}

#[test]
fn broadcast_is_refused_until_it_is_asked_for() {
    if !cfg!(target_os = "linux") {
        return skipped("a loopback interface with broadcasts is Linux's");
    }
    let server = start_example("broadcast", &["--port=0", "server"]);
    let port = server.address().port().to_string();
    let args = ["--to", "127.255.255.255", "--port", &port, "client"];
    let printed = run("broadcast", &args);
    let expected = format!(
        "without SO_BROADCAST: permission denied\n\
         with SO_BROADCAST: sent to 127.255.255.255:{port}\n\
         127.0.0.1:{port}: I am\n"
    );
    assert_eq!(printed, expected);
    // Another question gets no answer; the server goes on.
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    s.send_to(b"hola", ("127.0.0.1", port.parse().unwrap())).unwrap();
    server.wait_for(&format!("asked by {}", s.local_addr().unwrap()));
    assert_eq!(run("broadcast", &args), expected);
    s.set_nonblocking(true).unwrap();
    assert!(s.hear(&mut [0; 9]).is_err(), "it would be there by now");
    assert_eq!(server.stop().stdout.lines().count(), 3);
}

#[test]
fn multicast_reaches_the_members_of_the_group() {
    if !cfg!(target_os = "linux") {
        return skipped("groups on the loopback interface are Linux's");
    }
    let local = ["--interface", "127.0.0.1"];
    let join = |port: &str| {
        let args = [&local[..], &["--port", port, "server"]].concat();
        start_example("multicast", &args)
    };
    let first = join("0");
    let port = first.address().port().to_string();
    let second = join(&port); // The same port: SO_REUSEADDR.
    second.address();
    let ask = |group: &str| {
        let to = ["--group", group, "--port", &port, "client"];
        run("multicast", &[&local[..], &to].concat())
    };
    let sent = format!("sent to 239.255.35.0:{port}\n");
    let answer = format!("127.0.0.1:{port}: I am\n");
    assert_eq!(ask("239.255.35.0"), sent + &answer.repeat(2));
    // Nobody is in this group.
    assert_eq!(ask("239.255.35.1"), format!("sent to 239.255.35.1:{port}\n"));
    for member in [first, second] {
        let ended = member.stop();
        assert_eq!(ended.stdout.matches("asked by ").count(), 1, "{ended:?}");
    }
}

/// `Sunday, November 22, 2026 10:16:00-UTC`, of the day in UTC.
fn is_daytime(line: &str) -> bool {
    let words: Vec<_> = line.split(' ').collect();
    let [weekday, month, day, year, time] = words[..] else { return false };
    let digits = |text: &str, n| {
        text.len() == n && text.bytes().all(|b| b.is_ascii_digit())
    };
    let time: Vec<_> = time.trim_end_matches("-UTC").split(':').collect();
    weekday.ends_with("day,")
        && month.chars().next().is_some_and(char::is_uppercase)
        && (digits(day, 2) && !day.ends_with(',') || day.ends_with(','))
        && digits(year, 4)
        && line.ends_with("-UTC")
        && time.len() == 3
        && time.iter().all(|part| digits(part, 2))
}

#[test]
fn daytime_over_tcp_is_one_line_and_the_end() {
    let server = start_example("daytime_tcp", &["--port=0", "server"]);
    let address = server.address();
    let mut s = TcpStream::connect(address).unwrap();
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    s.read_to_string(&mut answer).unwrap();
    let said = answer.strip_suffix("\r\n").unwrap();
    assert!(is_daytime(said), "{said}");
    // A client that leaves at once ends nothing.
    for _ in 0..20 {
        drop(TcpStream::connect(address).unwrap());
    }
    let port = address.port().to_string();
    let printed = run("daytime_tcp", &["--port", &port, "client"]);
    assert!(is_daytime(printed.trim_end()), "{printed}");
    assert_eq!(server.stop().stdout.matches("Conexion desde: ").count(), 22);
}

#[test]
fn the_daytime_client_takes_no_more_than_it_should() {
    let port = free_port();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let port = port.to_string();
    let client = start_example("daytime_tcp", &["--port", &port, "client"]);
    let (mut s, _) = listener.accept().unwrap();
    // Either the client is content with the first part and has gone...
    let _ = std::io::copy(&mut std::io::repeat(b'x').take(1 << 26), &mut s);
    let ended = client.end();
    assert_eq!(ended.stdout, format!("{}\n", "x".repeat(1024)));
    // ... or there is nothing at all.
    let client = start_example("daytime_tcp", &["--port", &port, "client"]);
    drop(listener.accept().unwrap());
    let ended = client.end();
    assert_eq!(ended.stderr, "Error: the server said nothing\n");
    assert_eq!(ended.code, Some(1));
    let nobody = free_port().to_string();
    let ended =
        start_example("daytime_tcp", &["--port", &nobody, "client"]).end();
    let refused = "Error: connection refused\nhint: is the server";
    assert!(cfg!(windows) || ended.stderr.starts_with(refused), "{ended:?}");
}

#[test]
fn echo_buffered_answers_at_once_and_logs_a_moment_later() {
    let server = start_example("echo_buffered", &["--port", "0"]);
    let to = server.address();
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 2000];
    let said = format!("Conexion desde: {}\n", s.local_addr().unwrap());
    for round in 1..=300_u16 {
        s.send_to(&round.to_be_bytes(), to).unwrap();
        assert_eq!(s.hear(&mut buffer).unwrap().0, 2);
        assert_eq!(buffer[..2], round.to_be_bytes());
    }
    // Nothing else comes: so all of it is written.
    server.wait_until("300 lines", |stdout, _| {
        (stdout.matches(&said).count() == 300).then_some(())
    });
    s.send_to(b"", to).unwrap();
    s.send_to(b"not empty", to).unwrap();
    assert_eq!(s.hear(&mut buffer).unwrap().0, 9);
}

fn load(server_port: &str, more: &[&str]) -> Ended {
    let args = ["--port", server_port, "--seconds", "1"];
    start_example("echo_load", &[&args, more].concat()).end()
}

/// The number after `"name": ` in a line of JSON.
fn number(json: &str, name: &str) -> u64 {
    let (_, rest) = json.split_once(&format!("\"{name}\": ")).unwrap();
    rest.split([',', '}']).next().unwrap().parse().unwrap()
}

#[test]
fn echo_load_counts_answers_in_text_and_json() {
    for language in Language::BOTH {
        let server = start(language, "udp-echo", "server", &["--port", "0"]);
        let port = server.address().port().to_string();
        for window in ["1", "32"] {
            let ended = load(&port, &["--json", "--window", window]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let json = ended.stdout;
            assert!(json.starts_with('{') && json.ends_with("}\n"), "{json}");
            assert!(number(&json, "rate") > 0, "{json}");
            assert!(number(&json, "lost") <= number(&json, "sent"), "{json}");
            let (p50, p99) = (number(&json, "p50_us"), number(&json, "p99_us"));
            assert!(0 < p50 && p50 <= p99, "{json}");
        }
        let ended = load(&port, &[]);
        assert!(ended.stdout.contains(" requests/s, "), "{ended:?}");
        assert!(ended.stdout.contains(" lost, half took "), "{ended:?}");
    }
}

#[test]
fn echo_load_ends_though_everything_is_lost() {
    let deaf = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = deaf.local_addr().unwrap().port().to_string();
    let json = load(&port, &["--json", "--window", "7"]).stdout;
    let sent = number(&json, "sent");
    // They are lost after a second: then none is sent any more.
    assert_eq!(sent, 7, "{json}");
    assert_eq!(number(&json, "lost"), sent, "{json}");
    assert_eq!(number(&json, "rate"), 0, "{json}");
    assert_eq!(number(&json, "p99_us"), 0, "{json}");
    // It asked with numbers of its own.
    let mut buffer = [0; 100];
    for expected in 0..7_u64 {
        let n = deaf.hear(&mut buffer).unwrap().0;
        assert_eq!(n, 32);
        assert_eq!(buffer[24..32], expected.to_be_bytes());
    }
    if cfg!(unix) {
        let ended = load(&free_port().to_string(), &[]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.starts_with("Error: connection refused"));
    }
}

/// Prints the name of the network namespace in which it runs.
const SPACE: &str = "readlink /proc/self/ns/net";

/// Waits until no process is in a network namespace: it is gone then, for no
/// other one knows it.
fn gone(space: &str) {
    let inside = |process: fs::DirEntry| {
        let its = fs::read_link(process.path().join("ns/net"));
        its.is_ok_and(|its| its == Path::new(space))
    };
    assert!(space.starts_with("net:["), "{space}");
    let deadline = Instant::now() + PATIENCE;
    while fs::read_dir("/proc").unwrap().flatten().any(inside) {
        assert!(Instant::now() < deadline, "somebody is in {space}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn two_hosts_talk_and_leave_nothing_behind() {
    let echo = example("echo_roles").display().to_string();
    let b = format!("{SPACE}; {echo} --host 10.35.0.2 --port 3700 server");
    // The server may not be there yet: so ask until it is.
    let a = format!(
        "for i in $(seq 600); do on_b ss -uln | grep -q :3700 && break; \
         sleep 0.1; done; {echo} --host 10.35.0.2 --port 3700 client; \
         ip -brief -6 addr show dev cable"
    );
    let Some(script) = two_hosts(&b, &a) else { return };
    let ended = testbed::Program::start("two_hosts", script).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("--> Taller I: Echo"), "{ended:?}");
    assert!(ended.stdout.contains("Conexion desde: 10.35.0.1:"), "{ended:?}");
    assert!(ended.stdout.contains("fd35::1/64"), "{ended:?}");
    gone(ended.stdout.lines().find(|l| l.starts_with("net:")).unwrap());
}

#[test]
fn two_hosts_leave_nothing_behind_when_interrupted() {
    for signal in ["INT", "TERM"] {
        let there = format!("{SPACE}; sleep 600");
        let Some(script) = two_hosts(&there, &there) else { return };
        // Who runs in the background of a script has been told to ignore INT.
        let mut heeding = Command::new("env");
        heeding.arg("--default-signal=INT").arg(script.get_program());
        heeding.args(script.get_args());
        let program = testbed::Program::start("two_hosts", heeding);
        program.wait_until("two hosts", |out, _| {
            (out.lines().count() == 2).then_some(())
        });
        program.signal(signal);
        let ended = program.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        ended.stdout.lines().for_each(gone);
    }
}

#[test]
fn two_hosts_say_what_they_need() {
    let Some(script) = two_hosts("only one", "") else { return };
    let mut one = Command::new(script.get_program());
    one.args(script.get_args().take(2));
    let ended = testbed::Program::start("two_hosts", one).end();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.starts_with("usage: two_hosts.sh "), "{ended:?}");
    // The status is that of the command on a.
    let Some(script) = two_hosts("true", "exit 7") else { return };
    let ended = testbed::Program::start("two_hosts", script).end();
    assert_eq!(ended.code, Some(7), "{ended:?}");
}

/// A network without any route: what is missing is named, and the option that
/// gives it.
#[test]
fn one_to_many_without_a_route_names_the_option() {
    let alone = |name: &str, role: &str| {
        let mut inside = Command::new("unshare");
        inside.args(["--net", "sh", "-c", "ip link set lo up; exec \"$@\""]);
        inside.arg("sh").arg(example(name)).arg(role);
        Program::start(name, inside).end()
    };
    if output(Command::new("unshare").args(["--net", "ip", "link"]))
        .is_ok_and(|ended| ended.status.success())
    {
        for (name, role, option) in [
            ("multicast", "server", "--interface"),
            ("multicast", "client", "--interface"),
            ("broadcast", "client", "--to"),
        ] {
            let ended = alone(name, role);
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(ended.stderr.trim_end().ends_with(option), "{ended:?}");
            assert!(!ended.stderr.contains("os error"), "{ended:?}");
        }
    } else {
        skipped("a network of its own needs Linux, root, unshare and ip");
    }
}
