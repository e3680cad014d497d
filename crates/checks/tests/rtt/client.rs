//! rtt-rfc2681 from the outside: the four pairings, the options, the report,
//! the files, Ctrl-C, and what goes wrong.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process;
use std::time::Duration;

use checks::{Hear, Language, command, forge, skipped, start};
use common::ports;
use serde_json::Value;
use testbed::{Ended, PATIENCE, Program, close};

use super::Counts;
use super::{client, server, words};

/// The client's end, after a run in which it has sent something.
fn ended(language: Language, to: SocketAddr, args: &[&str]) -> Ended {
    Counts::of_some(|| client(language, to, args).end())
}

/// A port that nobody listens on: as long as the socket lives, nobody will.
fn silent() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// A file of this test's own, that does not exist yet.
fn file(name: &str) -> PathBuf {
    let name = format!("rtt-{}-{name}", process::id());
    std::env::temp_dir().join(name)
}

fn all_came(ended: &Ended, n: usize) {
    Counts::all_came(ended, n);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

const SHORT: [&str; 4] = ["--count", "20", "--interval", "0.005"];

#[test]
fn the_four_pairings_of_the_languages() {
    for listener in Language::BOTH {
        let server = server(listener);
        for speaker in Language::BOTH {
            let ended = ended(speaker, server.address(), &SHORT);
            all_came(&ended, 20);
            let lines = ended.stdout.lines();
            let probes = lines.filter(|l| l.starts_with("seq=")).count();
            assert_eq!(probes, Counts::of(&ended).sent, "{ended:?}");
        }
        assert_eq!(server.stop().stdout, "");
    }
}

#[test]
fn over_ipv6() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return skipped("no IPv6 here");
    }
    let args = ["--host", "::1", "--port", "0"];
    let server = start(Language::Rust, "rtt-rfc2681", "server", &args);
    assert_eq!(server.address().ip(), IpAddr::V6(Ipv6Addr::LOCALHOST));
    for language in Language::BOTH {
        let ended = ended(language, server.address(), &SHORT);
        all_came(&ended, 20);
        let rust = language == Language::Rust;
        assert_eq!(ended.stdout.contains("path         [::1]:"), rust);
    }
}

#[test]
fn the_default_is_port_3501_of_localhost() {
    let Ok(s) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 3501)) else {
        return skipped("another program uses port 3501");
    };
    s.set_read_timeout(Some(PATIENCE)).unwrap();
    for language in Language::BOTH {
        let client = start(language, "rtt-rfc2681", "client", &[]);
        let (n, _) = s.hear(&mut [0; 100]).unwrap();
        assert_eq!(n, 44);
        client.stop();
        s.set_nonblocking(true).unwrap(); // Throws away what else came.
        while s.hear(&mut [0; 100]).is_ok() {}
        s.set_nonblocking(false).unwrap();
    }
    close(s);
    for language in Language::BOTH {
        let server = start(language, "rtt-rfc2681", "server", &[]);
        assert_eq!(server.address(), "127.0.0.1:3501".parse().unwrap());
    }
}

#[test]
fn every_size_of_probe() {
    for language in Language::BOTH {
        let server = server(language);
        // macOS sends at most 9,216 bytes unless told otherwise.
        let most = if cfg!(target_os = "macos") { "9000" } else { "65507" };
        // The largest one alone: more might not fit into a socket's buffer.
        for (size, n) in [("44", 20), ("45", 20), ("1472", 20), (most, 1)] {
            for language in Language::BOTH {
                let args =
                    format!("--interval 0.005 --size {size} --count {n}");
                let ended = ended(language, server.address(), &words(&args));
                all_came(&ended, n);
            }
        }
    }
}

