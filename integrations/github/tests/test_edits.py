"""What was asked for, or what stands at GitHub, changes while a run goes on: nothing is left open or written over."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github import comments as comments_of
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, run
from tekton_integrations import Excerpt, PermanentError, Record, Result, State, Step, TemporaryError
from tekton_integrations.record import Attempt
from tests.fakes.github import Comment, CutAfterWrite, Refusal

COMMENT = replace(OPTIONS, comment="always", pull_request="12")
STAGING = replace(OPTIONS, environment="staging")
COMMENT_KEY = comments_of.share(run(), COMMENT, "acme/api")
MAKE, TELL = "^POST .*/deployments$", "^POST .*/deployments/[0-9]+/statuses$"


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture(autouse=True)
def place(scene: Stage) -> None:
    for number in (12, 13):
        scene.github.add_pull_request("acme/api", number, SHA)
    scene.children = [child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))]


async def show(
    scene: Stage,
    github: GitHub,
    state: State,
    options: GitHubOptions,
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    whose: str = "ours",
) -> Result:
    known = record(memory, options=options)
    return await github.reconcile(run(state), options, known, scene.context(whose, search=search))


async def settle(scene: Stage, github: GitHub, memory: Mapping[str, str] | None, options: GitHubOptions) -> None:
    await github.settle(record(memory, options=options), scene.context(search=True))


def told(scene: Stage) -> dict[str, list[str]]:
    found = scene.github.deployments("acme/api")
    return {each.environment: [status.state for status in each.statuses] for each in found}


def comments(scene: Stage, number: int = 12) -> list[Comment]:
    return scene.github.comments("acme/api", number)


def said_by_somebody(scene: Stage, body: str) -> Comment:
    world = scene.github.world
    comment = Comment(
        id=world.next_run_id(),
        repository=world.named("acme/api"),
        number=12,
        author="somebody",
        app_id=None,
        body=body,
        created=0.0,
        updated=0.0,
        loop_time=0.0,
    )
    world.named("acme/api").pulls[12].comments.append(comment)
    world.comments[comment.id] = comment
    return comment


def delete(scene: Stage, comment: Comment) -> None:
    scene.github.world.named("acme/api").pulls[12].comments.remove(comment)
    del scene.github.world.comments[comment.id]


def sibling(result: Result, **changes: object) -> Record:
    return replace(record(result.memory, options=COMMENT), **changes)


async def test_another_environment_gets_a_deployment_of_its_own(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.RUNNING, STAGING)
    await show(scene, github, State.SUCCEEDED, replace(STAGING, environment="production"), first.memory)
    assert told(scene) == {"staging": ["in_progress", "inactive"], "production": ["success"]}


async def test_a_withdrawn_environment_is_left_inactive(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.RUNNING, STAGING)
    after = await show(scene, github, State.SUCCEEDED, OPTIONS, first.memory)
    assert told(scene) == {"staging": ["in_progress", "inactive"]}
    assert not any(key.startswith("deployment") for key in after.memory or {})


async def test_another_pull_request_gets_a_comment_of_its_own(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED, COMMENT)
    await show(scene, github, State.SUCCEEDED, replace(COMMENT, pull_request="13"), first.memory)
    assert [len(comments(scene, number)) for number in (12, 13)] == [1, 1]
    assert "Succeeded" not in comments(scene, 12)[0].body


async def test_an_environment_needs_a_grant_of_its_name(scene: Stage, github: GitHub) -> None:
    scene.grants = lambda target: target.name != "deployment/staging"
    with pytest.raises(PermanentError) as caught:
        await show(scene, github, State.SUCCEEDED, STAGING)
    assert caught.value.reason == "NotGranted"
    assert "deployment/staging" in caught.value.message
    assert told(scene) == {}


async def test_a_refused_deployment_does_not_keep_the_comment_back(scene: Stage, github: GitHub) -> None:
    refusal = Refusal(status=403, message="Resource not accessible by integration")
    scene.github.faults.add(MAKE, refusal, times=None)
    with pytest.raises(PermanentError):
        await show(scene, github, State.FAILED, replace(COMMENT, environment="staging"))
    assert len(comments(scene)) == 1


async def test_a_deleted_comment_is_made_once_for_all_later_runs(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED, COMMENT)
    delete(scene, comments(scene)[0])
    scene.records = [sibling(first)]
    for number in range(2):
        scene.records.append(sibling(await show(scene, github, State.FAILED, COMMENT, whose=f"run {number}")))
    assert len(comments(scene)) == 1


async def test_a_comment_of_somebody_else_is_not_written_over_whatever_a_record_says(
    scene: Stage, github: GitHub
) -> None:
    theirs = said_by_somebody(scene, "LGTM")
    forged = Result(memory={"comment-id": str(theirs.id), "comment": COMMENT_KEY})
    scene.records = [sibling(forged)]
    await show(scene, github, State.FAILED, COMMENT)
    assert theirs.body == "LGTM"
    assert len(comments(scene)) == 2


async def test_nothing_is_made_while_another_run_s_comment_may_still_come(scene: Stage, github: GitHub) -> None:
    now = scene.now()
    in_doubt = Attempt(id="a", holder="me", started=now, deadline=now + 30.0)
    scene.records = [sibling(Result(memory={}), intent=in_doubt)]
    with pytest.raises(TemporaryError) as caught:
        await show(scene, github, State.FAILED, COMMENT)
    assert caught.value.reason == "MaybeSent"
    assert comments(scene) == []
    scene.github.clock.advance((caught.value.delay or 0.0) + 1)
    await show(scene, github, State.FAILED, COMMENT)
    assert len(comments(scene)) == 1


async def test_long_comments_of_others_do_not_keep_ours_back(scene: Stage, github: GitHub) -> None:
    for _ in range(20):
        said_by_somebody(scene, "\U0001f600" * 65_000)
    await show(scene, github, State.FAILED, COMMENT)
    assert len(comments(scene)) == 21


async def test_success_is_not_said_again_when_a_newer_commit_was_deployed(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.SUCCEEDED, STAGING)
    newer = replace(STAGING, sha="b" * 40)
    scene.github.add_commit("acme/api", newer.sha)
    await show(scene, github, State.SUCCEEDED, newer, whose="newer")
    await show(scene, github, State.SUCCEEDED, STAGING, first.memory, search=True)
    ours = scene.github.deployments("acme/api")[0]
    assert [status.state for status in ours.statuses] == ["success", "inactive"]


async def test_a_deployment_that_somebody_deleted_is_made_anew(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.RUNNING, STAGING, {"deployment-id": "99999", "deployment-environment": "staging"})
    assert told(scene) == {"staging": ["in_progress"]}


async def test_settling_leaves_a_deployment_with_which_another_run_goes_on(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.RUNNING, STAGING, whose="first")
    await show(scene, github, State.RUNNING, STAGING, whose="second")
    await settle(scene, github, first.memory, STAGING)
    assert told(scene) == {"staging": ["in_progress", "in_progress"]}


async def test_settling_ends_a_deployment_that_was_found_even_if_its_status_was_cut(
    scene: Stage, github: GitHub
) -> None:
    await show(scene, github, State.FAILED, STAGING, whose="an earlier run")
    scene.github.faults.add(TELL, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, github, State.RUNNING, STAGING)
    in_doubt = replace(record(scene.remembered, options=STAGING), verify_after=scene.now())
    await github.settle(in_doubt, scene.context(search=True))
    assert told(scene)["staging"][-1] == "error"


async def test_settling_a_check_that_is_gone_ends_the_deployment_all_the_same(scene: Stage, github: GitHub) -> None:
    shown = await show(scene, github, State.RUNNING, STAGING)
    await settle(scene, github, dict(shown.memory or {}) | {"check-run-id": "99999"}, STAGING)
    assert told(scene) == {"staging": ["in_progress", "error"]}


async def test_a_page_keeps_its_log_when_the_pod_is_gone(scene: Stage, github: GitHub) -> None:
    name = scene.children[0].name
    scene.logs = {name: Excerpt(step="unit", lines=("boom",))}
    first = await show(scene, github, State.FAILED, OPTIONS)
    scene.logs = {name: Excerpt(withheld="its pod is gone", gone=True)}
    await show(scene, github, State.FAILED, OPTIONS, first.memory, search=True)
    assert "boom" in (scene.checks[0].output.text or "")
    await show(scene, github, State.FAILED, replace(OPTIONS, logs="never"), first.memory, search=True)
    assert "boom" not in (scene.checks[0].output.text or "")
