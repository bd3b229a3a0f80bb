"""What is said by chance: nearly right most of the time, so that it gets far."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.hostile import hostile

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "10")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Seconds of CPU for one input: nothing else gets its turn meanwhile.
LONGEST = 0.05

WORDS = st.one_of(hostile(), st.text(max_size=12), st.sampled_from(["", "True", "False", "Unknown", "a" * 5000]))
NUMBERS = st.one_of(st.integers(), st.sampled_from([0, -1, 2**31, 2**63, 10**30]), st.floats(allow_nan=False))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)
TIMES = st.sampled_from(
    [
        "2026-11-21T09:00:00Z",
        "2026-11-21T09:00:01.123456789Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-11-21T09:00:00+14:00",
        "2026-11-21",
        "soon",
    ]
)


def nearly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Right most of the time, or of any other kind."""
    return st.integers(0, 15).flatmap(lambda dice: ANYTHING if dice == 0 else right)


@st.composite
def fields(draw: st.DrawFn, /, **right: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Each may be missing, or wrong; most of the time all is right."""
    return {name: draw(nearly(each)) for name, each in right.items() if draw(st.integers(0, 15))}
