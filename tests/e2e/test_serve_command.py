"""`tekton-integrations serve` as a process: the listener's variables, what it refuses, and its end."""

import asyncio
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hack.controller import PROGRAM
from hack.testbed import TestBed
from hack.testbed.api import polled
from hack.testbed.process import Child, free_port
from tekton_integrations.web.passwords import Passwords
from tests.e2e.served import ACCOUNT, HOME, MANIFEST, basic


async def run(*arguments: str, answers: str = "", **environment: str) -> tuple[int, str]:
    """The exit code, and what was printed."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        "serve",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    output, error = await process.communicate(answers.encode())
    return process.returncode or 0, (output or error).decode().strip()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "nobody could be told from a stranger"),
        ({"AUTH_USERNAME": "admin", "AUTH_PASSWORD": "admin"}, "admin/admin"),
        ({"AUTH_USERNAME": "ci", "AUTH_PASSWORD": ""}, "belong together"),
    ],
)
async def test_it_does_not_start_where_strangers_would_read(environment: dict[str, str], words: str) -> None:
    code, said = await run(**environment)
    assert code == 1
    assert said.startswith("error: ")
    assert words in said


async def test_it_makes_the_hash_of_a_password_that_is_typed() -> None:
    code, said = await run("--hash-password", answers="secret\nsecret\n")
    assert code == 0
    assert await Passwords().fit(said.splitlines()[-1], "secret")


async def test_the_listeners_variables_count_and_it_ends_in_time_whoever_reads(
    bed: TestBed, namespace: str, tmp_path: Path
) -> None:
    await bed.apply(MANIFEST)
    folder, port = await bed.service_account_directory(HOME, ACCOUNT), free_port()
    login = {"AUTH_USERNAME": "ci", "AUTH_PASSWORD": "secret"}
    environment = {"PORT": str(port), "NAMESPACE": namespace, **login, **bed.service_environment}
    command = [*PROGRAM, "serve", "--host=127.0.0.1", f"--service-account={folder}"]
    child = await Child.started(command, tmp_path / "serve.log", environment)
    url, log = f"http://127.0.0.1:{port}", (tmp_path / "serve.log")
    try:
        async with aiohttp.ClientSession() as session:
            await polled(lambda: _healthy(session, url, child))
            header = {"Authorization": basic("ci", "secret")}
            async with session.get(f"{url}/status/none", headers=header) as answer:
                assert (answer.status, await answer.json()) == (
                    404,
                    {
                        "message": f"There is no PipelineRun or TaskRun none in {namespace}.",
                        "reason": "NotFound",
                        "code": 404,
                    },
                )
            waits = session.get(f"{url}/status/none?wait=60", headers=header)
            async with session.get(f"{url}/logs/none", headers=header) as reader:
                assert await reader.content.readline()
                gate = asyncio.create_task(_code(waits))
                await polled(lambda: _waited_for(bed, namespace))
                await child.stop(grace=8)
                assert await reader.content.read() == b"--- the service ends here, not the run; ask again\n"
                assert await gate == 503
    finally:
        await child.kill()
    assert await child.wait() == 0
    assert "secret" not in log.read_text()
    assert "Traceback" not in log.read_text()


async def _code(request: Any) -> int:
    async with request as answer:
        return int(answer.status)


async def _waited_for(bed: TestBed, namespace: str) -> bool:
    """By two requests, the run of this name was looked for in vain."""
    found = bed.audit(user=f"system:serviceaccount:{HOME}:{ACCOUNT}", verbs=("get",), resource="taskruns")
    return [each["objectRef"]["namespace"] for each in found].count(namespace) >= 3


async def test_the_deployment_starts_with_its_flags_and_lets_tokens_in(bed: TestBed, tmp_path: Path) -> None:
    [deployment] = [each for each in await bed.apply(MANIFEST) if each["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    folder, port = await bed.service_account_directory(HOME, ACCOUNT), free_port()
    arguments = [each.replace("/etc/tekton-integrations/users", str(tmp_path)) for each in container["args"]]
    own = [f"--port={port}", "--host=127.0.0.1", f"--service-account={folder}"]
    command = [*PROGRAM, *arguments, *own]
    child = await Child.started(command, tmp_path / ".serve.log", bed.service_environment)
    url, header = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {await bed.token(HOME, ACCOUNT)}"}
    try:
        async with aiohttp.ClientSession() as session:
            await polled(lambda: _healthy(session, url, child))
            for headers, code in (({}, 401), (header, 404)):
                async with session.get(f"{url}/status/none", headers=headers) as answer:
                    assert answer.status == code
    finally:
        await child.stop()


async def _healthy(session: aiohttp.ClientSession, url: str, child: Child) -> bool:
    child.check()
    try:
        async with session.get(f"{url}/health") as answer:
            return bool(await answer.json() == {"status": 1})
    except aiohttp.ClientError:
        return False
