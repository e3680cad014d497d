//! The tests of exercise 09. You need not change this file. They find the
//! answers in the capture themselves.

use std::collections::HashSet;
use std::fmt::Debug;

use ex09_capture::{
    bytes_lost, bytes_of_data, clients_answered, clients_port, nobody_listens,
    unanswered, waited,
};
use kit::{Step, Told, exercise, say};

#[path = "../src/capture.rs"]
mod capture;
use capture::{Packet, packets};

const STEPS: [Step; 7] = [
    (1, "find the port of the client", "encontrá el puerto del cliente"),
    (2, "count the bytes of data", "contá los bytes de datos"),
    (3, "measure how long the client waited", "medí cuánto esperó el cliente"),
    (
        4,
        "count the clients that got an answer",
        "contá los clientes que recibieron respuesta",
    ),
    (
        5,
        "find the packet that says that nobody listens",
        "encontrá el paquete que dice que no hay nadie escuchando",
    ),
    (
        6,
        "find the datagram that was not answered",
        "encontrá el datagrama que no tuvo respuesta",
    ),
    (
        7,
        "count the bytes that did not come back",
        "contá los bytes que no volvieron",
    ),
];

/// The server's port.
const SERVER: u16 = 3500;

/// Where a datagram comes from: the first number of the header of UDP.
fn source_port(packet: &Packet) -> u16 {
    u16::from_be_bytes([packet.header[0], packet.header[1]])
}

/// Where it goes: the second number.
fn destination_port(packet: &Packet) -> u16 {
    u16::from_be_bytes([packet.header[2], packet.header[3]])
}

/// A packet by its number.
fn packet(number: usize) -> Packet {
    packets().remove(number - 1)
}

/// Fails if the answer is not `right`, which it does not give away.
fn check<T: Debug + PartialEq>(
    question: &str,
    given: T,
    right: T,
    expected: &str,
    cause: impl FnOnce(&T) -> &'static str,
) {
    if given != right {
        let did = say("called ", "llamó a ");
        Told {
            did: &format!("{did}{question}"),
            expected,
            came: &format!("{given:?}"),
            cause: cause(&given),
        }
        .fail();
    }
}

#[test]
fn step_1_finds_the_port_of_the_client() {
    exercise(&STEPS, || {
        let given = clients_port();
        let right = source_port(&packet(1));
        let expected = say(
            "the port that packet 1 comes from",
            "el puerto de donde sale el paquete 1",
        );
        check("clients_port()", given, right, expected, |&given| {
            if given == SERVER {
                say(
                    "That is the server's port: packet 1 goes to it; the source stands before the destination.",
                    "Ese es el puerto del servidor: el paquete 1 va hacia él; el origen está antes que el destino.",
                )
            } else if given == right.swap_bytes() {
                say(
                    "You read the two bytes of the port in the wrong order: the left one is the greater, times 256.",
                    "Leíste los dos bytes del puerto en el orden equivocado: el de la izquierda vale más, por 256.",
                )
            } else {
                say(
                    "The port of the client is another: look at the first two bytes in the line UDP of packet 1.",
                    "El puerto del cliente es otro: fijate en los dos primeros bytes de la línea UDP del paquete 1.",
                )
            }
        });
    });
}

#[test]
fn step_2_counts_the_data() {
    exercise(&STEPS, || {
        let given = bytes_of_data();
        let Packet { ip, header, data, .. } = packet(1);
        let with_header = header.len() + data.len();
        let expected = say(
            "the bytes of the text that the client sent",
            "los bytes del texto que mandó el cliente",
        );
        check("bytes_of_data()", given, data.len(), expected, |&given| {
            if given == with_header {
                say(
                    "That is the length in the header of UDP, which counts the header, too: 8 bytes of it are no data.",
                    "Ese es el largo que está en el encabezado de UDP, que también cuenta el encabezado: 8 de esos bytes no son datos.",
                )
            } else if given > with_header
                && given <= 14 + ip.len() + with_header
            {
                say(
                    "You counted the headers of the layers below, too: IP has 20 bytes of its own, and Ethernet 14.",
                    "Contaste también los encabezados de las capas de abajo: IP tiene 20 bytes propios, y Ethernet 14.",
                )
            } else {
                say(
                    "The number of bytes is another: count the text in the lines data of packet 1, blanks included.",
                    "La cantidad de bytes es otra: contá el texto en las líneas data del paquete 1, con los espacios.",
                )
            }
        });
    });
}

#[test]
fn step_3_measures_the_wait() {
    exercise(&STEPS, || {
        let given = waited();
        let (asked, answered) = (packet(3).time, packet(4).time);
        let right = answered - asked;
        let expected = say(
            "the time from packet 3 to packet 4",
            "el tiempo entre el paquete 3 y el paquete 4",
        );
        check("waited()", given, right, expected, |&given| {
            if given == answered || given == asked {
                say(
                    "That is when the packet came, counted from the first one: the wait is a difference of two times.",
                    "Ese es el momento en que llegó el paquete, contado desde el primero: la espera es la diferencia entre dos momentos.",
                )
            } else if [1_000, 1_000_000]
                .iter()
                .any(|&n| given == right * n || given == right / n)
            {
                say(
                    "Your number has another unit: the sixth digit behind the point of a second is a microsecond.",
                    "Tu número está en otra unidad: el sexto dígito después de la coma de un segundo es un microsegundo.",
                )
            } else {
                say(
                    "The difference is another: subtract the time of packet 3 from that of packet 4.",
                    "La diferencia es otra: al momento del paquete 4 restale el del paquete 3.",
                )
            }
        });
    });
}

