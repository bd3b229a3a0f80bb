"""One request on its connection, in the hands of a fault."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.github.call import Answer, Call
from tests.fakes.github.faults import Rule

if TYPE_CHECKING:
    from tests.fakes.github.server import GitHub


@dataclass(kw_only=True)
class OneExchange:
    github: "GitHub"
    call: Call
    request: web.BaseRequest
    rule: Rule

    async def proceed(self) -> Answer:
        if self.github.closing.is_set():
            return Answer(status=503)
        return await self.github.perform(self.call)

    def cut(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()

    def later(self, seconds: float) -> None:
        task = asyncio.create_task(self._later(seconds))
        self.github.late.add(task)
        task.add_done_callback(self.github.late.discard)

    async def _later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.call.time = self.github.clock.now()
        await self.github.perform(self.call)

    async def wait(self, seconds: float | None) -> None:
        ends = [asyncio.ensure_future(each.wait()) for each in (self.rule.released, self.github.closing)]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ends:
                each.cancel()
