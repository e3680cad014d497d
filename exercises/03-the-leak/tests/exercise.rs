//! The tests of exercise 03. You need not change this file.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::panic::catch_unwind;
use std::time::Duration;

use ex03_the_leak::{BYTES, leaked, leaky, question, serve, take};
use kit::{
    Peer, Step, Told, beside, bytes, caught, error_words, exercise, nothing,
    say,
};

const STEPS: [Step; 3] = [
    (3, "choose what the stranger sends", "elegí qué manda el extraño"),
    (6, "find what leaked", "encontrá lo que se filtró"),
    (5, "take one datagram", "tomá un datagrama"),
];

/// What somebody sent before the stranger came.
const SECRET: &[u8] = b"password is hunter2";

/// A server's socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

#[test]
fn step_3_reads_the_whole_datagram_before() {
    exercise(&STEPS, || {
        let sent = question();
        let (s, address) = socket();
        beside(move || leaky::serve(&s));
        let (somebody, stranger) = (Peer::new(), Peer::new());
        somebody.send(SECRET, address);
        somebody.receive();
        stranger.send(sent, address);
        let back = stranger.receive().map(|(back, _)| back);
        let did = say(
            "sent \"password is hunter2\" to the server of leaky.rs, then, as a stranger, what question() gave: ",
            "le mandó \"password is hunter2\" al servidor de leaky.rs y después, como un extraño, lo que dio question(): ",
        );
        let did = did.to_string() + &bytes(sent);
        let expected = say(
            "an answer that begins with \"password is hunter2\", though the stranger knows nothing of it",
            "una respuesta que empiece con \"password is hunter2\", aunque el extraño no sabe nada de eso",
        );
        let came = back.as_deref().map_or_else(nothing, bytes);
        let told = |cause| Told { did: &did, expected, came: &came, cause };
        if !sent.is_empty() && SECRET.starts_with(sent) {
            told(say(
                "Your stranger sends a part of the password, and a stranger does not know it: find a datagram that needs no guess.",
                "Tu extraño manda una parte de la contraseña, y un extraño no la conoce: buscá un datagrama sin nada que adivinar.",
            ))
            .fail();
        }
        if sent.len() >= SECRET.len() {
            told(say(
                "Your stranger's datagram is so long that it covers the whole secret in the buffer: what if it were shorter?",
                "El datagrama de tu extraño es tan largo que en el buffer tapa todo el secreto: ¿y si fuera más corto?",
            ))
            .fail();
        }
        if back.is_none_or(|back| !back.starts_with(SECRET)) {
            told(say(
                "Each byte that your stranger sends covers one of the secret, from its beginning: which datagram covers none?",
                "Cada byte que manda tu extraño tapa uno del secreto, desde el principio: ¿qué datagrama no tapa ninguno?",
            ))
            .fail();
        }
    });
}

/// Fails with `cause` if what leaked() gives is not `expected`.
fn check_leaked(sent: &str, answer: &str, expected: &str, cause: &str) {
    let given = leaked(sent.as_bytes(), answer.as_bytes());
    if given != expected.as_bytes() {
        let did = say("called ", "llamó a ");
        Told {
            did: &format!("{did}leaked({sent:?}, {answer:?})"),
            expected: &bytes(expected.as_bytes()),
            came: &bytes(&given),
            cause,
        }
        .fail();
    }
}

#[test]
fn step_6_finds_what_was_never_sent() {
    exercise(&STEPS, || {
        check_leaked(
            "hola",
            "holaword is hunter2",
            "word is hunter2",
            say(
                "leaked() gives more or less than what follows the stranger's own bytes: how many are these, and where does the rest begin?",
                "leaked() da más o menos que lo que sigue a los bytes del propio extraño: ¿cuántos son esos, y dónde empieza el resto?",
            ),
        );
        check_leaked(
            "s",
            "sassword is hunter2",
            "assword is hunter2",
            say(
                "leaked() takes out your bytes wherever they stand: only those at the beginning are yours.",
                "leaked() saca tus bytes en cualquier lugar donde estén: tuyos son solamente los del principio.",
            ),
        );
        check_leaked(
            "año",
            "añoword is hunter2",
            "word is hunter2",
            say(
                "leaked() counts characters: \"ñ\" is one character and two bytes, and the answer is bytes.",
                "leaked() cuenta caracteres: la \"ñ\" es un carácter y dos bytes, y la respuesta son bytes.",
            ),
        );
        check_leaked(
            "hola",
            "hola\0wo\0rd\0",
            "\0wo\0rd\0",
            say(
                "leaked() leaves zeros out: a zero that the stranger did not send leaked, too; give every byte that follows, whatever it is.",
                "leaked() deja afuera los ceros: un cero que el extraño no mandó también se filtró; tiene que dar todos los bytes que siguen, sean los que sean.",
            ),
        );
    });
}

