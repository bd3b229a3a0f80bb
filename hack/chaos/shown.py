"""What each service shows of a run, in the same words for all: things, each with the states that it showed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.github import CheckRun
from tests.fakes.slack import Message

from .driver import Life
from .world import World

# Of a check that stood twice until it was concluded, or whose run is gone.
_TWIN = "Duplicate"
_MILESTONES = ("created", "started", "finished")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A check run, a card, or all that a receiver was told of a run. `states`: the oldest first. `missing`: milestones
    that were left out; `twice`: that came under two ids; `mixed`: they came in another order than their numbers say."""

    states: Sequence[str]
    missing: int = 0
    twice: int = 0
    mixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """One message, the first of its id."""

    milestone: str
    sequence: int
    state: str


class Shown:
    """All that is shown now, by service and run."""

    def __init__(self, world: World) -> None:
        self.repeats = world.webhook.repeats.total() + world.cloudevent.repeats.total()
        self._world = world
        self._cards = _cards(world)
        self._webhooks, self._cloud_events = _webhooks(world), _cloud_events(world)

    def things(self, service: str, life: Life) -> list[Thing]:
        if service == "github":
            checks = self._world.github.check_runs(self._world.repository(life), life.sha)
            return [_check(each) for each in checks if not _repaired(each)]
        if service == "slack":
            return [_card(each) for each in self._cards[life.sha[:12]]]
        told = (self._webhooks if service == "webhook" else self._cloud_events).get(life.uid)
        return [_stream(told, life)] if told else []


def wanted(service: str, life: Life) -> str:
    """Its end, in the words of the service."""
    ending = life.ending
    return {"github": ending.check, "slack": ending.color}.get(service, ending.state)


def closed(service: str) -> str:
    """How the service is told that nobody knows the end."""
    return {"github": "cancelled", "slack": "#868686"}.get(service, "Cancelled")


def _check(check: CheckRun) -> Thing:
    return Thing(states=[str(each.after.conclusion or each.after.status) for each in check.history])


def _repaired(check: CheckRun) -> bool:
    return check.conclusion == "cancelled" and check.output.title == _TWIN


def _cards(world: World) -> Mapping[str, list[Message]]:
    """By the commit that they name, or once named."""
    found = defaultdict[str, list[Message]](list)
    shas = {life.sha[:12] for life in world.lives.values()}
    for each in (card for one in world.slacks for channel in one.world.channels.values() for card in channel.cards):
        text = json.dumps([each.history, each.payload])
        for sha in {word[:12] for word in text.split("@")} & shas:
            found[sha].append(each)
    return found


def _card(card: Message) -> Thing:
    """By its colour; grey is also what waits, so how it is said there tells the two apart."""
    payloads = [*card.history, card.payload]
    return Thing(
        states=["waiting" if "⏳" in json.dumps(each, ensure_ascii=False) else _color(each) for each in payloads]
    )


def _color(payload: Mapping[str, object]) -> str:
    attachments = payload.get("attachments")
    return str(attachments[0].get("color", "")) if isinstance(attachments, list) and attachments else ""


def _webhooks(world: World) -> Mapping[str, list[Told]]:
    found = defaultdict[str, list[Told]](list)
    for each in world.webhook.received:
        data = each.data
        told = Told(milestone=data["milestone"], sequence=data["sequence"], state=data["state"])
        found[data["run"]["uid"]].append(told)
    return found


def _cloud_events(world: World) -> Mapping[str, list[Told]]:
    found = defaultdict[str, list[Told]](list)
    for each in world.cloudevent.received:
        said = each.attributes
        told = Told(milestone=said["milestone"], sequence=int(said["sequence"]), state=said.get("runstate", ""))
        found[each.data["pipelineRun"]["metadata"]["uid"]].append(told)
    return found


def _stream(told: Sequence[Told], life: Life) -> Thing:
    names = [each.milestone for each in told]
    numbers = [each.sequence for each in told]
    return Thing(
        states=[each.state if each.milestone == _MILESTONES[-1] else each.milestone for each in told],
        missing=len(set(_MILESTONES) - set(names)) if life.exists else 0,
        twice=len(names) - len(set(names)),
        mixed=numbers != sorted(numbers),
    )
