"""Who can read a repository: only the private ones are for their members alone."""

import json
from collections.abc import AsyncIterator

import pytest

from integrations.github.tests.calling import Caller, calling
from tests.fakes.github import Refusal

CASES = [
    ({"private": True, "visibility": "private"}, False),
    ({"private": True, "visibility": "internal"}, True),
    ({"private": False, "visibility": "public"}, True),
    ({"private": True}, False),
    ({"private": True, "visibility": None}, False),
    ({"private": False}, True),
    ({}, True),
]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


def told(said: dict[str, object]) -> dict[str, object]:
    return {"id": 7, "full_name": "acme/api"} | said


@pytest.mark.parametrize(("said", "public"), CASES)
async def test_only_a_private_repository_is_private(caller: Caller, said: dict[str, object], public: bool) -> None:
    caller.use_token()
    caller.github.faults.add("^GET /repos/acme/api$", Refusal(200, "", body=json.dumps(told(said))))
    assert await caller.calls().public() == public


@pytest.mark.parametrize(("said", "public"), CASES)
async def test_what_comes_with_a_token_is_read_in_the_same_way(
    caller: Caller, said: dict[str, object], public: bool
) -> None:
    token = {"token": "ghs_x", "expires_at": "2100-01-01T00:00:00Z", "repositories": [told(said)]}
    caller.github.faults.add("access_tokens$", Refusal(201, "", body=json.dumps(token)))
    assert await caller.calls().public() == public
