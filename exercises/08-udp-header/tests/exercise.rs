//! The tests of exercise 08. You need not change this file.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::panic::catch_unwind;

use ex08_udp_header::{
    HEADER, Header, checksum, data, header, pseudo_header, sum,
};
use kit::{Step, Told, bytes, exercise, say};

const STEPS: [Step; 5] = [
    (1, "read the four fields", "leé los cuatro campos"),
    (2, "take the data", "tomá los datos"),
    (3, "add up the bytes", "sumá los bytes"),
    (4, "make the pseudo-header", "armá el pseudoencabezado"),
    (5, "compute the checksum", "calculá la suma de verificación"),
];

/// "hola" from 10.0.0.1, port 40000, to 10.0.0.2, port 3500.
const HOLA: [u8; 12] = *b"\x9c\x40\x0d\xac\x00\x0c\x6d\x16hola";
const ONE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// A datagram of 300 bytes: its length needs both bytes.
fn long() -> Vec<u8> {
    let mut datagram = vec![1; 300];
    datagram[..HEADER].copy_from_slice(b"\x9c\x40\x0d\xac\x01\x2c\0\0");
    datagram
}

/// Bytes in base 16.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, " {byte:02x}");
    }
    text
}

/// What the test did: a function, and the bytes it was called with.
fn called(function: &str, with: &[u8]) -> String {
    let bytes = match with {
        [] => say(" no bytes", " ningún byte").to_string(),
        _ if with.len() > 40 => {
            hex(&with[..12]) + &format!(" ... ({} bytes)", with.len())
        }
        _ => hex(with),
    };
    let did = say("called ", "llamó a ");
    format!("{did}{function} {}{bytes}", say("with", "con"))
}

fn no_value() -> &'static str {
    "None"
}

fn panicked() -> &'static str {
    say("a panic", "un pánico (panic)")
}

#[test]
fn step_1_reads_the_four_fields() {
    exercise(&STEPS, || {
        // 7 and 13 are impossible, but that is not for header() to say.
        for length in [12, 7, 13] {
            let mut datagram = HOLA;
            datagram[5] = length;
            check_header(
                &datagram,
                Header {
                    source: 40000,
                    destination: 3500,
                    length: u16::from(length),
                    checksum: 0x6d16,
                },
                say(
                    "Your program takes a field from where another stands: source, destination, length and checksum, two bytes each.",
                    "Tu programa saca un campo de donde está otro: origen, destino, largo y suma de verificación, dos bytes cada uno.",
                ),
            );
        }
        // No byte is 0, and no two are the same.
        check_header(
            &[1, 2, 3, 4, 5, 6, 7, 8],
            Header {
                source: 0x0102,
                destination: 0x0304,
                length: 0x0506,
                checksum: 0x0708,
            },
            say(
                "Your program takes one byte of a number and leaves out the other, which is 0 in most datagrams: each field has two.",
                "Tu programa toma un solo byte de un número y se olvida del otro, que en casi todos los datagramas es 0: cada campo tiene dos.",
            ),
        );
    });
}

/// Fails, with a likely cause, if header() does not give these fields.
fn check_header(datagram: &[u8], meant: Header, cause: &str) {
    let given = header(datagram);
    if given == Some(meant) {
        return;
    }
    let swapped = Header {
        source: meant.source.swap_bytes(),
        destination: meant.destination.swap_bytes(),
        length: meant.length.swap_bytes(),
        checksum: meant.checksum.swap_bytes(),
    };
    let cause = match given {
        None if datagram.len() == HEADER => say(
            "Your header() refuses 8 bytes, and they are a whole header: only fewer than 8 are too few.",
            "Tu header() rechaza 8 bytes, que son un encabezado entero: solo si hay menos de 8 son pocos.",
        ),
        None if datagram == HOLA => say(
            "Your header() refuses a datagram that has data: it reads the first 8 bytes, whatever stands behind them.",
            "Tu header() rechaza un datagrama que tiene datos: lee los primeros 8 bytes, haya lo que haya después.",
        ),
        None => say(
            "Your header() refuses an impossible length: it gives the fields as they are, and the length is for data() to judge.",
            "Tu header() rechaza un largo imposible: da los campos tal como están, y del largo se ocupa data().",
        ),
        Some(given) if given == swapped => say(
            "Your program reads the two bytes of a number in the wrong order: in the network the left one is the greater, `from_be_bytes`.",
            "Tu programa lee los dos bytes de un número en el orden equivocado: en la red, el de la izquierda vale más, `from_be_bytes`.",
        ),
        Some(_) => cause,
    };
    let shown = |h: Header| {
        let Header { source, destination, length, checksum } = h;
        format!("{source}, {destination}, {length}, {checksum:#06x}")
    };
    Told {
        did: &called("header()", datagram),
        expected: &shown(meant),
        came: &given.map_or(no_value().to_string(), shown),
        cause,
    }
    .fail();
}

