"""Whatever stands in a run is read as a run, or refused as none; and what is shown of it is made without a failure, in
bounds, by every integration."""

from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.kube.records_json import decode_record, to_object
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.outcome import title
from tekton_integrations.record import RunRef, record_name
from tekton_integrations.rehearsal import Scene, rehearse
from tekton_integrations.requests import new_record, work
from tekton_integrations.run import Run
from tests.calm import quickly, quickly_awaited
from tests.fuzz.runs import INTEGRATIONS, encoded, objects
from tests.fuzz.shapes import ANYTHING, FUZZ, LONGEST

# Of what is sent about one run to one service.
MOST = 600_000


def read(raw: bytes) -> Run | None:
    """None for what is no run."""
    try:
        return quickly(lambda: decode_run(raw), LONGEST)
    except msgspec.MsgspecError:
        return None


@FUZZ
@given(st.one_of(objects(), ANYTHING).map(encoded))
def test_an_object_is_a_run_or_none(raw: bytes) -> None:
    if run := read(raw):
        assert run == decode_run(raw)
        assert isinstance(title(run, ()), str)


@FUZZ
@given(run=objects().map(encoded), children=st.lists(objects().map(encoded), max_size=3))
async def test_what_is_sent_about_a_run_is_made_without_a_failure(run: bytes, children: list[bytes]) -> None:
    found = read(run)
    if found is None:
        return
    below = [decode_child(raw)[1] for raw in children if read(raw)]
    scene = Scene(run=found, raw=run, shared="tekton-integrations", children=below)
    for request, wanted in work(found).items():
        if integration := INTEGRATIONS.get(request.integration):
            said = await quickly_awaited(partial(rehearse, integration, request, wanted, scene), LONGEST)
            assert sum(len(call.body) for call in said.calls) < MOST
            assert all(
                call.headers.get("content-type", "").find("json") < 0 or _is_json(call.body) for call in said.calls
            )


@FUZZ
@given(objects().map(encoded))
def test_a_record_of_it_reads_as_it_was_written(raw: bytes) -> None:
    if run := read(raw):
        for request in work(run):
            record = new_record(request, run)
            assert record.name == record_name(run.name, run.uid, request.integration, request.notification)
            stored = to_object(record)
            stored["metadata"] |= {"uid": "u", "resourceVersion": "8", "generation": 1}
            again = decode_record(msgspec.json.encode(stored))
            assert again.run == RunRef(api_version=run.api_version, kind=run.kind, name=run.name, uid=run.uid)
            assert again.readable


@pytest.mark.parametrize("depth", [100, 11_000])
def test_depth_is_no_failure(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    thing = b'{"metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "creationTimestamp": '
    thing += b'"2026-11-21T09:00:00Z"}, "status": {"results": %s}}' % nested
    try:
        assert decode_run(thing).name == "a"
    except RecursionError:
        assert depth > 1000  # the informer makes a message of it, and the controller takes what the API server does


def _is_json(body: bytes) -> bool:
    msgspec.json.decode(body)
    return True
