"""The check runs of one commit, and the calls that they need.

https://docs.github.com/en/rest/checks/runs
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from tekton_integrations import Context, PermanentError, Target
from tekton_integrations_github import output
from tekton_integrations_github.calls import Calls
from tekton_integrations_github.needs import CHECKS


class _Output(msgspec.Struct):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


_TEXTS = ("title", "summary", "text")


class CheckRun(msgspec.Struct):
    """What GitHub says of one, as far as it matters."""

    id: int
    status: str
    conclusion: str | None = None
    head_sha: str = ""
    external_id: str | None = None
    started_at: str | None = None
    html_url: str | None = None
    output: _Output = msgspec.field(default_factory=_Output)

    @property
    def open(self) -> bool:
        return self.status != "completed"

    @property
    def settled(self) -> bool:
        """Concluded without an outcome, because the run was gone or did not ask any more."""
        return not self.open and self.output.title == output.SETTLED_TITLE

    def shows(self, payload: Mapping[str, Any]) -> bool:
        """Whether it has what was sent, but for white space, which GitHub may change. Of a text that is not sent it
        keeps the one before."""
        said = payload["output"]
        same = all(_words(getattr(self.output, each)) == _words(said[each]) for each in _TEXTS if each in said)
        return same and (self.status, self.conclusion) == (payload["status"], payload.get("conclusion"))


def _words(text: str | None) -> list[str]:
    return (text or "").split()


class _Page(msgspec.Struct):
    check_runs: list[CheckRun]


class CheckRuns:
    """Those of one commit, with the calls that they need."""

    def __init__(self, calls: Calls, target: Target, context: Context) -> None:
        self._calls = calls
        self._target = target
        self._context = context

    async def with_ids(self, ids: Sequence[str], name: str = "") -> list[CheckRun]:
        """Those with one of these external ids, oldest first. `latest` would hide an older twin, so `all` is asked."""
        by_name = f"&check_name={quote(name, safe='')}" if name else ""
        # Fifteen of the longest that we make fit into an answer.
        path = (
            f"/commits/{self._target.detail}/check-runs?filter=all&per_page=15"
            f"&app_id={self._context.credential.settings.app_id}{by_name}"
        )

        def pick(page: _Page) -> list[CheckRun]:
            return [check for check in page.check_runs if check.external_id in ids]

        found = await self._calls.pages(path, need=CHECKS, kind=_Page, pick=pick)
        return sorted(found, key=lambda check: check.id)

    async def read(self, number: int) -> CheckRun:
        return await self._calls.call("GET", f"/check-runs/{number}", need=CHECKS, kind=CheckRun)

    async def create(self, name: str, external_id: str, payload: Mapping[str, Any]) -> CheckRun:
        fixed = {"name": name, "head_sha": self._target.detail, "external_id": external_id}
        await self._calls.ready(CHECKS)
        async with self._context.attempt():
            return await self._calls.call("POST", "/check-runs", fixed | dict(payload), need=CHECKS, kind=CheckRun)

    async def end(self, number: int) -> None:
        """Where it is still open, and its outcome will never be known."""
        try:
            check = await self.read(number)
        except PermanentError as error:
            if error.reason != "NotFound":
                raise
        else:
            if check.open:
                await self.update(number, output.settled_check_run())

    async def end_twin(self, twin: CheckRun, kept: int) -> None:
        if twin.open:
            await self.update(twin.id, output.twin_check_run(twin.started_at or "", kept))

    async def update(self, number: int, payload: Mapping[str, Any]) -> CheckRun | None:
        """None where there is no such check run: GitHub drops old ones, and repositories are made anew."""
        try:
            return await self._calls.call("PATCH", f"/check-runs/{number}", payload, need=CHECKS, kind=CheckRun)
        except PermanentError as error:
            if error.reason != "NotFound":
                raise
            return None


def reopenable(found: Sequence[CheckRun], payload: Mapping[str, Any]) -> list[CheckRun]:
    """What was concluded can't be opened again: a run that asks again, and goes on, needs a new one."""
    return [check for check in found if payload["status"] == "completed" or not check.settled]
