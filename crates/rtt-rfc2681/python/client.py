"""RTT client: measures the round-trip delay (RFC 2681).

Run:   python3 crates/rtt-rfc2681/python/client.py
First: python3 crates/rtt-rfc2681/python/server.py

HOST         the reflector's name or address
--host       the same (localhost)
--port       its port, 1 to 65535 (3501)
--count      or -c: how many probes, 0 to 1000000 (100)
--interval   or -i: mean seconds between, up to 86400 (0.1)
--periodic   every gap is the mean, none is random
--timeout    seconds; later is lost, up to 86400 (3)
--size       or -s: bytes of a probe, 44 to 65507 (44)
--under      milliseconds: what share was faster?
--quiet      no line for each probe
"""

import socket
import sys
import threading

import options
import schedule
import stats
from sample import run, stop_on_ctrl_c

HOST = "localhost"
PORT = 3501

# 1. Read the command line; look the reflector up.
sys.tracebacklimit = 0  # Python: an error is one line.
o = options.read(HOST, PORT, __doc__)

# 2. Make a socket for the address's family, IPv4 or IPv6.
family, stop = o.family, threading.Event()
s = socket.socket(family, socket.SOCK_DGRAM)

# 3. Connect it: it hears nobody but the reflector.
s.connect(o.to)

# 4. Choose when to send the probes; Ctrl-C ends that early.
times = schedule.times(o.count, o.interval, o.periodic)
stop_on_ctrl_c(stop)

# 5. Send the probes, and see what becomes of each.
sample = run(s, times, o, stop)

# 6. Print what RFC 2681 wants told.
print(sample.counts(), end="")
print(stats.summary(sample.rtts(), o.under), end="")

# 7. If nothing came back, say so, with status 1.
if sample.received() == 0:
    sys.exit("Error: nothing came back in time")
