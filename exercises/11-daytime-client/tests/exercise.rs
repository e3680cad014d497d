//! The tests of exercise 11. You need not change this file.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use ex11_daytime_client::{TRIES, ask, ask_again, line, open, wait};
use kit::{
    Peer, Program, Step, Told, beside, bytes, caught, error_words, exercise,
    free_port, millis, nothing, patience, references, say, skipped,
};

const STEPS: [Step; 5] = [
    (4, "make a connected socket", "creá un socket conectado"),
    (6, "ask", "preguntá"),
    (7, "wait for the answer", "esperá la respuesta"),
    (10, "make the line that is printed", "armá la línea que se imprime"),
    (9, "ask again if nothing came", "preguntá otra vez si no llegó nada"),
];

/// A time-out that is soon over.
const SOON: Duration = Duration::from_millis(200);

/// A client's socket that these tests make themselves, connected to a server.
fn connected(server: SocketAddr) -> UdpSocket {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    s.connect(server).unwrap();
    s
}

/// An address of this machine where nobody listens.
fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

/// What the student's function gave, if it ended; and if it did not panic.
type Given = Option<Option<io::Result<Option<Vec<u8>>>>>;

/// The same, in words for `came`.
fn words(given: &Given) -> String {
    match given {
        None => say("it still waits", "sigue esperando").to_string(),
        Some(None) => say("a panic", "un pánico (panic)").to_string(),
        Some(Some(Ok(None))) => no_answer().to_string(),
        Some(Some(Ok(Some(data)))) => bytes(data),
        Some(Some(Err(e))) => error_words(e),
    }
}

fn no_answer() -> &'static str {
    say("None: no answer", "None: ninguna respuesta")
}

#[test]
fn step_4_is_connected_to_the_server() {
    exercise(&STEPS, || {
        let peer = Peer::new();
        let server = peer.address();
        let did = say("called open() with ", "llamó a open() con ");
        let expected = say("a socket connected to ", "un socket conectado a ");
        let (came, cause) = match open(server).map(|s| s.peer_addr()) {
            Ok(Ok(to)) if to == server => return,
            Ok(Ok(to)) => (
                to.to_string(),
                say(
                    "Your socket is connected to somebody else: `connect` gets the address of whom you will ask, `server`.",
                    "Tu socket está conectado a otro: `connect` recibe la dirección de quien vas a consultar, `server`.",
                ),
            ),
            Ok(Err(_)) => (
                say("one that is not connected", "uno sin conectar")
                    .to_string(),
                say(
                    "Your socket is not connected: a stranger's datagram would be taken for the answer, and nobody would say that no server is there.",
                    "Tu socket no está conectado: tomaría por la respuesta el datagrama de un extraño, y nadie avisaría que no hay ningún servidor.",
                ),
            ),
            Err(e) => (
                error_words(&e),
                say(
                    "Your socket asks for an address that is taken or not here: `bind` is for your side, and gets a free port, `0.0.0.0:0`.",
                    "Tu socket pide una dirección ocupada, o que no está acá: `bind` es para tu lado, y recibe un puerto libre, `0.0.0.0:0`.",
                ),
            ),
        };
        Told {
            did: &format!("{did}{server}"),
            expected: &format!("{expected}{server}"),
            came: &came,
            cause,
        }
        .fail();
    });
}

