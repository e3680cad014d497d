"""Echo client and server in one program: a word says which.

Run:  python3 examples/python/echo_roles.py server
Then: python3 examples/python/echo_roles.py client

--host  the server's name or address (localhost)
--port  its port, 0 to 65535 (3500)
server  or client: what this program is to be
"""

import argparse
import socket
import sys

HOST = "localhost"
PORT = 3500
BYTES = 1024  # At most so many bytes a datagram.
TEXT = b"Taller I: Echo sobre UDP"

# 1. Read the command line: the options, then the role.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
p.add_argument("role", choices=["server", "client"])
args = p.parse_args()

# 2. Both roles make the same socket.
server = (args.host, args.port)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 3. Only the server needs a port that others know.
if args.role == "server":
    s.bind(server)

# 4. Only the client speaks first.
if args.role == "client":
    s.sendto(TEXT, server)

# 5. Both have a port now: the system chose the client's.
print("listening on %s:%i" % s.getsockname(), file=sys.stderr)

# 6. Both take a datagram, and note who sent it.
while True:
    data, address = s.recvfrom(BYTES)

    # 7. The client prints what came back, and ends.
    if args.role == "client":
        print("-->", data.decode(errors="replace"))
        break

    # 8. The server says who called, sends it back, goes on.
    print("Conexion desde: %s:%i" % address)
    if data:
        s.sendto(data, address)
