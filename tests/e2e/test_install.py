"""What the first start leaves alone, and what a later start catches up with."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hack.controller import NAMESPACE
from hack.testbed import ApiError
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage
from tests.sizes import sized


def sha_of(number: int) -> str:
    return f"{number + 1:040x}"


async def play(stage: Stage, namespace: str, numbers: range, *, ended: timedelta = timedelta(), also: str = "") -> None:
    """Runs that have ended, `ended` ago, where that matters; `also` asks for another integration."""
    begin = datetime.now(UTC) - ended
    annotations = {f"{also}.integrations.tekton.dev/key": "value"} if also else {}
    plays = [
        stage.player.play(
            "not-found",
            namespace=namespace,
            name=f"run-{n}",
            annotations=annotations,
            sha=sha_of(n),
            events=False,
            begin=begin,
        )
        for n in numbers
    ]
    await asyncio.gather(*plays)


async def uninstalled(stage: Stage) -> None:
    """As before the first start: the Integration object is what says since when we are there."""
    try:
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/integrations/github")
    except ApiError as error:
        if error.status != 404:
            raise


@pytest.mark.sized
async def test_of_runs_that_had_ended_before_the_installation_none_is_reported(stage: Stage, namespace: str) -> None:
    count = sized(60, 300)
    await uninstalled(stage)
    await play(stage, namespace, range(count), ended=timedelta(minutes=5), also="slack")
    async with stage.controller() as controller:

        async def counted() -> bool:
            metrics = await controller.metrics()
            name = 'tekton_integrations_skipped_runs_total{integration="github",reason="EndedBeforeInstall"}'
            return metrics.get(name) == count

        await polled(counted)
        # A run that ends now shows that the controller is at work, and comes after the others in the queue.
        await play(stage, namespace, range(count, count + 1))
        await stage.all_reported(namespace, 1)
    assert [check.head_sha for check in stage.github.all_check_runs()] == [sha_of(count)]
    assert len(await stage.told(namespace)) == 1


async def test_runs_that_ended_while_the_controller_was_down_are_all_reported(stage: Stage, namespace: str) -> None:
    async with stage.controller():
        await play(stage, namespace, range(1))
        await stage.all_reported(namespace, 1)
    await play(stage, namespace, range(1, 40))
    async with stage.controller():
        await stage.all_reported(namespace, 40)
    shown = [stage.checks(sha_of(n)) for n in range(40)]
    assert [[check.conclusion for check in checks] for checks in shown] == [["failure"]] * 40


async def test_a_restart_reports_nothing_again(stage: Stage, namespace: str) -> None:
    async with stage.controller():
        await play(stage, namespace, range(20))
        await stage.all_reported(namespace, 20)
    calls = len(stage.calls)
    writes = len(stage.writes(namespace, "integrationstatuses"))
    async with stage.controller():
        await play(stage, namespace, range(20, 21))
        await stage.all_reported(namespace, 21)
    made = [call for call in stage.calls[calls:] if call.path.endswith("/check-runs")]
    assert [call.method for call in made if call.method == "POST"] == ["POST"]
    assert len(stage.writes(namespace, "integrationstatuses")) - writes <= 3
