"""One call to Slack with one credential: headers, quotas, and what comes back. What a failure means: answers.py."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from tekton_integrations import Bucket, Context, Cost, Limits, Quota, Response, TemporaryError, Throttled
from tekton_integrations.posting import bearer
from tekton_integrations_slack.answers import DEFAULT_WAIT, Answer, Posted, asked_to_wait, decoded, limited

# One message a second in each channel; short bursts are let pass. https://docs.slack.dev/apis/web-api/rate-limits
CHANNEL = Limits(buckets=(Bucket(rate=1, burst=2),), certain=True)
# "Tier 3", 50 a minute and more: so they hold only once Slack has refused.
_UPDATES = Limits(buckets=(Bucket(rate=50 / 60, burst=50),))
# "Tier 2", 20 a minute and more.
_LOOKS = Limits(buckets=(Bucket(rate=20 / 60, burst=20),))
_LIMIT = 1024 * 1024
_PAGE_LIMIT = 4 * 1024 * 1024
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,10}")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{4,30}")

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Calls:
    """`channel`: the run's word for it, which names its quota; `final`: may use what is kept for final states.

    All raise PermanentError and TemporaryError.
    """

    context: Context
    channel: str
    final: bool = True

    def ready(self) -> None:
        """To be asked before a post is announced. Raises Throttled."""
        self._posts.check(self._cost(write=True))

    async def post(self, channel: str, message: Mapping[str, Any]) -> Posted:
        """`channel`: an id, or a name with `#`. The answer has the id."""
        body = {"channel": channel, **message, "unfurl_links": False, "unfurl_media": False}
        return self._placed(await self._write("chat.postMessage", body, self._posts))

    async def update(self, channel: str, ts: str, message: Mapping[str, Any]) -> None:
        """Raises PermanentError(NotFound) where the message can't be changed any more."""
        body = {"channel": channel, "ts": ts, **message}
        await self._write("chat.update", body, self.context.quota("updates", _UPDATES))

    async def look(self, method: str, kind: type[A], **arguments: str) -> A:
        """Changes nothing, so it goes as GET: then nobody has to wonder whether it took effect."""
        quota = self.context.quota("look-ups", _LOOKS)
        query = f"?{urlencode(arguments)}" if arguments else ""
        response = await self._send("GET", f"{method}{query}", b"", quota, limit=_PAGE_LIMIT)
        return self._judged(response, kind, changes=False)

    async def scopes(self) -> str | None:
        """Those of the token, as they come; None where Slack does not say."""
        quota = self.context.quota("look-ups", _LOOKS)
        response = await self._send("GET", "auth.test", b"", quota, limit=_LIMIT)
        self._judged(response, Answer, changes=False)
        return response.headers.get("x-oauth-scopes")

    @property
    def _posts(self) -> Quota:
        return self.context.quota(f"channel {self.channel}", CHANNEL)

    def _cost(self, *, write: bool) -> Cost:
        return Cost(write=write, final=self.final)

    async def _write(self, method: str, body: Mapping[str, Any], quota: Quota) -> Posted:
        response = await self._send("POST", method, msgspec.json.encode(body), quota, limit=_LIMIT)
        return self._judged(response, Posted, changes=True)

    async def _send(self, verb: str, path: str, body: bytes, quota: Quota, *, limit: int) -> Response:
        cost, context = self._cost(write=verb == "POST"), self.context
        headers = bearer(context)
        quota.take(cost)
        if body:
            headers["content-type"] = "application/json; charset=utf-8"
        response = await context.http.request(verb, f"{context.credential.endpoint}/{path}", headers, body, limit=limit)
        if limited(response):
            raise throttled(response, quota, cost)
        return response

    def _judged(self, response: Response, kind: type[A], *, changes: bool) -> A:
        try:
            return decoded(response, kind, changes=changes)
        except TemporaryError as error:
            if error.reason == "CredentialRefused":
                self.context.renew_credential()
            raise

    def _placed(self, posted: Posted) -> Posted:
        """Ids that can't be right are not remembered: then the card would be lost."""
        if _TS.fullmatch(posted.ts) and _CHANNEL_ID.fullmatch(posted.channel):
            return posted
        raise TemporaryError("UnreadableAnswer", "Slack's answer does not say where the message is", maybe_sent=True)


def throttled(response: Response, quota: Quota, cost: Cost) -> Throttled:
    """Nothing of this kind goes for a while. Slack says for how long, and its limits are known: there is no pace to be
    learnt."""
    after = asked_to_wait(response)
    quota.block(DEFAULT_WAIT if after is None else after)
    wait = quota.blocked_for
    return Throttled(f"Slack asked to wait {wait:.0f} s", wait, at=quota.at(cost))
