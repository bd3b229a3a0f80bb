"""What is known of a repository, and the shapes in which GitHub tells it.

https://docs.github.com/en/rest/repos/repos
"""

import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

# Seconds after which a former name is looked up again: somebody may have taken it.
ALIAS_LIFE = 3600.0
# Seconds for which "private" is believed: what is shown of a run depends on it.
PUBLIC_LIFE = 300.0
# Seconds after which a refusal makes us look whether the name still means the same repository.
SETTLED = 60.0
_PLACE = re.compile(r"/(?:repos/([^/?#]+/[^/?#]+)|repositories/(\d{1,18}))(?=[/?#]|\Z)([^#]*)")
# It goes into paths, so it must not lead anywhere else.
FullName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_][A-Za-z0-9_-]*/(?!\.{1,2}\Z)[A-Za-z0-9._-]+\Z", max_length=200)]


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is its present one, as GitHub writes it; `id` is 0, and `public` None, as long as they are not known.

    `account` has the quota: the installation's, or "user" for a personal token. `found`, `public_at`: seconds since
    the epoch.
    """

    name: str
    account: str
    id: int = 0
    public: bool | None = None
    installation: int = 0
    found: float = 0.0
    public_at: float = 0.0

    def known_as(self, asked: str) -> bool:
        return self.name.lower() == asked.lower()

    def fresh(self, asked: str, now: float) -> bool:
        """Whether `asked` can be taken to mean this one still."""
        return self.known_as(asked) or now - self.found < ALIAS_LIFE


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a URL leads: a repository by name or by id, and what follows."""

    path: str
    name: str = ""
    id: int = 0
    rest: str = ""


def place_of(url: str) -> Place | None:
    """None where the URL leads to no repository."""
    found = _PLACE.search(url)
    if found is None:
        return None
    name, number, rest = found.groups()
    if number:
        return Place(path=f"/repositories/{number}", id=int(number), rest=rest)
    return Place(path=f"/repos/{name}", name=name, rest=rest)


class RepositoryAnswer(msgspec.Struct, kw_only=True):
    """One that does not say whether it is private is taken to be public."""

    id: int
    full_name: FullName
    private: bool = False
    visibility: str | None = None

    @property
    def public(self) -> bool:
        """An internal one is said to be private, too, but everybody in the enterprise can read it."""
        return self.visibility != "private" if self.visibility else not self.private


class _Account(msgspec.Struct):
    login: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]+\Z", max_length=100)]


class InstallationAnswer(msgspec.Struct, kw_only=True):
    id: int
    account: _Account


class TokenAnswer(msgspec.Struct, kw_only=True):
    token: Annotated[str, Meta(pattern=r"\A[!-~]+\Z", max_length=4096)]
    expires_at: Annotated[datetime, Meta(tz=True)]
    repositories: list[RepositoryAnswer] = []


class UserAnswer(msgspec.Struct):
    login: str


def web_of(endpoint: str) -> str:
    """Where the pages for people are, by the API's address."""
    return endpoint.removesuffix("/api/v3").replace("//api.", "//")
