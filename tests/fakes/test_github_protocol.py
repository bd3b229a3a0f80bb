"""What holds for every request to the look-alike: headers, bodies, strange paths, and its own process."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.github_client import LIST, RUNS, SHA, Client, acme, output


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_answers_carry_githubs_headers(client: Client) -> None:
    reply = await client.get("/repos/acme/api")
    assert reply.headers["X-GitHub-Media-Type"] == "github.v3; format=json"
    assert reply.headers["X-GitHub-Request-Id"]
    assert reply.headers["X-RateLimit-Resource"] == "core"


async def test_a_read_that_is_known_is_304(client: Client) -> None:
    tag = (await client.get(LIST)).headers["ETag"]
    assert (await client.get(LIST, headers={"If-None-Match": tag})).status == 304
    await client.create()
    assert (await client.get(LIST, headers={"If-None-Match": tag})).status == 200


async def test_a_request_without_a_user_agent_is_refused(client: Client) -> None:
    reply = await client.get("/repos/acme/api", headers={"User-Agent": ""})
    assert reply.status == 403
    assert "User-Agent" in reply.message


async def test_an_unknown_api_version_is_refused(client: Client) -> None:
    assert (await client.get("/app", headers={"X-GitHub-Api-Version": "2001-01-01"})).status == 400


@pytest.mark.parametrize(
    ("body", "message"), [(b"{", "Problems parsing JSON"), (b"[]", "Body should be a JSON object")]
)
async def test_a_malformed_body_is_a_bad_request(client: Client, body: bytes, message: str) -> None:
    reply = await client.send("POST", RUNS, data=body)
    assert (reply.status, reply.message) == (400, message)


async def test_large_bodies_are_taken(client: Client) -> None:
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "x" * 65_536}
    body = {"name": "build", "head_sha": SHA, "output": output(annotations=[note] * 50)}
    data = io.BytesIO(json.dumps(body).encode())  # aiohttp warns where more than one MiB comes as bytes
    assert (await client.send("POST", RUNS, data=data)).status == 201
    assert len((await client.get("/_lookalike/check-runs")).body[0]["output"]["annotations"]) == 50


async def test_a_client_that_goes_in_mid_request_leaves_nothing(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await _raw(client, f"POST {RUNS}", "Content-Length: 99\r\n", "{")
    writer.transport.abort()
    await client.create()
    assert len(client.github.requests) == 2  # the log-in, and this one
    assert caplog.records == []


@pytest.mark.parametrize(
    "path",
    ["/repos/acme/..", "/repos/../api", "/repos/acme/api%2f..", "/repos/acme%2fapi", "/repos/%2e%2e/api", "/app/x"],
)
async def test_strange_paths_are_not_found(client: Client, path: str) -> None:
    reader, writer = await _raw(client, f"GET {path}")
    assert b" 404 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def _raw(
    client: Client, request: str, headers: str = "", body: str = ""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends the path as it is: aiohttp's client would tidy it up."""
    host, port = client.github.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    credentials = f"Host: x\r\nUser-Agent: t\r\nAuthorization: token {client.credentials}\r\n"
    writer.write(f"{request} HTTP/1.1\r\n{credentials}{headers}\r\n{body}".encode())
    await writer.drain()
    return reader, writer


async def test_a_repository_and_its_commit_can_be_read(client: Client) -> None:
    assert (await client.get("/repos/ACME/Api")).body["full_name"] == "acme/api"
    assert (await client.get(f"/repos/acme/api/commits/{SHA}")).body["sha"] == SHA
    assert (await client.get("/repos/acme/api/commits/main")).body["sha"] == SHA
    assert (await client.get("/repos/acme/api/commits/unknown")).status == 422


async def test_requests_are_logged_and_counted(client: Client) -> None:
    await client.create(name="logged")
    last = client.github.requests[-1]
    assert (last.method, last.path, last.status, last.body["name"]) == ("POST", RUNS, 201, "logged")
    assert client.github.counts["POST /repos/{repo}/check-runs"] == 1


@pytest.fixture
async def process(client: Client, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a look-alike that runs on its own, with the App and the repository of `client`."""
    key, state = tmp_path / "app.pem", tmp_path / "state.json"
    key.write_text(client.app.public_key_pem)
    repository = {"name": "acme/web", "app": 12, "commits": [SHA]}
    state.write_text(json.dumps({"apps": [{"id": 12, "public_key_file": str(key)}], "repositories": [repository]}))
    options = [f"--state={state}", "--repository=acme/api=12", f"--commit=acme/api@{SHA}", "--token=ghp_x"]
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.github", *options, "--no-limits", stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    yield (await started.stdout.readline()).decode().strip()
    started.terminate()
    assert await started.wait() == 0


async def test_it_runs_as_a_process_and_tells_other_processes_all(client: Client, process: str) -> None:
    async def ask(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": "Bearer ghp_x"}
        async with client.session.request(method, f"{process}{path}", json=body, headers=headers) as response:
            return await response.json()

    for name in ("api", "web"):
        await ask("POST", f"/repos/acme/{name}/statuses/{SHA}", {"state": "success"})
    state = await ask("GET", "/_lookalike/state")
    assert [each["repository"] for each in state["statuses"]] == ["acme/web", "acme/api"]
    assert state["counts"] == {"POST /repos/{repo}/statuses/{ref}": 2}
    await ask("POST", "/_lookalike/pull-requests", {"repository": "acme/api", "number": 12, "sha": SHA})
    await ask("POST", "/repos/acme/api/issues/12/comments", {"body": "Hello"})
    deployment = await ask("POST", "/repos/acme/api/deployments", {"ref": SHA})
    await ask("POST", f"/repos/acme/api/deployments/{deployment['id']}/statuses", {"state": "success"})
    state = await ask("GET", "/_lookalike/state")
    assert [(each["number"], each["body"]) for each in state["comments"]] == [(12, "Hello")]
    assert [each["statuses"][0]["state"] for each in state["deployments"]] == ["success"]
    await ask("POST", "/_lookalike/faults", {"match": "^GET", "fault": "CutBeforeWrite", "times": None})
    with pytest.raises(aiohttp.ClientError):
        await ask("GET", "/repos/acme/api")
    assert len(await ask("GET", "/_lookalike/requests")) >= 3
