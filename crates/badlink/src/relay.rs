//! The relay: a bad link between two real programs.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::{Counts, Direction, Fate, Fates, Shares};

/// A relay that is a bad link between two UDP programs: callers send to its
/// address, it passes on to the target, and the answers come back.
///
/// - Each caller (an address and port) gets a socket of its own towards the
///   target. The 200 latest callers are remembered.
/// - The numbering of the datagrams in each direction is one for all callers.
/// - A reordered datagram waits until the next of the same caller and
///   direction has gone, but at most 50 ms: the last one of a conversation is
///   late, not lost. If that next one is to be reordered too, this one
///   change of places is enough for both: with a share of 1.0, each pair of
///   datagrams is swapped.
/// - At most 16 MB wait in it. What comes while there is no room is lost, and
///   counted as that.
/// - A failed send and an error of a socket are a loss that the network made:
///   the link goes on.
///
/// Dropping it ends its threads and throws away what still waits.
pub struct BadLink {
    address: SocketAddr,
    ways: Arc<Ways>,
    // Fields are dropped in this order. Once nothing is received any more, the
    // channel to the thread that passes on is closed, and that thread ends.
    _receives: Listener,
    _passes_on: Thread,
}

/// What a test may want to be different.
#[derive(Clone, Copy)]
struct Limits {
    /// How many callers are remembered. Each has a socket and a thread; the
    /// default fits into the 256 open files that macOS gives a program.
    callers: usize,
    /// How long a reordered datagram waits for the next one.
    hold: Duration,
    /// How many bytes may be on their way through the link, [`OWN`] more for
    /// each datagram. What comes then is lost.
    room: usize,
    /// How often a receiving thread wakes up and looks whether it should
    /// end. Dropping wakes it at once, by a datagram; that one can get lost.
    wake: Duration,
}

const LIMITS: Limits = Limits {
    callers: 200,
    hold: Duration::from_millis(50),
    room: 16_000_000,
    wake: Duration::from_secs(1),
};

/// What the link needs for a datagram besides its bytes: about so many.
const OWN: usize = 500;

impl BadLink {
    /// Listens on `listen` (port 0: the system chooses one) and passes on to
    /// `target`, each of IPv4 or IPv6. `there` and `back` are the shares of
    /// the two directions.
    ///
    /// # Errors
    /// `InvalidInput`, with a sentence, for shares out of range and for a
    /// target that is the link itself; and what the system says if an address
    /// cannot be used.
    pub fn start(
        listen: SocketAddr,
        target: SocketAddr,
        there: Shares,
        back: Shares,
        seed: u64,
    ) -> io::Result<BadLink> {
        BadLink::with([listen, target], [there, back], seed, LIMITS)
    }

    /// As [`BadLink::start`]; and `watch` hears of each datagram when it comes
    /// in, and again each time that it is passed on. It is called in the order
    /// in which that happens, one at a time, while the link waits; it must not
    /// call the link.
    ///
    /// # Errors
    /// As [`BadLink::start`].
    pub fn watched(
        listen: SocketAddr,
        target: SocketAddr,
        there: Shares,
        back: Shares,
        seed: u64,
        watch: impl Fn(&Passing) + Send + Sync + 'static,
    ) -> io::Result<BadLink> {
        let ends = [listen, target];
        BadLink::watching(ends, [there, back], seed, LIMITS, Arc::new(watch))
    }

    fn with(
        ends: [SocketAddr; 2],
        shares: [Shares; 2],
        seed: u64,
        limits: Limits,
    ) -> io::Result<BadLink> {
        let nobody = Arc::new(|_: &Passing| ());
        BadLink::watching(ends, shares, seed, limits, nobody)
    }

