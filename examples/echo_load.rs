//! A load generator for any echo server: how many requests a second, how
//! many lost, how long each took.
//!
//! First: cargo run -p udp-echo --bin server
//! Run:   cargo run -p examples --example echo_load -- --window 32
//!
//! --host     the server's name or address (localhost)
//! --port     its port, 1 to 65535 (3500)
//! --seconds  how long to send, 0 to 255 (3)
//! --window   requests without an answer, 1 to 65535 (1)
//! --json     the figures as JSON

use common::println;
use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const SECONDS: u8 = 3;
const WINDOW: u16 = 1;
const LOST: Duration = Duration::from_secs(1); // Too late after this.
const POLL: Duration = Duration::from_millis(100);

fn main() -> common::Result<()> {
    let mut args = common::Args::new(include_str!("echo_load.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let seconds: u8 = args.option("--seconds", SECONDS);
    let window: u16 = args.option("--window", WINDOW);
    let json = args.flag("--json");
    args.require(window > 0, "--window: 0 is not enough");
    args.finish();
    let s = UdpSocket::bind(("0.0.0.0", 0))?;
    s.connect(common::ipv4(&host, port)?)?;
    s.set_read_timeout(Some(POLL))?;

    // A request is its own number, in 32 bytes. Those that wait for their
    // answer are kept with the time at which they left.
    let mut waiting = HashMap::new();
    let (mut sent, mut lost, mut times) = (0_u64, 0, Vec::new());
    let (start, most) =
        (Instant::now(), Duration::from_secs(seconds.into()));
    let mut swept = start;
    while start.elapsed() < most || !waiting.is_empty() {
        while start.elapsed() < most
            && waiting.len() < window.into()
        {
            let request =
                [[0; 8], [0; 8], [0; 8], sent.to_be_bytes()];
            waiting.insert(request.concat(), Instant::now());
            s.send(&request.concat())?;
            sent += 1;
        }
        // Any other datagram is no answer of ours: an old one, say.
        let mut answer = [0; 100];
        let n = common::in_time(s.recv(&mut answer))?.unwrap_or(0);
        if let Some(left) = waiting.remove(&answer[..n]) {
            times.push(left.elapsed().as_micros() as u32);
        }
        if swept.elapsed() > POLL {
            swept = Instant::now();
            let before = waiting.len();
            waiting.retain(|_, left: &mut Instant| {
                left.elapsed() < LOST
            });
            lost += before - waiting.len();
        }
    }

    times.sort_unstable();
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    let [p50, p99] = [50, 99].map(|percent| {
        times.get(times.len() * percent / 100).copied().unwrap_or(0)
    });
    let line = if json {
        format!(
            "{{\"sent\": {sent}, \"lost\": {lost}, \"rate\": {rate:.0}, \
             \"p50_us\": {p50}, \"p99_us\": {p99}}}"
        )
    } else {
        format!(
            "{rate:.0} requests/s, {lost} of {sent} lost, half took \
             {p50} us or less (p50), 99 % {p99} us or less (p99)"
        )
    };
    println!("{line}");
    Ok(())
}
