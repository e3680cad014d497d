//! What a page asks, and what it is told, as JSON.

use std::io::Write;
use std::time::Duration;

use common::json::{list, object, or_null, string};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use zchat::frame::{Frame, number};

use crate::header;
use crate::input::{Input, decoded};
use crate::known::Known;
use crate::picture::{Words, fates, label, picture};
use crate::run::{Event, Passage, What, run};

/// The answer to a question of three lines: `run` or `header`, what a link
/// holds, and the page's words in the same form. `width` among them is the
/// picture's, in pixels.
pub fn answer(question: &str) -> String {
    let mut lines = question.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (what, link) = (next(), next());
    let words = words(next());
    let answer = match what {
        "header" => header::answer(link),
        _ => Input::read(link).map(|input| told(&input, &words)),
    };
    answer.unwrap_or_else(|wrong| object(&[("wrong", string(&wrong))]))
}

fn words(text: &str) -> Words {
    let pairs = text.split('&').filter_map(|part| part.split_once('='));
    Words(pairs.map(|(key, word)| (decoded(key), decoded(word))).collect())
}

fn told(input: &Input, words: &Words) -> String {
    let run = run(input);
    let width = words.get("width").parse().unwrap_or(800);
    let picture = picture(&run, words, width);
    let events = run.events.iter().zip(&picture.heights);
    let datagrams = run.datagrams.iter();
    object(&[
        ("end", micros(run.end)),
        ("endY", picture.end.to_string()),
        ("events", list(events.map(|(e, y)| event(e, *y)))),
        ("datagrams", list(datagrams.map(|d| datagram(d, words)))),
        ("svg", string(&picture.svg)),
    ])
}

fn micros(time: Duration) -> String {
    (time.as_micros() as u64).to_string()
}

fn event(event: &Event, y: u32) -> String {
    let (what, more) = match &event.what {
        What::Begins => ("begins", None),
        What::Sends(place) => ("sends", Some(place.to_string())),
        What::Hears(place, _) => ("hears", Some(place.to_string())),
        What::Types(text) => ("types", Some(string(text))),
        What::Shows(text) => ("shows", Some(string(text))),
        What::Notes(text) => ("notes", Some(string(text))),
        What::Ends(why) => ("ends", why.as_deref().map(string)),
    };
    object(&[
        ("at", micros(event.at)),
        ("y", y.to_string()),
        ("side", event.side.to_string()),
        ("what", string(what)),
        ("more", or_null(more)),
        ("known", or_null(event.known.as_ref().map(known))),
    ])
}

fn known(known: &Known) -> String {
    let flights = known.flights.iter();
    let flights =
        flights.map(|f| format!("[{},{},{}]", f.seq, f.attempt, micros(f.due)));
    object(&[
        ("state", string(known.state)),
        ("sent", known.sent.to_string()),
        ("expect", known.expect.to_string()),
        ("flights", list(flights)),
        ("queue", known.queue.to_string()),
        ("rtt", or_null(known.rtt.map(micros))),
        ("wait", micros(known.wait)),
    ])
}

fn datagram(passage: &Passage, words: &Words) -> String {
    let came = &passage.fate.data;
    let changed = passage.fate.copies > 0 && *came != passage.sent;
    object(&[
        ("at", micros(passage.at)),
        ("from", passage.from.to_string()),
        ("label", string(&label(passage, words))),
        ("fates", list(fates(passage).into_iter().map(string))),
        ("dropped", passage.dropped.to_string()),
        ("spoiled", passage.spoiled.to_string()),
        ("arrives", list(passage.arrives.iter().map(|at| micros(*at)))),
        ("sent", bytes(&passage.sent)),
        ("came", or_null(changed.then(|| bytes(came)))),
    ])
}

/// The fields of a frame, their widths in bytes; the payload comes before the
/// last one. (A frame of which every byte differs tests it.)
const FIELDS: [(&str, usize); 6] =
    [("magic", 2), ("kind", 1), ("try", 1), ("src", 4), ("dst", 4), ("seq", 4)];

