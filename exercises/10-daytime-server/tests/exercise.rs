//! The tests of exercise 10. You need not change this file.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ex10_daytime_server::{answer, serve, take};
use kit::{
    Beside, Peer, Program, Step, Told, beside, bytes, caught, error_words,
    exercise, nothing, only_receives, patience, printed, references, say,
    skipped,
};

const STEPS: [Step; 3] = [
    (6, "take one datagram", "tomá un datagrama"),
    (8, "send the date and time", "mandá la fecha y la hora"),
    (5, "serve for ever", "atendé para siempre"),
];

/// A server's socket that these tests make themselves, and its address.
fn socket() -> (UdpSocket, SocketAddr) {
    let s = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = s.local_addr().unwrap();
    (s, address)
}

/// The line for a time, as the workshop's server writes it.
fn line(time: SystemTime) -> String {
    daytime::line(time.into(), "weekday").unwrap()
}

/// This many seconds after the beginning of 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The likely cause when a datagram has no room.
fn small() -> &'static str {
    say(
        "Your buffer is too small: on Windows, a datagram that has no room in it is an error; BYTES is enough for every one.",
        "Tu buffer es demasiado chico: en Windows, un datagrama que no entra es un error; con BYTES alcanza para todos.",
    )
}

/// Sends `sent` to a socket, calls take(), and fails with `cause` if that does
/// not give the sender.
fn check_take(sent: &[u8], cause: &str) {
    let (s, address) = socket();
    let peer = Peer::new();
    peer.send(sent, address);
    let taken = beside(move || caught(|| take(&s))).wait();
    let did = say("sent ", "mandó ").to_string() + &bytes(sent);
    let did = did + say(", called take()", ", llamó a take()");
    let expected =
        say("the sender's address, ", "la dirección de quien mandó, ");
    let expected = expected.to_string() + &peer.address().to_string();
    let told = |came: &str, cause| {
        Told { did: &did, expected: &expected, came, cause }.fail()
    };
    match taken {
        None => told(&nothing(), cause),
        Some(None) => told(say("a panic", "un pánico (panic)"), cause),
        // Windows' "larger than the buffer", for which there is no kind.
        Some(Some(Err(e))) if e.raw_os_error() == Some(10040) => {
            told(&error_words(&e), small())
        }
        Some(Some(Err(e))) => told(&error_words(&e), cause),
        Some(Some(Ok(sender))) if sender != peer.address() => told(
            &sender.to_string(),
            say(
                "That is not who sent it: `recv_from` gives the sender's address beside n.",
                "Ese no es quien lo mandó: `recv_from` da la dirección de quien manda, junto a n.",
            ),
        ),
        Some(Some(Ok(_))) => {}
    }
}

#[test]
fn step_6_takes_who_sent_it() {
    exercise(&STEPS, || {
        check_take(
            b"daytime",
            say(
                "take() does not give the only datagram that came: one `recv_from`, at `s`, takes one datagram; is there a second one?",
                "take() no da el único datagrama que llegó: un `recv_from`, en `s`, toma un datagrama; ¿hay otro más?",
            ),
        );
    });
}

#[test]
fn step_6_takes_an_empty_datagram_too() {
    exercise(&STEPS, || {
        check_take(
            b"",
            say(
                "take() ignores an empty datagram: that is all that a daytime client sends, and its sender wants an answer; does yours look at n?",
                "take() ignora un datagrama vacío: eso es todo lo que manda un cliente de daytime, y quien lo mandó quiere una respuesta; ¿la tuya mira n?",
            ),
        );
    });
}

#[test]
fn step_6_takes_whatever_it_holds() {
    exercise(&STEPS, || {
        check_take(
            b"hola",
            say(
                "take() looks at what the datagram holds: RFC 867 says that any datagram is a question; who sent it is all that counts.",
                "take() mira qué lleva el datagrama: según la RFC 867, cualquier datagrama es una pregunta; solo importa quién lo mandó.",
            ),
        );
        check_take(
            b"\xff\0ho\xc3",
            say(
                "take() makes text of the datagram, and it may hold any byte: nobody reads it, so do nothing with it.",
                "take() convierte el datagrama en texto, y puede llevar cualquier byte: nadie lo lee, así que no hagas nada con él.",
            ),
        );
        check_take(&[b'x'; 5000], small());
    });
}

/// A datagram's bytes, and who sent it.
type Datagram = (Vec<u8>, SocketAddr);

