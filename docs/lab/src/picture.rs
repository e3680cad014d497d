//! A run as a ladder, in SVG: the client at the left, the server at the right,
//! time from top to bottom. Each datagram is a group with its number, so that a
//! page can find what was clicked.

use std::fmt::Write;
use std::time::Duration;

use badlink::ladder::escaped;
use common::printable;
use zchat::frame::{Frame, Kind, number};

use crate::run::{Passage, Run, What};

/// The words of a page's language, by their keys; a missing one is its key.
#[derive(Clone, Debug, Default)]
pub struct Words(pub Vec<(String, String)>);

impl Words {
    /// The word for this key.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        let mut pairs = self.0.iter();
        pairs.find(|(k, _)| k == key).map_or(key, |(_, word)| word)
    }
}

/// A picture of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// An `<svg>` element.
    pub svg: String,
    /// How far down each of the run's events is, in pixels.
    pub heights: Vec<u32>,
    /// How far down its end is.
    pub end: u32,
}

const TOP: u32 = 44; // Below the names of the two sides.
const TIMES: u32 = 52; // At the left, for the time.
const RIGHT: u32 = 16;
const LETTER: u32 = 7; // How wide a letter is.

/// How many pixels so many milliseconds take: of short times every one counts,
/// and long ones do not fill a screen.
const LONG: [(u64, u64, u64); 4] = [
    // Up to, so many pixels in so many milliseconds.
    (100, 50, 100),
    (500, 60, 400),
    (2000, 75, 1500),
    (12_000, 100, 10_000),
];

const STYLE: &str = "\
.ladder text{font:12px monospace;fill:var(--lab-ink,#000);\
paint-order:stroke;stroke:var(--lab-paper,#fff);stroke-width:4px;\
stroke-linejoin:round}\
.ladder .paper{fill:var(--lab-paper,#fff)}\
.ladder path{fill:none;stroke:var(--lab-ink,#000);stroke-width:1.5px}\
.ladder .hit{stroke:transparent;stroke-width:14px}\
.ladder .said{font-weight:bold}\
.ladder .told,.ladder .time{fill:var(--lab-soft,#555)}\
.ladder .told{font-style:italic}\
.ladder .hurt path:not(.hit){stroke:var(--lab-hurt,#8a5300)}\
.ladder .hurt text{fill:var(--lab-hurt,#8a5300)}\
.ladder .lost path:not(.hit){stroke:var(--lab-lost,#b00000)}\
.ladder .lost .shaft{stroke-dasharray:6 4}\
.ladder .lost text{fill:var(--lab-lost,#b00000)}";

/// Draws the run, so many pixels wide (320 at least).
pub fn picture(run: &Run, words: &Words, width: u32) -> Picture {
    let width = width.max(320);
    let mut ladder = Ladder {
        words,
        sides: [TIMES, width - RIGHT],
        knots: vec![(Duration::ZERO, TOP)],
        timed: 0,
        body: String::new(),
    };
    let mut heard = Vec::new();
    let mut heights = Vec::new();
    for event in &run.events {
        let room = match &event.what {
            What::Begins => 0,
            What::Hears(..) => 6,
            What::Sends(_) => 20,
            _ => 18,
        };
        let y = ladder.down(event.at, room);
        heights.push(y);
        if let What::Hears(place, copy) = event.what {
            heard.push((place, copy, y));
        }
    }
    ladder.down(run.end, 6);
    let end = ladder.knots.last().map_or(TOP, |(_, y)| *y);
    for (event, y) in run.events.iter().zip(&heights) {
        let (side, y) = (event.side, *y);
        let quoted = |key, text: &str| format!("{} \"{text}\"", words.get(key));
        let (class, text) = match &event.what {
            What::Sends(place) => {
                ladder.time(event.at, y);
                ladder.datagram(run, *place, y, &heard);
                continue;
            }
            What::Hears(..) | What::Begins => continue,
            What::Types(text) => ("said", quoted("types", text)),
            What::Shows(text) => ("said", quoted("shows", text)),
            What::Notes(text) => ("told", text.clone()),
            What::Ends(None) => ("told", words.get("ends").to_string()),
            What::Ends(Some(why)) => {
                ("told", format!("{}: {why}", words.get("ends")))
            }
        };
        ladder.time(event.at, y);
        ladder.text(side, y, class, &text);
    }
    let Ladder { body, sides: [left, right], .. } = ladder;
    let height = end + 24;
    let names = ["client", "server"].map(|key| escaped(words.get(key)));
    let title = escaped(words.get("picture"));
    let [client, server] = &names;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" \
         width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\"><title>{title}</title>\
         <style>{STYLE}</style>\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\
         <text x=\"{left}\" y=\"20\" class=\"said\">{client}</text>\
         <text x=\"{right}\" y=\"20\" class=\"said\" \
         text-anchor=\"end\">{server}</text>\
         <text x=\"{}\" y=\"20\" class=\"time\" text-anchor=\"end\">s</text>\
         <path d=\"M{left} 28V{height}M{right} 28V{height}\"/>\n{body}</svg>\n",
        left - 8
    );
    Picture { svg, heights, end }
}