#[test]
fn step_6_asks_with_one_empty_datagram() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let s = connected(server.address());
        let told = |came: &str, cause: &str| -> ! {
            Told {
                did: say(
                    "called ask() with a connected socket",
                    "llamó a ask() con un socket conectado",
                ),
                expected: say(
                    "an empty datagram at the server",
                    "un datagrama vacío en el servidor",
                ),
                came,
                cause,
            }
            .fail()
        };
        let nowhere = say(
            "Your question does not get to the server: on a connected socket, `send` needs no address, and without any byte it sends a datagram, too.",
            "Tu pregunta no le llega al servidor: en un socket conectado, `send` no necesita dirección, y sin ningún byte también manda un datagrama.",
        );
        if let Err(e) = ask(&s) {
            told(&error_words(&e), nowhere);
        }
        // Had there been two of them, the second would come before this.
        s.send(b"after").unwrap();
        let came = [(); 2].map(|()| server.receive());
        let came = came
            .map(|came| came.unwrap_or_else(|| told(&nothing(), nowhere)).0);
        match came.each_ref().map(|data| &data[..]) {
            [b"", b"after"] => {}
            [b"after", _] => told(&nothing(), nowhere),
            [b"", _] => told(
                say("more than one", "más de uno"),
                say(
                    "Your client sends more than one datagram for one question, and the server answers each: what is lost is asked again by step 9.",
                    "Tu cliente manda más de un datagrama por pregunta, y el servidor los responde todos: lo que se pierde lo vuelve a preguntar el paso 9.",
                ),
            ),
            [data, _] => told(
                &bytes(data),
                say(
                    "Your question holds something, and no daytime server reads it: send no byte at all, `b\"\"`.",
                    "Tu pregunta lleva algo, y ningún servidor de daytime lo lee: no mandes ningún byte, `b\"\"`.",
                ),
            ),
        }
    });
}

/// Calls wait() at the socket.
fn waited(s: UdpSocket, at_most: Duration) -> Given {
    beside(move || caught(|| wait(&s, at_most))).wait()
}

/// Sends `sent` to a client's socket and calls wait(); fails with `cause` if it
/// does not give these bytes.
fn check_wait(sent: &[u8], cause: &str) {
    let server = Peer::new();
    let s = connected(server.address());
    server.send(sent, s.local_addr().unwrap());
    let given = waited(s, patience() * 10);
    if !matches!(&given, Some(Some(Ok(Some(data)))) if data == sent) {
        let did = say("answered with ", "respondió ");
        let called = say(", called wait()", ", y llamó a wait()");
        Told {
            did: &format!("{did}{}{called}", bytes(sent)),
            expected: &bytes(sent),
            came: &words(&given),
            cause,
        }
        .fail();
    }
}

#[test]
fn step_7_gives_what_came() {
    exercise(&STEPS, || {
        check_wait(
            b"22 NOV 2026 10:16:00 UTC\r\n",
            say(
                "wait() does not give the answer as it came: one `recv`, at `s`, and of your buffer the first n bytes.",
                "wait() no da la respuesta tal como llegó: un solo `recv`, en `s`, y de tu buffer los primeros n bytes.",
            ),
        );
        check_wait(
            b"",
            say(
                "wait() takes an empty answer for none: a datagram of 0 bytes has come, and that is no silence.",
                "wait() toma una respuesta vacía por ninguna: llegó un datagrama de 0 bytes, y eso no es silencio.",
            ),
        );
    });
}

#[test]
fn step_7_gives_up_in_time() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let begun = Instant::now();
        let given = waited(connected(server.address()), SOON);
        let took = begun.elapsed();
        let told = |cause| {
            Told {
                did: say(
                    "called wait() with 200 ms, and the server did not answer",
                    "llamó a wait() con 200 ms, y el servidor no respondió",
                ),
                expected: &format!("{}, {}", no_answer(), millis(SOON)),
                came: &format!("{}, {}", words(&given), millis(took)),
                cause,
            }
            .fail()
        };
        match &given {
            None => told(say(
                "wait() waits for ever, or longer than it was told: who tells the socket of `at_most`?",
                "wait() espera para siempre, o más de lo que recibe: ¿quién le avisa al socket de `at_most`?",
            )),
            Some(None) => told(say(
                "wait() panics when nothing comes: `unwrap` and `expect` end the program at any error; `in_time` looks at it.",
                "wait() entra en pánico cuando no llega nada: `unwrap` y `expect` terminan el programa ante cualquier error; `in_time` lo mira.",
            )),
            Some(Some(Err(_))) => told(say(
                "wait() treats silence as a failure, and then nobody asks again: `in_time` makes a `None` of this error.",
                "wait() trata el silencio como una falla, y entonces nadie vuelve a preguntar: `in_time` convierte ese error en `None`.",
            )),
            Some(Some(Ok(Some(_)))) => told(say(
                "wait() makes an answer of silence: give `None` when nothing came.",
                "wait() convierte el silencio en una respuesta: devolvé `None` cuando no llegó nada.",
            )),
            Some(Some(Ok(None))) if took < SOON / 2 => told(say(
                "wait() does not wait: an answer needs its time on the way; is your socket non-blocking, or its time-out too short?",
                "wait() no espera: una respuesta tarda en llegar; ¿tu socket es no bloqueante, o su plazo es demasiado corto?",
            )),
            Some(Some(Ok(None))) => {}
        }
    });
}

