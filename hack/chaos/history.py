"""What happened in a case, one JSON object a line: each act when it was done, each call when it arrived, the end."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec

from .acts import Act


class Header(msgspec.Struct, frozen=True, kw_only=True):
    case: str
    seed: int
    runs: int


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`t`: seconds since the begin. One of the others: `act`; `call`, the `nr`th at its `service`, and the `fault` that
    met it; or `note`, what else was seen."""

    t: float
    act: Act | None = None
    service: str = ""
    nr: int = 0
    call: str = ""
    fault: str = ""
    note: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay needs of a history."""

    header: Header
    acts: Sequence[Act]
    faults: Mapping[tuple[str, int], str]


class History:
    """Times are counted from `begin()`."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._begun = asyncio.get_running_loop().time()

    @classmethod
    def of(cls, file: TextIO, header: Header) -> Self:
        history = cls(file)
        history._write(header)
        return history

    def begin(self) -> None:
        self._begun = asyncio.get_running_loop().time()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._begun

    def tell(self, **what: Any) -> None:
        """The fields of a Line but its time."""
        self._write(Line(t=round(self.now, 4), **what))

    def _write(self, line: Header | Line) -> None:
        self._file.write(msgspec.json.encode(line).decode() + "\n")
        self._file.flush()


def read(path: Path) -> Story:
    """Raises ValidationError for what is no history."""
    first, *rest = path.read_bytes().splitlines()
    lines = [msgspec.json.decode(line, type=Line) for line in rest]
    return Story(
        header=msgspec.json.decode(first, type=Header),
        acts=[msgspec.structs.replace(line.act, at=line.t) for line in lines if line.act],
        faults={(line.service, line.nr): line.fault for line in lines if line.nr},
    )
