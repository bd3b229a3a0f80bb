"""Pull requests, comments, deployments and their statuses as GitHub's JSON."""

from typing import Any

from tests.fakes.github.call import Call
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import App, Comment, Deployment, DeploymentStatus, PullRequest
from tests.fakes.github.render import app_json, repository_json, repository_url, user_json

Apps = dict[int, App]


def pull_json(call: Call, pull: PullRequest) -> dict[str, Any]:
    repository = pull.repository
    owner = "a-contributor" if pull.fork else repository.owner
    whole = repository_json(call, repository)
    return {
        "id": pull.number,
        "number": pull.number,
        "url": f"{repository_url(call, repository)}/pulls/{pull.number}",
        "html_url": f"{call.web}/{repository.full_name}/pull/{pull.number}",
        "state": pull.state,
        "locked": pull.locked,
        "title": pull.title,
        "created_at": timestamp(pull.created),
        "head": {
            "label": f"{owner}:topic",
            "ref": "topic",
            "sha": pull.head_sha,
            "repo": whole | {"full_name": f"{owner}/{repository.name}", "fork": pull.fork},
        },
        "base": {"label": f"{repository.owner}:main", "ref": "main", "repo": whole},
    }


def comment_json(call: Call, comment: Comment, apps: Apps) -> dict[str, Any]:
    repository = comment.repository
    base = repository_url(call, repository)
    page = f"{call.web}/{repository.full_name}/pull/{comment.number}"
    return {
        "id": comment.id,
        "url": f"{base}/issues/comments/{comment.id}",
        "html_url": f"{page}#issuecomment-{comment.id}",
        "issue_url": f"{base}/issues/{comment.number}",
        "body": comment.body,
        "user": user_json(comment.author),
        "created_at": timestamp(comment.created),
        "updated_at": timestamp(comment.updated),
        "author_association": "NONE",
        "performed_via_github_app": _app(call, comment.app_id, apps),
    }


def deployment_json(call: Call, deployment: Deployment, apps: Apps) -> dict[str, Any]:
    base = repository_url(call, deployment.repository)
    url = f"{base}/deployments/{deployment.id}"
    changed = deployment.statuses[-1].created if deployment.statuses else deployment.created
    return {
        "id": deployment.id,
        "url": url,
        "sha": deployment.sha,
        "ref": deployment.ref,
        "task": deployment.task,
        "payload": deployment.payload,
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "creator": user_json(deployment.creator),
        "created_at": timestamp(deployment.created),
        "updated_at": timestamp(changed),
        "statuses_url": f"{url}/statuses",
        "repository_url": base,
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": _app(call, deployment.app_id, apps),
    }


def deployment_status_json(call: Call, deployment: Deployment, status: DeploymentStatus, apps: Apps) -> dict[str, Any]:
    base = repository_url(call, deployment.repository)
    url = f"{base}/deployments/{deployment.id}"
    return {
        "id": status.id,
        "url": f"{url}/statuses/{status.id}",
        "state": status.state,
        "creator": user_json(status.creator),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "created_at": timestamp(status.created),
        "updated_at": timestamp(status.created),
        "deployment_url": url,
        "repository_url": base,
        "performed_via_github_app": _app(call, status.app_id, apps),
    }


def _app(call: Call, app_id: int | None, apps: Apps) -> dict[str, Any] | None:
    return None if app_id is None else app_json(call, apps[app_id])
