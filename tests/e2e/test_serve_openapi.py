"""schemathesis, which knows nothing of us but /openapi.json, finds no answer that isn't described there."""

import asyncio
import base64
import re
import sys
from pathlib import Path

import pytest

from hack.testbed import Kubelet, TestBed
from tests.e2e.handmade import Handmade
from tests.e2e.served import may_read_logs, served

PROGRAM = Path(sys.executable).parent / "schemathesis"
LOGIN = "Basic " + base64.b64encode(b"judge:password").decode()
# Not 400: that is also how a run stands that has not succeeded. The operations with a namespace in their path are asked
# for a run that is there, the others for anything.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404"]

[[operations]]
include-path-regex = "^/namespaces/.*"
parameters = {{ "path.run" = "demo", "path.namespace" = "{namespace}" }}
"""


@pytest.mark.long
async def test_schemathesis_finds_nothing(bed: TestBed, namespace: str, tmp_path: Path) -> None:
    await may_read_logs(bed, namespace)
    config = tmp_path / "schemathesis.toml"
    config.write_text(SETTINGS.format(namespace=namespace))
    login = {"insecure": False, "username": "judge", "password": "password", "namespace": namespace}
    # Waiting would take most of the time.
    async with Kubelet.started(bed, "serve-openapi") as kubelet, served(bed, **login, longest_wait=0, wait=0) as url:
        run = Handmade(bed, kubelet, namespace, "demo")
        await run.create()
        await run.finish()
        options = ["--seed=1", "--max-examples=10", "--checks=all", f"--header=Authorization: {LOGIN}", "--no-color"]
        command = [str(PROGRAM), f"--config-file={config}", "run", f"{url}/openapi.json", *options]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said
    assert "Tested: 5" in said
    # What was asked about the run that is there did find it.
    assert not re.search("^  - GET /namespaces", said, re.MULTILINE), said
