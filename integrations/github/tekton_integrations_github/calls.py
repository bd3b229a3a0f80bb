"""The calls of one report to one repository: with a token that fits, to wherever the repository is by now.

A redirect is followed with the same method and body, but only where the run may be shown as well.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""

import copy
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace

from tekton_integrations import Context, PermanentError, Target, TemporaryError
from tekton_integrations_github import answers, limits
from tekton_integrations_github.access import Access, Admission, Visit
from tekton_integrations_github.answers import Moved, Request, Unauthorized
from tekton_integrations_github.app import HOPS, circle, refused
from tekton_integrations_github.needs import CHECKS, Need
from tekton_integrations_github.repositories import (
    PUBLIC_LIFE,
    SETTLED,
    Repository,
    RepositoryAnswer,
    place_of,
    web_of,
)
from tekton_integrations_github.transport import Answer, Transport

__all__ = ["Access", "Calls"]

T = TypeVar("T")
U = TypeVar("U")

# Of one list. GitHub takes 2,500 comments on a pull request, of which ten make a page.
MAX_PAGES = 250
# Bytes read in all, and those of pages of which something was kept: any tenant's endpoint may answer.
MAX_READ, MAX_KEPT = 64 * 1024 * 1024, 16 * 1024 * 1024
# Seconds after which no further page is asked for; others may wait for the lock that the caller holds.
MAX_TIME = 180.0


@dataclass
class _Tries:
    """What was overcome already, so that nothing is tried for ever."""

    moves: int = 0
    refused: bool = False
    looked: bool = False


class Calls:
    """Paths follow the repository's: `/check-runs/7`. `final`: may use what is kept for final states.

    All raise PermanentError and TemporaryError; `NotGranted` where the repository has a new name that the
    Provider's grants do not allow.
    """

    def __init__(self, access: Access, target: Target, context: Context, *, final: bool) -> None:
        self._access = access
        self._target = target
        self._context = context
        self._visit = Visit(transport=Transport(context, final), asked=target.resource, need=CHECKS)
        self._name = target.resource
        self._granted = {target.resource.lower()}

    def named(self, name: str) -> "Calls":
        """The same for what has another name: that, too, the grants have to allow where the repository is by now."""
        other = copy.copy(self)
        other._target, other._granted = replace(self._target, name=name), set()
        return other

    async def allowed(self, need: Need) -> bool:
        """Whether the grants let it show where the repository is by now, as far as that is known."""
        try:
            await self._admitted(need)
        except PermanentError as error:
            if error.reason != "NotGranted":
                raise
            return False
        return True

    async def ready(self, need: Need, method: str = "POST", path: str = "") -> None:
        """To be asked before a call is announced: the token is there, and the quota. Raises Throttled, among others.

        Without a path it is the one to which such things are usually posted.
        """
        async with self.held(need, method, path):
            pass

    @asynccontextmanager
    async def held(self, need: Need, method: str = "POST", path: str = "") -> AsyncIterator[None]:
        """As `ready`, and the quota is kept for that call while the block lasts: for what has to be read before. Reads
        may go at a higher rate, but of more than writes fit all others are in vain."""
        admission = await self._admitted(need)
        request = self._request(admission, need, method=method, path=path or need.makes)
        with self._budget(admission, need).held(request.method, request.path, final=self._visit.transport.final):
            yield

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, need: Need, kind: type[T]
    ) -> T:
        """The answer, decoded into `kind`; `object` takes any."""
        answer: T = (await self._send(need, method=method, path=path, body=body, kind=kind)).data
        return answer

    async def pages(
        self,
        path: str,
        *,
        need: Need,
        kind: type[T],
        pick: Callable[[T], Iterable[U]],
        until: Callable[[T], object] = lambda page: False,
    ) -> list[U]:
        """What `pick` takes of each page, up to the first for which `until` holds; nothing else is kept.

        Raises TemporaryError(UnreadableAnswer) for a list that is too long: see the limits above.
        """
        found: list[U] = []
        read = kept = 0
        begun = self._visit.now
        for _ in range(MAX_PAGES):
            answer = await self._send(need, method="GET", path=path, kind=kind)
            picked = list(pick(answer.data))
            found += picked
            read, kept = read + answer.size, kept + (answer.size if picked else 0)
            if not answer.following or until(answer.data):
                return found
            if read > MAX_READ or kept > MAX_KEPT or self._visit.now - begun > MAX_TIME:
                break
            path = _following(answer.following)
            del answer, picked  # before the next one is read
        raise _endless(path)

    async def repository(self, need: Need = CHECKS) -> Repository:
        """As far as it is known without a further call."""
        return (await self._admitted(need)).repository

    async def public(self, need: Need = CHECKS) -> bool:
        """Whether everybody can read what is shown there, as of five minutes ago at most."""
        repository = await self.repository(need)
        if repository.public is None or self._visit.now - repository.public_at > PUBLIC_LIFE:
            answer = await self.call("GET", "", need=need, kind=RepositoryAnswer)
            repository = self._access.learn(self._visit, await self.repository(need), answer)
        return repository.public is not False

    async def login(self) -> str:
        """The user to whom a personal token belongs; "" for an App."""
        return "" if self._visit.by_app else await self._access.login(self._visit)

    def web(self, path: str = "") -> str:
        """The address of one of the repository's pages, under its present name as far as that is known."""
        return f"{web_of(self._context.credential.endpoint)}/{self._name}{path}"

    async def _send(self, need: Need, **wanted: Any) -> Answer:
        tries = _Tries()
        while True:
            admission = await self._admitted(need)
            request = self._request(admission, need, **wanted)
            budget = self._budget(admission, need)
            try:
                return await self._visit.transport.send(request, budget, token=admission.token)
            except Unauthorized as error:
                self._renew(need, admission, error, tries)
            except Moved as moved:
                self._follow(moved, admission, request, tries)
            except PermanentError as error:
                await self._look_again(error, admission, wanted["path"], tries)

    def _request(self, admission: Admission, need: Need, *, path: str, **wanted: Any) -> Request:
        path = f"/repos/{admission.repository.name}{path}"
        return Request(path=path, need=need, app=self._visit.by_app, **wanted)

    def _budget(self, admission: Admission, need: Need) -> limits.Budget:
        return limits.budget(self._context.quota, admission.repository.account, comments=need.comments)

    async def _admitted(self, need: Need) -> Admission:
        """Raises PermanentError(NotGranted) where the repository is now called what no grant allows."""
        admission = await self._access.admit(replace(self._visit, need=need))
        name = admission.repository.name
        if name.lower() not in self._granted:
            if not await self._context.granted(replace(self._target, resource=name.lower())):
                raise answers.not_granted(self._target, name)
            self._granted.add(name.lower())
        self._name = name
        return admission

    def _renew(self, need: Need, admission: Admission, error: Unauthorized, tries: _Tries) -> None:
        """An App gets another token, once."""
        self._access.forget_token(replace(self._visit, need=need), admission)
        if tries.refused or not self._visit.by_app:
            raise refused(self._context) from error
        tries.refused = True

    def _follow(self, moved: Moved, admission: Admission, request: Request, tries: _Tries) -> None:
        """The next try finds out where to; nothing was done yet."""
        tries.moves += 1
        place = place_of(moved.location)
        if place is None or tries.moves > HOPS:
            raise circle(request) from moved
        self._visit = replace(self._visit, path=place.path)
        self._access.forget(self._visit, admission.repository)

    async def _look_again(self, error: PermanentError, admission: Admission, path: str, tries: _Tries) -> None:
        """Raises what was refused for good. A former name may mean another repository by now: then it is tried there.

        What is known since a moment ago is believed, so that what is refused often does not cost more calls each time.
        """
        repository = admission.repository
        if self._visit.by_app:
            hidden = error.reason == "NotFound" or "not accessible" in error.message
            if hidden and not tries.looked and self._visit.now - repository.found > SETTLED:
                self._visit = replace(self._visit, path="")
                self._access.forget(self._visit, repository)
                tries.looked = (await self._admitted(self._visit.need)).repository.id != repository.id
                if tries.looked:
                    return
        elif error.reason == "NotFound" and path:
            await self._access.look(self._visit)  # says so where it is the whole repository that we don't see
        if error.reason == "NotFound":
            raise (answers.missing(path, repository.name) if path else _invisible(repository)) from error
        raise error


def _endless(path: str) -> TemporaryError:
    most = f"{MAX_PAGES} pages, {MAX_READ >> 20} MiB ({MAX_KEPT >> 20} of ours) or {MAX_TIME:.0f} s"
    what = f"a list takes more than {most}; check the Provider's endpoint, and whether so much is there"
    return answers.unreadable(what, Request(method="GET", path=path))


def _following(url: str) -> str:
    """Lists go on at the repository's own address, whatever host and name GitHub gives it there."""
    place = place_of(url)
    if place is None or not place.rest:
        raise answers.unreadable("its next page leads elsewhere", Request(method="GET", path=url))
    return place.rest


def _invisible(repository: Repository) -> PermanentError:
    cure = "check owner and repo, and what the credential may see"
    return PermanentError("NotVisible", f"GitHub does not show us the repository {repository.name}; {cure}")
