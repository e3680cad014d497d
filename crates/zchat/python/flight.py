"""A frame in flight: when it is sent again, for how long, and how long its
answer took. It knows no clock: the time comes in as an argument.
"""

from dataclasses import dataclass, field
from typing import Callable, Optional

from frame import Frame, Kind, printable

FIRST_WAIT = 1.0  # While nothing is measured yet.
LEAST_WAIT = 0.2  # RFC 6298: 1 s.
MOST_WAIT = 2.0  # On a usual path.

# After so many that were sent later, it is taken for lost (RFC 9002, 6.1.1).
LATER = 3


@dataclass
class Flight:
    """A frame that waits for its answer. It is to be sent at due for the first
    time.
    """

    frame: Frame
    due: float  # When its timer expires, and
    until: float  # when to give up.
    sent: list[float] = field(default_factory=list)  # One for each attempt.
    expired: int = 0  # How often the timer has.
    later: int = 0  # How many came that were sent after it.
    lost: bool = False  # It is taken for lost before its timer expires.
    came: bool = False  # It is there, but was not shown yet.

    @classmethod
    def new(cls, frame: Frame, due: float, until: float) -> "Flight":
        """One that is to be sent at due for the first time."""
        return cls(frame, due, until)

    def has_message(self) -> bool:
        """Whether a message is in it."""
        return self.frame.kind != Kind.BYE and bool(self.frame.payload)

    def words(self) -> str:
        """Its message, as words() says it."""
        return words(self.frame.text() or b"")

    def departs(
        self, now: float, wait: Callable[[int], float]
    ) -> Optional[Frame]:
        """The frame, if it is to be sent now, the first time or again. wait
        says for how long an answer may then be missing, by how often the timer
        has expired.
        """
        if now < self.due and not self.lost:
            return None
        self.expired += self.expires(now)
        attempt = min(len(self.sent), 255)
        self.frame = self.frame._replace(attempt=attempt)
        self.sent.append(now)
        self.due = min(now + wait(self.expired), self.until)
        self.later, self.lost = 0, False
        return self.frame

    def expires(self, now: float) -> bool:
        """Whether its timer expires now: nothing told before that it is
        lost.
        """
        return now >= self.due and not self.lost and bool(self.sent)

    def sent_at(self, attempt: int) -> Optional[float]:
        """When it was sent for the time attempt."""
        return self.sent[attempt] if attempt < len(self.sent) else None

    def arrives(self) -> None:
        """It has come: it is not sent again."""
        self.came, self.lost, self.due = True, False, self.until

    def overtaken(self, by: tuple[float, int]) -> None:
        """Another frame has come, which was sent at a time and has a number. If
        that was after this one, this one is perhaps lost.
        """
        if self.came or not self.sent:
            return
        if (self.sent[-1], self.frame.seq) < by:
            self.later += 1
            self.lost |= self.later == LATER


def words(text: bytes) -> str:
    """The first line of a message as text that is safe to print."""
    first, *more = text.split(b"\n")
    return printable(first) + (" ..." if more else "")


@dataclass
class Rtt:
    """The round-trip time, and the retransmission timeout (RFC 6298)."""

    smoothed: Optional[float] = None
    variation: float = 0.0

    def sample(self, now: float, sent: Optional[float]) -> None:
        """The time from a sending, if it is known, to its answer."""
        if sent is None:
            return
        r = now - sent
        if self.smoothed is None:
            self.smoothed, self.variation = r, r / 2
            return
        difference = abs(self.smoothed - r)
        self.variation = (self.variation * 3 + difference) / 4
        self.smoothed = (self.smoothed * 7 + r) / 8

    def round_trip(self) -> float:
        """The time there and back, as far as it is known."""
        return FIRST_WAIT if self.smoothed is None else self.smoothed

    def wait(self, expired: int) -> float:
        """How long to wait for an answer, by how often that was in vain."""
        estimate = FIRST_WAIT
        if self.smoothed is not None:
            estimate = max(self.smoothed + 4 * self.variation, LEAST_WAIT)
        doubled = estimate * 2 ** min(expired, 4)
        return float(max(min(doubled, MOST_WAIT), estimate))
