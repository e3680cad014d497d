//! Exercise 06: one program, two roles. A word on the command line says
//! whether it is a server, a client, or both at once.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// How long a client waits for an answer.
pub const WAIT: Duration = Duration::from_secs(1);

/// What the program is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Answers others.
    Server,
    /// Asks a server.
    Client,
    /// A server, and a client that asks it.
    Both,
}

/// 1. Read the role from the command line: its second word, after the program's
///    name, is `server`, `client` or `both`. Any other word is no role.
pub fn role(line: &[String]) -> Option<Role> {
    match line.get(1)?.as_str() {
        "server" => Some(Role::Server),
        "client" => Some(Role::Client),
        "both" => Some(Role::Both),
        _ => None,
    }
}

/// The server's socket. (This one is done.)
pub fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
}

/// The server, as in exercise 02: it never ends. (This one is done.)
pub fn serve(s: &UdpSocket) {
    let mut buffer = [0; BYTES];
    loop {
        match s.recv_from(&mut buffer) {
            Ok((n, address)) => {
                let data = &buffer[..n];
                println!("Conexion desde: {address}");
                if !data.is_empty() {
                    if let Err(why) = s.send_to(data, address) {
                        eprintln!("no answer to {address}: {why}");
                    }
                }
            }
            Err(why) => eprintln!("nothing taken: {why}"),
        }
    }
}

/// 2. Ask the server: from a socket of the client's own, send it the text, and
///    give the text of its answer, waiting no longer than `WAIT`.
pub fn ask(server: SocketAddr, text: &str) -> io::Result<String> {
    let s = UdpSocket::bind("127.0.0.1:0")?;
    s.set_read_timeout(Some(WAIT))?;
    s.connect(server)?;
    s.send(text.as_bytes())?;
    let mut buffer = [0; BYTES];
    let n = s.recv(&mut buffer)?;
    let data = &buffer[..n];
    Ok(String::from_utf8_lossy(data).into_owned())
}

/// 3. Be both at once: serve at the address, in a thread beside, and ask that
///    server. Gives what `ask` gives; an error if the address is taken.
pub fn both(address: SocketAddr, text: &str) -> io::Result<String> {
    let s = listen(address)?;
    std::thread::spawn(move || serve(&s));
    ask(address, text)
}
