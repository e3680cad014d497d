//! The tests of exercise 05. You need not change this file.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ex05_strangers::{nobody_listens, open, wait_for};
use kit::{
    Peer, Step, Told, beside, bytes, error_words, exercise, millis, nothing,
    patience, say,
};

const STEPS: [Step; 3] = [
    (4, "wait for the server's answer", "esperá la respuesta del servidor"),
    (2, "make a connected socket", "creá un socket conectado"),
    (6, "tell whether nobody listens", "decí si no escucha nadie"),
];

/// A time-out that is soon over.
const SOON: Duration = Duration::from_millis(200);

/// A client's socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// Whether the error is a time-out: Unix says the one, Windows the other.
fn late(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// What wait_for() gives, as text; `None` if it still waits after `patience`.
fn waited(
    s: UdpSocket,
    server: SocketAddr,
    timeout: Duration,
) -> Option<Result<Option<String>, io::Error>> {
    let given = beside(move || wait_for(&s, server, timeout)).wait()?;
    let text = |data: Vec<u8>| String::from_utf8_lossy(&data).into_owned();
    Some(given.map(|data| data.map(text)))
}

/// The same, in words for `came`.
fn words(given: &Option<Result<Option<String>, io::Error>>) -> String {
    let none = say("None: no answer", "None: ninguna respuesta");
    match given {
        None => {
            let still = say(
                "wait_for() still waits, after",
                "wait_for() sigue esperando, después de",
            );
            format!("{still} {} s", patience().as_secs())
        }
        Some(Ok(None)) => none.to_string(),
        Some(Ok(Some(text))) => bytes(text.as_bytes()),
        Some(Err(e)) => error_words(e),
    }
}

#[test]
fn step_4_takes_the_answer_and_notices_silence() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = Peer::new();
        server.send(b"hola", address);
        let given = waited(s, server.address(), patience() * 10);
        if !matches!(&given, Some(Ok(Some(text))) if text == "hola") {
            Told {
                did: say(
                    "sent \"hola\" to a socket, as the server, and called wait_for()",
                    "le mandó \"hola\" a un socket, como el servidor, y llamó a wait_for()",
                ),
                expected: &bytes(b"hola"),
                came: &words(&given),
                cause: say(
                    "wait_for() does not give the server's datagram, the only one that came: does it wait at `s`, and give the first n bytes?",
                    "wait_for() no da el datagrama del servidor, el único que llegó: ¿espera en `s`, y da los primeros n bytes?",
                ),
            }
            .fail();
        }
        let (s, _) = socket();
        let begun = Instant::now();
        let given = waited(s, server.address(), SOON);
        let came = words(&given) + &format!(", {}", millis(begun.elapsed()));
        let at_once = given.is_some() && begun.elapsed() < SOON / 2;
        if at_once || !matches!(&given, Some(Ok(None))) {
            Told {
                did: say(
                    "sent nothing, and called wait_for() with a time-out of 200 ms",
                    "no mandó nada, y llamó a wait_for() con un plazo de 200 ms",
                ),
                expected: say(
                    "None: no answer, after 200 ms",
                    "None: ninguna respuesta, después de 200 ms",
                ),
                came: &came,
                cause: if at_once {
                    say(
                        "wait_for() does not wait at all: it looks once, and an answer needs its time on the way; is your socket non-blocking, or its time-out too short?",
                        "wait_for() no espera nada: mira una sola vez, y una respuesta tarda en llegar; ¿tu socket es no bloqueante, o su plazo es demasiado corto?",
                    )
                } else if matches!(&given, Some(Err(e)) if late(e)) {
                    say(
                        "wait_for() gives the time-out as an error: `in_time` makes a `None` of it.",
                        "wait_for() entrega el plazo vencido como error: `in_time` lo convierte en `None`.",
                    )
                } else if matches!(&given, Some(Err(e)) if e.kind() == ErrorKind::InvalidInput) {
                    no_time()
                } else {
                    say(
                        "wait_for() does not notice that nothing comes: the clock is not looked at while `recv_from` waits; which time-out has the socket?",
                        "wait_for() no se da cuenta de que no llega nada: mientras `recv_from` espera, nadie mira el reloj; ¿qué plazo tiene el socket?",
                    )
                },
            }
            .fail();
        }
    });
}