struct Ladder<'a> {
    words: &'a Words,
    /// Where the two sides are.
    sides: [u32; 2],
    /// Times, and how far down they are.
    knots: Vec<(Duration, u32)>,
    /// How far down the last time stands.
    timed: u32,
    body: String,
}

impl Ladder<'_> {
    /// How far down something is that happens at `at`, after all before.
    fn down(&mut self, at: Duration, room: u32) -> u32 {
        let (last, y) = self.knots.last().copied().unwrap_or_default();
        let y = y + long(at.saturating_sub(last)).max(room);
        self.knots.push((at, y));
        y
    }

    /// How far down a time is at which nothing happens.
    fn height(&self, at: Duration) -> u32 {
        let after = self.knots.partition_point(|(knot, _)| *knot <= at);
        let Some((t0, y0)) = self.knots[..after].last() else { return TOP };
        let Some((t1, y1)) = self.knots.get(after) else { return *y0 };
        let [part, all] = [at, *t1].map(|t| (t - *t0).as_micros() as u64);
        y0 + (u64::from(y1 - y0) * part / all.max(1)) as u32
    }

    fn time(&mut self, at: Duration, y: u32) {
        if y >= self.timed + 14 {
            self.timed = y;
            let _ = writeln!(
                self.body,
                "<text x=\"{}\" y=\"{y}\" class=\"time\" \
                 text-anchor=\"end\">{:.3}</text>",
                TIMES - 6,
                at.as_secs_f64()
            );
        }
    }

    /// A text beside one of the sides.
    fn text(&mut self, side: usize, y: u32, class: &str, text: &str) {
        let text = written(self.sides, side, y, text);
        let _ = writeln!(self.body, "<g class=\"{class}\">{text}</g>");
    }

    fn datagram(
        &mut self,
        run: &Run,
        place: usize,
        y: u32,
        heard: &[(usize, usize, u32)],
    ) {
        let passage = &run.datagrams[place];
        let from = self.sides[passage.from];
        let to = self.sides[1 - passage.from];
        let fate = &passage.fate;
        let class = match fate {
            fate if fate.copies == 0 => " lost",
            fate if fate.corrupted || fate.truncated => " hurt",
            _ => "",
        };
        let mut lines = String::new();
        for (copy, at) in passage.arrives.iter().enumerate() {
            let mut ends = heard.iter().filter(|h| (h.0, h.1) == (place, copy));
            let end = ends.next().map(|heard| heard.2);
            let end = end.unwrap_or_else(|| self.height(*at)).max(y + 2);
            lines += &arrow(from, to, y, end);
        }
        if passage.arrives.is_empty() {
            // It gets as far as some of the way.
            let way = Duration::from_millis(60);
            let x = (2 * from + 3 * to) / 5;
            let end = self.height(passage.at + way).clamp(y + 8, y + 40);
            let line = format!("M{from} {y}L{x} {end}");
            lines = format!(
                "<path class=\"hit\" d=\"{line}\"/>\
                 <path class=\"shaft\" d=\"{line}\"/>\
                 <path d=\"M{} {}l10 10m0 -10l-10 10\"/>",
                x - 5,
                end - 5
            );
        }
        let label = label(passage, self.words);
        let text = written(self.sides, passage.from, y - 4, &label);
        let _ = writeln!(
            self.body,
            "<g class=\"datagram{class}\" data-n=\"{}\">{lines}{text}</g>",
            place + 1
        );
    }
}

