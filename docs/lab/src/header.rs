//! The header of UDP: made of what one types, damaged bit by bit, and judged by
//! three checksums. It is made by the code that writes the bad link's captures.
//!
//! | key | its value |
//! |---|---|
//! | `from`, `to` | IP addresses (10.35.0.1, 10.35.0.2) |
//! | `source`, `destination` | ports, 0 to 65535 (34954, 3500) |
//! | `text` | the data, at most 64 bytes (Taller I: Echo sobre UDP) |
//! | `flip` | bits of the datagram that are flipped on the way, from 0: `64,70` |

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use badlink::pcap::{self, Station};
use common::json::{list, object, string};

use crate::answer::{adler, hex};
use crate::input::{decoded, numbers};

const HEADER: usize = 8; // Bytes.
const UDP: u8 = 17; // Its number among the protocols that IP carries.
/// At most so many bytes of data: as many as one can look at.
const TEXT_MAX: usize = 64;

/// A datagram, and the bits that are flipped in it on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    ends: [SocketAddr; 2],
    text: String,
    flip: Vec<usize>,
}

impl Question {
    fn read(link: &str) -> Result<Question, String> {
        let ends = [(1, 34954), (2, 3500)];
        let mut question = Question {
            ends: ends.map(|(host, port)| ([10, 35, 0, host], port).into()),
            text: "Taller I: Echo sobre UDP".to_string(),
            flip: Vec::new(),
        };
        for part in link.split('&').filter(|part| !part.is_empty()) {
            question.set(part).ok_or_else(|| decoded(part))?;
        }
        // Otherwise no packet has both.
        let [from, to] = question.ends.map(|end| end.ip());
        if from.is_ipv4() != to.is_ipv4() {
            return Err(format!("{from}, {to}"));
        }
        let bits = 8 * (HEADER + question.text.len());
        question.flip.retain(|bit| *bit < bits);
        Ok(question)
    }

    fn set(&mut self, part: &str) -> Option<()> {
        let (key, value) = part.split_once('=')?;
        let value = decoded(value);
        let [from, to] = &mut self.ends;
        let address = || value.trim().parse::<IpAddr>().ok();
        let port = || value.trim().parse::<u16>().ok();
        match key {
            "from" => from.set_ip(address()?),
            "to" => to.set_ip(address()?),
            "source" => from.set_port(port()?),
            "destination" => to.set_port(port()?),
            "text" if value.len() <= TEXT_MAX => self.text = value,
            "flip" => self.flip = numbers(&value)?,
            _ => return None,
        }
        Some(())
    }

    /// The datagram, with its checksum: the end of a capture's frame.
    fn sent(&self) -> Vec<u8> {
        let stations = [Station::Caller, Station::Target];
        let data = self.text.as_bytes();
        let frame = pcap::frame(Duration::ZERO, stations, self.ends, data);
        frame[frame.len() - HEADER - data.len()..].to_vec()
    }

    /// The same as it comes: a bit that is named twice is flipped twice.
    fn came(&self) -> Vec<u8> {
        let mut came = self.sent();
        for bit in &self.flip {
            came[bit / 8] ^= 128 >> (bit % 8);
        }
        came
    }

    /// What is added up before the datagram: addresses, protocol and length.
    fn pseudo(&self) -> Vec<u8> {
        let mut pseudo = Vec::new();
        for end in self.ends {
            match end.ip() {
                IpAddr::V4(four) => pseudo.extend(four.octets()),
                IpAddr::V6(six) => pseudo.extend(six.octets()),
            }
        }
        let length = (HEADER + self.text.len()) as u16;
        pseudo.extend([0, UDP]);
        pseudo.extend(length.to_be_bytes());
        pseudo
    }
}

/// The numbers of 16 bits that are added up, each with the sum up to there.
fn steps(bytes: &[u8]) -> impl Iterator<Item = (String, u32)> {
    let mut sum = 0;
    bytes.chunks(2).map(move |pair| {
        // A last byte alone is the left half of its number.
        let pair = [pair[0], *pair.get(1).unwrap_or(&0)];
        sum += u32::from(u16::from_be_bytes(pair));
        (hex(&pair), sum)
    })
}

