//! A run: two sessions, the bad link between them, and everything that happens.
//!
//! The chat's ids are random, and nobody can guess them. Here the link gives
//! each another one, which is the same in every run, and packs the frame anew;
//! where the frame arrives, it gets the real ids back. So the same text gives
//! the same bytes, and no session has to know.

use std::net::SocketAddr;
use std::time::Duration;

use badlink::air::{Air, Datagram, Next};
use badlink::{Direction, Fate, Fates};
use common::printable;
use zchat::frame::Frame;
use zchat::session::{Action, Session};

use crate::input::Input;
use crate::known::{Known, known};

/// The client's and the server's addresses.
pub const ADDRESSES: [([u8; 4], u16); 2] =
    [([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 3502)];

/// A run is over then, even if something would still happen.
const MOST: Duration = Duration::from_secs(60);
/// And after so many events.
const EVENTS: usize = 20_000;

/// How much later a reordered datagram is: what is sent within that time
/// overtakes it. (`noisy_link` holds it for that long, at most.)
const OVERTAKEN: Duration = Duration::from_millis(50);
/// How much later the second copy of a datagram is.
const APART: Duration = Duration::from_millis(20);

/// The ids that are shown: those of the golden frames.
const IDS: [u32; 2] = [0x1122_3344, 0xaabb_ccdd];

/// One side of the chat: a [`Session`], or another program that does the same.
pub trait Side {
    /// As [`Session::say`].
    fn say(&mut self, text: &[u8]);
    /// As [`Session::leave`].
    fn leave(&mut self);
    /// As [`Session::receive`].
    fn receive(&mut self, now: Duration, from: SocketAddr, data: &[u8]);
    /// [`Session::tick`], then [`Session::actions`].
    fn tick(&mut self, now: Duration) -> Vec<Action>;
    /// As [`Session::deadline`].
    fn deadline(&self) -> Option<Duration>;
    /// What it knows, if it can tell.
    fn known(&self) -> Option<Known>;
}

impl Side for Session {
    fn say(&mut self, text: &[u8]) {
        self.say(text);
    }

    fn leave(&mut self) {
        self.leave();
    }

    fn receive(&mut self, now: Duration, from: SocketAddr, data: &[u8]) {
        self.receive(now, from, data);
    }

    fn tick(&mut self, now: Duration) -> Vec<Action> {
        self.tick(now);
        self.actions()
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline()
    }

    fn known(&self) -> Option<Known> {
        Some(known(self))
    }
}

/// Something that happens at one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Duration,
    /// 0: at the client; 1: at the server.
    pub side: usize,
    /// What.
    pub what: What,
    /// What the side knows from now on, if that has changed.
    pub known: Option<Known>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The program starts.
    Begins,
    /// This datagram leaves, by its place in [`Run::datagrams`].
    Sends(usize),
    /// This copy of a datagram arrives: its place, and which one, from 0 on.
    Hears(usize, usize),
    /// The user types a line.
    Types(String),
    /// The program shows a message.
    Shows(String),
    /// It tells its user something.
    Notes(String),
    /// It ends; perhaps because something went wrong.
    Ends(Option<String>),
}

/// A datagram, and what became of it. Its number is its place, from 1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When it was sent.
    pub at: Duration,
    /// Who sent it: 0 or 1.
    pub from: usize,
    /// Its bytes.
    pub sent: Vec<u8>,
    /// What the link did; a lost one has no copies.
    pub fate: Fate,
    /// It was lost because the input says so,
    pub dropped: bool,
    /// or damaged because of that.
    pub spoiled: bool,
    /// When each of its copies arrives.
    pub arrives: Vec<Duration>,
}

/// Everything that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// In the order of time.
    pub events: Vec<Event>,
    /// In the order of their sending.
    pub datagrams: Vec<Passage>,
    /// When it was over.
    pub end: Duration,
}

/// The chat's own sessions, and what happens to them.
pub fn run(input: &Input) -> Run {
    let server = ADDRESSES[1].into();
    let sessions = [vec![server], Vec::new()].map(|dial| {
        let mut session = Session::new(dial, Duration::ZERO);
        session.set_window(input.window);
        session
    });
    between(input, sessions)
}

/// The same with other sides: a client that calls [`ADDRESSES`]' second, and a
/// server.
pub fn between<S: Side>(input: &Input, sides: [S; 2]) -> Run {
    let mut world = World {
        input,
        sides,
        ended: [false; 2],
        known: [None, None],
        typed: 0,
        fates: [Direction::There, Direction::Back]
            .map(|way| Fates::new(input.shares, input.seed, way)),
        air: Air::default(),
        copies: Vec::new(),
        ids: Vec::new(),
        run: Run::default(),
    };
    for side in [0, 1] {
        world.note(side, What::Begins);
        world.tick(side);
    }
    while world.happens() {}
    world.run.end = world.air.now;
    world.run
}