#[test]
fn step_4_counts_the_clients() {
    exercise(&STEPS, || {
        let given = clients_answered();
        let all = packets();
        let udp = all.iter().filter(|p| p.protocol() == "UDP");
        let answers = udp.clone().filter(|p| source_port(p) == SERVER);
        let right: HashSet<_> = answers.clone().map(destination_port).collect();
        let asked = udp.filter(|p| source_port(p) != SERVER);
        let asked: HashSet<_> = asked.map(source_port).collect();
        let expected = say(
            "as many as there are ports to which packets from 3500 go",
            "tantos como puertos a los que van paquetes desde el 3500",
        );
        check("clients_answered()", given, right.len(), expected, |&given| {
            if given == asked.len() {
                say(
                    "You counted everybody who asked: one of them asked at a port where nobody answers.",
                    "Contaste a todos los que preguntaron: uno de ellos preguntó en un puerto donde nadie responde.",
                )
            } else if given == 1 {
                say(
                    "You counted addresses, and all are one machine's: each client has a port of its own.",
                    "Contaste direcciones, y son todas de una misma máquina: cada cliente tiene su propio puerto.",
                )
            } else {
                say(
                    "The number of clients is another: look for packets that come from port 3500, and at where they go.",
                    "La cantidad de clientes es otra: buscá los paquetes que salen del puerto 3500, y fijate adónde van.",
                )
            }
        });
    });
}

#[test]
fn step_5_finds_that_nobody_listens() {
    exercise(&STEPS, || {
        let given = nobody_listens();
        let all = packets();
        let right = all.iter().find(|p| p.protocol() == "ICMP").unwrap();
        let right = right.number;
        let expected = say(
            "the packet that the system sent for a closed port",
            "el paquete que mandó el sistema por un puerto cerrado",
        );
        check("nobody_listens()", given, right, expected, |&given| {
            if given == right - 1 {
                say(
                    "That is the question to which nobody listened: the packet that says so is the system's answer to it, and not UDP.",
                    "Esa es la pregunta que nadie escuchó: el paquete que lo dice es la respuesta del sistema, y no es UDP.",
                )
            } else {
                say(
                    "That packet says nothing of the kind: one packet alone is of another protocol, ICMP; which?",
                    "Ese paquete no dice nada parecido: hay uno solo de otro protocolo, ICMP; ¿cuál es?",
                )
            }
        });
    });
}

#[test]
fn step_6_finds_the_unanswered_datagram() {
    exercise(&STEPS, || {
        let given = unanswered();
        let all = packets();
        let right = all.iter().find(|p| {
            p.protocol() == "UDP"
                && destination_port(p) == SERVER
                && p.data.is_empty()
        });
        let right = right.unwrap().number;
        let expected = say(
            "a packet that goes to port 3500, and after which none comes from there for it",
            "un paquete que va al puerto 3500, y después del cual no sale de ahí ninguno que le responda",
        );
        check("unanswered()", given, right, expected, |&given| {
            match all.get(given.wrapping_sub(1)) {
                Some(p) if p.protocol() == "ICMP" => say(
                    "That packet is no datagram of UDP, and it did not go to the server: look at the protocol first.",
                    "Ese paquete no es un datagrama de UDP, ni fue hacia el servidor: primero fijate en el protocolo.",
                ),
                Some(p) if destination_port(p) == SERVER => say(
                    "That datagram was answered: which one has no data for an echo to send back?",
                    "Ese datagrama tuvo respuesta: ¿cuál no tiene datos que un eco pueda devolver?",
                ),
                Some(p) if source_port(p) != SERVER => say(
                    "That datagram never came to the server: look at its destination port, the second number.",
                    "Ese datagrama nunca le llegó al servidor: fijate en su puerto de destino, el segundo número.",
                ),
                _ => say(
                    "That is no question to the server: look for packets whose destination port is 3500.",
                    "Esa no es una pregunta al servidor: buscá los paquetes cuyo puerto de destino es el 3500.",
                ),
            }
        });
    });
}

#[test]
fn step_7_counts_what_did_not_come_back() {
    exercise(&STEPS, || {
        let given = bytes_lost();
        let (sent, back) = (packet(8).data.len(), packet(9).data.len());
        let expected = say(
            "the bytes of data of packet 8, less those of packet 9",
            "los bytes de datos del paquete 8, menos los del paquete 9",
        );
        check("bytes_lost()", given, sent - back, expected, |&given| {
            if given == back || given == sent {
                say(
                    "That is how many went or came back: the question is how many were lost between.",
                    "Esos son los que fueron o los que volvieron: la pregunta es cuántos se perdieron en el medio.",
                )
            } else if given == sent - back + 8 || given == sent - back - 8 {
                say(
                    "You counted the header of one packet and not of the other: take data from data, or length from length.",
                    "Contaste el encabezado de un paquete y no el del otro: restá datos de datos, o largo de largo.",
                )
            } else {
                say(
                    "The number is another: the third number of the header of UDP is the length, `04 54` in packet 8.",
                    "La cantidad es otra: el tercer número del encabezado de UDP es el largo, `04 54` en el paquete 8.",
                )
            }
        });
    });
}
