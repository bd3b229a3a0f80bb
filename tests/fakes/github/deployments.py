"""Deployments: that a commit is to go, or has gone, to an environment.

https://docs.github.com/en/rest/deployments/deployments
"""

import re
from typing import Any

from tests.fakes.github.call import Answer, ApiError, invalid_request, not_found
from tests.fakes.github.entities import Commit, Deployment, Repository
from tests.fakes.github.paging import page
from tests.fakes.github.render_talk import deployment_json
from tests.fakes.github.routing import Context, route
from tests.fakes.github.schema import Field, problems
from tests.fakes.github.world import FULL_SHA, loop_time

BRANCHES = ("main", "heads/main", "refs/heads/main", "HEAD")
SHORT_SHA = re.compile(r"[0-9a-f]{7,39}\Z")
FIELDS = {
    "ref": Field(required=True),
    "task": Field(),
    "auto_merge": Field(kind="boolean"),
    "required_contexts": Field(kind="array"),
    "environment": Field(longest=255),
    "description": Field(),
    "transient_environment": Field(kind="boolean"),
    "production_environment": Field(kind="boolean"),
}


@route("POST", "/repos/{repo}/deployments", "deployments/deployments#create-a-deployment")
def create_deployment(context: Context) -> Answer:
    repository = context.repository("deployments", "write")
    body = _checked(context.call.body)
    commit = _commit(context, repository, body["ref"])
    if body.get("auto_merge", True) and commit.behind:
        return Answer(status=202, body={"message": f"Auto-merged main into {body['ref']} on deployment."})
    _require_contexts(commit, body)
    deployment = _made(context, repository, commit, body)
    repository.deployments.append(deployment)
    context.call.written = deployment
    return Answer(status=201, body=deployment_json(context.call, deployment, context.world.apps))


@route("GET", "/repos/{repo}/deployments", "deployments/deployments#list-deployments")
def list_deployments(context: Context) -> Answer:
    """Newest first; `sha`, `ref`, `task` and `environment` choose."""
    repository = context.repository("deployments", "read")
    horizon, query = loop_time() - context.call.lag, context.call.query
    chosen = [
        each
        for each in reversed(repository.deployments)
        if each.loop_time <= horizon
        and all(
            query.get(name, "none") in ("none", getattr(each, name)) for name in ("sha", "ref", "task", "environment")
        )
    ]
    found, headers = page(context.call, repository, chosen)
    body = [deployment_json(context.call, each, context.world.apps) for each in found]
    return Answer(status=200, body=body, headers=headers)


@route("GET", "/repos/{repo}/deployments/{deployment_id}", "deployments/deployments#get-a-deployment")
def get_deployment(context: Context) -> Answer:
    deployment = find_deployment(context, context.repository("deployments", "read"))
    return Answer(status=200, body=deployment_json(context.call, deployment, context.world.apps))


def find_deployment(context: Context, repository: Repository) -> Deployment:
    number = context.call.parts["deployment_id"]
    for each in repository.deployments:
        if str(each.id) == number:
            return each
    raise not_found()


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    if found := list(problems(body, FIELDS)):
        raise invalid_request(*found)
    return body


def _commit(context: Context, repository: Repository, ref: str) -> Commit:
    """A ref is a branch, a tag or a sha. Here is one branch, main, with the newest commit as its head."""
    if ref in BRANCHES and repository.commits:
        return list(repository.commits.values())[-1]
    if SHORT_SHA.match(ref):
        ref = next((sha for sha in repository.commits if sha.startswith(ref)), ref)
    if not FULL_SHA.match(ref):
        raise ApiError(422, f"No ref found for: {ref}")
    try:
        return context.world.commit(repository, ref)
    except ApiError:
        raise ApiError(422, f"No ref found for: {ref}") from None


def _require_contexts(commit: Commit, body: dict[str, Any]) -> None:
    """Left out, all that was ever reported on the commit must be a success; an empty list asks for nothing."""
    states = {each.context: each.state for each in commit.statuses}
    states |= {each.name: each.conclusion or "pending" for each in commit.runs}
    wanted = body.get("required_contexts", list(states))
    if all(states.get(name) == "success" for name in wanted):
        return
    contexts = [{"context": name, "state": state} for name, state in states.items()]
    error = {"contexts": contexts, "resource": "Deployment", "field": "required_contexts", "code": "invalid"}
    raise ApiError(409, f"Conflict: Commit status checks failed for {body['ref']}.", errors=[error])


def _made(context: Context, repository: Repository, commit: Commit, body: dict[str, Any]) -> Deployment:
    environment, app = body.get("environment") or "production", context.identity.acting_app
    return Deployment(
        id=context.world.next_run_id(),
        repository=repository,
        sha=commit.sha,
        ref=body["ref"],
        task=body.get("task") or "deploy",
        environment=environment,
        payload=body.get("payload", {}),
        description=body.get("description"),
        transient=body.get("transient_environment", False),
        production=body.get("production_environment", environment == "production"),
        creator=context.identity.login,
        app_id=app.id if app else None,
        created=context.call.time,
        loop_time=loop_time(),
    )
