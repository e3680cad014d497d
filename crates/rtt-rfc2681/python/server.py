"""RTT reflector: answers each probe with the times it saw.

Run:  python3 crates/rtt-rfc2681/python/server.py
Then: python3 crates/rtt-rfc2681/python/client.py

--host  address or name to listen on (localhost)
--port  port to listen on, 0 to 65535; 0: any (3501)
"""

import argparse
import contextlib
import socket
import sys

import clock
import packet

HOST = "localhost"
PORT = 3501
BYTES = 65536  # At most so many bytes a datagram.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Make a socket for the address's family, IPv4 or IPv6.
found = min(socket.getaddrinfo(args.host.encode(), None))
family, to = found[0], found[4]
s = socket.socket(family, socket.SOCK_DGRAM)

# 3. Bind it to the address and port it listens on.
s.bind((to[0], args.port) + to[2:])
address = s.getsockname()[:2]
print("listening on %s:%i" % address, file=sys.stderr)

# 4. Serve for ever; the system notes when a datagram arrives.
clock.stamp_arrivals(s)
# Python: a server might answer our answer, and so on for ever.
servers = {3500, 3501, 3502, 3513, address[1]}
while True:
    # 5. Take one datagram, and see when it arrived.
    data, address = s.recvfrom(BYTES)
    t2 = packet.ntp(clock.arrival(s))

    # 6. Answer with two times: when it came, when it goes.
    t3 = packet.ntp(clock.wall())
    data = packet.reply(data, t2, t3)
    # Python: none of those, and none below 1024.
    if address[1] > 1023 and address[1] not in servers:
        with contextlib.suppress(OSError):  # Python: no answer.
            s.sendto(data, address)
