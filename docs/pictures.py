"""Draws the book's pictures: docs/material/NAME.svg, and NAME.es.svg.

Run: python3 docs/pictures.py [FOLDER]

Each function below the table of colours is a picture: it puts shapes and words,
in the language asked for, on a sheet. A sheet is 480 wide and its letters are 16
high, so that they can be read on a telephone, which shows 360. A test makes all
of them again and compares. (Ladders and distributions are drawn by the programs
that saw what is in them.)
"""

import struct
import sys
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parent
WIDTH = 480

# A class of shapes or words: its colour on white, and on black.
FILLS = {
    "back": ("#fff", "#181818"),
    "box": ("#eef1f5", "#2a2f36"),
    "one": ("#cfe3ff", "#1d4470"),
    "two": ("#ffe2b8", "#6b4310"),
    "three": ("#d3f0cd", "#23532a"),
    "four": ("#f3d2ee", "#642a5c"),
    "five": ("#e2e2e2", "#484848"),
}
STROKES = {
    "line": ("#555", "#aaa"),
    "way": ("#0550ae", "#79b8ff"),
    "bad": ("#b3261e", "#ff8a80"),
}
WORDS = {"word": ("#1a1a1a", "#e6e6e6"), "note": ("#555", "#b4b4b4")}
WORDS["bad-word"] = STROKES["bad"]
WORDS["way-word"] = STROKES["way"]


def style():
    """The colours in both themes."""
    sheets = []
    for theme in 0, 1:
        rules = [
            f".{name} {{ {what}: {both[theme]} }}"
            for table, what in [
                (FILLS, "fill"),
                (STROKES, "stroke"),
                (WORDS, "fill"),
            ]
            for name, both in table.items()
        ]
        sheets.append("\n".join(rules))
    light, dark = sheets
    return (
        "text { font: 16px sans-serif } .code { font-family: monospace }\n"
        ".small { font-size: 15px } .bold { font-weight: bold }\n"
        "path { fill: none; stroke-width: 1.5 } path.back { stroke: none }\n"
        ".dash { stroke-dasharray: 5 4 } .thick { stroke-width: 3 }\n"
        f"{light}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
    )


class Sheet:
    """A picture in one language, shape by shape."""

    def __init__(self, spanish):
        self.spanish = spanish
        self.title = self.description = ""
        self.height = 0
        self.shapes = []

    def say(self, words):
        """English and Spanish, with `|` between, or the same in both."""
        return words.split("|")[-1 if self.spanish else 0]

    def name(self, title, description):
        self.title, self.description = self.say(title), self.say(description)

    def put(self, shape, bottom):
        self.shapes.append(shape)
        self.height = max(self.height, bottom)

    def text(self, x, y, words, kind="word", at="start"):
        """Words whose line begins (or is in the middle of, or ends) at x."""
        words = escape(self.say(words))
        anchor = "" if at == "start" else f' text-anchor="{at}"'
        space = ' xml:space="preserve"' if "  " in words else ""
        self.put(
            f'<text x="{x}" y="{y}" class="{kind}"{anchor}{space}>{words}</text>',
            y + 6,
        )

    def head(self, x, y, words):
        """What stands below, in bold, with x in its middle."""
        self.text(x, y, words, "word bold", "middle")

    def box(self, x, y, wide, high, fill="box", lines="", kind="word"):
        """A box, and the lines in its middle (a `/` between)."""
        self.put(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="3" '
            f'class="{fill} line" stroke-width="1"/>',
            y + high,
        )
        lines = self.say(lines).split("/") if lines else []
        top = y + high / 2 - 10 * len(lines) + 15.5
        for number, line in enumerate(lines):
            place = (x + wide / 2, top + 20 * number)
            self.text(*(round(p, 1) for p in place), line, kind, "middle")

    def path(self, steps, kind="line"):
        self.put(f'<path d="{steps}" class="{kind}"/>', 0)

    def line(self, x, y, to_x, to_y, kind="line"):
        self.path(f"M{x} {y}L{to_x} {to_y}", kind)

    def arrow(self, x, y, to_x, to_y, kind="way"):
        """A line with a tip at its end."""
        self.line(x, y, to_x, to_y, kind)
        long = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        dx, dy = (to_x - x) / long * 9, (to_y - y) / long * 9
        tip = "".join(
            f"{start}{to_x - dx + side * dy / 2:.1f} {to_y - dy - side * dx / 2:.1f}"
            f"L{to_x} {to_y}"
            for start, side in (("M", 1), ("M", -1))
        )
        self.path(tip, kind.replace("dash", "").strip())

    def cross(self, x, y, size=7):
        """Here something ends."""
        self.path(
            f"M{x - size} {y - size}L{x + size} {y + size}"
            f"M{x - size} {y + size}L{x + size} {y - size}",
            "bad thick",
        )

    def svg(self):
        high = self.height + 12
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{high:.0f}" viewBox="0 0 {WIDTH} {high:.0f}" '
            f'role="img" lang="{"es" if self.spanish else "en"}">\n'
            f"<title>{escape(self.title)}</title>\n"
            f"<desc>{escape(self.description)}</desc>\n"
            f"<style>{style()}</style>\n"
            f'<rect width="{WIDTH}" height="{high:.0f}" class="back"/>\n'
            + "\n".join(self.shapes)
            + "\n</svg>\n"
        )


