"""Sends the probes, and decides what became of each.

One thread sends, at the times of the schedule, whatever else happens; the other
one receives. So no late reply delays a later probe.
"""

import contextlib
import math
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, field

import clock
import packet
import stats

TICK = 0.05  # Seconds that a thread sleeps before it looks whether to end.

# Seconds. A probe that is later than this, and than a mean gap, was not sent by
# a program that runs.
PAUSE = 0.2

# The sending ends when nothing has come back for so many seconds, or ten mean
# gaps: a network that answers nothing may be overloaded (RFC 8085).
SILENCE = 30.0


@dataclass
class Probe:
    """A probe: sent, and by the end of the run answered in time, or not."""

    at: int  # The time of day when it was sent: nanoseconds since 1970.
    sent: int  # The same moment on the clock that measures intervals.
    rtt: float = math.inf  # The delay in seconds; infinite = undefined.
    answered: bool = False  # Whether a reply came, be it too late.


def run(s, times, options, stop):
    """Sends a probe from s, which is connected to the reflector, at each of
    times after the start, and waits until each is answered or undefined.

    Prints a line for each unless options.quiet. Once stop (an Event) is set it
    sends no more. The network's errors are notes on stderr.
    """
    s.settimeout(TICK)
    clock.stamp_arrivals(s)
    sample = Sample()
    what = s, times, options, stop, sample
    sender = threading.Thread(target=_send, args=what)
    sender.start()
    try:
        sample._receive(s, options, stop, sender)
    except BaseException:
        stop.set()  # Or the sender would go on.
        raise
    return sample


def stop_on_ctrl_c(stop):
    """From now on Ctrl-C sets stop (an Event); a second one ends the program at
    once, with status 130.
    """

    def _stop(*_):
        if stop.is_set():
            os._exit(130)
        stop.set()

    signal.signal(signal.SIGINT, _stop)


def _warm(s):
    """A socket connected to itself: no network sees what it sends. Used right
    before a probe is sent, it brings the kernel's code for sending into the
    processor's cache, and the probe leaves sooner after its time is noted.
    """
    warm = socket.socket(s.family, socket.SOCK_DGRAM)
    warm.setblocking(False)
    with contextlib.suppress(OSError):
        warm.bind((s.getsockname()[0], 0))
        warm.connect(warm.getsockname())
    return warm


def _send(s, times, options, stop, sample):
    """The sending thread."""
    warm, noted, seq = _warm(s), [], 0
    start, awake = time.perf_counter(), 0
    late = max(PAUSE, options.interval)
    for moment in times:

        def _left():
            return max(start + moment - time.perf_counter(), 0)

        while _left() > 0 and not stop.is_set():
            time.sleep(min(_left(), TICK))
        if stop.is_set():
            return
        # So late? The program did not run. What was due until it ran again
        # would leave all at once: it does not leave.
        if time.perf_counter() - start > moment + late:
            awake = time.perf_counter() - start
        if moment < awake:
            sample.skipped += 1
            continue
        at = clock.wall()
        data = packet.request(seq, packet.ntp(at), options.size)
        with contextlib.suppress(OSError):
            warm.send(data)
            warm.recv(1)
        # Locked: whoever has a reply finds its probe.
        with sample.lock:
            probe = Probe(at, time.perf_counter_ns())
            try:
                s.send(data)
            except OSError:
                # It may be about the probe before: a closed port. So again.
                try:
                    s.send(data)
                except OSError as e:
                    _note(noted, e)
            sample.probes.append(probe)
        seq += 1


