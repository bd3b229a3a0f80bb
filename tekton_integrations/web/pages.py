"""The pages: runs of a namespace, and one run, which stays as the cluster is while it is open. HTML that needs no
script.

Who may read is asked before anything is looked up: a stranger does not learn which runs exist.
"""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from tekton_integrations.inquiry import Inquiry
from tekton_integrations.kube.run_watches import RunName
from tekton_integrations.kube.step_log import Wanted
from tekton_integrations.links import KeyUnfit
from tekton_integrations.outcome import title
from tekton_integrations.run import KINDS, Run
from tekton_integrations.text import count
from tekton_integrations.web import listing
from tekton_integrations.web.access import WAYS, Access, Reader, Way
from tekton_integrations.web.answers import ERROR_PAGE
from tekton_integrations.web.events import Streams
from tekton_integrations.web.feeds import Busy, Feed, Feeds, Limits
from tekton_integrations.web.links import Linked, Links, belongs, expires
from tekton_integrations.web.logs import send_log
from tekton_integrations.web.markup import answer, rendered, serve_static
from tekton_integrations.web.question import NAMESPACE, Question, number, yes
from tekton_integrations.web.run_page import Page
from tekton_integrations.web.settings import SettingsError
from tekton_integrations.web.shared import CLIENT, SETTINGS, WATCHES
from tekton_integrations.web.view import LOOKS, Look, Span

FEEDS = web.AppKey("feeds", Feeds)
STREAMS = web.AppKey("streams", Streams)
LISTED = web.AppKey("listed", listing.Runs)
_HEADINGS = {401: "Who are you?", 403: "Not for you", 404: "Not here", 429: "Too often", 503: "Not now"}
_ADVICE = {404: "Runs are deleted some time after their end, by whoever cleans up, and their logs with their pods."}
_KEPT = ("WWW-Authenticate", "Retry-After")
_NOT_YOURS = "This link is for a run that is gone. It opens no other one of that name."


def add_to(app: web.Application) -> None:
    """Raises SettingsError."""
    settings = app[SETTINGS]
    inquiry = Inquiry(app[CLIENT], settings.home, discreet=True)
    app[FEEDS] = Feeds(app[CLIENT], app[WATCHES], inquiry, Limits(silence=settings.watch_silence))
    app[STREAMS], app[LISTED] = Streams(), listing.Runs(app[CLIENT])
    app[ERROR_PAGE] = error_page
    app.cleanup_ctx.append(_closing)
    if settings.link_keys:
        links = _links(settings.link_keys)
        ways: list[Way] = [*app[WAYS], links]
        app[WAYS] = ways
        app.router.add_get("/l/{token}", links.exchange)
    app.router.add_get("/static/{digest}/{name}", serve_static)
    app.router.add_get("/", _namespaces)
    app.router.add_get("/runs", _namespaces)
    app.router.add_get("/runs/{namespace}", _runs)
    app.router.add_get("/runs/{namespace}/{run}", _run)
    app.router.add_get("/runs/{namespace}/{run}/events", _events, allow_head=False)
    app.router.add_get("/runs/{namespace}/{run}/log", _log)


def _links(folder: Path) -> Links:
    try:
        return Links(folder)
    except KeyUnfit as error:
        raise SettingsError(f"--link-keys: {error}") from error