def packets(file):
    """The packets of a capture of Ethernet or loopback, from IP on."""
    data = Path(DOCS.parent, file).read_bytes()
    at, found = 24, []
    while at < len(data):
        long = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16 + 14 : at + 16 + long])
        at += 16 + long
    return found


def layers(s):
    s.name(
        "The layers, and the border of kernel space"
        "|Las capas, y la frontera del espacio del núcleo",
        "The upper three OSI layers are your program, in user space; transport "
        "and network are the kernel's; link and physical are driver and card. "
        "The sockets stand between."
        "|Las tres capas OSI de arriba son tu programa, en el espacio de "
        "usuario; transporte y red son del núcleo; enlace y física, del driver "
        "y la placa. En el medio están los sockets.",
    )
    names = [
        "application|aplicación",
        "presentation|presentación",
        "session|sesión",
        "transport|transporte",
        "network|red",
        "data link|enlace",
        "physical|física",
    ]
    for x, head in (
        (74, "OSI"),
        (238, "Internet"),
        (398, "who does it|quién lo hace"),
    ):
        s.head(x, 24, head)
    for row, name in enumerate(names):
        y = 36 + 36 * row + (28 if row > 2 else 0)
        s.box(8, y, 140, 36, "box")
        s.text(16, y + 23, str(7 - row), "note")
        s.text(36, y + 23, name)
    s.box(
        148,
        36,
        170,
        108,
        "one",
        "echo, daytime,/RTT, chat|eco, daytime,/RTT, chat",
    )
    s.box(318, 36, 154, 108, "one", "your program|tu programa")
    s.text(395, 136, "user space|espacio de usuario", "note small", "middle")
    s.line(8, 158, 472, 158, "way thick")
    s.box(168, 147, 130, 22, "back", "the sockets|los sockets", "way-word bold")
    s.box(148, 172, 170, 36, "two", "UDP, TCP")
    s.box(148, 208, 170, 36, "two", "IPv4, IPv6, ICMP")
    s.box(318, 172, 154, 72, "two", "the kernel|el núcleo")
    s.text(395, 236, "kernel space|espacio del núcleo", "note small", "middle")
    s.box(148, 244, 170, 36, "three", "Ethernet, Wi-Fi")
    s.box(318, 244, 154, 36, "three", "driver, card|driver y placa")
    s.box(148, 280, 170, 36, "three", "cable, radio|cable, radio")
    s.box(318, 280, 154, 36, "three", "card|placa")


