//! The tests of exercise 02. You need not change this file.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ex02_echo_server::{BYTES, answer, listen, serve, take};
use kit::{
    Beside, Peer, Step, Told, beside, bytes, caught, error_words, exercise,
    free_port, nothing, only_receives, patience, printed, say, skipped,
};

const STEPS: [Step; 4] = [
    (3, "bind a socket to the address", "asociá un socket a la dirección"),
    (5, "take one datagram", "tomá un datagrama"),
    (7, "send the data back", "devolvé los datos"),
    (4, "serve for ever", "atendé para siempre"),
];

/// A server's socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

#[test]
fn step_3_listens_where_it_is_told() {
    exercise(&STEPS, || {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let did = format!("listen({address})");
        let did = say("called ", "llamó a ").to_string() + &did;
        let expected = say("a socket at ", "un socket en ").to_string();
        let expected = expected + &address.to_string();
        let told = |came: &str, cause| {
            Told { did: &did, expected: &expected, came, cause }.fail()
        };
        let elsewhere = say(
            "Your socket is at a port of its own choice: bind it to the `address` that listen() was given.",
            "Tu socket está en un puerto que eligió por su cuenta: asocialo a la `address` que recibe listen().",
        );
        match listen(address).and_then(|s| s.local_addr()) {
            Err(e) => told(&error_words(&e), elsewhere),
            Ok(own) if own.ip().is_unspecified() => told(
                &own.to_string(),
                say(
                    "Your socket listens at every address of this machine, where the network can reach it: bind it to the whole `address`.",
                    "Tu socket escucha en todas las direcciones de esta máquina, adonde llega la red: asocialo a la `address` completa.",
                ),
            ),
            Ok(own) if own != address => told(&own.to_string(), elsewhere),
            Ok(_) => {}
        }
    });
}

#[test]
fn step_5_takes_the_bytes_and_the_sender() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let peer = Peer::new();
        let most = [b'x'; BYTES];
        for sent in [&b"hola"[..], &most] {
            peer.send(sent, address);
            let socket = s.try_clone().unwrap();
            let taken = beside(move || take(&socket)).wait();
            let did = say("sent ", "mandó ").to_string() + &bytes(sent);
            let did = did + say(", called take()", ", llamó a take()");
            let from = say("from", "desde");
            let expected = format!("{} {from} {}", bytes(sent), peer.address());
            let told = |came: &str, cause| {
                Told { did: &did, expected: &expected, came, cause }.fail()
            };
            let small = say(
                "Your buffer is too small: a datagram may have BYTES bytes, and what has no room is lost.",
                "Tu buffer es demasiado chico: un datagrama puede tener BYTES bytes, y lo que no entra se pierde.",
            );
            let no_byte = say(
                "Your buffer has no byte at all: a `Vec` that is empty has a length of 0, whatever its capacity; use `[0; BYTES]`.",
                "Tu buffer no tiene ningún byte: un `Vec` vacío, aun con capacidad, mide 0; usá `[0; BYTES]`.",
            );
            let (data, sender) = match taken {
                None => told(
                    &nothing(),
                    say(
                        "take() still waits, and the datagram is there: one `recv_from` takes one datagram; is there a second one?",
                        "take() sigue esperando, y el datagrama ya está: un `recv_from` toma un datagrama; ¿hay otro más?",
                    ),
                ),
                // Windows' word for what Unix cuts.
                Some(Err(e)) if sent == b"hola" => {
                    told(&error_words(&e), no_byte)
                }
                Some(Err(e)) => told(&error_words(&e), small),
                Some(Ok(taken)) => taken,
            };
            let came = format!("{} {from} {sender}", bytes(&data));
            if data.is_empty() {
                told(&came, no_byte);
            }
            if data.len() < sent.len() {
                told(&came, small);
            }
            if data != sent {
                told(
                    &came,
                    say(
                        "You took the whole buffer: only its first n bytes came in, `&buffer[..n]`.",
                        "Tomaste el buffer entero: solo llegaron sus primeros n bytes, `&buffer[..n]`.",
                    ),
                );
            }
            if sender != peer.address() {
                told(
                    &came,
                    say(
                        "That is not who sent it: `recv_from` gives the sender's address beside n.",
                        "Ese no es quien lo mandó: `recv_from` da la dirección de quien manda, junto a n.",
                    ),
                );
            }
        }
    });
}

