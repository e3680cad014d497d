//! The tests of exercise 16. You need not change this file.

use std::cell::Cell;
use std::io::{
    self, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write, pipe,
};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{ThreadId, current, sleep};
use std::time::{Duration, Instant};

use badlink::{BadLink, Direction, Shares};
use ex16_zchat_peer::{
    BYTES, Event, act, chat, read_lines, receive, start, tell, wait,
};
use kit::{
    Beside, Peer, Program, Step, Told, beside, bytes, caught, error_words,
    exercise, nothing, patience, references, say,
};
use zchat::chat::harmless;
use zchat::frame::{Frame, Kind};
use zchat::session::{Action, Session};

const STEPS: [Step; 7] = [
    (
        6,
        "tell each line and the end",
        "avisá de cada línea y del final de la entrada",
    ),
    (7, "tell each datagram", "avisá de cada datagrama"),
    (1, "start two threads", "arrancá dos hilos"),
    (3, "do what the session wants", "hacé lo que quiere la sesión"),
    (5, "wait for an event", "esperá un evento"),
    (8, "tell the session what happened", "avisale a la sesión qué pasó"),
    (2, "chat", "chateá"),
];

/// A moment that is soon over.
const SOON: Duration = Duration::from_millis(200);

/// A socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// Bytes for a person to read: `"hola"`.
fn quoted(data: &[u8]) -> String {
    let all = bytes(data);
    all[..all.rfind(" (").unwrap()].to_string()
}

/// An event for a person to read: `Line("hola")`.
fn event_words(event: &Event) -> String {
    match event {
        Event::Line(line) => format!("Line({})", quoted(line)),
        Event::EndOfInput => "EndOfInput".to_string(),
        Event::Datagram(from, data) => {
            format!("Datagram({from}, {})", bytes(data))
        }
    }
}

/// The same, of what may not have come.
fn event_or_nothing(event: Option<Event>) -> String {
    event.as_ref().map_or_else(nothing, event_words)
}

/// Several of them, or that there is none.
fn all_words(events: &[Event]) -> String {
    let all: Vec<_> = events.iter().map(event_words).collect();
    match all.is_empty() {
        true => say("no event", "ningún evento").to_string(),
        false => all.join(", "),
    }
}

/// Calls read_lines() with this input, and fails with `cause` if it does not
/// tell these lines, and then the end.
fn reads(input: &'static [u8], lines: &[&[u8]], cause: &str) {
    let line = |line: &&[u8]| Event::Line(line.to_vec());
    let mut meant: Vec<_> = lines.iter().map(line).collect();
    meant.push(Event::EndOfInput);
    let (events, happens) = channel();
    let reading = beside(move || caught(|| read_lines(input, &events)));
    let (mut came, many) = (Vec::new(), meant.len() + 10);
    while came.len() < many
        && let Ok(event) = happens.recv_timeout(patience())
    {
        came.push(event);
    }
    let endless = came.len() == many;
    let panicked = !endless && matches!(reading.wait(), Some(None));
    if came == meant {
        return;
    }
    let mut words = all_words(&came);
    if panicked {
        words += say(", and a panic", ", y un pánico (panic)");
    }
    let newline = |e: &Event| matches!(e, Event::Line(l) if l.ends_with(b"\n"));
    let did = say(
        "called read_lines() with the input ",
        "llamó a read_lines() con la entrada ",
    );
    Told {
        did: &(did.to_string() + &quoted(input)),
        expected: &all_words(&meant),
        came: &words,
        cause: if endless {
            say(
                "read_lines() never comes to an end: at the end of the input, a read gives 0 bytes, again and again.",
                "read_lines() no termina nunca: al final de la entrada, una lectura da 0 bytes, una y otra vez.",
            )
        } else if came.iter().any(newline) {
            say(
                "read_lines() leaves the \"\\n\" in the line: it says where a line ends, and is no part of it.",
                "read_lines() deja el \"\\n\" en la línea: indica dónde termina, y no es parte de ella.",
            )
        } else if came[..] == meant[..lines.len()] {
            say(
                "read_lines() returns without a word: at the end of the input, tell the main loop so, with Event::EndOfInput.",
                "read_lines() vuelve sin decir nada: al final de la entrada, avisale al bucle principal, con Event::EndOfInput.",
            )
        } else {
            cause
        },
    }
    .fail();
}

#[test]
fn step_6_tells_each_line_and_then_the_end() {
    exercise(&STEPS, || {
        reads(
            b"hola\nque tal\n",
            &[b"hola", b"que tal"],
            say(
                "read_lines() does not tell the lines as they were typed: one Event::Line each, at once and in order.",
                "read_lines() no avisa las líneas como se escribieron: un Event::Line cada una, en el momento y en orden.",
            ),
        );
    });
}

