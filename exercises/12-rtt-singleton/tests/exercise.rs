//! The tests of exercise 12. You need not change this file.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ex12_rtt_singleton::{Probe, measure, note, read, send, wait, write};
use kit::{
    Peer, Program, Step, Told, beside, bytes, caught, error_words, exercise,
    millis, nothing, only_receives, patience, references, refusals_are_told,
    say, skipped, to_nobody,
};

const STEPS: [Step; 6] = [
    (1, "write a probe", "escribí una sonda"),
    (2, "read a reply", "leé una respuesta"),
    (3, "send a probe", "mandá una sonda"),
    (4, "note a reply", "anotá una respuesta"),
    (5, "wait for the reply", "esperá la respuesta"),
    (6, "measure once more", "medí una vez más"),
];

/// A threshold that is soon over.
const SOON: Duration = Duration::from_millis(200);

/// A threshold that no test waits for.
fn long() -> Duration {
    patience() * 10
}

/// A probe, as it ought to be written.
fn datagram(seq: u32, sent: Duration) -> Vec<u8> {
    let nanos = u64::try_from(sent.as_nanos()).unwrap();
    [&seq.to_be_bytes()[..], &nanos.to_be_bytes()].concat()
}

/// The number and the time in a probe; `None` if it has not 12 bytes.
fn fields(data: &[u8]) -> Option<(u32, Duration)> {
    let (seq, nanos) = data.split_first_chunk()?;
    let nanos = u64::from_be_bytes(nanos.try_into().ok()?);
    Some((u32::from_be_bytes(*seq), Duration::from_nanos(nanos)))
}

/// A probe that was sent this many ms after the start, and not answered.
fn sent(ms: u64) -> Probe {
    Probe { sent: Duration::from_millis(ms), ..Probe::default() }
}

/// A socket connected to a peer, its address, and the peer.
fn connected() -> (UdpSocket, SocketAddr, Peer) {
    let (s, peer) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)), Peer::new());
    let s = s.unwrap();
    s.connect(peer.address()).unwrap();
    let address = s.local_addr().unwrap();
    (s, address, peer)
}

/// Bytes as numbers: `00 00 01 ff`.
fn hex(data: &[u8]) -> String {
    let shown: Vec<_> = data.iter().map(|b| format!("{b:02x}")).collect();
    format!("{} ({} bytes)", shown.join(" "), data.len())
}

/// A delay in words: `30 ms`, or "undefined".
fn delay(rtt: Option<Duration>) -> String {
    match rtt {
        Some(rtt) => format!("{rtt:?}"),
        None => say("undefined", "indefinida").to_string(),
    }
}

/// A list of probes in words.
fn list(probes: &[Probe]) -> String {
    let one = |(seq, probe): (usize, &Probe)| {
        let name = say("probe", "sonda");
        let replies = say("replies", "respuestas");
        let rtt = delay(probe.rtt);
        format!("{name} {seq}: {rtt}, {replies}: {}", probe.replies)
    };
    let all: Vec<_> = probes.iter().enumerate().map(one).collect();
    all.join("; ")
}

/// "a panic", in the student's language.
fn panic() -> String {
    say("a panic", "un pánico (panic)").to_string()
}

/// The likely cause when a number begins with its last byte.
fn little_endian() -> &'static str {
    say(
        "Your numbers begin with their last byte (little-endian), and the network's begin with their first: the functions whose names have `be`, for big-endian.",
        "Tus números empiezan por el último byte (little-endian), y los de la red, por el primero: son las funciones que llevan `be`, de big-endian, en el nombre.",
    )
}

#[test]
fn step_1_writes_twelve_bytes_in_network_byte_order() {
    exercise(&STEPS, || {
        let (seq, nanos) = (0x0001_0203_u32, 0x0004_0506_0708_090a_u64);
        let given = write(seq, Duration::from_nanos(nanos));
        let right = datagram(seq, Duration::from_nanos(nanos));
        if given == right {
            return;
        }
        let turned = [&seq.to_le_bytes()[..], &nanos.to_le_bytes()].concat();
        let units = [1000, 1_000_000, 1_000_000_000].map(|unit| nanos / unit);
        let rest = nanos % 1_000_000_000;
        let other = |n: &u64| given.ends_with(&n.to_be_bytes());
        let cause = if given == turned {
            little_endian()
        } else if given.len() != right.len() {
            say(
                "Your probe has not 12 bytes: the number is a `u32`, 4 bytes, and the time a `u64`, 8 bytes (`as_nanos()` gives 16).",
                "Tu sonda no tiene 12 bytes: el número es un `u32`, 4 bytes, y el tiempo, un `u64`, 8 bytes (`as_nanos()` da 16).",
            )
        } else if units.iter().any(other) {
            say(
                "The time in your probe is not in nanoseconds: a reply on the same machine takes some microseconds, and you would see too little of that.",
                "El tiempo de tu sonda no está en nanosegundos: en la misma máquina, una respuesta tarda unos microsegundos, y de eso verías muy poco.",
            )
        } else if other(&rest) {
            say(
                "The time in your probe lacks its whole seconds: which function gives all the nanoseconds of a `Duration`, and not the part below a second alone?",
                "Al tiempo de tu sonda le faltan los segundos enteros: ¿qué función da todos los nanosegundos de una `Duration`, y no solo la parte menor que un segundo?",
            )
        } else {
            say(
                "Your probe has 12 bytes, but others: first the 4 of the number, then the 8 of the time.",
                "Tu sonda tiene 12 bytes, pero son otros: primero los 4 del número, después los 8 del tiempo.",
            )
        };
        let did = say(
            "called write() with number 66051 and 1131671761028362 ns, 00010203 and 000405060708090a as bytes",
            "llamó a write() con el número 66051 y 1131671761028362 ns, en bytes 00010203 y 000405060708090a",
        );
        let (expected, came) = (&hex(&right), &hex(&given));
        Told { did, expected, came, cause }.fail();
    });
}