/// How much later than it was sent a copy (0, 1) of a datagram arrives.
pub fn late(way: Duration, fate: &Fate, copy: u8) -> Duration {
    let overtaken = if fate.reordered { OVERTAKEN } else { Duration::ZERO };
    way + overtaken + fate.delay.unwrap_or_default() + APART * copy.into()
}

struct World<'a, S> {
    input: &'a Input,
    sides: [S; 2],
    ended: [bool; 2],
    known: [Option<Known>; 2],
    /// How many of the input's deeds are done.
    typed: usize,
    fates: [Fates; 2],
    air: Air,
    /// What each number of the air is: a datagram's place, and which copy.
    copies: Vec<(usize, usize)>,
    /// The real ids, and the ones that are shown.
    ids: Vec<(u32, u32)>,
    run: Run,
}

impl<S: Side> World<'_, S> {
    /// The next event; false if there is none.
    fn happens(&mut self) -> bool {
        let end = self.input.time.unwrap_or(MOST);
        if self.run.events.len() >= EVENTS
            || self.input.time.is_none() && self.rests()
        {
            return false;
        }
        let alarms = [0, 1].map(|i| {
            let timer = self.sides[i].deadline();
            [self.deed(i), timer.filter(|_| !self.ended[i])].map(|at| (at, i))
        });
        let alarms = alarms.concat().into_iter();
        let alarms = alarms.filter_map(|(at, i)| Some((at?, i)));
        match self.air.next(alarms, end) {
            None => return false,
            Some(Next::Alarm(i)) => self.act(i),
            Some(Next::Arrival(number, datagram)) => {
                self.arrives(number as usize - 1, &datagram);
            }
        }
        true
    }

    /// Whether nobody has anything left to do but to ask whether the other is
    /// still there.
    fn rests(&self) -> bool {
        let idle = |i: usize| {
            let known = self.known[i].as_ref();
            self.ended[i]
                || known.is_some_and(|k| k.flights.is_empty() && k.queue == 0)
        };
        let typed = self.typed == self.input.deeds.len();
        typed && self.air.is_empty() && idle(0) && idle(1)
    }

    /// When the next deed is due, if it is this side's.
    fn deed(&self, side: usize) -> Option<Duration> {
        let deed = self.input.deeds.get(self.typed);
        deed.filter(|deed| deed.side == side).map(|deed| deed.at)
    }

    /// What is typed now, and what a timer asks for.
    fn act(&mut self, side: usize) {
        if self.deed(side).is_some_and(|at| at <= self.air.now) {
            let line = self.input.deeds[self.typed].line.clone();
            self.typed += 1;
            if self.ended[side] {
                return;
            }
            match line.as_str() {
                "/quit" => self.sides[side].leave(),
                line => self.sides[side].say(line.as_bytes()),
            }
            self.note(side, What::Types(line));
        }
        self.tick(side);
    }

    fn arrives(&mut self, number: usize, datagram: &Datagram) {
        let (place, copy) = self.copies[number];
        let side = 1 - self.run.datagrams[place].from;
        if self.ended[side] {
            return;
        }
        self.note(side, What::Hears(place, copy));
        let data =
            self.with_ids(&datagram.data, |(real, shown)| (*shown, *real));
        self.sides[side].receive(self.air.now, datagram.from, &data);
        self.tick(side);
    }

    /// Does what the session wants done.
    fn tick(&mut self, side: usize) {
        for action in self.sides[side].tick(self.air.now) {
            match action {
                Action::Send(_, data) => self.send(side, &data),
                Action::Show(text) => {
                    self.note(side, What::Shows(printable(&text)));
                }
                Action::Note(text) => self.note(side, What::Notes(text)),
                Action::End(why) => {
                    self.ended[side] = true;
                    self.note(side, What::Ends(why));
                }
            }
        }
        let known = self.sides[side].known();
        if known != self.known[side] {
            self.known[side].clone_from(&known);
            // What it has just done, or what was done to it, has changed it.
            if let Some(event) = self.run.events.last_mut() {
                event.known = known;
            }
        }
    }

    fn note(&mut self, side: usize, what: What) {
        let at = self.air.now;
        self.run.events.push(Event { at, side, what, known: None });
    }

    fn send(&mut self, from: usize, data: &[u8]) {
        self.know_ids(from, data);
        let sent = self.with_ids(data, |pair| *pair);
        let place = self.run.datagrams.len();
        let number = place as u64 + 1;
        let mut fate = self.fates[from].next(&sent);
        let input = self.input;
        let dropped = number >= input.cut || input.drop.contains(&number);
        let spoiled = !dropped && input.spoil.contains(&number);
        if dropped {
            fate = Fate::default();
        }
        if spoiled {
            let data = spoil(&sent);
            fate = Fate { data, copies: 1, corrupted: true, ..Fate::default() };
        }
        let [near, far] = [from, 1 - from].map(|i| ADDRESSES[i].into());
        let mut arrives = Vec::new();
        for copy in 0..fate.copies {
            let late = late(self.input.way, &fate, copy);
            arrives.push(self.air.now + late);
            let data = fate.data.clone();
            self.air.fly(late, Datagram { from: near, to: far, data });
            self.copies.push((place, copy.into()));
        }
        let at = self.air.now;
        let passage =
            Passage { at, from, sent, fate, dropped, spoiled, arrives };
        self.run.datagrams.push(passage);
        self.note(from, What::Sends(place));
    }

    /// Chooses what is shown for the sender's id, if it is new.
    fn know_ids(&mut self, from: usize, data: &[u8]) {
        let Ok(frame) = Frame::unpack(data) else { return };
        for (id, side) in [(frame.src, from), (frame.dst, 1 - from)] {
            if id != 0 && self.ids.iter().all(|(real, _)| *real != id) {
                let more = self.ids.len() as u32 / 2;
                self.ids.push((id, IDS[side].wrapping_add(more)));
            }
        }
    }

    /// The frame with other ids; what is no sound frame stays as it is.
    fn with_ids(
        &self,
        data: &[u8],
        pair: impl Fn(&(u32, u32)) -> (u32, u32),
    ) -> Vec<u8> {
        let Ok(frame) = Frame::unpack(data) else { return data.to_vec() };
        let [src, dst] = [frame.src, frame.dst].map(|id| {
            let mut pairs = self.ids.iter().map(&pair);
            pairs.find(|(old, _)| *old == id).map_or(id, |(_, new)| new)
        });
        Frame { src, dst, ..frame }.pack()
    }
}