#[test]
fn step_6_finds_nothing_in_an_honest_answer() {
    exercise(&STEPS, || {
        check_leaked(
            "hola",
            "hola",
            "",
            say(
                "leaked() finds a leak where the answer is what was sent: after those bytes there is nothing, so leaked() must give no byte.",
                "leaked() ve una filtración donde la respuesta es lo mismo que se mandó: después de esos bytes no hay nada, así que leaked() no tiene que dar ningún byte.",
            ),
        );
        let given = catch_unwind(|| leaked(b"hola", b"ho"));
        if given.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        Told {
            did: say(
                "called leaked() with an answer that is shorter than what was sent: \"ho\" to \"hola\"",
                "llamó a leaked() con una respuesta más corta que lo que se mandó: \"ho\" a \"hola\"",
            ),
            expected: &bytes(b""),
            came: &given.map_or_else(
                |_| say("a panic", "un pánico (panic)").to_string(),
                |given| bytes(&given),
            ),
            cause: say(
                "leaked() panics at an answer that is shorter than what was sent: `answer[4..]` needs 4 bytes, and `answer.get(4..)` gives `None` where they are missing.",
                "leaked() entra en pánico con una respuesta más corta que lo que se mandó: `answer[4..]` necesita 4 bytes, y `answer.get(4..)` da `None` si faltan.",
            ),
        }
        .fail();
    });
}

/// Sends `sent` to a socket whose buffer, of BYTES bytes, still holds
/// `before`; fails with the words of `cause` if take() does not give `sent`.
fn check_take<'a>(
    before: &[u8],
    sent: &[u8],
    cause: impl FnOnce(&[u8]) -> &'a str,
) {
    let (s, address) = socket();
    let mut buffer = [0; BYTES];
    buffer[..before.len()].copy_from_slice(before);
    let peer = Peer::new();
    peer.send(sent, address);
    let taken = beside(move || {
        take(&s, &mut buffer).map(|(data, from)| (data.to_vec(), from))
    });
    let taken = taken.wait();
    let did = say(
        "sent {}, and called take() with a buffer that still held {}",
        "mandó {}, y llamó a take() con un buffer que todavía tenía {}",
    );
    let did = did.replacen("{}", &bytes(sent), 1);
    let did = did.replacen("{}", &bytes(before), 1);
    let from = say("from", "desde");
    let expected = format!("{} {from} {}", bytes(sent), peer.address());
    let told = |came: &str, cause| {
        Told { did: &did, expected: &expected, came, cause }.fail()
    };
    let Some(taken) = taken else {
        told(
            &nothing(),
            say(
                "take() still waits, though the datagram has come: how often does it call `recv_from`?",
                "take() sigue esperando, aunque el datagrama ya llegó: ¿cuántas veces llama a `recv_from`?",
            ),
        )
    };
    match taken {
        Err(e) => told(&error_words(&e), cause(b"")),
        Ok((data, sender)) => {
            let came = format!("{} {from} {sender}", bytes(&data));
            if data != sent {
                told(&came, cause(&data));
            }
            if sender != peer.address() {
                told(
                    &came,
                    say(
                        "take() names somebody who did not send this: the second thing that `recv_from` gives is the sender's address.",
                        "take() nombra a alguien que no mandó esto: lo segundo que da `recv_from` es la dirección de quien lo mandó.",
                    ),
                );
            }
        }
    }
}

#[test]
fn step_5_takes_only_what_came_in() {
    exercise(&STEPS, || {
        check_take(SECRET, b"hola", |data| match data {
            [b'h', b'o', b'l', b'a', rest @ ..] if rest == b"w" => say(
                "take() gives one byte too many: `..n` ends before byte n, as it should, and `..=n` after it.",
                "take() da un byte de más: `..n` termina antes del byte n, como debe ser, y `..=n`, después.",
            ),
            [b'h', b'o', b'l', b'a', rest @ ..] if rest.len() < 20 => say(
                "take() looks for the end of the data in the bytes, and finds the end of an older text: `recv_from` says how many came.",
                "take() busca el final de los datos en los propios bytes, y encuentra el final de un texto más viejo: `recv_from` dice cuántos llegaron.",
            ),
            [b'h', b'o', b'l', b'a', b'w', ..] => say(
                "This is the leak: take() gives the whole buffer, with the end of what another client sent; how much of it came in this time?",
                "Esta es la filtración: take() da el buffer entero, con el final de lo que mandó otro cliente; ¿cuánto de eso llegó esta vez?",
            ),
            [b'h', b'o', b'l', b'a', ..] => say(
                "Your buffer is wiped, so nothing leaks; but take() still gives all of it, and nobody sent these zeros.",
                "Tu buffer se borra, así que no se filtra nada; pero take() lo sigue dando entero, y esos ceros no los mandó nadie.",
            ),
            _ => say(
                "take() gives bytes that did not come now: does `recv_from` get the `buffer` that take() was given?",
                "take() da bytes que no llegaron ahora: ¿`recv_from` recibe el `buffer` que recibe take()?",
            ),
        });
    });
}

