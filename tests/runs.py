"""A run as integrations see it, for tests."""

from typing import Any

from msgspec.structs import replace

from tekton_integrations.run import Run, State

_RUNNING = Run(
    api_version="tekton.dev/v1",
    kind="PipelineRun",
    namespace="team-a",
    name="build-1",
    uid="uid-1",
    resource_version="100",
    generation=1,
    created=1_800_000_000.0,
    started=1_800_000_001.0,
    finished=None,
    state=State.RUNNING,
    reason="Running",
    message="",
    pipeline="build",
    parent="",
    unresolved=False,
    annotations={},
    ignored=(),
)


def make_run(**changes: Any) -> Run:
    return replace(_RUNNING, **changes)
