"""Whatever a service answers, a report ends with a result, or with an error that says in a line what to do; no Secret
is told, and the next good answer is taken for what it is."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import Result, State, clean, reasons
from tekton_integrations.errors import IntegrationError, TemporaryError
from tekton_integrations.http import Response
from tekton_integrations.testing.casting import Cast, Played, shown
from tekton_integrations.testing.values import make_run
from tekton_integrations.testing.wire import Answer, Call
from tests.calm import quickly_awaited
from tests.fuzz.runs import INSTALLED, INTEGRATIONS, encoded
from tests.fuzz.shapes import ANYTHING, FUZZ, LONGEST, NUMBERS, WORDS, fields

ASKED = {
    "github": {"owner": "acme", "repo": "api", "sha": "3f786850e387550fdab836ed7e6dc881de23001b"},
    "slack": {"channel": "builds", "url": "https://tektoncd.slack.com"},
    "webhook": {"url": "https://hooks.example.com/a"},
    "cloudevent": {"target": "https://hooks.example.com/a"},
}
KINDS = [(name, kind.name) for name in INSTALLED for kind in INTEGRATIONS[name].provider_types]
STATUSES = st.one_of(
    st.sampled_from([200, 201, 202, 204, 301, 302, 307, 400, 401, 403, 404, 409, 410, 415, 422, 429, 500, 502, 503]),
    st.integers(200, 599),
)
_NUMBER = st.one_of(NUMBERS.map(str), st.sampled_from(["0", "-1", "1e400", "9" * 4400, "\u0663", " 7 ", "soon", ""]))
_DATE = st.sampled_from(["Mon, 01 Jan 0001 00:00:00 -0000", "Sat, 21 Nov 2026 09:00:00 GMT", "soon", "9" * 50])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "retry-after": st.one_of(_NUMBER, _DATE),
        "x-ratelimit-remaining": _NUMBER,
        "x-ratelimit-limit": _NUMBER,
        "x-ratelimit-reset": _NUMBER,
        "date": _DATE,
        "location": st.sampled_from(["https://evil.example/", "/elsewhere", "//x", "http://[", ""]),
        "link": st.sampled_from(['<https://evil.example/>; rel="next"', "<", '<>; rel="next"']),
        "content-type": st.sampled_from(["application/json", "text/html", "", "x" * 500]),
        "x-oauth-scopes": WORDS,
        "x-accepted-oauth-scopes": WORDS,
    },
)
# Stands for the credential, which a service may repeat.
_SECRET = "@SECRET@"
# What services say, each field of any kind.
_SAID = fields(
    ok=st.booleans(),
    error=st.one_of(st.sampled_from(["ratelimited", "invalid_auth", "channel_not_found", "msg_too_long"]), WORDS),
    channel=st.one_of(st.just("C00000001"), fields(id=WORDS, name=WORDS, is_ext_shared=st.booleans())),
    ts=st.sampled_from(["1800000000.000001", "x", ""]),
    url=WORDS,
    id=NUMBERS,
    token=WORDS,
    expires_at=st.sampled_from(["2030-01-01T00:00:00Z", "soon"]),
    check_runs=st.lists(fields(id=NUMBERS, external_id=WORDS, status=WORDS), max_size=3),
    message=st.one_of(WORDS, st.just("m" * 100_000), st.just(_SECRET)),
    errors=ANYTHING,
    channels=st.lists(fields(id=WORDS, name=WORDS), max_size=2),
    response_metadata=fields(next_cursor=WORDS, messages=st.lists(WORDS, max_size=2)),
)
BODIES = st.one_of(
    _SAID.map(encoded),
    ANYTHING.map(encoded),
    st.binary(max_size=60),
    st.sampled_from([b"", b"[" * 100_000, b'{"ok": true', b'{"id": 1e999}', b"ok", b"no_service", b"\xff" * 200_000]),
)
ANSWERS = st.lists(st.one_of(st.builds(Response, STATUSES, HEADERS, BODIES), st.none()), min_size=1, max_size=5)


@pytest.fixture(scope="module")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@dataclass
class Odd:
    """Answers in turn, and then always as the last; None is a connection that breaks."""

    answers: list[Response | None]
    secret: str
    asked: int = 0

    def __call__(self, _: Call) -> Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer is None:
            raise TemporaryError("ConnectionBroken", "the connection broke", maybe_sent=True, down=True)
        return Response(answer.status, answer.headers, answer.body.replace(_SECRET.encode(), self.secret.encode()))


@dataclass
class Scene:
    """A stage that is made once, as its credential takes long to make up, and then begun anew."""

    stage: Played
    well: Answer

    @property
    def secret(self) -> str:
        """One, or of a key its longest line."""
        lines = [line for value in self.stage.credential.secrets.values() for line in value.decode().splitlines()]
        return max(lines, key=len, default="none-in-a-line")

    def begin(self, answer: Answer) -> Played:
        stage = self.stage
        stage.integration, stage.wire.answer = type(stage.integration)(), answer
        stage.memory, stage.reached, stage.delivered = {}, "", 0
        stage.quotas.clear()
        stage.calls.clear()
        return stage


@pytest.fixture(scope="module", params=KINDS, ids=lambda pair: pair[1])
async def scene(session: aiohttp.ClientSession, request: pytest.FixtureRequest) -> Scene:
    name, kind = request.param
    chosen = next(each for each in INTEGRATIONS[name].provider_types if each.name == kind)
    stage = Cast(made=type(INTEGRATIONS[name]), kind=chosen, asked=ASKED[name], session=session).stage()
    return Scene(stage, stage.wire.answer)


@FUZZ
@given(answers=ANSWERS)
async def test_no_answer_breaks_a_report(scene: Scene, answers: list[Response | None]) -> None:
    async def reported() -> None:
        odd = Odd(answers, scene.secret)
        stage = scene.begin(odd)
        for state in (State.RUNNING, State.FAILED):
            found = await shown(stage, make_run(state))
            judge(found, stage.integration.name)
            assert scene.secret not in repr(found)
            judge_memory(stage.memory)
        assert odd.asked < 600  # lists of pages end somewhere

    await quickly_awaited(reported, LONGEST)
    # The service is well again.
    healed = await shown(scene.begin(scene.well), make_run(State.SUCCEEDED))
    assert isinstance(healed, Result), healed


def judge(found: Result | Exception, name: str) -> None:
    if isinstance(found, IntegrationError):
        assert found.reason in reasons.of(name)
        assert found.message == clean(found.message, 700)
    elif isinstance(found, Exception):
        raise found
    else:
        assert found.summary == clean(found.summary, 700)


def judge_memory(memory: Mapping[str, str]) -> None:
    """It is stored in a record, among much else."""
    assert all(isinstance(part, str) for pair in memory.items() for part in pair)
    assert len(msgspec.json.encode(memory)) < 4096
