"""A commit's deployment to an environment: found or made once, and each state said once, success above all."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github import deployments
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, record, room_for, run, together
from tekton_integrations import PermanentError, Result, State, TemporaryError
from tests.fakes.github import CutAfterWrite

PRODUCTION = replace(OPTIONS, environment="production", environment_url="https://shop.example.com")
LIST = "GET /repos/{repo}/deployments"
MAKE, TELL = "^POST .*/deployments$", "^POST .*/deployments/[0-9]+/statuses$"


@pytest.fixture
def github() -> GitHub:
    return GitHub()


async def show(
    scene: Stage,
    github: GitHub,
    state: State,
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    whose: str = "ours",
) -> Result:
    known = record(memory, options=PRODUCTION)
    return await github.reconcile(run(state), PRODUCTION, known, scene.context(whose, search=search))


def told(scene: Stage) -> list[list[str]]:
    return [[status.state for status in each.statuses] for each in scene.github.deployments("acme/api")]


async def test_a_deployment_is_made_once_and_follows_the_run(scene: Stage, github: GitHub) -> None:
    memory = None
    for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED):
        memory = (await show(scene, github, state, memory)).memory
    [made] = scene.github.deployments("acme/api")
    assert (made.sha, made.environment) == (SHA, "production")
    assert told(scene) == [["queued", "in_progress", "success"]]
    assert made.statuses[-1].environment_url == "https://shop.example.com"


async def test_no_more_look_at_once_than_may_write(scene: Stage, github: GitHub) -> None:
    every = [replace(PRODUCTION, environment=f"production-{number}") for number in range(17)]

    async def look(options: GitHubOptions) -> Result:
        return await github.reconcile(run(State.FAILED), options, record(options=options), scene.context(search=True))

    await look(every[0])
    room_for(scene.quotas["acme"], 3, "POST repos * * deployments")
    before = scene.github.counts[LIST]
    await together(*map(look, every[1:]))
    made = len(scene.github.deployments("acme/api")) - 1
    assert 0 < made == scene.github.counts[LIST] - before < 16


async def test_one_that_is_there_is_told_while_no_more_may_be_made(scene: Stage, github: GitHub) -> None:
    shown = await show(scene, github, State.RUNNING)
    room_for(scene.quotas["acme"], 0, "POST repos * * deployments")
    await show(scene, github, State.SUCCEEDED, shown.memory)
    assert told(scene) == [["in_progress", "success"]]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.FAILED, "failure"),
        (State.TIMED_OUT, "failure"),
        (State.CANCELLED, "error"),
        (State.COULD_NOT_START, "error"),
        (State.SKIPPED, "inactive"),
        (State.FAILURE_IGNORED, "inactive"),
    ],
)
async def test_each_end_is_said_as_what_it_is(scene: Stage, github: GitHub, state: State, said: str) -> None:
    await show(scene, github, state)
    assert told(scene) == [[said]]


async def test_one_that_somebody_made_for_the_commit_is_used(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED, whose="an earlier run")
    assert first.memory
    await show(scene, github, State.SUCCEEDED, whose="a later run")
    assert told(scene) == [["failure", "success"]]


async def test_success_is_said_once(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.SUCCEEDED)
    for search in (False, True):
        await show(scene, github, State.SUCCEEDED, first.memory, search=search)
    assert told(scene) == [["success"]]


@pytest.mark.parametrize("call", [MAKE, TELL])
async def test_what_a_cut_call_did_is_found_and_not_repeated(scene: Stage, github: GitHub, call: str) -> None:
    scene.github.faults.add(call, CutAfterWrite())
    with pytest.raises(TemporaryError) as caught:
        await show(scene, github, State.SUCCEEDED)
    assert caught.value.maybe_sent
    await show(scene, github, State.SUCCEEDED, scene.remembered, search=True)
    assert told(scene) == [["success"]]


async def test_an_older_run_says_nothing(scene: Stage, github: GitHub) -> None:
    scene.older = {deployments.share(PRODUCTION, "acme/api", SHA)}
    await show(scene, github, State.SUCCEEDED)
    assert told(scene) == []


async def test_a_missing_permission_is_told_and_the_check_is_right_all_the_same(scene: Stage, github: GitHub) -> None:
    scene.github.installation("acme/api", scene.app).permissions["deployments"] = "read"
    with pytest.raises(PermanentError) as caught:
        await show(scene, github, State.SUCCEEDED)
    assert "deployment could not" in caught.value.message
    assert [each.conclusion for each in scene.checks] == ["success"]


async def test_settling_ends_what_is_open_with_an_error(scene: Stage, github: GitHub) -> None:
    shown = await show(scene, github, State.RUNNING)
    await github.settle(record(shown.memory, options=PRODUCTION), scene.context())
    assert told(scene) == [["in_progress", "error"]]


async def test_settling_finds_what_a_cut_call_made(scene: Stage, github: GitHub) -> None:
    scene.github.faults.add(MAKE, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, github, State.RUNNING)
    await github.settle(record(scene.remembered, options=PRODUCTION), scene.context(search=True))
    assert told(scene) == [["error"]]


async def test_settling_leaves_what_has_ended(scene: Stage, github: GitHub) -> None:
    shown = await show(scene, github, State.SUCCEEDED)
    await github.settle(record(shown.memory, options=PRODUCTION), scene.context())
    assert told(scene) == [["success"]]


@pytest.mark.parametrize("kind", ["app", "token"])
@pytest.mark.parametrize("seen", [True, False])
async def test_its_name_is_granted_where_the_repository_is_by_now(
    scene: Stage, github: GitHub, kind: str, seen: bool
) -> None:
    if kind == "token":
        scene.use_token()
    memory = (await show(scene, github, State.RUNNING)).memory if seen else None
    scene.github.rename("acme/api", "acme/web")
    scene.grants = lambda target: target.resource == "acme/api" or target.name == "build"
    with pytest.raises(PermanentError, match=r"now called acme/web, .* as 'deployment/production'; add") as caught:
        await show(scene, github, State.SUCCEEDED, memory)
    assert caught.value.reason == "NotGranted"
    states = [[status.state for status in each.statuses] for each in scene.github.deployments("acme/web")]
    assert states == ([["in_progress"]] if seen else [])
