"""Shows the preview on a loopback port, and in a browser where a person has one before them."""

import asyncio
import os
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Self

from aiohttp import web

from tests.fakes.github.page import POLICY

from .preview import INDEX, Preview


class PreviewServer:
    """Serves until the block ends. Once `live` is set, the pages say that it runs, and where."""

    def __init__(self, preview: Preview) -> None:
        self.url = ""
        self.live = ""
        self._preview = preview

    @classmethod
    @asynccontextmanager
    async def started(cls, preview: Preview) -> AsyncIterator[Self]:
        server = cls(preview)
        app = web.Application()
        app.router.add_get("/{name:.*}", server._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            server.url = f"http://{host}:{port}/"
            yield server
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or INDEX
        if name == "style.css":
            return web.Response(text=self._preview.style, content_type="text/css")
        if name not in self._preview.pages:
            raise web.HTTPNotFound
        html = self._preview.page(name, live=self.live, reload=True)
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})


async def open_browser(url: str) -> bool:
    """Whether one was opened. Never fails."""
    if not wanted(os.environ, terminal=sys.stdout.isatty()):
        return False
    with suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        # Any other GenericBrowser runs in the foreground and would take the terminal, as lynx does.
        if isinstance(browser, webbrowser.BackgroundBrowser) or not isinstance(browser, webbrowser.GenericBrowser):
            return await asyncio.to_thread(browser.open, url)
    return False


def wanted(environ: Mapping[str, str], *, terminal: bool, platform: str = sys.platform) -> bool:
    """Somebody is looking, and there is a desktop to open a window on."""
    if not terminal or environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    desktop = platform != "linux" or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(desktop or environ.get("BROWSER"))
