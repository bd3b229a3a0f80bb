"""Plain REST to the API server: JSON bytes in, JSON bytes out, one error class. No models, no discovery."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import msgspec
from yarl import URL

from tekton_integrations.kube.config import ClusterConfig

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
# Also the name under which managedFields list our writes.
USER_AGENT = "tekton-integrations"
# An object may have 1.5 MiB in etcd and more on the wire; readline() takes lines up to twice this.
READ_BUFFER = 2 * 1024 * 1024
# Answers to our writes carry what we sent; the metadata is the news, and cheaper to send and to read.
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
METADATA_ONLY_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
WRITE = {"Content-Type": "application/json", "Accept": METADATA_ONLY}
PATCH = {"Content-Type": "application/merge-patch+json", "Accept": METADATA_ONLY}
_UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)
_encode = msgspec.json.encode


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


class _Pool(aiohttp.TCPConnector):
    """Takes the connection that was used last. aiohttp takes the one that was not used for longest: so two calls a
    second, as for four Leases, keep a hundred open for ever that were needed at once for a moment."""

    def _release(self, key: "ConnectionKey", protocol: "ResponseHandler", *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        idle = self._conns.get(key)
        if idle and idle[-1][0] is protocol:
            idle.rotate(1)  # the first is taken next


class KubeClient:
    """One connection pool to one API server. Use as an async context manager."""

    def __init__(self, config: ClusterConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = _Pool(ssl=self._config.ssl or True, limit=0, keepalive_timeout=60)
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

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, accept: str = "", timeout: float | None = None
    ) -> bytes:
        """`timeout`: seconds for the whole request, here and in the writes; None for the usual 30."""
        headers = {"Accept": accept} if accept else None
        return await self._call("GET", path, headers, params=params, timeout=timeout)

    async def date(self) -> str:
        """The header Date of an answer, whatever that says; empty without one."""
        try:
            async with self._opened.get(self._url("/version"), headers=await self._authorized(None)) as answer:
                return answer.headers.get("Date", "")
        except _UNREACHABLE as error:
            raise _unreachable(error) from error

    async def post(self, path: str, body: Any, timeout: float | None = None) -> bytes:
        return await self._call("POST", path, WRITE, body, timeout=timeout)

    async def review(self, path: str, body: Any) -> bytes:
        """A POST that stores nothing and is made for its answer, such as a TokenReview."""
        return await self._call("POST", path, {"Content-Type": "application/json"}, body)

    async def put(self, path: str, body: Any, timeout: float | None = None) -> bytes:
        return await self._call("PUT", path, WRITE, body, timeout=timeout)

    async def patch(self, path: str, body: Any) -> bytes:
        """A JSON merge patch."""
        return await self._call("PATCH", path, PATCH, body)

    async def delete(self, path: str, body: Any) -> bytes:
        return await self._call("DELETE", path, WRITE, body)

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Mapping[str, str],
        timeout: aiohttp.ClientTimeout,
        accept: str = "",
        buffer: int = READ_BUFFER,
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """An open answer to read lines from. Raises ApiError for a status over 299. `buffer`: bytes that are read
        ahead, twice that at most; then the server has to wait."""
        headers = await self._authorized({"Accept": accept} if accept else None)
        try:
            async with self._opened.get(
                self._url(path), params=params, headers=headers, timeout=timeout, read_bufsize=buffer
            ) as answer:
                if answer.status >= 300:
                    raise self._refused(answer.status, await answer.read())
                if buffer < READ_BUFFER and answer.connection and answer.connection.transport:
                    _hold_little(answer.connection.transport, buffer)
                yield answer.content
        except _UNREACHABLE as error:
            raise _unreachable(error) from error

    async def tail(self, path: str, params: Mapping[str, str], keep: int, most: int) -> tuple[bytes, int]:
        """The last `keep` bytes of an answer, and how many there were in all. Stops reading when there are more than
        `most`: then the end is another one."""
        kept, size = bytearray(), 0
        async with self.stream(path, params, TIMEOUT) as content:
            async for chunk in content.iter_any():
                kept += chunk
                del kept[:-keep]
                size += len(chunk)
                if size > most:
                    break
        return bytes(kept), size

    async def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        # Not by `stream`: most of our CPU goes into such calls, and its generator costs some of it.
        headers = await self._authorized(headers)
        data = _encode(body) if body is not None else None
        limits = TIMEOUT if timeout is None else aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._opened.request(
                method, self._url(path), params=params, headers=headers, data=data, timeout=limits
            ) as answer:
                content = await answer.read()
        except _UNREACHABLE as error:
            raise _unreachable(error) from error
        if answer.status >= 300:
            raise self._refused(answer.status, content)
        return content

    @property
    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("KubeClient is used outside `async with`")
        return self._session

    def _url(self, path: str) -> URL:
        return URL(self._config.url + path, encoded=True)  # names of Kubernetes objects need no quoting

    async def _authorized(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        authorization = await self._config.authorization()
        return {**(headers or {}), "Authorization": authorization} if authorization else {**(headers or {})}

    def _refused(self, status: int, body: bytes) -> ApiError:
        if status == 401:
            self._config.refused()
        return _error(status, body)


def _hold_little(transport: asyncio.Transport, buffer: int) -> None:
    """Of what was not read yet: the kernel alone would hold megabytes, and TLS half a one."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * buffer)
    if limit := getattr(transport, "set_read_buffer_limits", None):
        limit(high=buffer)


def _unreachable(error: Exception) -> ApiError:
    return ApiError(0, "Unreachable", str(error) or type(error).__name__)


def _error(status: int, body: bytes) -> ApiError:
    try:
        details = msgspec.json.decode(body, type=_Status)
    except msgspec.DecodeError:
        details = _Status(message=body[:200].decode(errors="replace"))
    return ApiError(status, details.reason, details.message)
