"""Who may call where: keys, tokens and repositories, remembered for all Providers; asked for once by all who need them.

Entries belong to a Provider and its credential's content: a rotated Secret starts anew, an edited grant does not, and
nobody profits from what another Provider's endpoint, proxy, caBundle or key brought.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct
from msgspec.structs import replace

from tekton_integrations import Credential, PermanentError, TemporaryError
from tekton_integrations_github import limits
from tekton_integrations_github.answers import Moved, Request, Unauthorized
from tekton_integrations_github.app import HOPS, App, circle, loaded, printable, refused, repository_in
from tekton_integrations_github.memory import Flights, Remembered
from tekton_integrations_github.needs import Need
from tekton_integrations_github.options import APP
from tekton_integrations_github.repositories import (
    Place,
    Repository,
    RepositoryAnswer,
    TokenAnswer,
    UserAnswer,
    place_of,
)
from tekton_integrations_github.transport import Transport

# A token is renewed so many seconds before it ends, so that none ends during a call.
MARGIN = 120.0
DAY, HOUR = 86400.0, 3600.0


class Admission(Struct, frozen=True, kw_only=True):
    """`expires`: seconds since the epoch."""

    repository: Repository
    token: str
    expires: float


class Visit(Struct, frozen=True, kw_only=True):
    """Who wants to go where. `asked`: the repository's name as the run has it; `path`: where GitHub says it is."""

    transport: Transport
    asked: str
    need: Need
    path: str = ""

    @property
    def now(self) -> float:
        return self.transport.context.now()

    @property
    def credential(self) -> Credential:
        return self.transport.context.credential

    @property
    def by_app(self) -> bool:
        return self.credential.type == APP.name

    @property
    def place(self) -> str:
        return self.path or f"/repos/{self.asked}"


