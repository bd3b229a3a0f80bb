"""The API server takes the objects that the docs tell to apply."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.testbed import TestBed

DOCS = Path(__file__).parents[2] / "docs"
PLURALS = {
    "Provider": "providers",
    "Notification": "notifications",
    "PipelineRun": "pipelineruns",
    "TaskRun": "taskruns",
}


def objects(file: str) -> Iterator[dict[str, Any]]:
    for block in re.findall(r"^```yaml\n(.*?)^```$", (DOCS / file).read_text(), re.MULTILINE | re.DOTALL):
        yield from (each for each in yaml.safe_load_all(block) if each.get("kind") in PLURALS)


@pytest.mark.parametrize("file", ["migration.md", "multi-tenancy.md", "notifications.md"])
async def test_the_api_server_takes_them(bed: TestBed, namespace: str, file: str) -> None:
    found = list(objects(file))
    assert found
    for each in found:
        root = f"/apis/{each['apiVersion']}"
        metadata = each["metadata"] | {"namespace": namespace}
        path = f"{root}/namespaces/{namespace}/{PLURALS[each['kind']]}?dryRun=All&fieldValidation=Strict"
        await bed.request("POST", path, each | {"metadata": metadata})
