"""One card for each run, posted by an App's bot and then changed in place, with a reply where the end is red.

Slack has no way to look a message up, so one whose answer was lost is made again after a while: then there may be one
card too many, which stays as it was (docs/decisions/0002).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tekton_integrations import Child, Context, Excerpt, PermanentError, Record, Run, State, Target
from tekton_integrations_slack import card as cards
from tekton_integrations_slack import reply as replies
from tekton_integrations_slack.answers import Posted
from tekton_integrations_slack.calls import Calls
from tekton_integrations_slack.card import Message, Page
from tekton_integrations_slack.memory import CHANNEL, FIRST, LAYOUT, NONE, PLAIN, REPLY, SHOWN, STATE, TS, kept, state
from tekton_integrations_slack.options import SlackOptions, key
from tekton_integrations_slack.places import Places, admit_mentions

_UNFIT = ("LayoutRefused", "TooLarge")
T = TypeVar("T")


@dataclass(kw_only=True)
class Bot:
    """One reconcile. `memory` is the record's, and what was added; `begins`: the run is shown as running for the first
    time, so there is nothing to tell of its tasks yet; `doubtful`: a change that was cut may have brought an older
    state back since."""

    run: Run
    options: SlackOptions
    target: Target
    context: Context
    places: Places
    calls: Calls
    memory: dict[str, str]
    begins: bool
    doubtful: bool
    children: Sequence[Child] = ()

    @classmethod
    def of(cls, places: Places, run: Run, options: SlackOptions, record: Record, context: Context) -> "Bot":
        assert record.target is not None
        return cls(
            run=run,
            options=options,
            target=record.target,
            context=context,
            places=places,
            calls=Calls(context, record.target.name, run.final),
            memory=kept(record.memory),
            begins=run.state is State.RUNNING and record.observed_state != str(run.state),
            # What is only announced is a post, which changes no card.
            doubtful=context.search and (record.intent is None or record.verify_after is not None),
        )

    async def show(self) -> str:
        """Brings card and reply up to date; gives the card's address."""
        workspace = await self.places.url(self.target, self.calls)
        await self.places.admit(self.target, self.calls)
        await admit_mentions(self.target, self.options.mentions, self.context)
        if not (self.run.state is State.QUEUED or self.begins):
            if not self._has_card:
                self.calls.ready()  # who has to wait would list them in vain
            self.children = await self.context.children()
        if not await self._updated():
            await self._post()
        if self._needs_reply:
            await self._reply()
        return f"{workspace}/archives/{self.memory[CHANNEL]}/p{self.memory[TS].replace('.', '')}"

    def _keep(self, memory: Mapping[str, str]) -> None:
        """What is known already is no news: a look at what is in doubt would cost a write, and count as a try."""
        if memory != self.memory:
            self.memory = dict(memory)
            self.context.remember(self.memory)

    @property
    def _has_card(self) -> bool:
        return bool(self.memory.get(CHANNEL) and self.memory.get(TS))

    @property
    def _new(self) -> bool:
        """Whether the card was posted with the red end, so that people are told by it; who was called is told by a new
        message only."""
        first = state(self.memory.get(FIRST, str(self.run.state)))
        return self.run.state.red and first.red

    def _page(self) -> Page:
        called = self.options.mentions if self._new else ()
        return Page(children=self.children, details_url=self.context.details_url, mentions=called)

    def _shown(self, page: Page) -> dict[str, str]:
        return {STATE: str(self.run.state), SHOWN: cards.digest(cards.card(self.run, page))}

    async def _updated(self) -> bool:
        """False where there is no card, or none that can be changed: then another one is due."""
        if not self._has_card:
            return False
        channel, ts = self.memory[CHANNEL], self.memory[TS]
        page = self._page()
        shown = self._shown(page)
        if self.memory.get(SHOWN) == shown[SHOWN] and not self.doubtful:
            return True
        try:
            await self._fitting(partial(self.calls.update, channel, ts), page)
        except PermanentError as error:
            if error.reason != "NotFound":
                raise
            self._keep({CHANNEL: channel})
            return False
        self._keep({**self.memory, **shown})
        return True

    async def _post(self) -> None:
        page = self._page()
        posted = await self._fitting(self._make, page)
        told = {CHANNEL: posted.channel, TS: posted.ts, FIRST: str(self.run.state)}
        self._keep({**self.memory, **told, **self._shown(page)})

    async def _fitting(self, send: Callable[[Message], Awaitable[T]], page: Page) -> T:
        """With its layout or, where Slack does not take that, without: better than to show nothing. That is remembered,
        as the second call may have to wait."""
        if LAYOUT not in self.memory:
            try:
                return await send(cards.card(self.run, page))
            except PermanentError as error:
                if error.reason not in _UNFIT:
                    raise
            self._keep({**self.memory, LAYOUT: PLAIN})
        return await send(cards.plain(self.run, page))

    async def _make(self, message: Message) -> Posted:
        """Slack takes a name, but perhaps not that of a private channel: then its id is looked for, and known for a
        while, as the second call may have to wait."""
        name = self.target.name
        channel = self.memory.get(CHANNEL) or self.places.known(name, self.context) or f"#{name}"
        try:
            return await self._announced(channel, message)
        except PermanentError as error:
            if error.reason != "ChannelNotFound" or not channel.startswith("#"):
                raise
            found = await self._private(name)
            if found is None:
                raise
        return await self._announced(found, message)

    async def _private(self, name: str) -> str | None:
        try:
            return await self.places.find(name, self.calls)
        except PermanentError:
            return None  # the App may list nothing; what was refused before says more

    async def _announced(self, channel: str, message: Message) -> Posted:
        self.calls.ready()
        async with self.context.attempt():
            return await self.calls.post(channel, message)

    @property
    def _needs_reply(self) -> bool:
        called = bool(self.options.mentions) and not self._new
        return self.run.state.red and (self.options.thread or called) and REPLY not in self.memory

    async def _reply(self) -> None:
        """Shown in the channel as well, unless the card itself is new there: then only what the card does not say is
        worth a reply."""
        excerpts = await self._excerpts() if self.options.thread else {}
        page = Page(children=self.children, mentions=() if self._new else self.options.mentions)
        message = replies.reply(self.run, page, excerpts, details=self.options.thread)
        if self._new and not replies.says_more(message):
            return self._keep({**self.memory, REPLY: NONE})
        message |= {"thread_ts": self.memory[TS], "reply_broadcast": not self._new}
        try:
            posted = await self._announced(self.memory[CHANNEL], message)
        except PermanentError as error:
            if error.reason not in (*_UNFIT, "NotFound"):
                raise
            self._keep({**self.memory, REPLY: NONE})  # the card says what matters
        else:
            self._keep({**self.memory, REPLY: posted.ts})

    async def _excerpts(self) -> Mapping[str, Excerpt]:
        wanted = replies.wanted(self.run, self.children)
        if not wanted or self.options.logs == "never":
            return {}
        if self.options.logs != "always" and (why := await self._withheld()):
            return {child.name: Excerpt(withheld=why) for child in wanted}
        excerpts = await asyncio.gather(*map(self.context.excerpt, wanted))
        return {child.name: excerpt for child, excerpt in zip(wanted, excerpts, strict=True)}

    async def _withheld(self) -> str:
        """Why no log may be shown here; empty where it may."""
        cure = f"to show logs there set {key('logs')}: always"
        try:
            channel = await self.places.channel(self.memory[CHANNEL], self.calls)
        except PermanentError:
            unknown = "the App can't see whether the channel is shared with other organisations"
            return f"{unknown}; give it channels:read and groups:read, or {cure.removeprefix('to show logs there ')}"
        return f"the channel is shared with other organisations; {cure}" if channel.shared else ""


async def settle(places: Places, record: Record, context: Context) -> None:
    """A card that is still open says that nobody knows the end. One that can't be changed any more is left."""
    memory = kept(record.memory)
    if record.target is None or CHANNEL not in memory or TS not in memory or state(memory.get(STATE, "")).final:
        return
    calls = Calls(context, record.target.name)
    await places.url(record.target, calls)
    await places.admit(record.target, calls)
    try:
        await calls.update(memory[CHANNEL], memory[TS], cards.settled(record))
    except PermanentError as error:
        if error.reason != "NotFound":
            raise
