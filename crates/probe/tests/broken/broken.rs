//! Programs with one fault each: broken ROLE FAULT HOST PORT. The fault `none`
//! is a right program: what it fails is the judge's fault.

use std::net::UdpSocket;
use std::time::{Duration, Instant, SystemTime};
use std::{env, io, process::exit};

const TEXT: &[u8] = b"Taller I: Echo sobre UDP";

fn main() {
    let words: Vec<String> = env::args().collect();
    let [_, role, fault, host, port] = &words[..] else { exit(2) };
    let server = format!("{host}:{port}");
    let done = match role.as_str() {
        "echo-server" => echo_server(fault, &server),
        "daytime-server" => daytime_server(fault, &server),
        "echo-client" => echo_client(fault, &server),
        "daytime-client" => daytime_client(fault, &server),
        "rtt-client" => rtt_client(fault, &server),
        _ => exit(2),
    };
    done.unwrap();
}

fn echo_server(fault: &str, server: &str) -> io::Result<()> {
    let s = UdpSocket::bind(server)?;
    let mut buffer = [0; 1024];
    loop {
        let (n, from) = s.recv_from(&mut buffer)?;
        let mut data = buffer[..n].to_vec();
        match fault {
            "one-client" => s.connect(from)?,
            "lossy" => data = String::from_utf8_lossy(&data).into_owned().into_bytes(),
            "no-zeros" => data.retain(|byte| *byte != 0),
            "sorry" if n == 1024 => data = b"too long".to_vec(),
            _ => {}
        }
        if !data.is_empty() {
            s.send_to(&data, from)?;
            if fault == "twice" {
                s.send_to(&data, from)?;
            }
        }
        if fault == "ends-at-noise" && !data.is_empty() && !data.is_ascii() && n > 300 && n < 1024 {
            return Ok(());
        }
    }
}

/// The date of a number of days since 1970 (H. Hinnant's, from year 1970 on).
fn date(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + u64::from(month < 3), month, doy - (153 * mp + 2) / 5 + 1)
}

fn daytime_server(fault: &str, server: &str) -> io::Result<()> {
    let s = UdpSocket::bind(server)?;
    let mut buffer = [0; 65535];
    let size = if fault == "ends-at-long" { 1024 } else { 65535 };
    loop {
        let (n, from) = s.recv_from(&mut buffer[..size])?;
        if fault == "ends-at-long" && n == 1024 {
            return Ok(());
        }
        if fault == "needs-a-word" && &buffer[..n] != b"daytime" && n > 100 {
            continue;
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut now = now.as_secs();
        if fault == "ten-minutes-slow" {
            now -= 600;
        }
        let ((y, m, d), t) = (date(now / 86_400), now % 86_400);
        let (h, min, sec) = (t / 3600, t / 60 % 60, t % 60);
        let (y, m) = if fault == "month-0" { (y, m - 1) } else { (y, m) };
        let line = format!("{y}-{m:02}-{d:02}T{h:02}:{min:02}:{sec:02}Z");
        let end = if fault == "no-end" { "" } else { "\r\n" };
        s.send_to(format!("{line}{end}").as_bytes(), from)?;
    }
}

fn echo_client(fault: &str, server: &str) -> io::Result<()> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    s.send_to(TEXT, server)?;
    let mut buffer = [0; 1024];
    let mut n = 0;
    while n == 0 {
        n = s.recv_from(&mut buffer)?.0;
        if fault != "waits-at-empty" {
            break;
        }
    }
    if fault == "unwraps" {
        println!("--> {}", std::str::from_utf8(&buffer[..n]).unwrap());
    } else if fault == "prints-nothing" {
        println!("-->");
    } else {
        println!("--> {}", String::from_utf8_lossy(&buffer[..n]));
    }
    Ok(())
}

fn daytime_client(fault: &str, server: &str) -> io::Result<()> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    s.connect(server)?;
    s.set_read_timeout(Some(Duration::from_millis(800)))?;
    let mut buffer = [0; 65535];
    let mut line = Vec::new();
    let mut left = 3;
    while left > 0 {
        s.send(b"")?;
        let Ok(n) = s.recv(&mut buffer) else {
            left -= 1;
            continue;
        };
        line.extend(&buffer[..n]);
        if fault == "wants-line-end" && !line.ends_with(b"\n") {
            s.set_read_timeout(None)?;
            s.recv(&mut buffer)?;
        }
        let text = String::from_utf8_lossy(&line);
        let text: String = text.trim().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        if fault == "asks-again" {
            s.send(b"")?;
        }
        println!("{text}");
        return Ok(());
    }
    eprintln!("no answer");
    exit(if fault == "status-0" { 0 } else { 1 })
}

fn rtt_client(fault: &str, server: &str) -> io::Result<()> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    s.connect(server)?;
    let (mut rtts, mut buffer) = (Vec::new(), [0; 100]);
    for number in 0..12_u32 {
        let start = Instant::now();
        s.send(&number.to_be_bytes())?;
        loop {
            let left = Duration::from_millis(400).saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            s.set_read_timeout(Some(left))?;
            let Ok(n) = s.recv(&mut buffer) else { break };
            if buffer[..n] == number.to_be_bytes() {
                rtts.push(start.elapsed().as_secs_f64() * 1000.0);
                break;
            }
        }
    }
    let mut sent = 12;
    let n = rtts.len();
    if fault == "sent-is-received" {
        sent = n;
    }
    let min = if fault == "least-0" { 0.0 } else { f64::INFINITY };
    let min = rtts.iter().copied().fold(min, f64::min);
    if n == 0 && fault != "crash-if-silent" {
        println!("sent {sent} received 0 lost {sent}");
        return Ok(());
    }
    if fault == "sorted-not" {
        // The middle of the list as it came.
    } else {
        rtts.sort_by(f64::total_cmp);
    }
    let max = rtts.iter().copied().fold(0.0, f64::max);
    let max = if fault == "max-in-us" { max * 1000.0 } else { max };
    let median = if n == 0 { rtts[n] } else { rtts[n / 2] };
    println!("sent {sent} received {n} lost {} min {min:.3} median {median:.3} max {max:.3}", sent - n);
    Ok(())
}
