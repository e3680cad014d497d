"""Chat server: waits for a peer, then chats with it.

Run:  python3 crates/zchat/python/server.py
Then: python3 crates/zchat/python/client.py
"""

import argparse
import sys

import chat

HOST = "localhost"  # Address or name to listen on.
PORT = 3502  # Port to listen on.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
args = argparse.ArgumentParser(allow_abbrev=False)
args.add_argument("--host", default=HOST)
args.add_argument("--port", default=PORT, type=int)
args.add_argument("--stats", action="store_true")
args = args.parse_args()

# 2. Make a socket, and bind it to the address and port.
s = chat.listen(args.host, args.port)

# 3. Chat with whoever calls.
chat.run(s, [], args.stats)
