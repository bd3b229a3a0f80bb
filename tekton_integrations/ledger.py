"""One record during one reconcile: how each outcome changes it, and that the change is stored and told.

Intent before effect: `attempt` stores what is about to happen, so that a crash leaves an attempt in doubt, never a
forgotten one (docs/decisions/0002).
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace

from tekton_integrations import metrics
from tekton_integrations.cluster import Cluster
from tekton_integrations.errors import IntegrationError, PermanentError, TemporaryError
from tekton_integrations.integration import Result
from tekton_integrations.kube.recorder import Note
from tekton_integrations.record import Attempt, Condition, Record, Target
from tekton_integrations.run import Run
from tekton_integrations.workqueue import backoff

# A wait below this is not worth a write.
QUIET = 5.0
# How often a call in doubt is looked for until it can no longer take effect.
LOOK_AGAIN = 5.0
# Tries before an Event says that it is not going well.
PATIENCE = 3


class Ledger:
    """Use one for each reconcile. `record` is always what is in the cluster, or what the next write would store."""

    def __init__(self, record: Record, cluster: Cluster) -> None:
        self.record = record
        self._records = cluster.records
        self._recorder = cluster.recorder
        self._timing = cluster.timing
        self._holder = cluster.holder
        self._now = cluster.now
        # Whether the remote has been looked at since the last attempt in doubt could have landed.
        self._verifying = record.verify_after is not None and self._now() >= record.verify_after
        self._announced: Attempt | None = None
        self._refused = False

    @property
    def search(self) -> bool:
        """The remote may hold something that the record does not know."""
        return self.record.intent is not None or self._verifying

    def may_send(self) -> bool:
        """False when the process slept since it announced its call: others may have acted on that meanwhile."""
        announced = self._announced
        return announced is None or self._now() <= announced.started + self._timing.announce

    def aim(self, target: Target, provider: str, version: str, generation: int) -> None:
        """Where the next call goes; stored with the next write, so that it can be settled without the run."""
        self.record = replace(
            self.record, target=target, provider=provider, version=version, observed_generation=generation
        )

    def start_over(self) -> None:
        """The old target is settled: nothing that is remembered holds for the new one."""
        self.record = replace(
            self.record,
            memory={},
            url="",
            intent=None,
            verify_after=None,
            observed_state="",
            owned=False,
            attempts=0,
        )

    @asynccontextmanager
    async def attempt(self, repeatable: bool = False) -> AsyncIterator[None]:
        """Around a call that must not be made twice. See Context.attempt."""
        await self._announce(repeatable)
        try:
            yield
        except IntegrationError as error:
            self._refused = not (isinstance(error, TemporaryError) and error.maybe_sent)
            raise
        finally:
            self._announced = None

    async def _announce(self, repeatable: bool) -> None:
        now, intent, verify = self._now(), self.record.intent, self.record.verify_after
        if intent is not None:
            if now < intent.deadline and not repeatable:
                raise TemporaryError(
                    "MaybeSent",
                    "an earlier call was cut and may still take effect; looking again before making another",
                    min(intent.deadline - now, LOOK_AGAIN),
                    maybe_sent=True,
                )
            # The earlier one did not show up in time. Should it still do so, this look finds it.
            verify = max(intent.deadline, now) + self._timing.quarantine
            self._verifying = False
        attempt = Attempt(
            id=uuid.uuid4().hex[:8],
            holder=self._holder,
            started=now,
            deadline=now + self._timing.timeout + self._timing.quarantine,
        )
        condition = self.record.condition
        if condition.status != "Unknown" or condition.reason != "InProgress":
            condition = self._condition("Unknown", "InProgress", "")
        await self._write(replace(self.record, intent=attempt, verify_after=verify, condition=condition))
        self._announced = attempt

    async def accepted(self, run: Run, digest: str, result: Result) -> None:
        """The remote shows `run` now."""
        verify = None if self._verifying else self.record.verify_after
        first = not self.record.observed_state
        status, reason = ("True", "Reported") if run.final else ("Unknown", "InProgress")
        target = self.record.target
        shown = f"{target.name} at {target.resource}" if target else self.record.integration
        message = result.summary or f"{shown} shows {run.state}"
        was_reported = self.record.reported
        await self._write(
            replace(
                self.record,
                condition=self._condition(status, reason, message),
                memory=dict(self.record.memory if result.memory is None else result.memory),
                url=result.url or self.record.url,
                observed_state=str(run.state),
                input_digest=digest,
                attempts=0,
                next_attempt=None,
                intent=None,
                verify_after=verify,
                owned=run.final and verify is None,
            )
        )
        metrics.reports.labels(self.record.integration, "accepted", reason).inc()
        if run.final and not was_reported:
            metrics.report_seconds.labels(self.record.integration).observe(
                max(0.0, self._now() - (run.finished or self._now()))
            )
        if first or (run.final and not was_reported):
            await self._tell("Normal", "Reported", f"{message} {self.record.url}".rstrip())

    @property
    def _intent(self) -> Attempt | None:
        """What stays in doubt after a failure: all but the call that was refused for certain."""
        return None if self._refused else self.record.intent

    async def retry(self, error: TemporaryError, digest: str) -> float:
        """Another try is due; gives the seconds until then."""
        attempts = self.record.attempts + 1
        delay = backoff(attempts) if error.delay is None else error.delay
        intent = self._intent
        reason = _waiting(error, in_doubt=intent is not None)
        before = self.record.condition
        metrics.reports.labels(self.record.integration, "retried", error.reason).inc()
        quiet = (reason == "Throttled" and delay < QUIET) or (
            reason == before.reason and reason in ("Throttled", "MaybeSent")
        )
        verify = self._doubt(error)
        if quiet and intent == self.record.intent and verify == self.record.verify_after:
            return delay
        await self._write(
            replace(
                self.record,
                condition=self._condition("Unknown", reason, error.message),
                input_digest=digest,
                attempts=attempts,
                next_attempt=self._now() + delay,
                intent=intent,
                verify_after=verify,
            )
        )
        news = (before.reason, before.message) != (reason, error.message)
        if (error.needs_help and news) or (reason == "Retrying" and attempts == PATIENCE):
            await self._tell("Warning", error.reason, error.message)
        return delay

    def _doubt(self, error: TemporaryError) -> float | None:
        """A cut call that was not announced does no harm twice, but landing late it could bring an old state back."""
        verify = self.record.verify_after
        if not error.maybe_sent or self._intent is not None:
            return verify
        return max(verify or 0.0, self._now() + self._timing.timeout + self._timing.quarantine)

    async def give_up(self, error: PermanentError, digest: str) -> None:
        """Nothing more is tried until somebody changes something; says what."""
        before = self.record.condition
        record = replace(
            self.record,
            condition=self._condition("False", error.reason, error.message),
            input_digest=digest,
            attempts=self.record.attempts + 1,
            next_attempt=None,
            intent=self._intent,
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

    async def _write(self, record: Record) -> None:
        self.record = await self._records.write(record)

    def _condition(self, status: str, reason: str, message: str) -> Condition:
        before = self.record.condition
        changed = before.status != status or not before.last_transition
        # lastTransitionTime is the time of the status, as the API conventions have it.
        at = self._now() if changed else before.last_transition
        return Condition(status=status, reason=reason, message=message, last_transition=at)


def _waiting(error: TemporaryError, *, in_doubt: bool) -> str:
    """The reason of the condition while another try is due."""
    if in_doubt:
        return "MaybeSent"
    return error.reason if error.needs_help or error.reason == "Throttled" else "Retrying"
