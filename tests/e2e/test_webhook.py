"""Each milestone of a run comes once, in order and signed, whatever happens to the receiver and to the controller."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Place
from hack.player import PlayedRun
from hack.testbed.api import polled
from tekton_integrations.addresses import place
from tekton_integrations.milestones import reached
from tekton_integrations.posting import RETRIES
from tests.e2e.stage import GROUP, Stage, condition
from tests.fakes.webhook import KEY, Receiver, Refusal, Silence, asking, provider, secret
from tests.recorded import RECORDINGS, recorded

MINE = ("--integrations", "webhook")
# As a container that is started again in its pod: it need not wait for its own Lease.
POD = Place(environment={"TEKTON_INTEGRATIONS_IDENTITY": "pod-1"})
RETRIED = ["created", "started", "retried", "retried", "finished"]
PLAIN = ["created", "started", "finished"]
NOT_GITHUB: dict[str, str | None] = {f"github.integrations.tekton.dev/{key}": None for key in ("owner", "repo", "sha")}


@pytest.fixture
async def receiver(stage: Stage) -> AsyncIterator[Receiver]:
    """Granted to all, and it takes only what is signed with the Provider's key."""
    async with Receiver.started(KEY) as receiver:
        await stage.bed.apply(secret(NAMESPACE, "hooks-key"))
        grant = objects.grant("*", targets=[place(receiver.url)], names=["/hook*"])
        made = provider(NAMESPACE, "hooks", endpoint=receiver.url, grants=[grant], signingKey="hooks-key")
        await stage.bed.apply(made)
        yield receiver
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/hooks")
        assert receiver.refused == []


def annotations(receiver: Receiver, path: str = "/hook", **options: str) -> dict[str, str | None]:
    """What the recordings ask of GitHub is taken away."""
    return {**NOT_GITHUB, **asking(f"{receiver.url}{path}", **options)}


async def told(receiver: Receiver, run: str, names: list[str], path: str = "/hook", seconds: float = 30) -> None:
    """Returns when the run was told of so much; and nothing twice, nothing left out, nothing too early."""

    async def probe() -> bool:
        return len(receiver.of(run, path)) >= len(names)

    await polled(probe, seconds)
    assert receiver.told(run, path) == names
    assert len({each.id for each in receiver.of(run, path)}) == len(names)


async def until(stage: Stage, namespace: str, reason: str) -> dict[str, Any]:
    """The record, once its condition says so."""
    return await stage.until_record(namespace, lambda r: condition(r)["reason"] == reason, integration="webhook")


async def begun(run: PlayedRun) -> None:
    """Plays on until the run has started."""
    await run.to_end(until=lambda step: step.kind == "PipelineRun" and "startTime" in step.object.get("status", {}))
    await run.step()


def seconds_until(record: dict[str, Any]) -> float:
    return datetime.fromisoformat(record["status"]["nextAttemptTime"]).timestamp() - time.time()


async def test_every_recorded_run_is_told_from_its_begin_to_its_end(
    stage: Stage, namespace: str, receiver: Receiver, flaky: Path
) -> None:
    async with stage.controller(*MINE):
        for name in RECORDINGS:
            await stage.player.play(name, namespace=namespace, annotations=annotations(receiver), events=False)
        await stage.player.play(flaky, namespace=namespace, name="flaky", annotations=annotations(receiver))
        for name in RECORDINGS:
            run, _ = recorded(name)
            await told(receiver, name, [key for key, _ in reached(run)])
            assert receiver.of(name)[-1].data["state"] == str(run.state)
        await told(receiver, "flaky", RETRIED)
    assert not receiver.repeats
    assert [each["task"] for each in receiver.of("failure")[-1].data["failures"]] == ["test"]


async def killed_after_the_first_message(stage: Stage, namespace: str, receiver: Receiver) -> PlayedRun:
    """The receiver has it, and the controller had no answer."""
    controller = await stage.start_controller(*MINE, place=POD)
    await controller.ready()
    rule = receiver.faults.add(Silence(when="after"), times=1)
    run = await stage.player.start("success", namespace=namespace, annotations=annotations(receiver))

    async def accepted() -> bool:
        return rule.hits == 1

    await polled(accepted)
    await controller.kill()
    receiver.faults.remove(rule)
    return run


