"""Programs with one fault each: broken.py ROLE FAULT HOST PORT.

The fault `none` is a right program: what it fails is the judge's fault.
"""

import contextlib
import queue
import re
import socket
import statistics
import struct
import sys
import threading
import time
import zlib

ROLE, FAULT, HOST, PORT = sys.argv[1:5]
SERVER = (HOST, int(PORT))
TEXT = b"Taller I: Echo sobre UDP"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def echo_server():
    s.bind(SERVER)
    size = 512 if FAULT == "small-buffer" else 1024
    before = None
    while True:
        data, address = s.recvfrom(size)
        if FAULT == "ends-at-empty" and not data:
            break
        if FAULT == "whole-buffer":
            data = data.ljust(1024, b"\0")
        if FAULT == "text":
            data = data.decode().encode()
        if FAULT == "strips":
            data = data.strip()
        if FAULT == "shows-bytes":
            data = str(data).encode()
        if FAULT == "dedupe":  # The same again is taken for a copy.
            if data == before:
                continue
            before = data
        if FAULT == "one-behind":  # The one before is answered, too late.
            data, before = before or data, data
        answering = s
        if FAULT == "other-socket":
            answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if FAULT == "first-address":  # Everybody is the first caller.
            before = before or address
            address = before
        if FAULT == "global-address":  # A thread answers whoever came last.
            answer = lambda data=data: s.sendto(data, address)  # noqa: B023, E731
            threading.Timer(0.1, answer).start()
        elif data:
            answering.sendto(data, address)


def daytime_server():
    s.bind(SERVER)
    born = time.time()
    while True:
        data, address = s.recvfrom(65535)
        if FAULT == "ignores-empty" and not data:
            continue
        now = time.gmtime(born if FAULT == "frozen" else time.time())
        line = time.strftime("%A, %B %d, %Y %H:%M:%S-UTC\r\n", now)
        if FAULT == "weekday":  # Tomorrow's.
            tomorrow = time.strftime("%A", time.gmtime(time.time() + 86400))
            line = tomorrow + line[line.index(",") :]
        if FAULT == "local":
            line = time.strftime("%a %b %d %H:%M:%S %Y\r\n")
        here = time.strftime("%a %b %d %Y %H:%M:%S ")
        if FAULT == "as-javascript":  # Right: TZ is three hours behind UTC.
            line = here + "GMT-0300 (Argentina Standard Time)\r\n"
        if FAULT == "city":  # A zone, but no judge knows them all.
            line = here + "America/Argentina/Buenos_Aires\r\n"
        if FAULT == "two-lines":
            line = line.replace(", 2", "\r\n2")
        if FAULT == "accent":
            line = "sábado: " + line
        if FAULT == "twelve-hours":  # 7 in the evening is 07, with no PM.
            hour = (now.tm_hour + 12) % 24
            line = re.sub(r" \d\d:", f" {hour:02}:", line)
        if FAULT == "date-only":
            line = time.strftime("%A, %B %d, %Y\r\n", now)
        if FAULT == "two-datagrams":
            date, line = line[:-14], line[-14:]
            s.sendto(date.encode() + b"\r\n", address)
        if FAULT == "time-protocol":  # RFC 868: 32 bits.
            seconds = int(time.time()) + 2208988800
            s.sendto(struct.pack(">I", seconds), address)
            continue
        s.sendto(line.encode(), address)


def echo_client():
    s.sendto(TEXT, SERVER)
    if FAULT == "asks-twice":
        s.sendto(TEXT, SERVER)
    data, _ = s.recvfrom(1024)
    if FAULT == "strict":
        print("-->", data.decode())
    elif FAULT == "own-text":
        print("-->", TEXT.decode())
    elif FAULT == "bytes":
        print("-->", data)
    elif FAULT == "stderr":
        print("-->", data.decode(errors="replace"), file=sys.stderr)
    else:
        print("-->", data.decode(errors="replace"), flush=True)
    if FAULT == "lingers":
        time.sleep(15)


