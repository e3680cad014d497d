//! The tests of exercise 09. You need not change this file. They find the
//! answers in the capture themselves.
//! What they say stands in words.txt, by the names that are in quotes here.

use std::collections::HashSet;

use ex09_capture::{
    bytes_lost, bytes_of_data, clients_answered, clients_port, nobody_listens,
    unanswered, waited,
};
use kit::{Said, fail, said};

#[path = "../src/capture.rs"]
mod capture;
use capture::{Packet, packets};

/// The server's port.
const SERVER: u16 = 3500;

/// How long the headers are below UDP, in bytes: of IP, of Ethernet.
const BELOW: [usize; 2] = [20, 14];

/// Where a datagram comes from: the first number of the header of UDP.
fn source_port(packet: &Packet) -> u16 {
    u16::from_be_bytes([packet.header[0], packet.header[1]])
}

/// Where it goes: the second number.
fn destination_port(packet: &Packet) -> u16 {
    u16::from_be_bytes([packet.header[2], packet.header[3]])
}

/// Whether a packet carries UDP.
fn is_udp(packet: &&Packet) -> bool {
    packet.protocol() == "UDP"
}

/// A packet by its number.
fn packet(number: usize) -> Packet {
    packets().remove(number - 1)
}

/// The number that the digits of `number` in base 16 are in base 10.
fn misread(number: usize) -> usize {
    format!("{number:x}").parse().unwrap()
}

/// What an answer is shown as.
fn number(given: impl ToString) -> Said {
    said("a number", &[&given.to_string()])
}

/// Fails if the answer is none of the right ones, which it does not give away.
/// Of a known wrong one `known` names the cause, of any other `look` says where
/// to look.
fn check<T: PartialEq + Copy>(
    question: &str,
    (given, shown): (T, Said),
    (right, expected): (T, &str),
    known: &[(T, &'static str)],
    look: &'static str,
) {
    if given != right {
        let cause = known.iter().find(|(wrong, _)| *wrong == given);
        let why = cause.map_or(look, |(_, cause)| cause);
        fail(said("called", &[&question]), expected, shown, why);
    }
}

#[kit::test]
fn step_1_finds_the_port_of_the_client() {
    let given = clients_port();
    let right = source_port(&packet(1));
    let mut known = vec![
        (SERVER, "the port of the server"),
        (right.swap_bytes(), "bytes in the wrong order"),
    ];
    for p in packets().iter().filter(is_udp) {
        known.push((source_port(p), "the port of another client"));
    }
    check(
        "clients_port()",
        (given, number(given)),
        (right, "the port that packet 1 comes from"),
        &known,
        "the first two bytes of UDP",
    );
}

#[kit::test]
fn step_2_counts_the_data() {
    let given = bytes_of_data();
    let Packet { header, data, .. } = packet(1);
    let length = header.len() + data.len();
    let [ip, ethernet] = BELOW;
    let mut known = vec![
        (length, "the header of UDP counted"),
        (misread(length), "the length read in base 10"),
    ];
    for below in [ip, ip + ethernet] {
        for inside in [data.len(), length] {
            known.push((below + inside, "the headers below counted"));
        }
    }
    check(
        "bytes_of_data()",
        (given, number(given)),
        (data.len(), "the bytes of the text"),
        &known,
        "the text of packet 1",
    );
}

#[kit::test]
fn step_3_measures_the_wait() {
    let given = waited();
    let shown = match given.subsec_nanos() % 1000 {
        0 => said("microseconds", &[&given.as_micros()]),
        _ => said("nanoseconds", &[&given.as_nanos()]),
    };
    let [first, second, asked, answered] =
        [1, 2, 3, 4].map(|number| packet(number).time);
    let right = answered - asked;
    let mut known = vec![
        (asked, "the time of one packet"),
        (answered, "the time of one packet"),
        (asked + answered, "added and not subtracted"),
        (second - first, "the wait of the first client"),
    ];
    for digits in [10, 100, 1000] {
        known.push((right * digits, "another unit"));
        known.push((right * 1000 * digits, "another unit"));
        known.push((right / digits, "another unit"));
    }
    check(
        "waited()",
        (given, shown),
        (right, "the time from packet 3 to packet 4"),
        &known,
        "the times of the packets 3 and 4",
    );
}

#[kit::test]
fn step_4_counts_the_clients() {
    let given = clients_answered();
    let all = packets();
    let udp = || all.iter().filter(is_udp);
    let answers = udp().filter(|p| source_port(p) == SERVER);
    let right: HashSet<_> = answers.map(destination_port).collect();
    let asked = udp().filter(|p| source_port(p) != SERVER);
    let asked: HashSet<_> = asked.map(source_port).collect();
    check(
        "clients_answered()",
        (given, number(given)),
        (right.len(), "the ports that 3500 sends to"),
        &[
            (asked.len(), "whoever asked"),
            (1, "addresses counted"),
            (right.len() - 1, "one client left out"),
        ],
        "packets from 3500",
    );
}

/// Which packet says that nobody listens.
fn icmp() -> usize {
    let all = packets();
    all.iter().find(|p| p.protocol() == "ICMP").unwrap().number
}

#[kit::test]
fn step_5_finds_that_nobody_listens() {
    let given = nobody_listens();
    check(
        "nobody_listens()",
        (given, number(given)),
        (icmp(), "what the system sent"),
        &[(icmp() - 1, "the question itself")],
        "the one packet of another protocol",
    );
}

#[kit::test]
fn step_6_finds_the_unanswered_datagram() {
    let given = unanswered();
    let all = packets();
    let asks = |p: &&Packet| destination_port(p) == SERVER;
    let mut questions = all.iter().filter(is_udp).filter(asks);
    let right = questions.find(|p| p.data.is_empty()).unwrap().number;
    let mut known = vec![(icmp(), "no datagram")];
    for p in all.iter().filter(is_udp) {
        let cause = match (source_port(p), destination_port(p)) {
            (SERVER, _) => "one of the answers",
            (_, SERVER) => "answered after all",
            _ => "another port",
        };
        known.push((p.number, cause));
    }
    check(
        "unanswered()",
        (given, number(given)),
        (right, "a packet to 3500 and none back"),
        &known,
        "the number of a packet",
    );
}

#[kit::test]
fn step_7_counts_what_did_not_come_back() {
    let given = bytes_lost();
    let (sent, back) = (packet(8).data.len(), packet(9).data.len());
    let header = packet(8).header.len();
    let right = sent - back;
    let misread = misread(sent + header) - misread(back + header);
    check(
        "bytes_lost()",
        (given, number(given)),
        (right, "the data of packet 8 less those of packet 9"),
        &[
            (sent, "all that went or came back"),
            (back, "all that went or came back"),
            (sent + header, "all that went or came back"),
            (back + header, "all that went or came back"),
            (right + header, "the header counted once"),
            (right - header, "the header counted once"),
            (misread, "base 16 subtracted in base 10"),
            (0, "only what is shown"),
        ],
        "the length in the header",
    );
}
