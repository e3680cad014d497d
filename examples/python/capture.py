"""A capture's frames, and the UDP datagram in each: everything that stands in
front of it, or why there is none.

A file of the kind "pcap" is a header of 24 bytes, then for each frame a header
of 16 and what went over the wire, as far as it was kept
(draft-ietf-opsawg-pcap). What stands in front of IP depends on the file's link
type (https://www.tcpdump.org/linktypes.html).
"""

import socket
import struct
import sys
from collections.abc import Iterable, Iterator

RAW = 101  # Bare IP packets.
BARE = RAW, 12, 14, 228, 229  # BSD's numbers, IPv4, IPv6.
LOOPBACK = 0, 108  # Of BSD and macOS; of OpenBSD.
ETHERNET = 1
COOKED = 113  # Of Linux, by tcpdump -i any.
COOKED_2 = 276  # The newer form of it.
KNOWN = "Ethernet, loopback, raw IP, and Linux's any are"

# EtherTypes: what a frame carries.
FOUR = 0x0800
SIX = 0x86DD
TAGS = 0x8100, 0x88A8, 0x9100  # Of a VLAN.
FIRST = 0x0600  # Below this it is a length, and no type.

# Protocols: what an IP packet carries.
UDP = 17
ROUTING = 43
FRAGMENT = 44
AUTHENTICATION = 51
OPTIONS = 0, ROUTING, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140

MOST = 262_144  # No tool keeps more of one frame.
SHORT = "it ends before the header of UDP does"


class NoDatagram(Exception):
    """Why there is none, in words."""


def frames(path: str) -> tuple[int, Iterator[bytes]]:
    """The link type of the capture in file `path`, and its frames in order,
    each as far as it was captured. Ends the program with a sentence if it is
    no pcap file, or has a link type that `datagram` does not know."""
    # 1. The first byte tells the order of the others.
    file = open(path, "rb")
    head = file.read(24)
    order = ">" if head[:1] == b"\xa1" else "<"
    if len(head) < 24:
        sys.exit(f"Error: {path} is no pcap file")

    # 2. The header tells what kind of file it is, and of which link.
    magic, major, minor, link = struct.unpack(order + "I2H12xI", head)
    if magic == 0x0A0D0D0A:
        sys.exit("Error: " + _next_generation(path))
    if magic not in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
        sys.exit(f"Error: {path} is no pcap file")
    size = 24 if magic == 0xA1B2CD34 else 16  # With more about each frame.
    if (major, minor) != (2, 4):
        found = f"{path} has version {major}.{minor} of pcap"
        sys.exit(f"Error: {found}; only 2.4 is read")
    link &= 0x03FFFFFF  # Above it stands how frames end.
    if link not in (ETHERNET, COOKED, COOKED_2) + BARE + LOOPBACK:
        found = f"{path} has link type {link}, which is not read"
        sys.exit(f"Error: {found} ({KNOWN})")

    # 3. In front of each frame stands how many of its bytes were kept.
    def _following() -> Iterator[bytes]:
        while head := file.read(size):
            whole = len(head) == size  # If not, the file ends here.
            kept = struct.unpack(order + "I", head[8:12])[0] if whole else 0
            if kept > MOST:
                found = f"{path} is damaged: a frame of {kept} bytes"
                sys.exit(f"Error: {found}")
            yield file.read(kept)

    return link, _following()


def _next_generation(path: str) -> str:
    convert = f"editcap -F pcap {path} new.pcap"
    return (
        f"{path} is a pcapng file, and only pcap is read\n"
        f'hint: {convert} (or "Save as", "pcap", in Wireshark)'
    )


def live() -> tuple[int, Iterable[bytes]]:
    """The next IP packet with UDP that comes to this machine, as `frames`."""
    udp = socket.IPPROTO_UDP
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, udp)
    except PermissionError:
        sys.exit("Error: a raw socket: permission denied")
    print("waiting for a datagram over IPv4", file=sys.stderr, flush=True)
    return RAW, [s.recv(65535)]


