"""Milestones POSTed to endpoints that users run: what an answer means, when a delivery is tried again, and which
endpoint is called no more. Public: for integrations with Delivery.MILESTONES.

The rules are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com) and of CloudEvents' HTTP webhooks
(https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md), which agree but for what is noted.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from tekton_integrations.addresses import place
from tekton_integrations.errors import PermanentError, TemporaryError, Throttled
from tekton_integrations.http import LOOK_AGAIN, Response
from tekton_integrations.integration import Context
from tekton_integrations.limits import Cost, Limits
from tekton_integrations.milestones import FINISHED
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record

# Seconds after the first, second, … failure; the last one holds for all that follow. Of Standard Webhooks.
SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
# So much of it is added at most, so that what failed together does not come back together.
_JITTER = 0.1
# Keys of a record's memory: how often the delivery in work was tried again when that was due, and which one that is.
RETRIES, RETRIED = "retryCount", "retried-id"
# Another one: the first milestone whose call was cut, so that it may have arrived, and that was not taken since.
IN_DOUBT = "in-doubt"
# Seconds for which an endpoint that is gone is left alone, unless the Provider changes.
GONE = 86400.0
# Bytes of an answer that are read: what it says besides its status is not used, so the rest may be as long as it likes.
_READ = 64 * 1024
_LIMITS, _WRITE = Limits(), Cost(write=True)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`media`: what the receiver is told to set where it can't read such a body, for the error's message."""

    headers: Mapping[str, str]
    body: bytes
    media: str = ""


def ready(context: Context) -> None:
    """To be asked before anything is read for a message: who has to wait would read it in vain. Raises Throttled."""
    _quota(context).check(_WRITE)


class Poster:
    """Of one integration; what it knows of endpoints that are gone is lost with the process, at the cost of a call."""

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], float] = {}

    async def post(self, record: Record, context: Context, message: Message) -> dict[str, str]:
        """Delivers to `context.credential.endpoint`; gives the memory to keep. Raises PermanentError, TemporaryError.

        The receiver knows repetitions by the milestone's id, so a call in doubt is just made again.
        """
        key = context.credential.endpoint, context.credential.version
        where = place(key[0])
        # Whoever asks for the report again may know that it is back.
        if context.now() < self._gone.get(key, 0.0) and not context.search:
            raise _gone(where)
        quota = _quota(context)
        quota.take(_WRITE)
        count, left = retries(record, context), (record.next_attempt or 0.0) - context.now()
        # Tried before its time, since there is news of the run: a step of the schedule is not over by that.
        early = count > 0 and left > 0
        async with _announced(record, context):
            try:
                await self._call(context, message, key)
            except Throttled as error:
                quota.block(error.delay or 0.0)
                error.at = quota.at(_WRITE)
                raise
            except TemporaryError as error:
                doubt = {IN_DOUBT: context.milestone.name} if error.maybe_sent and context.milestone else {}
                error.maybe_sent = False
                error.delay = max(error.delay or 0.0, left if early else pause(count, context.external_id))
                tried = count if early else count + 1
                context.remember({**doubt, **record.memory, RETRIES: str(tried), RETRIED: _id(context)})
                raise
        kept = {name: value for name, value in record.memory.items() if name not in (RETRIED, IN_DOUBT)}
        return kept | {RETRIES: str(count)}

    async def _call(self, context: Context, message: Message, key: tuple[str, str]) -> None:
        url, where = key[0], place(key[0])
        answer = await context.http.request("POST", url, message.headers, message.body, limit=_READ, cut=True)
        if answer.status == 410:
            self._gone = {each: until for each, until in self._gone.items() if until > context.now()}
            self._gone[key] = context.now() + GONE
            raise _gone(where)
        _judge(answer, where, message.media, context)


