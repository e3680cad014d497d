"""The window: our frames that are in flight, and the peer's that came before
their turn. With a window of one frame, this is stop and wait.
"""

from collections import deque
from typing import Optional

from flight import Flight, Rtt
from frame import Frame, number

WINDOW = 16  # At most so many frames are in flight, or wait for their turn.

FIRST = 4  # So many at the beginning (RFC 8085, section 3.1.1),
LEAST = 2  # and never fewer (RFC 9002, section 7.2).

LATE = 3.0  # After so long without an answer the user is told so.

# In less time than that no answer is late: a busy machine lets programs wait.
LEAST_PROBE = 0.002


class Window:
    """What is on its way between two sides."""

    def __init__(self, most: int, now: float) -> None:
        """An empty one, at most most frames wide, 1 to WINDOW."""
        self.sent = 0  # The number of our last frame.
        self.read = 0  # That of the peer's last one that was shown.
        self.flights: deque[Flight] = deque()
        # When to tell the user that no answer comes.
        self.word: Optional[float] = None
        self.rtt = Rtt()
        self._early: dict[int, bytes] = {}  # By their numbers.
        self._most = most  # The window, and
        self._allowed = min(most, FIRST)  # what the path seems to carry of it.
        self._changed = now  # When that has changed.
        # When to ask what became of the oldest,
        self._probe: Optional[float] = None
        self._silence = 0.0  # after so long without an answer.

    def has_room(self) -> bool:
        """Whether one more frame may be sent. Number 1 goes alone: the peer
        knows of no session before that has come.
        """
        flights = self.flights
        first = bool(flights) and flights[0].frame.seq == 1
        flying = sum(1 for flight in flights if not flight.came)
        room = len(flights) < self._most
        return not first and room and flying < self._allowed

    def launch(self, now: float, flight: Flight) -> None:
        """One more frame is to be sent."""
        if not self.flights:
            self.word = now + LATE
        self.sent = flight.frame.seq
        self.flights.append(flight)
        self._expect_news(now)

    def _expect_news(self, now: float) -> None:
        """If no answer comes for two round trips, something is lost that
        nothing tells of: the last frame, or one that was sent again; so the
        oldest is sent again, then after twice as long, and so on (RFC 9002,
        6.2).
        """
        self._silence = max(self.rtt.round_trip() * 2, LEAST_PROBE)
        self._probe = now + self._silence if self._most > 1 else None

    def deadline(self) -> Optional[float]:
        """When something is to be done about what is in flight, if anything
        is.
        """
        if not self.flights:
            return None
        due = min(flight.due for flight in self.flights)
        more = (self.word, self._probe)
        return min([due] + [at for at in more if at is not None])

    def departures(self, now: float, patient: bool) -> list[Frame]:
        """The frames that are to be sent now, the first time or again. patient:
        wait longer after each time.
        """
        silent = self._probe is not None and now >= self._probe
        if silent:
            self._probe = None
        if any(flight.expires(now) for flight in self.flights):
            # Too much is on the way, perhaps. (What is sent again before that
            # does not say so: the path carries what came.)
            self._allow(now, self._allowed // 2)
            self._probe = None
        elif silent:
            missing = (f for f in self.flights if not f.came)
            for oldest in list(missing)[:1]:
                oldest.lost = True
                self._silence *= 2
                self._probe = now + self._silence
        frames = (
            flight.departs(now, lambda n: self.rtt.wait(n if patient else 0))
            for flight in self.flights
        )
        return [frame for frame in frames if frame]

    def _allow(self, now: float, allowed: int) -> None:
        """So many frames may be in flight from now on. That changes at most
        once in a round trip.
        """
        if now >= self._changed + self.rtt.round_trip():
            self._allowed = min(max(allowed, LEAST), self._most)
            self._changed = now

    def acknowledged(self, now: float, ack: Frame) -> list[Flight]:
        """An acknowledgement: seq has come, and everything up to the number in
        the payload was shown (without a payload: up to seq). What was confirmed
        by that.
        """
        read = number(ack.payload) if ack.payload else ack.seq
        if max(ack.seq, read) > self.sent:
            return []  # It names what was never sent.
        for flight in self.flights:
            if flight.frame.seq == ack.seq and not flight.came:
                flight.arrives()
                sent = flight.sent_at(ack.attempt)
                self.rtt.sample(now, sent)
                self._expect_news(now)
                for other in self.flights:
                    other.overtaken((sent or 0.0, ack.seq))
        shown = []
        while self.flights and self.flights[0].frame.seq <= read:
            shown.append(self.flights.popleft())
        if shown:
            self.word = now + LATE
            self._allow(now, self._allowed + 1)
        return shown

    def newest(self) -> int:
        """The highest of the peer's numbers that has come."""
        return max(self._early, default=self.read)

    def is_new(self, seq: int) -> bool:
        """Whether the peer's number seq was not there before."""
        return seq > self.read and seq not in self._early

    def is_too_early(self, seq: int) -> bool:
        """Whether it is too early for the peer's number seq: there is no
        place.
        """
        return seq - self.read > self._most

    def arrived(self, seq: int, text: bytes) -> list[bytes]:
        """The peer's new number seq has come: the messages whose turn it is
        now.
        """
        self._early[seq] = text
        turn = []
        while self.read + 1 in self._early:
            self.read += 1
            turn.append(self._early.pop(self.read))
        return [text for text in turn if text]
