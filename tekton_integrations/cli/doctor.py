"""`tekton-integrations doctor`: what is wrong with an installation, and what to do. `doctor NAME`, such as `doctor
github`, is a package's own, which it brings by an entry point of DOCTORS.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tekton_integrations.cli.access import AccountOption, ControllerOption, KubeconfigOption, NamespaceOption, asked
from tekton_integrations.cli.commands import Commands
from tekton_integrations.cli.output import Output, OutputOption, say, structured
from tekton_integrations.settings import Settings
from tekton_integrations.text import clean

if TYPE_CHECKING:
    from tekton_integrations.diagnosis import Finding

DOCTORS = "tekton_integrations.doctors"
# Characters of one finding: a message of a Provider's has up to 1,024.
_MOST = 4000
_SIGNS = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM", "unknown": "?"}


class Doctors(Commands):
    group = DOCTORS


doctor = typer.Typer(cls=Doctors, invoke_without_command=True)


@doctor.callback()
def examine(
    context: typer.Context,
    calls: Annotated[
        bool, typer.Option("--calls/--no-calls", help="Whether to call the endpoints of Providers from here.")
    ] = True,
    account: Annotated[str, typer.Option(help="The controller's ServiceAccount.")] = "tekton-integrations",
    watch_namespace: Annotated[
        str, typer.Option(help="That of the controller's flag --watch-namespace, if it has one.")
    ] = "",
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    controller_namespace: ControllerOption = Settings.namespace,
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Find out what is wrong with the installation, and tell what to do.

    Looks at definitions, policies, the controller's rights, Tekton, clocks, who is at work, Providers, their endpoints
    and reports that got stuck, with your rights; what you may not see is marked `?`. Exit code 1: there is a problem.
    """
    if context.invoked_subcommand:
        return
    from tekton_integrations import log  # noqa: PLC0415  (the other commands start faster without these)
    from tekton_integrations.diagnosis import Level, diagnosed  # noqa: PLC0415
    from tekton_integrations.diagnosis.doctor import Patient  # noqa: PLC0415

    log.configure("error", "console")

    def patient(where: str) -> Patient:
        home, watched = controller_namespace, watch_namespace
        return Patient(home=home, namespace=where, account=account, watched=watched, calls=calls)

    found = asked(
        lambda client, where: diagnosed(client, patient(where)),
        namespace,
        kubeconfig,
        service_account,
    )
    if not structured([_object(each) for each in found], output):
        _print(found)
    if any(each.level is Level.PROBLEM for each in found):
        raise typer.Exit(1)


def _object(each: "Finding") -> dict[str, Any]:
    return {"subject": each.subject, "level": str(each.level), "said": each.said, "cure": each.cure}


def _print(found: list["Finding"]) -> None:
    from textwrap import wrap  # noqa: PLC0415

    wide = max(map(len, _SIGNS.values())) + 2
    for each in found:
        text = f"{each.subject}: {each.said}" + (f". To do: {each.cure}" if each.cure else "")
        lines = wrap(clean(text, _MOST), 80 - wide, break_long_words=False, break_on_hyphens=False)
        for sign, line in zip((_SIGNS[each.level], *[""] * len(lines)), lines, strict=False):
            typer.echo(f"{sign:<{wide}}{line}")
    counts = {level: sum(each.level == level for each in found) for level in ("problem", "warning")}
    say(", ".join(f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts.items()))