    fn watching(
        [listen, target]: [SocketAddr; 2],
        [there, back]: [Shares; 2],
        seed: u64,
        limits: Limits,
        watch: Arc<Watch>,
    ) -> io::Result<BadLink> {
        there.check().and(back.check()).map_err(invalid)?;
        let front = Arc::new(UdpSocket::bind(listen)?);
        let address = front.local_addr()?;
        let target = reachable(target);
        if target == reachable(address) {
            return Err(invalid("the target is the link itself".to_string()));
        }
        // If no socket can reach the target, say so now, not at the first
        // datagram.
        upstream(target)?;

        let ways = Arc::new(Ways(Mutex::new([
            (Fates::new(there, seed, Direction::There), Counts::default()),
            (Fates::new(back, seed, Direction::Back), Counts::default()),
        ])));
        let (parcels, arriving) = sync_channel(1000);
        let room = Arc::new(AtomicUsize::new(limits.room));
        let w = Arc::clone(&ways);
        let entrance = Entrance { ways: w, parcels, room, watch };
        let (w, seen) = (Arc::clone(&ways), Arc::clone(&entrance.watch));
        let _passes_on =
            Thread::start(move || pass_on(&arriving, &w, &*seen, limits))?;
        let _receives = serve_callers(front, target, entrance, limits)?;
        Ok(BadLink { address, ways, _receives, _passes_on })
    }

    /// The address to which callers send: `listen`, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What happened in this direction so far.
    pub fn counts(&self, direction: Direction) -> Counts {
        self.ways.lock()[direction as usize].1
    }

    /// The counts of both directions as a table for people: nine lines.
    pub fn table(&self) -> String {
        let [there, back] = [Direction::There, Direction::Back]
            .map(|way| self.counts(way).all().into_iter());
        let head = format!("{:10} {:>9} {:>9}\n", "", "there", "back");
        let rows = Counts::NAMES.iter().zip(there.zip(back));
        rows.fold(head, |table, (name, (there, back))| {
            table + &format!("{name:10} {there:>9} {back:>9}\n")
        })
    }

    /// Changes the shares of both directions for the datagrams that come in
    /// from now on, for example for an outage. The numbering goes on.
    ///
    /// # Errors
    /// `InvalidInput`, with a sentence, for a share out of range; then
    /// nothing has changed.
    pub fn set(&self, there: Shares, back: Shares) -> io::Result<()> {
        there.check().and(back.check()).map_err(invalid)?;
        let mut ways = self.ways.lock();
        ways[Direction::There as usize].0.set(there);
        ways[Direction::Back as usize].0.set(back);
        Ok(())
    }
}

/// What the threads share: the two directions, There first.
struct Ways(Mutex<[(Fates, Counts); 2]>);

impl Ways {
    fn lock(&self) -> MutexGuard<'_, [(Fates, Counts); 2]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way of one caller's datagrams, in one direction.
#[derive(Clone)]
struct Path {
    direction: Direction,
    caller: SocketAddr,
    socket: Arc<UdpSocket>,
    to: SocketAddr,
}

/// A datagram on its way through the link.
struct Parcel {
    fate: Fate,
    path: Path,
    _place: Place,
}

/// The room that a parcel takes, in bytes; given back when it is dropped.
struct Place(Arc<AtomicUsize>, usize);

impl Place {
    /// `None` if there is no room for so many.
    fn take(room: &Arc<AtomicUsize>, bytes: usize) -> Option<Place> {
        let less = |left: usize| left.checked_sub(bytes);
        let taken = room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        taken.ok().map(|_| Place(Arc::clone(room), bytes))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(self.1, Ordering::SeqCst);
    }
}

impl Parcel {
    fn send(self, ways: &Ways, watch: &Watch) {
        // Locked while it sends: whoever has received the datagram finds it
        // in the counts.
        let Path { direction, caller, socket, to } = self.path;
        let (_, counts) = &mut ways.lock()[direction as usize];
        let (fate, data) = (&self.fate, &self.fate.data);
        for _ in 0..fate.copies {
            if socket.send_to(data, to).is_ok() {
                counts.sent += 1;
                let leaves = true;
                watch(&Passing { direction, caller, data, fate, leaves });
            }
        }
    }
}

/// A datagram at the link: as it comes in, or as it is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// To which side it goes.
    pub direction: Direction,
    /// Whose conversation with the target it belongs to.
    pub caller: SocketAddr,
    /// Its bytes as they came, or as they are passed on.
    pub data: &'a [u8],
    /// What becomes of it.
    pub fate: &'a Fate,
    /// Whether it is passed on now; otherwise it comes in.
    pub leaves: bool,
}

/// Who hears of each datagram.
type Watch = dyn Fn(&Passing) + Send + Sync;

