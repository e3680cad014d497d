//! The chat's window, in virtual time: the same loss with and without it, and
//! how many messages a second pass.

use std::io::{Write, stderr};
use std::net::SocketAddr;
use std::time::Duration;

use badlink::air::{Air, Datagram, Next};
use badlink::ladder::Rung;
use badlink::{Direction, Fate, Fates, Shares};
use checks::book::{difference, kept};
use examples::meaning::chat_frame;
use zchat::frame::{Frame, Kind};
use zchat::session::{Action, Session};

use crate::protocols::drawn;

/// From one side to the other.
const ONE_WAY: Duration = Duration::from_millis(10);
/// No chat takes longer.
const END: Duration = Duration::from_secs(3600);

/// `lines` from a caller to a server, both with this window; the caller leaves
/// when all is confirmed. `fate` says what becomes of each frame. Gives the
/// rungs, and the time from the first message until the end.
fn chat(
    window: u16,
    lines: &[String],
    mut fate: impl FnMut(Direction, &Frame) -> Fate,
) -> (Vec<Rung>, Duration) {
    let ends: [SocketAddr; 2] = [1, 2].map(|n| ([10, 0, 0, n], 3502).into());
    let mut air = Air::default();
    let mut sides =
        [vec![ends[1]], vec![]].map(|dial| Session::new(dial, air.now));
    sides.iter_mut().for_each(|side| side.set_window(window));
    lines.iter().for_each(|line| sides[0].say(line.as_bytes()));
    sides[0].no_more();
    let (mut rungs, mut shown, mut first) = (Vec::new(), 0, None);
    loop {
        for (i, way) in
            [Direction::There, Direction::Back].into_iter().enumerate()
        {
            sides[i].tick(air.now);
            for action in sides[i].actions() {
                match action {
                    Action::Send(_, data) => {
                        let frame = Frame::unpack(&data).unwrap();
                        let fate = fate(way, &frame);
                        if frame.kind == Kind::Text && frame.seq == 2 {
                            first.get_or_insert(air.now);
                        }
                        let label = chat_frame(&frame);
                        rungs.push(Rung::new(air.now, way, &fate, label));
                        for _ in 0..fate.copies {
                            let (from, to) = (ends[i], ends[1 - i]);
                            let data = fate.data.clone();
                            air.fly(ONE_WAY, Datagram { from, to, data });
                        }
                    }
                    Action::Show(text) => {
                        assert_eq!(text, lines[shown].as_bytes());
                        shown += 1;
                    }
                    Action::Note(_) => {}
                    Action::End(why) => {
                        assert_eq!((why, shown), (None, lines.len()));
                        return (rungs, air.now - first.unwrap());
                    }
                }
            }
        }
        let timers = sides.iter().enumerate();
        let timers = timers.filter_map(|(i, side)| Some((side.deadline()?, i)));
        match air.next(timers, END).expect("an end") {
            Next::Alarm(_) => {} // All tick.
            Next::Arrival(_, Datagram { from, to, data }) => {
                let to = ends.iter().position(|end| *end == to).unwrap();
                sides[to].receive(air.now, from, &data);
            }
        }
    }
}

/// Of six messages the third is lost, the first time.
#[test]
fn the_same_loss_with_and_without_a_window() {
    let lines = ["uno", "dos", "tres", "cuatro", "cinco", "seis"];
    let lines = lines.map(str::to_string);
    let mut took = Vec::new();
    for window in [1, 16] {
        let (rungs, time) = chat(window, &lines, |_, frame| {
            let lost = frame.seq == 4 && frame.attempt == 0;
            let lost = lost && frame.kind == Kind::Text;
            let copies = u8::from(!lost);
            Fate { copies, data: frame.pack(), ..Fate::default() }
        });
        let english = format!("A message is lost; W = {window}");
        let spanish = format!("Se pierde un mensaje; W = {window}");
        drawn(&format!("zchat-window-{window}"), [&english, &spanish], &rungs);
        took.push(time.as_millis());
    }
    let _ = writeln!(stderr(), "{took:?} ms");
    assert!(took[1] * 3 < took[0], "{took:?}");
}

