"""What Flux needs of whatever it deploys: server-side apply, and names that are written. What a bridge would do besides
stands in docs/deviations.md.
"""

import yaml

from tests.conftest import MANIFESTS
from tests.e2e.stage import run_path
from tests.mission.world import World

OBJECTS = [
    (file, found)
    for file in sorted(MANIFESTS.parent.rglob("*.yaml"))
    if file.name != "kustomization.yaml" and "templates" not in file.parts  # of the chart, which reads the others
    for found in yaml.safe_load_all(file.read_text())
    if isinstance(found, dict) and "metadata" in found
]


def test_all_that_is_installed_has_a_name_and_none_is_generated() -> None:
    assert len(OBJECTS) > 10
    assert [file for file, found in OBJECTS if not found["metadata"].get("name")] == []
    assert [file for file, found in OBJECTS if "generateName" in found["metadata"]] == []


async def test_a_run_that_flux_applied_is_shown(world: World, namespace: str) -> None:
    """With a Pipeline from elsewhere: so it counts who wrote the annotations."""
    sha = "3" * 40
    annotations = {"owner": "acme", "repo": "api", "sha": sha}
    run = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "name": "build-3333333",
            "annotations": {f"github.integrations.tekton.dev/{key}": value for key, value in annotations.items()},
        },
        "spec": {"pipelineRef": {"resolver": "cluster", "params": [{"name": "name", "value": "build"}]}},
    }
    path = run_path(namespace, "build-3333333")
    applied = f"{path}?fieldManager=kustomize-controller&force=true"
    await world.bed.api.patch(applied, run, "apply")
    await world.end(path)
    await world.stage.reported(namespace)
    await world.bed.api.patch(applied, run, "apply")  # as Flux does again and again
    assert [(check.name, check.conclusion) for check in world.stage.checks(sha)] == [("Tekton / build", "success")]
