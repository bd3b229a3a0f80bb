"""A receiver of CloudEvents as users write them, by the CloudEvents SDK: takes Tekton's own and ours in the same way.

It keeps each once by its source and id, refuses what breaks the specification, and fails on demand.
"""

from tests.fakes.cloudevent.receiver import Call, Received, Receiver
from tests.fakes.cloudevent.specification import violations
from tests.fakes.echo.faults import Cut, Delay, Refusal, Silence

__all__ = ["Call", "Cut", "Delay", "Received", "Receiver", "Refusal", "Silence", "violations"]
