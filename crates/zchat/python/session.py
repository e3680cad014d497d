"""The conversation: who is there, what is confirmed, what is sent again and
when. It knows no socket and no clock: what arrives, and what time it is (in
seconds), come in as arguments; what is to be done comes out as actions.

       HELLO answered, then TEXT #1      BYE, or 30 s without an ACK
LISTEN ----------------------------> UP ----------------------------> LISTEN
CALL   ---------------------------->    ----------------------------> (end)
       our HELLO was answered

One frame at a time is in flight (stop and wait): only the timer sends it again,
and only its ACK lets the next one go.
"""

import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Optional

from frame import Damaged, Foreign, Frame, Kind, number, smaller

FIRST_WAIT = 1.0  # Nothing measured yet.
LEAST_WAIT = 0.2  # RFC 6298: 1 s.
MOST_WAIT = 2.0  # On a usual path.
PATIENCE = 30.0  # Then nobody is there.
BUSY_PATIENCE = 60.0  # Or somebody else.
BYE_PATIENCE = 2.0
SILENCE = 15.0  # Then: still there?
DOUBT = 2.0  # While others call.


class Action(Enum):
    """What the session wants done: the first of a tuple; the others follow."""

    SEND = "address, bytes"  # A failure is a lost datagram.
    SHOW = "bytes"  # If it fails, do nothing of what follows: an ACK.
    NOTE = "sentence"  # Tell the user.
    END = "sentence or None"  # It is over; what went wrong, if anything did.


@dataclass
class _Peer:
    """The other side."""

    id: int
    address: tuple
    heard: float  # When we last heard of it.
    sent: int = 0  # The number of our last frame.
    expect: int = 1  # The number of its next frame.


@dataclass
class _Flight:
    """The frame that waits for its answer."""

    frame: Frame
    due: float  # When to send it again, or
    until: float  # to give up.
    sent: list = field(default_factory=list)  # When: one for each attempt.


@dataclass
class _Rtt:
    """The round-trip time, and the retransmission timeout (RFC 6298)."""

    smoothed: Optional[float] = None
    variation: float = 0.0

    def _sample(self, r):
        """The time from a sending to its answer, if it is known."""
        if r is None:
            return
        if self.smoothed is None:
            self.smoothed, self.variation = r, r / 2
            return
        difference = abs(self.smoothed - r)
        self.variation = (self.variation * 3 + difference) / 4
        self.smoothed = (self.smoothed * 7 + r) / 8

    def _wait(self, attempt):
        """How long to wait after the sending number attempt (0, 1, ...)."""
        estimate = FIRST_WAIT
        if self.smoothed is not None:
            estimate = max(self.smoothed + 4 * self.variation, LEAST_WAIT)
        doubled = estimate * 2 ** min(attempt, 4)
        return max(min(doubled, MOST_WAIT), estimate)


