"""A look at what a call in doubt may have made costs no write where all is right, and believes no more than it may."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub

from integrations.github.tests.helpers import OPTIONS, SHA, Stage, child, record, room_for, run, together
from tekton_integrations import Cost, Excerpt, Result, State, Step, Throttled
from tests.fakes.github import Output
from tests.spending import spend

EVERYTHING = replace(OPTIONS, checks="tasks", comment="always", pull_request="12", environment="staging")
FINDINGS = 60
WRITE = Cost(points=5, write=True, final=False)


@pytest.fixture(autouse=True)
def failed(scene: Stage) -> None:
    scene.github.add_pull_request("acme/api", 12, SHA)
    scene.children = [child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))]
    lines = tuple(f"main.go:{number}: no. {number}" for number in range(1, FINDINGS + 1))
    scene.logs = {scene.children[0].name: Excerpt(step="unit", lines=lines)}


async def show(scene: Stage, memory: Mapping[str, str] | None = None, *, search: bool = False) -> Result:
    known = record(memory, options=EVERYTHING)
    return await GitHub().reconcile(run(State.FAILED), EVERYTHING, known, scene.context(search=search))


def writes(scene: Stage) -> list[str]:
    return [call.endpoint for call in scene.github.requests if call.method != "GET" and "app/" not in call.path]


def lines(scene: Stage) -> list[Any]:
    return [note["start_line"] for note in scene.checks[0].output.annotations]


@pytest.mark.parametrize("search", [False, True])
async def test_what_is_right_costs_no_write_also_where_the_url_was_never_stored(scene: Stage, *, search: bool) -> None:
    first = await show(scene)
    before = writes(scene)
    again = await show(scene, first.memory, search=search)
    assert writes(scene) == before
    assert again.memory == first.memory
    assert again.url == first.url


async def test_what_does_not_show_what_was_sent_is_sent_again(scene: Stage) -> None:
    first = await show(scene)
    for check in scene.checks:
        check.output = Output(title="an older one", summary="that came late", annotations=check.output.annotations)
    await show(scene, first.memory, search=True)
    assert ["older" in str(check.output.title) for check in scene.checks] == [False, False]


async def test_no_more_look_at_once_than_may_write(scene: Stage) -> None:
    github = GitHub()

    async def look(name: str) -> Result:
        known = record(options=OPTIONS, name=name)
        context = scene.context(external_id=name, search=True)
        return await github.reconcile(run(State.SUCCEEDED), OPTIONS, known, context)

    await look("build")
    room_for(scene.quotas["acme"], 3, "POST repos * * check-runs")
    before = scene.sent
    await together(*(look(f"build-{number}") for number in range(16)))
    methods = [call.method for call in list(scene.github.requests)[before:]]
    assert methods.count("GET") == methods.count("POST") < 16


@pytest.mark.parametrize("search", [False, True])
@pytest.mark.parametrize("token", [False, True])
async def test_of_what_has_to_wait_nothing_is_read(scene: Stage, *, token: bool, search: bool) -> None:
    if token:
        scene.use_token()
    await show(scene)
    for quota in scene.quotas.values():
        room_for(quota, 0, f"POST repos * * {'statuses *' if token else 'check-runs'}")
    assert scene.reads
    scene.reads.clear()
    with pytest.raises(Throttled):
        await show(scene, search=search)
    assert scene.reads == []


async def test_the_twin_of_a_task_s_check_is_ended(scene: Stage) -> None:
    scene.children = [child("test", State.RUNNING)]
    for _ in range(2):
        await GitHub().reconcile(run(), EVERYTHING, record(options=EVERYTHING), scene.context())
    await GitHub().reconcile(run(), EVERYTHING, record(options=EVERYTHING), scene.context(search=True))
    open_ones = [check.name for check in scene.checks if check.status != "completed"]
    assert sorted(open_ones) == ["build", "build / test"]


async def test_annotations_that_came_late_and_stand_there_twice_do_not_hide_that_the_last_are_missing(
    scene: Stage,
) -> None:
    first = await show(scene)
    [check, _] = scene.checks
    twice = (*check.output.annotations[:50], *check.output.annotations[:50])
    check.output = Output(title="anything", summary="anything", annotations=twice)
    await show(scene, {**(first.memory or {}), "annotations-sent": "50"}, search=True)
    assert set(lines(scene)) == set(range(1, FINDINGS + 1))
    assert len(lines(scene)) == 110


async def test_a_task_s_check_that_its_deleted_child_left_open_is_ended_with_its_run(scene: Stage) -> None:
    scene.children = [child("test", State.RUNNING)]
    first = await GitHub().reconcile(run(), EVERYTHING, record(options=EVERYTHING), scene.context())
    scene.children = []
    await show(scene, first.memory)
    assert [(check.name, check.conclusion) for check in scene.checks] == [
        ("build", "failure"),
        ("build / test", "cancelled"),
    ]


@pytest.mark.parametrize("token", [False, True])
async def test_nothing_is_looked_for_as_long_as_what_follows_may_not_go(scene: Stage, *, token: bool) -> None:
    """Else thousands that wait for a write would read again and again, and use up what the write needs."""
    if token:
        scene.use_token()
    github = GitHub()

    async def look() -> None:
        await github.reconcile(run(), OPTIONS, record(), scene.context(search=True))

    await look()
    for quota in scene.quotas.values():
        quota.penalise(1.0)
        scene.github.clock.advance(2.0)
        spend(quota, WRITE)
    before = len(scene.github.requests)
    with pytest.raises(Throttled):
        await look()
    assert list(scene.github.requests)[before:] == []
