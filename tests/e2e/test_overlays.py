"""Each way to install, on a real API server: applied twice, pods that are let in, rights that suffice, gone without a
rest."""

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Place, Pod
from hack.testbed import TEKTON_CRDS, ApiError, TestBed
from hack.testbed.api import polled
from tests.e2e import people
from tests.e2e.overlays import ROOT, WAYS, Object, built, container, of_kind, own, pod_of, selects, strings
from tests.e2e.stage import GROUP, RUNS, USER, Stage, run_path
from tests.e2e.test_commands import Terminal
from tests.e2e.test_excerpts import bind
from tests.hack.test_docs import blocks

pytestmark = pytest.mark.long

TEAM = "team-a"  # as in overlays/one-namespace
ALL = "all that can be had together"
ROLES = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[TestBed]:
    """One of this module's own: what is applied here concerns all that is in it."""
    team = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TEAM}}
    # With our definitions, since the garbage collector learns of new ones only every 30 s.
    async with TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS, ROOT / "crds", team]) as started:
        yield started


@pytest.fixture(scope="module")
async def ways(cluster: TestBed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Object]]:
    folders = {each: ROOT / each for each in WAYS}
    folders[ALL] = own(tmp_path_factory.mktemp("all"), ["overlays/separate", "serve"])
    return dict(zip(folders, await built(cluster, *folders.values()), strict=True))


@pytest.mark.parametrize("way", [*WAYS, ALL])
async def test_what_is_applied_twice_does_not_change_the_second_time(
    cluster: TestBed, ways: dict[str, list[Object]], way: str
) -> None:
    assert all("name" in each["metadata"] for each in ways[way])  # no generateName, which apply does not know
    assert [text for text in strings(ways[way]) if "${" in text] == []  # where Flux would put a variable
    first, second = await cluster.apply(*ways[way]), await cluster.apply(*ways[way])
    assert [each["metadata"] for each in first] == [each["metadata"] for each in second]
    for deployment in of_kind(ways[way], "Deployment"):
        await let_in(cluster, deployment)


async def let_in(bed: TestBed, deployment: Object) -> None:
    """Its pod, by what its namespace demands of pods. Raises ApiError if it is not."""
    namespace = deployment["metadata"]["namespace"]
    await bed.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod_of(deployment))
    security = container(deployment)["securityContext"]
    assert (security["readOnlyRootFilesystem"], security["capabilities"]) == (True, {"drop": ["ALL"]})


async def test_a_pod_of_root_is_not_let_in(cluster: TestBed, ways: dict[str, list[Object]]) -> None:
    await cluster.apply(*ways["base"])
    [deployment] = of_kind(ways["base"], "Deployment")
    template = deployment["spec"]["template"]
    rooted = {**template, "spec": {**template["spec"], "securityContext": {"runAsUser": 0}}}
    with pytest.raises(ApiError, match="violates PodSecurity"):
        await let_in(cluster, {**deployment, "spec": {"template": rooted}})


async def forbidden(bed: TestBed, user: str, since: int) -> list[str]:
    """What the user was refused after so many of its requests."""
    entries = bed.audit(user=user)[since:]
    decided = [(each["requestURI"], each["annotations"].get("authorization.k8s.io/decision")) for each in entries]
    assert decided
    return [uri for uri, decision in decided if decision == "forbid"]


