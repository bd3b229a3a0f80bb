"""What each answer of GitHub means; what its rate limits mean is in test_api_limits.py."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tekton_integrations_github.needs import CHECKS, COMMENTS, STATUSES

from integrations.github.tests.calling import CHECK, SHA, Caller, Check, CheckPage, calling, whole
from tekton_integrations import PermanentError, TemporaryError
from tests.fakes.github import CutAfterWrite, CutBeforeWrite, Fault, Hang, NotFound, Refusal, ServerError
from tests.loopback import serving

WRITE = "POST .*/check-runs"


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


async def test_an_answer_is_decoded(caller: Caller) -> None:
    made = await caller.calls().call("POST", "/check-runs", CHECK | {"name": "é"}, need=CHECKS, kind=Check)
    [shown] = caller.github.check_runs("acme/api", SHA)
    assert (made.id, made.name, shown.name) == (shown.id, "é", "é")


async def test_every_request_names_the_version_of_the_api_and_us(caller: Caller) -> None:
    await caller.create()
    assert {call.headers["X-GitHub-Api-Version"] for call in caller.github.requests} == {"2022-11-28"}
    assert {call.headers["User-Agent"] for call in caller.github.requests} == {"tekton-integrations"}


@pytest.mark.parametrize("status", [408, 500, 502, 503])
async def test_a_broken_github_is_asked_again_and_a_write_is_in_doubt(caller: Caller, status: int) -> None:
    caller.github.faults.add("/check-runs$", ServerError(status), times=2)
    with pytest.raises(TemporaryError) as write:
        await caller.create()
    assert (write.value.reason, write.value.delay, write.value.maybe_sent) == ("ServiceUnavailable", None, True)
    with pytest.raises(TemporaryError) as reading:
        await caller.read()
    assert (reading.value.reason, reading.value.maybe_sent) == ("ServiceUnavailable", False)


async def test_a_broken_github_that_says_when_to_come_back_is_obeyed(caller: Caller) -> None:
    caller.github.faults.add(WRITE, ServerError(503, retry_after=30))
    with pytest.raises(TemporaryError) as caught:
        await caller.create()
    assert caught.value.delay == 30


@pytest.mark.parametrize("fault", [CutBeforeWrite(), CutAfterWrite()])
async def test_a_write_whose_connection_was_cut_is_in_doubt(caller: Caller, fault: Fault) -> None:
    caller.github.faults.add(WRITE, fault)
    with pytest.raises(TemporaryError) as caught:
        await caller.create()
    assert (caught.value.reason, caught.value.maybe_sent) == ("ConnectionBroken", True)


async def test_a_write_without_an_answer_in_time_is_in_doubt(caller: Caller) -> None:
    await caller.calls().ready(CHECKS)
    caller.timeout = 1.0
    rule = caller.github.faults.add(WRITE, Hang())
    with pytest.raises(TemporaryError) as caught:
        await caller.create()
    rule.release()
    assert (caught.value.reason, caught.value.maybe_sent) == ("TimedOut", True)


async def test_a_repository_that_is_not_there_or_not_ours_to_see_is_told(caller: Caller) -> None:
    caller.use_token()
    with pytest.raises(PermanentError, match="check owner and repo") as caught:
        await caller.report("acme/unknown")
    assert caught.value.reason == "NotVisible"


@pytest.mark.parametrize("as_app", [True, False])
@pytest.mark.parametrize(
    ("path", "reason", "words"),
    [
        ("/check-runs/99", "NotFound", "the check run 99 of acme/api is not there any more"),
        ("/deployments/99/statuses", "NotFound", "the deployment 99 of acme/api is not there any more"),
        ("/issues/comments/99", "NotFound", "the comment 99 of acme/api is not there any more"),
        ("/pulls/99", "NotFound", "acme/api has no pull request 99"),
        ("/deployments", "NotFound", "GitHub has nothing at /deployments of acme/api"),
        ("/issues/99/comments", "NotFound", "acme/api has no pull request 99"),
        (f"/commits/{'b' * 40}/check-runs", "UnknownCommit", "check sha"),
    ],
)
async def test_what_is_missing_in_a_repository_is_told_from_a_repository_that_is(
    caller: Caller, path: str, reason: str, words: str, as_app: bool
) -> None:
    if not as_app:
        caller.use_token()
    caller.github.faults.add(f"{path}$", NotFound())
    with pytest.raises(PermanentError, match=words) as caught:
        await caller.calls().call("GET", path, need=COMMENTS, kind=object)
    assert caught.value.reason == reason


async def test_a_missing_thing_does_not_cost_further_lookups_each_time(caller: Caller) -> None:
    await caller.create()
    caller.github.clock.advance(120)
    for _ in range(10):
        with pytest.raises(PermanentError):
            await caller.calls().call("GET", "/check-runs/99", need=CHECKS, kind=object)
    assert len(caller.sent) <= 3 + 10 + 3  # the name was looked up once more


async def test_a_commit_that_github_does_not_know_any_more_is_told(caller: Caller) -> None:
    await caller.create()
    caller.github.remove_commit("acme/api", SHA)
    with pytest.raises(PermanentError, match="check sha") as caught:
        await caller.create()
    assert caught.value.reason == "UnknownCommit"


async def test_a_name_with_a_thousand_statuses_takes_no_more(caller: Caller) -> None:
    caller.use_token()
    await caller.report()
    [status] = caller.github.statuses("acme/api", SHA)
    caller.github.world.named("acme/api").commits[SHA].statuses.extend([status] * 999)
    with pytest.raises(PermanentError, match="use another name") as caught:
        await caller.report()
    assert caught.value.reason == "TooManyStatuses"


async def test_all_pages_are_read_or_those_that_are_wanted(caller: Caller) -> None:
    for _ in range(5):
        await caller.create()
    path = f"/commits/{SHA}/check-runs?filter=all&per_page=2"
    pages = await caller.calls().pages(path, need=CHECKS, kind=CheckPage, pick=whole)
    assert [len(page.check_runs) for page in pages] == [2, 2, 1]
    pages = await caller.calls().pages(path, need=CHECKS, kind=CheckPage, pick=whole, until=lambda page: True)
    assert [len(page.check_runs) for page in pages] == [2]


@pytest.mark.parametrize("path", ["/repos/acme/api/statuses?page=2", "/repositories/7/statuses", "/x", ""])
async def test_a_next_page_elsewhere_does_not_get_the_token(caller: Caller, path: str) -> None:
    visitors = []

    async def steal(request: web.BaseRequest) -> web.Response:
        visitors.append(request.headers)
        return web.json_response([])

    async def lead_away(_: web.BaseRequest) -> web.Response:
        return web.json_response([], headers={"Link": f'<{thief}{path}>; rel="next"'})

    caller.use_token()
    async with serving(steal) as thief, serving(lead_away) as url:
        caller.use(endpoint=url)
        with pytest.raises(TemporaryError):
            await caller.calls().pages("/statuses", need=STATUSES, kind=list[object], pick=whole)
    assert visitors == []


async def test_the_path_of_an_enterprise_endpoint_is_kept_also_after_a_rename(caller: Caller) -> None:
    caller.use(endpoint=f"{caller.github.url}/api/v3")
    await caller.create()
    caller.github.rename("acme/api", "acme/core")
    await caller.create()
    await caller.read()
    assert caller.shown("acme/core") == 2
    assert {call.api for call in caller.github.requests} == {f"{caller.github.url}/api/v3"}


async def test_the_page_of_a_proxy_is_told_as_such(caller: Caller) -> None:
    page = Refusal(200, "", body="<html><h1>Please log in</h1></html>", content_type="text/html")
    caller.github.faults.add("/check-runs$", page)
    with pytest.raises(TemporaryError, match="it is text/html, as of a proxy or a login page") as caught:
        await caller.create()
    assert (caught.value.reason, caught.value.maybe_sent) == ("UnreadableAnswer", True)
