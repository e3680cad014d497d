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
       40  zero                            TTL of the request; 0 = unknown
       41  zero                            zero, 3 bytes
       44  anything                        the same
"""

import os
import struct

LEAST = 44  # The bytes of the smallest request, and of its reply.
COPY = 24  # Where a STAMP reply repeats the request. An echo: at 0.

# "This clock is not set by another one (S = 0), and may be wrong by a second":
# scale 32, multiplier 1 (RFC 4656, section 4.1.2).
ERROR = 0x2001

# From 1900-01-01, where NTP counts from, to 1970-01-01: seconds.
TO_1970 = 2_208_988_800


def ntp(wall):
    """The NTP time stamp (RFC 5905, section 6) of wall, nanoseconds since 1970.

    Seconds since 1900 in the upper half, 2^-32 s in the lower one. It starts
    again from zero in 2036.
    """
    seconds, nanos = divmod(wall, 1_000_000_000)
    fraction = (nanos << 32) // 1_000_000_000
    return (seconds + TO_1970) % 2**32 << 32 | fraction


def request(seq, time, size):
    """The request number seq, sent at time (NTP), of size bytes: 44 to 65,507.

    From byte 44 on they are random, so that nothing on the way can compress
    them.
    """
    head = struct.pack("!LQH", seq, time, ERROR)
    return head + bytes(LEAST - len(head)) + os.urandom(size - LEAST)


def reply(data, t2, t3):
    """The reply to data, which arrived at t2 and is answered at t3 (NTP).

    It is as long as data. What is shorter than a STAMP request comes back as it
    is: a plain echo (RFC 862).
    """
    if len(data) < LEAST:
        return data
    head = data[:4] + struct.pack("!QHHQ", t3, ERROR, 0, t2)
    return head + data[:14] + bytes(6) + data[LEAST:]


def probe(data, at):
    """The sequence number and the time sent (NTP) that data has at byte at.

    That is COPY or 0. None if data is too short.
    """
    if len(data) < at + 12:
        return None
    return struct.unpack_from("!LQ", data, at)


def inside(data):
    """T3 - T2 in nanoseconds: how long the reflector had the request.

    As a STAMP reply tells it; None if that is negative, data is too short, or
    the times are not NTP's (Z = 1, RFC 8762, section 4.2.1). Both come from one
    clock: so it need not agree with ours.
    """
    if len(data) < 24 or data[12] & 0x40:
        return None
    t3, t2 = struct.unpack_from("!Q4xQ", data, 4)
    inside = (t3 - t2) % 2**64  # Also across 2036.
    return inside * 1_000_000_000 >> 32 if inside < 2**63 else None
