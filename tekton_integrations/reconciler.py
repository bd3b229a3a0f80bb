"""One run at one integration: from the newest state to what the remote shows, whatever happened before.

Called with a name; decides from what is true now. How each outcome changes the record is in ledger.py, what the
service needs is in the integration.
"""

from collections.abc import Iterable, Mapping

from tekton_integrations import metrics, provider
from tekton_integrations.cluster import Cluster
from tekton_integrations.contexts import Contexts
from tekton_integrations.errors import MissingAnnotation, PermanentError, TemporaryError
from tekton_integrations.integration import Integration
from tekton_integrations.kube.client import ApiError
from tekton_integrations.ledger import Ledger
from tekton_integrations.log import logger
from tekton_integrations.plan import Plan, failure_digest, plan
from tekton_integrations.provider import Need, Provider
from tekton_integrations.record import Record, Target
from tekton_integrations.requests import Asked, Request, asked, new_record
from tekton_integrations.run import Run

# Tries to settle what a deleted run left behind; with back-off about a day.
MAX_SETTLE_ATTEMPTS = 300


class Reconciler:
    """`watermark`: when the integration was installed, in seconds since the epoch."""

    def __init__(self, integration: Integration, cluster: Cluster, watermark: float) -> None:
        self._integration = integration
        self._types = tuple(kind.name for kind in integration.provider_types)
        self._cluster = cluster
        self._contexts = Contexts(integration, cluster)
        self._watermark = watermark
        self._skipped: set[str] = set()

    async def reconcile(self, request: Request) -> float | None:
        """Seconds until the name is to be looked at again; None when only a change makes that necessary."""
        run = self._cluster.runs.get(request)
        record = self._cluster.records.get(request.namespace, request.record_name)
        if run is not None:
            return await self._present(request, run, record)
        if record is not None and record.owned:
            self._forget(request)
            return None
        last = self._cluster.runs.last(request.uid)
        if last is not None and last.final:
            return await self._pruned(request, last, record)
        return await self._vanished(request, record)

    async def _present(self, request: Request, run: Run, record: Record | None) -> float | None:
        wanted = asked(run).get(request.integration)
        if wanted is None:
            return await self._withdrawn(request, record)
        if record is None and self._ended_before(run):
            return None
        ledger = Ledger(record or new_record(request, run), self._cluster)
        known = provider.fingerprint(
            self._cluster.providers, self._types, run.namespace, self._cluster.shared_namespace
        )
        failed = failure_digest(run, wanted, known)
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
            return await ledger.retry(error, failed)
        except ApiError:
            raise
        except Exception:
            logger.exception("bug in an integration", integration=request.integration, run=run.name)
            bug = TemporaryError("InternalError", "a bug; the controller's log has the traceback", needs_help=True)
            return await ledger.retry(bug, failed)

    async def _report(self, run: Run, wanted: Asked, ledger: Ledger, failed: str) -> float | None:
        record = ledger.record
        if record.input_digest == failed:
            if record.given_up:
                return await self._unchanged(ledger)
            if (wait := (record.next_attempt or 0.0) - self._cluster.now()) > 0:
                return wait
        todo = plan(self._integration, run, wanted)
        if record.input_digest == todo.digest and not ledger.search:
            return await self._unchanged(ledger)
        chosen = await self._choose(run.namespace, todo)
        await self._leave_old_target(ledger, todo.target)
        ledger.aim(todo.target, chosen.path, todo.version or self._integration.versions[-1], run.generation)
        # A record may have been deleted while nobody looked: look before making anything.
        search = ledger.search or (record.new and self._cluster.runs.older_than_us(run.uid))
        context = await self._contexts.make(ledger, chosen, run, search=search)
        result = await self._integration.reconcile(run, todo.options, ledger.record, context)
        await ledger.accepted(run, todo.digest, result)
        again = self._until_verification(ledger.record)
        return min((t for t in (result.requeue_after, again) if t is not None), default=None)

    async def _unchanged(self, ledger: Ledger) -> float | None:
        if ledger.record.lost:
            await ledger.restore()
        return self._until_verification(ledger.record)

    async def _choose(self, namespace: str, todo: Plan) -> Provider:
        labels = await self._labels(namespace, self._cluster.providers)
        need = Need(types=self._types, namespace=namespace, labels=labels, target=todo.target, name=todo.provider)
        return provider.choose(self._cluster.providers, self._cluster.shared_namespace, need)

    async def _labels(self, namespace: str, providers: Iterable[Provider]) -> Mapping[str, str]:
        """Read only where a grant asks for them."""
        if any(each.selects_namespaces for each in providers):
            return await self._cluster.namespaces.labels(namespace)
        return {}

    async def _leave_old_target(self, ledger: Ledger, target: Target) -> None:
        old = ledger.record.target
        if old is None or old.address == target.address:
            return
        if ledger.record.traces and not ledger.record.reported:
            try:
                await self._settle(ledger)
            except PermanentError as error:
                logger.warning("old target not settled", record=ledger.record.name, reason=error.reason)
        ledger.start_over()

    async def _pruned(self, request: Request, last: Run, record: Record | None) -> float | None:
        """Deleted before its end was shown: it is shown all the same."""
        try:
            delay = await self._present(request, last, record)
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            delay = None  # the namespace is going away too: nothing can be stored, and need not be
        record = self._cluster.records.get(request.namespace, request.record_name)
        if delay is None and record is not None:
            await self._cluster.records.delete(record)
        if delay is None:
            self._forget(request)
        return delay

    async def _withdrawn(self, request: Request, record: Record | None) -> float | None:
        """The run no longer asks. What is finished at the remote stays, what is open is settled."""
        if record is not None and record.reported:
            await self._cluster.records.delete(record)
            return None
        return await self._vanished(request, record)

    async def _vanished(self, request: Request, record: Record | None) -> float | None:
        """Nobody will finish what the record began."""
        if record is not None:
            if record.traces and (delay := await self._settled(record)) is not None:
                return delay
            await self._cluster.records.delete(record)
        self._forget(request)
        return None

    async def _settled(self, record: Record) -> float | None:
        """None when nothing is left open, or nothing can be done about it; else seconds until the next try."""
        ledger = Ledger(record, self._cluster)
        try:
            await self._settle(ledger)
            outcome = "Concluded"
        except PermanentError as error:
            outcome = error.reason
        except TemporaryError as error:
            if record.attempts < MAX_SETTLE_ATTEMPTS:
                return error.delay or 5.0 if record.lost else await ledger.retry(error, record.input_digest)
            outcome = error.reason
        metrics.settled.labels(record.integration, outcome).inc()
        logger.info("settled", record=record.name, namespace=record.namespace, outcome=outcome)
        return None

    async def _settle(self, ledger: Ledger) -> None:
        """Concludes what the record left open, and waits until nothing of it can appear any more."""
        record = ledger.record
        if record.target is None:
            return
        namespace, _, name = record.provider.partition("/")
        chosen = self._cluster.providers.get(namespace, name)
        labels = await self._labels(record.namespace, [chosen] if chosen else [])
        if chosen is None or not chosen.grants_to(record.namespace, labels, record.target):
            raise PermanentError("NotGranted", f"Provider {record.provider} no longer grants {record.target.resource}")
        context = await self._contexts.make(ledger, chosen, None, search=True)
        await self._integration.settle(record, context)
        deadlines = [record.intent.deadline if record.intent else 0.0, record.verify_after or 0.0]
        if (wait := max(deadlines) - self._cluster.now()) > 0:
            raise TemporaryError("MaybeSent", "a call was cut; what it made is looked for again", wait, maybe_sent=True)

    def _ended_before(self, run: Run) -> bool:
        if not run.ended_before(self._watermark):
            return False
        if run.uid not in self._skipped:
            self._skipped.add(run.uid)
            metrics.skipped_runs.labels(self._integration.name, "EndedBeforeInstall").inc()
        return True

    def _until_verification(self, record: Record) -> float | None:
        return None if record.verify_after is None else max(0.1, record.verify_after - self._cluster.now())

    def _forget(self, request: Request) -> None:
        self._cluster.records.forget_lost(request.namespace, request.record_name)
        self._cluster.runs.forget(request)
        self._skipped.discard(request.uid)
