"""`doctor github` before the look-alike: what a person is shown, what GitHub is asked, and what comes of it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import yaml

from hack.testbed.process import free_port
from tests.fakes.github import GitHub
from tests.walking import Browser, started


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.started() as github:
        yield github


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as session:
        yield Browser(session, f"http://127.0.0.1:{free_port()}")


async def test_a_confirmed_app_becomes_a_secret_and_a_provider(github: GitHub, browser: Browser) -> None:
    work = started(github, browser, "--organization", "acme", "--comments", "--grant", "team-*")
    status, text = await browser.confirm(await browser.form())
    assert (status, "Go back to your terminal" in text) == (200, True)
    done = await work
    assert done.exit_code == 0, done.output
    [made] = github.world.apps.values()
    assert made.permissions == {"metadata": "read", "checks": "write", "pull_requests": "write"}
    assert made.name == "Tekton acme"
    secret, provider = yaml.safe_load_all(done.stdout)
    assert secret["type"] == "integrations.tekton.dev/GitHubApp"
    assert secret["stringData"] == {"private-key.pem": made.private_key_pem}
    assert provider["spec"] == {
        "type": "GitHubApp",
        "githubApp": {"appId": made.id, "privateKey": {"secretRef": {"name": secret["metadata"]["name"]}}},
        "endpoint": f"{github.url}/api/v3",
        "grants": [{"namespaces": ["team-*"], "targets": ["acme/*"]}],
    }
    assert f"{github.url}/apps/{made.slug}/installations/new" in done.stderr
    assert made.private_key_pem not in done.stderr


async def test_whoever_comes_back_with_another_state_or_by_another_name_is_not_heard(
    github: GitHub, browser: Browser
) -> None:
    work = started(github, browser)
    form = await browser.form()
    for path, headers in (
        ("/back?code=stolen&state=guessed", {}),
        ("/back?code=stolen", {}),
        ("/", {"Host": "evil.example.com"}),
    ):
        async with browser.session.get(f"{browser.address}{path}", headers=headers) as answer:
            assert answer.status in (400, 404)
            assert "form-action 'none'" in answer.headers["Content-Security-Policy"]
    assert not work.done()
    await browser.confirm(form)
    assert (await work).exit_code == 0


async def test_what_goes_wrong_on_the_way_is_said(github: GitHub, browser: Browser) -> None:
    work = started(github, browser)
    form = await browser.form()
    state = form.action.partition("state=")[2]
    async with browser.session.get(f"{browser.address}/back", params={"state": state, "code": "unknown"}) as answer:
        assert answer.status == 200
    done = await work
    assert (done.exit_code, done.stdout) == (1, "")
    assert "GitHub answered 404 when it was asked for the App's key" in done.stderr


async def test_a_port_that_is_taken_is_said(github: GitHub, browser: Browser) -> None:
    browser.address = github.url
    done = await started(github, browser)
    assert done.exit_code == 1
    assert "can't be used (" in done.stderr
    assert "name another with --port" in done.stderr


async def test_nobody_is_waited_for_without_an_end(github: GitHub, browser: Browser) -> None:
    done = await started(github, browser, "--wait", "0.1")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "nobody came back in time" in done.stderr


def test_a_private_key_is_shown_on_no_terminal() -> None:
    """In a terminal of its own, as script(1) makes one."""
    ours, theirs = os.openpty()
    code = "from tekton_integrations.cli import app; app()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "github"], stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert b"would be shown on your terminal" in done.stderr
