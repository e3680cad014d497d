"""UDP echo client: sends one text and prints what comes back.

Run:   python3 crates/udp-echo/python/client.py
First: python3 crates/udp-echo/python/server.py

--host  the server's name or address (localhost)
--port  its port, 1 to 65535 (3500)
"""

import argparse
import socket
import sys

HOST = "localhost"
PORT = 3500
BYTES = 1024  # Maximum number of bytes to accept.
TEXT = b"Taller I: Echo sobre UDP"

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Make a socket: Internet (IPv4), datagrams (UDP).
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 3. Send the text; now the system gives us a port.
s.sendto(TEXT, (args.host, args.port))

# 4. Wait for the answer, for as long as it takes.
data, _ = s.recvfrom(BYTES)

# 5. Close the socket.
s.close()

# 6. Print what came back.
text = data.decode(errors="replace")  # Python: bytes to text.
print("-->", text)
