"""Commit statuses: append-only, the newest of a context counts.

https://docs.github.com/en/rest/commits/statuses
"""

import re
from typing import Any

from tests.fakes.github.call import Answer, ApiError, validation_failed
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import Commit, Repository, Status
from tests.fakes.github.paging import page
from tests.fakes.github.render import repository_json, status_json
from tests.fakes.github.repositories import find_commit
from tests.fakes.github.routing import Context, route
from tests.fakes.github.world import FULL_SHA, loop_time

MOST = 1000  # of one sha and context
STATES = ("error", "failure", "pending", "success")
ASTRAL = re.compile("[\U00010000-\U0010ffff]")


@route("POST", "/repos/{repo}/statuses/{ref}", "commits/statuses#create-a-commit-status")
def create_status(context: Context) -> Answer:
    repository = context.repository("statuses", "write")
    commit = _commit(context, repository)
    body = _checked(context.call.body)
    label = body.get("context") or "default"
    if sum(each.context.lower() == label.lower() for each in commit.statuses) >= MOST:
        raise validation_failed("Status", "This SHA and context has reached the maximum number of statuses.")
    status = Status(
        id=context.world.next_run_id(),
        sha=commit.sha,
        state=body["state"],
        context=label,
        description=body.get("description"),
        target_url=body.get("target_url") or None,
        creator=context.identity.login,
        created_at=timestamp(context.call.time),
        loop_time=loop_time(),
    )
    commit.statuses.append(status)
    context.call.written = status
    return Answer(status=201, body=status_json(context.call, repository, status))


def _commit(context: Context, repository: Repository) -> Commit:
    sha = context.call.parts["ref"]
    if not FULL_SHA.match(sha.lower()):
        raise validation_failed("Status", "sha must be a 40 character SHA1", "sha")
    return context.world.commit(repository, sha.lower())


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    if body.get("state") not in STATES:
        raise validation_failed("Status", "state is not included in the list", "state")
    for name, longest in (("description", 140), ("context", 255)):
        text = body.get(name) or ""
        if not isinstance(text, str):
            raise validation_failed("Status", f"{name} must be a string", name)
        if len(text) > longest:
            raise validation_failed("Status", f"{name} is too long (maximum is {longest} characters)", name)
        if ASTRAL.search(text):  # https://github.com/ouzi-dev/commit-status-updater/issues/527
            raise validation_failed("Status", f"{name} doesn't accept 4-byte Unicode", name)
    target = body.get("target_url") or ""
    if target and not str(target).startswith(("http://", "https://")):
        raise validation_failed("Status", "target_url must use http(s) scheme", "target_url")
    return body


@route("GET", "/repos/{repo}/commits/{ref}/statuses", "commits/statuses#list-commit-statuses-for-a-reference")
def list_statuses(context: Context) -> Answer:
    repository = context.repository("statuses", "read")
    found, headers = page(context.call, repository, _visible(context, find_commit(context, repository)))
    body = [status_json(context.call, repository, each) for each in found]
    return Answer(status=200, body=body, headers=headers)


@route(
    "GET",
    "/repos/{repo}/commits/{ref}/status",
    "commits/statuses#get-the-combined-status-for-a-specific-reference",
)
def combined_status(context: Context) -> Answer:
    repository = context.repository("statuses", "read")
    commit = find_commit(context, repository)
    newest = latest(_visible(context, commit))
    found, headers = page(context.call, repository, newest)
    body = {
        "state": combined({each.state for each in newest}),
        "statuses": [status_json(context.call, repository, each) for each in found],
        "sha": commit.sha,
        "total_count": len(newest),
        "repository": repository_json(context.call, repository),
    }
    return Answer(status=200, body=body, headers=headers)


def _visible(context: Context, commit: Commit) -> list[Status]:
    """Newest first."""
    horizon = loop_time() - context.call.lag
    return [each for each in reversed(commit.statuses) if each.loop_time <= horizon]


def latest(newest_first: list[Status]) -> list[Status]:
    """One of each context; contexts differ in more than case."""
    seen: dict[str, Status] = {}
    for status in newest_first:
        seen.setdefault(status.context.lower(), status)
    return list(seen.values())


def combined(states: set[str]) -> str:
    if states & {"error", "failure"}:
        return "failure"
    return "pending" if not states or "pending" in states else "success"
