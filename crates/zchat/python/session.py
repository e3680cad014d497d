"""The conversation: who is there, what is confirmed, what is sent again and
when. It knows no socket and no clock: what arrives, and what time it is (in
seconds), come in as arguments; what is to be done comes out as actions.

       HELLO answered, then TEXT #1      BYE, or 30 s without an ACK
LISTEN ----------------------------> UP ----------------------------> LISTEN
CALL   ---------------------------->    ----------------------------> (end)
       our HELLO was answered

It reads as stop and wait: a message goes out, waits for its ACK, and goes out
again. How many may do so at once, and when, is the window's business.
"""

import secrets
from collections import deque
from dataclasses import dataclass
from enum import Enum, IntEnum
from hashlib import blake2s
from typing import Any, Optional, Union

from flight import FIRST_WAIT, Flight, Rtt, words
from frame import Damaged, Foreign, Frame, Kind, number, smaller
from window import WINDOW, Window

PATIENCE = 30.0  # Then nobody is there.
BUSY_PATIENCE = 60.0  # Or somebody else.
BYE_PATIENCE = 2.0
SILENCE = 15.0  # Then: still there?
DOUBT = 2.0  # While others call.
CALL_WORD = 2.0  # Then the user is told
WORD_AGAIN = 10.0  # and told again.

Address = tuple[Any, ...]  # As the socket names it: host, port.


class Action(Enum):
    """What the session wants done: the first of a tuple; the others follow."""

    SEND = "address, bytes"  # A failure is a lost datagram.
    SHOW = "bytes"  # If it fails, do nothing of what follows: an ACK.
    NOTE = "sentence"  # Tell the user.
    END = "sentence or None"  # It is over; what went wrong, if anything did.


@dataclass
class _Stats:
    """What was counted, of all sessions of this run."""

    confirmed: int = 0  # Messages that were confirmed.
    shown: int = 0  # Messages that were shown.
    compressed: int = 0  # Messages that went out as a zlib stream,
    before: int = 0  # and their bytes before
    after: int = 0  # and after.
    again: int = 0  # Frames sent again.
    damaged: int = 0  # Frames that came damaged.
    duplicate: int = 0  # Frames that had come before.
    # The round-trip time of the last session, smoothed.
    rtt: Optional[float] = None


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
    word: float  # When to tell the user whom we call.
    busy: bool  # The one we call talks to somebody else.


@dataclass
class _Up:
    """UP: somebody is there."""

    you: int  # Its id in this session,
    me: int  # and ours.
    address: Address
    heard: float  # When we last heard something new of it.
    ask: bool  # An empty TEXT is next: are you there?
    window: Window  # What is between us.
    doubted: Optional[float] = None  # Since when somebody wants its place.

    def hear(self, now: float) -> None:
        """It has said something new."""
        self.heard, self.doubted = now, None

    def is_gone(self, now: float, sender: Address) -> bool:
        """Somebody else calls, from sender. If the peer is silent, it is asked;
        if the caller is on the peer's own machine (started again, perhaps), and
        no answer came meanwhile, the peer is gone.
        """
        neighbour = bool(sender[0] == self.address[0])
        if self.address == sender:
            return False
        if self.doubted is not None:
            wait = self.window.rtt.wait(255)
            return neighbour and now >= self.doubted + wait
        if neighbour or now >= self.heard + DOUBT:
            self.ask, self.doubted = not self.window.flights, now
        return False


class _Over:
    """The end."""


class _Wish(IntEnum):
    """What the user wants, from much to little."""

    TALK = 0
    HEAR = 1  # To hear the peer until it leaves.
    LEAVE = 2  # To leave when everything is confirmed.