def headers(s):
    s.name(
        "Each layer puts its header before the text"
        "|Cada capa pone su encabezado delante del texto",
        "24 bytes of text become 32 with UDP's header, 52 with IPv4's, 66 with "
        "Ethernet's."
        "|24 bytes de texto son 32 con el encabezado de UDP, 52 con el de IPv4 "
        "y 66 con el de Ethernet.",
    )
    rows = [
        ("your program|tu programa", []),
        ("UDP", [("three", 8)]),
        ("IPv4", [("two", 20), ("three", 8)]),
        ("Ethernet", [("one", 14), ("two", 20), ("three", 8)]),
    ]
    for row, (name, parts) in enumerate(rows):
        y, x = 10 + 40 * row, 243
        s.text(4, y + 20, name)
        s.box(x, y, 195, 30, "box", "Taller I: Echo sobre UDP", "word small")
        for fill, count in reversed(parts):
            wide = {14: 42, 20: 56, 8: 34}[count]
            x -= wide
            s.box(x, y, wide, 30, fill, str(count))
        total = 24 + sum(count for _, count in parts)
        s.text(472, y + 20, str(total), "word bold", "end")
    s.text(472, 182, "bytes", "note", "end")


def way(s):
    s.name(
        "The way of a datagram|El camino de un datagrama",
        "Down from the client's program through its kernel and card, over the "
        "network, and up through the other machine's card and kernel into the "
        "socket's queue, from which recvfrom takes it. Each layer seems to talk "
        "with its like on the other side."
        "|Baja del programa del cliente por su núcleo y su placa, cruza la red y "
        "sube por la placa y el núcleo de la otra máquina hasta la cola del "
        "socket, de donde lo saca recvfrom. Cada capa parece conversar con su "
        "igual del otro lado.",
    )
    left, right, wide = 8, 312, 160
    s.head(88, 22, "client|cliente")
    s.head(392, 22, "server|servidor")
    for x in left, right:
        s.box(x, 32, wide, 44, "one", "program|programa")
        s.box(x, 270, wide, 44, "three", "card|placa")
    s.box(
        left,
        120,
        wide,
        54,
        "two",
        "kernel: puts the/headers before|núcleo: pone los/encabezados",
    )
    s.box(left, 196, wide, 44, "two", "the card's queue|cola de la placa")
    s.box(right, 120, wide, 44, "two", "the socket's queue|cola del socket")
    s.box(
        right,
        186,
        wide,
        54,
        "two",
        "kernel: looks at/the port|núcleo: mira/el puerto",
    )
    s.line(0, 98, 480, 98, "line dash")
    s.text(240, 93, "user space|espacio de usuario", "note small", "middle")
    s.text(240, 115, "kernel space|espacio del núcleo", "note small", "middle")
    for top, bottom in (76, 120), (174, 196), (240, 270), (314, 346):
        s.arrow(88, top, 88, bottom)
    for bottom, top in (346, 314), (270, 240), (186, 164), (120, 76):
        s.arrow(392, bottom, 392, top)
    s.text(98, 93, "sendto", "way-word code small")
    s.text(402, 93, "recvfrom", "way-word code small")
    for y, protocol in (54, "echo|eco"), (147, "UDP, IP"), (292, "Ethernet"):
        s.line(left + wide, y, right, y, "line dash")
        s.box(196, y - 13, 88, 26, "back", protocol, "note")
    s.box(
        8,
        346,
        464,
        30,
        "five",
        "cables, radio, routers|cables, ondas de radio, routers",
    )