/// Calls answer() with two times, one after the other: gives what that was in
/// words, where the server is, and the first two datagrams that came.
fn answered(times: [SystemTime; 2]) -> (String, SocketAddr, [Datagram; 2]) {
    let (s, address) = socket();
    let peer = Peer::new();
    let did = say(
        "called answer() with a time, {} s after the beginning of 1970, and the address of a client",
        "llamó a answer() con una hora, {} s después del comienzo de 1970, y la dirección de un cliente",
    );
    let since = times[0].duration_since(UNIX_EPOCH).unwrap().as_secs();
    let did = did.replace("{}", &since.to_string());
    let expected = bytes(line(times[0]).as_bytes());
    let nowhere = |came: &str| -> ! {
        Told {
            did: &did,
            expected: &expected,
            came,
            cause: say(
                "Your answer went elsewhere, or nowhere: `s.send_to` gets the line's bytes and `to`.",
                "Tu respuesta fue a otro lugar, o a ninguno: `s.send_to` recibe los bytes de la línea y `to`.",
            ),
        }
        .fail()
    };
    for time in times {
        if let Err(e) = answer(&s, time, peer.address()) {
            nowhere(&error_words(&e));
        }
    }
    let came = times.map(|_| peer.receive());
    let came = came.map(|came| came.unwrap_or_else(|| nowhere(&nothing())));
    (did, address, came)
}

#[test]
fn step_8_sends_the_time_it_was_given() {
    exercise(&STEPS, || {
        // The README's line, a leap day, a last second, and the first.
        for seconds in [1_795_342_560, 1_709_208_000, 946_684_799, 0] {
            let time = at(seconds);
            let (did, address, [(data, sender), _]) = answered([time, time]);
            let whole = line(time);
            let from = say("from", "desde");
            let expected = bytes(whole.as_bytes());
            let expected = format!("{expected} {from} {address}");
            let came = format!("{} {from} {sender}", bytes(&data));
            let told = |cause| {
                let (expected, came) = (&expected, &came);
                Told { did: &did, expected, came, cause }.fail()
            };
            if !data.starts_with(whole.trim_end().as_bytes()) {
                told(say(
                    "Your line does not begin with the date and time that answer() was given: `date_and_time(now)` is the text, and nothing stands before it.",
                    "Tu línea no empieza con la fecha y la hora que recibe answer(): el texto es `date_and_time(now)`, y antes no va nada.",
                ));
            }
            if sender != address {
                told(say(
                    "The answer came from another socket, and a connected client never sees it: answer through `s`.",
                    "La respuesta salió de otro socket, y un cliente conectado nunca la ve: respondé por `s`.",
                ));
            }
        }
    });
}

#[test]
fn step_8_sends_one_line_in_one_datagram() {
    exercise(&STEPS, || {
        let (first, second) = (at(1_795_342_560), at(1_795_342_561));
        let (did, _, came) = answered([first, second]);
        let expected = line(first);
        let text = expected.trim_end().as_bytes();
        let [one, two] = [&came[0].0[..], &came[1].0];
        let told = |came: &str, cause| {
            let expected = &bytes(expected.as_bytes());
            Told { did: &did, expected, came, cause }.fail()
        };
        let both = || {
            let then = say(", then ", ", y después ");
            bytes(one) + then + &bytes(two)
        };
        match one.strip_prefix(text) {
            Some(b"\r\n") if two != line(second).as_bytes() => told(
                &both(),
                say(
                    "Your server sends the line more than once: a question is answered with one datagram.",
                    "Tu servidor manda la línea más de una vez: una pregunta se responde con un solo datagrama.",
                ),
            ),
            Some(b"\r\n") => {}
            _ if two != b"" && b"\r\n".ends_with(two) => told(
                &both(),
                say(
                    "Your server sends the line in two datagrams, and the client takes the first for the whole: one `send_to` for all of it.",
                    "Tu servidor manda la línea en dos datagramas, y el cliente toma el primero por la línea entera: un solo `send_to` para todo.",
                ),
            ),
            Some(b"") => told(
                &bytes(one),
                say(
                    "Your line has no end: a line of the network ends with two characters, carriage return (CR) and line feed (LF).",
                    "Tu línea no tiene final: una línea de la red termina con dos caracteres, retorno de carro (CR) y salto de línea (LF).",
                ),
            ),
            Some(b"\n") => told(
                &bytes(one),
                say(
                    "Your line ends with a line feed alone: a line of the network has a carriage return before it, on every system.",
                    "Tu línea termina solo con un salto de línea: una línea de la red lleva antes un retorno de carro, en todos los sistemas.",
                ),
            ),
            Some(end) if end.starts_with(b"\r\n") => told(
                &bytes(one),
                say(
                    "Your server sends bytes that stand after the line: a datagram is as long as the line, with nothing to fill it up.",
                    "Tu servidor manda bytes que están después de la línea: un datagrama es tan largo como la línea, sin relleno.",
                ),
            ),
            _ => told(
                &bytes(one),
                say(
                    "Your line does not end as it should: after the text stand CR and LF, in this order, and nothing else.",
                    "Tu línea no termina como debe: después del texto van CR y LF, en ese orden, y nada más.",
                ),
            ),
        }
    });
}

