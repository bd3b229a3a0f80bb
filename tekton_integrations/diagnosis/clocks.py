"""Whether clocks agree: GitHub refuses an App's signature from a clock that is a minute ahead."""

import time
from email.utils import parsedate_to_datetime

from tekton_integrations.diagnosis.findings import Finding, Level

# Seconds that make no trouble. The header Date tells whole ones.
MOST = 10.0


def skewed(date: str) -> float | None:
    """By how many seconds the clock of whoever wrote a header Date just now is ahead of ours; None where it can't be
    read."""
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - time.time()
    except (ValueError, OverflowError):
        return None


def clock(date: str) -> Finding:
    """`date`: the API server's, of an answer that has just come."""
    subject, skew = "clock", skewed(date)
    if skew is None:
        return Finding(subject=subject, level=Level.UNKNOWN, said="the API server does not tell its time")
    if abs(skew) <= MOST:
        return Finding(subject=subject, level=Level.OK, said="this machine and the API server agree")
    said = f"the API server's differs from this machine's by {skew:+.0f} s"
    return Finding(subject=subject, level=Level.WARNING, said=said, cure="set the clock that is wrong")