async def _closing(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[FEEDS].close()


def error_page(request: web.Request, error: web.HTTPException) -> web.StreamResponse | None:
    """For people; programs get JSON."""
    if "text/html" not in request.headers.get("Accept", "") and not request.path.startswith("/l/"):
        return None
    heading = _HEADINGS.get(error.status, error.reason)
    html = rendered(
        "error.html", heading=heading, message=error.text or "", advice=_ADVICE.get(error.status, ""), favicon="warn"
    )
    headers = {name: error.headers[name] for name in _KEPT if name in error.headers}
    return answer(html, error.status, headers)


async def _namespaces(request: web.Request) -> web.Response:
    if namespace := request.query.get("namespace"):
        if not re.fullmatch(NAMESPACE, namespace):
            raise web.HTTPBadRequest(text="No namespace can have this name.")
        raise web.HTTPSeeOther(f"/runs/{namespace}")
    reader = await Access.of(request).reader()
    return answer(rendered("namespaces.html", namespaces=sorted(reader.namespaces)))


class _Entry(NamedTuple):
    run: Run
    look: Look
    headline: str
    span: Span


async def _runs(request: web.Request) -> web.Response:
    namespace, before = request.match_info["namespace"], request.query.get("before", "")
    if not re.fullmatch(NAMESPACE, namespace):
        raise web.HTTPBadRequest(text="No namespace can have this name.")
    kinds = await _listable(request, namespace)
    found = await request.app[LISTED].listed(namespace, kinds, listing.from_text(before))
    rows = [
        _Entry(run, LOOKS[run.state], title(run, ()), Span(started=run.started, finished=run.finished))
        for run in found.runs
    ]
    html = rendered(
        "list.html",
        namespace=namespace,
        rows=rows,
        later=bool(before),
        next=listing.to_text(found.next) if found.next else "",
        counted=f"{count(found.total, 'run')} in all" if found.whole else f"of the first {count(found.total, 'run')}",
    )
    return answer(html)


async def _listable(request: web.Request, namespace: str) -> list[str]:
    """The kinds that the reader may list. Raises HTTPForbidden if that is none."""
    access, kinds = Access.of(request), list[str]()
    for kind in KINDS:
        try:
            await access.runs(namespace, kind)
            kinds.append(kind)
        except web.HTTPForbidden:
            if not kinds and kind == [*KINDS][-1]:
                raise
    return kinds


async def _run(request: web.Request) -> web.Response:
    async with _opened(request) as (_, page, _reader):
        logs, why = await _may_read_logs(request, page)
        html = rendered("run.html", now=time.time(), page=page, run=page.run, favicon=page.icon, logs=logs, no_logs=why)
        return answer(html)


async def _events(request: web.Request) -> web.StreamResponse:
    """`uid`: of the run that the page shows, which no other one comes onto."""
    streams, uid = request.app[STREAMS], request.query.get("uid", "")
    if uid and await _is_gone(request, uid):
        return await streams.gone(request)
    async with _opened(request) as (feed, page, reader):
        if uid not in ("", page.run.uid):
            return await streams.gone(request)
        return await streams.send(request, feed, expires(reader))


async def _is_gone(request: web.Request, uid: str) -> bool:
    """Of a run that the reader may see by its name."""
    question = await Question.of(request).for_status(request)
    run = await question.find(request)
    return run is None or run.uid != uid


async def _log(request: web.Request) -> web.StreamResponse:
    tail, colours = number(request, "tail", None, 100_000), yes(request, "colours", False)
    async with _opened(request) as (_, page, _reader):
        await Access.of(request).logs(page.run.namespace, page.run.name)
        run = page.run
        return await send_log(
            request, RunName(run.kind, run.namespace, run.name), Wanted(tail=tail, uid=run.uid), colours=colours
        )


@asynccontextmanager
async def _opened(request: web.Request) -> AsyncIterator[tuple[Feed, Page, Reader]]:
    """The run that a request is about, if there is one and the reader may see it. Raises HTTPException, ApiError."""
    question = await Question.of(request).for_status(request)
    reader = await Access.of(request).reader()
    run = await question.find(request)
    if run is None or not belongs(reader, run.uid):
        raise web.HTTPForbidden(text=_NOT_YOURS) if isinstance(reader, Linked) else question.unknown()
    try:
        async with request.app[FEEDS].of(question.key(run)) as feed:
            page = await feed.after(None)
            if page is None or not belongs(reader, page.run.uid):
                raise web.HTTPForbidden(text=_NOT_YOURS) if isinstance(reader, Linked) else question.unknown()
            yield feed, page, reader
    except Busy as error:
        raise web.HTTPServiceUnavailable(text="Too many runs are looked at.", headers={"Retry-After": "10"}) from error


async def _may_read_logs(request: web.Request, page: Page) -> tuple[bool, str]:
    try:
        await Access.of(request).logs(page.run.namespace, page.run.name)
    except web.HTTPForbidden as error:
        return False, error.text or ""
    return True, ""