/// Whether this system says that nobody listens at a port. (Wine does not.)
fn is_told() -> bool {
    let s = connected(nobody());
    s.set_read_timeout(Some(patience())).unwrap();
    let _ = s.send(b"");
    use ErrorKind::{ConnectionRefused, ConnectionReset};
    let kind = s.recv(&mut [0]).map_err(|e| e.kind());
    matches!(kind, Err(ConnectionRefused | ConnectionReset))
}

/// Fails if `given` is no error, at a port where nobody listens.
fn check_refused(given: &Given, did: &str, cause: &str) {
    if matches!(given, Some(Some(Err(_)))) {
        return;
    }
    if matches!(given, Some(Some(Ok(None)))) && !is_told() {
        skipped(say(
            "this system does not say that nobody listens",
            "este sistema no avisa que no escucha nadie",
        ));
        return;
    }
    let expected = error_words(&ErrorKind::ConnectionRefused.into());
    Told { did, expected: &expected, came: &words(given), cause }.fail();
}

#[test]
fn step_7_passes_any_other_error_on() {
    exercise(&STEPS, || {
        let s = connected(nobody());
        s.send(b"").unwrap();
        check_refused(
            &waited(s, SOON),
            say(
                "sent a datagram to a port where nobody listens, and called wait()",
                "mandó un datagrama a un puerto donde no escucha nadie, y llamó a wait()",
            ),
            say(
                "wait() takes every error for silence: that nobody listens is known at once, and there is nothing to wait for.",
                "wait() toma cualquier error por silencio: que no escucha nadie se sabe al instante, y no hay nada que esperar.",
            ),
        );
    });
}

/// Calls line(), and fails with what `cause` makes of its text if that is not
/// `expected`.
fn check_line<'a>(
    data: &'static [u8],
    expected: &str,
    cause: impl FnOnce(&str) -> &'a str,
) {
    let given = caught(|| line(data));
    if given.as_deref() != Some(expected) {
        let called = say("called line() with ", "llamó a line() con ");
        let said = given.as_deref().unwrap_or_default();
        let panic = say("a panic", "un pánico (panic)").to_string();
        Told {
            did: &format!("{called}{}", bytes(data)),
            expected: &bytes(expected.as_bytes()),
            came: &given.as_ref().map_or(panic, |s| bytes(s.as_bytes())),
            cause: cause(said),
        }
        .fail();
    }
}

#[test]
fn step_10_gives_the_text_without_its_end() {
    exercise(&STEPS, || {
        let text = "Sunday, November 22, 2026 10:16:00-UTC";
        let data = b"Sunday, November 22, 2026 10:16:00-UTC\r\n";
        check_line(data, text, |said| match said.strip_prefix(text) {
            Some("??") => say(
                "Your line ends with `??`: CR and LF are control characters, too, so cut them off first.",
                "Tu línea termina con `??`: CR y LF también son caracteres de control, así que sacalos primero.",
            ),
            Some(_) => say(
                "Your line still has its CR or LF: println! adds an end of its own, so cut the one that came off, with `trim`.",
                "Tu línea todavía tiene su CR o su LF: println! agrega un final propio, así que sacale el que llegó, con `trim`.",
            ),
            None => say(
                "line() does not give the text of the answer: `String::from_utf8_lossy` makes text of bytes.",
                "line() no da el texto de la respuesta: `String::from_utf8_lossy` convierte los bytes en texto.",
            ),
        });
    });
}

