"""`tekton-integrations version`: this program's, its packages', and the controller's."""

from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tekton_integrations.cli.access import AccountOption, ControllerOption, KubeconfigOption, asked
from tekton_integrations.cli.output import Output, OutputOption, structured, table
from tekton_integrations.settings import Settings

if TYPE_CHECKING:
    from tekton_integrations.kube.client import KubeClient


def version(
    controller: Annotated[
        bool, typer.Option("--controller", help="Also what the cluster's controller brings, from its Integrations.")
    ] = False,
    output: OutputOption = Output.TABLE,
    controller_namespace: ControllerOption = Settings.namespace,
    kubeconfig: KubeconfigOption = None,
    service_account: AccountOption = Settings.service_account,
) -> None:
    """Print the version; with --output those of the integrations that are installed here, too."""
    ours = distribution_version("tekton-integrations")
    found: dict[str, Any] = {"client": ours} if output is Output.TABLE else {"client": ours, "packages": _packages()}
    if controller:
        found["controller"] = asked(_brought, controller_namespace, kubeconfig, service_account)
    if structured(found, output):
        return
    typer.echo(ours)
    if controller:
        head = ("integration", "version", "annotations", "ready", "holder")
        table(head, [[each[name] for name in head] for each in found["controller"]])


def _packages() -> dict[str, str]:
    from tekton_integrations.registry import versions  # noqa: PLC0415  (the plain version comes faster without)

    return versions()


async def _brought(client: "KubeClient", namespace: str) -> list[dict[str, str]]:
    import msgspec  # noqa: PLC0415  (the plain version comes faster without these)

    from tekton_integrations.kube.client import collection  # noqa: PLC0415
    from tekton_integrations.record import API_VERSION  # noqa: PLC0415

    raw = await client.get(collection(API_VERSION, "integrations", namespace))
    return [_row(each) for each in msgspec.json.decode(raw)["items"]]


def _row(each: dict[str, Any]) -> dict[str, str]:
    status = each.get("status", {})
    ready = next((one["status"] for one in status.get("conditions", ()) if one["type"] == "Ready"), "Unknown")
    return {
        "integration": each["metadata"]["name"],
        "version": status.get("packageVersion", ""),
        "annotations": ", ".join(status.get("versions", ())),
        "ready": ready,
        "holder": status.get("holder", ""),
    }
