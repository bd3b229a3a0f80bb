"""The user's own cluster as the place: asks first whether it may, makes room, and leaves nothing behind.

Tekton may run there. The runs say `managedBy`, so that it leaves them to the demo, which plays them.
https://github.com/tektoncd/pipeline/pull/8965
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hack.objects import PATH
from hack.recording import DATA
from hack.testbed import TEKTON_CRDS, Api, ApiError

from . import kubeconfig
from .installed import Installed, Manifest, exists
from .places import ACCOUNT, BASE, DemoError, Place
from .screen import Screen

GRACE_SECONDS = 5
MANAGED_BY = "integrations.tekton.dev/demo"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEPLOYMENTS = "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io/name%3Dtekton-integrations"


@asynccontextmanager
async def own_cluster(screen: Screen, config: str, folder: Path) -> AsyncIterator[Place]:
    context, cluster = kubeconfig.current_context(config)
    namespace = f"tekton-integrations-demo-{secrets.token_hex(3)}"
    screen.say(f"{cluster['server']} (context {context})", style="bold")
    installed = Installed()
    async with kubeconfig.connected(config) as api:
        await refuse_installation(api)
        has_tekton = await _has_tekton(api)
        await announce(screen, namespace)
        try:
            await _install(api, installed, namespace, has_tekton=has_tekton, screen=screen)
            yield Place(
                api=api,
                kubeconfig=config,
                controller_kubeconfig=await kubeconfig.for_service_account(
                    api, cluster, ACCOUNT, folder / "controller.kubeconfig"
                ),
                namespace=namespace,
                recording=lambda name: managed(name, folder),
            )
        finally:
            await _clean(screen, config, installed)


async def announce(screen: Screen, namespace: str) -> None:
    """And leaves a person the time to stop it: KUBECONFIG may be set for another reason."""
    screen.say("There the demo makes, and removes again at the end:")
    screen.say(f"- namespace {namespace}: four PipelineRuns, no pods", indent=2, hang=2)
    screen.say(f"- manifests/base: CRDs, roles, a policy, namespace {ACCOUNT}", indent=2, hang=2)
    screen.say("(not the Deployment: the controller runs here, as a process)", indent=4)
    if screen.interactive:
        screen.say(f"It begins in {GRACE_SECONDS} s. Ctrl-C stops it.", style="bold")
        await asyncio.sleep(GRACE_SECONDS)


async def refuse_installation(api: Api) -> None:
    """Raises DemoError where tekton-integrations is installed: two controllers would report each run twice."""
    found = [f"Deployment {_name(each)}" for each in (await api.request("GET", DEPLOYMENTS))["items"]]
    for plural in ("integrations", "providers", "integrationstatuses"):
        found += [f"{plural}/{_name(each)}" for each in await _ours(api, plural)]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise DemoError(
            f"tekton-integrations is installed in this cluster ({', '.join(found[:3])}{more}), and the demo does not "
            "touch an installation. Unset KUBECONFIG to use a test bed, or name another cluster. If this is the rest "
            "of a demo that was killed, remove it: kubectl delete -k manifests/base (and its namespace, "
            "tekton-integrations-demo-…)"
        )


async def _ours(api: Api, plural: str) -> list[Any]:
    """Objects of ours in all namespaces; none where our CRDs are not."""
    try:
        items: list[Any] = (await api.request("GET", f"{PATH}/{plural}?limit=10"))["items"]
    except ApiError as error:
        if error.status != 404:
            raise
        return []
    return items


def _name(found: dict[str, Any]) -> str:
    return f"{found['metadata']['namespace']}/{found['metadata']['name']}"


async def _has_tekton(api: Api) -> bool:
    path = f"{DEFINITIONS}/pipelineruns.tekton.dev"
    if not await exists(api, path):
        return False
    versions = (await api.request("GET", path))["spec"]["versions"]
    if '"managedBy"' not in json.dumps([each for each in versions if each["name"] == "v1"]):
        raise DemoError(
            "this cluster's Tekton is older than 1.5: its runs have no spec.managedBy, by which the demo would tell "
            "it to leave them alone. Unset KUBECONFIG to use a test bed, or name another cluster."
        )
    return True


async def _install(api: Api, installed: Installed, namespace: str, *, has_tekton: bool, screen: Screen) -> None:
    if has_tekton:
        screen.say("Tekton's CRDs are there and stay as they are.")
    else:
        screen.say("Tekton's CRDs are missing: applying those of the test bed, for the demo only.")
        await installed.add(api, TEKTON_CRDS)
    await installed.add(api, BASE, leave_out=["Deployment"])
    made: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    await installed.add(api, made)
    screen.say(f"Applied {len(installed.paths)} objects.")


async def _clean(screen: Screen, config: str, installed: Installed) -> None:
    """With a connection of its own: the token of an exec plug-in may be too old by now."""
    if not installed.paths:
        return
    screen.say("Removing what the demo made in your cluster …")
    async with kubeconfig.connected(config) as api:
        left = await installed.remove(api)
    if left:
        raise DemoError("these are still being deleted by the cluster:\n  " + "\n  ".join(left))
    screen.say(f"Removed all {len(installed.paths)} objects.")


def managed(name: str, folder: Path) -> Path:
    """The recording, with runs that Tekton is to leave alone."""
    lines = []
    for line in (DATA / f"{name}.ndjson").read_text().splitlines():
        step = json.loads(line)
        if step["object"]["kind"] != "Event":
            step["object"]["spec"]["managedBy"] = MANAGED_BY
        lines.append(json.dumps(step))
    path = folder / f"{name}.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path
