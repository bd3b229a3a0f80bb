"""The job of docs/gitlab, run by a real shell with a real curl: it asks for a run 3 s before there is one."""

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import web

from hack.testbed import Kubelet, TestBed
from tests.e2e.handmade import Handmade
from tests.e2e.served import may_read_logs, served
from tests.loopback import serving

SCRIPT = Path(__file__).parents[2] / "docs" / "gitlab" / "tekton.sh"
PASSWORD = 'with "quotes" and \\ and $'


async def job(trigger: str, url: str, *, password: str = PASSWORD) -> asyncio.subprocess.Process:
    environment = {
        "PATH": os.environ["PATH"],
        "SERVICE": "api",
        "TRIGGER_URL": trigger,
        "SERVE_URL": url,
        "AUTH_USERNAME": "gitlab",
        "AUTH_PASSWORD": password,
    }
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec("sh", str(SCRIPT), stdout=pipe, stderr=pipe, env=environment)


@pytest.mark.parametrize(("outcome", "code"), [("True", 0), ("False", 22)])
async def test_the_job_shows_the_log_and_ends_as_the_run_does(
    bed: TestBed, kubelet: Kubelet, namespace: str, outcome: str, code: int
) -> None:
    await may_read_logs(bed, namespace)
    events: asyncio.Queue[str] = asyncio.Queue()

    async def trigger(request: web.BaseRequest) -> web.Response:
        events.put_nowait((await request.json())["event_id"])
        return web.Response(status=202)

    login = {"insecure": False, "username": "gitlab", "password": PASSWORD, "namespace": namespace}
    async with serving(trigger) as trigger_url, served(bed, **login) as url:
        process = await job(trigger_url, url)
        assert process.stdout
        assert process.stderr
        run = Handmade(bed, kubelet, namespace, f"api-run-{await events.get()}")
        assert await process.stdout.readline() == f"Tekton: {run.name}\n".encode()
        assert b"which is not there yet" in await process.stdout.readline()
        await asyncio.sleep(3)  # what the test is about
        await run.create()
        await run.task("deploy")
        run.write("deploy", "rolled out")
        assert await process.stdout.readline() == b"[deploy : run] rolled out\n"
        await run.end("deploy", outcome)
        await run.finish(outcome)
        rest = (await process.stdout.read()).decode()
        assert f'"status": "{outcome}"' in rest.splitlines()[-1]
        assert await process.wait() == code, (await process.stderr.read()).decode()


async def test_a_job_that_may_not_read_fails(bed: TestBed, namespace: str) -> None:
    async def trigger(_: web.BaseRequest) -> web.Response:
        return web.Response(status=202)

    login = {"insecure": False, "username": "gitlab", "password": PASSWORD, "namespace": namespace}
    async with serving(trigger) as trigger_url, served(bed, **login) as url:
        process = await job(trigger_url, url, password="another")
        output, _ = await process.communicate()
        assert process.returncode == 22
        assert b'"reason": "Unauthorized"' in output