#[test]
fn step_1_refuses_what_is_too_short() {
    exercise(&STEPS, || {
        let _ = header(&HOLA); // Or its `todo!` would be caught.
        for short in [&HOLA[..HEADER - 1], &[]] {
            let given = catch_unwind(|| header(short));
            if !matches!(given, Ok(None)) {
                let came = match given {
                    Err(_) => panicked().to_string(),
                    Ok(given) => format!("{given:?}"),
                };
                Told {
                    did: &called("header()", short),
                    expected: no_value(),
                    came: &came,
                    cause: say(
                        "Your program reads bytes that are not there: anybody may send fewer than 8; look at the number of bytes first.",
                        "Tu programa lee bytes que no están: cualquiera puede mandar menos de 8; primero fijate cuántos hay.",
                    ),
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_2_takes_the_data() {
    exercise(&STEPS, || {
        let padded = [&HOLA[..], b"\0\0"].concat();
        let empty = b"\x9c\x40\x0d\xac\x00\x08\x00\x00";
        let long = long();
        for (datagram, meant) in [
            (&HOLA[..], &b"hola"[..]),
            (&padded, b"hola"),
            (empty, b""),
            (&long, &long[HEADER..]),
        ] {
            let given = data(datagram);
            if given == Some(meant) {
                continue;
            }
            let cause = match given {
                _ if datagram.len() == long.len() => say(
                    "Your data() goes wrong where there are more than 255 bytes: the length has two bytes, and it takes both to tell so many.",
                    "Tu data() se equivoca si hay más de 255 bytes: el largo tiene dos bytes, y para tantos hacen falta los dos.",
                ),
                None if datagram == empty => say(
                    "Your data() gives `None` for a datagram without data: a length of 8 is possible, and the data is empty then, which is not `None`.",
                    "Tu data() devuelve `None` para un datagrama sin datos: un largo de 8 es posible, y entonces los datos están vacíos, que no es lo mismo que `None`.",
                ),
                None if datagram.len() > HOLA.len() => say(
                    "Your program refuses a datagram behind whose data more bytes stand: the network may have filled it up; a length is impossible only if it exceeds what came in, or is less than the header.",
                    "Tu programa rechaza un datagrama con bytes de más después de los datos: la red puede haber agregado relleno; un largo solo es imposible si supera lo que llegó, o si es menor que el encabezado.",
                ),
                None => say(
                    "Your program looks for more data than there is: the length counts the 8 bytes of the header, too.",
                    "Tu programa busca más datos de los que hay: el largo cuenta también los 8 bytes del encabezado.",
                ),
                Some(b"hola\0\0") => say(
                    "Your program takes for data whatever stands behind the header: the network may have filled it up; the length says where the data ends.",
                    "Tu programa toma como datos todo lo que sigue al encabezado: la red puede haber agregado relleno; el largo dice dónde terminan los datos.",
                ),
                Some(_) => say(
                    "Your program takes the wrong part for the data: it begins behind the 8 bytes of the header.",
                    "Tu programa toma como datos otra parte: empiezan después de los 8 bytes del encabezado.",
                ),
            };
            let given = given.map(bytes);
            Told {
                did: &called("data()", datagram),
                expected: &bytes(meant),
                came: given.as_deref().unwrap_or(no_value()),
                cause,
            }
            .fail();
        }
    });
}

#[test]
fn step_2_trusts_no_length() {
    exercise(&STEPS, || {
        let _ = data(&HOLA); // Or its `todo!` would be caught.
        for length in [0, 7, 13, 255] {
            let mut datagram = HOLA;
            datagram[5] = length;
            let given = catch_unwind(|| data(&datagram).map(bytes));
            if !matches!(given, Ok(None)) {
                let came = match given {
                    Ok(Some(given)) => given,
                    _ => panicked().to_string(),
                };
                let of = say("of length ", "de largo ");
                let did = called("data()", &datagram);
                Told {
                    did: &format!("{did}, {of}{length}"),
                    expected: no_value(),
                    came: &came,
                    cause: say(
                        "Your program trusts a length that a stranger wrote: less than the header, or more than came in, is impossible.",
                        "Tu programa confía en un largo que escribió un extraño: menos que el encabezado, o más de lo que llegó, es imposible.",
                    ),
                }
                .fail();
            }
        }
    });
}

#[test]
fn step_2_gives_none_without_a_header() {
    exercise(&STEPS, || {
        let _ = data(&HOLA); // Or its `todo!` would be caught.
        for short in [&HOLA[..HEADER - 1], &HOLA[..4], &[]] {
            let given = catch_unwind(|| data(short).map(bytes));
            if !matches!(given, Ok(None)) {
                let came = match given {
                    Ok(Some(given)) => given,
                    _ => panicked().to_string(),
                };
                Told {
                    did: &called("data()", short),
                    expected: no_value(),
                    came: &came,
                    cause: say(
                        "Your data() panics where there is no whole header: header() gives `None` there; hand that on, as `?` does.",
                        "Tu data() entra en pánico si el encabezado no está entero: ahí header() da `None`; entregalo, como hace `?`.",
                    ),
                }
                .fail();
            }
        }
    });
}

/// Fails if sum() of these bytes is not `meant`; a panic counts as `None`.
fn check_sum(
    all: &[u8],
    meant: u16,
    given: Option<u16>,
    cause: impl FnOnce(Option<u16>) -> &'static str,
) {
    if given != Some(meant) {
        let came = given.map(|given| format!("{given:#06x}"));
        Told {
            did: &called("sum()", all),
            expected: &format!("{meant:#06x}"),
            came: came.as_deref().unwrap_or(panicked()),
            cause: cause(given),
        }
        .fail();
    }
}

#[test]
fn step_3_adds_numbers_of_16_bits() {
    exercise(&STEPS, || {
        let all = [0x12, 0x34, 0x00, 0x01];
        check_sum(&all, 0x1235, Some(sum(&all)), |given| match given {
            Some(0xedca) => say(
                "Your sum() turns the bits over already: that is left to checksum(), at the end.",
                "Tu sum() ya invierte los bits: eso le toca a checksum(), al final.",
            ),
            _ => say(
                "Your sum() does not add numbers of 16 bits: two bytes make one, and the left one is the greater.",
                "Tu sum() no suma números de 16 bits: dos bytes forman uno, y el de la izquierda vale más.",
            ),
        });
    });
}

#[test]
fn step_3_pads_a_last_byte() {
    exercise(&STEPS, || {
        let all = [0x01, 0x02, 0x03];
        let _ = sum(&all[..2]); // Or its `todo!` would be caught.
        let given = catch_unwind(|| sum(&all)).ok();
        check_sum(&all, 0x0402, given, |given| match given {
            Some(0x0105) => say(
                "Your sum() takes a last byte for the right half: the zero that is added stands behind it.",
                "Tu sum() toma el último byte como la mitad derecha: el cero que se agrega va después de él.",
            ),
            _ => say(
                "Your sum() loses a last byte that has no neighbour, or panics at it: `chunks(2)` gives it alone.",
                "Tu sum() pierde el último byte si no tiene compañero, o entra en pánico con él: `chunks(2)` lo da solo.",
            ),
        });
    });
}

#[test]
fn step_3_carries_round() {
    exercise(&STEPS, || {
        let _ = sum(&[0, 1]); // Or its `todo!` would be caught.
        // The example of RFC 1071, section 3.
        let rfc = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        let given = catch_unwind(|| sum(&rfc)).ok();
        check_sum(&rfc, 0xddf2, given, |_| {
            say(
                "Your sum() has no room for what exceeds 16 bits, or drops it: add in a u32, then add its upper half to its lower half.",
                "Tu sum() no tiene lugar para lo que pasa de 16 bits, o lo pierde: sumá en un u32, y después sumale a su mitad baja la mitad alta.",
            )
        });
        let twice = [0xff, 0xff, 0xff, 0xff, 0x00, 0x01];
        let given = catch_unwind(|| sum(&twice)).ok();
        check_sum(&twice, 0x0001, given, |_| {
            say(
                "Your sum() carries once, and that sum exceeds 16 bits again: carry after each number, or as often as it takes.",
                "Tu sum() suma el acarreo una sola vez, y esa suma vuelve a pasar de 16 bits: hacelo después de cada número, o tantas veces como haga falta.",
            )
        });
        let most = [0xff, 0xff];
        let given = catch_unwind(|| sum(&most)).ok();
        check_sum(&most, 0xffff, given, |_| {
            say(
                "Your sum() does not leave ffff as it is, which fits into 16 bits: only what exceeds them is added again, and that is not a remainder, `%`.",
                "Tu sum() no deja ffff como está, y eso entra en 16 bits: solo se vuelve a sumar lo que sobra, y eso no es un resto, `%`.",
            )
        });
    });
}

#[test]
fn step_4_makes_the_pseudo_header() {
    exercise(&STEPS, || {
        let meant = [10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 1, 2];
        let given = pseudo_header(ONE, TWO, 0x0102);
        if given == meant {
            return;
        }
        let cause = if given[..8] != meant[..8] {
            say(
                "The addresses of your pseudo-header are wrong: first the source, then the destination, as `octets`.",
                "Las direcciones de tu pseudoencabezado están mal: primero el origen, después el destino, como `octets`.",
            )
        } else if given[8..10] != meant[8..10] {
            say(
                "The middle of your pseudo-header is wrong: a zero, and behind it the number of UDP.",
                "El medio de tu pseudoencabezado está mal: un cero, y después el número de UDP.",
            )
        } else {
            say(
                "The length in your pseudo-header is wrong: two bytes, the greater one first, `to_be_bytes`.",
                "El largo en tu pseudoencabezado está mal: dos bytes, primero el que vale más, `to_be_bytes`.",
            )
        };
        let did = say("called pseudo_header", "llamó a pseudo_header");
        Told {
            did: &format!("{did}({ONE}, {TWO}, 0x0102)"),
            expected: hex(&meant).trim(),
            came: hex(&given).trim(),
            cause,
        }
        .fail();
    });
}

/// Fails if the checksum of a datagram from `ONE` to `TWO` is not `meant`; a
/// panic counts as `None`.
fn check_checksum(
    datagram: &[u8],
    meant: u16,
    given: Option<u16>,
    cause: impl FnOnce(Option<u16>) -> &'static str,
) {
    if given != Some(meant) {
        let came = given.map(|given| format!("{given:#06x}"));
        Told {
            did: &called(&format!("checksum({ONE}, {TWO}, ...)"), datagram),
            expected: &format!("{meant:#06x}"),
            came: came.as_deref().unwrap_or(panicked()),
            cause: cause(given),
        }
        .fail();
    }
}

#[test]
fn step_5_computes_the_checksum() {
    exercise(&STEPS, || {
        let mut unsent = HOLA;
        unsent[6..8].fill(0);
        let given = Some(checksum(ONE, TWO, &unsent));
        check_checksum(&unsent, 0x6d16, given, |given| match given {
            Some(0x92e9) => say(
                "Your checksum is the sum itself: at the end all its bits are turned over, `!`.",
                "Tu suma de verificación es la suma tal cual: al final se invierten todos sus bits, `!`.",
            ),
            Some(0x8136) => say(
                "Your checksum leaves the pseudo-header out: without the addresses, a datagram at the wrong machine would look right.",
                "A tu suma de verificación le falta el pseudoencabezado: sin las direcciones, un datagrama que llega a otra máquina parecería correcto.",
            ),
            Some(0x6d18) => say(
                "Your zeros are in the wrong place: the checksum is in bytes 6 and 7 of the header, and before the header stand the 12 of the pseudo-header.",
                "Pusiste los ceros en otro lugar: la suma de verificación está en los bytes 6 y 7 del encabezado, y delante del encabezado están los 12 del pseudoencabezado.",
            ),
            Some(0x6d1e) => say(
                "The length in your pseudo-header is that of the data: it is the datagram's, header and data.",
                "El largo en tu pseudoencabezado es el de los datos: es el del datagrama, encabezado y datos.",
            ),
            _ => say(
                "Your checksum is of something else: pseudo-header, header and data, in this order, and nothing else.",
                "Tu suma de verificación es de otra cosa: pseudoencabezado, encabezado y datos, en ese orden, y nada más.",
            ),
        });
        let given = Some(checksum(ONE, TWO, &HOLA));
        check_checksum(&HOLA, 0x6d16, given, |_| {
            say(
                "Your checksum counts the one that is in the datagram already: put zeros in its place before adding up.",
                "Tu suma de verificación cuenta la que ya está en el datagrama: antes de sumar, poné ceros en su lugar.",
            )
        });
        // The sums of pseudo-header and datagram exceed 16 bits together.
        let great = b"\x9c\x40\x0d\xac\x00\x0a\x00\x00\x43\x00";
        let given = catch_unwind(|| checksum(ONE, TWO, great)).ok();
        check_checksum(great, 0xfeea, given, |_| {
            say(
                "You add two sums, and what does not fit into 16 bits is lost there, or ends in a panic: put all the bytes in a row, and call sum() once.",
                "Sumás dos sumas, y ahí lo que no entra en 16 bits se pierde, o termina en un pánico: poné todos los bytes en fila, y llamá a sum() una sola vez.",
            )
        });
        let odd = b"\x9c\x40\x0d\xac\x00\x0d\xfa\x13holas";
        let given = Some(checksum(ONE, TWO, odd));
        check_checksum(odd, 0xfa13, given, |_| {
            say(
                "Your checksum is wrong for an odd number of bytes: where does the last one go?",
                "Tu suma de verificación da mal con una cantidad impar de bytes: ¿adónde va el último?",
            )
        });
        let long = long();
        let given = catch_unwind(|| checksum(ONE, TWO, &long)).ok();
        check_checksum(&long, 0xad14, given, |_| {
            say(
                "Your checksum is wrong where there are more than 255 bytes: the length of the datagram needs a `u16`, and all the bytes count.",
                "Tu suma de verificación da mal si hay más de 255 bytes: el largo del datagrama necesita un `u16`, y cuentan todos los bytes.",
            )
        });
    });
}

#[test]
fn step_5_never_gives_zero() {
    exercise(&STEPS, || {
        let datagram = b"\x9c\x40\x0d\xac\x00\x0a\xff\xff\x41\xeb";
        let given = Some(checksum(ONE, TWO, datagram));
        check_checksum(datagram, 0xffff, given, |_| {
            say(
                "Your checksum is 0, which in UDP says that there is none: 0xffff is sent instead, and means the same to the sum.",
                "Tu suma de verificación es 0, que en UDP quiere decir que no hay: en su lugar se manda 0xffff, que para la suma vale lo mismo.",
            )
        });
    });
}
