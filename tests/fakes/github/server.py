"""The look-alike itself: a real HTTP server on loopback, which tests set up and read in process."""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from tests.fakes.github import admin, http, manifests, page, routing
from tests.fakes.github.auth import Identity, identify
from tests.fakes.github.call import DOCS, Answer, ApiError, Call, not_found
from tests.fakes.github.clock import Clock
from tests.fakes.github.contents import Contents
from tests.fakes.github.exchange import OneExchange
from tests.fakes.github.faults import Exchange, Faults, Rule
from tests.fakes.github.limits import Limits, Violation
from tests.fakes.github.world import World, loop_time

Hook = Callable[[Call], Awaitable[None]]


class GitHub(Contents):
    __test__ = False

    def __init__(self, *, clock: Clock | None = None, limits: bool = True, log_size: int | None = None) -> None:
        self.clock = clock or Clock()
        super().__init__(World(self.clock))
        self.url = ""  # base of the API, and of the web pages
        self.limits = Limits(clock=self.clock, enabled=limits)
        self.faults = Faults()
        self.requests: deque[Call] = deque(maxlen=log_size)  # of the API, in the order of arrival
        self.counts: Counter[str] = Counter()  # by endpoint, "POST /repos/{repo}/check-runs"
        self.late: set[asyncio.Task[None]] = set()  # writes that are still to happen
        self.closing = asyncio.Event()
        self._request_hooks: list[Hook] = []
        self._write_hooks: list[Hook] = []
        self._numbers = itertools.count(1)

    # --- life

    @classmethod
    @asynccontextmanager
    async def started(
        cls, *, port: int = 0, clock: Clock | None = None, limits: bool = True, log_size: int | None = None
    ) -> AsyncIterator["GitHub"]:
        github = cls(clock=clock, limits=limits, log_size=log_size)
        server = web.Server(github._handle, request_factory=http.request, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        host, bound = runner.addresses[0][:2]
        github.url = f"http://{host}:{bound}"
        try:
            yield github
        finally:
            await github._stop()
            await runner.cleanup()

    async def _stop(self) -> None:
        self.closing.set()
        self.faults.clear()
        for task in self.late:
            task.cancel()
        await asyncio.gather(*self.late, return_exceptions=True)

    # --- hooks

    @property
    def violations(self) -> list[Violation]:
        """Requests that came before a Retry-After, or a reset, had passed."""
        return self.limits.violations

    def on_request(self, hook: Hook) -> None:
        """Awaited with every API call once its outcome is known, before the client hears of it."""
        self._request_hooks.append(hook)

    def on_write(self, hook: Hook) -> None:
        """Awaited after something changed (`call.written`: a check run, a comment …), before the client hears of it."""
        self._write_hooks.append(hook)

    async def late_writes(self) -> None:
        """Returns when all that LateWrite put off has happened."""
        while self.late:
            await asyncio.wait(self.late)

    # --- one request

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            call = await http.received(request, next(self._numbers))
        except ConnectionError:  # the client went in the middle of its request
            return web.Response()
        if call.path.startswith(f"{admin.PREFIX}/"):
            return http.response(call, admin.answer(self, call))
        if call.api == call.web and not routing.is_api(call.path):
            posted = call.method == "POST" and manifests.FORM.fullmatch(call.path)
            return http.response(call, (manifests.confirmed if posted else page.answer)(self.world, call))
        answer = await self.serve(
            call,
            request.remote or "127.0.0.1",
            lambda rule: OneExchange(github=self, call=call, request=request, rule=rule),
        )
        # Where there is no answer the connection is closed: what is returned goes nowhere.
        return web.Response() if answer is None else http.response(call, answer)

    async def serve(self, call: Call, address: str, exchange: Callable[[Rule], Exchange]) -> Answer | None:
        """An API call from this address, on whatever carries it; None where the client gets no answer. `exchange` is
        that carrier, in the hands of a fault."""
        call.time, call.loop_time = self.clock.now(), loop_time()
        self._identify(call, address)
        self.requests.append(call)
        self.counts[call.endpoint] += 1
        with self.limits.under_way(call.client):
            answer = await self._answer(call, exchange)
        if answer is None:
            return None
        call.status, call.answered = answer.status, self.clock.now()
        await self._tell(self._request_hooks, call)
        return self._finished(call, answer)

    def _identify(self, call: Call, address: str) -> None:
        found = routing.find(call.method, call.path)
        if found:
            call.endpoint, call.parts = found[0].label, found[1]
        try:
            call.identity = identify(self.world, call.headers.get("Authorization", ""), address)
        except ApiError as error:
            call.identity = error
        call.client = call.identity.client if isinstance(call.identity, Identity) else f"unknown {address}"
        with suppress(ApiError):
            call.body = http.parsed(call.raw)

    async def _answer(self, call: Call, exchange: Callable[[Rule], Exchange]) -> Answer | None:
        refusal = self.limits.refusal(call)
        if refusal is not None:
            return refusal
        rule = self.faults.strike(call)
        if rule is None:
            return await self.perform(call)
        answer = await rule.fault.run(exchange(rule))
        if answer is None:
            await self._tell(self._request_hooks, call)
        return answer

    async def perform(self, call: Call) -> Answer:
        """Does what the call asks. A fault may do so long after the client has gone."""
        answer = self._dispatch(call)
        if call.written is not None:
            call.status = answer.status
            await self._tell(self._write_hooks, call)
            call.status = None
        return answer

    def _dispatch(self, call: Call) -> Answer:
        found = routing.find(call.method, call.path)
        documentation_url = found[0].documentation_url if found else DOCS
        try:
            http.refuse_malformed(call)
            if isinstance(call.identity, ApiError):
                documentation_url = DOCS
                raise call.identity
            if found is None:
                raise not_found()
            if call.body is None:
                call.body = http.parsed(call.raw)
            return found[0].endpoint(routing.Context(world=self.world, limits=self.limits, call=call))
        except ApiError as error:
            return error.answer(documentation_url)

    def _finished(self, call: Call, answer: Answer) -> Answer:
        answer.headers = self.limits.headers(call.client) | answer.headers
        answer = http.conditional(call, answer)
        if answer.status == 304:
            self.limits.refund(call)
            answer.headers |= self.limits.headers(call.client)
            call.status = 304
        self.limits.answered(call, answer)
        return answer

    async def _tell(self, hooks: list[Hook], call: Call) -> None:
        for hook in list(hooks):
            await hook(call)