class Access:
    """One for all reports. At most some thousand repositories and tokens, some hundred keys."""

    def __init__(self) -> None:
        self._keys: Remembered[str, RSAPrivateKey] = Remembered(256, HOUR)
        self._logins: Remembered[str, str] = Remembered(256, DAY)
        self._repositories: Remembered[tuple[str, str], Repository] = Remembered(10_000, DAY)
        self._tokens: Remembered[tuple[str, str, str], Admission] = Remembered(20_000, HOUR)
        self._loading: Flights[str, RSAPrivateKey] = Flights()
        self._admitting: Flights[tuple[str, str, str], Admission] = Flights()

    @property
    def sizes(self) -> dict[str, int]:
        """How many are remembered, and how many calls are under way."""
        return {
            "keys": len(self._keys),
            "repositories": len(self._repositories),
            "tokens": len(self._tokens),
            "calls": len(self._admitting) + len(self._loading),
        }

    async def admit(self, visit: Visit) -> Admission:
        """The repository, and a token that is good there for two minutes at least."""
        who, asked = identity(visit.credential), visit.asked.lower()
        known = self._known(who, visit)
        if not visit.by_app:
            token = printable(visit.credential.secrets["token"])
            if known or not visit.path:
                repository = known or Repository(name=visit.asked, account=limits.USER)
                return Admission(repository=repository, token=token, expires=visit.now + HOUR)
        elif known and (ready := self._ready(who, known, visit)):
            return ready
        make = self._by_app if visit.by_app else self._by_token
        key = (who, asked, visit.need.name if visit.by_app else "")
        return await self._admitting.join(key, lambda: make(who, visit), insist=visit.transport.final)

    def forget_token(self, visit: Visit, admission: Admission) -> None:
        """GitHub refused it; another call may have replaced it already."""
        key = (identity(visit.credential), visit.asked.lower(), visit.need.name)
        ready = self._tokens.get(key, visit.now)
        if ready and ready.token == admission.token:
            self._tokens.drop(key)

    def forget(self, visit: Visit, repository: Repository) -> None:
        """The name may mean another one by now; another call may have found out already."""
        key = (identity(visit.credential), visit.asked.lower())
        known = self._repositories.get(key, visit.now)
        if known and (known.id, known.name) == (repository.id, repository.name):
            self._repositories.drop(key)

    def learn(self, visit: Visit, repository: Repository, answer: RepositoryAnswer) -> Repository:
        """Whether it is public, and what else it says of itself."""
        learnt = replace(repository, name=answer.full_name, id=answer.id, public=answer.public, public_at=visit.now)
        self._repositories.put((identity(visit.credential), visit.asked.lower()), learnt, visit.now)
        return learnt

    async def look(self, visit: Visit) -> Repository:
        """What a personal token's owner sees at a place, or where that has moved to."""
        token, path = printable(visit.credential.secrets["token"]), visit.place
        budget = limits.budget(visit.transport.context.quota, limits.USER, comments=False)
        for _ in range(HOPS + 1):
            request = Request(method="GET", path=path, kind=RepositoryAnswer, need=visit.need)
            try:
                answer = await visit.transport.send(request, budget, token=token)
            except Moved as moved:
                place = place_of(moved.location)
                path = place.path if place else path
            except Unauthorized as error:
                raise refused(visit.transport.context) from error
            except PermanentError as error:
                raise _not_seen(error, visit.asked) from error
            else:
                found = Repository(name=visit.asked, account=limits.USER, found=visit.now)
                return self.learn(visit, found, answer.data)
        raise circle(request)

    async def login(self, visit: Visit) -> str:
        """Whose the personal token is."""
        who = identity(visit.credential)
        if (known := self._logins.get(who, visit.now)) is None:
            budget = limits.budget(visit.transport.context.quota, limits.USER, comments=False)
            request = Request(method="GET", path="/user", kind=UserAnswer)
            token = printable(visit.credential.secrets["token"])
            try:
                known = str((await visit.transport.send(request, budget, token=token)).data.login)
            except Moved as moved:
                raise circle(request) from moved
            except Unauthorized as error:
                raise refused(visit.transport.context) from error
            self._logins.put(who, known, visit.now)
        return known

    def _known(self, who: str, visit: Visit) -> Repository | None:
        known = self._repositories.get((who, visit.asked.lower()), visit.now)
        return known if known and known.fresh(visit.asked, visit.now) else None

    def _ready(self, who: str, known: Repository, visit: Visit) -> Admission | None:
        ready = self._tokens.get((who, visit.asked.lower(), visit.need.name), visit.now)
        if ready is None or ready.repository.id != known.id or ready.expires - MARGIN <= visit.now:
            return None
        return replace(ready, repository=known)

    async def _by_token(self, _: str, visit: Visit) -> Admission:
        repository = await self.look(visit)
        token = printable(visit.credential.secrets["token"])
        return Admission(repository=repository, token=token, expires=visit.now + HOUR)

    async def _by_app(self, who: str, visit: Visit) -> Admission:
        app = App(transport=visit.transport, key=await self._key(who, visit))
        repository, answer = await self._minted(app, self._known(who, visit), visit)
        admission = Admission(repository=repository, token=answer.token, expires=answer.expires_at.timestamp())
        self._repositories.put((who, visit.asked.lower()), repository, visit.now)
        self._tokens.put((who, visit.asked.lower(), visit.need.name), admission, visit.now)
        return admission

    async def _minted(self, app: App, known: Repository | None, visit: Visit) -> tuple[Repository, TokenAnswer]:
        if known:
            place = Place(path="", id=known.id, name=known.name)
            try:
                answer = await app.token(known.installation, place, visit.need)
                return _told(known, answer, place, visit), answer
            except PermanentError as error:
                if error.reason not in ("NotFound", "Refused"):  # installed anew, or no longer selected: look again
                    raise
        place, installation = await app.installation(visit.place)
        repository = Repository(
            name=place.name, account=installation.account.login, installation=installation.id, found=visit.now
        )
        try:
            answer = await app.token(installation.id, place, visit.need)
        except PermanentError as error:
            if error.reason not in ("NotFound", "Refused"):
                raise
            raise await app.invisible(visit.asked) from error
        return _told(repository, answer, place, visit), answer

    async def _key(self, who: str, visit: Visit) -> RSAPrivateKey:
        key = self._keys.get(who, visit.now)
        if key is None:
            pem = visit.credential.secrets["private_key"]
            key = await self._loading.join(who, lambda: loaded(pem), insist=False)
            self._keys.put(who, key, visit.now)
        return key


def identity(credential: Credential) -> str:
    """Stands for a Provider and its credential's content in the keys of what is derived from them."""
    provider = credential.version.partition("/")[0]  # its uid; what follows changes with each edit
    parts = [provider, credential.type, credential.endpoint, str(getattr(credential.settings, "app_id", ""))]
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in sorted(credential.secrets):
        digest.update(b"\0" + credential.secrets[name])
    return digest.hexdigest()


def _told(repository: Repository, answer: TokenAnswer, place: Place, visit: Visit) -> Repository:
    """With what the answer says of the repository."""
    said = repository_in(answer, place)
    if said is not None:
        return replace(repository, id=said.id, name=said.full_name, public=said.public, public_at=visit.now)
    if repository.name:
        return repository
    message = "GitHub does not say what the repository is called now; set owner and repo to its new name"
    raise TemporaryError("UnreadableAnswer", message)


def _not_seen(error: PermanentError, asked: str) -> PermanentError:
    if error.reason != "NotFound":
        return error
    cure = "check owner and repo, and what the token may see"
    return PermanentError("NotVisible", f"GitHub does not show us the repository {asked}; {cure}")
