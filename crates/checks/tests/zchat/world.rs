//! A simulated network in virtual time: sessions of either language, each with
//! what its user does and when; each datagram with its delay and its fate.
//! Whatever the network does, each message is shown once and in order, or its
//! sender is told that it is not confirmed or not sent.
//!
//! Thousands of conversations, each drawn from a seed; and every conversation ends.
//! A failure names its seed. That conversation alone, with all its events:
//! `ZCHAT_SEED=1234 cargo test -p checks --test programs -- --nocapture every_message`

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use badlink::air::{Air, Datagram, Next};
use badlink::ladder::{Kind as Shape, Ladder, Rung};
use badlink::{Direction, Fate, Fates, Shares};
use checks::{Language, Random};
use examples::meaning::meaning;
use lab::input::Input;
use lab::run::ADDRESSES;
use zchat::frame::{Frame, Kind};
use zchat::session::Action;

use super::session::Side;

/// Every conversation must be over by then (virtual time).
const HORIZON: Duration = Duration::from_secs(4 * 3600);

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// What a user, or the world, does to a node at a set time.
#[derive(Clone, Debug)]
pub enum Deed {
    Say(usize),
    /// As in the lab: this line; `/quit` leaves.
    Type(String),
    NoMore,
    Leave,
    Abort,
    /// The program is killed and started again: with a new port, or not.
    Restart(bool),
    /// Its address changes, and nobody tells it.
    Move,
    /// A datagram from a stranger, or one heard on the path and sent again.
    Forge,
}

/// One side: a session, and what the test knows of it.
pub struct Node {
    language: Language,
    side: Side,
    dial: Vec<SocketAddr>,
    window: u16,
    pub address: SocketAddr,
    fates: Fates,
    pub deeds: BTreeMap<(Duration, usize), Deed>,
    life: usize,
    /// How many datagrams it wanted sent.
    pub sends: usize,
    pub ended: bool,
    /// When.
    end: Duration,
}

/// A message, and what became of it.
#[derive(Debug)]
pub struct Message {
    pub sender: usize,
    /// Which of the sender's lives: a killed one reports nothing.
    life: usize,
    number: usize,
    pub shown: usize,
    pub reported: Option<String>,
}

pub struct World {
    /// Those of the nodes, in turn.
    languages: [Language; 2],
    pub nodes: Vec<Node>,
    /// What is on its way, and the time.
    pub air: Air,
    pub delay: (u64, u64),
    /// The lab's link: every datagram is so long on its way, and nothing is
    /// left to chance.
    steady: Option<Duration>,
    pub outages: Vec<(Duration, Duration)>,
    pub stale: f64,
    /// How wide the next node's window is, in frames.
    pub window: u16,
    /// A narrow link for all: at most so many datagrams wait in it, each of
    /// which takes so long; and when it will be free.
    pub narrow: Option<(usize, Duration)>,
    free: Duration,
    heard: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    pub messages: HashMap<String, Message>,
    /// By receiver and sender: the last (life, number) that was shown.
    last: HashMap<(usize, usize), (usize, usize)>,
    pub notes: BTreeMap<String, usize>,
    random: Random,
    pub traced: bool,
    /// What is traced, if it is not to be printed.
    pub rungs: Option<Vec<Rung>>,
}

impl World {
    pub fn new(seed: u64, languages: [Language; 2]) -> World {
        World {
            languages,
            nodes: Vec::new(),
            air: Air::default(),
            delay: (1, 2),
            steady: None,
            outages: Vec::new(),
            stale: 0.0,
            window: 16,
            narrow: None,
            free: Duration::ZERO,
            heard: Vec::new(),
            messages: HashMap::new(),
            last: HashMap::new(),
            notes: BTreeMap::new(),
            random: Random(seed),
            traced: false,
            rungs: None,
        }
    }

    /// The lab's run: its client is node 0, its server node 1.
    pub fn of_the_lab(input: &Input, language: Language) -> World {
        let mut w = World::new(0, [language; 2]);
        (w.steady, w.window) = (Some(input.way), input.window);
        let [client, server] = ADDRESSES.map(SocketAddr::from);
        for (address, dial) in [(client, vec![server]), (server, vec![])] {
            let i = w.add(dial, input.shares);
            let way = [Direction::There, Direction::Back][i];
            w.nodes[i].fates = Fates::new(input.shares, input.seed, way);
            w.nodes[i].address = address;
        }
        for deed in &input.deeds {
            w.plan(deed.side, deed.at, Deed::Type(deed.line.clone()));
        }
        (w.traced, w.rungs) = (true, Some(Vec::new()));
        w
    }

