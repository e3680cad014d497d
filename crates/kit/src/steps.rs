//! Steps that several exercises have: a function that takes one datagram from a
//! socket, one that sends a text, one whose sending fails, a server. What their
//! tests do and see, and what that tells.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::{
    Beside, Peer, Program, Said, Shown, beside, by_kind, bytes, compared,
    doing, fail, kind, only_receives, patience, printed, references, said,
    skipped, to_nobody,
};

/// A socket of the test's own, at a free port of 127.0.0.1, and its address.
pub fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let s = s.expect("the system gives a socket");
    let address = s.local_addr().expect("it is bound");
    (s, address)
}

/// Lets the socket wait only so long.
fn limit(s: &UdpSocket, time: Duration) {
    s.set_read_timeout(Some(time)).expect("it may wait");
}

/// What waits in the socket now; it is not taken.
pub fn waiting(s: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    limit(s, Duration::from_millis(1));
    let n = s.peek(&mut buffer).ok()?;
    Some(buffer[..n].to_vec())
}

/// What `recv_from` gives at once, with nothing there; `None` if it waits.
pub fn given_at_once(s: &UdpSocket) -> Option<io::Result<()>> {
    let time = Duration::from_millis(200);
    limit(s, time);
    let begun = Instant::now();
    let given = s.recv_from(&mut [0]).map(|_| ());
    (begun.elapsed() < time / 2).then_some(given)
}

/// Fails if the socket that the function `name` has made does not wait for as long as
/// nothing comes. That there is none is for another test.
pub fn check_waits(given: io::Result<UdpSocket>, name: &str) {
    let Ok(s) = given else { return };
    let did = doing(said("called, waited at its socket", &[&name]));
    check_time_out(&s, name, None, &did);
    if let Some(given) = given_at_once(&s) {
        fail(did, "a socket that waits", given, "only looks once");
    }
}

/// Fails if the function `name`, which the socket was given to or made by, has changed
/// how long it waits: `before`, without an end if that is `None`.
pub fn check_time_out(
    s: &UdpSocket,
    name: &str,
    before: Option<Duration>,
    did: impl Shown,
) {
    let shown = |time: Option<Duration>| match time {
        Some(time) => said("waits at most", &[&time.shown()]),
        None => "a socket that waits".into(),
    };
    let now = s.read_timeout().expect("a socket tells its time-out");
    if now != before {
        let why = said("changes the time-out", &[&name]);
        fail(did, shown(before), shown(now), why);
    }
}

/// Fails if the function `name` has connected the socket that it was given, which was
/// to stay open to everybody.
pub fn check_not_connected(s: &UdpSocket, name: &str, did: impl Shown) {
    if let Ok(other) = s.peer_addr() {
        let came = said("a socket connected to", &[&other]);
        let why = said("connects", &[&name]);
        fail(did, "a socket that is not connected", came, why);
    }
}

/// A socket whose `recv_from` fails after a moment: nothing comes.
pub fn fails_to_receive() -> UdpSocket {
    let (s, _) = socket();
    limit(&s, Duration::from_millis(1));
    s
}

/// A function that takes one datagram from a socket.
pub struct Takes<T> {
    /// Its name.
    pub name: &'static str,
    /// The function.
    pub call: fn(&UdpSocket) -> io::Result<T>,
    /// The datagram's bytes, in what it gives.
    pub data: fn(&T) -> &[u8],
    /// The length of the buffer that it makes, full of zeros: so many bytes may
    /// a datagram have. `None` if it makes none.
    pub buffer: Option<usize>,
}

