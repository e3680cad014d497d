"""The UDP header (RFC 768), byte by byte: of a capture, or of
the next datagram.

Run: python3 examples/python/udp_header.py

--file  a capture by tcpdump -w (examples/echo.pcap)
--live  the next datagram that comes (Linux, root, IPv4)

 0              15 16             31
+-----------------+-----------------+
|   source port   | destination port|
+-----------------+-----------------+
|     length      |    checksum     |
+-----------------+-----------------+
"""

import argparse
import ipaddress
import itertools
import sys

from capture import NoDatagram, datagram, frames, live

FILE = "examples/echo.pcap"
UDP = 17  # Its number in the IP header.
FIELDS = "source destination length checksum"


def total(data):
    """The sum of words of 16 bits. Adding carries back (RFC
    1071) leaves the remainder of a division by 65,535."""
    weighed = zip(data, itertools.cycle([256, 1]))
    return sum(b * w for b, w in weighed) % 65535


def judge(pseudo, udp, missing):
    if udp[6:8] == b"\0\0":
        six = len(pseudo) > 12
        return "none; IPv6 needs one" if six else "none"
    if missing:
        return missing
    if total(pseudo + udp) == 0:
        return "right"
    left = total(udp[6:8]) == total(pseudo)
    return "left to the network card" if left else "wrong"


# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--file", default=FILE)
p.add_argument("--live", action="store_true")
args = p.parse_args()

# 2. Take frames from a raw socket or from the file.
found = live() if args.live else frames(args.file)
link, captured = found
not_shown = 0
for i, frame in enumerate(captured, 1):
    # 3. Find the datagram behind the link's bytes and IP's.
    try:
        ips, udp, missing = datagram(link, frame)
    except NoDatagram as why:
        print(f"packet {i} is not shown: {why}")
        not_shown += 1
        continue

    # 4. It says its own length; padding may follow.
    length = int.from_bytes(udp[4:6], "big")
    udp = udp[: max(length, 8)]
    whole = len(udp) == length
    missing = "" if whole else missing

    # 5. The checksum covers addresses, 17, length, and all.
    pseudo = ips + bytes([0, UDP]) + udp[4:6]

    # 6. Print who speaks with whom, and the four fields.
    two = ips[: len(ips) // 2], ips[len(ips) // 2 :]
    print("%s to %s" % tuple(map(ipaddress.ip_address, two)))
    for k, name in enumerate(FIELDS.split(" ")):
        a, b = udp[2 * k : 2 * k + 2]
        print(f"  [{a:02x}, {b:02x}] {name:11} {256 * a + b:5}")
    print("  checksum:", judge(pseudo, udp, missing))

# 7. Say how many were not shown.
if not_shown:
    print(f"not shown: {not_shown}")
