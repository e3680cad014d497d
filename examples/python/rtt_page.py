"""How long is the way to an echo server and back? One probe
after the other; crates/rtt-rfc2681 is the whole RFC 2681.

Run:   python3 examples/python/rtt_page.py
First: python3 crates/udp-echo/python/server.py

--host  the server's name or address (localhost)
--port  its port, 1 to 65535 (3500)
"""

import argparse
import contextlib
import math
import socket
import sys
import time

HOST = "localhost"
PORT = 3500
TIMEOUT = 1  # Seconds; what comes later is lost.

# 1. Read the command line.
sys.tracebacklimit = 0  # Python: an error is one line.
p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--host", default=HOST)
p.add_argument("--port", default=PORT, type=int)
args = p.parse_args()

# 2. Make a socket that hears the server alone.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((args.host, args.port))
s.settimeout(TIMEOUT)
rtts = []

# 3. Send ten probes, each with its number.
for seq in range(10):
    sent = time.perf_counter()  # It only goes forward.
    s.send(bytes([seq]))

    # 4. Wait for its own answer; without one it is lost.
    rtt = math.inf
    with contextlib.suppress(socket.timeout):
        while s.recv(100) != bytes([seq]):
            pass
        rtt = time.perf_counter() - sent

    # 5. A late answer is none.
    late = rtt > TIMEOUT
    rtts.append(math.inf if late else rtt * 1e3)
    print(f"seq={seq} rtt={rtts[seq]:.3f} ms")

# 6. Print the counts, the minimum and the median.
rtts.sort()
came = sum(math.isfinite(rtt) for rtt in rtts)
print(f"sent 10 received {came} lost {10 - came}")
median = (rtts[4] + rtts[5]) / 2
print(f"min {rtts[0]:.3f} median {median:.3f} ms")
