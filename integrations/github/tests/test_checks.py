"""One check run for each run: made once, found again, and ended when nobody else will. What stands at GitHub counts."""

import pytest
from tekton_integrations_github import checks
from tekton_integrations_github.auth import Tokens

from integrations.github.tests.helpers import SHA, Stage, child, record, run
from tekton_integrations import PermanentError, Result, State, Step, TemporaryError
from tests.fakes.github import CheckRun, CutAfterWrite, LaggingList, ServerError

POST, PATCH = "^POST .*/check-runs$", "^PATCH"
OPEN = ("in_progress", None)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


async def show(
    scene: Stage, tokens: Tokens, state: State, memory: object = None, *, search: bool = False, whose: str = "ours"
) -> Result:
    known = record(memory if isinstance(memory, dict) else None)
    return await checks.show(tokens, run(state), scene.children, known, scene.context(whose, search=search))


async def settle(scene: Stage, tokens: Tokens, memory: dict[str, str] | None = None) -> None:
    await checks.settle(tokens, record(memory), scene.context())


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
    scene: Stage, tokens: Tokens, state: State, status: str, conclusion: str | None
) -> None:
    await show(scene, tokens, state)
    [check] = scene.checks
    assert (check.status, check.conclusion) == (status, conclusion)
    assert (check.name, check.head_sha, check.external_id) == ("build", SHA, "ours")


async def test_a_run_s_check_is_made_once_and_then_changed(scene: Stage, tokens: Tokens) -> None:
    result = await show(scene, tokens, State.QUEUED)
    for state in (State.RUNNING, State.SUCCEEDED):
        result = await show(scene, tokens, state, result.memory)
    [check] = scene.checks
    assert [(each.method, each.after.status) for each in check.history] == [
        ("POST", "queued"),
        ("PATCH", "in_progress"),
        ("PATCH", "completed"),
    ]
    assert (result.memory, scene.attempts) == ({"check-run-id": str(check.id)}, 1)
    assert result.url == f"{scene.github.url}/acme/api/runs/{check.id}"


async def test_what_failed_is_said_in_title_and_summary(scene: Stage, tokens: Tokens) -> None:
    scene.children = [child("test", State.FAILED, Step(name="integration", exit_code=2, reason="Error"))]
    result = await show(scene, tokens, State.FAILED)
    [check] = scene.checks
    assert check.output.title == "test failed: step integration exited with code 2"
    assert "`test`: `step integration exited with code 2`" in (check.output.summary or "")
    assert result.summary == f"check 'build' of acme/api shows failure: {check.output.title}"


async def test_nothing_is_made_while_an_earlier_call_is_in_doubt(scene: Stage, tokens: Tokens) -> None:
    scene.in_doubt = True
    with pytest.raises(TemporaryError):
        await show(scene, tokens, State.RUNNING, search=True)
    assert scene.checks == []


async def test_a_check_whose_id_was_lost_is_found_again(scene: Stage, tokens: Tokens) -> None:
    scene.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(TemporaryError):
        await show(scene, tokens, State.RUNNING)
    scene.in_doubt = True
    result = await show(scene, tokens, State.SUCCEEDED, search=True)
    assert ends(scene) == [("completed", "success")]
    assert result.memory == {"check-run-id": str(scene.checks[0].id)}


async def test_a_check_whose_id_was_lost_is_found_among_hundreds(scene: Stage, tokens: Tokens) -> None:
    scene.github.limits.enabled = False
    await show(scene, tokens, State.RUNNING)
    for number in range(205):
        await show(scene, tokens, State.RUNNING, whose=f"another-{number}")
    await show(scene, tokens, State.SUCCEEDED, search=True)
    assert ends(scene) == [("completed", "success")] + [OPEN] * 205


async def test_an_older_twin_is_ended_and_the_newest_is_kept(scene: Stage, tokens: Tokens) -> None:
    for _ in range(3):
        await show(scene, tokens, State.RUNNING)
    result = await show(scene, tokens, State.FAILED, search=True)
    assert ends(scene) == [("completed", "cancelled")] * 2 + [("completed", "failure")]
    oldest, _, newest = scene.checks
    assert result.memory == {"check-run-id": str(newest.id)}
    assert oldest.output.title == "Duplicate"
    assert str(newest.id) in (oldest.output.summary or "")


async def test_a_twin_is_ended_in_its_own_past_so_that_it_is_not_the_latest(scene: Stage, tokens: Tokens) -> None:
    for _ in range(2):
        await show(scene, tokens, State.RUNNING)
    await show(scene, tokens, State.RUNNING, search=True)
    assert scene.checks[0].completed_at == scene.checks[0].started_at
    assert ends(scene)[1] == OPEN


