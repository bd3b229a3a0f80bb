"""The Chromium that is installed, driven by Playwright; none is downloaded."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from hack.showcase.screenshots import browser


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Without a window. `hack.showcase.screenshots.browser` says beforehand whether there is one."""
    async with async_playwright() as playwright:
        # Chromium's own sandbox needs another user than root.
        started = await playwright.chromium.launch(executable_path=browser(), chromium_sandbox=os.geteuid() != 0)
        yield started
        await started.close()
