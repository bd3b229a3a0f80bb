"""A task whose pod can't start: only its TaskRun says so, so what is below a run is looked at now and then."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub

from integrations.github.tests.helpers import OPTIONS, Stage, child, record, run
from tekton_integrations import Result, Run, State

EVERYTHING = replace(OPTIONS, checks="tasks", environment="staging")
NODES = 'pod status "PodScheduled":"False"; message: "0/3 nodes are available: 3 Insufficient cpu."'


@pytest.fixture
def github() -> GitHub:
    return GitHub()


async def show(scene: Stage, github: GitHub, what: Run, memory: Mapping[str, str] | None = None) -> Result:
    known = record(memory, options=EVERYTHING)
    known = replace(known, observed_state="Running" if memory else "", url="https://github.com/any" if memory else "")
    return await github.reconcile(what, EVERYTHING, known, scene.context())


def begun(scene: Stage, age: float = 0.0) -> Run:
    """So many seconds ago."""
    return run(State.RUNNING, started=scene.now() - age)


async def test_a_pod_that_cannot_be_scheduled_is_shown_though_nothing_of_the_run_has_changed(
    scene: Stage, github: GitHub
) -> None:
    going = begun(scene)
    scene.children = [child("test", State.RUNNING, reason="Pending", finished=None)]
    first = await show(scene, github, going)
    assert first.requeue_after == 60
    scene.children = [replace(scene.children[0], message=NODES)]
    await show(scene, github, going, first.memory)
    titles = [check.output.title or "" for check in scene.checks]
    assert all("3 Insufficient cpu" in title for title in titles)
    assert len(titles) == 2


async def test_a_look_that_finds_nothing_new_costs_no_call(scene: Stage, github: GitHub) -> None:
    scene.children = [child("test", State.RUNNING, finished=None)]
    memory = (await show(scene, github, going := begun(scene))).memory
    before = scene.sent
    for seconds in (60, 120, 5000):
        scene.github.clock.advance(seconds)
        memory = (await show(scene, github, going, memory)).memory
    assert scene.sent == before


@pytest.mark.parametrize(
    ("age", "seconds"), [(-30, 60), (0, 60), (59, 60), (120, 120), (1000, 1000), (1800, 1800), (86400, 1800)]
)
async def test_the_older_the_run_the_rarer_the_looks(scene: Stage, github: GitHub, age: float, seconds: float) -> None:
    now = scene.now()
    scene.clock = lambda: now
    assert (await show(scene, github, begun(scene, age))).requeue_after == pytest.approx(seconds)


@pytest.mark.parametrize(
    "what", [run(State.QUEUED), run(State.SUCCEEDED), run(State.FAILED), run(State.RUNNING, kind="TaskRun")]
)
async def test_a_run_that_tells_by_itself_or_has_ended_is_not_looked_at_again(
    scene: Stage, github: GitHub, what: Run
) -> None:
    assert (await show(scene, github, what)).requeue_after is None


async def test_a_commit_status_tells_of_no_progress_so_nothing_is_looked_at(scene: Stage, github: GitHub) -> None:
    scene.use_token()
    result = await github.reconcile(begun(scene), OPTIONS, record(), scene.context())
    assert result.requeue_after is None