async def test_for_one_namespace_no_right_elsewhere_is_needed(
    cluster: TestBed, ways: dict[str, list[Object]], tmp_path: Path
) -> None:
    found = ways["overlays/one-namespace"]
    await cluster.apply(*found)
    with suppress(ApiError):  # of another way that was applied before
        await cluster.request("DELETE", f"{ROLES}/clusterrolebindings/tekton-integrations")
    [deployment] = of_kind(found, "Deployment")
    said = {each["name"]: each["value"] for each in container(deployment)["env"] if "value" in each}
    selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": TEAM}}, "targets": ["acme/*"]}
    async with Stage.set(cluster, tmp_path) as stage:
        await stage.provide(selector)
        await a_provider_of_the_team(stage)
        await people.controller(cluster).refused("GET", RUNS)
        since = len(cluster.audit(user=USER))
        async with stage.controller(place=Place(environment=said)):
            await stage.player.play("success", namespace="default", sha="1" * 40)
            await stage.player.play("success", namespace=TEAM)
            record = await stage.reported(TEAM)
            await both_tried(cluster)
            admin = Terminal(cluster.admin_kubeconfig, TEAM)
            told = await admin.run("doctor", "--watch-namespace", TEAM, "--no-calls", "-o", "json")
        assert record["status"]["provider"] == f"{NAMESPACE}/github"
        assert await stage.records("default") == []
        assert await forbidden(cluster, USER, since) == []
    rights = [each["level"] for each in told.json if each["subject"] == f"rights of {NAMESPACE}/{SERVICE_ACCOUNT}"]
    assert rights == ["ok"] * 4  # in the namespace of the runs and in the controller's; Secrets in both
    await cluster.request("DELETE", f"{GROUP}/namespaces/{TEAM}/providers/own")
    await cluster.kubectl("delete", "rolebindings,secrets", "--all", "-n", TEAM)


async def a_provider_of_the_team(stage: Stage) -> None:
    await bind(stage.bed, TEAM, "ClusterRole", "tekton-integrations-secrets")
    await stage.bed.apply(
        objects.github_app_secret(TEAM, "own", stage.app.private_key_pem),
        objects.github_app(TEAM, "own", app_id=7, secret="own", endpoint=stage.github.url, grants=[]),
    )


async def both_tried(bed: TestBed) -> None:
    """Returns when the controller says of the shared Provider and of the team's that they are ready."""

    async def probe() -> bool:
        found = (await bed.request("GET", f"{GROUP}/providers"))["items"]
        ready = [each.get("status", {}).get("conditions", ({},))[0].get("status") == "True" for each in found]
        return ready == [True, True]

    await polled(probe)


async def test_each_integration_may_have_a_deployment_and_an_account_of_its_own(
    cluster: TestBed, ways: dict[str, list[Object]], tmp_path: Path
) -> None:
    found = ways["overlays/separate"]
    await cluster.apply(*found)
    deployments = of_kind(found, "Deployment")
    arguments = {each["metadata"]["name"]: container(each)["args"] for each in deployments}
    here = {path.parent.name for path in ROOT.parent.glob("integrations/*/pyproject.toml")}
    assert sorted(arguments.values()) == sorted(["run", f"--integrations={each}"] for each in here)
    accounts = {each["spec"]["template"]["spec"]["serviceAccountName"] for each in deployments}
    assert accounts == arguments.keys() == {each["metadata"]["name"] for each in of_kind(found, "ServiceAccount")}
    bindings = of_kind(found, "ClusterRoleBinding", "RoleBinding")
    assert [{each["name"] for each in binding["subjects"]} for binding in bindings] == [accounts] * 3
    for one in deployments:
        assert [each for each in deployments if selects(one["spec"]["selector"], each)] == [one]
    name = f"{SERVICE_ACCOUNT}-slack"
    pod = Pod(await cluster.service_account_directory(NAMESPACE, name), cluster.service_environment)
    async with Controller.started(pod, tmp_path / "log", arguments=arguments[name][1:]):
        await cluster.request("GET", f"{GROUP}/namespaces/{NAMESPACE}/integrations/slack")
    assert await forbidden(cluster, f"system:serviceaccount:{NAMESPACE}:{name}", 0) == []


