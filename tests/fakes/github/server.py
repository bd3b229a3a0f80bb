"""The look-alike itself: a real HTTP server on loopback, which tests set up and read in process."""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from tests.fakes.github import admin, http, page, routing
from tests.fakes.github.auth import Identity, Token, identify
from tests.fakes.github.call import DOCS, Answer, ApiError, Call, not_found
from tests.fakes.github.clock import Clock
from tests.fakes.github.entities import App, CheckRun, Commit, Installation, Repository, Status
from tests.fakes.github.exchange import OneExchange
from tests.fakes.github.faults import Faults
from tests.fakes.github.limits import Limits, Violation
from tests.fakes.github.world import World, loop_time, permission_map

Hook = Callable[[Call], Awaitable[None]]


class GitHub:
    __test__ = False

    def __init__(self, *, clock: Clock | None = None, limits: bool = True, log_size: int | None = None) -> None:
        self.clock = clock or Clock()
        self.url = ""  # base of the API, and of the web pages
        self.world = World(self.clock)
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

    # --- what there is

    def add_app(
        self, app_id: int, *, public_key_pem: str | None = None, client_id: str | None = None, name: str = ""
    ) -> App:
        """Without a public key a pair is made: the App then has its `private_key_pem`."""
        return self.world.add_app(app_id, public_key_pem, client_id, name or f"App {app_id}")

    def add_repository(
        self,
        full_name: str,
        *,
        installation_of: App | None = None,
        permissions: Mapping[str, str] | None = None,
        private: bool = True,
    ) -> Repository:
        """The permissions are those of the whole installation: one per App and owner."""
        repository = self.world.add_repository(full_name, private=private)
        if installation_of is not None:
            self.world.install(installation_of, repository, permissions)
        return repository

    def installation(self, full_name: str, app: App) -> Installation:
        """To change its permissions, suspend it, or take a repository from it."""
        found = self.world.installation(app, full_name.partition("/")[0])
        if found is None:
            raise KeyError(f"{app.name} is not installed for {full_name}")
        return found

    def add_commit(self, full_name: str, sha: str, message: str = "") -> Commit:
        return self.world.add_commit(self.world.named(full_name), sha, message or f"Commit {sha[:7]}")

    def accept_any_commit(self, full_name: str) -> None:
        """Every full sha exists from now on, as soon as somebody names it."""
        self.world.named(full_name).any_commit = True

    def add_token(
        self,
        text: str,
        *,
        repositories: Iterable[str] | None = None,
        permissions: Mapping[str, str] | Iterable[str] | None = None,
    ) -> None:
        """A personal token: None stands for all repositories, and for what the scope `repo` may do."""
        ids = None if repositories is None else frozenset(self.world.named(name).id for name in repositories)
        client = f"user {self.world.next_id()}"
        self.world.tokens[text] = Token(
            text=text, client=client, permissions=permission_map(permissions), repositories=ids
        )

    def rename(self, full_name: str, new: str) -> None:
        """The old name answers with a redirect: 301 to reads, 307 to writes."""
        self.world.rename(full_name, new)

    def expire_tokens(self) -> None:
        """Ends all installation tokens, and leaves the clock alone (and with it the clients' JWTs)."""
        for text in [text for text, token in self.world.tokens.items() if token.installation]:
            del self.world.tokens[text]

    # --- what became of it

    def check_runs(self, full_name: str, sha: str) -> list[CheckRun]:
        """Oldest first, twins and all."""
        commit = self.world.named(full_name).commits.get(sha)
        return list(commit.runs) if commit else []

    def all_check_runs(self) -> list[CheckRun]:
        return list(self.world.check_runs.values())

    def statuses(self, full_name: str, sha: str) -> list[Status]:
        """Oldest first."""
        commit = self.world.named(full_name).commits.get(sha)
        return list(commit.statuses) if commit else []

    @property
    def violations(self) -> list[Violation]:
        """Requests that came before a Retry-After, or a reset, had passed."""
        return self.limits.violations

    def on_request(self, hook: Hook) -> None:
        """Awaited with every API call once its outcome is known, before the client hears of it."""
        self._request_hooks.append(hook)

    def on_write(self, hook: Hook) -> None:
        """Awaited after a check run or status changed (`call.written`), before the client hears of it."""
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
        call.time, call.loop_time = self.clock.now(), loop_time()
        if call.path.startswith(f"{admin.PREFIX}/"):
            return http.response(call, admin.answer(self, call))
        if call.api == call.web and not routing.is_api(call.path):
            return http.response(call, page.answer(self.world, call))
        self._identify(call, request.remote or "127.0.0.1")
        self.requests.append(call)
        self.counts[call.endpoint] += 1
        with self.limits.under_way(call.client):
            answer = await self._answer(call, request)
        if answer is None:
            return web.Response()  # the connection is closed: this goes nowhere
        call.status = answer.status
        await self._tell(self._request_hooks, call)
        return self._respond(call, answer)

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

    async def _answer(self, call: Call, request: web.BaseRequest) -> Answer | None:
        refusal = self.limits.refusal(call)
        if refusal is not None:
            return refusal
        rule = self.faults.strike(call)
        if rule is None:
            return await self.perform(call)
        answer = await rule.fault.run(OneExchange(github=self, call=call, request=request, rule=rule))
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

    def _respond(self, call: Call, answer: Answer) -> web.Response:
        answer.headers = self.limits.headers(call.client) | answer.headers
        answer = http.conditional(call, answer)
        if answer.status == 304:
            self.limits.refund(call)
            answer.headers |= self.limits.headers(call.client)
            call.status = 304
        self.limits.answered(call, answer)
        return http.response(call, answer)

    async def _tell(self, hooks: list[Hook], call: Call) -> None:
        for hook in list(hooks):
            await hook(call)
