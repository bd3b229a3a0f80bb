"""What a receiver holds after each delivery, and what the record keeps of it."""

from collections.abc import AsyncIterator

import pytest
from tekton_integrations_cloudevent.integration import CloudEvent
from tekton_integrations_cloudevent.options import CloudEventOptions

from integrations.cloudevent.tests.runs import manifest
from integrations.cloudevent.tests.scene import Scene, body, scene
from tekton_integrations import State, TemporaryError
from tekton_integrations.testing import RUN, make_run
from tests.fakes.cloudevent import Cut, Refusal, Silence

STATES = [("created", State.QUEUED), ("started", State.RUNNING), ("finished", State.FAILED)]


@pytest.fixture
async def sink() -> AsyncIterator[Scene]:
    async with scene() as made:
        yield made
    assert made.receiver.violations == []


async def all_of_it(sink: Scene, **options: str) -> None:
    for number, (name, state) in enumerate(STATES, 1):
        await sink.tell(make_run(state), name, number, **options)


def test_a_grant_names_the_place_and_the_path_and_never_what_the_query_holds() -> None:
    target = CloudEvent().target(RUN, CloudEventOptions(target="https://Broker.example:443/a/b?key=secret"))
    assert (target.resource, target.name) == ("broker.example", "/a/b")
    assert target.endpoint == "https://Broker.example:443/a/b?key=secret"
    assert CloudEvent().target(RUN, CloudEventOptions(target="http://sink.team-a:8080")).name == "/"


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_each_milestone_arrives_as_one_of_tekton_s_types(sink: Scene, mode: str) -> None:
    await all_of_it(sink, mode=mode)
    assert sink.receiver.types(RUN.name) == ["pipelinerun.queued", "pipelinerun.started", "pipelinerun.failed"]
    assert [each.attributes["sequence"] for each in sink.receiver.received] == ["000000000" + n for n in "123"]
    assert {each.structured for each in sink.receiver.received} == {mode == "structured"}
    assert {call.path for call in sink.receiver.calls} == {"/hook"}


async def test_the_run_is_sent_as_the_api_server_has_it(sink: Scene) -> None:
    run, sink.bench.manifest = manifest("failure")
    await sink.tell(run)
    assert body(sink)["status"] == sink.bench.manifest["status"]
    assert body(sink)["spec"] == sink.bench.manifest["spec"]


async def test_a_run_that_is_gone_is_sent_as_it_was_known(sink: Scene) -> None:
    run, _ = manifest("taskrun")
    await sink.tell(run)
    assert body(sink, "taskRun")["metadata"]["uid"] == run.uid
    assert body(sink, "taskRun")["status"]["conditions"][0]["reason"] == run.reason


async def test_a_thin_one_holds_no_parameters_results_or_specs(sink: Scene) -> None:
    run, sink.bench.manifest = manifest("success")
    await sink.tell(run, payload="thin")
    assert set(body(sink)) == {"apiVersion", "kind", "metadata", "status"}
    assert set(body(sink)["status"]) == {"startTime", "completionTime", "conditions"}


async def test_a_large_run_says_what_was_left_out(sink: Scene) -> None:
    run, found = manifest("success")
    found["spec"]["params"] = [{"name": "p", "value": "é" * 40_000}]
    sink.bench.manifest = found
    await sink.tell(run)
    trimmed = sink.receiver.received[-1].attributes["trimmed"]
    assert trimmed == "status.pipelineSpec,spec.pipelineSpec,status.provenance,spec.params"
    assert body(sink)["status"]["conditions"] == found["status"]["conditions"]


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_success_is_one_and_the_record_is_tep_0004_s(status: int) -> None:
    async with scene(status=status) as sink:
        result = await sink.tell(make_run(State.SUCCEEDED))
        assert sink.memory == {"target": f"{sink.receiver.url}/hook", "retryCount": "0"}
        assert result.summary == f"told {sink.receiver.url} of finished, Succeeded"


async def test_what_is_not_asked_for_is_not_sent(sink: Scene) -> None:
    await all_of_it(sink, on="started, failed")
    assert sink.receiver.types(RUN.name) == ["pipelinerun.started", "pipelinerun.failed"]
    await sink.tell(make_run(State.SUCCEEDED), on="problems")
    assert len(sink.receiver.calls) == 2


async def test_a_try_that_failed_is_made_again_under_its_id_and_counted(sink: Scene) -> None:
    run = make_run(State.SUCCEEDED)
    sink.receiver.faults.add(Refusal(status=503), times=2)
    errors = [await sink.failure(run), await sink.failure(run)]
    assert sink.memory == {"target": f"{sink.receiver.url}/hook", "retryCount": "2", "retried-id": "id-finished-1"}
    await sink.tell(run)
    assert sink.memory == {"target": f"{sink.receiver.url}/hook", "retryCount": "2"}
    assert [error.reason for error in errors] == ["ServiceUnavailable"] * 2
    assert [call.status for call in sink.receiver.calls] == [503, 503, 202]


