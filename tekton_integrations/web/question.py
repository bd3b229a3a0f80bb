"""Which run a request is about, and what else it says; checked, so that nothing odd gets to the API server."""

import re
from typing import NamedTuple, Self

import msgspec
from aiohttp import web

from tekton_integrations.kube.client import ApiError, collection
from tekton_integrations.kube.run_watches import RunName
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.run import KINDS, Run
from tekton_integrations.web.access import Access
from tekton_integrations.web.shared import CLIENT, SETTINGS

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
NAME = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
NAMESPACE = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
# What an id may be of where the request does not say.
USUAL = ("PipelineRun", "TaskRun")
_NUMBER = re.compile(r"[0-9]{1,9}")
_YES_NO = {"true": True, "1": True, "": True, "false": False, "0": False}


class Question(NamedTuple):
    namespace: str
    name: str
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Raises HTTPBadRequest."""
        given = request.match_info.get("namespace") or request.query.get("namespace")
        namespace = request.app[SETTINGS].namespace if given is None else given
        if not re.fullmatch(NAMESPACE, namespace):
            raise web.HTTPBadRequest(text="No namespace can have this name.")
        name = request.match_info["run"]
        if not re.fullmatch(NAME, name):
            raise web.HTTPBadRequest(text="No run can have this name.")
        kind = request.query.get("kind")
        if kind is not None and kind not in KINDS:
            raise web.HTTPBadRequest(text=f"`kind` must be one of {', '.join(KINDS)}.")
        return cls(namespace, name, (kind,) if kind else USUAL)

    async def for_status(self, request: web.Request) -> Self:
        """With those of the kinds that the reader may read. Raises HTTPForbidden if that is none."""
        access, readable = Access.of(request), []
        for kind in self.kinds:
            try:
                await access.status(self.namespace, self.name, kind)
                readable.append(kind)
            except web.HTTPForbidden:
                if kind == self.kinds[-1] and not readable:
                    raise
        return self._replace(kinds=tuple(readable))

    def key(self, run: Run | None) -> RunName:
        """What to watch; of a run that is not there, the likeliest kind."""
        return RunName(run.kind if run else self.kinds[0], self.namespace, self.name)

    async def find(self, request: web.Request) -> Run | None:
        """Raises ApiError."""
        for kind in self.kinds:
            try:
                raw = await request.app[CLIENT].get(f"{collection(*KINDS[kind], self.namespace)}/{self.name}")
                return decode_run(raw)
            except ApiError as error:
                if error.status != 404:
                    raise
            except msgspec.DecodeError as error:
                raise ApiError(0, "Unreadable", str(error)) from error
        return None

    def unknown(self) -> web.HTTPNotFound:
        return web.HTTPNotFound(text=f"There is no {' or '.join(self.kinds)} {self.name} in {self.namespace}.")


def number(request: web.Request, key: str, default: int | None, most: int) -> int | None:
    """Of the query. Raises HTTPBadRequest."""
    if (given := request.query.get(key)) is None:
        return default
    if not _NUMBER.fullmatch(given) or int(given) > most:
        raise web.HTTPBadRequest(text=f"`{key}` must be a whole number from 0 to {most}.")
    return int(given)


def yes(request: web.Request, key: str, default: bool) -> bool:
    """Of the query. Raises HTTPBadRequest."""
    if (given := request.query.get(key)) is None:
        return default
    if given not in _YES_NO:
        raise web.HTTPBadRequest(text=f"`{key}` must be true or false.")
    return _YES_NO[given]
