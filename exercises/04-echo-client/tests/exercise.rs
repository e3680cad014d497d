//! The tests of exercise 04. You need not change this file.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use ex04_echo_client::{BYTES, open, report, send, wait};
use kit::{
    Peer, Step, Told, beside, bytes, caught, error_words, exercise, millis,
    nothing, only_receives, patience, refusals_are_told, say, skipped,
    to_nobody,
};

const STEPS: [Step; 4] = [
    (2, "make a socket that waits", "creá un socket que espere"),
    (3, "send the text", "mandá el texto"),
    (4, "wait for the answer", "esperá la respuesta"),
    (6, "say what came back", "decí qué volvió"),
];

/// A client's socket that these tests make themselves, and its address.
fn socket(timeout: Duration) -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    s.set_read_timeout(Some(timeout)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// The likely cause when a socket cannot be made.
fn certain_port() -> &'static str {
    say(
        "Your client asks for one certain port, which another program, the server perhaps, may have: nobody needs to know a client's port in advance.",
        "Tu cliente pide un puerto determinado, que puede tener otro programa, quizás el servidor: nadie necesita saber de antemano el puerto de un cliente.",
    )
}

#[test]
fn step_2_takes_any_free_port() {
    exercise(&STEPS, || {
        let timeout = Duration::from_millis(1500);
        let opened = [open(timeout), open(timeout)];
        for s in &opened {
            if let Err(e) = s {
                Told {
                    did: say(
                        "called open() twice, with a time-out of 1.5 s",
                        "llamó dos veces a open(), con un plazo de 1,5 s",
                    ),
                    expected: say(
                        "two sockets, at two ports",
                        "dos sockets, en dos puertos",
                    ),
                    came: &error_words(e),
                    cause: certain_port(),
                }
                .fail();
            }
        }
        for s in &opened {
            if let Ok(own) = s.as_ref().map(|s| s.local_addr().unwrap())
                && own.ip().is_loopback()
            {
                Told {
                    did: say("called open()", "llamó a open()"),
                    expected: say(
                        "a socket at 0.0.0.0, every address of this machine",
                        "un socket en 0.0.0.0, todas las direcciones de esta máquina",
                    ),
                    came: &own.to_string(),
                    cause: say(
                        "From 127.0.0.1 no datagram leaves the machine, and the server may be at another: bind to 0.0.0.0, port 0.",
                        "Desde 127.0.0.1 ningún datagrama sale de la máquina, y el servidor puede estar en otra: asocialo a 0.0.0.0, puerto 0.",
                    ),
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_2_waits_so_long_and_no_longer() {
    exercise(&STEPS, || {
        for timeout in [400, 200, 1500].map(Duration::from_millis) {
            check_timeout(timeout);
        }
    });
}

/// Fails if what open() gives does not wait so long.
fn check_timeout(timeout: Duration) {
    let did = say("called open() with", "llamó a open() con");
    let did = format!("{did} {}", millis(timeout));
    let expected = say(
        "a socket whose `recv_from` gives up after that time",
        "un socket cuyo `recv_from` desiste después de ese tiempo",
    );
    let told = |came: &str, cause: &str| -> ! {
        Told { did: &did, expected, came, cause }.fail()
    };
    let long = timeout > Duration::from_secs(1);
    let another = if long {
        say(
            "Your socket takes a short time-out as it is, and not one of more than a second: `subsec_millis`, say, leaves the whole seconds out.",
            "Tu socket respeta un plazo corto, pero no uno de más de un segundo: `subsec_millis`, por ejemplo, deja afuera los segundos enteros.",
        )
    } else {
        say(
            "Your socket waits for another time than open() was told: look at the units, or take `timeout` as it is.",
            "Tu socket espera otro tiempo que el que recibe open(): fijate en las unidades, o usá `timeout` tal cual.",
        )
    };
    let s = match open(timeout) {
        Ok(s) => s,
        // A time-out of 0 s.
        Err(e) if e.kind() == ErrorKind::InvalidInput => {
            told(&error_words(&e), another)
        }
        Err(e) => told(&error_words(&e), certain_port()),
    };
    let set = s.read_timeout().unwrap();
    let write = s.write_timeout().unwrap();
    // The system may round what it is told.
    if let Some(set) = set.filter(|set| set.abs_diff(timeout) > timeout / 4) {
        told(&millis(set), another);
    }
    if long {
        return; // It does wait: the short ones came before.
    }
    let received = beside(move || {
        let begun = Instant::now();
        let received = s.recv_from(&mut [0]);
        (received, begun.elapsed())
    });
    match received.wait() {
        None if write.is_some() => told(
            &nothing(),
            say(
                "Your socket has a limit for sending, and waits for ever to receive: a socket has two time-outs; which one is this?",
                "Tu socket tiene un límite para mandar, y para recibir espera siempre: un socket tiene dos plazos; ¿cuál es este?",
            ),
        ),
        None => told(
            &nothing(),
            say(
                "Your client waits for ever for an answer that does not come: who tells the socket of `timeout`?",
                "Tu cliente espera para siempre una respuesta que no viene: ¿quién le avisa al socket de `timeout`?",
            ),
        ),
        Some((Err(e), waited)) if waited < timeout / 2 => told(
            &format!("{}, {}", error_words(&e), millis(waited)),
            say(
                "Your socket does not wait at all: a non-blocking socket looks once, when the answer is still on its way.",
                "Tu socket no espera nada: un socket no bloqueante mira una sola vez, cuando la respuesta todavía está en camino.",
            ),
        ),
        Some(_) => {}
    }
}

#[test]
fn step_3_sends_the_text_to_the_server() {
    exercise(&STEPS, || {
        let (s, address) = socket(patience());
        let server = Peer::new();
        let to = server.address();
        let text = "¿Hola?";
        let sent = beside(move || send(&s, text, to)).wait();
        let did = say(
            "called send() with \"¿Hola?\" and the address of a server of its own, ",
            "llamó a send() con \"¿Hola?\" y la dirección de un servidor propio, ",
        );
        let did = format!("{did}{to}");
        let from = say("from", "desde");
        let expected = format!("{} {from} {address}", bytes(text.as_bytes()));
        let told = |came: &str, cause| {
            Told { did: &did, expected: &expected, came, cause }.fail()
        };
        let elsewhere = say(
            "Your client does not reach this server: it calls the one whose address send() was given, and no other.",
            "Tu cliente no llega a este servidor: tiene que llamar al de la dirección que recibe send(), y a ningún otro.",
        );
        if let Some(Err(e)) = sent {
            told(&error_words(&e), elsewhere);
        }
        let Some((data, sender)) = server.receive() else {
            told(&nothing(), elsewhere)
        };
        let came = format!("{} {from} {sender}", bytes(&data));
        if data != text.as_bytes() {
            told(
                &came,
                say(
                    "Your client sends something else than the text: a datagram is as long as what it holds, with nothing to fill it up and nothing to end it.",
                    "Tu cliente manda otra cosa que el texto: un datagrama es tan largo como lo que lleva, sin relleno y sin marca de final.",
                ),
            );
        }
        if sender != address {
            told(
                &came,
                say(
                    "Your client asks through another socket, and the answer will go there: send through `s`, where wait() waits.",
                    "Tu cliente pregunta por otro socket, y la respuesta va a ir ahí: mandá por `s`, que es donde espera wait().",
                ),
            );
        }
    });
}

#[test]
fn step_3_gives_the_error() {
    exercise(&STEPS, || {
        let (s, _) = socket(patience());
        let server = Peer::new();
        let to = server.address();
        let fails = only_receives(&s, to);
        let sent = beside(move || send(&s, "hola", to)).wait();
        if !fails {
            return skipped(say(
                "this system has no socket that can only receive",
                "este sistema no tiene un socket que solo pueda recibir",
            ));
        }
        if matches!(sent, Some(Ok(()))) {
            Told {
                did: say(
                    "called send() with a socket that can only receive",
                    "llamó a send() con un socket que solo puede recibir",
                ),
                expected: say(
                    "the error with which `send_to` failed",
                    "el error con el que falló `send_to`",
                ),
                came: "Ok(())",
                cause: say(
                    "send() reports no error, though nothing can be sent through `s`: give the error of `send_to` to the caller.",
                    "send() no avisa de ningún error, aunque por `s` no se puede mandar nada: entregale a quien llama el error de `send_to`.",
                ),
            }
            .fail();
        }
    });
}

/// Sends `sent` to a client's socket and calls wait(); fails with the words of
/// `cause` if it does not give these bytes.
fn check_wait<'a>(sent: &[u8], cause: impl FnOnce(&[u8]) -> &'a str) {
    let (s, address) = socket(patience() * 10);
    let server = Peer::new();
    server.send(sent, address);
    let did = say("sent ", "mandó ").to_string() + &bytes(sent);
    let did = did
        + say(" to a socket, called wait()", " a un socket, llamó a wait()");
    let told = |came: &str, cause| {
        Told { did: &did, expected: &bytes(sent), came, cause }.fail()
    };
    match beside(move || wait(&s)).wait() {
        None => told(
            &nothing(),
            say(
                "wait() still waits, and the answer has come: it comes to the socket that asked, `s`; is that where wait() looks?",
                "wait() sigue esperando, y la respuesta ya llegó: llega al socket que preguntó, `s`; ¿es ahí donde mira wait()?",
            ),
        ),
        Some(Err(e)) => told(&error_words(&e), cause(b"")),
        Some(Ok(data)) if data != sent => told(&bytes(&data), cause(&data)),
        Some(Ok(_)) => {}
    }
}

#[test]
fn step_4_gives_what_came() {
    exercise(&STEPS, || {
        check_wait(b"hola", |_| {
            say(
                "wait() does not give the answer as it came: how many bytes of your buffer are the answer?",
                "wait() no da la respuesta tal como llegó: ¿cuántos bytes de tu buffer son la respuesta?",
            )
        });
        check_wait(b"ho\0la\0", |_| {
            say(
                "wait() looks for a 0 byte to find the end of the answer: 0 is a byte like any other, and only the number that `recv_from` gives says how many came.",
                "wait() busca un byte 0 para encontrar el final de la respuesta: el 0 es un byte como cualquier otro, y cuántos llegaron lo dice solo el número que da `recv_from`.",
            )
        });
        check_wait(b"", |_| {
            say(
                "wait() does not take an empty datagram for an answer: it is one, of 0 bytes, and no end and no error.",
                "wait() no toma un datagrama vacío por una respuesta: lo es, de 0 bytes, y no un final ni un error.",
            )
        });
        check_wait(&[b'x'; BYTES], |_| {
            say(
                "Your buffer is smaller than BYTES: an answer may be that long, and what has no room is lost.",
                "Tu buffer es más chico que BYTES: una respuesta puede tener ese largo, y lo que no entra se pierde.",
            )
        });
    });
}

/// The likely cause when wait() gives another error than `recv_from` did.
fn error_of_its_own() -> &'static str {
    say(
        "wait() gives something of its own instead of the error of `recv_from`: report() looks at the error's kind, so hand it on as it is.",
        "wait() da otra cosa en lugar del error de `recv_from`: report() mira la clase del error, así que entregalo tal cual.",
    )
}

#[test]
fn step_4_gives_up_when_the_socket_does() {
    exercise(&STEPS, || {
        let (s, address) = socket(Duration::from_millis(50));
        let server = Peer::new();
        server.send(b"hola", address);
        let waited = beside(move || {
            let first = wait(&s);
            (first, catch_unwind(|| wait(&s)))
        });
        let told = |came: &str, cause: &str| {
            Told {
                did: say(
                    "sent nothing to a socket that waits for 50 ms, and called wait()",
                    "no le mandó nada a un socket que espera 50 ms, y llamó a wait()",
                ),
                expected: say(
                    "the error with which `recv_from` gave up",
                    "el error con el que desistió `recv_from`",
                ),
                came,
                cause,
            }
            .fail()
        };
        match waited.wait() {
            None => told(
                &nothing(),
                say(
                    "wait() goes on after the time-out, and so waits for ever: whoever calls it decides whether to try again.",
                    "wait() sigue después de que vence el plazo, y así espera para siempre: quien la llama decide si probar otra vez.",
                ),
            ),
            Some((_, Err(_))) => told(
                say("a panic", "un pánico (panic)"),
                say(
                    "wait() panics when nothing comes: `unwrap` and `expect` end the program at any error; hand it to the caller.",
                    "wait() entra en pánico cuando no llega nada: `unwrap` y `expect` terminan el programa ante cualquier error; entregáselo a quien llama.",
                ),
            ),
            Some((_, Ok(Ok(data)))) => told(
                &bytes(&data),
                say(
                    "wait() makes an answer of silence: whoever reads it cannot tell an empty answer from none.",
                    "wait() convierte el silencio en una respuesta: quien la lee no distingue una respuesta vacía de ninguna.",
                ),
            ),
            Some((_, Ok(Err(e)))) => {
                use ErrorKind::{TimedOut, WouldBlock};
                if !matches!(e.kind(), WouldBlock | TimedOut) {
                    told(&error_words(&e), error_of_its_own());
                }
            }
        }
    });
}

#[test]
fn step_4_gives_any_other_error() {
    exercise(&STEPS, || {
        use ErrorKind::{ConnectionRefused, ConnectionReset};
        let s = to_nobody();
        s.set_read_timeout(Some(patience() * 10)).unwrap();
        s.send(b"").unwrap();
        let given = beside(move || wait(&s)).wait();
        if !refusals_are_told() {
            return skipped(say(
                "this system does not say that nobody listens",
                "este sistema no avisa que no escucha nadie",
            ));
        }
        let Some(given) = given else {
            return; // It does not give up: another test's.
        };
        let kind = given.as_ref().map_err(io::Error::kind);
        if matches!(kind, Err(ConnectionRefused | ConnectionReset)) {
            return;
        }
        Told {
            did: say(
                "sent a datagram to a port where nobody listens, and called wait()",
                "mandó un datagrama a un puerto donde no escucha nadie, y llamó a wait()",
            ),
            expected: &error_words(&ConnectionRefused.into()),
            came: &given.map_or_else(|e| error_words(&e), |data| bytes(&data)),
            cause: error_of_its_own(),
        }
        .fail();
    });
}

/// What report() says, or the words for what came instead.
fn reported(answer: io::Result<&[u8]>) -> Result<String, String> {
    let answer = answer.map(<[u8]>::to_vec);
    match caught(|| report(answer)) {
        Some(given) => given.map_err(|e| error_words(&e)),
        None => Err(say("a panic", "un pánico (panic)").to_string()),
    }
}

/// The same in words for `came`, where the end of a line can be seen.
fn shown(said: Result<String, String>) -> String {
    said.map_or_else(|words| words, |text| bytes(text.as_bytes()))
}

#[test]
fn step_6_says_the_text() {
    exercise(&STEPS, || {
        let first = reported(Ok(b"hola"));
        // The text is there, and what stands before it is not.
        let text =
            |said: &str| said.trim_start_matches(['-', '>', ' ']) == "hola";
        let no_arrow = first.as_deref().is_ok_and(text);
        let line = first.as_deref() == Ok("--> hola\n");
        for (did, expected, said, cause) in [
            (
                "report(Ok(b\"hola\"))",
                "--> hola",
                first,
                if no_arrow {
                    say(
                        "report() gives the text, and another arrow before it: the answer stands behind `--> `, with one space between them.",
                        "report() da el texto, pero delante no está la misma flecha: la respuesta va después de `--> `, con un espacio en el medio.",
                    )
                } else if line {
                    say(
                        "report() ends the line, too: give the text without `\\n`, since `println!` in main.rs ends it.",
                        "report() también termina la línea: devolvé el texto sin `\\n`, porque la termina el `println!` de main.rs.",
                    )
                } else {
                    say(
                        "report() does not say the answer's text: bytes become text with `String::from_utf8_lossy`, and `{}` writes it without quotes.",
                        "report() no dice el texto de la respuesta: los bytes se convierten en texto con `String::from_utf8_lossy`, y `{}` lo escribe sin comillas.",
                    )
                },
            ),
            (
                "report(Ok(b\" hola \"))",
                "-->  hola ",
                reported(Ok(b" hola ")),
                say(
                    "report() cuts the spaces off the answer: they are part of what the server sent, so show the text as it came.",
                    "report() le saca los espacios a la respuesta: son parte de lo que mandó el servidor, así que mostrá el texto tal como llegó.",
                ),
            ),
            (
                "report(Ok(b\"\"))",
                "--> ",
                reported(Ok(b"")),
                say(
                    "report() does not show an empty answer as one: the server did answer, with 0 bytes, and they stand behind the same `--> `.",
                    "report() no muestra una respuesta vacía como respuesta: el servidor sí respondió, con 0 bytes, y van después del mismo `--> `.",
                ),
            ),
            (
                "report(Ok(b\"ho\\xff\"))",
                "--> ho\u{fffd}",
                reported(Ok(b"ho\xff")),
                say(
                    "report() fails when the answer is no text: a server may send any bytes, and what is no UTF-8 gets a sign of its own, U+FFFD.",
                    "report() falla cuando la respuesta no es un texto: un servidor puede mandar cualquier byte, y lo que no es UTF-8 lleva un signo propio, U+FFFD.",
                ),
            ),
        ] {
            if said.as_deref() != Ok(expected) {
                let called = say("called ", "llamó a ");
                Told {
                    did: &format!("{called}{did}"),
                    expected: &bytes(expected.as_bytes()),
                    came: &shown(said),
                    cause,
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_6_says_that_there_is_no_answer() {
    exercise(&STEPS, || {
        let [unix, windows] = [ErrorKind::WouldBlock, ErrorKind::TimedOut]
            .map(|kind| reported(Err(kind.into())));
        let told = |kind: &str, came: Result<String, String>, cause: &str| {
            let did = say(
                "called report() with the error of a socket whose time-out is over: ",
                "llamó a report() con el error de un socket al que se le venció el plazo: ",
            );
            Told {
                did: &format!("{did}ErrorKind::{kind}"),
                expected: &bytes(b"no answer"),
                came: &shown(came),
                cause,
            }
            .fail()
        };
        let good =
            |said: &Result<String, String>| said.as_deref() == Ok("no answer");
        match (good(&unix), good(&windows)) {
            (true, true) => {}
            (false, false) if unix.is_ok() => told(
                "WouldBlock",
                unix,
                say(
                    "report() says that in words of its own: `no answer`, in small letters, and nothing behind it; others look for these very words.",
                    "report() lo dice con otras palabras: `no answer`, en minúsculas y sin nada detrás; hay quien busca exactamente esas palabras.",
                ),
            ),
            (false, false) => told(
                "WouldBlock",
                unix,
                say(
                    "report() treats a time-out as a failure: for this client it is one of two usual ends, with words of its own.",
                    "report() trata un plazo vencido como una falla: para este cliente es uno de los dos finales de siempre, con sus propias palabras.",
                ),
            ),
            (false, true) => told(
                "WouldBlock",
                unix,
                say(
                    "report() knows the time-out of Windows alone: `TimedOut` is its name there; Linux and macOS call it `WouldBlock`.",
                    "report() conoce solo el plazo vencido de Windows: ahí se llama `TimedOut`; Linux y macOS le dicen `WouldBlock`.",
                ),
            ),
            (true, false) => told(
                "TimedOut",
                windows,
                say(
                    "report() knows the time-out of Linux and macOS alone, `WouldBlock`; on Windows your client would need `TimedOut`.",
                    "report() conoce solo el plazo vencido de Linux y macOS, `WouldBlock`; en Windows, a tu cliente le haría falta `TimedOut`.",
                ),
            ),
        }
    });
}

#[test]
fn step_6_passes_any_other_error_on() {
    exercise(&STEPS, || {
        let whatever = say(
            "report() says \"no answer\" whatever the error is: then nobody learns of the others, a network that is down, say.",
            "report() dice \"no answer\" ante cualquier error: así nadie se entera de los otros; una red caída, por ejemplo.",
        );
        let refused = say(
            "report() says \"no answer\" where the system has said more: that nobody listens is no time-out, and the caller must learn of it.",
            "report() dice \"no answer\" donde el sistema dijo más: que no escucha nadie no es un plazo vencido, y quien llama tiene que enterarse.",
        );
        for (kind, says) in [
            (ErrorKind::PermissionDenied, whatever),
            (ErrorKind::ConnectionRefused, refused),
            (ErrorKind::ConnectionReset, refused),
        ] {
            let given = caught(|| report(Err(kind.into())));
            let (came, cause) = match given {
                Some(Err(e)) if e.kind() == kind => continue,
                Some(Ok(said)) => (bytes(said.as_bytes()), says),
                Some(Err(e)) => (
                    error_words(&e),
                    say(
                        "report() gives an error of its own for the one that it got: the caller wants to know what happened, so give that very error.",
                        "report() devuelve un error propio en lugar del que recibió: quien llama quiere saber qué pasó, así que devolvé ese mismo error.",
                    ),
                ),
                None => (
                    say("a panic", "un pánico (panic)").to_string(),
                    say(
                        "report() panics at an error that is no time-out: give it to the caller, who decides what to do then.",
                        "report() entra en pánico ante un error que no es un plazo vencido: entregáselo a quien llama, que decide qué hacer.",
                    ),
                ),
            };
            let did = say(
                "called report() with an error that is no time-out: ErrorKind::",
                "llamó a report() con un error que no es un plazo vencido: ErrorKind::",
            );
            Told {
                did: &format!("{did}{kind:?}"),
                expected: say("the same error", "el mismo error"),
                came: &came,
                cause,
            }
            .fail();
        }
    });
}
