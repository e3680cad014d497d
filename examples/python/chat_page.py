"""A chat on one page: zlib, a CRC-32, and no repair at all.

Run:  python3 examples/python/chat_page.py server
Then: python3 examples/python/chat_page.py client

--host  the server's name or address (localhost)
--port  its port, 0 to 65535 (3502)
server  or client: what this program is to be
"""

import argparse
import re
import socket
import sys
import threading
import zlib

HOST = "localhost"
PORT = 3502
BYTES = 4096  # At most so many bytes a line.


def pack(text):
    """A line as a datagram: CRC-32, z or t, and its bytes."""
    packed = b"z" + zlib.compress(text, 9)
    body = min(b"t" + text, packed, key=len)
    return zlib.crc32(body).to_bytes(4, "big") + body


def unpack(data):
    """The line in a datagram; None if it came damaged."""
    kind, text = data[4:5], data[5:]
    crc = zlib.crc32(data[4:]).to_bytes(4, "big")
    if crc != data[:4] or not kind:
        return None
    try:
        if kind == b"z":
            z = zlib.decompressobj()
            text = z.decompress(text, BYTES)
        return text
    except zlib.error:
        return None


def show(s):
    """Shows what comes, for ever."""
    bad = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f"
    bad += "\u2028-\u202e\u2066-\u2069]"
    while True:
        try:
            text = unpack(s.recv(BYTES + 5))
            text = b"(damaged)" if text is None else text
            text = "< " + text.decode(errors="replace")
        except OSError:
            text = "(nobody is there)"
        print(re.sub(bad, "?", text), flush=True)


# 1. Read the command line: the options, then the role.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
p.add_argument("role", choices=["server", "client"])
args = p.parse_args()

# 2. Make a socket; others know the server's port.
server = (args.host, args.port)
here = server if args.role == "server" else ("", 0)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(here)
print("listening on %s:%i" % s.getsockname(), file=sys.stderr)

# 3. The server waits for a caller, and looks who it is.
if args.role == "server":
    _, caller = s.recvfrom(BYTES, socket.MSG_PEEK)
    s.connect(caller)

# 4. The client calls, with an empty line.
if args.role == "client":
    s.connect(server)
    s.send(pack(b""))

# 5. One thread shows what comes.
threading.Thread(target=show, args=[s], daemon=True).start()

# 6. The other sends each typed line, once.
for line in sys.stdin.buffer:
    s.send(pack(line.rstrip()))