impl<T: Send + Shown + PartialEq + 'static> Takes<T> {
    /// What it gives of this datagram, if it gives anything.
    pub fn given(&self, sent: &[u8]) -> Option<T> {
        self.last_given(&socket().0, &Peer::new(), &[sent], 1)?.ok()
    }

    /// Sends these to a socket, and calls the function with it so many times. Gives
    /// what it gave the last time; `None` if it still runs.
    fn last_given(
        &self,
        s: &UdpSocket,
        peer: &Peer,
        sent: &[&[u8]],
        times: usize,
    ) -> Option<io::Result<T>> {
        let address = s.local_addr().expect("it is bound");
        for data in sent {
            peer.send(data, address);
        }
        let same = s.try_clone().expect("the system has room for a socket");
        let call = self.call;
        let called = move || {
            for _ in 1..times {
                let _ = call(&same);
            }
            call(&same)
        };
        beside(called).wait()
    }

    /// Fails if it does not give what `meant` makes of the sender's address, where
    /// `sent` has come. `did` is what the test does; why it gives other bytes,
    /// `other` says, unless its buffer tells.
    pub fn check(
        &self,
        sent: &[u8],
        did: Said,
        meant: impl Fn(SocketAddr) -> T,
        other: impl Fn(&T) -> Said,
    ) {
        let did = doing(did);
        let ((s, _), peer) = (socket(), Peer::new());
        let came = self.last_given(&s, &peer, &[sent], 1);
        check_time_out(&s, self.name, None, &did);
        check_not_connected(&s, self.name, &did);
        let (meant, left) = (meant(peer.address()), waiting(&s).is_some());
        let name = match &came {
            Some(Ok(given)) if *given == meant && !left => return,
            Some(Ok(given)) if *given == meant => "leaves it there",
            Some(Ok(given)) if (self.data)(given) == (self.data)(&meant) => {
                "another sender"
            }
            Some(Ok(given)) => {
                let why = self.of_its_buffer(&meant, given);
                let why = why.unwrap_or_else(|| other(given));
                fail(did, meant, &came, why)
            }
            None if left => "waits elsewhere",
            None if sent.is_empty() => "passes over an empty datagram",
            None => "takes one and waits on",
            // Windows' word for what Unix cuts.
            Some(Err(e)) if e.raw_os_error() == Some(10040) => "a small buffer",
            Some(Err(_)) if sent.is_empty() => "an empty one is an error",
            Some(Err(_)) if std::str::from_utf8(sent).is_err() => "text alone",
            Some(Err(_)) => "gives an error",
        };
        fail(did, meant, came, self.said(name));
    }

    /// Why it gave `came` instead of `meant`, if that tells what it did with its
    /// buffer.
    fn of_its_buffer(&self, meant: &T, came: &T) -> Option<Said> {
        let [meant, came] = [meant, came].map(self.data);
        let most = self.buffer?;
        let length = |sent: &[u8]| Some((self.data)(&self.given(sent)?).len());
        let room = || length(&vec![b'x'; most]);
        let gives_text = || length(b"hola") > Some(0);
        let name = match came.strip_prefix(meant) {
            Some([0]) => "one byte too many",
            Some(rest) if zeros(rest) => "the whole buffer",
            _ if came.is_empty() && gives_text() => "drops such bytes",
            _ if came.is_empty() => "no byte at all",
            _ if zeros(came) && came.len() == meant.len() => "another buffer",
            _ if zeros(came) && came.len() + meant.len() == most => {
                "the rest of the buffer"
            }
            _ if !meant.starts_with(came) => return None,
            // No room, or is something left out?
            _ if room()? == came.len() => "a small buffer",
            _ if [room()? + 1, came.len() + 1] == [most, meant.len()] => {
                "the last byte is missing"
            }
            _ => return None,
        };
        Some(self.said(name))
    }

    /// Fails if two calls do not take the first two of three datagrams.
    pub fn check_one_each_time(&self) {
        let did = doing(self.said("sent three, called it twice"));
        let ((s, _), sent) = (socket(), [&b"uno"[..], b"dos", b"tres"]);
        let came = self.last_given(&s, &Peer::new(), &sent, 2);
        let given = came.as_ref().and_then(|came| came.as_ref().ok());
        let next = waiting(&s);
        let why = match (given.map(self.data), next.as_deref()) {
            (Some(b"dos"), Some(b"tres")) => return,
            _ => "one datagram each time",
        };
        fail(did, *b"dos", came, self.said(why));
    }

    /// What the test does, and what it gives, where `recv_from` fails.
    pub fn given_an_error(&self) -> (Said, Option<io::Result<T>>) {
        let did = doing(self.said("called, nothing can be received"));
        let s = fails_to_receive();
        let before = s.read_timeout().expect("a socket tells its time-out");
        let given = self.last_given(&s, &Peer::new(), &[], 1);
        check_time_out(&s, self.name, before, &did);
        (did, given)
    }

    /// Fails if it does not give the error of `recv_from`; if it gives something
    /// instead, `made` is why.
    pub fn check_gives_the_error(&self, made: &str) {
        let (did, given) = self.given_an_error();
        let why = match &given {
            Some(Err(_)) => return,
            Some(Ok(_)) => made.into(),
            None => self.said("hides the error and waits on"),
        };
        fail(did, "an error", given, why);
    }

    /// A sentence about this function.
    fn said(&self, name: &str) -> Said {
        said(name, &[&self.name, &self.name])
    }
}

/// Whether these bytes are zeros alone.
fn zeros(data: &[u8]) -> bool {
    data.iter().all(|byte| *byte == 0)
}