/// Asks the server, through `peer`, and gives its line; fails with `did` and
/// `cause` if nothing comes.
fn ask(
    (peer, server): (&Peer, &Beside<io::Result<()>>),
    address: SocketAddr,
    did: &str,
    cause: &str,
) -> String {
    peer.send(b"", address);
    if let Some((data, _)) = peer.receive() {
        return String::from_utf8_lossy(&data).into_owned();
    }
    let came = how_it_ended(server.now());
    let expected = say("the date and time", "la fecha y la hora");
    Told { did, expected, came: &came, cause }.fail()
}

/// What the server gave when it ended, if it did, in words.
fn how_it_ended(ended: Option<io::Result<()>>) -> String {
    match ended {
        None => nothing(),
        Some(Ok(())) => {
            say("serve() had ended", "serve() había terminado").to_string()
        }
        Some(Err(e)) => {
            let ended = say("serve() ended with ", "serve() terminó con ");
            ended.to_string() + &error_words(&e)
        }
    }
}

/// Starts the server, for which a panic is an error like any other.
fn start(s: UdpSocket) -> Beside<io::Result<()>> {
    beside(move || {
        let panic = say("a panic", "un pánico (panic)");
        caught(|| serve(&s)).unwrap_or(Err(io::Error::other(panic)))
    })
}

/// Asks for the first time.
fn ask_first(
    peer: &Peer,
    server: &Beside<io::Result<()>>,
    address: SocketAddr,
) -> String {
    ask(
        (peer, server),
        address,
        say(
            "sent your server an empty datagram",
            "le mandó a tu servidor un datagrama vacío",
        ),
        say(
            "Your server does not answer its first question: does serve() call take() and then answer()?",
            "Tu servidor no responde su primera pregunta: ¿serve() llama a take() y después a answer()?",
        ),
    )
}

/// Whether this is the line for now, or for a moment since `before`.
fn is_now(came: &str, before: SystemTime) -> bool {
    let mut time = before;
    loop {
        if came.trim_end() == line(time).trim_end() {
            return true;
        }
        if time >= SystemTime::now() {
            return false;
        }
        time += Duration::from_millis(500);
    }
}

#[test]
fn step_5_tells_the_time_that_it_is() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let before = SystemTime::now();
        let server = beside(move || serve(&s));
        let came = ask_first(&Peer::new(), &server, address);
        if !is_now(&came, before) {
            Told {
                did: say(
                    "sent your server an empty datagram",
                    "le mandó a tu servidor un datagrama vacío",
                ),
                expected: &bytes(line(before).as_bytes()),
                came: &bytes(came.as_bytes()),
                cause: say(
                    "Your server tells another time than it is: serve() gives answer() the time of the system's clock, `SystemTime::now()`.",
                    "Tu servidor da otra hora que la de ahora: serve() le pasa a answer() la hora del reloj del sistema, `SystemTime::now()`.",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_5_answers_one_after_the_other() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let (one, two) = (Peer::new(), Peer::new());
        ask_first(&one, &server, address);
        ask(
            (&one, &server),
            address,
            say("asked a second time", "preguntó por segunda vez"),
            say(
                "Your server answered the first question and not the second: is `take` inside the loop?",
                "Tu servidor respondió la primera pregunta y no la segunda: ¿`take` está dentro del bucle?",
            ),
        );
        ask(
            (&two, &server),
            address,
            say(
                "asked from a second client",
                "preguntó desde un segundo cliente",
            ),
            say(
                "Your server answers its first client alone: answer the address that came with each datagram.",
                "Tu servidor responde solo a su primer cliente: respondele a la dirección que vino con cada datagrama.",
            ),
        );
    });
}

