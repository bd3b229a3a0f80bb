"""What is kept of runs that are judged wrong, as records and services forget them: a line for each look at one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hack.objects import RECORDS
from hack.testbed import TestBed
from tests.fakes.github import CheckRun
from tests.fakes.slack import Message

from .fates import INTEGRATIONS, name
from .services import Services

_OF_RUN = "?labelSelector=tekton.dev/pipelineRun={}"
_MOST = 1000


class Evidence:
    def __init__(self, bed: TestBed, services: Services, namespace: str, file: Path) -> None:
        self._bed, self._services, self._namespace, self._file = bed, services, namespace, file
        self._left = _MOST

    async def keep(self, number: int, when: str, words: Sequence[tuple[str, str]]) -> None:
        """`words`: what was said of it, by integration. Raises ApiError."""
        if not words or not self._left:
            return
        self._left -= 1
        path = RECORDS.format(self._namespace) + _OF_RUN.format(name(number))
        records = await self._bed.request("GET", path)
        found = {"run": name(number), "when": when, "words": words, "records": records["items"], **self._shown(number)}
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(found) + b"\n")

    def _shown(self, number: int) -> dict[str, Any]:
        told = {each: self._services.told(each, number) for each in INTEGRATIONS[2:]}
        return {
            "github": [_check(each) for each in self._services.checks(number)],
            "slack": [_card(each) for each in self._services.cards(number)],
            **{integration: [each._asdict() for each in messages] for integration, messages in told.items()},
        }


def _check(check: CheckRun) -> dict[str, Any]:
    return {
        "id": check.id,
        "externalId": check.external_id,
        "status": check.status,
        "conclusion": check.conclusion,
        "title": check.output.title,
        "writes": [(each.time, each.method, each.after.status) for each in check.history],
    }


def _card(card: Message) -> dict[str, Any]:
    return {"ts": card.ts, "time": card.time, "color": card.color, "shown": card.shown, "updates": len(card.history)}
