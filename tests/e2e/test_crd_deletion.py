"""Our definitions can be deleted under a controller at work, and come back: nothing hangs, nothing is doubled."""

from pathlib import Path

import pytest

from hack.testbed import TEKTON_CRDS, TestBed
from tests.e2e.stage import Stage

MANIFESTS = Path(__file__).parents[2] / "manifests"
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/integrationstatuses.integrations.tekton.dev"


@pytest.mark.long
async def test_the_definition_of_records_goes_at_once_and_may_come_back(tmp_path: Path) -> None:
    async with (
        TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS, MANIFESTS / "base"]) as bed,
        Stage.set(bed, tmp_path) as stage,
        stage.controller() as controller,
    ):
        run = await stage.player.start("success", namespace="default")
        await run.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
        await stage.until_record("default", lambda r: r["status"].get("observedState") == "Running")
        await bed.request("DELETE", DEFINITION)
        await stage.gone(DEFINITION, 20)
        controller.child.check()
        await run.to_end()
        await bed.apply(MANIFESTS / "crds")
        await stage.reported("default", seconds=60)
        [check] = stage.checks()
        assert check.conclusion == "success"
