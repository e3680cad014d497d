"""Daytime client (RFC 867): asks for the date and time.

Run:   python3 crates/daytime-rfc867/python/client.py
First: python3 crates/daytime-rfc867/python/server.py

--host     the server's name or address (localhost)
--port     its port, 1 to 65535; inetd has 13 (3513)
--timeout  seconds to wait for each answer, 1 to 65535 (5)
--tries    how often to ask, 1 to 65535 (3)
"""

import argparse
import socket
import sys

HOST = "localhost"
PORT = 3513
TIMEOUT = 5
TRIES = 3
BYTES = 65535  # No datagram is larger.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
p.add_argument("--timeout", default=TIMEOUT, type=int)
p.add_argument("--tries", default=TRIES, type=int)
args = p.parse_args()

# 2. Zero seconds or zero tries make no sense.
if args.timeout < 1 or args.tries < 1:
    sys.exit("Error: --timeout and --tries start at 1")

# 3. Make a socket: Internet (IPv4), datagrams (UDP).
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 4. Connect it: no stranger's datagram comes in.
s.connect((args.host, args.port))
peer = s.getpeername()

# 5. Be ready to wait, but not for ever.
patience = args.timeout
s.settimeout(patience)

for number in range(1, args.tries + 1):
    # 6. Ask: any datagram will do, an empty one too.
    s.send(b"")

    # 7. Wait for the answer.
    try:  # Python: what went wrong comes as an exception.
        data = s.recv(BYTES)

    # 8. Nobody listens there: do not ask again.
    except ConnectionError:
        sys.exit("Error: nobody listens on %s:%i" % peer)

    # 9. If nothing came in time, ask again.
    except socket.timeout:
        print(f"try {number}: no answer", file=sys.stderr)
        continue

    # 10. Print the line, and stop.
    text = data.strip(b" \t\n\f\r").decode(errors="replace")
    if not text:
        sys.exit("Error: the answer is empty")
    print("".join(c if c.isprintable() else "?" for c in text))
    sys.exit()

# 11. Say that no answer came.
sys.exit("Error: no answer from %s:%i" % peer)