def daytime_client():
    s.connect(SERVER)
    s.settimeout(None if FAULT == "for-ever" else 1)
    for _ in range(3):
        s.send(b"")
        try:
            data = s.recv(65535)
        except socket.timeout:
            if FAULT == "no-words":
                sys.exit(1)
            continue
        if FAULT == "bytes":
            return print(data)
        text = data.decode("ascii", "replace").strip()
        if FAULT != "escapes":
            text = re.sub(r"[\0-\x1f\x7f-\x9f]", "?", text)
        return print(text)
    sys.exit("no answer")


def reflector():
    s.bind(SERVER)
    number = 0
    while True:
        data, address = s.recvfrom(65535)
        if FAULT == "short":
            data = data[:12]
        if FAULT == "own-number":
            data = struct.pack(">I", number) + data[4:]
            number += 1
        if FAULT == "says-ok":
            data = b"OK"
        s.sendto(data, address)


def by_the_clock():
    """Right, and does not wait: a probe each 0.35 s; in Spanish."""
    sent, rtts, due = {}, {}, time.monotonic()
    while len(sent) < 12 or time.monotonic() < due:
        if len(sent) < 12 and time.monotonic() >= due:
            number, due = len(sent), due + 0.35
            sent[number] = time.monotonic()
            s.send(struct.pack(">I", number))
        s.settimeout(max(due - time.monotonic(), 0.001))
        try:
            (number,) = struct.unpack(">I", s.recv(4))
        except socket.timeout:
            continue
        rtts.setdefault(number, (time.monotonic() - sent[number]) * 1000)
    lost = len(sent) - len(rtts)
    print(f"Son {len(sent)} enviados, {len(rtts)} recibidos, {lost} perdidos")
    if rtts:
        times = sorted(rtts.values())
        mean = statistics.mean(times)
        print(f"mínimo = {times[0]:.2f} ms, promedio = {mean:.2f} ms")
        print(f"máximo: {times[-1]:.2f}ms")


def rtt_client():
    s.connect(SERVER)
    if FAULT == "by-the-clock":
        return by_the_clock()
    if FAULT == "warm-up":  # It is sent, and not counted.
        s.send(b"warm-up")
    sent, received, rtts = 0, 0, []
    for number in range(12):
        probe = struct.pack(">IQ", number, time.perf_counter_ns())
        start = time.perf_counter()
        s.send(probe)
        sent += 1
        answered = None
        while answered is None:
            left = start + 0.4 - time.perf_counter()
            if left <= 0:
                break
            s.settimeout(left)
            try:
                data = s.recv(1024)
            except socket.timeout:
                break
            if FAULT == "sleepy":
                time.sleep(2)
            if data == probe or FAULT == "late-for-next":
                answered = time.perf_counter() - start
        if answered is None:
            if FAULT == "lost-is-0":
                rtts.append(0.0)
            continue
        if FAULT == "half":  # The time of one way, it is said.
            answered /= 2
        if FAULT == "clock-set-back" and number == 5:
            answered -= 0.25
        received += 1
        if FAULT == "duplicates":
            s.settimeout(0.05)
            with contextlib.suppress(socket.timeout):
                received += s.recv(1024) == probe
        rtts.append(answered * (1 if FAULT == "seconds" else 1000))
    lost = sent - received
    if FAULT == "none-lost":
        lost = 0
    if FAULT != "crash-if-silent" and not rtts:
        return print("sent", sent, "received", 0, "lost", lost)
    middle = statistics.median(rtts)
    form = "sent %d received %d lost %d min %.3f median %.3f max %.3f"
    print(form % (sent, received, lost, min(rtts), middle, max(rtts)))


HELLO, STRAIGHT, ZTEXT, ACK, BYE = 1, 2, 3, 4, 5


def frame(kind, attempt, src, dst, seq, payload=b""):
    head = struct.pack(">2sBBIII", b"Z1", kind, attempt, src, dst, seq)
    crc = zlib.crc32(head + payload)
    if FAULT == "crc-turned":
        return head + payload + struct.pack("<I", crc)
    return head + payload + struct.pack(">I", crc)


