//! A chat on one page: zlib, a CRC-32, and no repair at all.
//!
//! Run:  cargo run -p examples --example chat_page -- server
//! Then: cargo run -p examples --example chat_page -- client
//!
//! --host  the server's name or address (localhost)
//! --port  its port, 0 to 65535 (3502)
//! server  or client: what this program is to be

use std::io::{self, BufRead, Read, stdin};
use std::net::UdpSocket;
use std::thread::Builder;

use common::{Role, println};
use flate2::{Compression, read};

const HOST: &str = "localhost";
const PORT: u16 = 3502;
const BYTES: usize = 4096; // At most so many bytes a line.

/// A line as a datagram: CRC-32, z or t, and its bytes.
fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let (mut zlib, best) = (b"z".to_vec(), Compression::best());
    read::ZlibEncoder::new(text, best).read_to_end(&mut zlib)?;
    let plain = [b"t", text].concat();
    let body = if zlib.len() < plain.len() { zlib } else { plain };
    Ok([&crc32fast::hash(&body).to_be_bytes(), &body[..]].concat())
}

/// The line in a datagram; `None` if it came damaged.
fn unpack(data: &[u8]) -> Option<Vec<u8>> {
    let (crc, body) = data.split_first_chunk()?;
    let right = crc32fast::hash(body) == u32::from_be_bytes(*crc);
    let (kind, bytes) = body.split_first().filter(|_| right)?;
    let (mut text, most) = (Vec::new(), BYTES as u64);
    let mut zlib = read::ZlibDecoder::new(bytes).take(most);
    match kind {
        b'z' => zlib.read_to_end(&mut text).is_ok().then_some(text),
        _ => Some(bytes.to_vec()),
    }
}

/// Shows what comes, for ever.
fn show(s: &UdpSocket) {
    let mut buffer = [0; BYTES + 5];
    loop {
        match s.recv(&mut buffer).map(|n| unpack(&buffer[..n])) {
            Ok(Some(text)) => {
                println!("< {}", common::printable(&text))
            }
            Ok(None) => println!("< (damaged)"),
            Err(_) => println!("(nobody is there)"),
        }
    }
}

fn main() -> common::Result<()> {
    // 1. Read the command line: the options, then the role.
    let mut args = common::Args::new(include_str!("chat_page.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let role = args.role();
    args.finish();

    // 2. Make a socket; others know the server's port.
    let server = common::ipv4(&host, port)?;
    let any = common::ipv4("0.0.0.0", 0)?;
    let here = if role == Role::Server { server } else { any };
    let s = UdpSocket::bind(here)?;
    common::note(format!("listening on {}", s.local_addr()?));

    // 3. The server waits for a caller, and looks who it is.
    if role == Role::Server {
        let (_, caller) = s.peek_from(&mut [0; BYTES])?;
        s.connect(caller)?;
    }

    // 4. The client calls, with an empty line.
    if role == Role::Client {
        s.connect(server)?;
        s.send(&pack(b"")?)?;
    }

    // 5. One thread shows what comes.
    let ears = s.try_clone()?; // Rust: each thread has its own.
    Builder::new().spawn(move || show(&ears))?;

    // 6. The other sends each typed line, once.
    for line in stdin().lock().split(b'\n') {
        s.send(&pack(line?.trim_ascii_end())?)?;
    }
    Ok(())
}
