//! What happens to each datagram: decided by a seed, without a socket and without
//! a clock, so that a test in virtual time, or a browser, can use it.

use std::time::Duration;

/// What share of the datagrams meets each fate: 0.0 = none, 1.0 = all.
///
/// The default is a perfect link. A lost datagram meets no other fate; the
/// others are drawn independently of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Never delivered.
    pub lose: f64,
    /// 1 to 8 bits are flipped. An empty datagram has none, and stays whole.
    pub corrupt: f64,
    /// Delivered twice.
    pub duplicate: f64,
    /// Overtaken by the next datagram.
    pub reorder: f64,
    /// Delivered later, by `delay_by`.
    pub delay: f64,
    /// Cut to 0 to n - 1 of its n bytes. An empty datagram stays whole.
    pub truncate: f64,
    /// How much later a delayed datagram is: up to one hour, at first 20 ms.
    pub delay_by: Duration,
}

impl Default for Shares {
    fn default() -> Shares {
        let [lose, corrupt, duplicate, reorder, delay, truncate] = [0.0; 6];
        let delay_by = Duration::from_millis(20);
        Shares { lose, corrupt, duplicate, reorder, delay, truncate, delay_by }
    }
}

impl Shares {
    /// Checks the ranges.
    ///
    /// # Errors
    /// A sentence that names the first field that is out of its range.
    pub fn check(&self) -> Result<(), String> {
        let names =
            ["lose", "corrupt", "duplicate", "reorder", "delay", "truncate"];
        for (name, share) in names.into_iter().zip(self.all()) {
            // Not a number (NaN) lies in no range.
            if !(0.0..=1.0).contains(&share) {
                return Err(format!(
                    "the share {name} must be from 0 to 1, not {share}"
                ));
            }
        }
        if self.delay_by > Duration::from_secs(3600) {
            return Err("the delay must be at most one hour".to_string());
        }
        Ok(())
    }

    fn all(&self) -> [f64; 6] {
        let Shares { lose, corrupt, duplicate, reorder, .. } = *self;
        [lose, corrupt, duplicate, reorder, self.delay, self.truncate]
    }
}

/// One of the two directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the caller to the target.
    There,
    /// From the target to the caller.
    Back,
}

/// What happens to one datagram. The default is a lost one.
///
/// To deliver it: wait for `delay`; then, if it is `reordered`, wait until
/// the next datagram has gone; then deliver `data` `copies` times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// The bytes to deliver, damaged or not; empty if the datagram is lost.
    pub data: Vec<u8>,
    /// How many times to deliver it: 0 = lost, 2 = duplicated.
    pub copies: u8,
    /// How much later to deliver it.
    pub delay: Option<Duration>,
    /// Whether the next datagram is to overtake it.
    pub reordered: bool,
    /// Whether bits of `data` were flipped.
    pub corrupted: bool,
    /// Whether `data` was cut.
    pub truncated: bool,
}

impl Fate {
    /// What happened, for people: `", lost"` or `", corrupted, delayed"`, say;
    /// empty if the datagram passes as it came.
    pub fn words(&self) -> String {
        let all = [
            (self.copies == 0, "lost"),
            (self.corrupted, "corrupted"),
            (self.copies > 1, "duplicated"),
            (self.reordered, "reordered"),
            (self.delay.is_some(), "delayed"),
            (self.truncated, "truncated"),
        ];
        let so = all.iter().filter(|(is_so, _)| *is_so);
        so.map(|(_, what)| format!(", {what}")).collect()
    }
}

/// The fates of the datagrams of one direction, one after the other.
///
/// The fate of datagram number k depends on the seed, the direction, k and
/// the shares. Its own bytes decide where it is damaged; those of earlier
/// datagrams decide nothing.
///
/// ```
/// use badlink::{Direction, Fates, Shares};
///
/// let shares = Shares { corrupt: 1.0, ..Shares::default() };
/// let mut fates = Fates::new(shares, 7, Direction::There);
/// let fate = fates.next(b"hola");
/// assert_eq!(fate.copies, 1);
/// assert_ne!(fate.data, b"hola");
/// ```
#[derive(Clone, Debug)]
pub struct Fates {
    shares: Shares,
    seed: u64,
    direction: Direction,
    k: u64,
}

impl Fates {
    /// The fates from datagram 1 on. Any seed will do. A share below 0 (or
    /// NaN) counts as 0, one above 1 as 1.
    pub fn new(shares: Shares, seed: u64, direction: Direction) -> Fates {
        Fates { shares, seed, direction, k: 0 }
    }

    /// Changes the shares from the next datagram on, for example for an
    /// outage. The numbering goes on.
    pub fn set(&mut self, shares: Shares) {
        self.shares = shares;
    }

