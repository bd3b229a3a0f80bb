"""What handlers have in common: what they find in their application, and what they answer when the API server fails."""

from aiohttp import web

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.run_watches import RunWatches
from tekton_integrations.log import logger
from tekton_integrations.web.settings import WebSettings

SETTINGS = web.AppKey("settings", WebSettings)
CLIENT = web.AppKey("client", KubeClient)
WATCHES = web.AppKey("watches", RunWatches)


def unavailable(what: str, error: ApiError) -> web.HTTPServiceUnavailable:
    """The API server's own words are for the log: they may name what the reader may not see."""
    logger.warning("the API server failed", what=what, error=str(error))
    why = "the service has not the right to" if error.status == 403 else "the API server does not answer"
    return web.HTTPServiceUnavailable(text=f"{what}: {why}.", headers={"Retry-After": "5"})
