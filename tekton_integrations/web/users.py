"""Readers by name and password (HTTP Basic): those of the Secret, and the listener's one user."""

import base64
import binascii
import hashlib
import hmac
import os
from ipaddress import ip_address, ip_network

from aiohttp import web

from tekton_integrations.log import logger
from tekton_integrations.web.access import Reader, Right, unauthorized
from tekton_integrations.web.memory import Failures, Remembered
from tekton_integrations.web.passwords import LONGEST, Passwords
from tekton_integrations.web.user_files import ALL, User, UserFiles

# Seconds for which a password that fitted need not be hashed again.
REMEMBERED = 60.0
# Failed logins of one name from one address, and of one address, in so many seconds.
OF_NAME, OF_ADDRESS, WITHIN = 5, 30, 60.0
WRONG = "The name or the password is wrong."


class Users:
    """A way in, for access.py."""

    def __init__(self, files: UserFiles) -> None:
        self._files = files
        self._passwords = Passwords()
        self._secret = os.urandom(32)
        # What fitted → the hash that it fitted, so that a changed password counts at once.
        self._fitted: Remembered[str] = Remembered(REMEMBERED)
        self._of_name = Failures(OF_NAME, WITHIN)
        self._of_address = Failures(OF_ADDRESS, WITHIN)

    async def __call__(self, request: web.Request) -> Reader | None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        name, password = _credentials(given)
        user = self._files.get(name)
        key = hmac.digest(self._secret, f"{name}:{password}".encode(), hashlib.sha256)
        fitted = self._fitted.get(key)
        if user and fitted and hmac.compare_digest(fitted, user.password):
            return _Known(user)
        await self._compare(user, name, password, request.remote or "")
        if user is None:
            raise unauthorized(WRONG)
        self._fitted.put(key, user.password)
        return _Known(user)

    async def _compare(self, user: User | None, name: str, password: str, remote: str) -> None:
        """Raises what a wrong password deserves."""
        address = _network(remote)
        keys = ((self._of_name, (address, name)), (self._of_address, address))
        for failures, key in keys:
            if seconds := failures.begin(key):
                logger.warning("too many failed logins", address=remote)
                raise web.HTTPTooManyRequests(
                    text=f"Too many failed logins. Try again in {seconds} s.", headers={"Retry-After": str(seconds)}
                )
        if not await self._passwords.fit(user.password if user else None, password):
            logger.info("login failed", address=remote)
            raise unauthorized(WRONG)
        for failures, key in keys:
            failures.forgive(key)


class _Known:
    def __init__(self, user: User) -> None:
        self.name = user.name
        self.namespaces = tuple(each for each in user.namespaces if each != ALL)
        self._all = ALL in user.namespaces

    async def may(self, right: Right) -> bool:
        return self._all or right.namespace in self.namespaces


def _credentials(given: str) -> tuple[str, str]:
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise unauthorized("The credentials are no name and password in base64.") from error
    if not colon or len(given) > 2 * LONGEST:
        raise unauthorized(WRONG)
    return name, password


def _network(remote: str) -> str:
    """Who has an IPv6 address has as many as there are in its /64."""
    try:
        address = ip_address(remote)
    except ValueError:
        return remote
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else remote
