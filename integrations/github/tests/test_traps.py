"""What other reporters of runs stumbled over: commits that are on no branch of the repository, and matrices of more
than a hundred."""

import pytest
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, run
from tekton_integrations import Excerpt, PermanentError, State, Step

QUEUED, HEAD, UNKNOWN = "a" * 40, "b" * 40, "c" * 40
COMMENT = replace(OPTIONS, comment="always", pull_request="12")


async def show(scene: Stage, state: State, options: GitHubOptions) -> None:
    await GitHub().reconcile(run(state), options, record(options=options), scene.context())


@pytest.mark.parametrize("kind", ["app", "token"])
@pytest.mark.parametrize(
    ("options", "comments"),
    [(replace(COMMENT, sha=QUEUED, pull_request="none"), 0), (replace(COMMENT, sha=HEAD), 1)],
    ids=["merge queue", "pull request of a fork"],
)
async def test_a_commit_on_no_branch_of_the_repository_is_shown_there(
    scene: Stage, options: GitHubOptions, comments: int, kind: str
) -> None:
    if kind == "token":
        scene.use_token()
    for sha in (QUEUED, HEAD):
        scene.github.add_commit("acme/api", sha)
    scene.github.add_repository("someone/api")  # the fork, where nobody installed the App
    scene.github.add_pull_request("acme/api", 12, HEAD)
    await show(scene, State.SUCCEEDED, options)
    shown = [
        *(check.conclusion for check in scene.github.check_runs("acme/api", options.sha)),
        *(status.state for status in scene.github.statuses("acme/api", options.sha)),
    ]
    assert shown == ["success"]
    assert len(scene.github.comments("acme/api", 12)) == comments


@pytest.mark.parametrize("kind", ["app", "token"])
async def test_a_tag_s_own_sha_is_no_commit(scene: Stage, kind: str) -> None:
    if kind == "token":
        scene.use_token()
    with pytest.raises(PermanentError, match="check sha, and that it was pushed") as caught:
        await show(scene, State.SUCCEEDED, replace(OPTIONS, sha=UNKNOWN))
    assert caught.value.reason == "UnknownCommit"


async def test_a_matrix_of_more_than_a_hundred_is_shown_and_counted(scene: Stage) -> None:
    scene.github.add_pull_request("acme/api", 12, SHA)
    step = Step(name="unit", exit_code=1, reason="Error")
    names = [f"build-x7k2p-test-{number}" for number in range(130)]
    scene.children = [
        child("test", State.FAILED if number % 2 else State.SUCCEEDED, *([step] if number % 2 else []), name=name)
        for number, name in enumerate(names)
    ]
    scene.logs = {name: Excerpt(step="unit", lines=("x" * 400,) * 200) for name in names}
    await show(scene, State.FAILED, replace(COMMENT, checks="tasks"))
    [check] = [check for check in scene.checks if check.name == "build"]
    summary = check.output.summary or ""
    assert check.output.title == "test failed: step unit exited with code 1 (and 64 more)"
    assert "Without a check of their own: 80 more tasks." in summary
    assert "65 more tasks: 65 succeeded." in summary
    assert len({each.name for each in scene.checks}) == len(scene.checks) == 51
    assert {each.conclusion for each in scene.checks} == {"success", "failure"}
    assert len(scene.github.comments("acme/api", 12)) == 1