def apis(s):
    s.name(
        "Two languages, one interface below|Dos lenguajes y una sola interfaz abajo",
        "Python's module socket and Rust's std and socket2 lead through the C "
        "library to the same system calls of the same kernel."
        "|El módulo socket de Python, y std y socket2 de Rust, llegan por la "
        "biblioteca de C a las mismas llamadas al sistema del mismo núcleo.",
    )
    s.box(8, 10, 226, 44, "one", "s.sendto(data, to)", "word code small")
    s.box(246, 10, 226, 44, "one", "s.send_to(data, to)?", "word code small")
    s.box(8, 78, 226, 44, "one", "Python: module socket|Python: módulo socket")
    s.box(246, 78, 226, 44, "one", "Rust: std, socket2")
    s.box(
        8,
        146,
        464,
        36,
        "one",
        "the C library: sendto()|la biblioteca de C: sendto()",
    )
    s.line(0, 204, 480, 204, "line dash")
    s.text(8, 198, "user space|espacio de usuario", "note small")
    s.text(8, 220, "kernel space|espacio del núcleo", "note small")
    s.text(472, 198, "system call|llamada al sistema", "way-word small", "end")
    s.box(
        8,
        228,
        464,
        44,
        "two",
        "the kernel: sockets, UDP, TCP, IP|el núcleo: sockets, UDP, TCP, IP",
    )
    for x in 121, 359:
        s.arrow(x, 54, x, 78)
        s.arrow(x, 122, x, 146)
    s.arrow(240, 182, 240, 228)


def calls(s):
    s.name(
        "The calls of a server and of a client|Las llamadas de un servidor y de un cliente",
        "The server makes a socket, binds it to port 3500 and waits in recvfrom. "
        "The client makes one and sends; the system gives it a port, 40000. The "
        "server answers there, the client receives and closes, the server waits "
        "for the next."
        "|El servidor crea un socket, lo asocia al puerto 3500 y espera en "
        "recvfrom. El cliente crea el suyo y manda; el sistema le da un puerto, "
        "el 40000. El servidor le contesta ahí, el cliente recibe y cierra, y el "
        "servidor espera al que sigue.",
    )
    left, right = 92, 388
    s.line(left, 36, left, 410)
    s.line(right, 36, right, 392)
    s.box(16, 8, 152, 28, "two", "server|servidor", "word bold")
    s.box(312, 8, 152, 28, "one", "client|cliente", "word bold")

    def call(x, y, words, high=28):
        s.box(x - 76, y, 152, high, "box", words, "word code small")

    call(left, 50, "socket()")
    call(left, 92, "bind(3500)")
    call(left, 134, "recvfrom()//sleeps|recvfrom()//duerme", 98)
    call(left, 246, "sendto(40000)")
    call(left, 300, "recvfrom()//and so on|recvfrom()//y así sigue", 98)
    call(right, 112, "socket()")
    call(right, 154, "sendto(3500)")
    s.box(
        308,
        190,
        160,
        24,
        "back",
        "has port 40000 now|ya tiene: 40000",
        "note small",
    )
    call(right, 226, "recvfrom()//sleeps|recvfrom()//duerme", 98)
    call(right, 364, "close()")
    s.arrow(312, 168, 168, 222)
    s.arrow(168, 260, 312, 314)
    s.text(240, 166, "datagram|datagrama", "way-word small", "middle")
    s.text(240, 258, "datagram|datagrama", "way-word small", "middle")


