"""GitHub's rate limits: how long each answer makes us wait, and that nothing is sent before.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from email.utils import formatdate

import pytest
from aiohttp import web
from tekton_integrations_github.api import Api

from integrations.github.tests.helpers import SHA, Stage, stage
from tekton_integrations import PermanentError, Throttled
from tests.fakes.github import Fault, PrimaryLimit, SecondaryLimit, TooManyRequests
from tests.loopback import serving

STATUSES = f"/repos/acme/api/statuses/{SHA}"
REFUSALS = [
    pytest.param(TooManyRequests(retry_after=30), 30, id="429 with a hint"),
    pytest.param(TooManyRequests(), 60, id="429 without"),
    pytest.param(SecondaryLimit(retry_after=90), 90, id="secondary with a hint"),
    pytest.param(SecondaryLimit(), 60, id="secondary without"),
    pytest.param(PrimaryLimit(reset_after=120), 121, id="primary spent"),
]


@pytest.fixture(autouse=True)
def token(scene: Stage) -> None:
    scene.use_token("ghp_mine")


async def post(scene: Stage, scope: str = "acme", *, final: bool = True) -> None:
    api = Api(scene.context(), scope, final)
    await api.call("POST", STATUSES, {"state": "success"}, token="ghp_mine")


@pytest.mark.parametrize(("fault", "delay"), REFUSALS)
async def test_a_limit_is_a_wait_of_the_length_that_github_asks_for(scene: Stage, fault: Fault, delay: float) -> None:
    scene.github.faults.add("POST", fault)
    with pytest.raises(Throttled) as caught:
        await post(scene)
    assert caught.value.delay == pytest.approx(delay, abs=1)
    assert not caught.value.maybe_sent
    assert scene.statuses == []


@pytest.mark.parametrize(("fault", "delay"), REFUSALS)
async def test_nothing_is_sent_before_the_wait_is_over(scene: Stage, fault: Fault, delay: float) -> None:
    scene.github.faults.add("POST", fault)
    for ahead in (0, delay / 2, delay / 2 - 3):
        scene.github.clock.advance(ahead)
        with pytest.raises(Throttled):
            await post(scene)
    assert scene.sent == 1
    scene.github.clock.advance(5)
    await post(scene)
    assert len(scene.statuses) == 1
    assert scene.github.violations == []


async def test_the_rest_of_the_wait_is_told_to_whoever_asks_meanwhile(scene: Stage) -> None:
    scene.github.faults.add("POST", TooManyRequests(retry_after=30))
    with pytest.raises(Throttled):
        await post(scene)
    scene.github.clock.advance(10)
    with pytest.raises(Throttled) as caught:
        await post(scene)
    assert caught.value.delay == pytest.approx(20, abs=3)


async def test_one_owner_s_wait_is_not_another_s(scene: Stage) -> None:
    scene.github.faults.add("POST", TooManyRequests(retry_after=30))
    with pytest.raises(Throttled):
        await post(scene)
    await post(scene, "other")
    assert len(scene.statuses) == 1


async def test_the_last_call_that_a_limit_allows_is_the_last_for_now(scene: Stage) -> None:
    scene.github.limits.hourly = 2
    await post(scene)
    await post(scene)
    with pytest.raises(Throttled) as caught:
        await post(scene)
    assert caught.value.delay == pytest.approx(3600, abs=5)
    assert scene.sent == 2


async def test_progress_is_held_back_before_results_are(scene: Stage) -> None:
    async def progress() -> None:
        for _ in range(200):
            await post(scene, final=False)

    with pytest.raises(Throttled):
        await progress()
    # Of 900 points 300 are kept for results, and a write costs 5.
    assert 120 <= scene.sent < 150  # the busier this machine, the more are earned meanwhile
    await post(scene, final=True)
    assert scene.github.violations == []


async def test_a_server_without_limits_is_not_paced() -> None:
    async with stage(limits=False) as scene:
        scene.use_token("ghp_mine")
        for _ in range(200):
            await post(scene, final=False)
        assert len(scene.statuses) == 200


async def test_a_refusal_for_want_of_a_permission_is_no_limit(scene: Stage) -> None:
    scene.github.add_token("ghp_mine", permissions=["contents:read"])
    with pytest.raises(PermanentError):
        await post(scene)
    scene.github.add_token("ghp_mine")
    await post(scene)
    assert len(scene.statuses) == 1


@pytest.mark.parametrize(("hint", "delay"), [("0", 1), ("-5", 1), ("soon", 60), ("1e99", 86400), ("nan", 1)])
async def test_a_strange_hint_becomes_a_sensible_wait(scene: Stage, hint: str, delay: float) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.json_response({}, status=429, headers={"Retry-After": hint})

    async with serving(refuse) as url:
        scene.use(endpoint=url)
        with pytest.raises(Throttled) as caught:
            await post(scene)
    assert caught.value.delay == delay


@pytest.mark.parametrize(("reset", "delay"), [("", 60), ("later", 60), ("0", 1), ("99999999999", 86400)])
async def test_a_strange_reset_becomes_a_sensible_wait(scene: Stage, reset: str, delay: float) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        return web.json_response({"message": "API rate limit exceeded"}, status=403, headers=headers)

    async with serving(refuse) as url:
        scene.use(endpoint=url)
        with pytest.raises(Throttled) as caught:
            await post(scene)
    assert caught.value.delay == delay


@pytest.mark.parametrize("behind", [3600, -3600])
async def test_the_reset_is_understood_by_github_s_clock(scene: Stage, behind: int) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        theirs = time.time() - behind
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(theirs) + 60)}
        headers["Date"] = formatdate(theirs, usegmt=True)
        return web.json_response({"message": "API rate limit exceeded"}, status=403, headers=headers)

    async with serving(refuse) as url:
        scene.use(endpoint=url)
        with pytest.raises(Throttled) as caught:
            await post(scene)
    assert caught.value.delay == pytest.approx(60, abs=2)
