"""The statistics of RFC 2681, section 4, over a sample of round-trip delays.

Delays are in seconds. A probe without a reply has no delay: it is *undefined*,
and stands here as infinite, as the RFC puts it. So it belongs to every sample,
above all others, and a percentile that falls on it is undefined, too. Every
statistic of an empty sample is undefined.
"""

from __future__ import annotations

import math

PERCENTS = 50, 90, 95, 99  # The percentiles of the report.

# The logarithm of 0 is infinite: so a gap that is too long for the numbers of
# this machine counts as the longest that is not.
TINY = 2.0**-53


def percentile(sample: list[float], percent: float) -> float:
    """The value that percent (over 0, up to 100) of the sample do not exceed.

    The smallest x with EDF(x) >= percent (section 4.1; RFC 2330, section 11.3).
    Infinite = undefined.
    """
    # Multiplied first: 0.07 * 100 is more than 7.
    rank = math.ceil(percent * len(sample) / 100)
    return _at_rank(sample, max(rank, 1))


def median(sample: list[float]) -> float:
    """The middle value, or the mean of the two in the middle (section 4.2).

    Infinite = undefined.
    """
    n = len(sample)
    return (_at_rank(sample, (n + 1) // 2) + _at_rank(sample, n // 2 + 1)) / 2


def minimum(sample: list[float]) -> float:
    """The smallest value (section 4.3). Infinite = undefined."""
    return _at_rank(sample, 1)


def inverse(sample: list[float], x: float) -> float | None:
    """The share, 0 to 1, of the sample that is at most x, which is EDF(x).

    The inverse percentile (section 4.4). None = undefined.
    """
    below = sum(value <= x for value in sample)
    return below / len(sample) if sample else None


def received(sample: list[float]) -> list[float]:
    """The sample without what was lost, for the second convention.

    RFC 8912, section 4.4.2, excludes lost packets.
    """
    return [value for value in sample if value < math.inf]


def a2(z: list[float]) -> float | None:
    """The Anderson-Darling statistic A2 (RFC 2330, appendix C) of z.

    z are numbers from 0 to 1 that ought to be uniform. Over 2.492 they are not,
    at the 5 % level. None for fewer than five, or if one is 0 or less.
    """
    z = sorted(z)
    n = len(z)
    if n < 5 or z[0] <= 0:
        return None
    total = 0.0
    for i, (low, high) in enumerate(zip(z, reversed(z))):
        logs = math.log(low) + math.log(max(1.0 - high, TINY))
        total += (2 * i + 1) * logs
    return -n - total / n


def anderson_darling(gaps: list[float], mean: float) -> float | None:
    """A2 of the gaps between the probes of a Poisson stream.

    mean is the mean gap; both are in the same unit.
    """
    return a2([-math.expm1(-gap / mean) for gap in gaps])


def ms(delay: float) -> str:
    """A delay in seconds as text: "0.213 ms", or "undefined"."""
    return f"{delay * 1000:.3f} ms" if delay < math.inf else "undefined"


def summary(sample: list[float], under: float | None) -> str:
    """The statistics as text, in lines.

    under, in milliseconds, asks for an inverse percentile; None does not.
    """

    def _row(sample: list[float]) -> str:
        one = [f"{p}: {ms(percentile(sample, p))}" for p in PERCENTS]
        return "  ".join(one)

    text = f"minimum      {ms(minimum(sample))}\n"
    text += f"median       {ms(median(sample))}"
    text += " (for even N the mean of the two in the middle)\n"
    text += "percentiles, each of them a delay; a loss is infinite (RFC 2681)\n"
    text += f"             {_row(sample)}\n"
    text += "percentiles, losses excluded (RFC 8912)\n"
    text += f"             {_row(received(sample))}\n"
    if under is not None:
        share = inverse(sample, under / 1000)
        told = "undefined" if share is None else f"{share * 100:.1f} %"
        text += f"under {_plain(under)} ms  {told}\n"
    return text


def _at_rank(sample: list[float], rank: int) -> float:
    """The value number rank, from 1, in ascending order."""
    return sorted(sample)[rank - 1] if 1 <= rank <= len(sample) else math.inf


def _plain(number: float) -> str:
    """A number as text, without an exponent: "3", "0.00001"."""
    return f"{number:.9f}".rstrip("0").rstrip(".")