/// A frame's bytes field by field, and what the sums say about them.
fn bytes(data: &[u8]) -> String {
    let mut fields = Vec::new();
    let mut rest = data;
    let mut cut = |name: &str, width: usize| {
        let (field, more) = rest.split_at(width.min(rest.len()));
        rest = more;
        fields.push(format!("[{},{}]", string(name), string(&hex(field))));
    };
    for (name, width) in FIELDS {
        cut(name, width);
    }
    cut("payload", data.len().saturating_sub(20));
    cut("crc", 4);
    let (body, crc) = data.split_last_chunk().unwrap_or((data, &[0; 4]));
    let text = Frame::unpack(data).ok().and_then(|frame| frame.text());
    let text = text.filter(|text| !text.is_empty());
    let text = text.as_ref();
    let four = |sum: u32| string(&format!("{sum:08x}"));
    object(&[
        ("fields", list(fields.into_iter())),
        ("carries", four(u32::from_be_bytes(*crc))),
        ("crc", four(crc32fast::hash(body))),
        ("adler", four(adler(data))),
        ("text", or_null(text.map(|t| string(&String::from_utf8_lossy(t))))),
        ("plain", or_null(text.map(|t| t.len().to_string()))),
        ("zlib", or_null(text.map(|t| zlib(t).len().to_string()))),
    ])
}

/// Bytes in base 16.
pub fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes as zlib packs them best.
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = zlib.write_all(data).and_then(|()| zlib.finish());
    packed.unwrap_or_default()
}

/// zlib's own checksum of the bytes: Adler-32 stands at the end of every stream
/// (RFC 1950).
pub fn adler(data: &[u8]) -> u32 {
    let stream = zlib(data);
    number(stream.last_chunk::<4>().unwrap_or(&[0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(question: &str) -> serde_json::Value {
        serde_json::from_str(&answer(question)).unwrap()
    }

    #[test]
    fn a_page_is_told_everything() {
        let long = "ja".repeat(100);
        let told = told(&format!(
            "run\nclient=500:{long}&spoil=6&drop=1\nlost=perdida&width=390"
        ));
        let datagrams = told["datagrams"].as_array().unwrap();
        assert_eq!(datagrams[0]["label"], "HELLO: perdida");
        let spoiled = datagrams.iter().find(|d| d["spoiled"] == true).unwrap();
        let (sent, came) = (&spoiled["sent"], &spoiled["came"]);
        assert_eq!(
            (&sent["text"], &sent["plain"]),
            (&long.clone().into(), &200.into())
        );
        assert!(sent["zlib"].as_u64() < Some(50), "{sent}");
        assert_eq!(
            (&sent["zlib"], &came["text"]),
            (&zlib(long.as_bytes()).len().into(), &serde_json::Value::Null)
        );
        assert_eq!(sent["crc"], sent["carries"]);
        assert_ne!(came["crc"], came["carries"]);
        assert_eq!(sent["adler"], came["adler"]);
        let events = told["events"].as_array().unwrap();
        let heights = events.iter().map(|e| e["y"].as_u64().unwrap());
        assert!(heights.is_sorted());
        let at = events.iter().map(|e| e["at"].as_u64().unwrap());
        assert!(at.is_sorted());
        let svg = told["svg"].as_str().unwrap();
        assert!(svg.contains("viewBox=\"0 0 390 "), "{svg}");
        assert_eq!(svg.matches("class=\"datagram").count(), datagrams.len());
    }

    #[test]
    fn every_byte_stands_in_its_field() {
        let frame = Frame {
            kind: zchat::frame::Kind::Bye,
            attempt: 7,
            src: 0x1112_1314,
            dst: 0x2122_2324,
            seq: 0x3132_3334,
            payload: vec![0x41, 0x42, 0x43, 0x44],
        };
        let told: serde_json::Value =
            serde_json::from_str(&bytes(&frame.pack())).unwrap();
        let crc = told["crc"].as_str().unwrap();
        let expected = [
            ["magic", "5a31"],
            ["kind", "05"],
            ["try", "07"],
            ["src", "11121314"],
            ["dst", "21222324"],
            ["seq", "31323334"],
            ["payload", "41424344"],
            ["crc", crc],
        ];
        assert_eq!(told["fields"], serde_json::json!(expected));
        assert_eq!(told["carries"], crc);
        for cut in 0..frame.pack().len() {
            bytes(&frame.pack()[..cut]);
        }
    }

    #[test]
    fn a_link_from_a_stranger_does_no_harm() {
        let evil = "<img src=x onerror=alert(1)>\"&'";
        let quoted = evil.replace('&', "%26").replace('+', "%2b");
        let told = told(&format!(
            "run\nclient=500:{quoted}\nlost={quoted}&client={quoted}"
        ));
        let svg = told["svg"].as_str().unwrap();
        assert!(svg.contains("&lt;img src=x onerror"), "{svg}");
        assert!(!svg.contains("<img"), "{svg}");
        let wrong = super::tests::told(&format!("run\n{quoted}=1"));
        assert_eq!(wrong["wrong"], format!("{evil}=1"));
        for question in ["", "run", "header", "run\n\n", "x\ny\nz\n"] {
            super::tests::told(question);
        }
    }
}
