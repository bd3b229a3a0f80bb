"""Plain REST to the API server: JSON bytes in, JSON bytes out, one error class. No models, no discovery."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from yarl import URL

from tekton_integrations.kube.config import ClusterConfig

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
# Also the name under which managedFields list our writes.
USER_AGENT = "tekton-integrations"
# An object may have 1.5 MiB in etcd and more on the wire; readline() takes lines up to twice this.
READ_BUFFER = 2 * 1024 * 1024
# Answers to our writes carry what we sent; the metadata is the news, and cheaper to send and to read.
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
METADATA_ONLY_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


def collection(api_version: str, plural: str, namespace: str = "") -> str:
    """The path of all objects of a kind, or of those in one namespace."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


class ApiError(Exception):
    """The API server's own words. `status` is 0 when it could not be reached."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class _Status(msgspec.Struct):
    code: int = 0
    reason: str = ""
    message: str = ""


class KubeClient:
    """One connection pool to one API server. Use as an async context manager."""

    def __init__(self, config: ClusterConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._config.ssl or True, limit=0, keepalive_timeout=60)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=TIMEOUT,
            read_bufsize=READ_BUFFER,
            headers={"User-Agent": USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def get(self, path: str, params: Mapping[str, str] | None = None, accept: str = "") -> bytes:
        return await self._call("GET", path, params=params, accept=accept)

    async def post(self, path: str, body: Any) -> bytes:
        return await self._call("POST", path, body=body)

    async def put(self, path: str, body: Any) -> bytes:
        return await self._call("PUT", path, body=body)

    async def patch(self, path: str, body: Any) -> bytes:
        """A JSON merge patch."""
        return await self._call("PATCH", path, body=body, content_type="application/merge-patch+json")

    async def delete(self, path: str, body: Any) -> bytes:
        return await self._call("DELETE", path, body=body)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], timeout: aiohttp.ClientTimeout, accept: str = ""
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """An open answer to read lines from. Raises ApiError for a status over 299."""
        headers = {"Accept": accept} if accept else None
        async with self._open("GET", path, params=params, headers=headers, timeout=timeout) as answer:
            yield answer.content

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> bytes:
        headers = {"Accept": accept} if accept else None
        if body is not None:
            headers = {"Content-Type": content_type, "Accept": METADATA_ONLY}
        data = msgspec.json.encode(body) if body is not None else None
        async with self._open(method, path, params=params, headers=headers, data=data) as answer:
            return await answer.read()

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("KubeClient is used outside `async with`")
        authorization = await self._config.authorization()
        headers = dict(headers or {}) | ({"Authorization": authorization} if authorization else {})
        url = URL(self._config.url + path, encoded=True)  # names of Kubernetes objects need no quoting
        try:
            async with self._session.request(
                method, url, params=params, headers=headers, data=data, timeout=timeout
            ) as answer:
                if answer.status == 401:
                    self._config.refused()
                if answer.status >= 300:
                    raise _error(answer.status, await answer.read())
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(0, "Unreachable", str(error) or type(error).__name__) from error


def _error(status: int, body: bytes) -> ApiError:
    try:
        details = msgspec.json.decode(body, type=_Status)
    except msgspec.DecodeError:
        details = _Status(message=body[:200].decode(errors="replace"))
    return ApiError(status, details.reason, details.message)
