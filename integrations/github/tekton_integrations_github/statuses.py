"""A commit status for each run, for those who have no App. GitHub appends, and the newest of a name counts.

So a call that was cut and lands late would bring an old state back: what counts is looked at again afterwards.
https://docs.github.com/en/rest/commits/statuses
"""

from collections.abc import Sequence
from typing import Any

from tekton_integrations import Child, Context, Record, Result, Run, Target
from tekton_integrations_github import output
from tekton_integrations_github.api import Api
from tekton_integrations_github.auth import Tokens

ID = "status-id"


class Statuses:
    """The statuses of one commit under one name."""

    def __init__(self, tokens: Tokens, target: Target, context: Context, *, final: bool) -> None:
        self._tokens = tokens
        self._target = target
        self._context = context
        self._api = Api(context, target.resource.partition("/")[0], final)

    async def newest(self) -> dict[str, Any] | None:
        path = f"/repos/{self._target.resource}/commits/{self._target.detail}/statuses?per_page=100"
        pages = await self._tokens.pages(self._api, self._target.resource, path)
        name = self._name.lower()
        return next((s for page in pages for s in page if s["context"].lower() == name), None)

    @property
    def _name(self) -> str:
        return output.plain(self._target.name)

    async def post(self, payload: dict[str, str]) -> str:
        """The new status's id."""
        path = f"/repos/{self._target.resource}/statuses/{self._target.detail}"
        body = {"context": self._name} | payload
        # Posting twice does no harm by itself, so a call in doubt need not be waited for.
        self._api.check_quota()
        async with self._context.attempt(repeatable=True):
            answer = await self._tokens.call(self._api, self._target.resource, "POST", path, body)
        return str(answer["id"])

    @property
    def page(self) -> str:
        web = self._context.credential.endpoint.removesuffix("/api/v3").replace("//api.", "//")
        return f"{web}/{self._target.resource}/commit/{self._target.detail}"


async def show(tokens: Tokens, run: Run, children: Sequence[Child], record: Record, context: Context) -> Result:
    assert record.target is not None
    statuses = Statuses(tokens, record.target, context, final=run.final)
    payload = output.commit_status(run, children)
    newest = await statuses.newest() if context.search else None
    if newest is None or any(newest.get(key) != value for key, value in payload.items()):
        number = await statuses.post(payload)
    else:
        number = str(newest["id"])
    summary = (
        f"status {record.target.name!r} of {record.target.resource} shows {payload['state']}: {payload['description']}"
    )
    return Result(memory={ID: number}, url=statuses.page, summary=summary)


async def settle(tokens: Tokens, record: Record, context: Context) -> None:
    """An open status of ours is ended as an error; whatever else stands there is somebody else's."""
    assert record.target is not None
    statuses = Statuses(tokens, record.target, context, final=True)
    newest = await statuses.newest()
    if newest is None or newest["state"] != "pending":
        return
    # A call in doubt may have made it; a wrong guess is mended by the other run's next report.
    in_doubt = record.intent is not None or record.verify_after is not None
    if str(newest["id"]) == record.memory.get(ID) or in_doubt:
        await statuses.post({"state": "error", "description": "Run deleted, outcome unknown"})
