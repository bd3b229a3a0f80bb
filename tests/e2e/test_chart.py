"""The Helm chart: what it renders is what kustomize builds of manifests/, and Helm installs, changes and removes it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.testbed import TEKTON_CRDS, TestBed
from hack.testbed.binaries import find
from tests.e2e.overlays import ROOT, Object, built, container, of_kind, own

pytestmark = pytest.mark.long
CHART = str(ROOT / "chart")
NAMESPACE = "tekton-integrations"
Values = dict[str, Any]


async def helm(*arguments: str, fails: bool = False) -> str:
    """What it prints; where it has to fail, why it does."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(await find("helm"), *arguments, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()
    assert bool(process.returncode) == fails, errors.decode()
    return (errors if fails else output).decode()


def setting(values: Values) -> list[str]:
    return [part for name, value in values.items() for part in ("--set-json", f"{name}={json.dumps(value)}")]


async def rendered(values: Values, namespace: str = NAMESPACE) -> list[Object]:
    text = await helm("template", "any", CHART, "--namespace", namespace, *setting(values))
    return [each for each in yaml.safe_load_all(text) if each]


def by_name(found: Iterable[Object]) -> dict[tuple[str, str, str], Object]:
    return {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each for each in found}


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[TestBed]:
    async with TestBed.started(manifests=[TEKTON_CRDS]) as started:
        yield started


# The folders of manifests/ that come to the same as these values, in which namespace.
SAME: dict[str, tuple[Values, str]] = {
    "base": ({}, NAMESPACE),
    "overlays/all-integrations": ({"integrations": ["github", "slack", "webhook", "cloudevent"]}, NAMESPACE),
    "overlays/one-namespace": ({"watchNamespace": "team-a"}, NAMESPACE),
    "overlays/ha": ({"replicas": 2}, NAMESPACE),
    "overlays/with-serve": ({"serve.enabled": True}, NAMESPACE),
    "overlays/other-namespace": ({}, "integrations"),
    "all at once": ({"replicas": 2, "networkPolicy": True, "serve.enabled": True}, NAMESPACE),
}


@pytest.mark.parametrize("folder", SAME)
async def test_it_renders_what_kustomize_builds(cluster: TestBed, folder: str, tmp_path: Path) -> None:
    values, namespace = SAME[folder]
    path = ROOT / folder if folder != "all at once" else own(tmp_path / "all", ["base", "serve"])
    [expected] = await built(cluster, path)
    made = await rendered({**values, "crds.keep": False}, namespace)
    for each in of_kind(expected, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        each["metadata"].pop("namespace", None)  # kustomize does not know that these have none
    # Helm makes no namespace by a chart: `--create-namespace` does, and docs/install.md says how to label it.
    assert by_name(made) == by_name(each for each in expected if each["kind"] != "Namespace")


async def test_values_change_the_image_the_settings_and_the_pods() -> None:
    values: Values = {
        "image": {"repository": "registry.example.com/ti", "tag": "1"},
        "env": {"TEKTON_INTEGRATIONS_LOG_LEVEL": "debug", "TEKTON_INTEGRATIONS_NAMESPACE": "other"},
        "resources": {"limits": {"memory": "1Gi"}},
        "pod": {"nodeSelector": {"disk": "fast"}},
        "serve": {"enabled": True, "env": {"NAMESPACE": "ci"}},
        "crds.install": False,
    }
    found = await rendered(values)
    assert of_kind(found, "CustomResourceDefinition") == []
    serve, controller = sorted(of_kind(found, "Deployment"), key=lambda each: -len(each["metadata"]["name"]))
    for deployment, expected in ((controller, values["env"]), (serve, values["serve"]["env"])):
        told = {each["name"]: each.get("value") for each in container(deployment)["env"]}
        assert expected.items() <= told.items()
        assert len(told) == len(container(deployment)["env"])
        assert container(deployment)["image"] == "registry.example.com/ti:1"
        spec = deployment["spec"]["template"]["spec"]
        assert (spec["nodeSelector"], spec["securityContext"]["runAsNonRoot"]) == ({"disk": "fast"}, True)
    assert container(controller)["resources"] == {"limits": {"memory": "1Gi"}}


# What is wrong → what Helm says of it.
WRONG: dict[str, tuple[Values, str]] = {
    "a misspelt value": ({"replica": 2}, "'replica' not allowed"),
    "a misspelt value within": ({"serve.enable": True}, "'enable' not allowed"),
    "a number in quotes": ({"replicas": "2"}, "at '/replicas': got string, want integer"),
    "a list as text": ({"integrations": "github,slack"}, "at '/integrations': got string, want array"),
    "no integration": ({"integrations": []}, "at '/integrations': minItems"),
    "a setting that is no text": ({"env": {"TEKTON_INTEGRATIONS_HEALTH_PORT": 80}}, "got number, want string"),
    "a flag as a setting": ({"env": {"log-level": "debug"}}, "does not match pattern"),
    "a tag with its colon": ({"image.tag": ":1"}, "at '/image/tag'"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_wrong_values_are_refused_with_what_is_wrong(what: str) -> None:
    values, said = WRONG[what]
    assert said in await helm("template", "any", CHART, *setting(values), fails=True)


async def test_helm_installs_changes_and_removes_it_and_definitions_stay(cluster: TestBed, tmp_path: Path) -> None:
    await helm("package", CHART, "--destination", str(tmp_path))
    package = str(tmp_path / "tekton-integrations-0.1.0.tgz")  # with files in place of links
    access = ["--namespace", NAMESPACE, "--kubeconfig", str(cluster.admin_kubeconfig)]
    await helm("install", "ti", package, "--create-namespace", *access)
    await helm("upgrade", "ti", package, *access, *setting({"replicas": 2, "serve.enabled": True}))
    assert set((await shown(cluster, "deployments,pdb")).split()) == {
        "deployment.apps/tekton-integrations",
        "deployment.apps/tekton-integrations-serve",
        "poddisruptionbudget.policy/tekton-integrations",
    }
    await helm("upgrade", "ti", package, *access, "--reset-values")
    assert (await shown(cluster, "deployments,pdb")).split() == ["deployment.apps/tekton-integrations"]
    await helm("uninstall", "ti", *access)
    kinds = "deployments,sa,roles,rolebindings,clusterroles,clusterrolebindings,validatingadmissionpolicies"
    assert [line for line in (await shown(cluster, kinds)).split() if "tekton-integrations" in line] == []
    assert "/providers.integrations.tekton.dev" in await shown(cluster, "customresourcedefinitions")


async def shown(bed: TestBed, kinds: str) -> str:
    return await bed.kubectl("get", kinds, "-n", NAMESPACE, "-o", "name")
