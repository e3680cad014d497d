//! The datagrams on their way, and the virtual time. What waits for an answer,
//! and for how long, is not its business.

use std::net::SocketAddr;
use std::time::Duration;

/// A datagram between two addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Where to.
    pub to: SocketAddr,
    /// Its bytes, damaged or not.
    pub data: Vec<u8>,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<T = Datagram> {
    /// The alarm of this side, by its number, goes off.
    Alarm(usize),
    /// This datagram arrives, which was sent as number 1, 2, ...
    Arrival(u64, T),
}

/// The time, and what is in the air.
#[derive(Clone, Debug)]
pub struct Air<T = Datagram> {
    /// How much time has passed.
    pub now: Duration,
    /// How many datagrams were sent.
    pub sent: u64,
    /// When each arrives, and its number: the next one last.
    flying: Vec<(Duration, u64, T)>,
}

impl<T> Default for Air<T> {
    fn default() -> Air<T> {
        Air { now: Duration::ZERO, sent: 0, flying: Vec::new() }
    }
}

impl<T> Air<T> {
    /// A datagram that arrives so much later.
    pub fn fly(&mut self, late: Duration, datagram: T) {
        self.sent += 1;
        let at = self.now + late;
        let place = self.flying.partition_point(|(other, ..)| *other > at);
        self.flying.insert(place, (at, self.sent, datagram));
    }

    /// How many datagrams are on their way.
    pub fn len(&self) -> usize {
        self.flying.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// Lets time pass until the next event, `end` at the latest. `alarms` are
    /// times, and whose: the first of the earliest ones goes off, before what
    /// arrives at the same time.
    pub fn next(
        &mut self,
        alarms: impl Iterator<Item = (Duration, usize)>,
        end: Duration,
    ) -> Option<Next<T>> {
        let alarm = alarms.min_by_key(|(at, _)| *at);
        let arrival = self.flying.last().map(|(at, ..)| *at);
        let first = alarm.filter(|(at, _)| arrival.is_none_or(|a| *at <= a));
        let at = first.map(|(at, _)| at).or(arrival);
        let at = at.filter(|at| *at <= end);
        self.now = self.now.max(at.unwrap_or(end));
        at?;
        match first {
            Some((_, whose)) => Some(Next::Alarm(whose)),
            None => {
                let arrives = self.flying.pop();
                arrives.map(|(_, number, d)| Next::Arrival(number, d))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn datagram(data: &[u8]) -> Datagram {
        let [from, to] = [1, 2].map(|port| ([10, 0, 0, 1], port).into());
        Datagram { from, to, data: data.to_vec() }
    }

    #[test]
    fn everything_happens_in_the_order_of_time() {
        let mut air = Air::default();
        air.fly(ms(30), datagram(b"last"));
        air.fly(ms(10), datagram(b"first"));
        air.fly(ms(10), datagram(b"second"));
        let alarms = [(ms(20), 0), (ms(10), 1), (ms(10), 2)];
        let mut left = alarms.to_vec();
        let mut seen = Vec::new();
        while let Some(next) = air.next(left.iter().copied(), ms(25)) {
            if let Next::Alarm(whose) = next {
                left.retain(|(_, other)| *other != whose);
            }
            seen.push((air.now, next));
        }
        let arrival = |number, data| Next::Arrival(number, datagram(data));
        let expected = [
            (ms(10), Next::Alarm(1)),
            (ms(10), Next::Alarm(2)),
            (ms(10), arrival(2, b"first")),
            (ms(10), arrival(3, b"second")),
            (ms(20), Next::Alarm(0)),
        ];
        assert_eq!(seen, expected);
        assert_eq!((air.now, air.len(), air.sent), (ms(25), 1, 3));
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut air: Air = Air { now: ms(50), ..Air::default() };
        assert_eq!(
            air.next([(ms(20), 0)].into_iter(), ms(60)),
            Some(Next::Alarm(0))
        );
        assert_eq!(air.now, ms(50));
        assert_eq!(air.next([].into_iter(), ms(40)), None);
        assert_eq!(air.now, ms(50));
    }
}
