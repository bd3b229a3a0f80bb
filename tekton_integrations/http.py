"""The only way out to services: where a call may go, how long it may take, what its failure means.

Lint forbids other HTTP clients in integrations. No redirect is followed here: an integration that must follow
one (a renamed repository) does so with the same method, to where `redirected` says.
"""

import ssl
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

import aiohttp
import msgspec
from msgspec.structs import replace
from yarl import URL

from tekton_integrations.egress import AddressRefused
from tekton_integrations.errors import IntegrationError, PermanentError, TemporaryError
from tekton_integrations.plain_text import visible
from tekton_integrations.redaction import Redactor
from tekton_integrations.secret_forms import TooMuch
from tekton_integrations.text import clean

TIMEOUT = 10.0
MAX_BODY = 4 * 1024 * 1024
# Bytes of a refusal. No service has more to say, and all else waits while secrets are looked for in it.
MAX_REFUSAL = 32 * 1024
# Seconds. What is wrong at the host or the proxy is cured there, and found by looking again.
LOOK_AGAIN = 30.0
# 303 is none of them: the call was made, and its outcome is elsewhere.
_REDIRECTS = frozenset({301, 302, 307, 308})
# What OpenSSL says of a certificate (X509_V_ERR_…): for another host, or not valid now.
_OTHER_HOST = frozenset({62, 64})
_OUT_OF_DATE = frozenset({9, 10})


class Response(msgspec.Struct, frozen=True):
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def discreet(answer: Response, secrets: Collection[bytes]) -> Response:
    """A refusal may repeat the credential, and an integration may repeat what it says: that has `***` in its place."""
    if answer.status < 400 or not secrets:
        return answer
    body = answer.body[:MAX_REFUSAL]
    # `plain_text.clean` would leave out what follows U+009D, which begins a sequence for terminals; JSON has none.
    text = visible(body.decode(errors="replace"))
    try:
        redacted = _redactor(frozenset(secrets)).redact(text)
    except TooMuch:
        return replace(answer, body=b"")
    return replace(answer, body=body if redacted == text else redacted.encode())


@lru_cache(maxsize=64)
def _redactor(secrets: frozenset[bytes]) -> Redactor:
    """That of a private key takes 4 ms to make."""
    return Redactor(secrets)


def origin(url: str) -> str:
    return str(URL(url).origin())


def redirected(response: Response, url: str) -> str | None:
    """Where the answer to a call to `url` sends that call, made again with the same method; None if nowhere.

    Such a call has had no effect. Raises PermanentError(EgressRefused) for another origin.
    """
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location:
        return None
    base = URL(url, encoded=True)
    try:
        target = base.join(URL(location))
        same, where = _place(target) == _place(base), f"{target.scheme}://{target.host}"
    except (TypeError, ValueError):
        same, where = False, "what is no URL"
    if not same:
        # Not the whole of it: it may hold a credential.
        message = f"an answer led to {clean(where, 80)}, which is not at the endpoint of the Provider"
        raise PermanentError("EgressRefused", message)
    return origin(url) + target.raw_path_qs


def _place(url: URL) -> tuple[object, ...]:
    return url.scheme, (url.host or "").lower(), url.port, url.user, url.password


