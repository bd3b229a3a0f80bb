"""A real Chromium, the one that is installed; tests that need it say so where there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, HttpCredentials, Page

from hack.showcase.screenshots import browser

needs_chromium = pytest.mark.skipif(browser() is None, reason="there is no Chromium")
# Two processors may have much else to do.
PATIENCE = 20_000.0


@asynccontextmanager
async def visitor(browser: Browser, user: str = "", **more: object) -> AsyncIterator[Page]:
    """Somebody with a browser of their own, who is called `user` and has that for a password as well. Whatever a page
    complains of (its policy, an error in a script) fails the test."""
    credentials: HttpCredentials | None = {"username": user, "password": password(user)} if user else None
    context: BrowserContext = await browser.new_context(http_credentials=credentials, **more)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page, complaints = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Failed to load" not in said.text else None)
    yield page
    await context.close()
    assert complaints == []


def password(user: str) -> str:
    return f"{user}-has-a-long-password"
