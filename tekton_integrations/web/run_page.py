"""The page about a run, in parts that change on their own: what a stream of the page sends again is what changed. Pure,
but for the clock that running times are counted by.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from tekton_integrations.details import path
from tekton_integrations.run import Run
from tekton_integrations.story import Story, Verdict
from tekton_integrations.web.markup import rendered, static
from tekton_integrations.web.view import Look, Row, View

_STORIES: Mapping[Verdict, Look] = {
    Verdict.SHOWN: Look("shown", "check", "good"),
    Verdict.GOING_ON: Look("shown so far", "ring", "going"),
    Verdict.WAITING: Look("on its way", "clock", "going"),
    Verdict.STUCK: Look("tried again and again", "warn", "warn"),
    Verdict.FAILED: Look("given up", "cross", "bad"),
    Verdict.LEFT_OUT: Look("left out", "skip", "soft"),
    Verdict.NOT_ASKED: Look("not asked for", "skip", "soft"),
    Verdict.ELSEWHERE: Look("shown elsewhere", "skip", "soft"),
    Verdict.NO_RUN: Look("no such run", "skip", "soft"),
    Verdict.UNKNOWN: Look("not known", "skip", "soft"),
    Verdict.SAID: Look("said by somebody else", "check", "soft"),
}
# Seconds.
FRESH = 1.0
_STEPS = {True: "check", False: "cross", None: "clock"}
# Of links, only those: what a record holds was written by a program that something may have misled.
_LINK = re.compile(r"https?://[^\s\\]+")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Of one run at one time. `gone`: it was deleted, and this is its last state."""

    view: View
    stories: Sequence[Story]
    gone: bool = False

    @property
    def run(self) -> Run:
        return self.view.run

    @property
    def path(self) -> str:
        return path(self.run.namespace, self.run.name)

    @property
    def query(self) -> str:
        return path(self.run.namespace, self.run.name, self.run.kind).removeprefix(self.path)

    @property
    def going(self) -> bool:
        """Something may still change by itself."""
        return not self.gone and not (self.run.final and all(story.verdict.final for story in self.stories))

    @property
    def title(self) -> str:
        return f"{self.view.look.word}: {self.run.name}"

    @property
    def icon(self) -> str:
        return self.view.look.icon

    @property
    def rows(self) -> list[str]:
        return [row.id for row in self.view.rows]

    @property
    def parts(self) -> dict[str, Markup]:
        """HTML by the id of the element that it fills."""
        return {id: self.part(id) for id in self._keys}

    @cached_property
    def version(self) -> str:
        """Two pages that show the same have the same."""
        return hashlib.sha256(repr(sorted(self._keys.items())).encode()).hexdigest()[:16]

    def part(self, id: str) -> Markup:
        """Made once for all readers; while the run goes on, once in a second: it tells how long that is."""
        now = time.monotonic()
        made, html = self._made.get(id, (0.0, None))
        if html is None or (self.view.end is None and now - made > FRESH):
            html = self._part(id)
            self._made[id] = now, html
        return html

    @cached_property
    def _made(self) -> dict[str, tuple[float, Markup]]:
        """When, and what."""
        return {}

    def _part(self, id: str) -> Markup:
        common: dict[str, Any] = {"view": self.view, "run": self.run}
        if id in ("head", "stories", "rest"):
            return rendered(f"{id}.html", stories=[*map(_told, self.stories)], **common)
        return rendered("row.html", row=self._by_id[id], **_bar(self.view, self._by_id[id]), **common)

    def changed(self, before: "Page | None") -> dict[str, Markup]:
        """The parts that are not as they were."""
        known = before._keys if before else {}
        return {id: self.part(id) for id, key in self._keys.items() if known.get(id) != key}

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row.id: row for row in self.view.rows}

    @cached_property
    def _keys(self) -> dict[str, object]:
        """What each part depends on, besides the clock: that goes on by itself in the browser, too."""
        view, run = self.view, self.view.run
        head = (view.look, view.headline, view.span, run.pipeline, run.created)
        rows = {row.id: (row, view.begin, view.end) for row in view.rows}
        return {"head": head, "stories": tuple(self.stories), "rest": view.rest, **rows}


def _told(story: Story) -> dict[str, Any]:
    who = story.integration or "No integration"
    by = f" for Notification {story.notification}" if story.notification else ""
    return {
        "look": _STORIES[story.verdict],
        "who": f"{who}{by}",
        "sentence": story.sentence,
        "fix": story.fix,
        "url": story.url if _LINK.fullmatch(story.url) else "",
        "since": story.since,
        "until": story.until,
        "steps": [{"icon": _STEPS[step.done], "text": step.text} for step in story.steps],
    }


def _bar(view: View, row: Row) -> dict[str, float]:
    """Seconds from the begin of the timeline, which is as wide as `width`."""
    now = time.time()
    width = max(1.0, (view.end or now) - view.begin)
    if row.span.started is None:
        return {"width": width, "offset": 0.0, "length": 0.0}
    # What took no time is seen as well.
    length = max(width / 100, (row.span.finished or view.end or now) - row.span.started)
    offset = min(row.span.started - view.begin, width - width / 100)
    return {"width": round(width, 3), "offset": round(offset, 3), "length": round(length, 3)}


def message(page: Page, before: Page | None) -> dict[str, Any]:
    """What a stream sends of the page, to whoever has `before`."""
    return {
        "parts": {id: str(html) for id, html in page.changed(before).items()},
        "rows": page.rows,
        "title": page.title,
        "icon": static(f"{page.icon}.svg"),
        "now": time.time(),
    }
