"""`tekton-integrations why`: what became of a run's reports, as a person would tell it."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from tekton_integrations.cli.access import AccountOption, ControllerOption, KubeconfigOption, NamespaceOption, asked
from tekton_integrations.cli.output import Output, OutputOption, fail
from tekton_integrations.settings import Settings

if TYPE_CHECKING:
    from tekton_integrations.inquiry import Inquiry, Search
    from tekton_integrations.kube.client import KubeClient
    from tekton_integrations.story import Facts

# Exit codes besides 0; 2 is typer's own, for a wrong use of the command.
WRONG, NOTHING, TIMEOUT = 1, 3, 124


def why(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="The run's name; default: all of the namespace.", show_default=False)
    ] = "",
    kind: Annotated[str, typer.Option(help="PipelineRun, TaskRun or CustomRun; default: whichever has the name.")] = "",
    repo: Annotated[str, typer.Option(metavar="OWNER/NAME", help="The runs that show at this repository.")] = "",
    sha: Annotated[str, typer.Option(help="Those of this commit, or of one that begins so.")] = "",
    pull: Annotated[str, typer.Option("--pr", metavar="NUMBER", help="Those of this pull request.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Return when every report has come to its end.")] = False,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long --wait waits.")] = 600.0,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, and tell whatever changes.")] = False,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="With --repo, --sha or --pr: wherever they are.")
    ] = False,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    controller_namespace: ControllerOption = Settings.namespace,
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Tell why a run is shown at GitHub and elsewhere, or why not and what to do.

    Exit code 0: all is shown, or will be. 1: something was given up, or waits for somebody. 3: nothing asks, or there
    is no such run. 124: --wait waited in vain.
    """
    from tekton_integrations import log  # noqa: PLC0415  (the other commands start faster without these)
    from tekton_integrations.inquiry import Inquiry, Search  # noqa: PLC0415
    from tekton_integrations.run import KINDS  # noqa: PLC0415

    log.configure("error", "console")
    sys.setrecursionlimit(12_000)  # as for the controller: the API server takes JSON that is 10,000 deep
    if kind and kind not in KINDS:
        fail(f"--kind {kind!r} must be one of {', '.join(KINDS)}", 2)
    wanted = Search(repo=repo, sha=sha, pull=pull) if repo or sha or pull else None
    if (run and wanted) or (all_namespaces and not wanted):
        fail("name a run, or look for it by --repo, --sha and --pr, with -A in all namespaces", 2)
    question = _Question(run=run, kind=kind, wanted=wanted, output=output)

    async def told(client: "KubeClient", where: str) -> int:
        place = "" if all_namespaces else where
        inquiry = Inquiry(client, controller_namespace)
        if wait or watch:
            return await _followed(client, place, question, inquiry, None if watch else timeout)
        return question.tell(await question.ask(inquiry, place))

    with suppress(KeyboardInterrupt):
        raise typer.Exit(asked(told, namespace, kubeconfig, service_account))


class _Question:
    """What is asked, and how the answer is told."""

    def __init__(self, *, run: str, kind: str, wanted: "Search | None", output: Output) -> None:
        self._run = run
        self._kind = kind
        self.wanted = wanted
        self._output = output
        self._told: list[str] = []
        self._waits = ""

    async def ask(self, inquiry: "Inquiry", namespace: str) -> "list[Facts]":
        if self._run:
            return [await inquiry.run(namespace, self._run, self._kind)]
        return await (inquiry.search(namespace, self.wanted) if self.wanted else inquiry.runs(namespace))

    def ended(self, found: "Sequence[Facts]") -> bool:
        """Whether nothing more will come. What was looked for and is not there may come yet."""
        from tekton_integrations.story import settled, stories  # noqa: PLC0415

        return bool(found or not self.wanted) and all(settled(each, stories(each)) for each in found)

    def tell(self, found: "Sequence[Facts]") -> int:
        """Prints what is new since the last time; gives the exit code."""
        from tekton_integrations.cli import telling  # noqa: PLC0415

        if self._output is not Output.TABLE:
            self._say([telling.objects(found, self._output)])
        elif self._run or self.wanted:
            self._say([telling.answer(each) for each in found] or ["No run is shown there, or asks to be.\n"])
        else:
            self._say(telling.rows(found, head=not self._told))
        return telling.code(found)

    def tell_of_wait(self, found: "Sequence[Facts]") -> None:
        """What keeps it from its end, for whoever looks."""
        from tekton_integrations.cli import telling  # noqa: PLC0415

        if (said := telling.open_reports(found)) != self._waits:
            self._waits = said
            typer.echo(said, err=True, nl=False)

    def _say(self, parts: Sequence[str]) -> None:
        for part in parts:
            if part not in self._told:
                typer.echo(part, nl=False)
        self._told = list(parts)


async def _followed(
    client: "KubeClient", namespace: str, question: _Question, inquiry: "Inquiry", seconds: float | None
) -> int:
    """Until all has come to its end, or `seconds` have passed; without, for ever."""
    try:
        async with asyncio.timeout(seconds), aclosing(_looks(client, question, inquiry, namespace)) as looks:
            async for found in looks:
                if seconds is None:
                    question.tell(found)
                elif question.ended(found):
                    return question.tell(found)
                else:
                    question.tell_of_wait(found)
    except TimeoutError:
        question.tell(await question.ask(inquiry, namespace))
        typer.echo(f"error: waited {seconds:g} s, and it has not come to its end", err=True)
    return TIMEOUT


async def _looks(
    client: "KubeClient", question: _Question, inquiry: "Inquiry", namespace: str
) -> "AsyncGenerator[list[Facts]]":
    """One now, which may be enough; then one whenever something is new. What a watch begins with is."""
    from tekton_integrations.inquiry import watched  # noqa: PLC0415

    yield await question.ask(inquiry, namespace)
    async with watched(client, namespace) as watch:
        while True:
            await watch.news()
            yield await question.ask(inquiry, namespace)
