"""What was announced and whose outcome is not known: intent before effect (docs/decisions/0002).

`attempt` stores what is about to happen, so that a crash leaves an attempt in doubt, never a forgotten one. What came
of it is stored with the next write, whatever that is about.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from msgspec.structs import replace

from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.diary import LOOK_AGAIN
from tekton_integrations.errors import IntegrationError, TemporaryError
from tekton_integrations.record import Attempt, Condition, Record, format_of


class Intents:
    """`record` is always what is in the cluster, or what the next write would store."""

    def __init__(self, record: Record, cluster: Cluster, mandate: Mandate) -> None:
        self.record = record
        self._mandate = mandate
        self._courtesy = cluster.courtesy
        self._records = cluster.records
        self._recorder = cluster.recorder
        self._timing = cluster.timing
        self._holder = cluster.holder
        self._now = cluster.now
        # Whether the remote has been looked at since the last attempt in doubt could have landed.
        self._verifying = record.verify_after is not None and self._now() >= record.verify_after
        self._announced: Attempt | None = None
        # Whether the last attempt made here has been answered; None before the first.
        self._answered: bool | None = None
        # The record has learnt what must not be forgotten, and is yet to be written.
        self._unsaved = False
        self._moved = False
        self._distrusted: dict[str, str] = {}

    @property
    def search(self) -> bool:
        """The remote may hold something that the record does not know."""
        return self.record.intent is not None or self._verifying or self._moved

    @property
    def overdue(self) -> bool:
        """A call was in doubt, and the remote is to be looked at now."""
        return self._verifying

    def may_send(self) -> bool:
        """False when another process may be acting on this: when a call would outlive our Lease, or when this
        process slept since it announced the call."""
        if self._mandate.remaining() < self._timing.timeout:
            return False
        announced = self._announced
        return announced is None or self._now() <= announced.started + self._timing.announce

    def distrust(self) -> None:
        """Somebody else wrote the record: what it remembers is not believed, but looked for."""
        self._moved = True
        # Stored on until something else is known: if this fails and the process ends, it is better than nothing.
        self._distrusted = self.record.memory
        self.record = replace(self.record, memory={})

    @asynccontextmanager
    async def attempt(self, repeatable: bool = False) -> AsyncIterator[None]:
        """Around a call that must not be made twice. See Context.attempt."""
        await self._announce(repeatable)
        try:
            yield
        except IntegrationError as error:
            if not (isinstance(error, TemporaryError) and error.maybe_sent):
                self._answered = True
                self.remember(self.record.memory)  # refused for certain: there is nothing more to remember
            raise
        else:
            self._answered = True
        finally:
            self._announced = None

    def remember(self, memory: Mapping[str, str]) -> None:
        """See Context.remember. What somebody else announced, and may still take effect, stays in doubt."""
        intent = None if self._answered else self.record.intent
        self.record = replace(self.record, memory=dict(memory), intent=intent)
        self._unsaved = True

    async def _announce(self, repeatable: bool) -> None:
        now, intent, verify = self._now(), self.record.intent, self.record.verify_after
        if intent is not None:
            if self._answered and not repeatable:
                raise RuntimeError("context.remember() what the last attempt made, before the next attempt")
            deadline = self.deadline(intent)
            if now < deadline and not repeatable:
                raise TemporaryError(
                    "MaybeSent",
                    "an earlier call was cut and may still take effect; looking again before making another",
                    min(deadline - now, LOOK_AGAIN),
                    maybe_sent=True,
                )
            # The earlier one did not show up in time. Should it still do so, this look finds it.
            verify = max(deadline, now) + self._timing.quarantine
            self._verifying = False
        attempt = Attempt(
            id=uuid.uuid4().hex[:8],
            holder=self._holder,
            started=now,
            deadline=now + self._timing.timeout + self._timing.quarantine,
        )
        condition = self.record.condition
        if (condition.status, condition.reason) != ("Unknown", "InProgress") or not condition.last_transition:
            condition = self._condition("Unknown", "InProgress", "")
        await self._write(replace(self.record, intent=attempt, verify_after=verify, condition=condition))
        self._announced, self._answered = attempt, False

    def deadline(self, intent: Attempt) -> float:
        """Until when it may take effect. What another process announced by its own clock is counted by ours: it can't
        have been sent after we took over."""
        if intent.holder == self._holder:
            return intent.deadline
        return max(intent.deadline, self._mandate.since + self._timing.timeout + self._timing.quarantine)

    @property
    def _unanswered(self) -> Attempt | None:
        """What stays in doubt although all else was accepted: an attempt of ours that the integration passed over."""
        return self.record.intent if self._answered is False else None

    def _look_after(self, verify: float | None) -> float | None:
        """When to look for what stays in doubt although all else was accepted, besides for what was to be looked for
        anyway: a call of an earlier report may be one that does no harm twice, and yet brings an old state back."""
        left = None if self._answered else self.record.intent
        if left is None or (deadline := self.deadline(left)) <= self._now():
            return verify
        return max(verify or 0.0, deadline)

    def _doubt(self, error: TemporaryError) -> float | None:
        """A cut call that was not announced does no harm twice, but landing late it could bring an old state back."""
        verify = self.record.verify_after
        if not error.maybe_sent or self.record.intent is not None:
            return verify
        return max(verify or 0.0, self._now() + self._timing.timeout + self._timing.quarantine)

    async def _write(self, record: Record) -> None:
        stored = replace(record, memory=self._distrusted | record.memory, format=format_of(record))
        self.record = replace(await self._records.write(stored), memory=record.memory)
        self._unsaved = False

    def _condition(self, status: str, reason: str, message: str) -> Condition:
        before = self.record.condition
        changed = before.status != status or not before.last_transition
        # lastTransitionTime is the time of the status, as the API conventions have it.
        at = self._now() if changed else before.last_transition
        return Condition(status=status, reason=reason, message=message, last_transition=at)
