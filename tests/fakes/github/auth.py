"""Who asks, and what they may do: App JWTs, installation tokens, personal tokens, nobody.

Rules: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

import jwt

from tests.fakes.github.call import ApiError, not_found
from tests.fakes.github.entities import LEVELS, App, Installation, Repository

if TYPE_CHECKING:
    from tests.fakes.github.world import World

LONGEST_JWT = 600  # seconds: https://docs.github.com/apps/…/generating-a-json-web-token-jwt-for-a-github-app
TOKEN_LIFE = 3600
NOT_DECODED = "A JSON web token could not be decoded"


@dataclass(kw_only=True, eq=False)
class Token:
    """A personal token, or one of an installation: that expires, and may be narrowed."""

    text: str = field(repr=False)
    client: str
    permissions: Mapping[str, str]
    installation: Installation | None = None
    repositories: frozenset[int] | None = None  # None: all that the installation or the person has
    expires_at: float | None = None

    def reaches(self, repository: Repository) -> bool:
        if self.installation and repository.id not in self.installation.repositories:
            return False
        return self.repositories is None or repository.id in self.repositories

    def allows(self, permission: str, level: str) -> bool:
        granted = dict(self.permissions)
        if self.installation:  # what the account takes back later, older tokens lose too
            granted = {name: given for name, given in granted.items() if name in self.installation.permissions}
        return LEVELS.get(granted.get(permission, ""), 0) >= LEVELS[level]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Exactly one of app and token, or neither for a request without credentials."""

    client: str
    app: App | None = None
    token: Token | None = None

    @property
    def login(self) -> str:
        installation = self.token.installation if self.token else None
        return f"{installation.app.slug}[bot]" if installation else self.client.replace(" ", "-")

    @property
    def acting_app(self) -> App | None:
        """The App as whose installation it acts."""
        return self.token.installation.app if self.token and self.token.installation else None


def identify(world: "World", authorization: str, address: str) -> Identity:
    """Raises ApiError 401 in GitHub's words."""
    if not authorization:
        return Identity(client=address)
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise ApiError(401, "Bad credentials")
    if secret.count(".") == 2:
        app = verify(world, secret)
        return Identity(client=f"app {app.id}", app=app)
    token = world.tokens.get(secret)
    if token is None or (token.expires_at is not None and token.expires_at <= world.clock.now()):
        raise ApiError(401, "Bad credentials")
    if token.installation and token.installation.suspended:
        raise ApiError(403, "This installation has been suspended")
    return Identity(client=token.client, token=token)


def verify(world: "World", encoded: str) -> App:
    """The signature is PyJWT's to judge, the times are ours: they depend on the world's clock."""
    try:
        claims = jwt.decode_complete(encoded, options={"verify_signature": False})["payload"]
        app = _issuer(world, claims)
        jwt.PyJWS().decode(encoded, app.public_key_pem, algorithms=["RS256"])
    except jwt.InvalidTokenError:
        raise ApiError(401, NOT_DECODED) from None
    _check_times(claims, world.clock.now())
    return app


def _issuer(world: "World", claims: Mapping[str, Any]) -> App:
    issuer = claims.get("iss")
    if issuer is None:
        raise ApiError(401, "Missing 'issuer' claim ('iss') in assertion")
    for app in world.apps.values():
        if str(issuer) in (str(app.id), app.client_id):
            return app
    if not str(issuer).isdigit():
        raise ApiError(401, "'Issuer' claim ('iss') must be an Integer")
    raise ApiError(404, "Integration not found")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not _number(expires) or expires <= now:
        raise ApiError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
            "the assertion expires",
        )
    if expires > now + LONGEST_JWT:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if not _number(issued) or issued > now:
        raise ApiError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def require_app(identity: Identity) -> App:
    if identity.app is None:
        raise ApiError(401, NOT_DECODED)
    return identity.app


def require_access(identity: Identity, repository: Repository, permissions: Sequence[str], level: str) -> None:
    """404 where the repository must stay unknown to the client, 403 where only the permission (any of them) is missing.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#insufficient-permissions
    """
    token = identity.token
    if identity.app is not None:  # a JWT opens /app only
        raise ApiError(401, "Bad credentials")
    reaches = token is not None and token.reaches(repository)
    if not reaches and repository.private:
        raise not_found()
    public_read = level == "read" and not repository.private
    if public_read or (token is not None and reaches and any(token.allows(each, level) for each in permissions)):
        return
    if token is None:
        raise ApiError(401, "Requires authentication")
    kind = "integration" if token.installation else "personal access token"
    accepted = {"X-Accepted-GitHub-Permissions": "; ".join(f"{each}={level}" for each in permissions)}
    raise ApiError(403, f"Resource not accessible by {kind}", headers=accepted)
