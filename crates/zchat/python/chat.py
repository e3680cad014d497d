"""The terminal, the socket and the clock around a session: two threads read,
one stdin and one the socket, and the main loop does the rest.
"""

import os
import queue
import signal
import socket
import sys
import threading
import time
from io import BufferedReader
from typing import Any, NoReturn, Optional

from frame import FRAME_MAX, TEXT_MAX, printable
from session import Action, Address, Session, shown

MESSAGES = 32  # So many messages wait in memory, at most,
DATAGRAMS = 64  # and how many datagrams.
LEAVING = 0.5  # How long the main loop may take after a second Ctrl-C.
READING = 0.05  # How long a line that is there at the end may take to be read.
COLUMNS = 80  # A terminal's, where the system does not tell them.

# What the main loop waits for: an event's name, and what belongs to it.
Happens = queue.SimpleQueue[tuple[Any, ...]]


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of host. On an IPv6 one, ::
    for example, it also hears IPv4.
    """
    _can_show()
    s = _open(_look_up(host, port)[0])
    _tell("listening on " + shown(s.getsockname()))
    return s


def dial(host: str, port: int) -> tuple[socket.socket, list[Address]]:
    """A socket, and the addresses of host to call with it: an IPv4 and an IPv6
    one, if it has both.
    """
    if port == 0:
        sys.exit("Error: port 0 is nobody's")
    _can_show()
    addresses = _look_up(host, port)
    _tell(f"calling {host}, port {port}")
    if any(_is_ipv6(address) for address in addresses):
        try:
            s = _open(("::", 0, 0, 0))
            return s, [_as_ipv6(address) for address in addresses]
        except OSError:  # A machine without IPv6.
            addresses = [a for a in addresses if not _is_ipv6(a)]
    if not addresses:
        sys.exit(f"Error: {host} has no IPv4 address")
    return _open(("0.0.0.0", 0)), addresses


def _look_up(host: str, port: int) -> list[Address]:
    """The first IPv4 and the first IPv6 address of host, in this order."""
    if not 0 <= port <= 65535:
        sys.exit(f"Error: port must be 0-65535, not {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        sys.exit("Error: unknown host: " + (host or '""'))
    four = [a for family, *_, a in found if family == socket.AF_INET]
    six = [a for family, *_, a in found if family == socket.AF_INET6]
    return four[:1] + six[:1]


def _open(address: Address) -> socket.socket:
    """A socket bound to address; an IPv6 one takes IPv4 as well."""
    six = _is_ipv6(address)
    family = socket.AF_INET6 if six else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    if six:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(address)
    return s


def _is_ipv6(address: Address) -> bool:
    return len(address) == 4


def _as_ipv6(address: Address) -> Address:
    """How an IPv6 socket names an IPv4 address: ::ffff:10.0.0.7."""
    if _is_ipv6(address):
        return address
    return "::ffff:" + address[0], address[1], 0, 0


def _can_show() -> None:
    """An error if stdout is closed: nobody would see what is shown there. If
    stdin or stderr is, /dev/null takes its number, so that no socket does.
    """
    for number in 0, 1, 2:
        try:
            os.fstat(number)
        except OSError:
            if number == 1:
                why = "stdout is closed: nobody would see a message"
                sys.exit("Error: " + why)
            os.open(os.devnull, os.O_RDWR)


def run(
    s: socket.socket, addresses: list[Address], window: int, stats: bool
) -> NoReturn:
    """Chats until either side leaves: calls addresses, or listens if there are
    none. At most window frames are on the way, 1 to 16. stats: say at the end
    what was sent and received.
    """
    # 1. Two threads and Ctrl-C tell the main loop what happens.
    typed = os.isatty(0)
    if typed:
        _tell("/quit or Ctrl-C leaves")
    happens: Happens = queue.SimpleQueue()
    room = threading.Semaphore(DATAGRAMS)
    permits = threading.Semaphore(0)
    reads = (_receive, (s, room, happens)), (_read_input, (permits, happens))
    for work, args in reads:
        threading.Thread(target=work, args=args, daemon=True).start()
    _on_ctrl_c(happens)

    # 2. A session; its time is what our clock has counted since now.
    session = Session(addresses, time.monotonic())
    session.set_window(window)
    permitted, leaving = 0, False
    refused, whole = None, None
    while True:
        # 3. Let it do what is due.
        session.tick(time.monotonic())
        for action, *rest in session.actions():
            if action == Action.SEND:
                to, data = rest
                try:
                    s.sendto(data, to)
                except OSError as why:  # A lost datagram.
                    if refused != why.errno:
                        _tell(f"cannot send: {why.strerror}")
                    refused = why.errno
            elif action == Action.SHOW:
                _show(*rest)
            elif action == Action.NOTE:
                _tell(*rest)
            elif action == Action.END:
                if stats:
                    _tell(session.report())
                if whole is None:
                    time.sleep(READING)
                came = [happens.get() for _ in range(happens.qsize())]
                quits = ("message", b"/quit") if typed else None
                more = any(x[0] == "message" and x != quits for x in came)
                paused = permitted == 0 or rest[0] is not None
                unread = paused if whole is None else not whole
                _end(rest[0], (unread and not typed) or more)

        # 4. Permit that more messages are read, while there is room for them.
        while permitted + session.waiting() < MESSAGES and not leaving:
            permitted += 1
            permits.release()

        # 5. Wait until something happens or is due.
        now = time.monotonic()
        due = session.deadline()
        wait = 60 if due is None else max(due - now, 0)
        try:
            # Windows sees Ctrl-C only between two waits.
            event, *rest = happens.get(timeout=min(wait, 0.5))
        except queue.Empty:
            continue  # Something is due.
        if event == "datagram":
            room.release()
            session.receive(time.monotonic(), *rest)
        elif event == "message" and typed and rest == [b"/quit"]:
            session.leave()
        elif event == "message":
            session.say(*rest)
            permitted -= 1
        elif event == "end of input" and typed:
            session.leave()
        elif event == "end of input":
            whole = rest[0] is None
            if not whole:
                _tell(f"cannot read the input: {rest[0]}")
            session.no_more()
        elif leaving:
            session.abort()
        else:
            leaving = True
            session.leave()
            waiting = session.waiting()
            if waiting:
                what = "messages not confirmed yet"
                again = "Ctrl-C again leaves at once"
                _tell(f"{what}: {waiting}; {again}")


def _on_ctrl_c(happens: Happens) -> None:
    """Tells the main loop of each Ctrl-C. The second one ends the program in
    any case: the main loop may wait for somebody to read its output.
    """
    pressed: list[bool] = []

    def _tells(*_: Any) -> None:
        happens.put(("interrupt",))
        if pressed:
            end = threading.Timer(LEAVING, os._exit, [1])
            end.daemon = True
            end.start()
        pressed.append(True)

    signal.signal(signal.SIGINT, _tells)


def _end(why: Optional[str], unread: bool) -> NoReturn:
    """Ends the program: why the session did not end well, if so, and whether a
    part of the input was perhaps not read any more.
    """
    both = why, "the input was not sent to its end" if unread else None
    said = "; ".join(words for words in both if words)
    sys.exit("Error: " + said if said else 0)


def _receive(
    s: socket.socket, room: threading.Semaphore, happens: Happens
) -> None:
    """The thread that reads the socket. Every error means "try again"."""
    while True:
        try:
            # One more: too long shows.
            data, sender = s.recvfrom(FRAME_MAX + 1)
        except OSError:
            time.sleep(0.001)
            continue
        room.acquire()
        happens.put(("datagram", sender, data))


def _read_input(permits: threading.Semaphore, happens: Happens) -> None:
    """The thread that reads stdin, a message for each permit."""
    rest, why = bytearray(), None
    try:
        # Our own reader: Python would wait for sys.stdin's at its end.
        with open(0, "rb", closefd=False) as stdin:
            if os.name == "posix" and not os.get_blocking(0):
                raise BlockingIOError(None, "it is not ready")
            while permits.acquire():
                text = next_message(stdin, rest)
                if text is None:
                    break
                if os.isatty(0) and text.endswith(b"\r"):
                    # Windows ends a line with "\r\n".
                    text = text[:-1] or b"\n"
                happens.put(("message", text))
    except OSError as error:
        why = error.strerror
    happens.put(("end of input", why))


def next_message(stdin: BufferedReader, rest: bytearray) -> Optional[bytes]:
    """The next message in stdin: the whole lines that are there and fit,
    without the last one's end, but with that of an empty one. Of a line that is
    longer than a message may be, as many whole words as fit, or else as many
    characters. The others stay in rest. None at the end of the input.
    """
    while len(rest) <= TEXT_MAX and b"\n" not in rest:
        there = stdin.read1(TEXT_MAX + 1 - len(rest))
        if not there:
            break
        rest += there
    end = rest.rfind(b"\n") + 1
    if rest.endswith(b"\n\n", 0, end):
        end = min(end, TEXT_MAX)
    elif end == 0:
        end = _cut(rest) if len(rest) > TEXT_MAX else len(rest)
    text = bytes(rest[:end])
    del rest[:end]
    ends_empty = text == b"\n" or text.endswith(b"\n\n")
    if text.endswith(b"\n") and not ends_empty:
        text = text[:-1]
    return text or None


def _cut(line: bytearray) -> int:
    """Where the word begins that does not fit into a message any more; in a
    long word, the character.
    """
    space = line.rfind(b" ", TEXT_MAX // 2, TEXT_MAX)
    if space >= 0:
        return space + 1
    # UTF-8 marks the bytes after a character's first by the bits 10.
    for at in range(TEXT_MAX, TEXT_MAX - 4, -1):
        if line[at] & 0b11000000 != 0b10000000:
            return at
    return TEXT_MAX  # Not UTF-8: anywhere.


def _show(text: bytes) -> None:
    """Shows a message on stdout, for sure: whatever goes wrong is an error."""
    line = text[:-1] if text.endswith(b"\n") else text
    if os.isatty(1):
        line = _on_a_terminal(line).encode()
    line += b"\n"
    while line:  # A signal can cut a write short.
        line = line[os.write(1, line) :]


def _on_a_terminal(text: bytes) -> str:
    """A message as a terminal is to get it."""
    lines, columns = text.replace(b"\t", b"    ").split(b"\n"), _columns(1)
    rows = [_rows(printable(line), columns) for line in lines]
    return _fresh_row(1) + "\n".join(rows)


def _rows(text: str, columns: int) -> str:
    """A line as rows of a terminal that has so many columns: the first after
    "< ", the others indented, so that no row of it looks like a note of ours.
    """
    rows, used = "< ", 2
    for c in text:
        wide = 1 if c.isascii() else 2  # At most.
        if used + wide > columns:
            rows += "\n  "
            used = 2
        rows += c
        used += wide
    return rows


def _fresh_row(number: int) -> str:
    """What brings a terminal's cursor to the start of an empty row. From the
    first column so many spaces stay in their row; a half-typed line they push
    into the next one, and so it stays where it is (Ctrl-R shows it again).
    """
    return " " * (_columns(number) - 1) + "\r"


def _columns(number: int) -> int:
    """How many columns the terminal with that descriptor has."""
    return os.get_terminal_size(number).columns or COLUMNS


def _tell(text: str) -> None:
    """A sentence for the user, on stderr."""
    try:
        start = _fresh_row(2) if os.isatty(2) else ""
        # Not print: if stderr was closed, that would write to stdout.
        os.write(2, f"{start}{text}\n".encode())
    except OSError:
        pass  # Nobody reads it: no harm.