#[test]
fn step_10_makes_control_characters_harmless() {
    exercise(&STEPS, || {
        check_line(b"\x1b[2J10:16\r\n", "?[2J10:16", |_| {
            say(
                "Your line has control characters in it: with them, a stranger's answer clears your terminal, or changes it.",
                "Tu línea tiene caracteres de control: con ellos, la respuesta de un extraño te borra la terminal, o la cambia.",
            )
        });
        check_line("\u{9b}2J10:16\r\n".as_bytes(), "?2J10:16", |_| {
            say(
                "Your line knows the control characters of ASCII alone: there are more, from U+0080 to U+009F; `char::is_control` knows them all.",
                "Tu línea conoce solo los caracteres de control de ASCII: hay más, de U+0080 a U+009F; `char::is_control` los conoce todos.",
            )
        });
    });
}

#[test]
fn step_10_takes_any_byte() {
    exercise(&STEPS, || {
        let data = b"s\xe1bado 10:16\r\n";
        let given = caught(|| line(data));
        let good =
            |text: &str| text.starts_with('s') && text.ends_with("bado 10:16");
        if !given.as_deref().is_some_and(good) {
            let called = say("called line() with ", "llamó a line() con ");
            let panic = say("a panic", "un pánico (panic)").to_string();
            Told {
                did: &format!("{called}{}", bytes(data)),
                expected: &bytes("s\u{fffd}bado 10:16".as_bytes()),
                came: &given.map_or(panic, |text| bytes(text.as_bytes())),
                cause: say(
                    "line() wants UTF-8, and a server may send any byte: where one is none, a sign of its own, U+FFFD, takes its place.",
                    "line() exige UTF-8, y un servidor puede mandar cualquier byte: en lugar de uno que no lo es va un signo propio, U+FFFD.",
                ),
            }
            .fail();
        }
    });
}

/// What happened while ask_again() ran.
#[derive(Default)]
struct Log {
    /// The server that it asks.
    server: Option<UdpSocket>,
    /// How many questions have come there.
    questions: u32,
    /// Which numbers were noted; when, and after how many questions.
    notes: Vec<(u32, Instant, u32)>,
}

thread_local! {
    /// That of the thread in which ask_again() runs.
    static LOG: RefCell<Log> = RefCell::default();
}

/// What ask_again() calls: notes the number.
fn note(number: u32) {
    LOG.with_borrow_mut(|log| {
        log.count();
        log.notes.push((number, Instant::now(), log.questions));
    });
}

impl Log {
    /// Counts the questions that have come.
    fn count(&mut self) {
        let Some(server) = &self.server else { return };
        server.set_nonblocking(true).unwrap();
        let none = |e: io::Error| e.kind() == ErrorKind::WouldBlock;
        while !server.recv(&mut [0; 100]).is_err_and(none) {
            self.questions += 1;
        }
    }
}

/// Calls ask_again(), with `s`; if `server` is not `None`, it is silent.
fn asked(
    s: UdpSocket,
    first: Duration,
    server: Option<UdpSocket>,
) -> (Given, Log) {
    let asked = beside(move || {
        LOG.set(Log { server, ..Log::default() });
        let given = caught(|| ask_again(&s, first, note));
        let mut log = LOG.take();
        log.count();
        (given, log)
    });
    match asked.wait().or_else(|| asked.wait()) {
        Some((given, log)) => (Some(given), log),
        None => (None, Log::default()),
    }
}

