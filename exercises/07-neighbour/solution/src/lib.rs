//! Exercise 07: the echo, from one machine to another.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
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
    let host = words.first()?;
    let port = match words.get(1) {
        Some(port) => port.parse().ok()?,
        None => PORT,
    };
    Some((host.clone(), port))
}

/// 2. Look up the address of a host, which is a name or numbers with dots: the
///    first IPv4 address, with the port. An error if it has none.
pub fn look_up(host: &str, port: u16) -> io::Result<SocketAddr> {
    let mut found = (host, port).to_socket_addrs()?;
    let four = found.find(SocketAddr::is_ipv4);
    four.ok_or(io::Error::other("no IPv4 address"))
}

/// 3. Make a socket at the port, and at every IPv4 address of this machine.
pub fn listen(port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind(("0.0.0.0", port))
}

/// 4. Find out at which of this machine's addresses the neighbour would see it,
///    and send nothing for that.
pub fn my_address(neighbour: SocketAddr) -> io::Result<IpAddr> {
    let s = UdpSocket::bind("0.0.0.0:0")?;
    s.connect(neighbour)?;
    let own = s.local_addr()?;
    Ok(own.ip())
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
