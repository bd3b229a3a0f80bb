"""Concludes what a record left open at the remote: of a deleted run, of a withdrawn annotation, of an old target."""

import dataclasses

from tekton_integrations import metrics
from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.contexts import Contexts
from tekton_integrations.errors import PermanentError, TemporaryError
from tekton_integrations.integration import Delivery, Integration
from tekton_integrations.ledger import Ledger
from tekton_integrations.log import logger
from tekton_integrations.milestones import ending
from tekton_integrations.opening import MAX_DELAY
from tekton_integrations.posting import in_doubt
from tekton_integrations.record import Record, Target
from tekton_integrations.workqueue import Wait

# Tries to settle what a deleted run left behind; with back-off about a day. A wait of a day is not waited for.
MAX_ATTEMPTS = 300
# Seconds for which an endpoint that a run named holds up the one that it names now: it may be dead.
PATIENCE = 60.0


class Settler:
    def __init__(self, integration: Integration, cluster: Cluster, contexts: Contexts, mandate: Mandate) -> None:
        self._integration = integration
        self._cluster = cluster
        self._contexts = contexts
        self._mandate = mandate

    async def leave(self, ledger: Ledger, target: Target, by: str) -> None:
        """Before a run is shown at `target`, by the Provider whose path is `by`: what is open elsewhere, or by another
        one, is concluded."""
        old = ledger.record
        moved = old.target is not None and (old.target.address != target.address or self._by_another(old, by))
        await self.quit(ledger, target, by)
        if moved:
            ledger.start_over()

    async def quit(self, ledger: Ledger, target: Target | None, by: str = "") -> None:
        """Concludes and forgets what is open anywhere but at `target` (None: of a run that can be shown nowhere), or by
        another Provider than `by` (empty: none can be chosen)."""
        record = ledger.record
        if record.target is None or record.reported or not record.traces:
            return
        if target is not None and record.target.address == target.address and not self._by_another(record, by):
            return
        try:
            await self._settle(ledger)
        except PermanentError as error:
            logger.warning("old target not settled", record=record.name, reason=error.reason)
        except TemporaryError as error:
            if not self._may_be_left(error, record, by):
                raise
            logger.warning("old target not settled", record=record.name, reason=error.reason)
        else:
            ledger.start_over()
        self._contexts.newest.gone(record.run.uid, self._contexts.site(record.provider, record.target))

    def _may_be_left(self, error: TemporaryError, record: Record, by: str) -> bool:
        """Perhaps what fails is why it is another Provider or endpoint now."""
        if error.needs_help and self._by_another(record, by):
            return True
        return bool(record.target and record.target.endpoint) and (error.delay or 0.0) > PATIENCE

    def _by_another(self, record: Record, by: str) -> bool:
        """Whether it was shown by another Provider, which still is there: one that was renamed shows what it showed."""
        return bool(by) and by != record.provider and self._cluster.provider(record.provider) is not None

    async def conclude(self, record: Record) -> Wait | None:
        """None when nothing is left open, or nothing can be done about it; else the time until the next try."""
        ledger = Ledger(record, self._cluster, self._mandate)
        try:
            await self._settle(ledger)
            outcome = "Concluded"
        except PermanentError as error:
            outcome = error.reason
        except TemporaryError as error:
            if record.attempts < MAX_ATTEMPTS and (error.delay or 0.0) < MAX_DELAY:
                return (
                    Wait(error.delay or 5.0) if ledger.record.lost else await ledger.retry(error, record.input_digest)
                )
            outcome = error.reason
        if record.target is not None:
            self._contexts.newest.gone(record.run.uid, self._contexts.site(record.provider, record.target))
        metrics.settled.labels(record.integration, outcome).inc()
        logger.info("settled", record=record.name, namespace=record.namespace, outcome=outcome)
        return None

    async def _settle(self, ledger: Ledger) -> None:
        """Concludes what the record left open, and waits until nothing of it can appear any more."""
        record = ledger.record
        if record.target is None:
            return
        chosen = self._cluster.provider(record.provider)
        labels = await self._contexts.labels(record.namespace, [chosen] if chosen else [])
        any_name = self._integration.resolves_names
        if chosen is None or not chosen.grants_to(record.namespace, labels, record.target, any_name=any_name):
            raise PermanentError("NotGranted", f"Provider {record.provider} no longer grants {record.target.resource}")
        context = await self._contexts.make(ledger, chosen, None, search=True)
        if self._integration.delivery is Delivery.MILESTONES:
            doubt, now = record.intent is not None or in_doubt(record), self._cluster.now()
            last = ending(record.milestone, record.delivered, context.external_id, now, in_doubt=doubt)
            context = dataclasses.replace(context, milestone=last)
        with self._contexts.gate(chosen, context).admitted(context.http.called()):
            await self._integration.settle(record, context)
        if context.milestone:
            return  # told once more, the end would be the same to whoever knows it, and so would be what comes late
        deadlines = [ledger.deadline(record.intent) if record.intent else 0.0, record.verify_after or 0.0]
        if (wait := max(deadlines) - self._cluster.now()) > 0:
            raise TemporaryError("MaybeSent", "a call was cut; what it made is looked for again", wait)