/// Fails if a function called `send` does not send each of some texts as it is,
/// once, and through the socket. Its last argument is called `to`.
pub fn check_sends(
    send: fn(&UdpSocket, &str, SocketAddr) -> io::Result<()>,
    to: &'static str,
) {
    let peer = Peer::new();
    let mut before: Option<&[u8]> = None;
    for text in ["hola", "¿Mañana?", " dos\n", "", "a"] {
        let ((s, address), there) = (socket(), peer.address());
        let same = s.try_clone().expect("the system has room for a socket");
        let whole = text.as_bytes();
        let did = doing(said("called send", &[&bytes(whole), &there]));
        let sent = beside(move || send(&same, text, there)).wait();
        let meant = (whole.to_vec(), address);
        if let Some(Err(e)) = sent {
            fail(did, meant, e, said("send gives an error", &[&to]));
        }
        let came = peer.receive();
        let name = match &came {
            None if waiting(&s).is_some() => "sent to itself",
            None if whole.is_empty() => "sends no empty text",
            None => "nothing was sent",
            Some(came) if *came == meant => {
                before = Some(whole);
                continue;
            }
            Some((data, _)) => match data.strip_prefix(whole) {
                Some(b"") => "through another socket",
                _ if before == Some(data) => "sent twice",
                Some(more) if zeros(more) => "filled up",
                _ if *data == whole[..text.chars().count()] => {
                    "characters for bytes"
                }
                _ => fail(did, meant, &came, compared(whole, data)),
            },
        };
        fail(did, meant, came, said(name, &[&to]));
    }
}

/// Fails, with the reason `why`, if `call` gives no error with a socket through
/// which nothing can be sent, and the address that it would send to. The
/// function that it calls is called `name`.
pub fn check_fails<T>(
    name: &str,
    call: impl FnOnce(UdpSocket, SocketAddr) -> Option<io::Result<T>>,
    why: &str,
) {
    let ((s, _), peer) = (socket(), Peer::new());
    let fails = only_receives(&s, peer.address());
    let did = doing(said("called, nothing can be sent", &[&name]));
    let given = call(s, peer.address()).map(|given| given.map(|_| ()));
    if fails && !matches!(given, Some(Err(_))) {
        fail(did, "an error", given, why);
    }
}

/// Whether this is the error that says that nobody listens; also where this
/// system has none, which is said aloud.
pub fn is_refusal<T>(given: &Option<io::Result<T>>) -> bool {
    if let Some(Err(ErrorKind::ConnectionRefused)) = by_kind(given) {
        return true;
    }
    // Wine does not tell a connected socket that nobody listens.
    let s = to_nobody();
    limit(&s, patience());
    let _ = s.send(b"");
    let heard = s.recv(&mut [0]).map_err(|e| kind(&e));
    let told = heard.is_err_and(|kind| kind == ErrorKind::ConnectionRefused);
    if !told {
        skipped(&"refusals are not told".shown());
    }
    !told
}

/// The workshop's servers of a crate, in both languages, at free ports of
/// 127.0.0.1. To be started before [`told_by`](crate::told_by), as with
/// [`references`]; each ends when it is dropped.
pub fn servers(package: &str) -> Vec<(&'static str, Program)> {
    let servers = references(package, "server").into_iter();
    let started = servers.map(|(language, mut server)| {
        server.args(["--host", "127.0.0.1", "--port", "0"]);
        (language, Program::start(language, server))
    });
    started.collect()
}

/// The times since `before`, in steps of half a second: whoever has looked at a
/// clock since then has seen one of them, but for the parts of a second.
pub fn moments(before: SystemTime) -> impl Iterator<Item = SystemTime> {
    let over = before.elapsed().unwrap_or_default().as_millis() / 500;
    (0..=over + 1).map(move |n| before + Duration::from_millis(500) * n as u32)
}

/// A function called `serve`: the student's server.
pub type Serve = fn(&UdpSocket) -> io::Result<()>;

/// It, while it runs.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its socket.
    pub s: UdpSocket,
    served: Beside<io::Result<()>>,
}

impl Server {
    /// Starts it with a socket.
    pub fn start(serve: Serve, s: UdpSocket) -> Server {
        let address = s.local_addr().expect("it is bound");
        let same = s.try_clone().expect("the system has room for a socket");
        Server { address, s, served: beside(move || serve(&same)) }
    }

    /// What comes back to this client for these bytes.
    pub fn asked(&self, client: &Peer, data: &[u8]) -> Option<Vec<u8>> {
        client.send(data, self.address);
        client.receive().map(|(back, _)| back)
    }

    /// What it gave, if it has ended, for once; and that in words.
    pub fn ended(&self) -> Option<(io::Result<()>, Said)> {
        let given = self.served.now()?;
        let words = said("serve had ended", &[&given.shown()]);
        Some((given, words))
    }

