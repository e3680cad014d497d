"""The slides' echo server to the letter: no options, no care.

Run:  python3 examples/python/echo_plain_server.py
Then: python3 examples/python/echo_plain_client.py
"""

import socket

BYTES = 1024  # Maximum number of bytes to accept.

# 1. Make a socket of the Internet, over UDP, and bind it.
# Python: the socket first, then its address.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 3500))

# 2. Serve for ever.
while True:
    # 3. Take one datagram, and say who sent it.
    data, address = s.recvfrom(BYTES)
    print("Conexion desde: %s:%i" % address)

    # 4. If it holds anything, send it back.
    if data:
        s.sendto(data, address)
