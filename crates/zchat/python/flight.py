"""A frame in flight: when it is sent again, for how long, and how long its
answer took. It knows no clock: the time comes in as an argument.
"""

from dataclasses import dataclass, field
from typing import Optional

from frame import Frame

FIRST_WAIT = 1.0  # While nothing is measured yet.
LEAST_WAIT = 0.2  # RFC 6298: 1 s.
MOST_WAIT = 2.0  # On a usual path.
LATE = 3.0  # Then the user is told so.


@dataclass
class Flight:
    """A frame that waits for its answer."""

    frame: Frame
    text: bytes  # The message in it; empty: none.
    due: float  # When to send it again, or
    until: float  # to give up.
    sent: list = field(default_factory=list)  # When: one for each attempt.
    word: Optional[float] = None  # When to tell the user that no answer came.

    @classmethod
    def new(cls, frame, text, due, until):
        """One that is to be sent at due for the first time."""
        return cls(frame, text, due, until, word=due + LATE)

    def deadline(self):
        """When something is to be done about it."""
        return self.due if self.word is None else min(self.word, self.due)

    def is_late(self, now):
        """Whether the user is to be told now that no answer came."""
        late = self.word is not None and now >= self.word
        if late:
            self.word = None
        return late

    def departs(self, now, wait):
        """Its bytes, if they are to be sent now, the first time or again. wait
        says for how long an answer may then be missing, by the attempt.
        """
        if now < self.due:
            return None
        attempt = min(len(self.sent), 255)
        self.frame = self.frame._replace(attempt=attempt)
        self.sent.append(now)
        self.due = min(now + wait(attempt), self.until)
        return self.frame.pack()

    def took(self, now, attempt):
        """How long ago it was sent for the time attempt."""
        return now - self.sent[attempt] if attempt < len(self.sent) else None


@dataclass
class Rtt:
    """The round-trip time, and the retransmission timeout (RFC 6298)."""

    smoothed: Optional[float] = None
    variation: float = 0.0

    def sample(self, took):
        """The time from a sending to its answer, if it is known."""
        if took is None:
            return
        if self.smoothed is None:
            self.smoothed, self.variation = took, took / 2
            return
        difference = abs(self.smoothed - took)
        self.variation = (self.variation * 3 + difference) / 4
        self.smoothed = (self.smoothed * 7 + took) / 8

    def wait(self, attempt):
        """How long to wait after the sending number attempt (0, 1, ...)."""
        estimate = FIRST_WAIT
        if self.smoothed is not None:
            estimate = max(self.smoothed + 4 * self.variation, LEAST_WAIT)
        doubled = estimate * 2 ** min(attempt, 4)
        return max(min(doubled, MOST_WAIT), estimate)
