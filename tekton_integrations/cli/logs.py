"""`tekton-integrations logs`: the logs of a run while they come, all its tasks and steps, as /logs of the service."""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tekton_integrations.cli.access import AccountOption, KubeconfigOption, NamespaceOption, asked
from tekton_integrations.cli.output import NOTHING, WRONG, fail
from tekton_integrations.settings import Settings

if TYPE_CHECKING:
    from tekton_integrations.kube.client import KubeClient
    from tekton_integrations.kube.pieces import Outcome
    from tekton_integrations.kube.run_watches import RunName
    from tekton_integrations.kube.step_log import Wanted

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")


def logs(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's name.")],
    task: Annotated[str, typer.Option(help="Only this one, by its name in the pipeline.")] = "",
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Until the run's end, or only what is there now.")
    ] = True,
    tail: Annotated[int | None, typer.Option(min=0, metavar="LINES", help="So many of each step at most.")] = None,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For a run that is not there yet.")] = 0.0,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 if the run does not succeed, as `curl -f` on /status.")
    ] = False,
    kind: Annotated[str, typer.Option(help="PipelineRun or TaskRun.")] = "PipelineRun",
    namespace: NamespaceOption = "",
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Follow the logs of a run: all its tasks and steps, in the order in which they start.

    You need `get pods/log` in the namespace. Lines of a log begin with [task : step], those of ours with ---.
    Exit code 1: with --exit-code, the run did not succeed. Exit code 3: there is no such run.
    """
    from tekton_integrations import log  # noqa: PLC0415  (the other commands start faster without these)
    from tekton_integrations.kube.run_watches import RunName  # noqa: PLC0415
    from tekton_integrations.kube.step_log import Wanted  # noqa: PLC0415
    from tekton_integrations.run import KINDS, State  # noqa: PLC0415

    log.configure("error", "console")
    if kind not in KINDS:
        fail(f"--kind {kind!r} must be one of {', '.join(KINDS)}", 2)
    if not _NAME.fullmatch(run):
        fail(f"{run!r} can't be the name of a run", 2)
    wanted = Wanted(wait=wait if follow else 0.0, follow=follow, tail=tail, task=task)
    try:
        outcome = asked(
            lambda client, where: _printed(client, RunName(kind, where, run), wanted),
            namespace,
            kubeconfig,
            service_account,
        )
    except BrokenPipeError:
        _hang_up()
        return
    if outcome is None:
        return  # only what is there now was wanted
    if outcome.run is None:
        raise typer.Exit(NOTHING)
    if exit_code and outcome.run.state not in (State.SUCCEEDED, State.SKIPPED):
        raise typer.Exit(WRONG)


async def _printed(client: "KubeClient", key: "RunName", wanted: "Wanted") -> "Outcome | None":
    """How the run ended. Whoever reads slowly makes the API server wait: nothing is kept."""
    from tekton_integrations.kube.following import following  # noqa: PLC0415
    from tekton_integrations.kube.pieces import Outcome  # noqa: PLC0415
    from tekton_integrations.kube.run_watches import RunWatches  # noqa: PLC0415

    await _may_watch(client, key)
    out, colours = sys.stdout.buffer, sys.stdout.isatty()
    async with following(client, RunWatches(client), key, wanted) as pieces:
        async for piece in pieces:
            text = piece.text()
            out.write(text if colours else _COLOUR.sub(b"", text))
            out.flush()
            if isinstance(piece, Outcome):
                return piece
    return None


async def _may_watch(client: "KubeClient", key: "RunName") -> None:
    """Raises ApiError at once for whoever may not: a watch would be tried again and again."""
    from tekton_integrations.kube.client import collection  # noqa: PLC0415
    from tekton_integrations.run import KINDS  # noqa: PLC0415

    for kind in KINDS if key.kind == "PipelineRun" else (key.kind,):
        await client.get(collection(*KINDS[kind], key.namespace), {"limit": "1"})


def _hang_up() -> None:
    """Whoever read has gone, as `| head` does; Python would complain about it at its end."""
    import os  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
