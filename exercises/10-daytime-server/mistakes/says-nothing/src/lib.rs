//! Exercise 10: the daytime server of RFC 867. Any datagram is answered with
//! the date and time.
//!
//! The steps have the numbers that they have in the server of
//! crates/daytime-rfc867. Do step 5 last: it calls the others.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::SystemTime;

mod calendar;
pub use calendar::date_and_time;

/// No datagram is larger, in bytes.
pub const BYTES: usize = 65_535;

/// 4. Make a socket and bind it to the address that it listens on. (This one is
///    done.)
pub fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
}

/// 6. Take one datagram: who sent it is all that counts.
pub fn take(s: &UdpSocket) -> io::Result<SocketAddr> {
    let mut buffer = [0; BYTES];
    let (_, address) = s.recv_from(&mut buffer)?;
    Ok(address)
}

/// 7. Say who called. (This one is done.)
pub fn say_who_called(address: SocketAddr) {
    println!("Conexion desde: {address}");
}

/// 8. Send the date and time, as one line, through the socket.
pub fn answer(
    s: &UdpSocket,
    now: SystemTime,
    to: SocketAddr,
) -> io::Result<()> {
    let line = date_and_time(now) + "\r\n";
    s.send_to(line.as_bytes(), to)?;
    Ok(())
}

/// 5. Serve for ever: take a datagram, say who called, answer with the time that
///    it is now; again.
pub fn serve(s: &UdpSocket) -> io::Result<()> {
    loop {
        match take(s) {
            Ok(address) => {
                if let Err(why) = answer(s, SystemTime::now(), address) {
                    eprintln!("no answer to {address}: {why}");
                }
            }
            Err(why) => eprintln!("nothing taken: {why}"),
        }
    }
}
