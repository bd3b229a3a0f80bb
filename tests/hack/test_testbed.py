"""The test bed is a real cluster's API."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hack.testbed import Api, ApiError, CommandError, TestBed
from hack.testbed.api import polled

Object = dict[str, Any]


def config_map(name: str, namespace: str = "default", **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}}


@pytest.mark.parametrize("kill", [False, True])
async def test_a_restarted_api_server_has_its_data_and_its_address(kill: bool) -> None:
    async with TestBed.started() as bed:
        await bed.apply(config_map("kept"))
        await bed.stop_apiserver(kill=kill)
        with pytest.raises(aiohttp.ClientError):
            await bed.request("GET", "/readyz")
        await bed.start_apiserver()
        assert await bed.request("GET", "/api/v1/namespaces/default/configmaps/kept")
        created = bed.audit(verbs=["patch"], resource="configmaps")
        assert [entry["objectRef"]["name"] for entry in created] == ["kept"]


async def test_a_service_account_may_do_what_its_roles_allow_and_is_named_in_the_audit_log(
    bed: TestBed, namespace: str
) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named("reader", namespace)})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with Api.from_kubeconfig(await bed.service_account_kubeconfig(namespace, "reader")) as api:
        with pytest.raises(ApiError, match="Forbidden"):
            await api.request("GET", path)
        await bed.apply(*_reader_role(namespace))

        async def allowed() -> bool:  # a role counts as soon as the authorizer's own watch has brought it
            try:
                return not (await api.request("GET", path))["items"]
            except ApiError:
                return False

        await polled(allowed)

    async def audited() -> bool:
        entries = bed.audit(user=f"system:serviceaccount:{namespace}:reader", verbs=["list"])
        return {entry["responseStatus"]["code"] for entry in entries} == {403, 200}

    await polled(audited)


def _named(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace}


def _reader_role(namespace: str) -> list[Object]:
    group = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": _named("reader", namespace), "rules": [rule]}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": _named("reader", namespace),
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
    }
    return [role, binding]


async def test_a_service_account_directory_is_laid_out_as_in_a_pod(bed: TestBed, namespace: str) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named("app", namespace)})
    folder = await bed.service_account_directory(namespace, "app")
    assert sorted(path.name for path in folder.iterdir()) == ["ca.crt", "namespace", "token"]
    assert (folder / "namespace").read_text() == namespace
    spec = {"token": (folder / "token").read_text()}
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
    answer = await bed.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    assert answer["status"]["user"]["username"] == f"system:serviceaccount:{namespace}:app"


async def test_a_kustomization_is_applied_with_kinds_before_their_objects(bed: TestBed, tmp_path: Path) -> None:
    names = {"kind": "Thing", "plural": "things", "singular": "thing"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.testbed.dev"},
        "spec": {"group": "testbed.dev", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    thing = {"apiVersion": "testbed.dev/v1", "kind": "Thing", "metadata": _named("one", "of-things")}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "of-things"}}
    base = tmp_path / "base"
    base.mkdir()
    (base / "all.yaml").write_text(yaml.safe_dump_all([thing, definition, space]))
    (base / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["all.yaml"]}))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["base"]}))

    await bed.apply(tmp_path)
    assert "one" in await bed.kubectl("get", "things", "--namespace=of-things")


async def test_kubectl_reports_an_error_as_one(bed: TestBed) -> None:
    with pytest.raises(CommandError, match="NotFound"):
        await bed.kubectl("get", "configmap", "nowhere")
    assert "NotFound" in await bed.kubectl("get", "configmap", "nowhere", check=False)


async def test_an_unknown_field_of_a_runs_status_is_dropped_with_a_warning(bed: TestBed, namespace: str) -> None:
    runs = f"{bed.url}/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns"
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run"}}
    await bed.request("POST", runs.removeprefix(bed.url), run)
    async with bed.api.session.patch(
        f"{runs}/run/status",
        json={"status": {"integrations": [], "observedGeneration": 1}},
        headers={"Content-Type": "application/merge-patch+json"},
    ) as response:
        assert response.status == 200
        assert 'unknown field \\"status.integrations\\"' in response.headers["Warning"]
        assert (await response.json())["status"] == {"observedGeneration": 1}


async def test_runs_are_listed_as_tekton_lists_them(bed: TestBed) -> None:
    for short in ("pr", "prs", "tr", "trs", "customruns", "tekton", "tekton-pipelines"):
        assert "No resources found" in await bed.kubectl("get", short, "--namespace=kube-public", check=False)


async def test_a_deleted_namespace_goes_with_its_runs(bed: TestBed) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "to-go"}})
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": _named("run", "to-go")}
    await bed.apply(run)
    await bed.request("DELETE", "/api/v1/namespaces/to-go")
    await _gone(bed, "/api/v1/namespaces/to-go")


async def test_garbage_goes_with_its_owner(bed: TestBed, namespace: str) -> None:
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": _named("run", namespace)}
    uid = (await bed.apply(run))[0]["metadata"]["uid"]
    owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "run", "uid": uid}
    child = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": _named("child", namespace)}
    child["metadata"] |= {"ownerReferences": [owner]}  # type: ignore[operator]
    await bed.apply(child)
    await bed.request("DELETE", f"/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns/run")
    await _gone(bed, f"/apis/tekton.dev/v1/namespaces/{namespace}/taskruns/child")


async def _gone(bed: TestBed, path: str) -> None:
    async def gone() -> bool:
        try:
            await bed.request("GET", path)
        except ApiError as error:
            return error.status == 404
        return False

    await polled(gone, 60)