/// The first wait in these tests: they may be told to be more patient, on a
/// machine that has much to do.
fn first() -> Duration {
    (patience() / 10).min(Duration::from_millis(500))
}

/// What the tests with a silent server did.
fn silent() -> String {
    let did = say(
        "called ask_again() with a server that never answers, and a first wait of",
        "llamó a ask_again() con un servidor que nunca responde, y una primera espera de",
    );
    format!("{did} {}", millis(first()))
}

/// Calls ask_again() with a server that never answers.
fn asked_in_vain() -> (Given, Log, Instant) {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let s = connected(server.local_addr().unwrap());
    let begun = Instant::now();
    let (given, log) = asked(s, first(), Some(server));
    (given, log, begun)
}

#[test]
fn step_9_asks_three_times() {
    exercise(&STEPS, || {
        let (given, log, _) = asked_in_vain();
        let questions =
            say("questions at the server", "preguntas en el servidor");
        let asked = format!("{questions}: {}", log.questions);
        let told = |came: &str, cause| {
            let expected = format!("{questions}: {TRIES}; {}", no_answer());
            Told { did: &silent(), expected: &expected, came, cause }.fail()
        };
        if given.is_none() {
            told(
                &words(&given),
                say(
                    "ask_again() does not end: count the tries, and after the last one give `Ok(None)`.",
                    "ask_again() no termina: contá los intentos, y después del último devolvé `Ok(None)`.",
                ),
            );
        }
        if log.notes.first().is_some_and(|(_, _, questions)| *questions > 1) {
            told(
                say(
                    "all the questions at once",
                    "todas las preguntas de una vez",
                ),
                say(
                    "Your client asks again before it has waited: after each question, wait for its answer, and only then ask again.",
                    "Tu cliente vuelve a preguntar antes de haber esperado: después de cada pregunta, esperá su respuesta, y recién entonces preguntá otra vez.",
                ),
            );
        }
        if !matches!(given, Some(Some(Ok(None)))) {
            told(
                &format!("{asked}; {}", words(&given)),
                say(
                    "ask_again() does not say that nothing came: after the last try it gives `Ok(None)`, and report() has the sentence.",
                    "ask_again() no dice que no llegó nada: después del último intento devuelve `Ok(None)`, y report() tiene la frase.",
                ),
            );
        }
        match log.questions {
            0 | 1 => told(
                &asked,
                say(
                    "Your client gives up at the first silence: a datagram may be lost, so ask again before you give up.",
                    "Tu cliente desiste con el primer silencio: un datagrama se puede perder, así que preguntá otra vez antes de desistir.",
                ),
            ),
            few if few < TRIES => told(
                &asked,
                say(
                    "Your client asks too few times: `1..TRIES` ends before TRIES, and `1..=TRIES` with it.",
                    "Tu cliente pregunta menos veces: `1..TRIES` termina antes de TRIES, y `1..=TRIES`, con TRIES.",
                ),
            ),
            many if many > TRIES => told(
                &asked,
                say(
                    "Your client asks too often: from 0 to TRIES, both included, there is one number more than TRIES.",
                    "Tu cliente pregunta de más: de 0 a TRIES, con los dos incluidos, hay un número más que TRIES.",
                ),
            ),
            _ => {}
        }
    });
}

