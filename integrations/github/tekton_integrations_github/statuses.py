"""A commit status for each run, for those who have no App. GitHub appends, and the newest of a name counts.

So several runs of one name share a place: only the newest of them writes there. And a call that was cut and lands
late would bring an old state back: what counts is looked at again afterwards.
https://docs.github.com/en/rest/commits/statuses
"""

from contextlib import nullcontext

import msgspec

from tekton_integrations import Context, Record, Target
from tekton_integrations_github import output
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.needs import STATUSES
from tekton_integrations_github.report import Report, digest

ID, SHOWN = "status-id", "status-shown"
SETTLED = {"state": "error", "description": "Run deleted, outcome unknown"}


_SHARE = "status "


def share(repository: str, name: str, sha: str) -> str:
    """Names the place that all spellings of a name share: GitHub does not tell upper from lower case in them."""
    return f"{_SHARE}{repository} {sha} {output.plain(name).lower()}"


def is_share(name: str) -> bool:
    return name.startswith(_SHARE)


class Status(msgspec.Struct):
    """What GitHub says of one, as far as it matters."""

    id: int
    state: str
    context: str = ""
    description: str | None = None
    target_url: str | None = None


class Statuses:
    """The statuses of one commit under one name."""

    def __init__(self, calls: Calls, target: Target, context: Context) -> None:
        self._calls = calls
        self._context = context
        self._sha = target.detail
        self._name = output.plain(target.name)

    async def newest(self) -> Status | None:
        path = f"/commits/{self._sha}/statuses?per_page=100"
        mine = self._mine
        found = await self._calls.pages(path, need=STATUSES, kind=list[Status], pick=mine, until=mine)
        return found[0] if found else None

    async def post(self, payload: dict[str, str]) -> Status:
        body = {"context": self._name} | payload
        await self._calls.ready(STATUSES)
        # Posting twice does no harm by itself, so a call in doubt need not be waited for. But it must stay in doubt:
        # it may be another one's, of what must not be made twice.
        async with nullcontext() if self._context.search else self._context.attempt(repeatable=True):
            return await self._calls.call("POST", f"/statuses/{self._sha}", body, need=STATUSES, kind=Status)

    def _mine(self, page: list[Status]) -> list[Status]:
        return [status for status in page if status.context.lower() == self._name.lower()]


async def ready(report: Report) -> None:
    """To be asked before the report is put together: see checks.ready."""
    if (report.context.search or SHOWN not in report.memory) and _is_newest(report):
        await report.calls.ready(STATUSES)


def _is_newest(report: Report) -> bool:
    return report.context.newest("") and report.context.newest(_place(report))


def _place(report: Report) -> str:
    return share(report.target.resource, report.target.name, report.target.detail)


async def show(report: Report) -> bool:
    """False where a newer run shows in its place."""
    statuses = Statuses(report.calls, report.target, report.context)
    payload = output.commit_status(report.run, report.children, report.page.details_url)
    report.url = report.calls.web(f"/commit/{report.target.detail}")
    async with report.context.exclusive(_place(report)):
        if not _is_newest(report):
            return False
        if report.context.search:
            async with report.calls.held(STATUSES):
                newest = await statuses.newest()
            shown = newest is not None and all(getattr(newest, key) == value for key, value in payload.items())
        else:
            newest, shown = None, report.memory.get(SHOWN) == digest(payload)
        if not shown:
            newest = await statuses.post(payload)
        if newest is not None:
            report.keep({ID: str(newest.id), SHOWN: digest(payload)})
    return True


async def settle(access: Access, record: Record, context: Context) -> None:
    """An open status of ours is ended as an error; whatever else stands there is somebody else's."""
    assert record.target is not None
    statuses = Statuses(Calls(access, record.target, context, final=True), record.target, context)
    newest = await statuses.newest()
    if newest is None or newest.state != "pending":
        return
    # A call in doubt may have made it; a wrong guess is mended by the other run's next report.
    in_doubt = record.intent is not None or record.verify_after is not None
    if str(newest.id) == record.memory.get(ID) or in_doubt:
        await statuses.post(SETTLED)
