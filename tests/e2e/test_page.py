"""The page of a run in a real Chromium: live, readable by all, and open to nobody but those whom it is for."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Error, Page, expect

from hack.chromium import chromium
from hack.testbed import Kubelet, TestBed
from tekton_integrations.links import Key, Link, Scope, sign
from tekton_integrations.web.links import COOKIE
from tekton_integrations.web.passwords import hashed
from tests.e2e.browser import PATIENCE, needs_chromium, password, visitor
from tests.e2e.handmade import Handmade
from tests.e2e.served import may_read_logs, served
from tests.e2e.stage import Stage, condition, run_path

KEY = Key("2026-11", b"k" * 40)
pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture(scope="module")
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed, "pages") as started:
        yield started


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A namespace, and a service at `url` for `reader`, who may read there, and `other`, who may read elsewhere."""

    bed: TestBed
    namespace: str
    kubelet: Kubelet
    browser: Browser
    url: str
    key: Path

    def run(self, name: str) -> Handmade:
        return Handmade(self.bed, self.kubelet, self.namespace, name)

    def visitor(self, user: str = "", **more: Any) -> AbstractAsyncContextManager[Page]:
        return visitor(self.browser, user, **more)

    def page(self, path: str) -> str:
        return f"{self.url}/runs/{self.namespace}/{path}"


@pytest.fixture
async def scene(
    bed: TestBed, namespace: str, kubelet: Kubelet, browser: Browser, tmp_path: Path
) -> AsyncIterator[Scene]:
    users = [
        {"name": name, "password": hashed(password(name)), "namespaces": [where]}
        for name, where in (("reader", namespace), ("other", "elsewhere"))
    ]
    (file := tmp_path / "users.yaml").write_text(json.dumps({"users": users}))
    (keys := tmp_path / "keys").mkdir()
    (keys / KEY.id).write_bytes(KEY.secret)
    async with served(bed, insecure=False, users=file, link_keys=keys) as url:
        yield Scene(bed=bed, namespace=namespace, kubelet=kubelet, browser=browser, url=url, key=keys / KEY.id)


def link(run: Handmade, *, seconds: float = 600, scope: Scope = Scope.STATUS) -> str:
    return "/l/" + sign(
        KEY,
        Link(
            key=KEY.id,
            expires=int(time.time() + seconds),
            scope=scope,
            kind="PipelineRun",
            namespace=run.namespace,
            name=run.name,
            uid=run.uid,
        ),
    )


async def visit(page: Page, url: str) -> int:
    answer = await page.goto(url)
    assert answer is not None
    return answer.status


async def status(page: Page, url: str) -> int:
    """What another tab of the same browser is answered."""
    tab = await page.context.new_page()
    try:
        return await visit(tab, url)
    except Error as error:
        if "ERR_INVALID_AUTH_CREDENTIALS" not in error.message:
            raise
        return 401  # nobody fills in the form for name and password
    finally:
        await tab.close()


async def test_the_page_goes_from_queued_to_failed_while_it_is_open_and_reports_lead_to_it(
    scene: Scene, stage: Stage
) -> None:
    flags = ("--page-address", scene.url, "--link-key", str(scene.key))
    async with stage.controller(*flags), scene.visitor("reader") as page:
        run = await stage.player.start("failure", namespace=scene.namespace, name="demo")
        assert await visit(page, scene.page("demo")) == 200
        await page.evaluate("window.loaded = 'once'")
        await expect(page.locator("#head .badge")).to_have_text("Queued")
        await run.to_end()
        await expect(page.locator("#head .badge")).to_have_text("Failed")
        await expect(page).to_have_title("Failed: demo")
        record = await stage.reported(scene.namespace)
        await expect(page.locator(".story .sentence")).to_have_text(condition(record)["message"])
        assert await page.evaluate("window.loaded") == "once"
        async with scene.visitor() as guest:
            [check] = stage.checks()
            assert await visit(guest, str(check.details_url)) == 200
            assert guest.url == scene.page("demo")
            await expect(guest.locator("#head .badge")).to_have_text("Failed")


