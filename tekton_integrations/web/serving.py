"""The process of `tekton-integrations serve`, from its first connection to its last."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tekton_integrations.kube import config
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.log import logger
from tekton_integrations.web.app import make_app
from tekton_integrations.web.settings import WebSettings
from tekton_integrations.web.tls import Certificate

# Seconds that open requests have when the process is to end; logs would go on for ever.
GRACE = 1.0


async def serve(settings: WebSettings, kubeconfig: str | None, service_account: Path) -> None:
    """Until SIGTERM or SIGINT. Raises SettingsError, ConfigError, and OSError if the port is taken."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings.check()
    async with KubeClient(await config.load(kubeconfig, service_account)) as client, opened(settings, client) as port:
        if settings.insecure:
            logger.warning("everybody may read everything")
        logger.info("serving", host=settings.host, port=port, tls=bool(settings.certificate))
        await stop.wait()


@asynccontextmanager
async def opened(settings: WebSettings, client: KubeClient) -> AsyncIterator[int]:
    """The port, once it is listened on."""
    tls = Certificate(settings.certificate, settings.key) if settings.certificate and settings.key else None
    # A handler ends with the connection of whoever asked.
    runner = web.AppRunner(
        make_app(settings, client), handler_cancellation=True, access_log=None, shutdown_timeout=GRACE
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=tls.context if tls else None).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
