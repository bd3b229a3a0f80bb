"""Survivors that somebody has looked at and found to be right: equivalent.toml, with the reason of each."""

import tomllib
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("equivalent.toml")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """`where`: the function; `change`: the lines out and in; `why`: nobody can tell the difference, or nobody need."""

    where: str
    change: str
    why: str


def _squeezed(change: str) -> str:
    return " ".join(change.split())


class Judged:
    def __init__(self, judgements: list[Judgement]) -> None:
        self._known = {(each.where, _squeezed(each.change)) for each in judgements}

    @classmethod
    def read(cls, file: Path = FILE) -> "Judged":
        return cls(msgspec.convert(tomllib.loads(file.read_text()).get("equivalent", []), list[Judgement]))

    def knows(self, where: str, change: str) -> bool:
        return (where, _squeezed(change)) in self._known