async def test_a_link_opens_one_run_and_not_another_of_its_name(
    scene: Scene,
) -> None:
    run, second = scene.run("first"), scene.run("second")
    for each in (run, second):
        await each.create()
    async with scene.visitor() as guest:
        assert await visit(guest, scene.url + link(run)) == 200
        assert "/l/" not in guest.url
        await expect(guest.locator("#head .badge")).to_have_text("Running")
        await expect(guest.locator("main")).to_contain_text("may not read logs")
        assert await status(guest, scene.page("second")) == 401
        assert await status(guest, f"{scene.url}/runs/{scene.namespace}") == 401
        assert await status(guest, scene.page("first/log")) == 403
        assert await visit(guest, scene.page("first")) == 200
        await scene.bed.request("DELETE", run_path(scene.namespace, "first"))
        await expect(guest.locator("#gone")).to_be_visible()
        await expect(guest.locator("#live")).to_have_text("The run was deleted")
        await scene.run("first").create()
        await expect(guest.locator("#head .badge")).to_have_text("Running")
        for path in ("", "/events", "/log"):
            assert await visit(guest, scene.page(f"first{path}")) == 403
        assert "is for a run that is gone" in await guest.locator("body").inner_text()


@pytest.mark.long
async def test_an_open_page_ends_with_its_link_and_the_link_says_that_it_expired(
    scene: Scene,
) -> None:
    await (run := scene.run("short")).create()
    address = scene.url + link(run, seconds=7)
    async with scene.visitor() as guest:
        assert await visit(guest, address) == 200
        await expect(guest.locator("#live")).to_have_text("Your link has expired")
        assert await status(guest, guest.url) == 401
        assert await visit(guest, address) == 401
        await expect(guest.locator("main")).to_contain_text("This link has expired.")
        expired = {"name": COOKIE, "value": link(run, seconds=-1).removeprefix("/l/"), "url": scene.url}
        await guest.context.add_cookies([expired])  # type: ignore[list-item]
        assert await status(guest, scene.page("short")) == 401


async def test_a_stranger_gets_401_and_a_reader_of_another_namespace_403_whether_or_not_there_is_such_a_run(
    scene: Scene,
) -> None:
    await scene.run("secret").create()
    for user, refusal in (("", 401), ("other", 403)):
        async with scene.visitor(user) as page:
            for name in ("secret", "none"):
                assert await status(page, scene.page(name)) == refusal


@pytest.mark.long
async def test_the_log_comes_while_it_is_written_and_the_page_holds_its_end(
    scene: Scene,
) -> None:
    await may_read_logs(scene.bed, scene.namespace)
    await (run := scene.run("talks")).create()
    await run.task("build")
    run.write("build", "\x1b[31mred\x1b[0m <b>bold</b> \u202egnp.exe")
    async with scene.visitor() as page:
        assert await visit(page, scene.url + link(run, scope=Scope.LOGS)) == 200
        lines = page.locator("#lines > div")
        await expect(lines.first).to_have_text("[build : run] red <b>bold</b> gnp.exe")
        assert await lines.first.locator(".c1").inner_text() == "red"
        run.write("build", *(f"line {number}" for number in range(3000)))
        await expect(lines.last).to_have_text("[build : run] line 2999")
        assert await lines.count() == 2000
        await run.end("build")
        await run.finish()
        await expect(lines.last).to_contain_text("--- PipelineRun talks: Succeeded")
        assert await visit(page, scene.page("talks/log")) == 200
        assert "\x1b" not in await page.content()


async def test_without_a_script_by_keyboard_and_by_ear_the_page_says_the_same(
    scene: Scene,
) -> None:
    await (run := scene.run("plain")).create()
    await run.task("build")
    async with scene.visitor("reader", java_script_enabled=False) as page:
        assert await visit(page, scene.page("plain")) == 200
        await expect(page.locator("#head .badge")).to_have_text("Running")
        await expect(page.locator("#rows .task")).to_have_text("build")
        await page.get_by_role("link", name="All of it, as text").wait_for()
    async with scene.visitor("reader", color_scheme="dark", viewport={"width": 360, "height": 740}) as page:
        assert await visit(page, scene.page("plain")) == 200
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="To the content")).to_be_focused()
        row = page.locator("#rows summary")
        await row.focus()
        await page.keyboard.press("Enter")
        await run.end("build", "False")
        await expect(row.locator(".badge")).to_have_text("Failed")
        await expect(page.locator("#rows details")).to_have_attribute("open", "")
        await expect(row).to_be_focused()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await complaints(page) == []
        assert await visit(page, f"{scene.url}/runs/{scene.namespace}") == 200
        assert await complaints(page) == []


async def complaints(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
