"""The time of day, and when a datagram arrived.

Between a datagram's arrival and the moment a program holds it, the program must
be woken up: that takes tens of microseconds, and on a busy machine
milliseconds. On Linux the kernel notes the arrival, and tells.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

if sys.platform == "linux":
    import fcntl

SIOCGSTAMPNS_OLD = 0x8907  # asm-generic/sockios.h
LONGS = struct.Struct("ll")  # What it gives: seconds, nanoseconds.


def wall() -> int:
    """The time of day: nanoseconds since 1970-01-01, 00:00 UTC.

    It may jump; for intervals there is time.perf_counter_ns().
    """
    return time.time_ns()


def stamp_arrivals(s: socket.socket) -> None:
    """Has the kernel note when datagrams arrive at s, from now on.

    Where it cannot, nothing happens.
    """
    _stamp(s)  # The first question switches the stamps on.


def gap(s: socket.socket) -> int | None:
    """How long ago, in nanoseconds, the datagram last received from s arrived.

    To be called right after receiving. None if there is no stamp: no
    stamp_arrivals, not on Linux, or the clock was set back since.
    """
    stamp = _stamp(s)
    now = wall()
    return None if stamp is None or stamp > now else now - stamp


def arrival(s: socket.socket) -> int:
    """When the datagram last received from s arrived, by the time of day.

    As gap, but without a stamp it is now.
    """
    return _stamp(s) or wall()


def _stamp(s: socket.socket) -> int | None:
    """The kernel's time stamp of the last datagram: nanoseconds since 1970."""
    if sys.platform != "linux":
        return None
    try:
        stamp = fcntl.ioctl(s, SIOCGSTAMPNS_OLD, bytes(LONGS.size))
    except OSError:
        return None
    seconds, nanos = LONGS.unpack(stamp)
    return int(seconds * 1_000_000_000 + nanos)
