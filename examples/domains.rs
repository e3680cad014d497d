//! The domains on the slide: what this system makes of each.
//!
//! Run: cargo run -p examples --example domains

use common::println;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{env, fs, process};

fn main() -> common::Result<()> {
    common::Args::new(include_str!("domains.rs")).finish();

    // 1. Two domains whose addresses are an IP address and a port.
    let four = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    say("INET", Domain::IPV4, talk(Domain::IPV4, &four.into()))?;
    say("INET6", Domain::IPV6, talk(Domain::IPV6, &six.into()))?;

    // 2. One whose addresses are files (PF_LOCAL is another name).
    let file = format!("domains-{}.socket", process::id());
    let file = env::temp_dir().join(file);
    let talked = SockAddr::unix(&file)
        .and_then(|address| talk(Domain::UNIX, &address));
    say("UNIX", Domain::UNIX, talked)?;
    let _ = fs::remove_file(file); // The file outlives its socket.

    // 3. Two of the 1980s. Each system has a number for them, still.
    let [ipx, appletalk] = match () {
        () if cfg!(windows) => [6, 16],
        () if cfg!(target_os = "linux") => [4, 5],
        () => [23, 16], // macOS and the BSDs.
    };
    for (name, domain, why) in [
        ("IPX", ipx, "Novell's; Linux removed it in 2018"),
        ("APPLETALK", appletalk, "Apple's own dropped it in 2009"),
    ] {
        let domain = Domain::from(domain);
        let made = Socket::new(domain, Type::DGRAM, None);
        say(name, domain, made.map(|_| "still here".to_string()))?;
        println!("    {why}");
    }
    let same =
        "PF_ names protocols, AF_ addresses: the same numbers";
    println!("{same}");
    Ok(())
}

/// Two sockets talk: the same calls in each domain; only the address
/// differs. Streams, since every system has them in all three domains.
fn talk(domain: Domain, address: &SockAddr) -> io::Result<String> {
    let listener = Socket::new(domain, Type::STREAM, None)?;
    listener.bind(address)?;
    listener.listen(1)?;
    let at = listener.local_addr()?;
    let mut caller = Socket::new(domain, Type::STREAM, None)?;
    caller.connect(&at)?;
    caller.write_all(b"hola")?;
    drop(caller);
    let mut text = String::new();
    listener.accept()?.0.read_to_string(&mut text)?;
    let by =
        at.as_socket().map_or("a file".into(), |a| a.to_string());
    Ok(format!("{text:?} came by {by}"))
}

fn say(
    name: &str,
    domain: Domain,
    talked: io::Result<String>,
) -> common::Result<()> {
    let words = talked.unwrap_or_else(|e| format!("refused: {e}"));
    let told = words.split(" (os error").next().unwrap_or_default();
    let number = i32::from(domain);
    println!("PF_{name} = AF_{name} = {number}: {told}");
    Ok(())
}
