"""What an App does as itself, before it may do anything at a repository: find its installation, and get a token.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tekton_integrations import Context, PermanentError, TemporaryError, quoted
from tekton_integrations_github import limits
from tekton_integrations_github.answers import Moved, Request, Unauthorized, unreadable
from tekton_integrations_github.needs import Need
from tekton_integrations_github.repositories import (
    InstallationAnswer,
    Place,
    RepositoryAnswer,
    TokenAnswer,
    place_of,
)
from tekton_integrations_github.transport import Transport

# GitHub takes up to 10 minutes, and an `iat` in the past allows for clocks that run ahead.
JWT_LIFE = 540
JWT_SKEW = 60
RETRY = 30.0
# GitHub's keys have 2,048 bits; RS256 can't sign with much less.
MIN_BITS = 1024
# A repository that moves while we look is found at the end of so many redirects, or later.
HOPS = 3


@dataclass(frozen=True, kw_only=True)
class App:
    """The calls that an App signs itself. Raises PermanentError and TemporaryError that say what to change."""

    transport: Transport
    key: RSAPrivateKey

    async def installation(self, path: str) -> tuple[Place, InstallationAnswer]:
        """Where the repository at `path` is by now, and the installation that may see it."""
        asked = path
        for _ in range(HOPS + 1):
            request = Request(method="GET", path=f"{path}/installation", kind=InstallationAnswer)
            try:
                return _place(path), await self._call(request)
            except Moved as moved:
                path = _place(moved.location).path
            except PermanentError as error:
                raise await self._unseen(error, asked, path) from error
        raise circle(request)

    async def itself(self, kind: Any) -> Any:
        """What GitHub says of the App, as a `kind`."""
        request = Request(method="GET", path="/app", kind=kind)
        try:
            return await self._call(request)
        except Moved as moved:
            raise circle(request) from moved

    async def _unseen(self, error: PermanentError, asked: str, path: str) -> PermanentError:
        if error.reason != "NotFound":
            return error
        if path == asked and (place := _place(path)).name:
            return await self.invisible(place.name)
        cure = "set owner and repo to its new name, and install the GitHub App there"
        return PermanentError("NotVisible", f"the repository has moved to where the GitHub App can't see it; {cure}")

    async def token(self, installation: int, place: Place, need: Need) -> TokenAnswer:
        """For this one repository, with no more permissions than needed."""
        which: dict[str, Any] = (
            {"repository_ids": [place.id]} if place.id else {"repositories": [place.name.partition("/")[2]]}
        )
        for permissions in need.permissions:
            request = Request(
                method="POST",
                path=f"/app/installations/{installation}/access_tokens",
                body=which | {"permissions": permissions},
                kind=TokenAnswer,
                need=need,
                app=True,
            )
            try:
                answer: TokenAnswer = await self._call(request)
            except Moved as moved:
                raise circle(request) from moved
            except PermanentError as error:
                if "ermissions requested" not in error.message:
                    raise
            else:
                return answer
        cure = f"the GitHub App's installation lacks the permission {need.title}; give it to the App, and accept it"
        raise PermanentError("Forbidden", f"{cure} in the settings of the repository's owner")

    async def invisible(self, name: str) -> PermanentError:
        """Why the App can't see a repository: installed for its owner, or not even that."""
        owner = name.partition("/")[0]
        for path in (f"/orgs/{owner}/installation", f"/users/{owner}/installation"):
            try:
                await self._call(Request(method="GET", path=path, kind=InstallationAnswer))
            except (PermanentError, TemporaryError, Moved):
                continue
            cure = f"check owner and repo, and select the repository in the App's installation for {owner}"
            return PermanentError("NotVisible", f"the GitHub App can't see {name}; {cure}")
        cure = f"install the App on the repository, or check owner and repo; it is not installed for {owner}"
        return PermanentError("NotVisible", f"the GitHub App can't see {name}; {cure}")

    async def _call(self, request: Request) -> Any:
        context = self.transport.context
        budget = limits.app_budget(context.quota, tokens=request.method == "POST")
        try:
            return (await self.transport.send(request, budget, jwt=self._signed())).data
        except Unauthorized as error:
            raise refused(context, str(error)) from error
        except TemporaryError as error:
            error.maybe_sent = False  # a token too many does no harm, and the call it was for was not made
            raise

    def _signed(self) -> str:
        context, now = self.transport.context, int(self.transport.context.now())
        claims = {"iat": now - JWT_SKEW, "exp": now + JWT_LIFE, "iss": str(context.credential.settings.app_id)}
        return jwt.encode(claims, self.key, algorithm="RS256")


def _place(url: str) -> Place:
    place = place_of(url)
    if place is None:
        raise unreadable("it leads to no repository", Request(method="GET", path=url))
    return place


def circle(request: Request) -> TemporaryError:
    """For a redirect that can't be followed any further."""
    error = unreadable("it leads from one address to the next without an end", request)
    error.maybe_sent = False  # what was redirected was not done
    return error


def repository_in(answer: TokenAnswer, place: Place) -> RepositoryAnswer | None:
    """The one that the token is for. GitHub Enterprise may leave the list out."""
    for each in answer.repositories:
        if each.id == place.id or (not place.id and each.full_name.lower() == place.name.lower()):
            return each
    return None


def refused(context: Context, words: str = "") -> TemporaryError:
    """The credential is read anew meanwhile."""
    context.renew_credential()
    message = "GitHub does not accept the Provider's credential; put a valid one into its Secret"
    if context.credential.type == "GitHubApp":
        message += ", and check that appId is the App of that private key"
    if "('exp')" in words or "('iat')" in words:
        message = f"set this machine's clock: GitHub takes the App's signature for too old or new ({quoted(words, 80)})"
    return TemporaryError("CredentialRefused", message, RETRY, needs_help=True)


async def loaded(pem: bytes) -> RSAPrivateKey:
    """Takes 36 ms, so it is done once, and not on the loop."""
    return await asyncio.to_thread(_load, pem)


def _load(pem: bytes) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
            raise TypeError("not an RSA key, or a short one")
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TemporaryError(
            "CredentialUnavailable",
            "the Provider's Secret does not hold an RSA private key in PEM form; put the App's .pem file there",
            RETRY,
            needs_help=True,
        ) from error
    return key


def printable(token: bytes) -> str:
    """A personal token, as it can stand in a header."""
    text = token.decode(errors="replace").strip()
    if not (text and text.isascii() and text.isprintable()):
        raise TemporaryError(
            "CredentialUnavailable",
            "the Provider's Secret does not hold a token: one line of printable characters",
            RETRY,
            needs_help=True,
        )
    return text
