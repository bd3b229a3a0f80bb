"""What Slack's answers mean: which failures pass, which do not, and what to change then. Pure.

The Web API refuses with status 200 and `ok: false`: https://docs.slack.dev/apis/web-api/#slack-web-api__evaluating-responses
"""

import re
from typing import TypeVar

import msgspec

from tekton_integrations import PermanentError, Response, TemporaryError
from tekton_integrations_slack import codes

# Seconds, where Slack asks to wait and does not say for how long.
DEFAULT_WAIT = 30.0
_MAX_WAIT = 3600.0
# A code is quoted only where it looks like one; so are scopes.
_CODE = re.compile(r"[a-z][a-z0-9_]{0,60}")
_SCOPES = re.compile(r"[a-z.]{1,30}(:[a-z._]{1,30}){1,3}(, ?[a-z.]{1,30}(:[a-z._]{1,30}){1,3}){0,5}")


class Answer(msgspec.Struct, kw_only=True):
    """What each answer says. `needed`: the scope that is missing."""

    ok: bool
    error: str = ""
    needed: str = ""


class Identity(Answer):
    """Of auth.test: the address of the token's workspace."""

    url: str = ""


class Posted(Answer):
    """Of chat.postMessage and chat.update."""

    channel: str = ""
    ts: str = ""


class Channel(msgspec.Struct, kw_only=True):
    id: str
    name: str = ""
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False

    @property
    def shared(self) -> bool:
        """With another organisation, or about to be."""
        return self.is_ext_shared or self.is_pending_ext_shared


class ChannelAnswer(Answer):
    channel: Channel | None = None


class _Cursor(msgspec.Struct, kw_only=True):
    next_cursor: str = ""


class Listed(Answer):
    channels: list[Channel] = []
    response_metadata: _Cursor | None = None

    @property
    def cursor(self) -> str:
        return self.response_metadata.next_cursor if self.response_metadata else ""


A = TypeVar("A", bound=Answer)


def decoded(response: Response, kind: type[A], *, changes: bool) -> A:
    """Raises TemporaryError and PermanentError. `changes`: where the answer is not clear, the call may have taken
    effect."""
    status = response.status
    if status >= 500:
        after = asked_to_wait(response)
        raise TemporaryError("ServiceUnavailable", f"Slack answered {status}", after, maybe_sent=changes, down=True)
    if 300 <= status < 400:
        message = (
            f"Slack's endpoint answered {status}, a redirect, which is not followed; correct the Provider's endpoint"
        )
        raise TemporaryError("Redirected", message, needs_help=True)
    try:
        answer = msgspec.json.decode(response.body, type=kind)
    except (ValueError, RecursionError) as error:
        raise _unreadable(status, changes=changes) from error
    if not answer.ok:
        raise refusal(answer.error, answer.needed, changes=changes)
    return answer


def _unreadable(status: int, *, changes: bool) -> TemporaryError:
    message = f"Slack's answer ({status}) can't be read; check the endpoint and the proxy of the Provider"
    return TemporaryError("UnreadableAnswer", message, maybe_sent=changes and status < 300)


def limited(response: Response) -> bool:
    """Whether it is a refusal because of a limit: status 429, or the word for it."""
    if response.status == 429:
        return True
    if response.status != 200 or b'"ok":false' not in response.body.replace(b" ", b""):
        return False
    try:
        answer = msgspec.json.decode(response.body, type=Answer)
    except (ValueError, RecursionError):
        return False
    return answer.error in codes.LIMITED


def asked_to_wait(response: Response) -> float | None:
    """Seconds: https://docs.slack.dev/apis/web-api/rate-limits."""
    text = response.headers.get("retry-after", "").strip()
    return min(_MAX_WAIT, max(1.0, float(text))) if text.isdecimal() and len(text) < 10 else None


def refusal(code: str, needed: str = "", *, changes: bool) -> PermanentError | TemporaryError:
    """Of an error's code. `team_not_found` and its like pass by themselves while a workspace is moved."""
    if code in codes.TOKEN:
        message = f"Slack does not accept the credential ({_quoted(code)}); put a valid one into the Provider's Secret"
        return TemporaryError("CredentialRefused", message, needs_help=True)
    if code in codes.OUTAGE:
        message = f"Slack failed ({_quoted(code)})"
        return TemporaryError("ServiceUnavailable", message, maybe_sent=changes, down=True)
    return PermanentError(*_refused(code, needed))


def _refused(code: str, needed: str) -> tuple[str, str]:
    """Reason and message of what only a change can cure."""
    said = _quoted(code)
    if code == "missing_scope":
        scope = needed if _SCOPES.fullmatch(needed) else "as the README says"
        return "Forbidden", f"the App's token lacks a scope ({scope}): add it to the App, and install the App again"
    if code == "not_in_channel":
        return "NotInChannel", "the App is not in the channel: invite it there, with /invite and the App's name"
    if code == "channel_not_found":
        cure = "check its name or id; into a private one the App has to be invited"
        return "ChannelNotFound", f"Slack knows no such channel, or does not show it to the App; {cure}"
    if code in ("is_archived", "channel_is_archived"):
        return "ChannelArchived", "the channel is archived; unarchive it, or name another one"
    if code in codes.GONE:
        return "NotFound", f"the card is not there any more, or can't be changed any more ({said})"
    if code in codes.LONG:
        return "TooLarge", f"Slack takes no message of this size ({said}); this is a bug, please report it"
    if code in codes.LAYOUT:
        return "LayoutRefused", f"Slack does not take the message's layout ({said}); this is a bug, please report it"
    if code in codes.RULES:
        return "Forbidden", f"a rule of the workspace or of the channel forbids it ({said}); let the App post there"
    return "Refused", f"Slack refused: {said}"


def _quoted(code: str) -> str:
    return code if _CODE.fullmatch(code) else "with a code that can't be read"
