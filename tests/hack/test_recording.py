"""A replayed run is the recorded one, but for its name, uids and times."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hack.player import Player
from hack.recording import DATA, load, parse_time, paths

from .world import Object, World

RECORDINGS = sorted(path.stem for path in DATA.glob("*.ndjson") if not path.stem.startswith("tekton-"))
TIME = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


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