/// An arrow from one upright to the other.
fn arrow(from: u32, to: u32, y: u32, end: u32) -> String {
    let (tip, back) =
        if to > from { (to - 1, to - 9) } else { (to + 1, to + 9) };
    let line = format!("M{from} {y}L{tip} {end}");
    let up = end - 4 - (end - y) / 60;
    format!(
        "<path class=\"hit\" d=\"{line}\"/><path class=\"shaft\" d=\"{line}\"/>\
         <path d=\"M{back} {up}L{tip} {end}L{back} {}\"/>",
        up + 8
    )
}

/// A `<text>` beside one of the sides, as long as there is room.
fn written(sides: [u32; 2], side: usize, y: u32, text: &str) -> String {
    let most = ((sides[1] - sides[0] - 24) / LETTER) as usize;
    let text = match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_string(),
    };
    let text = escaped(&text);
    match side {
        0 => format!("<text x=\"{}\" y=\"{y}\">{text}</text>", sides[0] + 8),
        _ => format!(
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{text}</text>",
            sides[1] - 8
        ),
    }
}

/// `TEXT #2 "hola", try 1: lost`, in the page's words.
pub fn label(passage: &Passage, words: &Words) -> String {
    let mut label = match Frame::unpack(&passage.sent) {
        Ok(frame) => meaning(&frame, words),
        Err(_) => "?".to_string(),
    };
    let mut before = ": ";
    for fate in fates(passage) {
        label += &format!("{before}{}", words.get(fate));
        before = ", ";
    }
    label
}

/// What became of a datagram, as keys of the page's words.
pub fn fates(passage: &Passage) -> Vec<&'static str> {
    let fate = &passage.fate;
    let all = [
        (fate.copies == 0, "lost"),
        (fate.corrupted, "corrupted"),
        (fate.truncated, "truncated"),
        (fate.copies > 1, "duplicated"),
        (fate.reordered, "reordered"),
        (fate.delay.is_some(), "delayed"),
    ];
    all.iter().filter(|(is, _)| *is).map(|(_, key)| *key).collect()
}

/// What a frame means.
fn meaning(frame: &Frame, words: &Words) -> String {
    let mut text = format!("{:?}", frame.kind).to_ascii_uppercase();
    if frame.kind != Kind::Hello {
        text += &format!(" #{}", frame.seq);
    }
    match frame.text() {
        Some(said) if said.is_empty() => {
            text += &format!(" {}", words.get("empty"));
        }
        Some(said) => text += &format!(" \"{}\"", printable(&said)),
        None if frame.kind == Kind::Ack && !frame.payload.is_empty() => {
            let read = number(&frame.payload);
            text += &format!(", {} #{read}", words.get("up-to"));
        }
        None => {}
    }
    if frame.attempt > 0 {
        text += &format!(", {} {}", words.get("try"), frame.attempt);
    }
    text
}

/// How many pixels a time takes.
fn long(time: Duration) -> u32 {
    let time = time.as_micros() as u64;
    let (mut from, mut pixels) = (0, 0);
    for (up_to, some, ms) in LONG {
        let part = time.min(up_to * 1000).saturating_sub(from);
        pixels += part * some / ms;
        from = up_to * 1000;
    }
    (pixels / 1000) as u32
}