#[test]
fn the_report_names_what_rfc_2681_wants_named() {
    let server = server(Language::Rust);
    let to = server.address();
    let args = "--count 10 --interval 0.002 --timeout 0.9 --under 900 \
                --calibrate --quiet --size 100";
    let ended = ended(Language::Rust, to, &words(args));
    all_came(&ended, 10);
    let text = &ended.stdout;
    for words in [
        "Type-P       UDP, 100 bytes, DSCP 0, TTL ",
        &format!("-> {to} and back\n"),
        "stream       poisson, mean gap 0.002 s\n",
        &format!("lambda = 500 per s, N = {}\n", Counts::of(&ended).sent),
        "threshold    0.9 s\n",
        "Anderson-Darling",
        "minimum      0.",
        "median       0.",
        "(RFC 2681)\n             50: 0.",
        "(RFC 8912)\n             50: 0.",
        "under 900 ms  100.0 %\n",
        "calibration  systematic error 0.",
    ] {
        assert!(text.contains(words), "no {words:?} in:\n{text}");
    }
    let stamps = if cfg!(target_os = "linux") { "kernel" } else { "user" };
    assert!(text.contains(&format!("stamps       {stamps}-space")), "{text}");
    assert!(!text.contains("seq="), "quiet: {text}");
    let times = text.lines().find_map(|l| l.strip_prefix("T0, Tf       "));
    let times: Vec<_> = times.unwrap_or_default().split(", ").collect();
    assert_eq!(times.len(), 2, "{text}");
    for time in times {
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
        assert_eq!(time.find('T'), Some(10), "{time}");
    }
}

#[test]
fn periodic_probes_say_so() {
    let server = server(Language::Rust);
    let args = [&SHORT[..], &["--periodic"]].concat();
    let ended = ended(Language::Rust, server.address(), &args);
    all_came(&ended, 20);
    let text = &ended.stdout;
    assert!(text.contains("stream       periodic, mean gap 0.005 s"), "{text}");
    assert!(text.contains("send times   periodic: not tested"), "{text}");
}

#[test]
fn the_json_file_has_every_result() {
    let server = server(Language::Rust);
    let (json, svg) = (file("all.json"), file("all.svg"));
    let files = ["--json", json.to_str().unwrap(), "--svg"];
    let more = [svg.to_str().unwrap(), "--under", "0.5", "--calibrate"];
    let args = [&SHORT[..], &files, &more].concat();
    let ended = ended(Language::Rust, server.address(), &args);
    all_came(&ended, 20);
    let read: Value =
        serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let drawn = fs::read_to_string(&svg).unwrap();
    fs::remove_file(json).unwrap();
    fs::remove_file(svg).unwrap();
    let mut keys: Vec<_> = read.as_object().unwrap().keys().collect();
    keys.sort();
    let expected = [
        "damaged",
        "duplicates",
        "error_s",
        "inverse",
        "late",
        "lost",
        "mean_interval_s",
        "median_s",
        "minimum_s",
        "percentiles_received_s",
        "percentiles_s",
        "probes",
        "received",
        "reordered",
        "schedule",
        "sent",
        "short",
        "skipped",
        "stamps",
        "systematic_s",
        "threshold_s",
        "unmatched",
    ];
    assert_eq!(keys, expected);
    let Counts { sent, skipped, .. } = Counts::of(&ended);
    assert_eq!(read["sent"], sent);
    assert_eq!(read["skipped"], skipped);
    assert_eq!(read["received"], sent);
    assert_eq!(read["schedule"], "poisson");
    assert_eq!(read["mean_interval_s"], 0.005);
    assert!(read["systematic_s"].as_f64().unwrap() > 0.0);
    assert!(read["error_s"].as_f64().unwrap() > 0.0);
    assert!(read["inverse"]["0.5"].is_number(), "{read}");
    let probes = read["probes"].as_array().unwrap();
    assert_eq!(probes.len(), sent);
    let mut rtts = Vec::new();
    for (seq, probe) in probes.iter().enumerate() {
        assert_eq!(probe["seq"], seq);
        assert!(probe["sent_at"].as_str().unwrap().ends_with('Z'));
        rtts.push(probe["rtt_s"].as_f64().unwrap());
        let ms = rtts[seq] * 1000.0;
        let line = format!("seq={seq} rtt={ms:.3} ms\n");
        assert!(ended.stdout.contains(&line), "{line}");
    }
    rtts.sort_by(f64::total_cmp);
    assert_eq!(read["minimum_s"], rtts[0]);
    for percentiles in ["percentiles_s", "percentiles_received_s"] {
        for p in [50, 90, 95, 99] {
            let rank = (p * sent).div_ceil(100);
            let value = &read[percentiles][p.to_string()];
            assert_eq!(*value, rtts[rank - 1], "{p}");
        }
    }
    assert!(drawn.starts_with("<svg xmlns='http://www.w3.org/2000/svg'"));
    assert!(drawn.ends_with("</svg>\n"), "{drawn}");
}

