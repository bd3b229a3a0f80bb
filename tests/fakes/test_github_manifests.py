"""The look-alike's Apps by manifest: a code is good once and for an hour, and a manifest that GitHub would not take is
refused."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.github import Clock, GitHub
from tests.fakes.github.manifests import LIFE

MANIFEST: dict[str, Any] = {
    "name": "Tekton acme",
    "url": "https://tekton.dev",
    "redirect_url": "http://127.0.0.1:9/back",
    "default_permissions": {"checks": "write"},
}
HEADERS = {"user-agent": "test"}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        yield session


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.started(clock=Clock()) as github:
        yield github


async def confirmed(session: aiohttp.ClientSession, github: GitHub, **changes: Any) -> tuple[int, str]:
    """Status, and where it leads."""
    manifest = {key: value for key, value in (MANIFEST | changes).items() if value is not None}
    url, data = f"{github.url}/organizations/acme/settings/apps/new?state=s", {"manifest": json.dumps(manifest)}
    async with session.post(url, data=data, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def converted(session: aiohttp.ClientSession, github: GitHub, code: str) -> tuple[int, Any]:
    async with session.post(f"{github.url}/app-manifests/{code}/conversions") as answer:
        return answer.status, await answer.json()


async def test_a_code_brings_the_app_and_its_key_once(session: aiohttp.ClientSession, github: GitHub) -> None:
    status, back = await confirmed(session, github)
    assert status == 302
    assert back.startswith("http://127.0.0.1:9/back?code=")
    assert back.endswith("&state=s")
    code = back.partition("code=")[2].partition("&")[0]
    status, made = await converted(session, github, code)
    assert (status, made["name"], made["owner"]["login"]) == (201, "Tekton acme", "acme")
    assert made["pem"] == github.world.apps[made["id"]].private_key_pem
    assert (await converted(session, github, code))[0] == 404


async def test_a_code_is_good_for_an_hour(session: aiohttp.ClientSession, github: GitHub) -> None:
    _, back = await confirmed(session, github)
    github.clock.advance(LIFE)
    assert (await converted(session, github, back.partition("code=")[2].partition("&")[0]))[0] == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"url": None},
        {"redirect_url": None},
        {"name": "x" * 35},
        {"hook_attributes": {"active": False}},
        {"default_permissions": {"checks": "everything"}},
    ],
)
async def test_what_github_would_not_take_is_refused(
    session: aiohttp.ClientSession, github: GitHub, changes: dict[str, Any]
) -> None:
    assert (await confirmed(session, github, **changes))[0] == 422
