"""The Notifications that hold for the integrations of this process, and what they come to for each run.

Asked whenever a run is decoded. A state, a reason, a result or an expression let a run in; what was let in stays, so
that what is shown of it is kept right.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from tekton_integrations import annotations, metrics
from tekton_integrations.expressions import ExpressionError
from tekton_integrations.integration import Integration
from tekton_integrations.joining import INVALID_OPTION, NO_TARGET, OTHER_TOOL, SAME_TARGET, Joint, Outcome
from tekton_integrations.matching import Facts, Index, Standing, at_this_moment
from tekton_integrations.notification import Notification
from tekton_integrations.provider import Provider
from tekton_integrations.run import Matched, Run
from tekton_integrations.soundness import NotReady, check_options, check_size, condition
from tekton_integrations.tally import MATCHED, Tallies

# Of those that reach a run's namespace, kind and labels so many are looked at, and so many may report it.
LOOKED_AT = 32
# Of a namespace that is not the controller's.
PER_NAMESPACE = 200
MATCHES = 16
OPTED_OUT, ENDED_BEFORE, TOO_MANY, EXPRESSION_FAILED = "OptedOut", "EndedBefore", "TooMany", "ExpressionFailed"
REASONS = (OPTED_OUT, ENDED_BEFORE, TOO_MANY, EXPRESSION_FAILED, NO_TARGET, INVALID_OPTION, OTHER_TOOL, SAME_TARGET)


# Kind, namespace and name of a run.
_Key = tuple[str, str, str]


class Notices:
    """`cap`: so many open reports may Notifications make in one namespace. `provider` finds one by namespace and name,
    `seen` a run in the cache by kind, namespace and name, and `recorded` tells for which Notifications a run (its uid)
    has an open record."""

    def __init__(self, integrations: Iterable[Integration], shared: str, cap: int) -> None:
        self._types: dict[str, Integration] = {}
        self.serve(integrations)
        self._shared = shared
        self._cap = cap
        self.provider: Callable[[str, str], Provider | None] = lambda _namespace, _name: None
        self.seen: Callable[[str, str, str], Run | None] = lambda _kind, _namespace, _name: None
        self.recorded: Callable[[str], Collection[str]] = lambda _: ()
        self.tallies = Tallies()
        self._index = Index(shared)
        # What is wrong with the others, by path.
        self._problems: dict[str, NotReady] = {}
        # Of the cached runs: which a Notification matches, which match a run, and how many matches a namespace has.
        self._runs: dict[str, set[_Key]] = {}
        self._paths: dict[_Key, frozenset[str]] = {}
        self._open: Counter[str] = Counter()

    def serve(self, integrations: Iterable[Integration]) -> None:
        self._types = {kind.name: each for each in integrations for kind in each.provider_types}

    def __bool__(self) -> bool:
        return bool(self._index)

    def standing(self, path: str) -> Standing | None:
        return self._index.get(path)

    def integration(self, notification: Notification) -> Integration | None:
        """That of its Provider, as far as it is one of ours."""
        if standing := self._index.get(notification.path):
            return standing.integration
        provider = self._provider(notification)
        return self._types.get(provider.type) if provider else None

    def typed(self, notification: Notification) -> bool:
        """Whether its Provider is there."""
        return self._provider(notification) is not None

    def problem(self, path: str) -> NotReady | None:
        return self._problems.get(path)

    def put(self, notification: Notification) -> bool:
        """Takes it in, or what it has become; tells whether anything about its reports is new."""
        path = notification.path
        before = self._index.get(path)
        self._problems.pop(path, None)
        try:
            standing = self._checked(notification, before)
        except NotReady as error:
            self._problems[path] = error
            return self._index.remove(path) is not None
        if notification.suspend:
            return self._index.remove(path) is not None
        self._index.put(standing)
        return before is not None and not _same(before, standing)

    def remove(self, path: str) -> None:
        self._index.remove(path)
        self._problems.pop(path, None)
        self.tallies.forget(path)

    def reaching(self, run: Run, labels: Mapping[str, str]) -> list[Standing]:
        """Those that may match the run at some time."""
        return self._index.of(run.kind, run.namespace, labels)

    def audited(self, kind: str, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether one that takes no opting out may match such a run."""
        found = self._index.of(kind, namespace, labels) if self._index else []
        return any(not each.notification.allow_opt_out for each in found)

    def __call__(self, found: list[Standing], run: Run, facts: Facts) -> tuple[Matched, ...]:
        """The Notifications that ask for the run as it is now, of those that reach it."""
        cached = self.seen(run.kind, run.namespace, run.name)
        same = cached is not None and cached.uid == run.uid
        before = {each.notification: each.record for each in cached.matched} if cached and same else {}
        kept = {record for record in before.values() if record} | set(self.recorded(run.uid))
        fit = self._fit(found, run, facts, {*before, *kept})
        outcomes = [*Joint(run=run, facts=facts, kept=kept)(fit)]
        return tuple(self._admitted(outcomes, run, before))

    def _fit(self, found: list[Standing], run: Run, facts: Facts, kept: Collection[str]) -> Iterator[Standing]:
        for at, standing in enumerate(found):
            notification = standing.notification
            stays = notification.path in kept
            try:
                if at >= LOOKED_AT:
                    self._suppress(standing, run, TOO_MANY)
                elif not (stays or at_this_moment(standing, run, facts)):
                    continue
                elif notification.allow_opt_out and annotations.suspended(run.annotations, standing.integration.name):
                    self._suppress(standing, run, OPTED_OUT)
                elif run.ended_before(notification.created) and not stays:
                    self._suppress(standing, run, ENDED_BEFORE)
                else:
                    yield standing
            except ExpressionError:
                self._suppress(standing, run, EXPRESSION_FAILED)

    def _admitted(self, outcomes: Iterable[Outcome], run: Run, before: Collection[str]) -> Iterator[Matched]:
        count, others = 0, self._open[run.namespace] - len(before)
        for path, matched, reason in outcomes:
            standing = self._index.get(path)
            assert standing is not None
            if matched is None:
                self._suppress(standing, run, reason)
            elif count >= MATCHES or (path not in before and self._full(standing, others + count)):
                self._suppress(standing, run, TOO_MANY)
            else:
                count += 1
                self.tallies.note(path, run.uid, MATCHED)
                yield matched

    def _full(self, standing: Standing, open_: int) -> bool:
        """Who opens thousands of runs that never end must not thereby keep his others from an audit."""
        notification = standing.notification
        audit = notification.namespace == self._shared and not notification.allow_opt_out
        return open_ >= self._cap and not audit

    def _suppress(self, standing: Standing, run: Run, reason: str) -> None:
        if self.tallies.note(standing.notification.path, run.uid, reason):
            metrics.suppressed.labels(standing.integration.name, reason).inc()

    def follow(self, run: Run, *, cached: bool) -> None:
        """A run changed; `cached`: it is in the cache as it is here."""
        key = (run.kind, run.namespace, run.name)
        before = self._paths.get(key, frozenset())
        now = frozenset(each.notification for each in run.matched) if cached else frozenset()
        if before == now:
            return
        for path in before - now:
            self._runs[path].discard(key)
            if not self._runs[path]:
                del self._runs[path]
        for path in now - before:
            self._runs.setdefault(path, set()).add(key)
        if now:
            self._paths[key] = now
        else:
            del self._paths[key]
        self._open[run.namespace] += len(now) - len(before)
        if not self._open[run.namespace]:
            del self._open[run.namespace]

    def matching(self, path: str) -> list[_Key]:
        """The cached runs that a Notification matches."""
        return sorted(self._runs.get(path, ()))

    def _checked(self, notification: Notification, before: Standing | None) -> Standing:
        """Raises NotReady that says what to mend."""
        check_size(notification)
        provider = self._provider(notification)
        if provider is None and before is not None and before.notification.provider == notification.provider:
            integration, within = before.integration, before.within  # it may come again: reports are not torn down
        elif provider is None:
            raise NotReady(
                "NoProvider",
                f"there is no Provider {notification.provider!r} in namespace {notification.namespace} or "
                f"{self._shared}; correct spec.providerRef.name, or create it",
            )
        elif provider.type not in self._types:
            raise NotReady(
                "NotInstalled",
                f"no integration here takes Providers of type {provider.type}; install one, or choose another",
            )
        else:
            integration, within = self._types[provider.type], provider.namespace
        if before is None and notification.namespace != self._shared:
            self._refuse_many(notification.namespace)
        check_options(notification, integration)
        return Standing(
            notification=notification, integration=integration, within=within, condition=condition(notification)
        )

    def _refuse_many(self, namespace: str) -> None:
        """Each change of a run would have to look at all of them, and tenants make them."""
        if self._index.count(namespace) >= PER_NAMESPACE:
            raise NotReady(
                TOO_MANY,
                f"namespace {namespace} has {PER_NAMESPACE} Notifications that work already; delete some, then change "
                "anything in the spec of this one",
            )

    def _provider(self, notification: Notification) -> Provider | None:
        own = self.provider(notification.namespace, notification.provider)
        return own or self.provider(self._shared, notification.provider)


def _same(one: Standing, other: Standing) -> bool:
    return one.notification.same_spec(other.notification) and (one.integration.name, one.within) == (
        other.integration.name,
        other.within,
    )
