"""Who gets to a page, without any look at the cluster: the API server of these tests answers nobody."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
import structlog.testing
from aiohttp import web
from msgspec.structs import replace
from yarl import URL

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.links import Key, Link, Scope, sign
from tekton_integrations.web.answers import errors
from tekton_integrations.web.links import COOKIE
from tekton_integrations.web.serving import opened
from tekton_integrations.web.settings import SettingsError, WebSettings

KEY = Key("2026-11", b"k" * 40)
NEVER = 4_000_000_000
LINK = Link(
    key=KEY.id,
    expires=NEVER,
    scope=Scope.STATUS,
    kind="PipelineRun",
    namespace="shop",
    name="build-1",
    uid="uid-1",
)
HTML = {"Accept": "text/html"}
CI = {"Authorization": f"Basic {b64encode(b'ci:a good one').decode()}"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    (folder / KEY.id).write_bytes(KEY.secret)
    return folder


@asynccontextmanager
async def serving(**settings: object) -> AsyncIterator[str]:
    async def nobody() -> str:
        return ""

    given = {"host": "127.0.0.1", "port": 0} | settings
    # Nobody listens there: whoever looks anything up gets 503, and not 401 or 403.
    nowhere = ClusterConfig("http://127.0.0.1:9", None, nobody)
    async with KubeClient(nowhere) as client, opened(WebSettings(**given), client) as port:  # type: ignore[arg-type]
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
async def url(keys: Path) -> AsyncIterator[str]:
    async with serving(link_keys=keys, username="ci", password="a good one", namespace="shop") as url:
        yield url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=HTML) as session:
        yield session


async def status(session: aiohttp.ClientSession, url: str | URL, token: str = "", *, known: bool = False) -> int:
    headers = CI if known else {"Cookie": f"{COOKIE}={token}"} if token else {}
    async with session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status


PATHS = ["/runs/shop", "/runs/shop/build-1", "/runs/shop/build-1/events", "/runs/shop/build-1/log", "/", "/runs"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_is_asked_who_it_is_and_learns_nothing(
    url: str, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(url + path) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert "Who are you?" in await answer.text()


@pytest.mark.parametrize("path", ["/runs/office", "/runs/office/x", "/runs/office/x/events", "/runs/office/x/log"])
async def test_who_is_known_gets_no_further_than_to_their_namespaces(
    url: str, session: aiohttp.ClientSession, path: str
) -> None:
    assert await status(session, url + path, known=True) == 403


async def test_who_reads_some_namespaces_finds_them_on_the_first_page(url: str, session: aiohttp.ClientSession) -> None:
    async with session.get(url, headers=CI) as answer:
        assert re.findall(r'href="(/runs/[^"]*)"', await answer.text()) == ["/runs/shop"]


async def test_a_link_becomes_a_cookie_for_the_pages_of_one_run_and_leaves_the_address_bar(
    url: str, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{url}/l/{sign(KEY, LINK)}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/runs/shop/build-1")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        morsel = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert (morsel["path"], morsel["samesite"], morsel["httponly"], morsel["secure"]) == (
        "/runs/shop/build-1",
        "Lax",
        True,
        "",
    )
    assert int(morsel["max-age"]) > 0


async def test_behind_tls_the_cookie_never_goes_without(keys: Path, session: aiohttp.ClientSession) -> None:
    async with serving(link_keys=keys, trusted_proxies=(ip_network("127.0.0.0/8"),)) as url:
        told = {"X-Forwarded-Proto": "https"}
        async with session.get(f"{url}/l/{sign(KEY, LINK)}", headers=told, allow_redirects=False) as answer:
            assert SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]["secure"]


@pytest.mark.parametrize("path", ["/l/{}", "/runs/shop/build-1"])
async def test_a_link_that_has_expired_says_so_and_no_browser_asks_for_a_password(
    url: str, session: aiohttp.ClientSession, path: str
) -> None:
    token = sign(KEY, replace(LINK, expires=1))
    headers = {"Cookie": f"{COOKIE}={token}"}
    async with session.get(url + path.format(token), headers=headers, allow_redirects=False) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Link ")
        assert "This link has expired." in await answer.text()


async def test_a_link_that_nobody_signed_opens_nothing(url: str, session: aiohttp.ClientSession) -> None:
    forged = sign(Key(KEY.id, b"x" * 40), LINK)
    assert await status(session, f"{url}/l/{forged}") == 401
    assert await status(session, f"{url}/runs/shop/build-1", forged) == 401


@pytest.mark.parametrize("path", ["/runs/shop/build-2", "/runs/shop", "/runs/office/build-1", "/", "/status/build-1"])
async def test_a_cookie_opens_no_other_place(url: str, session: aiohttp.ClientSession, path: str) -> None:
    assert await status(session, url + path, sign(KEY, LINK)) == 401


async def test_no_log_line_has_a_link_or_a_key(keys: Path, session: aiohttp.ClientSession) -> None:
    with structlog.testing.capture_logs() as lines:
        async with serving(link_keys=keys) as url:
            for token in (sign(KEY, LINK), sign(KEY, replace(LINK, expires=1)), "x.y"):
                await status(session, f"{url}/l/{token}")
                await status(session, f"{url}/runs/shop/build-1", token)
    said = repr(lines)
    assert "the API server failed" in said
    assert sign(KEY, LINK)[:40] not in said
    assert KEY.secret.decode() not in said


async def test_a_bug_behind_a_link_does_not_log_it_either(session: aiohttp.ClientSession) -> None:
    async def buggy(_: web.Request) -> web.Response:
        raise ZeroDivisionError

    app = web.Application(middlewares=[errors])
    app.router.add_get("/l/{token}", buggy)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with structlog.testing.capture_logs() as lines:
        assert await status(session, f"http://127.0.0.1:{runner.addresses[0][1]}/l/{sign(KEY, LINK)}") == 500
    await runner.cleanup()
    assert [line["route"] for line in lines] == ["/l/{token}"]
    assert sign(KEY, LINK) not in repr(lines)


ODD = [
    "?before=x",
    "?before=1~Pod~x",
    "?before=%00",
    "/A",
    "/a%2Fb",
    "/%2e%2e",
    "/%00",
    "/x?kind=Pod",
    "/x/log?tail=-1",
]


@pytest.mark.parametrize("path", [*ODD, "/x/log?colours=maybe", "/" + "x" * 300, "/x?kind=TaskRun&kind=Pod"])
async def test_what_nobody_means_is_refused_and_no_bug(url: str, session: aiohttp.ClientSession, path: str) -> None:
    assert await status(session, URL(f"{url}/runs/shop{path}", encoded=True), known=True) in (400, 404, 503)


async def test_a_link_opens_its_run_and_the_logs_only_where_it_says_so(
    url: str, session: aiohttp.ClientSession
) -> None:
    """Past 401 and 403 the cluster is asked, which is down here."""
    with_logs = sign(KEY, replace(LINK, scope=Scope.LOGS))
    assert await status(session, f"{url}/runs/shop/build-1", sign(KEY, LINK)) == 503
    assert await status(session, f"{url}/namespaces/shop/logs/build-1", with_logs) == 401


async def test_without_keys_there_are_no_links(session: aiohttp.ClientSession) -> None:
    async with serving(username="ci", password="a good one") as url:
        assert await status(session, f"{url}/l/{sign(KEY, LINK)}") == 404
        assert await status(session, f"{url}/runs/shop/build-1", sign(KEY, LINK)) == 401


async def test_keys_that_would_not_do_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("hunter2")
    with pytest.raises(SettingsError, match=r"--link-keys: .*too short"):
        async with serving(link_keys=tmp_path):
            pass
