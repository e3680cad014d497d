"""Daytime server (RFC 867): answers with the date and time.

Run:  python3 crates/daytime-rfc867/python/server.py
Then: python3 crates/daytime-rfc867/python/client.py

--host    address or name to listen on (localhost)
--port    port, 0 to 65535; RFC 867 has 13 (3513)
--format  weekday, smtp or ctime (weekday)
--local   this machine's zone, not UTC
"""

import argparse
import socket
import sys

from daytime import FORMATS, line, now

HOST = "localhost"
PORT = 3513
FORMAT = "weekday"
BYTES = 65535  # No datagram is larger.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
p.add_argument("--format", default=FORMAT, choices=FORMATS)
p.add_argument("--local", action="store_true")
args = p.parse_args()

# 2. Try one line first: if the zone is unknown, end here.
line(now(args.local), args.format)

# 3. Make a socket: Internet (IPv4), datagrams (UDP).
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 4. Bind it to the address and port it listens on.
s.bind((args.host, args.port))
print("listening on %s:%i" % s.getsockname(), file=sys.stderr)

# 5. Serve for ever.
while True:
    # 6. Take one datagram: who sent it is all that counts.
    _, address = s.recvfrom(BYTES)

    # 7. Say who called.
    print("Conexion desde: %s:%i" % address)

    # 8. Send the date and time, as one line.
    answer = line(now(args.local), args.format)
    s.sendto(answer.encode(), address)
