"""Echo client that does not wait for ever.

Run:   python3 examples/python/echo_timeout.py
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
TIMEOUT = 2  # Wait at most so many seconds.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Make a socket whose calls wait only so long.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(TIMEOUT)

# 3. Send the text.
s.sendto(TEXT, (args.host, args.port))

# 4. Wait for the answer, but not for ever.
try:  # Python: "nothing came" is an exception.
    data, _ = s.recvfrom(BYTES)
except socket.timeout:
    why = f"no answer in {TIMEOUT} s"
    sys.exit(f"Error: {why}")

# 5. Print what came back.
print("-->", data.decode(errors="replace"))
