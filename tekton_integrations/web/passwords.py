"""Hashes of passwords: argon2id, worked out beside the event loop, a few at a time."""

import asyncio

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 19 MiB, about 30 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_ONCE = 2
WAITING = 64
# Bytes; nobody types more.
LONGEST = 1024


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def is_hash(text: str) -> bool:
    """Whether it is one that can be compared with, and not the password itself."""
    try:
        _HASHER.check_needs_rehash(text)
    except InvalidHashError:
        return False
    return True


class Passwords:
    """An unknown user's password is compared with a hash of nobody's, so that it takes the same time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody = hashed("nobody's")

    async def fit(self, known: str | None, password: str) -> bool:
        """Whether it is the password of this hash. Raises HTTPServiceUnavailable if too many ask."""
        if self._waiting >= WAITING:
            raise web.HTTPServiceUnavailable(text="Too many log in at once.", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._turns:
                fits = await asyncio.to_thread(_verify, known or self._nobody, password)
        finally:
            self._waiting -= 1
        return fits and known is not None


def _verify(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
