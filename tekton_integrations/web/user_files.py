"""The users in a file, or in a folder of files such as a mounted Secret; read anew when that changes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tekton_integrations.log import logger
from tekton_integrations.web.passwords import is_hash
from tekton_integrations.web.settings import SettingsError

ALL = "*"


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`password` is a hash, as `serve --hash-password` makes it; `namespaces` those whose runs and logs they read, `*`
    for all."""

    name: str
    password: str
    namespaces: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    users: list[User]


class UserFiles:
    """`fixed`: users that stand in no file. Raises SettingsError where the files can't be used at the start; later the
    users of before stay, and the log says why."""

    def __init__(self, path: Path | None, fixed: tuple[User, ...] = ()) -> None:
        self._path, self._fixed = path, {user.name: user for user in fixed}
        self._seen = self._look()
        self._users = self._read()

    def get(self, name: str) -> User | None:
        if (seen := self._look()) != self._seen:
            self._seen = seen
            try:
                self._users = self._read()
                logger.info("users read anew", users=len(self._users))
            except SettingsError as error:
                logger.error("users not read anew; those of before stay", error=str(error))
        return self._users.get(name)

    def _look(self) -> tuple[tuple[str, int, int, int], ...]:
        try:
            stats = [(path.name, path.stat()) for path in self._files()]
        except OSError:
            return ()
        return tuple((name, each.st_ino, each.st_size, each.st_mtime_ns) for name, each in stats)

    def _files(self) -> Iterator[Path]:
        if self._path and self._path.is_dir():
            # A mounted Secret has folders of its own beside its keys, which begin with dots.
            yield from sorted(each for each in self._path.iterdir() if not each.name.startswith("."))
        elif self._path:
            yield self._path

    def _read(self) -> dict[str, User]:
        users = dict(self._fixed)
        for path in self._files():
            for user in _of(path):
                if user.name in users:
                    raise SettingsError(f"{path}: a second user {user.name!r}; each name may stand once")
                users[user.name] = user
        return users


def _of(path: Path) -> list[User]:
    try:
        users = msgspec.yaml.decode(path.read_bytes(), type=_File).users
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} has no users: {error}") from error
    for user in users:
        if not user.name or ":" in user.name:
            raise SettingsError(f"{path}: {user.name!r} can't be a user's name, which has no colon and is not empty")
        if not is_hash(user.password):
            raise SettingsError(f"{path}: the password of {user.name!r} is no hash; make one with `--hash-password`")
    return users
