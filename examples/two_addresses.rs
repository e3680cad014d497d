//! Echo server that answers from the address that was asked. Where a
//! machine has two in one network (cable and Wi-Fi), the system takes
//! one of them for each answer, whichever was asked; and a client that
//! is connected to the other drops it.
//!
//! Run:  cargo run -p examples --example two_addresses
//! Then: cargo run -p examples --example echo_connect -- --host 127.0.0.2
//! And the same with --plain. (127.0.0.2 is this machine on Linux and
//! Windows; on macOS, name another of your own addresses.)
//!
//! --port   port to listen on, 0 to 65535; 0: any (3500)
//! --plain  answer as the other servers do: the system chooses

use common::println;
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use std::io::{ErrorKind, IoSliceMut};
use std::net::UdpSocket;

const PORT: u16 = 3500;
const BYTES: usize = 1024; // At most so many bytes a datagram.

fn main() -> common::Result<()> {
    let mut args =
        common::Args::new(include_str!("two_addresses.rs"));
    let port: u16 = args.option("--port", PORT);
    let plain = args.flag("--plain");
    args.finish();

    // 1. Ask the system to say of each datagram where it came to
    //    (IP_PKTINFO on Linux). `new` also makes the socket one that
    //    does not wait, for programs that wait in another way.
    let s = UdpSocket::bind(("0.0.0.0", port))?;
    let state = UdpSocketState::new((&s).into())?;
    s.set_nonblocking(false)?;
    common::note(format!("listening on {}", s.local_addr()?));

    let mut buffer = [0; BYTES];
    let mut about = [RecvMeta::default()];
    loop {
        // 2. Take a datagram, and what the system says about it.
        let mut room = [IoSliceMut::new(&mut buffer)];
        if let Err(e) =
            state.recv((&s).into(), &mut room, &mut about)
        {
            if e.kind() != ErrorKind::ConnectionReset {
                return Err(e.into());
            }
            continue; // Windows: an earlier answer met a closed port.
        }
        let RecvMeta { addr, len, stride, dst_ip, .. } = about[0];
        let asked = dst_ip
            .map_or("not told".to_string(), |ip| ip.to_string());
        println!("Conexion desde: {addr}, asked at {asked}");

        // 3. Send it back, with that address as our own. (A system
        //    may hand over several datagrams of one sender at once.)
        for contents in buffer[..len].chunks(stride.max(1)) {
            let answer = Transmit {
                destination: addr,
                ecn: None,
                contents,
                segment_size: None,
                src_ip: dst_ip.filter(|_| !plain),
            };
            if let Err(e) = state.try_send((&s).into(), &answer) {
                let why = common::plain(&e);
                common::note(format!("no answer to {addr}: {why}"));
            }
        }
    }
}
