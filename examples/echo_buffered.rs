//! Echo server that does not write a line for each datagram at once:
//! its log is gathered, and written when nothing comes, or every 100 ms.
//!
//! Run:  cargo run -p examples --example echo_buffered
//! Then: cargo run -p udp-echo --bin client
//!
//! --host  address or name to listen on (localhost)
//! --port  port to listen on, 0 to 65535; 0: any (3500)

use common::{Args, Careful};
use socket2::{Domain, Socket, Type};
use std::io::{BufWriter, Write, stdout};
use std::time::{Duration, Instant};

const HOST: &str = "localhost";
const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.
const IDLE: Duration = Duration::from_millis(10); // Nothing came.
const LATE: Duration = Duration::from_millis(100); // Lines wait no longer.

fn main() -> common::Result<()> {
    let mut args = Args::new(include_str!("echo_buffered.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    args.finish();
    let s = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    s.bind(&common::ipv4(&host, port)?.into())?;
    s.set_read_timeout(Some(IDLE))?;
    let s = Careful::new(s)?;
    common::note(format!("listening on {}", s.local_addr()?));

    let mut log = BufWriter::new(stdout());
    let mut flushed = Instant::now();
    let mut buffer = [0; BYTES];
    loop {
        let received = s.recv_from(&mut buffer);
        let received = common::in_time(received)?;
        if let Some((n, address)) = received {
            if n > 0 {
                s.send_to(&buffer[..n], address)?;
            }
            writeln!(log, "Conexion desde: {address}")?;
        }
        if received.is_none() || flushed.elapsed() > LATE {
            log.flush()?;
            flushed = Instant::now();
        }
    }
}
