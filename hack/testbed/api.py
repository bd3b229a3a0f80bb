"""A thin REST client of an API server: JSON in, JSON out, and an error that says what the server said."""

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp
import yaml

PATCHES = {
    "apply": "application/apply-patch+yaml",
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
}


T = TypeVar("T")


async def polled(probe: Callable[[], Awaitable[T | None]], seconds: float = 30.0) -> T:
    """Asks `probe` again and again until its answer is true. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if found := await probe():
                return found
            await asyncio.sleep(0.05)


@asynccontextmanager
async def going_on(work: Coroutine[Any, Any, object], ended: str) -> AsyncIterator[None]:
    """Does `work` while the block lasts. Raises AssertionError, with what `ended` says, if it is over before."""
    task = asyncio.create_task(work)
    try:
        yield
        assert not task.done(), ended
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class ApiError(Exception):
    """The API server refused a request: its status code, reason (`NotFound`, `Conflict`, ...) and message."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        self.status = status
        self.reason, self.message = _explained(text)
        super().__init__(f"{method} {path}: {status} {self.reason}: {self.message}")


class Api:
    """Requests to one API server, with the credentials it was opened with."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self.session = session

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, *, token: str | None, context: ssl.SSLContext) -> AsyncIterator[Self]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            yield cls(url, session)

    @classmethod
    @asynccontextmanager
    async def from_kubeconfig(cls, path: Path | str) -> AsyncIterator[Self]:
        """By the current context of a kubeconfig with a token or a client certificate (no exec plug-ins)."""
        config = _loaded(Path(path))
        context = _named(config, "context", config["current-context"])
        cluster = _named(config, "cluster", context["cluster"])
        user = _named(config, "user", context["user"])
        tls = _tls(cluster, user)
        async with cls.opened(cluster["server"], token=user.get("token"), context=tls) as api:
            yield api

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The parsed answer (an empty dict if it has no body). Raises ApiError for any status of 400 or more."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        data = None if body is None else json.dumps(body)
        async with self.session.request(method, self.url + path, data=data, headers=sent) as response:
            text = await response.text()
            if response.status >= 400:
                raise ApiError(method, path, response.status, text)
            return _parsed(text)

    async def patch(self, path: str, body: Any, kind: str) -> dict[str, Any]:
        """A PATCH of the kind `apply` (server-side), `merge` or `json`."""
        return await self.request("PATCH", path, body, {"Content-Type": PATCHES[kind]})


def _parsed(text: str) -> dict[str, Any]:
    if not text.startswith("{"):  # /readyz and its kin answer with words
        return {"text": text} if text else {}
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _explained(text: str) -> tuple[str, str]:
    try:
        status = json.loads(text)
        return str(status.get("reason", "")), str(status.get("message", text))
    except (ValueError, AttributeError):
        return "", text


def _loaded(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(path.read_text())
    return config


def _named(config: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    for each in config[f"{kind}s"]:
        if each["name"] == name:
            found: dict[str, Any] = each[kind]
            return found
    raise KeyError(f"the kubeconfig has no {kind} {name!r}")


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
    if authority := cluster.get("certificate-authority-data"):
        context.load_verify_locations(cadata=base64.b64decode(authority).decode())
    if "client-certificate-data" in user:
        _load_inline(context, user)
    elif "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    return context


def _load_inline(context: ssl.SSLContext, user: dict[str, Any]) -> None:
    with tempfile.NamedTemporaryFile() as file:  # ssl reads a certificate and its key from files only
        for field in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[field]) + b"\n")
        file.flush()
        context.load_cert_chain(file.name)
