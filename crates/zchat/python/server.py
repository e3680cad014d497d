"""Chat server: waits for a peer, then chats with it.

Run:  python3 crates/zchat/python/server.py
Then: python3 crates/zchat/python/client.py

/quit, Ctrl-D (on Windows Ctrl-Z, Enter) or Ctrl-C leaves.

--host    address or name to listen on (localhost)
--port    port to listen on, 0 to 65535; 0: any (3502)
--window  at most so many frames on the way, 1 to 16 (16)
--stats   say at the end what was sent and received
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
args = p.parse_args()

# 2. Make a socket, and bind it to the address and port.
s = chat.listen(args.host, args.port)

# 3. Chat with whoever calls.
chat.run(s, [], args.window, args.stats)