@dataclass
class Sample:
    """A sample: the probes of one run, and what else came."""

    probes: list = field(default_factory=list)  # As they were sent.
    skipped: int = 0  # Not sent: their time passed while nothing ran.
    duplicates: int = 0  # Replies that were not the first to their probe.
    reordered: int = 0  # Probes answered in time, but after a later one.
    short: int = 0  # Replies shorter than their probe.
    damaged: int = 0  # Replies that did not bring back what was sent.
    unmatched: int = 0  # Datagrams that answered no probe.
    latest: int = 0  # The last probe that was answered in time.
    next: int = 0  # All before this probe are answered or lost.
    lock: object = field(default_factory=threading.Lock)  # Of probes.

    def rtts(self):
        """The delay of each probe in seconds; infinite = undefined."""
        return [probe.rtt for probe in self.probes]

    def received(self):
        """How many probes were answered in time."""
        return len(stats.received(self.rtts()))

    def late(self):
        """How many were answered, but too late."""
        return sum(p.answered for p in self.probes) - self.received()

    def counts(self):
        """The counts as text, in two lines."""
        sent, received = len(self.probes), self.received()
        lost, late = sent - received, self.late()
        return (
            f"probes       {sent} sent, {received} received, "
            f"{lost} lost ({late} late); {self.skipped} skipped\n"
            f"replies      {self.duplicates} duplicates, "
            f"{self.reordered} reordered, {self.short} short, "
            f"{self.damaged} damaged, {self.unmatched} unmatched\n"
        )

    def _receive(self, s, options, stop, sender):
        """The receiving thread."""
        noted, silent = [], 0.0
        silence = max(SILENCE, 10 * options.interval)
        while True:
            over = not sender.is_alive()  # Then all probes are in the list.
            asked = time.perf_counter_ns()
            data = error = None
            try:
                data = s.recv(65536)
            except OSError as e:
                error = e
            gap = clock.gap(s) or 0
            now = time.perf_counter_ns()  # Last: what comes between adds.
            # Much longer than a tick? Then the program did not run.
            silent += min((now - asked) / 1e9, 2 * TICK)
            said = ""
            with self.lock:
                if data is not None:
                    silent = 0.0
                    said += self._expire(now - gap, options)
                    said += self._take(data, now, gap, options)
                elif isinstance(error, socket.timeout):
                    # What had come by then would be here now.
                    said += self._expire(asked, options)
                else:
                    _note(noted, error)
                waiting = self.probes[self.next :] if over else []
            # Not locked: whoever reads the lines may be slow.
            print(said, end="", flush=True)
            if over and all(probe.answered for probe in waiting):
                return
            if silent > silence and not over and not stop.is_set():
                stop.set()
                why = "no reply for %g s: ending early" % silence
                print(why, file=sys.stderr)

    def _expire(self, now, options):
        """Gives up the probes whose time was over at now; gives their lines."""
        said = ""
        while self.next < len(self.probes):
            probe = self.probes[self.next]
            if not probe.answered:
                if (now - probe.sent) / 1e9 <= options.timeout:
                    break
                said += _line(self.next, probe.rtt, options)
            self.next += 1
        return said

    def _take(self, data, now, gap, options):
        """Finds the probe that data, received at now, answers; gives its line.

        It arrived gap earlier.
        """
        # None by its number and time? Then the last one, if it is damaged.
        seq = len(self.probes) - 1
        for at in 0, packet.COPY:
            named, sent = packet.probe(data, at) or (math.inf, 0)
            if named < len(self.probes):
                if packet.ntp(self.probes[named].at) == sent:
                    seq = named
        if seq < 0:
            self.unmatched += 1
            return ""
        probe = self.probes[seq]
        request = packet.request(seq, packet.ntp(probe.at), options.size)
        answer = packet.answer(data, request)
        self.short += answer == "short"
        self.damaged += answer == "damaged"
        self.unmatched += answer == "strange"
        if answer not in ("stamp", "echo"):
            return ""
        self.duplicates += probe.answered
        late = probe.answered or seq < self.next
        probe.answered = True
        if late:
            return ""
        inside = packet.inside(data) if answer == "stamp" else None
        rtt = now - probe.sent
        for part in gap, inside or 0:
            rtt -= part if part < rtt else 0
        probe.rtt = rtt / 1e9
        self.reordered += seq < self.latest
        self.latest = max(self.latest, seq)
        return _line(seq, probe.rtt, options)


def _line(seq, rtt, options):
    """The line for a probe; empty if options.quiet."""
    limit = ("%f" % options.timeout).rstrip("0").rstrip(".")
    why = "" if rtt < math.inf else " (no reply in %s s)" % limit
    rtt = stats.ms(rtt) if why else "rtt=" + stats.ms(rtt)
    return "" if options.quiet else "seq=%i %s%s\n" % (seq, rtt, why)


def _note(noted, e):
    """Says on stderr what the network refused, unless that was said before."""
    if noted != [type(e)]:
        noted[:] = [type(e)]
        if isinstance(e, ConnectionError):
            e = "connection refused\nhint: is the server running there?"
        print(e, file=sys.stderr)
