"""`python -m hack.showcase`: see --help. Exit code: 0 made, 1 not."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hack.testbed import StartError

from . import pages, slack
from .gallery import gallery
from .screenshots import HEIGHT, BrowserError, browser, has_emoji, screenshots
from .stage import ShowcaseError, played

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "github"
PLACES = ("github", "slack", "page")
# The beginning of the page that is on its pictures, in pixels.
_HEIGHTS = {"github": HEIGHT, "slack": 1500}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m hack.showcase",
        description="Plays every recording through the controller, and writes what GitHub and Slack would show: "
        "index.html, and where there is a Chromium, light.png and dark.png. Of our page about a run, pictures only.",
    )
    parser.add_argument("--of", choices=PLACES, action="append", help="only what this one shows")
    parser.add_argument("--folder", type=Path, default=DOCS, help="where to (docs): into a folder for each")
    parser.add_argument("--no-screenshots", action="store_true", help="the page only")
    options = parser.parse_args(arguments)
    try:
        for place in options.of or PLACES:
            _make(options.folder / place, place, pictures=not options.no_screenshots)
    except (ShowcaseError, StartError, BrowserError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _make(folder: Path, place: str, *, pictures: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if place == "page":
        return _photograph(folder, pictures=pictures)
    html = asyncio.run(_page(place))
    page = folder / "index.html"
    page.write_text(html, encoding="utf-8")
    print(page)
    program = browser() if pictures else None
    if program is None:
        print("no pictures: " + ("no Chromium was found" if pictures else "not asked for"))
        return
    if not has_emoji():
        print("no font has emoji, so the pictures show boxes instead; Debian has fonts-noto-color-emoji")
    for picture in screenshots(page, program, height=_HEIGHTS[place]):
        print(picture)


def _photograph(folder: Path, *, pictures: bool) -> None:
    if not pictures or browser() is None:
        print("no pictures of the page: " + ("no Chromium was found" if pictures else "not asked for"))
        return
    for picture in asyncio.run(pages.photographed(folder)):
        print(picture)


async def _page(place: str) -> str:
    with tempfile.TemporaryDirectory(prefix="tekton-showcase-") as logs:
        if place == "slack":
            async with slack.played(Path(logs)) as shown:
                return slack.gallery(shown)
        async with played(Path(logs)) as github:
            return gallery(github)


if __name__ == "__main__":
    sys.exit(main())