@pytest.mark.parametrize("fault", [Cut(when="after"), Silence(when="after")])
async def test_an_answer_that_got_lost_leaves_one_at_the_receiver(sink: Scene, fault: Cut | Silence) -> None:
    sink.bench.timeout = 1.0
    sink.receiver.faults.add(fault, times=1)
    error = await sink.failure(make_run(State.SUCCEEDED))
    assert isinstance(error, TemporaryError)
    assert not error.maybe_sent
    await sink.tell(make_run(State.SUCCEEDED))
    assert len(sink.receiver.received) == 1
    assert list(sink.receiver.repeats.values()) == [1]


async def test_a_receiver_that_takes_the_other_mode_only_is_told_how_to_get_it() -> None:
    async with scene(modes=["structured"]) as sink:
        error = await sink.failure(RUN)
        assert error.reason == "FormatRefused"
        assert error.message.endswith("set the annotation cloudevent.integrations.tekton.dev/mode to structured")
        assert sink.memory == {"target": f"{sink.receiver.url}/hook", "retryCount": "0"}
        await sink.tell(RUN, mode="structured")
        assert len(sink.receiver.received) == 1


async def test_who_answers_410_is_called_no_more(sink: Scene) -> None:
    sink.receiver.faults.add(Refusal(status=410), times=1)
    for _ in range(2):
        assert (await sink.failure(RUN)).reason == "EndpointGone"
    assert len(sink.receiver.calls) == 1


async def test_a_receiver_that_asks_to_wait_is_waited_for(sink: Scene) -> None:
    sink.receiver.faults.add(Refusal(status=429, retry_after=7), times=1)
    error = await sink.failure(RUN)
    assert isinstance(error, TemporaryError)
    assert error.reason == "Throttled"
    assert error.delay == pytest.approx(7, abs=5)
    assert sink.bench.reads == ["manifest"]
    assert (await sink.failure(RUN)).reason == "Throttled"
    assert len(sink.receiver.calls) == 1
    assert sink.bench.reads == ["manifest"], "who has to wait reads nothing in vain"


async def test_the_token_goes_along_where_the_core_lends_it(sink: Scene) -> None:
    await sink.tell(RUN, "started")
    sink.lend(token=b"s3cret\n")
    await sink.tell(RUN, "finished")
    assert [call.authorization for call in sink.receiver.calls] == ["", "Bearer s3cret"]


@pytest.mark.parametrize("token", [b"", b"\n", b"a\r\nx-evil: 1", "grün".encode(), b"\xff"])
async def test_what_can_be_no_token_is_never_sent(sink: Scene, token: bytes) -> None:
    sink.lend(token=token)
    error = await sink.failure(RUN)
    assert error.reason == "CredentialUnavailable"
    assert sink.receiver.calls == []


async def test_a_deleted_run_ends_once_as_failed_with_its_outcome_unknown(sink: Scene) -> None:
    await sink.tell(make_run(State.RUNNING), "started", mode="structured")
    for _ in range(2):
        await sink.settle(RUN)
    assert sink.receiver.types(RUN.name) == ["pipelinerun.started", "pipelinerun.failed"]
    end = sink.receiver.received[-1]
    assert (end.structured, end.attributes["runstate"]) == (True, "Cancelled")
    assert body(sink)["status"]["conditions"][0]["reason"] == "Cancelled"
    assert len(sink.receiver.repeats) == 1


async def test_a_deleted_run_of_which_nothing_is_left_to_say_says_nothing(sink: Scene) -> None:
    await sink.settle(RUN, None)
    assert sink.receiver.calls == []


@pytest.mark.parametrize(("on", "told"), [("failed", 0), ("problems", 0), ("cancelled", 1), ("finished", 1)])
async def test_a_deleted_run_tells_its_end_to_those_who_asked_for_such(sink: Scene, on: str, told: int) -> None:
    await sink.tell(make_run(State.RUNNING), "started", on=on)
    await sink.settle(RUN, on=on)
    assert len(sink.receiver.received) == told


async def test_an_option_that_is_given_no_more_is_forgotten(sink: Scene) -> None:
    await sink.tell(RUN, "started", mode="structured", on="started,finished")
    assert {"mode", "on"} <= sink.memory.keys()
    await sink.tell(RUN, "finished")
    assert sink.memory.keys() == {"target", "retryCount"}


async def test_an_end_that_fails_is_raised_to_be_made_again(sink: Scene) -> None:
    await sink.tell(make_run(State.RUNNING), "started")
    sink.receiver.faults.add(Refusal(status=500), times=1)
    with pytest.raises(TemporaryError):
        await sink.settle(RUN)
    await sink.settle(RUN)
    assert len(sink.receiver.received) == 2