def header(s):
    s.name(
        "The first packet of echo.pcap, coloured by field"
        "|El primer paquete de echo.pcap, un color por campo",
        "20 bytes of IP's header; then UDP's source port 888a, destination port "
        "0dac, length 0020, checksum bfd2; then 24 bytes of data."
        "|20 bytes del encabezado de IP; después, de UDP, el puerto de origen "
        "888a, el de destino 0dac, el largo 0020 y la suma bfd2; después, 24 "
        "bytes de datos.",
    )
    packet = packets("examples/echo.pcap")[0]
    source, target, long, check = struct.unpack_from(">4H", packet, 20)
    parts = [
        (20, "five", "IP: 20 bytes"),
        (22, "one", f"source port {source}|puerto de origen {source}"),
        (24, "two", f"destination port {target}|puerto de destino {target}"),
        (26, "three", f"length {long}: 8 + 24|largo {long}: 8 + 24"),
        (28, "four", f"checksum {check:04x}|suma de verificación {check:04x}"),
        (52, "box", "data: 24 bytes|datos: 24 bytes"),
    ]
    hexdump(s, packet, parts, 10)
    for row, (_, fill, words) in enumerate(parts):
        x, y = (8, 248)[row % 2], 156 + 34 * (row // 2)
        s.box(x, y, 24, 24, fill)
        s.text(x + 32, y + 18, words, "word small")


def hexdump(s, packet, parts, y):
    """The bytes, 16 in a row, each on the colour of its part: a list of where
    it ends, and the colour."""
    for at, byte in enumerate(packet):
        fill = next(fill for end, fill, *_ in parts if at < end)
        row, column = divmod(at, 16)
        x = 52 + 26 * column + (4 if column > 7 else 0)
        if not column:
            s.text(4, y + 34 * row + 21, f"{at:04x}", "note code small")
        s.box(x, y + 34 * row, 26, 28, fill, f"{byte:02x}", "word code small")


def times(s):
    s.name(
        "The four times of a round trip|Las cuatro marcas de una ida y vuelta",
        "The probe leaves the client at T1 and arrives at T2; the reflector's "
        "reply leaves at T3 and arrives at T4. The delay is T4 - T1 without "
        "T3 - T2."
        "|La sonda sale del cliente en T1 y llega en T2; la respuesta del "
        "reflector sale en T3 y llega en T4. La demora es T4 - T1 sin T3 - T2.",
    )
    s.head(130, 24, "client|cliente")
    s.head(380, 24, "reflector")
    s.line(130, 34, 130, 300)
    s.line(380, 34, 380, 300)
    s.arrow(130, 60, 380, 122)
    s.text(255, 74, "probe|sonda", "way-word", "middle")
    s.box(372, 122, 16, 86, "two")
    s.arrow(380, 208, 130, 270)
    s.text(255, 222, "reply|respuesta", "way-word", "middle")
    for x, y, words in (
        (98, 64, "T1"),
        (98, 276, "T4"),
        (396, 128, "T2"),
        (396, 214, "T3"),
    ):
        s.text(x, y, words, "word bold")
    s.text(396, 162, "works,|trabaja", "note small")
    s.text(396, 182, "or waits|o espera", "note small")
    s.path("M20 60H36M28 60V270M20 270H36", "way")
    s.text(38, 170, "T4 - T1", "way-word small")
    s.text(
        240,
        328,
        "delay = (T4 - T1) - (T3 - T2)|demora = (T4 - T1) - (T3 - T2)",
        "word",
        "middle",
    )


def states(s):
    s.name(
        "The states of server and client|Los estados del servidor y del cliente",
        "The server goes from LISTEN to UP when a HELLO was answered and TEXT #1 "
        "brings its id, and back after the peer's BYE or 30 s without an ACK. "
        "The client goes from CALL to UP when its HELLO is answered, and ends "
        "after a BYE or 30 s without an ACK."
        "|El servidor pasa de LISTEN a UP cuando contestó un HELLO y el TEXT #1 "
        "trae su id, y vuelve con el BYE del otro o con 30 s sin ACK. El cliente "
        "pasa de CALL a UP cuando le contestan su HELLO, y termina con un BYE o "
        "con 30 s sin ACK.",
    )
    s.head(72, 22, "server|servidor")
    s.head(408, 22, "client|cliente")
    for x, first in (16, "LISTEN"), (352, "CALL"):
        s.box(x, 34, 112, 44, "one", first, "word bold")
        s.box(x, 234, 112, 44, "three", "UP", "word bold")
    s.arrow(40, 78, 40, 234)
    s.text(48, 104, "a HELLO:|un HELLO:", "word small")
    s.text(48, 124, "answer it;|contestarlo;", "word small")
    s.text(48, 144, "then TEXT #1|y el TEXT #1", "word small")
    s.text(48, 164, "with my id|con mi id", "word small")
    s.path("M128 256H186V56H130", "way")
    s.arrow(186, 56, 128, 56)
    s.text(196, 184, "the peer's BYE,|el BYE del otro,", "word small")
    s.text(196, 204, "or 30 s without|o 30 s sin", "word small")
    s.text(196, 224, "an ACK|un ACK", "word small")
    s.arrow(440, 78, 440, 234)
    s.text(432, 104, "HELLO at 0, 1,|HELLO a los 0, 1,", "word small", "end")
    s.text(432, 124, "3, 5 ... s;|3, 5 ... s;", "word small", "end")
    s.text(432, 144, "when it is|cuando se lo", "word small", "end")
    s.text(432, 164, "answered|contestan", "word small", "end")
    s.arrow(408, 278, 408, 322)
    s.text(
        398,
        304,
        "a BYE, or 30 s without an ACK|un BYE, o 30 s sin un ACK",
        "word small",
        "end",
    )
    s.box(352, 322, 112, 32, "five", "the end|el fin")


def types(s):
    s.name(
        "A stream joins, datagrams keep their borders"
        "|Un flujo junta, los datagramas conservan sus límites",
        "Two sendings, uno and dos, arrive through a stream as six bytes in a "
        "row, and as two datagrams they arrive as two, if they arrive."
        "|Dos envíos, uno y dos, llegan por un flujo como seis bytes seguidos; "
        "como datagramas llegan dos, si llegan.",
    )
    s.text(8, 24, "SOCK_STREAM", "word bold code")
    s.box(8, 36, 56, 32, "one", "uno", "word code")
    s.box(70, 36, 56, 32, "two", "dos", "word code")
    s.path("M150 36H330M150 68H330", "line thick")
    for place, letter in enumerate("unodos"):
        s.box(
            170 + 24 * place,
            40,
            24,
            24,
            "two" if place > 2 else "one",
            letter,
            "word code",
        )
    s.arrow(126, 52, 150, 52)
    s.arrow(330, 52, 354, 52)
    s.box(360, 36, 112, 32, "five", "unodos", "word code")
    s.text(
        8,
        92,
        "a connection, an order, no borders|conexión y orden, sin límites",
        "note small",
    )
    s.text(8, 142, "SOCK_DGRAM", "word bold code")
    s.box(8, 154, 56, 32, "one", "uno", "word code")
    s.box(70, 154, 56, 32, "two", "dos", "word code")
    s.arrow(126, 170, 354, 170, "way dash")
    s.box(170, 154, 60, 32, "two", "dos", "word code")
    s.box(256, 154, 60, 32, "one", "uno", "word code")
    s.box(360, 154, 52, 32, "one", "uno", "word code")
    s.box(420, 154, 52, 32, "two", "dos", "word code")
    s.text(
        8,
        210,
        "borders; no promise that both arrive, or in order|límites; nadie promete que lleguen, ni el orden",
        "note small",
    )


def lost(s):
    s.name(
        "Where a datagram can get lost|Dónde se puede perder un datagrama",
        "From the client's program through its VPN and firewall, the Wi-Fi, the "
        "server's firewall, to a port where the server listens, and back."
        "|Del programa del cliente, por su VPN y su firewall, el Wi-Fi y el "
        "firewall del servidor, hasta un puerto donde escucha el servidor; y la "
        "vuelta.",
    )
    silence = "drops it in silence|lo descarta callado"
    stops = [
        ("one", "client|cliente", "", ""),
        ("five", "VPN", "5", "sends it elsewhere|lo lleva a otro lado"),
        ("five", "firewall", "3", silence),
        (
            "three",
            "Wi-Fi, switch",
            "4",
            "keeps machines apart|aísla las máquinas",
        ),
        ("five", "firewall", "3", silence),
        (
            "two",
            "address, port|dirección, puerto",
            "1",
            "listens at 127.0.0.1 alone|escucha solo en 127.0.0.1",
        ),
        (
            "one",
            "server|servidor",
            "6",
            "answers from another address|responde desde otra dirección",
        ),
    ]
    for row, (fill, words, number, why) in enumerate(stops):
        y = 10 + 56 * row
        s.box(8, y, 148, 34, fill, words)
        if row:
            s.arrow(62, y - 22, 62, y)
            s.arrow(102, y, 102, y - 22)
        if number:
            s.cross(176, y + 17, 6)
            s.text(192, y + 22, number, "bad-word bold")
            s.text(212, y + 22, why, "word small")


def refused(s):
    s.name(
        "Nobody listens: who is told|No escucha nadie: a quién se le avisa",
        "In both cases the datagram meets a closed port, and the other system "
        "answers with ICMP, port unreachable. A connected socket passes that on "
        "to its program as connection refused; one that is not connected does "
        "not, and its program waits for ever."
        "|En los dos casos el datagrama encuentra un puerto cerrado, y el otro "
        "sistema contesta con ICMP, puerto inalcanzable. Un socket conectado se "
        "lo dice a su programa, como conexión rechazada; uno sin conectar no, y "
        "su programa espera para siempre.",
    )
    for x, head, calls in (
        (8, "not connected|sin conectar", "sendto, recvfrom"),
        (248, "connected|conectado", "connect, send, recv"),
    ):
        s.head(x + 112, 24, head)
        s.box(x, 36, 224, 32, "one", calls, "word code small")
        s.box(x, 140, 224, 32, "two", "kernel|núcleo")
        s.box(
            x,
            244,
            224,
            50,
            "five",
            "the other kernel:/port 3500 is closed"
            "|el otro núcleo: el puerto/3500 está cerrado",
        )
        s.arrow(x + 50, 68, x + 50, 140)
        s.arrow(x + 50, 172, x + 50, 244)
        s.arrow(x + 112, 244, x + 112, 172, "bad")
        s.text(x + 120, 202, "ICMP: port|ICMP: puerto", "bad-word small")
        s.text(x + 120, 221, "unreachable|inalcanzable", "bad-word small")
    s.line(120, 140, 120, 112, "bad dash")
    s.cross(120, 104)
    s.text(134, 99, "waits|espera", "bad-word small")
    s.text(134, 118, "for ever|para siempre", "bad-word small")
    s.arrow(360, 140, 360, 68, "bad")
    s.text(368, 108, "refused|rechazado", "bad-word small")


def panes(s, query, rows, chosen, tree, packet, parts):
    """Wireshark's window: the filter; the packets, one of them chosen; that one
    by layers, a field (indent, colour, words) a line; its bytes."""
    s.box(4, 4, 472, 28, "five")
    s.text(14, 24, query, "word code small")
    y = 36
    for number, columns in enumerate(rows):
        fill = "one" if number == chosen else "back" if number else "five"
        s.box(4, y, 472, 26, fill)
        for x, words in columns:
            s.text(x, y + 18, words, "word small" if number else "note small")
        y += 26
    y += 8
    s.box(4, y, 472, 26 * len(tree) + 4, "back")
    for depth, fill, words in tree:
        x = 14 + 24 * depth
        if fill:
            s.box(x - 4, y + 3, 470 - x, 24, fill)
        s.text(x, y + 20, words, "word small")
        y += 26
    hexdump(s, packet, parts, y + 14)


def wireshark(s):
    s.name(
        "What Wireshark shows of echo.pcap|Qué muestra Wireshark de echo.pcap",
        "Above the packets, in the middle the chosen one by layers, with UDP's "
        "four fields, below its bytes; the chosen field is marked in both."
        "|Arriba los paquetes, en el medio el elegido por capas, con los cuatro "
        "campos de UDP, abajo sus bytes; el campo elegido está marcado en los "
        "dos.",
    )
    echo = packets("examples/echo.pcap")
    places = 12, 52, 176, 300
    rows = [zip(places, ("No.", "Source", "Destination", "Info"))]
    for number, packet in enumerate(echo[:2], 1):
        ends = [".".join(map(str, packet[at : at + 4])) for at in (12, 16)]
        source, target, long = struct.unpack_from(">3H", packet, 20)
        info = f"{source} → {target} Len={long - 8}"
        rows.append(zip(places, (str(number), *ends, info)))
    source, target, long, check = struct.unpack_from(">4H", echo[0], 20)
    tree = [
        (0, "", "▸ Ethernet II"),
        (0, "", "▸ Internet Protocol Version 4"),
        (0, "five", "▾ User Datagram Protocol"),
        (1, "", f"Source Port: {source}"),
        (1, "two", f"Destination Port: {target}"),
        (1, "", f"Length: {long}"),
        (1, "", f"Checksum: 0x{check:04x}"),
        (0, "", "▸ Data (24 bytes)"),
    ]
    parts = (20, "back"), (22, "five"), (24, "two"), (28, "five"), (99, "back")
    panes(s, "udp.port == 3500", rows, 1, tree, echo[0], parts)


def dissector(s):
    s.name(
        "What Wireshark shows of zchat.pcap, with the dissector"
        "|Qué muestra Wireshark de zchat.pcap, con el disector",
        "Four of the packets: TEXT #2 is lost, sent again and passed on, and "
        "the ACK comes back. Below, the second one: kind, try, the two ids, "
        "number, text, CRC-32, and these bytes."
        "|Cuatro de los paquetes: TEXT #2 se pierde, se manda de nuevo y pasa, "
        "y el ACK vuelve. Abajo, el segundo: tipo, intento, los dos id, "
        "número, texto, CRC-32, y esos bytes.",
    )
    runs = Path(DOCS, "material/runs.txt").read_text("utf-8")
    run = runs.split("\n== zchat-wireshark\n")[1].split("\n\n== ")[0]
    infos = [line.split("\t") for line in run.splitlines()]
    places = 12, 52, 200
    rows = [zip(places, ("No.", "Ports", "Info"))]
    first = infos.index(next(i for i in infos if i[2].startswith("TEXT #2")))
    for number in range(first, first + 4):
        source, target, info = infos[number]
        ports = f"{source} → {target}"
        rows.append(zip(places, (str(number + 1), ports, info)))
    packet = packets("docs/material/zchat.pcap")[first + 1]
    kind, again, *ids, seq = struct.unpack_from(">BB3I", packet, 30)
    crc = struct.unpack(">I", packet[-4:])[0]
    tree = [
        (0, "five", "▾ zchat"),
        (1, "one", f"Kind: TEXT ({kind})"),
        (1, "two", f"Try (0 = the first): {again}"),
        (1, "", f"Sender's id: 0x{ids[0]:08x}"),
        (1, "", f"Receiver's id: 0x{ids[1]:08x}"),
        (1, "three", f"Number: {seq}"),
        (1, "four", f"Text: {packet[44:-4].decode()}"),
        (1, "", f"CRC-32: 0x{crc:08x}"),
    ]
    parts = [(28, "back"), (30, "five"), (31, "one"), (32, "two"), (40, "five")]
    parts += [(44, "three"), (len(packet) - 4, "four"), (99, "five")]
    panes(s, "zchat", rows, 2, tree, packet, parts)


PICTURES = {
    "layers": layers,
    "headers": headers,
    "way": way,
    "apis": apis,
    "calls": calls,
    "header": header,
    "times": times,
    "states": states,
    "types": types,
    "lost": lost,
    "refused": refused,
    "wireshark": wireshark,
    "dissector": dissector,
}


def main():
    folder = Path(sys.argv[1]) if sys.argv[1:] else DOCS / "material"
    for name, draw in PICTURES.items():
        for ending, spanish in (".svg", False), (".es.svg", True):
            sheet = Sheet(spanish)
            draw(sheet)
            file = folder / (name + ending)
            file.write_bytes(sheet.svg().encode())


if __name__ == "__main__":
    main()
