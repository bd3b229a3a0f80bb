"""Reads a recording of a real Tekton run: its writes in order, each with the one who made it.

A recording (`tests/data/*.ndjson`) holds one watch event a line, in order; each is one write by one client.
Those in `tests/data/made/` are of runs in which Tekton has no part: made on the test bed, by a stand-in for others.
`rewrite.py` turns them into those of a replay, and `player.py` writes them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

Object = dict[str, Any]

DATA = Path(__file__).parent.parent / "tests" / "data"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SHA = "github.integrations.tekton.dev/sha"
_NOBODY = ("", frozenset[str]())


@dataclass(frozen=True, kw_only=True, repr=False)
class Step:
    """One recorded write: the object after it, the object before it (None for a creation), and who wrote it."""

    index: int
    type: str  # ADDED, MODIFIED or DELETED
    at: float  # seconds since the run was created
    object: Object
    previous: Object | None
    manager: str
    subresource: str | None

    def __repr__(self) -> str:
        return f"<{self.index} {self.type} {self.kind} {self.name} {self.status} {self.reason}>"

    @property
    def kind(self) -> str:
        return str(self.object["kind"])

    @property
    def name(self) -> str:
        """The recorded name, whatever the replay calls it."""
        return str(self.object["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The recorded uid."""
        return str(self.object["metadata"]["uid"])

    @property
    def about(self) -> str:
        """The recorded uid of the run that this step is about: of an Event, that of the object it tells of."""
        return str(self.object["involvedObject"]["uid"]) if self.kind == "Event" else self.uid

    @property
    def status(self) -> str | None:
        """That of the condition `Succeeded` after this step: "Unknown", "True", "False", or None."""
        return self._condition.get("status")

    @property
    def reason(self) -> str | None:
        """The reason of the condition `Succeeded` after this step (of an Event: its reason)."""
        return self.object.get("reason") or self._condition.get("reason")

    @property
    def _condition(self) -> Object:
        conditions = self.object.get("status", {}).get("conditions", ())
        return next((each for each in conditions if each["type"] == "Succeeded"), {})


@cache
def load(recording: str | Path) -> tuple[Step, ...]:
    """The steps of a recording, by name (`success`) or path. The first creates the run itself."""
    path = DATA / f"{recording}.ndjson" if isinstance(recording, str) else recording
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    latest: dict[tuple[str, str], Object] = {}
    steps = []
    for index, (line, at) in enumerate(zip(lines, _times(lines), strict=True)):
        found = line["object"]
        found["metadata"].get("annotations", {}).pop(LAST_APPLIED, None)
        key = (found["kind"], found["metadata"]["name"])
        previous = latest.get(key)
        manager, subresource = _writer(previous, found)
        step = Step(
            index=index,
            type=line["type"],
            at=at,
            object=found,
            previous=previous,
            manager=manager,
            subresource=subresource,
        )
        steps.append(step)
        latest[key] = found
    return tuple(steps)


def created(steps: tuple[Step, ...]) -> datetime:
    return parse_time(steps[0].object["metadata"]["creationTimestamp"])


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _times(lines: list[Object]) -> Iterator[float]:
    """Seconds since the first line. Recorded times are whole seconds: those of the same one are spread over it."""
    stamps: list[float] = []
    for line in lines:
        stamps.append(max(_stamp(line["object"]), stamps[-1] if stamps else 0.0))
    for index, stamp in enumerate(stamps):
        begin = stamps.index(stamp)
        yield stamp - stamps[0] + (index - begin) / stamps.count(stamp)


def _stamp(found: Object) -> float:
    metadata = found["metadata"]
    texts = [metadata["creationTimestamp"], *(entry["time"] for entry in metadata["managedFields"])]
    return max(parse_time(text).timestamp() for text in texts)


def _writer(previous: Object | None, found: Object) -> tuple[str, str | None]:
    """Who made this change, and to which part: whoever owns more, or something later, than before.

    Who owns less was only overwritten by the other (Tekton drops kubectl's last-applied annotation).
    """
    subresource = "status" if previous and previous.get("status") != found.get("status") else None
    before = _owners(previous, subresource)
    after = _owners(found, subresource)
    gained = {manager: time for manager, (time, fields) in after.items() if fields - before.get(manager, _NOBODY)[1]}
    later = {manager: time for manager, (time, _) in after.items() if time != before.get(manager, _NOBODY)[0]}
    latest = {manager: time for manager, (time, _) in after.items()}
    return max(candidates := gained or later or latest, key=lambda each: candidates[each]), subresource


def _owners(found: Object | None, subresource: str | None) -> dict[str, tuple[str, frozenset[str]]]:
    """By manager: the time of the last write, and what is owned."""
    entries = found["metadata"]["managedFields"] if found else ()
    return {
        entry["manager"]: (entry["time"], frozenset(paths(entry["fieldsV1"])))
        for entry in entries
        if entry.get("subresource") == subresource
    }


def paths(fields: Object, prefix: str = "") -> Iterator[str]:
    """The leaves of a managedFields entry, as `f:metadata/f:labels/f:team`."""
    for key, nested in fields.items():
        yield from paths(nested, f"{prefix}{key}/") if nested else (prefix + key,)
