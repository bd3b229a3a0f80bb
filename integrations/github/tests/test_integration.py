"""Where a run is shown, and as what: a check run with an App, a commit status with a token."""

import pytest
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import SHA, Stage, child, record, run
from tekton_integrations import Run, State, Step
from tekton_integrations.registry import load

OPTIONS = GitHubOptions(owner="Acme", repo="API", sha=SHA.upper())


def test_it_is_found_under_its_name() -> None:
    [integration] = load(["github"])
    assert isinstance(integration, GitHub)


def test_the_target_is_the_same_however_it_is_spelt() -> None:
    lower = GitHubOptions(owner="acme", repo="api", sha=SHA)
    assert GitHub().target(run(), OPTIONS) == GitHub().target(run(), lower)


def test_the_target_says_what_a_grant_must_allow() -> None:
    target = GitHub().target(run(), OPTIONS)
    assert target.address == ("acme/api", "Tekton / build", SHA, "")
    assert target.labels["sha"] == SHA
    assert len(target.labels["repository-hash"]) == 16


def test_a_name_that_was_asked_for_is_the_target_s() -> None:
    options = GitHubOptions(owner="acme", repo="api", sha=SHA, name="unit tests")
    assert GitHub().target(run(), options).name == "unit tests"


@pytest.mark.parametrize("pipeline", ["x" * 300, "a\nb", "a\u202eb"])
def test_a_name_that_follows_from_the_pipeline_s_is_one_that_github_takes(pipeline: str) -> None:
    name = GitHub().target(run(pipeline=pipeline), OPTIONS).name
    assert len(name) <= 255
    assert name.isprintable()


async def reconcile(scene: Stage, what: Run) -> None:
    await GitHub().reconcile(what, OPTIONS, record(), scene.context())


async def test_an_app_shows_a_check_run(scene: Stage) -> None:
    await reconcile(scene, run(State.SUCCEEDED))
    assert ([each.conclusion for each in scene.checks], scene.statuses) == (["success"], [])


async def test_a_token_shows_a_commit_status(scene: Stage) -> None:
    scene.use_token()
    await reconcile(scene, run(State.SUCCEEDED))
    assert (scene.checks, [each.state for each in scene.statuses]) == ([], ["success"])


async def test_the_children_are_looked_at_when_the_run_is_red(scene: Stage) -> None:
    scene.children = [child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))]
    await reconcile(scene, run(State.FAILED))
    assert scene.checks[0].output.title == "test failed: step unit exited with code 1"


@pytest.mark.parametrize("kind", ["app", "token"])
async def test_settling_ends_what_was_shown(scene: Stage, kind: str) -> None:
    if kind == "token":
        scene.use_token()
    shown = await GitHub().reconcile(run(State.RUNNING), OPTIONS, record(), scene.context())
    await GitHub().settle(record(shown.memory), scene.context())
    assert [each.status for each in scene.checks] == (["completed"] if kind == "app" else [])
    assert [each.state for each in scene.statuses] == ([] if kind == "app" else ["pending", "error"])
