"""A datagram that is larger than the buffer: the rest is lost.

Run: python3 examples/python/truncation.py
"""

import argparse
import socket

HOST = "127.0.0.1"  # Both sockets are here.
BYTES = 1024  # At most so many bytes a datagram.
SENT = 3000  # The first datagram has more.

# 1. Read the command line: there are no options.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.parse_args()

# 2. A receiver, on a port that the system chooses.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((HOST, 0))

# 3. A sender: 3,000 bytes, then a datagram of 5.
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"x" * SENT, s.getsockname())
sender.sendto(b"after", s.getsockname())
print(f"sent: {SENT} bytes, then 5")

# 4. Take the first one, with room for 1,024 bytes.
try:  # Python: Windows raises an error.
    data, _ = s.recvfrom(BYTES)
    print(f"received: {len(data)} bytes")
except OSError as e:
    print(f"received an error: {e}")

# 5. The rest is not in the next one: it is gone.
data, _ = s.recvfrom(BYTES)
text = data.decode(errors="replace")
print(f"received: {len(data)} bytes: {text}")
