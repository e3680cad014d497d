"""The client's command line: that of the Rust client without --calibrate,
--json and --svg.
"""

from __future__ import annotations

import argparse
import ipaddress
import socket

from packet import LEAST


def read(default: str, port: int, doc: str | None) -> argparse.Namespace:
    """Reads the command line; default and port are host and port if none are
    given, doc is for --help.

    What is out of range ends the program with a sentence and status 2. Raises
    socket.gaierror if the host is unknown.
    """
    # 1. Take what was given.
    p = argparse.ArgumentParser(usage=doc, allow_abbrev=False)
    p.add_argument("alone", metavar="HOST", nargs="?")
    p.add_argument("--host", default=default)
    p.add_argument("--port", default=port, type=int)
    p.add_argument("-c", "--count", default=100, type=int)
    p.add_argument("-i", "--interval", default=0.1, type=float)
    p.add_argument("--periodic", action="store_true")
    p.add_argument("--timeout", default=3.0, type=float)
    p.add_argument("-s", "--size", default=LEAST, type=int)
    p.add_argument("--under", metavar="MS", type=float)
    p.add_argument("--quiet", action="store_true")
    o = p.parse_args()

    # 2. Check it.
    def _require(right: bool, sentence: str) -> None:
        if not right:
            p.error(sentence)

    under = o.under is None or 0 <= o.under <= 86400e3
    one = o.alone is None or o.host == default
    _require(one, "HOST or --host, not both")
    _require(0 < o.port < 65536, "--port: 0-65535, nothing can be sent to 0")
    _require(0 <= o.count <= 1_000_000, "--count: 0 to 1000000")
    _require(0.000001 <= o.interval <= 86400, "--interval: 0.000001 to 86400 s")
    _require(0.000001 <= o.timeout <= 86400, "--timeout: 0.000001 to 86400 s")
    _require(LEAST <= o.size <= 65507, "--size: 44 to 65507")
    _require(under, "--under: 0 to 86400000 ms")

    # 3. Look the host up. Over 1000 probes/s, or 1 MB/s: here only.
    found = socket.getaddrinfo((o.alone or o.host).encode(), None)
    o.family, *_, to = min(found, key=lambda a: a[0])  # The first of IPv4.
    o.to = (to[0], o.port) + to[2:]
    ip = ipaddress.ip_address(str(to[0]).split("%")[0])
    # Each link has a network fe80::/10 of its own (RFC 4007, section 6).
    whole = ip.version == 4 or to[-1] != 0 or not ip.is_link_local
    _require(whole, "fe80:... needs its interface: fe80::1%eth0")
    near = ip.is_loopback
    polite = near or o.interval >= max(0.001, o.size / 1e6)
    _require(polite, "--interval: over 1000/s or 1 MB/s only on loopback")
    return o
