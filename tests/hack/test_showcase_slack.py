"""The page of docs/slack/, made by the real controller from all recordings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.showcase.__main__ import DOCS
from hack.showcase.slack import PLAYED, gallery, played
from tests.fakes.html import assert_safe

# scene → what a reader must find in its part of the page
SHOWN = {
    "failure": (
        "test failed: step integration exited with code 2",
        "AssertionError: assert &#x27;2.34&#x27; == &#x27;2.35&#x27;",
        "@here",
        "replied to a thread",
        "https://tekton.example.com/#/namespaces/shop/",
    ),
    "success": ("Succeeded in", "bar-2eb67d"),
    "retries": ("in all 3 tries", "not enabled", 'class="thread"'),
    "timeout": ("Timed out after", "bar-e01e5a"),
    "not-found": ("Could not start: ", "no-such-pipeline"),
    "cancelled": ("Cancelled after", "bar-868686"),
    "skipped": ("Succeeded in",),
    "taskrun": ("Succeeded in",),
    "customrun": ("Succeeded in",),
    "annotated-pipeline": ("Succeeded in",),
    "remote-pipeline": ("Succeeded in",),
}


@pytest.fixture(scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with played(Path(tmp_path_factory.mktemp("showcase"))) as slack:
        yield gallery(slack)


@pytest.mark.parametrize("scene", SHOWN)
async def test_a_recording_is_shown_as_slack_would(page: str, scene: str) -> None:
    shown = page.split(f'<section class="scene" id="{scene}">')[1].split('<section class="scene"', maxsplit=1)[0]
    assert [text for text in SHOWN[scene] if text not in shown] == []


async def test_every_scene_is_on_the_page(page: str) -> None:
    assert {scene.name for scene in PLAYED} == set(SHOWN)
    assert page.count('<section class="scene"') == len(SHOWN)


async def test_the_page_in_the_docs_is_of_today_and_sound(page: str) -> None:
    assert (DOCS / "slack" / "index.html").read_text() == page, "run: make showcase"
    assert_safe(page.partition("<body>")[2].partition("</body>")[0])
