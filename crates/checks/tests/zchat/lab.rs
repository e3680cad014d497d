//! The book's lab shows what our sessions do: its runs are held here as well,
//! with the sessions of either language, and everything is compared.

use std::fmt::Write;
use std::time::Duration;

use badlink::Direction;
use badlink::ladder::{Kind as Shape, Rung};
use checks::{Language, Random};
use examples::meaning::meaning;
use lab::input::Input;
use lab::run::{Run, What};

use super::world::{World, ms, secs};

in_both_languages! {
    the_lab_and_virtual_time_see_the_same
}

/// A run of 14 s, drawn from a seed.
fn link(seed: u64) -> String {
    let mut r = Random(seed);
    let window = 1 + seed % 16;
    let mut link = format!("seed={seed}&for=14&window={window}");
    for key in ["lose", "corrupt", "duplicate", "reorder", "delay", "truncate"]
    {
        write!(link, "&{key}={}", r.below(5) * r.below(9)).unwrap();
    }
    let (way, late) = (1 + r.below(300), r.below(900));
    write!(link, "&way={way}&delay-ms={late}").unwrap();
    for number in 0..r.below(30) {
        let side = ["client", "server"][r.below(2)];
        let at = r.below(9000);
        let long = "ja".repeat(r.below(3) * r.below(60));
        write!(link, "&{side}={at}:{number}+{long}").unwrap();
    }
    if r.below(3) == 0 {
        link += "&client=9500:/quit";
    }
    link
}

/// The lab's events as the world of these tests tells them.
fn told(run: &Run) -> Vec<Rung> {
    let mut rungs = Vec::new();
    for event in &run.events {
        let (at, i) = (event.at, event.side);
        let way = [Direction::There, Direction::Back][i];
        let says = |what: String| (Shape::Words(way), format!("{i}: {what}"));
        let (kind, label) = match &event.what {
            What::Begins | What::Hears(..) | What::Types(_) => continue,
            What::Shows(text) => says(format!("shows {text:?}")),
            What::Notes(note) => says(note.clone()),
            What::Ends(why) => says(format!("the end, {why:?}")),
            What::Sends(place) => {
                let datagram = &run.datagrams[*place];
                let mut words = datagram.fate.words();
                for arrives in &datagram.arrives {
                    let late = (*arrives - at).as_secs_f64();
                    words += &format!(", {late:.3} s");
                }
                let words = words.trim_start_matches(", ").to_string();
                let lost = datagram.arrives.is_empty();
                let meaning = meaning(&datagram.sent);
                let label = format!("{i} to {}: {meaning}", 1 - i);
                (Shape::Datagram(way, words, lost), label)
            }
        };
        rungs.push(Rung { at, kind, label });
    }
    rungs
}

/// Python's times are floats, which do not hold every fraction: so where two
/// things come to pass at the same time, either may be first, and what follows
/// may differ.
fn until_a_tie(run: &Run, seen: &mut Vec<Rung>, told: &mut Vec<Rung>) {
    let near = |a: Duration, b: Duration| a.abs_diff(b) < ms(1) / 100;
    let mut events = run.events.clone();
    events.retain(|event| event.what != What::Begins);
    let comes = |what: &What| matches!(what, What::Hears(..) | What::Types(_));
    let tie = events.windows(2).find(|two| {
        let apart = two[0].side != two[1].side || comes(&two[1].what);
        near(two[0].at, two[1].at) && apart
    });
    if let Some([first, _]) = tie {
        told.retain(|rung| rung.at < first.at && !near(rung.at, first.at));
        seen.truncate(told.len());
    }
    for (seen, told) in seen.iter_mut().zip(told) {
        if near(seen.at, told.at) {
            seen.at = told.at;
        }
    }
}

fn the_lab_and_virtual_time_see_the_same(language: Language) {
    let mut rungs = 0;
    for seed in 0..200 {
        let link = link(seed);
        let input = Input::read(&link).unwrap();
        let mut world = World::of_the_lab(&input, language);
        world.run_until(secs(14));
        let mut seen = world.rungs.take().unwrap();
        seen.retain(|rung| !rung.label.contains(": Type("));
        let run = lab::run::run(&input);
        let mut told = told(&run);
        if language == Language::Python {
            until_a_tie(&run, &mut seen, &mut told);
        }
        let same = seen.iter().zip(&told).take_while(|(a, b)| a == b).count();
        let [a, b] = [&seen, &told].map(|all| all.get(same));
        assert!(
            seen == told,
            "{link}, event {same}: {a:?}, but in the lab {b:?}"
        );
        rungs += told.len();
    }
    assert!(rungs > 4000, "{rungs}");
}
