"""Slack in the simulation of deliveries: one card for each run, but for one more for each answer that was lost."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from tekton_integrations_slack.integration import Slack
from tekton_integrations_slack.looks import LOOKS
from yarl import URL

from hack import objects
from tests.fakes.slack import asking, provider, secret
from tests.fakes.slack.api import Limited, answer
from tests.fakes.slack.objects import TOKEN
from tests.fakes.slack.world import Channel, World

from .cluster import Cluster, played
from .controller import NAMESPACE
from .deliveries import Channel as Place
from .deliveries import Deliveries, ended, lives
from .objects import Path
from .sink import Mishap, Sink, Told
from .virtual import run, wall
from .wire import Answered
from .workload import SMALL, Planned, workload

ENDPOINT = "https://slack.example.com/api"
SECRETS = "/api/v1/namespaces/{}/secrets/{}"


def unread(_headers: Mapping[str, str], _body: bytes) -> Told:
    raise NotImplementedError("a channel shows cards, and is told of no milestones")


SLACK = Place(
    make=Slack,
    annotations=lambda _: asking("builds", url="https://tektoncd.slack.com"),
    provider=provider(NAMESPACE, endpoint=ENDPOINT, grants=[objects.grant(SMALL, targets=["tektoncd.slack.com"])])[
        "spec"
    ],
    read=unread,
)


@dataclass(kw_only=True)
class Workspace(Sink):
    """`cut`: posts that were taken, and whose answer came too late for anybody to wait for it."""

    world: World = field(default_factory=lambda: World(clock=wall))
    cut: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.world.add_token(TOKEN)
        self.channel: Channel = self.world.add_channel("builds")

    def _taken(self, url: URL, headers: Mapping[str, str], body: bytes, mishap: Mishap) -> Answered:
        if mishap.status != 200:
            return super()._taken(url, headers, body, mishap)
        method = url.path.removeprefix("/api/")
        arguments = dict(url.query) | (json.loads(body) if body else {})
        try:
            said = answer(self.world, method, arguments, headers["authorization"].removeprefix("Bearer "))
        except Limited as error:
            return Answered(429, {"retry-after": str(error.after)}, b'{"ok": false, "error": "ratelimited"}')
        self.cut += method == "chat.postMessage" and mishap.after > 0
        return Answered(200, {"content-type": "application/json"}, json.dumps(said).encode())


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """`surplus`: cards beside the last one of a run; `stale`: the last one says something else than the run's end."""

    runs: int
    cards: int
    surplus: int
    cut: int
    unreached: int
    refused: int
    unsettled: int
    lost: list[str]
    stale: list[str]


def shown(scenario: Deliveries) -> Shown:
    random.seed(scenario.seed)
    return run(_shown(scenario))


async def _shown(scenario: Deliveries) -> Shown:
    work = workload(0, scenario.runs, scenario.seed, scenario.seconds)
    cluster = Cluster(work=work, annotations=scenario.channel.annotations)
    made = objects.provider(NAMESPACE, "slack", dict(scenario.channel.provider))
    cluster.store.put(Path.of(objects.PROVIDER.format(NAMESPACE, "slack")), made)
    cluster.store.put(Path.of(SECRETS.format(NAMESPACE, "slack")), secret(NAMESPACE))
    workspace = Workspace(read=unread, down=scenario.down, mishaps=scenario.mishaps, seed=scenario.seed)
    async with played(cluster):
        await lives(scenario, cluster, workspace)
    return _judged(work.runs, workspace, cluster.left)


def _judged(runs: Sequence[Planned], workspace: Workspace, left: int) -> Shown:
    lost, stale, surplus = list[str](), list[str](), 0
    for each in runs:
        cards = [card for card in workspace.channel.cards if f"{each.name} in " in card.shown]
        surplus += max(0, len(cards) - 1)
        if not cards:
            lost.append(each.name)
        elif cards[-1].color != LOOKS[ended(each).state].color:
            stale.append(f"{each.name}: {cards[-1].shown}")
    return Shown(
        runs=len(runs),
        cards=len(workspace.channel.cards),
        surplus=surplus,
        cut=workspace.cut,
        unreached=workspace.unreached,
        refused=sum(count for status, count in workspace.statuses.items() if status != 200),
        unsettled=left,
        lost=lost,
        stale=stale,
    )
