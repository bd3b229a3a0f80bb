"""The page of docs/github/, made by the real controller from all recordings, and its pictures."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.recording import DATA
from hack.showcase.__main__ import FOLDER
from hack.showcase.gallery import gallery
from hack.showcase.pages import SHOTS
from hack.showcase.scenes import REPOSITORY, SCENES, Scene
from hack.showcase.screenshots import browser, screenshots
from hack.showcase.stage import APP, furnished, played
from tests.fakes.github import CheckRun, GitHub, Output
from tests.fakes.html import assert_safe

# scene → what a reader must find in its part of the page
SHOWN = {
    "failure": (
        "test failed: step integration exited with code 2",
        "AssertionError: assert &#x27;2.34&#x27; == &#x27;2.35&#x27;",
        "src/prices.py:17",
        "1 failed, 6 passed",
        "https://tekton.example.com/#/namespaces/shop/",
        'class="comment"',
    ),
    "success": ("Succeeded in", "Tekton / success / build", "deployed to", "https://staging.example.com", "Active"),
    "retries": ("in all 3 tries", "not enabled"),
    "timeout": ("Timed out after",),
    "not-found": ("Could not start: ", "no-such-pipeline"),
    "cancelled": ("Cancelled after",),
    "skipped": ("Succeeded in",),
    "taskrun": ("Succeeded in",),
    "customrun": ("Succeeded in",),
    "annotated-pipeline": ("Succeeded in",),
    "remote-pipeline": ("Succeeded in",),
    "failure-by-token": ("Commit statuses", "step integration exited with code 2", "Pull request #14"),
}


@pytest.fixture(scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with played(Path(tmp_path_factory.mktemp("showcase"))) as github:
        yield gallery(github)


def part(page: str, scene: str) -> str:
    return page.split(f'<section class="scene" id="{scene}">')[1].split('<section class="scene"', maxsplit=1)[0]


@pytest.mark.parametrize("scene", SHOWN)
async def test_a_recording_is_shown_as_github_would(page: str, scene: str) -> None:
    shown = part(page, scene)
    assert [text for text in SHOWN[scene] if text not in shown] == []


def test_every_recording_of_a_run_is_in_the_showcase() -> None:
    played = {Path(scene.recording).stem for scene in SCENES}
    recorded = {path.stem for path in DATA.rglob("*.ndjson") if not path.stem.startswith("tekton-cloudevents")}
    assert (played, {scene.name for scene in SCENES}) == (recorded, set(SHOWN))


async def test_the_page_in_the_docs_is_of_today(page: str) -> None:
    assert (FOLDER / "index.html").read_text() == page, "run: make showcase"


def shown_by_hand(github: GitHub, scene: Scene, summary: str) -> None:
    repository = github.world.named(REPOSITORY)
    run = CheckRun(
        id=github.world.next_run_id(),
        repository=repository,
        suite_id=1,
        app_id=APP,
        name=f"Tekton / {scene.name}",
        head_sha=scene.sha,
        status="completed",
        conclusion="success",
        output=Output(title="Done", summary=summary),
    )
    repository.commits[scene.sha].runs.append(run)
    github.world.check_runs[run.id] = run


async def test_the_page_loads_nothing_runs_nothing_and_its_links_lead_somewhere() -> None:
    async with furnished() as github:
        for scene in SCENES:
            evil = f"<script>alert(1)</script> [run]({github.url}/acme/api/runs/1) {github.url}/elsewhere"
            shown_by_hand(github, scene, evil)
        html = gallery(github)
        address = github.url.partition("://")[2]
    assert_safe(html)
    assert "default-src 'none'" in html
    assert address not in html
    local = set(re.findall(r'href="#([^"]*)"', html))
    assert local == {scene.name for scene in SCENES} == set(re.findall(r'<section class="scene" id="([^"]*)"', html))
    assert not re.findall(r"(?:src|srcset|@import|url)\s*[=(]", html)


def test_the_pictures_of_our_own_page_are_in_the_docs() -> None:
    assert {shot.file for shot in SHOTS} == {path.name for path in (FOLDER.parent / "page").iterdir()}


@pytest.mark.skipif(browser() is None, reason="there is no Chromium")
def test_the_pictures_are_light_and_dark(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<meta name='color-scheme' content='light dark'><body>Hello")
    program = browser()
    assert program is not None
    light, dark = [picture.read_bytes() for picture in screenshots(page, program, width=600, height=600)]
    assert light.startswith(b"\x89PNG")
    assert light != dark