#[test]
fn step_5_takes_any_byte() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let peer = Peer::new();
        let sent = b"\xff\0ho\xc3";
        peer.send(sent, address);
        let taken = beside(move || caught(|| take(&s))).wait();
        if !matches!(&taken, Some(Some(Ok((data, _)))) if data.starts_with(sent))
        {
            let did = say("sent ", "mandó ").to_string() + &bytes(sent);
            let did = did + say(", called take()", ", llamó a take()");
            Told {
                did: &did,
                expected: &bytes(sent),
                came: &match taken {
                    None => nothing(),
                    Some(None) => say("a panic", "un pánico (panic)").to_string(),
                    Some(Some(Err(e))) => error_words(&e),
                    Some(Some(Ok((data, _)))) => bytes(&data),
                },
                cause: say(
                    "A datagram may hold any byte, and not text alone: take() gives the bytes as they are.",
                    "Un datagrama puede llevar cualquier byte, no solo texto: take() da los bytes tal cual.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_7_sends_the_same_bytes_from_the_same_socket() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let peer = Peer::new();
        let data = b"\xff\0ho\xc3";
        let sent = answer(&s, data, peer.address());
        let did = say(
            "called answer() with these bytes and the address of a client",
            "llamó a answer() con estos bytes y la dirección de un cliente",
        );
        let from =
            say("from the server's port", "desde el puerto del servidor");
        let port = address.port();
        let expected = format!("{} {from}, {port}", bytes(data));
        let told = |came: &str, cause| {
            Told { did, expected: &expected, came, cause }.fail()
        };
        let elsewhere = say(
            "Your answer went elsewhere, or nowhere: send_to gets `data` and `to`, as answer() was given them.",
            "Tu respuesta fue a otro lugar, o a ninguno: pasale a send_to `data` y `to`, tal como los recibe answer().",
        );
        if let Err(e) = sent {
            told(&error_words(&e), elsewhere);
        }
        let Some((back, sender)) = peer.receive() else {
            told(&nothing(), elsewhere)
        };
        let came = format!("{} {from}, {port}", bytes(&back));
        if back != data {
            told(
                &came,
                say(
                    "The bytes changed on the way through your server: an echo sends bytes, and never makes text of them.",
                    "Los bytes cambiaron al pasar por tu servidor: un eco manda bytes, y nunca los convierte en texto.",
                ),
            );
        }
        if sender != address {
            told(
                &sender.to_string(),
                say(
                    "The answer came from another socket, and the client would take it for a stranger's: answer through `s`.",
                    "La respuesta salió de otro socket, y el cliente la tomaría por la de un extraño: respondé por `s`.",
                ),
            );
        }
    });
}

#[test]
fn step_7_leaves_an_empty_datagram_unanswered() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        let peer = Peer::new();
        // Had the empty one been answered, that answer would come first.
        let sent = answer(&s, b"", peer.address())
            .and_then(|()| answer(&s, b"after", peer.address()));
        let back = peer.receive().map(|(back, _)| back);
        if sent.is_err() || back.as_deref() != Some(b"after") {
            let came = match (sent, &back) {
                (Err(e), _) => error_words(&e),
                (Ok(()), Some(back)) => bytes(back),
                (Ok(()), None) => nothing(),
            };
            Told {
                did: say(
                    "called answer() with no bytes, then with \"after\"",
                    "llamó a answer() sin bytes, y después con \"after\"",
                ),
                expected: say("only \"after\"", "solamente \"after\""),
                came: &came,
                cause: say(
                    "Your server answers an empty datagram: on the slide, `if data:` stands before `sendto`.",
                    "Tu servidor responde un datagrama vacío: en la diapositiva, antes de `sendto` dice `if data:`.",
                ),
            }
            .fail();
        }
    });
}

/// What came back, or else what the server gave when it ended, in words.
fn what_came(
    back: Option<(Vec<u8>, SocketAddr)>,
    ended: Option<io::Result<()>>,
) -> String {
    match (back, ended) {
        (Some((back, _)), _) => bytes(&back),
        (None, None) => nothing(),
        (None, Some(Ok(()))) => {
            say("serve() had ended", "serve() había terminado").to_string()
        }
        // Not error_words: nothing came in time at the server, not here.
        (None, Some(Err(e)))
            if matches!(
                e.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut
            ) =>
        {
            let ended = say(
                "serve() had ended, with the error of `recv_from`",
                "serve() había terminado, con el error de `recv_from`",
            );
            ended.to_string()
        }
        (None, Some(Err(e))) => {
            let ended = say("serve() ended with ", "serve() terminó con ");
            ended.to_string() + &error_words(&e)
        }
    }
}

/// Asks the server, through `peer`, and fails with `did` and `cause` if what
/// comes is no echo.
fn ask(
    (peer, server): (&Peer, &Beside<io::Result<()>>),
    address: SocketAddr,
    did: &str,
    cause: &str,
) {
    let data = b"hola";
    peer.send(data, address);
    let back = peer.receive();
    if back.as_ref().is_none_or(|(back, _)| back != data) {
        let came = what_came(back, server.now());
        let expected = bytes(data);
        Told { did, expected: &expected, came: &came, cause }.fail();
    }
}

/// Asks for the first time.
fn ask_first(
    peer: &Peer,
    server: &Beside<io::Result<()>>,
    address: SocketAddr,
) {
    ask(
        (peer, server),
        address,
        say("sent \"hola\" to your server", "le mandó \"hola\" a tu servidor"),
        say(
            "Your server does not answer its first datagram: does serve() call take() and then answer()?",
            "Tu servidor no responde su primer datagrama: ¿serve() llama a take() y después a answer()?",
        ),
    );
}

