"""`GET /status/:run`: how a run stands. 200 only when it has succeeded, so that `curl --fail` is a gate."""

import asyncio

from aiohttp import web

from tekton_integrations.kube.run_watches import Watched
from tekton_integrations.run import Run, State
from tekton_integrations.web.question import Question, number
from tekton_integrations.web.shared import SETTINGS, WATCHES


def add_to(app: web.Application) -> None:
    app.router.add_get("/status/{run}", _status)
    app.router.add_get("/namespaces/{namespace}/status/{run}", _status)


async def _status(request: web.Request) -> web.Response:
    question = Question.of(request)
    wait = number(request, "wait", 0, int(request.app[SETTINGS].longest_wait))
    question = await question.for_status(request)
    run = await question.find(request)
    if wait and not (run and run.final):
        key = question.key(run)._replace(below=False)
        async with request.app[WATCHES].of(key) as watched:
            run = await _ended(watched, run, wait)
    if run is None:
        raise question.unknown()
    said = condition_of(run)
    return web.json_response(said, status=200 if said["status"] == "True" else 400)


async def _ended(watched: Watched, run: Run | None, seconds: float) -> Run | None:
    """As it is once it has ended, or after so many seconds; None if it is not there then."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                changed = watched.next_change()
                if watched.closing:
                    raise web.HTTPServiceUnavailable(text="The service ends; ask again.", headers={"Retry-After": "1"})
                if watched.run and watched.run.final:
                    return watched.run
                if run and watched.run is None:
                    return None
                run = watched.run
                await changed()
    except TimeoutError:
        return watched.run


def condition_of(run: Run) -> dict[str, str]:
    """Its condition `Succeeded`, in the listener's words."""
    status = ("True" if run.state in (State.SUCCEEDED, State.SKIPPED) else "False") if run.final else "Unknown"
    return {
        "message": run.message or ("" if run.reason else "Tekton has not begun with it"),
        "reason": run.reason or "Pending",
        "type": "Succeeded",
        "status": status,
    }
