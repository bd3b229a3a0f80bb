"""TEP-0004 (https://github.com/tektoncd/community/pull/147), to the letter. Which other tests show its
clauses stands in docs/mission.md.
"""

import json
import re

import yaml

from tests.e2e import people
from tests.e2e.stage import run_path
from tests.e2e.test_open_record import open_record, scanner
from tests.hack.test_docs import GITHUB, blocks
from tests.mission.world import World

PREFIX = "integrations.tekton.dev"
SHA = "4d2f673c600a0f08c3f6737bc3f5c6a6a15d62e6"
ASKED = {
    f"github.{PREFIX}/owner": "wlynch",
    f"github.{PREFIX}/repo": "test",
    f"github.{PREFIX}/sha": SHA,
    f"webhook.{PREFIX}/url": "https://example.com:8080",
    f"slack.{PREFIX}/url": "https://tektoncd.slack.com",
    f"slack.{PREFIX}/channel": "build-cop",
}
QUIET = {f"github.{PREFIX}/{key}": None for key in ("owner", "repo", "sha")}
LARGEST = 4096  # bytes of a record; etcd takes 1.5 MiB


async def test_its_annotations_are_shown_as_they_stand_on_a_pipeline_run_and_on_a_task_run(
    world: World, namespace: str
) -> None:
    stage = world.stage
    for recording in ("success", "taskrun"):
        await stage.player.play(recording, namespace=namespace, annotations=ASKED)
    await stage.all_reported(namespace, 6)
    assert [check.conclusion for check in stage.checks(SHA, "wlynch/test")] == ["success", "success"]
    assert len([card for card in world.slack.cards("build-cop") if f"in namespace {namespace}" in card.shown]) == 2
    for run in ("success", "taskrun"):
        assert world.receiver.told(run) == ["created", "started", "finished"]
        assert {each.headers["host"] for each in world.receiver.of(run)} == {"example.com:8080"}
    # What Chains signs, and what the next integration would be woken by, is as Tekton left it.
    for resource in ("pipelineruns", "taskruns"):
        assert stage.writes(namespace, resource) == []


async def test_an_integration_status_has_its_four_fields_and_the_version_and_is_small(
    world: World, namespace: str
) -> None:
    stage, sha = world.stage, "1" * 40
    version = {f"github.{PREFIX}/version": "v1"}
    await stage.player.play("failure", namespace=namespace, sha=sha, annotations=version)
    record = await stage.reported(namespace)
    run = await stage.bed.request("GET", run_path(namespace, "failure"))
    [check], status = stage.checks(sha), record["status"]
    assert status["name"] == "github.integrations.tekton.dev"
    assert status["observedGeneration"] == run["metadata"]["generation"]
    [condition] = status["conditions"]
    assert condition["type"] == "Succeeded"
    assert condition.keys() >= {"status", "reason", "message", "lastTransitionTime"}
    assert status["annotations"]["check-run-id"] == str(check.id)
    assert {type(value) for value in status["annotations"].values()} == {str}
    assert status["version"] == "v1"
    assert len(json.dumps(record | {"metadata": record["metadata"] | {"managedFields": []}})) < LARGEST


async def test_a_record_may_hold_the_ids_of_tekton_results(world: World, namespace: str) -> None:
    stage = world.stage
    account = await scanner(world.bed, namespace)
    uid = await stage.player.play("success", namespace=namespace, annotations=QUIET, events=False)
    result = f"{namespace}/results/{uid}"
    body = open_record(uid, "results.example.com", "success")
    body["status"]["annotations"] = {"result": result, "record": f"{result}/records/{uid}"}
    await account.request("POST", people.records_path(namespace), body)
    record = await stage.record(namespace, integration="results.example.com")
    assert record["status"]["annotations"] == body["status"]["annotations"]


async def test_the_run_that_a_trigger_template_makes_is_shown(world: World, namespace: str) -> None:
    values = {"owner": "acme", "repo": "api", "sha": "2" * 40}
    found = [yaml.safe_load(block) for block in blocks(GITHUB, "yaml")]
    [template] = [each for each in found if each.get("kind") == "TriggerTemplate"]
    text = json.dumps(template["spec"]["resourcetemplates"])
    [run] = json.loads(re.sub(r"\$\(tt\.params\.(\w+)\)", lambda match: values[match[1]], text))
    path = f"/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns"
    made = await world.bed.request("POST", f"{path}?fieldManager=eventlistenersink", run)
    await world.end(f"{path}/{made['metadata']['name']}")
    await world.stage.reported(namespace)
    assert [(check.name, check.conclusion) for check in world.stage.checks(values["sha"])] == [
        ("Tekton / build", "success")
    ]
