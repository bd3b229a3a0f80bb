"""What GitHub's answers mean: which failures pass, which do not, and what to change then. Pure.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import re
from typing import Any

import msgspec

from tekton_integrations import PermanentError, Response, Target, TemporaryError, clean, quoted
from tekton_integrations_github import limits
from tekton_integrations_github.needs import Need, accepted

_CONVERSATION = re.compile(r"/(?:issues|pulls)/(\d+)")
_THINGS = (
    (re.compile(r"/issues/comments/(\d+)"), "comment"),
    (re.compile(r"/check-runs/(\d+)"), "check run"),
    (re.compile(r"/deployments/(\d+)"), "deployment"),
)


class Unauthorized(Exception):
    """GitHub does not accept the token or the App's signature (any more)."""


class Moved(Exception):
    """GitHub says that the repository is elsewhere now; nothing was done. `location`: a URL of the same origin."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`path` follows the endpoint; `kind` is what the answer is decoded into."""

    method: str
    path: str
    body: Any = None
    kind: Any = Any
    need: Need | None = None
    app: bool = False  # the credential is an App's

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD")


class _Failure(msgspec.Struct):
    message: str = ""
    errors: Any = None


def said(response: Response) -> str:
    """GitHub's words. The reason of a 422 often stands in `errors` only."""
    try:
        failure = msgspec.json.decode(response.body, type=_Failure)
    except (ValueError, RecursionError):
        return ""
    listed = failure.errors if isinstance(failure.errors, list) else [failure.errors]
    return ": ".join(text for text in (failure.message, *map(_problem, listed[:10])) if text)


def _problem(error: object) -> str:
    """One entry of `errors`: a sentence, or an object that has one, or names a field."""
    if not isinstance(error, dict):
        return str(error) if error else ""
    return str(error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip())


def decoded(request: Request, response: Response) -> Any:
    """Raises TemporaryError(UnreadableAnswer), after a write with `maybe_sent`."""
    try:
        return msgspec.json.decode(response.body, type=request.kind, strict=False)
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("content-type", "")
        if "json" in kind or not kind:
            what = quoted(str(error))
        else:
            what = f"it is {quoted(kind, 40)}, as of a proxy or a login page; check the Provider's endpoint and proxy"
        raise unreadable(what, request) from error


def unreadable(what: str, request: Request) -> TemporaryError:
    return TemporaryError("UnreadableAnswer", f"GitHub's answer can't be read: {what}", maybe_sent=request.changes)


def failure(request: Request, response: Response) -> Exception:
    """For an answer with a status from 400 on that is not about a limit."""
    status, words = response.status, said(response)
    if status == 401 or (status == 404 and "Integration not found" in words):  # no such App
        return Unauthorized(words)
    if status >= 500 or status == 408:
        delay = limits.asked_to_wait(response)
        message = f"GitHub answered {status}"
        return TemporaryError("ServiceUnavailable", message, delay, maybe_sent=request.changes, down=True)
    if status in (403, 451):
        return PermanentError(*_forbidden(request, response, words))
    return PermanentError(*_refused(request, status, words))


def _forbidden(request: Request, response: Response, words: str) -> tuple[str, str]:
    """Reason and message. GitHub's words tell administrators what no status does."""
    reason, lower = _quoted(words), words.lower()
    if response.status == 451 or "archived" in lower or "access blocked" in lower or "repository disabled" in lower:
        return "RepositoryBlocked", f"the repository is archived, locked or disabled ({reason}); unarchive it"
    if "is locked" in lower:
        return "ConversationLocked", f"the pull request's conversation is locked ({reason}); unlock it"
    return "Forbidden", f"GitHub refused ({reason}); {_way_in(request, response, lower)}"


def _quoted(words: str) -> str:
    return quoted(words) or "without a reason"


def _way_in(request: Request, response: Response, words: str) -> str:
    """What opens a closed door."""
    if "suspended" in words:
        return "unsuspend the App's installation in the settings of the repository's owner"
    if "x-github-sso" in response.headers or "saml" in words:
        return "authorise the token for single sign-on of the organisation, or use a GitHub App"
    if "ip allow list" in words or "ip address is not permitted" in words:
        return "add the address of this cluster to the organisation's IP allow list"
    if "personal access token" in words and "forbids" in words:
        return "use a token of a kind that the organisation allows, or a GitHub App"
    if "app_id" in words:
        return "another App made this check run; set another `name`"
    missing = accepted(response.headers.get("x-accepted-github-permissions", ""))
    return f"give the {'App' if request.app else 'token'} {missing or _wanted(request)}"


def _wanted(request: Request) -> str:
    return request.need.title if request.need else "what it needs"


def _refused(request: Request, status: int, words: str) -> tuple[str, str]:
    """Reason and message for what only a change can cure."""
    reason = _quoted(words)
    if status == 404:
        return "NotFound", "GitHub knows no such thing in this repository, or does not show it to us"
    if status == 410:
        return "Refused", f"GitHub says that it is gone or switched off ({reason}); switch it on, or don't ask for it"
    if "No commit found" in words:
        return "UnknownCommit", "GitHub knows no such commit in this repository; check sha, and that it was pushed"
    if "maximum number of statuses" in words:
        return "TooManyStatuses", "the commit has 1,000 statuses of this name, GitHub takes no more; use another name"
    return "Refused", f"GitHub answered {status}: {reason}"


def not_granted(target: Target, now: str) -> PermanentError:
    """`now`: what the repository is called."""
    if now.lower() == target.resource:
        cure = "add it to spec.grants[].names of the Provider, or don't ask for it"
        return PermanentError("NotGranted", f"no grant allows the name {target.name!r} at {now}; {cure}")
    return PermanentError(
        "NotGranted",
        f"{target.resource} is now called {now}, where no grant lets this run show as {target.name!r}; add {now} to "
        "the Provider's spec.grants, or correct owner and repo",
    )


def missing(path: str, repository: str) -> PermanentError:
    """A 404 at a repository that we can see. `path` follows the repository's."""
    return PermanentError(*_missing(path.partition("?")[0], repository))


def _missing(path: str, repository: str) -> tuple[str, str]:
    if path.startswith(("/commits/", "/statuses/")):
        return "UnknownCommit", f"{repository} has no such commit (any more); check sha, and that it was pushed"
    if found := _CONVERSATION.match(path):
        return "NotFound", f"{repository} has no pull request {found[1]}; check its number"
    for pattern, thing in _THINGS:
        if found := pattern.match(path):
            return "NotFound", f"the {thing} {found[1]} of {repository} is not there any more"
    return "NotFound", f"GitHub has nothing at {clean(path, 60)} of {repository}, or does not show it to us"