    /// The fate of the next datagram, whose bytes are `data`.
    pub fn next(&mut self, data: &[u8]) -> Fate {
        self.k += 1;
        let mut random = Random::new(self.seed, self.direction, self.k);
        // Every datagram draws these six numbers, in this order. So another
        // share of one fate does not change what is drawn for the others.
        let [lost, corrupt, duplicate, reordered, delay, truncate] =
            self.shares.all().map(|share| random.happens(share));
        if lost {
            return Fate::default();
        }
        let mut data = data.to_vec();
        let truncated = truncate && !data.is_empty();
        if truncated {
            data.truncate(random.below(data.len()));
        }
        // After the cut: a flipped bit that is cut off would damage nothing.
        let corrupted = corrupt && !data.is_empty();
        if corrupted {
            random.flip_bits(&mut data);
        }
        let copies = if duplicate { 2 } else { 1 };
        let delay = delay.then_some(self.shares.delay_by);
        Fate { data, copies, delay, reordered, corrupted, truncated }
    }
}

/// Random numbers from a seed: splitmix64 (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014; the constants
/// are those of Vigna's `splitmix64.c`). Small, and good enough for tests.
struct Random(u64);

impl Random {
    /// A generator for one datagram. It owes nothing to the one before.
    fn new(seed: u64, direction: Direction, k: u64) -> Random {
        let mut random = Random(seed);
        random = Random(random.next() ^ direction as u64);
        Random(random.next() ^ k)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True for this share of the calls.
    fn happens(&mut self, share: f64) -> bool {
        // The upper 53 bits: as many as a float holds exactly.
        let from_0_to_1 = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        from_0_to_1 < share
    }

    /// From 0 to n - 1. The remainder prefers small numbers, but by less
    /// than one in 2^40 for the lengths of datagrams.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Flips 1 to 8 different bits, so that no flip undoes another.
    fn flip_bits(&mut self, data: &mut [u8]) {
        let mut flipped = Vec::new();
        let wanted = 1 + self.below(8);
        while flipped.len() < wanted {
            let bit = self.below(8 * data.len());
            if !flipped.contains(&bit) {
                data[bit / 8] ^= 1 << (bit % 8);
                flipped.push(bit);
            }
        }
    }
}

/// What happened to the datagrams of one direction. One datagram can count
/// in several fields, but a lost one only in `received` and `lost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Came in.
    pub received: u64,
    /// Lost, by the seed's decision.
    pub lost: u64,
    /// Had bits flipped.
    pub corrupted: u64,
    /// To be delivered twice.
    pub duplicated: u64,
    /// To be overtaken by the next one.
    pub reordered: u64,
    /// To be delivered later.
    pub delayed: u64,
    /// Were cut.
    pub truncated: u64,
    /// Went out: each copy counts. What still waits, or what the system
    /// refused to send, counts neither here nor in `lost`.
    pub sent: u64,
}

impl Counts {
    pub(crate) const NAMES: [&str; 8] = [
        "received",
        "lost",
        "corrupted",
        "duplicated",
        "reordered",
        "delayed",
        "truncated",
        "sent",
    ];

    pub(crate) fn all(self) -> [u64; 8] {
        let Counts { received, lost, corrupted, duplicated, .. } = self;
        let Counts { reordered, delayed, truncated, sent, .. } = self;
        [
            received, lost, corrupted, duplicated, reordered, delayed,
            truncated, sent,
        ]
    }

    /// Counts one datagram that came in, but not its sending.
    pub fn add(&mut self, fate: &Fate) {
        self.received += 1;
        self.lost += u64::from(fate.copies == 0);
        self.corrupted += u64::from(fate.corrupted);
        self.duplicated += u64::from(fate.copies > 1);
        self.reordered += u64::from(fate.reordered);
        self.delayed += u64::from(fate.delay.is_some());
        self.truncated += u64::from(fate.truncated);
    }
}

#[cfg(test)]
pub mod tests {
    use super::Direction::{Back, There};
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    pub const SEEDS: [u64; 3] = [1, 2026, u64::MAX];

    pub fn perfect() -> Shares {
        Shares::default()
    }

    pub fn all_bad(share: f64) -> Shares {
        let [lose, corrupt, duplicate, reorder, delay, truncate] = [share; 6];
        let delay_by = Duration::from_millis(7);
        Shares { lose, corrupt, duplicate, reorder, delay, truncate, delay_by }
    }

    pub fn fates(
        shares: Shares,
        seed: u64,
        direction: Direction,
        n: usize,
    ) -> Vec<Fate> {
        let mut fates = Fates::new(shares, seed, direction);
        (0..n).map(|_| fates.next(&[0x55; 100])).collect()
    }