class Session:
    """One side of a chat. After each call, and when deadline() has come, call
    tick(); then do what actions() gives.

    Times count from any fixed moment, and never run backwards.
    """

    def __init__(self, dial: list[Address], now: float) -> None:
        """A session that calls all of dial and talks to the first that answers;
        if there is none, it listens.
        """
        self._dial = dial
        self._started = now
        self._state: Union[_Listen, _Call, _Up, _Over] = _Listen()
        self._wish = _Wish.TALK
        self._window = WINDOW  # How wide it may be.
        self._key = secrets.token_bytes(32)  # Of the ids that we give callers.
        self._queue: deque[bytes] = deque()  # What was never sent.
        self._lost = [0, 0]  # Messages not confirmed, and not sent.
        self._actions: list[tuple[Any, ...]] = []
        self._stats = _Stats()
        if self._dial:
            self._call(now)

    def set_window(self, window: int) -> None:
        """At most so many frames are in flight, 1 to 16 (16); with 1, it is
        stop and wait. To be called before anything else.
        """
        self._window = min(max(window, 1), WINDOW)

    def say(self, text: bytes) -> None:
        """A message for the peer, 1 to 1,024 bytes. It waits until there is
        one. After leave() it is not sent any more.
        """
        if self._wish == _Wish.LEAVE:
            self._not_sent(text)
        else:
            self._queue.append(text)

    def no_more(self) -> None:
        """The user has nothing more to say: a caller leaves when everything is
        confirmed, a listener when its peer has left.
        """
        state = self._state
        served = isinstance(state, _Listen) and state.served
        leaves = self._dial or served
        wish = _Wish.LEAVE if leaves else _Wish.HEAR
        self._wish = max(self._wish, wish)

    def leave(self) -> None:
        """The user wants to leave: with a BYE, when everything is confirmed."""
        self._wish = _Wish.LEAVE

    def abort(self) -> None:
        """The user wants to leave now."""
        peer = self._state
        if isinstance(peer, _Up):
            bye = Frame.new(Kind.BYE, (peer.me, peer.you), 0)
            self._send(peer.address, bye)
        self._end(None)

    def receive(self, now: float, sender: Address, data: bytes) -> None:
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
        ours = False
        if isinstance(state, _Call):
            ours = dst == state.hello.frame.src
        elif isinstance(state, _Up):
            ours = (src, dst) == (state.you, state.me)
        if kind == Kind.HELLO and dst == 0:
            self._called(now, sender, frame)
        elif isinstance(state, _Call) and kind == Kind.HELLO and ours:
            sent = state.hello.sent_at(frame.attempt)
            self._up(now, sender, frame)
            if isinstance(self._state, _Up):
                self._state.window.rtt.sample(now, sent)
        elif kind == Kind.HELLO:
            pass
        elif isinstance(state, _Up) and ours:
            self._heard(now, sender, frame)
        elif first and dst == self._id_for(sender, src):
            self._up(now, sender, frame)
            self._heard(now, sender, frame)
        elif ours and reset and sender in self._dial:
            self._line_is_busy()
        elif kind != Kind.ACK and not reset and dst != 0:
            # Whatever else the ids are, the answer is the same: it does not
            # tell a stranger which of them is right.
            self._send(sender, Frame.new(Kind.BYE, (dst, src), 0))

    def tick(self, now: float) -> None:
        """Sends what is due, the first time or again, and gives up what has
        waited too long.
        """
        state, leaves = self._state, self._wish == _Wish.LEAVE
        calls_in_vain = isinstance(state, _Call) and not self._queue
        if leaves and (isinstance(state, _Listen) or calls_in_vain):
            self._end(None)
        elif isinstance(state, _Call):
            self._tick_call(now)
        elif isinstance(state, _Up):
            self._tick_up(now)

    def deadline(self) -> Optional[float]:
        """When to call tick() at the latest; None: nothing is due."""
        state = self._state
        if isinstance(state, _Call):
            return min(state.hello.due, state.word)
        if isinstance(state, _Up):
            due = state.window.deadline()
            return state.heard + SILENCE if due is None else due
        return None

    def actions(self) -> list[tuple[Any, ...]]:
        """What is to be done now, in this order; each is given once."""
        actions, self._actions = self._actions, []
        return actions

    def waiting(self) -> int:
        """How many messages are not confirmed yet."""
        if not isinstance(self._state, _Up):
            return len(self._queue)
        flights = self._state.window.flights
        return len(self._queue) + sum(f.has_message() for f in flights)

    def report(self) -> str:
        """What --stats prints."""
        s = self._stats
        rtt = "not measured" if s.rtt is None else f"{s.rtt * 1e3:.1f} ms"
        return (
            f"sent: {s.confirmed} confirmed, {s.again} again, "
            f"{s.compressed} compressed ({s.before} bytes to {s.after})\n"
            f"received: {s.shown} shown, {s.duplicate} twice, "
            f"{s.damaged} damaged\n"
            f"round-trip time: {rtt}"
        )

    def _id_for(self, sender: Address, you: int) -> Optional[int]:
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
            if state.you == you:
                return state.me
            # It has started again.
        caller = repr((sender, you)).encode()
        digest = blake2s(caller, key=self._key, digest_size=4).digest()
        return number(digest) or 1

    def _tick_call(self, now: float) -> None:
        """While we call: a HELLO at 0, 1, 3, 5 ... seconds."""
        call = self._state
        if not isinstance(call, _Call):
            return
        hello = call.hello
        if now >= hello.until:
            busy = "the line is busy"
            return self._end(busy if call.busy else "nobody answers")
        if now >= call.word:
            call.word = now + WORD_AGAIN
            whom = " and ".join(shown(to) for to in self._dial)
            left = hello.until - now
            self._note(f"calling {whom} for {left:.0f} s more")
        frame = hello.departs(now, Rtt().wait)
        if frame:
            for to in self._dial:
                self._send(to, frame)

    def _tick_up(self, now: float) -> None:
        """While somebody is there."""
        self._launch(now)
        peer = self._state
        if not isinstance(peer, _Up) or not peer.window.flights:
            return
        window, oldest = peer.window, peer.window.flights[0]
        if now >= oldest.until:
            if oldest.frame.kind == Kind.BYE:
                return self._end(None)
            return self._down(0, "the peer does not answer any more")
        if window.word is not None and now >= window.word:
            window.word = None
            text = "no answer"
            if oldest.has_message():
                text = f"not confirmed yet: {oldest.words()}"
            self._note(text + ", trying again")
        patient = peer.doubted is None
        for frame in window.departures(now, patient):
            self._stats.again += frame.attempt > 0
            self._send(peer.address, frame)

    def _launch(self, now: float) -> None:
        """Puts the next frames in flight, as many as there is room for."""
        peer = self._state
        while isinstance(peer, _Up) and peer.window.has_room():
            done = not self._queue and not peer.window.flights
            leaves = done and self._wish == _Wish.LEAVE
            silent = done and not leaves and now >= peer.heard + SILENCE
            ask = peer.ask or silent
            peer.ask = False
            if not ask and not leaves and not self._queue:
                return
            if peer.window.sent == 2**32 - 1:
                if not peer.window.flights:
                    self._down(0, "no numbers are left in this session")
                return
            patience = PATIENCE
            if ask:
                kind, payload = Kind.TEXT, b""
            elif self._queue:
                text = self._queue.popleft()
                kind, payload = smaller(text)
                if kind == Kind.ZTEXT:
                    self._stats.compressed += 1
                    self._stats.before += len(text)
                    self._stats.after += len(payload)
            else:
                kind, patience = Kind.BYE, BYE_PATIENCE
                payload = peer.window.read.to_bytes(4, "big")
            ids, seq = (peer.me, peer.you), peer.window.sent + 1
            frame = Frame.new(kind, ids, seq)._replace(payload=payload)
            flight = Flight.new(frame, now, now + patience)
            peer.window.launch(now, flight)

    def _call(self, now: float) -> None:
        """Calls, from now on."""
        frame = Frame.new(Kind.HELLO, (_fresh_id(), 0), 0)
        hello = Flight.new(frame, now, self._started + PATIENCE)
        self._state = _Call(hello, now + CALL_WORD, busy=False)

    def _called(self, now: float, sender: Address, hello: Frame) -> None:
        """Somebody asks whether anyone is there."""
        if self._dial and sender not in self._dial:
            return  # We called somebody else.
        you, state = hello.src, self._state
        if isinstance(state, _Call) and state.hello.frame.src == you:
            return self._end("I have called myself")
        if isinstance(state, _Up) and state.is_gone(now, sender):
            self._down(0, "the peer does not answer any more")
            if isinstance(self._state, _Over):
                return
        me = self._id_for(sender, you)
        if me is not None:
            answer = Frame.new(Kind.HELLO, (me, you), 0)
            self._send(sender, answer._replace(attempt=hello.attempt))
        else:
            # Busy. A stranger learns nothing of the session, not even our id.
            self._send(sender, Frame.new(Kind.BYE, (_fresh_id(), you), 0))

    def _up(self, now: float, sender: Address, frame: Frame) -> None:
        """A session begins: frame has its ids."""
        if isinstance(self._state, _Up):
            self._note("the peer started again")
            self._lose(0)
        self._note("connected to " + shown(sender))
        # Our call was answered: TEXT #1 tells the peer that we are up.
        ask = frame.kind == Kind.HELLO
        window = Window(self._window, now)
        self._state = _Up(frame.src, frame.dst, sender, now, ask, window)
        self._key = secrets.token_bytes(32)  # No id is given twice.

    def _heard(self, now: float, sender: Address, frame: Frame) -> None:
        """A frame of this session, from the peer."""
        peer = self._state
        if not isinstance(peer, _Up):
            return
        seq, window = frame.seq, peer.window
        new = window.is_new(seq)
        if frame.kind == Kind.ACK:
            return self._confirmed(now, frame)
        if frame.kind == Kind.BYE and seq == 0:
            return self._reset(now)
        if window.is_too_early(seq):
            return
        if frame.kind == Kind.BYE and seq > window.read + 1:
            return  # Not everything is here.
        if not new:
            self._stats.duplicate += 1
        else:
            text = b"" if frame.kind == Kind.BYE else frame.text()
            if text is None:
                return
            # It may have moved. An old frame would not tell where to.
            if seq > window.newest():
                peer.address = sender
            texts = window.arrived(seq, text)
            peer.hear(now)
            self._stats.shown += len(texts)
            self._actions.extend((Action.SHOW, text) for text in texts)
        # Only now that it is shown. What came before its turn was not: so the
        # ACK says up to where everything was.
        read = window.read
        payload = b"" if read == seq else read.to_bytes(4, "big")
        ack = Frame.new(Kind.ACK, (peer.me, peer.you), seq)
        ack = ack._replace(attempt=frame.attempt, payload=payload)
        self._send(sender, ack)
        if frame.kind == Kind.BYE and new:
            self._down(number(frame.payload), "the peer left")

    def _confirmed(self, now: float, ack: Frame) -> None:
        """The peer acknowledges a frame: one of those in flight?"""
        peer = self._state
        if not isinstance(peer, _Up):
            return
        told = peer.window.word is None
        done = peer.window.acknowledged(now, ack)
        if not done:
            return
        peer.hear(now)
        self._stats.confirmed += sum(flight.has_message() for flight in done)
        if told:
            self._note("the peer answers again")
        if done[-1].frame.kind == Kind.BYE:
            self._end(None)

    def _reset(self, now: float) -> None:
        """The peer knows nothing of this session."""
        peer = self._state
        if not isinstance(peer, _Up):
            return
        window = peer.window
        flying = window.flights[0].frame.kind if window.flights else None
        nothing_yet = window.sent == 1 and window.read == 0
        if flying == Kind.BYE:
            self._end(None)
        elif self._dial and nothing_yet and flying is not None:
            # Another caller was quicker: our TEXT #1 came too late.
            self._call(now + FIRST_WAIT)
            self._line_is_busy()
        else:
            self._down(0, "the peer has ended the session")

    def _line_is_busy(self) -> None:
        """The one we call talks to somebody else: keep calling, for longer."""
        call = self._state
        if not isinstance(call, _Call):
            return
        call.hello.until = self._started + BUSY_PATIENCE
        if not call.busy:
            call.busy = True
            self._note("the line is busy; calling again")

    def _down(self, read: int, why: str) -> None:
        """The session ends; the peer has read up to our number read."""
        self._note(why)
        self._lose(read)
        if self._dial or self._wish != _Wish.TALK:
            self._end(None)
        else:
            self._state = _Listen(served=True)
            self._note("waiting for the next caller")

    def _lose(self, read: int) -> None:
        """Says what became of the messages. Nobody can know whether one in
        flight was delivered, unless the peer has read up to its number.
        """
        flights: deque[Flight] = deque()
        if isinstance(self._state, _Up):
            window = self._state.window
            window.flights, flights = flights, window.flights
            self._stats.rtt = window.rtt.smoothed
        for flight in flights:
            if flight.has_message() and flight.frame.seq <= read:
                self._stats.confirmed += 1
            elif flight.has_message():
                self._note(f"not confirmed: {flight.words()}")
                self._lost[0] += 1
        while self._queue:
            self._not_sent(self._queue.popleft())

    def _not_sent(self, text: bytes) -> None:
        self._note(f"not sent: {words(text)}")
        self._lost[1] += 1

    def _end(self, why: Optional[str]) -> None:
        """The program ends."""
        self._lose(0)
        self._state = _Over()
        if why is None and any(self._lost):
            why = "{} not confirmed, {} not sent".format(*self._lost)
        self._actions.append((Action.END, why))

    def _note(self, text: str) -> None:
        self._actions.append((Action.NOTE, text))

    def _send(self, to: Address, frame: Frame) -> None:
        """Sends a frame that is not waited for."""
        self._actions.append((Action.SEND, to, frame.pack()))


def shown(address: Address) -> str:
    """An address as text; an IPv4 one without IPv6's ::ffff: before it."""
    host, port = address[:2]
    if host.startswith("::ffff:") and "." in host:
        host = host[len("::ffff:") :]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _fresh_id() -> int:
    """32 bits that nobody can guess, never 0."""
    return secrets.randbits(32) or 1
