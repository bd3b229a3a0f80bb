"""What Slack's methods do, by https://docs.slack.dev/reference/methods. Pure but for the world that they change."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.slack.blocks import check
from tests.fakes.slack.world import Channel, Error, Message, Payload, Token, World

# A message a second for each channel, and short bursts.
_RATE, _BURST = 1.0, 3.0
_KEPT = ("text", "blocks", "attachments")


class Limited(Exception):
    """Refused with 429. `after`: seconds to wait."""

    def __init__(self, after: int) -> None:
        super().__init__(after)
        self.after = after


def answer(world: World, method: str, arguments: Payload, bearer: str) -> Payload:
    """The answer's body. Raises Limited."""
    try:
        token = _token(world, bearer)
        known = METHODS.get(method)
        if known is None:
            raise Error("unknown_method")
        return {"ok": True, **known(world, token, arguments)}
    except Error as error:
        scope = {"needed": error.needed, "provided": "identify"} if error.needed else {}
        return {"ok": False, "error": error.code, **scope}


def _token(world: World, bearer: str) -> Token:
    if not bearer:
        raise Error("not_authed")
    token = world.tokens.get(bearer)
    if token is None or token.state:
        raise Error(token.state if token else "invalid_auth")
    return token


def _needs(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise Error("missing_scope", scope)


def _auth_test(world: World, token: Token, arguments: Payload) -> Payload:
    return {"url": world.url, "team": "Tekton", "user": token.app, "team_id": "T00000001", "user_id": "U00000001"}


def _post(world: World, token: Token, arguments: Payload) -> Payload:
    _needs(token, "chat:write")
    channel = _writable(world, token, str(arguments.get("channel", "")))
    _checked(world, arguments)
    thread = str(arguments.get("thread_ts", ""))
    if thread and not any(each.ts == thread and not each.thread_ts for each in channel.messages):
        raise Error("thread_not_found")
    take(world, channel)
    message = Message(
        ts=world.next_ts(),
        author=token.app,
        payload=_shown(arguments),
        time=world.clock(),
        thread_ts=thread,
        broadcast=bool(arguments.get("reply_broadcast")),
    )
    channel.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.payload}


def _update(world: World, token: Token, arguments: Payload) -> Payload:
    """Takes ids only. What is left out stays as it was, but that a new text takes the place of blocks."""
    _needs(token, "chat:write")
    channel = world.channels.get(str(arguments.get("channel", "")))
    if channel is None:
        raise Error("channel_not_found")
    if channel.archived:
        raise Error("is_archived")
    message = next((each for each in channel.messages if each.ts == arguments.get("ts")), None)
    if message is None:
        raise Error("message_not_found")
    if message.author != token.app:
        raise Error("cant_update_message")
    if world.clock() - message.time > world.window:
        raise Error("edit_window_closed")
    _checked(world, arguments)
    message.history.append(message.payload)
    message.payload = message.payload | _shown(arguments)
    return {"channel": channel.id, "ts": message.ts, "text": message.text}


def _info(world: World, token: Token, arguments: Payload) -> Payload:
    channel = world.channels.get(str(arguments.get("channel", "")))
    _needs(token, "groups:read" if channel and channel.private else "channels:read")
    if channel is None or channel not in world.visible(token.app):
        raise Error("channel_not_found")
    return {"channel": channel.facts()}


def _list(world: World, token: Token, arguments: Payload) -> Payload:
    """A cursor is the number of those that were shown."""
    types = str(arguments.get("types", "public_channel")).split(",")
    for kind, scope in (("public_channel", "channels:read"), ("private_channel", "groups:read")):
        if kind in types:
            _needs(token, scope)
    begin, size = int(arguments.get("cursor") or 0), min(1000, int(arguments.get("limit") or 100))
    found = [each for each in world.visible(token.app) if not (each.archived and arguments.get("exclude_archived"))]
    more = str(begin + size) if begin + size < len(found) else ""
    channels = [each.facts() for each in found[begin : begin + size]]
    return {"channels": channels, "response_metadata": {"next_cursor": more}}


def _checked(world: World, arguments: Payload) -> None:
    check(arguments)
    if not world.layouts and (arguments.get("blocks") or arguments.get("attachments")):
        raise Error("invalid_blocks")


def _writable(world: World, token: Token, word: str) -> Channel:
    channel = world.found(word, token.app)
    if channel.archived:
        raise Error("is_archived")
    if token.app not in channel.members and "chat:write.public" not in token.scopes:
        raise Error("not_in_channel")
    return channel


def take(world: World, channel: Channel) -> None:
    """Raises Limited."""
    now = world.clock()
    channel.level = max(0.0, channel.level - (now - channel.at) * _RATE)
    channel.at = now
    if world.limits and channel.level + 1 > _BURST:
        raise Limited(1)
    channel.level += 1


def _shown(arguments: Payload) -> Payload:
    return {key: arguments[key] for key in _KEPT if key in arguments}


Method = Callable[[World, Token, Payload], dict[str, Any]]
METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    "chat.postMessage": _post,
    "chat.update": _update,
    "conversations.info": _info,
    "conversations.list": _list,
}
