"""A replayed run is the recorded one, but for its name, uids and times."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hack.player import PlayedRun, Player, merge_patch
from hack.recording import DATA, Step, load, parse_time, paths
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled

Object = dict[str, Any]
RECORDINGS = sorted(path.stem for path in DATA.glob("*.ndjson") if not path.stem.startswith("tekton-"))
TIME = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


@pytest.fixture
def player(bed: TestBed) -> Player:
    return Player(bed.api)


@pytest.fixture
async def in_namespace(bed: TestBed, namespace: str) -> "World":
    return World(bed, namespace)


class World:
    """What the API server has in one namespace."""

    def __init__(self, bed: TestBed, namespace: str) -> None:
        self._bed = bed
        self._namespace = namespace

    async def list(self, plural: str) -> list[Object]:
        group = "/api/v1" if plural == "events" else "/apis/tekton.dev/v1"
        answer = await self._bed.request("GET", f"{group}/namespaces/{self._namespace}/{plural}")
        items: list[Object] = answer["items"]
        return items

    async def get(self, plural: str, name: str) -> Object:
        path = f"/apis/tekton.dev/v1/namespaces/{self._namespace}/{plural}/{name}"
        return await self._bed.request("GET", path)


def recorded(recording: str) -> dict[tuple[str, str], Object]:
    """The last state of each run of a recording."""
    return {(step.kind, step.name): step.object for step in load(recording) if step.kind != "Event"}


def comparable(found: Object, namespace: str) -> Object:
    """The object as a replay must reproduce it: times count from its creation, uids have no value."""
    metadata = found["metadata"]
    owners = [owner | {"uid": ""} for owner in metadata.get("ownerReferences", ())]
    labels = {**metadata["labels"]}
    if "tekton.dev/pipelineRunUID" in labels:
        labels["tekton.dev/pipelineRunUID"] = "is the owner's" if _names_owner(metadata) else "is another's"
    kept = {"name": metadata["name"], "labels": labels, "annotations": metadata["annotations"], "owners": owners}
    begin = parse_time(found["status"]["startTime"])
    text = json.dumps({"metadata": kept, "spec": found["spec"], "status": found["status"]})
    text = TIME.sub(lambda match: str((parse_time(match[1]) - begin).total_seconds()), text)
    compared: Object = json.loads(text.replace(f"{namespace}/", "default/"))
    return compared


def _names_owner(metadata: Object) -> bool:
    uids = [owner["uid"] for owner in metadata["ownerReferences"]]
    return uids == [metadata["labels"]["tekton.dev/pipelineRunUID"]]


def owned(found: Object) -> set[tuple[str, str, str, str]]:
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", ""), re.sub(r'"uid":"[^"]+"', "", path))
        for entry in found["metadata"]["managedFields"]
        for path in paths(entry["fieldsV1"])
    }


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_the_replayed_objects_are_the_recorded_ones(
    recording: str, player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play(recording, namespace=namespace)

    replayed = await in_namespace.list("pipelineruns") + await in_namespace.list("taskruns")
    expected = recorded(recording)
    assert len(replayed) == len(expected)
    for found in replayed:
        name = found["metadata"]["name"]
        kind = "PipelineRun" if found in await in_namespace.list("pipelineruns") else "TaskRun"
        assert comparable(found, namespace) == comparable(expected[kind, name], "default")


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_the_replayed_fields_have_the_recorded_owners(
    recording: str, player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play(recording, namespace=namespace)

    expected = {name: owned(found) for (_, name), found in recorded(recording).items()}
    for found in await in_namespace.list("pipelineruns") + await in_namespace.list("taskruns"):
        replayed, wanted = owned(found), expected[found["metadata"]["name"]]
        assert wanted <= replayed
        # What Tekton's admission webhook added belonged to nobody, and belongs to the creator here.
        assert not {each[3] for each in replayed - wanted} & {each[3] for each in wanted}


async def test_annotations_of_a_remote_pipeline_belong_to_tekton_alone(
    player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play("remote-pipeline", namespace=namespace)

    owners = owned(await in_namespace.get("pipelineruns", "remote-pipeline"))
    prefix = "f:metadata/f:annotations/f:"
    managers = {path.removeprefix(prefix): manager for manager, _, _, path in owners if path.startswith(prefix)}
    assert managers["webhook.integrations.tekton.dev/url"] == "tekton-controller"
    assert managers["slack.integrations.tekton.dev/channel"] == "tekton-controller"
    assert managers["github.integrations.tekton.dev/owner"] == "kubectl-client-side-apply"


async def test_cancelling_is_the_users_write_and_a_new_generation(
    player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play("cancelled", namespace=namespace)

    run = await in_namespace.get("pipelineruns", "cancelled")
    assert ("kubectl-patch", "Update", "", "f:spec/f:status") in owned(run)
    assert run["metadata"]["generation"] == 2


async def test_the_replayed_events_tell_of_the_replayed_run(
    player: Player, namespace: str, in_namespace: World
) -> None:
    uid = await player.play("retries", namespace=namespace)

    events = await in_namespace.list("events")
    expected = {step.name: step.object for step in load("retries") if step.kind == "Event"}
    assert _told(events) == _told(list(expected.values()))
    assert uid in {each["involvedObject"]["uid"] for each in events}


def _told(events: list[Object]) -> list[tuple[str, str, int]]:
    return sorted((each["involvedObject"]["name"], each["reason"], each["count"]) for each in events)


async def test_a_renamed_run_takes_its_children_and_messages_along(
    player: Player, namespace: str, in_namespace: World
) -> None:
    uid = await player.play("cancelled", namespace=namespace, name="release.v2")

    run = await in_namespace.get("pipelineruns", "release.v2")
    child = await in_namespace.get("taskruns", "release.v2-slow")
    assert [each["name"] for each in run["status"]["childReferences"]] == ["release.v2-slow"]
    assert run["status"]["conditions"][0]["message"] == 'PipelineRun "release.v2" was cancelled'
    assert run["metadata"]["labels"]["tekton.dev/pipeline"] == "release.v2"
    assert child["metadata"]["ownerReferences"][0]["uid"] == uid
    assert child["metadata"]["labels"]["tekton.dev/pipelineRun"] == "release.v2"
    assert child["metadata"]["labels"]["tekton.dev/pipelineRunUID"] == uid
    assert child["status"]["podName"] == "release.v2-slow-pod"
    assert "pod release.v2-slow-pod is terminated" in child["status"]["steps"][0]["terminated"]["message"]
    assert child["status"]["conditions"][0]["reason"] == "TaskRunCancelled"


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_no_trace_of_the_recorded_name_is_left(
    recording: str, player: Player, namespace: str, in_namespace: World
) -> None:
    await player.play(recording, namespace=namespace, name="renamed", sha="b" * 40)

    first = load(recording)[0].object["metadata"]
    texts = {
        text
        for plural in ("pipelineruns", "taskruns", "events")
        for found in await in_namespace.list(plural)
        for text in _texts(found)
    }
    assert first["uid"] not in texts
    assert first["annotations"]["github.integrations.tekton.dev/sha"] not in texts
    assert not {text for text in texts if re.match(rf"{recording}(-|\.1|$)", text)} - {"annotated"}
    assert not {text for text in texts if f'"{recording}' in text or f"default/{recording}" in text}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


async def test_other_annotations_reach_the_children_and_win_over_the_pipelines(
    player: Player, namespace: str, in_namespace: World
) -> None:
    mine = {
        "slack.integrations.tekton.dev/channel": "#mine",
        "github.integrations.tekton.dev/repo": None,
        "chains.tekton.dev/signed": "true",
    }
    await player.play("annotated-pipeline", namespace=namespace, annotations=mine, sha="c" * 40)

    run = await in_namespace.get("pipelineruns", "annotated-pipeline")
    child = await in_namespace.get("taskruns", "annotated-pipeline-one")
    expected = {
        "github.integrations.tekton.dev/owner": "acme",
        "github.integrations.tekton.dev/sha": "c" * 40,
        "slack.integrations.tekton.dev/channel": "#mine",
    }
    assert run["metadata"]["annotations"] == {**expected, "chains.tekton.dev/signed": "true"}
    assert child["metadata"]["annotations"] == {**expected, "pipeline.tekton.dev/release": "unknown"}
    by_user = {path for manager, _, _, path in owned(run) if manager == "kubectl-client-side-apply"}
    assert "f:metadata/f:annotations/f:slack.integrations.tekton.dev/channel" in by_user


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