#[test]
fn step_2_reads_what_was_written() {
    exercise(&STEPS, || {
        let meant = (0x0001_0203, Duration::from_nanos(0x0004_0506_0708_090a));
        let data = datagram(meant.0, meant.1);
        let given = caught(|| read(&data)).flatten();
        if given == Some(meant) {
            return;
        }
        let words = |(seq, sent): (u32, Duration)| {
            format!("{seq}, {} ns", sent.as_nanos())
        };
        let did = say("called read() with ", "llamó a read() con ");
        let turned = (
            meant.0.swap_bytes(),
            Duration::from_nanos(0x0004_0506_0708_090a_u64.swap_bytes()),
        );
        Told {
            did: &(did.to_string() + &hex(&data)),
            expected: &words(meant),
            came: &given.map_or("None".to_string(), words),
            cause: if given == Some(turned) {
                little_endian()
            } else {
                say(
                    "read() does not give what is in a whole probe: the number is in the bytes 0 to 3, the time, in nanoseconds, in the bytes 4 to 11.",
                    "read() no da lo que hay en una sonda completa: el número está en los bytes 0 a 3, y el tiempo, en nanosegundos, en los bytes 4 a 11.",
                )
            },
        }
        .fail();
    });
}

#[test]
fn step_2_gives_none_where_bytes_are_missing() {
    exercise(&STEPS, || {
        let whole = datagram(1, Duration::from_nanos(2));
        for n in [0, 3, 4, 11] {
            let data = whole[..n].to_vec();
            let given = caught(|| read(&data));
            if given == Some(None) {
                continue;
            }
            let did = say(
                "called read() with the first {} bytes of a probe",
                "llamó a read() con los primeros {} bytes de una sonda",
            );
            Told {
                did: &did.replace("{}", &n.to_string()),
                expected: "None",
                came: &given.map_or_else(panic, |given| format!("{given:?}")),
                cause: say(
                    "read() does not look how long the datagram is: anybody may send a short one, so take its parts with `get`, which gives an `Option`.",
                    "read() no mira cuánto mide el datagrama: cualquiera puede mandar uno corto, así que tomá sus partes con `get`, que da un `Option`.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_2_reads_a_longer_datagram_too() {
    exercise(&STEPS, || {
        let meant = (1, Duration::from_nanos(2));
        let mut data = datagram(meant.0, meant.1);
        data.push(3);
        let given = caught(|| read(&data));
        if given != Some(Some(meant)) {
            let did = say("called read() with ", "llamó a read() con ");
            Told {
                did: &(did.to_string() + &hex(&data)),
                expected: &format!("{:?}", Some(meant)),
                came: &given.map_or_else(panic, |given| format!("{given:?}")),
                cause: say(
                    "read() does not take a datagram of 13 bytes: more than 12 do no harm, the number and the time are there; `None` is for fewer.",
                    "read() no acepta un datagrama de 13 bytes: que sean más de 12 no molesta, el número y el tiempo están; `None` es para menos.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_3_sends_the_number_and_the_time_it_gives() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        sleep(Duration::from_millis(5)); // The time sent is no less.
        let before = start.elapsed();
        let given = send(&s, 7, start);
        let after = start.elapsed();
        let did = say(
            "called send() for probe 7, through a connected socket",
            "llamó a send() para la sonda 7, con un socket conectado",
        );
        let told = |expected: &str, came: &str, cause: &str| -> ! {
            Told { did, expected, came, cause }.fail()
        };
        let probe = say("a probe, 12 bytes", "una sonda, 12 bytes");
        let sends = say(
            "send() sends no probe: the socket is connected, so `s.send` with what write() gives is all.",
            "send() no manda ninguna sonda: el socket está conectado, así que alcanza con `s.send` y lo que da write().",
        );
        let given =
            given.unwrap_or_else(|e| told(probe, &error_words(&e), sends));
        let Some((data, from)) = peer.receive() else {
            told(probe, &nothing(), sends)
        };
        if from != address {
            let expected = say("a probe from ", "una sonda desde ");
            told(
                &format!("{expected}{address}"),
                &from.to_string(),
                say(
                    "The probe left from another socket, and the reply goes back to that one, where nobody waits: send through `s`.",
                    "La sonda salió de otro socket, y la respuesta vuelve a ese, donde no espera nadie: mandá por `s`.",
                ),
            );
        }
        let Some((seq, sent)) = fields(&data) else {
            told(probe, &hex(&data), sends)
        };
        if seq != 7 {
            told(
                say("number 7", "el número 7"),
                &seq.to_string(),
                say(
                    "The number in the datagram is not the one that send() was told: a reply would belong to another probe.",
                    "El número del datagrama no es el que recibe send(): la respuesta sería de otra sonda.",
                ),
            );
        }
        if sent < before || sent > after {
            let day = sent > Duration::from_secs(1_000_000_000);
            let expected = say(
                "in the datagram, a time since `start` from {} to {}",
                "en el datagrama, un tiempo desde `start`, de {} a {}",
            );
            let expected = expected.replacen("{}", &format!("{before:?}"), 1);
            told(
                &expected.replacen("{}", &format!("{after:?}"), 1),
                &format!("{sent:?}"),
                if day {
                    say(
                        "The time in the datagram is the time of day, which is put right now and then, even while a probe is on its way: take the time since `start`.",
                        "El tiempo del datagrama es la hora del día, que cada tanto se corrige, también mientras una sonda está en camino: tomá el tiempo desde `start`.",
                    )
                } else {
                    say(
                        "The time in the datagram is not the time since `start` at the moment of sending: `start` is an `Instant`; what does it tell by itself?",
                        "El tiempo del datagrama no es el que pasó desde `start` hasta el envío: `start` es un `Instant`; ¿qué sabe decir por sí solo?",
                    )
                },
            );
        }
        if given != sent {
            let datagram =
                say("the time in the datagram, ", "el tiempo del datagrama, ");
            let gave = say("send() gave ", "send() dio ");
            told(
                &format!("{datagram}{sent:?}"),
                &format!("{gave}{given:?}"),
                say(
                    "send() gives another time than the one in the datagram. Is it taken after sending? Then the sending is missing from the delay: take the time once, before.",
                    "El tiempo que devuelve send() no es el que lleva el datagrama. ¿Lo toma después de mandar? Entonces a la demora le falta el envío: tomá el tiempo una vez, antes.",
                ),
            );
        }
    });
}

#[test]
fn step_3_says_that_it_could_not_send() {
    exercise(&STEPS, || {
        let (s, _, peer) = connected();
        let fails = only_receives(&s, peer.address());
        let given = caught(|| send(&s, 7, Instant::now()));
        if matches!(given, Some(Err(_))) {
            return;
        }
        if !fails {
            return skipped(say(
                "here no probe can be made to fail",
                "acá no se puede hacer que falle una sonda",
            ));
        }
        Told {
            did: say(
                "called send() with a socket through which nothing can be sent",
                "llamó a send() con un socket por el que no se puede mandar nada",
            ),
            expected: say("the error of `s.send`", "el error de `s.send`"),
            came: &given.map_or_else(panic, |given| format!("{given:?}")),
            cause: say(
                "The datagram could not be sent, and send() does not give that error: what becomes of the Result of `s.send`?",
                "El datagrama no se pudo mandar, y send() no devuelve ese error: ¿qué pasa con el Result de `s.send`?",
            ),
        }
        .fail();
    });
}

/// What note() makes of three probes, sent at 0, 100 and 200 ms, with a
/// threshold of 1 s, when these replies come: probe, and time in ms.
fn noted(replies: &[(usize, u64)]) -> Vec<Probe> {
    let mut probes = [0, 100, 200].map(sent);
    for &(seq, at) in replies {
        let data = datagram(seq as u32, probes[seq].sent);
        let now = Duration::from_millis(at);
        note(&mut probes, &data, now, Duration::from_secs(1));
    }
    probes.to_vec()
}

/// Fails if note() does not make this of these replies: the delay in ms, and
/// how many replies, of each probe.
fn check(
    replies: &[(usize, u64)],
    meant: [(Option<u64>, u32); 3],
    cause: impl Fn(&[Probe]) -> &'static str,
) {
    let given = noted(replies);
    let mut right = [0, 100, 200].map(sent);
    for (probe, (ms, replies)) in right.iter_mut().zip(meant) {
        probe.rtt = ms.map(Duration::from_millis);
        probe.replies = replies;
    }
    if given == right {
        return;
    }
    let did = say(
        "probes sent at 0, 100, 200 ms, a threshold of 1000 ms; called note()",
        "sondas mandadas a los 0, 100, 200 ms, un umbral de 1000 ms; llamó a note()",
    );
    let reply = |(seq, at): &(usize, u64)| {
        let reply = say(
            ", with the reply to probe {} at {} ms",
            ", con la respuesta a la sonda {} a los {} ms",
        );
        let reply = reply.replacen("{}", &seq.to_string(), 1);
        reply.replacen("{}", &at.to_string(), 1)
    };
    let replies: String = replies.iter().map(reply).collect();
    Told {
        did: &(did.to_string() + &replies),
        expected: &list(&right),
        came: &list(&given),
        cause: cause(&given),
    }
    .fail();
}

/// The likely cause when note() does not do what it is there for.
fn not_noted() -> &'static str {
    say(
        "note() does not note a reply that came in time: its delay is `now` less the time sent, and `replies` counts it.",
        "note() no anota una respuesta que llegó a tiempo: su demora es `now` menos el tiempo de envío, y `replies` la cuenta.",
    )
}

#[test]
fn step_4_defines_the_delay_of_the_probe_that_was_answered() {
    exercise(&STEPS, || {
        let other = |at: usize| {
            move |given: &[Probe]| {
                let mut others = (0..).zip(given).filter(|(i, _)| *i != at);
                if others.all(|(_, probe)| probe.replies == 0) {
                    not_noted()
                } else {
                    say(
                        "note() counts a reply for a probe that it does not answer: which number is in the reply?",
                        "note() le cuenta la respuesta a una sonda que no es la suya: ¿qué número trae la respuesta?",
                    )
                }
            }
        };
        let none = (None, 0);
        check(&[(1, 130)], [none, (Some(30), 1), none], other(1));
        check(&[(0, 250)], [(Some(250), 1), none, none], other(0));
    });
}

#[test]
fn step_4_takes_replies_in_any_order() {
    exercise(&STEPS, || {
        check(
            &[(2, 240), (0, 250), (1, 260)],
            [(Some(250), 1), (Some(160), 1), (Some(40), 1)],
            |_| {
                say(
                    "note() wants the replies in the order of the probes: in a network a later probe may overtake an earlier one.",
                    "note() quiere las respuestas en el orden de las sondas: en una red, una sonda posterior puede adelantarse a otra.",
                )
            },
        );
    });
}

#[test]
fn step_4_counts_the_threshold_from_when_it_was_sent() {
    exercise(&STEPS, || {
        let none = (None, 0);
        check(&[(2, 1100)], [none, none, (Some(900), 1)], |given| {
            if given[2].rtt.is_some() {
                not_noted()
            } else {
                say(
                    "note() takes a reply for late that took less than the threshold: that counts from when the probe was sent, and `now` counts from the start.",
                    "note() da por tardía una respuesta que tardó menos que el umbral: este se cuenta desde que se mandó la sonda, y `now`, desde el comienzo.",
                )
            }
        });
    });
}

#[test]
fn step_4_leaves_a_late_reply_undefined() {
    exercise(&STEPS, || {
        let none = (None, 0);
        check(&[(0, 1001)], [(None, 1), none, none], |given| {
            if given[0].rtt.is_some() {
                say(
                    "note() gives a delay for a reply that came after the threshold: it was given up by then, and stays undefined.",
                    "note() le da una demora a una respuesta que llegó después del umbral: ya se la daba por perdida, y queda indefinida.",
                )
            } else if given[0].replies == 0 {
                say(
                    "note() forgets a reply that is late: it defines no delay, and yet it came, so `replies` counts it.",
                    "note() se olvida de una respuesta tardía: no define ninguna demora, pero llegó, así que `replies` la cuenta.",
                )
            } else {
                not_noted()
            }
        });
    });
}

#[test]
fn step_4_takes_a_reply_at_the_threshold() {
    exercise(&STEPS, || {
        let none = (None, 0);
        check(&[(0, 1000)], [(Some(1000), 1), none, none], |given| {
            if given[0].replies == 0 {
                not_noted()
            } else {
                say(
                    "note() treats a reply that took exactly the threshold as late: \"at most\" is `<=`.",
                    "note() da por tardía una respuesta que tardó justo el umbral: \"a lo sumo\" es `<=`.",
                )
            }
        });
    });
}

#[test]
fn step_4_takes_the_first_copy_of_a_reply() {
    exercise(&STEPS, || {
        let none = (None, 0);
        check(&[(0, 12), (0, 15)], [(Some(12), 2), none, none], |given| {
            if given[0].rtt != Some(Duration::from_millis(12)) {
                say(
                    "note() lets a second copy of a reply change the delay: only the first one counts.",
                    "note() deja que una segunda copia de la respuesta cambie la demora: solo cuenta la primera.",
                )
            } else {
                say(
                    "note() does not count a second copy of a reply in `replies`, and nobody would learn of the duplicate.",
                    "note() no cuenta en `replies` la segunda copia de una respuesta, y nadie se enteraría del duplicado.",
                )
            }
        });
    });
}

#[test]
fn step_4_ignores_what_answers_no_probe() {
    exercise(&STEPS, || {
        let right = [0, 100, 200].map(sent);
        let ms = Duration::from_millis;
        let unknown = |given: Option<[Probe; 3]>| match given {
            None => say(
                "note() trusts a number that came from the network: there may be no such probe, so take it out of the list with `get_mut`.",
                "note() confía en un número que llegó de la red: quizás no existe esa sonda, así que sacala de la lista con `get_mut`.",
            ),
            Some(_) => say(
                "note() takes a reply that has the time of a probe, and another number: both must be that probe's; where in the list is number 3?",
                "note() acepta una respuesta con el tiempo de una sonda y otro número: los dos tienen que ser de esa sonda; ¿dónde está la número 3 en la lista?",
            ),
        };
        for (data, cause) in [
            (
                b"hola".to_vec(),
                say(
                    "note() does not ignore a datagram that read() cannot read: do nothing if that gives `None`.",
                    "note() no ignora un datagrama que read() no puede leer: si da `None`, no hagas nada.",
                ),
            ),
            (datagram(3, ms(200)), ""),
            (datagram(u32::MAX, ms(0)), ""),
            (
                datagram(2, ms(201)),
                say(
                    "note() takes a reply that has the number of a probe, and another time: it answers an earlier run, or somebody made it up.",
                    "note() acepta una respuesta con el número de una sonda y otro tiempo: es de una corrida anterior, o alguien la inventó.",
                ),
            ),
        ] {
            let mut probes = right;
            let given = caught(|| {
                note(&mut probes, &data, ms(210), ms(1000));
                probes
            });
            if given == Some(right) {
                continue;
            }
            let mut did = say(
                "probes sent at 0, 100, 200 ms; called note() with ",
                "sondas mandadas a los 0, 100, 200 ms; llamó a note() con ",
            )
            .to_string();
            did += &match fields(&data) {
                Some((seq, sent)) => {
                    let text = say(
                        "the reply to a probe {} sent at {} ms",
                        "la respuesta a una sonda {} mandada a los {} ms",
                    );
                    let text = text.replacen("{}", &seq.to_string(), 1);
                    text.replacen("{}", &sent.as_millis().to_string(), 1)
                }
                None => bytes(&data),
            };
            Told {
                did: &did,
                expected: &list(&right),
                came: &given.map_or_else(panic, |probes| list(&probes)),
                cause: if cause.is_empty() { unknown(given) } else { cause },
            }
            .fail();
        }
    });
}

/// What the student's code gave; `None` if it still runs after `patience`;
/// `Some(None)` if it panicked.
type Given<T> = Option<Option<io::Result<T>>>;

/// What wait() makes of these probes.
fn waited(
    s: UdpSocket,
    start: Instant,
    mut probes: Vec<Probe>,
    threshold: Duration,
) -> Given<Vec<Probe>> {
    let work = move || {
        caught(|| wait(&s, start, &mut probes, threshold).map(|()| probes))
    };
    beside(work).wait()
}

/// The same, in words for `came`.
fn words(given: &Given<Vec<Probe>>) -> String {
    match given {
        None => {
            let still = say("it still waits, after", "sigue esperando, a los");
            format!("{still} {} s", patience().as_secs())
        }
        Some(None) => panic(),
        Some(Some(Ok(probes))) => list(probes),
        Some(Some(Err(e))) => error_words(e),
    }
}

/// The delay of the probe number `seq`, if it got one.
fn rtt(given: &Given<Vec<Probe>>, seq: usize) -> Option<Duration> {
    let Some(Some(Ok(probes))) = given else { return None };
    probes.get(seq)?.rtt
}

/// Whether the probe number `seq` got a delay.
fn defined(given: &Given<Vec<Probe>>, seq: usize) -> bool {
    rtt(given, seq).is_some()
}

/// Whether wait() ends at once if the reply was noted before the call.
fn ends_if_answered_before() -> bool {
    let (s, _, _peer) = connected();
    let start = Instant::now();
    let sent = start.elapsed();
    let answered = Probe { sent, rtt: Some(sent), replies: 1 };
    waited(s, start, vec![answered], long()).is_some()
}

/// The likely cause when the reply that came defines no delay.
fn not_taken(given: &Given<Vec<Probe>>) -> &'static str {
    if given.is_none() && ends_if_answered_before() {
        say(
            "wait() looks at a copy of the last probe: note() changes the one in the list, and your copy stays as it was; look there each time.",
            "wait() mira una copia de la última sonda: note() cambia la de la lista, y tu copia queda como estaba; mirá cada vez la de la lista.",
        )
    } else if given.is_none() {
        say(
            "wait() waits on, and the reply was there: look at `replies` of the last probe before you wait again.",
            "wait() sigue esperando, y la respuesta ya estaba: mirá `replies` de la última sonda antes de volver a esperar.",
        )
    } else {
        say(
            "wait() does not note the reply that came: give note() the bytes that were received, and the time since `start` at that moment.",
            "wait() no anota la respuesta que llegó: dale a note() los bytes recibidos, y el tiempo desde `start` en ese momento.",
        )
    }
}

#[test]
fn step_5_takes_the_reply_and_ends() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        let probe = Probe { sent: start.elapsed(), ..Probe::default() };
        peer.send(&datagram(0, probe.sent), address);
        let given = waited(s, start, vec![probe], long());
        if !defined(&given, 0) {
            Told {
                did: say(
                    "sent the reply to probe 0, the only one, and called wait()",
                    "mandó la respuesta a la sonda 0, la única, y llamó a wait()",
                ),
                expected: say(
                    "a delay for probe 0",
                    "una demora para la sonda 0",
                ),
                came: &words(&given),
                cause: not_taken(&given),
            }
            .fail();
        }
    });
}

#[test]
fn step_5_looks_at_the_clock_when_the_reply_is_here() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        let probe = Probe { sent: start.elapsed(), ..Probe::default() };
        let replied = beside(move || {
            sleep(SOON); // By then wait() waits.
            let at = start.elapsed();
            peer.send(&datagram(0, probe.sent), address);
            at
        });
        let given = waited(s, start, vec![probe], long());
        let least = replied.wait().unwrap_or(long()) - probe.sent;
        let rtt = rtt(&given, 0);
        if rtt.is_none_or(|rtt| rtt < least) {
            let expected =
                say("probe 0: at least {}", "sonda 0: por lo menos {}");
            Told {
                did: say(
                    "sent the reply to probe 0 while wait() waited for it",
                    "mandó la respuesta a la sonda 0 mientras wait() la esperaba",
                ),
                expected: &expected.replace("{}", &delay(Some(least))),
                came: &words(&given),
                cause: if rtt.is_none() {
                    not_taken(&given)
                } else {
                    say(
                        "The time that note() gets is from before the reply came, so the delay is too short: look at the clock again after `recv`.",
                        "El tiempo que recibe note() es de antes de que llegara la respuesta, y la demora sale corta: volvé a mirar el reloj después de `recv`.",
                    )
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_5_notices_that_nothing_comes() {
    exercise(&STEPS, || {
        let (s, _, _peer) = connected();
        let start = Instant::now();
        let probe = Probe { sent: start.elapsed(), ..Probe::default() };
        let given = waited(s, start, vec![probe], SOON);
        let at_once = given.is_some() && start.elapsed() < SOON / 2;
        if at_once || !matches!(&given, Some(Some(Ok(p))) if p[..] == [probe]) {
            let time = format!(", {}", millis(start.elapsed()));
            Told {
                did: say(
                    "sent nothing, and called wait() with a threshold of 200 ms",
                    "no mandó nada, y llamó a wait() con un umbral de 200 ms",
                ),
                expected: say(
                    "probe 0 undefined, after 200 ms",
                    "la sonda 0 indefinida, después de 200 ms",
                ),
                came: &(words(&given) + &time),
                cause: match &given {
                    None => say(
                        "wait() waits for ever when no reply comes: which time-out has the socket?",
                        "wait() espera para siempre si no llega ninguna respuesta: ¿qué plazo tiene el socket?",
                    ),
                    Some(Some(Err(_))) => say(
                        "wait() takes silence for a failure: a lost probe is a result like any other, and `in_time` makes a `None` of it; give it the whole Result of `recv`, without a `?` inside.",
                        "wait() toma el silencio por una falla: una sonda perdida es un resultado más, y `in_time` lo convierte en `None`; dale entero el Result de `recv`, sin `?` adentro.",
                    ),
                    Some(None) => say(
                        "wait() panics when nothing comes: does it `unwrap` what `recv` gives, or subtract with `-` below zero?",
                        "wait() entra en pánico si no llega nada: ¿le hace `unwrap` a lo que da `recv`, o resta con `-` por debajo de cero?",
                    ),
                    _ => say(
                        "wait() gives the reply no time: a probe is lost once the threshold is over since it was sent, and not before.",
                        "wait() no le da tiempo a la respuesta: una sonda está perdida recién cuando pasó el umbral desde que se mandó.",
                    ),
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_5_passes_any_other_error_on() {
    exercise(&STEPS, || {
        let s = to_nobody();
        let start = Instant::now();
        let probe = Probe { sent: start.elapsed(), ..Probe::default() };
        s.send(&datagram(0, probe.sent)).unwrap();
        let given = waited(s, start, vec![probe], long());
        if matches!(given, Some(Some(Err(_)))) {
            return;
        }
        if !matches!(given, Some(None)) && !refusals_are_told() {
            return skipped(say(
                "this system does not say that nobody listens",
                "este sistema no avisa que no escucha nadie",
            ));
        }
        Told {
            did: say(
                "sent probe 0 to a port where nobody listens, and called wait()",
                "mandó la sonda 0 a un puerto donde no escucha nadie, y llamó a wait()",
            ),
            expected: &error_words(&io::ErrorKind::ConnectionRefused.into()),
            came: &words(&given),
            cause: say(
                "Silence alone means that a probe is lost: that nobody listens is another error, and wait() hands it on, with the `?` after `in_time(...)`.",
                "Solo el silencio significa que una sonda se perdió: que no escuche nadie es otro error, y wait() lo entrega, con el `?` después de `in_time(...)`.",
            ),
        }
        .fail();
    });
}

#[test]
fn step_5_waits_on_after_another_probe_s_reply() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        let first = Probe { sent: start.elapsed(), ..Probe::default() };
        sleep(Duration::from_millis(1)); // Two different times.
        let second = Probe { sent: start.elapsed(), ..Probe::default() };
        for data in [
            datagram(0, first.sent),
            datagram(0, first.sent),
            b"hola".to_vec(),
            datagram(1, second.sent),
        ] {
            peer.send(&data, address);
        }
        let given = waited(s, start, vec![first, second], long());
        if !defined(&given, 1) {
            Told {
                did: say(
                    "sent the reply to probe 0 twice, then \"hola\", then the reply to probe 1; called wait() for probe 1",
                    "mandó dos veces la respuesta a la sonda 0, después \"hola\", después la respuesta a la sonda 1; llamó a wait() por la sonda 1",
                ),
                expected: say(
                    "a delay for probe 1",
                    "una demora para la sonda 1",
                ),
                came: &words(&given),
                cause: say(
                    "The first datagram that comes ends your waiting, and it is another probe's reply: note it, and wait on for the last probe's.",
                    "El primer datagrama que llega termina tu espera, y es la respuesta a otra sonda: anotalo, y seguí esperando la de la última.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_5_notes_the_bytes_that_came() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        sleep(Duration::from_millis(1)); // Two different times.
        let second = Probe { sent: start.elapsed(), ..Probe::default() };
        peer.send(b"", address);
        peer.send(&datagram(1, second.sent), address);
        let given = waited(s, start, vec![sent(0), second], long());
        let whole = matches!(&given, Some(Some(Ok(p))) if p[0].replies != 0);
        if whole || !defined(&given, 1) {
            Told {
                did: say(
                    "sent an empty datagram, then the reply to probe 1; called wait() with a probe 0 that was sent at 0 ms, and probe 1",
                    "mandó un datagrama vacío, después la respuesta a la sonda 1; llamó a wait() con una sonda 0, mandada a los 0 ms, y la sonda 1",
                ),
                expected: say(
                    "no reply to probe 0, a delay for probe 1",
                    "ninguna respuesta a la sonda 0, una demora para la sonda 1",
                ),
                came: &words(&given),
                cause: if whole {
                    say(
                        "wait() gives note() the whole buffer, and its zeros are read as number 0 and time 0: how many bytes did `recv` say?",
                        "wait() le da a note() el buffer entero, y sus ceros se leen como número 0 y tiempo 0: ¿cuántos bytes dijo `recv`?",
                    )
                } else {
                    not_taken(&given)
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_5_counts_the_time_that_is_over() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let socket = s.try_clone().unwrap();
        let start = Instant::now();
        peer.send(&datagram(0, Duration::ZERO), address);
        sleep(SOON); // The probe was sent before.
        let given = waited(s, start, vec![sent(0)], long());
        let set = socket.read_timeout().unwrap();
        // The system may round what it is told.
        let too_long = set.is_some_and(|set| set > long() - SOON / 2);
        if too_long || !defined(&given, 0) {
            let did = say(
                "called wait() with a threshold of {}, for a probe sent 200 ms before",
                "llamó a wait() con un umbral de {}, por una sonda mandada 200 ms antes",
            );
            let expected = say(
                "a socket that waits for {}, at most",
                "un socket que espera como máximo {}",
            );
            let came = say("one that waits for {}", "uno que espera {}");
            Told {
                did: &did.replace("{}", &millis(long())),
                expected: &expected.replace("{}", &millis(long() - SOON)),
                came: &match set {
                    Some(set) if too_long => came.replace("{}", &millis(set)),
                    _ => words(&given),
                },
                cause: if too_long && defined(&given, 0) {
                    say(
                        "The threshold counts from when the probe was sent, and your socket waits for the whole of it from now: what is left of it?",
                        "El umbral se cuenta desde que se mandó la sonda, y tu socket lo espera entero desde ahora: ¿cuánto queda?",
                    )
                } else {
                    not_taken(&given)
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_5_counts_from_when_the_last_probe_was_sent() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let now = Instant::now();
        // No such moment: the machine has only just been started.
        let start = now.checked_sub(long()).unwrap_or(now);
        let last = Probe { sent: start.elapsed(), ..Probe::default() };
        peer.send(&datagram(1, last.sent), address);
        let given = waited(s, start, vec![sent(0), last], long());
        if !defined(&given, 1) {
            let early = match &given {
                None => false,
                Some(Some(Ok(p))) => p[1].replies == 0,
                _ => true,
            };
            let did = say(
                "sent the reply to probe 1; called wait() with a threshold of {}, a probe 0 sent at 0 ms, and probe 1, sent just now, at {}",
                "mandó la respuesta a la sonda 1; llamó a wait() con un umbral de {}, una sonda 0 mandada a los 0 ms, y la sonda 1, recién mandada, a los {}",
            );
            let did = did.replacen("{}", &millis(long()), 1);
            Told {
                did: &did.replacen("{}", &millis(last.sent), 1),
                expected: say(
                    "a delay for probe 1",
                    "una demora para la sonda 1",
                ),
                came: &words(&given),
                cause: if early {
                    say(
                        "wait() gives the last probe up too early: the threshold counts neither from the start nor from the first probe; when was the last one sent?",
                        "wait() da por perdida la última sonda antes de tiempo: el umbral no se cuenta desde el comienzo ni desde la primera; ¿cuándo se mandó la última?",
                    )
                } else {
                    not_taken(&given)
                },
            }
            .fail();
        }
    });
}

/// The likely cause when no time is left.
fn runs_out() -> &'static str {
    say(
        "wait() fails when no time is left: `-` panics below zero, where `saturating_sub` gives 0, and `set_read_timeout` does not take 0.",
        "wait() falla cuando no queda tiempo: `-` entra en pánico por debajo de cero, donde `saturating_sub` da 0, y `set_read_timeout` no acepta 0.",
    )
}

#[test]
fn step_5_gives_other_datagrams_no_time() {
    exercise(&STEPS, || {
        let (s, address, peer) = connected();
        let start = Instant::now();
        let probe = Probe { sent: start.elapsed(), ..Probe::default() };
        let end = start + patience() * 2;
        beside(move || {
            while Instant::now() < end {
                peer.send(b"hola", address);
                sleep(SOON / 20);
            }
        });
        let given = waited(s, start, vec![probe], SOON);
        if !matches!(&given, Some(Some(Ok(p))) if p[..] == [probe]) {
            Told {
                did: say(
                    "sent \"hola\" again and again, and called wait() with a threshold of 200 ms",
                    "mandó \"hola\" una y otra vez, y llamó a wait() con un umbral de 200 ms",
                ),
                expected: &list(&[probe]),
                came: &words(&given),
                cause: match given {
                    // The time ran out between two datagrams.
                    Some(None | Some(Err(_))) => runs_out(),
                    _ => say(
                        "The time begins anew with each datagram that comes: the end is the time sent plus the threshold, and you wait for what is left of it.",
                        "El tiempo vuelve a empezar con cada datagrama que llega: el final es el tiempo de envío más el umbral, y se espera lo que falta.",
                    ),
                },
            }
            .fail();
        }
    });
}

#[test]
fn step_5_knows_when_no_time_is_left() {
    exercise(&STEPS, || {
        let (s, _, _peer) = connected();
        let start = Instant::now();
        sleep(Duration::from_millis(1)); // The probe was sent before.
        let given = waited(s, start, vec![sent(0)], Duration::ZERO);
        if !matches!(&given, Some(Some(Ok(p))) if p[..] == [sent(0)]) {
            Told {
                did: say(
                    "called wait() when the threshold was over already",
                    "llamó a wait() cuando el umbral ya había pasado",
                ),
                expected: &list(&[sent(0)]),
                came: &words(&given),
                cause: runs_out(),
            }
            .fail();
        }
    });
}

/// Calls measure() this many times, each after the other, in a thread.
fn measured(
    s: UdpSocket,
    times: usize,
    threshold: Duration,
) -> kit::Beside<Option<io::Result<Vec<Probe>>>> {
    beside(move || {
        caught(|| {
            let (start, mut probes) = (Instant::now(), Vec::new());
            for _ in 0..times {
                measure(&s, start, &mut probes, threshold)?;
            }
            Ok(probes)
        })
    })
}

#[test]
fn step_6_measures_one_probe_after_the_other() {
    exercise(&STEPS, || {
        let (s, _, peer) = connected();
        let ended = measured(s, 3, long());
        let told = |expected: &str, came: &str, cause: &str| -> ! {
            let did = say(
                "called measure() three times, and sent each probe back",
                "llamó tres veces a measure(), y devolvió cada sonda",
            );
            Told { did, expected, came, cause }.fail()
        };
        let three = say(
            "three delays, of the probes 0, 1 and 2",
            "tres demoras, de las sondas 0, 1 y 2",
        );
        let listed = say(
            "measure() does not know the reply to its own probe: in the list is the time that send() gave, which is the one in the datagram?",
            "measure() no conoce la respuesta a su propia sonda: ¿en la lista está el tiempo que dio send(), que es el del datagrama?",
        );
        for meant in 0..3 {
            let Some((data, from)) = peer.receive() else {
                let given = ended.now();
                match meant {
                    0 => told(
                        three,
                        &given.as_ref().map_or_else(nothing, |_| words(&given)),
                        say(
                            "measure() sends no probe: it calls send(), then adds to the list, then calls wait().",
                            "measure() no manda ninguna sonda: llama a send(), después agrega a la lista, después llama a wait().",
                        ),
                    ),
                    _ if matches!(given, Some(None)) => told(
                        three,
                        &panic(),
                        say(
                            "measure() panics once its probe is sent: is the probe in the list when wait() looks for the last one?",
                            "measure() entra en pánico cuando su sonda ya salió: ¿la sonda está en la lista cuando wait() busca la última?",
                        ),
                    ),
                    _ => told(three, &words(&given), listed),
                }
            };
            let seq = fields(&data).map(|(seq, _)| seq);
            if seq != Some(meant) {
                let probe =
                    say("a probe with number ", "una sonda con el número ");
                told(
                    &format!("{probe}{meant}"),
                    &seq.map_or_else(|| hex(&data), |seq| seq.to_string()),
                    say(
                        "The probes do not have the numbers 0, 1, 2: a probe's number is its place in the list, so how long is the list before you add it?",
                        "Las sondas no llevan los números 0, 1, 2: el número de una sonda es su lugar en la lista; ¿cuánto mide la lista antes de agregarla?",
                    ),
                );
            }
            peer.send(&data, from);
        }
        let given = ended.wait();
        if matches!(&given, Some(Some(Ok(probes))) if probes.len() != 3) {
            told(
                three,
                &words(&given),
                say(
                    "measure() does not add each probe to the list, once.",
                    "measure() no agrega cada sonda a la lista, una vez.",
                ),
            );
        }
        if !(0..3).all(|seq| defined(&given, seq)) {
            told(
                three,
                &words(&given),
                match given {
                    None => listed,
                    _ => say(
                        "measure() waits before the probe is in the list: when its reply comes, nobody knows that it was sent.",
                        "measure() espera antes de que la sonda esté en la lista: cuando llega su respuesta, nadie sabe que se mandó.",
                    ),
                },
            );
        }
    });
}

#[test]
fn step_6_goes_on_after_a_lost_probe() {
    exercise(&STEPS, || {
        let (s, _, peer) = connected();
        let ended = measured(s, 2, SOON);
        let told = |came: &str, cause: &str| -> ! {
            Told {
                did: say(
                    "called measure() twice with a threshold of 200 ms, and sent probe 0 back when probe 1 had come",
                    "llamó dos veces a measure() con un umbral de 200 ms, y devolvió la sonda 0 cuando ya había llegado la 1",
                ),
                expected: say(
                    "a probe 0, then a probe 1; probe 0 undefined",
                    "una sonda 0, después una sonda 1; la sonda 0 indefinida",
                ),
                came,
                cause,
            }
            .fail()
        };
        let first = peer.receive();
        let Some(((late, _), (data, from))) = first.zip(peer.receive()) else {
            let given = ended.now();
            told(
                &given.as_ref().map_or_else(nothing, |_| words(&given)),
                say(
                    "A lost probe ends your measuring: measure() gives `Ok` for it, too, and the next probe is sent.",
                    "Una sonda perdida termina tu medición: measure() también da `Ok` en ese caso, y se manda la siguiente.",
                ),
            )
        };
        if fields(&data).map(|(seq, _)| seq) == Some(0) {
            told(
                say("a probe 0 again", "otra vez una sonda 0"),
                say(
                    "measure() sends a lost probe again: that the first one got lost is what you wanted to learn; the next probe is another one.",
                    "measure() vuelve a mandar una sonda perdida: que la primera se perdió es lo que querías saber; la siguiente es otra.",
                ),
            );
        }
        // Long after its threshold: probe 1 was sent when that was over.
        peer.send(&late, from);
        peer.send(&data, from);
        let given = ended.wait();
        if !matches!(&given, Some(Some(Ok(probes))) if probes.len() == 2)
            || defined(&given, 0)
        {
            told(
                &words(&given),
                if given.is_none() {
                    say(
                        "measure() goes on where it should end: one call sends one probe, and waits for that probe alone.",
                        "measure() sigue cuando tendría que terminar: cada llamada manda una sonda, y espera solo esa.",
                    )
                } else {
                    say(
                        "A reply that came when the next probe was on its way still gave a delay: it is late, and counts for neither.",
                        "Una respuesta que llegó cuando la sonda siguiente estaba en camino igual dio una demora: es tardía, y no vale para ninguna.",
                    )
                },
            );
        }
    });
}

#[test]
fn step_6_passes_an_error_on() {
    exercise(&STEPS, || {
        let given = measured(to_nobody(), 1, long()).wait();
        if matches!(given, Some(Some(Err(_)))) {
            return;
        }
        if !matches!(given, Some(None)) && !refusals_are_told() {
            return skipped(say(
                "this system does not say that nobody listens",
                "este sistema no avisa que no escucha nadie",
            ));
        }
        Told {
            did: say(
                "called measure() with a socket connected to a port where nobody listens",
                "llamó a measure() con un socket conectado a un puerto donde no escucha nadie",
            ),
            expected: &error_words(&io::ErrorKind::ConnectionRefused.into()),
            came: &words(&given),
            cause: say(
                "wait() says with an error that nobody listens, and measure() does not hand it on: what becomes of the Result that wait() gives?",
                "wait() avisa con un error que no escucha nadie, y measure() no lo entrega: ¿qué pasa con el Result que da wait()?",
            ),
        }
        .fail();
    });
}

#[test]
fn step_6_measures_against_the_workshop_s_programs() {
    let mut programs = Vec::new();
    for package in ["rtt-rfc2681", "udp-echo"] {
        for (language, mut command) in references(package, "server") {
            command.args(["--port", "0"]);
            let name = format!("{package}, {language}");
            programs.push((Program::start(&name, command), name));
        }
    }
    let servers: Vec<_> = programs
        .iter()
        .map(|(program, name)| (program.address(), name.clone()))
        .collect();
    exercise(&STEPS, move || {
        for (address, name) in servers {
            let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            s.connect(address).unwrap();
            let given = measured(s, 3, long()).wait();
            if (0..3).all(|seq| defined(&given, seq)) {
                continue;
            }
            let did = say(
                "called measure() three times for the server of ",
                "llamó tres veces a measure() para el servidor de ",
            );
            Told {
                did: &(did.to_string() + &name),
                expected: say("three delays", "tres demoras"),
                came: &words(&given),
                cause: say(
                    "Your probe does not come back as your program expects it: this server sends a datagram of 12 bytes back as it is.",
                    "Tu sonda no vuelve como tu programa la espera: este servidor devuelve tal cual un datagrama de 12 bytes.",
                ),
            }
            .fail();
        }
    });
}
