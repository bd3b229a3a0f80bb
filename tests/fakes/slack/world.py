"""What a workspace has: channels, what was said in them, tokens and webhooks. Values only."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]
SCOPES = frozenset({"chat:write", "channels:read", "groups:read"})


class Error(Exception):
    """Refused with this code; `needed` is the scope that is missing."""

    def __init__(self, code: str, needed: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.needed = needed


@dataclass(kw_only=True, eq=False)
class Message:
    """`history` is what it showed before, oldest first. `thread_ts` is that of the message it replies to; `time`
    when it was posted."""

    ts: str
    author: str
    payload: Payload
    time: float = 0.0
    thread_ts: str = ""
    broadcast: bool = False
    history: list[Payload] = field(default_factory=list)

    @property
    def text(self) -> str:
        return str(self.payload.get("text", ""))

    @property
    def color(self) -> str:
        attachments = self.payload.get("attachments") or [{}]
        return str(attachments[0].get("color", ""))

    @property
    def shown(self) -> str:
        """All that people can read of it, as one text."""
        return " ".join(_texts([self.payload.get("blocks"), self.payload.get("attachments")])) or self.text


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for key, value in node.items() if key != "style" for text in _texts(value)]
    return [text for each in node for text in _texts(each)] if isinstance(node, list) else []


@dataclass(kw_only=True, eq=False)
class Channel:
    """`members` are the Apps in it; `sent` when messages came, for the limit."""

    id: str
    name: str
    private: bool = False
    archived: bool = False
    shared: bool = False
    members: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    level: float = 0.0
    at: float = 0.0

    @property
    def cards(self) -> list[Message]:
        """What stands in the channel itself."""
        return [each for each in self.messages if not each.thread_ts]

    def replies(self, ts: str) -> list[Message]:
        return [each for each in self.messages if each.thread_ts == ts]

    def facts(self) -> Payload:
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": True,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_ext_shared": self.shared,
            "is_member": bool(self.members),
        }


@dataclass(kw_only=True, eq=False)
class Token:
    """`state` is an error's code once it is no good any more."""

    app: str
    scopes: frozenset[str] = SCOPES
    state: str = ""


@dataclass(kw_only=True, eq=False)
class World:
    """`clock` gives seconds since the epoch. `limits`: whether there are any; `layouts`: whether
    blocks are taken; `window`: seconds for which a message can be changed."""

    url: str = "https://tektoncd.slack.com/"
    clock: Callable[[], float] = time.time
    limits: bool = True
    layouts: bool = True
    window: float = float("inf")
    channels: dict[str, Channel] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    hooks: dict[str, Channel] = field(default_factory=dict)
    count: int = 0

    def add_channel(self, name: str, *, member: bool = True, **facts: Any) -> Channel:
        channel = Channel(id=f"C{len(self.channels) + 1:08d}", name=name, **facts)
        if member:
            channel.members.add("tekton")
        self.channels[channel.id] = channel
        return channel

    def add_token(self, text: str, app: str = "tekton", **facts: Any) -> Token:
        token = self.tokens[text] = Token(app=app, **facts)
        return token

    def add_hook(self, path: str, channel: Channel) -> None:
        self.hooks[path] = channel

    def visible(self, app: str) -> list[Channel]:
        return [each for each in self.channels.values() if not each.private or app in each.members]

    def found(self, word: str, app: str) -> Channel:
        """By id, or by name with `#` or without: that of a private channel is not taken."""
        for channel in self.visible(app):
            if word == channel.id or (word.removeprefix("#") == channel.name and not channel.private):
                return channel
        raise Error("channel_not_found")

    def next_ts(self) -> str:
        """The same ids each time, whatever the clock says."""
        self.count += 1
        return f"1800000000.{self.count:06d}"
