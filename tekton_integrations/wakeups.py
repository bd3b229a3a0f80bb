"""What makes a name be looked at: a change of its run, of its record, of a Provider, of a Secret; or our turn.

By index, never by looking at everything, except where our turn begins.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from tekton_integrations.cluster import Cluster
from tekton_integrations.integration import Integration
from tekton_integrations.kube.claims import Claim
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.secret_watches import SecretWatches
from tekton_integrations.notices import Notices
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.registry import CORE
from tekton_integrations.requests import Asked, Request, for_record, for_run, work
from tekton_integrations.run import Run, State
from tekton_integrations.serving import PROGRESS, Serving
from tekton_integrations.slices import in_slices
from tekton_integrations.unserved import stray


class WakeUps:
    """`grace`: seconds that a new run may be without a condition before it is shown as queued."""

    def __init__(
        self,
        cluster: Cluster,
        servings: Mapping[str, Serving],
        integrations: Sequence[Integration],
        grace: float,
        notices: Notices | None = None,
    ) -> None:
        self._cluster = cluster
        self._servings = servings
        self._types = {each.name: {kind.name for kind in each.provider_types} for each in integrations}
        self._kinds = {kind.name: kind for each in integrations for kind in each.provider_types}
        self._grace = grace
        self._notices = Notices((), cluster.shared_namespace, 0) if notices is None else notices
        self._secrets: SecretWatches | None = None
        # Told of a Provider that came, went, or is of another type.
        self.on_other_provider: Callable[[Provider], None] = lambda _: None
        # What concerns perhaps a hundred thousand names, and is done in slices.
        self._long: asyncio.Queue[Iterator[None]] = asyncio.Queue()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await in_slices(await self._long.get())

    def connect(self, providers: Iterable[Informer[Provider]], claims: Informer[Claim], secrets: SecretWatches) -> None:
        self._secrets = secrets
        runs, records = self._cluster.runs, self._cluster.records
        runs.wanted = self.wanted
        runs.add_handler(self.on_run)
        records.on_foreign_change(self.on_record)
        records.vanished = runs.relist
        for each in providers:
            each.add_handler(self.on_provider)
        claims.add_handler(self.on_claim)
        for name, serving in self._servings.items():
            serving.refill = partial(self.refill, name)

    def wanted(self, run: Run) -> bool:
        """Whether something is left to do about it, as far as the caches know."""
        wanted = run.asks and any(
            not self._serving(request.integration).worker.settled(run, request, wanted)
            for request, wanted in work(run).items()
        )
        if not wanted:
            self._notices.follow(run, cached=False)
        return wanted

    def on_run(self, before: Run | None, now: Run | None) -> None:
        run = now or before
        assert run is not None
        kept = now is not None and self._cluster.runs.get(run.kind, run.namespace, run.name) is now
        self._notices.follow(run, cached=kept)
        known = self._known(run)
        names = known | set(for_run(run))
        if now is None:
            names = self._left(run, names)
        # What a run asks decides where it waits, and its end may use what is kept for ends.
        moved = (
            before is not None
            and now is not None
            and (before.annotations, before.matched, before.final) != (now.annotations, now.matched, now.final)
        )
        new = now is not None and not known
        for name in names:
            # Tekton takes over a Pipeline's annotations before it gives a condition: that moment is still to pass.
            if moved and not (new and run.state is State.QUEUED):
                self._serving(name.integration).unpark(name)
            self._add(name, run, new=new)

    def on_record(self, before: Record | None, now: Record | None) -> None:
        """Somebody else wrote or deleted it."""
        record = now or before
        assert record is not None
        if record.settled:
            self._cluster.runs.drop_unless_wanted(record.run.kind, record.namespace, record.run.name)
        serving = self._serving(record.integration)
        if not serving.holds:
            if now is None and self._cluster.runs.get(record.run.kind, record.namespace, record.run.name) is None:
                # Usually collected with its run. While the run is there, its memory is kept for when it is our turn.
                self._cluster.records.forget_lost(record.namespace, record.name)
            return
        if disowned := stray(record):
            self._servings[CORE].add(disowned, PROGRESS)
            return
        if before is not None and now is not None:
            serving.worker.edited(record)
        serving.add(for_record(record), PROGRESS)

    def on_provider(self, before: Provider | None, now: Provider | None) -> None:
        if before is not None and now is not None and before.same_spec(now):
            return  # its status only, which is our own word
        types = {provider.type for provider in (before, now) if provider}
        for provider in (now or before,) if before is None or now is None or before.type != now.type else ():
            assert provider is not None
            self.on_other_provider(provider)
        self._long.put_nowait(
            self._wake(now or before, {name for name, own in self._types.items() if own & types}, cured=False)
        )
        if now is None and before is not None:
            for serving in self._servings.values():
                serving.worker.forget(before)
        if self._secrets:
            kinds = self._kinds
            self._secrets.follow((each, kinds[each.type]) for each in self._cluster.providers if each.type in kinds)

    def on_claim(self, before: Claim | None, now: Claim | None) -> None:
        """Only its coming and going decide who is served by nobody: what it tells (its quota) changes all the time."""
        if before is None or now is None:
            self._long.put_nowait(self.refill(CORE))

    def on_secret(self, provider: Provider) -> None:
        self._cluster.credentials.forget(provider)
        self._long.put_nowait(self._wake(provider, self._types.keys(), cured=True))

    def refill(self, integration: str) -> Iterator[None]:
        """All that one integration has to look at; a step for each. What changes meanwhile is heard of besides."""
        serving = self._servings[integration]
        if not serving.holds:
            return
        for run in list(self._cluster.runs):
            names = [name for name in for_run(run) if self._serving(name.integration) is serving]
            new = bool(names) and not self._known(run)
            for name in names:
                self._add(name, run, new=new)
            yield
        for run in self._cluster.runs.just_deleted():
            for name in for_run(run):
                if self._serving(name.integration) is serving:
                    self._add(name, run, new=False)
            yield
        for record in list(self._cluster.records):
            if self._serving(record.integration) is serving and not stray(record):
                serving.add(for_record(record), PROGRESS)
            elif integration == CORE and (disowned := stray(record)):
                serving.add(disowned, PROGRESS)
            yield

    def _wake(self, provider: Provider | None, integrations: Iterable[str], *, cured: bool) -> Iterator[None]:
        """Those whose report waits, in the namespaces that the Provider may serve; a step for each. `cured`: its Secret
        is another one, so only those that use it are concerned, and their failures may be over."""
        assert provider is not None
        chosen, shared = set(integrations), provider.namespace == self._cluster.shared_namespace
        for record in self._cluster.records.waiting("" if shared else provider.namespace):
            yield
            if record.integration not in chosen or stray(record) or (cured and record.provider != provider.path):
                continue
            serving = self._servings[record.integration]
            if cured:
                serving.worker.wake(record)
            serving.unpark(for_record(record))

    def _serving(self, integration: str) -> Serving:
        return self._servings.get(integration, self._servings[CORE])

    def _known(self, run: Run) -> set[Request]:
        return {for_record(record) for record in self._cluster.records.of_run(run.uid) if not stray(record)}

    def _left(self, run: Run, names: set[Request]) -> set[Request]:
        """Those for which a deleted run still has to be looked at. It is remembered for them."""
        wanted = work(run)
        left = {name for name in names if name not in wanted or self._open(run, name, wanted[name])}
        if left:
            self._cluster.runs.remember(run, left)
        for name in names:
            if name not in left or not self._serving(name.integration).holds:
                self._cluster.records.forget_lost(name.namespace, name.record_name)
        return left

    def _open(self, run: Run, name: Request, wanted: Asked) -> bool:
        return not self._serving(name.integration).worker.settled(run, name, wanted, gone=True)

    def _add(self, name: Request, run: Run, *, new: bool) -> None:
        """A run's end goes first; one that is new gets a moment, in which Tekton usually gives it a condition."""
        serving = self._serving(name.integration)
        slack = 0.0 if run.final else PROGRESS
        if new and run.state is State.QUEUED:
            serving.add_after(name, self._grace, slack)
        else:
            serving.add(name, slack)
