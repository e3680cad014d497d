"""Sends the probes, and decides what became of each.

One thread sends, at the times of the schedule, whatever else happens; the other
one receives. So no late reply delays a later probe.
"""

from __future__ import annotations

import argparse
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


def run(
    s: socket.socket,
    times: list[float],
    options: argparse.Namespace,
    stop: threading.Event,
) -> Sample:
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
        _receive(sample, s, options, stop, sender)
    except BaseException:
        stop.set()  # Or the sender would go on.
        raise
    return sample


def stop_on_ctrl_c(stop: threading.Event) -> None:
    """From now on Ctrl-C sets stop (an Event); a second one ends the program at
    once, with status 130.
    """

    def _stop(*_: object) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    signal.signal(signal.SIGINT, _stop)


def _warm(s: socket.socket) -> socket.socket:
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


def _send(
    s: socket.socket,
    times: list[float],
    options: argparse.Namespace,
    stop: threading.Event,
    sample: Sample,
) -> None:
    """The sending thread."""
    warm, seq = _warm(s), 0
    noted: list[type[OSError]] = []
    start, awake = time.perf_counter(), 0.0
    late = max(PAUSE, options.interval)
    for moment in times:
        due = start + moment
        while (left := due - time.perf_counter()) > 0 and not stop.is_set():
            time.sleep(min(left, TICK))
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

    probes: list[Probe] = field(default_factory=list)  # As they were sent.
    skipped: int = 0  # Not sent: their time passed while nothing ran.
    duplicates: int = 0  # Replies that were not the first to their probe.
    reordered: int = 0  # Probes answered in time, but after a later one.
    short: int = 0  # Replies shorter than their probe.
    damaged: int = 0  # Replies that did not bring back what was sent.
    unmatched: int = 0  # Datagrams that answered no probe.
    latest: int = 0  # The last probe that was answered in time.
    next: int = 0  # All before this probe are answered or lost.
    lock: threading.Lock = field(default_factory=threading.Lock)  # Of probes.

    def rtts(self) -> list[float]:
        """The delay of each probe in seconds; infinite = undefined."""
        return [probe.rtt for probe in self.probes]

    def received(self) -> int:
        """How many probes were answered in time."""
        return len(stats.received(self.rtts()))

    def late(self) -> int:
        """How many were answered, but too late."""
        return sum(p.answered for p in self.probes) - self.received()

    def counts(self) -> str:
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


def _receive(
    sample: Sample,
    s: socket.socket,
    options: argparse.Namespace,
    stop: threading.Event,
    sender: threading.Thread,
) -> None:
    """The receiving thread."""
    noted: list[type[OSError]] = []
    silent = 0.0
    silence = max(SILENCE, 10 * options.interval)
    while True:
        over = not sender.is_alive()  # Then all probes are in the list.
        asked = time.perf_counter_ns()
        data: bytes | None = None
        error: OSError | None = None
        try:
            data = s.recv(65536)
        except OSError as e:
            error = e
        gap = clock.gap(s) or 0
        now = time.perf_counter_ns()  # Last: what comes between adds.
        # Much longer than a tick? Then the program did not run.
        silent += min((now - asked) / 1e9, 2 * TICK)
        said = ""
        with sample.lock:
            if data is not None:
                silent = 0.0
                said += _expire(sample, now - gap, options)
                said += _take(sample, data, now, gap, options)
            elif isinstance(error, socket.timeout):
                # What had come by then would be here now.
                said += _expire(sample, asked, options)
            elif error:
                _note(noted, error)
            waiting = sample.probes[sample.next :] if over else []
        # Not locked: whoever reads the lines may be slow.
        print(said, end="", flush=True)
        if over and all(probe.answered for probe in waiting):
            return
        if silent > silence and not over and not stop.is_set():
            stop.set()
            why = f"no reply for {silence:g} s: ending early"
            print(why, file=sys.stderr)


def _expire(sample: Sample, now: int, options: argparse.Namespace) -> str:
    """Gives up the probes whose time was over at now; gives their lines."""
    said = ""
    while sample.next < len(sample.probes):
        probe = sample.probes[sample.next]
        if not probe.answered:
            if (now - probe.sent) / 1e9 <= options.timeout:
                break
            said += _line(sample.next, probe.rtt, options)
        sample.next += 1
    return said


def _take(
    sample: Sample,
    data: bytes,
    now: int,
    gap: int,
    options: argparse.Namespace,
) -> str:
    """Finds the probe that data, received at now, answers; gives its line.

    It arrived gap earlier.
    """
    # None by its number and time? Then the last one, if it is damaged.
    seq = len(sample.probes) - 1
    for at in 0, packet.COPY:
        named, sent = packet.probe(data, at) or (len(sample.probes), 0)
        known = named < len(sample.probes)
        if known and packet.ntp(sample.probes[named].at) == sent:
            seq = named
    if seq < 0:
        sample.unmatched += 1
        return ""
    probe = sample.probes[seq]
    request = packet.request(seq, packet.ntp(probe.at), options.size)
    answer = packet.answer(data, request)
    sample.short += answer == "short"
    sample.damaged += answer == "damaged"
    sample.unmatched += answer == "strange"
    if answer not in ("stamp", "echo"):
        return ""
    sample.duplicates += probe.answered
    late = probe.answered or seq < sample.next
    probe.answered = True
    if late:
        return ""
    inside = packet.inside(data) if answer == "stamp" else None
    rtt = now - probe.sent
    for part in gap, inside or 0:
        rtt -= part if part < rtt else 0
    probe.rtt = rtt / 1e9
    sample.reordered += seq < sample.latest
    sample.latest = max(sample.latest, seq)
    return _line(seq, probe.rtt, options)


def _line(seq: int, rtt: float, options: argparse.Namespace) -> str:
    """The line for a probe; empty if options.quiet."""
    if options.quiet:
        return ""
    if rtt < math.inf:
        return f"seq={seq} rtt={stats.ms(rtt)}\n"
    limit = f"{options.timeout:f}".rstrip("0").rstrip(".")
    return f"seq={seq} {stats.ms(rtt)} (no reply in {limit} s)\n"


def _note(noted: list[type[OSError]], e: OSError) -> None:
    """Says on stderr what the network refused, unless that was said before."""
    if noted != [type(e)]:
        noted[:] = [type(e)]
        refused = "connection refused\nhint: is the server running there?"
        print(refused if isinstance(e, ConnectionError) else e, file=sys.stderr)
