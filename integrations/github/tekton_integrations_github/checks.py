"""One check run for each run. Making one is not idempotent and GitHub de-duplicates nothing, so it is announced
in the record before, and looked for by its external id whenever the record is in doubt.

Annotations are added by each PATCH and never replaced: those that were sent are counted, by GitHub where in doubt.
https://docs.github.com/en/rest/checks/runs
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from tekton_integrations import Context, PermanentError, Record, Target
from tekton_integrations_github import output
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.needs import CHECKS
from tekton_integrations_github.report import Report, digest, number

ID, SHOWN, SENT = "check-run-id", "check-run-shown", "annotations-sent"
# Set when there is a log on the page.
LOG = "check-run-log"
# Annotations in one request; https://docs.github.com/en/rest/checks/runs#create-a-check-run
BATCH = 50


class _Output(msgspec.Struct):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


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
        """Whether it has what was sent, but for white space, which GitHub may change."""
        said = payload["output"]
        same = all(
            _words(getattr(self.output, each)) == _words(said.get(each)) for each in ("title", "summary", "text")
        )
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


async def show(report: Report) -> None:
    """Makes the run's check run show the run; ends twins that a cut call may have left."""
    checks = CheckRuns(report.calls, report.target, report.context)
    payload = output.check_run(report.run, report.children, report.page)
    if report.logs_gone and LOG in report.memory:
        del payload["output"]["text"]  # GitHub keeps what stands there
    notes = output.annotations(report.run, report.page.excerpts).shown
    twins = await _look(report, checks, payload, len(notes)) if report.context.search else []
    if not await _updated(report, checks, payload, notes):
        first = notes[:BATCH]
        check = await checks.create(report.target.name, report.context.external_id, _with(payload, first))
        _shown(report, check, payload, len(first))
    while (sent := report.number(SENT)) < len(notes):
        batch = notes[sent : sent + BATCH]
        await _send(report, checks, {"output": _with(payload, batch)["output"]}, sent + len(batch))
    for twin in twins:
        await checks.end_twin(twin, report.number(ID))


async def _look(report: Report, checks: CheckRuns, payload: Mapping[str, Any], notes: int) -> list[CheckRun]:
    """Corrects the memory by what GitHub has; gives the twins. `notes`: how many annotations there are to be."""
    # Reads may go at a higher rate, and one is of no use until the write that follows may go, too.
    known = report.number(ID)
    await report.calls.ready(CHECKS, *(("PATCH", f"/check-runs/{known}") if known else ()))
    found = await checks.with_ids([report.context.external_id], report.target.name)
    usable = reopenable(found, payload)
    if usable:
        # GitHub shows the newest of a name, so that is the one to keep right.
        _trust(report, usable[-1], payload, notes)
    elif known in {check.id for check in found}:
        report.keep(dict.fromkeys((ID, SENT, SHOWN, LOG), ""))
    return usable[:-1]


def reopenable(found: Sequence[CheckRun], payload: Mapping[str, Any]) -> list[CheckRun]:
    """What was concluded can't be opened again: a run that asks again, and goes on, needs a new one."""
    return [check for check in found if payload["status"] == "completed" or not check.settled]


def _trust(report: Report, check: CheckRun, payload: Mapping[str, Any], notes: int) -> None:
    """What is remembered of it counts as far as it does not contradict what GitHub has. A look that finds all right
    costs no write: where those are few, it would never come to an end."""
    report.url = check.html_url or report.url
    known, count = report.number(ID) == check.id, check.output.annotations_count
    shown = report.memory.get(SHOWN, "") if known and check.shows(payload) else ""
    # A list may lag behind what was answered; and of too many, some came late and stand there twice.
    answered = report.number(SENT) if known else 0
    sent = max(answered, count if count <= notes else 0) or min(count, notes)
    report.keep({ID: str(check.id), SENT: str(sent or ""), SHOWN: shown})


async def _updated(
    report: Report, checks: CheckRuns, payload: Mapping[str, Any], notes: Sequence[dict[str, Any]]
) -> bool:
    """Whether there is a check run that shows `payload`. Annotations go with it, if no call is in doubt: else they
    have to wait, and the outcome does not."""
    known, sent = report.number(ID), report.number(SENT)
    if not known:
        return False
    if report.memory.get(SHOWN) == digest(payload):
        # Unknown where the report that made it was never accepted as a whole.
        report.url = report.url or report.calls.web(f"/runs/{known}")
        return True
    batch = [] if report.context.search else notes[sent : sent + BATCH]
    if batch:
        return await _send(report, checks, _with(payload, batch), sent + len(batch), payload)
    check = await checks.update(known, payload)
    if check is not None:
        _shown(report, check, payload, sent)
    return check is not None


async def _send(
    report: Report, checks: CheckRuns, body: Mapping[str, Any], sent: int, payload: Mapping[str, Any] | None = None
) -> bool:
    """Adds annotations, which must not be done twice. False where the check run is gone."""
    await report.calls.ready(CHECKS)
    async with report.context.attempt():
        check = await checks.update(report.number(ID), body)
    if check is None:
        report.keep(dict.fromkeys((ID, SENT, SHOWN, LOG), ""))
    else:
        _shown(report, check, payload, sent)
    return check is not None


def _shown(report: Report, check: CheckRun, payload: Mapping[str, Any] | None, sent: int) -> None:
    shown = {SHOWN: digest(payload)} if payload else {}
    if any(excerpt.lines for excerpt in report.page.excerpts.values()):
        shown[LOG] = "shown"
    report.url = check.html_url or report.url
    report.keep({ID: str(check.id), SENT: str(sent or "")} | shown)


def _with(payload: Mapping[str, Any], notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    extra = {"annotations": list(notes)} if notes else {}
    return dict(payload) | {"output": payload["output"] | extra}


async def settle(access: Access, record: Record, context: Context, others: Sequence[str]) -> None:
    """Concludes what is still open of ours: what is found by our external id and by `others` (of the tasks' checks),
    and what is remembered if it carries our id."""
    assert record.target is not None
    checks = CheckRuns(Calls(access, record.target, context, final=True), record.target, context)
    ids = [context.external_id, *others]
    found = await checks.with_ids(ids, "" if others else record.target.name)
    for check in found:
        await _conclude(checks, check, ids)
    remembered = number(record.memory, ID)
    if remembered and remembered not in {check.id for check in found}:
        try:
            check = await checks.read(remembered)
        except PermanentError as error:
            if error.reason != "NotFound":
                raise
            return
        # One of another commit is not what is to be left here, whatever the record says.
        if check.head_sha.lower() == record.target.detail:
            await _conclude(checks, check, ids)


async def _conclude(checks: CheckRuns, check: CheckRun, ids: Sequence[str]) -> None:
    if check.open and check.external_id in ids:
        await checks.update(check.id, output.settled_check_run())