/// The likely cause when a stranger's datagram is taken, whatever was done to
/// the socket.
fn came_before() -> &'static str {
    say(
        "wait_for() gives a stranger's datagram that had come before the server's: nothing done to the socket afterwards takes it away, so look at each sender.",
        "wait_for() da el datagrama de un extraño, que llegó antes que el del servidor: nada de lo que le hagas después al socket lo saca, así que mirá quién manda cada uno.",
    )
}

#[test]
fn step_4_takes_nothing_from_a_stranger() {
    exercise(&STEPS, || {
        let stranger = Peer::new();
        let port = stranger.address().port();
        let other = port ^ 1;
        // Nobody is there (RFC 5737), and nothing is sent there.
        let elsewhere = Ipv4Addr::new(192, 0, 2, 1);
        for (ip, port, cause) in [
            (
                elsewhere,
                other,
                say(
                    "wait_for() takes whatever comes first: `recv_from` says who sent it, and nobody looks.",
                    "wait_for() acepta lo primero que llega: `recv_from` dice quién lo mandó, y nadie lo mira.",
                ),
            ),
            (
                elsewhere,
                port,
                say(
                    "wait_for() looks at the sender's port alone: that port exists on every machine of the network.",
                    "wait_for() mira solo el puerto de quien manda: ese puerto existe en cada máquina de la red.",
                ),
            ),
            (
                Ipv4Addr::LOCALHOST,
                other,
                say(
                    "wait_for() looks at the sender's IP address alone: a machine has many programs, and the port tells them apart.",
                    "wait_for() mira solo la dirección IP de quien manda: una máquina tiene muchos programas, y el puerto los distingue.",
                ),
            ),
        ] {
            let (s, address) = socket();
            stranger.send(b"believe me", address);
            let server = SocketAddr::from((ip, port));
            let socket = s.try_clone().unwrap();
            let given = waited(s, server, SOON);
            let connected = socket.peer_addr().is_ok();
            if given.is_none() {
                return; // It does not notice silence: another test's.
            }
            if matches!(given, Some(Ok(Some(_)))) {
                let did = say(
                    "called wait_for() for the answer of {}, and sent \"believe me\" from {}",
                    "llamó a wait_for() para esperar la respuesta de {}, y mandó \"believe me\" desde {}",
                );
                let did = did.replacen("{}", &server.to_string(), 1);
                let from = stranger.address().to_string();
                Told {
                    did: &did.replacen("{}", &from, 1),
                    expected: say("None: no answer", "None: ninguna respuesta"),
                    came: &words(&given),
                    cause: if connected { came_before() } else { cause },
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_4_waits_on_after_a_stranger() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let (server, stranger) = (Peer::new(), Peer::new());
        for _ in 0..3 {
            stranger.send(b"believe me", address);
        }
        server.send(b"hola", address);
        let given = waited(s, server.address(), patience() * 10);
        if !matches!(&given, Some(Ok(Some(text))) if text == "hola") {
            let stranger = matches!(given, Some(Ok(Some(_))));
            Told {
                did: say(
                    "sent \"believe me\" three times, as a stranger, and \"hola\", as the server; called wait_for()",
                    "mandó \"believe me\" tres veces, como un extraño, y \"hola\", como el servidor; llamó a wait_for()",
                ),
                expected: &bytes(b"hola"),
                came: &words(&given),
                cause: if stranger {
                    came_before()
                } else {
                    say(
                        "A stranger's datagram ends your waiting, and the server's was on its way: pass over it, and receive again.",
                        "El datagrama de un extraño termina tu espera, y el del servidor venía en camino: ignoralo, y volvé a recibir.",
                    )
                },
            }
            .fail();
        }
    });
}

/// The likely cause when a time-out of 0 is an error.
fn no_time() -> &'static str {
    say(
        "wait_for() fails when no time is left: `set_read_timeout` does not take 0, so look at what is left before you set it.",
        "wait_for() falla cuando no queda tiempo: `set_read_timeout` no acepta 0, así que mirá lo que queda antes de fijarlo.",
    )
}

#[test]
fn step_4_knows_when_no_time_is_left() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        let server = Peer::new();
        let given = waited(s, server.address(), Duration::ZERO);
        if !matches!(given, Some(Ok(None))) {
            Told {
                did: say(
                    "called wait_for() with no time left: a time-out of 0",
                    "llamó a wait_for() sin tiempo: con un plazo de 0",
                ),
                expected: say("None: no answer", "None: ninguna respuesta"),
                came: &words(&given),
                cause: no_time(),
            }
            .fail();
        }
    });
}

