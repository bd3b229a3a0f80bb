"""Each run is told as CloudEvents, each milestone once and in order, whatever happens to controller and sink."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Place
from hack.recording import DATA
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage, condition, run_path
from tests.fakes.cloudevent import Receiver, Refusal, Silence
from tests.kube.tls import self_signed
from tests.recorded import RECORDINGS
from tests.tls import accepting, authority

MINE = ("--integrations", "cloudevent")
# As a container that is started again in its pod: it need not wait for its own Lease.
POD = Place(environment={"TEKTON_INTEGRATIONS_IDENTITY": "pod-1"})
GREEN = ("annotated-pipeline", "remote-pipeline", "skipped", "success", "taskrun")


def asking(url: str, **more: str) -> dict[str, str | None]:
    """What the recordings ask of GitHub is taken away."""
    github = {f"github.integrations.tekton.dev/{key}": None for key in ("owner", "repo", "sha")}
    return github | {
        f"cloudevent.integrations.tekton.dev/{key}": value for key, value in {"target": url, **more}.items()
    }


async def provide(stage: Stage, endpoint: str, *named: str, **spec: Any) -> None:
    """`named` are further places that runs may lead to though they are inside."""
    made = {"type": "CloudEvents", "endpoint": endpoint, "grants": [objects.grant("*", targets=["*", *named])], **spec}
    await stage.bed.apply(objects.provider(NAMESPACE, "sink", made))


@pytest.fixture
async def sink(stage: Stage) -> AsyncIterator[Receiver]:
    async with Receiver.started() as receiver:
        await provide(stage, f"{receiver.url}/hook")
        yield receiver
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/sink")
        assert receiver.violations == []


async def told(sink: Receiver, run: str, types: list[str], seconds: float = 30) -> None:
    """Returns when the run is told of so much; and nothing twice, nothing left out, nothing too early."""

    async def probe() -> bool:
        return len(sink.of(run)) >= len(types)

    await polled(probe, seconds)
    received = sink.of(run)
    assert sink.types(run) == types
    assert [int(each.attributes["sequence"]) for each in received] == list(range(1, len(types) + 1))
    assert len({each.cloud_event.get_id() for each in received}) == len(types)
    assert len({each.cloud_event.get_source() for each in received}) == 1


async def reported(stage: Stage, namespace: str, count: int = 1) -> None:
    """Returns when so many runs are. A recording brings annotations of other integrations, too."""

    async def probe() -> bool:
        found = [each for each in await stage.records(namespace) if each["spec"]["integration"] == "cloudevent"]
        return len(found) == count and all(condition(each)["status"] == "True" for each in found)

    await polled(probe)


def whole_life(recording: str) -> list[str]:
    kind = "taskrun" if recording == "taskrun" else "pipelinerun"
    end = "successful" if recording in GREEN else "failed"
    return [f"{kind}.{word}" for word in ("queued", "started", end)]


async def test_every_recorded_run_is_told_from_its_begin_to_its_end(
    stage: Stage, namespace: str, sink: Receiver
) -> None:
    annotations = asking(f"{sink.url}/hook")
    async with stage.controller(*MINE):
        for name in RECORDINGS:
            await stage.player.play(name, namespace=namespace, annotations=annotations, events=False)
        await stage.player.play(DATA / "made" / "customrun.ndjson", namespace=namespace, annotations=annotations)
        for name in RECORDINGS:
            await told(sink, name, whole_life(name))
        await reported(stage, namespace, len(RECORDINGS) + 1)
        custom = next(each.subject for each in sink.received if ".customrun." in each.type)
        await told(sink, custom, [f"customrun.{word}" for word in ("started", "running", "successful")])
    assert not sink.repeats
    assert len(sink.received) == 3 * (len(RECORDINGS) + 1)
    assert all("managedFields" not in next(iter(each.data.values()))["metadata"] for each in sink.received)


async def test_after_a_kill_the_same_one_comes_again_under_its_id_and_the_next_follow(
    stage: Stage, namespace: str, sink: Receiver
) -> None:
    controller = await stage.start_controller(*MINE, place=POD)
    await controller.ready()
    run = await stage.player.start("failure", namespace=namespace, annotations=asking(f"{sink.url}/hook"))
    rule = sink.faults.add(Silence(when="after"), times=1)
    await run.to_end(until=lambda step: step.reason == "Running")

    async def accepted() -> bool:
        return rule.hits == 1

    await polled(accepted)
    await controller.kill()
    sink.faults.remove(rule)
    await run.to_end()
    async with stage.controller(*MINE, place=POD):
        await told(sink, "failure", whole_life("failure"))
        await reported(stage, namespace)
    assert sink.repeats == {sink.of("failure")[0].cloud_event.get_id(): 1}


async def test_a_sink_that_fails_is_told_later_and_the_record_counts_the_tries(
    stage: Stage, namespace: str, sink: Receiver
) -> None:
    url = f"{sink.url}/hook"
    async with stage.controller(*MINE):
        sink.faults.add(Refusal(status=503), times=1)
        await stage.player.play("success", namespace=namespace, annotations=asking(url, on="finished"))
        waiting = await stage.until_record(
            namespace, lambda r: condition(r)["reason"] == "Retrying", integration="cloudevent"
        )
        assert waiting["status"]["annotations"].items() >= {"target": url, "retryCount": "1"}.items()
        await reported(stage, namespace)
        record = await stage.record(namespace, integration="cloudevent")
    assert record["status"]["name"] == "cloudevent.integrations.tekton.dev"
    assert record["status"]["annotations"] == {"target": url, "retryCount": "1", "on": "finished"}
    assert sink.types("success") == ["pipelinerun.successful"]


async def test_a_sink_that_takes_the_other_mode_is_told_once_the_annotation_is_corrected(
    stage: Stage, namespace: str, sink: Receiver
) -> None:
    sink.modes = ("structured",)
    async with stage.controller(*MINE):
        await stage.player.play("success", namespace=namespace, annotations=asking(f"{sink.url}/hook"))
        record = await stage.failed(namespace, "FormatRefused", integration="cloudevent")
        assert "cloudevent.integrations.tekton.dev/mode to structured" in condition(record)["message"]
        assert record["status"]["annotations"] == {"target": f"{sink.url}/hook", "retryCount": "0"}
        change = {"metadata": {"annotations": {"cloudevent.integrations.tekton.dev/mode": "structured"}}}
        await stage.bed.api.patch(run_path(namespace, "success"), change, "merge")
        await told(sink, "success", whole_life("success"))


async def test_the_certificate_and_the_token_go_to_the_providers_own_endpoint_and_nowhere_else(
    stage: Stage, namespace: str, sink: Receiver, tmp_path: Path
) -> None:
    ca, us = authority(tmp_path), self_signed(tmp_path, "us")
    data = {"token": "s3cret", "tls.crt": us.certificate.read_text(), "tls.key": us.key.read_text()}
    await stage.bed.apply(objects.secret(NAMESPACE, "sink", "CloudEvents", data))
    named = {"token": "token", "certificate": "tls.crt", "key": "tls.key"}
    block = {field: {"secretRef": {"name": "sink", "key": key}} for field, key in named.items()}
    async with Receiver.started(tls=accepting(us, ca.issue("sink"))) as mutual:
        await provide(stage, f"{mutual.url}/hook", sink.url, caBundle=ca.file.read_text(), cloudEvents=block)
        async with stage.controller(*MINE):
            await stage.player.play("success", namespace=namespace, annotations=asking(f"{mutual.url}/hook/a"))
            await stage.player.play("failure", namespace=namespace, annotations=asking(f"{sink.url}/hook"))
            await told(mutual, "success", whole_life("success"))
            await told(sink, "failure", whole_life("failure"))
    assert {(call.client, call.authorization) for call in mutual.calls} == {("us", "Bearer s3cret")}
    assert {(call.client, call.authorization) for call in sink.calls} == {("", "")}


async def test_a_run_that_is_deleted_half_way_ends_once_with_its_outcome_unknown(
    stage: Stage, namespace: str, sink: Receiver
) -> None:
    async with stage.controller(*MINE):
        run = await stage.player.start("success", namespace=namespace, annotations=asking(f"{sink.url}/hook"))
        await run.to_end(until=lambda step: (step.kind, step.reason) == ("PipelineRun", "Running"))
        await run.step()
        await told(sink, "success", whole_life("success")[:2])
        await stage.bed.request("DELETE", run_path(namespace, "success"))
        await told(sink, "success", ["pipelinerun.queued", "pipelinerun.started", "pipelinerun.failed"])

        async def forgotten() -> bool:
            return await stage.records(namespace) == []

        await polled(forgotten)
    end = sink.of("success")[-1]
    assert end.attributes["runstate"] == "Cancelled"
    assert end.data["pipelineRun"]["status"]["conditions"][0]["message"].startswith("Outcome unknown")
    assert not sink.repeats
