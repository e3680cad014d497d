//! The tests of exercise 01. You need not change this file.

use std::io::ErrorKind;
use std::net::UdpSocket;

use ex01_first_socket::{BYTES, open, receive, send};
use kit::{
    Peer, Step, Told, beside, bytes, caught, error_words, exercise, nothing,
    say,
};

const STEPS: [Step; 3] = [
    (2, "make a socket", "creá un socket"),
    (3, "send the text", "mandá el texto"),
    (4, "wait for a datagram", "esperá un datagrama"),
];

#[test]
fn step_2_opens_a_socket_of_this_machine() {
    exercise(&STEPS, || {
        let [one, two] = [open(), open()];
        let did = say("called open() twice", "llamó a open() dos veces");
        let expected = say(
            "two sockets, at two ports of 127.0.0.1",
            "dos sockets, en dos puertos de 127.0.0.1",
        );
        for socket in [&one, &two] {
            if let Err(e) = socket {
                Told {
                    did,
                    expected,
                    came: &error_words(e),
                    cause: if e.kind() == ErrorKind::InvalidInput {
                        say(
                            "The address lacks its port: `127.0.0.1:0`.",
                            "A la dirección le falta el puerto: `127.0.0.1:0`.",
                        )
                    } else {
                        say(
                            "Your socket asks for one certain port: with port 0 the system chooses a free one.",
                            "Tu socket pide un puerto determinado: con el puerto 0, el sistema elige uno libre.",
                        )
                    },
                }
                .fail();
            }
        }
        let address = one.unwrap().local_addr().unwrap();
        if !address.ip().is_loopback() {
            Told {
                did,
                expected,
                came: &address.to_string(),
                cause: say(
                    "Your socket is open to the whole network: 127.0.0.1 is this machine alone.",
                    "Tu socket está abierto a toda la red: 127.0.0.1 es solamente esta máquina.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_sends_the_text_as_it_is() {
    exercise(&STEPS, || {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = Peer::new();
        let text = "mañana";
        let to = peer.address();
        let own = s.try_clone().unwrap();
        let sent = beside(move || send(&s, text, to)).wait();
        let did = say(
            "called send() with the text \"mañana\" and the address of a socket of its own",
            "llamó a send() con el texto \"mañana\" y la dirección de un socket propio",
        );
        let expected = bytes(text.as_bytes());
        if let Some(Err(e)) = &sent {
            Told {
                did,
                expected: &expected,
                came: &error_words(e),
                cause: say(
                    "Something in your send() reports an error: what does the documentation of `send_to` say of its arguments?",
                    "Algo en tu send() da un error: ¿qué dice la documentación de `send_to` sobre sus argumentos?",
                ),
            }
            .fail();
        }
        let Some((data, _)) = peer.receive() else {
            own.set_nonblocking(true).unwrap();
            Told {
                did,
                expected: &expected,
                came: &nothing(),
                cause: if own.recv_from(&mut [0; 100]).is_ok() {
                    say(
                        "Your datagram went to another address: send_to gets `to`, which send() was given.",
                        "Tu datagrama fue a otra dirección: a send_to pasale `to`, que send() recibe.",
                    )
                } else {
                    say(
                        "No datagram came: did you call `send_to`, and with `to`?",
                        "No llegó ningún datagrama: ¿llamaste a `send_to`, y con `to`?",
                    )
                },
            }
            .fail()
        };
        if data != text.as_bytes() {
            Told {
                did,
                expected: &expected,
                came: &bytes(&data),
                cause: say(
                    "You sent something that is not the text itself: `text.as_bytes()` are its bytes, no more and no fewer.",
                    "Mandaste algo que no es el texto tal cual: `text.as_bytes()` son sus bytes, ni más ni menos.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_4_gives_what_came() {
    exercise(&STEPS, || {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = s.local_addr().unwrap();
        let peer = Peer::new();
        let text = "mañana";
        peer.send(text.as_bytes(), to);
        let did = say(
            "sent \"mañana\" to a socket, and called receive() with it",
            "mandó \"mañana\" a un socket, y con él llamó a receive()",
        );
        let expected = bytes(text.as_bytes());
        let told = |came: &str, cause: &str| {
            Told { did, expected: &expected, came, cause }.fail()
        };
        let no_room = say(
            "Your buffer has no room: `Vec::with_capacity` makes a length of 0; write `[0; BYTES]`.",
            "Tu buffer no tiene lugar: `Vec::with_capacity` da una longitud de 0; escribí `[0; BYTES]`.",
        );
        match beside(move || receive(&s)).wait() {
            None => told(
                &nothing(),
                say(
                    "receive() still waits, and the datagram is there: does it wait at the socket `s` that it was given?",
                    "receive() sigue esperando, y el datagrama ya está: ¿espera en el socket `s` que recibió?",
                ),
            ),
            // Windows reports a buffer without room as an error.
            Some(Err(e)) => told(&error_words(&e), no_room),
            Some(Ok(given)) if given.is_empty() => told(&bytes(b""), no_room),
            Some(Ok(given)) if given.starts_with("mañana\0") => told(
                &bytes(given.as_bytes()),
                say(
                    "You gave the whole buffer: only the first n bytes came in, `&buffer[..n]`.",
                    "Diste el buffer entero: solo llegaron los primeros n bytes, `&buffer[..n]`.",
                ),
            ),
            Some(Ok(given)) if given != text => told(
                &bytes(given.as_bytes()),
                say(
                    "The text is not what came: bytes are UTF-8, and `String::from_utf8_lossy` turns them into text.",
                    "El texto no es lo que llegó: los bytes son UTF-8, y `String::from_utf8_lossy` los convierte en texto.",
                ),
            ),
            Some(Ok(_)) => {}
        }
    });
}

#[test]
fn step_4_has_room_for_a_whole_datagram() {
    exercise(&STEPS, || {
        let s = UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = Peer::new();
        let sent = [b'x'; BYTES];
        peer.send(&sent, s.local_addr().unwrap());
        let came = match beside(move || receive(&s)).wait() {
            Some(Ok(given)) if given.len() >= BYTES => return,
            None => nothing(),
            // Windows' word for what Unix cuts.
            Some(Err(e)) => error_words(&e),
            Some(Ok(given)) => bytes(given.as_bytes()),
        };
        Told {
            did: say(
                "sent BYTES bytes to a socket, and called receive() with it",
                "mandó BYTES bytes a un socket, y con él llamó a receive()",
            ),
            expected: &bytes(&sent),
            came: &came,
            cause: say(
                "Your buffer is smaller than BYTES: the rest of a longer datagram is lost.",
                "Tu buffer es más chico que BYTES: de un datagrama más largo se pierde el resto.",
            ),
        }
        .fail();
    });
}

#[test]
fn step_4_takes_any_byte() {
    exercise(&STEPS, || {
        for (sent, meant, cause) in [
            (
                &b"hola\0\0"[..],
                "hola\0\0",
                say(
                    "receive() loses zeros that were sent: a zero is a byte like any other, and n, not the bytes, says where the text ends.",
                    "receive() pierde ceros que alguien mandó: un cero es un byte como cualquier otro, y dónde termina el texto lo dice n, no los bytes.",
                ),
            ),
            (
                b"ho\xff",
                "ho\u{fffd}",
                say(
                    "Your program panics when something comes that is no text: a datagram may hold any byte, and `String::from_utf8_lossy` takes all of them.",
                    "Tu programa entra en pánico cuando llega algo que no es texto: un datagrama puede llevar cualquier byte, y `String::from_utf8_lossy` los acepta todos.",
                ),
            ),
        ] {
            let s = UdpSocket::bind("127.0.0.1:0").unwrap();
            let peer = Peer::new();
            peer.send(sent, s.local_addr().unwrap());
            let came = match beside(move || caught(|| receive(&s))).wait() {
                Some(Some(Ok(given))) if given == meant => continue,
                None => nothing(),
                Some(None) => say("a panic", "un pánico (panic)").to_string(),
                Some(Some(Err(e))) => error_words(&e),
                Some(Some(Ok(given))) => bytes(given.as_bytes()),
            };
            let did = say("sent ", "mandó ").to_string() + &bytes(sent);
            let then = say(
                " to a socket, and called receive() with it",
                " a un socket, y con él llamó a receive()",
            );
            Told {
                did: &(did + then),
                expected: &bytes(meant.as_bytes()),
                came: &came,
                cause,
            }
            .fail();
        }
    });
}
