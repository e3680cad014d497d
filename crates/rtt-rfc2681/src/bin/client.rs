//! RTT client: measures the round-trip delay (RFC 2681).
//!
//! Run:   cargo run -p rtt-rfc2681 --bin client
//! First: cargo run -p rtt-rfc2681 --bin server
//!
//! HOST         the reflector's name or address
//! --host       the same (localhost)
//! --port       its port, 1 to 65535 (3501)
//! --count      or -c: how many probes, 0 to 1000000 (100)
//! --interval   or -i: mean seconds between, up to 86400 (0.1)
//! --periodic   every gap is the mean, none is random
//! --timeout    seconds; later is lost, up to 86400 (3)
//! --size       or -s: bytes of a probe, 44 to 65507 (44)
//! --under      milliseconds: what share was faster?
//! --quiet      no line for each probe
//! --calibrate  measure this machine first
//! --json       a file for the results
//! --svg        a file for the drawing

use rtt_rfc2681::report::{self, Report};
use rtt_rfc2681::{calibrate, options, sample, schedule};
use socket2::{Domain, Socket, Type};
use std::io::{Write, stdout};
use std::net::UdpSocket;
use std::sync::atomic::AtomicBool;

const HOST: &str = "localhost";
const PORT: u16 = 3501;
static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> common::Result<()> {
    // 1. Read the command line; look the reflector up.
    let o = options::read(HOST, PORT, include_str!("client.rs"))?;

    // 2. Make a socket for the address's family, IPv4 or IPv6.
    let family = Domain::for_address(o.to);
    let s = Socket::new(family, Type::DGRAM, None)?;

    // 3. Connect it: it hears nobody but the reflector.
    s.connect(&o.to.into())?;
    let s = UdpSocket::from(s); // Rust: std sends and receives.

    // 4. Choose when to send the probes; Ctrl-C ends that early.
    let times = schedule::times(o.count, o.interval, o.periodic);
    sample::stop_on_ctrl_c(&STOP)?;
    report::create(&o)?; // Rust: --json and --svg.

    // 5. Send the probes, and see what becomes of each.
    // Rust: --calibrate measures this machine first.
    let calibrated = calibrate::asked(&times, &o, &STOP)?;
    let sample = sample::run(&s, &times, &o, &STOP)?;

    // 6. Print what RFC 2681 wants told.
    // Rust: a longer report, with a histogram.
    let r = Report { s, options: o, sample, calibrated };
    let text = r.text()?;
    let saved = r.save(); // Rust: --json and --svg.
    write!(stdout(), "{text}")?;
    saved?; // Rust: told after the report, whatever it says.

    // 7. If nothing came back, say so, with status 1.
    if r.sample.received() == 0 {
        return Err("nothing came back in time".into());
    }
    Ok(())
}
