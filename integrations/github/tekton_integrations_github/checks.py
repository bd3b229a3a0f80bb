"""One check run for each run. Making one is not idempotent and GitHub de-duplicates nothing, so it is announced
in the record before, and looked for by its external id whenever the record is in doubt.

Annotations are added by each PATCH and never replaced: those that were sent are counted, by GitHub where in doubt.
https://docs.github.com/en/rest/checks/runs
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tekton_integrations import Context, PermanentError, Record
from tekton_integrations.text import count
from tekton_integrations_github import output
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.check_runs import CheckRun, CheckRuns, reopenable
from tekton_integrations_github.needs import CHECKS
from tekton_integrations_github.report import Report, digest, number

ID, SHOWN, SENT, REFUSED = "check-run-id", "check-run-shown", "annotations-sent", "annotations-refused"
# Names of the children of which there is a log on the page.
LOG = "check-run-log"
_ALL = (ID, SHOWN, SENT, REFUSED, LOG)
# Annotations in one request; https://docs.github.com/en/rest/checks/runs#create-a-check-run
BATCH = 50


async def ready(report: Report) -> None:
    """To be asked before the report is put together: what is due may be called. To list what is below a run costs the
    API server more than all else, and thousands that have to wait would do it in vain."""
    if report.context.search or SHOWN not in report.memory:
        await report.calls.ready(CHECKS, *_write(report))


def _write(report: Report) -> tuple[str, ...]:
    """The call by which it is shown."""
    return ("PATCH", f"/check-runs/{known}") if (known := report.number(ID)) else ()


async def show(report: Report) -> None:
    """Makes the run's check run show the run; ends twins that a cut call may have left.

    GitHub takes all of a call or nothing: for an annotation that it refuses, the outcome must not be missing."""
    checks = CheckRuns(report.calls, report.target, report.context)
    notes, refused = output.annotations(report.run, report.page.excerpts).shown, report.number(REFUSED)
    notes = notes[: report.number(SENT)] if refused else notes
    payload = _payload(report, refused)
    twins = await _look(report, checks, _spared(report, payload), len(notes)) if report.context.search else []
    try:
        await _bring(report, checks, payload, notes)
    except PermanentError as error:
        refused = len(notes) - (sent := report.number(SENT))
        if error.reason != "Refused" or refused <= 0:
            raise
        await _bring(report, checks, _payload(report, refused), notes[:sent])
        report.keep({REFUSED: str(refused)})
    for twin in twins:
        await checks.end_twin(twin, report.number(ID))


def _payload(report: Report, refused: int) -> dict[str, Any]:
    notes = (f"{count(refused, 'finding')} in the log {_were(refused)} refused by GitHub.",) if refused else ()
    page = replace(report.page, notes=(*report.page.notes, *notes))
    return output.check_run(report.run, report.children, page)


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _spared(report: Report, payload: dict[str, Any]) -> dict[str, Any]:
    """Without the text where a log stands there that can't be read any more: GitHub keeps it."""
    shown = report.memory.get(LOG, "").split(",")
    if not any(excerpt.gone and name in shown for name, excerpt in report.page.excerpts.items()):
        return payload
    return payload | {"output": {key: value for key, value in payload["output"].items() if key != "text"}}


async def _bring(report: Report, checks: CheckRuns, payload: dict[str, Any], notes: Sequence[dict[str, Any]]) -> None:
    spared = _spared(report, payload)
    if not await _updated(report, checks, spared, notes):
        spared, first = payload, notes[:BATCH]
        check = await checks.create(report.target.name, report.context.external_id, _with(payload, first))
        _shown(report, check, payload, len(first))
    while (sent := report.number(SENT)) < len(notes):
        batch = notes[sent : sent + BATCH]
        await _send(report, checks, {"output": _with(spared, batch)["output"]}, sent + len(batch))


async def _look(report: Report, checks: CheckRuns, payload: Mapping[str, Any], notes: int) -> list[CheckRun]:
    """Corrects the memory by what GitHub has; gives the twins. `notes`: how many annotations there are to be."""
    known = report.number(ID)
    async with report.calls.held(CHECKS, *_write(report)):
        found = await checks.with_ids([report.context.external_id], report.target.name)
    usable = reopenable(found, payload)
    if usable:
        # GitHub shows the newest of a name, so that is the one to keep right.
        _trust(report, usable[-1], payload, notes)
    elif known in {check.id for check in found}:
        report.keep(dict.fromkeys(_ALL, ""))
    return usable[:-1]


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
        report.keep(dict.fromkeys(_ALL, ""))
    else:
        _shown(report, check, payload, sent)
    return check is not None


def _shown(report: Report, check: CheckRun, payload: Mapping[str, Any] | None, sent: int) -> None:
    shown = {SHOWN: digest(payload)} if payload else {}
    if payload and "text" in payload["output"]:
        shown[LOG] = ",".join(name for name, excerpt in report.page.excerpts.items() if excerpt.lines)
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
