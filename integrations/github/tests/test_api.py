"""What each answer of GitHub means; what its rate limits mean is in test_api_limits.py."""

from dataclasses import replace

import pytest
from aiohttp import web
from tekton_integrations_github.api import Api, Unauthorized

from integrations.github.tests.helpers import SHA, Stage
from tekton_integrations import PermanentError, TemporaryError
from tests.fakes.github import (
    CutAfterWrite,
    CutBeforeWrite,
    Fault,
    Hang,
    NotFound,
    Redirect,
    ServerError,
    Status,
)
from tests.fakes.github import Unauthorized as UnauthorizedFault
from tests.loopback import serving

READ = "/repos/acme/api"
STATUSES = f"/repos/acme/api/statuses/{SHA}"
CHECKS = f"/repos/acme/api/commits/{SHA}/check-runs?per_page=100&filter=all"


@pytest.fixture(autouse=True)
def token(scene: Stage) -> str:
    scene.use_token("ghp_mine")
    return "ghp_mine"


def api(scene: Stage) -> Api:
    return Api(scene.context(), "acme")


async def post(scene: Stage, **body: str) -> object:
    return await api(scene).call("POST", STATUSES, {"state": "success", "context": "build"} | body, token="ghp_mine")


async def read(scene: Stage, path: str = READ) -> object:
    return await api(scene).call("GET", path, token="ghp_mine")


async def test_an_answer_is_decoded(scene: Stage) -> None:
    answer = await post(scene, context="é", description="ok")
    assert isinstance(answer, dict)
    assert (answer["context"], scene.statuses[0].context) == ("é", "é")


async def test_every_request_names_the_version_of_the_api(scene: Stage) -> None:
    await read(scene)
    assert scene.github.requests[-1].headers["X-GitHub-Api-Version"] == "2022-11-28"


async def test_a_token_that_is_not_accepted_is_its_own_error(scene: Stage) -> None:
    with pytest.raises(Unauthorized, match="Bad credentials"):
        await api(scene).call("GET", READ, token="ghp_other")
    scene.github.faults.add("GET", UnauthorizedFault())
    with pytest.raises(Unauthorized):
        await read(scene)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_github_is_asked_again_and_a_write_is_in_doubt(scene: Stage, status: int) -> None:
    scene.github.faults.add(".", ServerError(status), times=2)
    with pytest.raises(TemporaryError) as write:
        await post(scene)
    assert (write.value.reason, write.value.delay, write.value.maybe_sent) == ("ServiceUnavailable", None, True)
    with pytest.raises(TemporaryError) as reading:
        await read(scene)
    assert (reading.value.reason, reading.value.maybe_sent) == ("ServiceUnavailable", False)


async def test_a_broken_github_that_says_when_to_come_back_is_obeyed(scene: Stage) -> None:
    scene.github.faults.add("POST", ServerError(503, retry_after=30))
    with pytest.raises(TemporaryError) as caught:
        await post(scene)
    assert caught.value.delay == 30


@pytest.mark.parametrize("fault", [CutBeforeWrite(), CutAfterWrite()])
async def test_a_write_whose_connection_was_cut_is_in_doubt(scene: Stage, fault: Fault) -> None:
    scene.github.faults.add("POST", fault)
    with pytest.raises(TemporaryError) as caught:
        await post(scene)
    assert (caught.value.reason, caught.value.maybe_sent) == ("ConnectionBroken", True)


async def test_a_write_without_an_answer_in_time_is_in_doubt(scene: Stage) -> None:
    scene.timeout = 0.2
    rule = scene.github.faults.add("POST", Hang())
    with pytest.raises(TemporaryError) as caught:
        await post(scene)
    rule.release()
    assert (caught.value.reason, caught.value.maybe_sent) == ("TimedOut", True)


async def test_a_repository_that_moved_is_not_followed_and_the_cure_is_told(scene: Stage) -> None:
    scene.github.rename("acme/api", "acme/core")
    for call in (post(scene), read(scene)):
        with pytest.raises(PermanentError, match="set owner and repo to its new name") as caught:
            await call
        assert caught.value.reason == "RepositoryMoved"
    assert scene.sent == 2


async def test_a_redirect_elsewhere_does_not_get_the_token(scene: Stage) -> None:
    scene.github.faults.add("GET", Redirect("http://127.0.0.1:9/steal", status=302))
    with pytest.raises(PermanentError):
        await read(scene)


