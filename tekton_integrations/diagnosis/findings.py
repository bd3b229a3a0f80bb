"""What a check found, and how checks look: nothing that can't be read ends them."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient

T = TypeVar("T")


class Level(enum.StrEnum):
    """UNKNOWN: whoever asks may not look, or there is nothing to tell by."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`subject` is what was looked at, `said` what was found, `cure` what to do; empty where there is nothing."""

    subject: str
    level: Level
    said: str
    cure: str = ""


class Unread(Exception):
    """May not be read, or is not there: `missing`. Its text says which."""

    def __init__(self, what: str, error: ApiError) -> None:
        super().__init__(f"{what}: {error.message or error.reason}")
        self.missing = error.status == 404


class _List(msgspec.Struct):
    items: list[msgspec.Raw] = []


class Looker:
    """Reads; raises Unread for what may not be read or is not there, ApiError where there is no answer at all."""

    def __init__(self, client: KubeClient) -> None:
        self.client = client

    async def object(self, path: str, what: str) -> Any:
        return msgspec.json.decode(await self._read(path, what))

    async def listed(self, path: str, what: str, decode: Callable[[msgspec.Raw], T]) -> list[T]:
        raw = await self._read(path, what)
        return [decode(each) for each in msgspec.json.decode(raw, type=_List).items]

    async def _read(self, path: str, what: str) -> bytes:
        try:
            return await self.client.get(path)
        except ApiError as error:
            if error.status not in (401, 403, 404):
                raise
            raise Unread(what, error) from error


def unknown(subject: str, error: Unread) -> Finding:
    return Finding(subject=subject, level=Level.UNKNOWN, said=f"could not be looked at: {error}")
