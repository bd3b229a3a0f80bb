"""The application of `tekton-integrations serve`: what all its parts share, and where each adds its routes."""

from collections.abc import Callable

from aiohttp import web

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.web.access import WAYS, Way, everybody
from tekton_integrations.web.settings import WebSettings
from tekton_integrations.web.shared import CLIENT, SETTINGS


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": 1})


def _add_health(app: web.Application) -> None:
    app.router.add_get("/health", _health)


# Each adds its routes to the application.
PARTS: tuple[Callable[[web.Application], None], ...] = (_add_health,)


def make_app(settings: WebSettings, client: KubeClient) -> web.Application:
    """Raises SettingsError."""
    settings.check()
    app = web.Application()
    app[SETTINGS], app[CLIENT] = settings, client
    app[WAYS] = _ways(settings)
    for add_to in PARTS:
        add_to(app)
    return app


def _ways(settings: WebSettings) -> tuple[Way, ...]:
    return (everybody,) if settings.insecure else ()
