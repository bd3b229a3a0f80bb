"""How a run ended, or what keeps it, in words for people: which tasks are to blame, root cause first, and why. Pure.

Public: integrations may import from here. What a service's markup makes of these words is the integration's matter.
"""

from tekton_integrations.outcome.blame import (
    Culprit,
    and_more,
    culprits,
    ignored,
    itself,
    labels,
    run_to_blame,
    tries,
)
from tekton_integrations.outcome.causes import cause_of, cause_of_run, invalid
from tekton_integrations.outcome.headline import title
from tekton_integrations.outcome.infrastructure import Cause, Rank, blamed, platform
from tekton_integrations.outcome.messages import Tally, before, essence, exited, skipped, tally

__all__ = [
    "Cause",
    "Culprit",
    "Rank",
    "Tally",
    "and_more",
    "before",
    "blamed",
    "cause_of",
    "cause_of_run",
    "culprits",
    "essence",
    "exited",
    "ignored",
    "invalid",
    "itself",
    "labels",
    "platform",
    "run_to_blame",
    "skipped",
    "tally",
    "title",
    "tries",
]