const WINDOWS: [u16; 5] = [1, 2, 4, 8, 16];
const LOST: [f64; 4] = [0.0, 0.01, 0.05, 0.2];

/// 400 messages, of each frame a share is lost: how many pass in a second.
/// The middle one of five links.
fn rate(window: u16, lose: f64) -> f64 {
    let lines: Vec<_> = (1..=400).map(|n| format!("message {n}")).collect();
    let mut rates: Vec<_> = (0..5)
        .map(|seed| {
            let shares = Shares { lose, ..Shares::default() };
            let [mut there, mut back] = [Direction::There, Direction::Back]
                .map(|way| Fates::new(shares, seed, way));
            let (_, time) = chat(window, &lines, |way, frame| {
                let fates = match way {
                    Direction::There => &mut there,
                    Direction::Back => &mut back,
                };
                fates.next(&frame.pack())
            });
            400.0 / time.as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[2]
}

/// Messages a second against the window, as a table and as a picture.
#[test]
fn messages_a_second() {
    let rates = LOST.map(|lose| WINDOWS.map(|window| rate(window, lose)));
    let mut text =
        format!("lost  {}\n", "W = 1       2       4       8      16");
    for (lose, rates) in LOST.iter().zip(&rates) {
        let rates = rates.map(|rate| format!("{rate:8.1}")).concat();
        text += &format!("{:>3} %{rates}\n", lose * 100.0);
    }
    let _ = writeln!(stderr(), "{text}");
    for rates in rates {
        assert!(rates[4] > rates[0] * 5.0, "{text}");
    }
    for (ending, words) in [
        ("svg", ["messages a second, against the window", "window", "lost"]),
        (
            "es.svg",
            ["mensajes por segundo, según la ventana", "ventana", "perdido"],
        ),
    ] {
        let svg = plot(&rates, words);
        kept(&format!("zchat-rates.{ending}"), &svg, difference);
    }
}

const STYLE: &str = "\
<style>text { font: 15px sans-serif; fill: #1a1a1a } .back { fill: #fff }
path { fill: none; stroke: #1a1a1a; stroke-width: 2 }
path.grid { stroke: #999; stroke-width: 0.5 }
@media screen and (prefers-color-scheme: dark) {
text { fill: #e6e6e6 } .back { fill: #181818 } path { stroke: #e6e6e6 }
path.grid { stroke: #777 } }</style>
";

/// Both axes are logarithmic: the same way up means the same factor.
fn plot(rates: &[[f64; 5]; 4], [title, below, lost]: [&str; 3]) -> String {
    let x = |i: usize| 60 + 95 * i;
    let y = |rate: f64| 330.0 - 100.0 * rate.log10();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"560\" \
         height=\"370\" viewBox=\"0 0 560 370\" role=\"img\">\n\
         <title>{title}</title>\n{STYLE}\
         <rect class=\"back\" width=\"560\" height=\"370\"/>\n\
         <text x=\"12\" y=\"20\">{title}</text>\n"
    );
    for rate in [1.0, 10.0, 100.0, 1000.0] {
        let at = y(rate);
        svg += &format!(
            "<path class=\"grid\" d=\"M60 {at:.0}H440\"/>\n\
             <text x=\"52\" y=\"{:.0}\" text-anchor=\"end\">{rate}</text>\n",
            at + 5.0
        );
    }
    for (i, window) in WINDOWS.iter().enumerate() {
        svg += &format!(
            "<text x=\"{}\" y=\"350\" text-anchor=\"middle\">{window}</text>\n",
            x(i)
        );
    }
    svg += &format!("<text x=\"455\" y=\"350\">{below}</text>\n");
    let mut label = 0.0_f64;
    for (lose, rates) in LOST.iter().zip(rates) {
        label = (y(rates[4]) + 5.0).max(label + 18.0); // None on another.
        let points = rates.iter().enumerate();
        let points: Vec<_> =
            points.map(|(i, r)| format!("{} {:.0}", x(i), y(*r))).collect();
        let percent = lose * 100.0;
        svg += &format!(
            "<path d=\"M{}\"/>\n\
             <text x=\"450\" y=\"{label:.0}\">{percent} % {lost}</text>\n",
            points.join("L")
        );
    }
    svg + "</svg>\n"
}
