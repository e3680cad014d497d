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
from dataclasses import dataclass
from enum import Enum, IntEnum
from hashlib import blake2s
from types import SimpleNamespace
from typing import Optional

from flight import FIRST_WAIT, Flight, Rtt
from frame import Damaged, Foreign, Frame, Kind, number, smaller

PATIENCE = 30.0  # Then nobody is there.
BUSY_PATIENCE = 60.0  # Or somebody else.
BYE_PATIENCE = 2.0
SILENCE = 15.0  # Then: still there?
DOUBT = 2.0  # While others call.
CALL_WORD = 2.0  # Then the user is told
WORD_AGAIN = 10.0  # and told again.


class Action(Enum):
    """What the session wants done: the first of a tuple; the others follow."""

    SEND = "address, bytes"  # A failure is a lost datagram.
    SHOW = "bytes"  # If it fails, do nothing of what follows: an ACK.
    NOTE = "sentence"  # Tell the user.
    END = "sentence or None"  # It is over; what went wrong, if anything did.


class _Wish(IntEnum):
    """What the user wants, from much to little."""

    TALK = 0
    HEAR = 1  # To hear the peer until it leaves.
    LEAVE = 2  # To leave when everything is confirmed.


# Where the conversation stands is one of four classes, which hold what is known
# there alone: _Listen, _Call, _Up, _Over.


@dataclass
class _Listen:
    """LISTEN: nobody is there."""

    served: bool = False  # Somebody was.


@dataclass
class _Call:
    """CALL: our HELLO is in flight."""

    hello: Flight
    busy: bool  # The one we call talks to somebody else.


@dataclass
class _Up:
    """UP: somebody is there."""

    id: int
    me: int  # Our id in this session.
    address: tuple
    heard: float  # When we last heard something new of it.
    sent: int = 0  # The number of our last frame.
    expect: int = 1  # The number of its next frame.
    doubted: Optional[float] = None  # Since when somebody wants its place.
    ask: bool = False  # An empty TEXT is next: are you there?
    flight: Optional[Flight] = None

    def _hear(self, now):
        """It has said something new."""
        self.heard, self.doubted = now, None

    def _is_gone(self, now, sender, rtt):
        """Somebody else calls, from sender. If the peer is silent, it is asked;
        if the caller is on the peer's own machine (started again, perhaps), and
        no answer came meanwhile, the peer is gone.
        """
        neighbour = sender[0] == self.address[0]
        if self.address == sender:
            return False
        if self.doubted is not None:
            return neighbour and now >= self.doubted + rtt.wait(255)
        if neighbour or now >= self.heard + DOUBT:
            self.ask, self.doubted = not self.flight, now
        return False


