use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_default(); // ./start 4000
    let s = UdpSocket::bind(format!("127.0.0.1:{port}"))?;
    let mut buffer = [0; 1024];
    let (n, address) = s.recv_from(&mut buffer)?;
    println!("from {address} came {:?}", &buffer[..n]);
    Ok(())
}
