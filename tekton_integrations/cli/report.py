"""`tekton-integrations report`: asks for a run to be reported again, and tells what came of it."""

from typing import Annotated

import typer

from tekton_integrations.cli.access import AccountOption, KubeconfigOption, NamespaceOption, asked
from tekton_integrations.cli.output import NOTHING, TIMED_OUT, WRONG, Output, OutputOption, fail, structured, table
from tekton_integrations.settings import Settings


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's name.")],
    integration: Annotated[str, typer.Option(help="Of this one only.")] = "",
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the answer; 0 does not.")
    ] = 60.0,
    kind: Annotated[str, typer.Option(help="PipelineRun, TaskRun or CustomRun.")] = "PipelineRun",
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Have a run reported again now: what was given up is tried anew, what is shown is looked at and corrected.

    Writes the annotation integrations.tekton.dev/report-at on the run, so you need `patch` on it. Exit code 1: a report
    was given up. 3: there is no such run, or none that asks. 124: no answer in time.
    """
    from tekton_integrations.asking import Asking, AskingError, NothingError, Which  # noqa: PLC0415  (the others start faster)

    try:
        found = asked(
            lambda client, where: Asking(
                client, Which(namespace=where, name=run, kind=kind, integration=integration)
            ).again(wait),
            namespace,
            kubeconfig,
            service_account,
        )
    except AskingError as error:
        fail(str(error), NOTHING if isinstance(error, NothingError) else WRONG)
    except TimeoutError:
        fail(f"no answer within {wait:g} s: see `tekton-integrations why {run}` and `doctor`", TIMED_OUT)
    rows = [
        {
            "integration": each.integration,
            "notification": each.notification,
            "reported": each.condition.status,
            "reason": each.condition.reason,
            "message": each.condition.message,
            "url": each.url,
        }
        for each in found
    ]
    if not structured(rows, output) and rows:
        head = ("integration", "reported", "reason", "message")
        table(head, [[each[name] for name in head] for each in rows])
    if any(each.given_up for each in found):
        raise typer.Exit(WRONG)
