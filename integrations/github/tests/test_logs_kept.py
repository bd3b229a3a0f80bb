"""Logs that can't be read any more, when a report is made again: what stands at GitHub stays. And those of which there
are too many."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github import report
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, run
from tekton_integrations import Child, Excerpt, Result, State, Step

TASKS = replace(OPTIONS, checks="tasks")
COMMENT = replace(OPTIONS, pull_request="12", comment="always")
GONE = Excerpt(step="unit", withheld="its pod is gone", gone=True)


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture(autouse=True)
def pull_request(scene: Stage) -> None:
    scene.github.add_pull_request("acme/api", 12, SHA)


def fail(scene: Stage, *tasks: str) -> None:
    scene.children = [child(task, State.FAILED, Step(name="unit", exit_code=1, reason="Error")) for task in tasks]
    for each in scene.children:
        write(scene, each, f"boom in {each.task}")


def write(scene: Stage, of: Child, *lines: str) -> None:
    scene.logs[of.name] = Excerpt(step="unit", lines=lines)


def lose(scene: Stage, *tasks: str) -> None:
    for each in scene.children:
        if each.task in tasks:
            scene.logs[each.name] = GONE


async def show(
    scene: Stage,
    github: GitHub,
    options: GitHubOptions = OPTIONS,
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    whose: str = "ours",
) -> Result:
    known = record(memory, options=options)
    return await github.reconcile(run(State.FAILED), options, known, scene.context(whose, search=search))


def texts(scene: Stage) -> dict[str, str]:
    return {check.name: check.output.text or "" for check in scene.checks}


@pytest.mark.parametrize("search", [False, True])
@pytest.mark.parametrize("lost", [("test",), ("lint",), ("test", "lint")])
async def test_logs_stay_on_the_page_though_pods_are_gone(
    scene: Stage, github: GitHub, lost: tuple[str, ...], search: bool
) -> None:
    fail(scene, "test", "lint")
    memory = (await show(scene, github)).memory
    lose(scene, *lost)
    for _ in range(2):
        memory = (await show(scene, github, memory=memory, search=search)).memory
    assert "boom in test" in texts(scene)["build"]
    assert "boom in lint" in texts(scene)["build"]


async def test_a_log_that_was_never_shown_is_said_to_be_gone_and_the_others_are_shown(
    scene: Stage, github: GitHub
) -> None:
    fail(scene, "test", "lint")
    lose(scene, "test")
    await show(scene, github)
    assert "Log withheld: its pod is gone." in texts(scene)["build"]
    assert "boom in lint" in texts(scene)["build"]


@pytest.mark.parametrize("search", [False, True])
async def test_a_task_s_check_keeps_its_log(scene: Stage, github: GitHub, search: bool) -> None:
    fail(scene, "test", "lint")
    memory = (await show(scene, github, TASKS)).memory
    lose(scene, "test")
    for _ in range(2):
        memory = (await show(scene, github, TASKS, memory, search=search)).memory
    assert "boom in test" in texts(scene)["build / test"]
    assert "boom in lint" in texts(scene)["build / lint"]
    before = scene.sent
    await show(scene, github, TASKS, memory)
    assert scene.sent == before


async def test_a_check_that_is_made_anew_says_why_it_has_no_log(scene: Stage, github: GitHub) -> None:
    fail(scene, "test")
    memory = (await show(scene, github, TASKS)).memory
    lose(scene, "test")
    for made in scene.checks:
        scene.github.world.check_runs.pop(made.id)
    scene.github.world.named("acme/api").commits[SHA].runs.clear()
    scene.children[0] = replace(scene.children[0], steps=(Step(name="unit", exit_code=2, reason="Error"),))
    await show(scene, github, TASKS, memory)
    assert texts(scene).keys() == {"build", "build / test"}
    assert all("Log withheld: its pod is gone." in text for text in texts(scene).values())


@pytest.mark.parametrize("search", [False, True])
async def test_a_comment_keeps_its_log(scene: Stage, github: GitHub, search: bool) -> None:
    fail(scene, "test")
    memory = (await show(scene, github, COMMENT)).memory
    lose(scene, "test")
    for _ in range(2):
        memory = (await show(scene, github, COMMENT, memory, search=search)).memory
    [comment] = scene.github.comments("acme/api", 12)
    assert "boom in test" in comment.body


async def test_another_run_s_comment_replaces_the_log(scene: Stage, github: GitHub) -> None:
    fail(scene, "test")
    first = await show(scene, github, COMMENT)
    scene.records = [record(first.memory, options=COMMENT)]
    lose(scene, "test")
    await show(scene, github, COMMENT, whose="a later run")
    [comment] = scene.github.comments("acme/api", 12)
    assert "boom in test" not in comment.body


async def test_logs_beyond_those_that_are_read_are_named(scene: Stage, github: GitHub) -> None:
    fail(scene, *(f"t{number}" for number in range(report.MAX_LOGS + 2)))
    await show(scene, github)
    text = texts(scene)["build"]
    assert text.count("boom in ") == report.MAX_LOGS
    assert text.count("Log withheld: no more than 5 logs are shown.") == 2


async def test_a_hundred_logs_are_counted(scene: Stage, github: GitHub) -> None:
    fail(scene, *(f"t{number:03}" for number in range(100)))
    await show(scene, github)
    assert "88 more logs had no room here." in texts(scene)["build"]
