"""What goes over the wire: the test packets of STAMP (RFC 8762), in the
unauthenticated mode. All numbers are in network byte order.

     byte  request (section 4.2.1)         reply (section 4.3.1)
        0  sequence number, 4 bytes        the same number
        4  time sent, 8 bytes (NTP)        T3: time the reply was sent
       12  error estimate, 2 bytes         error estimate
       14  zero                            zero, 2 bytes
       16  zero                            T2: time the request arrived
       24  zero                            bytes 0 to 13 of the request
       38  zero                            zero, 2 bytes
       40  zero                            TTL of the request; 255 = unknown
       41  zero                            zero, 3 bytes
       44  extra padding                   the same, but for the flags
"""

from __future__ import annotations

import random
import struct

LEAST = 44  # The bytes of the smallest request, and of its reply.
COPY = 24  # Where a STAMP reply repeats the request. An echo: at 0.
HEAD = 14  # The bytes of a request that a STAMP reply repeats there.

# "This clock is not set by another one (S = 0), and may be wrong by a second":
# scale 32, multiplier 1 (RFC 4656, section 4.1.2).
ERROR = 0x2001

# From 1900-01-01, where NTP counts from, to 1970-01-01: seconds.
TO_1970 = 2_208_988_800


def ntp(wall: int) -> int:
    """The NTP time stamp (RFC 5905, section 6) of wall, nanoseconds since 1970.

    Seconds since 1900 in the upper half, 2^-32 s in the lower one. It starts
    again from zero in 2036.
    """
    seconds, nanos = divmod(wall, 1_000_000_000)
    fraction = (nanos << 32) // 1_000_000_000
    return (seconds + TO_1970) % 2**32 << 32 | fraction


def request(seq: int, time: int, size: int) -> bytes:
    """The request number seq, sent at time (NTP), of size bytes: 44 to 65,507.

    From byte 44 on stands extra padding (RFC 8972, section 4.1): flags, type,
    length, and random bytes, so that nothing on the way can compress them. The
    same time gives the same ones.
    """
    head = struct.pack("!LQH", seq, time, ERROR) + bytes(LEAST - HEAD)
    rest = random.Random(time).randbytes(size - LEAST)
    if len(rest) >= 4:
        rest = struct.pack("!BBH", 0x80, 1, len(rest) - 4) + rest[4:]
    return head + rest


def reply(data: bytes, t2: int, t3: int) -> bytes:
    """The reply to data, which arrived at t2 and is answered at t3 (NTP).

    It is as long as data, but for the requests of TWAMP Light, which may have
    14 bytes: to these goes a STAMP reply, too (RFC 8762, section 4.6). What is
    even shorter comes back as it is: a plain echo (RFC 862).
    """
    if len(data) < HEAD:
        return data
    head = data[:4] + struct.pack("!QHHQ", t3, ERROR, 0, t2)
    # The TTL of the request is unknown: 255 (RFC 5357, section 4.2).
    tail = struct.pack("!HB3x", 0, 255)
    return head + data[:HEAD] + tail + data[LEAST:]


def probe(data: bytes, at: int) -> tuple[int, int] | None:
    """The sequence number and the time sent (NTP) that data has at byte at.

    That is COPY or 0. None if data is too short.
    """
    if len(data) < at + 12:
        return None
    seq, time = struct.unpack_from("!LQ", data, at)
    return seq, time


def answer(data: bytes, request: bytes) -> str:
    """What data is to request: its "stamp" reply or its "echo", both whole; one
    of these but "short", or "damaged"; or "strange", and less than half of the
    request's head is in it.

    Of an echo each byte is compared. Of a STAMP reply what it repeats: bytes 0
    to 13 and, behind the flags at 44, the rest, unless less than half of that
    agrees, for TWAMP Light may fill it in itself (RFC 5357, section 4.2.1); and
    the multiplier, never 0 (RFC 4656, section 4.1.2).
    """

    def _alike(came: bytes, sent: bytes) -> int:
        return sum(one == other for one, other in zip(came, sent))

    head, rest = request[:HEAD], request[LEAST + 1 :]
    stamp, echo = _alike(data[COPY:], head), _alike(data, head)
    same = data[LEAST + 1 :] == rest  # Much faster than byte by byte.
    kept = len(rest) if same else _alike(data[LEAST + 1 :], rest)
    if 2 * max(stamp, echo) < HEAD:
        return "strange"
    if len(data) < len(request):
        return "short"
    if data == request:
        return "echo"
    whole = kept == len(rest) or 2 * kept < len(rest)
    return "stamp" if stamp == HEAD and data[13] and whole else "damaged"


def inside(data: bytes) -> int | None:
    """T3 - T2 in nanoseconds: how long the reflector had the request.

    As a STAMP reply tells it; None if that is negative, data is too short, or
    the times are not NTP's (Z = 1, RFC 8762, section 4.2.1). Both come from one
    clock: so it need not agree with ours.
    """
    if len(data) < 24 or data[12] & 0x40:
        return None
    t3 = int.from_bytes(data[4:12], "big")
    t2 = int.from_bytes(data[16:24], "big")
    span = (t3 - t2) % 2**64  # Also across 2036.
    return span * 1_000_000_000 >> 32 if span < 2**63 else None