/// The bytes with +1, -2, +1 on three neighbours: both sums of Adler-32 (RFC
/// 1950, section 9) stay the same. In the message, if it has room for it.
pub fn spoil(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    let places = (16..data.len()).chain(4..data.len());
    for at in places {
        let Some([a, b, c, ..]) = data.get_mut(at..) else { continue };
        let more = [a.checked_add(1), b.checked_sub(2), c.checked_add(1)];
        if let [Some(one), Some(two), Some(three)] = more {
            (*a, *b, *c) = (one, two, three);
            break;
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Words, label};

    fn of(link: &str) -> Run {
        run(&Input::read(link).unwrap())
    }

    /// What each datagram means, and what became of it.
    fn labels(run: &Run) -> Vec<String> {
        let words = Words::default();
        run.datagrams.iter().map(|d| label(d, &words)).collect()
    }

    /// What the two sides showed.
    fn shown(run: &Run) -> Vec<&str> {
        let shown = run.events.iter().filter_map(|event| match &event.what {
            What::Shows(text) => Some(text.as_str()),
            _ => None,
        });
        shown.collect()
    }

    #[test]
    fn a_perfect_link_shows_the_golden_frames() {
        let run = of("client=500:hola&server=900:chau");
        let labels = labels(&run);
        let begin = ["HELLO", "HELLO", "TEXT #1 empty", "ACK #1"];
        let rest = ["TEXT #2 \"hola\"", "ACK #2", "TEXT #1 \"chau\"", "ACK #1"];
        assert_eq!(labels, [begin, rest].concat());
        let hex = crate::answer::hex(&run.datagrams[4].sent);
        assert_eq!(hex, "5a31020011223344aabbccdd00000002686f6c61f505b41c");
        assert_eq!(shown(&run), ["hola", "chau"]);
        // Nothing more happens; the sides would ask each other in 15 s.
        assert_eq!(run.end, Duration::from_millis(1100));
        let known = run.events.iter().filter(|event| event.side == 0);
        let mut known = known.filter_map(|event| event.known.as_ref());
        let last = known.next_back().unwrap();
        assert_eq!((last.state, last.sent, last.expect), ("UP", 2, 2));
        assert_eq!(last.rtt, Some(Duration::from_millis(200)));
    }

    #[test]
    fn what_is_lost_on_purpose_is_sent_again() {
        let run = of("client=500:hola&drop=5");
        assert_eq!(labels(&run)[4], "TEXT #2 \"hola\": lost");
        assert_eq!(labels(&run)[5], "TEXT #2 \"hola\", try 1");
        assert_eq!(shown(&run), ["hola"]);
        // The acknowledgement of that, too: it comes twice, and is shown once.
        let run = of("client=500:hola&drop=5,7");
        assert_eq!(
            labels(&run)[6..],
            ["ACK #2, try 1: lost", "TEXT #2 \"hola\", try 2", "ACK #2, try 2"]
        );
        assert_eq!(shown(&run), ["hola"]);
        // Up to what is lost, nothing changes.
        assert_eq!(run.datagrams[..4], of("client=500:hola").datagrams[..4]);
    }

    /// The last message: it was shown, or it was not; its sender sees the same.
    #[test]
    fn nobody_can_know() {
        let ends = |cut| {
            let run = of(&format!("client=500:hola&for=40&cut={cut}"));
            let client = run.events.iter().filter(|event| event.side == 0);
            let client: Vec<_> =
                client.map(|e| (e.at, e.what.clone())).collect();
            (client, shown(&run).len())
        };
        let (lost, shown) = ends(5);
        let (last, told) = ends(6);
        assert_eq!((shown, told), (0, 1));
        let notes = |all: &[(Duration, What)]| -> Vec<_> {
            let notes = all.iter().filter(|(_, what)| {
                matches!(what, What::Notes(_) | What::Ends(_))
            });
            notes.cloned().collect()
        };
        assert_eq!(notes(&lost), notes(&last));
        let why = "1 not confirmed, 0 not sent".to_string();
        let end = What::Ends(Some(why));
        assert!(lost.iter().any(|(_, what)| *what == end), "{lost:?}");
    }

    #[test]
    fn what_adler_32_does_not_see_the_chat_sees() {
        let run = of("client=500:hola&spoil=5");
        let spoiled = &run.datagrams[4];
        assert_eq!(spoiled.fate.data[16..20], *b"imma");
        let sums = [&spoiled.sent, &spoiled.fate.data];
        let [a, b] = sums.map(|data| crate::answer::adler(data));
        assert_eq!(a, b);
        assert_eq!(
            labels(&run)[4..6],
            ["TEXT #2 \"hola\": corrupted", "TEXT #2 \"hola\", try 1"]
        );
        assert_eq!(shown(&run), ["hola"]);
        // Wherever there is room for it, at any values.
        for data in [vec![0; 24], vec![255; 24], vec![7; 20], vec![2; 3]] {
            let spoiled = spoil(&data);
            let adler = crate::answer::adler;
            assert_eq!(adler(&data), adler(&spoiled), "{data:?}");
        }
    }

    #[test]
    fn a_window_brings_the_same_messages_sooner() {
        let [one, many] = [1, 16].map(|window| {
            of(&format!("seed=7&lose=10&lines=40&window={window}"))
        });
        assert_eq!(shown(&one), shown(&many));
        assert!(one.end > many.end * 3, "{:?} {:?}", one.end, many.end);
        let flights = |run: &Run| {
            let known = run.events.iter().filter_map(|e| e.known.as_ref());
            known.map(|known| known.flights.len()).max()
        };
        assert_eq!(flights(&one), Some(1));
        assert!(flights(&many) > Some(4));
        // What came before its turn gets an ACK that tells it.
        let early = |run| labels(run).iter().any(|l| l.contains(", up-to #"));
        assert_eq!([early(&one), early(&many)], [false, true]);
        let run = of("lines=3&drop=5");
        assert_eq!(labels(&run)[7], "ACK #3, up-to #1");
        // And its sender no longer waits for one.
        let known = run.events.iter().filter_map(|e| e.known.as_ref());
        let waits = known.filter(|k| k.sent == 4);
        let waits: Vec<Vec<_>> =
            waits.map(|k| k.flights.iter().map(|f| f.seq).collect()).collect();
        assert_eq!(waits[..3], [vec![2, 3, 4], vec![2, 4], vec![2]]);
    }

    #[test]
    fn whoever_types_quit_leaves() {
        let run = of("client=500:hola&client=900:/quit&client=2000:late");
        let ends: Vec<_> = run
            .events
            .iter()
            .filter(|e| matches!(e.what, What::Ends(None)))
            .collect();
        assert_eq!((ends.len(), ends[0].side), (1, 0));
        assert_eq!(run.datagrams.last().unwrap().from, 1);
        let typed = |e: &&Event| e.what == What::Types("late".to_string());
        assert_eq!(run.events.iter().filter(typed).count(), 0);
    }

    #[test]
    fn a_dead_link_is_told_and_has_an_end() {
        let run = of("lose=100&client=500:hola");
        let why = Some("nobody answers".to_string());
        let last = run.events.last().unwrap();
        assert_eq!((last.side, &last.what), (0, &What::Ends(why)));
        assert_eq!(of("lose=100&for=7").end, Duration::from_secs(7));
    }

    #[test]
    fn the_same_text_gives_the_same_run() {
        for seed in 0..50 {
            let link = format!(
                "seed={seed}&lose=20&corrupt=10&duplicate=10&reorder=10&delay=10&truncate=5&lines=5&server=700:{}&for=30",
                "ja".repeat(100)
            );
            assert_eq!(of(&link), of(&link), "{link}");
        }
    }
}
