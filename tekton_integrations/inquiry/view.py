"""One look at a namespace: from the JSON of a run and the records to its Facts."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from tekton_integrations.inquiry.reading import Reader
from tekton_integrations.inquiry.surroundings import Surroundings, surroundings
from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.record import API_VERSION, Record
from tekton_integrations.standing import Standing
from tekton_integrations.story import Facts, Match
from tekton_integrations.story.values import MATCHED

RECORDS = "integrationstatuses"


class _Metadata(msgspec.Struct):
    uid: str


class _Identified(msgspec.Struct):
    metadata: _Metadata


class View:
    """`shared`: the controller's namespace; `now`: seconds since the epoch."""

    def __init__(self, reader: Reader, namespace: str, shared: str, around: Surroundings, now: float) -> None:
        self.reader = reader
        self.namespace = namespace
        self.around = around
        self._shared = shared
        self._now = now
        self._hidden = ""

    def be_discreet(self) -> None:
        """From now on of what lies in the controller's namespace nothing is told but which of it is used."""
        self._hidden = f"{self._shared}/"
        providers = [
            replace(each, standing=Standing(), allowances=()) if each.path.startswith(self._hidden) else each
            for each in self.around.providers
        ]
        self.around = dataclasses.replace(self.around, providers=providers)

    @classmethod
    async def of(cls, client: KubeClient, namespace: str, shared: str, now: Callable[[], float]) -> "View":
        around = await surroundings(Reader(client), namespace, shared, now())
        return cls(Reader(client), namespace, shared, around, now())

    async def records(self, selector: dict[str, str] | None = None) -> list[Record] | None:
        return await records(self.reader, self.namespace, selector)

    def facts(self, raw: bytes | msgspec.Raw, every: Iterable[Record] | None) -> Facts:
        """Of a run that is there; of `every` record those of that very run count."""
        uid = msgspec.json.decode(raw, type=_Identified).metadata.uid
        mine = None if every is None else [each for each in every if each.run.uid == uid]
        run, matches = self.around.matches.of(raw, mine or ())
        return Facts(
            namespace=run.namespace,
            kind=run.kind,
            name=run.name,
            now=self._now,
            shared=self._shared,
            run=run,
            records=mine,
            providers=self.around.providers,
            installed=self.around.installed,
            matches=[match for match in matches if match.outcome == MATCHED or not self._hides(match)],
            unread=(*self.around.unread, *self.reader.unread),
        )

    def _hides(self, match: Match) -> bool:
        return bool(self._hidden) and match.notification.startswith(self._hidden)

    def gone(self, kind: str, name: str, every: Sequence[Record] | None) -> Facts:
        """Of one that is not there (any more), or that may not be read."""
        mine = [each for each in every or () if (each.run.kind, each.run.name) == (kind, name)]
        return Facts(
            namespace=self.namespace,
            kind=kind,
            name=name,
            now=self._now,
            shared=self._shared,
            records=None if every is None else mine,
            providers=self.around.providers,
            installed=self.around.installed,
            unread=(*self.around.unread, *self.reader.unread),
        )


async def records(reader: Reader, namespace: str, selector: dict[str, str] | None = None) -> list[Record] | None:
    """Of a namespace, or of all; None where they can't be read."""
    where = f"namespace {namespace}" if namespace else "all namespaces"
    raws = await reader.every(f"IntegrationStatuses of {where}", collection(API_VERSION, RECORDS, namespace), selector)
    return None if raws is None else list(_decoded(raws))


def _decoded(raws: Iterable[msgspec.Raw]) -> Iterator[Record]:
    """Without what somebody wrote who is no controller of ours."""
    for raw in raws:
        with suppress(msgspec.DecodeError):
            yield decode_record(raw)
