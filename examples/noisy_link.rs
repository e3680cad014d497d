//! A noisy link: a relay between two UDP programs that loses, corrupts,
//! duplicates, reorders, delays and truncates datagrams, by percentage.
//! A seed decides which ones: the same seed, the same fates.
//!
//! First: cargo run -p udp-echo --bin server
//! Run:   cargo run -p examples --example noisy_link -- --lose 30
//! Then:  cargo run -p udp-echo --bin client -- --port 3600
//!
//! --host         address or name that callers send to (localhost)
//! --port         its port, 0 to 65535 (3600)
//! --to-host      where it passes their datagrams on to (localhost)
//! --to-port      that one's port, 1 to 65535 (3500)
//! --seed         any number; another one loses others (1)
//! --lose         percent of the datagrams that are lost (0)
//! --corrupt      percent: 1 to 8 bits are flipped (0)
//! --duplicate    percent: delivered twice (0)
//! --reorder      percent: overtaken by the next one (0)
//! --truncate     percent: cut short (0)
//! --delay        percent: late (0)
//! --delay-ms     by so many milliseconds, 0 to 65535 (20)
//! --clean-there  the way to the target is perfect
//! --clean-back   the way back is
//! --log          say what became of each
//! --draw         a ladder of the datagrams, with what each means
//! --pcap         write a capture of them to this file
//! --svg          write the ladder to this file, as a picture

use badlink::{BadLink, Passing, Shares};
use common::println;
use examples::view::{self, View};
use std::time::Duration;

const HOST: &str = "localhost";
const PORT: u16 = 3600;
const TO_PORT: u16 = 3500;
const SEED: u64 = 1;
const DELAY: u16 = 20;

fn main() -> common::Result<()> {
    // 1. Read the command line: where, and how bad in percent.
    let mut args = common::Args::new(include_str!("noisy_link.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let to_host: String = args.option("--to-host", HOST);
    let to_port: u16 = args.option("--to-port", TO_PORT);
    let seed: u64 = args.option("--seed", SEED);
    let bad = Shares {
        lose: args.percent("--lose"),
        corrupt: args.percent("--corrupt"),
        duplicate: args.percent("--duplicate"),
        reorder: args.percent("--reorder"),
        delay: args.percent("--delay"),
        truncate: args.percent("--truncate"),
        delay_by: Duration::from_millis(
            args.option::<u16>("--delay-ms", DELAY).into(),
        ),
    };
    let clean =
        ["--clean-there", "--clean-back"].map(|n| args.flag(n));
    let log = args.flag("--log");
    let draw = args.flag("--draw");
    let pcap = args.maybe("--pcap", "FILE");
    let svg = args.maybe("--svg", "FILE");
    args.require(to_port > 0, "--to-port: no program has port 0");
    args.finish();

    // 2. Start the relay: from now on it works by itself.
    let shares = |c| if c { Shares::default() } else { bad };
    let [there, back] = clean.map(shares);
    let listen = common::address(&host, port)?;
    let to = common::address(&to_host, to_port)?;
    let mut view = View::new(to, draw, pcap, svg)?;
    let (feed, events) = view.feed();
    let (seen, end) = (feed.clone(), feed.clone());
    let watch = move |passing: &Passing| {
        seen.pass(passing);
        if log && !passing.leaves {
            view::log(passing);
        }
    };
    let link =
        BadLink::watched(listen, to, there, back, seed, watch)?;
    common::note(format!("listening on {}", link.address()));

    // 3. Show what passes, and say how it goes, until Ctrl-C.
    ctrlc::set_handler(move || end.stop())?;
    view.run(&events, &link)?;

    // 4. Close with a table.
    view.end()?;
    feed.end();
    println!("{}", link.table().trim_end());
    Ok(())
}