/// Where datagrams come in and meet their fate.
#[derive(Clone)]
struct Entrance {
    ways: Arc<Ways>,
    parcels: SyncSender<Parcel>,
    room: Arc<AtomicUsize>,
    watch: Arc<Watch>,
}

impl Entrance {
    fn accept(&self, data: &[u8], path: &Path) {
        let (fate, place) = {
            let mut ways = self.ways.lock();
            let (fates, counts) = &mut ways[path.direction as usize];
            let mut fate = fates.next(data);
            let place = Place::take(&self.room, fate.data.len() + OWN);
            if place.is_none() {
                fate = Fate::default();
            }
            counts.add(&fate);
            let (direction, caller) = (path.direction, path.caller);
            let (seen, leaves) = (&fate, false);
            let passing =
                Passing { direction, caller, data, fate: seen, leaves };
            (self.watch)(&passing);
            (fate, place)
        };
        if let Some(_place) = place.filter(|_| fate.copies > 0) {
            // It fails only if the link is ending.
            let path = path.clone();
            let _ = self.parcels.send(Parcel { fate, path, _place });
        }
    }
}

/// Hears all callers on `front`, and the target on a socket for each caller.
fn serve_callers(
    front: Arc<UdpSocket>,
    target: SocketAddr,
    entrance: Entrance,
    limits: Limits,
) -> io::Result<Listener> {
    let back_socket = Arc::clone(&front);
    let new_caller = move |caller: SocketAddr, entrance: Entrance| {
        let (direction, socket) = (Direction::Back, Arc::clone(&back_socket));
        let back = Path { direction, caller, socket, to: caller };
        let (direction, socket) = (Direction::There, upstream(target)?);
        let there = Path { direction, caller, socket, to: target };
        let socket = Arc::clone(&there.socket);
        let listener =
            Listener::start(socket, limits.wake, move |data, from| {
                // From elsewhere: a stranger's. Connecting the socket would
                // filter too, but then "nobody listens there" makes the next
                // send fail, and that datagram would be lost against its fate.
                if (from.ip(), from.port()) == (target.ip(), target.port()) {
                    entrance.accept(data, &back);
                }
            })?;
        io::Result::Ok((there, listener))
    };
    // For each caller: the number of its last datagram, its path, and who
    // receives the answers.
    let mut callers: HashMap<SocketAddr, (u64, Path, Listener)> =
        HashMap::new();
    let mut number = 0;
    Listener::start(front, limits.wake, move |data, caller| {
        number += 1;
        if !callers.contains_key(&caller) {
            if callers.len() >= limits.callers {
                let oldest = callers.iter().min_by_key(|(_, (last, ..))| last);
                let oldest = oldest.map(|(address, _)| *address);
                oldest.map(|address| callers.remove(&address));
            }
            // No socket left: the network has lost the datagram.
            let Ok((path, listener)) = new_caller(caller, entrance.clone())
            else {
                return;
            };
            callers.insert(caller, (number, path, listener));
        }
        if let Some((last, path, _)) = callers.get_mut(&caller) {
            *last = number;
            entrance.accept(data, path);
        }
    })
}

