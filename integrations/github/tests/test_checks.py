"""One check run for each run: made once, found again, and ended when nobody else will. What stands at GitHub counts."""

import pytest
from tekton_integrations_github.integration import GitHub

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, run
from tekton_integrations import Result, State, Step, TemporaryError
from tests.fakes.github import CheckRun, CutAfterWrite, LaggingList, ServerError

POST, PATCH = "^POST .*/check-runs$", "^PATCH"
OPEN = ("in_progress", None)


@pytest.fixture
def github() -> GitHub:
    return GitHub()


async def show(
    scene: Stage, github: GitHub, state: State, memory: object = None, *, search: bool = False, whose: str = "ours"
) -> Result:
    known = record(memory if isinstance(memory, dict) else None)
    return await github.reconcile(run(state), OPTIONS, known, scene.context(whose, search=search))


async def settle(scene: Stage, github: GitHub, memory: dict[str, str] | None = None) -> None:
    await github.settle(record(memory), scene.context())


def ids(result: Result) -> str:
    return (result.memory or {})["check-run-id"]


def ends(scene: Stage) -> list[tuple[str, str | None]]:
    return [(each.status, each.conclusion) for each in scene.checks]


@pytest.mark.parametrize(
    ("state", "status", "conclusion"),
    [
        (State.QUEUED, "queued", None),
        (State.RUNNING, "in_progress", None),
        (State.SUCCEEDED, "completed", "success"),
        (State.SKIPPED, "completed", "skipped"),
        (State.FAILED, "completed", "failure"),
        (State.FAILURE_IGNORED, "completed", "neutral"),
        (State.COULD_NOT_START, "completed", "failure"),
        (State.CANCELLED, "completed", "cancelled"),
        (State.TIMED_OUT, "completed", "timed_out"),
    ],
)
async def test_each_state_stands_at_github(
    scene: Stage, github: GitHub, state: State, status: str, conclusion: str | None
) -> None:
    await show(scene, github, state)
    [check] = scene.checks
    assert (check.status, check.conclusion) == (status, conclusion)
    assert (check.name, check.head_sha, check.external_id) == ("build", SHA, "ours")


async def test_a_run_s_check_is_made_once_and_then_changed(scene: Stage, github: GitHub) -> None:
    result = await show(scene, github, State.QUEUED)
    for state in (State.RUNNING, State.SUCCEEDED):
        result = await show(scene, github, state, result.memory)
    [check] = scene.checks
    assert [(each.method, each.after.status) for each in check.history] == [
        ("POST", "queued"),
        ("PATCH", "in_progress"),
        ("PATCH", "completed"),
    ]
    assert (ids(result), scene.attempts) == (str(check.id), 1)
    assert result.url == f"{scene.github.url}/acme/api/runs/{check.id}"


async def test_what_failed_is_said_in_title_and_summary(scene: Stage, github: GitHub) -> None:
    scene.children = [child("test", State.FAILED, Step(name="integration", exit_code=2, reason="Error"))]
    result = await show(scene, github, State.FAILED)
    [check] = scene.checks
    assert check.output.title == "test failed: step integration exited with code 2"
    assert "**Cause:** `test` failed: step `integration` exited with code 2" in (check.output.summary or "").replace(
        "step integration", "step `integration`"
    )
    assert result.summary == f"check 'build' of acme/api: {check.output.title}"


async def test_nothing_is_made_while_an_earlier_call_is_in_doubt(scene: Stage, github: GitHub) -> None:
    scene.in_doubt = True
    with pytest.raises(TemporaryError):
        await show(scene, github, State.RUNNING, search=True)
    assert scene.checks == []


async def test_a_check_whose_id_was_lost_is_found_again(scene: Stage, github: GitHub) -> None:
    scene.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, github, State.RUNNING)
    scene.in_doubt = True
    result = await show(scene, github, State.SUCCEEDED, search=True)
    assert ends(scene) == [("completed", "success")]
    assert ids(result) == str(scene.checks[0].id)


async def test_a_check_whose_id_was_lost_is_found_among_hundreds(scene: Stage, github: GitHub) -> None:
    scene.github.limits.enabled = False
    await show(scene, github, State.RUNNING)
    for number in range(205):
        await show(scene, github, State.RUNNING, whose=f"another-{number}")
    await show(scene, github, State.SUCCEEDED, search=True)
    assert ends(scene) == [("completed", "success")] + [OPEN] * 205


async def test_an_older_twin_is_ended_and_the_newest_is_kept(scene: Stage, github: GitHub) -> None:
    for _ in range(3):
        await show(scene, github, State.RUNNING)
    result = await show(scene, github, State.FAILED, search=True)
    assert ends(scene) == [("completed", "cancelled")] * 2 + [("completed", "failure")]
    oldest, _, newest = scene.checks
    assert ids(result) == str(newest.id)
    assert oldest.output.title == "Duplicate"
    assert str(newest.id) in (oldest.output.summary or "")


