//! A conversation as a ladder: two sides, and a rung for each datagram, as text
//! of a terminal's width, or as a picture (SVG).

use std::time::Duration;

use crate::{Direction, Fate};

/// One rung: a datagram, or what one side says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// When, counted from the first.
    pub at: Duration,
    /// What it is.
    pub kind: Kind,
    /// What the datagram means, or the words.
    pub label: String,
}

/// What a rung shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A datagram in this direction, what became of it (empty: it passed as it
    /// came), and whether that is that it never arrives.
    Datagram(Direction, String, bool),
    /// Words of the left side (the caller), or of the right one.
    Words(Direction),
}

impl Rung {
    /// The rung of a datagram with this fate.
    pub fn new(
        at: Duration,
        way: Direction,
        fate: &Fate,
        label: String,
    ) -> Rung {
        let words = fate.words();
        let words = words.trim_start_matches(", ").to_string();
        Rung { at, kind: Kind::Datagram(way, words, fate.copies == 0), label }
    }
}

/// How a ladder is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// How wide, in characters; at least 40.
    pub columns: usize,
    /// Whether the terminal shows colours.
    pub colour: bool,
}

impl Default for Ladder {
    fn default() -> Ladder {
        Ladder { columns: 72, colour: false }
    }
}

const TIME: usize = 8; // `12.345 |`
const RED: &str = "\x1b[31m"; // Lost.
const YELLOW: &str = "\x1b[33m"; // Something else became of it.
const PLAIN: &str = "\x1b[0m";

impl Ladder {
    /// Between the two uprights, and a space at each.
    fn room(&self) -> usize {
        self.columns.max(40) - TIME - 3
    }

    /// The line above the rungs: the names of the two sides, left and right.
    pub fn head(&self, left: &str, right: &str) -> String {
        let room = self.room() + 3; // The uprights have none here.
        let gap = room.saturating_sub(left.chars().count());
        format!("{:>6} {left} {right:>gap$}", "s").trim_end().to_string()
    }

    /// One rung, without a line's end.
    pub fn rung(&self, rung: &Rung) -> String {
        let (at, room) = (rung.at.as_secs_f64(), self.room());
        let line = match &rung.kind {
            Kind::Datagram(way, fate, lost) => {
                arrow(*way, &rung.label, fate, *lost, room)
            }
            Kind::Words(side) => words(*side, &rung.label, room),
        };
        let colour = match &rung.kind {
            Kind::Datagram(_, _, true) => RED,
            Kind::Datagram(_, fate, _) if !fate.is_empty() => YELLOW,
            _ => "",
        };
        if self.colour && !colour.is_empty() {
            return format!("{at:6.3} | {colour}{line}{PLAIN} |");
        }
        format!("{at:6.3} | {line} |")
    }

    /// A line of what one side says, left or right, without a time; `None` if it
    /// is too long for it.
    pub fn words(&self, side: Direction, text: &str) -> Option<String> {
        let room = self.room();
        let fits = columns(text) <= room;
        fits.then(|| format!("{:6} | {} |", "", words(side, text, room)))
    }

    /// All rungs as a picture, with the two sides' names above. On paper it is
    /// black on white; on a screen, as the reader's theme is.
    pub fn svg(&self, left: &str, right: &str, rungs: &[Rung]) -> String {
        let both = columns(left) + columns(right);
        let low = if both > IN_A_ROW { 44 } else { 24 }; // Below the other.
        let height = 34 * rungs.len() + low + 26;
        let (left, right) = (escaped(left), escaped(right));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"480\" \
             height=\"{height}\" viewBox=\"0 0 480 {height}\" \
             role=\"img\">\n<title>{left} - {right}</title>\n{STYLE}\
             <rect class=\"back\" width=\"480\" height=\"{height}\"/>\n\
             <text x=\"58\" y=\"24\" text-anchor=\"end\">s</text>\n\
             <text x=\"66\" y=\"24\">{left}</text>\n\
             <text x=\"472\" y=\"{low}\" text-anchor=\"end\">{right}</text>\n\
             <path d=\"M66 {0}V{height}M472 {0}V{height}\"/>\n",
            low + 8
        );
        for (i, rung) in rungs.iter().enumerate() {
            svg += &drawn(rung, 34 * i + low + 30);
        }
        svg + "</svg>\n"
    }
}