    pub fn add(&mut self, dial: Vec<SocketAddr>, shares: Shares) -> usize {
        let i = self.nodes.len();
        let way = [Direction::There, Direction::Back][i % 2];
        let seed = self.random.bits().into();
        let language = self.languages[i % 2];
        let mut side = Side::new(language, &dial, self.air.now);
        side.set_window(self.window);
        self.nodes.push(Node {
            language,
            window: self.window,
            side,
            dial,
            address: port(i),
            fates: Fates::new(shares, seed, way),
            deeds: BTreeMap::new(),
            life: 0,
            sends: 0,
            ended: false,
            end: Duration::ZERO,
        });
        i
    }

    pub fn plan(&mut self, i: usize, at: Duration, deed: Deed) {
        let node = &mut self.nodes[i];
        node.deeds.insert((at, node.deeds.len()), deed);
    }

    /// A line of the ladder: something that happens at this node.
    fn trace(&mut self, i: usize, what: impl FnOnce() -> String) {
        if self.traced {
            let label = format!("{i}: {}", what());
            self.draw(Shape::Words(side(i)), label);
        }
    }

    /// The rung of a datagram, with how much later each copy of it arrives.
    fn trace_datagram(
        &mut self,
        [from, to]: [SocketAddr; 2],
        data: &[u8],
        fate: &Fate,
        late: &[Duration],
    ) {
        if !self.traced {
            return;
        }
        let [from, to] = [from, to].map(|address| {
            let at = self.nodes.iter().position(|n| n.address == address);
            at.map_or("?".to_string(), |i| i.to_string())
        });
        let way = if from == "0" { Direction::There } else { Direction::Back };
        let mut words = fate.words();
        for late in late {
            words += &format!(", {:.3} s", late.as_secs_f64());
        }
        let words = words.trim_start_matches(", ").to_string();
        let label = format!("{from} to {to}: {}", meaning(data));
        self.draw(Shape::Datagram(way, words, late.is_empty()), label);
    }

    fn draw(&mut self, kind: Shape, label: String) {
        let rung = Rung { at: self.air.now, kind, label };
        let ladder = Ladder { columns: 100, colour: false };
        match &mut self.rungs {
            Some(rungs) => rungs.push(rung),
            None => println!("{}", ladder.rung(&rung)),
        }
    }

    /// Lets everything happen, in order, until all have ended.
    pub fn run(&mut self) {
        self.run_until(HORIZON);
        let left = self.nodes.iter().filter(|node| !node.ended).count();
        assert_eq!(left, 0, "{left} go on after {HORIZON:?}");
    }

    pub fn run_until(&mut self, end: Duration) {
        for i in 0..self.nodes.len() {
            if !self.nodes[i].ended {
                self.tick(i);
            }
        }
        for _ in 0..2_000_000 {
            let nodes = self.nodes.iter().enumerate();
            let alarms =
                nodes.filter(|(_, node)| !node.ended).flat_map(|(i, n)| {
                    let deed = n.deeds.keys().next().map(|(at, _)| *at);
                    let timer = n.side.deadline();
                    [deed, timer].map(|at| Some((at?, i)))
                });
            let next = self.air.next(alarms.flatten(), end);
            match next {
                None => return,
                Some(Next::Alarm(i)) => self.act(i),
                Some(Next::Arrival(_, datagram)) => self.deliver(datagram),
            }
            let alive = self.nodes.iter().any(|node| !node.ended);
            if !alive {
                return;
            }
        }
        panic!("it goes on and on");
    }

    fn deliver(&mut self, Datagram { from, to, data }: Datagram) {
        let to = self.nodes.iter().position(|n| n.address == to && !n.ended);
        if let Some(i) = to {
            self.nodes[i].side.receive(self.air.now, from, &data);
            self.tick(i);
        }
    }

    fn act(&mut self, i: usize) {
        let deeds = &mut self.nodes[i].deeds;
        let due = deeds.keys().next().copied();
        let deed = due.filter(|(at, _)| *at <= self.air.now);
        if let Some(deed) = deed.and_then(|key| deeds.remove(&key)) {
            self.trace(i, || format!("{deed:?}"));
            self.perform(i, deed);
        }
        self.tick(i);
    }

