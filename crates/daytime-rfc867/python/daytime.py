"""The line of the Daytime Protocol (RFC 867): the date and time of day.

The Rust twin is src/lib.rs, which tells where the formats come from.
"""

from datetime import datetime, timezone

FORMATS = ["weekday", "smtp", "ctime"]


def now(local: bool) -> datetime:
    """The time now: in this machine's zone if `local`, else in UTC."""
    utc = datetime.now(timezone.utc)
    return utc.astimezone() if local else utc


def line(time: datetime, form: str) -> str:
    """The line for `time`, `form` being one of the FORMATS, with its CR and LF.

    A zone other than UTC is written as hours and minutes, east of UTC is `+`;
    `ctime` never names it.
    """
    # 1. Write the date and the time of day.
    if form == "weekday":
        text = f"{time:%A, %B} {time.day}, {time:%Y %H:%M:%S}"
    elif form == "smtp":
        text = f"{time:%d %b %Y %H:%M:%S}".upper()
    elif form == "ctime":
        text = f"{time:%a %b} {time.day:2} {time:%H:%M:%S %Y}"
    else:
        raise ValueError(f"unknown format: {form}")

    # 2. Name the zone: how far from UTC, or UTC itself.
    zone = f"{time:%z}"  # +hhmm or -hhmm; then seconds, if any.
    hours, minutes = zone[:3], zone[3:5]
    # An offset of zero counts as false: that is UTC.
    if form == "weekday":
        zone = f"{hours}:{minutes}" if time.utcoffset() else "-UTC"
    elif form == "smtp":
        zone = f" {hours}{minutes}" if time.utcoffset() else " UTC"
    else:
        zone = ""

    # 3. End the line as the network does.
    return text + zone + "\r\n"
