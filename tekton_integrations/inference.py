"""What runs leave out, found in what their creators wrote instead; off unless the controller was told otherwise.

Where to look is each integration's business. Here it is decided whose run is looked at: one that asks, by annotations
of ours that count or by those of an older tool. Of no run more is kept than the values that were found.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.integration import Found, Integration, Source
from tekton_integrations.run import Inferred


class Written(Protocol):
    """`rough` costs next to nothing, but may hold what Tekton copied, and has no `params`; `exact` costs time."""

    @property
    def rough(self) -> Source: ...

    @property
    def exact(self) -> Source: ...


class Inference:
    """Of the integrations that were told to infer."""

    def __init__(self, integrations: Iterable[Integration] = ()) -> None:
        self._integrations = [each for each in integrations if each.infers]

    def __bool__(self) -> bool:
        return bool(self._integrations)

    def __call__(self, written: Written, counted: Mapping[str, str]) -> tuple[Inferred, ...]:
        """`counted`: the run's annotations of ours, without those that don't count."""
        given = annotations.by_integration(counted)
        return tuple(
            Inferred(each.name, key, found.value, found.source)
            for each in self._integrations
            if (source := _source(each, written, given.get(each.name, {})))
            for key, found in each.infer(source).items()
            if key not in source.given
        )


def filled_in(integration: Integration, source: Source, given: Mapping[str, str]) -> dict[str, Found]:
    """What is inferred for a run because a Notification asks; `given`: all that it and the run say."""
    if not integration.infers:
        return {}
    found = integration.infer(replace(source, given=given))
    return {key: each for key, each in found.items() if key not in given}


def _source(integration: Integration, written: Written, given: Mapping[str, str]) -> Source | None:
    """None for a run that does not ask."""
    if given:
        return replace(written.exact, given=given)
    return written.exact if integration.is_asked(written.rough) and integration.is_asked(written.exact) else None