#[test]
fn nobody_there_is_a_note_a_report_and_status_1() {
    let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, testbed::free_port()));
    let (_quiet, quiet) = silent();
    let args = words("--count 3 --interval 0.2 --timeout 0.3");
    for (to, refused) in [(closed, true), (quiet, false)] {
        for language in Language::BOTH {
            let ended = client(language, to, &args).end();
            assert_eq!(ended.code, Some(1), "{ended:?}");
            let text = &ended.stdout;
            let line = "undefined (no reply in 0.3 s)\n";
            let line =
                line.replace('\n', if cfg!(windows) { "" } else { "\n" });
            let Counts { sent, received, lost, .. } = Counts::of(&ended);
            assert_eq!(text.matches(&line).count(), sent, "{text}");
            assert_eq!((received, lost), (0, sent), "{text}");
            assert!(text.contains("median       undefined"), "{text}");
            let words = ended.stderr.replace("\r\n", "\n");
            let note =
                "connection refused\nhint: is the server running there?\n";
            let note = if refused { note } else { "" };
            let expected = format!("{note}Error: nothing came back in time\n");
            if cfg!(windows) {
                // It may report a closed port as a reset, or not at all.
                assert!(words.ends_with("Error: nothing came back in time\n"));
                continue;
            }
            assert_eq!(words, expected, "{language:?}");
        }
    }
}

#[test]
fn undefined_is_null_in_the_json_file() {
    let (_s, to) = silent();
    let json = file("lost.json");
    let args = words("--count 2 --interval 0.2 --timeout 0.1");
    let args = [&args[..], &["--json", json.to_str().unwrap()]].concat();
    let ended = client(Language::Rust, to, &args).end();
    assert_eq!(ended.code, Some(1));
    let read = fs::read(&json).unwrap();
    fs::remove_file(json).unwrap();
    let read: Value = serde_json::from_slice(&read).unwrap();
    assert_eq!(read["sent"], read["lost"]);
    for key in ["minimum_s", "median_s", "systematic_s", "error_s"] {
        assert_eq!(read[key], Value::Null, "{key}");
    }
    assert_eq!(read["percentiles_s"]["50"], Value::Null);
    assert_eq!(read["probes"][0]["rtt_s"], Value::Null);
    assert_eq!(read["inverse"], serde_json::json!({}));
    assert_eq!(read["stamps"], "user");
}

#[test]
fn an_empty_sample_is_a_sample() {
    let (_s, to) = silent();
    for language in Language::BOTH {
        let ended = client(language, to, &["--count", "0"]).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stdout.contains("0 sent, 0 received, 0 lost"));
        assert!(ended.stdout.contains("minimum      undefined"));
        assert_eq!(ended.stderr.trim(), "Error: nothing came back in time");
    }
}

#[test]
fn a_full_disk_is_a_sentence_after_the_report() {
    if !cfg!(target_os = "linux") {
        return skipped("only Linux has /dev/full");
    }
    let server = server(Language::Rust);
    let file = file("good");
    let good = file.to_str().unwrap();
    for (option, other) in [("--json", "--svg"), ("--svg", "--json")] {
        let args = [&SHORT[..], &[option, "/dev/full", other, good]].concat();
        let ended = ended(Language::Rust, server.address(), &args);
        assert_eq!(ended.code, Some(1));
        assert_eq!(ended.stderr, "Error: /dev/full: no storage space\n");
        Counts::all_came(&ended, 20);
        assert!(ended.stdout.contains("(RFC 8912)\n"), "{ended:?}");
        fs::remove_file(&file).expect("the other file is there");
    }
    // Neither is the file lost when the report is.
    let mut client = command(Language::Rust, "rtt-rfc2681", "client");
    let port = server.address().port().to_string();
    client.args(["--port", &port, "--quiet", "--json", good]).args(SHORT);
    client.stdout(fs::File::create("/dev/full").unwrap());
    let status = testbed::spawn(&mut client).unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(1));
    fs::remove_file(&file).expect("the file is there");
}

