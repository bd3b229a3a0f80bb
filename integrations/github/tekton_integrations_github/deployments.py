"""The deployment of a commit to an environment, found or made, and kept right by its statuses.

A status starts workflows, so each is sent once; success above all.
https://docs.github.com/en/rest/deployments/statuses
"""

from typing import Any
from urllib.parse import quote

import msgspec

from tekton_integrations import Context, PermanentError, Record
from tekton_integrations_github import output
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.needs import DEPLOYMENTS
from tekton_integrations_github.options import GitHubOptions
from tekton_integrations_github.report import Report, number

ID, STATUS, SHOWN, WHERE = "deployment-id", "deployment-status-id", "deployment-shown", "deployment-environment"
# In the payload of those that we made; its value is the record's external id.
OURS = "tekton-integrations"
_OPEN = ("queued", "in_progress", "pending")
_DUPLICATE = {"state": "inactive", "description": "A duplicate"}
_ELSEWHERE = {"state": "inactive", "description": "The run is shown elsewhere"}
_DELETED = {"state": "error", "description": "Run deleted, outcome unknown"}


class Deployment(msgspec.Struct):
    """What GitHub says of one, as far as it matters."""

    id: int
    payload: Any = None

    def made_for(self, external_id: str) -> bool:
        return isinstance(self.payload, dict) and self.payload.get(OURS) == external_id


class Status(msgspec.Struct):
    """A deployment's."""

    id: int
    state: str


def share(options: GitHubOptions, repository: str, sha: str) -> str:
    """Names the deployment that several runs share; empty where none is wanted."""
    return f"deployment {repository} {sha} {options.environment}" if options.environment else ""


async def show(report: Report) -> None:
    """A run that asks for another environment by now leaves nothing open at the one before."""
    if report.memory.get(WHERE, report.options.environment) != report.options.environment:
        await _leave(report)
    key = share(report.options, report.target.resource, report.target.detail)
    if not key:
        return
    calls = report.calls.named(granted_name(report.options))
    if _has_news(report):
        await calls.repository(DEPLOYMENTS)  # asks the grants: who has none keeps nobody else out
    async with report.context.exclusive(key):
        if report.context.newest(key) and _has_news(report):
            await _show(report, calls)


def _has_news(report: Report) -> bool:
    return report.memory.get(SHOWN) != output.deployment_state(report.run)[0] or report.context.search


def granted_name(options: GitHubOptions) -> str:
    """What a grant's `names` must allow: a deployment satisfies the rules of its environment."""
    return f"deployment/{options.environment}"


async def _show(report: Report, calls: Calls) -> None:
    state, description = output.deployment_state(report.run)
    found, twins = await _found(report, calls)
    deployment = found or await _create(report, calls)
    report.keep({ID: str(deployment), WHERE: report.options.environment})
    status = _status(report, state, description)
    try:
        told = await _told(report, calls, deployment, state) if report.context.search else 0
        told = told or await _post(calls, report.context, deployment, status)
    except PermanentError as error:
        if error.reason != "NotFound":
            raise
        # Somebody deleted it.
        report.keep({ID: "", STATUS: "", SHOWN: ""})
        deployment = await _create(report, calls)
        told = await _post(calls, report.context, deployment, status)
    report.keep({ID: str(deployment), STATUS: str(told), SHOWN: state})
    for twin in twins:
        await _end(calls, report.context, twin, _DUPLICATE)


async def _told(report: Report, calls: Calls, deployment: int, state: str) -> int:
    """The status by which this run has told `state` already; 0 if there is none. The newest is not enough to go by:
    GitHub ends older deployments of an environment by itself."""
    statuses = await _statuses(calls, deployment)
    last = report.number(STATUS)
    newest = statuses[:1]
    if newest and newest[0].state in _OPEN and newest[0].state != state:
        return 0  # it may have been told before, and then an older one came late
    if report.memory.get(SHOWN) == state and last in {each.id for each in statuses}:
        return last
    later = [each for each in statuses if each.id > last] if last else newest
    return next((each.id for each in later if each.state == state), 0)


async def _leave(report: Report) -> None:
    if (known := report.number(ID)) and report.memory.get(SHOWN, "") in (*_OPEN, ""):
        await _end(report.calls, report.context, known, _ELSEWHERE)
    report.keep({ID: "", STATUS: "", SHOWN: "", WHERE: ""})


