//! A capture's frames, and the UDP datagram in each: everything that stands in
//! front of it, or why there is none.
//!
//! A file of the kind "pcap" is a header of 24 bytes, then for each frame a
//! header of 16 and what went over the wire, as far as it was kept
//! (draft-ietf-opsawg-pcap). What stands in front of IP depends on the file's
//! link type (<https://www.tcpdump.org/linktypes.html>).

use common::Result;
use socket2::{Domain, Protocol, Socket, Type};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::net::UdpSocket;

const RAW: u32 = 101; // Bare IP packets.
const BARE: [u32; 5] = [RAW, 12, 14, 228, 229]; // BSD's numbers, IPv4, IPv6.
const LOOPBACK: [u32; 2] = [0, 108]; // Of BSD and macOS; of OpenBSD.
const ETHERNET: u32 = 1;
const COOKED: u32 = 113; // Of Linux, by tcpdump -i any.
const COOKED_2: u32 = 276; // The newer form of it.
const KNOWN: &str = "Ethernet, loopback, raw IP, and Linux's any are";

// EtherTypes: what a frame carries.
const FOUR: usize = 0x0800;
const SIX: usize = 0x86dd;
const TAGS: [usize; 3] = [0x8100, 0x88a8, 0x9100]; // Of a VLAN.
const FIRST: usize = 0x0600; // Below this it is a length, and no type.

// Protocols: what an IP packet carries.
const UDP: usize = 17;
const ROUTING: usize = 43;
const FRAGMENT: usize = 44;
const AUTHENTICATION: usize = 51;
const OPTIONS: [usize; 8] =
    [0, ROUTING, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140];

const MOST: u32 = 262_144; // No tool keeps more of one frame.
const SHORT: &str = "it ends before the header of UDP does";

/// The frames of a capture, each as far as it was captured; an error where the
/// file cannot be read any further.
pub type Frames = Box<dyn Iterator<Item = Result<Vec<u8>>>>;

/// The link type of the capture in file `path`, and its frames in order.
///
/// # Errors
/// If the file cannot be opened, is no pcap file, or has a link type that
/// [`datagram`] does not know.
pub fn frames(path: &str) -> Result<(u32, Frames)> {
    // 1. The first byte tells the order of the others.
    let named = |e: io::Error| common::of_file(path, &e);
    let mut file = BufReader::new(File::open(path).map_err(named)?);
    let head = take(&mut file, 24).map_err(named)?;
    let big = head.first() == Some(&0xa1);
    let [magic, version, _, _, _, link] = words(&head, big)[..] else {
        return Err(format!("{path} is no pcap file").into());
    };

    // 2. The header tells what kind of file it is, and of which link.
    let size = match magic {
        0xa1b2_c3d4 | 0xa1b2_3c4d => 16, // Micro- or nanoseconds.
        0xa1b2_cd34 => 24,               // With more about each frame.
        0x0a0d_0d0a => return Err(next_generation(path).into()),
        _ => return Err(format!("{path} is no pcap file").into()),
    };
    let version = if big { version.rotate_left(16) } else { version };
    if version != 0x0004_0002 {
        let (major, minor) = (version & 0xffff, version >> 16);
        let found = format!("{path} has version {major}.{minor} of pcap");
        return Err(format!("{found}; only 2.4 is read").into());
    }
    let link = link & 0x03ff_ffff; // Above it stands how frames end.
    let known = [ETHERNET, COOKED, COOKED_2].contains(&link);
    if !known && !BARE.contains(&link) && !LOOPBACK.contains(&link) {
        let found = format!("{path} has link type {link}, which is not read");
        return Err(format!("{found} ({KNOWN})").into());
    }

    // 3. In front of each frame stands how many of its bytes were kept.
    let path = path.to_string();
    let mut next = move || {
        let head = take(&mut file, size)?;
        let kept = match words(&head, big).get(2) {
            Some(kept) if head.len() as u64 == size => *kept,
            _ => 0, // The file ends inside of this header, or before.
        };
        if kept > MOST {
            let what = format!("{path} is damaged: a frame of {kept} bytes");
            return Err(what.into());
        }
        let frame = take(&mut file, kept.into())?;
        Ok((!head.is_empty()).then_some(frame))
    };
    let all = std::iter::from_fn(move || next().transpose());
    Ok((link, Box::new(all)))
}

fn next_generation(path: &str) -> String {
    let convert = format!("editcap -F pcap {path} new.pcap");
    format!(
        "{path} is a pcapng file, and only pcap is read\n\
         hint: {convert} (or \"Save as\", \"pcap\", in Wireshark)"
    )
}

/// The next bytes, fewer if the file ends before.
fn take(file: &mut impl Read, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Numbers of 32 bits.
fn words(bytes: &[u8], big: bool) -> Vec<u32> {
    let words = bytes.as_chunks().0.iter().copied();
    let number = if big { u32::from_be_bytes } else { u32::from_le_bytes };
    words.map(number).collect()
}

/// The next IP packet with UDP that comes to this machine, as [`frames`].
///
/// # Errors
/// Raw sockets are for root; other systems than Linux may have none for UDP.
pub fn live() -> Result<(u32, Frames)> {
    let s = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP));
    let s = s.map_err(|e| format!("a raw socket: {}", e.kind()))?;
    common::note("waiting for a datagram over IPv4".to_string());
    let mut buffer = vec![0; 65_535];
    let n = UdpSocket::from(s).recv(&mut buffer)?;
    let packets = [Ok(buffer[..n].to_vec())];
    Ok((RAW, Box::new(packets.into_iter())))
}

