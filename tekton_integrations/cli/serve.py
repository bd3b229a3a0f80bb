"""`tekton-integrations serve`: how runs stand and their logs, for jobs and people outside the cluster."""

import asyncio
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

import typer

from tekton_integrations import log
from tekton_integrations.cli.access import AccountOption, KubeconfigOption
from tekton_integrations.cli.output import fail
from tekton_integrations.cli.run import PREFIX
from tekton_integrations.kube.config import SERVICE_ACCOUNT


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help="0 takes a free one and logs it.")] = 8080,
    host: Annotated[str, typer.Option(envvar=f"{PREFIX}HOST", help="Where to listen.")] = "0.0.0.0",  # noqa: S104
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", envvar="NAMESPACE", help="That of runs asked for without one.")
    ] = "tekton-pipelines",
    username: Annotated[
        str, typer.Option(envvar="AUTH_USERNAME", metavar="NAME", help="A user who reads that namespace.")
    ] = "",
    users: Annotated[
        Path | None, typer.Option(envvar=f"{PREFIX}USERS", help="A file of users, or a folder: a mounted Secret.")
    ] = None,
    tokens: Annotated[
        bool, typer.Option(envvar=f"{PREFIX}TOKENS", help="Let in who has a token of Kubernetes, with its rights.")
    ] = False,
    token_audience: Annotated[
        str, typer.Option(envvar=f"{PREFIX}TOKEN_AUDIENCE", help="For whom they are made; default: the API server.")
    ] = "",
    controller_namespace: Annotated[
        str, typer.Option(envvar=f"{PREFIX}NAMESPACE", help="Namespace of the controller and of shared Providers.")
    ] = "tekton-integrations",
    link_keys: Annotated[
        Path | None,
        typer.Option(
            envvar=f"{PREFIX}LINK_KEYS",
            metavar="FOLDER",
            help="Let in, to one run each, who has a link signed with a key in there: a mounted Secret.",
        ),
    ] = None,
    insecure: Annotated[bool, typer.Option(envvar=f"{PREFIX}INSECURE", help="Let everybody read everything.")] = False,
    tls_certificate: Annotated[Path | None, typer.Option(envvar=f"{PREFIX}TLS_CERTIFICATE", help="PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(envvar=f"{PREFIX}TLS_KEY", help="PEM.")] = None,
    trusted_proxies: Annotated[
        str,
        typer.Option(
            envvar=f"{PREFIX}TRUSTED_PROXIES",
            metavar="NETWORKS",
            help="Whose X-Forwarded-For and -Proto are believed, comma-separated.",
        ),
    ] = "",
    wait: Annotated[
        float, typer.Option(envvar=f"{PREFIX}WAIT", min=0, metavar="SECONDS", help="How long a log waits for its run.")
    ] = 300,
    stall: Annotated[
        float,
        typer.Option(envvar=f"{PREFIX}STALL", min=1, metavar="SECONDS", help="Who reads nothing so long is dropped."),
    ] = 120,
    readers: Annotated[
        int, typer.Option(envvar=f"{PREFIX}READERS", min=1, help="Logs that are followed at a time.")
    ] = 250,
    hash_password: Annotated[bool, typer.Option("--hash-password", help="Ask for a password, print its hash.")] = False,
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = SERVICE_ACCOUNT,
    log_level: Annotated[str, typer.Option(envvar=f"{PREFIX}LOG_LEVEL", help="debug, info, warning, error")] = "info",
    log_format: Annotated[str, typer.Option(envvar=f"{PREFIX}LOG_FORMAT", help="json or console")] = "json",
) -> None:
    """Serve the status, the logs and a page of each run. The user's password is read from AUTH_PASSWORD."""
    if hash_password:
        _print_hash()
        return
    log.configure(log_level, log_format)
    _run(
        {
            "host": host,
            "port": port,
            "namespace": namespace,
            "username": username,
            "users": users,
            "tokens": tokens,
            "audience": token_audience,
            "home": controller_namespace,
            "link_keys": link_keys,
            "insecure": insecure,
            "certificate": tls_certificate,
            "key": tls_key,
            "trusted_proxies": _networks(trusted_proxies),
            "wait": wait,
            "stall": stall,
            "readers": readers,
        },
        kubeconfig,
        service_account,
    )


def _run(given: dict[str, Any], kubeconfig: str | None, service_account: Path) -> None:

    from tekton_integrations.kube.config import ConfigError  # noqa: PLC0415
    from tekton_integrations.web.serving import serve as serve_until_stopped  # noqa: PLC0415  (slow to import)
    from tekton_integrations.web.settings import SettingsError, WebSettings  # noqa: PLC0415

    # On no command line, where everybody on the machine would see it; and in no child's environment.
    settings = WebSettings(password=os.environ.pop("AUTH_PASSWORD", ""), **given)
    try:
        asyncio.run(serve_until_stopped(settings, kubeconfig, service_account))
    except (ConfigError, SettingsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{settings.host}:{settings.port} can't be listened on: {error.strerror or error}")


def _print_hash() -> None:
    from tekton_integrations.web.passwords import hashed  # noqa: PLC0415

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    typer.echo(hashed(password))


def _networks(listed: str) -> tuple[Any, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in listed.split(",") if each.strip())
    except ValueError as error:
        fail(f"--trusted-proxies: {error}")
