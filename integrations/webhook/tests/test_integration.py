"""The integration before a receiver that verifies signatures and keeps each message once."""

import json
import time
from typing import Any

import pytest

from integrations.webhook.tests.helpers import DONE, NAMES, Stage, milestone
from tekton_integrations import PermanentError, State, Target, TemporaryError, Throttled
from tekton_integrations.posting import RETRIED, RETRIES, in_doubt
from tekton_integrations.testing import make_child, make_run
from tests.fakes.webhook import KEY, OTHER_KEY, Cut, Refusal
from tests.recorded import recorded

TEMPLATE = '{"text": "$(name) $(milestone): $(title)"}'


@pytest.mark.parametrize(
    ("url", "resource", "name"),
    [
        ("https://example.com:8080", "example.com:8080", "/"),
        ("https://Example.com/Hooks/a%20b?key=secret", "example.com", "/Hooks/a%20b"),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:1", "/x"),
    ],
)
def test_a_grant_names_the_host_and_the_path_and_not_what_may_be_secret(
    stage: Stage, url: str, resource: str, name: str
) -> None:
    found = stage.integration.target(DONE, stage.options(url=url))
    assert found == Target(resource=resource, name=name, endpoint=url)


async def test_each_milestone_is_one_signed_message_of_our_body(stage: Stage) -> None:
    for number, name in enumerate(NAMES, 1):
        await stage.tell(told=milestone(name, number))
    assert stage.receiver.told(DONE.name) == list(NAMES)
    assert [each.id for each in stage.receiver.received] == [f"id-of-{n}-{i}" for i, n in enumerate(NAMES, 1)]
    assert [each.type for each in stage.receiver.received] == [f"tekton.pipelinerun.{name}" for name in NAMES]
    assert stage.last.headers["content-type"] == "application/json"
    assert stage.last.headers["user-agent"] == "tekton-integrations-webhook"
    assert not stage.receiver.refused


async def test_a_repetition_has_the_same_id_and_the_time_of_its_own_attempt(stage: Stage) -> None:
    stage.receiver.faults.add(Cut(when="after"), times=1)
    with pytest.raises(TemporaryError):
        await stage.tell()
    stage.ahead = 5.0
    await stage.tell(memory=stage.remembered)
    first, second = stage.receiver.calls
    assert first.id == second.id
    assert 5 <= int(second.timestamp) - int(first.timestamp) < 60
    assert abs(int(first.timestamp) - time.time()) < 60
    assert stage.receiver.repeats == {first.id: 1}


async def test_who_has_to_wait_reads_nothing_in_vain(stage: Stage) -> None:
    stage.receiver.faults.add(Refusal(status=429, retry_after=60), times=1)
    for _ in range(2):
        with pytest.raises(Throttled):
            await stage.tell(make_run(State.FAILED))
    assert stage.reads == ["children"]


async def test_the_record_says_how_often_it_was_tried_again(stage: Stage) -> None:
    stage.receiver.faults.add(Refusal(status=503), times=2)
    memory: dict[str, str] = {}
    for _ in range(2):
        with pytest.raises(TemporaryError):
            await stage.tell(memory=memory)
        memory = stage.remembered
    result = await stage.tell(memory=memory)
    assert result.memory == {RETRIES: "2"}


async def test_while_a_key_is_replaced_it_is_signed_with_both(stage: Stage) -> None:
    stage.use(secrets={"signing_key": OTHER_KEY.encode(), "previous_signing_key": KEY.encode()})
    await stage.tell()
    assert len(stage.last.headers["webhook-signature"].split()) == 2


async def test_a_receiver_with_another_key_takes_nothing_and_that_is_told(stage: Stage) -> None:
    stage.use(secrets={"signing_key": OTHER_KEY.encode()})
    with pytest.raises(TemporaryError) as caught:
        await stage.tell()
    assert (caught.value.reason, stage.renewed) == ("CredentialRefused", 1)
    assert stage.receiver.refused == ["No matching signature found"]


