"""The application of `tekton-integrations serve`: what all its parts share, and where each adds its routes."""

from collections.abc import Callable

from aiohttp import web

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.run_watches import RunWatches
from tekton_integrations.web import answers, logs, openapi, pages, proxies, status
from tekton_integrations.web.access import WAYS, Way, everybody
from tekton_integrations.web.passwords import hashed
from tekton_integrations.web.settings import WebSettings
from tekton_integrations.web.shared import CLIENT, SETTINGS, WATCHES
from tekton_integrations.web.tokens import Tokens
from tekton_integrations.web.user_files import User, UserFiles
from tekton_integrations.web.users import Users


async def _close(app: web.Application) -> None:
    app[WATCHES].close()


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": 1})


def _add_health(app: web.Application) -> None:
    app.router.add_get("/health", _health)


# Each adds its routes to the application.
PARTS: tuple[Callable[[web.Application], None], ...] = (
    _add_health,
    status.add_to,
    logs.add_to,
    openapi.add_to,
    pages.add_to,
)


def make_app(settings: WebSettings, client: KubeClient) -> web.Application:
    """Raises SettingsError."""
    settings.check()
    app = web.Application(middlewares=[proxies.behind(settings.trusted_proxies), answers.errors])
    app[SETTINGS], app[CLIENT] = settings, client
    app[WATCHES] = RunWatches(client, settings.watch_silence)
    app[WAYS] = tuple(_ways(settings, client))
    app.on_response_prepare.append(answers.dress)
    app.on_shutdown.append(_close)
    for add_to in PARTS:
        add_to(app)
    return app


def _ways(settings: WebSettings, client: KubeClient) -> list[Way]:
    """Raises SettingsError."""
    if settings.insecure:
        return [everybody]
    ways: list[Way] = [Tokens(client, settings.audience)] if settings.tokens else []
    fixed: tuple[User, ...] = ()
    if settings.username:
        own = (settings.namespace,)
        fixed = (User(name=settings.username, password=hashed(settings.password), namespaces=own),)
    if fixed or settings.users:
        ways.append(Users(UserFiles(settings.users, fixed)))
    return ways
