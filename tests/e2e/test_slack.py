"""Slack on the real API server: what a channel shows at the end, whatever happens on the way."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage, condition, run_path
from tests.fakes.echo.faults import Fault, Faults, Rule
from tests.fakes.slack import (
    Call,
    Cut,
    Message,
    Refusal,
    Slack,
    asking,
    provider,
    secret,
    webhook,
    webhook_secret,
)
from tests.fakes.slack.objects import TOKEN

MINE = ("--integrations", "slack", "--identity=controller-0")
RED = "#e01e5a"
# recording → (colour, part of what the card says, whether a step's log is asked for)
ENDS = {
    "success": ("#2eb67d", "Succeeded in", False),
    "failure": (RED, "test failed: step integration exited with code 2", True),
    "retries": (RED, "flaky failed in all 3 tries: step run exited with code 1", True),
    "timeout": (RED, "Timed out after", False),
    "cancelled": ("#868686", "Cancelled after", False),
    "not-found": (RED, 'Could not start: Pipeline "no-such-pipeline" not found', False),
    "skipped": ("#2eb67d", "Succeeded in", False),
    "taskrun": ("#2eb67d", "Succeeded in", False),
    "annotated-pipeline": ("#2eb67d", "Succeeded in", False),
    "remote-pipeline": ("#2eb67d", "Succeeded in", False),
}
CHANNELS = ("build-cop", "build-red", "build-blue", "build-green")
WORKSPACE = "https://tektoncd.slack.com"
# What the recordings ask of GitHub is not asked here.
QUIET: dict[str, str | None] = {f"github.integrations.tekton.dev/{key}": None for key in ("owner", "repo", "sha")}


def asked(channel: str = "build-cop", **options: str) -> dict[str, str | None]:
    return {**QUIET, **asking(channel, **({"url": WORKSPACE} | options))}


@pytest.fixture(scope="module")
async def stage(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage.set(bed, Path(tmp_path_factory.mktemp("logs"))) as stage:
        yield stage


@pytest.fixture(scope="module")
async def slack(stage: Stage) -> AsyncIterator[Slack]:
    async with Slack.started() as slack:
        slack.world.add_token(TOKEN)
        for name in (*CHANNELS, "private-talk"):
            slack.world.add_channel(name)
        grants = [objects.grant("test-*", targets=["tektoncd.slack.com"], names=["build-*"])]
        await stage.bed.apply(secret(NAMESPACE), provider(NAMESPACE, endpoint=slack.url, grants=grants))
        yield slack
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/slack")


@pytest.fixture
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller(*MINE) as controller:
        yield controller


async def records(stage: Stage, namespace: str) -> list[dict[str, Any]]:
    return [each for each in await stage.records(namespace) if each["spec"]["integration"] == "slack"]


async def reported(stage: Stage, namespace: str, count: int = 1, seconds: float = 30) -> None:
    """Others than Slack are asked for, too, and not installed."""

    async def probe() -> bool:
        found = await records(stage, namespace)
        return len(found) == count and all(condition(each)["status"] == "True" for each in found)

    try:
        await polled(probe, seconds)
    except TimeoutError:
        late = [each["status"] for each in await records(stage, namespace) if condition(each)["status"] != "True"]
        raise AssertionError(late) from None


def cards_of(slack: Slack, name: str, namespace: str) -> list[Message]:
    every = [card for channel in slack.world.channels.values() for card in channel.cards]
    return [card for card in every if f" {name} in namespace {namespace}" in card.shown]


async def test_each_recording_has_one_card_which_is_right_in_the_end(
    stage: Stage, slack: Slack, controller: Controller, namespace: str
) -> None:
    plays = [
        stage.player.play(name, namespace=namespace, annotations=asked(CHANNELS[at % 4]), speed=2, events=False)
        for at, name in enumerate(ENDS)
    ]
    await asyncio.gather(*plays)
    await reported(stage, namespace, len(ENDS))
    assert slack.codes() == []
    for name, (color, said, has_log) in ENDS.items():
        [card] = cards_of(slack, name, namespace)
        channel = next(each for each in slack.world.channels.values() if card in each.cards)
        assert (card.color, said in card.shown) == (color, True), name
        # A card that is new at a red end needs no reply that says the same; what there is to say depends on the pace.
        new = (card.history or [card.payload])[0]["attachments"][0]["color"] == RED
        least = color == RED and (has_log or not new)
        assert least <= len(channel.replies(card.ts)) <= (color == RED), name


async def test_a_deleted_run_s_card_says_that_nobody_knows_its_end(
    stage: Stage, slack: Slack, controller: Controller, namespace: str
) -> None:
    run = await stage.player.start("success", namespace=namespace, annotations=asked(), speed=20)
    await run.to_end(until=4)
    await stage.until_record(namespace, lambda r: "ts" in r["status"].get("annotations", {}), integration="slack")
    await stage.bed.request("DELETE", run_path(namespace, "success"))
    [card] = cards_of(slack, "success", namespace)
    await polled(lambda: _says(card, "outcome unknown"))
    assert card.color == "#868686"


async def _says(card: Message, text: str) -> bool:
    return text in card.shown


async def test_without_a_grant_nothing_is_said_and_the_record_tells_why(
    stage: Stage, slack: Slack, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace, annotations=asked("private-talk"), speed=20)
    record = await stage.failed(namespace, "NotGranted", integration="slack")
    assert "spec.grants" in condition(record)["message"]
    assert slack.cards("private-talk") == []


async def test_a_webhook_s_address_on_a_run_is_refused_and_not_repeated(
    stage: Stage, slack: Slack, controller: Controller, namespace: str
) -> None:
    annotations = asked(url="https://hooks.slack.com/services/T1/B1/s3cr3t")
    await stage.player.play("success", namespace=namespace, annotations=annotations, speed=20)
    record = await stage.failed(namespace, "InvalidAnnotation", integration="slack")
    assert "SlackWebhook" in condition(record)["message"]
    assert not [each for each in await stage.told(namespace) if "s3cr3t" in each["message"]]


async def test_a_webhook_says_the_end_once(stage: Stage, slack: Slack, controller: Controller, namespace: str) -> None:
    slack.world.add_hook("T1/B1/x", slack.channel("build-red"))
    grants = [objects.grant(namespace, targets=["acme.slack.com"], names=["alerts"])]
    made = webhook(NAMESPACE, "hook", endpoint=slack.hooks.removesuffix("/services"), grants=grants, secret="hook")
    await stage.bed.apply(webhook_secret(NAMESPACE, "hook", f"{slack.hooks}/T1/B1/x"), made)
    annotations = asked("alerts", url="https://acme.slack.com")
    await stage.player.play("failure", namespace=namespace, annotations=annotations, speed=2)
    await reported(stage, namespace)
    await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/hook")
    [message] = cards_of(slack, "failure", namespace)
    assert "step integration exited with code 2" in message.shown


FAULTS: list[Fault] = [Refusal(status=503), Refusal(status=429, retry_after=1), Cut(when="before"), Cut(when="after")]


class Weather(Faults):
    """One call in ten fails, in some way. Of posts that is every tenth: each takes half a minute to be made again, and
    chance would now and then strike the same run again and again."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self._posts = 0
        self.cuts = 0

    def strike(self, method: str, path: str) -> Rule | None:
        fault = self._random.choice(FAULTS)
        if path.endswith("chat.postMessage"):
            self._posts += 1
            struck = self._posts % 10 == 3
            fault = fault if self._posts > 10 else Cut(when="after")
            self.cuts += struck and fault == Cut(when="after")
        else:
            struck = self._random.random() < 0.1
        return Rule(match="", fault=fault, times=None, until=None) if struck else None