    /// Whether `count` of `n` can be a `share`: within five standard
    /// deviations (a correct program fails once in 1.7 million seeds).
    pub fn assert_share(what: &str, count: u64, n: u64, share: f64) {
        let expected = n as f64 * share;
        let bound = 5.0 * (expected * (1.0 - share)).sqrt();
        assert!(
            (count as f64 - expected).abs() <= bound,
            "{what}: {count} of {n}, but {expected} +- {bound} expected"
        );
    }

    #[test]
    fn the_generator_is_splitmix64() {
        let mut random = Random(1234567);
        assert_eq!(random.next(), 6457827717110365317);
        assert_eq!(random.next(), 3203168211198807973);
        assert_eq!(random.next(), 9817491932198370423);
    }

    #[test]
    fn a_share_is_from_0_to_1() {
        assert_eq!(perfect().check(), Ok(()));
        assert_eq!(all_bad(1.0).check(), Ok(()));
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let shares = Shares { truncate: bad, ..perfect() };
            let sentence = shares.check().unwrap_err();
            assert!(sentence.contains("truncate"), "{sentence}");
            assert!(sentence.contains(&bad.to_string()), "{sentence}");
        }
        let shares = Shares { delay_by: HOUR * 2, ..perfect() };
        assert!(shares.check().is_err());
    }

    #[test]
    fn each_name_belongs_to_its_share() {
        let bad = |change: fn(&mut Shares)| {
            let mut shares = perfect();
            change(&mut shares);
            shares.check().unwrap_err()
        };
        assert!(bad(|s| s.lose = 2.0).contains(" lose "));
        assert!(bad(|s| s.corrupt = 2.0).contains(" corrupt "));
        assert!(bad(|s| s.duplicate = 2.0).contains(" duplicate "));
        assert!(bad(|s| s.reorder = 2.0).contains(" reorder "));
        assert!(bad(|s| s.delay = 2.0).contains(" delay "));
        assert!(bad(|s| s.truncate = 2.0).contains(" truncate "));
    }

    #[test]
    fn rates_are_right() {
        const N: u64 = 10_000;
        // All different, so that no two can be confused.
        let shares = Shares {
            lose: 0.2,
            corrupt: 0.05,
            duplicate: 0.1,
            reorder: 0.15,
            delay: 0.3,
            truncate: 0.02,
            ..perfect()
        };
        for seed in SEEDS {
            for direction in [There, Back] {
                let mut counts = Counts::default();
                let mut both = 0; // duplicated and delayed
                for fate in fates(shares, seed, direction, N as usize) {
                    counts.add(&fate);
                    both += u64::from(fate.copies == 2 && fate.delay.is_some());
                }
                assert_eq!(counts.received, N);
                assert_eq!(counts.sent, 0);
                assert_share("lost", counts.lost, N, 0.2);
                // A datagram of 100 bytes that is cut to 0 has no bits.
                let corrupted = 0.8 * 0.05 * (1.0 - 0.02 / 100.0);
                assert_share("corrupted", counts.corrupted, N, corrupted);
                assert_share("duplicated", counts.duplicated, N, 0.8 * 0.1);
                assert_share("reordered", counts.reordered, N, 0.8 * 0.15);
                assert_share("delayed", counts.delayed, N, 0.8 * 0.3);
                assert_share("truncated", counts.truncated, N, 0.8 * 0.02);
                assert_share("independent", both, N, 0.8 * 0.1 * 0.3);
            }
        }
    }

    #[test]
    fn a_share_of_0_is_never_and_of_1_always() {
        for fate in fates(perfect(), 3, There, 1000) {
            let data = vec![0x55; 100];
            assert_eq!(fate, Fate { data, copies: 1, ..Fate::default() });
        }
        for fate in fates(all_bad(1.0), 3, There, 1000) {
            assert_eq!(fate, Fate::default(), "a lost one is only lost");
        }
        let shares = Shares { lose: 0.0, ..all_bad(1.0) };
        for fate in fates(shares, 3, There, 1000) {
            assert_eq!(fate.copies, 2);
            assert_eq!(fate.delay, Some(shares.delay_by));
            assert!(fate.reordered && fate.truncated);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_fates() {
        let of = |seed, direction| fates(all_bad(0.3), seed, direction, 200);
        assert_eq!(of(7, There), of(7, There));
        assert_eq!(of(7, Back), of(7, Back));
        assert_ne!(of(7, There), of(8, There));
        assert_ne!(of(7, There), of(7, Back));
        assert_ne!(of(7, Back), of(8, There));
    }

    #[test]
    fn the_fates_of_a_seed_stay_the_same_in_later_versions() {
        let letter = |fate: Fate| match fate {
            Fate { copies: 0, .. } => '-',
            Fate { corrupted: true, .. } => 'c',
            Fate { truncated: true, .. } => 't',
            Fate { copies: 2, .. } => '2',
            Fate { reordered: true, .. } => 'r',
            Fate { delay: Some(_), .. } => 'd',
            _ => '.',
        };
        let line = |direction| {
            let fates = fates(all_bad(0.1), 1, direction, 40);
            fates.into_iter().map(letter).collect::<String>()
        };
        assert_eq!(line(There), "2.rrt2..t...c.t2.r2.....cr....-.t..-.r2t");
        assert_eq!(line(Back), "d2t.cdd....dt.r-.........-.....t...ct..-");
    }

    #[test]
    fn earlier_lengths_do_not_change_later_fates() {
        let after = |lengths: [usize; 3]| {
            let mut fates = Fates::new(all_bad(0.4), 5, Back);
            for n in lengths {
                fates.next(&vec![0; n]);
            }
            (0..100).map(|_| fates.next(&[9; 50])).collect::<Vec<_>>()
        };
        assert_eq!(after([0, 1, 2]), after([1500, 0, 65_507]));
    }

    #[test]
    fn a_changed_share_does_not_change_the_other_fates() {
        let before = fates(all_bad(0.3), 5, There, 200);
        let after = fates(Shares { delay: 0.9, ..all_bad(0.3) }, 5, There, 200);
        for (before, after) in before.into_iter().zip(after) {
            assert_eq!(before, Fate { delay: before.delay, ..after });
        }
    }

    #[test]
    fn the_numbering_goes_on_when_the_shares_change() {
        let all = fates(all_bad(0.3), 5, There, 30);
        let mut fates = Fates::new(all_bad(0.3), 5, There);
        let mut next = || fates.next(&[0x55; 100]);
        let first: Vec<_> = (0..10).map(|_| next()).collect();
        assert_eq!(first, all[..10]);
        fates.set(all_bad(1.0));
        (0..10).for_each(|_| assert_eq!(fates.next(b"hola").copies, 0));
        fates.set(all_bad(0.3));
        let last: Vec<_> = (0..10).map(|_| fates.next(&[0x55; 100])).collect();
        assert_eq!(last, all[20..]);
    }

    #[test]
    fn corruption_flips_1_to_8_bits_and_keeps_the_length() {
        let shares = Shares { corrupt: 1.0, ..perfect() };
        let mut fates = Fates::new(shares, 11, There);
        let mut seen = [0; 9];
        let mut first_byte = 0u8;
        for i in 0..4000 {
            let data = vec![i as u8; [1, 2, 60, 1500][i % 4]];
            let fate = fates.next(&data);
            assert!(fate.corrupted && !fate.truncated);
            assert_eq!(fate.data.len(), data.len());
            let changes = fate.data.iter().zip(&data).map(|(a, b)| a ^ b);
            let flips: u32 = changes.map(u8::count_ones).sum();
            seen[flips as usize] += 1;
            first_byte |= fate.data[0] ^ data[0];
        }
        assert_eq!(seen[0], 0);
        seen[1..].iter().for_each(|&n| assert_share("f", n, 4000, 1.0 / 8.0));
        assert_eq!(first_byte, 0xff, "every bit of a byte can be flipped");
        assert_eq!(
            fates.next(&[]),
            Fate { copies: 1, ..Fate::default() },
            "an empty datagram has no bits"
        );
    }

    #[test]
    fn truncation_always_shortens() {
        let shares = Shares { truncate: 1.0, ..perfect() };
        let mut fates = Fates::new(shares, 12, There);
        let mut seen = [0; 10];
        for _ in 0..5000 {
            let fate = fates.next(b"0123456789");
            assert!(fate.truncated && !fate.corrupted);
            assert!(b"0123456789".starts_with(&fate.data));
            seen[fate.data.len()] += 1; // Panics if it has 10 bytes.
        }
        seen.iter().for_each(|&n| assert_share("cut", n, 5000, 0.1));
        assert_eq!(fates.next(&[7]).data, []);
        let empty = fates.next(&[]);
        assert!(!empty.truncated && empty.copies == 1);
    }

    #[test]
    fn what_is_cut_to_nothing_is_not_corrupted() {
        let shares = Shares { truncate: 1.0, corrupt: 1.0, ..perfect() };
        let mut fates = Fates::new(shares, 12, There);
        for _ in 0..100 {
            let fate = fates.next(b"abc");
            assert_eq!(fate.corrupted, !fate.data.is_empty());
            assert_eq!(fate.corrupted, !b"abc".starts_with(&fate.data));
        }
    }
}
