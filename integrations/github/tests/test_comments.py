"""One comment for each pull request and pipeline: made once, found again, and right after the newest run."""

import dataclasses
from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github import comments
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, room_for, run, together
from tekton_integrations import PermanentError, Record, Result, State, Step, TemporaryError
from tests.fakes.github import Comment, CutAfterWrite

ON_FAILURE = replace(OPTIONS, pull_request="12", comment="on-failure")
ALWAYS = replace(ON_FAILURE, comment="always")
POST = "^POST .*/comments$"
LIST = "GET /repos/{repo}/issues/{number}/comments"


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture(autouse=True)
def pull_request(scene: Stage) -> None:
    scene.github.add_pull_request("acme/api", 12, SHA)
    scene.children = [child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))]


async def show(
    scene: Stage,
    github: GitHub,
    state: State,
    options: GitHubOptions = ON_FAILURE,
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    whose: str = "ours",
) -> Result:
    known = record(memory, options=options)
    return await github.reconcile(run(state), options, known, scene.context(whose, search=search))


def written(scene: Stage) -> list[Comment]:
    return scene.github.comments("acme/api", 12)


def listed(scene: Stage) -> int:
    return scene.github.counts[LIST]


def sibling(result: Result, options: GitHubOptions = ON_FAILURE) -> Record:
    return record(result.memory, options=options)


async def test_a_failure_is_said_once_and_again_in_place(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED)
    scene.records = [sibling(first)]
    await show(scene, github, State.TIMED_OUT, whose="a later run")
    [comment] = written(scene)
    assert [write.method for write in comment.history] == ["POST", "PATCH"]
    assert "test" in comment.history[0].body
    assert "imed out" in comment.body


async def test_no_more_look_at_once_than_may_write(scene: Stage, github: GitHub) -> None:
    scene.github.add_pull_request("acme/api", 13, SHA)
    await show(scene, github, State.FAILED, replace(ON_FAILURE, pull_request="13"))
    for number in range(100, 116):
        scene.github.add_pull_request("acme/api", number, SHA)
    every = [replace(ON_FAILURE, pull_request=str(number)) for number in range(100, 116)]
    room_for(scene.quotas["acme comments"], 3, "", points=1)
    before = listed(scene)
    await together(*(show(scene, github, State.FAILED, each) for each in every))
    assert sum(len(scene.github.comments("acme/api", number)) for number in range(100, 116)) == 3
    assert listed(scene) - before == 3


async def test_a_comment_goes_green_again(scene: Stage, github: GitHub) -> None:
    scene.records = [sibling(await show(scene, github, State.FAILED))]
    await show(scene, github, State.SUCCEEDED, whose="a later run")
    [comment] = written(scene)
    assert "Succeeded" in comment.body


@pytest.mark.parametrize(
    ("state", "options", "count"),
    [
        (State.SUCCEEDED, ON_FAILURE, 0),
        (State.CANCELLED, ON_FAILURE, 0),
        (State.SUCCEEDED, ALWAYS, 1),
        (State.CANCELLED, ALWAYS, 1),
        (State.RUNNING, ALWAYS, 0),
        (State.QUEUED, ALWAYS, 0),
        (State.FAILED, OPTIONS, 0),
        (State.FAILED, replace(ALWAYS, pull_request="none"), 0),
    ],
)
async def test_it_is_made_when_it_was_asked_for(
    scene: Stage, github: GitHub, state: State, options: GitHubOptions, count: int
) -> None:
    await show(scene, github, state, options)
    assert len(written(scene)) == count


async def test_the_list_of_comments_is_read_only_where_no_record_knows_the_id(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED)
    assert listed(scene) == 1
    scene.records = [sibling(first)]
    await show(scene, github, State.FAILED, whose="a later run")
    assert listed(scene) == 1


