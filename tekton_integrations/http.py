"""The only way out to services: where a call may go, how long it may take, what its failure means.

Lint forbids other HTTP clients in integrations. No redirect is followed here: an integration that must follow
one (a renamed repository) does so with the same method, and to an allowed origin only.
"""

import unicodedata
from collections.abc import Callable, Mapping

import aiohttp
import msgspec
from yarl import URL

from tekton_integrations.errors import PermanentError, TemporaryError

TIMEOUT = 10.0
MAX_BODY = 4 * 1024 * 1024
# Unicode's categories of what has no shape of its own: control, format, surrogate, line and paragraph separator.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Response(msgspec.Struct, frozen=True):
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def clean(text: str, limit: int = 200) -> str:
    """Untrusted text made fit for a condition, an Event or a log line: one line, no control characters, short."""
    text = text[: 4 * limit]  # what is cut off anyway need not be looked at
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def origin(url: str) -> str:
    return str(URL(url).origin())


class Http:
    """Calls to the origins of one Provider. `may_send` is asked right before a call that changes something."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        origins: frozenset[str],
        *,
        timeout: float = TIMEOUT,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._session = session
        self._origins = origins
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._may_send = may_send

    async def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """The answer, whatever its status.

        Raises PermanentError(EgressRefused) for an origin that the Provider does not name, and TemporaryError
        when no whole answer came; its `maybe_sent` tells whether the call may have taken effect.
        """
        if origin(url) not in self._origins:
            raise PermanentError("EgressRefused", f"{origin(url)} is not the endpoint of the Provider")
        changes = method not in ("GET", "HEAD")
        if changes and not self._may_send():
            # The process was paused since it announced this call; others may have acted meanwhile.
            raise TemporaryError(
                "Stalled", "this process was paused, or could not renew its Lease; it is tried again", 1.0
            )
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                content = await _read(answer)
                lower = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, lower, content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            message = f"no connection to {origin(url)}: {clean(str(error))}"
            raise TemporaryError("Unreachable", message, down=True) from error
        except TimeoutError as error:
            message = f"{origin(url)} did not answer within {self._timeout.total:g} s"
            raise TemporaryError("TimedOut", message, maybe_sent=changes, down=True) from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"the connection to {origin(url)} broke: {clean(str(error) or type(error).__name__)}"
            raise TemporaryError("ConnectionBroken", message, maybe_sent=changes, down=True) from error


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {MAX_BODY} bytes")
    return bytes(content)
