"""What the commands of people have in common: the options that say which cluster and namespace, and the way there.

All of them act with the rights of whoever calls them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tekton_integrations.cli.output import fail
from tekton_integrations.cli.run import PREFIX

if TYPE_CHECKING:
    from tekton_integrations.kube.client import KubeClient

T = TypeVar("T")

NamespaceOption = Annotated[
    str, typer.Option("--namespace", "-n", help="The run's; default: that of the pod, or of the kubeconfig.")
]
ControllerOption = Annotated[
    str,
    typer.Option(envvar=f"{PREFIX}NAMESPACE", help="Namespace of the controller and of shared Providers."),
]
KubeconfigOption = Annotated[
    str | None, typer.Option(envvar="KUBECONFIG", help="Outside a cluster; default ~/.kube/config.")
]
AccountOption = Annotated[
    Path, typer.Option(envvar=f"{PREFIX}SERVICE_ACCOUNT", help="Where the pod's token is mounted.")
]


def asked(
    work: Callable[["KubeClient", str], Awaitable[T]], namespace: str, kubeconfig: str | None, service_account: Path
) -> T:
    """What `work` gives, called with a client and the namespace that is meant. Ends the command, with a line that says
    what to mend, where there is no way to the API server or it refuses."""
    from tekton_integrations.kube import config  # noqa: PLC0415  (the other commands start faster without these)
    from tekton_integrations.kube.client import ApiError, KubeClient  # noqa: PLC0415

    async def done() -> T:
        where = namespace or config.own_namespace(kubeconfig, service_account)
        async with KubeClient(await config.load(kubeconfig, service_account)) as client:
            return await work(client, where)

    try:
        return asyncio.run(done())
    except config.ConfigError as error:
        fail(str(error))
    except ApiError as error:
        fail(f"the API server: {error.message or error.reason}" if error.status else f"no API server: {error.message}")