class Session:
    """One side of a chat. After each call, and when deadline() has come, call
    tick(); then do what actions() gives.

    Times count from any fixed moment, and never run backwards.
    """

    def __init__(self, dial, now):
        """A session that calls all of dial and talks to the first that answers;
        if there is none, it listens.
        """
        self._dial = dial
        self._started = now
        self._me = 0  # Our id; 0 while we listen.
        self._candidate = None  # A caller's id, and ours for it.
        self._peer = None  # Somebody: the session is UP.
        self._flight = None
        self._queue = deque()  # Its head may be in flight; empty: no message.
        self._rtt = _Rtt()
        self._busy = False  # The one we call talks to somebody else.
        self._had_peer = False  # There was one at least.
        self._leaving = False  # Say BYE when all is confirmed.
        self._only_one = False  # End when the peer has left.
        self._over = False  # It has ended.
        self._lost = [0, 0]  # Messages not confirmed, and not sent.
        self._actions = []
        self._stats = SimpleNamespace(
            confirmed=0,  # Messages that were confirmed.
            shown=0,  # Messages that were shown.
            compressed=0,  # Messages that went out as a zlib stream,
            before=0,  # and their bytes before
            after=0,  # and after.
            again=0,  # Frames sent again.
            damaged=0,  # Frames that came damaged.
            duplicate=0,  # Frames that had come before.
        )
        if self._dial:
            self._me = _fresh_id()
            self._call(now)

    def say(self, text):
        """A message for the peer, 1 to 1,024 bytes. It waits until there is
        one. After leave() it is ignored.
        """
        if not self._leaving:
            self._queue.append(text)

    def no_more(self):
        """The user has nothing more to say: a caller leaves when everything is
        confirmed, a listener when its peer has left.
        """
        self._only_one = True
        was_here = self._had_peer and self._peer is None
        self._leaving |= bool(self._dial) or was_here

    def leave(self):
        """The user wants to leave: with a BYE, when everything is confirmed."""
        self._leaving = True

    def abort(self):
        """The user wants to leave now."""
        if self._peer:
            ids = self._me, self._peer.id
            self._send(self._peer.address, Kind.BYE, 0, ids, 0)
        self._end(None)

    def receive(self, now, sender, data):
        """A datagram has come, data, 0 bytes or more."""
        try:
            frame = Frame.unpack(data)
        except Damaged:
            self._stats.damaged += 1
            return
        except Foreign:
            return
        if self._over:
            return
        ids = frame.src, frame.dst
        first = frame.kind == Kind.TEXT and frame.seq == 1
        known = self._peer and ids == (self._peer.id, self._me)
        calling = self._dial and not self._peer
        if frame.kind == Kind.HELLO:
            if frame.dst == 0:
                self._called(now, sender, frame)
            elif calling and frame.dst == self._me:
                self._answered(now, sender, frame)
        elif known:
            self._heard(now, sender, frame)
        elif first and self._candidate == ids:
            self._up(now, sender, ids)
            self._heard(now, sender, frame)
        elif frame.kind == Kind.BYE and frame.seq == 0:
            if calling and frame.dst == self._me:
                self._line_is_busy()
        elif frame.kind != Kind.ACK and frame.dst not in (0, self._me):
            self._send(sender, Kind.BYE, 0, (frame.dst, frame.src), 0)

    def tick(self, now):
        """Sends what is due, the first time or again, and gives up what has
        waited too long.
        """
        self._launch(now)
        flight = self._flight
        if not flight or now < flight.due:
            return
        kind = flight.frame.kind
        if now >= flight.until:
            if kind == Kind.HELLO:
                busy = "the line is busy"
                self._end(busy if self._busy else "nobody answers")
            elif kind == Kind.BYE:
                self._end(None)
            else:
                self._down(0, "the peer does not answer any more")
            return
        attempt = min(len(flight.sent), 255)
        self._stats.again += attempt > 0 and self._peer is not None
        flight.frame = flight.frame._replace(attempt=attempt)
        flight.sent.append(now)
        flight.due = min(now + self._rtt._wait(attempt), flight.until)
        data = flight.frame.pack()
        for to in [self._peer.address] if self._peer else self._dial:
            self._actions.append((Action.SEND, to, data))

    def deadline(self):
        """When to call tick() at the latest; None: nothing is due."""
        if self._flight:
            return self._flight.due
        return self._peer.heard + SILENCE if self._peer else None

    def actions(self):
        """What is to be done now, in this order; each is given once."""
        actions, self._actions = self._actions, []
        return actions

    def waiting(self):
        """How many messages are not confirmed yet."""
        return sum(1 for text in self._queue if text)

    def report(self):
        """What --stats prints."""
        s = self._stats
        rtt = self._rtt.smoothed
        rtt = "not measured" if rtt is None else f"{rtt * 1e3:.1f} ms"
        return (
            f"{s.confirmed} messages confirmed, {s.again} frames sent again, "
            f"{s.compressed} compressed: {s.before} bytes to {s.after}\n"
            f"{s.shown} messages shown, {s.duplicate} duplicates, "
            f"{s.damaged} damaged\n"
            f"round-trip time {rtt}"
        )

    def _launch(self, now):
        """Puts the next frame in flight, if there is one and nothing flies."""
        peer = self._peer
        if not peer:
            hopeless = not self._dial or not self._queue
            if self._leaving and hopeless and not self._over:
                self._end(None)
            return
        if self._flight:
            return
        if not self._queue and not self._leaving:
            if now < peer.heard + SILENCE:
                return
            self._queue.append(b"")
        if peer.sent == 2**32 - 1:
            return self._down(0, "no numbers are left in this session")
        peer.sent += 1
        if self._queue:
            text, patience = self._queue[0], PATIENCE
            kind, payload = smaller(text)
            if kind == Kind.ZTEXT:
                self._stats.compressed += 1
                self._stats.before += len(text)
                self._stats.after += len(payload)
        else:
            kind, patience = Kind.BYE, BYE_PATIENCE
            payload = (peer.expect - 1).to_bytes(4, "big")
        frame = Frame(kind, 0, self._me, peer.id, peer.sent, payload)
        self._flight = _Flight(frame, now, now + patience)

    def _call(self, now):
        """Calls: a HELLO at 0, 1, 3, 5 ... seconds."""
        frame = Frame(Kind.HELLO, 0, self._me, 0, 0)
        self._flight = _Flight(frame, now, self._started + PATIENCE)

    def _called(self, now, sender, hello):
        """Somebody asks whether anyone is there."""
        id, peer = hello.src, self._peer
        if self._dial and id == self._me:
            return self._end("I have called myself")
        if self._dial and sender not in self._dial:
            return  # We called somebody else.
        if peer and peer.id == id:
            mine = self._me
        elif peer and peer.address != sender:
            silent = now >= peer.heard + DOUBT
            if silent and not self._queue and not self._flight:
                self._queue.append(b"")  # Are you still there?
            # A stranger learns nothing of the session, not even our id.
            return self._send(sender, Kind.BYE, 0, (_fresh_id(), id), 0)
        elif self._dial and not peer:
            mine = self._me
        elif self._candidate and self._candidate[0] == id:
            mine = self._candidate[1]
        else:
            mine = _fresh_id()
        if mine != self._me or not peer:
            self._candidate = id, mine
        self._send(sender, Kind.HELLO, hello.attempt, (mine, id), 0)

    def _answered(self, now, sender, hello):
        """Our call was answered."""
        took = self._took(now, hello.attempt)
        self._up(now, sender, (hello.src, hello.dst))
        self._rtt._sample(took)
        self._queue.appendleft(b"")  # TEXT #1: "I am up".

    def _took(self, now, attempt):
        """How long ago the frame in flight was sent for the time attempt."""
        if self._flight and attempt < len(self._flight.sent):
            return now - self._flight.sent[attempt]
        return None

    def _up(self, now, sender, ids):
        """A session begins; the ids are the peer's and ours."""
        if self._peer:
            self._note("the peer started again")
            self._lose(0)
        self._note("connected to " + shown(sender))
        id, self._me = ids
        self._peer = _Peer(id, sender, now)
        self._candidate = self._flight = None
        self._rtt, self._had_peer = _Rtt(), True

    def _heard(self, now, sender, frame):
        """A frame of this session, from the peer."""
        peer = self._peer
        peer.address, peer.heard = sender, now  # It may have moved.
        expect, ids = peer.expect, (self._me, peer.id)
        if frame.kind == Kind.ACK:
            return self._confirmed(now, frame)
        if frame.kind == Kind.BYE and frame.seq == 0:
            return self._reset(now)
        if frame.seq > expect:
            return
        if frame.seq < expect:
            self._stats.duplicate += 1
        elif frame.kind != Kind.BYE:
            text = frame.text()
            if text is None:
                return
            peer.expect += 1
            if text:
                self._stats.shown += 1
                self._actions.append((Action.SHOW, text))
        # Only now that it is shown.
        self._send(sender, Kind.ACK, frame.attempt, ids, frame.seq)
        if frame.kind == Kind.BYE and frame.seq == expect:
            self._down(number(frame.payload), "the peer left")

    def _confirmed(self, now, ack):
        """The peer acknowledges a frame: the one in flight?"""
        flight = self._flight
        if not flight or flight.frame.seq != ack.seq:
            return
        self._rtt._sample(self._took(now, ack.attempt))
        self._flight = None
        if flight.frame.kind == Kind.BYE:
            return self._end(None)
        self._stats.confirmed += self._queue.popleft() != b""

    def _reset(self, now):
        """The peer knows nothing of this session."""
        flying = self._flight and self._flight.frame.kind
        nothing_yet = self._peer.sent == 1 and self._peer.expect == 1
        if flying == Kind.BYE:
            self._end(None)
        elif self._dial and nothing_yet and flying:
            # Another caller was quicker: our TEXT #1 came too late.
            self._queue.popleft()
            self._peer = None
            self._call(now + FIRST_WAIT)
            self._line_is_busy()
        else:
            self._down(0, "the peer has ended the session")

    def _line_is_busy(self):
        """The one we call talks to somebody else: keep calling, for longer."""
        if not self._busy:
            self._note("the line is busy; calling again")
        self._busy = True
        if self._flight:
            self._flight.until = self._started + BUSY_PATIENCE

    def _down(self, read, why):
        """The session ends; the peer has read up to our number read."""
        self._note(why)
        self._lose(read)
        self._peer = self._flight = None
        if self._dial or self._leaving or self._only_one:
            self._end(None)
        else:
            self._me = 0
            self._note("waiting for the next caller")

    def _lose(self, read):
        """Says what became of the messages in the queue. Nobody can know
        whether the one in flight was delivered.
        """
        sent = self._flight.frame.seq if self._peer and self._flight else None
        if sent is not None and sent <= read:
            text = self._queue.popleft() if self._queue else b""
            self._stats.confirmed += text != b""
            sent = None
        queue, self._queue = self._queue, deque()
        for i, text in enumerate(queue):
            unconfirmed = i == 0 and sent is not None
            if text:
                what = "not confirmed" if unconfirmed else "not sent"
                self._note(f"{what}: {_printable(text)}")
                self._lost[not unconfirmed] += 1

    def _end(self, why):
        """The program ends."""
        self._lose(0)
        self._peer, self._flight, self._over = None, None, True
        if why is None and any(self._lost):
            why = "{} not confirmed, {} not sent".format(*self._lost)
        self._actions.append((Action.END, why))

    def _note(self, text):
        self._actions.append((Action.NOTE, text))

    def _send(self, to, kind, attempt, ids, seq):
        """Sends a frame that is not waited for; ids: ours, the peer's."""
        frame = Frame(kind, attempt, *ids, seq)
        self._actions.append((Action.SEND, to, frame.pack()))


def shown(address):
    """An address as text; an IPv4 one without IPv6's ::ffff: before it."""
    host, port = address[0].replace("::ffff:", ""), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _printable(text):
    """Bytes as text that is safe to print."""
    return re.sub(r"[\0-\x1f\x7f-\x9f]", "?", text.decode(errors="replace"))


def _fresh_id():
    """32 bits that nobody can guess, never 0."""
    return secrets.randbits(32) or 1