async def test_without_secrets_nothing_is_signed_and_nobody_is_named(stage: Stage) -> None:
    stage.receiver.key = ""
    stage.use(secrets={})
    await stage.tell()
    assert "webhook-signature" not in stage.last.headers
    assert "authorization" not in stage.last.headers


async def test_a_token_goes_along(stage: Stage) -> None:
    stage.use(secrets={"signing_key": KEY.encode(), "token": b"abc"})
    await stage.tell()
    assert stage.receiver.calls[-1].authorization == "Bearer abc"


async def test_a_secret_that_holds_no_key_is_told_before_any_call(stage: Stage) -> None:
    stage.use(secrets={"signing_key": b"password"})
    with pytest.raises(TemporaryError) as caught:
        await stage.tell()
    assert caught.value.reason == "CredentialUnavailable"
    assert stage.receiver.calls == []


async def test_what_is_left_out_by_on_is_not_sent_and_the_record_says_so(stage: Stage) -> None:
    running = make_run()
    created = await stage.tell(running, milestone("created", 1), on="started, failed")
    await stage.tell(running, milestone("started", 2), on="started, failed")
    succeeded = await stage.tell(DONE, on="started, failed")
    assert [each.data["milestone"] for each in stage.receiver.received] == ["started"]
    assert created.summary.endswith("is not told of created: `on` leaves it out")
    assert succeeded.summary.endswith("is not told of finished: `on` leaves it out")
    await stage.tell(make_run(State.FAILED), on="started, failed")
    assert stage.last.data["state"] == "Failed"


async def test_a_failure_says_who_is_to_blame(stage: Stage) -> None:
    run, stage.children = recorded("failure")
    result = await stage.tell(run)
    assert [each["task"] for each in stage.last.data["failures"]] == ["test"]
    assert result.summary.endswith(f"was told of finished: {stage.last.data['title']}")


async def test_a_full_message_has_the_whole_run(stage: Stage) -> None:
    stage.manifest = {"metadata": {"name": DONE.name}, "spec": {"params": [{"name": "a", "value": "ü"}]}}
    await stage.tell(payload="full")
    assert stage.last.data["object"] == stage.manifest


async def test_a_template_makes_the_whole_body_and_is_signed_as_well(stage: Stage) -> None:
    run = make_run(State.FAILED, message='say "no"\n')
    await stage.tell(run, template='{"text": "$(name) $(state): $(message)", "n": $(sequence)}')
    assert json.loads(stage.last.body) == {"text": 'build-x7k2p Failed: say "no"', "n": 3}


async def test_a_template_may_be_no_json(stage: Stage) -> None:
    await stage.tell(template="$(name) is $(state)\n", content_type="text/plain")
    assert (stage.last.body, stage.last.headers["content-type"]) == (b"build-x7k2p is Succeeded\n", "text/plain")


async def test_a_template_may_name_parameters_and_results(stage: Stage) -> None:
    stage.manifest = {
        "spec": {"params": [{"name": "author", "value": "Ada"}]},
        "status": {"results": [{"name": "digest", "value": "sha256:1"}]},
    }
    await stage.tell(template='["$(params.author)", "$(results.digest)", "$(results.other)"]')
    assert json.loads(stage.last.body) == ["Ada", "sha256:1", ""]


async def test_a_format_that_is_refused_tells_which_annotations_to_set(stage: Stage) -> None:
    stage.receiver.faults.add(Refusal(status=415))
    with pytest.raises(PermanentError) as caught:
        await stage.tell()
    assert caught.value.reason == "FormatRefused"
    assert "`content-type`" in caught.value.message


