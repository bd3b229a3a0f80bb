"""A check for each task: made once, changed only when the task has, and within what grants allow."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tekton_integrations_github import tasks
from tekton_integrations_github.integration import GitHub

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, run
from tekton_integrations import Child, Result, Skipped, State, TemporaryError
from tests.fakes.github import CheckRun, CutAfterWrite

EACH = replace(OPTIONS, checks="tasks")
POST, PATCH = "^POST .*/check-runs$", "^PATCH .*/check-runs/"


@pytest.fixture
def github() -> GitHub:
    return GitHub()


async def show(
    scene: Stage,
    github: GitHub,
    state: State,
    children: Sequence[Child],
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    **changes: Any,
) -> Result:
    scene.children = list(children)
    known = replace(record(memory, options=EACH), url="https://github.com/any" if memory else "")
    return await github.reconcile(run(state, **changes), EACH, known, scene.context(search=search))


def shown(scene: Stage) -> dict[str, str]:
    return {each.name: each.conclusion or each.status for each in scene.checks}


def changes(scene: Stage) -> int:
    return sum(len(check.history) for check in scene.checks)


async def test_each_task_has_a_check_of_its_own(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.FAILED, [child("build", State.SUCCEEDED), child("test", State.FAILED)])
    assert shown(scene) == {"build": "failure", "build / build": "success", "build / test": "failure"}


async def test_only_what_changed_costs_a_call(scene: Stage, github: GitHub) -> None:
    build, test = child("build", State.SUCCEEDED), child("test", State.RUNNING)
    first = await show(scene, github, State.RUNNING, [build, test])
    before = changes(scene)
    ended = replace(test, state=State.FAILED, reason="Failed")
    await show(scene, github, State.FAILED, [build, ended], first.memory)
    assert changes(scene) - before == 2
    assert shown(scene)["build / test"] == "failure"


async def test_the_runs_of_a_matrix_have_names_of_their_own(scene: Stage, github: GitHub) -> None:
    fan = [child("test", State.SUCCEEDED, name=f"build-x7k2p-test-{n}") for n in range(3)]
    await show(scene, github, State.SUCCEEDED, fan)
    assert {"build / test-0", "build / test-1", "build / test-2"} < shown(scene).keys()


async def test_a_name_that_no_grant_allows_has_no_check_and_the_run_s_check_says_so(
    scene: Stage, github: GitHub
) -> None:
    scene.grants = lambda target: not target.name.endswith("test")
    await show(scene, github, State.SUCCEEDED, [child("build", State.SUCCEEDED), child("test", State.SUCCEEDED)])
    assert shown(scene).keys() == {"build", "build / build"}
    assert "no grant allows" in (scene.checks[0].output.summary or "")


async def test_there_are_fifty_at_most_and_the_rest_is_counted(scene: Stage, github: GitHub) -> None:
    many = [child(f"t{number:03}", State.SUCCEEDED) for number in range(53)]
    await show(scene, github, State.SUCCEEDED, many)
    assert len(scene.checks) == 1 + tasks.MAX_TASKS
    assert "Without a check of their own: 3 more tasks." in (scene.checks[0].output.summary or "")


async def test_one_task_without_a_check_is_told_as_one(scene: Stage, github: GitHub) -> None:
    scene.grants = lambda target: not target.name.endswith("t000")
    many = [child(f"t{number:03}", State.SUCCEEDED) for number in range(51)]
    await show(scene, github, State.SUCCEEDED, many)
    summary = scene.checks[0].output.summary or ""
    assert "Without a check of their own: 1 more task." in summary
    assert "Without a check of their own, since no grant allows their names: 1 task." in summary


async def test_a_long_name_keeps_the_task_apart(scene: Stage, github: GitHub) -> None:
    twins = [child("a" * 90 + end, State.SUCCEEDED) for end in "xy"]
    await show(scene, github, State.SUCCEEDED, twins)
    assert len(shown(scene)) == 3
    assert max(map(len, shown(scene))) <= 100


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_check_whose_call_was_cut_is_found_and_not_made_twice(scene: Stage, github: GitHub, nth: int) -> None:
    children = [child("build", State.SUCCEEDED), child("test", State.FAILED)]

    def of_a_task(check: CheckRun) -> bool:
        return " / " in check.name

    made: list[int] = []

    def strike(call: object) -> bool:
        found = [check.id for check in scene.checks if of_a_task(check)]
        made[:] = found
        return getattr(call, "method", "") == "POST" and len(found) == nth - 1 and bool(scene.checks)

    scene.github.faults.add(strike, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, github, State.FAILED, children)
    await show(scene, github, State.FAILED, children, scene.remembered, search=True)
    assert sorted(each.name for each in scene.checks) == ["build", "build / build", "build / test"]


async def test_settling_ends_the_tasks_checks_as_well(scene: Stage, github: GitHub) -> None:
    children = [child("build", State.SUCCEEDED), child("test", State.RUNNING)]
    first = await show(scene, github, State.RUNNING, children)
    await github.settle(record(first.memory, options=EACH), scene.context())
    assert shown(scene) == {"build": "cancelled", "build / build": "success", "build / test": "cancelled"}


async def test_a_task_run_by_itself_has_one_check(scene: Stage, github: GitHub) -> None:
    scene.children = [child("build", State.SUCCEEDED)]
    alone = run(State.SUCCEEDED, kind="TaskRun")
    await github.reconcile(alone, EACH, record(options=EACH), scene.context())
    assert len(scene.checks) == 1


BY_WHEN = Skipped("deploy", "When Expressions evaluated to false")


async def test_a_task_that_had_not_to_run_has_a_check_at_the_run_s_end_since_it_may_be_required(
    scene: Stage, github: GitHub
) -> None:
    build = child("build", State.SUCCEEDED)
    first = await show(scene, github, State.RUNNING, [build], skipped=(BY_WHEN,))
    assert "build / deploy" not in shown(scene)
    last = await show(scene, github, State.SUCCEEDED, [build], first.memory, skipped=(BY_WHEN,))
    [deploy] = [check for check in scene.checks if check.name == "build / deploy"]
    assert (deploy.conclusion, deploy.output.title) == ("skipped", "Skipped: its when condition is not met")
    assert "`deploy` did not run" in (deploy.output.summary or "")
    before = scene.sent
    await show(scene, github, State.SUCCEEDED, [build], last.memory, skipped=(BY_WHEN,))
    assert scene.sent == before


@pytest.mark.parametrize(
    ("state", "reason", "conclusion"),
    [
        (State.FAILED, "When Expressions evaluated to false", "skipped"),
        (State.FAILED, "PipelineRun was stopping", "cancelled"),
        (State.CANCELLED, "PipelineRun was gracefully cancelled", "cancelled"),
        (State.TIMED_OUT, "PipelineRun Tasks timeout has been reached", "cancelled"),
        (State.FAILED, "", "cancelled"),
        (State.SUCCEEDED, "Results were missing", "skipped"),
        (State.SKIPPED, "A reason of a later Tekton: [x](https://evil.example) @all", "skipped"),
    ],
)
async def test_what_a_failure_kept_from_running_satisfies_no_required_check(
    scene: Stage, github: GitHub, state: State, reason: str, conclusion: str
) -> None:
    await show(scene, github, state, [], skipped=(Skipped("deploy", reason),))
    assert shown(scene)["build / deploy"] == conclusion


async def test_a_task_that_ran_and_is_said_to_be_skipped_has_one_check(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.FAILED, [child("deploy", State.FAILED)], skipped=(BY_WHEN,))
    assert shown(scene) == {"build": "failure", "build / deploy": "failure"}


@pytest.mark.parametrize("seen", [True, False])
async def test_names_of_tasks_are_granted_where_the_repository_is_by_now(
    scene: Stage, github: GitHub, seen: bool
) -> None:
    memory = (await show(scene, github, State.RUNNING, [child("test", State.RUNNING)])).memory if seen else None
    scene.github.rename("acme/api", "acme/web")
    scene.grants = lambda target: target.resource == "acme/api" or target.name == "build"
    done = [child("test", State.SUCCEEDED), child("lint", State.SUCCEEDED)]
    await show(scene, github, State.SUCCEEDED, done, memory)
    checks = {check.name: check for check in scene.github.check_runs("acme/web", SHA)}
    assert checks["build"].conclusion == "success"
    assert "no grant allows their names" in (checks["build"].output.summary or "")
    assert {name: check.status for name, check in checks.items() if name != "build"} == (
        {"build / test": "in_progress"} if seen else {}
    )
