"""Chat client: calls a peer, then chats with it.

Run:   python3 crates/zchat/python/client.py
First: python3 crates/zchat/python/server.py
"""

import argparse
import sys

import chat

HOST = "localhost"  # Where the server is.
PORT = 3502  # Its port.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
args = argparse.ArgumentParser(allow_abbrev=False)
args.add_argument("--host", default=HOST)
args.add_argument("--port", default=PORT, type=int)
args.add_argument("--stats", action="store_true")
args.add_argument("address", nargs="?")
args = args.parse_args()
host = args.address or args.host  # Python: either will do.

# 2. Make a socket, and look the addresses up.
s, addresses = chat.dial(host, args.port)

# 3. Call them, and chat with whoever answers.
chat.run(s, addresses, args.stats)