/// Passes on each datagram when it is due, until the channel is closed.
fn pass_on(
    arriving: &Receiver<Parcel>,
    ways: &Ways,
    watch: &Watch,
    limits: Limits,
) {
    // All that waits, by the time it is due and then by its number.
    let mut waiting: BTreeMap<(Instant, u64), Parcel> = BTreeMap::new();
    // Which of them is to be overtaken: at most one on each path.
    let mut held = HashMap::new();
    let mut number = 0;
    loop {
        let arrived = match waiting.first_key_value() {
            Some(((due, _), _)) => arriving
                .recv_timeout(due.saturating_duration_since(Instant::now())),
            None => arriving.recv().map_err(RecvTimeoutError::from),
        };
        let now = Instant::now();
        match arrived {
            Ok(parcel) => {
                number += 1;
                let due = now + parcel.fate.delay.unwrap_or_default();
                waiting.insert((due, number), parcel);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Some(first) = waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            let (key, parcel) = first.remove_entry();
            let path = (parcel.path.direction, parcel.path.caller);
            match held.remove(&path) {
                // Nobody has overtaken it in time.
                Some(overtaken) if overtaken == key => parcel.send(ways, watch),
                Some(overtaken) => {
                    parcel.send(ways, watch);
                    if let Some(parcel) = waiting.remove(&overtaken) {
                        parcel.send(ways, watch);
                    }
                }
                None if parcel.fate.reordered => {
                    let key = (now + limits.hold, key.1);
                    held.insert(path, key);
                    waiting.insert(key, parcel);
                }
                None => parcel.send(ways, watch),
            }
        }
    }
}

/// A thread that is waited for when this is dropped.
struct Thread(Option<JoinHandle<()>>);

impl Thread {
    fn start(work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        Ok(Thread(Some(thread::Builder::new().spawn(work)?)))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// A thread that receives on a socket until this is dropped.
struct Listener {
    socket: Arc<UdpSocket>,
    stop: Arc<AtomicBool>,
    // Waited for after this struct's own `drop` has told it to end.
    _thread: Thread,
}

impl Listener {
    /// Calls `handle` with the bytes and the sender of each datagram.
    fn start(
        socket: Arc<UdpSocket>,
        wake: Duration,
        mut handle: impl FnMut(&[u8], SocketAddr) + Send + 'static,
    ) -> io::Result<Listener> {
        socket.set_read_timeout(Some(wake))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (s, stopped) = (Arc::clone(&socket), Arc::clone(&stop));
        let _thread = Thread::start(move || {
            let mut buffer = vec![0; 65_536]; // More than any UDP datagram.
            while !stopped.load(Ordering::SeqCst) {
                match s.recv_from(&mut buffer) {
                    // The datagram that wakes the thread is nobody's.
                    Ok(_) if stopped.load(Ordering::SeqCst) => {}
                    Ok((n, from)) => handle(&buffer[..n], from),
                    // The time is over, or the network reports that an
                    // earlier datagram did not arrive. The short sleep is for
                    // an error that comes again and again.
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        })?;
        Ok(Listener { socket, stop, _thread })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which may be waiting for a datagram.
        if let Ok(address) = self.socket.local_addr() {
            let _ = self.socket.send_to(&[], reachable(address));
        }
    }
}

/// A socket from which the target can be reached, if possible by nobody else.
fn upstream(target: SocketAddr) -> io::Result<Arc<UdpSocket>> {
    let ip = match target.ip() {
        ip if ip.is_loopback() => ip,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((ip, 0)).map(Arc::new)
}

/// Nobody can send to "every address of this machine" (0.0.0.0 or ::): this
/// machine's loopback address is one of them.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn invalid(sentence: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests {
    use super::Direction::{Back, There};
    use super::*;
    use crate::fates::tests::{all_bad, fates, perfect};
    use std::io::Write;
    use std::sync::mpsc::channel;

    /// Long enough for the slowest machine: only a failing test waits so long.
    const PATIENCE: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(30);
    const HOUR: Duration = Duration::from_secs(3600);

    fn local() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    /// An address where nobody answers.
    fn target() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 9).into()
    }

    fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        let s = UdpSocket::bind(address)?;
        s.set_read_timeout(Some(PATIENCE))?;
        Ok(s)
    }

    fn address(s: &UdpSocket) -> SocketAddr {
        s.local_addr().unwrap()
    }

    fn receive(s: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_536];
        let (n, from) = s.recv_from(&mut buffer).expect("nothing came");
        buffer.truncate(n);
        (buffer, from)
    }

    /// Limits with which only the right reason ends a wait.
    const PATIENT: Limits =
        Limits { hold: HOUR, wake: PATIENCE.saturating_mul(2), ..LIMITS };

    /// A target, a link to it, a caller.
    fn link(there: Shares, back: Shares) -> (UdpSocket, BadLink, UdpSocket) {
        let target = bind(local()).unwrap();
        let ends = [local(), address(&target)];
        let link = BadLink::with(ends, [there, back], 1, PATIENT).unwrap();
        (target, link, bind(local()).unwrap())
    }

    /// Sends to and fro over the link, and checks every byte.
    fn talk(target: &UdpSocket, link: &BadLink, caller: &UdpSocket) {
        let to = link.address();
        for data in [&b"hola"[..], b"", &[0xff; 1500], &[1; 9000]] {
            caller.send_to(data, to).unwrap();
            let (there, from) = receive(target);
            assert_eq!(there, data);
            assert_ne!(from, address(caller), "not through the link");
            let answer = [data, b"!"].concat();
            target.send_to(&answer, from).unwrap();
            assert_eq!(receive(caller), (answer, to));
        }
    }

    #[test]
    fn a_share_out_of_range_is_refused() {
        for lose in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let shares = Shares { lose, ..perfect() };
            let error =
                BadLink::start(local(), target(), perfect(), shares, 1).err();
            assert_eq!(error.unwrap().kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn a_perfect_link_passes_all_bytes_both_ways() {
        let (target, link, caller) = link(perfect(), perfect());
        talk(&target, &link, &caller);
        let all = Counts { received: 4, sent: 4, ..Counts::default() };
        assert_eq!(link.counts(There), all);
        assert_eq!(link.counts(Back), all);
    }

    #[test]
    fn passes_over_ipv6_and_from_one_family_to_the_other() {
        let local6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        if let Err(e) = bind(local6) {
            let _ = writeln!(io::stderr(), "skipped: no IPv6 here: {e}");
            return;
        }
        for (near, far) in
            [(local6, local6), (local(), local6), (local6, local())]
        {
            let target = bind(far).unwrap();
            let far = address(&target);
            let link =
                BadLink::start(near, far, perfect(), perfect(), 1).unwrap();
            talk(&target, &link, &bind(near).unwrap());
        }
    }

    // Windows' firewall would ask the student for permission.
    #[cfg(not(windows))]
    #[test]
    fn every_address_of_this_machine_will_do() {
        let target = bind(local()).unwrap();
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut to = address(&target);
        to.set_ip(everywhere.ip());
        let ends = [everywhere, to];
        let link = BadLink::with(ends, [perfect(); 2], 1, PATIENT).unwrap();
        let caller = bind(local()).unwrap();
        caller.send_to(b"hola", reachable(link.address())).unwrap();
        let (data, from) = receive(&target);
        assert_eq!(data, b"hola");
        target.send_to(b"!", from).unwrap();
        assert_eq!(receive(&caller).0, b"!");
    }

    #[test]
    fn the_socket_towards_the_target_fits_it() {
        let near = |far: &str| {
            let socket = upstream(far.parse().unwrap());
            socket.map(|s| address(&s).ip().to_string())
        };
        assert_eq!(near("127.0.0.1:9").unwrap(), "127.0.0.1");
        if cfg!(windows) {
            // Its firewall would ask the student for permission.
            return;
        }
        assert_eq!(near("192.0.2.1:9").unwrap(), "0.0.0.0");
        match near("[2001:db8::1]:9") {
            Ok(ip) => assert_eq!(ip, "::"),
            Err(e) => {
                let _ = writeln!(io::stderr(), "skipped: no IPv6 here: {e}");
            }
        }
    }

    #[test]
    fn passes_the_largest_datagram() {
        let (target, link, caller) = link(perfect(), perfect());
        let data = vec![7; 65_507];
        if let Err(e) = caller.send_to(&data, link.address()) {
            // macOS sends at most 9,216 bytes unless it is told otherwise.
            let _ = writeln!(io::stderr(), "skipped: 65,507 bytes: {e}");
            return;
        }
        assert_eq!(receive(&target).0, data);
    }

    #[test]
    fn answers_go_back_to_the_right_caller() {
        let (target, link, one) = link(perfect(), perfect());
        let two = bind(local()).unwrap();
        one.send_to(b"one", link.address()).unwrap();
        let (_, first) = receive(&target);
        two.send_to(b"two", link.address()).unwrap();
        let (_, second) = receive(&target);
        assert_ne!(first, second);
        target.send_to(b"for two", second).unwrap();
        target.send_to(b"for one", first).unwrap();
        assert_eq!(receive(&one).0, b"for one");
        assert_eq!(receive(&two).0, b"for two");
        // A known caller keeps its socket.
        one.send_to(b"again", link.address()).unwrap();
        assert_eq!(receive(&target), (b"again".to_vec(), first));
    }

    #[test]
    fn the_table_holds_each_count_in_its_place() {
        let (target, link, caller) = link(perfect(), perfect());
        talk(&target, &link, &caller);
        let mut ways = link.ways.lock();
        ways[There as usize].1 = Counts {
            received: 1_234_567,
            lost: 2,
            corrupted: 3,
            duplicated: 4,
            reordered: 5,
            delayed: 6,
            truncated: 7,
            sent: 8,
        };
        drop(ways);
        let table = link.table();
        let cells: Vec<Vec<_>> =
            table.lines().map(|r| r.split_whitespace().collect()).collect();
        assert_eq!(
            cells,
            [
                &["there", "back"][..],
                &["received", "1234567", "4"],
                &["lost", "2", "0"],
                &["corrupted", "3", "0"],
                &["duplicated", "4", "0"],
                &["reordered", "5", "0"],
                &["delayed", "6", "0"],
                &["truncated", "7", "0"],
                &["sent", "8", "4"],
            ]
        );
        let widths: Vec<_> = table.lines().map(str::len).collect();
        assert_eq!(widths, [30; 9]);
    }

    #[test]
    fn a_stranger_is_not_the_target() {
        let (target, link, caller) = link(perfect(), perfect());
        caller.send_to(b"hola", link.address()).unwrap();
        let (_, from) = receive(&target);
        bind(local()).unwrap().send_to(b"forged", from).unwrap();
        target.send_to(b"real", from).unwrap();
        assert_eq!(receive(&caller).0, b"real");
        assert_eq!(link.counts(Back).received, 1);
    }

    #[test]
    fn forgets_the_caller_that_was_silent_longest() {
        let target = bind(local()).unwrap();
        let limits = Limits { callers: 2, ..PATIENT };
        let ends = [local(), address(&target)];
        let link = BadLink::with(ends, [perfect(); 2], 1, limits).unwrap();
        let callers: Vec<_> = (0..3).map(|_| bind(local()).unwrap()).collect();
        let call = |i: usize| {
            callers[i].send_to(b"hola", link.address()).unwrap();
            receive(&target).1
        };
        let (zero, one) = (call(0), call(1));
        assert_eq!(call(0), zero, "0 is now heard later than 1");
        let two = call(2); // The third: caller 1 has to go.
        assert_eq!(call(0), zero);
        assert_eq!(call(2), two);
        bind_again(one); // Its socket is closed.
    }

    #[test]
    fn an_outage_loses_everything_and_ends() {
        let out = Shares { lose: 1.0, ..perfect() };
        let (target, link, caller) = link(out, perfect());
        for _ in 0..10 {
            caller.send_to(b"lost", link.address()).unwrap();
        }
        wait_until(|| link.counts(There).received == 10);
        assert!(link.set(all_bad(2.0), perfect()).is_err());
        link.set(perfect(), out).unwrap();
        caller.send_to(b"arrives", link.address()).unwrap();
        let (data, from) = receive(&target);
        assert_eq!(data, b"arrives");
        let there = link.counts(There);
        assert_eq!((there.received, there.lost, there.sent), (11, 10, 1));
        target.send_to(b"lost on the way back", from).unwrap();
        wait_until(|| link.counts(Back).lost == 1);
    }

    /// Binds an address that was in use until now: another test may have it
    /// for a moment.
    fn bind_again(address: SocketAddr) -> UdpSocket {
        let mut socket = None;
        wait_until(|| {
            socket = bind(address).ok();
            socket.is_some()
        });
        socket.unwrap()
    }

    /// For what no datagram tells.
    fn wait_until(mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < PATIENCE, "it does not happen");
            thread::yield_now();
        }
    }

    #[test]
    fn the_relay_follows_the_fates() {
        let one = Shares { reorder: 0.0, delay: 0.0, ..all_bad(0.3) };
        let other = Shares { lose: 0.1, ..one };
        let (target, link, caller) = link(one, other);
        let mut there = Fates::new(one, 1, There);
        let mut back = Fates::new(other, 1, Back);
        let mut counts = Counts::default();
        let mut return_address = None;
        for i in 0..100u8 {
            let data = [i; 40];
            caller.send_to(&data, link.address()).unwrap();
            let fate = there.next(&data);
            counts.add(&fate);
            counts.sent += u64::from(fate.copies);
            for _ in 0..fate.copies {
                let (data, from) = receive(&target);
                assert_eq!(data, fate.data);
                return_address = Some(from);
            }
            let Some(from) = return_address else { continue };
            target.send_to(&data, from).unwrap();
            let fate = back.next(&data);
            for _ in 0..fate.copies {
                assert_eq!(receive(&caller).0, fate.data);
            }
        }
        wait_until(|| link.counts(There) == counts);
    }

    #[test]
    fn reordering_swaps_neighbours() {
        let shares = Shares { reorder: 1.0, ..perfect() };
        let (target, link, caller) = link(shares, perfect());
        for data in [b"1", b"2", b"3", b"4"] {
            caller.send_to(data, link.address()).unwrap();
        }
        let order: Vec<_> = (0..4).map(|_| receive(&target).0).collect();
        assert_eq!(order, [b"2", b"1", b"4", b"3"]);
        assert_eq!(link.counts(There).reordered, 4);
    }

    #[test]
    fn one_that_is_not_reordered_overtakes_too() {
        let shares = Shares { reorder: 0.5, ..perfect() };
        let (target, link, caller) = link(shares, perfect());
        let marks: Vec<_> =
            fates(shares, 1, There, 60).iter().map(|f| f.reordered).collect();
        let mut expected = Vec::new();
        let mut held = None;
        for (i, reordered) in marks.into_iter().enumerate() {
            match held.take() {
                Some(first) => expected.extend([i, first]),
                None if reordered => held = Some(i),
                None => expected.push(i),
            }
        }
        for i in 0..60u8 {
            caller.send_to(&[i], link.address()).unwrap();
        }
        for i in expected {
            assert_eq!(receive(&target).0, [i as u8]);
        }
    }

    #[test]
    fn another_caller_does_not_overtake() {
        let shares = Shares { reorder: 1.0, ..perfect() };
        let (target, link, one) = link(shares, perfect());
        let two = bind(local()).unwrap();
        for (s, data) in
            [(&one, b"1"), (&two, b"a"), (&one, b"2"), (&two, b"b")]
        {
            s.send_to(data, link.address()).unwrap();
        }
        let order: Vec<_> = (0..4).map(|_| receive(&target).0).collect();
        assert_eq!(order, [b"2", b"1", b"b", b"a"]);
    }

    #[test]
    fn a_lone_reordered_datagram_is_late_and_not_lost() {
        let target = bind(local()).unwrap();
        let caller = bind(local()).unwrap();
        let shares = Shares { reorder: 1.0, ..perfect() };
        let to = address(&target);
        let link = BadLink::start(local(), to, shares, perfect(), 1).unwrap();
        for data in [b"1", b"2"] {
            let start = Instant::now();
            caller.send_to(data, link.address()).unwrap();
            assert_eq!(receive(&target).0, data);
            assert!(start.elapsed() >= LIMITS.hold);
        }
    }

    #[test]
    fn a_delayed_datagram_is_late() {
        let shares = Shares { delay: 1.0, delay_by: SHORT, ..perfect() };
        let (target, link, caller) = link(shares, perfect());
        let start = Instant::now();
        for data in [b"1", b"2"] {
            caller.send_to(data, link.address()).unwrap();
        }
        assert_eq!(receive(&target).0, b"1");
        assert_eq!(receive(&target).0, b"2");
        assert!(start.elapsed() >= SHORT);
    }

    #[test]
    fn what_there_is_no_room_for_is_lost_and_counted() {
        let shares = Shares { delay: 1.0, delay_by: HOUR, ..perfect() };
        let room = 10 * (OWN + 100);
        let (target, caller) = (bind(local()).unwrap(), bind(local()).unwrap());
        let ends = [local(), address(&target)];
        let limits = Limits { room, ..PATIENT };
        let link = BadLink::with(ends, [shares, perfect()], 1, limits).unwrap();
        for i in 1..=30 {
            caller.send_to(&[7; 100], link.address()).unwrap();
            wait_until(|| link.counts(There).received == i);
        }
        let there = link.counts(There);
        assert_eq!((there.delayed, there.lost), (10, 20));
        drop(link);
        // What has gone leaves its room to others.
        let short = Shares { delay_by: SHORT, ..shares };
        let link = BadLink::with(ends, [short, perfect()], 1, limits).unwrap();
        for _ in 0..30 {
            caller.send_to(&[7; 100], link.address()).unwrap();
            assert_eq!(receive(&target).0, [7; 100]);
        }
    }

    #[test]
    fn a_delayed_datagram_does_not_hold_up_the_others() {
        let shares = Shares { delay: 0.5, delay_by: HOUR, ..perfect() };
        let (target, link, caller) = link(shares, perfect());
        let fates = fates(shares, 1, There, 40);
        for i in 0..40u8 {
            caller.send_to(&[i], link.address()).unwrap();
        }
        for (i, fate) in fates.iter().enumerate() {
            if fate.delay.is_none() {
                assert_eq!(receive(&target).0, [i as u8]);
            }
        }
        // Nor does it hold up the end.
        ends(link);
    }

    /// Drops the link, which must not take long.
    fn ends(link: BadLink) {
        let ways = Arc::clone(&link.ways);
        let (done, wait) = channel();
        thread::spawn(move || {
            drop(link);
            done.send(())
        });
        wait.recv_timeout(PATIENCE).expect("the link does not end");
        assert_eq!(Arc::strong_count(&ways), 1, "a thread is still there");
    }

    #[test]
    fn ends_at_once_while_nothing_arrives() {
        let (target, link, caller) = link(perfect(), perfect());
        caller.send_to(b"hola", link.address()).unwrap();
        receive(&target);
        ends(link);
    }

    #[test]
    fn ends_at_once_when_nobody_ever_called() {
        let here = [local(), target()];
        ends(BadLink::with(here, [perfect(); 2], 1, PATIENT).unwrap());
    }

    #[test]
    fn gives_its_port_back() {
        let (_target, link, _caller) = link(perfect(), perfect());
        let address = link.address();
        assert_ne!(address.port(), 0);
        bind(address).expect_err("the link is listening there");
        drop(link);
        bind_again(address);
    }

    #[test]
    fn survives_a_target_that_is_away_for_a_while() {
        let (target, link, caller) = link(perfect(), perfect());
        let there = address(&target);
        drop(target);
        for i in 1..=5 {
            caller.send_to(b"nobody", link.address()).unwrap();
            wait_until(|| link.counts(There).sent == i);
        }
        let target = bind_again(there);
        caller.send_to(b"back", link.address()).unwrap();
        let (data, from) = receive(&target);
        assert_eq!(data, b"back");
        target.send_to(b"welcome", from).unwrap();
        assert_eq!(receive(&caller).0, b"welcome");
    }

    #[test]
    fn receiving_goes_on_after_an_error() {
        let peer = bind(local()).unwrap();
        let there = address(&peer);
        drop(peer);
        // Connected, so that "nobody listens there" is an error on Unix too.
        let s = Arc::new(UdpSocket::bind(local()).unwrap());
        s.connect(there).unwrap();
        let (heard, wait) = channel();
        let _listener =
            Listener::start(Arc::clone(&s), SHORT, move |data, _| {
                heard.send(data.to_vec()).unwrap();
            });
        for _ in 0..5 {
            let _ = s.send(b"nobody");
        }
        let peer = bind_again(there);
        peer.send_to(b"hola", address(&s)).unwrap();
        assert_eq!(wait.recv_timeout(PATIENCE).unwrap(), b"hola");
    }

    #[test]
    fn a_refused_send_is_not_counted_and_does_no_harm() {
        // Nobody can send to port 0.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let here = [local(), nowhere];
        let link = BadLink::with(here, [perfect(); 2], 1, PATIENT).unwrap();
        let caller = bind(local()).unwrap();
        for i in 1..=3 {
            caller.send_to(b"hola", link.address()).unwrap();
            wait_until(|| link.counts(There).received == i);
        }
        let ways = Arc::clone(&link.ways);
        drop(link);
        let received = Counts { received: 3, ..Counts::default() };
        assert_eq!(ways.lock()[There as usize].1, received);
    }

    #[test]
    fn is_not_its_own_target() {
        let free = address(&bind(local()).unwrap());
        wait_until(|| {
            let link = BadLink::start(free, free, perfect(), perfect(), 1);
            let error = link.err().expect("it has started").kind();
            error == io::ErrorKind::InvalidInput
        });
    }
}