/// What was found in a frame: the two addresses, one behind the other; the
/// datagram, of which at least the header is there; and why bytes of it are
/// missing, if they are.
pub type Found = (Vec<u8>, Vec<u8>, String);

/// The UDP datagram in a frame of the link type `link`.
///
/// # Errors
/// Why there is none, in words.
pub fn datagram(link: u32, frame: &[u8]) -> std::result::Result<Found, String> {
    // 1. IPv4 and IPv6 keep length, protocol and addresses elsewhere.
    let packet = packet(link, frame)?;
    let version = number(packet, 0, 1)? >> 4;
    let (mut start, length, mut protocol, ips) = if version == 4 {
        let start = number(packet, 0, 1)? % 16 * 4;
        (start, number(packet, 2, 2)?, number(packet, 9, 1)?, 12..20)
    } else {
        let length = 40 + number(packet, 4, 2)?;
        (40, length, number(packet, 6, 1)?, 8..40)
    };
    let ips = packet.get(ips).ok_or(SHORT)?;
    if start < 20 || length < start {
        return Err("the lengths in its IP header are too small".to_string());
    }
    let all = packet.get(..length).unwrap_or(packet); // Padding may follow.

    // 2. A fragment is told by IPv4's header, or by one that follows IPv6's.
    let (mut offset, mut more) = (0, false);
    if version == 4 {
        offset = number(packet, 6, 2)? % 0x2000;
        more = number(packet, 6, 1)? & 0x20 != 0;
    }
    while version == 6 && OPTIONS.contains(&protocol) && offset == 0 {
        let (next, size) = (number(all, start, 1)?, number(all, start + 1, 1)?);
        if protocol == ROUTING && number(all, start + 3, 1)? != 0 {
            return Err("IPv6 sends it on to another address".to_string());
        }
        start += match protocol {
            FRAGMENT => {
                offset = number(all, start + 2, 2)? / 8;
                more = number(all, start + 3, 1)? & 1 != 0;
                8
            }
            AUTHENTICATION => (size + 2) * 4,
            _ => (size + 1) * 8,
        };
        protocol = next;
    }
    if offset != 0 {
        return Err("a later fragment; the header is in the first".to_string());
    }
    if protocol != UDP {
        return Err(format!(
            "IP carries protocol {protocol}, and not UDP (17)"
        ));
    }

    // 3. The datagram may go on in other packets, or not have been kept.
    let udp = all.get(start..).ok_or(SHORT)?;
    number(udp, 0, 8)?;
    let missing = match (more, length.saturating_sub(start)) {
        (true, _) => "not checked, the rest is in other fragments".to_string(),
        (_, there) if all.len() < length => {
            format!("not checked, {} of {there} bytes were captured", udp.len())
        }
        _ => "not checked, its length does not fit that of IP".to_string(),
    };
    Ok((ips.to_vec(), udp.to_vec(), missing))
}

/// The IP packet behind the link's own bytes.
fn packet(link: u32, frame: &[u8]) -> std::result::Result<&[u8], String> {
    // 1. The type of what is carried: each link has it elsewhere.
    let (mut start, mut kind) = match link {
        ETHERNET => (14, number(frame, 12, 2)?),
        COOKED => (16, number(frame, 14, 2)?),
        COOKED_2 => (20, number(frame, 0, 2)?),
        _ if LOOPBACK.contains(&link) => (4, family(number(frame, 0, 4)?)?),
        _ => (0, if number(frame, 0, 1)? >> 4 == 4 { FOUR } else { SIX }),
    };

    // 2. A VLAN puts 4 bytes in between, and the type at their end.
    while TAGS.contains(&kind) {
        kind = number(frame, start + 2, 2)?;
        start += 4;
    }

    // 3. The packet says its version once more.
    if kind == FOUR || kind == SIX {
        let version = number(frame, start, 1)? >> 4;
        if version != if kind == FOUR { 4 } else { 6 } {
            return Err(format!("it says that its IP version is {version}"));
        }
        return frame.get(start..).ok_or(SHORT.to_string());
    }
    if link == ETHERNET && kind < FIRST {
        return Err("a frame of IEEE 802.3, which is not read".to_string());
    }
    Err(format!("EtherType {kind:04x}, which is not read"))
}

/// Loopback's number for IPv4 is 2 everywhere; for IPv6 each system has one.
/// The order of its bytes is that of the machine.
fn family(number: usize) -> std::result::Result<usize, String> {
    let swapped = (number as u32).swap_bytes() as usize;
    match number.min(swapped) {
        2 => Ok(FOUR),
        10 | 23 | 24 | 28 | 30 => Ok(SIX),
        other => Err(format!("address family {other}, which is not read")),
    }
}

/// The number in `count` bytes at `start`; the first counts most.
fn number(
    bytes: &[u8],
    start: usize,
    count: usize,
) -> std::result::Result<usize, String> {
    let bytes = bytes.get(start..start + count).ok_or(SHORT)?;
    Ok(bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
}