#[test]
fn step_4_answers_one_after_the_other() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let (one, two) = (Peer::new(), Peer::new());
        let ask = |peer: &Peer, did, cause| {
            ask((peer, &server), address, did, cause);
        };
        ask_first(&one, &server, address);
        ask(
            &one,
            say(
                "sent \"hola\" a second time",
                "mandó \"hola\" por segunda vez",
            ),
            say(
                "Your server answered the first datagram and not the second: is `take` inside the loop?",
                "Tu servidor respondió el primer datagrama y no el segundo: ¿`take` está dentro del bucle?",
            ),
        );
        ask(
            &two,
            say(
                "sent \"hola\" from a second client",
                "mandó \"hola\" desde un segundo cliente",
            ),
            say(
                "Your server answers its first client alone: answer the address that came with each datagram.",
                "Tu servidor responde solo a su primer cliente: respondele a la dirección que vino con cada datagrama.",
            ),
        );
    });
}

#[test]
fn step_4_says_who_called() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let peer = Peer::new();
        // The second answer comes when all is done about the first question.
        for _ in 0..2 {
            ask_first(&peer, &server, address);
        }
        const ASKED: &str = "asked from ";
        let Some(printed) = printed("step_4_says_who_called") else {
            return println!("{ASKED}{}", peer.address());
        };
        // That was another process, with another peer.
        let peer = printed.lines().find_map(|l| l.split_once(ASKED));
        let meant = format!("Conexion desde: {}", peer.expect("it asked").1);
        if !printed.contains(&meant) {
            Told {
                did: say(
                    "asked your server, and looked at its stdout",
                    "le preguntó a tu servidor, y miró su stdout",
                ),
                expected: &meant,
                came: say("no such line", "ninguna línea así"),
                cause: say(
                    "Your server does not say who called: serve() calls say_who_called() with the address that came with each datagram.",
                    "Tu servidor no dice quién llamó: serve() llama a say_who_called() con la dirección que vino con cada datagrama.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_4_outlives_an_empty_datagram() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let peer = Peer::new();
        peer.send(b"", address);
        ask(
            (&peer, &server),
            address,
            say(
                "sent an empty datagram, then \"hola\"",
                "mandó un datagrama vacío, y después \"hola\"",
            ),
            say(
                "Your server ended at an empty datagram: in UDP that is a datagram like any other, and no end.",
                "Tu servidor terminó con un datagrama vacío: en UDP es un datagrama como cualquier otro, y no un final.",
            ),
        );
    });
}

/// Starts the server, for which a panic is an error like any other.
fn start(s: UdpSocket) -> Beside<io::Result<()>> {
    beside(move || {
        let panic = say("a panic", "un pánico (panic)");
        caught(|| serve(&s)).unwrap_or(Err(io::Error::other(panic)))
    })
}

#[test]
fn step_4_outlives_an_error() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let server = start(s);
        let peer = Peer::new();
        for _ in 0..10 {
            ask(
                (&peer, &server),
                address,
                say(
                    "let `recv_from` report an error to your server, then sent \"hola\"",
                    "hizo que `recv_from` le diera un error a tu servidor, y después mandó \"hola\"",
                ),
                say(
                    "Your server ended at the first error: in its loop, note an error and go on; `?` would leave the loop, and `unwrap` the program.",
                    "Tu servidor terminó con el primer error: en su bucle, avisá del error y seguí; con `?` se sale del bucle, y con `unwrap`, del programa.",
                ),
            );
            sleep(Duration::from_millis(10)); // For the error to happen.
        }
    });
}

#[test]
fn step_4_outlives_an_answer_that_fails() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let peer = Peer::new();
        if !only_receives(&s, peer.address()) {
            skipped(say(
                "here no answer can be made to fail",
                "acá no se puede hacer que falle una respuesta",
            ));
        }
        // For the look at what still waits, below.
        s.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let waiting = s.try_clone().unwrap();
        let server = start(s);
        let end = Instant::now() + patience();
        for _ in 0..2 {
            peer.send(b"hola", address);
        }
        // Who goes on after the first takes the second, too.
        while waiting.peek_from(&mut [0; BYTES]).is_ok() {
            let ended = server.now();
            if ended.is_some() || Instant::now() > end {
                Told {
                    did: say(
                        "sent \"hola\" twice, and let `send_to` report an error to your server",
                        "mandó \"hola\" dos veces, e hizo que `send_to` le diera un error a tu servidor",
                    ),
                    expected: say(
                        "that it takes the second one, too",
                        "que tome también el segundo",
                    ),
                    came: &what_came(None, ended),
                    cause: say(
                        "Your server ended because one answer could not be sent: there are other clients; look at the error of answer(), too, and go on.",
                        "Tu servidor terminó porque no pudo mandar una respuesta: hay otros clientes; mirá también el error de answer(), y seguí.",
                    ),
                }
                .fail();
            }
            sleep(Duration::from_millis(1));
        }
    });
}
