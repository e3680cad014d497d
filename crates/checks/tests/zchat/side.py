"""zchat's Python session, line by line: NUMBER WHAT NOW ARGUMENTS.

NUMBER says which session; times are nanoseconds, addresses are HOST:PORT, bytes
are hexadecimal digits after an x. `tick` alone is answered, by a line: when the
next tick is due (or `never`), then what is to be done now.
"""

import math
import sys

from session import Action, Session


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def word(action, *rest):
    if action == Action.SEND:
        (host, port), data = rest
        return f"SEND {host}:{port} x{data.hex()}"
    text = rest[0]
    if isinstance(text, str):
        text = text.encode()
    return f"{action.name} " + ("none" if text is None else "x" + text.hex())


sessions = {}
for line in sys.stdin:
    number, what, now, *rest = line.split()
    now = int(now) / 1e9
    if what == "new":
        sessions[number] = Session([address(a) for a in rest], now)
        continue
    session = sessions[number]
    if what == "set_window":
        session.set_window(int(rest[0]))
    elif what == "say":
        session.say(bytes.fromhex(rest[0][1:]))
    elif what == "receive":
        sender, data = rest
        session.receive(now, address(sender), bytes.fromhex(data[1:]))
    elif what == "tick":
        session.tick(now)
        done = [word(*action) for action in session.actions()]
        # At this time at the latest: so never a nanosecond too early.
        due = session.deadline()
        due = "never" if due is None else math.ceil(due * 1e9) + 1
        print(due, *done, flush=True)
    else:
        getattr(session, what)()  # no_more, leave, abort