#[test]
fn step_6_tells_a_line_at_once() {
    exercise(&STEPS, || {
        let (input, mut keyboard) = pipe().unwrap();
        let (events, happens) = channel();
        beside(move || read_lines(BufReader::new(input), &events));
        keyboard.write_all(b"hola\n").unwrap();
        let came = happens.recv_timeout(patience()).ok();
        let meant = Event::Line(b"hola".to_vec());
        if came.as_ref() != Some(&meant) {
            Told {
                did: say(
                    "called read_lines(), typed \"hola\", and did not end the input",
                    "llamó a read_lines(), escribió \"hola\", y no terminó la entrada",
                ),
                expected: &event_words(&meant),
                came: &event_or_nothing(came),
                cause: say(
                    "read_lines() keeps the lines until the input ends, and at a keyboard that takes as long as the chat: hand on each line before you read the next.",
                    "read_lines() se guarda las líneas hasta que termina la entrada, y con un teclado eso tarda lo que dura el chat: pasá cada línea antes de leer la siguiente.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_6_takes_an_empty_line_for_a_line() {
    exercise(&STEPS, || {
        reads(
            b"hola\n\nchau\n",
            &[b"hola", b"", b"chau"],
            say(
                "read_lines() takes an empty line for the end of the input, or for nothing: whoever presses Enter says an empty line.",
                "read_lines() toma una línea vacía por el final de la entrada, o por nada: quien aprieta Enter dice una línea vacía.",
            ),
        );
    });
}

#[test]
fn step_6_keeps_the_line_s_own_spaces() {
    exercise(&STEPS, || {
        reads(
            b"  hola \t\n",
            &[b"  hola \t"],
            say(
                "read_lines() takes away spaces that were typed: only the \"\\n\" goes, and `trim` takes more.",
                "read_lines() saca espacios que alguien escribió: solo se va el \"\\n\", y `trim` saca más.",
            ),
        );
    });
}

#[test]
fn step_6_takes_any_byte() {
    exercise(&STEPS, || {
        reads(
            b"ma\xf1ana\nchau\n",
            &[b"ma\xf1ana", b"chau"],
            say(
                "read_lines() ends, or loses or changes something, at a byte that is no UTF-8: `lines`, `read_line` and `from_utf8_lossy` make text, and `split` and `read_until` take any byte.",
                "read_lines() termina, o pierde o cambia algo, ante un byte que no es UTF-8: `lines`, `read_line` y `from_utf8_lossy` hacen texto; `split` y `read_until` toman cualquier byte.",
            ),
        );
    });
}

#[test]
fn step_6_takes_a_last_line_without_its_end() {
    exercise(&STEPS, || {
        reads(
            b"hola\nchau",
            &[b"hola", b"chau"],
            say(
                "read_lines() loses something of a last line that has no \"\\n\": look whether there is one before you take it away.",
                "read_lines() pierde algo de una última línea sin \"\\n\": antes de sacarlo, fijate si está.",
            ),
        );
    });
}

/// An input that gives a line, and from then on errors; of these it counts how
/// often it was asked. After many it ends.
struct Broken {
    line: &'static [u8],
    asked: Arc<AtomicUsize>,
}

/// So many errors it gives.
const ERRORS: usize = 1000;

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.line.is_empty() {
            return self.line.read(buffer);
        }
        if self.asked.fetch_add(1, Ordering::SeqCst) < ERRORS {
            return Err(ErrorKind::IsADirectory.into());
        }
        Ok(0)
    }
}

#[test]
fn step_6_ends_at_an_error() {
    exercise(&STEPS, || {
        let (events, happens) = channel();
        let asked = Arc::new(AtomicUsize::new(0));
        let line = b"hola\n";
        let input = Broken { line, asked: Arc::clone(&asked) };
        let reading = beside(move || {
            caught(|| read_lines(BufReader::new(input), &events))
        });
        let mut came = Vec::new();
        while came.len() < 10
            && let Ok(event) = happens.recv_timeout(patience())
        {
            came.push(event);
        }
        let meant = [Event::Line(b"hola".to_vec()), Event::EndOfInput];
        let panicked = matches!(reading.wait(), Some(None));
        let asked = asked.load(Ordering::SeqCst);
        if came == meant && asked < ERRORS {
            return;
        }
        let mut words = all_words(&came);
        if panicked {
            words += say(", and a panic", ", y un pánico (panic)");
        } else if asked >= ERRORS {
            words += say(
                ", and it went on reading after the error",
                ", y siguió leyendo después del error",
            );
        }
        Told {
            did: say(
                "called read_lines() with the line \"hola\", and an error at the next read",
                "llamó a read_lines() con la línea \"hola\", y un error en la lectura siguiente",
            ),
            expected: &all_words(&meant),
            came: &words,
            cause: if panicked {
                say(
                    "read_lines() panics at an input that cannot be read, a folder for example, and nobody hears of it: an error ends the input.",
                    "read_lines() entra en pánico con una entrada que no se puede leer, una carpeta por ejemplo, y nadie se entera: un error es el final de la entrada.",
                )
            } else {
                say(
                    "read_lines() passes over an error of the input: the next read gives the same error, again and again, so an error ends the input.",
                    "read_lines() pasa por alto un error de la entrada: la lectura siguiente da el mismo error, una y otra vez, así que un error es el final de la entrada.",
                )
            },
        }
        .fail();
    });
}

#[test]
fn step_7_tells_each_datagram_and_its_sender() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let (events, happens) = channel();
        let told = events.clone();
        beside(move || receive(&s, &told));
        let peer = Peer::new();
        for sent in [&b"hola"[..], b"que tal", &[b'x'; BYTES]] {
            peer.send(sent, address);
            let came = happens.recv_timeout(patience()).ok();
            let meant = Event::Datagram(peer.address(), sent.to_vec());
            if came.as_ref() == Some(&meant) {
                continue;
            }
            let length = match &came {
                Some(Event::Datagram(_, data)) => Some(data.len()),
                _ => None,
            };
            let did = say(
                "called receive(), sent it ",
                "llamó a receive(), le mandó ",
            );
            Told {
                did: &(did.to_string() + &bytes(sent)),
                expected: &event_words(&meant),
                came: &event_or_nothing(came),
                cause: if length.is_some_and(|n| n > sent.len()) {
                    say(
                        "receive() tells the whole buffer: only its first n bytes came in, `&buffer[..n]`.",
                        "receive() manda el buffer entero: lo que llegó son solo sus primeros n bytes, `&buffer[..n]`.",
                    )
                // On Windows, what has no room is an error.
                } else if sent.len() == BYTES && length != Some(BYTES) {
                    say(
                        "Your buffer is too small for a frame: its end is cut off, the CRC-32 with it, and the session takes it for damaged each time; a frame may have BYTES bytes.",
                        "Tu buffer es demasiado chico para una trama: se corta el final, con el CRC-32, y la sesión la toma cada vez por dañada; una trama puede tener BYTES bytes.",
                    )
                } else {
                    say(
                        "receive() does not tell each datagram: is `recv_from` in a loop, and is its sender in the Event::Datagram?",
                        "receive() no avisa de cada datagrama: ¿`recv_from` está en un bucle, y quien lo mandó en el Event::Datagram?",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_7_outlives_errors_and_empty_datagrams() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let (events, happens) = channel();
        let told = events.clone();
        beside(move || caught(|| receive(&s, &told)));
        let peer = Peer::new();
        let hola = Event::Datagram(peer.address(), b"hola".to_vec());
        for round in 0..10 {
            if round == 5 {
                peer.send(b"", address);
            }
            peer.send(b"hola", address);
            let empty =
                |e: &Event| matches!(e, Event::Datagram(_, d) if d.is_empty());
            let next = || happens.recv_timeout(patience()).ok();
            let came = next();
            let came =
                if came.as_ref().is_some_and(empty) { next() } else { came };
            if came.as_ref() == Some(&hola) {
                sleep(Duration::from_millis(10)); // For an error to happen.
                continue;
            }
            let (did, cause) = if round < 5 {
                (
                    say(
                        "let `recv_from` report an error to receive(), then sent \"hola\"",
                        "hizo que `recv_from` le diera un error a receive(), y después mandó \"hola\"",
                    ),
                    say(
                        "receive() ended at the first error, and your peer is deaf from then on: in its loop, an error means \"try again\".",
                        "receive() terminó con el primer error, y desde ahí no oye más: en su bucle, un error quiere decir \"probá de nuevo\".",
                    ),
                )
            } else {
                (
                    say(
                        "sent receive() an empty datagram, then \"hola\"",
                        "le mandó a receive() un datagrama vacío, y después \"hola\"",
                    ),
                    say(
                        "receive() ended at an empty datagram: anybody may send one, and in UDP it ends nothing.",
                        "receive() terminó con un datagrama vacío: cualquiera puede mandar uno, y en UDP no es el final de nada.",
                    ),
                )
            };
            Told {
                did,
                expected: &event_words(&hola),
                came: &event_or_nothing(came),
                cause,
            }
            .fail();
        }
    });
}

/// A keyboard that notes which thread reads it.
struct Noting {
    input: PipeReader,
    readers: Sender<ThreadId>,
}

impl Read for Noting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.readers.send(current().id());
        self.input.read(buffer)
    }
}

#[test]
fn step_1_hears_both_at_once() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let (input, mut keyboard) = pipe().unwrap();
        let (readers, reads) = channel();
        let started = beside(move || {
            let _ = readers.send(current().id());
            start(BufReader::new(Noting { input, readers }), s)
        });
        let did = say(
            "called start() with an input where nobody types",
            "llamó a start() con una entrada donde nadie escribe",
        );
        let Some(happens) = started.wait() else {
            // The thread that called start(), and whoever reads the keyboard.
            let (own, reader) = (reads.recv().ok(), reads.try_recv().ok());
            Told {
                did,
                expected: say(
                    "a Receiver, at once",
                    "un Receiver, en el momento",
                ),
                came: &nothing(),
                cause: if reader.is_some() && reader != own {
                    say(
                        "start() begins a thread, and does not return: receive() belongs into a thread as well, and nobody waits for a thread's end, so no `join`.",
                        "start() arranca un hilo, y no vuelve: receive() también va en un hilo, y nadie espera que un hilo termine, así que nada de `join`.",
                    )
                } else {
                    say(
                        "start() does not return: it waits itself, for a line or a datagram; both belong into threads, with `thread::spawn`.",
                        "start() no vuelve: espera él mismo, una línea o un datagrama; las dos esperas van en hilos, con `thread::spawn`.",
                    )
                },
            }
            .fail()
        };
        let peer = Peer::new();
        let hola = || Event::Datagram(peer.address(), b"hola".to_vec());
        let line = || Event::Line(b"chau".to_vec());
        // Two datagrams, then two lines: neither waits for the other.
        for (number, meant) in
            [hola(), hola(), line(), line()].iter().enumerate()
        {
            let typed = number >= 2;
            if typed {
                let _ = keyboard.write_all(b"chau\n");
            } else {
                peer.send(b"hola", address);
            }
            let came = happens.recv_timeout(patience()).ok();
            if came.as_ref() == Some(meant) {
                continue;
            }
            let then = if typed {
                say("; typed \"chau\"", "; escribió \"chau\"")
            } else {
                say(
                    "; sent \"hola\" to its socket",
                    "; mandó \"hola\" a su socket",
                )
            };
            Told {
                did: &(did.to_string() + then),
                expected: &event_words(meant),
                came: &event_or_nothing(came),
                cause: if typed {
                    say(
                        "No line comes out of the channel while datagrams are waited for: does a second thread run read_lines()?",
                        "Por el canal no sale ninguna línea mientras se esperan datagramas: ¿hay un segundo hilo que ejecute read_lines()?",
                    )
                } else {
                    say(
                        "Your peer is deaf while nobody types: reading a line and receiving both wait, so one thread cannot do them in turns; each needs its own.",
                        "Tu programa no oye nada mientras nadie escribe: leer una línea y recibir esperan, así que un solo hilo no puede turnarse; cada una necesita el suyo.",
                    )
                },
            }
            .fail();
        }
    });
}

