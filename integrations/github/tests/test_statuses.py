"""A commit status for each run. GitHub appends and the newest counts, so that is what the tests look at."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_fields
from tekton_integrations_github import limits
from tekton_integrations_github.integration import GitHub

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, room_for, run, together
from tekton_integrations import Result, Run, State, Step, TemporaryError
from tests.fakes.github import CutAfterWrite, LateWrite, Status

TASKS = replace_fields(OPTIONS, checks="tasks")
POST = "^POST .*/statuses/"


@pytest.fixture(autouse=True)
def token(scene: Stage) -> None:
    scene.use_token("ghp_mine")


async def show(scene: Stage, what: State | Run, *, search: bool = False, name: str = "build") -> Result:
    shown = what if isinstance(what, Run) else run(what)
    return await GitHub().reconcile(shown, OPTIONS, record(name=name), scene.context(search=search))


async def settle(scene: Stage, shown: Result | None = None) -> None:
    """Settles what was `shown`, as the record remembers it."""
    await GitHub().settle(record(shown.memory if shown else None), scene.context())


def states(scene: Stage) -> list[str]:
    return [each.state for each in scene.statuses]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State.QUEUED, "pending"),
        (State.RUNNING, "pending"),
        (State.SUCCEEDED, "success"),
        (State.SKIPPED, "success"),
        (State.FAILED, "failure"),
        (State.FAILURE_IGNORED, "success"),
        (State.COULD_NOT_START, "error"),
        (State.CANCELLED, "error"),
        (State.TIMED_OUT, "failure"),
    ],
)
async def test_each_state_stands_at_github(scene: Stage, state: State, shown: str) -> None:
    await show(scene, state)
    [status] = scene.statuses
    assert (status.state, status.context, status.sha) == (shown, "build", SHA)


async def test_each_change_is_appended(scene: Stage) -> None:
    for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED):
        result = await show(scene, state)
    assert [each.description for each in scene.statuses] == ["Queued", "Running", "Succeeded in 1 min 3 s"]
    assert result.summary == "status 'build' of acme/api: Succeeded in 1 min 3 s"


async def test_the_url_is_that_of_the_commit_s_page(scene: Stage) -> None:
    assert (await show(scene, State.SUCCEEDED)).url == f"{scene.github.url}/acme/api/commit/{SHA}"


async def test_what_failed_is_said_in_the_description(scene: Stage) -> None:
    scene.children = [child("test", State.FAILED, Step(name="integration", exit_code=2, reason="Error"))]
    await show(scene, State.FAILED)
    assert scene.statuses[0].description == "test failed: step integration exited with code 2"


async def test_a_long_story_is_cut_to_what_github_takes(scene: Stage) -> None:
    await show(scene, run(State.FAILED, message="é" * 500))
    description = scene.statuses[0].description or ""
    assert len(description) == 140
    assert description.endswith("…")


async def test_an_emoji_does_not_keep_a_status_from_being_shown(scene: Stage) -> None:
    await show(scene, run(State.FAILED, message="deploy 🚀 failed"))
    assert states(scene) == ["failure"]


async def test_an_emoji_in_the_name_is_refused_with_a_cure_or_shown_without(scene: Stage) -> None:
    await show(scene, State.SUCCEEDED, name="build 🚀")
    assert states(scene) == ["success"]


async def test_a_status_that_was_written_though_the_call_was_cut_is_not_repeated(scene: Stage) -> None:
    scene.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(TemporaryError) as caught:
        await show(scene, State.SUCCEEDED)
    assert caught.value.maybe_sent
    await show(scene, State.SUCCEEDED, search=True)
    assert states(scene) == ["success"]


async def test_an_old_state_that_lands_late_is_corrected_by_the_look_afterwards(scene: Stage) -> None:
    scene.github.faults.add(POST, LateWrite(seconds=1.5))
    with pytest.raises(TemporaryError):
        await show(scene, State.RUNNING)
    await show(scene, State.SUCCEEDED, search=True)
    await scene.github.late_writes()
    assert states(scene) == ["success", "pending"]
    await show(scene, State.SUCCEEDED, search=True)
    assert states(scene)[-1] == "success"


async def test_a_call_in_doubt_does_not_hold_up_the_next_state(scene: Stage) -> None:
    scene.in_doubt = True
    await show(scene, State.SUCCEEDED, search=True)
    assert states(scene) == ["success"]


async def test_what_counts_is_found_among_hundreds_of_other_names(scene: Stage) -> None:
    await show(scene, State.SUCCEEDED, name="build")
    [mine] = scene.statuses
    _append(scene, *(replace(mine, context=f"other-{number}", state="failure") for number in range(250)))
    before = len(scene.statuses)
    await show(scene, State.SUCCEEDED, search=True)
    assert len(scene.statuses) == before


async def test_no_more_look_at_once_than_may_write(scene: Stage) -> None:
    await show(scene, State.QUEUED)
    room_for(scene.quotas[limits.USER], 3, "POST repos * * statuses *")
    before = scene.sent
    await together(*(show(scene, State.SUCCEEDED, search=True, name=f"build-{number}") for number in range(16)))
    methods = [call.method for call in list(scene.github.requests)[before:]]
    assert methods.count("GET") == methods.count("POST") < 16


async def test_github_does_not_tell_upper_from_lower_case_in_names(scene: Stage) -> None:
    await show(scene, State.SUCCEEDED, name="Build")
    await show(scene, State.SUCCEEDED, search=True, name="BUILD")
    assert states(scene) == ["success"]


async def test_all_spellings_of_a_name_share_a_place_that_the_newest_run_writes(scene: Stage) -> None:
    [upper], [lower] = (record(name=name).target.shares for name in ("CI 🚀", "ci ?"))  # type: ignore[union-attr]
    assert upper == lower
    assert record(name="cd").target.shares != (lower,)  # type: ignore[union-attr]
    scene.older = {lower}
    result = await show(scene, State.SUCCEEDED, name="CI 🚀")
    assert states(scene) == []
    assert "a newer run shows in its place" in result.summary


async def test_checks_of_tasks_are_said_to_need_an_app(scene: Stage) -> None:
    known = record(options=TASKS)
    result = await GitHub().reconcile(run(State.SUCCEEDED), TASKS, known, scene.context())
    assert states(scene) == ["success"]
    assert "its tasks have none, since `checks: tasks` needs a GitHub App" in result.summary
    assert "App" not in (await show(scene, State.SUCCEEDED)).summary


async def test_settling_ends_a_pending_status_as_an_error(scene: Stage) -> None:
    await settle(scene, await show(scene, State.RUNNING))
    assert states(scene) == ["pending", "error"]
    assert scene.statuses[-1].description == "Run deleted, outcome unknown"


@pytest.mark.parametrize("state", [each for each in State if each.final])
async def test_settling_leaves_a_result(scene: Stage, state: State) -> None:
    await settle(scene, await show(scene, state))
    assert len(scene.statuses) == 1


async def test_settling_where_nothing_stands_writes_nothing(scene: Stage) -> None:
    await show(scene, State.RUNNING, name="other")
    await settle(scene)
    assert [each.context for each in scene.statuses] == ["other"]


async def test_settling_an_old_run_leaves_the_pending_status_of_a_newer_one(scene: Stage) -> None:
    shown = await show(scene, State.RUNNING)
    await GitHub().reconcile(run(State.QUEUED), OPTIONS, record(), scene.context("a newer run"))
    await settle(scene, shown)
    assert states(scene)[-1] == "pending"


async def test_settling_ends_a_pending_status_that_landed_late_and_is_still_to_be_looked_for(scene: Stage) -> None:
    shown = await show(scene, State.RUNNING)
    scene.github.faults.add(POST, LateWrite(seconds=0.01))
    with pytest.raises(TemporaryError):
        await show(scene, State.RUNNING)
    await scene.github.late_writes()
    known = replace_fields(record(shown.memory), verify_after=scene.now())
    await GitHub().settle(known, scene.context(search=True))
    assert states(scene) == ["pending", "pending", "error"]


def _append(scene: Stage, *more: Status) -> None:
    scene.github.world.named("acme/api").commits[SHA].statuses.extend(more)


def test_of_an_app_s_runs_none_stands_in_another_s_place_but_in_a_comment_and_a_deployment() -> None:
    target, github = record(name="build").target, GitHub()
    assert target is not None
    assert github.newest_at(target, "GitHubToken") == ("", *target.shares)
    [status] = target.shares
    both = replace_fields(target, shares=(status, "comment"))
    assert github.newest_at(both, "GitHubApp") == ("comment",)
