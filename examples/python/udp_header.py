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
import socket
import struct
import sys

FILE = "examples/echo.pcap"
UDP = 17  # Its number in the IP header.
FIELDS = "source destination length checksum"


def read(file):
    """The IP packets of a capture, without the link's bytes."""
    with open(file, "rb") as f:
        head = f.read(24)
        order = ">" if head[:1] == b"\xa1" else "<"
        magic, link = struct.unpack(
            order + "I16xI", head.ljust(24)
        )
        if magic not in (0xA1B2C3D4, 0xA1B23C4D):
            sys.exit(f"Error: {file} is no pcap file")
        # BSD's loopback puts 4 bytes before it, Ethernet 14.
        start = 4 if link == 0 else 14
        while len(head := f.read(16)) == 16:
            (length,) = struct.unpack(order + "8xI4x", head)
            yield f.read(length)[start:]


def live():
    """The next IP packet with UDP that comes in."""
    udp = socket.IPPROTO_UDP
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, udp)
    except PermissionError:
        sys.exit("Error: a raw socket: permission denied")
    return [s.recv(65535)]


def total(data):
    """The sum of words of 16 bits. Adding carries back (RFC
    1071) leaves the remainder of a division by 65,535."""
    weighed = zip(data, itertools.cycle([256, 1]))
    return sum(b * w for b, w in weighed) % 65535


def judge(pseudo, udp):
    if udp[6:8] == b"\0\0":
        return "none"
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

# 2. Take IP packets from a raw socket or from the file.
packets = live() if args.live else read(args.file)
for packet in packets:
    packet = packet.ljust(68, b"\0")  # Python: room.

    # 3. Find the addresses and the datagram in the packet.
    four = packet[0] >> 4 == 4
    ips = packet[12:20] if four else packet[8:40]
    protocol = packet[9] if four else packet[6]
    header = packet[0] % 16 * 4 if four else 40
    udp = packet[header:]

    # 4. It says its own length; padding may follow.
    length = int.from_bytes(udp[4:6], "big")
    udp = udp[:length]
    if protocol != UDP or length < 8:
        continue

    # 5. The checksum covers addresses, 17, length, and all.
    pseudo = ips + bytes([0, UDP]) + udp[4:6]

    # 6. Print who speaks with whom, and the four fields.
    two = ips[: len(ips) // 2], ips[len(ips) // 2 :]
    print("%s to %s" % tuple(map(ipaddress.ip_address, two)))
    for i, name in enumerate(FIELDS.split(" ")):
        a, b = udp[2 * i : 2 * i + 2]
        print(f"  [{a:02x}, {b:02x}] {name:11} {256 * a + b:5}")
    print("  checksum:", judge(pseudo, udp))