class Http:
    """Calls to the origins of one Provider. `may_send` is asked right before a call that changes something; `count` is
    told of each call; what a refusal says comes without `secrets`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        origins: frozenset[str],
        *,
        timeout: float = TIMEOUT,
        may_send: Callable[[], bool] = lambda: True,
        count: Callable[[], object] = lambda: None,
        secrets: Collection[bytes] = (),
    ) -> None:
        self._session = session
        self._origins = origins
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._may_send = may_send
        self._count = count
        self._secrets = secrets
        self._calls = 0

    def called(self) -> Callable[[], bool]:
        """Asked later, it says whether any call was made since now."""
        before = self._calls
        return lambda: self._calls > before

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        limit: int = MAX_BODY,
        cut: bool = False,
    ) -> Response:
        """The answer, whatever its status; of at most `limit` bytes, unpacked (`cut`: what is more is left out). What a
        refusal says is cut after 32 KiB, and has `***` where it repeats the Provider's credential.

        Raises PermanentError(EgressRefused) for an origin that the Provider does not name or that leads inside, and
        TemporaryError when no whole answer came (AnswerTooLong: there was more of it); its `maybe_sent` tells whether
        the call may have taken effect.
        """
        changes = method not in ("GET", "HEAD")
        self._check(url, changes=changes)
        self._calls += 1
        self._count()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status == 407:  # without TLS a proxy answers in the server's place
                    raise _proxy_refused(origin(url), 407)
                content = await _read(answer, limit, cut=cut)
                if content is None:
                    message = (
                        f"{origin(url)} answered with more than {limit} bytes; check spec.endpoint of the Provider"
                    )
                    raise TemporaryError("AnswerTooLong", message, maybe_sent=changes, needs_help=True)
                lower = {name.lower(): value for name, value in answer.headers.items()}
                return discreet(Response(answer.status, lower, content), self._secrets)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError) as error:
            raise _unconnected(origin(url), error) from error
        except TimeoutError as error:
            message = f"{origin(url)} did not answer within {self._timeout.total:g} s"
            raise TemporaryError("TimedOut", message, maybe_sent=changes, down=True) from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"the connection to {origin(url)} broke: {_breakage(error)}"
            raise TemporaryError("ConnectionBroken", message, maybe_sent=changes, down=True) from error

    def _keep_to_origins(self, url: str) -> None:
        if origin(url) not in self._origins:
            raise PermanentError("EgressRefused", f"{origin(url)} is not the endpoint of the Provider")

    def _check(self, url: str, *, changes: bool) -> None:
        self._keep_to_origins(url)
        if self._session.closed or (changes and not self._may_send()):
            # The process was paused since it announced this call; others may have acted meanwhile.
            raise TemporaryError(
                "Stalled", "this process was paused, or could not renew its Lease; it is tried again", 1.0
            )


def refused(url: str, *, ever: bool) -> PermanentError:
    """What to say of a URL that a run names and that leads inside, or one that is refused whoever names it."""
    if ever:
        message = (
            f"{origin(url)} leads to where a cloud keeps secrets of its machines, which is never called; correct it"
        )
        return PermanentError("EgressRefused", message)
    return PermanentError(
        "EgressRefused",
        f"{origin(url)} leads to an address inside (private, loopback, link-local or the like), where runs may not "
        "lead; if it is meant, name it in full in the Provider's spec.grants, or as its spec.endpoint",
    )


def _unconnected(host: str, error: aiohttp.ClientError) -> IntegrationError:
    """Nothing of the call was sent."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefused):
        return refused(host, ever=error.os_error.ever)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        message = f"the certificate of {host} {_distrust(error.certificate_error)}"
        return TemporaryError("CertificateRefused", message, LOOK_AGAIN, needs_help=True, down=True)
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status < 500:
        return _proxy_refused(host, error.status)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        message = f"no connection to {host}: the proxy before it answered {error.status}"
    elif isinstance(error, aiohttp.ClientProxyConnectionError):
        message = f"no connection to the proxy before {host}: {clean(str(error))}"
    else:
        message = f"no connection to {host}: {clean(str(error))}"
    return TemporaryError("Unreachable", message, down=True)


def _proxy_refused(host: str, status: int) -> TemporaryError:
    why = "asks for a password" if status == 407 else f"refuses with {status}"
    variable = "HTTP_PROXY" if host.startswith("http:") else "HTTPS_PROXY"
    cure = f"let it pass calls to there, or correct spec.proxy of the Provider ({variable} if it has none)"
    return TemporaryError(
        "ProxyRefused", f"the proxy before {host} {why}; {cure}", LOOK_AGAIN, needs_help=True, down=True
    )


def _breakage(error: aiohttp.ClientError | OSError) -> str:
    """In our words: what aiohttp says quotes what came, which may be no HTTP, and nobody's to publish."""
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return "what came is no whole answer in HTTP"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it was closed before an answer came"
    return clean(getattr(error, "strerror", None) or type(error).__name__)


def _distrust(error: Exception) -> str:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    if code in _OTHER_HOST:
        return "is for another host; correct spec.endpoint of the Provider, or the certificate"
    said = clean(getattr(error, "verify_message", "") or str(error))
    if code in _OUT_OF_DATE:
        return f"is not valid now ({said}); renew it"
    return f"is not trusted ({said}); put the certificate of its authority into spec.caBundle of the Provider"


async def _read(answer: aiohttp.ClientResponse, limit: int, *, cut: bool) -> bytes | None:
    """None for more than `limit` bytes, unless they may be cut; the rest is left unread."""
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > limit:
            return bytes(content[:limit]) if cut else None
    return bytes(content)
