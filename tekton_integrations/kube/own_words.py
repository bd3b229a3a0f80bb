"""What a run that says to be another one's child says on its own, once it is decided to which integrations it does."""

from collections.abc import Collection

from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.run import Run

# Stands for all integrations.
ALL = "*"


def integration_of(annotation: str) -> str:
    parts = annotations.split(annotation)
    return parts[0] if parts else ""


def on_its_own(run: Run, integrations: Collection[str]) -> Run:
    """The run as far as it counts beside its parent: what it says to these integrations."""

    def counts(key: str) -> bool:
        return ALL in integrations or integration_of(key) in integrations or key == annotations.REPORT_AT_ALL

    mine = {key: value for key, value in run.annotations.items() if counts(key)}
    # Who forges an owner escapes no Notification; a true child is its parent's business.
    matched = run.matched if ALL in integrations else ()
    return replace(run, parent="", annotations=mine, ignored=tuple(filter(counts, run.ignored)), matched=matched)
