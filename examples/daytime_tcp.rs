//! Daytime over TCP (RFC 867): the server says the time to whoever
//! connects, and closes.
//!
//! Run:  cargo run -p examples --example daytime_tcp -- server
//! Then: cargo run -p examples --example daytime_tcp -- client
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 0 to 65535; RFC 867 has 13 (3513)
//! server  or client: what this program is to be

use common::{Args, Role, println};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use time::{UtcDateTime, macros::format_description};

const HOST: &str = "localhost";
const PORT: u16 = 3513;
const BYTES: u64 = 1024; // The client reads no more.
const TIMEOUT: Option<Duration> = Some(Duration::from_secs(5));

fn main() -> common::Result<()> {
    let mut args = Args::new(include_str!("daytime_tcp.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.finish();
    let server = common::ipv4(&host, port)?;

    // The client connects: that is the question. The end of the
    // connection is the end of the answer.
    if role == Role::Client {
        let s = TcpStream::connect(server)?;
        s.set_read_timeout(TIMEOUT)?;
        let mut answer = Vec::new();
        common::in_time(s.take(BYTES).read_to_end(&mut answer))?;
        let answer = common::printable(answer.trim_ascii());
        if answer.is_empty() {
            return Err("the server said nothing".into());
        }
        println!("{answer}");
        return Ok(());
    }

    // The server listens; each client gets a connection of its own.
    let listener = TcpListener::bind(server)?;
    common::note(format!(
        "listening on {}",
        listener.local_addr()?
    ));
    loop {
        // Weekday, Month Day, Year Time-Zone CRLF (RFC 867's example).
        let (mut s, address) = listener.accept()?;
        println!("Conexion desde: {address}");
        let now = UtcDateTime::now().format(format_description!(
            "[weekday], [month repr:long] [day padding:none], [year] \
             [hour]:[minute]:[second]-UTC\r\n"
        ))?;
        let sent = s.write_all(now.as_bytes());
        if let Err(e) = sent {
            common::note(format!("no answer to {address}: {e}"));
        }
    }
}