/// What act() gave, in words.
fn over_words(given: &io::Result<bool>) -> String {
    match given {
        Ok(over) => format!("Ok({over})"),
        Err(e) => error_words(e),
    }
}

/// What is on a screen, without what clears a terminal's line.
fn screen_words(screen: &[u8]) -> String {
    String::from_utf8_lossy(screen).replace("\r\x1b[K", "")
}

#[test]
fn step_3_sends_and_shows_in_order() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        let peer = Peer::new();
        let mut screen = Vec::new();
        let actions = vec![
            Action::Send(peer.address(), b"one".to_vec()),
            Action::Show(b"hola".to_vec()),
            Action::Note("(a note)".to_string()),
            Action::Show(b"\n".to_vec()),
            Action::Send(peer.address(), b"two".to_vec()),
        ];
        let given = act(actions, &s, &mut screen);
        let did = say(
            "called act() with: Send \"one\", Show \"hola\", a Note, Show \"\\n\", Send \"two\"",
            "llamó a act() con: Send \"one\", Show \"hola\", una Note, Show \"\\n\", Send \"two\"",
        );
        for sent in [b"one", b"two"] {
            let came = peer.receive().map(|(data, _)| data);
            if came.as_deref() != Some(sent) {
                Told {
                    did,
                    expected: &(say("a datagram: ", "un datagrama: ").to_string() + &bytes(sent)),
                    came: &came.as_deref().map_or_else(nothing, bytes),
                    cause: say(
                        "act() does not send what the session wants sent: for each Action::Send(to, data), `send_to` with both, through `s`.",
                        "act() no manda lo que la sesión quiere mandar: por cada Action::Send(to, data), `send_to` con los dos, por `s`.",
                    ),
                }
                .fail();
            }
        }
        let screen = screen_words(&screen);
        if screen != "< hola\n< \n" {
            Told {
                did,
                expected: &format!("on `out`: {:?}", "< hola\n< \n"),
                came: &format!("on `out`: {screen:?}"),
                cause: say(
                    "act() does not show each message, and nothing else, on `out`: Show is for show(), Note for note(), and Send for nobody's eyes.",
                    "act() no muestra en `out` cada mensaje y nada más: Show es para show(), Note para note(), y Send no es para los ojos de nadie.",
                ),
            }
            .fail();
        }
        if !matches!(given, Ok(false)) {
            Told {
                did,
                expected: "Ok(false)",
                came: &over_words(&given),
                cause: say(
                    "act() says that the chat is over, and it is not: only Action::End says so.",
                    "act() dice que el chat terminó, y no es así: solo lo dice Action::End.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_says_when_it_is_over() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        let why = || Some("nobody answers".to_string());
        let given = act(vec![Action::End(None)], &s, &mut Vec::new());
        let failed = act(vec![Action::End(why())], &s, &mut Vec::new());
        let cause = say(
            "act() does not say that the chat is over: Ok(true) for Action::End(None), and for a reason `io::Error::other(why)`.",
            "act() no dice que el chat terminó: Ok(true) para Action::End(None), y si hay un motivo, `io::Error::other(why)`.",
        );
        if !matches!(given, Ok(true)) {
            Told {
                did: say(
                    "called act() with End(None)",
                    "llamó a act() con End(None)",
                ),
                expected: "Ok(true)",
                came: &over_words(&given),
                cause,
            }
            .fail();
        }
        if !matches!(&failed, Err(e) if e.to_string() == "nobody answers") {
            Told {
                did: say(
                    "called act() with End(Some(\"nobody answers\"))",
                    "llamó a act() con End(Some(\"nobody answers\"))",
                ),
                expected: say(
                    "an error: nobody answers",
                    "un error: nobody answers",
                ),
                came: &over_words(&failed),
                cause,
            }
            .fail();
        }
    });
}

#[test]
fn step_3_acknowledges_nothing_that_nobody_saw() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        let peer = Peer::new();
        // A screen without room for a single byte: writing fails.
        let mut screen: &mut [u8] = &mut [];
        let actions = vec![
            Action::Show(b"hola".to_vec()),
            Action::Send(peer.address(), b"ACK".to_vec()),
        ];
        let given = act(actions, &s, &mut screen);
        // Had the ACK been sent, it would come first.
        s.send_to(b"after", peer.address()).unwrap();
        let came = peer.receive().map(|(data, _)| data);
        if came.as_deref() != Some(b"after") || given.is_ok() {
            let ack = came.as_deref().map_or_else(nothing, bytes);
            let sent = say("sent", "mandó");
            Told {
                did: say(
                    "called act() with Show \"hola\" and Send \"ACK\", and let writing to `out` fail",
                    "llamó a act() con Show \"hola\" y Send \"ACK\", e hizo que escribir en `out` fallara",
                ),
                expected: say(
                    "an error, and no \"ACK\"",
                    "un error, y ningún \"ACK\"",
                ),
                came: &format!("{}; {sent} {ack}", over_words(&given)),
                cause: if came.as_deref() == Some(b"after") {
                    say(
                        "act() keeps to itself that show() has failed, and nobody learns why the chat stands still or ends: that error is what act() gives, `?`.",
                        "act() se calla que show() falló, y nadie se entera de por qué el chat se detiene o termina: ese error es lo que da act(), `?`.",
                    )
                } else {
                    say(
                        "Your peer acknowledges a message that nobody saw: when show() fails, act() ends with its error, `?`, and does nothing of what follows.",
                        "Tu programa confirma un mensaje que nadie vio: cuando show() falla, act() termina con su error, `?`, y no hace nada de lo que sigue.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_3_takes_a_failed_send_for_a_loss() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        // Nobody can send to port 0.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut screen = Vec::new();
        let given = caught(|| {
            let actions = vec![
                Action::Send(nowhere, b"hola".to_vec()),
                Action::Show(b"chau".to_vec()),
            ];
            act(actions, &s, &mut screen)
        });
        if !matches!(given, Some(Ok(_))) {
            Told {
                did: say(
                    "called act() with a Send that fails, and Show \"chau\"",
                    "llamó a act() con un Send que falla, y Show \"chau\"",
                ),
                expected: "Ok(false)",
                came: &match &given {
                    None => say("a panic", "un pánico (panic)").to_string(),
                    Some(given) => over_words(given),
                },
                cause: say(
                    "A datagram that cannot be sent ends your chat: it is one lost datagram, as on the way, and the session sends it again.",
                    "Un datagrama que no se puede mandar termina tu chat: es un datagrama perdido, como en el camino, y la sesión lo vuelve a mandar.",
                ),
            }
            .fail();
        }
    });
}

/// Calls wait() beside the test, and gives what it gives, where a panic is an
/// inner `None`; and whatever keeps the channel open.
fn waiting(
    deadline: Option<Duration>,
    now: Duration,
) -> (Sender<Event>, Beside<Option<Option<Event>>>) {
    let (events, happens) = channel();
    let given = beside(move || caught(|| wait(&happens, deadline, now)));
    (events, given)
}

/// Fails with what wait() gave.
fn waited(
    (deadline, now): (Option<Duration>, Duration),
    expected: &str,
    given: Option<Option<Option<Event>>>,
    cause: &str,
) -> ! {
    let did = say("called wait() with ", "llamó a wait() con ");
    let did = format!("{did}{deadline:?}, now = {now:?}");
    Told {
        did: &did,
        expected,
        came: &match given {
            None => say("wait() still waits", "wait() sigue esperando").into(),
            Some(None) => say("a panic", "un pánico (panic)").to_string(),
            Some(Some(None)) => "None".to_string(),
            Some(Some(Some(event))) => event_words(&event),
        },
        cause,
    }
    .fail()
}

/// The likely cause when wait() does not wait.
fn polls() -> &'static str {
    say(
        "wait() gives None before its time, so your main loop turns without a rest, and keeps a whole processor busy with nothing: sleep in `recv_timeout`.",
        "wait() da None antes de tiempo, así que tu bucle principal gira sin descanso, y tiene un procesador entero ocupado en nada: dormí en `recv_timeout`.",
    )
}