async def test_components_are_about_each_deployment(ways: dict[str, list[Object]]) -> None:
    deployments = of_kind(ways[ALL], "Deployment")
    [budget] = of_kind(ways[ALL], "PodDisruptionBudget")
    controllers = [each for each in deployments if selects(budget["spec"]["selector"], each)]
    assert [each["metadata"]["name"] for each in deployments if each not in controllers] == [f"{SERVICE_ACCOUNT}-serve"]
    for each in controllers:
        assert each["spec"]["replicas"] == 2
        spread = each["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert all(selects(constraint["labelSelector"], each) for constraint in spread)
    policies = [each["spec"] for each in of_kind(ways[ALL], "NetworkPolicy")]
    assert [all_pods(each) for each in policies if "Egress" in each["policyTypes"]] == [{53, 443, 6443}]
    for policy in policies:
        concerned = [each for each in deployments if selects(policy["podSelector"], each)]
        ports = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
        assert concerned
        assert all({port["name"] for port in container(each)["ports"]} == ports for each in concerned)


def all_pods(policy: Object) -> set[int]:
    """The ports that a NetworkPolicy lets all pods of its namespace reach."""
    assert policy["podSelector"] == {}
    return {port["port"] for rule in policy["egress"] for port in rule["ports"]}


# Fields of Flux' API that may stand in the example: of each kind, those it must have and some of the others.
FLUX: dict[str, tuple[set[str], set[str]]] = {
    "source.toolkit.fluxcd.io/v1 GitRepository": ({"interval", "url"}, {"ref"}),
    "kustomize.toolkit.fluxcd.io/v1 Kustomization": (
        {"interval", "prune", "sourceRef"},
        {"path", "components", "images", "wait", "timeout"},
    ),
}


def beside(*path: str) -> str:
    """A path within the checkout, as seen from a folder beside manifests/."""
    return os.path.normpath(os.path.join("..", *path))


async def test_the_overlay_in_the_docs_and_the_example_for_flux_build(cluster: TestBed, tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "manifests")
    texts = list(blocks("docs/install.md", "yaml"))
    mine, flux = (next(text for text in texts if kind in text) for kind in ("kustomize.config", "fluxcd.io"))
    source, applied = yaml.safe_load_all(flux)
    for each in (source, applied):
        required, possible = FLUX[f"{each['apiVersion']} {each['kind']}"]
        assert required <= each["spec"].keys() <= required | possible
    spec = applied["spec"]
    assert spec["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    same = {"resources": [beside(spec["path"])], "components": [beside(spec["path"], c) for c in spec["components"]]}
    assert {**same, "images": spec["images"]}.items() <= yaml.safe_load(mine).items()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kustomization.yaml").write_text(mine)
    [made] = await built(cluster, tmp_path / "mine")
    [deployment] = of_kind(made, "Deployment")
    assert container(deployment)["image"] == "registry.example.com/tekton-integrations:0.1.0"
    assert (deployment["spec"]["replicas"], len(of_kind(made, "NetworkPolicy"))) == (2, 2)


async def test_the_command_to_remove_it_leaves_nothing_and_no_run_is_touched(
    cluster: TestBed, ways: dict[str, list[Object]], tmp_path: Path
) -> None:
    await cluster.apply(*ways[ALL])
    run = await a_run_with_its_record(cluster)
    [*_, command] = blocks("docs/install.md", "sh")
    kubectl, *arguments, folder = shlex.split(command)
    assert (kubectl, folder) == ("kubectl", "manifests/base")
    # The last two are here from tests before, and most of what they would take is gone by then.
    others = (ROOT / "overlays" / each for each in ("one-namespace", "other-namespace"))
    await cluster.kubectl(*arguments, str(own(tmp_path / "all", ["overlays/separate", "serve"])))
    await asyncio.gather(*(cluster.kubectl(*arguments, str(each)) for each in others))
    kinds = (await cluster.kubectl("api-resources", "--verbs=list", "-o", "name")).split()
    found = await cluster.kubectl("get", ",".join(kinds), "-A", "-o", "name", "--ignore-not-found")
    assert [line for line in found.splitlines() if "integrations" in line] == []
    assert await cluster.request("GET", run_path(TEAM, "demo")) == run


async def a_run_with_its_record(bed: TestBed) -> dict[str, Any]:
    """And with what else a controller and a team would have made."""
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "demo", "namespace": TEAM}}
    [made] = await bed.apply({**run, "spec": {"pipelineRef": {"name": "demo"}}})
    controller = people.controller(bed)
    await controller.request("POST", people.records_path(TEAM), people.record_of("demo", made["metadata"]["uid"]))
    await bed.apply(objects.provider(TEAM, "own", {"type": "GitHubApp"}))
    return made
