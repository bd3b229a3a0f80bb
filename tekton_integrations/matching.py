"""Which Notifications match a run. Pure; by index, so that thousands of them cost a run a few look-ups.

What a Notification says of the run's kind, namespace and labels holds whenever the run is looked at. What it says of
the run's state, reason, results and with an expression is about a moment: see notices.py.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tekton_integrations.expressions import MAPS, STRINGS, Condition
from tekton_integrations.integration import Integration, Source
from tekton_integrations.notification import Notification, Requirement, Selector
from tekton_integrations.provider import matches
from tekton_integrations.run import Run

# A namespace, a kind, and a label that has to be there (None: none has to). `*`: of any namespace.
_Place = tuple[str, str, tuple[str, str] | None]
ANY = "*"


class Facts(Protocol):
    """What of a run is known only while it is decoded. `exact` (what its creator wrote) and `results` cost time."""

    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def exact(self) -> Source: ...
    @property
    def results(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A Notification that is in order: its integration, the namespace of its Provider, its compiled expression."""

    notification: Notification
    integration: Integration
    within: str
    condition: Condition | None = None


class Index:
    """Those of the namespace `shared` hold for all namespaces that they name, others for their own."""

    def __init__(self, shared: str) -> None:
        self._shared = shared
        self._places: dict[_Place, dict[str, Standing]] = {}
        self._standings: dict[str, Standing] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._standings)

    def get(self, path: str) -> Standing | None:
        return self._standings.get(path)

    def count(self, namespace: str) -> int:
        return self._counts[namespace]

    def put(self, standing: Standing) -> None:
        path = standing.notification.path
        self.remove(path)
        self._standings[path] = standing
        self._counts[standing.notification.namespace] += 1
        for place in self._of(standing.notification):
            self._places.setdefault(place, {})[path] = standing

    def remove(self, path: str) -> Standing | None:
        standing = self._standings.pop(path, None)
        if standing is not None:
            self._counts[standing.notification.namespace] -= 1
        for place in self._of(standing.notification) if standing else ():
            del self._places[place][path]
            if not self._places[place]:
                del self._places[place]
        return standing

    def of(self, kind: str, namespace: str, labels: Mapping[str, str]) -> list[Standing]:
        """Those that hold for a run's kind, namespace and labels: the shared ones first, of these those that take no
        opting out, then by name."""
        found = [
            standing
            for standing in self._candidates(kind, namespace, labels)
            if self._reaches(standing.notification, namespace)
            and selects(standing.notification.filter.label_selector, labels)
        ]
        return sorted(found, key=self._order)

    def _order(self, standing: Standing) -> tuple[bool, bool, str]:
        notification = standing.notification
        return notification.namespace != self._shared, notification.allow_opt_out, notification.path

    def _candidates(self, kind: str, namespace: str, labels: Mapping[str, str]) -> Iterator[Standing]:
        for where in (namespace, ANY):
            for pair in (None, *labels.items()):
                if found := self._places.get((where, kind, pair)):
                    yield from found.values()

    def _reaches(self, notification: Notification, namespace: str) -> bool:
        if notification.namespace != self._shared:
            return notification.namespace == namespace
        patterns = notification.filter.namespaces
        return not patterns or any(matches(namespace, pattern) for pattern in patterns)

    def _of(self, notification: Notification) -> Iterator[_Place]:
        namespaces: tuple[str, ...] = (notification.namespace,)
        if notification.namespace == self._shared:
            patterns = set(notification.filter.namespaces)
            namespaces = (ANY,) if not patterns or any(ANY in each for each in patterns) else tuple(patterns)
        pair = min(notification.filter.label_selector.match_labels.items(), default=None)
        for namespace in namespaces:
            for kind in set(notification.kinds):
                yield namespace, kind, pair


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    return selector.match_labels.items() <= labels.items() and all(
        _meets(requirement, labels) for requirement in selector.match_expressions
    )


def _meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """As Kubernetes has it: without the label, NotIn holds."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case _:
            return value is None


def at_this_moment(standing: Standing, run: Run, facts: Facts) -> bool:
    """Whether it matches the run as it is now. Raises ExpressionError where the expression can't tell."""
    wanted = standing.notification.filter
    if wanted.states and run.state not in wanted.states:
        return False
    if wanted.reasons and run.reason not in wanted.reasons:
        return False
    for result in wanted.results:
        value = facts.results.get(result.name)
        if value is None or not matches(value, result.value):
            return False
    return standing.condition is None or standing.condition(seen(run, facts))


def seen(run: Run, facts: Facts) -> dict[str, Any]:
    """What an expression sees of a run: the names in expressions.STRINGS and MAPS."""
    fields = (run.kind, run.namespace, run.name, run.pipeline, str(run.state), run.reason)
    maps = (facts.labels, run.annotations, facts.exact.params, facts.results)
    strings = dict(zip(STRINGS, fields, strict=True))
    return strings | dict(zip(MAPS, maps, strict=True))
