"""A run as integrations see it, for tests of the core."""

from typing import Any

from msgspec.structs import replace

from tekton_integrations.run import Run
from tekton_integrations.testing import RUN

_RUNNING = replace(RUN, name="build-1", uid="uid-1", message="")


def make_run(**changes: Any) -> Run:
    return replace(_RUNNING, **changes)
