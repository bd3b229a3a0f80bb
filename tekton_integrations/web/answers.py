"""How every answer is dressed: errors as JSON (or as a page, where a page was asked for), and headers that keep
browsers from doing with it what nobody meant."""

from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from tekton_integrations.kube.client import ApiError
from tekton_integrations.log import logger
from tekton_integrations.web.shared import unavailable

# How an error looks to a person, for requests that prefer HTML; None leaves it to JSON.
ErrorPage = Callable[[web.Request, web.HTTPException], web.StreamResponse | None]
ERROR_PAGE: web.AppKey[ErrorPage] = web.AppKey("error-page")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FOR_TLS = {"Strict-Transport-Security": "max-age=31536000"}
_OWN = {"content-type", "content-length"}


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """What a handler has set itself stays."""
    for name, value in {**HEADERS, **(_FOR_TLS if request.scheme == "https" else {})}.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "tekton-integrations"


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, error)
    except ApiError as error:
        return _answer(request, unavailable("runs can't be read", error))
    except Exception:
        logger.exception("bug", route=_route(request))
        return _answer(request, web.HTTPInternalServerError(text="A bug. The log of the service has the traceback."))


def _route(request: web.Request) -> str:
    """Without the values: a signed link is one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def _answer(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    page = request.app.get(ERROR_PAGE)
    if page and (answer := page(request, error)) is not None:
        return answer
    kept = {name: value for name, value in error.headers.items() if name.lower() not in _OWN}
    reason = HTTPStatus(error.status).phrase.title().replace(" ", "").replace("-", "")
    # aiohttp's own text is "404: Not Found".
    said = error.text or ""
    message = said if said != f"{error.status}: {error.reason}" else f"{error.reason}: {request.method} {request.path}"
    return web.json_response(
        {"message": message, "reason": reason, "code": error.status}, status=error.status, headers=kept
    )