def parse(data):
    if len(data) < 20 or len(data) > 1200 or data[:2] != b"Z1":
        return None
    (crc,) = struct.unpack(">I", data[-4:])
    if crc != zlib.crc32(data[:-4]) and FAULT != "no-crc":
        return None
    return struct.unpack(">BBIII", data[2:16]) + (data[16:-4],)


def text_of(kind, payload):
    if kind == STRAIGHT:
        return payload if len(payload) <= 1024 else None
    z = zlib.decompressobj()
    try:
        text = z.decompress(payload, 1025)
    except zlib.error:
        return None
    if FAULT == "any-length":
        return text
    return (
        text if z.eof and not z.unused_data and 0 < len(text) < 1025 else None
    )


def chat(calls):
    lines = queue.Queue()

    def read():
        for line in sys.stdin.buffer:
            lines.put(line.rstrip(b"\r\n"))

    threading.Thread(target=read, daemon=True).start()
    me, peer, address = 0x5EEDED01, 0, SERVER
    if not calls:
        s.bind(SERVER)
    expect, number, attempt = 1, 0, 0
    flight, due = None, 0.0
    s.settimeout(0.05)
    up, shown = False, None
    while True:
        now = time.monotonic()
        if calls and not up and now >= due:
            if attempt == 0 or FAULT != "calls-once":
                s.sendto(frame(HELLO, attempt, me, 0, 0), address)
            attempt, due = attempt + 1, now + 1
        if up and flight is None:
            try:
                number, attempt = number + 1, 0
                line = b"" if calls and number == 1 else lines.get_nowait()
                flight, due = line, now
            except queue.Empty:
                number -= 1
        if up and flight is not None and now >= due:
            if FAULT == "new-number" and attempt > 0:
                number += 1
            if attempt == 0 or FAULT != "no-resend":
                tried = 0 if FAULT == "try-0" else attempt
                s.sendto(
                    frame(STRAIGHT, tried, me, peer, number, flight), address
                )
            attempt, due = attempt + 1, now + 0.5
            if FAULT == "does-not-wait":
                flight = None
        try:
            data, came = s.recvfrom(2000)
        except (socket.timeout, ConnectionError):
            continue
        known = parse(data)
        if known is None:
            continue
        kind, tried, src, dst, seq, payload = known
        if kind == HELLO and dst == 0 and not calls:
            peer, address = src, came
            s.sendto(frame(HELLO, tried, me, src, 0), came)
            up, expect = False, 1
            continue
        if kind == HELLO and dst == me and calls and not up:
            peer, address, up, attempt = src, came, True, 0
            continue
        if (src, dst) != (peer, me) and FAULT != "no-ids":
            continue
        if kind == ACK:
            if seq == number:
                flight = None
            continue
        if kind == BYE:
            s.sendto(frame(ACK, tried, me, src, seq), came)
            if FAULT != "stays":
                return
        if kind not in (STRAIGHT, ZTEXT):
            continue
        up = True
        text = text_of(kind, payload)
        if text is None or (seq > expect and FAULT != "future"):
            continue
        if seq < expect and FAULT == "no-second-ack":
            continue
        copied = 0 if FAULT == "ack-try-0" else tried
        ack = frame(ACK, copied, me, src, seq)
        if FAULT == "ack-first":
            s.sendto(ack, came)
        new = seq >= expect or FAULT == "shows-twice"
        if FAULT == "same-text" and text == shown:
            new = False
        if new and text:
            shown = text
            sys.stdout.buffer.write(text + b"\n")
            sys.stdout.buffer.flush()
        expect = max(expect, seq + 1)
        if FAULT != "ack-first":
            s.sendto(ack, came)


ROLES = {
    "echo-server": echo_server,
    "daytime-server": daytime_server,
    "echo-client": echo_client,
    "daytime-client": daytime_client,
    "reflector": reflector,
    "rtt-client": rtt_client,
    "listener": lambda: chat(False),
    "caller": lambda: chat(True),
}
ROLES[ROLE]()
