"""Brings the remote up to date with one run: whether a report is due at all, where it goes, and that it is made.

How a failure changes the record is up to the caller.
"""

import dataclasses
import math
import random

from tekton_integrations import provider, words
from tekton_integrations.cluster import Cluster
from tekton_integrations.contexts import Contexts
from tekton_integrations.diary import PACE, SLACK, Diary
from tekton_integrations.errors import IntegrationError, PermanentError, TemporaryError
from tekton_integrations.integration import Delivery, Integration, Result
from tekton_integrations.ledger import Ledger
from tekton_integrations.milestones import due, repeated
from tekton_integrations.plan import Plan, plan
from tekton_integrations.provider import Need, Provider
from tekton_integrations.record import Record, external_id
from tekton_integrations.requests import Asked
from tekton_integrations.run import Run
from tekton_integrations.settling import Settler
from tekton_integrations.workqueue import Wait

# Seconds in which a run that goes on is looked at again after a take-over: when the integration wanted to is not known
# any more. Not all at once.
TAKEN_OVER = (60.0, 180.0)


class Reporter:
    """Of one integration."""

    def __init__(
        self, integration: Integration, cluster: Cluster, contexts: Contexts, settler: Settler, diary: Diary
    ) -> None:
        self._integration = integration
        self._types = tuple(kind.name for kind in integration.provider_types)
        self._cluster = cluster
        self._contexts = contexts
        self._settler = settler
        self._diary = diary

    async def report(self, run: Run, wanted: Asked, ledger: Ledger, failed: str) -> Wait | None:
        """The time until another look. `failed` is the digest of the run's failures. Raises what an integration may."""
        record = ledger.record
        page = self._diary[record.name]
        if record.input_digest == failed and not page.woken:
            if record.given_up and not ledger.overdue:
                return await self._unchanged(ledger)
            if (wait := (record.next_attempt or 0.0) - self._cluster.now()) > 0:
                return Wait(wait)
        self._diary.note(record.name, woken=False)
        try:
            todo = plan(self._integration, run, wanted)
        except PermanentError:
            await self._settler.quit(ledger, None)
            raise
        self._learn(run, record, todo)
        overwritten = self._contexts.newest.overwritten(run, self._contexts.site(record.provider, todo.target))
        again = self._diary.is_due_again(record.name)
        if not (ledger.search or page.edited or overwritten or (again and not todo.progresses)):
            if record.input_digest == todo.digest and not again:
                if todo.progresses and self._diary.is_blank(record.name):
                    self._diary.note(record.name, again=self._cluster.now() + random.uniform(*TAKEN_OVER))  # noqa: S311
                return await self._unchanged(ledger)
            if todo.only_progressed(record.input_digest):
                return await self._progress(run, todo, ledger)
        return await self._bring(run, todo, ledger, search=overwritten or todo.asks_again(record.input_digest))

    def over(self, run: Run, record: Record) -> None:
        """The report failed. One that was given up before anything was shown keeps no other run from being shown."""
        if not record.given_up:
            return
        if record.traces and record.target is not None:
            self._contexts.newest.shown(run, self._contexts.site(record.provider, record.target))
        else:
            self._contexts.newest.gone(run.uid)

    def _learn(self, run: Run, record: Record, todo: Plan) -> None:
        """What an earlier process has shown counts, too."""
        if record.observed_state and record.target is not None and record.target.address == todo.target.address:
            self._contexts.newest.note(run, self._contexts.site(record.provider, todo.target), ended=record.reported)

    async def _progress(self, run: Run, todo: Plan, ledger: Ledger) -> Wait | None:
        """Progress, and what the integration looks for again in a run that goes on, is shown when it is its time, and
        otherwise nobody need hear of it."""
        name = ledger.record.name
        if (wait := self._diary.until_progress(name)) > 0:
            return await self._unchanged(ledger, wait)
        try:
            return await self._bring(run, todo, ledger)
        except TemporaryError as error:
            now = self._cluster.now()
            self._diary.note(name, told=now, again=max(self._diary[name].again, now + PACE))
            await ledger.postpone(error)
            return Wait(max(PACE, error.delay or 0.0), error.at, SLACK)

    async def _bring(self, run: Run, todo: Plan, ledger: Ledger, *, search: bool = False) -> Wait | None:
        name = ledger.record.name
        page = self._diary[name]
        try:
            chosen = await self._choose(run.namespace, todo)
        except PermanentError:
            await self._settler.quit(ledger, todo.target)
            raise
        await self._settler.leave(ledger, todo.target, chosen.path)
        if page.edited:
            ledger.distrust()
        ledger.aim(todo.target, chosen.path, todo.version or self._integration.versions[-1], run.generation)
        self._diary.note(name, edited=False)
        standings = self._contexts.standings
        try:
            result = await self._show(run, todo, chosen, ledger, search=search)
            standings.accepted(chosen.uid, chosen.path)
        except BaseException as error:
            if isinstance(error, IntegrationError):
                standings.failed(chosen.uid, chosen.path, error)
            if page.edited:
                self._diary.note(name, edited=True)
            raise
        self._accepted(run, todo, ledger.record, result)
        return self._diary.wait(ledger.record)

    def _accepted(self, run: Run, todo: Plan, record: Record, result: Result) -> None:
        now = self._cluster.now()
        self._contexts.newest.shown(run, self._contexts.site(record.provider, todo.target))
        again = math.inf if result.requeue_after is None else now + max(1.0, result.requeue_after)
        self._diary.note(record.name, again=again, told=now if todo.progresses else -math.inf)

    async def _show(self, run: Run, todo: Plan, chosen: Provider, ledger: Ledger, *, search: bool) -> Result:
        # A record may have been deleted while nobody looked: look before making anything.
        search = search or ledger.search or (ledger.record.new and self._cluster.runs.older_than_us(run.uid))
        made = await self._contexts.make(ledger, chosen, run, search=search)
        context = dataclasses.replace(made, because=words.because(todo.asked, chosen.path))
        gate = self._contexts.gate(chosen, context)
        if self._integration.delivery is Delivery.LATEST:
            with gate.admitted(context.http.called()):
                result = await self._integration.reconcile(run, todo.options, ledger.record, context)
            await ledger.accepted(run, todo.digest, result)
            return result
        record = ledger.record
        heard = record.milestone, record.delivered, external_id(record)
        missing = due(run, *heard) or (repeated(run, *heard) if todo.asks_again(record.input_digest) else [])
        result = Result()
        for milestone in missing:
            with gate.admitted(context.http.called()):
                told = dataclasses.replace(context, milestone=milestone)
                result = await self._integration.reconcile(run, todo.options, ledger.record, told)
            if milestone is missing[-1]:
                await ledger.accepted(run, todo.digest, result, milestone)
            else:
                await ledger.delivered(run, milestone, result)
        if not missing:
            await ledger.accepted(run, todo.digest, result)
        return result

    async def _unchanged(self, ledger: Ledger, progress: float = math.inf) -> Wait | None:
        if ledger.record.lost:
            await ledger.restore()
        return self._diary.wait(ledger.record, progress)

    async def _choose(self, namespace: str, todo: Plan) -> Provider:
        providers = self._cluster.in_reach(namespace)
        labels = await self._contexts.labels(namespace, providers)
        need = Need(
            types=self._types,
            namespace=namespace,
            labels=labels,
            target=todo.target,
            name=todo.provider,
            within=todo.within,
            any_name=self._integration.resolves_names,
        )
        return provider.choose(providers, self._cluster.shared_namespace, need)
