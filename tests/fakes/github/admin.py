"""What GitHub does not have: another process may read everything, add things, and set faults."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes.github import http
from tests.fakes.github.call import Answer, ApiError, Call, not_found
from tests.fakes.github.entities import CheckRun, Status
from tests.fakes.github.faults import KINDS
from tests.fakes.github.render import check_run_json, status_json
from tests.fakes.github.render_talk import comment_json, deployment_json, deployment_status_json

if TYPE_CHECKING:
    from tests.fakes.github.server import GitHub

PREFIX = "/_lookalike"


def answer(github: "GitHub", call: Call) -> Answer:
    endpoint = ENDPOINTS.get((call.method, call.path.removeprefix(PREFIX)))
    try:
        if endpoint is None:
            raise not_found()
        call.body = http.parsed(call.raw)
        return Answer(status=200, body=endpoint(github, call))
    except ApiError as error:
        return error.answer()
    except (KeyError, TypeError) as error:
        return ApiError(422, f"{type(error).__name__}: {error}").answer()


def _check_run(github: "GitHub", call: Call, run: CheckRun) -> dict[str, Any]:
    writes = [
        {
            "time": each.time,
            "method": each.method,
            "status": each.after.status,
            "conclusion": each.after.conclusion,
        }
        for each in run.history
    ]
    body = check_run_json(call, run, github.world.apps[run.app_id])
    body["output"] |= {"annotations": [dict(each) for each in run.output.annotations]}
    extra = {"repository": run.repository.full_name, "actions": list(run.actions), "history": writes}
    return body | extra


def check_runs(github: "GitHub", call: Call) -> list[dict[str, Any]]:
    """All, oldest first; ?repository= and ?sha= choose."""
    wanted = call.query.get("repository", "").lower(), call.query.get("sha", "")
    return [
        _check_run(github, call, run)
        for repository, commit in github.world.all_commits()
        if wanted[0] in ("", repository.full_name.lower()) and wanted[1] in ("", commit.sha)
        for run in commit.runs
    ]


def statuses(github: "GitHub", call: Call) -> list[dict[str, Any]]:
    wanted = call.query.get("repository", "").lower(), call.query.get("sha", "")
    found: list[tuple[Any, Status]] = [
        (repository, status)
        for repository, commit in github.world.all_commits()
        if wanted[0] in ("", repository.full_name.lower()) and wanted[1] in ("", commit.sha)
        for status in commit.statuses
    ]
    return [
        status_json(call, repository, status) | {"sha": status.sha, "repository": repository.full_name}
        for repository, status in found
    ]


def comments(github: "GitHub", call: Call) -> list[dict[str, Any]]:
    """All, oldest first."""
    found = (github.world.comments[number] for number in sorted(github.world.comments))
    return [
        comment_json(call, each, github.world.apps) | {"repository": each.repository.full_name, "number": each.number}
        for each in found
    ]


def deployments(github: "GitHub", call: Call) -> list[dict[str, Any]]:
    """All, oldest first, each with its statuses."""
    apps = github.world.apps
    return [
        deployment_json(call, each, apps)
        | {"repository": each.repository.full_name}
        | {"statuses": [deployment_status_json(call, each, status, apps) for status in each.statuses]}
        for repository in github.world.repositories.values()
        for each in repository.deployments
    ]


def state(github: "GitHub", call: Call) -> dict[str, Any]:
    return {
        "check_runs": check_runs(github, call),
        "statuses": statuses(github, call),
        "comments": comments(github, call),
        "deployments": deployments(github, call),
        "counts": dict(github.counts),
        "violations": [
            {"client": each.client, "kind": each.kind, "early_by": each.early_by, "path": each.call.path}
            for each in github.violations
        ],
        "late_writes": len(github.late),
    }


def requests(github: "GitHub", call: Call) -> list[dict[str, Any]]:
    """The log; ?after=N leaves out the requests up to number N."""
    after = int(call.query.get("after", "0"))
    names = ("number", "method", "path", "status", "time", "answered", "client", "endpoint", "body")
    return [{name: getattr(each, name) for name in names} for each in github.requests if each.number > after]


def add_fault(github: "GitHub", call: Call) -> dict[str, Any]:
    """{"match": regex, "fault": "LateWrite", "times": 1, …the fault's own fields}"""
    options = dict(call.body)
    kind, match, times = KINDS[options.pop("fault")], options.pop("match", ""), options.pop("times", 1)
    github.faults.add(match, kind(**options), times)
    return {"rules": len(github.faults.rules)}


def clear_faults(github: "GitHub", call: Call) -> dict[str, Any]:
    github.faults.clear()
    return {}


def add_repository(github: "GitHub", call: Call) -> dict[str, Any]:
    """{"repository": "acme/api", "app": 12, "permissions": {…}, "private": true}"""
    app = github.world.apps[call.body["app"]] if call.body.get("app") else None
    repository = github.add_repository(
        call.body["repository"],
        installation_of=app,
        permissions=call.body.get("permissions"),
        private=call.body.get("private", True),
    )
    return {"id": repository.id}


def add_commit(github: "GitHub", call: Call) -> dict[str, Any]:
    """{"repository": "acme/api", "sha": …, "message": …}; without a sha every commit is accepted."""
    if "sha" in call.body:
        github.add_commit(call.body["repository"], call.body["sha"], call.body.get("message", ""))
    else:
        github.accept_any_commit(call.body["repository"])
    return {}


def add_pull_request(github: "GitHub", call: Call) -> dict[str, Any]:
    """{"repository": "acme/api", "number": 12, "sha": …, "title": …}"""
    body = call.body
    github.add_pull_request(body["repository"], body["number"], body["sha"], title=body.get("title", ""))
    return {}


def advance_clock(github: "GitHub", call: Call) -> dict[str, Any]:
    """{"seconds": 3600}"""
    github.clock.advance(float(call.body["seconds"]))
    return {"now": github.clock.now()}


def expire_tokens(github: "GitHub", call: Call) -> dict[str, Any]:
    github.expire_tokens()
    return {}


ENDPOINTS: dict[tuple[str, str], Callable[["GitHub", Call], Any]] = {
    ("GET", "/state"): state,
    ("GET", "/check-runs"): check_runs,
    ("GET", "/statuses"): statuses,
    ("GET", "/comments"): comments,
    ("GET", "/deployments"): deployments,
    ("GET", "/requests"): requests,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("POST", "/repositories"): add_repository,
    ("POST", "/commits"): add_commit,
    ("POST", "/pull-requests"): add_pull_request,
    ("POST", "/clock"): advance_clock,
    ("POST", "/expire-tokens"): expire_tokens,
}
