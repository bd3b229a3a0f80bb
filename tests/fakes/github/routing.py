"""GitHub's paths, and which function answers each. Paths are matched as they were sent, still quoted."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.github import auth
from tests.fakes.github.call import DOCS, Answer, ApiError, Call, not_found
from tests.fakes.github.entities import Repository
from tests.fakes.github.limits import Limits
from tests.fakes.github.world import World

if TYPE_CHECKING:
    from tests.fakes.github.auth import Identity

API_ROOTS = {"app", "app-manifests", "repos", "repositories", "rate_limit", "user", "users", "orgs", "installation"}
# An owner or repository in any other form can't exist; `..` and `%2f` end here.
OWNER, NAME = r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)", r"(?P<name>(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)"
REPOSITORY = rf"(?:repos/{OWNER}/{NAME}|repositories/(?P<repository_id>\d+))"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What an endpoint works on."""

    world: World
    limits: Limits
    call: Call

    @property
    def identity(self) -> "Identity":
        identity = self.call.identity
        if isinstance(identity, ApiError):
            raise identity
        assert identity is not None
        return identity

    def repository(self, permission: str, level: str) -> Repository:
        """The repository of the path, if the client may do this there."""
        return self.repository_with_any((permission,), level)

    def repository_with_any(self, permissions: Sequence[str], level: str) -> Repository:
        """The same, where one of several permissions will do."""
        repository = self._named_repository()
        auth.require_access(self.identity, repository, permissions, level)
        if repository.blocked:
            raise ApiError(451, "Repository access blocked")
        if repository.archived and level == "write":
            raise ApiError(403, "Repository was archived so is read-only.")
        return repository

    def repository_as_app(self) -> Repository:
        auth.require_app(self.identity)
        return self._named_repository()

    def _named_repository(self) -> Repository:
        parts = self.call.parts
        if parts.get("repository_id"):
            found = self.world.repositories.get(int(parts["repository_id"]))
        else:
            found = self.world.find(f"{parts['owner']}/{parts['name']}")
        if found is None:
            raise not_found()
        if parts.get("owner") and found.full_name.lower() != f"{parts['owner']}/{parts['name']}".lower():
            raise self._moved(found)
        return found

    def _moved(self, repository: Repository) -> ApiError:
        """A read gets 301, a write 307, both say "Moved Permanently" and lead to the id.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        """
        rest = self.call.path.split("/", 4)[4:]
        url = "/".join([self.call.api, "repositories", str(repository.id), *rest])
        status = 301 if self.call.method in ("GET", "HEAD") else 307
        return Moved(status, url)


class Moved(ApiError):
    def __init__(self, status: int, url: str) -> None:
        super().__init__(status, "Moved Permanently", headers={"Location": url})
        self.url = url

    def answer(self, documentation_url: str = DOCS) -> Answer:
        best = "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"
        body = {"message": self.message, "url": self.url, "documentation_url": best}
        return Answer(status=self.status, body=body, headers=dict(self.headers))


Endpoint = Callable[[Context], Answer]


@dataclass(frozen=True, kw_only=True)
class Route:
    method: str
    path: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    documentation_url: str

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


ROUTES: list[Route] = []


def route(method: str, path: str, docs: str) -> Callable[[Endpoint], Endpoint]:
    """Registers an endpoint; `docs` is the part of its documentation_url after /rest/."""
    quoted = re.escape(path).replace(re.escape("/repos/{repo}"), f"/{REPOSITORY}")
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", quoted)

    def register(endpoint: Endpoint) -> Endpoint:
        ROUTES.append(
            Route(
                method=method,
                path=path,
                pattern=re.compile(pattern),
                endpoint=endpoint,
                documentation_url=f"{DOCS}/{docs}",
            )
        )
        return endpoint

    return register


def is_api(path: str) -> bool:
    """Where API and web pages share a host, the first word of the path tells."""
    return path.split("/", 2)[1] in API_ROOTS


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    for each in ROUTES:
        if each.method == method and (match := each.pattern.fullmatch(path)):
            return each, {name: text for name, text in match.groupdict().items() if text is not None}
    return None
