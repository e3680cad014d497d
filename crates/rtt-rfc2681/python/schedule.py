"""When the probes are sent: RFC 2681, section 3, and RFC 2330, section 11.1.

A Poisson stream (gaps of random, exponential length) meets whatever else
happens periodically in the network neither always nor never.
"""

import math
import random


def exponential(mean: float, u: float) -> float:
    """The exponential gap, in seconds, for the random number u.

    u is 0 to 1, but never 1; mean is the mean gap in seconds: 1 / lambda.
    """
    return -mean * math.log(1.0 - u)


def times(count: int, mean: float, periodic: bool) -> list[float]:
    """When to send each of count probes: seconds from the start.

    The gap before each of them, also before the first, is mean seconds (if
    periodic) or exponential with that mean, which is at most a day.
    """
    moment, moments = 0.0, []
    for _ in range(count):
        moment += mean if periodic else exponential(mean, random.random())
        moments.append(moment)
    return moments
