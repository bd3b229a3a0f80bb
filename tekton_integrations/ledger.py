"""One record during one reconcile: how each outcome changes it, and that the change is stored and told. What is
announced before a call, and what stays in doubt after it, is in intents.py.
"""

from msgspec.structs import replace

from tekton_integrations import metrics, words
from tekton_integrations.errors import PermanentError, TemporaryError
from tekton_integrations.integration import Result
from tekton_integrations.intents import Intents
from tekton_integrations.kube.recorder import Note
from tekton_integrations.limits import Cost
from tekton_integrations.milestones import Milestone
from tekton_integrations.opening import MAX_DELAY
from tekton_integrations.record import FORMAT, Condition, Target
from tekton_integrations.requests import ended_before
from tekton_integrations.run import Run
from tekton_integrations.workqueue import Wait, backoff

# A wait below this is not worth a write.
QUIET = 5.0
# So long after a run's end nobody waits for its report any more.
MAX_AGE = 3 * 86400.0
_PARKED = ("Throttled", "ServiceDown")
# Tries before an Event says that it is not going well.
PATIENCE = 3


class Ledger(Intents):
    """Use one for each reconcile. `record` is always what is in the cluster, or what the next write would store."""

    def aim(self, target: Target, provider: str, version: str, generation: int) -> None:
        """Where the next call goes; stored with the next write, so that it can be settled without the run."""
        self.record = replace(
            self.record, target=target, provider=provider, version=version, observed_generation=generation
        )

    def start_over(self) -> None:
        """The old target is settled: nothing that is remembered holds for the new one. What stands there already
        is looked for: the old target may have been somebody's edit of the record."""
        self._moved = True
        self._distrusted = {}
        self.record = replace(
            self.record,
            memory={},
            url="",
            intent=None,
            verify_after=None,
            observed_state="",
            owned=False,
            attempts=0,
            delivered=0,
            milestone="",
        )

    async def too_new(self) -> None:
        """A newer version wrote the record: it is left alone, and the run's owner is told."""
        await self._tell(
            "Warning",
            "RecordTooNew",
            f"the record {self.record.name} was written by a newer version of the controller (format "
            f"{self.record.format}, known is {FORMAT}) and is left alone; upgrade, or delete it to start over",
        )

    async def delivered(self, run: Run, milestone: Milestone, result: Result) -> None:
        """One of several milestones was accepted; the last one is told by `accepted`."""
        memory = self._known(result)
        self._count(milestone)
        first = not self.record.observed_state
        known = replace(self.record, memory=memory, observed_state=str(run.state), attempts=0, next_attempt=None)
        await self._write(replace(known, intent=self._unanswered, verify_after=self._look_after(known.verify_after)))
        metrics.reports.labels(self.record.integration, "accepted", "InProgress").inc()
        self._timed(run, first=first)

    def _count(self, milestone: Milestone) -> None:
        self.record = replace(self.record, delivered=milestone.sequence, milestone=milestone.key)

    def _known(self, result: Result) -> dict[str, str]:
        """The ids, from whoever has looked: what was not believed is of no use any more."""
        self._distrusted = {}
        return dict(self.record.memory if result.memory is None else result.memory)

    async def accepted(self, run: Run, digest: str, result: Result, milestone: Milestone | None = None) -> None:
        """The remote shows `run` now, or has got the last of its milestones so far."""
        if milestone:
            self._count(milestone)
        verify = self._look_after(None if self._verifying else self.record.verify_after)
        first = not self.record.observed_state
        status, reason = ("True", "Reported") if run.final else ("Unknown", "InProgress")
        target = self.record.target
        name, resource = (target.name, target.resource) if target else (self.record.integration, "its place")
        message = result.summary or words.shown(name, resource, run.state)
        was_reported = self.record.reported
        await self._write(
            replace(
                self.record,
                condition=self._condition(status, reason, message),
                memory=self._known(result),
                url=result.url or self.record.url,
                observed_state=str(run.state),
                input_digest=digest,
                attempts=0,
                next_attempt=None,
                intent=self._unanswered,
                verify_after=verify,
                owned=run.final and verify is None,
            )
        )
        metrics.reports.labels(self.record.integration, "accepted", reason).inc()
        self._timed(run, first=first, last=run.final and not was_reported)
        if first or (run.final and not was_reported):
            await self._tell("Normal", "Reported", f"{message} {self.record.url}".rstrip())

    def _timed(self, run: Run, *, first: bool, last: bool = False) -> None:
        """The run is shown for the first time, and so is its end."""
        now, name = self._now(), self.record.integration
        if first:
            metrics.first_report_seconds.labels(name).observe(max(0.0, now - run.created))
        if last:
            metrics.report_seconds.labels(name).observe(max(0.0, now - (run.finished or now)))

    async def retry(self, error: TemporaryError, digest: str, run: Run | None = None) -> Wait | None:
        """Another try is due, unless the run ended too long ago; gives the time until then."""
        attempts = self.record.attempts + 1
        delay = backoff(attempts) if error.delay is None else min(error.delay, MAX_DELAY)
        wait = Wait(delay, error.at)
        if run is not None and ended_before(run, self.record.integration, self._now() - MAX_AGE, self._now()):
            await self.give_up(_too_old(error), digest)
            return None
        reason = _waiting(error, in_doubt=self.record.intent is not None)
        before = self.record.condition
        metrics.reports.labels(self.record.integration, "retried", error.reason).inc()
        quiet = (reason in _PARKED and delay < QUIET) or _said(before, reason, error)
        verify = self._doubt(error)
        saved = not self._unsaved and verify == self.record.verify_after
        if saved and (quiet or self._discreet(error)):
            return wait
        await self._write(
            replace(
                self.record,
                condition=self._condition("Unknown", reason, error.message),
                input_digest=digest,
                attempts=attempts,
                next_attempt=self._now() + delay,
                verify_after=verify,
            )
        )
        news = (before.reason, before.message) != (reason, error.message)
        if (error.needs_help and news) or (reason == "Retrying" and attempts == PATIENCE):
            await self._tell("Warning", error.reason, error.message)
        return wait

    async def postpone(self, error: TemporaryError) -> None:
        """What failed was not worth telling: only what must not be forgotten is stored."""
        metrics.reports.labels(self.record.integration, "postponed", error.reason).inc()
        verify = self._doubt(error)
        if self._unsaved or verify != self.record.verify_after:
            await self._write(replace(self.record, verify_after=verify))

    def _discreet(self, error: TemporaryError) -> bool:
        """Whether to keep it to ourselves that a name waits where thousands may wait; it is told at its next try."""
        if error.at is None:
            return False
        try:
            self._courtesy.take(Cost())
        except TemporaryError:
            return True
        return False

    async def give_up(self, error: PermanentError, digest: str) -> None:
        """Nothing more is tried until somebody changes something; says what."""
        before = self.record.condition
        record = replace(
            self.record,
            condition=self._condition("False", error.reason, error.message),
            input_digest=digest,
            attempts=self.record.attempts + 1,
            next_attempt=None,
            verify_after=None if self._verifying else self.record.verify_after,
        )
        await self._write(replace(record, owned=not record.traces))
        metrics.reports.labels(self.record.integration, "given_up", error.reason).inc()
        if (before.status, before.reason, before.message) != ("False", error.reason, error.message):
            await self._tell("Warning", error.reason, error.message)

    async def restore(self) -> None:
        """Somebody deleted the record; what it said still holds."""
        await self._write(self.record)

    async def _tell(self, kind: str, reason: str, message: str) -> None:
        mine = message.startswith(self.record.integration)
        text = message if mine else f"{self.record.integration}: {message}"
        await self._recorder.record(self.record.namespace, self.record.run, Note(kind, reason, text))


def _too_old(error: TemporaryError) -> PermanentError:
    days = MAX_AGE / 86400
    message = (
        f"not accepted for {days:.0f} days after the run's end; the last failure was {error.reason}: {error.message}"
    )
    return PermanentError("TooOld", message)


def _said(before: Condition, reason: str, error: TemporaryError) -> bool:
    """Whether the record says already all that is worth a write."""
    if reason != before.reason:
        return False
    same = error.needs_help and error.delay is not None and before.message == error.message
    return same or reason in (*_PARKED, "MaybeSent") or error.reason == "Stalled"


def _waiting(error: TemporaryError, *, in_doubt: bool) -> str:
    """The reason of the condition while another try is due."""
    if in_doubt:
        return "MaybeSent"
    return error.reason if error.needs_help or error.reason in _PARKED else "Retrying"
