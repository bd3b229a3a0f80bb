"""`tekton-integrations run`: the controller. Its flags and variables are those of Settings."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from tekton_integrations import log
from tekton_integrations.settings import Settings

PREFIX = "TEKTON_INTEGRATIONS_"
_DEFAULTS = Settings()


def run(
    integrations: Annotated[
        str,
        typer.Option(envvar=f"{PREFIX}INTEGRATIONS", help="Which integrations to load, comma-separated."),
    ] = ",".join(_DEFAULTS.integrations),
    infer: Annotated[
        str,
        typer.Option(
            envvar=f"{PREFIX}INFER",
            metavar="INTEGRATIONS",
            help="Which of them take what a run leaves out from its labels, parameters and older annotations.",
        ),
    ] = ",".join(_DEFAULTS.infer),
    namespace: Annotated[
        str,
        typer.Option(envvar=f"{PREFIX}NAMESPACE", help="Namespace of the controller and of shared Providers."),
    ] = _DEFAULTS.namespace,
    watch_namespace: Annotated[
        str, typer.Option(envvar=f"{PREFIX}WATCH_NAMESPACE", help="Only runs in this namespace; default: in all.")
    ] = _DEFAULTS.watch_namespace,
    identity: Annotated[
        str,
        typer.Option(
            envvar=f"{PREFIX}IDENTITY",
            help="This process in Leases: no two at a time may have the same. The pod's name; default: made up.",
        ),
    ] = _DEFAULTS.identity,
    refused_networks: Annotated[
        str,
        typer.Option(
            envvar=f"{PREFIX}REFUSED_NETWORKS",
            metavar="NETWORKS",
            help="Where else no URL of a run may lead: networks and hosts, comma-separated. Needed for pods and "
            "Services with public addresses only.",
        ),
    ] = ",".join(_DEFAULTS.refused_networks),
    page_address: Annotated[
        str,
        typer.Option(
            envvar=f"{PREFIX}PAGE_ADDRESS",
            metavar="URL",
            help="Where `serve` is reached, such as https://runs.example.com: reports lead to its page about the run, "
            "unless their Provider has a detailsUrl.",
        ),
    ] = "",
    link_key: Annotated[
        Path | None,
        typer.Option(
            envvar=f"{PREFIX}LINK_KEY",
            metavar="FILE",
            help="Sign these links, so that whoever has one may read: a key of at least 32 characters, in a file named "
            "after it.",
        ),
    ] = None,
    link_scope: Annotated[
        str,
        typer.Option(envvar=f"{PREFIX}LINK_SCOPE", metavar="status|logs", help="How much signed links show of a run."),
    ] = "status",
    link_days: Annotated[
        float,
        typer.Option(
            envvar=f"{PREFIX}LINK_DAYS", min=0.01, max=3650, help="How long signed links are good after the run's end."
        ),
    ] = 30,
    kubeconfig: Annotated[
        str | None, typer.Option(envvar="KUBECONFIG", help="Outside a cluster; default ~/.kube/config.")
    ] = None,
    service_account: Annotated[
        Path, typer.Option(envvar=f"{PREFIX}SERVICE_ACCOUNT", help="Where the pod's token is mounted.")
    ] = _DEFAULTS.service_account,
    health_host: Annotated[
        str,
        typer.Option(envvar=f"{PREFIX}HEALTH_HOST", help="Where /healthz, /readyz, /metrics are served."),
    ] = _DEFAULTS.health_host,
    health_port: Annotated[
        int, typer.Option(envvar=f"{PREFIX}HEALTH_PORT", help="0 takes a free one and logs it.")
    ] = _DEFAULTS.health_port,
    workers: Annotated[
        int, typer.Option(envvar=f"{PREFIX}WORKERS", min=1, help="Reports at a time, for each integration.")
    ] = _DEFAULTS.workers,
    queued_after: Annotated[
        float,
        typer.Option(
            envvar=f"{PREFIX}QUEUED_AFTER",
            min=0,
            metavar="SECONDS",
            help="How long a new run may be without a condition before it is shown as queued.",
        ),
    ] = _DEFAULTS.grace,
    notified: Annotated[
        int,
        typer.Option(
            envvar=f"{PREFIX}NOTIFIED", min=0, help="Open reports that Notifications may make in one namespace."
        ),
    ] = _DEFAULTS.notified,
    log_level: Annotated[str, typer.Option(envvar=f"{PREFIX}LOG_LEVEL", help="debug, info, warning, error")] = "info",
    log_format: Annotated[str, typer.Option(envvar=f"{PREFIX}LOG_FORMAT", help="json or console")] = "json",
) -> None:
    """Run the controller."""
    # The other commands start faster without these.
    from tekton_integrations.details import DAY, PagesError, pages  # noqa: PLC0415
    from tekton_integrations.event_loop import new_event_loop  # noqa: PLC0415
    from tekton_integrations.kube.config import ConfigError  # noqa: PLC0415
    from tekton_integrations.manager import serve  # noqa: PLC0415
    from tekton_integrations.registry import RegistryError  # noqa: PLC0415
    from tekton_integrations.thrift import be_thrifty  # noqa: PLC0415

    be_thrifty()
    log.configure(log_level, log_format)
    # The API server takes JSON that is 10,000 deep; an object that can't be decoded would be missed.
    sys.setrecursionlimit(12_000)
    try:
        settings = Settings(
            integrations=_names(integrations),
            infer=_names(infer),
            namespace=namespace,
            watch_namespace=watch_namespace,
            identity=identity,
            refused_networks=_names(refused_networks),
            pages=pages(page_address, link_key, link_scope, link_days * DAY),
            kubeconfig=kubeconfig,
            service_account=service_account,
            health_host=health_host,
            health_port=health_port,
            workers=workers,
            grace=queued_after,
            notified=notified,
        )
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(serve(settings))
    except (ConfigError, PagesError, RegistryError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())