def _status(report: Report, state: str, description: str) -> dict[str, Any]:
    links = {"log_url": report.page.details_url or report.url, "environment_url": report.options.environment_url}
    return {"state": state, "description": description} | {key: url for key, url in links.items() if url}


async def _found(report: Report, calls: Calls) -> tuple[int, list[int]]:
    """The one that is remembered, else the newest of the commit and the environment, whoever made it, 0 if there is
    none; and twins that cut calls of ours made."""
    if (known := report.number(ID)) and not report.context.search:
        return known, []
    async with calls.held(DEPLOYMENTS):
        found = await _listed(calls, report.target.detail, report.options.environment)
    ids = [each.id for each in found]
    # It was told already how it ended, perhaps: nobody else is to be told as well.
    kept = known if known in ids else (ids or [0])[0]
    ours = [each.id for each in found if each.made_for(report.context.external_id)]
    return kept, [each for each in ours if each != kept]


async def _listed(calls: Calls, sha: str, environment: str) -> list[Deployment]:
    query = f"sha={sha}&environment={quote(environment, safe='')}"
    found: list[Deployment] = await calls.call("GET", f"/deployments?{query}", need=DEPLOYMENTS, kind=list[Deployment])
    return found


async def _create(report: Report, calls: Calls) -> int:
    body = {
        "ref": report.target.detail,
        "environment": report.options.environment,
        "auto_merge": False,
        "required_contexts": [],
        "payload": {OURS: report.context.external_id},
    }
    await calls.ready(DEPLOYMENTS)
    report.keep(
        {WHERE: report.options.environment}
    )  # stored before it is made, so that it can be found without the run
    async with report.context.attempt():
        made = await calls.call("POST", "/deployments", body, need=DEPLOYMENTS, kind=Deployment)
    report.keep({ID: str(made.id)})
    return made.id


async def _post(
    calls: Calls, context: Context, deployment: int, body: dict[str, Any], *, repeatable: bool = False
) -> int:
    """The new status's id."""
    path = f"/deployments/{deployment}/statuses"
    await calls.ready(DEPLOYMENTS, "POST", path)
    async with context.attempt(repeatable):
        made = await calls.call("POST", path, body, need=DEPLOYMENTS, kind=Status)
    return made.id


async def _statuses(calls: Calls, deployment: int) -> list[Status]:
    """Newest first."""
    path = f"/deployments/{deployment}/statuses?per_page=100"
    found: list[Status] = await calls.call("GET", path, need=DEPLOYMENTS, kind=list[Status])
    return found


async def settle(access: Access, record: Record, context: Context) -> None:
    """One that our run left open is ended with an error; not one that another run goes on with."""
    assert record.target is not None
    if WHERE not in record.memory and ID not in record.memory:
        return
    in_doubt = record.intent is not None or record.verify_after is not None
    if record.memory.get(SHOWN) not in (*_OPEN, None) and not in_doubt:
        return
    calls = Calls(access, record.target, context, final=True)
    known, last = number(record.memory, ID), number(record.memory, STATUS)
    ours = await _ours(calls, record, context) if WHERE in record.memory and (in_doubt or not known) else []
    for deployment in sorted({known, *ours} - {0}):
        mine = last if deployment == known and not in_doubt else None
        await _end(calls, context, deployment, _DELETED, mine)


async def _ours(calls: Calls, record: Record, context: Context) -> list[int]:
    """Those that cut calls made, too."""
    assert record.target is not None
    found = await _listed(calls, record.target.detail, record.memory[WHERE])
    return [each.id for each in found if each.made_for(context.external_id)]


async def _end(calls: Calls, context: Context, deployment: int, last: dict[str, str], mine: int | None = None) -> None:
    """Where it is open, still there, and its newest status is `mine` (None: whose that is can't be told; a wrong guess
    is mended by the other run's next report)."""
    try:
        statuses = await _statuses(calls, deployment)
        newest = statuses[0] if statuses else None
        if newest is not None and (newest.state not in _OPEN or mine not in (None, newest.id)):
            return
        await _post(calls, context, deployment, last, repeatable=True)
    except PermanentError as error:
        if error.reason != "NotFound":
            raise
