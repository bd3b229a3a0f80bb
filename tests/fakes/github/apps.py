"""Endpoints of Apps and their installations, and the client's own rate limit."""

import secrets
from typing import Any

from tests.fakes.github.auth import TOKEN_LIFE, Token, require_app
from tests.fakes.github.call import Answer, ApiError, Call, invalid_request, not_found
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import LEVELS, App, Installation, Repository
from tests.fakes.github.render import app_json, installation_json, repository_json, user_json
from tests.fakes.github.routing import Context, route

NO_SUCH_REPOSITORY = (
    "There is at least one repository that does not exist or is not accessible to the parent installation."
)
NOT_GRANTED = "The permissions requested are not granted to this installation."


@route("GET", "/app", "apps/apps#get-the-authenticated-app")
def get_app(context: Context) -> Answer:
    app = require_app(context.identity)
    mine = [each for each in context.world.installations.values() if each.app is app]
    return Answer(status=200, body=app_json(context.call, app) | {"installations_count": len(mine)})


@route("GET", "/app/installations/{installation_id}", "apps/apps#get-an-installation-for-the-authenticated-app")
def get_installation(context: Context) -> Answer:
    app = require_app(context.identity)
    return Answer(status=200, body=installation_json(context.call, _installation(context, app)))


@route("GET", "/repos/{repo}/installation", "apps/apps#get-a-repository-installation-for-the-authenticated-app")
def get_repository_installation(context: Context) -> Answer:
    repository = context.repository_as_app()
    installation = context.world.installation(require_app(context.identity), repository.owner)
    if installation is None or repository.id not in installation.repositories:
        raise not_found()
    return Answer(status=200, body=installation_json(context.call, installation))


@route("GET", "/orgs/{account}/installation", "apps/apps#get-an-organization-installation-for-the-authenticated-app")
def get_organization_installation(context: Context) -> Answer:
    return _installation_of(context)


@route("GET", "/users/{account}/installation", "apps/apps#get-a-user-installation-for-the-authenticated-app")
def get_user_installation(context: Context) -> Answer:
    return _installation_of(context)


def _installation_of(context: Context) -> Answer:
    app = require_app(context.identity)
    installation = context.world.installation(app, context.call.parts["account"])
    if installation is None:
        raise not_found()
    return Answer(status=200, body=installation_json(context.call, installation))


@route(
    "POST",
    "/app/installations/{installation_id}/access_tokens",
    "apps/apps#create-an-installation-access-token-for-an-app",
)
def create_token(context: Context) -> Answer:
    world, call = context.world, context.call
    installation = _installation(context, require_app(context.identity))
    if installation.suspended:
        raise ApiError(403, "This installation has been suspended")
    body = call.body if call.body is not None else {}
    if not isinstance(body, dict):
        raise invalid_request("For 'properties', the body is not an object.")
    selected = _selected(installation, body)
    token = Token(
        text=f"ghs_{secrets.token_hex(18)}",
        client=installation.client,
        permissions=_narrowed(installation, body.get("permissions")),
        installation=installation,
        repositories=None if selected is None else frozenset(each.id for each in selected),
        expires_at=world.clock.now() + TOKEN_LIFE,
    )
    world.tokens[token.text] = token
    return Answer(status=201, body=_token_json(call, token, selected))


def _installation(context: Context, app: App) -> Installation:
    number = context.call.parts["installation_id"]
    found = context.world.installations.get(int(number)) if number.isdecimal() else None
    if found is None or found.app is not app:
        raise not_found()
    return found


def _selected(installation: Installation, body: dict[str, Any]) -> list[Repository] | None:
    """None for all. An empty list is all as well, at GitHub too: https://github.com/framna-dk/framna-docs/pull/146"""
    names, ids = body.get("repositories") or [], body.get("repository_ids") or []
    if not names and not ids:
        return None
    chosen = []
    for repository in installation.repositories.values():
        if repository.id in ids or repository.name.lower() in [str(name).lower() for name in names]:
            chosen.append(repository)
    if len(chosen) < len({str(name).lower() for name in names}) or not {*ids} <= {each.id for each in chosen}:
        raise ApiError(422, NO_SUCH_REPOSITORY)
    return chosen


def _narrowed(installation: Installation, asked: object) -> dict[str, str]:
    if not asked:
        return dict(installation.permissions)
    if not isinstance(asked, dict):
        raise invalid_request("For 'properties/permissions', the value is not an object.")
    for name, level in asked.items():
        if LEVELS.get(level, 99) > LEVELS.get(installation.permissions.get(name, ""), 0):
            raise ApiError(422, NOT_GRANTED)
    return {"metadata": "read", **asked}


def _token_json(call: Call, token: Token, selected: list[Repository] | None) -> dict[str, Any]:
    assert token.expires_at is not None
    body: dict[str, Any] = {
        "token": token.text,
        "expires_at": timestamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "selected",
    }
    if selected is not None:
        body["repositories"] = [repository_json(call, each) for each in selected]
    return body


@route("GET", "/user", "users/users#get-the-authenticated-user")
def get_user(context: Context) -> Answer:
    token = context.identity.token
    if token is None:
        raise ApiError(401, "Requires authentication")
    if token.installation is not None:
        raise ApiError(403, "Resource not accessible by integration")
    return Answer(status=200, body=user_json(context.identity.login))


@route("GET", "/rate_limit", "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user")
def get_rate_limit(context: Context) -> Answer:
    if not context.limits.enabled:  # as GHES: https://github.com/vermiculus/magithub/issues/104
        raise ApiError(404, "Rate limiting is not enabled.")
    core = context.limits.figures(context.identity.client)
    return Answer(status=200, body={"resources": {"core": core}, "rate": core})
