//! The tests of exercise 06. You need not change this file.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use ex06_both_roles::{BYTES, Role, WAIT, ask, both, role};
use kit::{
    Beside, Peer, Step, Told, beside, bytes, error_words, exercise, free_port,
    millis, nothing, refusals_are_told, say, skipped,
};

const STEPS: [Step; 3] = [
    (
        1,
        "read the role from the command line",
        "leé el rol de la línea de comandos",
    ),
    (2, "ask the server", "preguntale al servidor"),
    (3, "be both at once", "hacé las dos cosas a la vez"),
];

/// The command line `ex06-both-roles`, and what follows.
fn line(words: &[&str]) -> Vec<String> {
    let all = ["ex06-both-roles"].iter().chain(words);
    all.map(ToString::to_string).collect()
}

/// A role, or that there is none.
fn words(role: Option<Role>) -> String {
    match role {
        Some(role) => format!("{role:?}"),
        None => say("no role", "ningún rol").to_string(),
    }
}

#[test]
fn step_1_reads_the_role() {
    exercise(&STEPS, || {
        for (word, meant) in [
            ("server", Role::Server),
            ("client", Role::Client),
            ("both", Role::Both),
        ] {
            let given = role(&line(&[word]));
            let did = say(
                "called role() with the command line: ex06-both-roles ",
                "llamó a role() con la línea de comandos: ex06-both-roles ",
            );
            let cause = if given.is_none() {
                say(
                    "Your program does not find its role: the first word of a command line is the program's own name; which number has the second?",
                    "Tu programa no encuentra su rol: la primera palabra de una línea de comandos es el nombre del programa; ¿qué número tiene la segunda?",
                )
            } else {
                say(
                    "Your program takes one word for another: look at what each arm of the `match` gives.",
                    "Tu programa confunde una palabra con otra: fijate qué devuelve cada rama del `match`.",
                )
            };
            if given != Some(meant) {
                Told {
                    did: &(did.to_string() + word),
                    expected: &words(Some(meant)),
                    came: &words(given),
                    cause,
                }
                .fail();
            }
        }
    });
}

/// The likely cause when another word than the second counts.
fn another_place() -> &'static str {
    say(
        "Your program looks for its role in the wrong place: it is the second word, right behind the program's name, whatever follows.",
        "Tu programa busca su rol en otro lugar: es la segunda palabra, la que está justo después del nombre del programa, siga lo que siga.",
    )
}

#[test]
fn step_1_knows_no_other_word() {
    exercise(&STEPS, || {
        let _ = role(&line(&["server"])); // Or its `todo!` would be caught.
        for wrong in [&["sever"][..], &["-"], &[], &["-", "server"]] {
            let did = say(
                "called role() with the command line: ex06-both-roles ",
                "llamó a role() con la línea de comandos: ex06-both-roles ",
            );
            let did = did.to_string() + &wrong.join(" ");
            let did = did.trim_end();
            let expected = words(None);
            let told = |came: &str, cause| {
                Told { did, expected: &expected, came, cause }.fail()
            };
            match catch_unwind(|| role(&line(wrong))) {
                Err(_) => told(
                    say("a panic", "un pánico (panic)"),
                    say(
                        "Your program panics where a word is missing: `line[1]` needs a second word; which function gives an Option instead?",
                        "Tu programa entra en pánico si falta una palabra: `line[1]` necesita que haya una segunda; ¿qué función da en cambio un Option?",
                    ),
                ),
                Ok(Some(role)) if wrong.len() > 1 => {
                    told(&words(Some(role)), another_place())
                }
                Ok(Some(role)) => told(
                    &words(Some(role)),
                    say(
                        "Your program takes a word that it does not know for a role: what does the last arm of your `match` give?",
                        "Tu programa toma por un rol una palabra que no conoce: ¿qué devuelve la última rama de tu `match`?",
                    ),
                ),
                Ok(None) => {}
            }
        }
    });
}