    fn perform(&mut self, i: usize, deed: Deed) {
        let now = self.air.now;
        let fresh = port(1000 + self.air.sent as usize % 50_000);
        match deed {
            Deed::Say(number) => {
                let text = self.text(i, number);
                self.nodes[i].side.say(text.as_bytes());
            }
            Deed::Type(line) if line == "/quit" => self.nodes[i].side.leave(),
            Deed::Type(line) => {
                let (life, number) = (0, self.messages.len());
                let (sender, shown, reported) = (i, 0, None);
                let message = Message { sender, life, number, shown, reported };
                self.messages.insert(line.clone(), message);
                self.nodes[i].side.say(line.as_bytes());
            }
            Deed::NoMore => self.nodes[i].side.no_more(),
            Deed::Leave => self.nodes[i].side.leave(),
            Deed::Abort => self.nodes[i].side.abort(),
            Deed::Restart(moves) => {
                let node = &mut self.nodes[i];
                node.side = Side::new(node.language, &node.dial, now);
                node.side.set_window(node.window);
                node.life += 1;
                if moves {
                    node.address = fresh;
                }
            }
            Deed::Move => self.nodes[i].address = fresh,
            Deed::Forge => self.forge(i),
        }
    }

    /// A new message's text: no two are the same.
    fn text(&mut self, i: usize, number: usize) -> String {
        let life = self.nodes[i].life;
        let mut text = format!("{i}.{life}.{number} ");
        match self.random.below(4) {
            0 => text += &"ja".repeat(self.random.below(500)),
            1 => {
                let long = self.random.below(100);
                let letter = |_| (b'a' + self.random.below(26) as u8) as char;
                text.extend((0..long).map(letter));
            }
            _ => {}
        }
        let (shown, reported) = (0, None);
        let message = Message { sender: i, life, number, shown, reported };
        self.messages.insert(text.clone(), message);
        text
    }

    /// A datagram that `i`'s peer did not send, or not now, or not from there.
    fn forge(&mut self, i: usize) {
        let stranger = port(60_000 + self.random.below(3));
        let heard = self.random.below(self.heard.len().max(1));
        let (from, data) = match self.heard.get(heard) {
            Some((from, _, data)) if self.random.below(3) > 0 => {
                let same = self.random.below(4) > 0;
                (if same { *from } else { stranger }, data.clone())
            }
            _ => {
                let kinds = [
                    Kind::Hello,
                    Kind::Text,
                    Kind::Ztext,
                    Kind::Ack,
                    Kind::Bye,
                ];
                let kind = kinds[self.random.below(5)];
                let mut id = || self.random.bits() | 1;
                let (src, dst, seq) = (id(), id() * (id() & 1), id() % 9);
                let payload = vec![b'?'; self.random.below(9)];
                let attempt = 0;
                let frame = Frame { kind, attempt, src, dst, seq, payload };
                (stranger, frame.pack())
            }
        };
        let to = self.nodes[i].address;
        let fate = Fate { copies: 1, ..Fate::default() };
        self.trace_datagram([from, to], &data, &fate, &[ms(1)]);
        self.fly(ms(1), from, to, data);
    }

    fn fly(
        &mut self,
        late: Duration,
        from: SocketAddr,
        to: SocketAddr,
        data: Vec<u8>,
    ) {
        self.air.fly(late, Datagram { from, to, data });
        assert!(self.air.len() < 10_000, "the air is full");
    }

    /// Ticks, and does what the session wants.
    fn tick(&mut self, i: usize) {
        let actions = self.nodes[i].side.tick(self.air.now);
        assert!(actions.len() < 500, "{} actions at once", actions.len());
        for action in actions {
            assert!(!self.nodes[i].ended, "after its end: {action:?}");
            match action {
                Action::Send(to, data) => self.send(i, to, data),
                Action::Show(text) => self.show(i, &text),
                Action::Note(note) => self.note(i, &note),
                Action::End(why) => {
                    self.trace(i, || format!("the end, {why:?}"));
                    self.nodes[i].ended = true;
                    self.nodes[i].end = self.air.now;
                }
            }
        }
        let node = &self.nodes[i];
        let due = node.side.deadline().filter(|_| !node.ended);
        assert!(
            due.is_none_or(|due| due > self.air.now),
            "{i} is due for ever"
        );
    }