    /// Fails, with the reason "ends at an answer", if it does not go on when an
    /// answer cannot be sent to whoever sends `data`; or if it does not say that
    /// somebody called. The test that calls this is called `test`.
    pub fn check_outlives_an_answer(serve: Serve, data: &[u8], test: &str) {
        let ((s, _), client) = (socket(), Peer::new());
        let fails = only_receives(&s, client.address());
        limit(&s, Duration::from_millis(50)); // For the look at it, below.
        let did = doing("asked twice, nothing can be sent");
        let server = Server::start(serve, s);
        if !fails {
            return;
        }
        for _ in 0..2 {
            client.send(data, server.address);
        }
        // Who goes on after the first takes the second, too.
        let waits = || server.s.peek_from(&mut [0; 9]).is_ok();
        let expected = "takes the second, too";
        let end = Instant::now() + patience();
        while waits() && Instant::now() < end {
            if let Some((_, came)) = server.ended() {
                fail(did, expected, came, "ends at an answer");
            }
            sleep(Duration::from_millis(1));
        }
        if waits() {
            let came = "the second one still waits";
            fail(did, expected, came, "it waits in the socket");
        }
        let Some([text, _]) = printed(test) else { return };
        if !text.contains(CALLED) {
            let line = said("the line", &[&format!("{CALLED}...")]);
            fail(did, line, "no such line", "says only who was answered");
        }
    }

    /// Fails, with the reason "ends at an error", if it does not answer `data`
    /// after its `recv_from` has failed. If it runs and has taken them, `silent`
    /// is why.
    pub fn check_outlives_an_error(serve: Serve, data: &[u8], silent: &str) {
        let did = doing("let recv_from fail, then asked");
        let (server, client) =
            (Server::start(serve, fails_to_receive()), Peer::new());
        for _ in 0..10 {
            sleep(Duration::from_millis(10)); // For the error to happen.
            if server.asked(&client, data).is_some() {
                continue;
            }
            let ended = server.ended().map(|(_, words)| words);
            let why = match ended {
                Some(_) => "ends at an error",
                None => server.why_silent(silent),
            };
            fail(did, "an answer", ended, why);
        }
    }

    /// Why it runs and does not answer: this, if it has taken the question.
    pub fn why_silent<'a>(&self, why: &'a str) -> &'a str {
        match waiting(&self.s) {
            Some(_) => "it waits in the socket",
            None => why,
        }
    }

    /// Fails if it does not say of each client that it called, with `say` of the
    /// step `step`, which is given; it answers `data`. The test that calls this
    /// is called `test`.
    pub fn check_says_who_called(
        serve: Serve,
        data: &[u8],
        (say, step): (fn(SocketAddr), &'static str),
        test: &str,
    ) {
        const ASKED: &str = "asked from ";
        let did = doing("asked from two, read its stdout");
        let server = Server::start(serve, socket().0);
        let clients = [Peer::new(), Peer::new()];
        // The last answer comes when all is done about the others.
        if [0, 1, 0].iter().any(|i| server.asked(&clients[*i], data).is_none())
        {
            return; // Another test's.
        }
        for client in &clients {
            println!("{ASKED}{}", client.address());
        }
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        say(nobody);
        let Some([text, _]) = printed(test) else { return };
        let line = |of| said("the line", &[&format!("{CALLED}{of}")]);
        // That was another process, with other clients.
        let after = |start| {
            let lines = text.lines().filter_map(move |l| l.split_once(start));
            lines.map(|(_, from)| from.to_string()).collect::<Vec<_>>()
        };
        let (asked, mut called) = (after(ASKED), after(CALLED));
        let nobody = nobody.to_string();
        if !called.contains(&nobody) {
            let did = said("called say_who_called", &[&nobody]);
            let why = said("say_who_called was done", &[]).of_step(step);
            fail(did, line(&nobody), "no such line", why);
        }
        called.retain(|from| *from != nobody);
        if let Some(client) = asked.iter().find(|one| !called.contains(one)) {
            let name = match &called[..] {
                [] => "says nothing",
                all if all.iter().all(|a| asked.contains(a)) => "not each one",
                _ => "names somebody else",
            };
            fail(did, line(client), "no such line", name);
        }
        if called.len() > 3 {
            let lines =
                |count: usize| said("so many lines", &[&count, &CALLED]);
            fail(did, lines(3), lines(called.len()), "says it more than once");
        }
    }
}

/// How the line begins that a server prints of each datagram.
const CALLED: &str = "Conexion desde: ";