#[test]
fn step_9_notes_each_silence() {
    exercise(&STEPS, || {
        let (_, log, _) = asked_in_vain();
        let noted: Vec<_> = log.notes.iter().map(|(n, _, _)| *n).collect();
        if log.questions == TRIES && !noted.iter().copied().eq(1..=TRIES) {
            let calls = say("note() with", "note() con");
            Told {
                did: &silent(),
                expected: &format!("{calls} 1, 2, 3"),
                came: &format!("{calls} {noted:?}"),
                cause: match noted[..] {
                    [] => say(
                        "Your client asks again and says nothing: whoever looks at the terminal believes that it hangs; call `note(number)`.",
                        "Tu cliente vuelve a preguntar y no avisa nada: quien mira la terminal cree que se colgó; llamá a `note(number)`.",
                    ),
                    [0, ..] => say(
                        "Your first try has the number 0: people count from 1.",
                        "Tu primer intento lleva el número 0: las personas cuentan desde 1.",
                    ),
                    _ => say(
                        "Your client does not note each silence, with the number of its try: also after the last question nothing came.",
                        "Tu cliente no avisa cada silencio, con el número de su intento: tampoco a la última pregunta llegó nada.",
                    ),
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_9_waits_twice_as_long_each_time() {
    exercise(&STEPS, || {
        let (given, log, begun) = asked_in_vain();
        let mut times = vec![begun];
        times.extend(log.notes.iter().map(|(_, time, _)| *time));
        let waits: Vec<_> = times.windows(2).map(|w| w[1] - w[0]).collect();
        let all = |waits: &[Duration]| {
            waits.iter().map(|w| millis(*w)).collect::<Vec<_>>().join(", ")
        };
        let wanted = [first(), first() * 2, first() * 4];
        // A busy machine makes waits longer, and never shorter.
        let short =
            |k: usize| waits.get(k).is_some_and(|w| *w < wanted[k] * 7 / 8);
        let cause = if given.is_none() {
            return; // It never ends: another test's.
        } else if short(0) {
            say(
                "Your first wait is shorter than ask_again() was told: wait() gets `first` there.",
                "Tu primera espera es más corta que lo que recibe ask_again(): ahí wait() recibe `first`.",
            )
        } else if short(1) && waits.get(2).is_some_and(|w| *w < first() * 3 / 2)
        {
            say(
                "Your client waits equally long each time: if the network has too much to do, it must be asked less and less often.",
                "Tu cliente espera siempre lo mismo: si la red está sobrecargada, hay que preguntarle cada vez más espaciado.",
            )
        } else if short(1) || short(2) {
            say(
                "Your waits do not double: each is twice the one before it, 1, 2, 4, and not 1, 2, 3.",
                "Tus esperas no se duplican: cada una es el doble de la anterior, 1, 2, 4, y no 1, 2, 3.",
            )
        } else {
            return;
        };
        Told {
            did: &silent(),
            expected: &all(&wanted),
            came: &all(&waits),
            cause,
        }
        .fail();
    });
}

/// Fails if `given` is not the server's answer.
fn check_answer(given: &Given, did: &str, cause: &str) {
    let data = b"10:16\r\n";
    if !matches!(given, Some(Some(Ok(Some(came)))) if came == data) {
        let (expected, came) = (&bytes(data), &words(given));
        Told { did, expected, came, cause }.fail();
    }
}

#[test]
fn step_9_stops_at_the_answer() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let s = connected(server.address());
        let (socket, to) = (s.try_clone().unwrap(), s.local_addr().unwrap());
        let served = beside(move || {
            let (_, from) = server.receive()?;
            server.send(b"10:16\r\n", from);
            Some((from, server.receive()?.0))
        });
        let (given, log) = asked(s, patience() * 10, None);
        let did = say(
            "called ask_again(), and the server answered the first question",
            "llamó a ask_again(), y el servidor respondió la primera pregunta",
        );
        let cause = say(
            "ask_again() does not stop at the answer: give it, with `return`, as soon as it is there.",
            "ask_again() no se detiene con la respuesta: devolvela, con `return`, apenas la tengas.",
        );
        check_answer(&given, did, cause);
        // Had it asked again, that question would come before this.
        socket.send(b"after").unwrap();
        let Some((from, next)) = served.wait().flatten() else {
            Told { did, expected: &bytes(b""), came: &nothing(), cause }.fail()
        };
        if from != to {
            let expected = say("a question from ", "una pregunta desde ");
            Told {
                did,
                expected: &format!("{expected}{to}"),
                came: &format!("{expected}{from}"),
                cause: say(
                    "Your client asks through another socket than `s`: a late answer to the first question would come where nobody waits any more.",
                    "Tu cliente pregunta por otro socket, y no por `s`: una respuesta tardía a la primera pregunta llegaría adonde ya nadie espera.",
                ),
            }
            .fail();
        }
        if next != b"after" || !log.notes.is_empty() {
            let expected = say("one question", "una pregunta");
            let came = say(
                "one more, or a note that nothing came",
                "otra más, o el aviso de que no llegó nada",
            );
            Told { did, expected, came, cause }.fail();
        }
    });
}

#[test]
fn step_9_takes_the_answer_to_a_later_question() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let s = connected(server.address());
        beside(move || {
            server.receive(); // The first question gets lost.
            while let Some((_, from)) = server.receive() {
                server.send(b"10:16\r\n", from);
            }
        });
        let (given, _) = asked(s, first(), None);
        check_answer(
            &given,
            say(
                "called ask_again(), and the server answered every question but the first",
                "llamó a ask_again(), y el servidor respondió todas las preguntas menos la primera",
            ),
            say(
                "ask_again() does not take the answer to its second question: after each question, wait() waits for the answer.",
                "ask_again() no toma la respuesta a su segunda pregunta: después de cada pregunta, wait() espera la respuesta.",
            ),
        );
    });
}

