"""Whatever a server answers, a call ends with an answer of the wanted form, or with an error that says what to do."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tekton_integrations_github.calls import Access
from tekton_integrations_github.needs import CHECKS, STATUSES

from integrations.github.tests.calling import Caller, Check, calling
from integrations.github.tests.helpers import together
from tekton_integrations import PermanentError, TemporaryError, clean
from tests.loopback import serving
from tests.sizes import sized

EXAMPLES = settings(
    max_examples=sized(30, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
STATUS = st.sampled_from(
    [200, 201, 202, 204, 301, 302, 304, 307, 400, 401, 403, 404, 409, 410, 422, 429, 451, 500, 503]
)
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
# Answers that are nearly right: each field may have any type, or be missing.
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
ID = st.one_of(st.integers(0, 10**12), st.integers().map(str), ANYTHING)
NAME = st.one_of(st.sampled_from(["acme/api", "acme/core", "../x", "acme/..", "a b/c"]), ANYTHING)
REPOSITORY = st.fixed_dictionaries({}, optional={"id": ID, "full_name": NAME, "private": st.booleans() | ANYTHING})
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "id": ID,
        "account": st.fixed_dictionaries({}, optional={"login": st.sampled_from(["acme", ""]) | ANYTHING}) | ANYTHING,
        "token": st.sampled_from(["ghs_x", "a\r\nb", ""]) | ANYTHING,
        "expires_at": st.sampled_from(["2030-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "soon"]) | ANYTHING,
        "repositories": st.lists(REPOSITORY, max_size=2) | ANYTHING,
        "full_name": NAME,
        "private": ANYTHING,
        "login": ANYTHING,
        "name": ANYTHING,
        "check_runs": st.lists(REPOSITORY, max_size=2) | ANYTHING,
        "message": ANYTHING,
        "errors": ANYTHING,
    },
)
BODY = st.one_of(
    OBJECT.map(lambda value: json.dumps(value).encode()),
    ANYTHING.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.sampled_from([b"", b"[" * 5000, b'{"message": "\xff"}', b'{"id": 1e999}', b"<html>"]),
)
URL = st.one_of(
    TEXT,
    st.sampled_from(
        ["/repos/acme/core/x", "/repositories/5/x", "/repositories/5", "//evil/repos/a/b", "http://[", "?"]
    ),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Location": URL,
        "Link": URL.map(lambda url: f'<{url}>; rel="next"') | TEXT,
        "Retry-After": TEXT,
        "X-RateLimit-Remaining": TEXT | st.sampled_from(["0", "-1", "9" * 4400]),
        "X-RateLimit-Limit": TEXT,
        "X-RateLimit-Reset": TEXT,
        "Date": TEXT | st.just("Mon, 01 Jan 0001 00:00:00 -0000"),
        "Content-Type": TEXT,
        "X-Accepted-GitHub-Permissions": TEXT,
    },
)


@dataclass
class Server:
    """Answers in turn, over and over."""

    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    asked: int = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        status, body, headers = self.answers[self.asked % len(self.answers)]
        self.asked += 1
        return web.Response(status=status, body=b"" if status in (204, 304) else body, headers=headers)


@pytest.fixture
async def server() -> AsyncIterator[tuple[Caller, Server]]:
    server = Server()
    async with calling() as caller, serving(server.answer) as url:
        caller.use(endpoint=url)
        yield caller, server


@pytest.mark.sized
@pytest.mark.parametrize("as_app", [True, False])
@EXAMPLES
@given(answers=st.lists(st.tuples(STATUS, BODY, HEADERS), min_size=1, max_size=4))
async def test_no_answer_makes_a_call_fail_in_another_way_than_is_told(
    server: tuple[Caller, Server], as_app: bool, answers: list[tuple[int, bytes, dict[str, str]]]
) -> None:
    caller, remote = server
    if not as_app:
        caller.use_token()
    remote.answers, remote.asked = answers, 0
    caller.access, caller.quotas = Access(), {}
    for call in (one, many, public, login):
        for error in await together(call(caller)):
            told(error)
        caller.quotas.clear()
    assert remote.asked < 700  # lists end after 250 pages


def told(error: object) -> None:
    """None for a call that ended well; else an error that people can read."""
    if isinstance(error, PermanentError | TemporaryError):
        assert error.reason
        assert len(error.message) < 500
        assert error.message == clean(error.message, 500)
    elif isinstance(error, BaseException):
        raise error


async def one(caller: Caller) -> None:
    made: Any = await caller.calls().call("POST", "/check-runs", {}, need=CHECKS, kind=Check)
    assert isinstance(made.id, int)


async def many(caller: Caller) -> None:
    for page in await caller.read(need=STATUSES):
        assert all(isinstance(check.id, int) for check in page.check_runs)


async def public(caller: Caller) -> None:
    assert isinstance(await caller.calls().public(), bool)


async def login(caller: Caller) -> None:
    assert isinstance(await caller.calls().login(), str)