#[test]
fn step_5_gives_the_event_that_comes() {
    exercise(&STEPS, || {
        let now = Duration::from_secs(7);
        let (events, given) = waiting(None, now);
        sleep(SOON); // Nobody types yet.
        let _ = events.send(Event::Line(b"hola".to_vec()));
        let given = given.wait();
        let line =
            matches!(&given, Some(Some(Some(Event::Line(l)))) if l == b"hola");
        if !line {
            let cause = match given {
                Some(Some(None)) => polls(),
                _ => say(
                    "wait() does not give the event that comes out of the channel; and where there is no deadline, it waits up to LONG.",
                    "wait() no da el evento que sale por el canal; y si no hay vencimiento, espera hasta LONG.",
                ),
            };
            waited((None, now), "Line(\"hola\")", given, cause);
        }
    });
}

#[test]
fn step_5_waits_no_longer_than_the_deadline() {
    exercise(&STEPS, || {
        // At the beginning, the deadline is also the time that is left.
        for (seconds, cause) in [
            (
                0,
                say(
                    "wait() sleeps past the deadline, and what the network has lost is not sent again: is it `recv_timeout`, and does the time that you give it come from `deadline`?",
                    "wait() sigue durmiendo después del vencimiento, y lo que la red perdió no se vuelve a mandar: ¿es `recv_timeout`, y el tiempo que le das sale de `deadline`?",
                ),
            ),
            (
                1000,
                say(
                    "wait() takes the deadline, a moment, for the time that is left: the longer the chat, the longer it sleeps; how long is it from `now` to then?",
                    "wait() toma el vencimiento, un momento, por el tiempo que queda: cuanto más dura el chat, más duerme; ¿cuánto falta desde `now` hasta ahí?",
                ),
            ),
        ] {
            let now = Duration::from_secs(seconds);
            let deadline = Some(now + SOON);
            let begun = Instant::now();
            let (_events, given) = waiting(deadline, now);
            let given = given.wait();
            let early = begun.elapsed() < SOON / 2;
            if early || !matches!(given, Some(Some(None))) {
                let cause = if matches!(given, Some(None)) {
                    say(
                        "wait() panics, where None is to say that the time is over: is there an `unwrap` after `recv_timeout`, or a `-` the wrong way round?",
                        "wait() entra en pánico, cuando tiene que decir con None que se acabó el tiempo: ¿hay un `unwrap` después de `recv_timeout`, o un `-` al revés?",
                    )
                } else if early {
                    polls()
                } else {
                    cause
                };
                let expected = say("None, 200 ms later", "None, a los 200 ms");
                waited((deadline, now), expected, given, cause);
            }
        }
    });
}

#[test]
fn step_5_knows_a_deadline_that_has_passed() {
    exercise(&STEPS, || {
        let now = Duration::from_secs(7);
        let deadline = Some(Duration::from_secs(5));
        let (_events, given) = waiting(deadline, now);
        let given = given.wait();
        if !matches!(given, Some(Some(None))) {
            waited(
                (deadline, now),
                say("None, at once", "None, en el momento"),
                given,
                say(
                    "wait() does not know a deadline that has passed: a Duration is never below 0, so `-` panics there; which subtraction stops at 0?",
                    "wait() no conoce un vencimiento que ya pasó: una Duration nunca es menor que 0, y ahí `-` entra en pánico; ¿qué resta se detiene en 0?",
                ),
            );
        }
    });
}

/// The id of these tests' own side of a chat.
const ME: u32 = 0x1122_3344;

/// A frame from these tests' own side.
fn frame(kind: Kind, dst: u32, seq: u32, payload: &[u8]) -> Frame {
    let payload = payload.to_vec();
    Frame { kind, attempt: 0, src: ME, dst, seq, payload }
}