    fn send(&mut self, i: usize, to: SocketAddr, data: Vec<u8>) {
        assert!(data.len() <= 1200);
        self.nodes[i].sends += 1;
        let from = self.nodes[i].address;
        let fate = self.nodes[i].fates.next(&data);
        if self.heard.len() < 200 {
            self.heard.push((from, to, data.clone()));
        }
        let mut arrives = Vec::new(); // How much later each copy does.
        if self.random.happens(self.stale) {
            arrives.push(ms(self.random.below(100_000) as u64));
            self.fly(arrives[0], from, to, data.clone());
        }
        let out =
            |(a, b): &(Duration, Duration)| (*a..*b).contains(&self.air.now);
        if self.outages.iter().any(out) {
            let lost = Fate::default();
            self.trace_datagram([from, to], &data, &lost, &arrives);
            return;
        }
        if let Some((most, each)) = self.narrow {
            let waits = self.free.saturating_sub(self.air.now);
            if waits >= each * most as u32 {
                return; // There is no room for it.
            }
            self.free = self.air.now.max(self.free) + each;
            return self.fly(self.free - self.air.now, from, to, data);
        }
        for copy in 0..fate.copies {
            let (least, most) = self.delay;
            let mut late =
                least + self.random.below((most - least) as usize) as u64;
            if fate.reordered {
                late += self.random.below(2 * most as usize + 50) as u64;
            }
            let late = ms(late) + fate.delay.unwrap_or_default();
            let steady =
                self.steady.map(|way| lab::run::late(way, &fate, copy));
            let late = steady.unwrap_or(late);
            self.fly(late, from, to, fate.data.clone());
            arrives.push(late);
        }
        self.trace_datagram([from, to], &data, &fate, &arrives);
    }

    fn show(&mut self, i: usize, text: &[u8]) {
        let text = String::from_utf8(text.to_vec()).expect("damaged text");
        self.trace(i, || format!("shows {text:?}"));
        let message = self.messages.get_mut(&text);
        let message = message.unwrap_or_else(|| panic!("nobody said {text:?}"));
        message.shown += 1;
        assert_eq!(message.shown, 1, "shown again: {text:?}");
        assert_ne!(message.sender, i, "shown to its own sender");
        let this = (message.life, message.number);
        let last = self.last.insert((i, message.sender), this);
        assert!(last < Some(this), "{text:?} comes after {last:?}");
    }

    fn note(&mut self, i: usize, note: &str) {
        self.trace(i, || note.to_string());
        let lost = ["not confirmed", "not sent"];
        let found = lost.iter().find_map(|what| {
            Some((*what, note.strip_prefix(what)?.strip_prefix(": ")?))
        });
        let kind = match found {
            // Without the words that differ: an address, a message.
            None => {
                let told = ["connected", "calling", "not confirmed yet"];
                let told = told.into_iter().find(|k| note.starts_with(k));
                told.unwrap_or(note)
            }
            Some((what, text)) => {
                let message = self.messages.get_mut(text).expect("a message");
                assert_eq!(message.reported, None, "{text:?}, twice");
                assert_eq!(message.sender, i);
                message.reported = Some(what.to_string());
                what
            }
        };
        *self.notes.entry(kind.to_string()).or_default() += 1;
    }

    /// When a node has ended.
    pub fn ended(&self, i: usize) -> Duration {
        assert!(self.nodes[i].ended, "it goes on");
        self.nodes[i].end
    }

    /// What holds for every message when all is over.
    pub fn check(&self) {
        for (text, message) in &self.messages {
            let Message { sender, life, shown, .. } = message;
            let killed = *life < self.nodes[*sender].life;
            match (message.reported.as_deref(), shown) {
                (None, 1) | (Some("not confirmed"), 0 | 1) => {}
                (Some("not sent"), 0) => {}
                (None, 0) if killed => {}
                _ => panic!("{text:?}: {message:?}"),
            }
        }
    }
}

/// Where a node stands in the ladder: the first at the left, all others at the
/// right.
fn side(i: usize) -> Direction {
    if i == 0 { Direction::There } else { Direction::Back }
}

pub fn port(i: usize) -> SocketAddr {
    ([10, 0, (i / 65_000) as u8, 1], 1000 + (i % 64_000) as u16).into()
}

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