/// What a page is told.
///
/// # Errors
/// The part that is not understood, or is out of its range.
pub fn answer(link: &str) -> Result<String, String> {
    let question = Question::read(link)?;
    let (sent, came) = (question.sent(), question.came());
    let pseudo = question.pseudo();
    let mut zeros = [&pseudo[..], &sent].concat();
    zeros[pseudo.len() + 6..pseudo.len() + 8].fill(0);
    let left = pcap::checksum(&[&pseudo[..], &came].concat());
    let sums = |data: &[u8]| {
        object(&[
            ("bytes", string(&hex(data))),
            ("adler", string(&format!("{:08x}", adler(data)))),
            ("crc", string(&format!("{:08x}", crc32fast::hash(data)))),
        ])
    };
    let steps = steps(&zeros).map(|(word, sum)| {
        list([word, format!("{sum:x}")].iter().map(|s| string(s)))
    });
    let two = |sum: u16| string(&format!("{sum:04x}"));
    Ok(object(&[
        ("pseudo", string(&hex(&pseudo))),
        ("sent", sums(&sent)),
        ("came", sums(&came)),
        ("steps", list(steps)),
        ("folded", two(!pcap::checksum(&zeros))),
        ("received", two(!left)),
        ("noticed", (left != 0).to_string()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(link: &str) -> serde_json::Value {
        serde_json::from_str(&answer(link).unwrap()).unwrap()
    }

    /// The page's example: the first packet of examples/echo.pcap.
    #[test]
    fn the_capture_s_first_datagram_is_made_again() {
        let told = told("");
        let bytes = told["sent"]["bytes"].as_str().unwrap();
        assert!(bytes.starts_with("888a0dac0020bfd254616c6c"), "{bytes}");
        assert_eq!(told["pseudo"], "0a2300010a23000200110020");
        let steps = told["steps"].as_array().unwrap();
        assert_eq!(steps[0], serde_json::json!(["0a23", "a23"]));
        assert_eq!(steps.last().unwrap()[1], "44029");
        assert_eq!(
            (&told["folded"], &told["received"]),
            (&"402d".into(), &"ffff".into())
        );
        assert_eq!(told["noticed"], false);
    }

    #[test]
    fn also_in_ipv6_and_with_an_odd_length() {
        let told =
            told("from=fd35::1&to=fd35::2&source=46635&destination=3501");
        let bytes = told["sent"]["bytes"].as_str().unwrap();
        assert!(bytes.starts_with("b62b0dad0020ac0a"), "{bytes}");
        let odd = super::tests::told("text=a");
        assert_eq!(odd["steps"].as_array().unwrap().last().unwrap()[0], "6100");
        assert_eq!(odd["received"], "ffff");
    }

    /// Each of the three sums, and whether it differs.
    fn seen(link: &str) -> [bool; 3] {
        let told = told(link);
        let other = |sum| told["sent"][sum] != told["came"][sum];
        [told["noticed"] == true, other("adler"), other("crc")]
    }

    #[test]
    fn the_checksums_see_what_they_can_see() {
        assert_eq!(seen(""), [false; 3]);
        for bit in 0..256 {
            assert_eq!(seen(&format!("flip={bit}")), [true; 3], "{bit}");
        }
        // Two numbers of 16 bits change places: aabb, bbaa.
        assert_eq!(
            seen("text=aabb&flip=70,71,78,79,86,87,94,95"),
            [false, true, true]
        );
        // +1, -2, +1: b to c, c to a, b to c.
        assert_eq!(seen("text=bcb&flip=71,78,87"), [true, false, true]);
        assert_eq!(seen("flip=5,5"), [false; 3]);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let long = format!("text={}", "a".repeat(65));
        for wrong in
            ["from=10.0.0", "source=65536", "a=b", "flip=x", "from", &long]
        {
            assert_eq!(answer(wrong), Err(wrong.to_string()));
        }
        assert_eq!(answer("from=::1"), Err("::1, 10.35.0.2".to_string()));
    }
}