async def test_a_twin_is_ended_in_its_own_past_so_that_it_is_not_the_latest(scene: Stage, github: GitHub) -> None:
    for _ in range(2):
        await show(scene, github, State.RUNNING)
    await show(scene, github, State.RUNNING, search=True)
    assert scene.checks[0].completed_at == scene.checks[0].started_at
    assert ends(scene)[1] == OPEN


async def test_a_twin_that_has_ended_stays_as_it_is(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.FAILED)
    await show(scene, github, State.RUNNING)
    before = len(scene.checks[0].history)
    await show(scene, github, State.SUCCEEDED, search=True)
    assert len(scene.checks[0].history) == before
    assert ends(scene) == [("completed", "failure"), ("completed", "success")]


@pytest.mark.parametrize("search", [False, True])
async def test_another_run_s_check_of_the_same_name_is_not_touched(scene: Stage, github: GitHub, search: bool) -> None:
    await show(scene, github, State.RUNNING, whose="another")
    result = await show(scene, github, State.SUCCEEDED, search=search)
    assert ends(scene) == [OPEN, ("completed", "success")]
    assert ids(result) == str(scene.checks[1].id)


async def test_a_list_that_lags_behind_does_not_replace_what_is_remembered(scene: Stage, github: GitHub) -> None:
    result = await show(scene, github, State.RUNNING)
    scene.github.faults.add("/commits/.*/check-runs$", LaggingList(seconds=60), times=None)
    await show(scene, github, State.SUCCEEDED, result.memory, search=True)
    assert ends(scene) == [("completed", "success")]


async def test_a_name_with_special_characters_is_found_again(scene: Stage, github: GitHub) -> None:
    name = "Tekton / ünit tests & more? #1+2%"
    for state in (State.RUNNING, State.SUCCEEDED):
        context = scene.context(search=state is State.SUCCEEDED)
        await github.reconcile(run(state), OPTIONS, record(name=name), context)
    assert [(each.name, each.conclusion) for each in scene.checks] == [(name, "success")]


async def test_settling_ends_what_is_open_as_cancelled(scene: Stage, github: GitHub) -> None:
    for _ in range(2):
        result = await show(scene, github, State.RUNNING)
    await settle(scene, github, dict(result.memory or {}))
    assert ends(scene) == [("completed", "cancelled")] * 2
    assert scene.checks[0].output.title == "Run deleted, outcome unknown"


async def test_settling_needs_no_memory(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.QUEUED)
    await settle(scene, github)
    assert ends(scene) == [("completed", "cancelled")]


@pytest.mark.parametrize("state", [each for each in State if each.final])
async def test_settling_leaves_what_has_ended(scene: Stage, github: GitHub, state: State) -> None:
    result = await show(scene, github, state)
    before = ends(scene)
    await settle(scene, github, dict(result.memory or {}))
    assert ends(scene) == before
    assert len(scene.checks[0].history) == 1


async def test_settling_finds_what_the_list_does_not_show_yet(scene: Stage, github: GitHub) -> None:
    result = await show(scene, github, State.RUNNING)
    scene.github.faults.add("/commits/.*/check-runs$", LaggingList(seconds=60), times=None)
    await settle(scene, github, dict(result.memory or {}))
    assert ends(scene) == [("completed", "cancelled")]


async def test_settling_leaves_another_run_s_check_even_if_its_id_is_remembered(scene: Stage, github: GitHub) -> None:
    theirs = await show(scene, github, State.RUNNING, whose="another")
    await settle(scene, github, dict(theirs.memory or {}))
    assert ends(scene) == [OPEN]


async def test_settling_where_nothing_is_left_does_nothing(scene: Stage, github: GitHub) -> None:
    await settle(scene, github)
    assert scene.checks == []


async def test_settling_a_check_that_is_gone_is_done(scene: Stage, github: GitHub) -> None:
    await settle(scene, github, {"check-run-id": "4711"})
    assert scene.checks == []


async def test_settling_goes_on_after_a_failure_in_the_midst_of_it(scene: Stage, github: GitHub) -> None:
    for _ in range(2):
        await show(scene, github, State.RUNNING)
    scene.github.faults.add(lambda call: call.method == "PATCH" and bool(_ended(scene.checks)), ServerError())
    with pytest.raises(TemporaryError):
        await settle(scene, github)
    await settle(scene, github)
    assert ends(scene) == [("completed", "cancelled")] * 2


async def test_a_remembered_check_that_is_gone_is_made_anew(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.SUCCEEDED, {"check-run-id": "4711"})
    assert ends(scene) == [("completed", "success")]


def _ended(found: list[CheckRun]) -> list[CheckRun]:
    return [each for each in found if each.status == "completed"]