def datagram(link: int, frame: bytes) -> tuple[bytes, bytes, str]:
    """What was found in a frame of the link type `link`: the two addresses, one
    behind the other; the UDP datagram, of which at least the header is there;
    and why some of its bytes are missing, if they are. Raises `NoDatagram`."""
    # 1. IPv4 and IPv6 keep length, protocol and addresses elsewhere.
    packet = _packet(link, frame)
    version = _number(packet, 0, 1) >> 4
    if version == 4:
        start = _number(packet, 0, 1) % 16 * 4
        length, protocol = _number(packet, 2, 2), _number(packet, 9, 1)
        _number(packet, 12, 8)
        ips = packet[12:20]
    else:
        start = 40
        length, protocol = 40 + _number(packet, 4, 2), _number(packet, 6, 1)
        _number(packet, 8, 32)
        ips = packet[8:40]
    if start < 20 or length < start:
        raise NoDatagram("the lengths in its IP header are too small")
    everything = packet[:length]  # Padding may follow.

    # 2. A fragment is told by IPv4's header, or by one that follows IPv6's.
    offset, more = 0, False
    if version == 4:
        offset = _number(packet, 6, 2) % 0x2000
        more = _number(packet, 6, 1) & 0x20 != 0
    while version == 6 and protocol in OPTIONS and offset == 0:
        following = _number(everything, start, 1)
        size = _number(everything, start + 1, 1)
        if protocol == ROUTING and _number(everything, start + 3, 1) != 0:
            raise NoDatagram("IPv6 sends it on to another address")
        if protocol == FRAGMENT:
            offset = _number(everything, start + 2, 2) // 8
            more = _number(everything, start + 3, 1) & 1 != 0
            start += 8
        elif protocol == AUTHENTICATION:
            start += (size + 2) * 4
        else:
            start += (size + 1) * 8
        protocol = following
    if offset != 0:
        raise NoDatagram("a later fragment; the header is in the first")
    if protocol != UDP:
        raise NoDatagram(f"IP carries protocol {protocol}, and not UDP (17)")

    # 3. The datagram may go on in other packets, or not have been kept.
    udp = everything[start:]
    _number(udp, 0, 8)
    if more:
        missing = "not checked, the rest is in other fragments"
    elif len(everything) < length:
        missing = (
            f"not checked, {len(udp)} of {length - start} bytes were captured"
        )
    else:
        missing = "not checked, its length does not fit that of IP"
    return ips, udp, missing


def _packet(link: int, frame: bytes) -> bytes:
    """The IP packet behind the link's own bytes."""
    # 1. The type of what is carried: each link has it elsewhere.
    if link == ETHERNET:
        start, kind = 14, _number(frame, 12, 2)
    elif link == COOKED:
        start, kind = 16, _number(frame, 14, 2)
    elif link == COOKED_2:
        start, kind = 20, _number(frame, 0, 2)
    elif link in LOOPBACK:
        start, kind = 4, _family(_number(frame, 0, 4))
    else:
        start, kind = 0, FOUR if _number(frame, 0, 1) >> 4 == 4 else SIX

    # 2. A VLAN puts 4 bytes in between, and the type at their end.
    while kind in TAGS:
        kind = _number(frame, start + 2, 2)
        start += 4

    # 3. The packet says its version once more.
    if kind in (FOUR, SIX):
        version = _number(frame, start, 1) >> 4
        if version != (4 if kind == FOUR else 6):
            raise NoDatagram(f"it says that its IP version is {version}")
        return frame[start:]
    if link == ETHERNET and kind < FIRST:
        raise NoDatagram("a frame of IEEE 802.3, which is not read")
    raise NoDatagram(f"EtherType {kind:04x}, which is not read")


def _family(number: int) -> int:
    """Loopback's number for IPv4 is 2 everywhere; for IPv6 each system has one.
    The order of its bytes is that of the machine."""
    swapped = int.from_bytes(number.to_bytes(4, "little"), "big")
    other = min(number, swapped)
    if other not in (2, 10, 23, 24, 28, 30):
        raise NoDatagram(f"address family {other}, which is not read")
    return FOUR if other == 2 else SIX


def _number(data: bytes, start: int, count: int) -> int:
    """The number in `count` bytes at `start`; the first counts most."""
    if len(data) < start + count:
        raise NoDatagram(SHORT)
    return int.from_bytes(data[start : start + count], "big")