class _Over:
    """The end."""


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
        self._state = _Listen()
        self._wish = _Wish.TALK
        self._key = secrets.token_bytes(32)  # Of the ids that we give callers.
        self._queue = deque()  # The messages that were never sent.
        self._rtt = Rtt()
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
            self._call(now)

    def say(self, text):
        """A message for the peer, 1 to 1,024 bytes. It waits until there is
        one. After leave() it is not sent any more.
        """
        if self._wish == _Wish.LEAVE:
            self._not_sent(text)
        else:
            self._queue.append(text)

    def no_more(self):
        """The user has nothing more to say: a caller leaves when everything is
        confirmed, a listener when its peer has left.
        """
        state = self._state
        served = isinstance(state, _Listen) and state.served
        leaves = self._dial or served
        wish = _Wish.LEAVE if leaves else _Wish.HEAR
        self._wish = max(self._wish, wish)

    def leave(self):
        """The user wants to leave: with a BYE, when everything is confirmed."""
        self._wish = _Wish.LEAVE

    def abort(self):
        """The user wants to leave now."""
        peer = self._state
        if isinstance(peer, _Up):
            self._send(peer.address, Kind.BYE, 0, (peer.me, peer.id), 0)
        self._end(None)

    def receive(self, now, sender, data):
        """A datagram has come, data, 0 bytes or more."""
        state = self._state
        try:
            frame = Frame.unpack(data)
        except Damaged:
            self._stats.damaged += 1
            return
        except Foreign:
            return
        if isinstance(state, _Over):
            return
        kind, src, dst = frame.kind, frame.src, frame.dst
        first = kind == Kind.TEXT and frame.seq == 1
        reset = kind == Kind.BYE and frame.seq == 0
        ours = isinstance(state, _Call) and dst == state.hello.frame.src
        if kind == Kind.HELLO and dst == 0:
            self._called(now, sender, frame)
        elif kind == Kind.HELLO and ours:
            self._answered(now, sender, frame)
        elif kind == Kind.HELLO:
            pass
        elif isinstance(state, _Up) and (src, dst) == (state.id, state.me):
            self._heard(now, sender, frame)
        elif first and dst == self._id_for(sender, src):
            self._up(now, sender, (src, dst), False)
            self._heard(now, sender, frame)
        elif reset and ours and sender in self._dial:
            self._line_is_busy()
        elif kind != Kind.ACK and not reset and dst != 0:
            # Whatever else the ids are, the answer is the same: it does not
            # tell a stranger which of them is right.
            self._send(sender, Kind.BYE, 0, (dst, src), 0)

    def tick(self, now):
        """Sends what is due, the first time or again, and gives up what has
        waited too long.
        """
        leaves = self._wish == _Wish.LEAVE
        if isinstance(self._state, _Listen) and leaves:
            self._end(None)
        elif isinstance(self._state, _Call) and leaves and not self._queue:
            self._end(None)
        elif isinstance(self._state, _Call):
            self._tick_call(now)
        elif isinstance(self._state, _Up):
            self._tick_up(now)

    def deadline(self):
        """When to call tick() at the latest; None: nothing is due."""
        state = self._state
        if isinstance(state, _Call):
            return state.hello.deadline()
        if isinstance(state, _Up):
            flight = state.flight
            return flight.deadline() if flight else state.heard + SILENCE
        return None

    def actions(self):
        """What is to be done now, in this order; each is given once."""
        actions, self._actions = self._actions, []
        return actions

    def waiting(self):
        """How many messages are not confirmed yet."""
        up = isinstance(self._state, _Up)
        flying = self._state.flight if up else None
        return len(self._queue) + bool(flying and flying.text)

    def report(self):
        """What --stats prints."""
        s = self._stats
        rtt = self._rtt.smoothed
        rtt = "not measured" if rtt is None else f"{rtt * 1e3:.1f} ms"
        return (
            f"sent: {s.confirmed} confirmed, {s.again} again, "
            f"{s.compressed} compressed ({s.before} bytes to {s.after})\n"
            f"received: {s.shown} shown, {s.duplicate} twice, "
            f"{s.damaged} damaged\n"
            f"round-trip time: {rtt}"
        )

    def _id_for(self, sender, id):
        """Our id for the caller with that address and id, if we would take its
        call now. It is computed whenever it is needed, and not kept, so that no
        flood of callers costs memory (as SYN cookies, RFC 4987, section 3.6).
        """
        state = self._state
        if isinstance(state, _Call):
            return state.hello.frame.src if sender in self._dial else None
        if isinstance(state, _Up):
            if state.address != sender:
                return None
            if state.id == id:
                return state.me
            # It has started again.
        caller = repr((sender, id)).encode()
        hash = blake2s(caller, key=self._key, digest_size=4)
        return number(hash.digest()) or 1

    def _tick_call(self, now):
        """While we call: a HELLO at 0, 1, 3, 5 ... seconds."""
        hello = self._state.hello
        if now >= hello.until:
            busy = "the line is busy"
            return self._end(busy if self._state.busy else "nobody answers")
        if hello.is_late(now):
            hello.word = now + WORD_AGAIN
            whom = " and ".join(shown(to) for to in self._dial)
            left = hello.until - now
            self._note(f"calling {whom} for {left:.0f} s more")
        data = hello.departs(now, self._rtt.wait)
        for to in self._dial if data else []:
            self._actions.append((Action.SEND, to, data))

    def _tick_up(self, now):
        """While somebody is there."""
        self._launch(now)
        if not isinstance(self._state, _Up) or not self._state.flight:
            return
        peer, flight = self._state, self._state.flight
        if now >= flight.until:
            if flight.frame.kind == Kind.BYE:
                return self._end(None)
            return self._down(0, "the peer does not answer any more")
        if flight.is_late(now):
            text = "no answer"
            if flight.text:
                text = f"not confirmed yet: {_printable(flight.text)}"
            self._note(text + ", trying again")
        patient = peer.doubted is None
        data = flight.departs(
            now, lambda n: self._rtt.wait(n if patient else 0)
        )
        if data:
            self._stats.again += flight.frame.attempt > 0
            self._actions.append((Action.SEND, peer.address, data))

    def _launch(self, now):
        """Puts the next frame in flight, if there is one and nothing flies."""
        peer = self._state
        if peer.flight:
            return
        leaves = self._wish == _Wish.LEAVE
        idle = not self._queue and not leaves
        ask = peer.ask or idle and now >= peer.heard + SILENCE
        peer.ask = False
        if idle and not ask:
            return
        if peer.sent == 2**32 - 1:
            return self._down(0, "no numbers are left in this session")
        peer.sent += 1
        if ask or self._queue:
            text = b"" if ask else self._queue.popleft()
            kind, payload = smaller(text)
            patience = PATIENCE
            if kind == Kind.ZTEXT:
                self._stats.compressed += 1
                self._stats.before += len(text)
                self._stats.after += len(payload)
        else:
            text, kind, patience = b"", Kind.BYE, BYE_PATIENCE
            payload = (peer.expect - 1).to_bytes(4, "big")
        frame = Frame(kind, 0, peer.me, peer.id, peer.sent, payload)
        peer.flight = Flight.new(frame, text, now, now + patience)

    def _call(self, now):
        """Calls, from now on."""
        frame = Frame(Kind.HELLO, 0, _fresh_id(), 0, 0)
        hello = Flight.new(frame, b"", now, self._started + PATIENCE)
        hello.word = now + CALL_WORD
        self._state = _Call(hello, busy=False)

    def _called(self, now, sender, hello):
        """Somebody asks whether anyone is there."""
        if self._dial and sender not in self._dial:
            return  # We called somebody else.
        id, state = hello.src, self._state
        if isinstance(state, _Call) and state.hello.frame.src == id:
            return self._end("I have called myself")
        if isinstance(state, _Up) and state._is_gone(now, sender, self._rtt):
            self._down(0, "the peer does not answer any more")
            if isinstance(self._state, _Over):
                return
        me = self._id_for(sender, id)
        if me is not None:
            self._send(sender, Kind.HELLO, hello.attempt, (me, id), 0)
        else:
            # Busy. A stranger learns nothing of the session, not even our id.
            self._send(sender, Kind.BYE, 0, (_fresh_id(), id), 0)

    def _answered(self, now, sender, answer):
        """Our call was answered."""
        took = self._state.hello.took(now, answer.attempt)
        self._up(now, sender, (answer.src, answer.dst), True)
        self._rtt.sample(took)

    def _up(self, now, sender, ids, ask):
        """A session begins; the ids are the peer's and ours. ask: TEXT #1 is to
        tell the peer that we are up.
        """
        if isinstance(self._state, _Up):
            self._note("the peer started again")
            self._lose(0)
        self._note("connected to " + shown(sender))
        self._state = _Up(*ids, sender, heard=now, ask=ask)
        self._rtt = Rtt()
        self._key = secrets.token_bytes(32)  # No id is given twice.

    def _heard(self, now, sender, frame):
        """A frame of this session, from the peer."""
        peer = self._state
        expect, ids = peer.expect, (peer.me, peer.id)
        if frame.kind == Kind.ACK:
            return self._confirmed(now, frame)
        if frame.kind == Kind.BYE and frame.seq == 0:
            return self._reset(now)
        if frame.seq > expect:
            return
        if frame.seq < expect:
            self._stats.duplicate += 1
        else:
            text = b"" if frame.kind == Kind.BYE else frame.text()
            if text is None:
                return
            peer.expect += 1
            # It may have moved. An old frame would not tell where to.
            peer.address = sender
            peer._hear(now)
            if text:
                self._stats.shown += 1
                self._actions.append((Action.SHOW, text))
        # Only now that it is shown.
        self._send(sender, Kind.ACK, frame.attempt, ids, frame.seq)
        if frame.kind == Kind.BYE and frame.seq == expect:
            self._down(number(frame.payload), "the peer left")

    def _confirmed(self, now, ack):
        """The peer acknowledges a frame: the one in flight?"""
        peer, flight = self._state, self._state.flight
        if not flight or flight.frame.seq != ack.seq:
            return
        peer.flight = None
        peer._hear(now)
        self._rtt.sample(flight.took(now, ack.attempt))
        self._stats.confirmed += flight.text != b""
        if flight.word is None:
            self._note("the peer answers again")
        if flight.frame.kind == Kind.BYE:
            self._end(None)

    def _reset(self, now):
        """The peer knows nothing of this session."""
        peer = self._state
        flying = peer.flight and peer.flight.frame.kind
        nothing_yet = peer.sent == 1 and peer.expect == 1
        if flying == Kind.BYE:
            self._end(None)
        elif self._dial and nothing_yet and flying:
            # Another caller was quicker: our TEXT #1 came too late.
            self._call(now + FIRST_WAIT)
            self._line_is_busy()
        else:
            self._down(0, "the peer has ended the session")

    def _line_is_busy(self):
        """The one we call talks to somebody else: keep calling, for longer."""
        call = self._state
        call.hello.until = self._started + BUSY_PATIENCE
        if not call.busy:
            call.busy = True
            self._note("the line is busy; calling again")

    def _down(self, read, why):
        """The session ends; the peer has read up to our number read."""
        self._note(why)
        self._lose(read)
        if self._dial or self._wish != _Wish.TALK:
            self._end(None)
        else:
            self._state = _Listen(served=True)
            self._note("waiting for the next caller")

    def _lose(self, read):
        """Says what became of the messages. Nobody can know whether the one in
        flight was delivered, unless the peer has read up to its number.
        """
        flight = None
        if isinstance(self._state, _Up):
            flight, self._state.flight = self._state.flight, None
        if flight and flight.text:
            if flight.frame.seq <= read:
                self._stats.confirmed += 1
            else:
                self._note(f"not confirmed: {_printable(flight.text)}")
                self._lost[0] += 1
        while self._queue:
            self._not_sent(self._queue.popleft())

    def _not_sent(self, text):
        self._note(f"not sent: {_printable(text)}")
        self._lost[1] += 1

    def _end(self, why):
        """The program ends."""
        self._lose(0)
        self._state = _Over()
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
    host, port = address[:2]
    if host.startswith("::ffff:") and "." in host:
        host = host[len("::ffff:") :]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _printable(text):
    """Bytes as text that is safe to print: what could move a terminal's cursor
    or change its settings, and what could turn the direction of the text
    around, becomes ?; what is no UTF-8 becomes U+FFFD.
    """
    bad = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    return re.sub(bad, "?", text.decode(errors="replace"))


def _fresh_id():
    """32 bits that nobody can guess, never 0."""
    return secrets.randbits(32) or 1