async def test_green_runs_of_a_pull_request_without_a_comment_read_the_list_once(scene: Stage, github: GitHub) -> None:
    for number in range(3):
        await show(scene, github, State.SUCCEEDED, whose=f"run {number}")
    assert listed(scene) == 1


async def test_one_that_nobody_remembers_is_found_by_its_marker(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.FAILED)
    ours = written(scene)[0]
    chatter = [dataclasses.replace(ours, id=ours.id + n, body=f"chatter {n}", author="someone") for n in range(1, 121)]
    scene.github.world.named("acme/api").pulls[12].comments.extend(chatter)
    await show(scene, GitHub(), State.SUCCEEDED, whose="a later run")
    assert "Succeeded" in written(scene)[0].body
    assert len(written(scene)) == 121


async def test_a_marker_in_somebody_else_s_comment_does_not_count(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.FAILED)
    stolen = written(scene)[0].body
    scene.github.comments("acme/api", 12)[0].app_id = scene.github.add_app(99).id
    await show(scene, GitHub(), State.SUCCEEDED, ALWAYS, whose="a later run")
    theirs, ours = written(scene)
    assert theirs.body == stolen
    assert "Succeeded" in ours.body


async def test_a_comment_that_somebody_deleted_is_made_anew(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED)
    gone = written(scene)[0]
    scene.github.world.named("acme/api").pulls[12].comments.clear()
    scene.github.world.comments.pop(gone.id)
    await show(scene, github, State.TIMED_OUT, memory=first.memory)
    assert [each.id == gone.id for each in written(scene)] == [False]


async def test_an_older_run_does_not_write(scene: Stage, github: GitHub) -> None:
    scene.older = {comments.share(run(), ON_FAILURE, "acme/api")}
    await show(scene, github, State.FAILED)
    assert written(scene) == []
    assert [each.conclusion for each in scene.checks] == ["failure"]


async def test_a_comment_whose_call_was_cut_is_found_and_not_made_twice(scene: Stage, github: GitHub) -> None:
    scene.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(TemporaryError) as caught:
        await show(scene, github, State.FAILED)
    assert caught.value.maybe_sent
    await show(scene, github, State.FAILED, memory=scene.remembered, search=True)
    assert len(written(scene)) == 1
    assert len(scene.checks) == 1


async def test_a_newer_run_turns_the_comment_of_a_cut_call_green_though_none_was_there_just_before(
    scene: Stage, github: GitHub
) -> None:
    scene.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, github, State.FAILED)
    await show(scene, github, State.SUCCEEDED, whose="a later run")
    [comment] = written(scene)
    assert "Succeeded" in comment.body


@pytest.mark.parametrize("why", ["locked", "permission"])
async def test_a_refused_comment_is_told_and_the_check_is_right_all_the_same(
    scene: Stage, github: GitHub, why: str
) -> None:
    if why == "locked":
        scene.github.world.named("acme/api").pulls[12].locked = True
    else:
        scene.github.installation("acme/api", scene.app).permissions["pull_requests"] = "read"
    with pytest.raises(PermanentError) as caught:
        await show(scene, github, State.FAILED)
    assert "check 'build' of acme/api: test failed" in caught.value.message
    assert "comment could not" in caught.value.message
    assert [each.conclusion for each in scene.checks] == ["failure"]


async def test_with_a_token_the_comment_is_its_user_s(scene: Stage, github: GitHub) -> None:
    scene.use_token()
    await show(scene, github, State.FAILED)
    await show(scene, GitHub(), State.SUCCEEDED, whose="a later run")
    [comment] = written(scene)
    assert "Succeeded" in comment.body


async def test_what_is_shown_already_costs_no_call(scene: Stage, github: GitHub) -> None:
    first = await show(scene, github, State.FAILED)
    before = scene.sent
    await github.reconcile(
        run(State.FAILED),
        ON_FAILURE,
        replace(record(first.memory, options=ON_FAILURE), url=first.url),
        scene.context(),
    )
    assert scene.sent == before
