"""What a run's annotations and the Notifications that match it come to together. Pure; see docs/decisions/0023.

Those that lead to one target make one record, and the annotations' options win. Annotations that lead nowhere by
themselves change the options of each Notification; but of one that takes no opting out (`allowOptOut: false`) nothing
that a run says changes anything, or it could be led astray, or made to fail.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.errors import MissingAnnotation, PermanentError
from tekton_integrations.inference import filled_in
from tekton_integrations.integration import Integration, Source
from tekton_integrations.matching import Standing
from tekton_integrations.notification import TEMPLATE, VARIABLE, Notification, variables
from tekton_integrations.options import parse
from tekton_integrations.requests import Asked, asked, asked_together
from tekton_integrations.run import Matched, Run
from tekton_integrations.template import TemplateError, render

# Why a run that matches is not reported.
NO_TARGET, INVALID_OPTION, SAME_TARGET = "NoTarget", "InvalidOption", "SameTarget"
# An integration's own word: another tool reports the run already.
OTHER_TOOL = "ReportedElsewhere"

_Address = tuple[str, str, str, str]


class Exact(Protocol):
    @property
    def exact(self) -> Source: ...


class Outcome(NamedTuple):
    """What comes of one Notification that matches: a Matched, or the reason for which there is none."""

    path: str
    matched: Matched | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Joint:
    """`kept`: the Notifications that have a record of this run by their own name."""

    run: Run
    facts: Exact
    kept: Collection[str]

    @cached_property
    def values(self) -> Mapping[str, str]:
        """What options may name of the run."""
        run, source = self.run, self.facts.exact
        plain = {"namespace": run.namespace, "name": run.name, "kind": run.kind, "pipeline": run.pipeline}
        groups = {"labels": source.labels, "annotations": source.annotations, "params": source.params}
        return plain | {f"{group}.{key}": value for group, values in groups.items() for key, value in values.items()}

    def __call__(self, standings: Iterable[Standing]) -> Iterator[Outcome]:
        said = asked(self.run)
        taken: dict[str, set[_Address]] = {}
        for standing in standings:
            name = standing.integration.name
            outcome = self._outcome(standing, said.get(name), taken.setdefault(name, set()))
            if outcome.matched and self._enough(standing, outcome.matched, said.get(name)):
                del said[name]  # one record is enough for it
            yield outcome

    def _outcome(self, standing: Standing, own: Asked | None, taken: set[_Address]) -> Outcome:
        path = standing.notification.path
        alone = self._alone(standing, own if standing.notification.allow_opt_out else None)
        try:
            matched = self._joined(standing, alone, own)
            address = _address(standing.integration, self.run, _together(matched, own))
        except MissingAnnotation:
            return Outcome(path, None, NO_TARGET)
        except PermanentError as error:
            other = error.reason == OTHER_TOOL
            return Outcome(path, None, OTHER_TOOL if other else INVALID_OPTION)
        if address in taken:
            return Outcome(path, None, SAME_TARGET)
        taken.add(address)
        return Outcome(path, matched)

    def _enough(self, standing: Standing, matched: Matched, own: Asked | None) -> bool:
        complete = matched.merged and own is not None and _target(standing.integration, self.run, own) is not None
        return matched.instead or complete

    def _alone(self, standing: Standing, own: Asked | None) -> Matched:
        """As if the run said nothing, but that what it says (`own`) need not be inferred."""
        notification, integration = standing.notification, standing.integration
        options = dict(self._rendered(notification))
        found = filled_in(integration, self.facts.exact, options | (own.options if own else {}))
        return Matched(
            notification=notification.path,
            integration=integration.name,
            record=notification.path,
            options={key: each.value for key, each in found.items()}
            | options
            | {annotations.PROVIDER: notification.provider},
            sources={key: each.source for key, each in found.items()},
            within=standing.within,
        )

    def _rendered(self, notification: Notification) -> Iterator[tuple[str, str]]:
        """Options, without those that name what the run does not have, or that become too long."""
        for key, value in notification.options.items():
            if "$" not in value:
                yield key, value
            elif all(variable in self.values for variable in variables(value)):
                with suppress(TemplateError):
                    yield key, render(value, self.values, pattern=VARIABLE)
        if notification.template:
            yield TEMPLATE, notification.template  # its variables are the integration's

    def _joined(self, standing: Standing, alone: Matched, own: Asked | None) -> Matched:
        if own is None or not own.options:
            return alone
        if not standing.notification.allow_opt_out:
            return replace(alone, instead=self._covers(standing, alone, own))
        both = replace(alone, merged=True)
        by_themselves = _target(standing.integration, self.run, own)
        if by_themselves is None:
            return both
        elsewhere = _target(standing.integration, self.run, _together(alone, None))
        together = _target(standing.integration, self.run, _together(both, own))
        if elsewhere is not None and elsewhere not in (by_themselves, together):
            return alone
        # What has a record goes on with it, though the annotations came later.
        return both if alone.notification in self.kept else replace(both, record="")

    def _covers(self, standing: Standing, alone: Matched, own: Asked) -> bool:
        """Whether the run itself asks for the same, so that the Notification's report is enough."""
        provider, integration = standing.notification.provider, standing.integration
        same_provider = own.options.get(annotations.PROVIDER, provider) == provider
        mine, other = (_target(integration, self.run, each) for each in (own, _together(alone, None)))
        return same_provider and mine == other


def _together(matched: Matched, own: Asked | None) -> Asked:
    return asked_together(matched, own if matched.merged else None)


def _target(integration: Integration, run: Run, wanted: Asked) -> _Address | None:
    try:
        return _address(integration, run, wanted)
    except PermanentError:
        return None


def _address(integration: Integration, run: Run, wanted: Asked) -> _Address:
    options: Any = parse(integration, wanted)
    return integration.target(run, options).address
