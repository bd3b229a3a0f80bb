"""Asks for a run to be reported again, by an annotation on it (docs/decisions/0024), and waits for what comes of that.

With the rights of whoever asks: the controller's records are not written.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress

import msgspec

from tekton_integrations import annotations
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.kube.source import Source
from tekton_integrations.record import API_VERSION, Record, rfc3339
from tekton_integrations.run import KINDS, Run

# A watch without a byte for so many seconds is dead; nobody waits that long here.
_SILENCE = 90.0


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


class AskingError(Exception):
    """Says what to change."""


class NothingError(AskingError):
    """There is no such run, or none that asks for a report."""


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and the integration whose report is meant; all of them when empty."""

    namespace: str
    name: str
    kind: str = "PipelineRun"
    integration: str = ""

    @property
    def annotation(self) -> str:
        own = annotations.annotation(self.integration, annotations.REPORT_AT)
        return own if self.integration else annotations.REPORT_AT_ALL

    @property
    def label(self) -> str:
        return f"tekton.dev/{self.kind[0].lower()}{self.kind[1:]}={self.name}"


class Asking:
    """`now`: seconds since the epoch."""

    def __init__(self, client: KubeClient, which: Which, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._which = which
        self._now = now
        self._changed = asyncio.Event()
        path = collection(API_VERSION, "integrationstatuses", which.namespace)
        source = Source("IntegrationStatus", path, decode_record, _SILENCE, selector={"labelSelector": which.label})
        self._informer = Informer(client, source, Lister[Record]())
        self._informer.add_handler(lambda _before, _now: self._changed.set())

    async def again(self, seconds: float) -> list[Record]:
        """What the records of the run say once each has an answer, or after so many seconds (0: at once, none).

        Raises AskingError, ApiError, TimeoutError.
        """
        run = await self._run()
        before = await self._records() if seconds or run.parent else []
        known = {record.name: record for record in self._meant(run, before)}
        if run.parent and not known:
            raise AskingError(f"{run.kind} {run.name} belongs to another run, which is reported with it; name that one")
        if seconds and not known and not run.asks:
            raise NothingError(f"{run.kind} {run.name} asks for no report, and no Notification has reported it")
        await self._ask()
        if not seconds:
            return []
        return await self._answers(run, known, seconds)

    async def _run(self) -> Run:
        which = self._which
        if which.kind not in KINDS:
            raise AskingError(f"--kind {which.kind!r} must be one of {', '.join(KINDS)}")
        try:
            run = decode_run(await self._client.get(self._path))
        except ApiError as error:
            if error.status != 404:
                raise
            where = f"namespace {which.namespace}"
            raise NothingError(f"there is no {which.kind} {which.name} in {where}; see -n and --kind") from error
        return run

    async def _ask(self) -> None:
        body = {"metadata": {"annotations": {self._which.annotation: rfc3339(self._now())}}}
        try:
            await self._client.patch(self._path, body)
        except ApiError as error:
            if error.status != 403:
                raise
            plural = KINDS[self._which.kind][1]
            cure = f"whoever may change the run can ask: you need `patch` on {plural}.tekton.dev"
            raise AskingError(f"{cure} in namespace {self._which.namespace} ({error.message})") from error

    @property
    def _path(self) -> str:
        return f"{collection(*KINDS[self._which.kind], self._which.namespace)}/{self._which.name}"

    async def _records(self) -> list[Record]:
        path, selector = collection(API_VERSION, "integrationstatuses", self._which.namespace), self._which.label
        raw = await self._client.get(path, {"labelSelector": selector})
        return [decode_record(each) for each in msgspec.json.decode(raw, type=_List).items]

    def _meant(self, run: Run, records: Collection[Record]) -> list[Record]:
        wanted = self._which.integration
        found = [each for each in records if each.run.uid == run.uid and not each.open]
        return [each for each in found if wanted in ("", each.integration)]

    async def _answers(self, run: Run, known: dict[str, Record], seconds: float) -> list[Record]:
        watch = asyncio.create_task(self._informer.run())
        try:
            async with asyncio.timeout(seconds):
                await self._informer.synced.wait()
                while not self._answered(found := self._meant(run, list(self._informer.lister)), known):
                    self._changed.clear()
                    await self._changed.wait()
                return found
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    @staticmethod
    def _answered(found: Collection[Record], known: dict[str, Record]) -> bool:
        return bool(found) and all(_is_answer(each, known.get(each.name)) for each in found)


def _is_answer(record: Record, before: Record | None) -> bool:
    """What was asked is part of the digest of a report, and of that of a failure. Nobody reports what is not installed,
    however often it is asked for."""
    if record.condition.reason == "NotInstalled":
        return True
    if before is not None and before.input_digest == record.input_digest:
        return False
    return record.condition.status != "Unknown" or record.condition.reason == "InProgress"
