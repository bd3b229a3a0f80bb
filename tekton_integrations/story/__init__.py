"""Why a run is shown somewhere, or is not: a Story for each report, from what could be read of the cluster. Pure.

A Story tells how far it came: asked for, matched, granted, waiting, sent; or where it stopped, and what to do. What a
record says is told in the record's own words (words.py).
"""

from tekton_integrations.story.telling import settled, stories
from tekton_integrations.story.values import (
    Facts,
    Installed,
    Match,
    Odd,
    Stage,
    Step,
    Story,
    Unread,
    Verdict,
)

__all__ = ["Facts", "Installed", "Match", "Odd", "Stage", "Step", "Story", "Unread", "Verdict", "settled", "stories"]