@asynccontextmanager
async def _announced(record: Record, context: Context) -> AsyncIterator[None]:
    """Around a call. What the receiver hears first is stored before, with the memory that tells how to end it: nothing
    else would know that somebody waits for an end, were we killed now and the run deleted."""
    milestone = context.milestone
    if record.delivered or record.intent or milestone is None or milestone.name == FINISHED:
        yield
        return
    context.remember(record.memory)
    try:
        async with context.attempt(repeatable=True):
            yield
    except PermanentError:
        # It has heard nothing, so there is nothing to end.
        context.remember({name: text for name, text in record.memory.items() if name in (RETRIES, RETRIED, IN_DOUBT)})
        raise


def bearer(context: Context, field: str = "token") -> dict[str, str]:
    """The header of the token that the Provider's Secret holds; none where it names no Secret, or the core lends none.

    Raises TemporaryError(CredentialUnavailable) for what can't stand in a header.
    """
    secret = context.credential.secrets.get(field)
    if secret is None:
        return {}
    text = secret.decode(errors="replace").strip()
    if not (text and text.isascii() and text.isprintable()):
        message = "the Provider's Secret does not hold a token: one line of printable characters"
        raise TemporaryError("CredentialUnavailable", message, LOOK_AGAIN, needs_help=True)
    return {"authorization": f"Bearer {text}"}


def retries(record: Record, context: Context) -> int:
    """How often the delivery in work was tried before."""
    count = record.memory.get(RETRIES, "")[:9]
    return int(count) if count.isdecimal() and record.memory.get(RETRIED) == _id(context) else 0


def in_doubt(record: Record) -> bool:
    """Whether a milestone before the end may have been told besides those that the record counts."""
    return record.memory.get(IN_DOUBT, FINISHED) != FINISHED


def pause(count: int, seed: str) -> float:
    """Seconds until the next try, after `count` retries have failed; a little more for some than for others."""
    share = int.from_bytes(hashlib.sha256(f"{seed}/{count}".encode()).digest()[:4]) / 2**32
    return SCHEDULE[min(count, len(SCHEDULE) - 1)] * (1 + _JITTER * share)


def _id(context: Context) -> str:
    return context.milestone.id if context.milestone else ""


def _quota(context: Context) -> Quota:
    """People read its scope in the Provider's status, and the path may be a secret."""
    url = context.credential.endpoint
    return context.quota(f"{place(url)} {hashlib.sha256(url.encode()).hexdigest()[:8]}", _LIMITS)


def _gone(where: str) -> PermanentError:
    return PermanentError(
        "EndpointGone",
        f"{where} answered 410, that it wants no more, and is called no more; if that is not so any more, change the "
        "annotations' URL or the Provider, or have it reported again",
    )


def _judge(answer: Response, where: str, media: str, context: Context) -> None:
    """Only 2xx is a success. What the answer says besides its status is not repeated: it is not ours to publish."""
    status, said = answer.status, f"{where} answered {answer.status}"
    if 200 <= status < 300:
        return
    after = _after(answer, context.now())
    if status == 429 or (status in (502, 503, 504) and after is not None):
        # Also who says 0 gets a moment: it would be called again at once, for ever.
        raise Throttled(f"{said} and asked to wait", 60.0 if after is None else max(1.0, after))
    if status >= 500:
        raise TemporaryError("ServiceUnavailable", said, after, down=True)
    if status == 413:
        raise PermanentError("TooLarge", f"{said}: the message is too large for it")
    if status == 415:
        raise PermanentError("FormatRefused", f"{said}: it does not take this format{f'; {media}' if media else ''}")
    if 300 <= status < 400:
        message = f"{said}, a redirect, which is not followed; name the address that it leads to"
        raise TemporaryError("Redirected", message, needs_help=True)
    if status in (401, 403):
        context.renew_credential()
        message = f"{said}: it does not accept us; check the credential in the Provider's Secret, and the URL"
        raise TemporaryError("CredentialRefused", message, needs_help=True)
    message = f"{said}: it refuses what it was sent; see its own log, and check the URL"
    raise TemporaryError("EndpointRefused", message, needs_help=True)


def _after(answer: Response, now: float) -> float | None:
    """Seconds that the endpoint asks to wait: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year or a time zone that there can't be
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
