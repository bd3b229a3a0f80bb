"""The order of things: preview, API server, look-alike, controller, four runs, and what came of them."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hack import objects
from hack.controller import Controller
from hack.testbed.apply import apply

from . import closing
from .lookalike import APP, Lookalike
from .own_cluster import own_cluster
from .places import ACCOUNT, Place, test_bed
from .preview import preview
from .preview_server import PreviewServer, open_browser
from .progress import Progress
from .scenes import REPOSITORY, verdict
from .screen import Screen

SECRET = "github-app"
PROVIDER = "github"
LOG_LINES = 15


@dataclass(frozen=True, kw_only=True)
class Options:
    """`kubeconfig`: empty for a test bed. `keep`: leave everything running until Ctrl-C."""

    kubeconfig: str = ""
    keep: bool = False


class Demo:
    """One run of the demo. `problems` is None until it is known what is right and what is wrong."""

    def __init__(self, screen: Screen, options: Options) -> None:
        self.problems: list[str] | None = None
        self._screen = screen
        self._options = options
        self._folder = Path()

    @property
    def exit_code(self) -> int:
        """130, as after Ctrl-C, when it did not come to an end."""
        return 130 if self.problems is None else int(bool(self.problems))

    async def run(self) -> None:
        screen = self._screen
        screen.say("tekton-integrations: four Tekton runs, and what GitHub shows of each.", style="bold")
        if self._options.kubeconfig:
            screen.say("KUBECONFIG is set: step 2 uses YOUR cluster. Unset it to get a test bed.", style="bold yellow")
        async with AsyncExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tekton-demo-")))
            screen.heading("1. Preview of what you will see")
            server = await stack.enter_async_context(PreviewServer.started(preview()))
            screen.say(f"{server.url}  (rendered from recordings; nothing has run yet)")
            await open_browser(server.url)
            place = await stack.enter_async_context(self._place())
            screen.heading("3. Look-alike of GitHub, and the controller, as processes of their own")
            lookalike = await stack.enter_async_context(self._lookalike(place))
            controller = await stack.enter_async_context(self._controller(place))
            server.live = lookalike.page
            await self._perform(place, lookalike, controller)
        closing.show_next(screen)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[Place]:
        screen = self._screen
        if self._options.kubeconfig:
            screen.heading("2. Your cluster")
            opened = own_cluster(screen, self._options.kubeconfig, self._folder)
        else:
            screen.heading("2. Test bed: a real etcd and kube-apiserver, on this machine only")
            opened = test_bed(screen)
        async with opened as place:
            yield place

    @asynccontextmanager
    async def _lookalike(self, place: Place) -> AsyncIterator[Lookalike]:
        async with Lookalike.started(self._folder) as lookalike:
            self._screen.say(f"GitHub look-alike: {lookalike.page}")
            grant = objects.grant(place.namespace, targets=[f"{REPOSITORY.partition('/')[0]}/*"])
            provider = objects.github_app(
                ACCOUNT, PROVIDER, app_id=APP, secret=SECRET, endpoint=lookalike.url, grants=[grant]
            )
            await apply(place.api, [objects.github_app_secret(ACCOUNT, SECRET, lookalike.private_key_pem), provider])
            self._screen.say(f"Provider {PROVIDER}: lets namespace {place.namespace} show runs at acme/*")
            yield lookalike

    @asynccontextmanager
    async def _controller(self, place: Place) -> AsyncIterator[Controller]:
        async with Controller.started(
            place.controller_kubeconfig, self._log, arguments=("--watch-namespace", place.namespace), ready=False
        ) as controller:
            try:
                await controller.ready()
            except TimeoutError:
                raise controller.child.error("did not get ready") from None
            self._screen.say(f"Controller: ready, with the rights of ServiceAccount {ACCOUNT}")
            yield controller

    @property
    def _log(self) -> Path:
        return self._folder / "controller.log"

    async def _perform(self, place: Place, lookalike: Lookalike, controller: Controller) -> None:
        screen = self._screen
        screen.heading("4. Four runs at once, as a real Tekton took them when they were recorded")
        screen.say("Tekton: the run's state in the cluster. GitHub: what the look-alike shows.")
        settled = await Progress(screen, place, lookalike, controller).play()
        check_runs = await lookalike.check_runs()
        problems = verdict(check_runs)
        if not settled:
            problems.append("not every IntegrationStatus says that its run's final state was accepted")
        closing.show_check_runs(screen, check_runs)
        await closing.show_records(screen, place)
        await closing.show_events(screen, place)
        closing.show_verdict(screen, problems)
        self.problems = problems
        if problems:
            self._show_log()
        if self._options.keep:
            closing.show_commands(screen, place, lookalike)
            screen.verbatim(f"  tail -f {self._log}")
            await asyncio.Event().wait()

    def _show_log(self) -> None:
        self._screen.heading("The end of the controller's log")
        self._screen.verbatim("\n".join(self._log.read_text().splitlines()[-LOG_LINES:]))


def options_from_environment() -> Options:
    return Options(
        kubeconfig=os.environ.get("KUBECONFIG", ""), keep=os.environ.get("KEEP", "") not in ("", "0", "false")
    )
