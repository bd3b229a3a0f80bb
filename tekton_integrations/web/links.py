"""Signed links: `/l/:token` is exchanged for a cookie, by a redirect to the page's own address, so that the token
stands in no address bar, in no Referer and in no log. The cookie is the token again, for the paths of one run.
"""

import time
from http.cookies import Morsel
from pathlib import Path

from aiohttp import web

from tekton_integrations import log
from tekton_integrations.details import path
from tekton_integrations.links import Expired, Key, KeyUnfit, Link, LinkError, Scope, opened, read_keys
from tekton_integrations.log import logger
from tekton_integrations.run import KINDS
from tekton_integrations.web.access import LOGS, Reader, Right

COOKIE = "tekton-integrations-link"
# No browser shows its form for names and passwords for this one.
CHALLENGE = 'Link realm="tekton-integrations"'
# Seconds after which the folder is looked at again; a kubelet takes a minute to bring a changed Secret.
AGE = 10.0


class Linked:
    """Whoever has a link: for one run, by its uid, until it expires."""

    name = "Whoever has this link"

    def __init__(self, link: Link) -> None:
        self.link = link

    @property
    def namespaces(self) -> tuple[str, ...]:
        return ()

    async def may(self, right: Right) -> bool:
        """That it is the same run is seen when it is read: see `belongs`."""
        link = self.link
        if right.verb != "get" or (right.namespace, right.run) != (link.namespace, link.name):
            return False
        return right.resource == KINDS[link.kind][1] or (right.resource == LOGS and link.scope is Scope.LOGS)


def belongs(reader: Reader, uid: str) -> bool:
    """Whether the reader may see this very run, where only its name was asked for."""
    return not isinstance(reader, Linked) or reader.link.uid == uid


def expires(reader: Reader) -> float | None:
    """When the permission ends, in seconds since the epoch."""
    return reader.link.expires if isinstance(reader, Linked) else None


class Links:
    """A way in, for access.py. `keys`: a folder, as a Secret is mounted."""

    def __init__(self, keys: Path) -> None:
        self._folder = keys
        self._keys = _hidden(read_keys(keys))
        self._read = time.monotonic()

    async def __call__(self, request: web.Request) -> Reader | None:
        """Only on the page of a run: elsewhere nobody compares uids."""
        token = request.cookies.get(COOKIE, "")
        name = request.match_info.get("run")
        if not token or name is None or not request.path.startswith("/runs/"):
            return None
        try:
            link = opened(self._ring(), token, time.time())
        except LinkError as error:
            raise _refused(error) from error
        same = (link.namespace, link.name) == (request.match_info.get("namespace"), name)
        return Linked(link) if same else None

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """Raises HTTPSeeOther, HTTPUnauthorized."""
        token = request.match_info["token"]
        try:
            link = opened(self._ring(), token, time.time())
        except LinkError as error:
            raise _refused(error) from error
        answer = web.HTTPSeeOther(path(link.namespace, link.name, link.kind))
        answer.headers["Set-Cookie"] = _cookie(token, link, secure=request.scheme == "https")
        raise answer

    def _ring(self) -> dict[str, Key]:
        """What can't be read now was read before."""
        if time.monotonic() - self._read > AGE:
            self._read = time.monotonic()
            try:
                self._keys = _hidden(read_keys(self._folder))
            except KeyUnfit as error:
                logger.error("keys of links not read", error=str(error))
        return self._keys


def _hidden(keys: dict[str, Key]) -> dict[str, Key]:
    """From every traceback."""
    for key in keys.values():
        log.hide(key.secret)
    return keys


def _refused(error: LinkError) -> web.HTTPUnauthorized:
    advice = "The next report about the run has a new one." if isinstance(error, Expired) else "Was all of it copied?"
    return web.HTTPUnauthorized(text=f"{error} {advice}", headers={"WWW-Authenticate": CHALLENGE})


def _cookie(token: str, link: Link, *, secure: bool) -> str:
    """With the link it ends, and it goes to the paths of this run only."""
    morsel: Morsel[str] = Morsel()
    morsel.set(COOKIE, token, token)
    morsel["path"] = path(link.namespace, link.name)
    morsel["max-age"] = str(max(0, int(link.expires - time.time())))
    morsel["httponly"] = True
    morsel["samesite"] = "Lax"
    if secure:
        morsel["secure"] = True
    return morsel.OutputString()
