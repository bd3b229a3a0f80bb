"""One run at one integration: from the newest state to what the remote shows, whatever happened before.

Called with a name; decides from what is true now. Whether a report is due, and how it is made, is in reporting.py, how
each outcome changes the record in ledger.py, how what was left open is concluded in settling.py.
"""

from collections.abc import Callable

from tekton_integrations import metrics, provider
from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.contexts import Contexts
from tekton_integrations.diary import Diary
from tekton_integrations.errors import MissingAnnotation, PermanentError, TemporaryError
from tekton_integrations.integration import Integration
from tekton_integrations.kube.client import ApiError
from tekton_integrations.ledger import Ledger
from tekton_integrations.log import logger
from tekton_integrations.plan import due_digest, failure_digest
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.reporting import Reporter
from tekton_integrations.requests import Asked, Request, ended_before, new_record, sourced, work
from tekton_integrations.run import Run
from tekton_integrations.settling import Settler
from tekton_integrations.sharing import Quiet
from tekton_integrations.workqueue import Wait


class Reconciler:
    """`watermark`: when the integration was installed, in seconds since the epoch."""

    def __init__(self, integration: Integration, cluster: Cluster, watermark: float, mandate: Mandate) -> None:
        self._integration = integration
        self._types = tuple(kind.name for kind in integration.provider_types)
        self._cluster = cluster
        self._mandate = mandate
        self._watermark = watermark
        # Told which name has to be looked at again, besides those that are asked for.
        self.again: Callable[[Request], None] = lambda _: None
        # Told of which Notification which run (its uid) was reported.
        self.reported: Callable[[str, str], object] = lambda _path, _uid: None
        self.contexts = Contexts(integration, cluster)
        self.contexts.newest.revive = self._revive
        self._settler = Settler(integration, cluster, self.contexts, mandate)
        self._diary = Diary(cluster.now)
        self._reporter = Reporter(integration, cluster, self.contexts, self._settler, self._diary)
        self._skipped: set[int] = set()

    def settled(self, run: Run, request: Request, wanted: Asked, *, gone: bool = False) -> bool:
        """Whether nothing is left to do about the run, as far as the cache knows. `gone`: it was deleted, and perhaps
        it was told before that its record was collected with it."""
        records = self._cluster.records
        if not run.final:
            return False
        if not records.has_settled(request.namespace, request.record_name, gone=gone):
            return not records.of_run(run.uid) and self._ended_before(run)
        try:
            options, due = due_digest(self._integration, run, wanted)
            # An edited Notification is no reason to show again what had ended before, unless somebody asked for that.
            digest = "" if request.notification and not wanted.again else due
            by = records.settled(request.namespace, request.record_name, digest, gone=gone)
            if by is None:
                return False
            target = self._integration.target(run, options)
        except PermanentError:
            return False
        # An older run must not take its place, also after a restart.
        self.contexts.newest.note(run, self.contexts.site(by, target), ended=True)
        return True

    def edited(self, record: Record) -> None:
        """Somebody else wrote it: what it remembers is not believed, but looked for."""
        self._diary.note(record.name, edited=True)

    def forget(self, gone: Provider) -> None:
        """The Provider was deleted."""
        self.contexts.forget(gone)

    def wake(self, record: Record) -> None:
        """What its failure came from may be cured: its delay needs no waiting out."""
        self._diary.note(record.name, woken=True)

    async def reconcile(self, request: Request) -> Wait | None:
        """The time until the name is to be looked at again; None when only a change makes that necessary."""
        run = await self._cluster.runs.find(request, self._mandate.fence)
        record = await self._cluster.records.find(request, self._mandate.fence)
        if record is not None and not record.readable:
            await Ledger(record, self._cluster, self._mandate).too_new()
            return None
        if run is not None:
            return await self._present(request, run, record)
        if record is not None and record.owned:
            self._forget(request)
            return None
        last = self._cluster.runs.last(request.uid)
        if last is not None and last.final:
            return await self._pruned(request, last, record)
        return await self._vanished(request, record)

    async def _present(self, request: Request, run: Run, record: Record | None) -> Wait | None:
        every = work(run)
        wanted = every.get(request)
        if wanted is None:
            for other in every if record is None and not request.notification else ():
                if other.integration == request.integration:
                    self.again(other)
            return await self._withdrawn(request, record)
        # Whoever was told that nothing is installed had not asked us.
        known = record is not None and record.condition.reason != "NotInstalled"
        if not known and self._ended_before(run):
            return None
        begun = sourced(record or new_record(request, run), wanted)
        ledger = Ledger(begun, self._cluster, self._mandate)
        providers = self._reach(run)
        failed = failure_digest(run, wanted, providers)
        try:
            wait = await self._reporter.report(run, wanted, ledger, failed)
            self._told(run, wanted, ledger.record)
            return wait
        except PermanentError as error:
            if not (isinstance(error, MissingAnnotation) and run.unresolved):
                await ledger.give_up(error, failed)
                logger.info("given up", run=run.name, namespace=run.namespace, reason=error.reason)
            if self._reach(run) != providers:
                self.again(request)  # one came while we looked, and whoever it wakes had no record yet
            wait = self._diary.wait(ledger.record)
        except TemporaryError as error:
            wait = await ledger.retry(error, failed, run)
        except ApiError:
            raise
        except Exception:
            logger.exception("bug in an integration", integration=request.integration, run=run.name)
            bug = TemporaryError("InternalError", "a bug; the controller's log has the traceback", needs_help=True)
            wait = await ledger.retry(bug, failed, run)
        self._reporter.over(run, ledger.record)
        return wait

    def _reach(self, run: Run) -> str:
        return provider.fingerprint(self._cluster.in_reach(run.namespace), self._types)

    def _told(self, run: Run, wanted: Asked, record: Record) -> None:
        for path in wanted.notifications if record.reported else ():
            self.reported(path, run.uid)

    async def _pruned(self, request: Request, last: Run, record: Record | None) -> Wait | None:
        """Deleted before its end was shown: it is shown all the same."""
        try:
            wait = await self._present(request, last, record)
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            wait = None  # the namespace is going away too: nothing can be stored, and need not be
        if wait is None:
            if record := await self._cluster.records.find(request):
                await self._cluster.records.delete(record)
            self._forget(request)
        return wait

    async def _withdrawn(self, request: Request, record: Record | None) -> Wait | None:
        """The run no longer asks. What is finished at the remote stays, what is open is settled."""
        if record is not None and record.reported:
            await self._cluster.records.delete(record)
            return None
        return await self._vanished(request, record)

    async def _vanished(self, request: Request, record: Record | None) -> Wait | None:
        """The run is gone, its outcome unknown."""
        if record is not None:
            if record.traces and (wait := await self._settler.conclude(record)) is not None:
                return wait
            await self._cluster.records.delete(record)
        self._forget(request)
        return None

    def _ended_before(self, run: Run) -> bool:
        if not ended_before(run, self._integration.name, self._watermark, self._cluster.now()):
            return False
        if hash(run.uid) not in self._skipped:
            self._skipped.add(hash(run.uid))
            metrics.skipped_runs.labels(self._integration.name, "EndedBeforeInstall").inc()
        return True

    def _revive(self, quiet: Quiet) -> None:
        self.again(Request(self._integration.name, "", quiet.kind, quiet.namespace, quiet.name, quiet.uid))

    def _forget(self, request: Request) -> None:
        self._cluster.records.forget_lost(request.namespace, request.record_name)
        self._cluster.runs.forget(request)
        self._skipped.discard(hash(request.uid))
        self._diary.forget(request.record_name)
        self.contexts.newest.gone(request.uid)
