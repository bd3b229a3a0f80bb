"""One run at one integration: from the newest state to what the remote shows, whatever happened before.

Called with a name; decides from what is true now. How each outcome changes the record is in ledger.py, how what
was left open is concluded in settling.py, what the service needs in the integration.
"""

import dataclasses
import math

from tekton_integrations import metrics, provider
from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.contexts import Contexts
from tekton_integrations.errors import MissingAnnotation, PermanentError, TemporaryError
from tekton_integrations.integration import Delivery, Integration, Result
from tekton_integrations.intents import LOOK_AGAIN
from tekton_integrations.kube.client import ApiError
from tekton_integrations.ledger import Ledger
from tekton_integrations.log import logger
from tekton_integrations.milestones import due
from tekton_integrations.plan import Plan, due_digest, failure_digest, plan
from tekton_integrations.provider import Need, Provider
from tekton_integrations.record import Record, external_id
from tekton_integrations.requests import Asked, Request, asked, new_record
from tekton_integrations.run import Run
from tekton_integrations.settling import Settler
from tekton_integrations.workqueue import Wait


class Reconciler:
    """`watermark`: when the integration was installed, in seconds since the epoch."""

    def __init__(self, integration: Integration, cluster: Cluster, watermark: float, mandate: Mandate) -> None:
        self._integration = integration
        self._types = tuple(kind.name for kind in integration.provider_types)
        self._cluster = cluster
        self._mandate = mandate
        self._watermark = watermark
        self.contexts = Contexts(integration, cluster)
        self._settler = Settler(integration, cluster, self.contexts, mandate)
        self._skipped: set[int] = set()
        self._edited: set[str] = set()
        self._woken: set[str] = set()
        # When the integration wants to look at a run again, by the record's name.
        self._again: dict[str, float] = {}

    def settled(self, run: Run, request: Request, wanted: Asked) -> bool:
        """Whether nothing is left to do about the run, as far as the cache knows."""
        records = self._cluster.records
        if not run.final:
            return False
        if not records.has_settled(request.namespace, request.record_name):
            return not records.of_run(run.uid) and self._ended_before(run)
        try:
            digest = due_digest(self._integration, run, wanted)[1]
        except PermanentError:
            return False
        return records.settled(request.namespace, request.record_name, digest)

    def edited(self, record: Record) -> None:
        """Somebody else wrote it: what it remembers is not believed, but looked for."""
        self._edited.add(record.name)

    def forget(self, gone: Provider) -> None:
        """The Provider was deleted."""
        self.contexts.forget(gone)

    def wake(self, record: Record) -> None:
        """What its failure came from may be cured: its delay needs no waiting out."""
        self._woken.add(record.name)

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
        wanted = asked(run).get(request.integration)
        if wanted is None:
            return await self._withdrawn(request, record)
        # Whoever was told that nothing is installed had not asked us.
        known = record is not None and record.condition.reason != "NotInstalled"
        if not known and self._ended_before(run):
            return None
        ledger = Ledger(record or new_record(request, run), self._cluster, self._mandate)
        providers = provider.fingerprint(
            self._cluster.providers, self._types, run.namespace, self._cluster.shared_namespace
        )
        failed = failure_digest(run, wanted, providers)
        try:
            return await self._report(run, wanted, ledger, failed)
        except MissingAnnotation as error:
            if not run.unresolved:
                await ledger.give_up(error, failed)
            return self._until_verification(ledger.record)
        except PermanentError as error:
            await ledger.give_up(error, failed)
            logger.info("given up", run=run.name, namespace=run.namespace, reason=error.reason)
            return self._until_verification(ledger.record)
        except TemporaryError as error:
            return await ledger.retry(error, failed, run)
        except ApiError:
            raise
        except Exception:
            logger.exception("bug in an integration", integration=request.integration, run=run.name)
            bug = TemporaryError("InternalError", "a bug; the controller's log has the traceback", needs_help=True)
            return await ledger.retry(bug, failed, run)

    async def _report(self, run: Run, wanted: Asked, ledger: Ledger, failed: str) -> Wait | None:
        record = ledger.record
        if record.input_digest == failed and record.name not in self._woken:
            if record.given_up and not ledger.overdue:
                return await self._unchanged(ledger)
            if (wait := (record.next_attempt or 0.0) - self._cluster.now()) > 0:
                return Wait(wait)
        self._woken.discard(record.name)
        try:
            todo = plan(self._integration, run, wanted)
        except PermanentError:
            await self._settler.quit(ledger, None)
            raise
        edited = record.name in self._edited
        if record.input_digest == todo.digest and not (ledger.search or edited or self._is_due_again(record)):
            return await self._unchanged(ledger)
        try:
            chosen = await self._choose(run.namespace, todo)
        except PermanentError:
            await self._settler.quit(ledger, todo.target)
            raise
        await self._settler.leave(ledger, todo.target)
        if edited:
            ledger.distrust()
        ledger.aim(todo.target, chosen.path, todo.version or self._integration.versions[-1], run.generation)
        self._edited.discard(record.name)
        try:
            result = await self._show(run, todo, chosen, ledger)
        except BaseException:
            if edited:
                self._edited.add(record.name)
            raise
        self._again.pop(record.name, None)
        if result.requeue_after is not None:
            self._again[record.name] = self._cluster.now() + max(1.0, result.requeue_after)
        return self._until_verification(ledger.record)

    async def _show(self, run: Run, todo: Plan, chosen: Provider, ledger: Ledger) -> Result:
        # A record may have been deleted while nobody looked: look before making anything.
        search = ledger.search or (ledger.record.new and self._cluster.runs.older_than_us(run.uid))
        context = await self.contexts.make(ledger, chosen, run, search=search)
        gate = self.contexts.gate(chosen, context)
        if self._integration.delivery is Delivery.LATEST:
            with gate.admitted():
                result = await self._integration.reconcile(run, todo.options, ledger.record, context)
            await ledger.accepted(run, todo.digest, result)
            return result
        record = ledger.record
        missing = due(run, record.milestone, record.delivered, external_id(record))
        result = Result()
        for milestone in missing:
            with gate.admitted():
                told = dataclasses.replace(context, milestone=milestone)
                result = await self._integration.reconcile(run, todo.options, ledger.record, told)
            if milestone is missing[-1]:
                await ledger.accepted(run, todo.digest, result, milestone)
            else:
                await ledger.delivered(run, milestone, result)
        if not missing:
            await ledger.accepted(run, todo.digest, result)
        return result

    async def _unchanged(self, ledger: Ledger) -> Wait | None:
        if ledger.record.lost:
            await ledger.restore()
        return self._until_verification(ledger.record)

    async def _choose(self, namespace: str, todo: Plan) -> Provider:
        labels = await self._settler.labels(namespace, self._cluster.providers)
        need = Need(types=self._types, namespace=namespace, labels=labels, target=todo.target, name=todo.provider)
        return provider.choose(self._cluster.providers, self._cluster.shared_namespace, need)

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
        if not run.ended_before(self._watermark):
            return False
        if hash(run.uid) not in self._skipped:
            self._skipped.add(hash(run.uid))
            metrics.skipped_runs.labels(self._integration.name, "EndedBeforeInstall").inc()
        return True

    def _is_due_again(self, record: Record) -> bool:
        return self._cluster.now() >= self._again.get(record.name, math.inf)

    def _until_verification(self, record: Record) -> Wait | None:
        """Until something is to be looked at again: a call in doubt, or what the integration asked for."""
        now, again = self._cluster.now(), self._again.get(record.name)
        waits = [] if again is None else [max(0.1, again - now)]
        if record.verify_after is not None:
            # One that is overdue but can't be looked at (an annotation is missing) is not to be asked for in a loop.
            waits.append(record.verify_after - now if record.verify_after > now else LOOK_AGAIN)
        return Wait(min(waits)) if waits else None

    def _forget(self, request: Request) -> None:
        self._cluster.records.forget_lost(request.namespace, request.record_name)
        self._cluster.runs.forget(request)
        self._skipped.discard(hash(request.uid))
        self._edited.discard(request.record_name)
        self._woken.discard(request.record_name)
        self._again.pop(request.record_name, None)
