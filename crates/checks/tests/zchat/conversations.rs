//! Thousands of conversations in virtual time, each drawn from a seed; see
//! `world.rs` for what must hold for each. And every conversation ends.
//!
//! A failure names its seed. That conversation alone, with all its events:
//! `ZCHAT_SEED=1234 cargo test -p checks --test programs -- --nocapture every_message`

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use badlink::Shares;
use checks::{Language, Random};

use super::world::{Deed, World, ms, port, secs};

/// How many conversations, without `ZCHAT_SEED` (`ZCHAT_SEEDS` sets it).
const SEEDS: u64 = 4000;

const RUST: [Language; 2] = [Language::Rust; 2];

/// A conversation: everything about it comes from the seed.
fn conversation(seed: u64, languages: [Language; 2], traced: bool) -> World {
    let mut w = World::new(seed, languages);
    w.traced = traced;
    let windows = [1, 2, 3, 8, 16];
    let mut r = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // How bad the network is: from hardly to very.
    let mut share = |most: f64| r.fraction() * r.fraction() * most;
    let shares = Shares {
        lose: share(0.4),
        corrupt: share(0.2),
        duplicate: share(0.3),
        reorder: share(0.3),
        delay: share(0.2),
        truncate: share(0.1),
        delay_by: ms((share(1.0) * 3000.0) as u64),
    };
    w.stale = share(0.1);
    let least = [1, 5, 50, 300, 1500][r.below(5)];
    w.delay = (least, least * (1 + r.below(2) as u64) + 1);
    for _ in 0..r.below(3) {
        let start = ms(r.below(90_000) as u64);
        w.outages.push((start, start + ms(r.below(40_000) as u64)));
    }
    // Who is there: mostly a server and a client; or more clients; or two
    // that call each other; or a ring of three.
    let calls: &[&[usize]] = match r.below(16) {
        0 => &[&[1], &[0]],
        1 => &[&[1], &[2], &[0]],
        2 => &[&[], &[0], &[0]],
        3 => &[&[], &[0], &[0], &[0]],
        _ => &[&[], &[0]],
    };
    let lose = [shares.lose, 0.0, 1.0][r.below(20).saturating_sub(17)];
    for (i, dials) in calls.iter().enumerate() {
        let one_way = Shares { lose, ..shares };
        let shares = if i == 0 { one_way } else { shares };
        w.window = windows[r.below(5)];
        w.add(dials.iter().map(|j| port(*j)).collect(), shares);
    }
    let length = 1000 * (1 + r.below(120));
    for i in 0..calls.len() {
        for number in 0..r.below(25) {
            let at = ms(r.below(length) as u64);
            w.plan(i, at, Deed::Say(number));
        }
        // Their order is that of time, not that of planning.
        let node = &mut w.nodes[i];
        for (number, deed) in node.deeds.values_mut().enumerate() {
            *deed = Deed::Say(number);
        }
        for (rarely, deed) in [
            (9, Deed::Restart(false)),
            (9, Deed::Restart(true)),
            (5, Deed::Move),
            (3, Deed::Forge),
            (3, Deed::Forge),
            (3, Deed::Forge),
            (20, Deed::Abort),
        ] {
            if r.below(rarely) == 0 {
                w.plan(i, ms(r.below(length) as u64), deed);
            }
        }
        let last = if r.below(2) == 0 { Deed::NoMore } else { Deed::Leave };
        w.plan(i, ms((length + r.below(5000)) as u64), last);
        w.plan(i, secs(3600), Deed::Leave); // Who still waits for a caller.
    }
    w.run();
    w.check();
    w
}

#[test]
fn every_message_is_shown_once_and_in_order_or_reported() {
    if let Ok(seed) = env::var("ZCHAT_SEED") {
        let seed = seed.parse().expect("ZCHAT_SEED is a number");
        conversation(seed, RUST, true);
        return;
    }
    let seeds = env::var("ZCHAT_SEEDS").ok();
    let seeds = seeds.map_or(SEEDS, |n| n.parse().expect("a number"));
    let mut notes = BTreeMap::<String, usize>::new();
    let (mut said, mut shown) = (0, 0);
    for seed in 0..seeds {
        let run = AssertUnwindSafe(|| conversation(seed, RUST, false));
        let Ok(world) = catch_unwind(run) else {
            panic!(
                "seed {seed} fails; that one alone: ZCHAT_SEED={seed} cargo \
                 test -p checks --test programs"
            );
        };
        said += world.messages.len();
        shown += world.messages.values().filter(|m| m.shown == 1).count();
        for (note, count) in world.notes {
            *notes.entry(note).or_default() += count;
        }
    }
    println!("{said} said, {shown} shown, {notes:#?}");
    if seeds >= 1000 {
        // Each of these ends was there, and most messages got through.
        for note in [
            "connected",
            "not confirmed",
            "not sent",
            "the line is busy; calling again",
            "the peer does not answer any more",
            "the peer has ended the session",
            "the peer left",
            "the peer started again",
            "waiting for the next caller",
        ] {
            let count = notes.get(note).copied().unwrap_or_default();
            assert!(count >= 10, "{note}: {count} times");
        }
        assert!(shown * 2 > said, "{shown} of {said}");
    }
}

/// The Python session, with itself and with the Rust one.
#[test]
fn no_pairing_of_the_languages_loses_a_word() {
    let [rust, python] = Language::BOTH;
    for languages in [[python, python], [rust, python], [python, rust]] {
        for seed in 0..40 {
            let run = AssertUnwindSafe(|| conversation(seed, languages, false));
            let ended = catch_unwind(run);
            assert!(ended.is_ok(), "seed {seed} of {languages:?} fails");
        }
    }
}

/// Where the network is bad, but not hopeless, nothing at all may be lost.
#[test]
fn a_bad_network_loses_nothing() {
    for seed in 0..200 {
        let mut w = World::new(seed, RUST);
        w.delay = (10, 100);
        let (lose, corrupt, duplicate, reorder) = (0.2, 0.05, 0.05, 0.2);
        let bad =
            Shares { lose, corrupt, duplicate, reorder, ..Shares::default() };
        w.add(vec![], bad);
        w.add(vec![port(0)], bad);
        for i in 0..2 {
            for number in 0..20 {
                w.plan(i, ms(100 * number), Deed::Say(number as usize));
            }
            w.plan(i, secs(3), Deed::NoMore);
        }
        w.nodes[1].deeds.pop_last(); // The server may still be speaking:
        w.plan(1, secs(300), Deed::NoMore); // so the client stays a while.
        w.run();
        w.check();
        assert!(w.messages.values().all(|m| m.shown == 1), "seed {seed}");
        assert_eq!(w.messages.len(), 40);
        assert!(w.air.now < secs(350), "seed {seed}: {:?}", w.air.now);
    }
}