async def test_after_a_kill_the_same_message_comes_again_and_the_next_follow(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    run = await killed_after_the_first_message(stage, namespace, receiver)
    await run.to_end()
    async with stage.controller(*MINE, place=POD):
        await told(receiver, "success", PLAIN)
        await until(stage, namespace, "Reported")
    assert receiver.repeats == {receiver.of("success")[0].id: 1}


async def test_who_heard_of_a_run_that_was_deleted_after_a_kill_hears_of_its_end(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    run = await killed_after_the_first_message(stage, namespace, receiver)
    await stage.bed.request("DELETE", run.path)
    async with stage.controller(*MINE, place=POD):
        await told(receiver, "success", [PLAIN[0], PLAIN[-1]])
        await polled(lambda: _nothing_left(stage, namespace))
    assert receiver.of("success")[-1].data["reason"] == "OutcomeUnknown"
    assert not receiver.repeats


async def _nothing_left(stage: Stage, namespace: str) -> bool:
    return await stage.records(namespace) == []


async def test_the_schedule_of_a_receiver_that_fails_outlives_a_restart(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    rule = receiver.faults.add(Refusal(status=500))

    def twice(record: dict[str, Any]) -> bool:
        return bool(record["status"].get("annotations", {}).get(RETRIES) == "2")

    async with stage.controller(*MINE, place=POD):
        await stage.player.start("success", namespace=namespace, annotations=annotations(receiver))
        before = await stage.until_record(namespace, twice, integration="webhook")
    assert 280 < seconds_until(before) < 331
    receiver.faults.remove(rule)
    async with stage.controller(*MINE, place=POD):
        # Another run's message shows that the next process is at work.
        await stage.player.play("failure", namespace=namespace, annotations=annotations(receiver, "/hook-2"))
        await told(receiver, "failure", PLAIN, "/hook-2")
        found = [each for each in await stage.records(namespace) if each["spec"]["runRef"]["name"] == "success"]
        assert [each["status"]["nextAttemptTime"] for each in found] == [before["status"]["nextAttemptTime"]]
    assert receiver.of("success") == []
    assert len([call for call in receiver.calls if call.path == "/hook"]) == 2


async def test_a_url_that_is_edited_is_told_all_and_the_old_one_the_end(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    async with stage.controller(*MINE):
        run = await stage.player.start("success", namespace=namespace, annotations=annotations(receiver))
        await begun(run)
        await told(receiver, "success", PLAIN[:2])
        change = {"metadata": {"annotations": asking(f"{receiver.url}/hook/new")}}
        await stage.bed.api.patch(run.path, change, "merge")
        await told(receiver, "success", PLAIN)
        await told(receiver, "success", PLAIN[:2], "/hook/new")
        last = receiver.of("success", "/hook")[-1].data
        assert (last["state"], last["reason"]) == ("Cancelled", "OutcomeUnknown")


async def test_a_run_that_is_deleted_half_way_ends_for_who_heard_of_it(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    async with stage.controller(*MINE):
        run = await stage.player.start("success", namespace=namespace, annotations=annotations(receiver))
        await begun(run)
        await told(receiver, "success", PLAIN[:2])
        await stage.bed.request("DELETE", run.path)
        await told(receiver, "success", PLAIN)
        await polled(lambda: _nothing_left(stage, namespace))
    assert receiver.of("success")[-1].data["reason"] == "OutcomeUnknown"
    assert not receiver.repeats


async def test_what_no_grant_names_or_has_the_wrong_form_is_told_and_nobody_is_called(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    wrong = {
        "place": ("NotGranted", annotations(receiver, "/other")),
        "host": ("NotGranted", {**NOT_GITHUB, **asking("https://hooks.example.com/hook")}),
        "url": ("InvalidAnnotation", {**NOT_GITHUB, **asking(f"{receiver.url}/hook/../other")}),
        "template": ("InvalidAnnotation", annotations(receiver, template='{"text": "$(nmae)"}')),
        "on": ("InvalidAnnotation", annotations(receiver, on="sometimes")),
        "typo": ("UnknownAnnotation", annotations(receiver, payloads="full")),
    }

    async def probe() -> bool:
        found = {each["spec"]["runRef"]["name"]: condition(each) for each in await stage.records(namespace)}
        return {name: each["reason"] for name, each in found.items()} == {n: reason for n, (reason, _) in wrong.items()}

    async with stage.controller(*MINE):
        for name, (_, given) in wrong.items():
            await stage.player.start("success", namespace=namespace, name=name, annotations=given)
        await polled(probe)
    assert receiver.calls == []


async def test_a_url_that_came_with_a_remote_pipeline_is_not_called(
    stage: Stage, namespace: str, receiver: Receiver
) -> None:
    async with stage.controller(*MINE):
        await stage.player.play("remote-pipeline", namespace=namespace, annotations=NOT_GITHUB)
        await until(stage, namespace, "InheritedAnnotationIgnored")
    assert receiver.calls == []
