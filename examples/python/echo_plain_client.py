"""The slides' echo client to the letter: no options, no care.

Run:   python3 examples/python/echo_plain_client.py
First: python3 examples/python/echo_plain_server.py
"""

import socket

BYTES = 1024  # Maximum number of bytes to accept.
TEXT = b"Taller I: Echo sobre UDP"

# 1. Make a socket of the Internet, over UDP.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# 2. Send the text, and wait for the answer.
s.sendto(TEXT, ("127.0.0.1", 3500))
data, _ = s.recvfrom(BYTES)

# 3. Close the socket, and print what came.
s.close()
print("-->", data.decode(errors="replace"))
