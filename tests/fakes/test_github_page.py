"""The look-alike's web pages, as a person would read them."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.github_client import COMMENT, SHA, Client, acme, output
from tests.fakes.html import assert_safe

CHECKS = f"/acme/api/commit/{SHA}/checks"
NOTE = {"path": "a.go", "start_line": 3, "end_line": 3, "annotation_level": "warning", "message": "odd"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_the_page_of_a_commit_lists_its_checks(client: Client) -> None:
    times = {"started_at": "2026-11-21T09:00:00Z", "completed_at": "2026-11-21T09:01:16Z"}
    await client.create(name="lint", conclusion="failure", output=output("Step lint failed"), **times)
    await client.create(name="unit", conclusion="success")
    await client.status(context="legacy", description="As ever")
    page = (await client.get(CHECKS)).body
    for text in ("lint", "Failing after 1m 16s", "Step lint failed", "1 failing, 2 successful", "As ever"):
        assert text in page
    assert_safe(page)


async def test_the_page_of_a_check_shows_its_output(client: Client) -> None:
    details = output("Title", "**bold**", text="| a |\n|---|\n| b |", annotations=[NOTE])
    reply = await client.create(output=details, details_url="https://x.example/run")
    page = (await client.get(reply.body["html_url"])).body
    for html in ("Title", "<strong>bold</strong>", "<td>b</td>", "a.go:3", 'href="https://x.example/run"'):
        assert html in page
    assert_safe(page)


async def test_the_page_of_a_repository_lists_its_commits(client: Client) -> None:
    client.github.add_commit("acme/api", "b" * 40, EVIL)
    page = (await client.get("/acme/api")).body
    assert SHA[:7] in page
    assert_safe(page)


async def test_an_older_twin_is_shown_as_superseded(client: Client) -> None:
    await client.create()
    assert "Superseded" not in (await client.get(CHECKS)).body
    await client.create(conclusion="success")
    assert "Superseded" in (await client.get(CHECKS)).body


async def test_a_page_reloads_until_all_is_completed(client: Client) -> None:
    number = (await client.create()).body["id"]
    assert 'http-equiv="refresh"' in (await client.get(CHECKS)).body
    await client.update(number, conclusion="success")
    assert 'http-equiv="refresh"' not in (await client.get(CHECKS)).body


async def test_nothing_reaches_a_page_as_markup(client: Client) -> None:
    action = {"label": "<b>", "description": EVIL[:40], "identifier": "x"}
    note = {"path": EVIL, "start_line": 1, "end_line": 2, "annotation_level": "failure", "message": EVIL}
    await client.create(
        name=EVIL,
        external_id=EVIL,
        conclusion="failure",
        details_url=f"https://x.example/{EVIL}",
        actions=[action],
        output=output(EVIL, EVIL, text=f"```\n{EVIL}\n```", annotations=[note | {"title": EVIL, "raw_details": EVIL}]),
    )
    await client.status(context=EVIL, description=EVIL, target_url=f"https://x.example/{EVIL}")
    reply = await client.get(CHECKS)
    assert_safe(reply.body)
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/acme/unknown", "/acme/api/runs/1", "/acme/api/commit/0000000/checks", "/x", "/acme/api/pull/9"]
)
async def test_a_page_that_is_not_there_is_404(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_pages_are_no_api_calls(client: Client) -> None:
    before = len(client.github.requests)
    for path in ("/", "/style.css", CHECKS):
        assert (await client.get(path)).status == 200
    assert len(client.github.requests) == before


async def test_annotations_come_last_and_then_the_way_to_the_run(client: Client) -> None:
    details = output("Title", "summary", text="the-log", annotations=[NOTE])
    reply = await client.create(output=details, details_url="https://x.example/run")
    page = (await client.get(reply.body["html_url"])).body
    places = [page.index(text) for text in ("summary", "the-log", "a.go:3", "View more details on App 12")]
    assert places == sorted(places)


async def test_the_page_of_a_pull_request_shows_its_comments_deployments_and_checks(client: Client) -> None:
    client.github.add_pull_request("acme/api", 12, SHA, title="Round prices up")
    await client.comment("Read **this**")
    number = (await client.deploy(environment="staging")).body["id"]
    await client.deployed(number, "success", environment_url="https://staging.example", log_url="https://x.example/log")
    await client.create(name="build", conclusion="failure", output=output("no"))
    await client.status(context="legacy", state="success", description="As ever", target_url="https://x.example/1")
    page = (await client.get("/acme/api/pull/12")).body
    for text in (
        "Round prices up",
        "<strong>this</strong>",
        "app-12",
        "deployed to",
        'href="https://staging.example"',
        "Active",
        'href="https://x.example/log"',
        "Failing — no",
        "1 failing, 1 successful",
        "As ever",
    ):
        assert text in page
    assert_safe(page)
    assert '<a href="/acme/api/pull/12">#12</a>' in (await client.get(CHECKS)).body
    assert "staging" in (await client.get(CHECKS)).body


async def test_a_comment_that_was_changed_says_so(client: Client) -> None:
    client.github.add_pull_request("acme/api", 12, SHA)
    number = (await client.comment("red")).body["id"]
    assert "edited" not in (await client.get("/acme/api/pull/12")).body
    await client.send("PATCH", f"{COMMENT}/{number}", {"body": "green"})
    page = (await client.get("/acme/api/pull/12")).body
    assert ("edited" in page, "green" in page, "red" in page) == (True, True, False)


async def test_nothing_reaches_the_page_of_a_pull_request_as_markup(client: Client) -> None:
    client.github.add_pull_request("acme/api", 12, SHA, title=EVIL)
    await client.comment(EVIL)
    number = (await client.deploy(environment=EVIL)).body["id"]
    await client.deployed(number, "failure", description=EVIL, environment_url=f"https://x.example/{EVIL}")
    assert_safe((await client.get("/acme/api/pull/12")).body)


@pytest.mark.parametrize("state", ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"])
async def test_every_state_of_a_deployment_has_its_words(client: Client, state: str) -> None:
    number = (await client.deploy(environment="staging")).body["id"]
    await client.deployed(number, state)
    assert "staging" in (await client.get(CHECKS)).body
