"""The look-alike's web pages, as a person would read them, and its Markdown."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest

from tests.fakes.github.markdown import markdown
from tests.fakes.github_client import SHA, Client, acme, output

CHECKS = f"/acme/api/commit/{SHA}/checks"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "hr", "input", "circle", "path", "rect"}


class Balance(HTMLParser):
    """Fails where tags don't match, or where anything could run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "img", "object", "form")
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        assert not [value for name, value in attrs if name == "href" and (value or "").startswith("javascript")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def assert_safe(html: str) -> None:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []


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
    note = {"path": "a.go", "start_line": 3, "end_line": 3, "annotation_level": "warning", "message": "odd"}
    details = output("Title", "**bold**", text="| a |\n|---|\n| b |", annotations=[note])
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


@pytest.mark.parametrize("path", ["/acme/unknown", "/acme/api/runs/1", "/acme/api/commit/0000000/checks", "/x"])
async def test_a_page_that_is_not_there_is_404(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_pages_are_no_api_calls(client: Client) -> None:
    before = len(client.github.requests)
    for path in ("/", "/style.css", CHECKS):
        assert (await client.get(path)).status == 200
    assert len(client.github.requests) == before


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# A *b*", "<h1>A <em>b</em></h1>"),
        ("a\nb", "<p>a\nb</p>"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ("```go\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a", '<ol start="3"><li>a</li></ol>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("---", "<hr>"),
        ("a<br>b", "<p>a<br>b</p>"),
        ("a <!-- hidden --> b", "<p>a  b</p>"),
        (r"\*a\* &#64;b &lt;", "<p>*a* @b &lt;</p>"),
        ("[a](javascript:alert)", "<p>a</p>"),
        ("|a|b|\n|-|-:|\n|1\\|2|", '<td>1|2</td><td class="right"></td>'),
        ("<details><summary>s</summary>\n\nx\n", "<details>\n<summary>s</summary>\n<p>x</p></details>"),
        ("</details>", ""),
    ],
)
def test_markdown_becomes_html(source: str, html: str) -> None:
    assert html in markdown(source)
    assert_safe(markdown(source))


@pytest.mark.parametrize("piece", ["*", "**a ", "> ", "- ", "`", "[", "[a](", "<details>", "_a_", "|", "# ", "\x00"])
def test_markdown_of_any_shape_is_quick_and_safe(piece: str) -> None:
    assert_safe(markdown(piece * (20_000 // len(piece))))
    assert_safe(markdown(f"{piece}\n" * 500))
