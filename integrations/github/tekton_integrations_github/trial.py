"""Whether GitHub takes a Provider's credential, and whether that may do what each report needs. No run is needed."""

import re
from collections.abc import Mapping

import msgspec

from tekton_integrations import Context, PermanentError
from tekton_integrations_github import limits
from tekton_integrations_github.answers import Request, Unauthorized
from tekton_integrations_github.app import App, loaded, printable, refused
from tekton_integrations_github.needs import titles
from tekton_integrations_github.report import has_app
from tekton_integrations_github.repositories import web_of
from tekton_integrations_github.transport import Transport

# What each report needs; more is asked for by some runs only, which are told themselves.
NEEDED = {"checks": "write", "metadata": "read"}
_LEVELS = ("", "read", "write", "admin")
# Classic tokens name their scopes, fine-grained ones do not; each of these lets commit statuses be written.
# https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
_STATUS_SCOPES = frozenset({"repo", "repo:status", "public_repo"})
_SLUG = re.compile(r"[a-z0-9-]{1,64}")


class AppAnswer(msgspec.Struct, kw_only=True):
    """https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app"""

    slug: str = ""
    permissions: dict[str, str] | None = None


async def check(context: Context) -> None:
    """Raises PermanentError and TemporaryError that say what is missing, and where to give it."""
    if has_app(context):
        app = App(transport=Transport(context), key=await loaded(context.credential.secrets["private_key"]))
        answer = await app.itself(AppAnswer)
        if lacks := missing(answer.permissions):
            page = settings(answer.slug, web_of(context.credential.endpoint))
            raise PermanentError(
                "Forbidden",
                f"the GitHub App lacks the permission {titles(lacks)}; give it to the App on {page}, "
                "and have it accepted where the App is installed",
            )
    elif lacks_scope(await _scopes(context)):
        raise PermanentError(
            "Forbidden", "the token lacks the scope `repo:status`; make one that has it, and put it into the Secret"
        )


def missing(given: Mapping[str, str] | None) -> dict[str, str]:
    """Of the permissions that are needed; none where GitHub does not say which the App has. Pure."""
    if given is None:
        return {}
    return {name: level for name, level in NEEDED.items() if _level(given.get(name, "")) < _level(level)}


def _level(name: str) -> int:
    return _LEVELS.index(name) if name in _LEVELS else 0


def settings(slug: str, web: str) -> str:
    """The page where an App's permissions are set. Pure."""
    if not _SLUG.fullmatch(slug):
        return "its settings page"
    return f"{web}/settings/apps/{slug}/permissions (of an organisation: Settings, GitHub Apps)"


def lacks_scope(scopes: str | None) -> bool:
    """By the header `x-oauth-scopes`; None without one. Pure."""
    return scopes is not None and not _STATUS_SCOPES & {each.strip() for each in scopes.split(",")}


async def _scopes(context: Context) -> str | None:
    """This call takes nothing from the rate limit, and any token may make it."""
    token = printable(context.credential.secrets["token"])
    budget = limits.budget(context.quota, limits.USER, comments=False)
    request = Request(method="GET", path="/rate_limit")
    try:
        return (await Transport(context).send(request, budget, token=token)).scopes
    except Unauthorized as error:
        raise refused(context) from error
    except PermanentError as error:
        if error.reason != "NotFound":  # GitHub Enterprise without limits
            raise
        return None
