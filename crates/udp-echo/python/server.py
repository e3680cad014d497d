"""UDP echo server: sends each datagram back to its sender.

Run:  python3 crates/udp-echo/python/server.py
Then: python3 crates/udp-echo/python/client.py

--host  address or name to listen on (localhost)
--port  port to listen on, 0 to 65535; 0: any (3500)
"""

import argparse
import socket
import sys

HOST = "localhost"
PORT = 3500
BYTES = 1024  # Maximum number of bytes to accept.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Make a socket: Internet (IPv4), datagrams (UDP).
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 3. Bind it to the address and port it listens on.
s.bind((args.host, args.port))
print("listening on %s:%i" % s.getsockname(), file=sys.stderr)

# 4. Serve for ever.
while True:
    # 5. Take one datagram, and note who sent it.
    data, address = s.recvfrom(BYTES)

    # 6. Say who called.
    print("Conexion desde: %s:%i" % address)

    # 7. If it holds anything, send it back.
    if data:
        s.sendto(data, address)