#[test]
fn step_9_ends_at_an_error() {
    exercise(&STEPS, || {
        let (given, _) = asked(connected(nobody()), first(), None);
        check_refused(
            &given,
            say(
                "called ask_again() with the address of a port where nobody listens",
                "llamó a ask_again() con la dirección de un puerto donde no escucha nadie",
            ),
            say(
                "ask_again() goes on after an error as after silence: when nobody listens, no other question finds anybody; hand the error on, with `?`.",
                "ask_again() sigue después de un error como después de un silencio: si no escucha nadie, otra pregunta tampoco encuentra a nadie; entregá el error, con `?`.",
            ),
        );
    });
}

/// Whether this is the line for now, or for a moment since `before`, as the
/// workshop's servers write it.
fn is_now(came: &str, before: SystemTime) -> bool {
    let mut time = before;
    loop {
        let line = daytime::line(time.into(), "weekday").unwrap();
        if came == line.trim_end() {
            return true;
        }
        if time >= SystemTime::now() {
            return false;
        }
        time += Duration::from_millis(500);
    }
}

#[test]
fn step_9_asks_the_workshop_s_servers() {
    // They are started here, so that they end with this test whatever happens.
    let servers = references("daytime-rfc867", "server").into_iter();
    let servers = servers.map(|(language, mut server)| {
        server.args(["--host", "127.0.0.1", "--port", "0"]);
        (language, Program::start(language, server))
    });
    let servers: Vec<_> = servers.collect();
    let addresses = servers.iter().map(|(l, server)| (*l, server.address()));
    let addresses: Vec<_> = addresses.collect();
    exercise(&STEPS, move || {
        for (language, address) in addresses {
            let before = SystemTime::now();
            let (given, _) = asked(connected(address), patience() / 4, None);
            let data = match &given {
                Some(Some(Ok(Some(data)))) => &data[..],
                _ => b"",
            };
            if !is_now(&line(data), before) {
                let did = say(
                    "let ask_again() ask the workshop's server, the one in",
                    "hizo que ask_again() le preguntara al servidor del taller, el de",
                );
                Told {
                    did: &format!("{did} {language}"),
                    expected: say(
                        "the date and time that it is",
                        "la fecha y la hora de ahora",
                    ),
                    came: &words(&given),
                    cause: say(
                        "The tests' own servers could answer your client, and the workshop's could not: start that one, run your program, and look at both terminals.",
                        "Los servidores de las pruebas pudieron responderle a tu cliente, y el del taller no: arrancá ese, ejecutá tu programa, y mirá las dos terminales.",
                    ),
                }
                .fail();
            }
        }
    });
}