#[test]
fn step_4_gives_strangers_no_time() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let (server, stranger) = (Peer::new(), Peer::new());
        let end = Instant::now() + patience() * 2;
        beside(move || {
            while Instant::now() < end {
                stranger.send(b"believe me", address);
                sleep(SOON / 20);
            }
        });
        let given = waited(s, server.address(), SOON);
        if !matches!(given, Some(Ok(None))) {
            Told {
                did: say(
                    "sent \"believe me\" again and again, as a stranger; called wait_for() with a time-out of 200 ms",
                    "mandó \"believe me\" una y otra vez, como un extraño; llamó a wait_for() con un plazo de 200 ms",
                ),
                expected: say("None: no answer", "None: ninguna respuesta"),
                came: &words(&given),
                cause: match given {
                    // The time ran out between two datagrams.
                    Some(Err(_)) => no_time(),
                    _ => say(
                        "The time-out begins anew with each datagram, so a stranger can make your client wait for ever: note the end once, and wait for what is left.",
                        "El plazo vuelve a empezar con cada datagrama, y así un extraño hace esperar a tu cliente para siempre: anotá el final una vez, y esperá lo que queda.",
                    ),
                },
            }
            .fail();
        }
    });
}

/// Waits up to [`patience`] for the socket to have a time-out that is right;
/// gives the last one that was not.
fn wrong_timeout(
    s: &UdpSocket,
    right: impl Fn(Duration) -> bool,
) -> Option<Duration> {
    let end = Instant::now() + patience();
    loop {
        let set = s.read_timeout().unwrap()?; // A socket that never waits.
        if right(set) {
            return None;
        }
        if Instant::now() > end {
            return Some(set);
        }
        sleep(SOON / 100);
    }
}

