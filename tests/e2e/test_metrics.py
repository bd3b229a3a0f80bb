"""What a controller tells at /metrics is what the docs, the dashboard and the alerts are made from."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hack.controller import Controller
from hack.docs.dashboard import PANELS
from hack.docs.metrics import defined
from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.e2e.kinds import Made, Wanted, asking
from tests.e2e.notices import PLACE, Board
from tests.e2e.promtool import Scrapes
from tests.e2e.stage import Stage
from tests.e2e.test_install import play, uninstalled
from tests.fakes.cuts import Cuts
from tests.fakes.github import Hang, SecondaryLimit, ServerError

# Nothing happened here that they count.
SILENT = {"skipped_runs", "suppressed", "settled", "watch_restarts"}
GITHUB = {"integration": "github"}
CREATE, UPDATE = "^POST /repos/acme/api/check-runs$", "^PATCH /repos/acme/api/check-runs/"
SUSPEND = "integrations.tekton.dev/suspend"
# So few that two calls that hang keep a namespace from others, and that no more are under way than may be.
FEW = ("--workers", "4")


async def families(controller: Controller) -> list[Metric]:
    async with aiohttp.ClientSession() as session, session.get(f"{controller.url}/metrics") as answer:
        return list(text_string_to_metric_families(await answer.text()))


async def scraped(controller: Controller) -> dict[str, tuple[str, list[Sample]]]:
    """Type and samples, by name."""
    return {each.name: (each.type, each.samples) for each in await families(controller)}


async def samples(controller: Controller) -> list[Sample]:
    return [sample for each in await families(controller) for sample in each.samples]


async def counted(controller: Controller, name: str, *, least: float = 1, seconds: float = 30, **labels: str) -> None:
    """Returns when there is so much of it, at github where it is of an integration."""
    wanted = (labels if "kind" in labels else {**GITHUB, **labels}).items()

    async def probe() -> bool:
        found = [s for s in await samples(controller) if s.name == f"tekton_integrations_{name}"]
        return sum(each.value for each in found if wanted <= each.labels.items()) >= least

    await polled(probe, seconds)


async def test_every_metric_is_there_with_the_labels_that_it_is_listed_with(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace)
    await stage.reported(namespace)
    found = await scraped(controller)
    for each in defined():
        kind, samples = found[each.name.removesuffix("_total")]
        assert kind == each.type
        labels = {frozenset(sample.labels) - {"le"} for sample in samples}
        silent = each.name.removeprefix("tekton_integrations_").removesuffix("_total") in SILENT
        assert labels == ({frozenset(each.labels)} if not silent or labels else set())


async def test_what_a_run_costs_and_who_works_are_told(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.player.play("success", namespace=namespace)
    await stage.reported(namespace)
    async with Controller.started(stage.pod, stage.log.with_name("standby.log")) as standby:
        found, other = await scraped(controller), await scraped(standby)

    def value(name: str, samples: dict[str, tuple[str, list[Sample]]] = found) -> float:
        [one] = [each.value for each in samples[f"tekton_integrations_{name}"][1] if each.labels == GITHUB]
        return one

    assert value("lease_held") == 1
    assert value("lease_held", other) == 0
    counted = [each for each in found["tekton_integrations_calls"][1] if each.name.endswith("_total")]
    assert [each.value for each in counted] == [len(stage.calls)]
    assert value("queue_oldest_seconds") == value("queue_parked") == value("throttled_until_timestamp_seconds") == 0
    assert 0.9 < value("quota_left_ratio") <= 1


async def made(stage: Stage, namespace: str, name: str, *, ended: bool = True, **options: str) -> Made:
    """A TaskRun that asks for a check, under way unless it has ended."""
    run = await Made.create(stage.bed, Wanted(namespace=namespace, name=name, annotations=asking(**options)))
    await run.says(*(("True", "Succeeded") if ended else ("Unknown", "Running")))
    return run


@asynccontextmanager
async def behind(stage: Stage, cuts: Cuts) -> AsyncIterator[Controller]:
    """One whose way to the API server can be cut."""
    way = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cuts.port)}
    pod = replace(stage.pod, environment={**stage.pod.environment, **way})
    async with Controller.started(pod, stage.log, arguments=FEW) as controller:
        yield controller


async def left_out(stage: Stage, controller: Controller, namespace: str) -> None:
    """Runs that are not reported: one since it ended too early, and one whose creator does not want it."""
    await counted(controller, "skipped_runs_total", reason="EndedBeforeInstall")
    board = Board(stage)
    try:
        await board.put(namespace, options=PLACE)
        await Made.create(stage.bed, Wanted(namespace=namespace, name="private", annotations={SUSPEND: "true"}))
        await counted(controller, "suppressed_total", reason="OptedOut")
    finally:
        await board.clear()


async def failing(stage: Stage, controller: Controller, namespace: str) -> None:
    """Runs that nobody granted, that GitHub fails once, and that go before they have ended."""
    await made(stage, namespace, "refused", owner="other")
    await counted(controller, "reports_total", outcome="given_up", reason="NotGranted")
    again, gone = [await made(stage, namespace, name, ended=False) for name in ("again", "gone")]
    await counted(controller, "reports_total", outcome="accepted", reason="InProgress", least=2)
    stage.github.faults.add(UPDATE, ServerError(503), times=1)
    await again.says("True", "Succeeded")
    await counted(controller, "reports_total", outcome="retried")
    await counted(controller, "reports_total", outcome="accepted", reason="Reported", least=2)
    await gone.delete()
    await counted(controller, "settled_total", outcome="Concluded")


@asynccontextmanager
async def jam(stage: Stage, controller: Controller, namespace: str) -> AsyncIterator[None]:
    """Names wait: two for answers, a third for a worker, and one of another namespace for a limit to end."""
    hanging = stage.github.faults.add(CREATE, Hang(), times=2)
    try:
        for number in range(3):
            await made(stage, namespace, f"slow-{number}")
        await counted(controller, "queue_depth")
        stage.github.faults.add(CREATE, SecondaryLimit(retry_after=60), times=1)
        await made(stage, "default", "limited")
        await counted(controller, "queue_parked")
        yield
    finally:
        hanging.release()


@pytest.mark.long
async def test_each_panel_shows_something_of_a_controller_at_work(stage: Stage, namespace: str, tmp_path: Path) -> None:
    await uninstalled(stage)
    await play(stage, namespace, range(1), ended=timedelta(minutes=5))
    async with Cuts.before(stage.bed.host, stage.bed.port) as cuts, behind(stage, cuts) as controller:
        await left_out(stage, controller, namespace)
        await made(stage, namespace, "shown")
        await counted(controller, "reports_total", outcome="accepted", reason="Reported")
        first = await samples(controller)
        await failing(stage, controller, namespace)
        cuts.reset()
        await counted(controller, "watch_restarts_total", kind="PipelineRun")
        async with jam(stage, controller, namespace):
            scrapes = Scrapes(first=first, last=await samples(controller), at=time.time())
    queries = [query.text for panel in PANELS for query in panel.queries]
    await scrapes.give_more_than_zero(queries, tmp_path)


async def asked(bed: TestBed, namespace: str, numbers: range) -> None:
    """Runs that begin; four of five ask for what nobody granted, each for something else."""
    wanted = [(f"run-{n}", asking(f"{n:040x}", owner=f"owner-{n}" if n % 5 else "acme")) for n in numbers]
    await asyncio.gather(
        *(Made.create(bed, Wanted(namespace=namespace, name=name, annotations=each)) for name, each in wanted)
    )


async def answered(controller: Controller, count: int) -> set[str]:
    """All series, once so many runs are shown or given up."""
    await counted(controller, "reports_total", outcome="given_up", least=count - count // 5, seconds=120)
    await counted(controller, "reports_total", outcome="accepted", least=count // 5)
    return set(await controller.metrics())


@pytest.mark.long
async def test_a_thousand_runs_in_fifty_namespaces_make_no_more_series_than_ten_in_one(
    bed: TestBed, tmp_path: Path
) -> None:
    async with Stage.set(bed, tmp_path, limits=False) as stage, stage.controller(*FEW) as controller:
        await asked(bed, "default", range(10))
        few = await answered(controller, 10)
        async with towns(bed, 50) as names:
            for number, name in enumerate(names, 1):
                await asked(bed, name, range(20 * number, 20 * number + 20))
            assert await answered(controller, 1010) == few
            await stage.clear()


@asynccontextmanager
async def towns(bed: TestBed, count: int) -> AsyncIterator[list[str]]:
    """Namespaces, which go afterwards."""
    namespaces = "/api/v1/namespaces"
    bodies = [{"metadata": {"generateName": "test-town-"}}] * count
    created = await asyncio.gather(*(bed.request("POST", namespaces, body) for body in bodies))
    names = [each["metadata"]["name"] for each in created]
    try:
        yield names
    finally:
        await asyncio.gather(*(bed.request("DELETE", f"{namespaces}/{name}") for name in names))