#[test]
fn faster_than_polite_is_for_this_machine_only() {
    for language in Language::BOTH {
        for args in [["44", "0.0009"], ["65507", "0.06"], ["1472", "0.001"]] {
            let [size, interval] = args;
            let args = ["--count", "0", "--size", size, "--interval", interval];
            let far = SocketAddr::from(([192, 0, 2, 1], 3501));
            let ended = client(language, far, &args).end();
            assert_eq!(ended.code, Some(2), "{language:?}: {ended:?}");
            let words = "over 1000/s or 1 MB/s only on loopback";
            assert!(ended.stderr.contains(words), "{ended:?}");
        }
    }
}

#[test]
fn a_closed_stdout_ends_it_with_a_sentence() {
    let server = server(Language::Rust);
    let args = words("--interval 0.01 --count 100000");
    let client = client(Language::Rust, server.address(), &args);
    client.hang_up();
    let ended = client.end();
    let hint = "hint: the program that read our output has ended\n";
    assert_eq!(ended.stderr, format!("Error: broken pipe\n{hint}"));
    assert_eq!(ended.code, Some(1));
}

#[test]
fn ctrl_c_ends_the_sending_and_the_report_comes() {
    if !cfg!(unix) {
        return skipped("a test cannot press Ctrl-C here");
    }
    let server = server(Language::Rust);
    for language in Language::BOTH {
        for interval in ["0.05", "20"] {
            if interval == "20" && !cfg!(target_os = "linux") {
                skipped("no system but Linux tells what is caught");
                continue;
            }
            let args =
                format!("--count 100000 --interval {interval} --under 1000");
            let client = client(language, server.address(), &words(&args));
            if interval == "0.05" {
                client.wait_for("seq=3 rtt=");
            } else {
                // It sleeps now, in the middle of a long gap; or soon.
                wait_until_it_catches_ctrl_c(client.id());
            }
            client.signal("INT");
            let ended = client.end();
            let text = &ended.stdout;
            assert!(text.contains("under 1000 ms  "), "{ended:?}");
            let status = if interval == "0.05" { 0 } else { 1 };
            assert_eq!(ended.code, Some(status), "{ended:?}");
            assert!(text.contains(" 0 lost (0 late)"), "{ended:?}");
            let silent = "Error: nothing came back in time\n";
            let words = if status == 0 { "" } else { silent };
            assert_eq!(ended.stderr, words, "{language:?}");
        }
    }
}

/// It waits for a reply for a minute, or ends at once.
#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    if !cfg!(unix) {
        return skipped("a test cannot press Ctrl-C here");
    }
    for language in Language::BOTH {
        let (s, to) = silent();
        s.set_read_timeout(Some(PATIENCE)).unwrap();
        let args = words("--timeout 600 --interval 0.1");
        let mut client = client(language, to, &args);
        s.hear(&mut [0; 100]).unwrap();
        // The system makes one of two signals that it could not deliver yet.
        let moment = Duration::from_millis(100);
        client.signal("INT");
        let more = (0..600).any(|_| {
            let ended = client.status_within(moment).is_some();
            if !ended {
                client.signal("INT");
            }
            ended
        });
        assert!(more, "{language:?}: it goes on");
        let ended = client.end();
        assert_eq!(ended.code, Some(130), "{language:?}: {ended:?}");
        assert_eq!(ended.stderr, "", "{language:?}");
    }
}

/// `client 10.0.0.7 -c 10 -i 0.2 -s 100`, as with ping.
#[test]
fn a_ping_user_s_fingers() {
    let server = server(Language::Rust);
    let port = server.address().port().to_string();
    for language in Language::BOTH {
        let args = ["127.0.0.1", "-c", "3", "-i0.1", "-s", "100"];
        let args = [&args[..], &["--port", &port]].concat();
        let run = || start(language, "rtt-rfc2681", "client", &args).end();
        let ended = Counts::of_some(run);
        all_came(&ended, 3);
        if language == Language::Rust {
            assert!(ended.stdout.contains("UDP, 100 bytes"), "{ended:?}");
            assert!(ended.stdout.contains("gap 0.1 s"), "{ended:?}");
        }
        for (args, words) in [
            (&["127.0.0.1", "127.0.0.1"][..], "127.0.0.1"),
            (&["127.0.0.1", "--host", "127.0.0.2"], "HOST or --host, not both"),
            (&["fe80::1"], "needs its interface: fe80::1%eth0"),
            (&["-s", "20"], "--size: 44 to 65507"),
        ] {
            let ended = start(language, "rtt-rfc2681", "client", args).end();
            assert_eq!(ended.code, Some(2), "{language:?}: {ended:?}");
            let last = ended.stderr.lines().last().unwrap_or_default();
            assert!(last.contains(words), "{language:?}: {ended:?}");
        }
    }
}

