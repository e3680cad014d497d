//! Measures the round-trip delay to a reflector, ten times.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run:  cargo run -p rtt-rfc2681 --bin server
//! Then: cargo run -p ex12-rtt-singleton

use std::env;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ex12_rtt_singleton::{Probe, measure, open};

/// The reflector's port, unless the command line says another one.
const PORT: u16 = 3501;
/// How many probes to send.
const COUNT: usize = 10;
/// The pause between a probe's end and the next probe.
const PAUSE: Duration = Duration::from_millis(100);
/// The loss threshold: how long a reply may take.
const THRESHOLD: Duration = Duration::from_secs(1);

fn main() {
    let mut reflector = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    if let Some(word) = env::args().nth(1) {
        reflector = word.parse().unwrap_or_else(|_| {
            eprintln!("usage: ex12-rtt-singleton [ADDRESS:PORT]");
            exit(2)
        });
    }
    sample(reflector).unwrap_or_else(|why| {
        match why.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => {
                eprintln!("Error: nobody listens at {reflector}");
            }
            _ => eprintln!("Error: {why}"),
        }
        exit(1)
    });
}

/// Measures, and says what became of each probe, and of all.
fn sample(reflector: SocketAddr) -> io::Result<()> {
    let s = open(reflector)?;
    let start = Instant::now();
    let mut probes = Vec::new();
    for seq in 0..COUNT {
        measure(&s, start, &mut probes, THRESHOLD)?;
        match probes.last().and_then(|probe| probe.rtt) {
            Some(rtt) => {
                println!("seq={seq} rtt={:.3} ms", rtt.as_secs_f64() * 1000.0);
            }
            None => println!("seq={seq} undefined"),
        }
        sleep(PAUSE);
    }
    println!("{}", counts(&probes));
    Ok(())
}

/// How many probes met which fate.
fn counts(probes: &[Probe]) -> String {
    let sent = probes.len();
    let received = probes.iter().filter(|probe| probe.rtt.is_some()).count();
    let answered = probes.iter().filter(|probe| probe.replies > 0).count();
    let replies: u32 = probes.iter().map(|probe| probe.replies).sum();
    let (lost, late) = (sent - received, answered - received);
    let duplicates = replies as usize - answered;
    format!(
        "{sent} sent, {received} received, {lost} lost ({late} late); \
         {duplicates} duplicates"
    )
}
