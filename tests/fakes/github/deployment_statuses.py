"""What became of a deployment: append-only, the newest counts.

https://docs.github.com/en/rest/deployments/statuses
"""

from typing import Any

from tests.fakes.github.call import Answer, ApiError, invalid_request, validation_failed
from tests.fakes.github.deployments import find_deployment
from tests.fakes.github.entities import Deployment, DeploymentStatus
from tests.fakes.github.paging import page
from tests.fakes.github.render_talk import deployment_status_json
from tests.fakes.github.routing import Context, route
from tests.fakes.github.schema import Field, problems
from tests.fakes.github.world import loop_time

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
URLS = ("target_url", "log_url", "environment_url")
FIELDS = {
    "state": Field(required=True, choices=STATES),
    "description": Field(),
    "environment": Field(longest=255),
    "auto_inactive": Field(kind="boolean"),
} | {name: Field() for name in URLS}


@route(
    "POST",
    "/repos/{repo}/deployments/{deployment_id}/statuses",
    "deployments/statuses#create-a-deployment-status",
)
def create_deployment_status(context: Context) -> Answer:
    deployment = find_deployment(context, context.repository("deployments", "write"))
    body = _checked(context.call.body)
    environment = body.get("environment") or deployment.environment
    deployment.environment = environment
    status = _status(context, body["state"], environment, body)
    deployment.statuses.append(status)
    if status.state == "success" and body.get("auto_inactive", True):
        _retire_older(context, deployment)
    context.call.written = status
    answer = deployment_status_json(context.call, deployment, status, context.world.apps)
    return Answer(status=201, body=answer)


@route(
    "GET",
    "/repos/{repo}/deployments/{deployment_id}/statuses",
    "deployments/statuses#list-deployment-statuses",
)
def list_deployment_statuses(context: Context) -> Answer:
    """Newest first."""
    repository = context.repository("deployments", "read")
    deployment, horizon = find_deployment(context, repository), loop_time() - context.call.lag
    visible = [each for each in reversed(deployment.statuses) if each.loop_time <= horizon]
    found, headers = page(context.call, repository, visible)
    body = [deployment_status_json(context.call, deployment, each, context.world.apps) for each in found]
    return Answer(status=200, body=body, headers=headers)


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    if found := list(problems(body, FIELDS)):
        raise invalid_request(*found)
    if len(body.get("description", "")) > 140:
        message = "description is too long (maximum is 140 characters)"
        raise validation_failed("DeploymentStatus", message, "description")
    for name in URLS:
        if body.get(name) and not body[name].startswith(("http://", "https://")):
            raise validation_failed("DeploymentStatus", f"{name} must use http(s) scheme", name)
    return body


def _status(context: Context, state: str, environment: str, body: dict[str, Any]) -> DeploymentStatus:
    app = context.identity.acting_app
    return DeploymentStatus(
        id=context.world.next_run_id(),
        state=state,
        description=body.get("description", ""),
        log_url=body.get("log_url") or body.get("target_url", ""),
        environment=environment,
        environment_url=body.get("environment_url", ""),
        creator=context.identity.login,
        app_id=app.id if app else None,
        created=context.call.time,
        loop_time=loop_time(),
    )


def _retire_older(context: Context, newest: Deployment) -> None:
    """Only what was in success, and neither transient nor production: those stay as they are, as documented."""
    for each in newest.repository.deployments:
        older = each.created <= newest.created and each is not newest and each.environment == newest.environment
        if older and each.state == "success" and not (each.transient or each.production):
            each.statuses.append(_status(context, "inactive", each.environment, {}))