#[test]
fn step_5_keeps_every_byte_that_came_in() {
    exercise(&STEPS, || {
        let zeros = say(
            "take() loses the zeros at the end: a zero is a byte like any other, and whoever sent it wants it back.",
            "take() pierde los ceros del final: un cero es un byte como cualquier otro, y quien lo mandó lo quiere de vuelta.",
        );
        check_take(SECRET, b"hola\0\0", |_| zeros);
        let empty = say(
            "take() makes something else of an empty datagram: it is a datagram of 0 bytes, and step 7 knows what to do with it.",
            "take() convierte un datagrama vacío en otra cosa: es un datagrama de 0 bytes, y el paso 7 sabe qué hacer con él.",
        );
        check_take(SECRET, b"", |_| empty);
        let full = say(
            "take() does not give a datagram that fills the buffer: all BYTES bytes are data then, the last one too.",
            "take() no da un datagrama que llena el buffer: ahí los BYTES bytes son datos, también el último.",
        );
        check_take(SECRET, &[b'x'; BYTES], |_| full);
    });
}

#[test]
fn step_5_hands_an_error_on() {
    exercise(&STEPS, || {
        let (s, _) = socket();
        // Nothing comes, which is an error after a moment.
        s.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let taken = beside(move || {
            caught(|| take(&s, &mut [0; BYTES]).map(|(data, _)| data.to_vec()))
        });
        let taken = taken.wait();
        let waits = taken.is_none();
        let came = match taken {
            Some(Some(Err(_))) => return,
            None => nothing(),
            Some(None) => say("a panic", "un pánico (panic)").to_string(),
            Some(Some(Ok(data))) => bytes(&data),
        };
        Told {
            did: say(
                "let `recv_from` report an error to take()",
                "hizo que `recv_from` le diera un error a take()",
            ),
            expected: say("that error", "ese error"),
            came: &came,
            cause: if waits {
                say(
                    "take() tries again after an error, and so hides it and waits for ever: serve() decides what to do then; how does `?` hand an error on?",
                    "take() vuelve a probar después de un error, y así lo esconde y espera para siempre: qué hacer lo decide serve(); ¿cómo entrega `?` un error?",
                )
            } else {
                say(
                    "take() panics at an error of `recv_from`, and with that your server ends: `?` hands the error to serve(), which goes on.",
                    "take() entra en pánico con un error de `recv_from`, y con eso termina tu servidor: `?` le entrega el error a serve(), que sigue.",
                )
            },
        }
        .fail();
    });
}

#[test]
fn step_5_leaves_the_stranger_with_nothing() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        beside(move || serve(&s));
        let (somebody, stranger) = (Peer::new(), Peer::new());
        somebody.send(SECRET, address);
        let first = somebody.receive();
        // Had the empty one been answered, that answer would come first.
        stranger.send(b"", address);
        stranger.send(b"hola", address);
        let back = stranger.receive().map(|(back, _)| back);
        let first = first.is_some_and(|(back, _)| back == SECRET);
        if !first || back.as_deref() != Some(b"hola") {
            Told {
                did: say(
                    "sent \"password is hunter2\" to your server, then, as a stranger, an empty datagram and \"hola\"",
                    "le mandó \"password is hunter2\" a tu servidor y después, como un extraño, un datagrama vacío y \"hola\"",
                ),
                expected: say(
                    "each one's own bytes back, and no answer to the empty datagram",
                    "a cada uno sus propios bytes, y ninguna respuesta al datagrama vacío",
                ),
                came: &back.as_deref().map_or_else(nothing, bytes),
                cause: say(
                    "Your server as a whole does not give each client its own bytes: mend take() first; serve() and answer() were done, are they as they were?",
                    "Tu servidor, en conjunto, no le devuelve a cada cliente sus propios bytes: primero arreglá take(); serve() y answer() ya estaban hechas, ¿siguen como estaban?",
                ),
            }
            .fail();
        }
    });
}