async def test_a_twin_that_has_ended_stays_as_it_is(scene: Stage, tokens: Tokens) -> None:
    await show(scene, tokens, State.FAILED)
    await show(scene, tokens, State.RUNNING)
    before = len(scene.checks[0].history)
    await show(scene, tokens, State.SUCCEEDED, search=True)
    assert len(scene.checks[0].history) == before
    assert ends(scene) == [("completed", "failure"), ("completed", "success")]


@pytest.mark.parametrize("search", [False, True])
async def test_another_run_s_check_of_the_same_name_is_not_touched(scene: Stage, tokens: Tokens, search: bool) -> None:
    await show(scene, tokens, State.RUNNING, whose="another")
    result = await show(scene, tokens, State.SUCCEEDED, search=search)
    assert ends(scene) == [OPEN, ("completed", "success")]
    assert result.memory == {"check-run-id": str(scene.checks[1].id)}


async def test_a_list_that_lags_behind_does_not_replace_what_is_remembered(scene: Stage, tokens: Tokens) -> None:
    result = await show(scene, tokens, State.RUNNING)
    scene.github.faults.add("/commits/.*/check-runs$", LaggingList(seconds=60), times=None)
    await show(scene, tokens, State.SUCCEEDED, result.memory, search=True)
    assert ends(scene) == [("completed", "success")]


async def test_a_name_with_special_characters_is_found_again(scene: Stage, tokens: Tokens) -> None:
    name = "Tekton / ünit tests & more? #1+2%"
    for state in (State.RUNNING, State.SUCCEEDED):
        context = scene.context(search=state is State.SUCCEEDED)
        await checks.show(tokens, run(state), [], record(name=name), context)
    assert [(each.name, each.conclusion) for each in scene.checks] == [(name, "success")]


async def test_settling_ends_what_is_open_as_cancelled(scene: Stage, tokens: Tokens) -> None:
    for _ in range(2):
        result = await show(scene, tokens, State.RUNNING)
    await settle(scene, tokens, dict(result.memory or {}))
    assert ends(scene) == [("completed", "cancelled")] * 2
    assert scene.checks[0].output.title == "Run deleted, outcome unknown"


async def test_settling_needs_no_memory(scene: Stage, tokens: Tokens) -> None:
    await show(scene, tokens, State.QUEUED)
    await settle(scene, tokens)
    assert ends(scene) == [("completed", "cancelled")]


@pytest.mark.parametrize("state", [each for each in State if each.final])
async def test_settling_leaves_what_has_ended(scene: Stage, tokens: Tokens, state: State) -> None:
    result = await show(scene, tokens, state)
    before = ends(scene)
    await settle(scene, tokens, dict(result.memory or {}))
    assert ends(scene) == before
    assert len(scene.checks[0].history) == 1


async def test_settling_finds_what_the_list_does_not_show_yet(scene: Stage, tokens: Tokens) -> None:
    result = await show(scene, tokens, State.RUNNING)
    scene.github.faults.add("/commits/.*/check-runs$", LaggingList(seconds=60), times=None)
    await settle(scene, tokens, dict(result.memory or {}))
    assert ends(scene) == [("completed", "cancelled")]


async def test_settling_leaves_another_run_s_check_even_if_its_id_is_remembered(scene: Stage, tokens: Tokens) -> None:
    theirs = await show(scene, tokens, State.RUNNING, whose="another")
    await settle(scene, tokens, dict(theirs.memory or {}))
    assert ends(scene) == [OPEN]


async def test_settling_where_nothing_is_left_does_nothing(scene: Stage, tokens: Tokens) -> None:
    await settle(scene, tokens)
    assert scene.checks == []


async def test_settling_a_check_that_is_gone_is_hopeless(scene: Stage, tokens: Tokens) -> None:
    with pytest.raises(PermanentError):
        await settle(scene, tokens, {"check-run-id": "4711"})


async def test_settling_goes_on_after_a_failure_in_the_midst_of_it(scene: Stage, tokens: Tokens) -> None:
    for _ in range(2):
        await show(scene, tokens, State.RUNNING)
    scene.github.faults.add(lambda call: call.method == "PATCH" and bool(_ended(scene.checks)), ServerError())
    with pytest.raises(TemporaryError):
        await settle(scene, tokens)
    await settle(scene, tokens)
    assert ends(scene) == [("completed", "cancelled")] * 2


async def test_a_remembered_check_that_is_gone_is_made_anew(scene: Stage, tokens: Tokens) -> None:
    await show(scene, tokens, State.SUCCEEDED, {"check-run-id": "4711"})
    assert ends(scene) == [("completed", "success")]


def _ended(found: list[CheckRun]) -> list[CheckRun]:
    return [each for each in found if each.status == "completed"]