/// So many characters of a picture stand between its two uprights.
const IN_A_ROW: usize = 44;

const STYLE: &str = "\
<style>text { font: 15px monospace; fill: #1a1a1a } .back { fill: #fff }
path { fill: none; stroke: #1a1a1a; stroke-width: 1.5 }
path.lost { stroke: #b3261e } text.lost { fill: #b3261e }
path.harmed { stroke: #8a5300 } text.harmed { fill: #8a5300 }
@media screen and (prefers-color-scheme: dark) {
text { fill: #e6e6e6 } .back { fill: #181818 } path { stroke: #e6e6e6 }
path.lost { stroke: #ff8a80 } text.lost { fill: #ff8a80 }
path.harmed { stroke: #f0b35e } text.harmed { fill: #f0b35e } }</style>
";

/// A rung of the picture, its words at this height.
fn drawn(rung: &Rung, y: usize) -> String {
    let at = rung.at.as_secs_f64();
    let time =
        format!("<text x=\"58\" y=\"{y}\" text-anchor=\"end\">{at:.3}</text>");
    let Kind::Datagram(way, fate, lost) = &rung.kind else {
        let label = escaped(&short(&rung.label, IN_A_ROW));
        let right = rung.kind == Kind::Words(Direction::Back);
        let (x, side) = if right { (464, "end") } else { (74, "start") };
        let text = format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{side}\"");
        return format!("{time}{text} font-weight=\"bold\">{label}</text>\n");
    };
    let class = match (lost, fate.is_empty()) {
        (true, _) => " class=\"lost\"",
        (_, true) => "",
        _ => " class=\"harmed\"",
    };
    let (from, to, tip) = match way {
        Direction::There => (66, if *lost { 370 } else { 470 }, -8),
        Direction::Back => (472, if *lost { 170 } else { 68 }, 8),
    };
    let line = y + 7;
    let end = if *lost {
        format!("M{} {}l10 10m0 -10l-10 10", to - 5, line - 5)
    } else {
        let from = to + tip;
        format!("M{from} {}L{to} {line}L{from} {}", line - 4, line + 4)
    };
    let fate = short(fate, IN_A_ROW - 12);
    let fate = if fate.is_empty() { fate } else { format!(": {fate}") };
    let room = IN_A_ROW.saturating_sub(columns(&fate));
    let label = escaped(&short(&rung.label, room));
    format!(
        "{time}<path d=\"M{from} {line}H{to}{end}\"{class}/><text x=\"269\" \
         y=\"{y}\" text-anchor=\"middle\"{class}>{label}{fate}</text>\n"
    )
}

/// The text as it stands between two tags of an SVG.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How many columns of a terminal a text takes.
fn columns(text: &str) -> usize {
    text.chars().map(wide).sum()
}

/// Two columns for what East Asia writes and for pictures, none for what goes on
/// top of the character before it (Unicode's annex 11, by its large blocks).
fn wide(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// As much of a text as fits into `room` columns.
fn short(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_string();
    }
    let mut left = room.saturating_sub(3);
    let fits = |c: &char| {
        let fits = wide(*c) <= left;
        left = left.saturating_sub(wide(*c));
        fits
    };
    text.chars().take_while(fits).collect::<String>() + "..."
}

/// `label -----> ` from left to right, or the other way round; `room` wide.
fn arrow(
    way: Direction,
    label: &str,
    fate: &str,
    lost: bool,
    room: usize,
) -> String {
    let fate = short(fate, room / 2);
    let label = short(label, room - columns(&fate) - 8);
    let fates = columns(&fate) + usize::from(!fate.is_empty()) * 2;
    let dashes = room - columns(&label) - 2 - fates;
    let near = "-".repeat(dashes / 2);
    let far = "-".repeat(dashes - dashes / 2);
    let blank = " ".repeat(dashes - dashes / 2);
    match (way, fate.is_empty(), lost) {
        (Direction::There, true, _) => format!("{label} {near}{far}>"),
        (Direction::There, _, true) => {
            format!("{label} {near}X {fate}{blank} ")
        }
        (Direction::There, ..) => format!("{label} {near} {fate} {far}>"),
        (Direction::Back, true, _) => format!("<{far}{near} {label}"),
        (Direction::Back, _, true) => format!(" {blank}{fate} X{near} {label}"),
        (Direction::Back, ..) => format!("<{far} {fate} {near} {label}"),
    }
}

fn words(side: Direction, text: &str, room: usize) -> String {
    let text = short(text, room);
    let blanks = " ".repeat(room - columns(&text));
    match side {
        Direction::There => text + &blanks,
        Direction::Back => blanks + &text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction::{Back, There};

    fn lines(columns: usize) -> Vec<String> {
        let ladder = Ladder { columns, colour: false };
        let lost = Fate::default();
        let passed = Fate { copies: 1, ..Fate::default() };
        let twice = Fate { copies: 2, ..Fate::default() };
        let mut lines = vec![ladder.head("client", "server")];
        for (i, (way, fate)) in [
            (There, &passed),
            (Back, &passed),
            (There, &lost),
            (Back, &lost),
            (There, &twice),
            (Back, &twice),
        ]
        .into_iter()
        .enumerate()
        {
            let at = Duration::from_millis(i as u64 * 1500);
            lines.push(ladder.rung(&Rung::new(at, way, fate, "hola".into())));
        }
        for side in [There, Back] {
            let (at, label) = (Duration::ZERO, "says".to_string());
            lines.push(ladder.rung(&Rung {
                at,
                kind: Kind::Words(side),
                label,
            }));
        }
        lines
    }

    #[test]
    fn every_fate_has_its_rung() {
        assert_eq!(
            lines(50),
            [
                "     s client                               server",
                " 0.000 | hola ---------------------------------> |",
                " 1.500 | <--------------------------------- hola |",
                " 3.000 | hola -------------X lost                |",
                " 4.500 |                lost X------------- hola |",
                " 6.000 | hola ---------- duplicated -----------> |",
                " 7.500 | <----------- duplicated ---------- hola |",
                " 0.000 | says                                    |",
                " 0.000 |                                    says |",
            ]
        );
    }

    #[test]
    fn no_rung_is_wider_than_the_terminal() {
        let all = Fate {
            copies: 2,
            delay: Some(Duration::ZERO),
            reordered: true,
            corrupted: true,
            truncated: true,
            ..Fate::default()
        };
        for columns in [0, 40, 80, 132] {
            let ladder = Ladder { columns, colour: false };
            for label in ["", "ñ", "👍🏽 漢字 e\u{301}", &"ñandú 👍".repeat(50)]
            {
                for fate in [&all, &Fate::default()] {
                    for way in [There, Back] {
                        let label = label.to_string();
                        let rung = Rung::new(Duration::ZERO, way, fate, label);
                        let line = ladder.rung(&rung);
                        let most = columns.max(40);
                        assert_eq!(super::columns(&line), most, "{line}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_picture_takes_two_columns_and_an_accent_none() {
        for (text, room) in [("hola", 4), ("ñandú", 5), ("e\u{301}", 1)] {
            assert_eq!(columns(text), room, "{text}");
        }
        assert_eq!(columns("👍 漢字"), 7);
        assert_eq!(short("漢字漢字", 6), "漢...");
        assert_eq!(words(Back, "漢", 5), "   漢");
    }

    #[test]
    fn colour_is_around_what_went_wrong_alone() {
        let ladder = Ladder { columns: 60, colour: true };
        let lost =
            Rung::new(Duration::ZERO, There, &Fate::default(), "a".into());
        let line = ladder.rung(&lost);
        assert!(line.contains("\x1b[31ma ") && line.ends_with("\x1b[0m |"));
        let passed = Fate { copies: 1, ..Fate::default() };
        let passed = Rung::new(Duration::ZERO, There, &passed, "a".into());
        assert!(!ladder.rung(&passed).contains('\x1b'));
    }

    #[test]
    fn a_picture_has_each_rung_and_no_markup_from_the_network() {
        let label = "<script>&".to_string();
        let rung = Rung::new(Duration::ZERO, Back, &Fate::default(), label);
        let svg = Ladder::default().svg("a<", "b", &[rung.clone(), rung]);
        assert_eq!(svg.matches("&lt;script&gt;&amp;: lost</text>").count(), 2);
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("<title>a&lt; - b</title>"));
        assert!(svg.contains(">a&lt;<") && svg.ends_with("</svg>\n"));
    }
}
