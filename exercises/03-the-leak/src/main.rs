//! Somebody talks to an echo server, and then a stranger does: first to the
//! server of leaky.rs, then to yours.
//!
//! You need not change this file: it uses what you write in lib.rs.
//!
//! Run: cargo run -p ex03-the-leak

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use ex03_the_leak::{BYTES, leaked, leaky, question, serve};

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    println!("== the server of leaky.rs");
    visit(leaky::serve)?;
    println!("== your server");
    visit(serve)
}

/// Starts a server; somebody talks to it, and then a stranger does.
fn visit(serve: fn(&UdpSocket) -> io::Result<()>) -> io::Result<()> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    let server = s.local_addr()?;
    thread::spawn(move || serve(&s));
    talk("somebody", b"password is hunter2", server)?;
    talk("a stranger", question(), server)
}

/// Sends some bytes to the server, and says what of the answer is new.
fn talk(who: &str, data: &[u8], server: SocketAddr) -> io::Result<()> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    s.set_read_timeout(Some(TIMEOUT))?;
    println!("{who} sends {:?}", String::from_utf8_lossy(data));
    s.send_to(data, server)?;
    let mut buffer = [0; BYTES];
    match s.recv_from(&mut buffer) {
        Ok((n, _)) => {
            let leak = leaked(data, &buffer[..n]);
            let text = String::from_utf8_lossy(&leak);
            let text = text.trim_end_matches('\0');
            println!("  {n} bytes came back; text that leaked: {text:?}");
        }
        Err(_) => println!("  no answer"),
    }
    Ok(())
}