#[test]
fn step_1_takes_no_notice_of_what_follows() {
    exercise(&STEPS, || {
        let given = role(&line(&["client", "server"]));
        if given != Some(Role::Client) {
            Told {
                did: say(
                    "called role() with the command line: ex06-both-roles client server",
                    "llamó a role() con la línea de comandos: ex06-both-roles client server",
                ),
                expected: &words(Some(Role::Client)),
                came: &words(given),
                cause: if given.is_none() {
                    say(
                        "Your program knows its role only if no word follows: what stands behind the second word does not count, so do not ask how many there are.",
                        "Tu programa reconoce su rol solo si no sigue ninguna palabra: lo que está después de la segunda no cuenta, así que no te fijes cuántas hay.",
                    )
                } else {
                    another_place()
                },
            }
            .fail();
        }
    });
}

/// Calls ask() with "hola", beside; gives its answer, and how long it took.
fn asking(address: SocketAddr) -> Beside<(io::Result<String>, Duration)> {
    beside(move || {
        let begun = Instant::now();
        (ask(address, "hola"), begun.elapsed())
    })
}

/// Whether it is the error of a time-out.
fn late(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[test]
fn step_2_asks_from_a_socket_of_its_own() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let asked = asking(server.address());
        let did = say(
            "called ask() with \"hola\" and the address of a server",
            "llamó a ask() con \"hola\" y la dirección de un servidor",
        );
        let expected = say(
            "a datagram with \"hola\", at the server",
            "un datagrama con \"hola\", en el servidor",
        );
        let told =
            |came: &str, cause| Told { did, expected, came, cause }.fail();
        let Some((data, from)) = server.receive() else {
            let given = asked.now().map(|(given, _)| given);
            match &given {
                Some(Err(e)) if e.kind() == ErrorKind::AddrInUse => told(
                    &error_words(e),
                    say(
                        "Your client wants a port that is taken, the server's: whoever asks needs no certain port, and 0 is any free one.",
                        "Tu cliente quiere un puerto ocupado, el del servidor: quien pregunta no necesita un puerto determinado, y 0 es cualquiera que esté libre.",
                    ),
                ),
                given => told(
                    &match given {
                        Some(Err(e)) => error_words(e),
                        _ => nothing(),
                    },
                    say(
                        "Your client does not ask the server that ask() was given: send to `server`, and receive after that.",
                        "Tu cliente no le pregunta al servidor que recibe ask(): mandale a `server`, y recién después recibí.",
                    ),
                ),
            }
        };
        if data != b"hola" {
            told(
                &bytes(&data),
                say(
                    "Your client sends something that is not the text: `text.as_bytes()` are its bytes.",
                    "Tu cliente manda algo que no es el texto: `text.as_bytes()` son sus bytes.",
                ),
            );
        }
        server.send(b"chau", from);
        let did = say(
            "called ask() with \"hola\", and the server answered \"chau\"",
            "llamó a ask() con \"hola\", y el servidor respondió \"chau\"",
        );
        let expected = bytes(b"chau");
        let given = asked.wait();
        if !matches!(&given, Some((Ok(text), _)) if text == "chau") {
            let starts = |text: &str| text.starts_with("-->");
            let arrow = matches!(&given, Some((Ok(text), _)) if starts(text));
            let at_once =
                matches!(&given, Some((Err(e), t)) if late(e) && *t < WAIT / 2);
            let came = match given {
                None => nothing(),
                Some((Err(e), _)) => error_words(&e),
                Some((Ok(text), _)) => bytes(text.as_bytes()),
            };
            Told {
                did,
                expected: &expected,
                came: &came,
                cause: if arrow {
                    say(
                        "ask() puts an arrow before the answer: it gives the answer alone, and main.rs prints the arrow.",
                        "ask() le pone una flecha delante a la respuesta: tiene que dar la respuesta sola; la flecha la imprime main.rs.",
                    )
                } else if at_once {
                    say(
                        "Your client does not wait for the answer, which needs its time on the way: is its socket non-blocking, or its time-out very short?",
                        "Tu cliente no espera la respuesta, que tarda un poco en llegar: ¿su socket es no bloqueante, o su plazo es cortísimo?",
                    )
                } else {
                    say(
                        "Your client does not give the answer as it came: one `recv`, at the socket that sent, and of the buffer only the first n bytes.",
                        "Tu cliente no devuelve la respuesta tal como llegó: un solo `recv`, en el socket que mandó, y del buffer solo los primeros n bytes.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_2_has_room_for_the_longest_answer() {
    exercise(&STEPS, || {
        let server = Peer::new();
        let asked = asking(server.address());
        let Some((_, from)) = server.receive() else {
            return; // It does not ask: another test's.
        };
        let answer = [b'x'; BYTES];
        server.send(&answer, from);
        let came = match asked.wait() {
            Some((Ok(text), _)) if text.len() < BYTES => bytes(text.as_bytes()),
            // Windows.
            Some((Err(e), _)) if !late(&e) => error_words(&e),
            _ => return,
        };
        Told {
            did: say(
                "called ask(), and the server answered with BYTES bytes",
                "llamó a ask(), y el servidor respondió con BYTES bytes",
            ),
            expected: &bytes(&answer),
            came: &came,
            cause: say(
                "Your client loses the end of a long answer: how many bytes has its buffer, and how many may a datagram have?",
                "Tu cliente pierde el final de una respuesta larga: ¿cuántos bytes tiene su buffer, y cuántos puede tener un datagrama?",
            ),
        }
        .fail();
    });
}

#[test]
fn step_2_takes_nothing_from_a_stranger() {
    exercise(&STEPS, || {
        let (server, stranger) = (Peer::new(), Peer::new());
        let address = server.address();
        let asked = beside(move || ask(address, "hola"));
        let Some((_, from)) = server.receive() else {
            return; // It does not ask: another test's.
        };
        stranger.send(b"believe me", from);
        server.send(b"chau", from);
        if let Some(Ok(text)) = asked.wait()
            && text == "believe me"
        {
            Told {
                did: say(
                    "called ask(); sent \"believe me\", as a stranger, and then \"chau\", as the server",
                    "llamó a ask(); mandó \"believe me\", como un extraño, y después \"chau\", como el servidor",
                ),
                expected: &bytes(b"chau"),
                came: &bytes(text.as_bytes()),
                cause: say(
                    "Your client takes the first datagram for the answer, whoever sent it: connect its socket to the server, as in exercise 05.",
                    "Tu cliente toma por respuesta el primer datagrama, lo mande quien lo mande: conectá su socket con el servidor, como en el ejercicio 05.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_gives_up_in_time() {
    exercise(&STEPS, || {
        let silent = Peer::new();
        let asked = asking(silent.address());
        let did = say(
            "called ask() with the address of a server that never answers",
            "llamó a ask() con la dirección de un servidor que nunca responde",
        );
        let expected = say("an error, after 1 s", "un error, después de 1 s");
        match asked.wait().or_else(|| asked.wait()) {
            None => Told {
                did,
                expected,
                came: say("ask() still waits", "ask() sigue esperando"),
                cause: say(
                    "Your client waits for ever: UDP does not say that nobody answers; give the socket a read time-out.",
                    "Tu cliente espera para siempre: UDP no avisa que nadie responde; ponele al socket un tiempo máximo de espera.",
                ),
            }
            .fail(),
            Some((Ok(text), _)) => Told {
                did,
                expected,
                came: &bytes(text.as_bytes()),
                cause: say(
                    "Your client gives a text that nobody sent: hand the error of `recv` on, with `?`.",
                    "Tu cliente devuelve un texto que nadie mandó: entregá el error de `recv`, con `?`.",
                ),
            }
            .fail(),
            Some((Err(e), waited)) if late(&e) && waited < WAIT / 2 => Told {
                did,
                expected,
                came: &format!("{}, {}", error_words(&e), millis(waited)),
                cause: say(
                    "Your client gives up long before `WAIT` is over, and a slow answer comes too late for it: which time-out has its socket?",
                    "Tu cliente desiste mucho antes de que pase `WAIT`, y una respuesta lenta le llega tarde: ¿qué plazo tiene su socket?",
                ),
            }
            .fail(),
            Some((Err(_), _)) => {}
        }
    });
}

#[test]
fn step_2_learns_that_nobody_listens() {
    exercise(&STEPS, || {
        use ErrorKind::{ConnectionRefused, ConnectionReset};
        let asked = asking((Ipv4Addr::LOCALHOST, free_port()).into());
        let Some((given, _)) = asked.wait().or_else(|| asked.wait()) else {
            return; // It waits for ever: another test's.
        };
        let kind = given.as_ref().map_err(io::Error::kind);
        if matches!(kind, Err(ConnectionRefused | ConnectionReset)) {
            return;
        }
        if !refusals_are_told() {
            return skipped(say(
                "this system does not say that nobody listens",
                "este sistema no avisa que no escucha nadie",
            ));
        }
        Told {
            did: say(
                "called ask() with an address where nobody listens",
                "llamó a ask() con una dirección donde no escucha nadie",
            ),
            expected: &error_words(&ConnectionRefused.into()),
            came: &match &given {
                Ok(text) => bytes(text.as_bytes()),
                Err(e) => error_words(e),
            },
            cause: if given.is_err_and(|e| late(&e)) {
                say(
                    "Your client waits although nobody listens: the system says so to a connected socket alone; is yours connected to the server before it sends?",
                    "Tu cliente espera aunque no escucha nadie: el sistema se lo avisa solo a un socket conectado; ¿el tuyo está conectado con el servidor antes de mandar?",
                )
            } else {
                say(
                    "Your client keeps to itself that nobody listens: give the error of `recv` to the caller as it is, since main.rs prints its kind.",
                    "Tu cliente se guarda que no escucha nadie: entregale a quien llama el error de `recv` tal cual, porque main.rs imprime su clase.",
                )
            },
        }
        .fail();
    });
}

/// Whether a server answers at the address.
fn serves(address: SocketAddr) -> bool {
    let other = Peer::new();
    other.send(b"chau", address);
    other.receive().is_some_and(|(back, _)| back == b"chau")
}

/// The likely cause when the server is there, and the client is not.
fn asks_elsewhere() -> &'static str {
    say(
        "Your server does listen at the `address` that both() was given, and your client asks somewhere else: which address does `ask` get?",
        "Tu servidor sí escucha en la `address` que recibe both(), y tu cliente pregunta en otro lado: ¿qué dirección recibe `ask`?",
    )
}

#[test]
fn step_3_answers_itself() {
    exercise(&STEPS, || {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let given = beside(move || both(address, "hola"));
        let did = say(
            "called both() with \"hola\" and ",
            "llamó a both() con \"hola\" y ",
        );
        let did = did.to_string() + &address.to_string();
        let expected = bytes(b"hola");
        let told = |came: &str, cause| {
            Told { did: &did, expected: &expected, came, cause }.fail()
        };
        match given.wait().or_else(|| given.wait()) {
            None => told(
                say("both() still runs", "both() sigue andando"),
                say(
                    "Your program serves for ever and never comes to ask, or never ends: the server needs a thread that nobody waits for.",
                    "Tu programa atiende para siempre y nunca llega a preguntar, o no termina: el servidor necesita un hilo (thread) al que nadie espere.",
                ),
            ),
            Some(Err(e)) if serves(address) => {
                told(&error_words(&e), asks_elsewhere())
            }
            Some(Err(e)) => told(
                &error_words(&e),
                say(
                    "Nobody answered your client: does a server listen at the same address, beside it, before it asks?",
                    "Nadie le respondió a tu cliente: ¿hay a su lado un servidor que escuche en la misma dirección antes de que pregunte?",
                ),
            ),
            Some(Ok(text)) if text != "hola" => told(
                &bytes(text.as_bytes()),
                say(
                    "Your client asks something else: give `ask` the text that both() was given.",
                    "Tu cliente pregunta otra cosa: pasale a `ask` el texto que recibe both().",
                ),
            ),
            Some(Ok(_)) => {}
        }
        let other = Peer::new();
        other.send(b"chau", address);
        let back = other.receive().map(|(back, _)| back);
        if back.as_deref() != Some(b"chau") {
            let then = say(
                "; when it had ended, sent \"chau\" there",
                "; cuando terminó, mandó \"chau\" ahí",
            );
            Told {
                did: &format!("{did}{then}"),
                expected: &bytes(b"chau"),
                came: &back.as_deref().map_or_else(nothing, bytes),
                cause: say(
                    "both() gives the answer, and nobody serves: the server goes on in its thread, and whoever else asks is answered, too.",
                    "both() da la respuesta, y nadie atiende: el servidor sigue en su hilo, y también le responde a cualquier otro que pregunte.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_asks_where_it_serves() {
    exercise(&STEPS, || {
        // A server can listen there, on some systems; and none of these
        // clients can ask there. So an answer would be another server's.
        let ips = [
            IpAddr::from(Ipv4Addr::new(127, 255, 255, 255)),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        let mut looked = false;
        for ip in ips {
            let Ok(s) = UdpSocket::bind((ip, free_port())) else { continue };
            let address = s.local_addr().unwrap();
            drop(s);
            looked = true;
            let given = beside(move || both(address, "hola"));
            let given = given.wait().or_else(|| given.wait());
            if let Some(Ok(text)) = given
                && cannot_ask(ip)
            {
                let did = say(
                    "called both() with \"hola\" and {}, where a server can listen and no client can ask",
                    "llamó a both() con \"hola\" y {}, donde un servidor puede escuchar y ningún cliente puede preguntar",
                );
                Told {
                    did: &did.replace("{}", &address.to_string()),
                    expected: say("an error", "un error"),
                    came: &bytes(text.as_bytes()),
                    cause: asks_elsewhere(),
                }
                .fail();
            }
        }
        if !looked {
            skipped(say(
                "this system has no address where one can listen and not ask",
                "este sistema no tiene una dirección donde se pueda escuchar y no preguntar",
            ));
            let _ = beside(|| both(([127, 0, 0, 1], 0).into(), "")).wait();
        }
    });
}

/// Whether the student's client reaches nobody at this address.
fn cannot_ask(ip: IpAddr) -> bool {
    let s = UdpSocket::bind((ip, 0)).unwrap();
    let address = s.local_addr().unwrap();
    let asked = beside(move || ask(address, "hola").is_err()).wait();
    s.set_nonblocking(true).unwrap();
    asked == Some(true) && s.recv_from(&mut [0; 100]).is_err()
}

#[test]
fn step_3_gives_what_the_server_answers() {
    exercise(&STEPS, || {
        // `serve` never answers an empty datagram: whoever asks gets none.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let given = beside(move || both(address, ""));
        if let Some(Ok(text)) = given.wait().or_else(|| given.wait()) {
            Told {
                did: say(
                    "called both() with an empty text, which `serve` never answers",
                    "llamó a both() con un texto vacío, al que `serve` nunca responde",
                ),
                expected: say(
                    "the error of ask(), after 1 s",
                    "el error de ask(), después de 1 s",
                ),
                came: &bytes(text.as_bytes()),
                cause: say(
                    "both() gives a text that no server sent: does it ask, and give what `ask` gives, errors too?",
                    "both() devuelve un texto que ningún servidor mandó: ¿pregunta, y devuelve lo que da `ask`, también los errores?",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_says_that_the_port_is_taken() {
    exercise(&STEPS, || {
        let other = Peer::new();
        let address = other.address();
        let given = beside(move || both(address, "hola"));
        let given = given.wait().or_else(|| given.wait());
        let in_use = ErrorKind::AddrInUse;
        if !matches!(&given, Some(Err(e)) if e.kind() == in_use) {
            let came = match given {
                None => nothing(),
                Some(Err(e)) => error_words(&e),
                Some(Ok(text)) => bytes(text.as_bytes()),
            };
            Told {
                did: say(
                    "called both() with an address where another server listens",
                    "llamó a both() con una dirección donde ya escucha otro servidor",
                ),
                expected: &error_words(&in_use.into()),
                came: &came,
                cause: say(
                    "Your server's socket is made inside the thread, where its error is lost: make it before, and hand it to the thread.",
                    "El socket de tu servidor se crea adentro del hilo, donde su error se pierde: crealo antes, y pasáselo al hilo.",
                ),
            }
            .fail();
        }
    });
}