async def test_a_repository_that_is_not_there_or_not_ours_to_see_is_told(scene: Stage) -> None:
    scene.github.faults.add("POST", NotFound())
    for call in (post(scene), read(scene, "/repos/acme/unknown")):
        with pytest.raises(PermanentError, match="check owner and repo") as caught:
            await call
        assert caught.value.reason == "NotVisible"


async def test_a_commit_that_github_does_not_know_is_told(scene: Stage) -> None:
    with pytest.raises(PermanentError, match="check sha") as caught:
        await api(scene).call("POST", STATUSES.replace(SHA, "b" * 40), {"state": "success"}, token="ghp_mine")
    assert caught.value.reason == "UnknownCommit"


async def test_a_name_with_a_thousand_statuses_takes_no_more(scene: Stage) -> None:
    await post(scene)
    [status] = scene.statuses
    commit = scene.github.world.named("acme/api").commits[SHA]
    commit.statuses.extend([status] * 999)
    with pytest.raises(PermanentError) as caught:
        await post(scene)
    assert (caught.value.reason, "use another name" in caught.value.message) == ("TooManyStatuses", True)


async def test_a_missing_permission_is_told(scene: Stage) -> None:
    scene.github.add_token("ghp_reader", permissions=["contents:read"])
    with pytest.raises(PermanentError, match="`Statuses: write`") as caught:
        await api(scene).call("POST", STATUSES, {"state": "success"}, token="ghp_reader")
    assert caught.value.reason == "Forbidden"


async def test_any_other_refusal_is_quoted_short_and_on_one_line(scene: Stage) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.json_response({"message": "No\x1b[31m\n" + "x" * 5000}, status=409)

    async with serving(refuse) as url:
        scene.use(endpoint=url)
        with pytest.raises(PermanentError) as caught:
            await read(scene)
    assert caught.value.reason == "Refused"
    assert caught.value.message.startswith("GitHub answered 409: No [31m xxx")
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"text"', b'{"message": 7}', b"\xff\xfe"])
async def test_a_refusal_in_no_known_form_is_a_refusal_all_the_same(scene: Stage, body: bytes) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body, status=418)

    async with serving(refuse) as url:
        scene.use(endpoint=url)
        with pytest.raises(PermanentError, match="GitHub answered 418"):
            await read(scene)


async def test_a_write_whose_answer_is_garbled_is_in_doubt(scene: Stage) -> None:
    async def garble(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b'{"id": 47', status=201, content_type="application/json")

    async with serving(garble) as url:
        scene.use(endpoint=url)
        with pytest.raises(TemporaryError) as caught:
            await post(scene)
    assert caught.value.maybe_sent


async def test_all_pages_are_read(scene: Stage) -> None:
    for number in range(203):
        scene.github.world.named("acme/api").commits[SHA].statuses.append(_status(number))
    path = f"/repos/acme/api/commits/{SHA}/statuses?per_page=100"
    pages = await api(scene).pages(path, token="ghp_mine")
    assert [len(page) for page in pages] == [100, 100, 3]
    assert [each["context"] for page in pages for each in page] == [f"c{n}" for n in range(202, -1, -1)]


async def test_a_next_page_elsewhere_does_not_get_the_token(scene: Stage) -> None:
    visitors = []

    async def steal(request: web.BaseRequest) -> web.Response:
        visitors.append(request.headers)
        return web.json_response([])

    async def lead_away(_: web.BaseRequest) -> web.Response:
        return web.json_response([], headers={"Link": f'<{thief}/x>; rel="next"'})

    async with serving(steal) as thief, serving(lead_away) as url:
        scene.use(endpoint=url)
        with pytest.raises(PermanentError) as caught:
            await api(scene).pages("/x", token="ghp_mine")
    assert (caught.value.reason, visitors) == ("EgressRefused", [])


async def test_the_path_of_an_enterprise_endpoint_is_kept(scene: Stage) -> None:
    scene.use(endpoint=f"{scene.github.url}/api/v3")
    await post(scene)
    assert scene.github.requests[-1].api.endswith("/api/v3")


def _status(number: int) -> Status:
    made = Status(
        id=number,
        sha=SHA,
        state="success",
        context="",
        description=None,
        target_url=None,
        creator="ci",
        created_at="2026-11-21T09:00:00Z",
        loop_time=0.0,
    )
    return replace(made, context=f"c{number}")