#[test]
fn a_host_name_that_cannot_be_one_is_one_line() {
    let long = "x".repeat(70);
    for host in ["a..b", &long, ""] {
        for (language, name) in Language::BOTH
            .into_iter()
            .flat_map(|l| [(l, "client"), (l, "server")])
        {
            let args = ["--host", host];
            let ended = start(language, "rtt-rfc2681", name, &args).end();
            let about = format!("{language:?} {name} {host:?}: {ended:?}");
            assert_eq!(ended.code, Some(1), "{about}");
            assert_eq!(ended.stderr.lines().count(), 1, "{about}");
        }
    }
}

/// A path that cannot be written is told before anything is measured.
#[test]
fn the_files_are_opened_before_the_first_probe_leaves() {
    let (s, to) = silent();
    let folder = std::env::temp_dir().join("rtt-no-such-folder/x");
    let name = folder.to_str().unwrap();
    for option in ["--json", "--svg"] {
        let args = ["--interval", "0.001", option, name];
        let ended = client(Language::Rust, to, &args).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout, "");
        let words = format!("Error: {name}: no such file or folder\n");
        assert_eq!(ended.stderr, words);
    }
    s.set_nonblocking(true).unwrap();
    assert!(s.hear(&mut [0; 100]).is_err(), "a probe left");
}

#[test]
fn where_no_thread_can_be_made_it_says_so() {
    if !cfg!(target_os = "linux") {
        return skipped("limits as these are Linux's");
    }
    // Another user's processes are few; and they may read the temporary folder.
    let copy = file("client");
    let binary = checks::binary("rtt-rfc2681", "client");
    fs::copy(binary, &copy).unwrap();
    let limited = |most: u32, args: &[&str]| {
        let mut command = std::process::Command::new("prlimit");
        command.arg(format!("--nproc={most}:{most}"));
        command.args(["setpriv", "--reuid=64681", "--regid=64681"]);
        command.arg("--clear-groups").arg(&copy).args(args);
        let out = testbed::output(&mut command).unwrap();
        String::from_utf8(out.stderr).unwrap()
    };
    if !limited(50, &["--count", "0"]).contains("nothing came back") {
        fs::remove_file(copy).unwrap();
        return skipped("no root, or no prlimit and setpriv");
    }
    let short = ["--count", "1", "--timeout", "0.1"];
    let more = [&short[..], &["--calibrate"]].concat();
    for (most, args) in [(1, &short[..]), (2, &short), (2, &more)] {
        let words = limited(most, args);
        let sentence = "Error: Resource temporarily unavailable\n";
        assert_eq!(words, sentence, "{most} {args:?}");
    }
    fs::remove_file(copy).unwrap();
}

/// Python's server, on a machine whose system refuses its first answer.
#[test]
fn a_refused_answer_ends_no_server() {
    let script = "
import runpy, socket, sys
class Refusing(socket.socket):
    refused = False
    def sendto(self, *args):
        if not Refusing.refused:
            Refusing.refused = True
            raise PermissionError('a firewall')
        return super().sendto(*args)
socket.socket = Refusing
sys.argv = ['server.py', '--port', '0']
runpy.run_path(sys.argv[0], run_name='__main__')
";
    let folder = checks::root().join("crates/rtt-rfc2681/python");
    let mut command = checks::python();
    command.args(["-u", "-c", script]).env("PYTHONPATH", &folder);
    command.current_dir(folder);
    let server = Program::start("server", command);
    let s = checks::socket();
    for data in [b"refused", b"answers"] {
        s.send_to(data, server.address()).unwrap();
    }
    let mut buffer = [0; 10];
    let (n, _) = s.hear(&mut buffer).unwrap();
    assert_eq!(&buffer[..n], b"answers");
}

