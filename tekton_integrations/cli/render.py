"""`tekton-integrations render`: the requests that would be sent about a run, and what people would read of them."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tekton_integrations.cli.access import AccountOption, ControllerOption, KubeconfigOption, NamespaceOption, asked
from tekton_integrations.cli.output import NOTHING, USAGE, WRONG, Output, OutputOption, fail, say, structured, yaml_of
from tekton_integrations.settings import Settings
from tekton_integrations.text import log_line

if TYPE_CHECKING:
    from tekton_integrations.kube.client import KubeClient
    from tekton_integrations.rehearsal import Call, Rehearsed
    from tekton_integrations.rendering import Material, Rendered

_STDIN = "-"


def render(
    run: Annotated[
        str, typer.Argument(metavar="[RUN|-]", help="The run's name; or - for objects from stdin.", show_default=False)
    ] = "",
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE|-",
            help="Objects as YAML or JSON in place of a cluster's: runs, what is below them, Providers, Notifications.",
        ),
    ] = None,
    integration: Annotated[str, typer.Option(help="This one only.")] = "",
    page: Annotated[bool, typer.Option("--page", help="Only what people would read.")] = False,
    infer: Annotated[str, typer.Option(metavar="INTEGRATIONS", help="As the controller was told.")] = "",
    kind: Annotated[str, typer.Option(help="PipelineRun, TaskRun or CustomRun.")] = "PipelineRun",
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    controller_namespace: ControllerOption = Settings.namespace,
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Show the requests that would be sent about a run that nobody has reported yet. Nothing is sent.

    Credentials are not read, and hidden. With -f nothing is read from a cluster: what a Provider would refuse is told
    only where it is among the objects. Exit code 1: something would not be sent. Exit code 3: nothing is asked.
    """
    from tekton_integrations.registry import RegistryError  # noqa: PLC0415  (the other commands start faster)
    from tekton_integrations.rendering import NoRunError, RenderError, Wish, rendered  # noqa: PLC0415

    files = [*(file or ()), *([_STDIN] if run == _STDIN else ())]
    if bool(files) == bool(run not in ("", _STDIN)):
        fail("name a run, or objects with -f FILE; - is stdin", USAGE)
    wish = Wish(shared=controller_namespace, only=integration, infer=[each for each in infer.split(",") if each])
    try:
        if files:
            found = _from_files(files, namespace or "default")
        else:
            found = asked(
                lambda client, where: _from_cluster(client, kind, where, run, controller_namespace),
                namespace,
                kubeconfig,
                service_account,
            )
        done = asyncio.run(rendered(found, wish))
    except (RenderError, RegistryError) as error:
        fail(str(error), NOTHING if isinstance(error, NoRunError) else WRONG)
    _print(done, output, page_only=page)
    if not done:
        fail("there is no run in it: no PipelineRun, TaskRun or CustomRun", NOTHING)
    if any(each.problems or any(one.problem for one in each.reports) for each in done):
        raise typer.Exit(WRONG)
    if not any(each.reports for each in done):
        raise typer.Exit(NOTHING)


def _from_files(names: list[str], namespace: str) -> "Material":
    from tekton_integrations.documents import DocumentError, objects  # noqa: PLC0415
    from tekton_integrations.rendering import material  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    for name in names:
        try:
            content = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
            found += objects(content)
        except OSError as error:
            fail(f"{name}: {error.strerror}")
        except DocumentError as error:
            fail(f"{name}: {error}")
    return material(found, namespace)


async def _from_cluster(client: "KubeClient", kind: str, namespace: str, name: str, shared: str) -> "Material":
    from tekton_integrations.gathering import gathered  # noqa: PLC0415

    found, unread = await gathered(client, kind, namespace, name, shared)
    for what in unread:
        typer.echo(f"note: {what}", err=True)
    return found


def _print(done: list["Rendered"], output: Output, *, page_only: bool) -> None:
    if page_only:
        for page in (call.page for each in done for report in each.reports for call in report.calls if call.page):
            _lines(page.rstrip())
            _next()
        return
    if structured([_object(each) for each in done], output):
        return
    for each in done:
        where = f"{each.run.kind} {each.run.namespace}/{each.run.name} ({each.run.state})"
        say(where if each.reports else f"{where} asks for no report{_why_not(each)}")
        for path, problem in each.problems.items():
            _next()
            say(f"Notification {path} does not ask: {problem}")
        for report in each.reports:
            _print_report(report)


def _why_not(each: "Rendered") -> str:
    if each.run.parent:
        return ": it belongs to another run, which is reported with it"
    return "" if each.run.annotations or each.problems else ": it has no annotation of ours"


def _print_report(report: "Rehearsed") -> None:
    by = f" by Notification {report.notification}" if report.notification else ""
    to = f", {report.target.name!r} at {report.target.resource}" if report.target else ""
    whose = f", Provider {report.provider}" if report.provider else ""
    _next()
    say(f"{report.integration}{by}{to}{whose}")
    for number, call in enumerate(report.calls, 1):
        _next()
        say(f"{number}. {call.method} {call.url}")
        for name, value in call.headers.items():
            _indented(f"{name}: {value}")
        _next()
        if call.body:
            _indented(yaml_of(_body(call)) if isinstance(_body(call), dict | list) else str(_body(call)))
    _next()
    if report.problem:
        say(f"{report.problem.reason}: {report.problem.message}")
    elif report.summary:
        say(f"Then the record says: {report.summary}")


def _next() -> None:
    typer.echo("")


def _indented(text: str) -> None:
    _lines(text, "   ")


def _lines(text: str, before: str = "") -> None:
    for line in text.splitlines():
        typer.echo(f"{before}{log_line(line)}".rstrip())


def _object(each: "Rendered") -> dict[str, Any]:
    run = {"kind": each.run.kind, "namespace": each.run.namespace, "name": each.run.name, "state": str(each.run.state)}
    return run | {"notReady": each.problems, "reports": [_report(report) for report in each.reports]}


def _report(report: "Rehearsed") -> dict[str, Any]:
    target = report.target and {"resource": report.target.resource, "name": report.target.name}
    problem = report.problem and {"reason": report.problem.reason, "message": report.problem.message}
    return {
        "integration": report.integration,
        "notification": report.notification,
        "provider": report.provider,
        "target": target,
        "summary": report.summary,
        "problem": problem,
        "requests": [
            {"method": call.method, "url": call.url, "headers": call.headers, "body": _body(call), "page": call.page}
            for call in report.calls
        ],
    }


def _body(call: "Call") -> Any:
    """Decoded where it is JSON."""
    import msgspec  # noqa: PLC0415

    if not call.body:
        return None
    try:
        return msgspec.json.decode(call.body)
    except msgspec.DecodeError:
        return call.body.decode(errors="replace")
