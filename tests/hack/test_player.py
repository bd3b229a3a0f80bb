"""A run is taken as far, as fast and with as much around it as the player is told."""

import time
from datetime import UTC, datetime

import pytest

from hack.player import PlayedRun, Player, merge_patch
from hack.recording import Step, load
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled

from .world import World


async def test_a_run_can_be_left_half_way_and_taken_on(player: Player, namespace: str, in_namespace: World) -> None:
    run = await player.start("success", namespace=namespace)
    await run.to_end(until=lambda step: step.reason == "Succeeded" and step.name == "success")
    assert not run.finished
    half = await in_namespace.get("pipelineruns", "success")
    assert half["status"]["conditions"][0]["reason"] == "Running"

    await run.to_end()
    assert run.finished
    assert (await in_namespace.get("pipelineruns", "success"))["status"]["conditions"][0]["reason"] == "Succeeded"


async def test_play_stops_before_the_step_of_an_index(player: Player, namespace: str, in_namespace: World) -> None:
    await player.play("success", namespace=namespace, until=1)
    assert "status" not in await in_namespace.get("pipelineruns", "success")
    assert await in_namespace.list("taskruns") == []


async def test_what_others_write_in_between_stays(
    bed: TestBed, player: Player, namespace: str, in_namespace: World
) -> None:
    run = await player.start("annotated-pipeline", namespace=namespace)
    await bed.api.patch(run.path, {"metadata": {"annotations": {"other/note": "kept"}}}, "merge")
    await run.to_end()
    annotations = (await in_namespace.get("pipelineruns", run.name))["metadata"]["annotations"]
    assert annotations["other/note"] == "kept"


async def test_nothing_is_written_to_a_namesake(bed: TestBed, player: Player, namespace: str) -> None:
    first = await player.start("success", namespace=namespace)
    await bed.request("DELETE", first.path)
    second = await player.start("success", namespace=namespace)
    assert first.uid != second.uid

    with pytest.raises(ApiError):
        await first.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
    assert "status" not in await bed.request("GET", second.path)


async def test_a_recording_played_with_its_deletions_leaves_no_run(
    player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play("failure", namespace=namespace, delete=True)

    async def gone() -> bool:
        return not await in_namespace.list("pipelineruns") and not await in_namespace.list("taskruns")

    await polled(gone)


async def test_children_and_events_can_be_left_out(player: Player, namespace: str, in_namespace: World) -> None:
    uid = await player.play("success", namespace=namespace, children=False)
    assert await in_namespace.list("taskruns") == []
    assert {each["involvedObject"]["uid"] for each in await in_namespace.list("events")} == {uid}

    await player.play("failure", namespace=namespace, events=False)
    assert {each["involvedObject"]["uid"] for each in await in_namespace.list("events")} == {uid}


async def test_a_run_begins_when_told_to(player: Player, namespace: str, in_namespace: World) -> None:
    await player.play("success", namespace=namespace, begin=datetime(2026, 1, 1, tzinfo=UTC))
    assert (await in_namespace.get("pipelineruns", "success"))["status"]["startTime"] == "2026-01-01T00:00:00Z"


async def test_the_hook_is_called_before_each_step(player: Player, namespace: str) -> None:
    seen: list[tuple[str, str]] = []

    async def hook(run: PlayedRun, step: Step) -> None:
        assert run.next is step
        seen.append((step.type, step.name))

    await player.play("not-found", namespace=namespace, before_step=hook)
    assert seen == [(step.type, step.name) for step in load("not-found") if step.type != "DELETED"]


async def test_the_recorded_pace_can_be_kept(player: Player, namespace: str) -> None:
    begun = time.monotonic()
    await player.play("not-found", namespace=namespace, speed=4)
    last = max(step.at for step in load("not-found") if step.type != "DELETED")
    assert time.monotonic() - begun >= last / 4


async def test_a_player_reads_a_kubeconfig(bed: TestBed, namespace: str, in_namespace: World) -> None:
    async with Player.connected(bed.admin_kubeconfig) as player:
        await player.play("taskrun", namespace=namespace)
    assert (await in_namespace.get("taskruns", "taskrun"))["status"]["results"][0]["value"] == "42"


def test_a_merge_patch_takes_away_what_is_gone_and_keeps_what_is_equal() -> None:
    before = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}
    assert merge_patch(before, {"a": 1, "b": {"c": 3}, "e": [1, 2]}) == {"b": {"c": 3, "d": None}, "e": [1, 2]}
    assert merge_patch(before, before) == {}