#[test]
fn step_4_waits_for_what_is_left() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let (server, stranger) = (Peer::new(), Peer::new());
        let timeout = patience() * 10;
        s.set_read_timeout(Some(timeout * 4)).unwrap();
        let (socket, answer) = (s.try_clone().unwrap(), server.address());
        let given = beside(move || wait_for(&s, answer, timeout));
        // It waits, for `timeout` or less; or never does, another test's.
        if wrong_timeout(&socket, |set| set <= timeout * 2).is_some() {
            return drop(given.now());
        }
        sleep(SOON);
        stranger.send(b"believe me", address);
        // By now at least SOON is over; the system may round what it is told.
        let set = wrong_timeout(&socket, |set| set <= timeout - SOON / 2);
        server.send(b"hola", address);
        if let Some(set) = set {
            Told {
                did: &say(
                    "called wait_for() with a time-out of {}, and sent \"believe me\" after 200 ms, as a stranger",
                    "llamó a wait_for() con un plazo de {}, y a los 200 ms mandó \"believe me\", como un extraño",
                )
                .replace("{}", &millis(timeout)),
                expected: &say(
                    "a socket that waits for {} more, at most",
                    "un socket que espera como máximo {} más",
                )
                .replace("{}", &millis(timeout - SOON)),
                came: &say("one that waits for {}", "uno que espera {}")
                    .replace("{}", &millis(set)),
                cause: say(
                    "After a stranger's datagram your socket waits for the whole `timeout` again, so your client may wait twice as long as it was told: set what is left.",
                    "Después del datagrama de un extraño, tu socket vuelve a esperar el `timeout` entero, y tu cliente puede tardar el doble de lo pedido: fijá lo que queda.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_is_connected_to_the_server() {
    exercise(&STEPS, || {
        let (server, stranger) = (Peer::new(), Peer::new());
        let did = say("called open() with ", "llamó a open() con ");
        let did = format!("{did}{}", server.address());
        let expected = say("a socket connected to ", "un socket conectado a ");
        let expected = format!("{expected}{}", server.address());
        let told = |came: &str, cause: &str| -> ! {
            Told { did: &did, expected: &expected, came, cause }.fail()
        };
        let s = open(server.address()).unwrap_or_else(|e| {
            told(
                &error_words(&e),
                say(
                    "Your socket asks for the server's own address, where the server is: `bind` is for your side, and what is for the other?",
                    "Tu socket pide la dirección del propio servidor, donde está el servidor: `bind` es para tu lado, ¿y qué es para el otro?",
                ),
            )
        });
        match s.peer_addr() {
            Err(_) => told(
                say("one that is not connected", "uno sin conectar"),
                say(
                    "Your socket is not connected, and takes datagrams from everybody: a datagram sent to the server does not change that.",
                    "Tu socket no está conectado, y recibe datagramas de todo el mundo: mandarle un datagrama al servidor no cambia eso.",
                ),
            ),
            Ok(to) if to != server.address() => told(
                &to.to_string(),
                say(
                    "Your socket is connected to somebody else: `connect` gets the address of whom you will ask, `server`.",
                    "Tu socket está conectado a otro: `connect` recibe la dirección de quien vas a consultar, `server`.",
                ),
            ),
            Ok(_) => {}
        }
        let address = s.local_addr().unwrap();
        stranger.send(b"believe me", address);
        server.send(b"hola", address);
        let mut buffer = [0; 100];
        s.set_read_timeout(Some(patience())).unwrap();
        let received = s.recv(&mut buffer);
        if !matches!(received, Ok(n) if &buffer[..n] == b"hola") {
            told(
                &received.map_or_else(|_| nothing(), |n| bytes(&buffer[..n])),
                say(
                    "Your socket is connected, and does not receive the server's datagram: is it bound where the server can reach it?",
                    "Tu socket está conectado, y no recibe el datagrama del servidor: ¿está asociado adonde el servidor puede llegar?",
                ),
            );
        }
    });
}

#[test]
fn step_6_tells_a_refusal_from_other_errors() {
    exercise(&STEPS, || {
        let given = |kind: ErrorKind| nobody_listens(&kind.into());
        let [unix, windows] =
            [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset]
                .map(given);
        let told = |kind: ErrorKind, came: bool, cause: &str| -> ! {
            let did = say(
                "called nobody_listens() with ErrorKind::",
                "llamó a nobody_listens() con ErrorKind::",
            );
            Told {
                did: &format!("{did}{kind:?}"),
                expected: &(!came).to_string(),
                came: &came.to_string(),
                cause,
            }
            .fail()
        };
        let other = ErrorKind::TimedOut;
        match (unix, windows, given(other)) {
            (true, true, false) => {}
            (_, _, true) => told(
                other,
                true,
                say(
                    "nobody_listens() takes every error for a refusal: silence is not one, the server may be slow, or the network.",
                    "nobody_listens() toma cualquier error por un rechazo: el silencio no lo es; quizás el servidor es lento, o la red.",
                ),
            ),
            (true, false, false) => told(
                ErrorKind::ConnectionReset,
                false,
                say(
                    "nobody_listens() knows the refusal of Linux and macOS alone: Windows calls it `ConnectionReset`.",
                    "nobody_listens() conoce solo el rechazo de Linux y macOS: Windows le dice `ConnectionReset`.",
                ),
            ),
            (false, _, false) => told(
                ErrorKind::ConnectionRefused,
                false,
                say(
                    "nobody_listens() does not know the refusal of Linux and macOS: its kind is `ConnectionRefused`.",
                    "nobody_listens() no conoce el rechazo de Linux y macOS: su clase es `ConnectionRefused`.",
                ),
            ),
        }
    });
}
