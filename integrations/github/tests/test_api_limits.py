"""GitHub's rate limits: how long each answer makes us wait, and that nothing is sent before.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import AsyncIterator

import pytest
from tekton_integrations_github import limits
from tekton_integrations_github.needs import CHECKS, COMMENTS, DEPLOYMENTS, STATUSES, Need

from integrations.github.tests.calling import CHECK, SHA, Caller, calling
from tekton_integrations import Limits, PermanentError, Quota, TemporaryError, Throttled
from tests.fakes.github import Fault, PrimaryLimit, Refusal, SecondaryLimit, ServerError, TooManyRequests

TOO_QUICK = Refusal(422, "Validation Failed", body={"message": "Validation Failed: was submitted too quickly"})
REFUSALS = [
    pytest.param(TooManyRequests(retry_after=30), 30, id="429 with a hint"),
    pytest.param(TooManyRequests(), 60, id="429 without"),
    pytest.param(SecondaryLimit(retry_after=90), 90, id="secondary with a hint"),
    pytest.param(SecondaryLimit(), 60, id="secondary without"),
    pytest.param(PrimaryLimit(reset_after=120), 121, id="primary spent"),
    pytest.param(Refusal(403, "You have triggered an abuse detection mechanism."), 60, id="abuse"),
    pytest.param(TOO_QUICK, 60, id="submitted too quickly"),
]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        caller.add("globex/api")
        caller.github.add_pull_request("acme/api", 7, SHA)
        yield caller


async def comment(caller: Caller) -> None:
    await caller.calls().call("POST", "/issues/7/comments", {"body": "Hello"}, need=COMMENTS, kind=object)


@pytest.mark.parametrize(("fault", "delay"), REFUSALS)
async def test_a_limit_is_a_wait_of_the_length_that_github_asks_for(caller: Caller, fault: Fault, delay: float) -> None:
    caller.github.faults.add("POST .*/check-runs", fault)
    with pytest.raises(Throttled) as caught:
        await caller.report()
    assert caught.value.delay == pytest.approx(delay, abs=9)
    assert caught.value.at is not None
    assert not caught.value.maybe_sent
    assert caller.shown("acme/api") == 0


@pytest.mark.parametrize(("fault", "delay"), REFUSALS)
async def test_nothing_is_sent_before_the_wait_is_over(caller: Caller, fault: Fault, delay: float) -> None:
    for need in (CHECKS, COMMENTS):
        await caller.calls().ready(need)
    caller.github.faults.add("POST .*/check-runs", fault)
    with pytest.raises(Throttled):
        await caller.report()
    sent = len(caller.sent)
    for ahead in (0, delay / 2, delay / 2 - 3):
        caller.github.clock.advance(ahead)
        for call in (caller.report(), caller.calls().ready(CHECKS), comment(caller), caller.calls().ready(COMMENTS)):
            with pytest.raises(Throttled):
                await call
    assert len(caller.sent) == sent
    caller.github.clock.advance(5)
    await caller.report()
    assert caller.shown("acme/api") == 1
    assert caller.github.violations == []


async def test_a_limit_without_a_hint_that_comes_again_and_again_is_waited_for_longer_each_time(caller: Caller) -> None:
    caller.github.faults.add("POST .*/check-runs", SecondaryLimit(), times=3)
    waits = []
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await caller.report()
        waits.append(round(caught.value.delay or 0))
        caller.github.clock.advance((caught.value.delay or 0) + 1)
    assert waits == [60, 120, 240]


async def test_an_outage_that_says_how_long_it_lasts_is_waited_out_by_all(caller: Caller) -> None:
    caller.github.faults.add("POST .*/check-runs", ServerError(503, retry_after=30))
    with pytest.raises(TemporaryError):
        await caller.report()
    with pytest.raises(Throttled) as caught:
        await caller.read()
    assert caught.value.delay == pytest.approx(30, abs=9)


async def test_one_account_s_wait_is_not_another_s(caller: Caller) -> None:
    caller.github.faults.add("POST .*/check-runs", TooManyRequests(retry_after=30))
    with pytest.raises(Throttled):
        await caller.report()
    await caller.report("globex/api")
    assert caller.shown("globex/api") == 1


async def test_a_person_s_wait_is_the_same_for_all_owners(caller: Caller) -> None:
    caller.use_token()
    caller.github.faults.add("POST .*/statuses", TooManyRequests(retry_after=30))
    for repository in ("acme/api", "globex/api"):
        with pytest.raises(Throttled):
            await caller.report(repository)
    assert len(caller.sent) == 1


async def test_the_last_call_that_a_limit_allows_is_the_last_for_now(caller: Caller) -> None:
    caller.use_token()
    caller.github.limits.hourly = 2
    await caller.report()
    await caller.report()
    with pytest.raises(Throttled) as caught:
        await caller.report()
    assert caught.value.delay == pytest.approx(3600, abs=60)
    assert len(caller.sent) == 2


async def test_progress_is_held_back_before_results_are(caller: Caller) -> None:
    async def progress() -> None:
        for _ in range(200):
            await caller.create(final=False)

    with pytest.raises(Throttled):
        await progress()
    # Of 300 points 100 are kept for results, and a write costs 5.
    assert 40 <= caller.shown("acme/api") < 70  # the busier this machine, the more are earned meanwhile
    await caller.create(final=True)
    assert caller.github.violations == []


@pytest.mark.parametrize("need", [CHECKS, COMMENTS, DEPLOYMENTS, STATUSES])
async def test_what_would_have_to_wait_is_known_before_it_is_announced(caller: Caller, need: Need) -> None:
    async def post() -> None:
        for _ in range(80):
            await caller.calls().ready(need)
            path = need.makes.replace("issues/*", "issues/7").replace("*", SHA)
            body = CHECK | {"body": "Hello", "state": "success", "ref": SHA, "required_contexts": []}
            await caller.calls().call("POST", path, body, need=need, kind=object)

    with pytest.raises(Throttled):
        await post()
    sent = len(caller.sent)
    with pytest.raises(Throttled):
        await caller.calls().ready(need)
    assert (len(caller.sent), caller.github.violations) == (sent, [])


async def test_a_server_without_limits_is_not_paced() -> None:
    async with calling(limits=False) as caller:
        for _ in range(200):
            await caller.create(final=False)
        assert caller.shown("acme/api") == 200


async def test_comments_stay_below_their_limit_while_checks_go_on(caller: Caller) -> None:
    async def talk() -> None:
        for _ in range(100):
            await comment(caller)

    with pytest.raises(Throttled, match="kept below"):
        await talk()
    assert 20 <= len(caller.github.comments("acme/api", 7)) < 40
    await caller.report()
    assert caller.github.violations == []


async def test_a_refused_comment_stops_checks_for_so_long_and_slows_down_comments_only(caller: Caller) -> None:
    await caller.report()
    caller.github.faults.add("POST .*/comments", SecondaryLimit(retry_after=30))
    with pytest.raises(Throttled):
        await comment(caller)
    with pytest.raises(Throttled):
        await caller.report()
    caller.github.clock.advance(31)
    for _ in range(2):
        await caller.report()
    await comment(caller)
    with pytest.raises(Throttled):
        await comment(caller)
    assert caller.github.violations == []


async def test_a_refusal_for_want_of_a_permission_is_no_limit(caller: Caller) -> None:
    caller.use_token()
    caller.github.add_token("ghp_mine", permissions=["contents:read"])
    with pytest.raises(PermanentError):
        await caller.report()
    caller.github.add_token("ghp_mine")
    await caller.report()
    assert caller.shown("acme/api") == 1


def test_fewer_tokens_are_asked_for_than_github_gives_an_app_in_an_hour() -> None:
    now = 0.0
    kept: dict[str, Quota] = {}

    def quota(scope: str, given: Limits) -> Quota:
        return kept.setdefault(scope, Quota(given, lambda: now, lambda: now))

    taken: list[float] = []
    for _ in range(3 * 3600):
        now += 1.0
        for _ in range(3):
            try:
                limits.app_budget(quota, tokens=True).take("POST", "/app/installations/1/access_tokens", final=True)
            except Throttled:
                break
            taken.append(now)
    most = max(sum(at <= each < at + 3600 for each in taken) for at in range(0, 2 * 3600, 60))
    assert 1500 < most <= 2000
