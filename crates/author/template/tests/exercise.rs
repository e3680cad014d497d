//! The tests of exercise NN. You need not change this file.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use exNN_name::{BYTES, send, take};
use kit::{
    Peer, beside, bytes, compared, fail, fails_to_receive, said, socket,
};

/// The first datagram that came to a socket before this moment, if one did.
fn came_to(s: &UdpSocket, address: SocketAddr) -> Vec<u8> {
    let mut buffer = [0; 2 * BYTES];
    Peer::new().send(b"the end", address); // So something is there to take.
    let (n, _) = s.recv_from(&mut buffer).unwrap();
    buffer[..n].to_vec()
}

#[kit::test]
fn step_1_sends_the_text() {
    for text in ["hola", "ñandú"] {
        let ((s, own), (to, there)) = (socket(), socket());
        let sender = s.try_clone().unwrap();
        let sent = beside(move || send(&sender, text, there)).wait();
        let did = said("called send", &[&text, &there]);
        if !matches!(sent, Some(Ok(()))) {
            fail(did, (), sent, "send did not end well");
        }
        let came = came_to(&to, there);
        let why = if came == text.as_bytes() {
            continue;
        } else if came != b"the end" {
            match came.strip_prefix(text.as_bytes()) {
                Some(b"\n") => said("adds an end of line", &[]),
                _ => compared(text.as_bytes(), &came),
            }
        } else if came_to(&s, own) == text.as_bytes() {
            said("sends to itself", &[])
        } else {
            said("nothing came of it", &[])
        };
        fail(did, text.to_string(), came, why);
    }
}

#[kit::test]
fn step_1_gives_the_error() {
    let ((s, _), nowhere) = (socket(), (Ipv4Addr::LOCALHOST, 0).into());
    let sent = beside(move || send(&s, "hola", nowhere)).wait();
    if !matches!(sent, Some(Err(_))) {
        fail("called send, port 0", "an error", sent, "keeps the error");
    }
}

#[kit::test]
fn step_2_takes_the_bytes() {
    for sent in [&b"hola"[..], b"\xff\0", &[b'x'; BYTES]] {
        let ((s, own), peer) = (socket(), Peer::new());
        peer.send(sent, own);
        let taking = beside(move || take(&s));
        let taken = taking.wait();
        let why = match &taken {
            Some(Ok(data)) if data == sent => continue,
            Some(Ok(data)) if data.len() == BYTES && sent.len() < BYTES => {
                said("whole buffer", &[])
            }
            // The shorter ones came; Windows has an error for that.
            Some(_) if sent.len() == BYTES => said("small buffer", &[]),
            Some(Ok(data)) => compared(sent, data),
            Some(Err(_)) => said("an error of take", &[]),
            None => {
                peer.send(b"the second one", own);
                match taking.wait() {
                    Some(_) => said("takes a second one", &[]),
                    None => said("does not end", &[]),
                }
            }
        };
        fail(said("called take", &[&bytes(sent)]), sent, taken, why);
    }
}

#[kit::test]
fn step_2_gives_the_error() {
    let s = fails_to_receive();
    let taken = beside(move || take(&s)).wait();
    if !matches!(taken, Some(Err(_))) {
        fail("called take, nothing came", "an error", taken, "error kept");
    }
}