async def test_an_endpoint_that_redirects_or_is_gone_is_not_followed(stage: Stage) -> None:
    stage.receiver.faults.add(Refusal(status=307), times=1)
    stage.receiver.faults.add(Refusal(status=410), times=1)
    with pytest.raises(TemporaryError):
        await stage.tell()
    for _ in range(2):
        with pytest.raises(PermanentError) as caught:
            await stage.tell()
        assert caught.value.reason == "EndpointGone"
    assert [(each.path, each.status) for each in stage.receiver.calls] == [("/hook", 307), ("/hook", 410)]


async def test_who_heard_of_a_run_that_is_gone_hears_that_nobody_knows_its_outcome(stage: Stage) -> None:
    memory = (await stage.tell(make_run(), milestone("created", 1))).memory
    await stage.end(memory, milestone("finished", 2))
    assert stage.receiver.told("build-x7k2p") == ["created", "finished"]
    said = stage.last.data
    assert (said["state"], said["reason"], said["run"]["pipeline"]) == ("Cancelled", "OutcomeUnknown", "build")


async def test_who_heard_nothing_hears_of_no_end(stage: Stage) -> None:
    await stage.end()
    assert stage.receiver.calls == []


async def test_an_end_that_on_leaves_out_is_not_told(stage: Stage) -> None:
    memory = (await stage.tell(make_run(), milestone("created", 1), on="created, failed")).memory
    await stage.end(memory, milestone("finished", 2))
    assert len(stage.receiver.received) == 1
    memory = (await stage.tell(make_run(), milestone("created", 1), on="created, cancelled")).memory
    await stage.end(memory, milestone("finished", 2))
    assert stage.last.data["state"] == "Cancelled"


async def test_an_unknown_end_is_told_in_the_user_s_own_words(stage: Stage) -> None:
    memory = (await stage.tell(make_run(), milestone("created", 1), template=TEMPLATE)).memory
    await stage.end(memory, milestone("finished", 2))
    text = json.loads(stage.last.body)["text"]
    assert text == "build-x7k2p finished: The outcome is unknown: the run was deleted, or is no longer told here"


async def test_what_is_kept_for_that_is_forgotten_at_the_end(stage: Stage) -> None:
    options: dict[str, Any] = {"template": TEMPLATE, "on": "finished"}
    memory = (await stage.tell(make_run(), milestone("created", 1), **options)).memory
    assert memory == {"pipeline": "build", "on": "finished", "template": TEMPLATE, "content-type": "application/json"}
    assert (await stage.tell(DONE, memory=memory, **options)).memory == {RETRIES: "0"}


async def test_a_failure_keeps_it_and_counts(stage: Stage) -> None:
    memory = (await stage.tell(make_run(), milestone("created", 1))).memory
    stage.receiver.faults.add(Refusal(status=500), times=1)
    with pytest.raises(TemporaryError):
        await stage.tell(memory=memory)
    assert stage.remembered == {"pipeline": "build", RETRIES: "1", RETRIED: milestone().id}


async def test_who_may_have_heard_by_a_call_that_was_cut_hears_of_the_end_in_the_same_words(stage: Stage) -> None:
    stage.receiver.faults.add(Cut(when="after"), times=1)
    with pytest.raises(TemporaryError):
        await stage.tell(make_run(), milestone("created", 1), template=TEMPLATE)
    assert in_doubt(stage.record(stage.options(), stage.remembered))
    await stage.end(stage.remembered, milestone("finished", 2))
    assert [json.loads(each.body)["text"].split(":")[0] for each in stage.receiver.received] == [
        "build-x7k2p created",
        "build-x7k2p finished",
    ]


async def test_a_record_that_was_edited_to_another_path_leads_to_no_call(stage: Stage) -> None:
    with pytest.raises(PermanentError) as caught:
        await stage.end({"pipeline": "build"}, milestone(), name="/granted")
    assert caught.value.reason == "NotGranted"
    assert stage.receiver.calls == []


async def test_a_successful_run_costs_no_read_of_its_tasks(stage: Stage) -> None:
    stage.children = [make_child()]
    await stage.tell()
    assert "failures" not in stage.last.data
