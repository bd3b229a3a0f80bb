"""Between aiohttp and plain values: requests in, answers out, with GitHub's headers."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fakes.github.call import Answer, ApiError, Call

ENTERPRISE = "/api/v3"
LARGEST = 25 * 1024**2
VERSIONS = ("2022-11-28", "2026-03-10")
NO_USER_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
    "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). "
    "Check https://developer.github.com for other possible causes.\n"
)


def request(*parts: Any) -> web.BaseRequest:
    """aiohttp's own, for bodies of more than one MiB: fifty annotations may have six."""
    build: Callable[..., web.BaseRequest] = web.BaseRequest
    return build(*parts, asyncio.get_running_loop(), client_max_size=LARGEST)


async def received(request: web.BaseRequest, number: int) -> Call:
    """The request as a value; its body is read to the end, so the client may go."""
    path = request.raw_path.partition("?")[0]
    web_url = f"http://{request.host}"
    enterprise = path.startswith(f"{ENTERPRISE}/")
    return Call(
        number=number,
        method=request.method,
        path=path.removeprefix(ENTERPRISE) if enterprise else path,
        query=dict(request.query),
        headers=request.headers,
        raw=await request.read(),
        api=web_url + (ENTERPRISE if enterprise else ""),
        web=web_url,
    )


def refuse_malformed(call: Call) -> None:
    """What GitHub says no to before it looks at the path."""
    if not call.headers.get("User-Agent", "").strip():
        raise ApiError(403, NO_USER_AGENT)
    version = call.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    if version not in VERSIONS:
        raise ApiError(400, f'The API version "{version}" is not supported.')


def parsed(raw: bytes) -> Any:
    """The JSON of a body; None for an empty one. Raises GitHub's 400."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise ApiError(400, "Problems parsing JSON") from None


def response(call: Call, answer: Answer) -> web.Response:
    body = answer.body if isinstance(answer.body, bytes) else _encoded(answer)
    headers = {
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": request_id(),
        "X-Content-Type-Options": "nosniff",
        **answer.headers,
    }
    if "json" in answer.content_type:
        headers["X-GitHub-Api-Version-Selected"] = call.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    if answer.status != 304:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=None if answer.status == 304 else body, headers=headers)


def conditional(call: Call, answer: Answer) -> Answer:
    """Gives a read its ETag, and 304 to a client that has it already."""
    if call.method not in ("GET", "HEAD") or answer.status != 200:
        return answer
    answer.body = _encoded(answer)
    tag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
    answer.headers |= {
        "ETag": tag,
        "Cache-Control": "private, max-age=60, s-maxage=60",
        "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With",
    }
    known = call.headers.get("If-None-Match", "").removeprefix("W/")
    if known and known == tag.removeprefix("W/"):
        return Answer(status=304, headers=answer.headers)
    return answer


def request_id() -> str:
    return ":".join(secrets.token_hex(size).upper() for size in (2, 3, 3, 4, 4))


def _encoded(answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    if answer.body is None:
        return b""
    if isinstance(answer.body, str):
        return answer.body.encode()
    return json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
