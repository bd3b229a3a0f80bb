"""A second integration, `echo`, with the place that it reports to: for tests of what GitHub's can't show.

`Receiver.started()` starts the place in the test's process; `installed()` gives the controller's process the
integrations `echo` (the newest state) and `milestones` (each transition).
"""

from tests.fakes.echo.faults import Cut, Delay, Fault, Refusal, Rule, Silence
from tests.fakes.echo.install import installed
from tests.fakes.echo.objects import asking, provider
from tests.fakes.echo.receiver import Call, Delivery, Receiver, ShownRun

__all__ = [
    "Call",
    "Cut",
    "Delay",
    "Delivery",
    "Fault",
    "Receiver",
    "Refusal",
    "Rule",
    "ShownRun",
    "Silence",
    "asking",
    "installed",
    "provider",
]