#[test]
fn step_5_says_who_called() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let peer = Peer::new();
        // The second answer comes when all is done about the first question.
        for _ in 0..2 {
            ask_first(&peer, &server, address);
        }
        const ASKED: &str = "asked from ";
        let Some(printed) = printed("step_5_says_who_called") else {
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
fn step_5_looks_at_the_clock_each_time() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let peer = Peer::new();
        let first = ask_first(&peer, &server, address);
        let end = Instant::now() + patience() * 2;
        while ask_first(&peer, &server, address) == first {
            if Instant::now() > end {
                let seconds = (patience() * 2).as_secs();
                let did = say(
                    "asked your server again and again, for",
                    "le preguntó a tu servidor una y otra vez, durante",
                );
                Told {
                    did: &format!("{did} {seconds} s"),
                    expected: say("another time", "otra hora"),
                    came: &bytes(first.as_bytes()),
                    cause: say(
                        "Your server tells the same time for ever: the clock is looked at once, before the loop, and not for each answer.",
                        "Tu servidor da siempre la misma hora: mira el reloj una sola vez, antes del bucle, y no en cada respuesta.",
                    ),
                }
                .fail();
            }
            sleep(Duration::from_millis(20)); // The clock needs its time.
        }
    });
}

#[test]
fn step_5_looks_at_the_clock_after_the_question() {
    exercise(&STEPS, || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        let peer = Peer::new();
        ask_first(&peer, &server, address);
        // The line has no part of a second: so let one be over.
        sleep(Duration::from_millis(1100));
        let before = SystemTime::now();
        let came = ask_first(&peer, &server, address);
        if !is_now(&came, before) {
            Told {
                did: say(
                    "asked your server, waited for more than 1 s, and asked again",
                    "le preguntó a tu servidor, esperó más de 1 s, y volvió a preguntar",
                ),
                expected: &bytes(line(before).as_bytes()),
                came: &bytes(came.as_bytes()),
                cause: say(
                    "Your server tells a time from before the question came: it looks at the clock, and then waits in take(); in which order must that be?",
                    "Tu servidor da una hora anterior a la pregunta: mira el reloj, y después se queda esperando en take(); ¿en qué orden tiene que ser?",
                ),
            }
            .fail();
        }
    });
}

#[test]
fn step_5_outlives_an_error() {
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
                    "let `recv_from` report an error to your server, then asked",
                    "hizo que `recv_from` le diera un error a tu servidor, y después preguntó",
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
fn step_5_outlives_an_answer_that_fails() {
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
            peer.send(b"", address);
        }
        // Who goes on after the first takes the second, too.
        while waiting.peek_from(&mut [0]).is_ok() {
            let ended = server.now();
            if ended.is_some() || Instant::now() > end {
                Told {
                    did: say(
                        "asked twice, and let `send_to` report an error to your server",
                        "preguntó dos veces, e hizo que `send_to` le diera un error a tu servidor",
                    ),
                    expected: say(
                        "that it takes the second question, too",
                        "que tome también la segunda pregunta",
                    ),
                    came: &how_it_ended(ended),
                    cause: say(
                        "Your server ended because an answer could not be sent, and the next client gets none: note the error of answer(), and go on.",
                        "Tu servidor terminó porque no pudo mandar una respuesta, y el próximo cliente se queda sin la suya: avisá del error de answer(), y seguí.",
                    ),
                }
                .fail();
            }
            sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn step_5_answers_the_workshop_s_clients() {
    let clients = references("daytime-rfc867", "client");
    exercise(&STEPS, move || {
        let (s, address) = socket();
        let server = beside(move || serve(&s));
        ask_first(&Peer::new(), &server, address);
        let port = address.port().to_string();
        let seconds = patience().as_secs().to_string();
        for (language, mut client) in clients {
            client.args(["--host", "127.0.0.1", "--port", &port]);
            client.args(["--tries", "1", "--timeout", &seconds]);
            let before = SystemTime::now();
            let client = Program::start(language, client);
            let (_, ended) = client.end_within(patience() * 2);
            if !is_now(&ended.stdout, before) {
                let did = say(
                    "let the workshop's client ask your server, the one in",
                    "hizo que el cliente del taller le preguntara a tu servidor, el de",
                );
                let came = ended.stdout + &ended.stderr;
                Told {
                    did: &format!("{did} {language}"),
                    expected: &bytes(line(before).trim_end().as_bytes()),
                    came: &bytes(came.trim_end().as_bytes()),
                    cause: say(
                        "The tests got your line, and the workshop's client did not: start your server, run that client yourself, and compare.",
                        "A las pruebas les llegó tu línea, y al cliente del taller no: arrancá tu servidor, ejecutá vos ese cliente, y compará.",
                    ),
                }
                .fail();
            }
        }
    });
}