/// Linux tells which signals a process catches: SIGINT is bit 1.
fn wait_until_it_catches_ctrl_c(id: u32) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let status = fs::read_to_string(format!("/proc/{id}/status"));
        let status = status.unwrap_or_default();
        let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.unwrap_or("0").trim(), 16);
        // Python catches it from the start; ours, from `signal.signal` on, is
        // told apart by the sending thread.
        let threads = status.lines().find_map(|l| l.strip_prefix("Threads:"));
        let threads: u32 = threads.unwrap_or("0").trim().parse().unwrap();
        if caught.is_ok_and(|bits| bits & 2 != 0) && threads >= 2 {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{status}");
        std::thread::yield_now();
    }
}

#[test]
fn what_is_out_of_range_is_a_sentence_and_status_2() {
    for (args, word) in [
        (&["--interval", "0"][..], "--interval"),
        (&["--interval", "-1"], "--interval"),
        (&["--interval=nan"], "--interval"),
        (&["--interval", "inf"], "--interval"),
        (&["--interval", "86401"], "--interval"),
        (&["--interval", "1e300"], "--interval"),
        (&["--interval", "0.0009", "--host", "192.0.2.1"], "--interval"),
        (&["--timeout", "0"], "--timeout"),
        (&["--timeout=-0.5"], "--timeout"),
        (&["--timeout", "NaN"], "--timeout"),
        (&["--timeout", "1e19"], "--timeout"),
        (&["--size", "43"], "--size"),
        (&["--size", "65508"], "--size"),
        (&["--size", "big"], "--size"),
        (&["--count", "1000001"], "--count"),
        (&["--count=-1"], "--count"),
        (&["--count", "1.5"], "--count"),
        (&["--under=-1"], "--under"),
        (&["--under", "nan"], "--under"),
        (&["--under", "x"], "--under"),
        (&["--port", "0"], "--port"),
        (&["--periodic=1"], "--periodic"),
        (&["--dscp", "3"], "--dscp"),
    ] {
        for language in Language::BOTH {
            let ended = start(language, "rtt-rfc2681", "client", args).end();
            let about = format!("{language:?} {args:?} {ended:?}");
            assert_eq!(ended.code, Some(2), "{about}");
            assert_eq!(ended.stdout, "", "{about}");
            let text = ended.stderr.replace("\r\n", "\n");
            let last = text.lines().last().unwrap_or_default();
            assert!(last.contains(word), "{about}");
            assert!(text.starts_with("usage: "), "{about}");
        }
    }
}

#[test]
fn garbage_does_not_end_a_server() {
    for language in Language::BOTH {
        let server = server(language);
        let (s, to) = (checks::socket(), server.address());
        for length in [0, 1, 13, 14, 43, 44, 45, 100, 1472, 9000] {
            let data: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            s.send_to(&data, to).unwrap();
            let mut buffer = [0; 65536];
            let (n, from) = s.hear(&mut buffer).unwrap();
            // RFC 8762, section 4.6: at least a whole STAMP reply.
            let whole = if length < 14 { length } else { length.max(44) };
            assert_eq!((n, from), (whole, to));
            assert_eq!(buffer[..n] == data, length < 14, "{length}");
        }
        // Ports that no client has. The last one is the server's own.
        let own = to.port();
        for port in ports::ALL.into_iter().chain([0, 7, own]) {
            if let Err(e) = forge(port, to.port(), &[1; 44]) {
                return skipped(&format!("no raw socket: {e}"));
            }
            s.send_to(b"alive", to).unwrap();
            let (n, _) = s.hear(&mut [0; 100]).unwrap();
            assert_eq!(n, 5);
        }
    }
}

/// RFC 8085: a network that answers nothing is left alone.
#[test]
fn after_half_a_minute_of_silence_it_ends_early() {
    let (_s, to) = silent();
    let args = words("--count 100000 --interval 0.5 --timeout 0.1");
    let clients = Language::BOTH.map(|language| client(language, to, &args));
    for client in clients {
        client.wait_for("no reply for 30 s: ending early");
        let ended = client.end();
        assert_eq!(ended.code, Some(1));
        assert!(ended.stdout.contains(" 0 received, "), "{ended:?}");
    }
}
