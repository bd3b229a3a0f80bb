"""Entities as GitHub's JSON, with the fields that clients of checks and statuses read."""

from typing import Any
from urllib.parse import quote

from tests.fakes.github.call import Call
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import App, CheckRun, Commit, Installation, Repository, Status


def app_json(call: Call, app: App) -> dict[str, Any]:
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "name": app.name,
        "html_url": f"{call.web}/apps/{app.slug}",
        "external_url": f"{call.web}/apps/{app.slug}",
        "permissions": app.permissions,
    }


def user_json(login: str) -> dict[str, Any]:
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User", "site_admin": False}


def installation_json(call: Call, installation: Installation) -> dict[str, Any]:
    return {
        "id": installation.id,
        "account": {"login": installation.account, "type": "Organization"},
        "app_id": installation.app.id,
        "app_slug": installation.app.slug,
        "client_id": installation.app.client_id,
        "target_type": "Organization",
        "repository_selection": "selected",
        "permissions": dict(installation.permissions),
        "events": [],
        "access_tokens_url": f"{call.api}/app/installations/{installation.id}/access_tokens",
        "suspended_at": timestamp(call.time) if installation.suspended else None,
    }


def repository_json(call: Call, repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.id,
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": {"login": repository.owner, "type": "Organization"},
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "html_url": f"{call.web}/{repository.full_name}",
        "url": repository_url(call, repository),
        "default_branch": "main",
        "archived": repository.archived,
        "disabled": repository.blocked,
    }


def commit_json(call: Call, repository: Repository, commit: Commit) -> dict[str, Any]:
    person = {"name": "A Developer", "email": "dev@example.com", "date": timestamp(commit.created)}
    return {
        "sha": commit.sha,
        "url": f"{repository_url(call, repository)}/commits/{commit.sha}",
        "html_url": f"{call.web}/{repository.full_name}/commit/{commit.sha}",
        "commit": {"message": commit.message, "author": person, "committer": person},
        "parents": [],
    }


def check_run_json(call: Call, run: CheckRun, app: App) -> dict[str, Any]:
    repository = run.repository
    url = f"{repository_url(call, repository)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{call.web}/{repository.full_name}/runs/{run.id}",
        "details_url": run.details_url or app_json(call, app)["external_url"],
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.output.title,
            "summary": run.output.summary,
            "text": run.output.text,
            "annotations_count": len(run.output.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite_id},
        "app": app_json(call, app),
        "pull_requests": [
            {"id": pull.number, "number": pull.number, "head": {"sha": pull.head_sha}}
            for pull in repository.pulls.values()
            if pull.head_sha == run.head_sha and pull.state == "open" and not pull.fork
        ],
    }


def status_json(call: Call, repository: Repository, status: Status) -> dict[str, Any]:
    return {
        "id": status.id,
        "url": f"{repository_url(call, repository)}/statuses/{status.sha}",
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": status.created_at,
        "updated_at": status.created_at,
        "creator": user_json(status.creator),
    }


def repository_url(call: Call, repository: Repository) -> str:
    return f"{call.api}/repos/{quote(repository.full_name)}"
