"""Tokens: a personal one as it is, or an App's, minted for one repository with only the permission needed.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tekton_integrations import PermanentError, TemporaryError
from tekton_integrations_github.api import Api, Unauthorized

T = TypeVar("T")

# GitHub takes up to 10 minutes, and an `iat` in the past allows for clocks that run ahead.
JWT_LIFE = 540
JWT_SKEW = 60
# A token is renewed before it ends, so that none ends during a call.
MARGIN = 120.0
RETRY = 30.0


class Tokens:
    """Caches keys and installation tokens. One for all Providers; entries are kept by the credential's version."""

    def __init__(self) -> None:
        self._keys: dict[str, RSAPrivateKey] = {}
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    async def call(self, api: Api, repository: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call to the repository with a token that fits; once more with a new one after a 401."""
        return await self._with_token(api, repository, lambda token: api.call(method, path, body, token=token))

    async def pages(self, api: Api, repository: str, path: str) -> list[Any]:
        """Like `call`, for a list of several pages."""
        return await self._with_token(api, repository, lambda token: api.pages(path, token=token))

    async def _with_token(self, api: Api, repository: str, call: Callable[[str], Awaitable[T]]) -> T:
        token = await self._token(api, repository)
        try:
            return await call(token)
        except Unauthorized as error:
            if api.context.credential.type == "GitHubToken":
                raise _refused(api) from error
            self._drop(api, repository, token)
        try:
            return await call(await self._token(api, repository))
        except Unauthorized as error:
            raise _refused(api) from error

    def _drop(self, api: Api, repository: str, token: str) -> None:
        """Forgets a token that GitHub refused, unless another call has replaced it already."""
        key = (api.context.credential.version, repository)
        if self._tokens.get(key, (0.0, ""))[1] == token:
            del self._tokens[key]

    async def _token(self, api: Api, repository: str) -> str:
        credential = api.context.credential
        if credential.type == "GitHubToken":
            return _printable(credential.secrets["token"])
        key = (credential.version, repository)
        # All runs of a repository wait for one token instead of minting one each.
        async with self._locks.setdefault(key, asyncio.Lock()):
            expires, token = self._tokens.get(key, (0.0, ""))
            if expires - MARGIN < api.context.now():
                expires, token = await self._mint(api, repository)
                self._tokens[key] = (expires, token)
            return token

    async def _mint(self, api: Api, repository: str) -> tuple[float, str]:
        app = await self._jwt(api)
        try:
            installation = await api.call("GET", f"/repos/{repository}/installation", jwt=app)
            answer = await api.call(
                "POST",
                f"/app/installations/{installation['id']}/access_tokens",
                {"repositories": [repository.partition("/")[2]], "permissions": {"checks": "write"}},
                jwt=app,
            )
        except Unauthorized as error:
            raise _refused(api) from error
        except PermanentError as error:
            raise _explain(error, repository) from error
        except TemporaryError as error:
            error.maybe_sent = False  # a token too many does no harm, and the call it was for was not made
            raise
        return datetime.fromisoformat(answer["expires_at"]).timestamp(), str(answer["token"])

    async def _jwt(self, api: Api) -> str:
        credential = api.context.credential
        key = self._keys.get(credential.version)
        if key is None:
            key = await asyncio.to_thread(_load, credential.secrets["private_key"])
            self._keys[credential.version] = key
        now = int(time.time())
        claims = {"iat": now - JWT_SKEW, "exp": now + JWT_LIFE, "iss": str(credential.settings.app_id)}
        return jwt.encode(claims, key, algorithm="RS256")


def _refused(api: Api) -> TemporaryError:
    api.context.renew_credential()
    message = "GitHub does not accept the Provider's credential; put a valid one into its Secret"
    if api.context.credential.type == "GitHubApp":
        message += ", and check that appId is the App of that private key"
    return TemporaryError("CredentialRefused", message, RETRY, needs_help=True)


def _printable(token: bytes) -> str:
    text = token.decode(errors="replace").strip()
    if not (text.isascii() and text.isprintable()):
        raise TemporaryError(
            "CredentialUnavailable",
            "the Provider's Secret does not hold a token: one line of printable characters",
            RETRY,
            needs_help=True,
        )
    return text


def _load(pem: bytes) -> RSAPrivateKey:
    """Takes 36 ms, so it is done once, and not on the loop."""
    try:
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("not an RSA key")
    except (ValueError, TypeError) as error:
        raise TemporaryError(
            "CredentialUnavailable",
            "the Provider's Secret does not hold an RSA private key in PEM form; put the App's .pem file there",
            RETRY,
            needs_help=True,
        ) from error
    return key


def _explain(error: PermanentError, repository: str) -> PermanentError:
    if error.reason == "NotVisible":
        return PermanentError(
            "NotVisible",
            f"the GitHub App can't see {repository}; check owner and repo, and install the App on the repository",
        )
    if error.reason == "Refused":
        return PermanentError("Forbidden", "the GitHub App's installation lacks the permission `Checks: write`")
    return error