@pytest.mark.long
async def test_kills_and_failures_leave_every_run_right_and_one_card_too_many_for_each_lost_answer_at_most(
    stage: Stage, slack: Slack, namespace: str
) -> None:
    names = [f"run-{number}" for number in range(12)]
    kinds = [list(ENDS)[number % 7] for number in range(12)]
    slack.faults = weather = Weather(7)
    first = await stage.start_controller(*MINE)
    await first.ready()
    posted: list[Call] = []
    killed = asyncio.Event()

    async def kill(call: Call) -> None:
        """A card was posted and nobody has heard of it; the others are known."""
        posted.extend([call] if call.method == "chat.postMessage" else [])
        if len(posted) == 8 and not killed.is_set():
            await first.kill()
            killed.set()

    slack.on_write = kill
    plays = [
        stage.player.play(
            kind, namespace=namespace, name=name, annotations=asked(CHANNELS[at % 4]), speed=0.5, events=False
        )
        for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]
    playing = asyncio.gather(*plays)
    # So many posts may take longer than anybody waits: then it is killed at some other moment.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(killed.wait(), 60)
    slack.on_write = None
    if not killed.is_set():
        await asyncio.wait_for(first.kill(), 20)
    known = {each["status"].get("annotations", {}).get("ts") for each in await records(stage, namespace)}
    lost = [card for name in names for card in cards_of(slack, name, namespace) if card.ts not in known]
    async with stage.controller(*MINE):
        await playing
        await reported(stage, namespace, len(names), 120)
    slack.faults = Faults()
    extra = 0
    for name, kind in zip(names, kinds, strict=True):
        cards = cards_of(slack, name, namespace)
        color, said, _ = ENDS[kind]
        assert (cards[-1].color, said in cards[-1].shown) == (color, True), [each.shown for each in cards]
        assert len(cards) == 1 or cards[0].ts not in known, "what the record knew was posted again"
        extra += len(cards) - 1
    assert extra <= len(lost) + weather.cuts
