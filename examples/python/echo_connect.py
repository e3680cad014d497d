"""Echo client with a connected socket: what strangers send is
dropped, and that nobody listens is reported.

Run:   python3 examples/python/echo_connect.py
First, or not: python3 crates/udp-echo/python/server.py

--host  the server's name or address (localhost)
--port  its port, 1 to 65535 (3500)
"""

import argparse
import socket
import sys

HOST = "localhost"
PORT = 3500
BYTES = 1024  # At most so many bytes a datagram.
TEXT = b"Taller I: Echo sobre UDP"

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Connect: no datagram goes out, but the peer is fixed.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((args.host, args.port))
ends = s.getsockname() + s.getpeername()
print("from %s:%i to %s:%i" % ends)

# 3. A stranger sends to our port first: that never arrives.
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stranger.sendto(b"I am the server!", s.getsockname())

# 4. Send the text and wait: no address is needed any more.
s.send(TEXT)
try:
    data = s.recv(BYTES)
except ConnectionError:
    sys.exit("Error: connection refused: nobody listens")

# 5. Print what came back.
print("-->", data.decode(errors="replace"))
