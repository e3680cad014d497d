"""Chat client: calls a peer, then chats with it.

Run:   python3 crates/zchat/python/client.py
First: python3 crates/zchat/python/server.py

/quit, Ctrl-D (on Windows Ctrl-Z, Enter) or Ctrl-C leaves.

--host    the server's name or address (localhost)
--port    its port, 1 to 65535 (3502)
--window  at most so many frames on the way, 1 to 16 (16)
--stats   say at the end what was sent and received
ADDRESS   the same as --host ADDRESS
"""

import argparse
import sys

import chat

HOST = "localhost"
PORT = 3502

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
sizes = range(1, 17)
p.add_argument("--window", default=16, type=int, choices=sizes)
p.add_argument("--stats", action="store_true")
p.add_argument("address", nargs="?")
args = p.parse_args()
# Python: either will do.
host = args.host if args.address is None else args.address

# 2. Make a socket, and look the addresses up.
s, addresses = chat.dial(host, args.port)

# 3. Call them, and chat with whoever answers.
chat.run(s, addresses, args.window, args.stats)
