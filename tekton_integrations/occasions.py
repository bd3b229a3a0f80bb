"""On which occasions somebody wants to hear of a run: the option `on`, in the same words at every integration. Pure."""

from typing import Annotated

from msgspec import Meta

from tekton_integrations.milestones import CREATED, FINISHED, RETRIED, STARTED
from tekton_integrations.run import State

ENDS = {
    "succeeded": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
    "timed-out": State.TIMED_OUT,
    "could-not-start": State.COULD_NOT_START,
    "failure-ignored": State.FAILURE_IGNORED,
    "skipped": State.SKIPPED,
}
# Any end, and those that somebody has to look at.
_GROUPS = {
    FINISHED: frozenset(ENDS.values()),
    "problems": frozenset(state for state in ENDS.values() if state.red),
}
WORDS = (CREATED, STARTED, RETRIED, *_GROUPS, *ENDS)
_WORD = f"({'|'.join(WORDS)})"
# Words with commas between them.
PATTERN = rf"\A *{_WORD}( *, *{_WORD})* *\Z"
LONGEST = 200
# The type of the option, where milestones are told one by one.
Occasions = Annotated[
    str,
    Meta(
        pattern=PATTERN,
        max_length=LONGEST,
        description=f"on which occasions, with commas between: {', '.join(f'`{word}`' for word in WORDS)}; all "
        "milestones, unless given",
        examples=["started, problems"],
    ),
]


def includes(on: str, state: State, milestone: str = FINISHED) -> bool:
    """Whether `on` (words of WORDS with commas between; empty for every occasion) names this one: a run that ended in
    `state`, or one that goes on and reached another milestone."""
    words = {word.strip() for word in on.split(",") if word.strip()}
    if not words or milestone in words:
        return True
    if milestone != FINISHED:
        return False
    return any(state in _GROUPS.get(word, frozenset({ENDS.get(word)})) for word in words)
