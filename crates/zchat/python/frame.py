"""A frame: what stands in one datagram.

0      2     3     4        8        12      16            n-4     n
+------+-----+-----+--------+--------+-------+---------------+------+
| "Z1" |kind | try | src id | dst id |  seq  | payload ...   | CRC32|
+------+-----+-----+--------+--------+-------+---------------+------+

All numbers are in network byte order. The CRC-32 (that of zlib, Ethernet and
PNG) covers everything before it, and nothing is believed before it is checked.
"""

import re
import struct
import zlib
from enum import IntEnum
from typing import NamedTuple, Optional

TEXT_MAX = 1024  # At most so many bytes a message.
FRAME_MAX = 1200  # At most so many bytes a frame: less than every usual MTU.

MAGIC = b"Z1"
EMPTY = 20  # A frame without a payload.
HEADER = struct.Struct(">2sBBIII")
NUMBER = struct.Struct(">I")


class Kind(IntEnum):
    """What a frame is for."""

    HELLO = 1  # dst 0: "is anyone there?"; dst = your id: "I hear you".
    TEXT = 2  # A message as it is; an empty one only asks for its ACK.
    ZTEXT = 3  # A message as one zlib stream (RFC 1950).
    # "Your frames up to seq are here, and what they hold was shown." With a
    # payload: "seq is here, and up to your number (payload) all was shown."
    ACK = 4
    # seq > 0: "my last one; I have read up to your number (payload)".
    # seq 0: "I do not know you", or "I am busy".
    BYE = 5


class Foreign(ValueError):
    """Not of this protocol, or of another version of it."""


class Damaged(ValueError):
    """It was a frame once: the CRC-32 or the length is wrong."""


class Frame(NamedTuple):
    """One frame, as its fields."""

    kind: Kind
    attempt: int  # 0 at the first sending; ACK and HELLO's answer copy it.
    src: int  # The sender's id, never 0.
    dst: int  # The receiver's id; 0 = not known yet.
    seq: int  # The number of a TEXT, ZTEXT or BYE; an ACK copies it.
    payload: bytes = b""  # 0 to 1,180 bytes.

    @classmethod
    def new(cls, kind: Kind, ids: tuple[int, int], seq: int) -> "Frame":
        """One without a payload, at its first sending; the ids are its sender's
        and its receiver's.
        """
        return cls(kind, 0, *ids, seq)

    def pack(self) -> bytes:
        """The frame as the bytes of a datagram, 20 + payload."""
        data = HEADER.pack(MAGIC, *self[:5]) + self.payload
        return data + NUMBER.pack(zlib.crc32(data))

    @staticmethod
    def unpack(data: bytes) -> "Frame":
        """The frame in a datagram's bytes. Any bytes may be given.

        Raises Foreign or Damaged: why it is none.
        """
        # 1. Is it ours, and as it was sent?
        if not data.startswith(MAGIC):
            raise Foreign
        if not EMPTY <= len(data) <= FRAME_MAX:
            raise Damaged
        body = data[:-4]
        if zlib.crc32(body) != number(data[-4:]):
            raise Damaged

        # 2. Now its fields can be believed.
        _, kind, attempt, src, dst, seq = HEADER.unpack(body[:16])
        if kind not in list(Kind) or src == 0:
            raise Foreign
        return Frame(Kind(kind), attempt, src, dst, seq, body[16:])

    def text(self) -> Optional[bytes]:
        """The message in a TEXT or ZTEXT: 0 to 1,024 bytes.

        None if there is none, or it is longer, or its zlib stream is not whole.
        """
        if self.kind == Kind.TEXT and len(self.payload) <= TEXT_MAX:
            return self.payload
        return _inflate(self.payload) if self.kind == Kind.ZTEXT else None


def smaller(text: bytes) -> tuple[Kind, bytes]:
    """The kind and the payload for a message.

    A zlib stream (level 9) if that is smaller, else the message as it is.
    """
    stream = zlib.compress(text, 9)
    if len(stream) < len(text):
        return Kind.ZTEXT, stream
    return Kind.TEXT, text


def number(data: bytes) -> int:
    """The first four bytes as a number; 0 if there are fewer."""
    return int.from_bytes(data[:4], "big") if len(data) >= 4 else 0


# Python: Rust's stands in the crate common.
def printable(text: bytes) -> str:
    """Bytes as text that is safe to print: what could move a terminal's cursor
    or change its settings, and what could turn the direction of the text
    around, becomes ?; what is no UTF-8 becomes U+FFFD.
    """
    bad = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    return re.sub(bad, "?", text.decode(errors="replace"))


def _inflate(stream: bytes) -> Optional[bytes]:
    """The 1 to 1,024 bytes in a zlib stream. There is room for one byte more,
    so that a stream that grows to a megabyte is found out, and costs nothing.
    """
    z = zlib.decompressobj()
    try:
        room = z.decompress(stream, TEXT_MAX + 1)
    except zlib.error:
        return None
    whole = z.eof and not z.unused_data
    return room if whole and 1 <= len(room) <= TEXT_MAX else None