#[test]
fn step_8_says_the_lines() {
    exercise(&STEPS, || {
        let called = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let zero = Duration::ZERO;
        for (line, messages) in
            [(&b"hola"[..], 1), (&b""[..], 1), (&[b'x'; 1500], 2)]
        {
            let mut session = Session::new(vec![called], zero);
            tell(&mut session, zero, Event::Line(line.to_vec()));
            let waits = session.waiting();
            if waits != messages {
                let did =
                    say("called tell() with Line(", "llamó a tell() con Line(");
                let unit = say(
                    "messages that wait in the session",
                    "mensajes que esperan en la sesión",
                );
                Told {
                    did: &format!("{did}{})", quoted(line)),
                    expected: &format!("{unit}: {messages}"),
                    came: &format!("{unit}: {waits}"),
                    cause: if line == b"hola" {
                        say(
                            "tell() does not say the line: a session says what say_line() gives it.",
                            "tell() no dice la línea: una sesión dice lo que say_line() le da.",
                        )
                    } else {
                        say(
                            "tell() gives the line to the session as it stands: for it an empty message is none, and one of more than 1,024 bytes never arrives; say_line() knows both.",
                            "tell() le da la línea a la sesión tal cual: para ella un mensaje vacío no es ninguno, y uno de más de 1024 bytes no llega nunca; say_line() sabe las dos cosas.",
                        )
                    },
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_8_hands_over_the_datagrams() {
    exercise(&STEPS, || {
        let caller = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let zero = Duration::ZERO;
        let mut session = Session::new(Vec::new(), zero);
        let hello = frame(Kind::Hello, 0, 0, b"").pack();
        tell(&mut session, zero, Event::Datagram(caller, hello));
        let wanted = session.actions();
        if !matches!(&wanted[..], [Action::Send(to, _)] if *to == caller) {
            Told {
                did: say(
                    "called tell() with a Datagram: a caller's HELLO",
                    "llamó a tell() con un Datagram: el HELLO de alguien que llama",
                ),
                expected: say("the session wants to answer", "la sesión quiere responder"),
                came: say("it wants nothing", "no quiere nada"),
                cause: say(
                    "tell() does not hand the datagram to the session: `session.receive` takes the time, the sender and the bytes.",
                    "tell() no le entrega el datagrama a la sesión: `session.receive` recibe la hora, quién lo mandó y los bytes.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_8_says_when_a_datagram_came() {
    exercise(&STEPS, || {
        let called = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let (zero, now) = (Duration::ZERO, Duration::from_millis(700));
        // When the session, which hears a HELLO now, sends its TEXT #1 again.
        let again = |take: fn(&mut Session, Duration, Event)| {
            let mut session = Session::new(vec![called], zero);
            session.tick(zero);
            let hello = match &session.actions()[..] {
                [Action::Send(_, data)] => Frame::unpack(data).ok(),
                _ => None,
            };
            let id = hello.expect("a session that calls says HELLO").src;
            let answer = frame(Kind::Hello, id, 0, b"").pack();
            take(&mut session, now, Event::Datagram(called, answer));
            session.tick(now);
            session.deadline()
        };
        let came = again(tell);
        let meant = again(|session, now, event| {
            if let Event::Datagram(from, data) = event {
                session.receive(now, from, &data);
            }
        });
        if came != meant {
            let what = say("the next deadline:", "el próximo vencimiento:");
            Told {
                did: say(
                    "called tell() with now = 700 ms and a Datagram: the answer to a HELLO",
                    "llamó a tell() con now = 700 ms y un Datagram: la respuesta a un HELLO",
                ),
                expected: &format!("{what} {meant:?}"),
                came: &format!("{what} {came:?}"),
                cause: say(
                    "tell() gives the session another time than `now`, so it does not find out how long the answer took.",
                    "tell() le da a la sesión otra hora que `now`, y así ella no averigua cuánto tardó la respuesta.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_8_stays_when_the_input_ends() {
    exercise(&STEPS, || {
        let called = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let zero = Duration::ZERO;
        let ends = |dial, line: Option<&[u8]>| {
            let mut session = Session::new(dial, zero);
            if let Some(line) = line {
                session.say(line);
            }
            tell(&mut session, zero, Event::EndOfInput);
            session.tick(zero);
            let end = |a: &Action| matches!(a, Action::End(_));
            session.actions().iter().any(end)
        };
        let told = |did, over: bool, cause| {
            let words = |over| match over {
                true => say("the chat is over", "el chat terminó"),
                false => say("the chat goes on", "el chat sigue"),
            };
            Told { did, expected: words(!over), came: words(over), cause }
                .fail()
        };
        if ends(vec![called], Some(b"hola")) {
            told(
                say(
                    "said \"hola\", called tell() with EndOfInput",
                    "dijo \"hola\", llamó a tell() con EndOfInput",
                ),
                true,
                say(
                    "The end of the input ends your chat, and what was said last is lost: it only says \"I have no more to say\".",
                    "El final de la entrada termina tu chat, y se pierde lo último que se dijo: solo quiere decir \"no tengo más que decir\".",
                ),
            );
        }
        if ends(Vec::new(), None) {
            told(
                say(
                    "let a server wait for a caller, called tell() with EndOfInput",
                    "puso un servidor a esperar que alguien llame, llamó a tell() con EndOfInput",
                ),
                true,
                say(
                    "Your peer leaves when it has no more to say, while the other may still talk: that is `no_more`, and `leave` is for who goes.",
                    "Tu programa se va cuando no tiene más que decir, y el otro quizás sigue hablando: para eso está `no_more`; `leave` es para quien se va.",
                ),
            );
        }
        if !ends(vec![called], None) {
            told(
                say(
                    "called somebody, with nothing to say, and called tell() with EndOfInput",
                    "llamó a alguien, sin nada que decir, y llamó a tell() con EndOfInput",
                ),
                false,
                say(
                    "tell() does not say that the input has ended, so a client never says goodbye: look at `no_more`.",
                    "tell() no avisa que terminó la entrada, y así un cliente nunca se despide: fijate en `no_more`.",
                ),
            );
        }
    });
}

/// A screen whose bytes come out of a channel.
struct Screen(Sender<Vec<u8>>);

impl Write for Screen {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(data.to_vec());
        sent.map_err(|_| ErrorKind::BrokenPipe)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The student's chat, calling a socket of the test's own.
struct Call {
    peer: Peer,
    keyboard: Option<PipeWriter>,
    screen: Receiver<Vec<u8>>,
    chatting: Beside<io::Result<()>>,
    address: SocketAddr,
    id: u32,
    /// Whether it has called again.
    again: Cell<bool>,
}

impl Call {
    /// Starts it, and takes its first HELLO.
    fn new() -> Call {
        let (peer, (s, address)) = (Peer::new(), socket());
        let (input, keyboard): (PipeReader, _) = pipe().unwrap();
        let (show, screen) = channel();
        let dial = vec![peer.address()];
        let chatting = beside(move || {
            chat(dial, s, BufReader::new(input), &mut Screen(show))
        });
        let keyboard = Some(keyboard);
        let (id, again) = (0, Cell::new(false));
        let mut call =
            Call { peer, keyboard, screen, chatting, address, id, again };
        let hello = call.next(Kind::Hello);
        let Some(hello) = hello else {
            Told {
                did: say(
                    "called chat() with an address to call",
                    "llamó a chat() con una dirección a la que llamar",
                ),
                expected: say(
                    "a HELLO, at that address",
                    "un HELLO, en esa dirección",
                ),
                came: &nothing(),
                cause: say(
                    "chat() does not call: give `dial` to the session, and in each round `tick` it, and act() on its actions, before you wait.",
                    "chat() no llama: dale `dial` a la sesión, y en cada vuelta hacele `tick` y ejecutá sus acciones con act(), antes de esperar.",
                ),
            }
            .fail()
        };
        call.id = hello.src;
        call
    }

    /// The next frame of this kind; `None` if none came in time.
    fn next(&self, kind: Kind) -> Option<Frame> {
        let end = Instant::now() + patience();
        while Instant::now() < end {
            let (data, _) = self.peer.receive()?;
            let Ok(frame) = Frame::unpack(&data) else { continue };
            let again = frame.kind == Kind::Hello && frame.attempt > 0;
            self.again.set(self.again.get() || again);
            if frame.kind == kind {
                return Some(frame);
            }
        }
        None
    }

    /// Sends a frame.
    fn send(&self, kind: Kind, seq: u32, payload: &[u8]) {
        let data = frame(kind, self.id, seq, payload).pack();
        self.peer.send(&data, self.address);
    }

    /// The next TEXT with this number, acknowledged; `None` if none came. On a
    /// slow machine, one before it may come again.
    fn text(&self, seq: u32) -> Option<Vec<u8>> {
        let end = Instant::now() + patience();
        while Instant::now() < end {
            let text = self.next(Kind::Text)?;
            self.send(Kind::Ack, text.seq, b"");
            if text.seq >= seq {
                return text.text().filter(|_| text.seq == seq);
            }
        }
        None
    }

    /// Answers, and takes the TEXT #1, "I am up".
    fn answer(&self) {
        self.send(Kind::Hello, 0, b"");
        if self.text(1).is_some() {
            return;
        }
        let deaf = self.again.get();
        // Whatever comes makes the main loop turn once more.
        self.peer.send(b"?", self.address);
        let late = deaf && self.next(Kind::Text).is_some();
        Told {
            did: say(
                "called chat(), and answered its HELLO",
                "llamó a chat(), y respondió su HELLO",
            ),
            expected: say("TEXT #1, \"I am up\"", "TEXT #1, \"acá estoy\""),
            came: &if deaf { "HELLO".to_string() } else { nothing() },
            cause: if late {
                say(
                    "Your chat does what is due one round too late: only `tick` makes an action of it, so `tick` comes before act() in a round, and wait() after both.",
                    "Tu chat hace lo que corresponde una vuelta tarde: recién `tick` lo convierte en una acción, así que en cada vuelta `tick` va antes que act(), y wait() después de los dos.",
                )
            } else if deaf {
                say(
                    "What comes at your socket does not reach the session: start() needs a handle of the same socket, and what wait() gives goes to tell().",
                    "Lo que llega a tu socket no llega a la sesión: start() necesita otro `UdpSocket` para el mismo socket, y lo que da wait() va a tell().",
                )
            } else {
                say(
                    "Your chat sends only when the time is over: an event gives the session something to send, too, so `tick` and act() belong into each round.",
                    "Tu chat manda recién cuando vence el plazo: un evento también le da a la sesión algo para mandar, así que `tick` y act() van en cada vuelta.",
                )
            },
        }
        .fail();
    }

    /// Types.
    fn write(&mut self, text: &[u8]) {
        let keyboard = self.keyboard.as_mut().unwrap();
        let _ = keyboard.write_all(text); // Or it reads no more.
    }
}

#[test]
fn step_2_calls_until_it_is_heard() {
    exercise(&STEPS, || {
        let call = Call::new();
        // The session calls again after 1 s.
        let again = call.next(Kind::Hello).or_else(|| call.next(Kind::Hello));
        if again.as_ref().is_none_or(|hello| hello.attempt == 0) {
            let (ended, new) = (call.chatting.now(), again.is_some());
            // Whatever comes wakes a main loop that sleeps too long: is it time?
            call.peer.send(b"?", call.address);
            let asleep = call.next(Kind::Hello).is_some();
            // A session that is ticked has something to say to an answer.
            let ticked = || {
                call.send(Kind::Hello, 0, b"");
                call.next(Kind::Text).is_some()
            };
            Told {
                did: say(
                    "called chat() with an address where nobody answers",
                    "llamó a chat() con una dirección donde nadie responde",
                ),
                expected: say(
                    "a second HELLO, after 1 s",
                    "un segundo HELLO, después de 1 s",
                ),
                came: &match (&ended, new) {
                    (Some(Ok(())), _) => {
                        say("chat() gave Ok", "chat() dio Ok").to_string()
                    }
                    (Some(Err(e)), _) => error_words(e),
                    (None, true) => say(
                        "another session's first HELLO",
                        "el primer HELLO de otra sesión",
                    )
                    .to_string(),
                    (None, false) => nothing(),
                },
                cause: if ended.is_some() {
                    say(
                        "Your chat ends when wait() gives None: that only says that the deadline has come; go on, with the next round of the loop.",
                        "Tu chat termina cuando wait() da None: eso solo dice que llegó el vencimiento; seguí, con la próxima vuelta del bucle.",
                    )
                } else if new {
                    say(
                        "Your chat begins a new session in each round, and the new one knows nothing of what was sent: make it once, before the loop.",
                        "Tu chat empieza una sesión nueva en cada vuelta, y la nueva no sabe nada de lo que se mandó: creala una vez, antes del bucle.",
                    )
                } else if asleep {
                    say(
                        "Your main loop does what is due only when something comes: wait() has to know until when, `session.deadline()` in each round anew, and after a None comes a round like any other.",
                        "Tu bucle principal hace lo que corresponde solo cuando llega algo: wait() tiene que saber hasta cuándo, `session.deadline()` de nuevo en cada vuelta, y después de un None viene una vuelta como cualquier otra.",
                    )
                } else if !ticked() {
                    say(
                        "Your session never finds out that something is due again: `tick` belongs into the loop, at the beginning of each round.",
                        "Tu sesión no se entera nunca de que otra vez hay algo que hacer: `tick` va dentro del bucle, al principio de cada vuelta.",
                    )
                } else {
                    say(
                        "For your session no time passes, so it sends nothing again: make the clock once, before the loop, and ask it in each round, `clock.elapsed()`.",
                        "Para tu sesión no pasa el tiempo, y por eso no vuelve a mandar nada: creá el reloj una vez, antes del bucle, y consultalo en cada vuelta, `clock.elapsed()`.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_2_tells_the_time() {
    exercise(&STEPS, || {
        // The answer to its HELLO takes so long. Then the session waits three
        // times as long for an ACK before it sends again (RFC 6298).
        let rtt = Duration::from_millis(700);
        let call = Call::new();
        sleep(rtt);
        let answered = Instant::now();
        call.send(Kind::Hello, 0, b"");
        let first = call.next(Kind::Text); // And no ACK for it.
        sleep(SOON * 5); // Whoever takes the time for short sends again now,
        call.send(Kind::Text, 1, b"chau");
        // and so before this ACK.
        let mut again = false;
        while first.is_some()
            && let Some((data, _)) = call.peer.receive()
            && let Ok(frame) = Frame::unpack(&data)
            && frame.kind != Kind::Ack
        {
            again |= frame.kind == Kind::Text && frame.attempt > 0;
        }
        // On a slow machine, the three times may be over: then it is right.
        if again && answered.elapsed() < rtt * 3 {
            Told {
                did: say(
                    "called chat(), answered its HELLO after 700 ms, and did not acknowledge its TEXT",
                    "llamó a chat(), respondió su HELLO a los 700 ms, y no confirmó su TEXT",
                ),
                expected: say(
                    "the same TEXT again, after 2 s",
                    "el mismo TEXT de nuevo, a los 2 s",
                ),
                came: say(
                    "the same TEXT again, less than 1 s later",
                    "el mismo TEXT de nuevo, en menos de 1 s",
                ),
                cause: say(
                    "Your session does not learn when something came, takes a slow network for a quick one, and sends again too early: tell() gets the clock's time of after the wait, and hands it on.",
                    "Tu sesión no se entera de cuándo llegó algo, toma una red lenta por una rápida, y vuelve a mandar demasiado pronto: tell() recibe la hora que da el reloj después de esperar, y la pasa.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_says_what_is_typed() {
    exercise(&STEPS, || {
        let mut call = Call::new();
        call.answer();
        call.write(b"hola\n");
        let came = call.text(2);
        if came.as_deref() != Some(b"hola") {
            Told {
                did: say(
                    "called chat(), answered its HELLO, typed \"hola\"",
                    "llamó a chat(), respondió su HELLO, escribió \"hola\"",
                ),
                expected: "TEXT #2, \"hola\"",
                came: &came.as_deref().map_or_else(nothing, bytes),
                cause: say(
                    "Your chat does not send what is typed: what wait() gives goes to tell(), and what the session then wants, to act().",
                    "Tu chat no manda lo que se escribe: lo que da wait() va a tell(), y lo que la sesión quiere después, a act().",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_sends_again_in_time_late_in_a_chat() {
    exercise(&STEPS, || {
        let mut call = Call::new();
        let begun = Instant::now();
        call.answer();
        sleep(SOON * 5); // Then it is late enough.
        call.write(b"hola\n");
        call.next(Kind::Text); // And no ACK for it.
        // The session waits 200 ms, then 400 ms ... Who takes a moment for the
        // time that is left waits longer than the chat has lasted, each time.
        loop {
            let lasted = begun.elapsed();
            let again = call.next(Kind::Text);
            if again.is_some() && begun.elapsed() < lasted * 2 {
                return;
            }
            if again.is_none() {
                Told {
                    did: say(
                        "called chat(), typed \"hola\" 1 s later, and did not acknowledge its TEXT",
                        "llamó a chat(), escribió \"hola\" 1 s después, y no confirmó su TEXT",
                    ),
                    expected: say(
                        "the same TEXT again, and again",
                        "el mismo TEXT de nuevo, y otra vez",
                    ),
                    came: &nothing(),
                    cause: say(
                        "The longer your chat lasts, the later it sends again what was lost: does wait() get the time it is now, in each round anew?",
                        "Cuanto más dura tu chat, más tarde vuelve a mandar lo que se perdió: ¿wait() recibe la hora de ese momento, de nuevo en cada vuelta?",
                    ),
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_2_shows_while_nobody_types() {
    exercise(&STEPS, || {
        let call = Call::new();
        call.answer();
        call.send(Kind::Text, 1, b"chau");
        let acknowledged = call.next(Kind::Ack);
        let screen: Vec<u8> = call.screen.try_iter().flatten().collect();
        let screen = screen_words(&screen);
        if screen != "< chau\n" || acknowledged.is_none() {
            let ack = match acknowledged {
                Some(_) => say("and an ACK", "y un ACK"),
                None => say("and no ACK", "y ningún ACK"),
            };
            Told {
                did: say(
                    "called chat(), typed nothing, said \"chau\" from the other side",
                    "llamó a chat(), no escribió nada, dijo \"chau\" del otro lado",
                ),
                expected: say("\"< chau\\n\" and an ACK", "\"< chau\\n\" y un ACK"),
                came: &format!("{screen:?} {ack}"),
                cause: say(
                    "Your chat does not show what comes, or does not acknowledge it: the session wants both, in one list of actions, for act() with `out`.",
                    "Tu chat no muestra lo que llega, o no lo confirma: la sesión quiere las dos cosas, en una lista de acciones, para act() con `out`.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_ends_with_the_error_of_a_closed_screen() {
    exercise(&STEPS, || {
        let mut call = Call::new();
        call.answer();
        call.screen = channel().1; // Nobody looks at the other any more.
        call.send(Kind::Text, 1, b"chau");
        let ended = call.chatting.wait();
        if !matches!(ended, Some(Err(_))) {
            Told {
                did: say(
                    "called chat(), let writing to `out` fail, said \"chau\" from the other side",
                    "llamó a chat(), hizo que escribir en `out` fallara, dijo \"chau\" del otro lado",
                ),
                expected: say("chat() gives the error", "chat() da el error"),
                came: if ended.is_some() {
                    say("chat() gave Ok", "chat() dio Ok")
                } else {
                    say("chat() still runs", "chat() sigue andando")
                },
                cause: say(
                    "An error that act() gives does not come out of chat(), and your program does not say \"Error: ...\" when nobody answers, for example: hand it on, `?`.",
                    "Un error que da act() no sale de chat(), y tu programa no dice \"Error: ...\" cuando no responde nadie, por ejemplo: pasalo, con `?`.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_ends_when_all_is_said() {
    exercise(&STEPS, || {
        let mut call = Call::new();
        call.write(b"hola\n");
        call.keyboard = None;
        call.answer();
        let said = call.text(2);
        let bye = call.next(Kind::Bye);
        if let Some(bye) = &bye {
            call.send(Kind::Ack, bye.seq, b"");
        }
        let ended = call.chatting.wait();
        if said.as_deref() != Some(b"hola")
            || bye.is_none()
            || !matches!(ended, Some(Ok(())))
        {
            let said = said.as_deref().map_or_else(nothing, quoted);
            let bye = if bye.is_some() { ", BYE" } else { "" };
            let ended = match ended {
                None => say("chat() still runs", "chat() sigue andando").into(),
                Some(Ok(())) => "Ok".to_string(),
                Some(Err(e)) => error_words(&e),
            };
            Told {
                did: say(
                    "called chat(), typed \"hola\", ended the input; acknowledged all",
                    "llamó a chat(), escribió \"hola\", terminó la entrada; confirmó todo",
                ),
                expected: "\"hola\", BYE; Ok",
                came: &format!("{said}{bye}; {ended}"),
                cause: say(
                    "Your chat does not end when all is said and confirmed: act() gives whether it is over, and then chat() returns.",
                    "Tu chat no termina cuando todo está dicho y confirmado: act() da si terminó, y entonces chat() vuelve.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_tells_the_user_what_is_noted() {
    exercise(&STEPS, || {
        calls();
        let peer = Peer::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ex16-zchat-peer"));
        let port = peer.address().port().to_string();
        command.args(["client", "127.0.0.1", &port]);
        let program =
            Program::start(say("your program", "tu programa"), command);
        let called = peer.receive().and_then(|(data, from)| {
            Some((Frame::unpack(&data).ok()?.src, from))
        });
        if let Some((id, from)) = called {
            peer.send(&frame(Kind::Hello, id, 0, b"").pack(), from);
        }
        let meant = format!("connected to {}", peer.address());
        let limit = Instant::now() + patience();
        while Instant::now() < limit && !program.stderr().contains(&meant) {
            sleep(Duration::from_millis(5));
        }
        let notes = program.stderr();
        if !notes.contains(&meant) {
            Told {
                did: say(
                    "started your program as a client, and answered its HELLO",
                    "arrancó tu programa como cliente, y respondió su HELLO",
                ),
                expected: &format!("stderr: {meant:?}"),
                came: &format!("stderr: {:?}", notes.trim_end()),
                cause: say(
                    "Your program does not tell its user what the session notes, who is there and who has left: act() gives each Action::Note to note().",
                    "Tu programa no le cuenta a quien lo usa lo que la sesión avisa, quién está y quién se fue: act() le pasa cada Action::Note a note().",
                ),
            }
            .fail();
        }
    });
}

/// Fails unless chat() calls: before it is run as a program of its own, whose
/// `todo!` would not be this test's. Its input stays open.
fn calls() {
    std::mem::forget(Call::new());
}

/// Which role the student's program has in a chat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

/// One side of a chat between two programs.
struct Side {
    name: String,
    program: Program,
    /// What is typed there.
    types: Vec<Vec<u8>>,
    /// What it shows before each message.
    mark: &'static str,
}

impl Side {
    /// What it has shown so far, line by line.
    fn shown(&self) -> Vec<String> {
        let text = self.program.stdout();
        text.lines().map(str::to_string).collect()
    }

    /// What was typed there so far, line by line.
    fn typed(&self) -> Vec<String> {
        let line = |l: &Vec<u8>| String::from_utf8_lossy(l).into_owned();
        self.types.iter().map(line).collect()
    }

    /// What it is to show: what the other typed.
    fn meant(&self, other: &Side) -> Vec<String> {
        other
            .typed()
            .iter()
            .map(|line| format!("{}{line}", self.mark))
            .collect()
    }

    /// Types the lines from number `from` on.
    fn types(&mut self, from: usize) {
        let lines: Vec<u8> = self.types[from..].join(&b'\n');
        // It may have ended: what came is told later.
        let program = &mut self.program;
        caught(|| program.write(&[&lines[..], b"\n"].concat()));
    }
}

/// Lines for a person to read: each cut after 20 characters, and of many the
/// first three and the last.
fn list(lines: &[String]) -> String {
    let cut = |line: &String| {
        let line = harmless(line.as_bytes());
        let short: String = line.chars().take(20).collect();
        let more = if short == line { "" } else { "..." };
        format!("\"{short}\"{more}")
    };
    let all: Vec<_> = lines.iter().map(cut).collect();
    match &all[..] {
        [] => say("nothing", "nada").to_string(),
        [first @ .., last] if all.len() > 4 => {
            let (first, all) = (first[..3].join(" "), all.len());
            let unit = say("lines", "líneas");
            format!("{first} ... {last} ({all} {unit})")
        }
        all => all.join(" "),
    }
}

/// Who said what, and what was shown: a line each.
fn transcript(
    yours: &Side,
    other: &Side,
    ended: Option<Option<i32>>,
) -> String {
    let mut lines = Vec::new();
    for (from, to) in [(yours, other), (other, yours)] {
        let typed = say("typed at", "se escribió en");
        let shown = say("shown by", "mostró");
        lines.push(format!("{typed} {}: {}", from.name, list(&from.typed())));
        lines.push(format!("{shown} {}: {}", to.name, list(&to.shown())));
    }
    let notes = yours.program.stderr();
    let notes: Vec<_> = notes.lines().filter(|l| !l.is_empty()).collect();
    let noted = say("noted by", "avisó");
    lines.push(format!("{noted} {}: {}", yours.name, notes.join(" | ")));
    lines.push(match ended {
        None => say("it still runs", "sigue andando").to_string(),
        Some(code) => {
            let code = code.map_or("?".to_string(), |code| code.to_string());
            let status = say("it ended with status ", "terminó con estado ");
            status.to_string() + &code
        }
    });
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

/// The lines of a long chat.
fn many(word: &str) -> Vec<Vec<u8>> {
    (1..=12).map(|n| format!("{word} {n}").into_bytes()).collect()
}

/// What a chat is to begin with, besides spaces, no text at all, a byte that
/// is no UTF-8, and what zlib makes smaller.
fn odd() -> Vec<Vec<u8>> {
    let lines = [&b"hola"[..], b"", b"  dos espacios ", b"ma\xf1ana"];
    let mut lines: Vec<_> = lines.iter().map(|line| line.to_vec()).collect();
    lines.push(b"ja".repeat(500));
    lines
}

/// A chat of the student's program, in its role, with one of the workshop's,
/// over a link with these shares; each types its lines, and fails unless each
/// shows the other's, once and in order, and ends well.
fn hold(
    role: Role,
    (language, mut command): (&str, Command),
    shares: Shares,
    types: [Vec<Vec<u8>>; 2],
) {
    let limit = Instant::now() + patience() * 4;
    let mut yours = Command::new(env!("CARGO_BIN_EXE_ex16-zchat-peer"));
    let word = if role == Role::Client { "client" } else { "server" };
    yours.args([word, "127.0.0.1"]);
    let (at, its) = match role {
        Role::Client => (say("the server", "el servidor"), "server"),
        Role::Server => (say("the client", "el cliente"), "client"),
    };
    let at = format!("{at} ({language})");
    let name = say("your program", "tu programa").to_string();
    // The server first: the client has to know its port.
    let through = |server: &Program| {
        let target = server.address();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        BadLink::start(listen, target, shares, shares, 7).unwrap()
    };
    let (program, its_program, link);
    if role == Role::Client {
        command.args(["--host", "127.0.0.1", "--port", "0"]);
        its_program = Program::start(its, command);
        link = through(&its_program);
        yours.arg(link.address().port().to_string());
        program = Program::start(&name, yours);
    } else {
        yours.arg("0");
        program = Program::start(&name, yours);
        link = through(&program);
        let port = link.address().port().to_string();
        command.args(["127.0.0.1", "--port", &port]);
        its_program = Program::start(its, command);
    }
    let [mine, theirs] = types;
    let mut yours = Side { name, program, types: mine, mark: "< " };
    let mut other =
        Side { name: at, program: its_program, types: theirs, mark: "" };

    // Both talk. The student's server soon has no more to say, and listens on.
    yours.types(0);
    if role == Role::Server {
        yours.program.close_input();
    }
    other.types(0);
    let moment = Duration::ZERO;
    while Instant::now() < limit
        && (yours.shown() != yours.meant(&other)
            || other.shown() != other.meant(&yours))
        && yours.program.status_within(moment).is_none()
    {}

    // The client's last words, and the end of its input.
    let caller = if role == Role::Client { &mut yours } else { &mut other };
    let from = caller.types.len();
    caller.types.push(b"chau".to_vec());
    caller.types(from);
    caller.program.close_input();
    let left = |limit: Instant| limit.saturating_duration_since(Instant::now());
    caller.program.status_within(left(limit));
    let server = if role == Role::Client { &mut other } else { &mut yours };
    server.program.close_input();
    server.program.status_within(left(limit));

    let status = yours.program.status_within(moment);
    let good = yours.shown() == yours.meant(&other)
        && other.shown() == other.meant(&yours)
        && status.is_some_and(|status| status.success());
    let lost =
        [Direction::There, Direction::Back].map(|way| link.counts(way).lost);
    assert!(
        !good || shares.lose == 0.0 || !lost.contains(&0),
        "lost: {lost:?}"
    );
    if !good {
        let status = status.map(|status| status.code());
        let cause = likely(&yours, &other, status);
        let came = transcript(&yours, &other, status);
        let did = say("let your program, as a ", "hizo que tu programa, como ");
        let with = say(", chat with ", ", chatee con ");
        let did = format!("{did}{word}{with}{}", other.name);
        drop((yours, other)); // Before anything is told.
        Told {
            did: &did,
            expected: say(
                "each shows what was typed at the other, once and in order, and then ends",
                "cada uno muestra lo que se escribió en el otro, una vez y en orden, y después termina",
            ),
            came: &came,
            cause,
        }
        .fail();
    }
}

/// The likely cause of a chat that went wrong.
fn likely(
    yours: &Side,
    other: &Side,
    status: Option<Option<i32>>,
) -> &'static str {
    let (meant, shown) = (yours.meant(other), yours.shown());
    if shown.iter().any(|line| !meant.contains(line)) {
        return say(
            "Your program shows what is no message: a datagram is a frame, for the session's eyes; only Action::Show is for people's.",
            "Tu programa muestra lo que no es un mensaje: un datagrama es una trama, para los ojos de la sesión; para los de la gente es solo Action::Show.",
        );
    }
    if shown.len() > meant.len() {
        return say(
            "Your program shows a message more than once: the session gives each Action::Show once; is it the same session all the time?",
            "Tu programa muestra un mensaje más de una vez: la sesión da cada Action::Show una sola vez; ¿es siempre la misma sesión?",
        );
    }
    match status {
        Some(Some(0)) if other.shown() != other.meant(yours) => say(
            "Your program ends while lines that were typed are not confirmed: chat() returns when act() says so, and for no other reason.",
            "Tu programa termina con líneas escritas sin confirmar: chat() vuelve cuando lo dice act(), y por ningún otro motivo.",
        ),
        Some(_) => say(
            "Your program ended before the chat did: what it noted last says why.",
            "Tu programa terminó antes que el chat: lo último que avisó dice por qué.",
        ),
        None => say(
            "The chat stands still, or lost a line: look at who is waiting for what, and whether the session's deadline still wakes your main loop.",
            "El chat está detenido, o perdió una línea: fijate quién espera qué, y si el vencimiento de la sesión todavía despierta a tu bucle principal.",
        ),
    }
}

#[test]
fn step_2_chats_with_the_workshop_s_server() {
    exercise(&STEPS, calls);
    for reference in references("zchat", "server") {
        exercise(&STEPS, || {
            hold(Role::Client, reference, Shares::default(), [odd(), odd()]);
        });
    }
}

#[test]
fn step_2_chats_with_the_workshop_s_client() {
    exercise(&STEPS, calls);
    for reference in references("zchat", "client") {
        exercise(&STEPS, || {
            hold(Role::Server, reference, Shares::default(), [odd(), odd()]);
        });
    }
}

/// A link on which some datagrams have to be sent again.
const BAD: Shares = Shares {
    lose: 0.1,
    corrupt: 0.05,
    duplicate: 0.05,
    reorder: 0.0,
    delay: 0.0,
    truncate: 0.0,
    delay_by: Duration::ZERO,
};

#[test]
fn step_2_loses_nothing_as_a_client() {
    exercise(&STEPS, calls);
    for reference in references("zchat", "server") {
        exercise(&STEPS, || {
            hold(Role::Client, reference, BAD, [many("ida"), many("vuelta")]);
        });
    }
}

#[test]
fn step_2_loses_nothing_as_a_server() {
    exercise(&STEPS, calls);
    for reference in references("zchat", "client") {
        exercise(&STEPS, || {
            hold(Role::Server, reference, BAD, [many("ida"), many("vuelta")]);
        });
    }
}
