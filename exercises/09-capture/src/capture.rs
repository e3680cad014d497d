//! Reads echo.pcap. You need not change this file, nor read it.
//!
//! A capture file is a header of 24 bytes, then for each packet 16 bytes (the
//! seconds, the microseconds, the bytes kept, the bytes there were) and what
//! went over the wire: here 14 bytes of Ethernet, then IP.

use std::time::Duration;

/// The file, as tcpdump wrote it.
const FILE: &[u8] = include_bytes!("../echo.pcap");

/// One packet.
#[derive(Debug)]
pub struct Packet {
    /// 1 for the first.
    pub number: usize,
    /// When it came, counted from the first.
    pub time: Duration,
    /// The header of IP, 20 bytes.
    pub ip: &'static [u8],
    /// What follows it: the 8 bytes of the header of UDP, or of ICMP.
    pub header: &'static [u8],
    /// All that is behind.
    pub data: &'static [u8],
}

impl Packet {
    /// The name of the protocol that IP carries here.
    pub fn protocol(&self) -> &'static str {
        match self.ip[9] {
            1 => "ICMP",
            17 => "UDP",
            _ => "other",
        }
    }
}

/// All packets of the capture, in their order.
pub fn packets() -> Vec<Packet> {
    let mut all = Vec::new();
    let mut rest = &FILE[24..];
    let mut first = None;
    while !rest.is_empty() {
        let (record, after) = rest.split_at(16);
        let number = |at: usize| {
            let bytes = std::array::from_fn(|i| record[at + i]);
            u32::from_le_bytes(bytes)
        };
        let time = Duration::from_secs(number(0).into())
            + Duration::from_micros(number(4).into());
        let time = time - *first.get_or_insert(time);
        let (frame, after) = after.split_at(number(8) as usize);
        let (ip, frame) = frame[14..].split_at(20);
        let (header, data) = frame.split_at(8);
        let number = all.len() + 1;
        all.push(Packet { number, time, ip, header, data });
        rest = after;
    }
    all
}
