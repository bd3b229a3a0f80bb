"""Answers runs that ask for an integration which is not installed, so that nobody waits for a report in vain, and
records that belong to no request. One process of all Deployments does this: the holder of the Lease of the core.
"""

from collections.abc import Callable, Collection

from tekton_integrations import annotations
from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.errors import PermanentError
from tekton_integrations.ledger import Ledger
from tekton_integrations.provider import Provider
from tekton_integrations.record import KIND, Record
from tekton_integrations.registry import PACKAGES
from tekton_integrations.requests import Asked, Request, asked, for_record, inherited, new_record
from tekton_integrations.run import Run
from tekton_integrations.workqueue import Wait

# Another Deployment that starts at the same time needs a moment to say what it brings.
GRACE = 5.0


def stray(record: Record) -> Request | None:
    """What to do about a record whose name says that no request of its run can have made it."""
    if record.name == for_record(record).record_name:
        return None
    return Request("", "", KIND, record.namespace, record.name, record.uid)


class Unserved:
    """`claimed` gives the integrations that some Deployment brings; `watermark` is when the first was installed."""

    def __init__(
        self, cluster: Cluster, claimed: Callable[[], frozenset[str]], watermark: float, mandate: Mandate
    ) -> None:
        self._cluster = cluster
        self._claimed = claimed
        self._watermark = watermark
        self._mandate = mandate
        # Integrations that have reported but are not claimed any more, and since when.
        self._unclaimed: dict[str, float] = {}

    def settled(self, run: Run, request: Request, wanted: Asked, *, gone: bool = False) -> bool:
        """Whether there is nothing to tell about it."""
        return request.integration in self._claimed() or run.ended_before(self._watermark)

    def edited(self, record: Record) -> None:
        """What is written here depends on nothing in the record."""

    def wake(self, record: Record) -> None:
        """No failure here is cured by a Secret."""

    def forget(self, gone: Provider) -> None:
        """No Provider is used here."""

    async def reconcile(self, request: Request) -> Wait | None:
        if request.kind == KIND:
            await self._disown(request)
            return None
        if request.integration in self._claimed():
            self._cluster.records.forget_lost(request.namespace, request.record_name)
            self._unclaimed.pop(request.integration, None)
            return None
        cluster = self._cluster
        run = await cluster.runs.find(request, self._mandate.fence)
        record = await cluster.records.find(request, self._mandate.fence)
        wanted = asked(run).get(request.integration) if run else None
        if run is None or wanted is None:
            await self._leave(request, record)
            return None
        if record is None and run.ended_before(self._watermark):
            return None
        if wanted.options and (wait := self._mandate.since + GRACE - cluster.now()) > 0:
            return Wait(wait)
        if record is not None and record.target is not None and (wait := self._vanished(request.integration)) > 0:
            return Wait(wait)
        error = self._error(request.integration, wanted)
        digest = f"unserved/{error.reason}"
        if record is None or record.input_digest != digest:
            await Ledger(record or new_record(request, run), cluster, self._mandate).give_up(error, digest)
        return None

    def _vanished(self, integration: str) -> float:
        """Seconds in which an integration that has reported here may still say that it is there after all."""
        now = self._cluster.now()
        return self._unclaimed.setdefault(integration, now) + GRACE - now

    async def _leave(self, request: Request, record: Record | None) -> None:
        """What an integration that was uninstalled has left open stays: nobody here can settle it."""
        if record is not None and not record.traces:
            await self._cluster.records.delete(record)
        self._cluster.records.forget_lost(request.namespace, request.record_name)
        self._cluster.runs.forget(request)

    def _error(self, name: str, wanted: Asked) -> PermanentError:
        if not wanted.options:
            return inherited(name, wanted.ignored[0])
        return not_installed(name, self._claimed())

    async def _disown(self, request: Request) -> None:
        record = self._cluster.records.get(request.namespace, request.name)
        if record is None or record.uid != request.uid or record.condition.reason == "NotOurs":
            return
        error = PermanentError(
            "NotOurs",
            "this record has not the name that the controller gives to one of its run and integration; delete it",
        )
        await Ledger(record, self._cluster, self._mandate).give_up(error, "stray")


def not_installed(name: str, installed: Collection[str]) -> PermanentError:
    """What to say of an annotation that names no integration of ours."""
    # Never made from the annotation: it would tell people to install whatever somebody uploaded.
    package = PACKAGES.get(name)
    cure = f"install {package} and name {name} in --integrations" if package else "no package of that name is known"
    here = ", ".join(sorted(installed)) or "none"
    where = f"{name}.{annotations.DOMAIN}"
    return PermanentError("NotInstalled", f"{where}: not installed here (installed: {here}); {cure}")
