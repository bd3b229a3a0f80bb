"""One check run for each run. Making one is not idempotent and GitHub de-duplicates nothing, so it is announced
in the record before, and looked for by its external id whenever the record is in doubt.

https://docs.github.com/en/rest/checks/runs
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tekton_integrations import Child, Context, PermanentError, Record, Result, Run, Target
from tekton_integrations_github import output
from tekton_integrations_github.api import Api
from tekton_integrations_github.auth import Tokens

ID = "check-run-id"


class CheckRuns:
    """The check runs of one target, with the calls that they need."""

    def __init__(self, tokens: Tokens, target: Target, context: Context, *, final: bool) -> None:
        self._tokens = tokens
        self._target = target
        self._context = context
        self._api = Api(context, target.resource.partition("/")[0], final)
        self._path = f"/repos/{target.resource}"

    async def mine(self) -> list[dict[str, Any]]:
        """Those that carry our external id, oldest first. `latest` would hide an older twin, so `all` is asked."""
        query = (
            f"check_name={quote(self._target.name, safe='')}&filter=all&per_page=100"
            f"&app_id={self._context.credential.settings.app_id}"
        )
        path = f"{self._path}/commits/{self._target.detail}/check-runs?{query}"
        pages = await self._tokens.pages(self._api, self._target.resource, path)
        found = [check for page in pages for check in page["check_runs"]]
        mine = [check for check in found if check.get("external_id") == self._context.external_id]
        return sorted(mine, key=lambda check: int(check["id"]))

    async def read(self, number: int) -> dict[str, Any]:
        return await self._call("GET", f"{self._path}/check-runs/{number}")

    async def create(self, payload: dict[str, Any]) -> dict[str, Any]:
        fixed = {
            "name": self._target.name,
            "head_sha": self._target.detail,
            "external_id": self._context.external_id,
        }
        self._api.check_quota()
        async with self._context.attempt():
            return await self._call("POST", f"{self._path}/check-runs", fixed | payload)

    async def update(self, number: int, payload: dict[str, Any]) -> dict[str, Any] | None:
        """None where there is no such check run: GitHub drops old ones, and repositories are made anew."""
        try:
            return await self._call("PATCH", f"{self._path}/check-runs/{number}", payload)
        except PermanentError as error:
            if error.reason != "NotVisible":
                raise
            return None

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = await self._tokens.call(self._api, self._target.resource, method, path, body)
        return answer


async def show(tokens: Tokens, run: Run, children: Sequence[Child], record: Record, context: Context) -> Result:
    """Makes the run's check run show the run; ends twins that a cut call may have left."""
    assert record.target is not None
    checks = CheckRuns(tokens, record.target, context, final=run.final)
    payload = output.check_run(run, children)
    found = await checks.mine() if context.search else []
    # What was concluded can't be reopened: a run that asks again, and goes on, needs a new one.
    closed = [] if run.final else [int(check["id"]) for check in found if output.is_settled(check)]
    usable = [check for check in found if int(check["id"]) not in closed]
    known = remembered(record)
    # GitHub shows the newest of a name, so that is the one to keep right.
    number = int(usable[-1]["id"]) if usable else 0 if known in closed else known
    shown = await checks.update(number, payload) if number else None
    if shown is None:
        shown = await checks.create(payload)
    for twin in usable[:-1]:
        if twin["status"] != "completed":
            await checks.update(int(twin["id"]), output.twin_check_run(twin["started_at"], shown["id"]))
    return Result(memory={ID: str(shown["id"])}, url=shown.get("html_url") or "", summary=_summary(record, payload))


async def settle(tokens: Tokens, record: Record, context: Context) -> None:
    """Concludes what is still open of ours: by the ids found, and by the one remembered if it carries our id."""
    assert record.target is not None
    checks = CheckRuns(tokens, record.target, context, final=True)
    found = await checks.mine()
    for check in found:
        await _conclude(checks, check, context)
    # Last, as it may be gone: GitHub drops old ones.
    number = remembered(record)
    if number and number not in {int(check["id"]) for check in found}:
        check = await checks.read(number)
        # One of another commit is not what is to be left here, whatever the record says.
        if str(check.get("head_sha", "")).lower() == record.target.detail:
            await _conclude(checks, check, context)


async def _conclude(checks: CheckRuns, check: dict[str, Any], context: Context) -> None:
    if check["status"] != "completed" and check.get("external_id") == context.external_id:
        await checks.update(int(check["id"]), output.settled_check_run())


def remembered(record: Record) -> int:
    """The check run's id, 0 if there is none yet. What can't be read must not be taken for nothing."""
    text = record.memory.get(ID, "0")
    if not text.isdecimal():
        cure = "set another `name` to start over"
        raise PermanentError("UnreadableMemory", f"the record's annotation {ID} is not a number; {cure}")
    return int(text)


def _summary(record: Record, payload: dict[str, Any]) -> str:
    assert record.target is not None
    word = payload.get("conclusion") or payload["status"]
    return f"check {record.target.name!r} of {record.target.resource} shows {word}: {payload['output']['title']}"
