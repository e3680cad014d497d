//! Exercise 07: the echo, from one machine to another.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

/// The port, unless the command line names another.
pub const PORT: u16 = 3500;

/// A datagram has at most this many bytes.
pub const BYTES: usize = 1024;

/// How long a client waits for an answer.
pub const WAIT: Duration = Duration::from_secs(2);

/// 1. Read where the server is: a host, and after it a port, or `PORT` if there
///    is none. `None` if the words say no host, or what is no port.
pub fn place(words: &[String]) -> Option<(String, u16)> {
    todo!("step 1: read where the server is from the words {words:?}")
}

/// 2. Look up the address of a host, which is a name or numbers with dots: the
///    first IPv4 address, with the port. An error if it has none.
pub fn look_up(host: &str, port: u16) -> io::Result<SocketAddr> {
    todo!("step 2: look up the address of {host:?}, port {port}")
}

/// 3. Make a socket at the port, and at every IPv4 address of this machine.
pub fn listen(port: u16) -> io::Result<UdpSocket> {
    todo!("step 3: listen on every address, port {port}")
}

/// 4. Find out at which of this machine's addresses the neighbour would see it,
///    and send nothing for that.
pub fn my_address(neighbour: SocketAddr) -> io::Result<IpAddr> {
    todo!("step 4: find out my own address towards {neighbour}")
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

/// The client, as in exercise 05; but its socket is at every address, too: from
/// 127.0.0.1 no datagram leaves the machine. (This one is done.)
pub fn ask(server: SocketAddr, text: &str) -> io::Result<String> {
    let s = listen(0)?;
    s.set_read_timeout(Some(WAIT))?;
    s.connect(server)?;
    s.send(text.as_bytes())?;
    let mut buffer = [0; BYTES];
    let n = s.recv(&mut buffer)?;
    let data = &buffer[..n];
    Ok(String::from_utf8_lossy(data).into_owned())
}
