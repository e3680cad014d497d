//! How long is the way to an echo server and back? One probe
//! after the other; crates/rtt-rfc2681 is the whole RFC 2681.
//!
//! Run:   cargo run -p examples --example rtt_page
//! First: cargo run -p udp-echo --bin server
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 1 to 65535 (3500)

use common::{Args, in_time, println};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const TIMEOUT: u64 = 1; // Seconds; what comes later is lost.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = Args::new(include_str!("rtt_page.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();

    // 2. Make a socket that hears the server alone.
    let s = UdpSocket::bind("0.0.0.0:0")?;
    s.connect(common::ipv4(&host, port)?)?;
    s.set_read_timeout(Some(Duration::from_secs(TIMEOUT)))?;
    let (mut rtts, mut buffer) = (Vec::new(), [0; 100]);

    // 3. Send ten probes, each with its number.
    for seq in 0..10 {
        let sent = Instant::now(); // It only goes forward.
        s.send(&[seq])?;

        // 4. Wait for its own answer; without one it is lost.
        let mut rtt = f64::INFINITY;
        while let Some(n) = in_time(s.recv(&mut buffer))? {
            if buffer[..n] == [seq] {
                rtt = sent.elapsed().as_secs_f64();
                break;
            }
        }

        // 5. A late answer is none.
        let late = rtt > TIMEOUT as f64;
        rtts.push(if late { f64::INFINITY } else { rtt * 1e3 });
        println!("seq={seq} rtt={:.3} ms", rtts[seq as usize]);
    }

    // 6. Print the counts, the minimum and the median.
    rtts.sort_by(f64::total_cmp);
    let came = rtts.iter().filter(|rtt| rtt.is_finite()).count();
    println!("sent 10 received {came} lost {}", 10 - came);
    let median = (rtts[4] + rtts[5]) / 2.0;
    println!("min {:.3} median {median:.3} ms", rtts[0]);
    Ok(())
}
