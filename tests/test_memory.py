"""What is done takes no memory (docs/decisions/0011): a guard against a regression; `make bench-start` measures."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from msgspec.structs import replace

from tekton_integrations import Run, State
from tekton_integrations.kube.records_json import decode_record, to_object
from tekton_integrations.plan import plan
from tekton_integrations.record import Condition, record_name
from tekton_integrations.requests import asked, for_run, new_record
from tests.reconciling import CHANNEL, NAMESPACE, Noting, World
from tests.runs import make_run

COUNT = 500
# Bytes for a run and its record: twice what was found. Kept whole they take nine times that.
MOST = 500


def ended(number: int) -> Run:
    name = f"run-{number:06}"
    asking = {CHANNEL: f"C{number}"}
    return make_run(namespace=NAMESPACE, name=name, uid=f"uid-of-{name}", state=State.SUCCEEDED, annotations=asking)


def reported(world: World, run: Run) -> bytes:
    """The record of a run of which nothing is left to do, as the API server has it."""
    [request] = for_run(run)
    todo = plan(world.integration, run, asked(run)[request.integration])
    record = replace(
        new_record(request, run),
        name=record_name(run.name, run.uid, request.integration),
        provider="controller/slack",
        target=todo.target,
        condition=Condition(status="True", reason="Reported", message="shown", last_transition=1.0),
        memory={"id": "1"},
        observed_state="Succeeded",
        input_digest=todo.digest,
        owned=True,
    )
    made = to_object(record)
    made["metadata"] |= {"resourceVersion": "7", "uid": f"uid-of-{record.name}", "generation": 1}
    return msgspec.json.encode(made)


@contextmanager
def traced() -> Iterator[list[int]]:
    """Fills with the bytes by which the memory in use has grown."""
    grown: list[int] = []
    tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        yield grown
        gc.collect()
        now, _ = tracemalloc.get_traced_memory()
        grown.append(now - before)
    finally:
        tracemalloc.stop()


def read(world: World, numbers: range) -> None:
    """Records first, as at the start of a controller."""
    for number in numbers:
        world.cluster.records.informer.observe(decode_record(reported(world, ended(number))))
    for number in numbers:
        run = ended(number)
        world.cluster.runs.informers[run.kind].observe(run)


@pytest.fixture
def warm() -> range:
    """What is allocated once is there before it is measured."""
    return range(COUNT, COUNT + 50)


async def test_a_run_that_was_reported_and_its_record_take_a_few_hundred_bytes(warm: range) -> None:
    async with World.made(Noting()) as world:
        runs = world.cluster.runs
        runs.wanted = lambda run: not world.reconciler.settled(run, for_run(run)[0], asked(run)["slack"])
        read(world, warm)
        with traced() as grown:
            read(world, range(COUNT))
        assert len(list(world.cluster.records)) == 0
        assert [run.name for run in runs] == [world.run.name], "only the one that goes on"
        assert all(world.cluster.records.has_settled(NAMESPACE, for_run(ended(n))[0].record_name) for n in range(9))
    [more] = grown
    assert more / COUNT < MOST
