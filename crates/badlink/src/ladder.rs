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

    /// All rungs as a picture, with the two sides' names above.
    pub fn svg(&self, left: &str, right: &str, rungs: &[Rung]) -> String {
        let height = 24 * rungs.len() + 60;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 \
             {height}\" font-family=\"monospace\" font-size=\"12\">\n\
             <rect width=\"800\" height=\"{height}\" fill=\"white\"/>\n\
             <text x=\"90\" y=\"24\" text-anchor=\"end\">s</text>\n\
             <text x=\"100\" y=\"24\">{}</text>\n\
             <text x=\"700\" y=\"24\" text-anchor=\"end\">{}</text>\n\
             <path d=\"M100 34V{height}M700 34V{height}\" stroke=\"black\"/>\n",
            escaped(left),
            escaped(right)
        );
        for (i, rung) in rungs.iter().enumerate() {
            svg += &drawn(rung, 24 * i + 58);
        }
        svg + "</svg>\n"
    }
}

/// A rung of the picture, at this height.
fn drawn(rung: &Rung, y: usize) -> String {
    let at = rung.at.as_secs_f64();
    let time =
        format!("<text x=\"90\" y=\"{y}\" text-anchor=\"end\">{at:.3}</text>");
    let Kind::Datagram(way, fate, lost) = &rung.kind else {
        let label = escaped(&short(&rung.label, 80));
        let right = rung.kind == Kind::Words(Direction::Back);
        let (x, side) = if right { (690, "end") } else { (110, "start") };
        let text = format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{side}\"");
        return format!("{time}{text} font-weight=\"bold\">{label}</text>\n");
    };
    let colour = match (lost, fate.is_empty()) {
        (true, _) => "#c00000",
        (_, true) => "black",
        _ => "#a06000",
    };
    let (from, to, tip) = match way {
        Direction::There => (100, if *lost { 550 } else { 698 }, -8),
        Direction::Back => (700, if *lost { 250 } else { 102 }, 8),
    };
    let end = if *lost {
        format!("M{} {}l8 8m0 -8l-8 8", to - 4, y)
    } else {
        format!("M{} {}L{to} {}L{} {}", to + tip, y, y + 4, to + tip, y + 8)
    };
    let fate = if fate.is_empty() { fate.clone() } else { format!(": {fate}") };
    let room = 80_usize.saturating_sub(fate.len()); // Of 7 pixels each.
    let label = escaped(&short(&rung.label, room));
    format!(
        "{time}<path d=\"M{from} {}H{to}{end}\" fill=\"none\" \
         stroke=\"{colour}\"/><text x=\"400\" y=\"{}\" text-anchor=\"middle\" \
         fill=\"{colour}\">{label}{fate}</text>\n",
        y + 4,
        y - 2
    )
}

fn escaped(text: &str) -> String {
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
        assert!(svg.contains(">a&lt;<") && svg.ends_with("</svg>\n"));
    }
}
