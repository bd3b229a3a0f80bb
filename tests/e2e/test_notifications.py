"""Runs that nobody annotated are shown because of Notifications: on a real API server, at GitHub's look-alike."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from tests.conftest import MANIFESTS
from tests.e2e.notices import PLACE, Board, ready, recorded
from tests.e2e.stage import SHA, Stage

OTHER = "4d2f673c600a0f08c3f6737bc3f5c6a6a15d62e6"
SUSPEND = "integrations.tekton.dev/suspend"
# As in the README of the ancestor, in our group.
ANCESTOR = """
apiVersion: integrations.tekton.dev/v1alpha1
kind: Notification
metadata:
  name: ancestor
spec:
  suspend: false
  providerRef:
    name: github
  filter:
    labelSelector:
      matchLabels:
        notification: github
"""


# What stands in a Notification, the reason for which it is not ready, and what its message says.
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"options": {"shaa": "x"}}, "InvalidOption", "did you mean 'sha'?"),
    ({"options": {"sha": "$(results.commit)"}}, "InvalidOption", "there is no $(results.commit)"),
    ({"options": {"sha": "main"}}, "InvalidOption", "spec.options.sha must be"),
    ({"filter": {"expression": "state"}}, "InvalidExpression", "must give true or false"),
    ({"template": "$(name)"}, "InvalidTemplate", "spec.template is not known to github"),
    ({"providerRef": {"name": "nope"}}, "NoProvider", "there is no Provider 'nope'"),
]


@pytest.fixture
async def board(stage: Stage) -> AsyncIterator[Board]:
    board = Board(stage)
    yield board
    await board.clear()


async def shown(stage: Stage, sha: str = SHA, count: int = 1) -> list[tuple[str, str | None]]:
    """Names and conclusions of the checks, once there are so many and all are completed."""

    async def probe() -> list[tuple[str, str | None]] | None:
        checks = stage.checks(sha)
        done = len(checks) == count and all(check.status == "completed" for check in checks)
        return sorted((check.name, check.conclusion) for check in checks) if done else None

    return await polled(probe)


async def test_a_run_that_nobody_annotated_is_shown_and_its_record_says_who_asked(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    options = PLACE | {"sha": "$(params.revision)", "name": "$(labels.team) / $(name)"}
    status = await board.put(NAMESPACE, filter={"namespaces": [namespace]}, options=options)
    assert ready(status) == ("True", "Ready")
    await stage.player.play(recorded(tmp_path, "success", params={"revision": OTHER}), namespace=namespace)
    record = await stage.reported(namespace)
    assert record["spec"]["notification"] == f"{NAMESPACE}/all"
    assert await shown(stage, OTHER) == [("payments / success", "success")]
    await board.counted(NAMESPACE, matched=1, reported=1)


async def test_the_ancestors_yaml_is_taken_as_it_stands_and_reports_runs_with_its_label(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    body = yaml.safe_load(ANCESTOR)
    await board.put(namespace, "ancestor", **body["spec"])
    [example] = re.findall("```yaml\n(.*?)```", (MANIFESTS.parents[1] / "docs/notifications.md").read_text(), re.DOTALL)
    await board.put(NAMESPACE, "red-runs", **yaml.safe_load(example)["spec"])
    for each in ((namespace, "ancestor"), (NAMESPACE, "red-runs")):
        assert ready(await board.status(*each)) == ("True", "Ready")
    place = {f"github.integrations.tekton.dev/{key}": value for key, value in PLACE.items()}
    run = recorded(tmp_path, "success", labels={"notification": "github"}, annotations=place)
    await stage.player.play(run, namespace=namespace)
    record = await stage.reported(namespace)
    assert record["spec"]["notification"] == ""  # one record, and the annotations' own
    assert len(stage.checks()) == 1
    await board.counted(namespace, "ancestor", matched=1, reported=1)


async def test_labels_namespaces_states_results_and_expressions_choose(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    filters: dict[str, dict[str, Any]] = {
        "by-label": {"labelSelector": {"matchLabels": {"team": "payments"}}},
        "by-another-label": {"labelSelector": {"matchLabels": {"team": "search"}}},
        "by-another-namespace": {"namespaces": ["somebody-else"]},
        "by-kind": {"kinds": ["TaskRun"]},
        "by-state": {"states": ["Succeeded"]},
        "by-another-state": {"states": ["Failed", "TimedOut"]},
        "by-reason": {"reasons": ["Succeeded"]},
        "by-result": {"results": [{"name": "image-digest", "value": "sha256:*"}]},
        "by-another-result": {"results": [{"name": "image-digest", "value": "sha512:*"}]},
        "by-expression": {"expression": "state == 'Succeeded' && params['env'] == 'prod'"},
        "by-another-expression": {"expression": "params['env'] == 'test'"},
        "by-a-failing-expression": {"expression": "params['nope'] == 'x'"},
    }
    for name, chosen in filters.items():
        await board.put(NAMESPACE, name, filter={"namespaces": [namespace]} | chosen, options=PLACE | {"name": name})
    await stage.player.play(recorded(tmp_path, "success", params={"env": "prod"}), namespace=namespace)
    wanted = ["by-expression", "by-label", "by-reason", "by-result", "by-state"]
    assert await shown(stage, count=5) == [(name, "success") for name in wanted]
    await stage.all_reported(namespace, 5)
    await board.counted(NAMESPACE, "by-a-failing-expression", ExpressionFailed=1)


async def test_who_opts_out_is_not_reported_except_where_that_is_not_allowed(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    for name, allowed in (("default", True), ("audit", False)):
        options = PLACE | {"name": name}
        await board.put(NAMESPACE, name, allowOptOut=allowed, filter={"namespaces": [namespace]}, options=options)
    annotations = {SUSPEND: "true"} | {f"github.integrations.tekton.dev/{key}": value for key, value in PLACE.items()}
    await stage.player.play(recorded(tmp_path, "success", annotations=annotations), namespace=namespace)
    await stage.reported(namespace)
    assert await shown(stage) == [("audit", "success")]
    await board.counted(NAMESPACE, "default", OptedOut=1)


async def test_who_only_says_to_be_a_child_is_not_hidden_from_an_audit(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    await board.put(NAMESPACE, "audit", allowOptOut=False, filter={"namespaces": [namespace]}, options=PLACE)
    run = recorded(tmp_path, "success", labels={"tekton.dev/pipelineRun": "nobody"})
    await stage.player.play(run, namespace=namespace, children=False)
    await stage.reported(namespace)
    assert await shown(stage) == [("Tekton / success", "success")]


async def test_an_edited_notification_moves_the_check_and_a_deleted_one_settles_it(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    await board.put(namespace, options=PLACE)
    run = await stage.player.start(recorded(tmp_path, "success"), namespace=namespace)
    await run.step()
    await polled(lambda: _there(stage, SHA))
    await board.put(namespace, options=PLACE | {"sha": OTHER})
    await polled(lambda: _there(stage, OTHER))
    assert await shown(stage) == [("Tekton / success", "cancelled")]
    await board.delete(namespace)
    assert await shown(stage, OTHER) == [("Tekton / success", "cancelled")]

    async def without_records() -> bool:
        return not await stage.records(namespace)

    await polled(without_records)


async def _there(stage: Stage, sha: str) -> bool:
    return bool(stage.checks(sha))


async def test_a_suspended_notification_concludes_what_is_open_and_one_that_goes_on_shows_it_again(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    await board.put(namespace, options=PLACE)
    run = await stage.player.start(recorded(tmp_path, "success"), namespace=namespace)
    await run.step()
    await polled(lambda: _there(stage, SHA))
    assert ready(await board.put(namespace, options=PLACE, suspend=True)) == ("True", "Suspended")
    assert await shown(stage) == [("Tekton / success", "cancelled")]
    await stage.player.play(recorded(tmp_path, "success"), namespace=namespace, name="meanwhile")
    assert ready(await board.put(namespace, options=PLACE, suspend=False)) == ("True", "Ready")
    await run.to_end()
    await stage.reported(namespace)
    assert await shown(stage, count=2) == [("Tekton / success", "cancelled"), ("Tekton / success", "success")]
    assert len(await stage.records(namespace)) == 1  # what ended meanwhile is not made up for


async def test_runs_that_had_ended_before_it_are_counted_and_a_restart_reports_nothing_twice(
    stage: Stage, board: Board, namespace: str, tmp_path: Path
) -> None:
    begin = datetime.now(UTC) - timedelta(hours=1)
    run = recorded(tmp_path, "success")
    async with stage.controller():
        await stage.player.play(run, namespace=namespace, name="old", begin=begin)
        await board.put(namespace, options=PLACE)
        await stage.player.play(run, namespace=namespace, name="new", begin=datetime.now(UTC) + timedelta(minutes=1))
        await stage.reported(namespace)
    before = len(stage.calls)
    async with stage.controller():
        await board.counted(namespace, matched=2, EndedBefore=1)
        assert len(stage.calls) == before
    assert [check.name for check in stage.checks()] == ["Tekton / new"]


async def test_what_is_not_granted_is_refused_and_what_has_no_target_only_counted(
    stage: Stage, controller: Controller, board: Board, namespace: str, tmp_path: Path
) -> None:
    await board.put(namespace, "nowhere", options=PLACE | {"sha": "$(params.revision)"})
    await board.put(namespace, "elsewhere", options=PLACE | {"owner": "somebody-else"})
    await stage.player.play(recorded(tmp_path, "success"), namespace=namespace)
    record = await stage.failed(namespace, "NotGranted")
    assert record["spec"]["notification"] == f"{namespace}/elsewhere"
    await board.counted(namespace, "nowhere", matched=1, NoTarget=1)
    assert len(await stage.records(namespace)) == 1
    assert [event["reason"] for event in await stage.events(namespace)] == ["NotGranted"]


async def test_what_is_wrong_with_one_stands_in_its_status(
    stage: Stage, controller: Controller, board: Board, namespace: str
) -> None:
    for at, (spec, reason, says) in enumerate(WRONG):
        status = await board.put(namespace, f"wrong-{at}", **spec)
        assert ready(status) == ("False", reason)
        assert says in status["conditions"][0]["message"]
