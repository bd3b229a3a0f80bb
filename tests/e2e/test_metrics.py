"""What a controller tells at /metrics is what the docs, the dashboard and the alerts are made from."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hack.controller import Controller
from hack.docs.metrics import defined
from tests.e2e.stage import Stage

# Nothing happened here that they count.
SILENT = {"skipped_runs", "suppressed", "settled", "watch_restarts"}
GITHUB = {"integration": "github"}


async def scraped(controller: Controller) -> dict[str, tuple[str, list[Sample]]]:
    """Type and samples, by name."""
    async with aiohttp.ClientSession() as session, session.get(f"{controller.url}/metrics") as answer:
        text = await answer.text()
    return {each.name: (each.type, each.samples) for each in text_string_to_metric_families(text)}


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
