"""What a check's page takes besides its state: annotations, each once; logs, where they may be shown; and its price."""

import itertools
from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.helpers import OPTIONS, Stage, child, record, run
from tekton_integrations import Excerpt, PermanentError, Result, State, Step, TemporaryError
from tests.fakes.github import Call, CutAfterWrite, CutBeforeWrite, Refusal


@pytest.fixture
def github() -> GitHub:
    return GitHub()


def fail(scene: Stage, *lines: str) -> None:
    """The run's task failed, with this at the end of its log."""
    failed = child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))
    scene.children = [failed]
    scene.logs = {failed.name: Excerpt(step="unit", lines=lines)}


def findings(count: int) -> list[str]:
    return [f"src/main.py:{number}:1: error: wrong" for number in range(1, count + 1)]


async def show(
    scene: Stage,
    github: GitHub,
    state: State = State.FAILED,
    memory: Mapping[str, str] | None = None,
    *,
    search: bool = False,
    options: GitHubOptions = OPTIONS,
) -> Result:
    known = record(memory, options=options)
    return await github.reconcile(run(state), options, known, scene.context(search=search))


def annotated(scene: Stage) -> list[int]:
    [check] = scene.checks
    return [note["start_line"] for note in check.output.annotations]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("count", [0, 1, 50, 51, 120])
async def test_findings_are_annotations_in_batches_each_once(
    scene: Stage, github: GitHub, count: int, known: bool
) -> None:
    memory = (await show(scene, github, State.RUNNING)).memory if known else None
    fail(scene, *findings(count))
    await show(scene, github, memory=memory)
    assert annotated(scene) == list(range(1, count + 1))


async def test_what_is_reported_again_has_no_annotation_twice(scene: Stage, github: GitHub) -> None:
    fail(scene, *findings(60))
    memory = (await show(scene, github)).memory
    for search in (False, True):
        memory = (await show(scene, github, memory=memory, search=search)).memory
    assert annotated(scene) == list(range(1, 61))


@pytest.mark.parametrize("fault", [CutAfterWrite, CutBeforeWrite])
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_cut_call_adds_its_annotations_once(scene: Stage, github: GitHub, nth: int, fault: type) -> None:
    memory = (await show(scene, github, State.RUNNING)).memory
    fail(scene, *findings(120))
    changes = itertools.count(1)
    scene.github.faults.add(lambda call: call.method == "PATCH" and next(changes) == nth, fault())
    with pytest.raises(TemporaryError):
        await show(scene, github, memory=memory)
    await show(scene, github, memory=scene.remembered or memory, search=True)
    assert annotated(scene) == list(range(1, 121))


async def test_the_outcome_does_not_wait_for_annotations_in_doubt(scene: Stage, github: GitHub) -> None:
    memory = (await show(scene, github, State.RUNNING)).memory
    fail(scene, *findings(3))
    scene.in_doubt = True
    with pytest.raises(TemporaryError):
        await show(scene, github, memory=memory, search=True)
    assert [each.conclusion for each in scene.checks] == ["failure"]


def refuse(scene: Stage, text: bytes) -> None:
    """GitHub takes nothing of a call in which this stands among the annotations."""

    def holds(call: Call) -> bool:
        return text in call.raw.partition(b'"annotations"')[2]

    scene.github.faults.add(holds, Refusal(422, "Validation Failed"), times=None)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(("refused", "left"), [(b"src/main.py", 0), (b":70,", 50)])
async def test_a_finding_that_github_refuses_hides_no_outcome(
    scene: Stage, github: GitHub, known: bool, refused: bytes, left: int
) -> None:
    memory = (await show(scene, github, State.RUNNING)).memory if known else None
    fail(scene, *findings(120))
    refuse(scene, refused)
    memory = (await show(scene, github, memory=memory)).memory
    [check] = scene.checks
    assert check.conclusion == "failure"
    assert f"{120 - left} findings in the log were refused by GitHub." in (check.output.summary or "")
    assert annotated(scene) == list(range(1, left + 1))
    before = scene.sent
    await show(scene, github, memory=memory)
    assert scene.sent == before


async def test_what_is_refused_for_another_reason_is_told(scene: Stage, github: GitHub) -> None:
    fail(scene, *findings(1))
    scene.github.faults.add("^POST .*/check-runs$", Refusal(422, "Validation Failed"), times=None)
    with pytest.raises(PermanentError, match="GitHub answered 422: Validation Failed"):
        await show(scene, github)


async def test_a_clean_run_costs_two_calls_on_a_known_repository(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.QUEUED)  # the token and the repository are known from here on
    before = scene.sent
    memory = (await github.reconcile(run(State.RUNNING), OPTIONS, record(), scene.context("next"))).memory
    await github.reconcile(run(State.SUCCEEDED), OPTIONS, record(memory), scene.context("next"))
    assert scene.sent - before == 2


async def test_a_run_that_has_ended_already_costs_one_call(scene: Stage, github: GitHub) -> None:
    await show(scene, github, State.QUEUED)
    before = scene.sent
    fail(scene, *findings(20))
    await github.reconcile(run(State.FAILED), OPTIONS, record(), scene.context("next"))
    assert scene.sent - before == 1


@pytest.mark.parametrize(
    ("public", "logs", "shown"),
    [
        (False, "private", True),
        (True, "private", False),
        (True, "always", True),
        (False, "always", True),
        (False, "never", False),
        (True, "never", False),
    ],
)
async def test_a_log_is_shown_where_the_repository_is_private_or_the_run_wants_it_all_the_same(
    scene: Stage, github: GitHub, public: bool, logs: str, shown: bool
) -> None:
    if public:
        scene.github.publish("acme/api")
    fail(scene, "the assertion that failed")
    await show(scene, github, options=replace(OPTIONS, logs=logs))
    text = scene.checks[0].output.text or ""
    assert ("the assertion that failed" in text) is shown
    assert ("logs: always" in text) is (public and logs == "private")


async def test_details_lead_to_the_run_s_page(scene: Stage, github: GitHub) -> None:
    scene.details_url = "https://dashboard.example.com/runs/build-x7k2p"
    await show(scene, github)
    assert scene.checks[0].details_url == scene.details_url


async def test_progress_is_a_change_of_tekton_s_counts(github: GitHub) -> None:
    one = run(State.RUNNING, message="Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0")
    assert github.progress(run(State.RUNNING), OPTIONS) != github.progress(one, OPTIONS)
    assert github.progress(run(State.SUCCEEDED), OPTIONS) == ()


async def test_a_task_that_tekton_ends_after_its_run_is_not_shown_as_running(scene: Stage, github: GitHub) -> None:
    scene.children = [child("build", State.SUCCEEDED), child("slow", State.RUNNING, finished=None)]
    await show(scene, github, State.TIMED_OUT)
    [check] = scene.checks
    assert check.output.title == "Timed out after 1 min 3 s in task slow"
    assert "Running" not in (check.output.summary or "")
