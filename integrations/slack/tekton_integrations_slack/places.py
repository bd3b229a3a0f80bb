"""Where a run may show: that the token is of the workspace that the run means, and which channel is granted.

Grants name channels by name or by id, and so do runs; the one is looked up from the other only where the run's own
word is not granted. What was found out is kept for each credential, for a while.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from msgspec.structs import replace

from tekton_integrations import Context, PermanentError, Target, TemporaryError
from tekton_integrations.addresses import place
from tekton_integrations_slack.answers import Channel, ChannelAnswer, Identity, Listed
from tekton_integrations_slack.calls import Calls
from tekton_integrations_slack.options import ANY_WORKSPACE, is_id, key

# Seconds for which a channel's name and whether it is shared are believed; and what is remembered.
_FRESH = 300.0
_CREDENTIALS, _CHANNELS = 200, 20_000
# Of lists of channels: 1,000 on each page, which is the most that Slack gives.
_PAGES, _PAGE = 20, "1000"


@dataclass
class _Workspace:
    """What one credential was found to see. `listed` is when all channels were listed last."""

    url: str = ""
    channels: OrderedDict[str, tuple[float, Channel]] = field(default_factory=OrderedDict)  # by id
    names: dict[str, str] = field(default_factory=dict)  # ids by name
    listed: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def note(self, channel: Channel, now: float) -> None:
        self.channels[channel.id] = now, channel
        self.channels.move_to_end(channel.id)
        if channel.name:
            self.names[channel.name] = channel.id
        while len(self.channels) > _CHANNELS:
            _, (_, old) = self.channels.popitem(last=False)
            self.names.pop(old.name, None)

    def known(self, channel: str, now: float) -> Channel | None:
        at, found = self.channels.get(channel, (float("-inf"), None))
        return found if now - at < _FRESH else None


class Places:
    """Of all credentials of one integration."""

    def __init__(self) -> None:
        self._workspaces: OrderedDict[tuple[str, str], _Workspace] = OrderedDict()

    async def url(self, target: Target, calls: Calls) -> str:
        """The address of the token's workspace. Raises PermanentError(OtherWorkspace) where the run means another."""
        workspace = self._of(calls.context)
        async with workspace.lock:
            if not workspace.url:
                workspace.url = _checked((await calls.look("auth.test", Identity)).url)
        host = place(workspace.url)
        if target.resource not in (ANY_WORKSPACE, host):
            raise PermanentError(
                "OtherWorkspace",
                f"the Provider's token is for {host}, and {key('url')} names {target.resource}; correct it, or name a "
                f"Provider of that workspace in {key('provider')}",
            )
        return workspace.url

    async def admit(self, target: Target, calls: Calls) -> None:
        """Returns where a grant allows the channel, under the run's word for it or the other one. Raises
        PermanentError(NotGranted)."""
        if await granted(target, target.name, calls.context) or await self._otherwise(target, calls):
            return
        raise PermanentError(
            "NotGranted",
            f"no grant of the Provider lets this run show in {target.name} at {target.resource}; add the channel's "
            "name or id to the `names` of one in its spec.grants",
        )

    async def _otherwise(self, target: Target, calls: Calls) -> bool:
        if is_id(target.name):
            channel = await self.channel(target.name, calls)
            return bool(channel.name) and await granted(target, channel.name, calls.context)
        found = await self.find(target.name, calls)
        return found is not None and await granted(target, found, calls.context)

    async def channel(self, channel: str, calls: Calls) -> Channel:
        """By its id. Raises PermanentError(ChannelNotFound), among others."""
        workspace, now = self._of(calls.context), calls.context.now()
        if found := workspace.known(channel, now):
            return found
        answer = await calls.look("conversations.info", ChannelAnswer, channel=channel)
        if answer.channel is None or answer.channel.id != channel:
            raise TemporaryError("UnreadableAnswer", "Slack's answer does not tell the channel")
        workspace.note(answer.channel, now)
        return answer.channel

    def known(self, word: str, context: Context) -> str | None:
        """The channel's id, as far as no call is needed."""
        if is_id(word):
            return word
        workspace = self._of(context)
        return workspace.names.get(word) if context.now() - workspace.listed < _FRESH else None

    async def find(self, name: str, calls: Calls) -> str | None:
        """The channel's id, by a list of all that the App sees; they are listed once in a while only."""
        workspace = self._of(calls.context)
        async with workspace.lock:
            if calls.context.now() - workspace.listed >= _FRESH:
                await self._list(workspace, calls)
        return workspace.names.get(name)

    async def _list(self, workspace: _Workspace, calls: Calls) -> None:
        workspace.names.clear()
        cursor: dict[str, str] = {}
        for _ in range(_PAGES):
            page = await calls.look(
                "conversations.list",
                Listed,
                types="public_channel,private_channel",
                exclude_archived="true",
                limit=_PAGE,
                **cursor,
            )
            for channel in page.channels:
                workspace.note(channel, calls.context.now())
            if not page.cursor:
                break
            cursor = {"cursor": page.cursor}
        workspace.listed = calls.context.now()

    def _of(self, context: Context) -> _Workspace:
        known = context.credential.endpoint, context.credential.version
        workspace = self._workspaces.setdefault(known, _Workspace())
        self._workspaces.move_to_end(known)
        if len(self._workspaces) > _CREDENTIALS:
            self._workspaces.popitem(last=False)
        return workspace


async def granted(target: Target, channel: str, context: Context) -> bool:
    """Administrators write names with `#` and without."""
    words = [channel] if is_id(channel) else [channel, f"#{channel}"]
    for word in words:
        if await context.granted(replace(target, name=word)):
            return True
    return False


async def admit_mentions(target: Target, mentions: tuple[str, ...], context: Context) -> None:
    """Raises PermanentError(NotGranted)."""
    for who in mentions:
        if not await context.granted(replace(target, name=f"mention:{who}")):
            raise PermanentError(
                "NotGranted",
                f"no grant of the Provider lets this run mention {who} at {target.resource}; add mention:{who} to the "
                f"`names` of one in its spec.grants, or correct {key('mention')}",
            )


def _checked(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise TemporaryError("UnreadableAnswer", "Slack's answer does not tell the token's workspace")
    return url.rstrip("/")
