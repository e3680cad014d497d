//! The tests of exercise 07. You need not change this file.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::panic::catch_unwind;

use ex07_neighbour::{PORT, listen, look_up, my_address, place};
use kit::{
    Peer, Step, Told, bytes, error_words, exercise, free_port, nothing, say,
    skipped,
};

const STEPS: [Step; 4] = [
    (1, "read where the server is", "leé dónde está el servidor"),
    (2, "look up the address", "buscá la dirección"),
    (3, "listen on every address", "escuchá en todas las direcciones"),
    (4, "find out my own address", "averiguá tu propia dirección"),
];

/// The words after the program's name.
fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// What place() was called with.
fn called_place(all: &[&str]) -> String {
    let did = say(
        "called place() with the words after the program's name: ",
        "llamó a place() con las palabras que siguen al nombre del programa: ",
    );
    format!("{did}{all:?}")
}

/// What place() gave.
fn shown(place: Option<(String, u16)>) -> String {
    match place {
        Some((host, port)) => format!("{host:?}, {port}"),
        None => "None".to_string(),
    }
}

#[test]
fn step_1_reads_host_and_port() {
    exercise(&STEPS, || {
        for (all, port) in
            [(&["pc-07"][..], PORT), (&["pc-07", "4000"][..], 4000)]
        {
            let given = place(&words(all));
            let meant = Some(("pc-07".to_string(), port));
            let cause = match given {
                None if port == PORT => say(
                    "Your program wants a port even where none need be given: without a second word it is PORT.",
                    "Tu programa exige un puerto aunque no haga falta: si no hay una segunda palabra, es PORT.",
                ),
                _ => say(
                    "Your program does not take the words as they stand: the first is the host, the second the port.",
                    "Tu programa no toma las palabras como están: la primera es la máquina, la segunda el puerto.",
                ),
            };
            if given != meant {
                Told {
                    did: &called_place(all),
                    expected: &shown(meant),
                    came: &shown(given),
                    cause,
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_1_refuses_what_is_no_port() {
    exercise(&STEPS, || {
        // This meets the `todo!`, which would be caught below.
        let _ = place(&words(&["pc-07"]));
        for all in [&["pc-07", "abc"][..], &["pc-07", "70000"], &[]] {
            let given = catch_unwind(|| place(&words(all)));
            let cause = match (&given, all.len()) {
                (Ok(None), _) => continue,
                (Err(_), 0) => say(
                    "Your program panics where there is no word: which function gives an Option where `words[0]` panics?",
                    "Tu programa entra en pánico si no hay ninguna palabra: ¿qué función da un Option donde `words[0]` entra en pánico?",
                ),
                (Err(_), _) => say(
                    "Your program panics at a word that is no port: anybody may type anything; do without `unwrap`.",
                    "Tu programa entra en pánico con una palabra que no es un puerto: cualquiera puede tipear cualquier cosa; evitá `unwrap`.",
                ),
                (Ok(Some(_)), 0) => say(
                    "Your program makes up a host where no word names one: without a host it is to be a server, so place() gives `None`.",
                    "Tu programa inventa una máquina cuando ninguna palabra la nombra: sin máquina tiene que ser servidor, así que place() da `None`.",
                ),
                (Ok(Some((_, PORT))), _) => say(
                    "Your program takes PORT where the word is no port: whoever mistyped it would talk to another server.",
                    "Tu programa usa PORT si la palabra no es un puerto: quien la escribió mal hablaría con otro servidor.",
                ),
                (Ok(Some(_)), _) => say(
                    "Your program makes another port of a number that is too large: a port has 16 bits; parse a u16, and no larger type.",
                    "Tu programa convierte un número demasiado grande en otro puerto: un puerto tiene 16 bits; convertí a u16, y no a un tipo más grande.",
                ),
            };
            let came = match given {
                Err(_) => say("a panic", "un pánico (panic)").to_string(),
                Ok(given) => shown(given),
            };
            Told {
                did: &called_place(all),
                expected: &shown(None),
                came: &came,
                cause,
            }
            .fail();
        }
    });
}

#[test]
fn step_2_looks_up_names_and_numbers() {
    exercise(&STEPS, || {
        for host in ["127.0.0.1", "localhost"] {
            let meant = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
            let given = look_up(host, 4000);
            if matches!(given, Ok(given) if given == meant) {
                continue;
            }
            let did = say("called look_up(", "llamó a look_up(");
            let (came, cause) = match given {
                Err(e) => (
                    error_words(&e),
                    say(
                        "Your program knows numbers and no names: `to_socket_addrs` looks up either.",
                        "Tu programa entiende números, pero no nombres: `to_socket_addrs` busca las dos cosas.",
                    ),
                ),
                Ok(other) if other.port() != 4000 => (
                    other.to_string(),
                    say(
                        "Your program looks up the host and loses the port: give `to_socket_addrs` the pair, `(host, port)`.",
                        "Tu programa busca la máquina y pierde el puerto: usá `to_socket_addrs` con el par, `(host, port)`.",
                    ),
                ),
                Ok(other) => (
                    other.to_string(),
                    say(
                        "Your program takes another address of this name: it should be the first that is IPv4.",
                        "Tu programa toma otra dirección de ese nombre: tiene que ser la primera que sea IPv4.",
                    ),
                ),
            };
            Told {
                did: &format!("{did}{host:?}, 4000)"),
                expected: &meant.to_string(),
                came: &came,
                cause,
            }
            .fail();
        }
    });
}

/// The likely cause when look_up() gives an address that it did not find.
fn made_up() -> &'static str {
    say(
        "Your program makes up an address where there is none to give, and would talk to somebody else: look_up() gives an error there.",
        "Tu programa inventa una dirección cuando no hay ninguna que dar, y hablaría con otro: en ese caso look_up() tiene que dar un error.",
    )
}

#[test]
fn step_2_takes_no_ipv6_address() {
    exercise(&STEPS, || {
        // This meets the `todo!`, which would be caught below.
        let _ = look_up("127.0.0.1", 4000);
        let given = catch_unwind(|| look_up("::1", 4000));
        let did = say(
            "called look_up(\"::1\", 4000), an address of IPv6",
            "llamó a look_up(\"::1\", 4000), una dirección de IPv6",
        );
        let expected = say("an error", "un error");
        let told =
            |came: &str, cause| Told { did, expected, came, cause }.fail();
        match given {
            Err(_) => told(
                say("a panic", "un pánico (panic)"),
                say(
                    "Your program panics where a name has no IPv4 address: when none is left to look at, give an error.",
                    "Tu programa entra en pánico si un nombre no tiene dirección IPv4: cuando no queda ninguna por mirar, devolvé un error.",
                ),
            ),
            Ok(Ok(other)) if other.is_ipv4() => {
                told(&other.to_string(), made_up())
            }
            Ok(Ok(other)) => told(
                &other.to_string(),
                say(
                    "Your program takes the first address, of whatever family: a socket at 0.0.0.0 reaches IPv4 alone; which of those found is_ipv4()?",
                    "Tu programa toma la primera dirección, de cualquier familia: un socket en 0.0.0.0 solo llega a IPv4; ¿cuál de las encontradas is_ipv4()?",
                ),
            ),
            Ok(Err(_)) => {}
        }
    });
}

#[test]
fn step_2_hands_on_that_nobody_has_the_name() {
    exercise(&STEPS, || {
        // This meets the `todo!`, which would be caught below.
        let _ = look_up("127.0.0.1", 4000);
        // A name with a zero in it cannot be: so no network is asked.
        let given = catch_unwind(|| look_up("nobody\0", 4000));
        let (came, cause) = match given {
            Ok(Err(_)) => return,
            Ok(Ok(other)) => (other.to_string(), made_up()),
            Err(_) => (
                say("a panic", "un pánico (panic)").to_string(),
                say(
                    "Your program panics at a name that nobody has: anybody may mistype one; `to_socket_addrs` gives an error then, hand it on.",
                    "Tu programa entra en pánico con un nombre que no tiene nadie: cualquiera puede tipear mal; ahí `to_socket_addrs` da un error, entregalo.",
                ),
            ),
        };
        Told {
            did: say(
                "called look_up(\"nobody\\0\", 4000), a name that nobody can have",
                "llamó a look_up(\"nobody\\0\", 4000), un nombre que no puede tener nadie",
            ),
            expected: say("an error", "un error"),
            came: &came,
            cause,
        }
        .fail();
    });
}

#[test]
fn step_3_listens_on_every_address() {
    exercise(&STEPS, || {
        let port = free_port();
        let meant = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let did = say("called listen(", "llamó a listen(");
        let did = format!("{did}{port})");
        let expected = say("a socket at ", "un socket en ");
        let expected = format!("{expected}{meant}");
        let told = |came: &str, cause| {
            Told { did: &did, expected: &expected, came, cause }.fail()
        };
        let elsewhere = say(
            "Your socket does not take the port that listen() was given: bind it to `port`.",
            "Tu socket no toma el puerto que recibe listen(): asocialo a `port`.",
        );
        match listen(port).and_then(|s| s.local_addr()) {
            Err(e) => told(&error_words(&e), elsewhere),
            Ok(own) if own.ip() != Ipv4Addr::UNSPECIFIED => told(
                &own.to_string(),
                say(
                    "Your socket listens at one address alone, where no neighbour may reach it: 0.0.0.0 stands for every address of this machine.",
                    "Tu socket escucha en una sola dirección, adonde quizás no llega ningún vecino: 0.0.0.0 quiere decir todas las direcciones de esta máquina.",
                ),
            ),
            Ok(own) if own != meant => told(&own.to_string(), elsewhere),
            Ok(_) => {}
        }
    });
}

#[test]
fn step_4_finds_its_own_address() {
    exercise(&STEPS, || {
        // Nobody has the first address (RFC 5737), this machine neither; to the
        // second, which needs no network, Linux sends from 127.0.0.1.
        let far = [[192, 0, 2, 1], [127, 0, 0, 2]];
        let asked = if cfg!(target_os = "linux") { 2 } else { 1 };
        for far in &far[..asked] {
            let far = SocketAddr::from((*far, 3500));
            let Ok(own) = my_address(far) else { continue };
            if own != far.ip() {
                continue;
            }
            let did = say(
                "called my_address() with a neighbour at ",
                "llamó a my_address() con un vecino en ",
            );
            Told {
                did: &format!("{did}{}", far.ip()),
                expected: say(
                    "an address of this machine, or an error",
                    "una dirección de esta máquina, o un error",
                ),
                came: &own.to_string(),
                cause: say(
                    "my_address() gives the neighbour's address, and not yours: ask the socket for its own, after `connect`.",
                    "my_address() da la dirección del vecino, y no la tuya: después de `connect`, preguntale al socket por la propia.",
                ),
            }
            .fail();
        }
        let neighbour = Peer::new();
        let given = my_address(neighbour.address());
        let meant = Ipv4Addr::LOCALHOST;
        let did = say(
            "called my_address() with a neighbour at 127.0.0.1, this machine",
            "llamó a my_address() con un vecino en 127.0.0.1, esta máquina",
        );
        let cause = match &given {
            Ok(own) if own.is_unspecified() => say(
                "0.0.0.0 is no address that anybody can call: `connect` the socket to the neighbour first, and then ask for its own address.",
                "0.0.0.0 no es una dirección a la que alguien pueda llamar: primero conectá el socket con el vecino (`connect`), y después preguntá su dirección.",
            ),
            Err(e) if e.kind() == ErrorKind::AddrInUse => say(
                "Your socket wants the neighbour's port here, too, where it may be taken: this socket needs no certain port, and 0 is any free one.",
                "Tu socket pide también acá el puerto del vecino, que puede estar ocupado: este socket no necesita un puerto determinado, y 0 es cualquiera que esté libre.",
            ),
            _ => say(
                "That is not this machine, seen by that neighbour: a socket at 0.0.0.0:0, `connect`, `local_addr`, in this order.",
                "Esa no es esta máquina, vista por ese vecino: un socket en 0.0.0.0:0, `connect`, `local_addr`, en ese orden.",
            ),
        };
        let came = match given {
            Ok(own) if own == meant => return,
            Ok(own) => own.to_string(),
            Err(e) => error_words(&e),
        };
        Told { did, expected: &meant.to_string(), came: &came, cause }.fail();
    });
}

/// What the system says on the way to a neighbour: the address at its begin.
fn way_to(neighbour: SocketAddr) -> io::Result<IpAddr> {
    let s = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    s.connect(neighbour)?;
    s.local_addr().map(|own| own.ip())
}

#[test]
fn step_4_finds_the_way_out() {
    exercise(&STEPS, || {
        let mut looked = cfg!(target_os = "linux");
        // Nobody has the first (RFC 5737). The second, for all machines of a
        // network, Linux takes from a socket at 127.0.0.1 even without one.
        for ip in [[192, 0, 2, 1], [224, 0, 0, 1]] {
            let neighbour = SocketAddr::from((ip, 9));
            let (given, meant) = (my_address(neighbour), way_to(neighbour));
            looked |= meant.is_ok();
            let good = match (&given, &meant) {
                (Ok(own), Ok(meant)) => own == meant || !own.is_loopback(),
                (Ok(own), Err(_)) => !own.is_loopback(),
                (Err(e), Ok(_)) => e.kind() == ErrorKind::AddrInUse,
                (Err(_), Err(_)) => true,
            };
            if good {
                continue; // Or another test says what is wrong.
            }
            let shown = |way: io::Result<IpAddr>| {
                way.map_or_else(|e| error_words(&e), |own| own.to_string())
            };
            let did = say(
                "called my_address() with an address outside of this machine: ",
                "llamó a my_address() con una dirección que no es de esta máquina: ",
            );
            Told {
                did: &format!("{did}{neighbour}"),
                expected: &shown(meant),
                came: &shown(given),
                cause: say(
                    "Your socket is at 127.0.0.1, from where nothing leaves this machine, and so it has no way to a neighbour: bind it to 0.0.0.0.",
                    "Tu socket está en 127.0.0.1, desde donde nada sale de esta máquina, y por eso no tiene camino hasta un vecino: asocialo a 0.0.0.0.",
                ),
            }
            .fail();
        }
        if !looked {
            skipped(say(
                "this machine is in no network",
                "esta máquina no está en ninguna red",
            ));
        }
    });
}

#[test]
fn step_4_sends_nothing() {
    exercise(&STEPS, || {
        let neighbour = Peer::new();
        let address = neighbour.address();
        let _ = my_address(address);
        // Had something been sent, it would come before this.
        neighbour.send(b"after", address);
        let first = neighbour.receive().map(|(data, _)| data);
        if first.as_deref() != Some(b"after") {
            Told {
                did: say(
                    "called my_address() with the address of a neighbour, and looked at what the neighbour received",
                    "llamó a my_address() con la dirección de un vecino, y miró qué recibió el vecino",
                ),
                expected: say("nothing", "nada"),
                came: &first.map_or_else(nothing, |data| bytes(&data)),
                cause: say(
                    "Your program disturbs the neighbour with a datagram: in UDP, `connect` alone chooses the way, and sends nothing.",
                    "Tu programa molesta al vecino con un datagrama: en UDP, `connect` solo ya elige el camino, y no manda nada.",
                ),
            }
            .fail();
        }
    });
}
