"""`tekton-integrations record`: a task of a pipeline, or a system elsewhere, says itself something of a run."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tekton_integrations.cli.run import PREFIX
from tekton_integrations.settings import Settings


def record(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's name.")],
    integration: Annotated[
        str, typer.Option(metavar="DOMAIN", help="Whose word it is: a domain name of yours, such as scan.example.com.")
    ],
    kind: Annotated[str, typer.Option(help="PipelineRun, TaskRun or CustomRun.")] = "PipelineRun",
    status: Annotated[str, typer.Option(help="True, False, or Unknown while it goes on.")] = "Unknown",
    reason: Annotated[str, typer.Option(help="One word in CamelCase.")] = "",
    message: Annotated[str, typer.Option(help="A sentence for people.")] = "",
    annotation: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An id or the like; KEY= takes it away.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where people see it.")] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="The run's; default: that of the pod, or of the kubeconfig.")
    ] = "",
    kubeconfig: Annotated[
        str | None, typer.Option(envvar="KUBECONFIG", help="Outside a cluster; default ~/.kube/config.")
    ] = None,
    service_account: Annotated[
        Path, typer.Option(envvar=f"{PREFIX}SERVICE_ACCOUNT", help="Where the pod's token is mounted.")
    ] = Settings.service_account,
) -> None:
    """Say something of a run yourself: make or change an IntegrationStatus of your own, which goes with the run."""
    # The other commands start faster without these.
    from tekton_integrations.kube import config  # noqa: PLC0415
    from tekton_integrations.kube.client import KubeClient  # noqa: PLC0415
    from tekton_integrations.open_records import Entry, OpenRecordError, OpenRecords  # noqa: PLC0415

    async def keep() -> str:
        entry = Entry(
            namespace=namespace or config.own_namespace(kubeconfig, service_account),
            run=run,
            integration=integration,
            kind=kind,
            status=status,
            reason=reason,
            message=message,
            url=url,
            annotations=pairs,
        )
        async with KubeClient(await config.load(kubeconfig, service_account)) as client:
            return await OpenRecords(client).keep(entry)

    try:
        pairs = dict(_pairs(annotation or ()))
        typer.echo(f"integrationstatus/{asyncio.run(keep())}")
    except (config.ConfigError, OpenRecordError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _pairs(written: Iterable[str]) -> Iterable[tuple[str, str]]:
    for each in written:
        key, equals, value = each.partition("=")
        if not (key and equals):
            raise ValueError(f"--annotation {each!r} must be KEY=VALUE")
        yield key, value
